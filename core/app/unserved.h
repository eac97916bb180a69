/* Tickets and topics that wait for a connector that the configuration has not, or has no more: nothing comes to them, so that
 * nobody would hear of them. */
#ifndef TCN_APP_UNSERVED_H
#define TCN_APP_UNSERVED_H

#include "app/app.h"

/* Asks the store once, and warns of each such connector: at a start, and when the lanes of the configuration before have run
 * out. Without an answer nothing is told. */
void tcn_unserved_look(struct tcn_app *app);

#endif
