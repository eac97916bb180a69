/* What should have run by now: for the auditor. */
#ifndef TCN_STORE_OVERDUE_H
#define TCN_STORE_OVERDUE_H

#include "store/store.h"

#define TCN_OVERDUE_MAX 1000 /* counted of each kind */

/* Rows whose time is before_ms or earlier, that nobody has in hand and that are not held; the time of the first, 0 = none. */
struct tcn_overdue {
    int64_t steps, first_step_ms;
    int64_t pages, first_page_ms;
};
int tcn_store_overdue(struct tcn_store *s, int64_t before_ms, struct tcn_overdue *ret,
                      struct tcn_err *err);

/* When the incident's timer is due, 0 = it has none. */
int tcn_store_timer_of(struct tcn_store *s, struct tcn_id incident, int64_t *ret_ms,
                       struct tcn_err *err);
/* Whether there is a row of that message, sent or not. */
int tcn_store_send_is_there(struct tcn_store *s, struct tcn_id send, bool *ret,
                            struct tcn_err *err);

#endif
