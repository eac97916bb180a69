/* `resources` of the configuration: contacts, channels and response plans in the shapes of the AWS Create
 * operations, referring to each other by alias and name. */
#ifndef TCN_APP_RESOURCES_H
#define TCN_APP_RESOURCES_H

#include "base/json.h"
#include "engine/directory.h"

#define TCN_CONTACTS_MAX 1000 /* ssm-contacts quota: contacts of an account and region */
#define TCN_CHANNELS_MAX 50   /* of one contact */
#define TCN_PLANS_MAX 500

/* Reads the object at node (absent: nothing) into directory; everything is allocated from the arena. connectors
 * lists the names of configured connector instances, ended by NULL. Every mistake becomes a problem of the
 * document; TCN_EINVALID when there was any. */
int tcn_resources_read(const struct tcn_node *node, const char *const connectors[],
                       struct tcn_arena *arena, struct tcn_directory *ret);

#endif
