/* Commands become turns: load, decide, write, answer with what is true after it. */
#ifndef TCN_APP_COMMANDS_H
#define TCN_APP_COMMANDS_H

#include "api/api.h"
#include "engine/engine.h"
#include "engine/milestone.h"

struct tcn_config; /* app/config.h */

/* What a command may look at besides the store. */
struct tcn_command_world {
    const struct tcn_directory *declared, *directory; /* the configuration's; what is in force */
    const struct tcn_source_policy *const *policies;  /* ends with NULL */
    uint32_t salt;
    const struct tcn_config *config; /* of connectors; NULL: none is configured */
};

struct tcn_command_result {
    bool has_changed; /* something was written that pages or tickets may depend on */
    struct tcn_milestones milestones;
};

/* Inside a store job. Fills call->status and call->reply; a refusal (unknown incident, not allowed) is an answer
 * and returns 0. */
int tcn_command_execute(struct tcn_api_call *call, const struct tcn_command_world *world,
                        struct tcn_store *s, int64_t now_ms, struct tcn_command_result *ret,
                        struct tcn_err *err);

/* The policy of the source that opened an incident; NULL for manual starts and sources that are gone. */
const struct tcn_source_policy *tcn_policy_of(const struct tcn_source_policy *const *policies,
                                              const char *source_name);

#endif
