/* A ticket that waits because its instance cannot be called, or fails on and on, is told on the timeline of its incident:
 * once, until something went through again. */
#ifndef TCN_CONNECT_LANE_WAIT_H
#define TCN_CONNECT_LANE_WAIT_H

#include "base/arena.h"
#include "model/link.h"

#define TCN_WAIT_TOLD_MS INT64_C(60000) /* a shorter wait is over before anybody asks */

/* True once a failing streak: tell it now. Noted in link->pushed, in arena. */
bool tcn_wait_must_tell(struct tcn_link *link, int64_t now_ms, struct tcn_arena *arena);

#endif
