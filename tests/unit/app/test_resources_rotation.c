/* Rotations, overrides and schedules of the configuration. One mistake is one line, at its own place. */
#include "base/datetime.h"
#include "engine/oncall.h"
#include "resources_world.h"

#define PERSON(alias) "{\"Alias\":\"" alias "\",\"Type\":\"PERSONAL\",\"Plan\":{\"Stages\":[]}}"
#define SCHEDULE(rotations)                                                                        \
    "{\"Alias\":\"web\",\"Type\":\"ONCALL_SCHEDULE\",\"Plan\":{\"RotationIds\":[" rotations "]}}"
#define CONTACTS(rotations)                                                                        \
    "\"contacts\":[" PERSON("ann") "," PERSON(                                                     \
        "bob") ",{\"Alias\":\"esc\",\"Type\":\"ESCALATION\","                                      \
               "\"Plan\":{\"Stages\":[]}}," SCHEDULE(rotations) "]"
#define NINE "{\"HourOfDay\":9,\"MinuteOfHour\":0}"
#define RECURRENCE(members) "{" members ",\"NumberOfOnCalls\":1,\"RecurrenceMultiplier\":1}"
#define ROTATION_OF(people, start, zone, recurrence)                                               \
    "{\"Name\":\"week\",\"ContactIds\":[" people "],\"StartTime\":\"" start                        \
    "\",\"TimeZoneId\":\"" zone "\",\"Recurrence\":" recurrence "}"
#define MONDAYS RECURRENCE("\"WeeklySettings\":[{\"DayOfWeek\":\"MON\",\"HandOffTime\":" NINE "}]")
#define ROTATION ROTATION_OF("\"ann\",\"bob\"", "2026-01-05T09:00:00+01:00", "Europe/Oslo", MONDAYS)
#define WITH(rotation) "{" CONTACTS("\"week\"") ",\n\"rotations\":[" rotation "]}"
#define OVERRIDE(rotation, people, start, end)                                                     \
    "{\"RotationId\":\"" rotation "\",\"NewContactIds\":[" people "],\"StartTime\":\"" start       \
    "\",\"EndTime\":\"" end "\"}"
#define OVERRIDDEN(override)                                                                       \
    "{" CONTACTS("\"week\"") ",\n\"rotations\":[" ROTATION "],\n\"rotation_overrides\":[" override \
                             "]}"

static const char *on_call(const struct resources *f, const char *time)
{
    struct tcn_on_call people[TCN_ONCALL_MAX];
    int64_t at_ms = 0;

    assert_int_equal(tcn_time_rfc3339(tcn_str(time), &at_ms), 0);
    if (tcn_oncall_at(&f->dir, tcn_directory_contact(&f->dir, "web"), at_ms, people) == 0)
        return "nobody";
    return people[0].person->alias;
}

static void a_schedule_is_read(void **state)
{
    struct resources f;

    (void)state;
    read_good_resources(&f, WITH(ROTATION));
    assert_string_equal(on_call(&f, "2026-01-05T07:59:59Z"), "nobody");
    assert_string_equal(on_call(&f, "2026-01-05T08:00:00Z"), "ann");
    assert_string_equal(on_call(&f, "2026-01-12T08:00:00Z"), "bob");
    assert_string_equal(on_call(&f, "2026-07-06T06:59:59Z"), "bob"); /* summer time */
    assert_string_equal(on_call(&f, "2026-07-06T07:00:00Z"), "ann");
    release_resources(&f);
}

static void an_override_is_read(void **state)
{
    struct resources f;

    (void)state;
    read_good_resources(
        &f,
        OVERRIDDEN(OVERRIDE("week", "\"bob\"", "2026-01-06T00:00:00Z",
                            "2026-01-07T00:00:00Z") "," OVERRIDE("week", "", "2026-01-06T12:00:00Z",
                                                                 "2026-01-06T13:00:00Z")));
    assert_string_equal(on_call(&f, "2026-01-05T23:59:59Z"), "ann");
    assert_string_equal(on_call(&f, "2026-01-06T00:00:00Z"), "bob");
    assert_string_equal(on_call(&f, "2026-01-06T12:30:00Z"), "nobody"); /* the later of the two */
    assert_string_equal(on_call(&f, "2026-01-07T00:00:00Z"), "ann");
    release_resources(&f);
}

