/* Incidents that people start by hand. */
#ifndef TCN_APP_START_TURN_H
#define TCN_APP_START_TURN_H

#include "app/commands.h"

/* See tcn_command_execute. Answers 201 with the new incident, or 200 with the open one that has the same dedupe string, or with
 * the one that came of the same request with the same client token before. */
int tcn_start_execute(struct tcn_api_call *call, const struct tcn_command_world *world,
                      struct tcn_store *s, int64_t now_ms, struct tcn_command_result *ret,
                      struct tcn_err *err);

#endif
