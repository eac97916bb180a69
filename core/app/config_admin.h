/* "admin" of the configuration: the listener for operators. */
#ifndef TCN_APP_CONFIG_ADMIN_H
#define TCN_APP_CONFIG_ADMIN_H

#include "app/config.h"

/* After "listen" and "tls". */
int tcn_config_admin(const struct tcn_node *root, struct tcn_config *c);
/* "127.0.0.1:9095, 32 connections, without TLS, only here: metrics"; "none". */
void tcn_config_admin_text(const struct tcn_config_admin *a, struct tcn_buf *out);

#endif
