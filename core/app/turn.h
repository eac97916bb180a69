/* The only place that joins decision and store: load the aggregate, decide, write changes and effects in the
 * transaction of the job. Functions here run on the store thread, inside a job. */
#ifndef TCN_APP_TURN_H
#define TCN_APP_TURN_H

#include "engine/engine.h"
#include "store/store.h"

/* The incident with its engagements and, of its lanes, the one that is due first. TCN_ENOTFOUND. */
int tcn_turn_load(struct tcn_store *s, struct tcn_id incident, struct tcn_arena *arena,
                  struct tcn_aggregate *ret, struct tcn_err *err);
/* The same of a storm that an alarm may join: no lane is in hand, all of them are others. */
int tcn_turn_load_storm(struct tcn_store *s, struct tcn_id incident, struct tcn_arena *arena,
                        struct tcn_aggregate *ret, struct tcn_err *err);
/* Of what tcn_turn_load gave, before tcn_engine_timer: when an echo is due and the incident is resolved, an open one with its
 * dedupe string takes its place. *ret_is_ours false: another node is at work on that, come again. */
int tcn_turn_follow_echo(struct tcn_store *s, int64_t now_ms, struct tcn_arena *arena,
                         struct tcn_aggregate *a, bool *ret_is_ours, struct tcn_err *err);
/* After the write of a lane that had an echo: when it has left incident, which is resolved, the timer of that is for
 * the echoes of those that stayed. */
int tcn_turn_left(struct tcn_store *s, struct tcn_id incident, const struct tcn_decision *d,
                  struct tcn_err *err);
/* The source's token bucket, and the storm that runs (*ret NULL: none). */
int tcn_turn_load_bucket(struct tcn_store *s, const struct tcn_source_policy *policy,
                         struct tcn_arena *arena, struct tcn_storm *storm,
                         struct tcn_aggregate **ret, struct tcn_err *err);
/* Before an incident is opened again: another one that is open with its dedupe string, with which it would share what its alarms
 * say; that stays so until the transaction ends. TCN_ENOTFOUND: there is none, or the incident is open. */
int tcn_turn_other_open(struct tcn_store *s, const struct tcn_incident *incident,
                        struct tcn_id *ret, struct tcn_err *err);
/* Adds its related items to what was loaded: for a decision that may add some. */
int tcn_turn_load_related(struct tcn_store *s, struct tcn_arena *arena, struct tcn_aggregate *a,
                          struct tcn_err *err);
/* The aggregate that an alarm with this key concerns: its lane, and the open incident with the dedupe string that
 * plan and policy give it, or the lane's last one. */
int tcn_turn_load_lane(struct tcn_store *s, const struct tcn_alarm *alarm,
                       const struct tcn_response_plan *plan, const struct tcn_source_policy *policy,
                       struct tcn_arena *arena, struct tcn_aggregate *ret, struct tcn_err *err);
/* Before a batch: what tcn_turn_load_lane will look for (store/ahead.h). */
void tcn_turn_expect(struct tcn_store *s, const struct tcn_alarm *alarm,
                     const struct tcn_response_plan *plan, const struct tcn_source_policy *policy,
                     struct tcn_arena *arena);
/* The alarm's lane, and the open incident that it would join if it pointed to none; ret_dedupe: the string by which that was
 * looked for. */
int tcn_turn_load_alone(struct tcn_store *s, const struct tcn_alarm *alarm,
                        const struct tcn_response_plan *plan,
                        const struct tcn_source_policy *policy, struct tcn_arena *arena,
                        struct tcn_aggregate *ret, const char **ret_dedupe, struct tcn_err *err);
/* Writes what the decision changed, in the order that claims need. plan names the connectors that get a link when
 * the incident is new; NULL = none. A plan that took the place of the incident's is looked up in the decision's directory. */
int tcn_turn_write(struct tcn_store *s, const struct tcn_decision *d,
                   const struct tcn_response_plan *plan, int64_t now_ms, struct tcn_err *err);
/* Whether what the same call of tcn_turn_write wrote has something to do, now or later: a timer, a page, a ticket. */
bool tcn_turn_makes_work(const struct tcn_decision *d, const struct tcn_response_plan *plan);

#endif
