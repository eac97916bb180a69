/* Whether an alarm would be accepted now. What is known answers: who asks does not wait for a database that hangs. */
#ifndef TCN_APP_READY_H
#define TCN_APP_READY_H

#include "app/app.h"

/* Owns rq and answers it. */
void tcn_route_ready(struct tcn_app *app, struct tcn_request *rq);

/* A delivery was given to the store; it has its result. Each of the one is followed by one of the other. */
void tcn_ready_asked(struct tcn_app *app);
void tcn_ready_answered(struct tcn_app *app, int r);
/* What became of a delivery in the store. */
void tcn_ready_accepted(struct tcn_app *app);
void tcn_ready_failed(struct tcn_app *app, const struct tcn_err *why);
void tcn_ready_metrics(const struct tcn_app *app, struct tcn_metrics *m);

#endif
