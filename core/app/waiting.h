/* What waits without an incident: heartbeats that are due, alarms that are muted. */
#ifndef TCN_APP_WAITING_H
#define TCN_APP_WAITING_H

#include "app/app.h"

/* Looks at what is due: a heartbeat is missing then, what was muted may open its incident. listens_ms: of the aggregates. Comes
 * again by itself while there is more. */
void tcn_waiting_run(struct tcn_app *app, int64_t listens_ms);
/* At a start and a reload: heartbeats that are configured and were never heard of are due from now on, and what is muted is
 * looked at, since windows may be others. */
void tcn_waiting_follow(struct tcn_app *app);

#endif
