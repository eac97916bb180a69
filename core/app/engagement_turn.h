/* StartEngagement and StopEngagement of ssm-contacts, with an incident and without one. */
#ifndef TCN_APP_ENGAGEMENT_TURN_H
#define TCN_APP_ENGAGEMENT_TURN_H

#include "app/commands.h"

/* See tcn_command_execute. A start answers 201 with the new engagement, or 200 with the one that came of the same request with the
 * same client token before; a stop 200 with the engagement, stopped now or before. */
int tcn_engagement_execute(struct tcn_api_call *call, const struct tcn_command_world *world,
                           struct tcn_store *s, int64_t now_ms, struct tcn_command_result *ret,
                           struct tcn_err *err);

#endif
