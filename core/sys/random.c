#include "sys/random.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* Ids need ten bytes each: the kernel is asked for many at a time. What was handed out is forgotten here. */
static _Thread_local struct {
    unsigned char bytes[512];
    size_t left;
} pool;

static void ask_kernel(unsigned char *ret, size_t n)
{
    while (n > 0) {
        ssize_t got = getrandom(ret, n, 0);

        if (got < 0 && errno != EINTR)
            abort();
        if (got > 0) {
            ret += got;
            n -= (size_t)got;
        }
    }
}

void tcn_random_bytes(void *ret, size_t n)
{
    if (n > sizeof pool.bytes) {
        ask_kernel(ret, n);
        return;
    }
    if (n > pool.left) {
        ask_kernel(pool.bytes, sizeof pool.bytes);
        pool.left = sizeof pool.bytes;
    }
    pool.left -= n;
    memcpy(ret, pool.bytes + pool.left, n);
    explicit_bzero(pool.bytes + pool.left, n);
}

uint64_t tcn_random_u64(void)
{
    uint64_t v;

    tcn_random_bytes(&v, sizeof v);
    return v;
}

struct tcn_id tcn_random_id(int64_t now_ms)
{
    uint8_t bytes[10];

    tcn_random_bytes(bytes, sizeof bytes);
    return tcn_id_v7(now_ms, bytes);
}
