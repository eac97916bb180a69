#include "rows.h"

static void put(struct fixture *f, const char *source, const char *topic, int64_t due_ms)
{
    struct tcn_subscription row = {.source = source, .topic = topic, .due_ms = due_ms};

    OK(f, tcn_store_subscription_put(f->s, &row, &f->err));
}

static void due(struct fixture *f, int64_t now_ms, size_t limit, const char *expect)
{
    struct tcn_subscription *rows;
    char got[64] = "";
    size_t n;

    OK(f, tcn_store_subscription_due(f->s, now_ms, limit, &f->a, &rows, &n, &f->err));
    for (size_t i = 0; i < n; i++) {
        size_t at = strlen(got);

        snprintf(got + at, sizeof got - at, "%s/%s ", rows[i].source, rows[i].topic);
    }
    assert_string_equal(got, expect);
}

static void listed(struct fixture *f, const char *source, const char *topic, const char *expect)
{
    const struct tcn_subscription after = {.source = source, .topic = topic};
    struct tcn_subscription *rows;
    char got[64] = "";
    size_t n;

    OK(f, tcn_store_subscription_list(f->s, &after, 2, &f->a, &rows, &n, &f->err));
    for (size_t i = 0; i < n; i++) {
        size_t at = strlen(got);

        snprintf(got + at, sizeof got - at, "%s/%s ", rows[i].source, rows[i].topic);
    }
    assert_string_equal(got, expect);
}

static void next(struct fixture *f, int64_t expect)
{
    int64_t ms = -1;

    OK(f, tcn_store_subscription_next(f->s, &ms, &f->err));
    assert_int_equal(ms, expect);
}

static void in_pages(void **state)
{
    struct fixture *f = *state;

    put(f, "b", "1", 0);
    put(f, "a", "2", 5);
    put(f, "a", "1", 0);
    listed(f, "", "", "a/1 a/2 ");
    listed(f, "a", "1", "a/2 b/1 ");
    listed(f, "a", "2", "b/1 ");
    listed(f, "b", "1", "");
}

static void every_member_is_kept(void **state)
{
    struct fixture *f = *state;
    struct gen g = {&f->a, 0};

    for (int i = 0; i < 2; i++) { /* the second one replaces the first */
        struct tcn_subscription row = gen_subscription(&g), got;

        row.source = "cloudwatch";
        row.topic = "arn:aws:sns:us-east-1:123456789012:ops";
        OK(f, tcn_store_subscription_put(f->s, &row, &f->err));
        OK(f, tcn_store_subscription_get(f->s, row.source, row.topic, &f->a, &got, &f->err));
        same_subscription(&row, &got);
    }
}

static void unknown_is_empty(void **state)
{
    struct fixture *f = *state;
    struct tcn_subscription got = {.due_ms = 7};

    put(f, "a", "t", 0);
    OK(f, tcn_store_subscription_get(f->s, "b", "t", &f->a, &got, &f->err));
    assert_int_equal(got.state, TCN_SUBSCRIPTION_UNSET);
    assert_string_equal(got.source, "b");
    assert_string_equal(got.topic, "t");
    assert_null(got.arn);
    assert_int_equal(got.due_ms, 0);
}

static void due_in_order(void **state)
{
    struct fixture *f = *state;

    next(f, 0);
    due(f, 99, 8, "");
    put(f, "a", "x", 30);
    put(f, "a", "y", 20);
    put(f, "b", "x", 20);
    put(f, "b", "y", 0);
    next(f, 20);
    due(f, 19, 8, "");
    due(f, 20, 8, "a/y b/x ");
    due(f, 99, 2, "a/y b/x ");
    due(f, 99, 8, "a/y b/x a/x ");
    put(f, "a", "y", 0);
    put(f, "b", "x", 50);
    next(f, 30);
    due(f, 99, 8, "a/x b/x ");
}

/* What a dead process had sent is due at once, whatever its lease says. */
static void due_after_a_restart(void **state)
{
    struct fixture *f = *state;

    OK(f, tcn_store_begin(f->s, &f->err));
    put(f, "a", "x", 30);
    put(f, "a", "y", 0);
    due(f, 1, 8, "");
    OK(f, tcn_store_commit(f->s, &f->err));
    reopen(f);
    OK(f, tcn_store_begin(f->s, &f->err));
    due(f, 1, 8, "a/x ");
    put(f, "a", "x", 30);
    due(f, 1, 8, "");
    OK(f, tcn_store_commit(f->s, &f->err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {IN_MEMORY(every_member_is_kept), IN_MEMORY(in_pages),
                                       IN_MEMORY(unknown_is_empty), IN_MEMORY(due_in_order),
                                       IN_FILE(due_after_a_restart)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
