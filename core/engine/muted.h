/* What fires while it is muted opens nothing, and is looked at again when that is over. Private to core/engine. */
#ifndef TCN_ENGINE_MUTED_H
#define TCN_ENGINE_MUTED_H

#include "engine/lane.h"

/* The alarm would open or reopen an incident: when it is muted, it is noted instead, and true returned. */
bool tcn_muted_hold(struct tcn_arrival *x);
/* It is noted already that the lane is muted until later. */
bool tcn_muted_is_noted(const struct tcn_step *s);

#endif
