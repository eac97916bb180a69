/* URLs of the configuration. No name is resolved: where check runs there may be no DNS. */
#ifndef TCN_APP_CONFIG_URL_H
#define TCN_APP_CONFIG_URL_H

#include "base/json.h"
#include "connect/instance.h"

/* "public_url": https or http, what paths are added to. */
int tcn_config_public_url(const struct tcn_node *at, const char *text);
/* The URL options of a connector, beyond what its own reading refuses: a host that can be none, a path or query that
 * would not be used. */
int tcn_config_urls(const struct tcn_node *connector, const struct tcn_instance *instance);

#endif
