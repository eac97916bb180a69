/* Related items that somebody adds or removes. */
#ifndef TCN_APP_RELATED_TURN_H
#define TCN_APP_RELATED_TURN_H

#include "app/commands.h"

/* As tcn_command_execute, of TCN_COMMAND_RELATED_ADD and _REMOVE. The answer is the item, 201 for a new one, or
 * {"id", "status"}. */
int tcn_related_execute(struct tcn_api_call *call, const struct tcn_command_world *world,
                        struct tcn_store *s, int64_t now_ms, struct tcn_command_result *ret,
                        struct tcn_err *err);

#endif
