/* Counters and gauges in the Prometheus text format 0.0.4. */
#include "app/metrics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
// clang-format off
#include <cmocka.h>
// clang-format on

static struct tcn_metrics *metrics;
static struct tcn_buf text;

static int setup(void **state)
{
    (void)state;
    metrics = tcn_metrics_new();
    tcn_buf_init(&text, 4u << 20);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    tcn_metrics_free(metrics);
    tcn_buf_done(&text);
    tcn_metrics_free(NULL);
    return 0;
}

static void test_nothing_is_told_of_what_never_happened(void **state)
{
    (void)state;
    tcn_metrics_write(metrics, &text);
    assert_int_equal(text.len, 0);
    assert_true(tcn_metrics_get(metrics, "tocsin_disk_full", "") == 0);
}

static void test_the_format(void **state)
{
    static const char want[] =
        "# HELP tocsin_deliveries_total Deliveries of alarms by source and what became of them.\n"
        "# TYPE tocsin_deliveries_total counter\n"
        "tocsin_deliveries_total{source=\"prom\",result=\"opened\"} 3\n"
        "tocsin_deliveries_total{source=\"prom\",result=\"folded\"} 1\n"
        "# HELP tocsin_incidents_open Incidents with status OPEN.\n"
        "# TYPE tocsin_incidents_open gauge\n"
        "tocsin_incidents_open 2.5\n";

    (void)state;
    tcn_metrics_add(metrics, "tocsin_deliveries_total", "source=\"prom\",result=\"opened\"", 1);
    tcn_metrics_add(metrics, "tocsin_deliveries_total", "source=\"prom\",result=\"opened\"", 2);
    tcn_metrics_set(metrics, "tocsin_incidents_open", "", 7);
    tcn_metrics_set(metrics, "tocsin_incidents_open", "", 2.5);
    tcn_metrics_add(metrics, "tocsin_deliveries_total", "source=\"prom\",result=\"folded\"", 1);
    tcn_metrics_write(metrics, &text);
    assert_string_equal(text.ptr, want);
}

static void test_large_counters_keep_every_unit(void **state)
{
    (void)state;
    tcn_metrics_set(metrics, "tocsin_requests_total", "", 9007199254740991.0);
    tcn_metrics_write(metrics, &text);
    assert_non_null(strstr(text.ptr, "\ntocsin_requests_total 9007199254740991\n"));
}

static void test_series_have_an_end(void **state)
{
    char labels[40];
    size_t lines = 0;

    (void)state;
    for (int i = 0; i < TCN_SERIES_MAX + 100; i++) {
        snprintf(labels, sizeof labels, "reason=\"r%d\"", i);
        tcn_metrics_add(metrics, "tocsin_refused_total", labels, 1);
    }
    tcn_metrics_add(metrics, "tocsin_refused_total", "reason=\"r0\"", 1); /* known ones go on */
    assert_true(tcn_metrics_get(metrics, "tocsin_refused_total", "reason=\"r0\"") == 2);
    tcn_metrics_write(metrics, &text);
    assert_true(tcn_buf_ok(&text));
    for (size_t i = 0; i < text.len; i++)
        lines += text.ptr[i] == '\n';
    assert_int_equal(lines, TCN_SERIES_MAX + 2);
}

static void test_numbers_are_short_and_whole(void **state)
{
    static const struct {
        double value;
        const char *text;
    } cases[] = {
        {0.00003, "3e-05"},           {0.1, "0.1"},   {0.1 + 0.2, "0.30000000000000004"},
        {1234567.891, "1234567.891"}, {-2.5, "-2.5"}, {9007199254740993.0, "9007199254740992"}};
    char line[80];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        tcn_buf_clear(&text);
        tcn_metrics_set(metrics, "tocsin_clock_ahead_seconds", "", cases[i].value);
        tcn_metrics_write(metrics, &text);
        snprintf(line, sizeof line, "\ntocsin_clock_ahead_seconds %s\n", cases[i].text);
        assert_non_null(strstr(text.ptr, line));
    }
}

static void test_what_is_cleared_goes(void **state)
{
    (void)state;
    tcn_metrics_set(metrics, "tocsin_connector_held", "connector=\"jira\"", 1);
    tcn_metrics_set(metrics, "tocsin_incidents_open", "", 2);
    tcn_metrics_clear(metrics, "tocsin_connector_held");
    tcn_metrics_clear(metrics, "tocsin_connector_held");
    tcn_metrics_set(metrics, "tocsin_connector_held", "connector=\"jira2\"", 0);
    tcn_metrics_write(metrics, &text);
    assert_null(strstr(text.ptr, "\"jira\""));
    assert_non_null(strstr(text.ptr, "\ntocsin_connector_held{connector=\"jira2\"} 0\n"));
    assert_non_null(strstr(text.ptr, "\ntocsin_incidents_open 2\n"));
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_nothing_is_told_of_what_never_happened),
        CASE(test_the_format),
        CASE(test_large_counters_keep_every_unit),
        CASE(test_series_have_an_end),
        CASE(test_numbers_are_short_and_whole),
        CASE(test_what_is_cleared_goes),
    };

    return cmocka_run_group_tests_name("metrics", tests, NULL, NULL);
}
