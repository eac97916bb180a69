/* What all nodes of a deployment must agree on, as one short text. */
#ifndef TCN_APP_CONFIG_DIGEST_H
#define TCN_APP_CONFIG_DIGEST_H

#include "base/json.h"

#define TCN_CONFIG_DIGEST                                                                          \
    13 /* 12 hex digits; who compares nodes asks for a difference, not for a proof */

/* Of region, tokens, sources, connectors, channels and resources, whatever the order of members in the file. Not of what is
 * a node's own: node, listen, admin, tls, store, limits, log, public_url, trusted_proxies. References to secrets count as
 * being there and no more, members ..._file likewise, so that nothing of a secret or of a machine's folders is in it; of a
 * mapping that is a file its bytes count, and not its path. The account is left out: rows of another one are not seen. */
void tcn_config_digest(const json_t *root, char ret[TCN_CONFIG_DIGEST]);

/* A mapping is a file of the operator's, and not one of those in the binary. */
bool tcn_config_is_mapping_file(const char *name);

#endif
