/* A search that tries every point takes each n-th in a sanitizer build, where a point costs far more: others
 * every day, and TOCSIN_SLICE says which. Other builds, and --deep (TOCSIN_DEEP), take all. */
#ifndef TCN_TESTS_STORE_SLICE_H
#define TCN_TESTS_STORE_SLICE_H

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct slice {
    int first, step; /* points count from 1 */
};

static inline struct slice slice_of(int sanitized_step)
{
    int step = TEST_IS_SANITIZED && !getenv("TOCSIN_DEEP") ? sanitized_step : 1;
    const char *wanted = getenv("TOCSIN_SLICE");
    unsigned long n = wanted ? strtoul(wanted, NULL, 10) : (unsigned long)(time(NULL) / 86400);
    struct slice s = {.first = 1 + (int)(n % (unsigned long)step), .step = step};

    if (step > 1)
        printf("each %d. point, from %d on: TOCSIN_SLICE=%d\n", step, s.first, s.first - 1);
    return s;
}

#endif
