/* base/datetime.c: the calendar day by day, every reader and writer at its edges. */
#include "cases.h"

#include "base/datetime.h"
#include "base/err.h"

#include <string.h>

#define FIRST_MS INT64_C(-62135596800000)
#define LAST_MS INT64_C(253402300799999)

static void knows_days(void **state)
{
    static const struct {
        int year, month, day;
        int64_t days;
    } cases[] = {
        {1970, 1, 1, 0},        {1970, 1, 2, 1},         {1969, 12, 31, -1},
        {1, 1, 1, -719162},     {0, 3, 1, -719468},      {0, 2, 29, -719469},
        {1600, 2, 29, -135081}, {1900, 2, 28, -25509},   {1900, 3, 1, -25508},
        {2000, 2, 29, 11016},   {2000, 3, 1, 11017},     {2024, 2, 29, 19782},
        {2026, 8, 2, 20667},    {2038, 1, 19, 24855},    {2100, 2, 28, 47540},
        {2100, 3, 1, 47541},    {9999, 12, 31, 2932896}, {-1, 12, 31, -719529},
    };

    (void)state;
    for (size_t i = 0; i < N_OF(cases); i++)
        assert_int_equal(tcn_days_from_civil(cases[i].year, cases[i].month, cases[i].day),
                         cases[i].days);
}

static bool is_leap(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* Counts from 0001-01-01 to 9999-12-31 by hand and compares both directions for each day. */
static void every_day_of_the_calendar(void **state)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int64_t days = -719162;

    (void)state;
    for (int year = 1; year <= 9999; year++) {
        for (int month = 1; month <= 12; month++) {
            int length = lengths[month - 1] + (month == 2 && is_leap(year));

            for (int day = 1; day <= length; day++, days++) {
                struct tcn_civil c;

                if (tcn_days_from_civil(year, month, day) != days)
                    fail_msg("%d-%d-%d is not day %d", year, month, day, (int)days);
                tcn_civil_of(days * INT64_C(86400000) + 86399999, &c);
                if (c.year != year || c.month != month || c.day != day || c.hour != 23 ||
                    c.ms != 999)
                    fail_msg("day %d is not %d-%d-%d", (int)days, year, month, day);
            }
        }
    }
    assert_int_equal(days, 2932897);
}

static void civil_goes_both_ways(void **state)
{
    static const int64_t cases[] = {0,
                                    1,
                                    -1,
                                    999,
                                    1000,
                                    -1000,
                                    86399999,
                                    86400000,
                                    -86400000,
                                    -86400001,
                                    FIRST_MS,
                                    LAST_MS,
                                    INT64_C(1785690280989),
                                    INT64_C(951782400000)};

    (void)state;
    for (size_t i = 0; i < N_OF(cases); i++) {
        struct tcn_civil c;

        tcn_civil_of(cases[i], &c);
        assert_int_equal(tcn_civil_to_ms(&c), cases[i]);
        assert_in_range(c.ms, 0, 999);
        assert_in_range(c.second, 0, 59);
        assert_in_range(c.minute, 0, 59);
        assert_in_range(c.hour, 0, 23);
    }
}

static void writes_text(void **state)
{
    static const struct {
        int64_t ms;
        const char *text;
    } cases[] = {
        {0, "1970-01-01T00:00:00.000Z"},
        {-1, "1969-12-31T23:59:59.999Z"},
        {INT64_C(1785690280989), "2026-08-02T17:04:40.989Z"},
        {INT64_C(1709209845006), "2024-02-29T12:30:45.006Z"},
        {FIRST_MS, "0001-01-01T00:00:00.000Z"},
        {LAST_MS, "9999-12-31T23:59:59.999Z"},
        {FIRST_MS - 1, "0001-01-01T00:00:00.000Z"},
        {LAST_MS + 1, "9999-12-31T23:59:59.999Z"},
        {INT64_MIN, "0001-01-01T00:00:00.000Z"},
        {INT64_MAX, "9999-12-31T23:59:59.999Z"},
    };

    (void)state;
    for (size_t i = 0; i < N_OF(cases); i++) {
        char text[TCN_TIME_TEXT];
        int64_t again;

        tcn_time_text(cases[i].ms, text);
        assert_string_equal(text, cases[i].text);
        assert_int_equal(tcn_time_rfc3339(tcn_str(text), &again), 0);
        assert_true(again == cases[i].ms || again == FIRST_MS || again == LAST_MS);
    }
}

