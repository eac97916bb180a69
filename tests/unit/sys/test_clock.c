#include "../base/cases.h"
#include "sys/clock.h"

#include <time.h>

static void test_wall_clock_is_unix_time(void **state)
{
    int64_t before_ms = (int64_t)time(NULL) * 1000, now_ms = tcn_clock_now_ms();

    (void)state;
    /* time() may lag by a tick of the coarse clock. */
    assert_true(now_ms >= before_ms);
    assert_true(now_ms <= ((int64_t)time(NULL) + 2) * 1000);
}

static void test_monotonic_never_goes_back(void **state)
{
    int64_t last_us = tcn_clock_mono_us();

    (void)state;
    assert_true(last_us >= 0);
    for (int i = 0; i < 100000; i++) {
        int64_t us = tcn_clock_mono_us();

        assert_true(us >= last_us);
        last_us = us;
    }
}

/* No less than the monotonic one: it counts a suspend, too. */
static void test_boot_time_goes_on(void **state)
{
    int64_t mono_us = tcn_clock_mono_us(), first_us = tcn_clock_boot_us(), us;

    (void)state;
    assert_true(first_us >= mono_us);
    do {
        us = tcn_clock_boot_us();
        assert_true(us >= first_us);
    } while (us < first_us + 2000);
}

/* Both count the same time: microseconds there, milliseconds here. */
static void test_units(void **state)
{
    int64_t start_us = tcn_clock_mono_us(), start_ms = tcn_clock_now_ms(), us, ms;

    (void)state;
    do {
        us = tcn_clock_mono_us() - start_us;
        ms = tcn_clock_now_ms() - start_ms;
    } while (us < 20000);
    assert_in_range(ms, 10, us / 1000 + 10000);
}

static void test_a_clock_that_is_set_back(void **state)
{
    static const struct {
        int64_t now_ms, mono_ms, back_ms;
    } looks[] = {{1000000, 10, 0},         {1001000, 1010, 0},  {5001000, 2010, 0},
                 {1001000, 3010, 4001000}, {1002000, 4010, 0},  {1002950, 5010, 0},
                 {1003850, 6010, 0},       {1004750, 7011, 101}};
    struct tcn_clock_watch w = {0};

    (void)state;
    for (size_t i = 0; i < sizeof looks / sizeof *looks; i++)
        assert_int_equal(tcn_clock_set_back(&w, looks[i].now_ms, looks[i].mono_ms * 1000),
                         looks[i].back_ms);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wall_clock_is_unix_time),
        cmocka_unit_test(test_monotonic_never_goes_back),
        cmocka_unit_test(test_boot_time_goes_on),
        cmocka_unit_test(test_units),
        cmocka_unit_test(test_a_clock_that_is_set_back),
    };

    return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
