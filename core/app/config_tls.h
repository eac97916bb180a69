/* "tls" of the configuration. The verdict on its files is that of the front door, so that check and serve agree. */
#ifndef TCN_APP_CONFIG_TLS_H
#define TCN_APP_CONFIG_TLS_H

#include "app/config.h"
#include "gateway/tls.h"

int tcn_config_tls(const struct tcn_node *root, struct tcn_config *c);
/* What the front door reads; borrowed from the configuration. Only when there is a tls_cert. */
struct tcn_tls_files tcn_config_tls_files(const struct tcn_config *c);

#endif
