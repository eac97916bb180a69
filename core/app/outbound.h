/* Work that leaves the process: tickets by lanes, pages by sends, what topics are told by notices. */
#ifndef TCN_APP_OUTBOUND_H
#define TCN_APP_OUTBOUND_H

#include "app/app.h"

void tcn_outbound_start(struct tcn_app *app);
/* Pages on their way get their answer, which a restart could not ask for; no other is begun. drained is told on a later
 * turn, at once when there is nothing outbound, and not when tcn_outbound_stop() comes first. */
void tcn_outbound_drain(struct tcn_app *app, void (*drained)(void *ctx), void *ctx);
/* Running calls are cancelled; their intents are durable and are looked up after the next start. */
void tcn_outbound_stop(struct tcn_app *app);
/* After the store thread has handed back every job. */
void tcn_outbound_free(struct tcn_app *app);
/* Something may be due. */
void tcn_outbound_wake(struct tcn_app *app);
/* It was committed that a connector is to be swept. */
void tcn_outbound_sweep(struct tcn_app *app, const char *connector);
/* The configuration changed: new instances, old calls run out. */
void tcn_outbound_reload(struct tcn_app *app);
/* Calls, failures and health of each connector. */
void tcn_outbound_metrics(struct tcn_app *app, struct tcn_metrics *m);
/* {connector: why its tickets wait}, of those that are not called now; yours. */
json_t *tcn_outbound_waits(struct tcn_app *app);
/* Health of each connector for /v1/connectors; a new array. */
json_t *tcn_outbound_json(struct tcn_app *app);

#endif
