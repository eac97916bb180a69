/* The access token of an instance (RFC 6749): the host gets one with the client's credentials, renews it before it ends, and
 * lets all calls that need it wait for the same answer. It lives in memory only; connectors never see it. On the loop. */
#ifndef TCN_CONNECT_TOKEN_H
#define TCN_CONNECT_TOKEN_H

#include "connect/pump.h"
#include "connect/request.h"

#define TCN_TOKEN_NAME "access_token" /* what records call it */
#define TCN_TOKEN_MAX 8192            /* bytes */
#define TCN_TOKEN_UNTOLD_S 300        /* how long one lives whose answer does not say so */

struct tcn_token;
void tcn_token_free(struct tcn_token *t); /* wipes; nobody may be waiting. NULL is legal. */

struct tcn_token_answer {
    struct tocsin_result result; /* OK: there is a token; else why not: RETRY, AUTH */
    int32_t status;              /* 0 = none */
};

/* Embedded in what waits, zeroed first. */
struct tcn_token_wait {
    struct tcn_token_wait *next, **prev;
    struct tcn_token *token; /* borrowed, NULL while nothing is waited for */
    /* On a later turn, exactly once. */
    void (*done)(void *ctx, const struct tcn_token_answer *a);
    void *ctx;
};

/* A call with rq may go out: it needs no token, or the instance has one that is not to be renewed yet. */
bool tcn_token_is_there(const struct tocsin_request *rq);
/* Asks for one, or waits with those who do. TCN_EINVALID (a secret or URL is unusable), TCN_EIO: done is not called. */
int tcn_token_want(struct tcn_instance *i, struct tcn_pump *pump, const struct tocsin_request *rq,
                   struct tcn_token_wait *wait, struct tcn_err *err);
/* done will not be called. The last who goes ends the asking. Legal when nothing is waited for. */
void tcn_token_unwant(struct tcn_token_wait *wait);

/* Counts tokens, so that one that was refused is told from its successor; 0 = none yet. */
uint64_t tcn_token_number(const struct tcn_instance *i);
/* The remote refused token n: it is not used again. */
void tcn_token_refused(struct tcn_instance *i, uint64_t n);

/* The token and the one before it, which answers may still tell: for placement and scrubbing. ptr NULL = none. */
struct tcn_str tcn_token_view(const struct tcn_instance *i);
struct tcn_str tcn_token_view_of_last(const struct tcn_instance *i);

#endif
