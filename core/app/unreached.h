/* Incidents of which nobody could be told, or which nobody has answered: the log and a counter are the last that may be looked at. */
#ifndef TCN_APP_UNREACHED_H
#define TCN_APP_UNREACHED_H

#include "app/app.h"
#include "engine/unreached.h"

/* From the start on the counters are there, so that the first one is seen as an increase. */
void tcn_unreached_init(struct tcn_app *app);
/* After the commit: adds to tocsin_nobody_reached_total, and writes an error line for each incident, one a second and
 * response plan. */
void tcn_unreached_tell(struct tcn_app *app, const struct tcn_unreached *unreached);
/* The same with tocsin_nobody_answered_total and a line of level warn. */
void tcn_unanswered_tell(struct tcn_app *app, const struct tcn_unreached *unanswered);
/* An error line without a counter: who is to be engaged, and does not exist. */
void tcn_absent_tell(struct tcn_app *app, const struct tcn_unreached *absent);

#endif
