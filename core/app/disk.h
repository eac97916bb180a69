/* A full disk as the outside sees it. */
#ifndef TCN_APP_DISK_H
#define TCN_APP_DISK_H

#include "app/app.h"

/* The gate of all that takes in new work, and of /readyz: what is left of the disk belongs to what was accepted. */
bool tcn_disk_is_full(const struct tcn_app *app);
/* For the store thread's on_full, ctx is the app: tells the log. */
void tcn_disk_told(void *ctx, bool is_full);

#endif
