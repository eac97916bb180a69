/* What a mapping sees as "settings": those of the configuration, checked by what the mapping declares, and the options
 * of its connector that it reads. */
#ifndef TCN_APP_CONFIG_SETTINGS_H
#define TCN_APP_CONFIG_SETTINGS_H

#include "app/config.h"

struct tocsin_connector; /* tocsin/connector.h */

/* "settings" of a source; mapping NULL: it could not be read, and nothing is told. */
int tcn_config_source_settings(const struct tcn_node *source, const struct tcn_mapping *mapping);
/* ret->settings of a connector whose mapping and instance are read (NULL where they could not be). */
int tcn_config_connector_settings(const struct tcn_node *at,
                                  const struct tocsin_connector *connector,
                                  struct tcn_connector_config *ret);

#endif
