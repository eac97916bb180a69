/* Incidents of which nobody could be told, kept for the report: the first by name, all by number. */
#include "engine/unreached.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
// clang-format off
#include <cmocka.h>
// clang-format on

static struct tcn_unreached unreached;

/* One decision about the incident with that title. */
static void note(uint8_t id, const char *title, bool nobody_reached, bool is_doubtful)
{
    struct tcn_aggregate a = {
        .incident = {.id = {{id}}, .exists = true, .title = title, .response_plan = "critical"}};
    const struct tcn_decision d = {
        .subject = &a, .nobody_reached = nobody_reached, .is_doubtful = is_doubtful};

    tcn_unreached_note(&unreached, &d);
}

static int empty(void **state)
{
    (void)state;
    unreached = (struct tcn_unreached){0};
    return 0;
}

static void who_is_reached_is_not_kept(void **state)
{
    (void)state;
    note(1, "cpu", false, false);
    assert_int_equal(unreached.n, 0);
}

static void what_is_kept(void **state)
{
    (void)state;
    note(1, "cpu", true, false);
    note(2, "disk", true, true);
    assert_int_equal(unreached.n, 2);
    assert_true(tcn_id_eq(unreached.items[0].id, (struct tcn_id){{1}}));
    assert_string_equal(unreached.items[0].title, "cpu");
    assert_string_equal(unreached.items[0].plan, "critical");
    assert_false(unreached.items[0].is_doubtful);
    assert_string_equal(unreached.items[1].title, "disk");
    assert_true(unreached.items[1].is_doubtful);
}

static void no_answer_is_kept_apart(void **state)
{
    struct tcn_aggregate a = {.incident = {.exists = true, .title = "cpu"}};
    const struct tcn_decision d = {.subject = &a, .nobody_answered = true};

    (void)state;
    tcn_unreached_note(&unreached, &d);
    assert_int_equal(unreached.n, 0);
    tcn_unanswered_note(&unreached, &d);
    assert_int_equal(unreached.n, 1);
    note(2, "disk", true, false);
    assert_int_equal(unreached.n, 2);
}

static void who_does_not_exist_is_kept(void **state)
{
    struct tcn_aggregate a = {.incident = {.exists = true, .title = "cpu"}};
    const struct tcn_decision d = {.subject = &a, .absent = "zoe of esc"};

    (void)state;
    tcn_unanswered_note(&unreached, &d);
    assert_int_equal(unreached.n, 0);
    tcn_absent_note(&unreached, &d);
    assert_int_equal(unreached.n, 1);
    assert_string_equal(unreached.items[0].absent, "zoe of esc");
}

static void more_than_fit_are_counted(void **state)
{
    (void)state;
    for (uint8_t i = 0; i < TCN_UNREACHED_MAX + 3; i++)
        note(i, "cpu", true, false);
    assert_int_equal(unreached.n, TCN_UNREACHED_MAX + 3);
    assert_int_equal(unreached.items[TCN_UNREACHED_MAX - 1].id.b[0], TCN_UNREACHED_MAX - 1);
}

/* 255 bytes fit: 127 characters of two bytes, and not a half of one more. */
static void a_long_title_is_cut_between_characters(void **state)
{
    char title[401];

    (void)state;
    for (size_t i = 0; i < 200; i++)
        memcpy(&title[2 * i], "\xc3\xa4", 2);
    title[400] = '\0';
    note(1, title, true, false);
    assert_int_equal(strlen(unreached.items[0].title), 254);
    note(2, "", true, false);
    assert_string_equal(unreached.items[1].title, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(who_is_reached_is_not_kept, empty),
        cmocka_unit_test_setup(what_is_kept, empty),
        cmocka_unit_test_setup(no_answer_is_kept_apart, empty),
        cmocka_unit_test_setup(who_does_not_exist_is_kept, empty),
        cmocka_unit_test_setup(more_than_fit_are_counted, empty),
        cmocka_unit_test_setup(a_long_title_is_cut_between_characters, empty),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
