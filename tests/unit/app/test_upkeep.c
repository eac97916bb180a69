/* What is forgotten after its time, and what is not. */
#include "app/upkeep.h"
#include "store/feeds.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
// clang-format off
#include <cmocka.h>
// clang-format on

#define NOW INT64_C(1785690280000)

static const struct tcn_store_options o = {
    .url = "sqlite::memory:", .account_id = "123456789012", .node = "test"};
static struct tcn_store *store;
static struct tcn_err err;

static void add_as(enum tcn_inbox_state state, int n, int64_t received_ms)
{
    char id[16];
    struct tcn_inbox row = {.id = {{1, (uint8_t)(n >> 8), (uint8_t)n}},
                            .source = "prom",
                            .delivery_id = id,
                            .received_ms = received_ms,
                            .body = TCN_STR("{}"),
                            .state = state};

    snprintf(id, sizeof id, "d%d", n);
    assert_int_equal(tcn_store_inbox_add(store, &row, &err), 0);
}

static void add(int n, int64_t received_ms)
{
    add_as(TCN_INBOX_APPLIED, n, received_ms);
}

static size_t n_kept_as(enum tcn_inbox_state state)
{
    struct tcn_inbox *rows = NULL;
    struct tcn_arena arena;
    size_t n = 0;

    tcn_arena_init(&arena, 16u << 20);
    assert_int_equal(tcn_store_inbox_list(store, state, 0, 10000, &arena, &rows, &n, &err), 0);
    tcn_arena_done(&arena);
    return n;
}

static size_t n_kept(void)
{
    return n_kept_as(TCN_INBOX_APPLIED);
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

/* It waits for people, and keeps nothing else from being forgotten. */
static void test_the_quarantine_is_kept_longer(void **state)
{
    (void)state;
    assert_int_equal(tcn_store_open(&o, NOW, &store, &err), 0);
    assert_int_equal(tcn_store_begin(store, &err), 0);
    add_as(TCN_INBOX_QUARANTINED, 1, NOW - TCN_QUARANTINE_KEPT_MS - 1);
    for (int n = 2; n < TCN_UPKEEP_ROWS + 10; n++)
        add_as(TCN_INBOX_QUARANTINED, n, NOW - TCN_QUARANTINE_KEPT_MS);
    add(0, NOW - TCN_INBOX_KEPT_MS - 1);
    assert_int_equal(run(), 2);
    assert_int_equal(n_kept(), 0);
    assert_int_equal(n_kept_as(TCN_INBOX_QUARANTINED), TCN_UPKEEP_ROWS + 8);
    tcn_store_rollback(store);
    tcn_store_close(store);
}

static void add_conflict(int n, int64_t at_ms)
{
    const struct tcn_id link = {{7, (uint8_t)(n >> 8), (uint8_t)n}};
    const struct tcn_conflict_row row = {.id = tcn_conflict_id(link, "title", at_ms),
                                         .link = link,
                                         .incident = {{8}},
                                         .connector = "jira",
                                         .field = "title",
                                         .local = "\"a\"",
                                         .remote = "\"b\"",
                                         .winner = "local",
                                         .at_ms = at_ms};

    assert_int_equal(tcn_store_conflict_add(store, &row, &err), 0);
}

static bool has_conflict(int n)
{
    struct tcn_conflict_row *rows = NULL;
    struct tcn_arena arena;
    size_t found = 0;

    tcn_arena_init(&arena, 1u << 20);
    assert_int_equal(tcn_store_conflict_list(store,
                                             (struct tcn_id){{7, (uint8_t)(n >> 8), (uint8_t)n}},
                                             &arena, &rows, &found, &err),
                     0);
    tcn_arena_done(&arena);
    return found == 1;
}

static void test_conflicts_are_kept_90_days(void **state)
{
    int n = 0;

    (void)state;
    assert_int_equal(tcn_store_open(&o, NOW, &store, &err), 0);
    assert_int_equal(tcn_store_begin(store, &err), 0);
    for (; n < TCN_UPKEEP_ROWS + 10; n++)
        add_conflict(n, NOW - TCN_CONFLICTS_KEPT_MS - 1);
    add_conflict(n, NOW - TCN_CONFLICTS_KEPT_MS);
    add(0, NOW - TCN_INBOX_KEPT_MS - 1);
    assert_int_equal(run(), TCN_UPKEEP_ROWS);
    assert_int_equal(run(), 10);
    assert_int_equal(run(), 0);
    assert_false(has_conflict(0));
    assert_false(has_conflict(n - 1));
    assert_true(has_conflict(n));
    tcn_store_rollback(store);
    tcn_store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_old_deliveries_are_forgotten_by_and_by),
        cmocka_unit_test(test_the_quarantine_is_kept_longer),
        cmocka_unit_test(test_conflicts_are_kept_90_days),
    };

    return cmocka_run_group_tests_name("upkeep", tests, NULL, NULL);
}
