/* On demand an alarm leaves the storm that it is attached to, for an incident of its own (spec sources 7.5). */
#ifndef TCN_ENGINE_SPLIT_H
#define TCN_ENGINE_SPLIT_H

#include "engine/decision.h"

/* All is borrowed for as long as the decisions. */
struct tcn_split {
    const struct tcn_storm_alarm *alarm;
    struct tcn_id storm, new_id;
    const char *dedupe_string; /* of the incident that the alarm would have opened alone */
    const struct tcn_source_policy *policy;
    const struct tcn_directory *directory;
    const char *actor; /* who wants it */
    uint32_t salt;
    int64_t now_ms;
};

/* Opens an incident as if the alarm had come alone, with its tags and related items, people are engaged and tickets made;
 * or joins the open one with its dedupe string. aggregate: the alarm's lane, and that incident or none. */
void tcn_engine_split(struct tcn_aggregate *aggregate, const struct tcn_split *in,
                      struct tcn_decision *ret);
/* The storm's part, once the lane has left: it tells where the alarm went, and is resolved when no other alarm of it fires.
 * storm: no lane in hand, others_hold is of those that stay. */
void tcn_engine_split_off(struct tcn_aggregate *storm, const struct tcn_split *in, struct tcn_id to,
                          struct tcn_decision *ret);

#endif
