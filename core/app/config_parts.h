/* Sources and connectors of the configuration: what has code of its own behind it. */
#ifndef TCN_APP_CONFIG_PARTS_H
#define TCN_APP_CONFIG_PARTS_H

#include "app/config.h"

int tcn_config_connectors(const struct tcn_node *root, struct tcn_config *c);
int tcn_config_sources(const struct tcn_node *root, struct tcn_config *c);
void tcn_config_parts_done(struct tcn_config *c);

#endif
