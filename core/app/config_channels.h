/* Which connector pages people by which kind of channel, and whether it can. */
#ifndef TCN_APP_CONFIG_CHANNELS_H
#define TCN_APP_CONFIG_CHANNELS_H

#include "app/config.h"

/* After the connectors. */
int tcn_config_channels(const struct tcn_node *root, struct tcn_config *c);
/* After the resources: persons whose channels nothing sends to, or at addresses that what sends does not take, would wait
 * for their pages. */
int tcn_config_senders(const struct tcn_node *root, const struct tcn_config *c);
/* The same of channels that commands made, each by itself: a list of them in a document of its own. */
void tcn_config_judge_channels(const struct tcn_node *list, const struct tcn_config *c);

#endif