static void reads_rfc3339(void **state)
{
    static const struct {
        const char *text;
        int64_t ms;
    } cases[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"2026-08-02T17:04:40.989Z", INT64_C(1785690280989)},
        {"2026-08-02t17:04:40.989z", INT64_C(1785690280989)},
        {"2026-08-02T17:04:40.9Z", INT64_C(1785690280900)},
        {"2026-08-02T17:04:40.98Z", INT64_C(1785690280980)},
        {"2026-08-02T17:04:40.989999999999999999999999Z", INT64_C(1785690280989)},
        {"2026-08-02T19:04:40.989+02:00", INT64_C(1785690280989)},
        {"2026-08-02T11:34:40.989-05:30", INT64_C(1785690280989)},
        {"2026-08-03T07:04:40.989+14:00", INT64_C(1785690280989)},
        {"2026-08-02T17:04:40.989-00:00", INT64_C(1785690280989)},
        {"2026-08-03T17:03:40.989+23:59", INT64_C(1785690280989)},
        {"0001-01-01T00:00:00Z", FIRST_MS},
        {"0001-01-01T01:00:00+01:00", FIRST_MS},
        {"9999-12-31T23:59:59.999Z", LAST_MS},
        {"2024-02-29T00:00:00Z", INT64_C(1709164800000)},
        {"2000-02-29T00:00:00Z", INT64_C(951782400000)},
        {"1969-12-31T23:59:59.999Z", -1},
        {"2016-12-31T23:59:60Z", INT64_C(1483228800000)},
        {"2016-12-31T23:59:60.500Z", INT64_C(1483228800500)},
        {"2017-01-01T00:59:60+01:00", INT64_C(1483228800000)},
    };

    (void)state;
    for (size_t i = 0; i < N_OF(cases); i++) {
        int64_t ms = 42;

        CHECK(cases[i].text, tcn_time_rfc3339(tcn_str(cases[i].text), &ms) == 0);
        CHECK(cases[i].text, ms == cases[i].ms);
    }
}

static void refuses_what_is_not_rfc3339(void **state)
{
    static const char *const cases[] = {
        "",
        "2026-08-02",
        "2026-08-02T17:04:40",
        "2026-08-02 17:04:40Z",
        "2026-08-02T17:04:40.Z",
        "2026-08-02T17:04:40,5Z",
        "2026-08-02T17:04Z",
        "2026-8-02T17:04:40Z",
        "26-08-02T17:04:40Z",
        "02026-08-02T17:04:40Z",
        "+2026-08-02T17:04:40Z",
        "-001-08-02T17:04:40Z",
        "2026-08-02T17:04:40Zx",
        " 2026-08-02T17:04:40Z",
        "2026-08-02T17:04:40+0200",
        "2026-08-02T17:04:40+02",
        "2026-08-02T17:04:40+02:0",
        "2026-08-02T17:04:40+24:00",
        "2026-08-02T17:04:40+02:60",
        "2026-08-02T17:04:40*02:00",
        "2026-00-02T17:04:40Z",
        "2026-13-02T17:04:40Z",
        "2026-08-00T17:04:40Z",
        "2026-08-32T17:04:40Z",
        "2026-04-31T17:04:40Z",
        "2026-02-29T17:04:40Z",
        "2024-02-30T17:04:40Z",
        "1900-02-29T17:04:40Z",
        "2100-02-29T17:04:40Z",
        "2026-08-02T24:00:00Z",
        "2026-08-02T17:60:40Z",
        "2026-08-02T17:04:60Z",
        "2026-08-02T17:04:61Z",
        "2016-12-31T23:59:60+01:00",
        "0000-12-31T23:59:59Z",
        "0001-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
        "9999-12-31T23:59:60Z",
    };

    (void)state;
    for (size_t i = 0; i < N_OF(cases); i++) {
        int64_t ms = 42;

        CHECK(cases[i], tcn_time_rfc3339(tcn_str(cases[i]), &ms) == TCN_ESYNTAX);
        CHECK(cases[i], ms == 42);
    }
    /* a NUL in the text ends nothing */
    assert_int_equal(
        tcn_time_rfc3339((struct tcn_str){"2026-08-02T17:04:40Z\0", 21}, &(int64_t){0}),
        TCN_ESYNTAX);
}

