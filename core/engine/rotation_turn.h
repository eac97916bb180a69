/* The turns of a rotation: from one hand-off to the next, counted without walking. For the files of rotations. */
#ifndef TCN_ENGINE_ROTATION_TURN_H
#define TCN_ENGINE_ROTATION_TURN_H

#include "engine/rotation.h"

#define TCN_DAY_MS INT64_C(86400000)
#define TCN_CHANGE_NEAR_MS (4 * TCN_DAY_MS)

/* Near a change of the clocks, before it and after it, a local time may be another instant than their offset says. */
static inline bool tcn_is_far_from_changes(const struct tcn_zone_period *p, int64_t unix_ms)
{
    return unix_ms > p->from_ms + TCN_CHANGE_NEAR_MS && unix_ms < p->until_ms - TCN_CHANGE_NEAR_MS;
}

enum tcn_series_kind { TCN_SERIES_DAILY, TCN_SERIES_WEEKLY, TCN_SERIES_MONTHLY };

/* What one setting repeats: a candidate each day, week or month. They are numbered by days since 1970-01-01, by weeks of
 * those, by months since the year 0. */
struct tcn_series {
    enum tcn_series_kind kind;
    int day; /* of the week, Monday is 0; or of the month, from 1 */
    int64_t clock_ms;
    int64_t base; /* the last candidate that is not after the start */
};

struct tcn_turns {
    const struct tcn_zone *zone; /* borrowed */
    int64_t start_ms, multiplier;
    const struct tcn_series *series;
    size_t n_series;
    /* Instants, ascending; one stands there n - 1 times when it is a hand-off of n series. */
    const int64_t *coincidences;
    size_t n_coincidences;
};

struct tcn_turn {
    int64_t number; /* from 0 */
    int64_t start_ms, end_ms;
};

/* For qsort: instants, the earliest first. */
int tcn_instants_ascending(const void *a, const void *b);
/* From one that was checked. */
void tcn_turns_prepare(const struct tcn_rotation *r, struct tcn_arena *arena,
                       struct tcn_turns *ret);
/* The turn at an instant that is not before the start. */
struct tcn_turn tcn_turn_at(const struct tcn_turns *t, int64_t at_ms);

#endif
