/* Codings of bytes as text: hex, base64, percent, JSON-safe truncation. Pure. */
#ifndef TCN_BASE_TEXT_H
#define TCN_BASE_TEXT_H

#include "base/buf.h"

void tcn_hex(const uint8_t *bytes, size_t n, char *ret_text /* 2n + 1 */);
int tcn_unhex(struct tcn_str text, uint8_t *ret_bytes, size_t n); /* exactly n bytes, either case */
void tcn_base64(struct tcn_buf *out, const void *bytes, size_t n); /* RFC 4648 section 4, padded */
void tcn_base64url(struct tcn_buf *out, const void *bytes, size_t n); /* section 5, no padding */
int tcn_unbase64(struct tcn_str text, struct tcn_buf *ret_bytes);    /* strict, padded, section 4 */
int tcn_unbase64url(struct tcn_str text, struct tcn_buf *ret_bytes); /* strict, no padding */
/* Decodes once; TCN_ESYNTAX for a bad escape or %00. */
int tcn_unpercent(struct tcn_str text, struct tcn_buf *ret_text);
/* SHA-256 (FIPS 180-4) by libcrypto. */
void tcn_sha256(const void *bytes, size_t n, uint8_t ret_digest[32]);
void tcn_sha256_hex(struct tcn_str s, char ret_hex[65]);
/* The same in pieces: begin, add any number of times, end once. */
struct tcn_hash {
    uint64_t state[14]; /* libcrypto's */
};
void tcn_hash_begin(struct tcn_hash *d);
void tcn_hash_add(struct tcn_hash *d, const void *bytes, size_t n);
void tcn_hash_end(struct tcn_hash *d, uint8_t ret_digest[32]);

#endif
