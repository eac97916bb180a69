/* Whether somebody learns of an incident: plans that are well-formed and reach nobody. */
#ifndef TCN_APP_RESOURCES_REACH_H
#define TCN_APP_RESOURCES_REACH_H

#include "base/json.h"
#include "engine/directory.h"

/* After the resources and the sources are read; policies ends with NULL. A plan that reaches nobody is a problem when a
 * source relies on it, else a warning. Incidents of a response plan that engages nobody and opens no ticket are read by who
 * asks the API: with has_readers that is a warning. Of what could not be read nothing is told. */
int tcn_resources_reach(const struct tcn_node *resources, const struct tcn_directory *dir,
                        const struct tcn_source_policy *const policies[], bool has_readers);

#endif
