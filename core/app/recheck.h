/* Deliveries that changed nothing when they came before (settled.h), on a database that other nodes write too: whether
 * their lanes are still what they were then is asked for many of them at once. Loop thread only. */
#ifndef TCN_APP_RECHECK_H
#define TCN_APP_RECHECK_H

#include "app/delivery.h"

struct tcn_rechecks;

struct tcn_rechecks *tcn_rechecks_new(struct tcn_app *app);
/* What waits is asked at once, or refused for now when the store takes nothing any more: before its thread is stopped. NULL is
 * fine. */
void tcn_rechecks_flush(struct tcn_rechecks *all);
/* After a flush, and the last job of the store. NULL is fine. */
void tcn_rechecks_free(struct tcn_rechecks *all);

/* Takes d over: asks together with what else this turn of the loop brings, then answers as the fact says, or goes on with
 * d as if nothing was known of it. */
void tcn_recheck(struct tcn_delivery_state *d, const struct tcn_settled_fact *fact);

#endif
