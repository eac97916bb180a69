/* What `tocsin check` tells of on-call schedules. */
#include "app/check_oncall.h"
#include "base/datetime.h"
#include "resources_world.h"

#include <stdlib.h>

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
    {"a rotation in no schedule",
     ALL(ROTATION("all", "UTC", "") "," ROTATION("mondays", "Asia/Tokyo", MONDAYS), "\"all\""),
     "on call: web: somebody at every moment of 365 days\n"
     "on call: \"mondays\": no schedule names it, so it pages nobody; add it to the RotationIds of "
     "one\n"
     "on call: \"mondays\": nobody from 2026-02-01 09:00 to 2026-02-02 09:00, Asia/Tokyo\n"
     "on call: \"mondays\": nobody from 2026-02-02 17:00 to 2026-02-09 09:00, Asia/Tokyo\n"
     "on call: \"mondays\": nobody from 2026-02-09 17:00 to 2026-02-16 09:00, Asia/Tokyo\n"
     "on call: \"mondays\": nobody 53 times in 365 days, 8344.0 h in all\n"},
};

static char *check(const struct tcn_directory *dir)
{
    char *said = NULL;
    size_t size = 0;
    int64_t now_ms = 0;
    FILE *out = open_memstream(&said, &size);

    assert_int_equal(tcn_time_rfc3339(TCN_STR("2026-02-01T00:00:00Z"), &now_ms), 0);
    tcn_check_oncall(dir, now_ms, out);
    fclose(out);
    return said;
}

static void what_is_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct resources f;
        char *said;

        read_good_resources(&f, cases[i].text);
        said = check(&f.dir);
        if (strcmp(said, cases[i].said) != 0)
            fail_msg("%s:\nwant %s\ngot  %s", cases[i].name, cases[i].said, said);
        free(said);
        release_resources(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_is_told)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
