/* Response plans of the configuration. */
#ifndef TCN_APP_RESOURCES_PLAN_H
#define TCN_APP_RESOURCES_PLAN_H

#include "base/json.h"
#include "engine/directory.h"

/* The array at list, in the shape of CreateResponsePlan, plus "connectors": the instances that get a ticket. */
int tcn_resources_plans(const struct tcn_node *list, const char *const connectors[],
                        struct tcn_arena *arena, struct tcn_directory *dir);

/* An object of text members as tags. */
int tcn_resources_tags(const struct tcn_node *parent, const char *key, struct tcn_arena *arena,
                       struct tcn_tag **ret, size_t *ret_n);

#endif
