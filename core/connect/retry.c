#include "connect/retry.h"
#include "connect/classify.h"

int64_t tcn_backoff_ms(int64_t failures, uint64_t random)
{
    int64_t cap = TCN_BACKOFF_FIRST_MS;

    while (failures-- > 0 && cap < TCN_BACKOFF_MAX_MS)
        cap *= 2;
    cap = cap > TCN_BACKOFF_MAX_MS ? TCN_BACKOFF_MAX_MS : cap;
    return (int64_t)(random % (uint64_t)(cap + 1));
}

int64_t tcn_retry_delay_ms(int64_t failures, uint32_t retry_after_s, uint64_t random)
{
    uint32_t s = retry_after_s > TCN_RETRY_AFTER_MAX_S ? TCN_RETRY_AFTER_MAX_S : retry_after_s;
    int64_t asked = (int64_t)s * 1000, backoff = tcn_backoff_ms(failures, random);

    asked += asked > 0 ? (int64_t)((random >> 16) % (uint64_t)(asked / 5 + 1)) : 0;
    return asked > backoff ? asked : backoff;
}
