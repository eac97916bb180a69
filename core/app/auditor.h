/* Tocsin watches itself: once a second it looks whether what is due happens, and tells when it does not for 5 s. */
#ifndef TCN_APP_AUDITOR_H
#define TCN_APP_AUDITOR_H

#include "app/app.h"

void tcn_auditor_start(struct tcn_app *app);
/* Before the loop goes; legal when it never started. */
void tcn_auditor_stop(struct tcn_app *app);

#endif
