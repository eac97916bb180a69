/* People make resources, change them and delete them, beside those that the configuration file declares. */
#ifndef TCN_APP_RESOURCE_TURN_H
#define TCN_APP_RESOURCE_TURN_H

#include "app/commands.h"

/* See tcn_command_execute. Refused, and nothing is changed: what the file declares, what would be wrong in the file (with the path
 * of the field), what is made ill by the change elsewhere, and the end of what something refers to, with who does. */
int tcn_resource_execute(struct tcn_api_call *call, const struct tcn_command_world *world,
                         struct tcn_store *s, int64_t now_ms, struct tcn_command_result *ret,
                         struct tcn_err *err);

#endif
