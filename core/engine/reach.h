/* Whether anybody is reached, and what follows from it when nobody is. Private to core/engine. */
#ifndef TCN_ENGINE_REACH_H
#define TCN_ENGINE_REACH_H

#include "engine/step.h"

/* When the next stage of the escalation plan is due, 0 when none is left: as soon as nobody of the latest one is reached, if
 * somebody else is to come. A stage that names nobody but those who are not reached keeps its time, at which they may be; of a
 * schedule it is not known before who that will be. */
int64_t tcn_reach_next_stage(const struct tcn_engagement *e);
/* Whether its people are those who must be reached: anybody, or after an answer whoever was engaged since. */
bool tcn_reach_counts(const struct tcn_aggregate *a, const struct tcn_engagement *e);
/* Nobody is, and nobody will be: marks the incident, which is told as an error. */
void tcn_reach_nobody(const struct tcn_step *s);
/* Finds out whether that is so. Told once, to the tickets too: whoever looks at them is the last who may see it. Stages and
 * re-sends that have nothing but what failed already go on all the same. */
void tcn_reach_judge(const struct tcn_step *s);

#endif
