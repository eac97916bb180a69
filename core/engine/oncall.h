/* Who is on call: the one place where an on-call schedule becomes people. */
#ifndef TCN_ENGINE_ONCALL_H
#define TCN_ENGINE_ONCALL_H

#include "engine/directory.h"

/* quotas of ssm-contacts */
#define TCN_ONCALL_MAX (TCN_ROTATIONS_MAX * TCN_ROTATION_CONTACTS_MAX)

struct tcn_on_call {
    const struct tcn_contact *person;
    const char *rotation; /* the first of the schedule's whose shift names the person */
    enum tcn_shift_type type;
    int64_t until_ms; /* the end of that shift */
};

/* Those of the names of a shift (at most TCN_ROTATION_CONTACTS_MAX) that are PERSONAL contacts of the directory, in their order;
 * returns how many. A file that is read anew may leave a rotation with members who are no contacts any more: they keep their
 * turns, in which nobody is on call for them. */
size_t tcn_oncall_persons(const struct tcn_directory *d, const char *const *names, size_t n,
                          const struct tcn_contact *ret_persons[]);

/* The PERSONAL contacts on call in an ONCALL_SCHEDULE contact at that instant, without duplicates, in the order of
 * its rotations; returns how many. Rotations and contacts that the directory does not have are passed over. */
size_t tcn_oncall_at(const struct tcn_directory *d, const struct tcn_contact *schedule,
                     int64_t at_ms, struct tcn_on_call ret_people[TCN_ONCALL_MAX]);

#endif
