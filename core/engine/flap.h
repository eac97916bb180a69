/* Flap damping (spec sources 7.3): changes between firing and OK within a sliding hour. Private to core/engine. */
#ifndef TCN_ENGINE_FLAP_H
#define TCN_ENGINE_FLAP_H

#include "engine/step.h"

#define TCN_FLAP_WINDOW_MS 3600000

/* The lane changed between firing and OK now. Recomputes is_flapping when its incident is open; says so on the
 * timeline when it begins or ends. */
void tcn_flap_record(const struct tcn_step *s, const struct tcn_source_policy *policy);
/* An hour without a change ends it. */
void tcn_flap_expire(const struct tcn_step *s);
/* When tcn_flap_expire has something to do, 0 = never. */
int64_t tcn_flap_due(const struct tcn_lane *lane);
/* Changes in the hour before now. */
int tcn_flap_count(const struct tcn_lane *lane, int64_t now_ms);
/* While flapping the tickets are told at most once in flap_update_ms: takes tickets_due back otherwise. */
void tcn_flap_damp_tickets(const struct tcn_step *s, const struct tcn_source_policy *policy);

#endif
