/* Changes are looked for by bisection: a zone has some hundred of them. */
#include "base/zone.h"

#define SECOND INT64_C(1000)

/* The period of the instant: 0 before the first change, n after the n-th. */
static size_t period_at(const struct tcn_zone *z, int64_t unix_ms)
{
    size_t low = 0, high = z->n_changes;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (z->changes[middle].at_s * SECOND <= unix_ms)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int64_t offset_ms(const struct tcn_zone *z, size_t period)
{
    return (period ? z->changes[period - 1].offset_s : z->first_offset_s) * SECOND;
}

int64_t tcn_zone_offset_ms(const struct tcn_zone *z, int64_t unix_ms)
{
    return offset_ms(z, period_at(z, unix_ms));
}

struct tcn_zone_period tcn_zone_period(const struct tcn_zone *z, int64_t unix_ms)
{
    size_t period = period_at(z, unix_ms);

    return (struct tcn_zone_period){
        .from_ms = period > 0 ? z->changes[period - 1].at_s * SECOND : INT64_MIN,
        .until_ms = period < z->n_changes ? z->changes[period].at_s * SECOND : INT64_MAX,
        .offset_ms = offset_ms(z, period)};
}

/* The first period that is not over when its clocks show local_ms. It has begun then, or the clocks were set forward over
 * local_ms when it began. */
int64_t tcn_zone_unix_ms(const struct tcn_zone *z, int64_t local_ms)
{
    size_t period = period_at(z, local_ms - TCN_ZONE_OFFSET_MAX_S * SECOND);

    while (period < z->n_changes &&
           local_ms - offset_ms(z, period) >= z->changes[period].at_s * SECOND)
        period++;
    if (period > 0 && local_ms - offset_ms(z, period) < z->changes[period - 1].at_s * SECOND)
        period--;
    return local_ms - offset_ms(z, period);
}
