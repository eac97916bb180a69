/* Chances (splitmix64): each thing that may happen has its own, so that leaving one out leaves the others as they were. */
#include "sync.h"

static uint64_t mix(uint64_t x)
{
    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

struct chance chance_of(uint64_t a, uint64_t b, uint64_t c)
{
    return (struct chance){mix(mix(mix(a) ^ b) ^ c)};
}

uint64_t chance_next(struct chance *c)
{
    c->state += UINT64_C(0x9e3779b97f4a7c15);
    return mix(c->state);
}

int64_t chance_below(struct chance *c, int64_t n)
{
    return n <= 0 ? 0 : (int64_t)(chance_next(c) % (uint64_t)n);
}

bool chance_in(struct chance *c, int percent)
{
    return chance_below(c, 100) < percent;
}

bool has_kind(enum kind kind)
{
    return !(options.without >> kind & 1);
}
