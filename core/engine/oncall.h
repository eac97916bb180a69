/* Who is on call: the one place where an on-call schedule becomes people. */
#ifndef TCN_ENGINE_ONCALL_H
#define TCN_ENGINE_ONCALL_H

#include "engine/directory.h"

#define TCN_ONCALL_MAX 240 /* 8 rotations of 30 contacts, quotas of ssm-contacts */

/* The PERSONAL contacts on call in an ONCALL_SCHEDULE contact at that instant, without duplicates, in the order of
 * its rotations; returns how many. The directory holds no rotations, so a schedule resolves to nobody. */
size_t tcn_oncall_at(const struct tcn_directory *d, const struct tcn_contact *schedule,
                     int64_t at_ms, const struct tcn_contact *ret_people[TCN_ONCALL_MAX]);

#endif
