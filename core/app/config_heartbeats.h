/* "heartbeats" of a source: the signs of life that it owes. */
#ifndef TCN_APP_CONFIG_HEARTBEATS_H
#define TCN_APP_CONFIG_HEARTBEATS_H

#include "base/json.h"
#include "model/response_plan.h"

/* Reads them into the policy; allocated from the arena. Every mistake becomes a problem of the document, and TCN_EINVALID. */
int tcn_config_heartbeats(const struct tcn_node *source, struct tcn_arena *arena,
                          struct tcn_source_policy *policy);
/* The matchers under that key; what is wrong becomes a problem. */
int tcn_config_match(const struct tcn_node *parent, const char *key, struct tcn_arena *arena,
                     struct tcn_match *ret);

#endif
