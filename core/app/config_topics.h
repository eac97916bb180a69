/* $.topics: by which connectors a topic reaches whoever listens. */
#ifndef TCN_APP_CONFIG_TOPICS_H
#define TCN_APP_CONFIG_TOPICS_H

#include "app/config.h"

/* After the connectors, before the resources, which name topics. */
int tcn_config_topics(const struct tcn_node *root, struct tcn_config *c);
/* The names of those that reach topics, ended by NULL, in the arena of c; $.connectors is read already. */
const char *const *tcn_config_topic_connectors(struct tcn_config *c);

#endif
