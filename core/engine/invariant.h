/* Private to core/engine: the two halves of tcn_engine_invariant. */
#ifndef TCN_ENGINE_INVARIANT_H
#define TCN_ENGINE_INVARIANT_H

#include "engine/step.h"

/* The first broken rule in words, or NULL. */
const char *tcn_invariant_of_engagements(const struct tcn_aggregate *a);

#endif
