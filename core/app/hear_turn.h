/* Notes that people wrote in a record come to its incident. */
#ifndef TCN_APP_HEAR_TURN_H
#define TCN_APP_HEAR_TURN_H

#include "app/turn.h"
#include "connect/lanes.h"

/* Inside the transaction of the lane that heard them. What the incident has already is left out, what was edited since is changed, and
 * what a timeline cannot hold is dropped. declared: the configuration's directory. 0 or the store's error. */
int tcn_hear_turn(struct tcn_store *s, const struct tcn_directory *declared,
                  const struct tcn_link *link, const struct tcn_heard *heard, size_t n,
                  int64_t now_ms, struct tcn_err *err);

#endif
