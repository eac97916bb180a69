/* What the store's tests share: stores in memory and in a folder of their own, and a transaction around a step. Under
 * tests/postgres.py both are schemas of its server: the same tests hold there. */
#ifndef TCN_TESTS_STORE_TEST_H
#define TCN_TESTS_STORE_TEST_H

/* cmocka asks for these before itself. */
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include "base/arena.h"
#include "pg.h"
#include "store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ACCOUNT "123456789012"
#define NOW ((int64_t)1785690280989)

struct fixture {
    struct tcn_store *s;
    struct tcn_arena a;
    char dir[64], path[96], url[320];
    char schema[32]; /* "": SQLite */
    bool
        in_memory; /* the folder: for what asks nothing of a disk and starts a store a thousand times */
    struct tcn_err err;
};

static inline int code_of(int r, const struct tcn_err *err)
{
    if (r < 0)
        print_message("code %d: %s\n", r, err->msg);
    return r;
}
#define OK(f, call) assert_int_equal(code_of((call), &(f)->err), 0)

static inline int try_open(struct fixture *f, const char *url, struct tcn_store **ret)
{
    const struct tcn_store_options o = {.url = url, .account_id = ACCOUNT, .node = "test"};

    return tcn_store_open(&o, NOW, ret, &f->err);
}

static inline bool is_writable(struct tcn_store *s, struct tcn_err *err)
{
    if (tcn_store_is_full(s) || tcn_store_begin(s, err) < 0)
        return false;
    if (tcn_store_meta_put(s, "writable", "x", err) < 0) {
        tcn_store_rollback(s);
        return false;
    }
    return tcn_store_commit(s, err) == 0;
}

/* Closes and opens: the next epoch. */
static inline void reopen(struct fixture *f)
{
    tcn_store_close(f->s);
    f->s = NULL;
    OK(f, try_open(f, f->url, &f->s));
}

static inline int setup_memory(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    tcn_arena_init(&f->a, (size_t)64 << 20);
    snprintf(f->url, sizeof f->url, "sqlite::memory:");
    if (pg_server())
        pg_schema(f->schema, f->url, sizeof f->url);
    OK(f, try_open(f, f->url, &f->s));
    OK(f, tcn_store_begin(f->s, &f->err));
    *state = f;
    return 0;
}

static inline void make_dir(struct fixture *f)
{
    bool in_memory = f->in_memory && access("/dev/shm", W_OK) == 0;

    snprintf(f->dir, sizeof f->dir, "%s/tocsin-store-XXXXXX", in_memory ? "/dev/shm" : "/tmp");
    assert_non_null(mkdtemp(f->dir));
    snprintf(f->path, sizeof f->path, "%s/store.db", f->dir);
    snprintf(f->url, sizeof f->url, "sqlite:%s", f->path);
}

static inline int setup_file(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    tcn_arena_init(&f->a, (size_t)64 << 20);
    if (pg_server())
        pg_schema(f->schema, f->url, sizeof f->url);
    else
        make_dir(f);
    OK(f, try_open(f, f->url, &f->s));
    *state = f;
    return 0;
}

static inline void remove_files(struct fixture *f)
{
    static const char *const tails[] = {"", "-wal", "-shm", "-journal", ".reserve"};
    char name[128];

    for (size_t i = 0; f->dir[0] && i < sizeof tails / sizeof *tails; i++) {
        snprintf(name, sizeof name, "%s%s", f->path, tails[i]);
        unlink(name);
    }
    if (f->dir[0])
        rmdir(f->dir);
}

static inline int teardown(void **state)
{
    struct fixture *f = *state;

    tcn_store_close(f->s);
    remove_files(f);
    if (f->schema[0])
        pg_drop(f->schema);
    tcn_arena_done(&f->a);
    free(f);
    return 0;
}

/* An id whose order is that of n. */
static inline struct tcn_id id_of(uint32_t n)
{
    struct tcn_id id = {{0xA0}};

    id.b[12] = (uint8_t)(n >> 24);
    id.b[13] = (uint8_t)(n >> 16);
    id.b[14] = (uint8_t)(n >> 8);
    id.b[15] = (uint8_t)n;
    return id;
}

static inline void assert_id(struct tcn_id a, struct tcn_id b)
{
    char x[TCN_ID_TEXT], y[TCN_ID_TEXT];

    tcn_id_text(a, x);
    tcn_id_text(b, y);
    assert_string_equal(x, y);
}

/* What is kept so far is committed; what follows is a transaction of its own. */
static inline void commit_and_begin(struct fixture *f)
{
    OK(f, tcn_store_commit(f->s, &f->err));
    OK(f, tcn_store_begin(f->s, &f->err));
}

/* The put answered r, or had only been sent: then the next read answers for it. A conflict is the end of the
 * transaction, and the next one has begun. */
static inline void assert_conflict(struct fixture *f, int r)
{
    const char *value;

    if (r == 0)
        r = tcn_store_meta_get(f->s, "none", &f->a, &value, &f->err);
    assert_int_equal(r, TCN_ECONFLICT);
    assert_int_equal(tcn_store_commit(f->s, &f->err), TCN_ECONFLICT);
    OK(f, tcn_store_begin(f->s, &f->err));
}

#define IN_MEMORY(name) cmocka_unit_test_setup_teardown(name, setup_memory, teardown)
#define IN_FILE(name) cmocka_unit_test_setup_teardown(name, setup_file, teardown)

#endif
