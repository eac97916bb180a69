/* "allow" of a connector: entries that are well-formed and let nothing through. */
#ifndef TCN_APP_CONFIG_ALLOW_H
#define TCN_APP_CONFIG_ALLOW_H

#include "base/json.h"
#include "connect/instance.h"

/* A host name counts only for URLs that name it. One that is nearly "localhost" is a problem, any other that no URL
 * of the connector has a warning. */
int tcn_config_allow(const struct tcn_node *at, const struct tcn_instance *instance);

#endif
