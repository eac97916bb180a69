/* Timeline events that somebody writes, changes or deletes. */
#ifndef TCN_APP_EVENT_TURN_H
#define TCN_APP_EVENT_TURN_H

#include "app/commands.h"

/* As tcn_command_execute, of TCN_COMMAND_EVENT_CREATE, _UPDATE and _DELETE. The answer is the event as it is then, 201 for
 * a new one, or what became of it: {"id", "status"}. */
int tcn_event_execute(struct tcn_api_call *call, const struct tcn_command_world *world,
                      struct tcn_store *s, int64_t now_ms, struct tcn_command_result *ret,
                      struct tcn_err *err);

#endif
