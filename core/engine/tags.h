/* Tags of an incident that people and programs set and take away (TagResource, UntagResource of ssm-incidents). */
#ifndef TCN_ENGINE_TAGS_H
#define TCN_ENGINE_TAGS_H

#include "base/err.h"
#include "engine/decision.h"

#define TCN_TAG_KEY_MAX 128   /* code points; ssm-incidents TagKey */
#define TCN_TAG_VALUE_MAX 256 /* TagValue */

/* What may be set: letters and digits of ASCII, blanks and _=@:+,-./ in both; a key has one at least and does not begin with
 * "aws:". TCN_EINVALID: err says why. */
int tcn_tag_check(const struct tcn_tag *tag, struct tcn_err *err);
/* What may be taken away: any key but those of "aws:", for an alarm may have brought other characters. TCN_EINVALID. */
int tcn_tag_check_removed(const char *key, struct tcn_err *err);

/* Sets, in place of equal keys, or takes away; at most TCN_TAGS_MAX of each. All live as long as the decision. */
struct tcn_tag_change {
    const struct tcn_tag *set;
    size_t n_set;
    const char *const *removed;
    size_t n_removed;
};

/* Tags are no member of the record: its modified_ms stays, and the timeline has no line. The tickets look whether they show
 * any. A key that is not there is not taken away, and nothing is written when nothing differs. TCN_ENOTFOUND: no incident.
 * TCN_EINVALID: as above. TCN_ELIMIT: it would have more than TCN_TAGS_MAX. */
int tcn_engine_tag(struct tcn_aggregate *aggregate, const struct tcn_tag_change *change,
                   int64_t now_ms, struct tcn_decision *ret, struct tcn_err *err);

#endif
