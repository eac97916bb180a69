/* Contact channels of the configuration. */
#ifndef TCN_APP_RESOURCES_CHANNEL_H
#define TCN_APP_RESOURCES_CHANNEL_H

#include "app/names.h"
#include "app/resources.h"

/* The array at list, in the shape of CreateContactChannel, into the contacts of the directory. aliases are those of the
 * contacts; orphans get the channels that are nobody's by a mistake that is told: a plan that uses one makes no other. */
int tcn_resources_channels(const struct tcn_node *list, struct tcn_names *aliases,
                           struct tcn_directory *dir, struct tcn_names *orphans);

#endif
