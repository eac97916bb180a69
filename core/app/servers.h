/* The servers of a store's URL, told when they are not as they should be, and when they are again. */
#ifndef TCN_APP_SERVERS_H
#define TCN_APP_SERVERS_H

#include "app/app.h"
#include "store/surveyor.h"

/* Tells what the start found, and looks from time to time. options are the store's. */
int tcn_servers_start(struct tcn_app *app, const struct tcn_store_options *options,
                      struct tcn_err *err);
void tcn_servers_stop(struct tcn_app *app);
void tcn_servers_metrics(struct tcn_app *app);

#endif
