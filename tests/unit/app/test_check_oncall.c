/* What `tocsin check` tells of on-call schedules. */
#include "app/check_oncall.h"
#include "app/resources.h"
#include "base/datetime.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
// clang-format off
#include <cmocka.h>
// clang-format on

#define ANN "{\"Alias\":\"ann\",\"Type\":\"PERSONAL\",\"Plan\":{\"Stages\":[]}}"
#define SCHEDULE(rotations)                                                                        \
    "{\"Alias\":\"web\",\"Type\":\"ONCALL_SCHEDULE\",\"Plan\":{\"RotationIds\":[" rotations "]}}"
#define ROTATION(name, zone, coverage)                                                             \
    "{\"Name\":\"" name "\",\"ContactIds\":[\"ann\"],\"StartTime\":\"2026-01-01T00:00:00Z\","      \
    "\"TimeZoneId\":\"" zone "\",\"Recurrence\":{\"DailySettings\":[{\"HourOfDay\":9,"             \
    "\"MinuteOfHour\":0}],\"NumberOfOnCalls\":1,\"RecurrenceMultiplier\":1" coverage "}}"
#define MONDAYS                                                                                    \
    ",\"ShiftCoverages\":{\"MON\":[{\"Start\":{\"HourOfDay\":9,\"MinuteOfHour\":0},"               \
    "\"End\":{\"HourOfDay\":17,\"MinuteOfHour\":0}}]}"
#define ALL(rotations, names)                                                                      \
    "{\"contacts\":[" ANN "," SCHEDULE(names) "],\"rotations\":[" rotations "]}"

static const struct {
    const char *name, *text, *said;
} cases[] = {
    {"no schedule", "{\"contacts\":[" ANN "]}", ""},
    {"a schedule without rotations", ALL("", ""), ""},
    {"always", ALL(ROTATION("all", "UTC", ""), "\"all\""),
     "on call: web: somebody at every moment of 365 days\n"},
    {"clocks", ALL(ROTATION("all", "Europe/Oslo", ""), "\"all\""),
     "on call: web: somebody at every moment of 365 days\n"
     "on call: \"all\": clocks in Europe/Oslo are set forward by 1.0 h on 2026-03-29 02:00\n"
     "on call: \"all\": clocks in Europe/Oslo are set back by 1.0 h on 2026-10-25 03:00\n"},
    {"Mondays", ALL(ROTATION("mondays", "Asia/Tokyo", MONDAYS), "\"mondays\""),
     "on call: web: nobody from 2026-02-01 09:00 to 2026-02-02 09:00, Asia/Tokyo\n"
     "on call: web: nobody from 2026-02-02 17:00 to 2026-02-09 09:00, Asia/Tokyo\n"
     "on call: web: nobody from 2026-02-09 17:00 to 2026-02-16 09:00, Asia/Tokyo\n"
     "on call: web: nobody 53 times in 365 days, 8344.0 h in all\n"},
    {"two at once",
     ALL(ROTATION("all", "UTC", "") "," ROTATION("mondays", "UTC", MONDAYS), "\"all\",\"mondays\""),
     "on call: web: \"all\" and \"mondays\" at once from 2026-02-02 09:00 to 2026-02-02 17:00, "
     "UTC\n"
     "on call: web: \"all\" and \"mondays\" at once from 2026-02-09 09:00 to 2026-02-09 17:00, "
     "UTC\n"
     "on call: web: \"all\" and \"mondays\" at once from 2026-02-16 09:00 to 2026-02-16 17:00, "
     "UTC\n"
     "on call: web: several rotations at once 52 times in 365 days, 416.0 h in all\n"
     "on call: web: somebody at every moment of 365 days\n"},
};

static char *check(const char *text, struct tcn_arena *arena)
{
    static const struct tcn_connector_names connectors = {NULL, NULL, NULL};
    struct tcn_directory dir = {0};
    struct tcn_problems problems;
    struct tcn_node root;
    struct tcn_doc doc;
    char *said = NULL;
    size_t size = 0;
    int64_t now_ms = 0;
    FILE *out = open_memstream(&said, &size);

    tcn_problems_init(&problems);
    assert_int_equal(tcn_doc_parse(&doc, "t.json", tcn_str(text), &problems), 0);
    root = tcn_node_root(&doc);
    assert_int_equal(tcn_resources_read(&root, &connectors, arena, &dir), 0);
    assert_int_equal(tcn_time_rfc3339(TCN_STR("2026-02-01T00:00:00Z"), &now_ms), 0);
    tcn_check_oncall(&dir, now_ms, out);
    fclose(out);
    tcn_doc_done(&doc);
    tcn_problems_done(&problems);
    return said;
}

static void what_is_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct tcn_arena arena;
        char *said;

        tcn_arena_init(&arena, 64u << 20);
        said = check(cases[i].text, &arena);
        if (strcmp(said, cases[i].said) != 0)
            fail_msg("%s:\nwant %s\ngot  %s", cases[i].name, cases[i].said, said);
        free(said);
        tcn_arena_done(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_is_told)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
