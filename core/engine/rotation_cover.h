/* Which instants the coverage of a rotation contains. For the files of rotations. */
#ifndef TCN_ENGINE_ROTATION_COVER_H
#define TCN_ENGINE_ROTATION_COVER_H

#include "engine/rotation.h"

/* From a time of the week, Monday 00:00 is 0, until before another, which may lie in the next week. */
struct tcn_week_span {
    int64_t start_ms, end_ms;
};

struct tcn_cover {
    const struct tcn_zone *zone; /* borrowed */
    bool is_always, is_never;
    const struct tcn_week_span *windows[7]; /* of each day, not united */
    size_t n_windows[7];
    /* United and ascending, as clocks show them that nobody sets; enough of them for any time of one week to find what
     * contains it or comes next. */
    const struct tcn_week_span *spans;
    size_t n_spans;
    bool is_whole_week; /* one span without end */
};

/* From one that was checked. */
void tcn_cover_prepare(const struct tcn_rotation *r, struct tcn_arena *arena,
                       struct tcn_cover *ret);
/* The first covered instant that is not before this one; TCN_ROTATION_END_MS or later when there is none until then. */
int64_t tcn_cover_from(const struct tcn_cover *c, int64_t at_ms);
/* When the coverage of a covered instant began and when it ends, as far as from since_ms until until_ms. */
int64_t tcn_cover_since(const struct tcn_cover *c, int64_t at_ms, int64_t since_ms);
int64_t tcn_cover_until(const struct tcn_cover *c, int64_t at_ms, int64_t until_ms);

#endif
