/* `resources` of the configuration: contacts, channels and response plans in the shapes of the AWS Create
 * operations, referring to each other by alias and name. */
#ifndef TCN_APP_RESOURCES_H
#define TCN_APP_RESOURCES_H

#include "app/topics.h"
#include "base/json.h"
#include "engine/directory.h"

#define TCN_CONTACTS_MAX 1000 /* ssm-contacts quota: contacts of an account and region */
#define TCN_CHANNELS_MAX 50   /* of one contact */
#define TCN_PLANS_MAX 500

/* Connector instances by what a response plan may do with them, each list ended by NULL. */
struct tcn_connector_names {
    const char *const
        *with_tickets; /* NULL: they could not be read; no reference to them is judged */
    const char *const *without;
    const char *const
        *unknown; /* their own mistake was told: a reference is none, and none is proposed */
    const char *const *of_topics; /* those that tell topics, whichever else they are */
};

/* What a directory was read from, for adding to it what commands made (catalog.h). All of it is the configuration's. */
struct tcn_config;
struct tcn_declared {
    uint64_t serial; /* of the reading: no other has it */
    const char *file;
    json_t *resources; /* NULL: the file has none */
    struct tcn_connector_names connectors;
    const struct tcn_config *config; /* whose channels send; NULL: that is not judged */
    struct tcn_topic_list topics;
};

/* Reads the object at node (absent: nothing) into directory; everything is allocated from the arena. Every mistake
 * becomes a problem of the document; TCN_EINVALID when there was any: what is right is in the directory all the same, and so is
 * what refers to something that is not there. plans of the directory stay NULL when there is no telling which there are. */
int tcn_resources_read(const struct tcn_node *node, const struct tcn_connector_names *connectors,
                       struct tcn_arena *arena, struct tcn_directory *ret);

#endif
