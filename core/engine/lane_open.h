/* An alarm fires and no incident is open for it: reopened, new, or part of a storm (spec sources 7.2, 7.5). Private to
 * core/engine. */
#ifndef TCN_ENGINE_LANE_OPEN_H
#define TCN_ENGINE_LANE_OPEN_H

#include "engine/event_data.h"
#include "engine/lane.h"

enum tcn_intake tcn_lane_revive(struct tcn_arrival *x);
/* It fires since long, and nobody was told: joins the open incident that the aggregate has, or revives. */
enum tcn_intake tcn_lane_wake(struct tcn_arrival *x);
/* A person said "won't fix" of the lane's incident not long ago. policy NULL: for ever. */
bool tcn_lane_is_muted(const struct tcn_step *s, const struct tcn_source_policy *policy);
void tcn_lane_tell_muted(const struct tcn_step *s, const char *source);
/* The lane's incident was resolved within the reopen window. */
bool tcn_lane_is_recent(const struct tcn_arrival *x);
/* What people call the alarm. */
const char *tcn_lane_name(const struct tcn_arrival *x);
/* What a Trigger event says of the alarm. */
struct tcn_trigger tcn_lane_trigger(const struct tcn_arrival *x);
/* What it says, for an incident that is opened later. */
struct tcn_told_alarm tcn_lane_told(const struct tcn_arrival *x);
/* Keeps with the storm, which it is attached to, what the alarm says now. */
void tcn_lane_note_storm_alarm(struct tcn_arrival *x);
/* Engages everybody anew for the storm that the alarm is attached to. */
void tcn_lane_wake_storm(struct tcn_arrival *x);
/* Keeps the hash of what the alarm says, so that a repeat is known as one. */
void tcn_lane_remember(struct tcn_arrival *x);
/* The same, and changes the incident's texts and impact if the lane owns them. */
void tcn_lane_apply(struct tcn_arrival *x);

#endif
