/* Related items that people and programs add and remove (UpdateRelatedItems of ssm-incidents). */
#ifndef TCN_ENGINE_RELATED_CHANGE_H
#define TCN_ENGINE_RELATED_CHANGE_H

#include "base/err.h"
#include "engine/decision.h"

#define TCN_RELATED_TITLE_MAX 200   /* code points of each; ssm-incidents RelatedItem.title */
#define TCN_RELATED_URL_MAX 1000    /* Url */
#define TCN_RELATED_METRIC_MAX 4000 /* MetricDefinition */
#define TCN_RELATED_DETAIL_MAX                                                                     \
    1000 /* PagerDutyIncidentDetail as JSON text: two names of 200 and 512 */
#define TCN_RELATED_DETAIL "pagerDutyIncidentDetail" /* the value_kind whose value is a JSON text */

/* Type and value, and the title; the generated id is not asked for. TCN_EINVALID: err says why, *ret_field which member of
 * struct tcn_related_item it is. */
int tcn_related_check(const struct tcn_related_item *item, const char **ret_field,
                      struct tcn_err *err);
/* Sets generated_id: related-item/<TYPE>/<32 upper-case hex>, half of the SHA-256 of type and value. Equal identifiers have
 * equal ids. */
void tcn_related_make_id(struct tcn_related_item *item);

/* All borrowed for the life of the decision. */
struct tcn_related_turn {
    struct tcn_aggregate *aggregate;
    const struct tcn_related_item *known; /* those of the incident */
    size_t n_known;
    const char *actor;
};

/* With generated_id set. One that is there gets the title, if one is given; nothing is written when nothing differs. The
 * tickets' next version has it. TCN_ENOTFOUND: no incident. TCN_EINVALID: as above. TCN_ELIMIT: the incident has
 * TCN_RELATED_MAX of them, or a full timeline. */
int tcn_engine_related_add(const struct tcn_related_turn *turn, const struct tcn_related_item *item,
                           int64_t now_ms, struct tcn_decision *ret, struct tcn_err *err);
/* The one with that id; nothing when there is none. owner: whoever keeps this item with the incident (NULL: nobody); then
 * TCN_ECONFLICT. TCN_ENOTFOUND. */
int tcn_engine_related_remove(const struct tcn_related_turn *turn, const char *generated_id,
                              const char *owner, int64_t now_ms, struct tcn_decision *ret,
                              struct tcn_err *err);

#endif
