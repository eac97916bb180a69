/* When a system is asked what changed and whether its records are as they are known, and what is made of silence. */
#include "connect/feed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
// clang-format off
#include <cmocka.h>
// clang-format on

#define T0 INT64_C(1785690280000)
#define DAY INT64_C(86400000)

static const struct tcn_mapping_poll poll = {30000, 300000, 60000, 3600000};
static const struct tcn_feed_policy policy = {&poll, true, true};
static const struct tcn_id some = {{9}}, none = {{0}};

static struct tcn_feed fresh(void)
{
    return (struct tcn_feed){
        .connector = "jira", .since_ms = T0, .poll_due_ms = T0, .sweep_due_ms = T0};
}

static void a_poll_comes_first(void **state)
{
    struct tcn_feed f = fresh();

    (void)state;
    assert_int_equal(tcn_feed_next(&f, &policy, true, T0 - 1), TCN_FEED_REST);
    assert_int_equal(tcn_feed_next(&f, &policy, true, T0), TCN_FEED_POLL);
    tcn_feed_polled(&f, &policy, "c1", true, T0);
    assert_int_equal(tcn_feed_next(&f, &policy, true, T0), TCN_FEED_POLL);
    tcn_feed_polled(&f, &policy, "c2", false, T0);
    assert_string_equal(f.cursor, "c2");
    assert_int_equal(f.poll_due_ms, T0 + 30000);
    assert_int_equal(tcn_feed_next(&f, &policy, true, T0), TCN_FEED_SWEEP);
}

/* A remote that always has more, or is asked again as soon as it has answered. */
static void polls_let_a_sweep_in_between(void **state)
{
    struct tcn_feed f = fresh();

    (void)state;
    f.sweep_due_ms = T0 + 10;
    assert_int_equal(tcn_feed_next(&f, &policy, true, T0 + 20), TCN_FEED_POLL);
    tcn_feed_polled(&f, &policy, "c1", true, T0 + 20);
    assert_int_equal(tcn_feed_next(&f, &policy, true, T0 + 20), TCN_FEED_SWEEP);
    tcn_feed_swept(&f, &policy, some, T0 + 30);
    assert_int_equal(tcn_feed_next(&f, &policy, true, T0 + 30), TCN_FEED_POLL);
    tcn_feed_polled(&f, &policy, "c2", true, T0 + 40);
    assert_int_equal(tcn_feed_next(&f, &policy, true, T0 + 40), TCN_FEED_SWEEP);
}

/* Looked at as often, asked less: an incident that opens is not kept waiting. */
static void nothing_open_is_asked_about_now_and_then(void **state)
{
    struct tcn_feed f = fresh();

    (void)state;
    assert_int_equal(tcn_feed_next(&f, &policy, false, T0), TCN_FEED_POLL); /* the first one */
    tcn_feed_polled(&f, &policy, "c1", true, T0);
    assert_int_equal(tcn_feed_next(&f, &policy, false, T0), TCN_FEED_POLL); /* its second page */
    tcn_feed_polled(&f, &policy, "c2", false, T0);
    f.sweep_due_ms = T0 + DAY;
    assert_int_equal(tcn_feed_next(&f, &policy, false, T0 + 30000), TCN_FEED_REST);
    assert_int_equal(f.poll_due_ms, T0 + 60000);
    assert_int_equal(tcn_feed_next(&f, &policy, true, T0 + 60000), TCN_FEED_POLL);
    assert_int_equal(tcn_feed_next(&f, &policy, false, T0 + 300000), TCN_FEED_POLL);
}

static void a_system_without_a_feed_is_swept_alone(void **state)
{
    const struct tcn_feed_policy p = {&poll, false, false};
    struct tcn_feed f = fresh();

    (void)state;
    assert_int_equal(tcn_feed_next(&f, &p, true, T0), TCN_FEED_SWEEP);
    assert_int_equal(f.poll_due_ms, 0);
    tcn_feed_swept(&f, &p, some, T0);
    assert_int_equal(tcn_feed_due(&f), T0 + TCN_FEED_PACE_MS);
}

static void a_sweep_goes_through_open_ones_and_once_a_day_closed_ones(void **state)
{
    struct tcn_feed f = fresh();

    (void)state;
    tcn_feed_swept(&f, &policy, some, T0);
    assert_true(tcn_id_eq(f.sweep_from, some));
    assert_int_equal(f.sweep_due_ms, T0);
    tcn_feed_swept(&f, &policy, none, T0);
    assert_true(f.is_of_closed);
    assert_int_equal(f.sweep_due_ms, T0);
    tcn_feed_swept(&f, &policy, some, T0 + 1);
    tcn_feed_swept(&f, &policy, none, T0 + 2);
    assert_false(f.is_of_closed);
    assert_int_equal(f.swept_ms, T0 + 2);
    assert_int_equal(f.sweep_due_ms, T0 + 2 + 3600000);
    tcn_feed_swept(&f, &policy, none, T0 + DAY);
    assert_false(f.is_of_closed);
    tcn_feed_swept(&f, &policy, none, T0 + 2 + DAY);
    assert_true(f.is_of_closed);
}

