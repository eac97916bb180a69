/* Addresses to listen on. No name is resolved: that is what a start does. */
#ifndef TCN_APP_CONFIG_LISTEN_H
#define TCN_APP_CONFIG_LISTEN_H

#include "base/json.h"

/* The member `key` of parent: HOST:PORT or unix:PATH. *ret stays what it is when there is none. */
int tcn_config_listen(const struct tcn_node *parent, const char *key, int need, const char **ret);

#endif
