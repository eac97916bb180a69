/* What people change in a ticket becomes the incident's. */
#ifndef TCN_APP_TAKE_TURN_H
#define TCN_APP_TAKE_TURN_H

#include "connect/lanes.h"
#include "engine/directory.h"

struct tcn_store;

/* Inside a store job, under the incident's lock. The actor is "connector:" and the link's instance, whose own record is not told
 * of it as a note. What an incident cannot hold is told on its timeline and not taken; an incident that is gone is no error.
 * declared: the configuration's. */
int tcn_take_turn(struct tcn_store *s, const struct tcn_directory *declared,
                  const struct tcn_link *link, const struct tcn_taken *taken, int64_t now_ms,
                  struct tcn_err *err);

#endif
