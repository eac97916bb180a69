/* Whether an instance may be called now: breaker, credentials, rate, concurrency, and pauses a remote asked for.
 * Pure; one gate an instance, on the loop. A gate that never shuts is one that pages pass: they are tried whatever went
 * before, so that it only tells how that goes, and the next that gets through ends what was told. */
#ifndef TCN_CONNECT_GATE_H
#define TCN_CONNECT_GATE_H

#include "connect/breaker.h"
#include "connect/instance.h"

/* Refused credentials are tried again by CHECK: soon once, since a remote that stumbles refuses good ones, then every 5
 * minutes (spec connectors F8), since a handful of tries locks an account. */
#define TCN_AUTH_FIRST_MS INT64_C(10000)
#define TCN_AUTH_PAUSE_MS INT64_C(300000)
#define TCN_VERBS 16

struct tcn_gate {
    bool never_shuts;
    struct tcn_breaker breaker;
    bool is_auth_failed;
    bool is_put_off, is_redirected;   /* the remote's answers since the last that was good */
    int64_t auth_check_ms;            /* when to CHECK again; kept when it went well */
    int64_t auth_pause_ms;            /* the pause before it */
    int64_t pause_until_ms;           /* the remote asked all of the instance to wait */
    int64_t verb_until_ms[TCN_VERBS]; /* the same for one endpoint */
    double tokens;
    int64_t tokens_ms; /* 0: the bucket is full */
    unsigned in_flight;
};

/* A call that ended, as the gate sees it. */
struct tcn_gate_result {
    uint32_t verb, outcome, scope, retry_after_s;
    int32_t status;
    uint64_t random;
};

enum tcn_gate_news {
    TCN_GATE_SAME = 0,
    TCN_GATE_OPENED,
    TCN_GATE_CLOSED,
    TCN_GATE_AUTH_FAILED,
    TCN_GATE_AUTH_OK,
    TCN_GATE_PUT_OFF,   /* the remote asks to come again later */
    TCN_GATE_REDIRECTED /* it answers from somewhere else, where no call goes */
};

/* How many calls may be claimed now, 0 when none; ret_wait_ms then says for how long (0: until a call ends or a
 * probe decides). */
unsigned tcn_gate_room(struct tcn_gate *g, const struct tcn_limits *limits, int64_t now_ms,
                       int64_t *ret_wait_ms);
/* When calls of that verb may go out; 0 = at once. */
int64_t tcn_gate_verb_until(const struct tcn_gate *g, uint32_t verb, int64_t now_ms);
/* One call goes out: a token and a place. */
void tcn_gate_enter(struct tcn_gate *g, const struct tcn_limits *limits, int64_t now_ms);
/* It ended. Tells what changed, so that it is logged once. */
enum tcn_gate_news tcn_gate_leave(struct tcn_gate *g, const struct tcn_gate_result *r,
                                  int64_t now_ms);
/* A CHECK is due: half-open breaker, or credentials that were refused. Never of a gate that never shuts. */
bool tcn_gate_check_due(struct tcn_gate *g, int64_t now_ms);
/* When a CHECK will be due; 0 = none is waited for. */
int64_t tcn_gate_check_at(const struct tcn_gate *g);
/* The result of a CHECK. */
enum tcn_gate_news tcn_gate_checked(struct tcn_gate *g, const struct tcn_gate_result *r,
                                    int64_t now_ms);

#endif
