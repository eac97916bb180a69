#include "sys/random.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

void tcn_random_bytes(void *ret, size_t n)
{
    unsigned char *p = ret;

    while (n > 0) {
        ssize_t got = getrandom(p, n, 0);

        if (got < 0 && errno != EINTR)
            abort();
        if (got > 0) {
            p += got;
            n -= (size_t)got;
        }
    }
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
