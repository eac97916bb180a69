#include "sys/hmac.h"

#include <assert.h>
#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

void tcn_hmac_sha256(struct tcn_str key, struct tcn_str message, uint8_t ret_mac[32])
{
    unsigned n = 32;
    const void *done;

    assert(key.len <= INT_MAX);
    /* HMAC() takes NULL for "the key of before". */
    done = HMAC(EVP_sha256(), key.len ? key.ptr : "", (int)key.len,
                (const unsigned char *)message.ptr, message.len, ret_mac, &n);
    assert(done && n == 32);
    (void)done;
}

bool tcn_equal_ct(const void *a, const void *b, size_t n)
{
    return CRYPTO_memcmp(a, b, n) == 0;
}
