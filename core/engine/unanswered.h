/* The end of the plans: nobody has answered, and nobody is paged any more. Private to core/engine. */
#ifndef TCN_ENGINE_UNANSWERED_H
#define TCN_ENGINE_UNANSWERED_H

#include "engine/step.h"

/* When that is so of an open incident, if nothing happens before; 0 = never, or it is told already, or there are still stages
 * and re-sends to come. Not before the last stages are over, nor within five minutes of the last page: one of no length
 * leaves its person time to answer, too. */
int64_t tcn_unanswered_due(const struct tcn_aggregate *a);
/* Tells it when it is due, once, to the tickets too: marks the engagements, of which no stage begins any more. What is engaged
 * later may have another end. That nobody is reached is told instead of it (reach.h). */
void tcn_unanswered_judge(const struct tcn_step *s);

#endif
