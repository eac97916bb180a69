/* A link as people look at it: what both sides hold, what it waits for, what was fought about. */
#ifndef TCN_APP_LINK_VIEW_H
#define TCN_APP_LINK_VIEW_H

#include "app/commands.h"

/* As tcn_command_execute, for TCN_COMMAND_LINK_GET. */
int tcn_link_view(struct tcn_api_call *call, const struct tcn_command_world *world,
                  struct tcn_store *s, struct tcn_err *err);

#endif
