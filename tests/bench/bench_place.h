/* Where a benchmark of the store has its store: a folder of its own, or the server of tests/postgres.py. */
#ifndef TCN_TESTS_BENCH_PLACE_H
#define TCN_TESTS_BENCH_PLACE_H

#include "store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define NOW ((int64_t)1785690280989)

static char dir[64] = "/tmp/tocsin-bench-XXXXXX", path[128], url[320];

static inline void must(int r, const struct tcn_err *err)
{
    if (r == 0)
        return;
    fprintf(stderr, "benchmark: %s: %s\n", tcn_code_name(r), err->msg);
    exit(1);
}

static inline void make_place(void)
{
    if (!mkdtemp(dir)) {
        perror(dir);
        exit(1);
    }
    snprintf(path, sizeof path, "%s/store.db", dir);
    snprintf(url, sizeof url, "sqlite:%s", path);
    if (getenv("TOCSIN_POSTGRES"))
        snprintf(url, sizeof url, "%s", getenv("TOCSIN_POSTGRES"));
}

static inline struct tcn_store *open_store(void)
{
    const struct tcn_store_options o = {.url = url, .account_id = "123456789012", .node = "bench"};
    struct tcn_store *s = NULL;
    struct tcn_err err;

    must(tcn_store_open(&o, NOW, &s, &err), &err);
    return s;
}

static inline void remove_place(void)
{
    static const char *const tails[] = {"", "-wal", "-shm", ".reserve"};
    char name[160];

    for (size_t i = 0; i < sizeof tails / sizeof *tails; i++) {
        snprintf(name, sizeof name, "%s%s", path, tails[i]);
        unlink(name);
    }
    rmdir(dir);
}

#endif
