/* An alarm gets out of its storm, at a person's word. */
#ifndef TCN_APP_SPLIT_H
#define TCN_APP_SPLIT_H

#include "app/commands.h"

/* As tcn_command_execute, for TCN_COMMAND_SPLIT: answers with the incident that the alarm has now. */
int tcn_split_execute(struct tcn_api_call *call, const struct tcn_command_world *world,
                      struct tcn_store *s, int64_t now_ms, struct tcn_command_result *ret,
                      struct tcn_err *err);

#endif
