/* What a person does about an event that a topic was not told of: tell it again, when order allows it. */
#ifndef TCN_APP_NOTICE_LETTERS_H
#define TCN_APP_NOTICE_LETTERS_H

#include "app/commands.h"

bool tcn_notice_is_letter(const struct tcn_deadletter *letter);
/* Of a dead letter for which that is true. The event of the letter and those after it are told again in order, and their letters go,
 * if each of them has one; else it is refused, and nothing is changed. Fills call->status and call->reply. Inside a store job. */
int tcn_notice_retry(struct tcn_api_call *call, const struct tcn_command_world *world,
                     const struct tcn_deadletter *letter, struct tcn_store *s, int64_t now_ms,
                     struct tcn_err *err);

#endif
