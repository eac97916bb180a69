/* Response plans of the configuration. */
#ifndef TCN_APP_RESOURCES_PLAN_H
#define TCN_APP_RESOURCES_PLAN_H

#include "app/names.h"
#include "app/resources.h"

/* The array at list, in the shape of CreateResponsePlan, plus "connectors": the instances that get a ticket. contacts are
 * the aliases that plans may engage; NULL when they could not be read. */
int tcn_resources_plans(const struct tcn_node *list, struct tcn_names *contacts,
                        const struct tcn_connector_names *connectors, struct tcn_arena *arena,
                        struct tcn_directory *dir);

/* An object of text members as tags. */
int tcn_resources_tags(const struct tcn_node *parent, const char *key, struct tcn_arena *arena,
                       struct tcn_tag **ret, size_t *ret_n);

#endif
