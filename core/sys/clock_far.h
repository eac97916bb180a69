/* The clock of another machine, by what it answers now and then. Reads no clock itself: the times of this machine come as
 * arguments, all of tcn_clock_boot_us. */
#ifndef TCN_SYS_CLOCK_FAR_H
#define TCN_SYS_CLOCK_FAR_H

#include <stdbool.h>
#include <stdint.h>

/* Set back by less than this is followed at once. */
#define TCN_CLOCK_FAR_MOMENT_MS 2000

/* A zeroed one knows nothing. */
struct tcn_clock_far {
    int64_t told_us; /* ahead of this machine's, as far as the answers tell */
    int64_t
        ahead_us; /* the same, as it is gone by: what is told, but for a step back that is not followed yet */
    bool is_known;
};

/* It said far_ms (Unix time, rounded) at some moment between asked_us and heard_us. What is known stays as long as it
 * agrees with that, and otherwise moves as little as is needed: a slow answer moves nothing. */
void tcn_clock_far_hear(struct tcn_clock_far *f, int64_t far_ms, int64_t asked_us,
                        int64_t heard_us);
/* Unix time there, at this machine's boot_us. It is known. */
int64_t tcn_clock_far_now_ms(const struct tcn_clock_far *f, int64_t boot_us);
/* By how much it was set back, TCN_CLOCK_FAR_MOMENT_MS at least, since it was followed last; 0: it was not. */
int64_t tcn_clock_far_back_ms(const struct tcn_clock_far *f);
/* From now on it is gone by what it tells. */
void tcn_clock_far_follow(struct tcn_clock_far *f);

#endif
