/* On-call rotations: whose turn it is at an instant, in closed form, and the shifts of a span of time.
 *
 * Where the API's documents are silent, and how it is read here:
 * - Hand-off and coverage times are those of the zone's clocks: one that was left out is read as that much later, of two the
 *   first (tcn_zone_unix_ms). A date that was left out (Samoa, 2011-12-30) is a date like others, so its hand-offs count
 *   and its coverage lies upon the next day.
 * - Each window of coverage is turned into instants first, and then they are united. One that begins in an hour that was left
 *   out may be over before it begins; it covers nothing then.
 * - A setting numbers its candidates by their dates; two that fall upon one instant are one hand-off and two numbers.
 * - An override of exactly 30 minutes is long enough; one that ends now is not in the past.
 * - A start lies in the years 1970 to 2109, and nobody is on call at TCN_ROTATION_END_MS and after it. */
#ifndef TCN_ENGINE_ROTATION_H
#define TCN_ENGINE_ROTATION_H

#include "base/vec.h"
#include "model/rotation.h"

#define TCN_ROTATION_END_MS INT64_C(4417977600000)               /* 2110-01-01T00:00:00Z */
#define TCN_ROTATION_OVERRIDE_MIN_MS (INT64_C(30) * 60000)       /* the shortest */
#define TCN_ROTATION_OVERRIDE_AHEAD_MS (INT64_C(184) * 86400000) /* six months */

/* ---- what is wrong with one ---- */

#define TCN_FIELD_PATH 80
#define TCN_FIELD_TEXT 160

struct tcn_field_problem {
    char path[TCN_FIELD_PATH]; /* "Recurrence.WeeklySettings[1].DayOfWeek" */
    char text[TCN_FIELD_TEXT]; /* what is wrong, and what may stand there */
};

struct tcn_field_problems {
    struct tcn_arena *arena; /* borrowed */
    struct tcn_field_problem *items;
    size_t n, size;
};

/* Everything that is wrong with the rotation itself; whether its contacts exist, and its overrides, are not looked at. 0, or
 * TCN_EINVALID when something was added. Only a rotation that passed may be prepared. */
int tcn_rotation_check(const struct tcn_rotation *r, struct tcn_field_problems *problems);
/* The same of an override that somebody creates now. */
int tcn_rotation_check_override(const struct tcn_rotation *r, const struct tcn_rotation_override *o,
                                int64_t now_ms, struct tcn_field_problems *problems);

/* ---- who is on call ---- */

/* A rotation that is made ready to be asked. Immutable, so threads may share it. */
struct tcn_roster;

/* Allocated from the arena; borrows the rotation and all that it points to. Of overrides that overlap the one with the latest
 * created_ms decides, of equal ones the later in the list (so those of a preview have none). */
const struct tcn_roster *tcn_roster_prepare(const struct tcn_rotation *r, struct tcn_arena *arena);
const struct tcn_rotation *tcn_roster_rotation(const struct tcn_roster *roster);

enum tcn_shift_type { TCN_SHIFT_UNSET = 0, TCN_SHIFT_REGULAR, TCN_SHIFT_OVERRIDDEN };

/* From start_ms until before end_ms. Contacts are borrowed from the rotation; entries beyond the counts are not set. */
struct tcn_shift {
    int64_t start_ms, end_ms;
    enum tcn_shift_type type;
    const char *contacts[TCN_ROTATION_CONTACTS_MAX];
    size_t n_contacts; /* of an override that names nobody: 0 */
    const char *overridden[TCN_ROTATION_CONTACTS_MAX];
    size_t n_overridden;
};

/* The shift at that instant, or else the first one after it: it has begun when start_ms <= at_ms, otherwise nobody is on call
 * until start_ms. False when there is none any more. */
bool tcn_roster_shift(const struct tcn_roster *roster, int64_t at_ms, struct tcn_shift *ret_shift);

/* The shifts that lie at least partly in a span of time, whole, the earliest first:
 *     struct tcn_shifts i = {roster, from_ms, until_ms};
 *     while (tcn_shifts_next(&i, &shift)) ... */
struct tcn_shifts {
    const struct tcn_roster *roster; /* borrowed */
    int64_t from_ms, until_ms;       /* until before until_ms */
};
bool tcn_shifts_next(struct tcn_shifts *i, struct tcn_shift *ret_shift);

#endif
