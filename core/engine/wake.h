/* What waits without an open incident: heartbeats that are due, alarms that are muted. Each has a row of the store, which says
 * when to call. */
#ifndef TCN_ENGINE_WAKE_H
#define TCN_ENGINE_WAKE_H

#include "engine/engine.h"
#include "model/heartbeat.h"
#include "model/waiting.h"

/* What the source told of the alarm that waits, as an alarm that fires. Text is borrowed from waiting. */
struct tcn_alarm tcn_waiting_alarm(const struct tcn_waiting *waiting);

/* The time of an alarm that was muted has come. in->alarm is tcn_waiting_alarm's, the aggregate the one that it concerns. It
 * opens what it would have opened, and says so there; or it is muted by something else now; or it is over, and nothing
 * happens. ret->waiting is what the row must be. */
enum tcn_intake tcn_engine_unmute(const struct tcn_intake_input *in,
                                  const struct tcn_waiting *waiting,
                                  struct tcn_aggregate *aggregate, struct tcn_storm *storm,
                                  struct tcn_aggregate *storm_aggregate, struct tcn_decision *ret);

/* The heartbeat of a source of which this alarm is a sign of life; NULL: of none. Those that take whatever comes are not
 * looked for here. */
const struct tcn_heartbeat *tcn_heartbeat_of(const struct tcn_source_policy *policy,
                                             const struct tcn_alarm *alarm);
const struct tcn_heartbeat *tcn_heartbeat_named(const struct tcn_source_policy *policy,
                                                const char *dedupe_key);
/* The key of its lane; no sender can name it. */
const char *tcn_heartbeat_key(const struct tcn_source_policy *policy,
                              const struct tcn_heartbeat *heartbeat, struct tcn_arena *arena);
/* The alarm that it is missing, or is there again. */
struct tcn_alarm tcn_heartbeat_alarm(const struct tcn_source_policy *policy,
                                     const struct tcn_heartbeat *heartbeat, bool is_missing,
                                     struct tcn_arena *arena);
/* When it is missing, unless heard of before. Later than missing_after by as much as a sign may come without being written. */
int64_t tcn_heartbeat_due(const struct tcn_heartbeat *heartbeat, int64_t now_ms);

/* It is due at known_ms, 0 = at no time that is known. A sign that moves that by little writes nothing. in->alarm is
 * tcn_heartbeat_alarm's, not missing: what is open because it was missing is resolved, as the policy says. */
enum tcn_intake tcn_engine_alive(const struct tcn_intake_input *in,
                                 const struct tcn_heartbeat *heartbeat, int64_t known_ms,
                                 struct tcn_aggregate *aggregate, struct tcn_decision *ret);
/* Its time has come. in->alarm is tcn_heartbeat_alarm's, missing. Time in which nobody listened does not count
 * (aggregate->listens_ms). */
enum tcn_intake tcn_engine_missing(const struct tcn_intake_input *in,
                                   const struct tcn_heartbeat *heartbeat,
                                   struct tcn_aggregate *aggregate, struct tcn_decision *ret);

/* The row is over unless the decision has already said what it must be. */
void tcn_waiting_end(struct tcn_decision *d, const struct tcn_waiting *waiting);

#endif
