/* A client token makes a repeated request one. */
#include "app/once.h"
#include "turns.h"

static struct tcn_once once_of(const char *token, const char *request)
{
    return (struct tcn_once){
        .incident = {{5}}, .operation = "Create", .token = token, .request = request};
}

static enum tcn_once_is look(struct tcn_once once, const char **ret_result)
{
    enum tcn_once_is is = TCN_ONCE_OTHER;

    *ret_result = NULL;
    assert_int_equal(tcn_once_look(store, &once, now, &arena, &is, ret_result, &err), 0);
    return is;
}

static void keep(struct tcn_once once, const char *result)
{
    assert_int_equal(tcn_once_keep(store, &once, result, now, &arena, &err), 0);
}

static void test_what_a_token_is_of(void **state)
{
    struct tcn_once elsewhere = once_of("t", "a"), other = once_of("t", "a");
    const char *result;

    (void)state;
    elsewhere.incident.b[0] = 6;
    other.operation = "Update";
    assert_int_equal(look(once_of("t", "a"), &result), TCN_ONCE_NEW);
    keep(once_of("t", "a"), "r1");
    assert_int_equal(look(once_of("t", "a"), &result), TCN_ONCE_AGAIN);
    assert_string_equal(result, "r1");
    assert_int_equal(look(once_of("t", "b"), &result), TCN_ONCE_OTHER);
    assert_int_equal(look(once_of("T", "a"), &result), TCN_ONCE_NEW);
    assert_int_equal(look(elsewhere, &result), TCN_ONCE_NEW);
    assert_int_equal(look(other, &result), TCN_ONCE_NEW);
}

static void test_none_is_none(void **state)
{
    static const char *const none[] = {NULL, ""};
    const char *result, *text;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        keep(once_of(none[i], "a"), "r");
        assert_int_equal(look(once_of(none[i], "a"), &result), TCN_ONCE_NEW);
    }
    assert_int_equal(tcn_store_meta_get(store, "client_tokens/05000000-0000-0000-0000-000000000000",
                                        &arena, &text, &err),
                     0);
    assert_null(text);
}

static void test_for_a_day(void **state)
{
    const char *result;

    (void)state;
    keep(once_of("t", "a"), "r");
    now += TCN_ONCE_MS;
    assert_int_equal(look(once_of("t", "a"), &result), TCN_ONCE_AGAIN);
    now++;
    assert_int_equal(look(once_of("t", "a"), &result), TCN_ONCE_NEW);
    assert_int_equal(look(once_of("t", "b"), &result), TCN_ONCE_NEW);
}

/* The oldest are forgotten first, and what is kept has an end. */
static void test_the_newest(void **state)
{
    const char *result, *text;
    char token[16];

    (void)state;
    for (int i = 0; i <= TCN_ONCE_KEPT; i++) {
        snprintf(token, sizeof token, "t%d", i);
        keep(once_of(token, "a"), token);
    }
    assert_int_equal(look(once_of("t0", "a"), &result), TCN_ONCE_NEW);
    assert_int_equal(look(once_of("t1", "a"), &result), TCN_ONCE_AGAIN);
    assert_string_equal(result, "t1");
    assert_int_equal(look(once_of("t64", "a"), &result), TCN_ONCE_AGAIN);
    assert_int_equal(tcn_store_meta_get(store, "client_tokens/05000000-0000-0000-0000-000000000000",
                                        &arena, &text, &err),
                     0);
    assert_in_range(strlen(text), 64, 8192);
}

/* A row that something else wrote is as none. */
static void test_a_row_that_is_none(void **state)
{
    const char *result;

    (void)state;
    assert_int_equal(tcn_store_meta_put(store, "client_tokens/05000000-0000-0000-0000-000000000000",
                                        "{\"a\":1}", &err),
                     0);
    assert_int_equal(look(once_of("t", "a"), &result), TCN_ONCE_NEW);
    keep(once_of("t", "a"), "r");
    assert_int_equal(look(once_of("t", "a"), &result), TCN_ONCE_AGAIN);
}

/* What makes an incident has none to keep its token with: the account keeps those, many more of them. */
static void test_of_the_account(void **state)
{
    const char *result;
    char token[16];

    (void)state;
    for (int i = 0; i < 4 * TCN_ONCE_KEPT; i++) {
        struct tcn_once once = once_of(token, "a");
        bool is_repeat = i >= 2 * TCN_ONCE_KEPT;

        once.incident = (struct tcn_id){{0}};
        snprintf(token, sizeof token, "%d", i % (2 * TCN_ONCE_KEPT));
        assert_int_equal(look(once, &result), is_repeat ? TCN_ONCE_AGAIN : TCN_ONCE_NEW);
        if (is_repeat)
            assert_string_equal(result, token);
        else
            keep(once, token);
        once.request = "b";
        assert_int_equal(look(once, &result), TCN_ONCE_OTHER);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_what_a_token_is_of), CASE(test_of_the_account), CASE(test_none_is_none),
        CASE(test_for_a_day),          CASE(test_the_newest),     CASE(test_a_row_that_is_none),
    };

    return cmocka_run_group_tests_name("once", tests, NULL, NULL);
}
