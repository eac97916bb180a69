/* A store that cannot keep what is new, as the outside sees it. */
#ifndef TCN_APP_DISK_H
#define TCN_APP_DISK_H

#include "app/app.h"

/* The gate of all that takes in new work, and of /readyz: why nothing new is taken, NULL when it is. What is left of the
 * disk belongs to what was accepted. */
const char *tcn_disk_refusal(const struct tcn_app *app);
/* For the store thread's on_full, ctx is the app: tells the log. */
void tcn_disk_told(void *ctx, bool is_full);
/* For its on_gone. There is no way back but a start. */
void tcn_disk_gone(void *ctx, const char *why);

#endif
