#include "engine/oncall.h"

size_t tcn_oncall_persons(const struct tcn_directory *d, const char *const *names, size_t n,
                          const struct tcn_contact *ret_persons[])
{
    size_t n_persons = 0;

    for (size_t i = 0; i < n; i++) {
        const struct tcn_contact *c = tcn_directory_contact(d, names[i]);

        if (c && c->type == TCN_PERSONAL)
            ret_persons[n_persons++] = c;
    }
    return n_persons;
}

static bool is_among(const struct tcn_contact *c, const struct tcn_on_call *people, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (people[i].person == c)
            return true;
    return false;
}

/* n is how many there are; returns how many there are then. */
static size_t add_shift(const struct tcn_directory *d, const char *rotation,
                        const struct tcn_shift *shift, struct tcn_on_call *people, size_t n)
{
    const struct tcn_contact *persons[TCN_ROTATION_CONTACTS_MAX];
    size_t n_persons = tcn_oncall_persons(d, shift->contacts, shift->n_contacts, persons);

    for (size_t i = 0; i < n_persons && n < TCN_ONCALL_MAX; i++)
        if (!is_among(persons[i], people, n))
            people[n++] = (struct tcn_on_call){persons[i], rotation, shift->type, shift->end_ms};
    return n;
}

size_t tcn_oncall_at(const struct tcn_directory *d, const struct tcn_contact *schedule,
                     int64_t at_ms, struct tcn_on_call ret_people[TCN_ONCALL_MAX])
{
    size_t n = 0;

    for (size_t i = 0; i < schedule->n_rotations; i++) {
        const struct tcn_roster *roster = tcn_directory_roster(d, schedule->rotations[i]);
        struct tcn_shift shift;

        if (roster && tcn_roster_shift(roster, at_ms, &shift) && shift.start_ms <= at_ms)
            n = add_shift(d, schedule->rotations[i], &shift, ret_people, n);
    }
    return n;
}
