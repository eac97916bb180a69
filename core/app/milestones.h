/* What is told once it is durable: counters of what incidents came to, and of whom nobody was reached the log. */
#ifndef TCN_APP_MILESTONES_H
#define TCN_APP_MILESTONES_H

#include "app/app.h"
#include "engine/milestone.h"

/* After the commit. Adds to tocsin_incidents_*_total and tocsin_*_seconds_total by response plan and impact, and tells of
 * incidents of which nobody is reached (unreached.h). */
void tcn_milestones_tell(struct tcn_app *app, const struct tcn_milestones *m);

#endif
