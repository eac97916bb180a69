/* "Fires", with the start of an episode that has just ended: the late word of the other of two senders, or true (spec sources
 * 4.6). Alertmanager repeats it after hours only, so it is held back, not thrown away: it fires when the echo window is
 * over, unless its end is told again. Private to core/engine. */
#ifndef TCN_ENGINE_ECHO_H
#define TCN_ENGINE_ECHO_H

#include "engine/lane.h"

/* For how long after an end it is an echo; 0, nothing is one, when no timer of the incident could let it fire later. */
int64_t tcn_echo_window(const struct tcn_arrival *x);
/* It is one, of an alarm without items. */
enum tcn_intake tcn_echo_hold(struct tcn_arrival *x);
/* A delivery was decided: when what is held back is due, and the verdict that says so. */
enum tcn_intake tcn_echo_note(struct tcn_arrival *x, enum tcn_intake verdict);
/* The window is over: what is due fires, in its incident, which is reopened, or in the open one in hand. policy may be NULL:
 * the source is gone. */
void tcn_echo_end(const struct tcn_step *s, const struct tcn_source_policy *policy);

#endif