static void every_member_is_read(void **state)
{
    struct resources f;
    const struct tcn_recurrence *r;

    (void)state;
    read_good_resources(
        &f, WITH(ROTATION_OF(
                "\"ann\",\"bob\"", "2026-01-05T09:00:00Z", "UTC",
                "{\"MonthlySettings\":[{\"DayOfMonth\":31,\"HandOffTime\":" NINE "}],"
                "\"NumberOfOnCalls\":2,\"RecurrenceMultiplier\":3,\"ShiftCoverages\":{\"MON\":"
                "[{\"Start\":" NINE ",\"End\":{\"HourOfDay\":17,\"MinuteOfHour\":30}}],"
                "\"TUE\":[{\"Start\":" NINE "}],\"SUN\":[]}}")));
    assert_int_equal(f.dir.n_rosters, 1);
    r = &tcn_roster_rotation(f.dir.rosters[0])->recurrence;
    assert_int_equal(r->monthly[0].day, 31);
    assert_int_equal(r->monthly[0].hand_off.hour, 9);
    assert_int_equal(r->number_of_on_calls, 2);
    assert_int_equal(r->multiplier, 3);
    assert_int_equal(r->coverages[0].times[0].end.minute, 30);
    assert_int_equal(r->coverages[1].times[0].end.hour, 24);
    assert_true(r->coverages[6].is_listed);
    assert_int_equal(r->coverages[6].n_times, 0);
    assert_false(r->coverages[2].is_listed);
    release_resources(&f);
}

