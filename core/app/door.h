/* The listeners: the public one, and the one for operators, which has connections of its own, so that nobody who fills
 * the public one keeps them out. */
#ifndef TCN_APP_DOOR_H
#define TCN_APP_DOOR_H

#include "app/app.h"

/* What is served where: decided before anybody is there to ask. */
int tcn_door_make(struct tcn_app *app, struct tcn_err *err);
/* Whether tcn_door_open would find its addresses free now: for a start that would harm somebody before it fails. */
int tcn_door_try(const struct tcn_app *app, struct tcn_err *err);
/* Listens. After a failure tcn_door_free is still due. */
int tcn_door_open(struct tcn_app *app, struct tcn_err *err);
/* The configuration in force is another one: its certificates and proxies. */
void tcn_door_renew(struct tcn_app *app);
/* No new connections; those that are there end with their answers. */
void tcn_door_drain(struct tcn_app *app);
size_t tcn_door_connections(const struct tcn_app *app);
void tcn_door_metrics(const struct tcn_app *app, struct tcn_metrics *m);
void tcn_door_free(struct tcn_app *app);

#endif
