/* Related items that an alarm brings. Private to core/engine. */
#ifndef TCN_ENGINE_RELATED_H
#define TCN_ENGINE_RELATED_H

#include "engine/step.h"

/* Adds the alarm's related items and its resource ARNs, at most TCN_RELATED_MAX over the life of the incident. Equal
 * items have equal ids, so adding one again replaces its title. */
void tcn_related_add(const struct tcn_step *s, const struct tcn_alarm *alarm);
/* What tcn_related_add would add to a new incident, for one that is opened later: at most TCN_RELATED_MAX, and 1 MiB of
 * text. Resources are of kind "arn". The texts are the alarm's. */
struct tcn_related *tcn_related_keep(const struct tcn_step *s, const struct tcn_alarm *alarm,
                                     size_t *ret_n);

#endif
