/* Topics of an incident become due with what happens to it. */
#ifndef TCN_APP_NOTICE_TURN_H
#define TCN_APP_NOTICE_TURN_H

#include "engine/decision.h"

struct tcn_store;

/* Whether the decision wrote something that a topic of its incident is told. */
bool tcn_notice_is_due(const struct tcn_decision *d);
/* In the transaction of the decision, after its incident: every connector of its topics has something to tell, as the
 * configuration of d->directory has them. */
int tcn_notice_turn(struct tcn_store *s, const struct tcn_decision *d, int64_t now_ms,
                    struct tcn_err *err);

#endif
