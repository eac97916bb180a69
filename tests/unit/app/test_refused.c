/* What was turned away: each is counted, one a second and kind is told. */
#include "../stderr_lines.h"

#include "app/refused.h"

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

/* Says it n times; what came to standard error is in lines then. */
static void refuse(const struct tcn_refused *refused, int n)
{
    stderr_begin(&lines);
    for (int i = 0; i < n; i++)
        tcn_refused(&app, refused);
    stderr_end(&lines);
}

static double counted(const char *labels)
{
    return tcn_metrics_get(app.metrics, "tocsin_refused_total", labels);
}

static void test_all_are_counted_and_one_is_told(void **state)
{
    const struct tcn_refused forged = {.route = "/sources/prom",
                                       .reason = "forbidden",
                                       .status = 403,
                                       .peer = "192.0.2.7",
                                       .why = "the \"secret\"\nis wrong"};

    (void)state;
    refuse(&forged, 500);
    assert_true(counted("route=\"/sources/prom\",reason=\"forbidden\"") == 500);
    assert_in_range(stderr_count(&lines), 1, 60); /* one a second of the run */
    assert_non_null(strstr(lines.text,
                           " level=warn part=gateway msg=\"request refused\" "
                           "route=/sources/prom reason=forbidden status=403 peer=192.0.2.7 "
                           "why=\"the \\\"secret\\\"\\nis wrong\"\n"));
}

static void test_another_kind_is_told_too(void **state)
{
    static const struct tcn_refused kinds[] = {
        {"/sources/prom", "forbidden", 403, "192.0.2.7", NULL},
        {"/sources/prom", "unauthorized", 401, "192.0.2.7", NULL},
        {"/sources/web", "forbidden", 403, "192.0.2.7", NULL},
        {NULL, "bad_method", 400, "192.0.2.7", NULL},
        {NULL, "address_cap", 0, "192.0.2.7", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        refuse(&kinds[i], 1);
        assert_int_equal(stderr_count(&lines), 1);
        assert_non_null(strstr(lines.text, kinds[i].reason));
    }
    assert_true(counted("reason=\"bad_method\"") == 1); /* before a route is known it has none */
}

static void test_what_was_left_out_is_told(void **state)
{
    const struct tcn_refused forged = {"/ack/{token}", "unknown_link", 404, "192.0.2.7", "guessed"};

    (void)state;
    refuse(&forged, 1);
    app.log_limit.keys[0].suppressed = 41;
    app.log_limit.keys[0].next_ms = 0; /* its second is over */
    refuse(&forged, 1);
    assert_non_null(strstr(lines.text, " why=guessed suppressed=41\n"));
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_all_are_counted_and_one_is_told),
        CASE(test_another_kind_is_told_too),
        CASE(test_what_was_left_out_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
