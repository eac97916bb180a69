/* The Recurrence of a rotation: when turns change, and what of a week is covered (ssm-contacts: RecurrenceSettings). */
#ifndef TCN_APP_RESOURCES_RECURRENCE_H
#define TCN_APP_RESOURCES_RECURRENCE_H

#include "base/json.h"
#include "model/rotation.h"

/* Reads the member Recurrence of a rotation; lists are allocated from the arena. What is no such shape becomes a problem, and
 * TCN_EINVALID; whether it makes sense is what tcn_rotation_check() says. */
int tcn_resources_recurrence(const struct tcn_node *rotation, struct tcn_arena *arena,
                             struct tcn_recurrence *ret);

#endif
