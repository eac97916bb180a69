/* People make mutes and end them. */
#ifndef TCN_APP_MUTE_TURN_H
#define TCN_APP_MUTE_TURN_H

#include "app/commands.h"

/* See tcn_command_execute. A mute whose end has passed, or is too far away, is refused; one that is ended lets whatever it
 * holds back be looked at. */
int tcn_mute_execute(struct tcn_api_call *call, struct tcn_store *s, int64_t now_ms,
                     struct tcn_command_result *ret, struct tcn_err *err);

#endif
