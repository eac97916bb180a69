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
