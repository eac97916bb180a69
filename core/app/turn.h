/* The only place that joins decision and store: load the aggregate, decide, write changes and effects in the
 * transaction of the job. Functions here run on the store thread, inside a job. */
#ifndef TCN_APP_TURN_H
#define TCN_APP_TURN_H

#include "engine/engine.h"
#include "store/store.h"

/* The incident with its engagements and, of its lanes, the one that is due first. TCN_ENOTFOUND. */
int tcn_turn_load(struct tcn_store *s, struct tcn_id incident, struct tcn_arena *arena,
                  struct tcn_aggregate *ret, struct tcn_err *err);
/* The aggregate that an alarm with this key concerns: its lane, and the open incident with that dedupe string, or
 * the lane's last one. */
int tcn_turn_load_lane(struct tcn_store *s, const struct tcn_alarm *alarm,
                       const struct tcn_response_plan *plan, struct tcn_arena *arena,
                       struct tcn_aggregate *ret, struct tcn_err *err);
/* Writes what the decision changed, in the order that claims need. plan names the connectors that get a link when
 * the incident is new; NULL = none. */
int tcn_turn_write(struct tcn_store *s, const struct tcn_decision *d,
                   const struct tcn_response_plan *plan, int64_t now_ms, struct tcn_err *err);
/* Whether what the same call of tcn_turn_write wrote has something to do, now or later: a timer, a page, a ticket. */
bool tcn_turn_makes_work(const struct tcn_decision *d, const struct tcn_response_plan *plan);

#endif
