/* Randomness of the kernel. */
#ifndef TCN_SYS_RANDOM_H
#define TCN_SYS_RANDOM_H

#include "base/id.h"

void tcn_random_bytes(void *ret, size_t n); /* aborts when the kernel refuses */
uint64_t tcn_random_u64(void);
/* A version 7 id of that time. */
struct tcn_id tcn_random_id(int64_t now_ms);

#endif
