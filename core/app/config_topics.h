/* $.topics: by which connectors a topic reaches whoever listens. */
#ifndef TCN_APP_CONFIG_TOPICS_H
#define TCN_APP_CONFIG_TOPICS_H

#include "app/config.h"

/* After the connectors, before the resources, which name topics. */
int tcn_config_topics(const struct tcn_node *root, struct tcn_config *c);

#endif
