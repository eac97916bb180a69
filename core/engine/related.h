/* Related items that an alarm or a start by hand brings. Private to core/engine. */
#ifndef TCN_ENGINE_RELATED_H
#define TCN_ENGINE_RELATED_H

#include "engine/step.h"

/* Adds the alarm's related items and its resource ARNs to an incident that it opens. What is beyond TCN_RELATED_MAX is left
 * out. Equal items have equal ids: one is there once. */
void tcn_related_add(const struct tcn_step *s, const struct tcn_alarm *alarm);
/* The same of one that joins an open incident, or says more: what is not there is added, and the record is modified by each
 * (spec incidents-contacts 8.2). Whoever added what is there, it counts; where that is not known,
 * nothing is added. */
void tcn_related_join(const struct tcn_step *s, const struct tcn_alarm *alarm);
/* Of those of a start by hand how many are beyond TCN_RELATED_MAX, those counted that the incident has; where these are not known,
 * none. */
size_t tcn_related_without_room(const struct tcn_step *s, const struct tcn_related_item *items,
                                size_t n);
/* Those of a start by hand, which have their ids and room, to an incident that it opens. They live as long as the decision. */
void tcn_related_add_stated(const struct tcn_step *s, const struct tcn_related_item *items,
                            size_t n);
/* The same to an open incident: what is not there is added, as tcn_related_join does. */
void tcn_related_join_stated(const struct tcn_step *s, const struct tcn_related_item *items,
                             size_t n, const char *actor);
/* Whether a resource that an alarm names becomes an item. resource may be NULL. */
bool tcn_related_is_resource(const char *resource);
/* What tcn_related_add would add to a new incident, for one that is opened later: at most TCN_RELATED_MAX, and 1 MiB of
 * text. Resources are of kind "arn". The texts are the alarm's. */
struct tcn_related *tcn_related_keep(const struct tcn_step *s, const struct tcn_alarm *alarm,
                                     size_t *ret_n);

#endif
