/* What is forgotten after its time, and what is not. */
#include "app/upkeep.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
// clang-format off
#include <cmocka.h>
// clang-format on

#define NOW INT64_C(1785690280000)

static struct tcn_store *store;
static struct tcn_err err;

static void add(int n, int64_t received_ms)
{
    char id[16];
    struct tcn_inbox row = {.id = {{1, (uint8_t)(n >> 8), (uint8_t)n}},
                            .source = "prom",
                            .delivery_id = id,
                            .received_ms = received_ms,
                            .body = TCN_STR("{}"),
                            .state = TCN_INBOX_APPLIED};

    snprintf(id, sizeof id, "d%d", n);
    assert_int_equal(tcn_store_inbox_add(store, &row, &err), 0);
}

static size_t n_kept(void)
{
    struct tcn_inbox *rows = NULL;
    struct tcn_arena arena;
    size_t n = 0;

    tcn_arena_init(&arena, 16u << 20);
    assert_int_equal(
        tcn_store_inbox_list(store, TCN_INBOX_APPLIED, 0, 10000, &arena, &rows, &n, &err), 0);
    tcn_arena_done(&arena);
    return n;
}

static size_t run(void)
{
    struct tcn_upkeep_job *job = tcn_upkeep_job_new();
    size_t n;

    assert_int_equal(job->job.run(&job->job, store, NOW, &err), 0);
    n = job->n_forgotten;
    tcn_upkeep_job_free(job);
    return n;
}

static void test_old_deliveries_are_forgotten_by_and_by(void **state)
{
    struct tcn_store_options o = {
        .url = "sqlite::memory:", .account_id = "123456789012", .node = "test"};
    int n = 0;

    (void)state;
    assert_int_equal(tcn_store_open(&o, NOW, &store, &err), 0);
    assert_int_equal(tcn_store_begin(store, &err), 0);
    for (; n < TCN_UPKEEP_ROWS + 10; n++)
        add(n, NOW - TCN_INBOX_KEPT_MS - 1);
    add(n++, NOW - TCN_INBOX_KEPT_MS);
    add(n++, NOW);
    assert_int_equal(run(), TCN_UPKEEP_ROWS);
    assert_int_equal(n_kept(), 12);
    assert_int_equal(run(), 10);
    assert_int_equal(run(), 0);
    assert_int_equal(n_kept(), 2);
    tcn_store_rollback(store);
    tcn_store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_old_deliveries_are_forgotten_by_and_by),
    };

    return cmocka_run_group_tests_name("upkeep", tests, NULL, NULL);
}
