/* One operation of a connector from start to outcome: render, send, interpret, again while it answers MORE.
 * The outcome comes exactly once, on a later turn of the loop, unless the exchange was cancelled. */
#ifndef TCN_CONNECT_EXCHANGE_H
#define TCN_CONNECT_EXCHANGE_H

#include "connect/instance.h"
#include "connect/pump.h"
#include "connect/sink.h"
#include <event2/event.h>

#define TCN_STEPS_MAX 8

struct tcn_outcome {
    struct tocsin_result result; /* outcome is never MORE nor 0 */
    uint32_t verb;
    uint32_t net;   /* enum tocsin_net of the last round trip */
    int32_t status; /* of the last round trip, 0 = none */
    uint32_t steps; /* round trips */
    bool
        may_have_written; /* one before the last may have changed the remote: it went out, and was no GET */
    int64_t took_ms;
    struct tocsin_sink sink; /* records, bad fields */
    /* The last round trip for people, without secrets; NULL when the outcome is OK. Owned. */
    char *request, *response;
};
void tcn_outcome_free(struct tcn_outcome *o);

struct tcn_hub; /* the running exchanges */
struct tcn_exchange;
/* o is yours to free. */
typedef void tcn_exchange_done(void *ctx, struct tcn_outcome *o);

typedef int64_t tcn_now_fn(void *ctx); /* Unix milliseconds */

/* base and pump are borrowed and outlive the hub. now NULL: the system clock. */
struct tcn_hub *tcn_hub_new(struct event_base *base, struct tcn_pump *pump, tcn_now_fn *now,
                            void *now_ctx);
/* Cancels what runs: their done is not called. */
void tcn_hub_free(struct tcn_hub *h);
int64_t tcn_hub_now(const struct tcn_hub *h);
size_t tcn_hub_running(const struct tcn_hub *h);
bool tcn_hub_may_act(const struct tcn_hub *h); /* its pump's */

/* Copies op (its now_ms is set anew for each step); takes references of its JSON, which nobody may change after.
 * The instance outlives the exchange. A request that cannot be rendered is an outcome, REJECTED. */
struct tcn_exchange *tcn_exchange_start(struct tcn_hub *h, struct tcn_instance *i,
                                        const struct tocsin_op *op, tcn_exchange_done *done,
                                        void *ctx);
/* done is not called. NULL is legal. Not after done. */
void tcn_exchange_cancel(struct tcn_exchange *x);

#endif
