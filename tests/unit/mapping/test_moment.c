/* The time form: every format, zones, zeros, output, and what cannot be loaded. */
#include "fixture.h"

#define T(value, rest) "{\"time\": {\"const\": " value "}" rest "}"
#define LOCAL(text, zone)                                                                          \
    T("\"" text "\"", ", \"formats\": [\"%Y-%m-%d %H:%M\"], \"tz\": \"" zone "\"")

static void reading(void **state)
{
    static const struct eval_case cases[] = {
        {"rfc3339 by default", T("\"2026-08-02T17:04:40.989Z\"", ""), NULL,
         "\"2026-08-02T17:04:40.989Z\""},
        {"offset and nanoseconds", T("\"2026-08-02T19:04:40.989999999+02:00\"", ""), NULL,
         "\"2026-08-02T17:04:40.989Z\""},
        {"basic offset",
         T("\"2026-08-02T17:04:40.989+0000\"", ", \"formats\": [\"iso_basic_offset\"]"), NULL,
         "\"2026-08-02T17:04:40.989Z\""},
        {"a colon is not basic",
         T("\"2026-08-02T17:04:40.989+00:00\"", ", \"formats\": [\"iso_basic_offset\"]"), NULL,
         "ABSENT"},
        {"formats in order",
         T("\"2026-08-02T17:04:40Z\"", ", \"formats\": [\"iso_basic_offset\", \"rfc3339\"]"), NULL,
         "\"2026-08-02T17:04:40.000Z\""},
        {"rfc1123", T("\"Tue, 27 Jan 2026 08:55:00 GMT\"", ", \"formats\": [\"rfc1123\"]"), NULL,
         "\"2026-01-27T08:55:00.000Z\""},
        {"rfc1123, no such month",
         T("\"Tue, 27 Jux 2026 08:55:00 GMT\"", ", \"formats\": [\"rfc1123\"]"), NULL, "ABSENT"},
        {"epoch_ms", T("1785690280989", ", \"formats\": [\"epoch_ms\"]"), NULL,
         "\"2026-08-02T17:04:40.989Z\""},
        {"epoch_ms as text", T("\"1785690280989\"", ", \"formats\": [\"epoch_ms\"]"), NULL,
         "\"2026-08-02T17:04:40.989Z\""},
        {"epoch_s", T("1785690280", ", \"formats\": [\"epoch_s\"]"), NULL,
         "\"2026-08-02T17:04:40.000Z\""},
        {"epoch_s with a fraction", T("1785690280.5", ", \"formats\": [\"epoch_s\"]"), NULL,
         "\"2026-08-02T17:04:40.500Z\""},
        {"a number without an epoch format", T("1785690280", ""), NULL, "ABSENT"},
        {"a number beyond all time", T("1e300", ", \"formats\": [\"epoch_s\"]"), NULL, "ABSENT"},
        {"pattern", T("\"2026.08.02 17:04:40\"", ", \"formats\": [\"%Y.%m.%d %H:%M:%S\"]"), NULL,
         "\"2026-08-02T17:04:40.000Z\""},
        {"pattern in a zone",
         T("\"2026.08.02 17:04:40\"", ", \"formats\": [\"%Y.%m.%d %H:%M:%S\"], \"tz\": \"+02:00\""),
         NULL, "\"2026-08-02T15:04:40.000Z\""},
        {"pattern with its own offset",
         T("\"2026-08-02 17:04 +0100\"",
           ", \"formats\": [\"%Y-%m-%d %H:%M %z\"], \"tz\": \"+02:00\""),
         NULL, "\"2026-08-02T16:04:00.000Z\""},
        {"pattern in a named zone, winter", LOCAL("2026-01-15 12:00", "Europe/Berlin"), NULL,
         "\"2026-01-15T11:00:00.000Z\""},
        {"pattern in a named zone, summer", LOCAL("2026-07-15 12:00", "Europe/Berlin"), NULL,
         "\"2026-07-15T10:00:00.000Z\""},
        {"an hour that was left out is the hour after it",
         LOCAL("2026-03-29 02:30", "Europe/Berlin"), NULL, "\"2026-03-29T01:30:00.000Z\""},
        {"of an hour that is there twice the first", LOCAL("2026-10-25 02:30", "Europe/Berlin"),
         NULL, "\"2026-10-25T00:30:00.000Z\""},
        {"a text with its own offset needs no zone",
         T("\"2026-07-15 12:00 +0000\"",
           ", \"formats\": [\"%Y-%m-%d %H:%M %z\"], \"tz\": \"Europe/Berlin\""),
         NULL, "\"2026-07-15T12:00:00.000Z\""},
        {"nor does rfc3339", T("\"2026-07-15T12:00:00Z\"", ", \"tz\": \"Europe/Berlin\""), NULL,
         "\"2026-07-15T12:00:00.000Z\""},
        {"two zones in one file",
         "[" LOCAL("2026-07-15 12:00", "Asia/Kolkata") ", " LOCAL("2026-07-15 12:00",
                                                                  "Europe/Berlin") "]",
         NULL, "[\"2026-07-15T06:30:00.000Z\",\"2026-07-15T10:00:00.000Z\"]"},
        {"zero", T("\"0001-01-01T00:00:00Z\"", ", \"zero\": [\"0001-01-01T00:00:00Z\"]"), NULL,
         "ABSENT"},
        {"no zero", T("\"0001-01-01T00:00:01Z\"", ", \"zero\": [\"0001-01-01T00:00:00Z\"]"), NULL,
         "\"0001-01-01T00:00:01.000Z\""},
        {"no time", T("\"yesterday\"", ""), NULL, "ABSENT"},
        {"of nothing", "{\"time\": {\"path\": \"no\"}}", NULL, "ABSENT"},
        {"of a list", T("[1]", ", \"formats\": [\"epoch_s\"]"), NULL, "ABSENT"},
    };

    (void)state;
    check_cases("", cases, ARRAY_LEN(cases));
}