static void reads_the_offset_without_colon(void **state)
{
    static const struct {
        const char *text;
        int r;
        int64_t ms;
    } cases[] = {
        {"2026-08-02T17:04:40.989+0000", 0, INT64_C(1785690280989)},
        {"2026-08-02T19:04:40.989+0200", 0, INT64_C(1785690280989)},
        {"2026-08-02T11:34:40.989-0530", 0, INT64_C(1785690280989)},
        {"2026-08-02T17:04:40.989Z", 0, INT64_C(1785690280989)},
        {"2026-08-02T17:04:40.989+00:00", TCN_ESYNTAX, 42},
        {"2026-08-02T17:04:40.989+000", TCN_ESYNTAX, 42},
        {"2026-08-02T17:04:40.989+00000", TCN_ESYNTAX, 42},
        {"2026-08-02T17:04:40.989", TCN_ESYNTAX, 42},
    };

    (void)state;
    for (size_t i = 0; i < N_OF(cases); i++) {
        int64_t ms = 42;

        CHECK(cases[i].text, tcn_time_iso_basic_offset(tcn_str(cases[i].text), &ms) == cases[i].r);
        CHECK(cases[i].text, ms == cases[i].ms);
    }
}

static void parses_by_a_format(void **state)
{
    static const struct {
        const char *format, *text;
        int r;
        int64_t ms;
    } cases[] = {
        {"%Y-%m-%d %H:%M:%S", "2026-08-02 17:04:40", 0, INT64_C(1785690280000)},
        {"%Y%m%d%H%M%S", "20260802170440", 0, INT64_C(1785690280000)},
        {"%d/%m/%Y", "02/08/2026", 0, INT64_C(1785628800000)},
        {"%d/%m/%Y", "2/8/2026", 0, INT64_C(1785628800000)},
        {"%Y-%m-%dT%H:%M:%S.%f%z", "2026-08-02T19:04:40.9891+02:00", 0, INT64_C(1785690280989)},
        {"%Y-%m-%dT%H:%M:%S.%f%z", "2026-08-02T19:04:40.989+0200", 0, INT64_C(1785690280989)},
        {"%Y-%m-%dT%H:%M:%S%z", "2026-08-02T17:04:40Z", 0, INT64_C(1785690280000)},
        {"at 100%% %Y %m %d", "at 100% 1970 1 1", 0, 0},
        {"%Y-%m-%d", "0001-01-01", 0, FIRST_MS},
        {"%Y-%m-%d", "2026-08-02 ", TCN_ESYNTAX, 42},
        {"%Y-%m-%d ", "2026-08-02", TCN_ESYNTAX, 42},
        {"%Y-%m-%d", "2026/08/02", TCN_ESYNTAX, 42},
        {"%Y-%m-%d", "2026-02-30", TCN_ESYNTAX, 42},
        {"%Y-%m-%d", "", TCN_ESYNTAX, 42},
        {"%Y-%m-%d.%f", "2026-08-02.", TCN_ESYNTAX, 42},
        {"%Y-%m-%d", "0000-01-01", TCN_ESYNTAX, 42},
        {"%Y-%m-%d %y", "2026-08-02 26", TCN_EINVALID, 42},
        {"%Y-%m-%d %", "", TCN_EINVALID, 42},
        {"%Y-%m", "2026-08", TCN_EINVALID, 42},
        {"%H:%M", "17:04", TCN_EINVALID, 42},
        {"", "", TCN_EINVALID, 42},
    };

    (void)state;
    for (size_t i = 0; i < N_OF(cases); i++) {
        int64_t ms = 42;

        CHECK(cases[i].format,
              tcn_time_parse(tcn_str(cases[i].text), cases[i].format, &ms) == cases[i].r);
        CHECK(cases[i].format, ms == cases[i].ms);
    }
}

