/* Nobody is reached: counted each time, told as an error, but not in a flood. */
#include "../stderr_lines.h"

#include "app/unreached.h"

#include <stdlib.h>

static struct tcn_app app;
static struct stderr_lines lines;

static int setup(void **state)
{
    (void)state;
    memset(&app, 0, sizeof app);
    app.metrics = tcn_metrics_new();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    tcn_metrics_free(app.metrics);
    return 0;
}

/* As if one job had decided it of n incidents. */
static struct tcn_unreached decided(const char *title, const char *plan, int n)
{
    struct tcn_aggregate a = {.incident = {.exists = true, .title = title, .response_plan = plan}};
    struct tcn_decision d = {.subject = &a, .nobody_reached = true};
    struct tcn_unreached u = {.n = 0};

    for (int i = 0; i < n; i++) {
        a.incident.id = tcn_id_child((struct tcn_id){{0}}, "test", (uint64_t)i);
        tcn_unreached_note(&u, &d);
    }
    return u;
}

/* What came to standard error is in lines then. */
static void tell(const struct tcn_unreached *u, int times)
{
    stderr_begin(&lines);
    for (int i = 0; i < times; i++)
        tcn_unreached_tell(&app, u);
    stderr_end(&lines);
}

static double counted(void)
{
    return tcn_metrics_get(app.metrics, "tocsin_nobody_reached_total", "");
}

static void test_the_counter_is_there_from_the_start(void **state)
{
    struct tcn_buf text;

    (void)state;
    tcn_unreached_init(&app);
    tcn_buf_init(&text, 4096);
    tcn_metrics_write(app.metrics, &text);
    assert_non_null(strstr(text.ptr, "\ntocsin_nobody_reached_total 0\n"));
    assert_non_null(strstr(text.ptr, "\ntocsin_nobody_answered_total 0\n"));
    tcn_buf_done(&text);
}

static void test_one_is_told(void **state)
{
    struct tcn_unreached u = decided("cpu \"high\"", "critical", 1);
    char id[TCN_ID_TEXT], want[256];

    (void)state;
    tell(&u, 1);
    tcn_id_text(u.items[0].id, id);
    snprintf(want, sizeof want,
             " level=error part=paging msg=\"nobody is reached\" incident=%s "
             "title=\"cpu \\\"high\\\"\" plan=critical\n",
             id);
    assert_non_null(strstr(lines.text, want));
    assert_int_equal(stderr_count(&lines), 1);
    assert_true(counted() == 1);
}

static void test_a_doubt_is_told_as_such(void **state)
{
    struct tcn_unreached u = decided("cpu", "critical", 1);

    (void)state;
    u.items[0].is_doubtful = true;
    tell(&u, 1);
    assert_non_null(strstr(lines.text, " msg=\"nobody is known to be reached\" incident="));
    assert_true(counted() == 1);
}

static void test_no_answer_is_a_warning(void **state)
{
    struct tcn_unreached u = decided("cpu", "critical", 1);

    (void)state;
    stderr_begin(&lines);
    tcn_unanswered_tell(&app, &u);
    stderr_end(&lines);
    assert_non_null(strstr(lines.text,
                           " level=warn part=paging msg=\"nobody has answered, and nobody is paged "
                           "any more\" incident="));
    assert_non_null(strstr(lines.text, " title=cpu plan=critical\n"));
    assert_true(tcn_metrics_get(app.metrics, "tocsin_nobody_answered_total", "") == 1);
    assert_true(counted() == 0);
}

static void test_who_does_not_exist_is_told(void **state)
{
    struct tcn_unreached u = decided("cpu", "critical", 1);

    (void)state;
    snprintf(u.items[0].absent, sizeof u.items[0].absent, "zoe of esc");
    stderr_begin(&lines);
    tcn_absent_tell(&app, &u);
    stderr_end(&lines);
    assert_non_null(strstr(lines.text,
                           " level=error part=paging msg=\"cannot engage a contact that "
                           "does not exist\" contact=\"zoe of esc\" incident="));
    assert_non_null(strstr(lines.text, " title=cpu plan=critical\n"));
    assert_true(counted() == 0);
}

static void test_none_is_not_told(void **state)
{
    struct tcn_unreached u = {.n = 0};
    struct tcn_aggregate a = {.incident = {.exists = true}};
    struct tcn_decision d = {.subject = &a};

    (void)state;
    tcn_unreached_note(&u, &d);
    tell(&u, 1);
    assert_int_equal(stderr_count(&lines), 0);
    assert_true(counted() == 0);
}

static void test_a_storm_is_counted_whole(void **state)
{
    struct tcn_unreached u = decided("t", "critical", 64);
    struct tcn_unreached other = decided("t", "other", 1);

    (void)state;
    tell(&u, 100);
    assert_in_range(stderr_count(&lines), 1, 60); /* one a second of the run */
    assert_true(counted() == 6400);
    tell(&other, 1);
    assert_non_null(strstr(lines.text, "plan=other\n"));
    assert_true(counted() == 6401);
}

/* A title is cut between characters. */
static void test_a_long_title(void **state)
{
    char title[1024] = "x";
    struct tcn_unreached u;

    (void)state;
    for (size_t i = 1; i + 2 < sizeof title; i += 2)
        memcpy(title + i, "\xc3\xa4", 3);
    u = decided(title, "critical", 1);
    assert_int_equal(strlen(u.items[0].title), TCN_UNREACHED_TEXT - 1);
    title[0] = '\xc3';
    title[1] = '\xa4';
    for (size_t i = 2; i + 2 < sizeof title; i += 2)
        memcpy(title + i, "\xc3\xa4", 3);
    u = decided(title, "critical", 1);
    assert_int_equal(strlen(u.items[0].title), TCN_UNREACHED_TEXT - 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_the_counter_is_there_from_the_start, setup, teardown),
        cmocka_unit_test_setup_teardown(test_one_is_told, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_doubt_is_told_as_such, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_answer_is_a_warning, setup, teardown),
        cmocka_unit_test_setup_teardown(test_who_does_not_exist_is_told, setup, teardown),
        cmocka_unit_test_setup_teardown(test_none_is_not_told, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_storm_is_counted_whole, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_long_title, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
