/* Contact channels of the configuration. */
#ifndef TCN_APP_RESOURCES_CHANNEL_H
#define TCN_APP_RESOURCES_CHANNEL_H

#include "app/resources.h"

/* Names of channels that belong to nobody by a mistake that is told: who uses such a name makes no other one. */
struct tcn_orphans {
    const char *names[TCN_MAX_PROBLEMS]; /* each is a problem; more are not told anyway */
    size_t n;
};
bool tcn_orphans_has(const struct tcn_orphans *o, const char *name);

/* The array at list, in the shape of CreateContactChannel, into the contacts of the directory, whose aliases are given,
 * ended by NULL. */
int tcn_resources_channels(const struct tcn_node *list, const char *const aliases[],
                           struct tcn_directory *dir, struct tcn_orphans *ret_orphans);

#endif
