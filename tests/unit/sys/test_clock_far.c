#include "../base/cases.h"
#include "sys/clock_far.h"

#define S INT64_C(1000000)
#define THERE_MS INT64_C(1785690280000) /* at this machine's second 0 */

static struct tcn_clock_far known(void)
{
    struct tcn_clock_far f = {0};

    tcn_clock_far_hear(&f, THERE_MS + 10000, 10 * S, 10 * S);
    return f;
}

static void expect(const struct tcn_clock_far *f, int64_t boot_us, int64_t ms)
{
    assert_true(tcn_clock_far_now_ms(f, boot_us) == ms);
}

static void test_the_middle_of_the_first_answer(void **state)
{
    struct tcn_clock_far f = {0};

    (void)state;
    tcn_clock_far_hear(&f, THERE_MS, -1 * S, 1 * S);
    assert_true(f.is_known);
    expect(&f, 0, THERE_MS);
    expect(&f, 5 * S, THERE_MS + 5000);
}

/* The question may have waited before the clock was read, or the answer after it. */
static void test_a_slow_answer_moves_nothing(void **state)
{
    struct tcn_clock_far f = known();

    (void)state;
    tcn_clock_far_hear(&f, THERE_MS + 20000, 20 * S, 40 * S);
    expect(&f, 40 * S, THERE_MS + 40000);
    tcn_clock_far_hear(&f, THERE_MS + 60000, 40 * S, 60 * S);
    expect(&f, 60 * S, THERE_MS + 60000);
}

static void test_a_quick_answer_mends_a_slow_one(void **state)
{
    struct tcn_clock_far f = {0};

    (void)state;
    tcn_clock_far_hear(&f, THERE_MS, 0, 8 * S); /* taken for that of second 4 */
    expect(&f, 4 * S, THERE_MS);
    tcn_clock_far_hear(&f, THERE_MS + 9000, 9 * S, 9 * S);
    expect(&f, 9 * S, THERE_MS + 9000);
}

static void test_drift_is_followed_to_the_edge(void **state)
{
    struct tcn_clock_far f = known();

    (void)state;
    tcn_clock_far_hear(&f, THERE_MS + 20030, 20 * S, 20 * S + 10000);
    expect(&f, 20 * S,
           THERE_MS + 20019); /* the least that agrees, with a millisecond of rounding */
    tcn_clock_far_hear(&f, THERE_MS + 30000, 30 * S, 30 * S);
    expect(&f, 30 * S, THERE_MS + 30001);
}

static void test_a_step_ahead_is_followed(void **state)
{
    struct tcn_clock_far f = known();

    (void)state;
    tcn_clock_far_hear(&f, THERE_MS + 80000, 20 * S, 20 * S);
    expect(&f, 20 * S, THERE_MS + 80000);
    assert_true(tcn_clock_far_back_ms(&f) == 0);
}

static void test_a_step_back_waits(void **state)
{
    struct tcn_clock_far f = known();

    (void)state;
    tcn_clock_far_hear(&f, THERE_MS + 18001, 20 * S, 20 * S);
    expect(&f, 20 * S, THERE_MS + 18001); /* a moment is none */
    f = known();
    tcn_clock_far_hear(&f, THERE_MS - 40000, 20 * S, 20 * S);
    expect(&f, 20 * S, THERE_MS + 20000);
    assert_true(tcn_clock_far_back_ms(&f) == 60000);
    tcn_clock_far_hear(&f, THERE_MS - 40000, 30 * S, 30 * S);
    expect(&f, 30 * S, THERE_MS + 30000);
    assert_true(tcn_clock_far_back_ms(&f) == 70000);
    tcn_clock_far_follow(&f);
    expect(&f, 30 * S, THERE_MS - 40000);
    assert_true(tcn_clock_far_back_ms(&f) == 0);
}

/* It was wrong for a while, and nobody had followed. */
static void test_a_step_back_that_is_taken_back(void **state)
{
    struct tcn_clock_far f = known();

    (void)state;
    tcn_clock_far_hear(&f, THERE_MS - 40000, 20 * S, 20 * S);
    tcn_clock_far_hear(&f, THERE_MS + 30000, 30 * S, 30 * S);
    expect(&f, 30 * S, THERE_MS + 30000);
    assert_true(tcn_clock_far_back_ms(&f) == 0);
    tcn_clock_far_hear(&f, THERE_MS + 40001, 40 * S, 40 * S);
    expect(&f, 40 * S, THERE_MS + 40000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_middle_of_the_first_answer),
        cmocka_unit_test(test_a_slow_answer_moves_nothing),
        cmocka_unit_test(test_a_quick_answer_mends_a_slow_one),
        cmocka_unit_test(test_drift_is_followed_to_the_edge),
        cmocka_unit_test(test_a_step_ahead_is_followed),
        cmocka_unit_test(test_a_step_back_waits),
        cmocka_unit_test(test_a_step_back_that_is_taken_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
