/* What a client token of ssm-incidents promises: a request that comes again is done once. The tokens of an incident are a
 * text of the store, the newest TCN_ONCE_KEPT for TCN_ONCE_MS; who has the incident in hand may read and write it. Those of what
 * makes an incident are the account's: 256 such texts, each with its share of the tokens. */
#ifndef TCN_APP_ONCE_H
#define TCN_APP_ONCE_H

#include "store/store.h"

#define TCN_ONCE_KEPT 64
#define TCN_ONCE_MS (INT64_C(24) * 3600 * 1000)

/* All text is borrowed. */
struct tcn_once {
    struct tcn_id incident; /* zero: none yet, the token is the account's */
    const char *operation;  /* a token of another operation is another one */
    const char *token;      /* NULL or "": none, and every request is new */
    const char *request;    /* the request in a form that is equal for equal ones */
};

enum tcn_once_is {
    TCN_ONCE_NEW = 0,
    TCN_ONCE_AGAIN, /* it was done, and this came of it */
    TCN_ONCE_OTHER  /* the token is another request's */
};

/* For people, of OTHER. */
#define TCN_ONCE_WHY "another request came with this token; take a new one for each request"

/* One of the account locks its text until the end of the transaction. *ret_result, with AGAIN: what tcn_once_keep was given; in
 * the arena. */
int tcn_once_look(struct tcn_store *s, const struct tcn_once *once, int64_t now_ms,
                  struct tcn_arena *arena, enum tcn_once_is *ret, const char **ret_result,
                  struct tcn_err *err);
/* After it was done, in the same transaction; nothing without a token. result: a name or an id. */
int tcn_once_keep(struct tcn_store *s, const struct tcn_once *once, const char *result,
                  int64_t now_ms, struct tcn_arena *arena, struct tcn_err *err);

#endif
