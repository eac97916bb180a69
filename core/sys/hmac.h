/* Keyed hashes (RFC 2104, FIPS 180-4) by libcrypto, and comparison in constant time. */
#ifndef TCN_SYS_HMAC_H
#define TCN_SYS_HMAC_H

#include "base/str.h"

/* Key and message of any length, also none. */
void tcn_hmac_sha256(struct tcn_str key, struct tcn_str message, uint8_t ret_mac[32]);
/* True when equal; the time depends on n alone. */
bool tcn_equal_ct(const void *a, const void *b, size_t n);

#endif
