/* A configured source of alarms: who may post, how a delivery is read, how its alarms are treated. */
#ifndef TCN_GATEWAY_SOURCE_H
#define TCN_GATEWAY_SOURCE_H

#include "gateway/cred.h"
#include "mapping/mapping.h"
#include "model/response_plan.h"

#define TCN_SOURCE_BODY_MAX (1u << 20) /* a large Alertmanager group is legitimate */

/* Whose alarms of one key are one alarm. ALL where keys are of the whole world, as ARNs are; of two Alertmanagers the
 * same group is two alarms, and who may post for the one must not end what the other says. */
enum tcn_scope { TCN_SCOPE_SOURCE = 0, TCN_SCOPE_ALL };

struct tcn_source {
    const char *name; /* POST /sources/NAME; borrowed from the configuration */
    const char *kind; /* of a shipped mapping, or the mapping's name */
    struct tcn_cred_list auth;
    struct tcn_mapping *mapping; /* owned */
    json_t *settings;            /* given to the mapping; borrowed, may be NULL */
    struct tcn_source_policy policy;
    enum tcn_scope scope;
};

/* Yields the compiled mapping that a configuration names at that node: a file's path, or the name of a shipped one in
 * that folder. Mistakes are added to the node's document, and TCN_EINVALID returned. */
typedef int tcn_source_mapping(const struct tcn_node *at, const char *folder, const char *name,
                               struct tcn_mapping **ret);

/* $.sources.NAME. Everything wrong is a problem of the document and TCN_EINVALID; *ret is yours to free either way. */
int tcn_source_read(const struct tcn_node *at, tcn_source_mapping *load, struct tcn_source **ret);
void tcn_source_free(struct tcn_source *s);
/* Legal names: what fits a path without escapes, [a-z0-9-]{1,64}. */
bool tcn_source_is_name(const char *name);

/* One delivery, as far as reading it needs to know. */
struct tcn_delivery {
    struct tcn_str body;
    const struct tcn_mapping_header *headers;
    size_t n_headers;
    int64_t now_ms;
};

/* The sender's id of a delivery, in the arena: the MessageId of SNS, the id of EventBridge. It names the delivery within
 * its source; a retry has the same. NULL when the sender tells none: then equal bodies may be separate news (an alarm
 * that fires, is over and fires again), and only what they say tells repeats. */
const char *tcn_source_delivery_id(const struct tcn_source *s, json_t *root,
                                   struct tcn_arena *arena);
/* Whether all alerts of an Alertmanager's route are one alarm, as its group_by is empty: hardly what somebody wants. */
bool tcn_source_is_ungrouped(const struct tcn_source *s, json_t *root);
/* The alarms of a delivery whose sender is known; their keys begin with the name of the source, or "*" when its scope is ALL.
 * TCN_ENOTFOUND when the mapping does not know such a body: keep it for people to look at, and answer 2xx, since the
 * sender cannot mend it. */
int tcn_source_alarms(const struct tcn_source *s, json_t *root, const struct tcn_delivery *d,
                      const char *delivery_id, struct tcn_mapping_counts *counts,
                      struct tcn_arena *arena, struct tcn_alarm **ret, size_t *ret_n,
                      struct tcn_err *err);

#endif
