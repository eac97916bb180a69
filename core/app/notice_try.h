/* Whether a connector could ever tell a topic anything: asked when the configuration is read, so that nobody waits for it. */
#ifndef TCN_APP_NOTICE_TRY_H
#define TCN_APP_NOTICE_TRY_H

#include "app/config.h"

/* Writes the message of an event of each kind as the connector's mapping and its render() do, and sends nothing. NULL when one of
 * them can be sent, else why the last cannot, in the arena of config. account_id, region and public_url are read already. */
const char *tcn_notice_try(struct tcn_config *config, const struct tcn_connector_config *c,
                           const char *topic);

#endif
