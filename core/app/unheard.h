/* Open incidents whose alarms are of a source that the configuration has not, or has no more: nobody tells of their end, so
 * that they would be open for ever without a word. */
#ifndef TCN_APP_UNHEARD_H
#define TCN_APP_UNHEARD_H

#include "app/app.h"

/* Asks the store, warns of each such source with the number of its incidents, and says so on the timeline of each of them
 * that does not say so yet: at a start and at a reload. Without an answer nothing is told. */
void tcn_unheard_look(struct tcn_app *app);

#endif
