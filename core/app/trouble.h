/* A database that hangs, waits or is away, as the outside may know it: no host, no name of a role. */
#ifndef TCN_APP_TROUBLE_H
#define TCN_APP_TROUBLE_H

#include "app/app.h"

#define TCN_TROUBLE 160
/* Why the store takes nothing now; false: nothing is known of it that would keep it from that. */
bool tcn_trouble(const struct tcn_app *app, char ret_text[TCN_TROUBLE]);
/* What of an error of the store anybody may read: without the host, the database and the role that the log names. A part of it. */
const char *tcn_trouble_in_public(const char *why);
/* For the store thread's on_stall, ctx is the app: tells the log. */
void tcn_trouble_told(void *ctx, bool is_stalled, const char *waits);

#endif
