/* What waits for a time must not wait longer because the wall clock is set back (spec reliability F7). */
#ifndef TCN_APP_CLOCK_WATCH_H
#define TCN_APP_CLOCK_WATCH_H

#include "app/app.h"

/* Looks at once whether the clock was set back since the store was written last, and every second whether it is; on a store
 * that nodes share, whether this machine's clock is the database's. With an open store. */
void tcn_clock_watch_start(struct tcn_app *app);
/* Leaves a mark of the time for the next start. */
void tcn_clock_watch_mark(struct tcn_app *app);
void tcn_clock_watch_stop(struct tcn_app *app);
/* ctx is the app: the store's times were moved by so much. */
void tcn_clock_watch_told(void *ctx, int64_t by_ms);
/* Looks now. False: it was set back, or nobody knows yet, and the store's times are not moved. */
bool tcn_clock_watch_is_settled(struct tcn_app *app);

/* The job's work; for tests. *by_ms: by how much it was set back, -1: what the store's own times tell, which is then there;
 * less than a moment is nothing. */
int tcn_clock_watch_apply(struct tcn_store *s, int64_t now_ms, int64_t *by_ms, struct tcn_err *err);

#endif
