/* What is worth to know of on-call schedules before somebody relies on them: when nobody is on call, when several rotations are at
 * once, and when clocks are set. */
#ifndef TCN_ENGINE_ONCALL_COVER_H
#define TCN_ENGINE_ONCALL_COVER_H

#include "engine/oncall_span.h"

#define TCN_COVER_SHOWN 3 /* of one kind; how many there are is counted */

/* The spans of one kind. */
struct tcn_oncall_tally {
    size_t n;
    int64_t all_ms;
};

struct tcn_oncall_cover {
    struct tcn_oncall_tally gaps, doubles;
    struct tcn_oncall_span shown
        [2 *
         TCN_COVER_SHOWN]; /* the first of both kinds, the earliest first; a gap has no rotations */
    size_t n_shown;
    int64_t until_ms; /* it was looked at until then */
    size_t n_asked;   /* for shifts */
};

/* Of the schedule from from_ms until before until_ms; gaps at the ends are cut there. A rotation that changes hands often has
 * thousands of shifts a year: max_asked bounds for how many of them rotations are asked; when that is reached, until_ms of
 * ret is the end of what was looked at. */
void tcn_oncall_cover(const struct tcn_directory *directory, const struct tcn_contact *schedule,
                      int64_t from_ms, int64_t until_ms, size_t max_asked,
                      struct tcn_oncall_cover *ret);

/* A schedule that has that rotation alone, for one that no schedule names. Borrows rotation. */
struct tcn_contact tcn_oncall_alone(const char *rotation);
bool tcn_oncall_is_in(const struct tcn_contact *schedule, const char *rotation);
/* Whether a schedule names the rotation; else it pages nobody. */
bool tcn_oncall_is_used(const struct tcn_directory *directory, const char *rotation);

/* The moments within a time when the clocks of the zone are set, the earliest first; a turn over one is shorter or longer by
 * as much:
 *     struct tcn_clock_changes i = {zone, from_ms, until_ms};
 *     while (tcn_clock_changes_next(&i, &change)) ... */
struct tcn_clock_change {
    int64_t at_ms;
    int64_t before_ms; /* the offset until then, east of UTC */
    int64_t by_ms;     /* forward; back: negative; 0: only the zone's name changed */
};
struct tcn_clock_changes {
    const struct tcn_zone *zone; /* borrowed */
    int64_t from_ms, until_ms;
};
bool tcn_clock_changes_next(struct tcn_clock_changes *i, struct tcn_clock_change *ret);

#endif