static void formats(void **state)
{
    static const struct {
        const char *format;
        size_t size;
        int r;
        const char *text;
    } cases[] = {
        {"%Y-%m-%d %H:%M:%S", 64, 0, "2026-08-02 17:04:40"},
        {"%Y", 5, 0, "2026"},
        {"%Y", 4, TCN_ELIMIT, NULL},
        {"%d", 3, 0, "02"},
        {"%d", 2, TCN_ELIMIT, NULL},
        {"100%%", 5, 0, "100%"},
        {"100%%", 4, TCN_ELIMIT, NULL},
        {"ab", 3, 0, "ab"},
        {"ab", 2, TCN_ELIMIT, NULL},
        {"", 1, 0, ""},
        {"", 0, TCN_ELIMIT, NULL},
        {"a", 0, TCN_ELIMIT, NULL},
        {"%y", 64, TCN_EINVALID, NULL},
        {"%", 64, TCN_EINVALID, NULL},
        {"%z", 64, TCN_EINVALID, NULL},
    };

    (void)state;
    for (size_t i = 0; i < N_OF(cases); i++) {
        char text[64] = "";

        CHECK(cases[i].format, tcn_time_format(INT64_C(1785690280989), cases[i].format, text,
                                               cases[i].size) == cases[i].r);
        CHECK(cases[i].format, !cases[i].text || strcmp(text, cases[i].text) == 0);
    }
}

static void months_have_days(void **state)
{
    static const int cases[][3] = {{2023, 1, 31}, {2023, 2, 28},  {2024, 2, 29},  {1900, 2, 28},
                                   {2000, 2, 29}, {2100, 2, 28},  {2023, 3, 31},  {2023, 4, 30},
                                   {2023, 5, 31}, {2023, 6, 30},  {2023, 7, 31},  {2023, 8, 31},
                                   {2023, 9, 30}, {2023, 10, 31}, {2023, 11, 30}, {2023, 12, 31}};

    (void)state;
    for (size_t i = 0; i < N_OF(cases); i++)
        if (tcn_days_of_month(cases[i][0], cases[i][1]) != cases[i][2])
            fail_msg("%d-%d", cases[i][0], cases[i][1]);
}

static void quotients_are_rounded_down(void **state)
{
    static const int64_t cases[][3] = {{6, 7, 0},   {7, 7, 1},   {13, 7, 1}, {0, 7, 0},
                                       {-1, 7, -1}, {-7, 7, -1}, {-8, 7, -2}};

    (void)state;
    for (size_t i = 0; i < N_OF(cases); i++)
        assert_int_equal(tcn_floor_div(cases[i][0], cases[i][1]), cases[i][2]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_days),
        cmocka_unit_test(months_have_days),
        cmocka_unit_test(quotients_are_rounded_down),
        cmocka_unit_test(every_day_of_the_calendar),
        cmocka_unit_test(civil_goes_both_ways),
        cmocka_unit_test(writes_text),
        cmocka_unit_test(reads_rfc3339),
        cmocka_unit_test(refuses_what_is_not_rfc3339),
        cmocka_unit_test(reads_the_offset_without_colon),
        cmocka_unit_test(parses_by_a_format),
        cmocka_unit_test(formats),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
