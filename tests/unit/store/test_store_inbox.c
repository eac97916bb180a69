#include "rows.h"

static void every_member(void **state)
{
    struct fixture *f = *state;
    struct gen g = {&f->a, 0};
    struct tcn_inbox in = gen_inbox(&g), *out;
    size_t n;

    OK(f, tcn_store_inbox_add(f->s, &in, &f->err));
    OK(f, tcn_store_inbox_list(f->s, TCN_INBOX_QUARANTINED, 0, 9, &f->a, &out, &n, &f->err));
    assert_int_equal(n, 1);
    same_inbox(&in, &out[0]);
}

static int add(struct fixture *f, const char *source, const char *delivery, int64_t received_ms,
               enum tcn_inbox_state state)
{
    struct tcn_inbox row = {.id = id_of((uint32_t)received_ms),
                            .source = source,
                            .delivery_id = delivery,
                            .received_ms = received_ms,
                            .state = state};

    return tcn_store_inbox_add(f->s, &row, &f->err);
}

static void repeated_delivery(void **state)
{
    struct fixture *f = *state;

    OK(f, add(f, "sns", "d1", 1, TCN_INBOX_APPLIED));
    assert_int_equal(add(f, "sns", "d1", 2, TCN_INBOX_APPLIED), TCN_ECONFLICT);
    OK(f, add(f, "sns", "d2", 3, TCN_INBOX_APPLIED));
    OK(f, add(f, "prom", "d1", 4, TCN_INBOX_APPLIED));
    /* Without an id none is a repeat. */
    OK(f, add(f, "prom", NULL, 5, TCN_INBOX_APPLIED));
    OK(f, add(f, "prom", NULL, 6, TCN_INBOX_APPLIED));
    /* A repeat is an answer, not a broken transaction. */
    OK(f, tcn_store_commit(f->s, &f->err));
}

static void expect(struct fixture *f, enum tcn_inbox_state state, size_t limit, const char *want)
{
    struct tcn_inbox *rows;
    char got[64] = "";
    size_t n;

    OK(f, tcn_store_inbox_list(f->s, state, 0, limit, &f->a, &rows, &n, &f->err));
    for (size_t i = 0; i < n; i++)
        snprintf(got + 2 * i, sizeof got - 2 * i, "%d ", (int)rows[i].received_ms);
    assert_string_equal(got, want);
}

static void listed_and_trimmed(void **state)
{
    const struct tcn_inbox_age age = {5, 5};
    struct fixture *f = *state;
    char id[8];
    size_t n = 0;

    for (int i = 1; i <= 6; i++) {
        snprintf(id, sizeof id, "d%d", i);
        OK(f, add(f, "s", id, i, i % 2 ? TCN_INBOX_APPLIED : TCN_INBOX_QUARANTINED));
    }
    expect(f, TCN_INBOX_APPLIED, 9, "1 3 5 ");
    expect(f, TCN_INBOX_QUARANTINED, 2, "2 4 ");
    OK(f, tcn_store_inbox_trim(f->s, &age, 2, &n, &f->err));
    assert_int_equal(n, 2);
    expect(f, TCN_INBOX_APPLIED, 9, "3 5 ");
    OK(f, tcn_store_inbox_trim(f->s, &age, 9, &n, &f->err));
    assert_int_equal(n, 2);
    expect(f, TCN_INBOX_APPLIED, 9, "5 ");
    expect(f, TCN_INBOX_QUARANTINED, 9, "6 ");
    /* Forgotten, the delivery is new again. */
    OK(f, add(f, "s", "d1", 7, TCN_INBOX_APPLIED));
    assert_int_equal(add(f, "s", "d5", 8, TCN_INBOX_APPLIED), TCN_ECONFLICT);
}

static void listed_from_a_number(void **state)
{
    struct fixture *f = *state;
    struct tcn_inbox *rows;
    size_t n;

    for (int i = 1; i <= 3; i++)
        OK(f, add(f, "s", NULL, i, TCN_INBOX_QUARANTINED));
    OK(f, tcn_store_inbox_list(f->s, TCN_INBOX_QUARANTINED, 0, 1, &f->a, &rows, &n, &f->err));
    OK(f, tcn_store_quarantine_drop(f->s, rows[0].id, &f->err));
    OK(f,
       tcn_store_inbox_list(f->s, TCN_INBOX_QUARANTINED, rows[0].no, 9, &f->a, &rows, &n, &f->err));
    assert_int_equal(n, 2);
    assert_int_equal(rows[0].received_ms, 2);
    assert_int_equal(tcn_store_quarantine_drop(f->s, id_of(77), &f->err), TCN_ENOTFOUND);
}

static void meta(void **state)
{
    struct fixture *f = *state;
    const char *value = "";

    OK(f, tcn_store_meta_get(f->s, "a", &f->a, &value, &f->err));
    assert_null(value);
    OK(f, tcn_store_meta_put(f->s, "a", "1", &f->err));
    OK(f, tcn_store_meta_put(f->s, "b", "", &f->err));
    OK(f, tcn_store_meta_put(f->s, "a", "2", &f->err));
    OK(f, tcn_store_meta_get(f->s, "a", &f->a, &value, &f->err));
    assert_string_equal(value, "2");
    OK(f, tcn_store_meta_get(f->s, "b", &f->a, &value, &f->err));
    assert_string_equal(value, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_MEMORY(every_member),
        IN_MEMORY(repeated_delivery),
        IN_MEMORY(listed_and_trimmed),
        IN_MEMORY(listed_from_a_number),
        IN_MEMORY(meta),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
