/* The function table that connectors call: struct tocsin_host of the SDK. */
#ifndef TCN_CONNECT_HOST_H
#define TCN_CONNECT_HOST_H

#include "connect/instance.h"
#include <tocsin/connector.h>

extern const struct tocsin_host tcn_host;

/* 1 when hex is HMAC(secret, data) in either
 * case of letters; alg is sha1, sha256 or sha512. Constant time in the digest. 0 otherwise. */
int tcn_hmac_ok(const struct tcn_secret *secret, const char *alg, const void *data, size_t len,
                const char *hex);

#endif
