/* What a person does about a dead letter: try it again, or drop it. */
#ifndef TCN_APP_LETTERS_H
#define TCN_APP_LETTERS_H

#include "app/commands.h"

/* As tcn_command_execute, for TCN_COMMAND_LETTER_RETRY and _DROP. */
int tcn_letter_execute(struct tcn_api_call *call, const struct tcn_command_world *world,
                       struct tcn_store *s, int64_t now_ms, struct tcn_command_result *ret,
                       struct tcn_err *err);

#endif
