/* Links that wait for a person, tried again. */
#ifndef TCN_APP_LINKS_H
#define TCN_APP_LINKS_H

#include "app/commands.h"

/* As tcn_command_execute, for TCN_COMMAND_LINK_RETRY. */
int tcn_link_execute(struct tcn_api_call *call, const struct tcn_command_world *world,
                     struct tcn_store *s, int64_t now_ms, struct tcn_command_result *ret,
                     struct tcn_err *err);

#endif
