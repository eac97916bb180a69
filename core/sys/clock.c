#include "sys/clock.h"

#include <assert.h>
#include <time.h>

static int64_t read_us(clockid_t id)
{
    struct timespec t;
    int r = clock_gettime(id, &t);

    assert(r == 0);
    (void)r;
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t tcn_clock_now_ms(void)
{
    return read_us(CLOCK_REALTIME) / 1000;
}

int64_t tcn_clock_mono_us(void)
{
    return read_us(CLOCK_MONOTONIC);
}

int64_t tcn_clock_boot_us(void)
{
    return read_us(CLOCK_BOOTTIME);
}

#define SLEW_US 100000 /* more than any daemon slews in a minute */

int64_t tcn_clock_set_back(struct tcn_clock_watch *w, int64_t now_ms, int64_t mono_us)
{
    int64_t ahead_us = now_ms * 1000 - mono_us;
    int64_t back_us = w->ahead_us == 0 ? 0 : w->ahead_us - ahead_us;

    w->ahead_us = ahead_us;
    return back_us > SLEW_US ? back_us / 1000 : 0;
}
