/* The budget of one evaluation, and text that is built inside it. A step stands for some tens of nanoseconds: the
 * layer has no clock, so work is counted. When a budget is spent everything after is absent. */
#ifndef TCN_MAPPING_WORK_H
#define TCN_MAPPING_WORK_H

#include "base/arena.h"

#define TCN_WORK_STEPS 2000000 /* about 50 ms */

struct tcn_work {
    struct tcn_arena *arena; /* borrowed */
    size_t bytes_left;
    int64_t steps_left;
    const char *spent; /* what ran out; NULL while there is some left */
};

void tcn_work_init(struct tcn_work *w, struct tcn_arena *arena, size_t bytes);
bool tcn_work_spend_last(struct tcn_work *w, size_t steps); /* when few steps are left */
/* False: nothing left. In every loop, hence inline. */
static inline bool tcn_work_spend(struct tcn_work *w, size_t steps)
{
    if (w->spent || (uint64_t)w->steps_left < steps)
        return tcn_work_spend_last(w, steps);
    w->steps_left -= (int64_t)steps;
    return true;
}
void *tcn_work_alloc(struct tcn_work *w, size_t size); /* zeroed; NULL: nothing left */
/* n elements of size, n bounded by what was read before. */
void *tcn_work_array(struct tcn_work *w, size_t n, size_t size);

/* Grows in the arena, NUL-terminated at the end; at most TCN_MAPPING_OUTPUT_MAX bytes. */
struct tcn_text {
    struct tcn_work *work;
    char *ptr;
    size_t len, size;
};
void tcn_text_add(struct tcn_text *t, const void *bytes, size_t len);
void tcn_text_str(struct tcn_text *t, struct tcn_str s);
void tcn_text_char(struct tcn_text *t, char c);
/* ptr is NULL when the budget did not suffice. A NUL follows. */
struct tcn_str tcn_text_done(struct tcn_text *t);

#endif
