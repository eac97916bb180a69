#include "app/settled.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
// clang-format off
#include <cmocka.h>
// clang-format on

static struct tcn_settled *cache;
static const struct tcn_settled_fact fact = {.incident = {{7}}, .lane = {{{8}}, 9}};

static int setup(void **state)
{
    (void)state;
    cache = tcn_settled_new();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    tcn_settled_free(cache);
    return 0;
}

static void digest_of(const char *body, uint8_t ret[32])
{
    tcn_settled_digest("prom", TCN_STR("Host: a"), tcn_str(body), ret);
}

static void add(const char *body, const char *key, int64_t now_ms)
{
    uint8_t digest[32];

    digest_of(body, digest);
    tcn_settled_add(cache, digest, key, &fact, now_ms);
}

static bool has(const char *body, int64_t now_ms)
{
    uint8_t digest[32];
    struct tcn_settled_fact found;

    digest_of(body, digest);
    return tcn_settled_has(cache, digest, now_ms, &found) &&
           memcmp(&found, &fact, sizeof fact) == 0;
}

static void test_knows_what_was_added(void **state)
{
    (void)state;
    assert_false(has("a", 1000));
    add("a", "k1", 1000);
    assert_true(has("a", 1000));
    assert_false(has("b", 1000));
}

/* A mapping may read the state of an alarm from a header field. */
static void test_all_that_a_mapping_sees_is_in_the_digest(void **state)
{
    static const struct {
        const char *source, *fields, *body;
    } others[] = {{"pro", "mX: 1", "body"},
                  {"prom", "X: 2", "body"},
                  {"prom", "X: ", "1body"},
                  {"prom", "", "body"},
                  {"prom", "X: 1", ""}};
    uint8_t one[32], two[32];

    (void)state;
    tcn_settled_digest("prom", TCN_STR("X: 1"), TCN_STR("body"), one);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        tcn_settled_digest(others[i].source, tcn_str(others[i].fields), tcn_str(others[i].body),
                           two);
        assert_memory_not_equal(one, two, 32);
    }
}

static void test_entries_end_with_their_time(void **state)
{
    (void)state;
    add("a", "k1", 1000);
    assert_true(has("a", 1000 + TCN_SETTLED_MS - 1));
    assert_false(has("a", 1000 + TCN_SETTLED_MS));
}

static void test_a_clock_set_back_does_not_lengthen_them(void **state)
{
    (void)state;
    add("a", "k1", 10000000);
    assert_false(has("a", 10000000 - TCN_SETTLED_MS));
}

static void test_touching_the_lane_voids_its_entries_only(void **state)
{
    (void)state;
    add("a", "k1", 1000);
    add("b", "k2", 1000);
    tcn_settled_touch(cache, "k1");
    assert_false(has("a", 1000));
    assert_true(has("b", 1000));
    add("a", "k1", 1000);
    assert_true(has("a", 1000));
}

static void test_clear_voids_everything(void **state)
{
    (void)state;
    add("a", "k1", 1000);
    tcn_settled_clear(cache);
    assert_false(has("a", 1000));
}

static void test_stays_right_when_full(void **state)
{
    char body[32];
    int known = 0;

    (void)state;
    for (int i = 0; i < 100000; i++) {
        snprintf(body, sizeof body, "body %d", i);
        add(body, body, 1000);
        assert_true(has(body, 1000));
    }
    for (int i = 0; i < 100000; i++) {
        snprintf(body, sizeof body, "body %d", i);
        known += has(body, 1000);
    }
    assert_in_range(known, 10000, 16384);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_knows_what_was_added, setup, teardown),
        cmocka_unit_test_setup_teardown(test_all_that_a_mapping_sees_is_in_the_digest, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_entries_end_with_their_time, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_clock_set_back_does_not_lengthen_them, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_touching_the_lane_voids_its_entries_only, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_clear_voids_everything, setup, teardown),
        cmocka_unit_test_setup_teardown(test_stays_right_when_full, setup, teardown),
    };

    return cmocka_run_group_tests_name("settled", tests, NULL, NULL);
}