static const struct {
    const char *name, *text, *want;
} mistakes[] = {
    {"a schedule without a rotation that there is",
     "{" CONTACTS("\"weak\"") ",\"rotations\":[" ROTATION "]}",
     "$.contacts[3].Plan.RotationIds[0]: \"weak\" is no rotation under $.resources.rotations; did "
     "you mean \"week\"?"},
    {"a rotation twice", "{" CONTACTS("\"week\",\"week\"") ",\"rotations\":[" ROTATION "]}",
     "$.contacts[3].Plan.RotationIds[1]: \"week\" "},
    {"a name twice", "{" CONTACTS("\"week\"") ",\"rotations\":[" ROTATION ",\n" ROTATION "]}",
     "t.json:2: $.rotations[1].Name: \"week\" is used twice"},
    {"somebody unknown",
     WITH(ROTATION_OF("\"ann\",\"bo\"", "2026-01-05T09:00:00Z", "UTC", MONDAYS)),
     "$.rotations[0].ContactIds[1]: \"bo\" is no contact under $.resources.contacts; did you mean "
     "\"bob\"?"},
    {"no person", WITH(ROTATION_OF("\"esc\"", "2026-01-05T09:00:00Z", "UTC", MONDAYS)),
     "$.rotations[0].ContactIds[0]: \"esc\" is not PERSONAL"},
    {"the same person twice",
     WITH(ROTATION_OF("\"ann\",\"ann\"", "2026-01-05T09:00:00Z", "UTC", MONDAYS)),
     "t.json:2: $.rotations[0].ContactIds[1]: "},
    {"a zone that there is not",
     WITH(ROTATION_OF("\"ann\"", "2026-01-05T09:00:00Z", "Europe/Olso", MONDAYS)), "Europe/Oslo"},
    {"an abbreviation", WITH(ROTATION_OF("\"ann\"", "2026-01-05T09:00:00Z", "PST", MONDAYS)),
     "$.rotations[0].TimeZoneId: \"PST\" is an abbreviation and no time zone; write the place's, "
     "such "
     "as \"America/Los_Angeles\""},
    {"a time without a zone", WITH(ROTATION_OF("\"ann\"", "2026-01-05T09:00:00", "UTC", MONDAYS)),
     "$.rotations[0].StartTime: \"2026-01-05T09:00:00\" is no time; write it as"},
    {"no settings",
     WITH(
         ROTATION_OF("\"ann\"", "2026-01-05T09:00:00Z", "UTC", RECURRENCE("\"DailySettings\":[]"))),
     "$.rotations[0].Recurrence: 0 of DailySettings, WeeklySettings and MonthlySettings have "
     "entries; give exactly one"},
    {"two kinds of settings",
     WITH(ROTATION_OF("\"ann\"", "2026-01-05T09:00:00Z", "UTC",
                      RECURRENCE("\"DailySettings\":[" NINE "],\"MonthlySettings\":[{"
                                 "\"DayOfMonth\":1,\"HandOffTime\":" NINE "}]"))),
     "$.rotations[0].Recurrence: 2 of DailySettings"},
    {"a day that there is not",
     WITH(ROTATION_OF(
         "\"ann\"", "2026-01-05T09:00:00Z", "UTC",
         RECURRENCE("\"WeeklySettings\":[{\"DayOfWeek\":\"Monday\",\"HandOffTime\":" NINE "}]"))),
     "$.rotations[0].Recurrence.WeeklySettings[0].DayOfWeek: "},
    {"an hour that there is not",
     WITH(ROTATION_OF("\"ann\"", "2026-01-05T09:00:00Z", "UTC",
                      RECURRENCE("\"DailySettings\":[{\"HourOfDay\":24,\"MinuteOfHour\":0}]"))),
     "$.rotations[0].Recurrence.DailySettings[0].HourOfDay: "},
    {"more on call than there are",
     WITH(ROTATION_OF("\"ann\"", "2026-01-05T09:00:00Z", "UTC",
                      "{\"DailySettings\":[" NINE
                      "],\"NumberOfOnCalls\":2,\"RecurrenceMultiplier\":1}")),
     "t.json:2: $.rotations[0].Recurrence.NumberOfOnCalls: "},
    {"a window that is too short",
     WITH(ROTATION_OF("\"ann\"", "2026-01-05T09:00:00Z", "UTC",
                      RECURRENCE("\"DailySettings\":[" NINE "],\"ShiftCoverages\":{\"MON\":[{"
                                 "\"Start\":" NINE
                                 ",\"End\":{\"HourOfDay\":9,\"MinuteOfHour\":29}}]}"))),
     "$.rotations[0].Recurrence.ShiftCoverages.MON[0]"},
    {"an override of no rotation",
     OVERRIDDEN(OVERRIDE("weak", "\"bob\"", "2026-01-06T00:00:00Z", "2026-01-07T00:00:00Z")),
     "t.json:3: $.rotation_overrides[0].RotationId: \"weak\" is no rotation"},
    {"an override that is too short",
     OVERRIDDEN(OVERRIDE("week", "\"bob\"", "2026-01-06T00:00:00Z", "2026-01-06T00:29:59Z")),
     "t.json:3: $.rotation_overrides[0].EndTime: "},
    {"stages in a schedule",
     "{\"contacts\":[{\"Alias\":\"web\",\"Type\":\"ONCALL_SCHEDULE\",\"Plan\":{\"RotationIds\":[],"
     "\"Stages\":[]}}]}",
     "$.contacts[0].Plan.Stages: \"Stages\" is not known here"},
};

static void one_mistake_is_one_line(void **state)
{
    static const struct tcn_connector_names connectors = {NULL, NULL, NULL, NULL};

    (void)state;
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
        struct resources f;

        read_resources(&f, mistakes[i].text, &connectors);
        if (f.problems.lines != 1 || !strstr(f.problems.text.ptr, mistakes[i].want))
            fail_msg("%s:\nwant %s\ngot  %s", mistakes[i].name, mistakes[i].want,
                     f.problems.text.ptr);
        assert_int_equal(f.r, TCN_EINVALID);
        release_resources(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_schedule_is_read),
        cmocka_unit_test(an_override_is_read),
        cmocka_unit_test(every_member_is_read),
        cmocka_unit_test(one_mistake_is_one_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
