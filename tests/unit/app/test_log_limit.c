/* A line a second and key, however many keys there are. */
#include "app/log_limit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
// clang-format off
#include <cmocka.h>
// clang-format on

#define T0 INT64_C(86400000)

static struct tcn_log_limit limit;
static uint64_t suppressed;

static int setup(void **state)
{
    (void)state;
    memset(&limit, 0, sizeof limit);
    suppressed = UINT64_MAX;
    return 0;
}

static bool pass(const char *where, const char *reason, int64_t now_ms)
{
    return tcn_log_limit_pass(&limit, where, reason, now_ms, &suppressed);
}

static void test_a_line_a_second(void **state)
{
    static const struct {
        const char *name;
        int64_t at_ms;
        bool passes;
        uint64_t suppressed;
    } steps[] = {
        {"the first", 0, true, 0},
        {"at the same time", 0, false, 0},
        {"a millisecond too soon", 999, false, 0},
        {"a second later", 1000, true, 2},
        {"soon after that", 1001, false, 0},
        {"an hour later", 3600000, true, 1},
        {"nothing was left out", 3601000, true, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        bool passes = pass("/sources/prom", "forbidden", T0 + steps[i].at_ms);

        if (passes != steps[i].passes || (passes && suppressed != steps[i].suppressed))
            fail_msg("%s: %d, %llu suppressed", steps[i].name, passes,
                     (unsigned long long)suppressed);
    }
}

static void test_one_refusal_hides_no_other(void **state)
{
    static const struct {
        const char *where, *reason;
    } keys[] = {
        {"/sources/prom", "forbidden"},
        {"/sources/prom", "malformed"},
        {"/sources/prom2", "forbidden"},
        {"", "bad_method"},
        {"", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        assert_true(pass(keys[i].where, keys[i].reason, T0));
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        assert_false(pass(keys[i].where, keys[i].reason, T0));
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        assert_true(pass(keys[i].where, keys[i].reason, T0 + 1000));
        assert_int_equal(suppressed, 1);
    }
}

static bool pass_number(unsigned n, int64_t now_ms)
{
    char where[32];

    snprintf(where, sizeof where, "/sources/s%u", n);
    return pass(where, "forbidden", now_ms);
}

static void test_more_keys_than_room(void **state)
{
    unsigned n_passed = 0;

    (void)state;
    for (unsigned i = 0; i < 10 * TCN_LOG_LIMIT_KEYS; i++)
        n_passed += pass_number(i, T0);
    assert_int_equal(n_passed, TCN_LOG_LIMIT_KEYS + 1); /* the rest share one */
    assert_false(pass_number(TCN_LOG_LIMIT_KEYS, T0 + 999));
    assert_int_equal(limit.rest.suppressed, 9 * TCN_LOG_LIMIT_KEYS);
}

static void test_the_one_that_rests_gives_way(void **state)
{
    (void)state;
    for (unsigned i = 0; i < TCN_LOG_LIMIT_KEYS; i++)
        assert_true(pass_number(i, T0 + i));
    assert_false(pass_number(0, T0 + 500));
    assert_true(pass_number(1000, T0 + 1000)); /* instead of 0 */
    assert_int_equal(suppressed, 0);
    assert_int_equal(limit.rest.suppressed, 1); /* a line of 0: not lost, told with the rest */
    assert_false(pass_number(1000, T0 + 1000));
    assert_false(pass_number(1, T0 + 1000)); /* its second is not over, its place was kept */
    assert_true(pass_number(1, T0 + 1001));
    assert_int_equal(suppressed, 1);
}

static void test_long_keys_are_cut(void **state)
{
    char where[300], other[300];

    (void)state;
    memset(where, 'w', sizeof where);
    where[sizeof where - 1] = '\0';
    memcpy(other, where, sizeof other);
    other[TCN_LOG_LIMIT_WHERE] = 'x';
    assert_true(pass(where, where, T0));
    assert_false(pass(where, where, T0));
    assert_false(pass(other, where, T0)); /* differs behind the cut */
    other[TCN_LOG_LIMIT_WHERE - 2] = 'x';
    assert_true(pass(other, where, T0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_a_line_a_second, setup),
        cmocka_unit_test_setup(test_one_refusal_hides_no_other, setup),
        cmocka_unit_test_setup(test_more_keys_than_room, setup),
        cmocka_unit_test_setup(test_the_one_that_rests_gives_way, setup),
        cmocka_unit_test_setup(test_long_keys_are_cut, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
