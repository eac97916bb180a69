/* A source that says nothing more of an alarm that fires (spec sources 4.6): its rule was deleted, its last alarm silenced,
 * its route edited. Private to core/engine. */
#ifndef TCN_ENGINE_SILENCE_H
#define TCN_ENGINE_SILENCE_H

#include "engine/lane.h"

/* A delivery was decided: the lane is watched from now on, when it fires and its source has stale_after. */
void tcn_silence_note(struct tcn_arrival *x, enum tcn_intake verdict);
/* It fires, and was not heard of now: it is watched from now on. policy as below. */
void tcn_silence_watch(const struct tcn_step *s, const struct tcn_source_policy *policy);
/* The lane was silent for too long: its alarms are unknown, its incident is resolved unless something else holds it.
 * policy may be NULL: nobody is watched. */
void tcn_silence_end(const struct tcn_step *s, const struct tcn_source_policy *policy);

#endif
