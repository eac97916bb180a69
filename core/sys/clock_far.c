#include "sys/clock_far.h"

#define ROUNDED_US 1000
#define STEP_US 50000 /* nobody's clock drifts so far between two answers */

static int64_t nearest(int64_t us, int64_t least_us, int64_t most_us)
{
    return us < least_us ? least_us : us > most_us ? most_us : us;
}

void tcn_clock_far_hear(struct tcn_clock_far *f, int64_t far_ms, int64_t asked_us, int64_t heard_us)
{
    int64_t least_us = far_ms * 1000 - ROUNDED_US - heard_us;
    int64_t most_us = far_ms * 1000 + ROUNDED_US - asked_us;

    if (!f->is_known || f->told_us < least_us - STEP_US || f->told_us > most_us + STEP_US)
        f->told_us = least_us + (most_us - least_us) / 2;
    else
        f->told_us = nearest(f->told_us, least_us, most_us);
    if (!f->is_known || tcn_clock_far_back_ms(f) == 0)
        f->ahead_us = f->told_us;
    f->is_known = true;
}

int64_t tcn_clock_far_now_ms(const struct tcn_clock_far *f, int64_t boot_us)
{
    return (boot_us + f->ahead_us) / 1000;
}

int64_t tcn_clock_far_back_ms(const struct tcn_clock_far *f)
{
    int64_t back_ms = (f->ahead_us - f->told_us) / 1000;

    return back_ms < TCN_CLOCK_FAR_MOMENT_MS ? 0 : back_ms;
}

void tcn_clock_far_follow(struct tcn_clock_far *f)
{
    f->ahead_us = f->told_us;
}
