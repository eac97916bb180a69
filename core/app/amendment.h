/* An incident that something else than a command changes: loaded, decided upon, written. */
#ifndef TCN_APP_AMENDMENT_H
#define TCN_APP_AMENDMENT_H

#include "app/turn.h"

/* What a decision needs; all of it is in the arena. */
struct tcn_amendment {
    struct tcn_arena arena;
    struct tcn_aggregate a;
    struct tcn_decision d;
};

/* Inside a store job. declared: the configuration's directory. 0, TCN_ENOTFOUND or the store's error; tcn_amendment_end in any case. */
int tcn_amendment_begin(struct tcn_amendment *c, struct tcn_store *s,
                        const struct tcn_directory *declared, struct tcn_id incident,
                        int64_t now_ms, struct tcn_err *err);
/* r is what the decision came to: only when it is 0, it is written. Returns it, or what the write came to; an incident that is gone
 * is no error. */
int tcn_amendment_end(struct tcn_amendment *c, struct tcn_store *s, int r, int64_t now_ms,
                      struct tcn_err *err);

#endif