static void writing(void **state)
{
    static const struct eval_case cases[] = {
        {"pattern",
         T("\"2026-08-02T17:04:40.989Z\"", ", \"out\": \"%Y-%m-%d %H:%M:%S\", \"tz\": \"UTC\""),
         NULL, "\"2026-08-02 17:04:40\""},
        {"pattern in a zone",
         T("\"2026-08-02T23:04:40Z\"", ", \"out\": \"%Y-%m-%d %H:%M\", \"tz\": \"+02:00\""), NULL,
         "\"2026-08-03 01:04\""},
        {"pattern in a named zone",
         T("\"2026-10-25T00:59:59Z\"",
           ", \"out\": \"%Y-%m-%d %H:%M:%S\", \"tz\": \"Europe/Berlin\""),
         NULL, "\"2026-10-25 02:59:59\""},
        {"pattern in a named zone, after the change",
         T("\"2026-10-25T01:00:00Z\"",
           ", \"out\": \"%Y-%m-%d %H:%M:%S\", \"tz\": \"Europe/Berlin\""),
         NULL, "\"2026-10-25 02:00:00\""},
        {"rfc3339 is in UTC always",
         T("\"2026-10-25T00:59:59Z\"", ", \"out\": \"rfc3339\", \"tz\": \"Europe/Berlin\""), NULL,
         "\"2026-10-25T00:59:59.000Z\""},
        {"rfc3339", T("1785690280", ", \"formats\": [\"epoch_s\"], \"out\": \"rfc3339\""), NULL,
         "\"2026-08-02T17:04:40.000Z\""},
        {"basic offset", T("\"2026-08-02T17:04:46.1Z\"", ", \"out\": \"iso_basic_offset\""), NULL,
         "\"2026-08-02T17:04:46.100+0000\""},
        {"epoch_ms", T("\"2026-08-02T17:04:40.989Z\"", ", \"out\": \"epoch_ms\""), NULL,
         "1785690280989"},
        {"epoch_s", T("\"2026-08-02T17:04:40.989Z\"", ", \"out\": \"epoch_s\""), NULL,
         "1785690280"},
        {"now", "{\"time\": {\"path\": \"now\"}, \"out\": \"%Y\"}", NULL, "\"1970\""},
        {"times compare",
         "{\"max\": [{\"time\": {\"const\": \"2026-01-01T00:00:00+01:00\"}}, {\"time\": "
         "{\"const\": \"2025-12-31T23:30:00Z\"}}]}",
         NULL, "\"2025-12-31T23:30:00.000Z\""},
    };

    (void)state;
    check_cases("", cases, ARRAY_LEN(cases));
}

static void mistakes(void **state)
{
    static const struct {
        const char *rest, *problem;
    } cases[] = {
        {"\"tz\": \"Europe/Berln\"", "$.var.x.tz: there is no time zone \"Europe/Berln\""},
        {"\"tz\": \"2:00\"", "$.var.x.tz: \"2:00\" is no offset; write it like \"+02:00\""},
        {"\"tz\": \"+0200\"", "$.var.x.tz: \"+0200\" is no offset; write it like \"+02:00\""},
        {"\"tz\": 2", "$.var.x.tz: must be text"},
        {"\"formats\": [\"rfc339\"]",
         "$.var.x.formats[0]: \"rfc339\" is no time format; did you mean \"rfc3339\"? Else use "},
        {"\"formats\": [\"iso9999\"]",
         "$.var.x.formats[0]: \"iso9999\" is no time format; use rfc3339, "},
        {"\"formats\": [\"%Q\"]", "$.var.x.formats[0]: a pattern needs %Y, %m and %d"},
        {"\"formats\": \"rfc3339\"", "must be an array"},
        {"\"formats\": [3]", "must be the name of a format"},
        {"\"out\": \"%H:%Q\"", "$.var.x.out: a pattern for writing"},
        {"\"out\": \"rfc1123\"", "$.var.x.out: \"rfc1123\" is no time format for writing; use "
                                 "rfc3339, iso_basic_offset, epoch_ms, "},
        {"\"zero\": [0]", "$.var.x.zero[0]: must be text"},
        {"\"format\": \"rfc3339\"", "\"format\" is not known here; did you mean \"formats\"?"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char text[400], *problems;

        snprintf(text, sizeof text,
                 "{\"mapping\": 1, \"kind\": \"source\", \"name\": \"t\",\n\"var\": {\"x\": "
                 "{\"time\": {\"path\": \"a\"},\n"
                 " %s}},\n\"event\": {\"dedupe_key\": \"k\"}}",
                 cases[i].rest);
        assert_null(try_load(text, &problems));
        if (!strstr(problems, cases[i].problem) || strncmp(problems, "t.json:3: ", 10) != 0)
            fail_msg("%s: %s", cases[i].rest, problems);
        free(problems);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reading),
        cmocka_unit_test(writing),
        cmocka_unit_test(mistakes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