/* What changed within a week that nobody asked is compared, not read through. */
static void a_cursor_of_long_ago_is_not_gone_on_with(void **state)
{
    struct tcn_feed f = fresh();

    (void)state;
    tcn_feed_polled(&f, &policy, "c1", false, T0);
    tcn_feed_swept(&f, &policy, some, T0);
    f.sweep_due_ms = T0 + 9 * DAY;
    assert_int_equal(tcn_feed_next(&f, &policy, true, T0 + TCN_FEED_STALE_MS), TCN_FEED_POLL);
    assert_string_equal(f.cursor, "c1");
    assert_int_equal(tcn_feed_next(&f, &policy, true, T0 + TCN_FEED_STALE_MS + 1), TCN_FEED_POLL);
    assert_null(f.cursor);
    assert_int_equal(f.since_ms, T0 + TCN_FEED_STALE_MS + 1);
    assert_int_equal(f.sweep_due_ms, f.since_ms);
    assert_true(tcn_id_is_zero(f.sweep_from));
}

static void a_failure_puts_off_what_failed(void **state)
{
    struct tcn_feed f = fresh();

    (void)state;
    tcn_feed_polled(&f, &policy, "c1", false, T0 + 5);
    tcn_feed_failed(&f, TCN_FEED_POLL, "away", false, 700, T0 + 10);
    assert_string_equal(f.cursor, "c1");
    assert_string_equal(f.note, "away");
    assert_int_equal(f.poll_due_ms, T0 + 710);
    assert_int_equal(f.sweep_due_ms, T0);
    tcn_feed_failed(&f, TCN_FEED_SWEEP, "away", true, 900, T0 + 10);
    assert_int_equal(f.sweep_due_ms, T0 + 910);
    assert_string_equal(f.cursor, "c1");
    assert_int_equal(f.fail_count, 2);
    tcn_feed_polled(&f, &policy, "c2", false, T0 + 20);
    assert_int_equal(f.fail_count, 0);
    assert_null(f.note);
}

/* The token of a page that is known no more: from where the last poll got through, nothing is left out. */
static void a_refused_cursor_is_forgotten(void **state)
{
    struct tcn_feed f = fresh();

    (void)state;
    tcn_feed_failed(&f, TCN_FEED_POLL, "no", true, 1, T0 + 1);
    assert_int_equal(f.since_ms, T0);
    tcn_feed_polled(&f, &policy, "page 2 of 9", true, T0 + 5);
    tcn_feed_failed(&f, TCN_FEED_POLL, "no", true, 1, T0 + 8);
    assert_null(f.cursor);
    assert_int_equal(f.since_ms, T0 + 5);
}

static void silent_webhooks_are_told_once(void **state)
{
    struct tcn_feed f = fresh();

    (void)state;
    assert_false(tcn_feed_found(&f, 0, T0));
    assert_false(tcn_feed_found(&f, 2, T0));
    assert_false(tcn_feed_found(&f, 1, T0 + 60000));
    assert_true(tcn_feed_found(&f, 1, T0 + 120000));
    assert_false(tcn_feed_found(&f, 7, T0 + 180000));
    assert_int_equal(f.missed, 11);
    assert_int_equal(f.missed_ms, T0);
    f.heard_ms = T0 + 200000; /* they come again */
    assert_false(tcn_feed_found(&f, 3, T0 + 210000));
    assert_int_equal(f.missed, 3);
    assert_true(tcn_feed_found(&f, 1, T0 + 220000));
}

static void little_in_long_is_nothing(void **state)
{
    struct tcn_feed f = fresh();

    (void)state;
    assert_false(tcn_feed_found(&f, 3, T0));
    assert_false(tcn_feed_found(&f, 3, T0 + TCN_FEED_MISSED_MS + 1));
    assert_int_equal(f.missed, 3);
    assert_int_equal(f.missed_ms, T0 + TCN_FEED_MISSED_MS + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_poll_comes_first),
        cmocka_unit_test(polls_let_a_sweep_in_between),
        cmocka_unit_test(nothing_open_is_asked_about_now_and_then),
        cmocka_unit_test(a_system_without_a_feed_is_swept_alone),
        cmocka_unit_test(a_sweep_goes_through_open_ones_and_once_a_day_closed_ones),
        cmocka_unit_test(a_cursor_of_long_ago_is_not_gone_on_with),
        cmocka_unit_test(a_failure_puts_off_what_failed),
        cmocka_unit_test(a_refused_cursor_is_forgotten),
        cmocka_unit_test(silent_webhooks_are_told_once),
        cmocka_unit_test(little_in_long_is_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
