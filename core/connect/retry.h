/* When to try again. Pure: randomness is an argument. */
#ifndef TCN_CONNECT_RETRY_H
#define TCN_CONNECT_RETRY_H

#include <stdint.h>

#define TCN_BACKOFF_FIRST_MS INT64_C(1000)
#define TCN_BACKOFF_MAX_MS INT64_C(300000)

/* Full jitter: anything from 0 to min(5 min, 1 s * 2^failures). failures counts from 0. */
int64_t tcn_backoff_ms(int64_t failures, uint64_t random);

/* max(Retry-After, backoff); what a remote asked for is stretched by up to a fifth, so that lanes that were stopped
 * together do not come back together, and never shortened. retry_after_s above an hour counts as an hour. */
int64_t tcn_retry_delay_ms(int64_t failures, uint32_t retry_after_s, uint64_t random);

#endif
