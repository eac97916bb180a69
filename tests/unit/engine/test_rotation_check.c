/* engine/rotation_check.c: each rule with the field that it names. */
#include "rotation_world.h"

static const struct rw_text good = {.zone = "UTC",
                                    .start = "2024-01-01T00:00",
                                    .contacts = "ABC",
                                    .settings = "MON 09:00,FRI 16:00",
                                    .coverage = "MON 09:00-17:00,TUE -,SUN 22:00-06:00",
                                    .multiplier = 100,
                                    .on_calls = 3};

static void no_zone(struct rw *w)
{
    w->r.zone = NULL;
}

static void no_start(struct rw *w)
{
    w->r.start_ms = 0;
}

static void late_start(struct rw *w)
{
    w->r.start_ms = TCN_ROTATION_END_MS;
}

static void no_contacts(struct rw *w)
{
    w->r.n_contacts = 0;
    w->r.recurrence.number_of_on_calls = 0;
}

static void many_contacts(struct rw *w)
{
    w->r.n_contacts = 31;
}

static void same_contact(struct rw *w)
{
    w->contacts[2] = "A";
}

static void nobody_on_call(struct rw *w)
{
    w->r.recurrence.number_of_on_calls = 0;
}

static void many_on_call(struct rw *w)
{
    w->r.recurrence.number_of_on_calls = 4;
}

static void no_multiplier(struct rw *w)
{
    w->r.recurrence.multiplier = 0;
}

static void large_multiplier(struct rw *w)
{
    w->r.recurrence.multiplier = 101;
}

static void no_settings(struct rw *w)
{
    w->r.recurrence.n_weekly = 0;
}

static void two_kinds(struct rw *w)
{
    w->r.recurrence.n_daily = 1;
}

static void three_kinds(struct rw *w)
{
    w->monthly[0].day = 1;
    w->r.recurrence.n_monthly = w->r.recurrence.n_daily = 1;
}

static void many_settings(struct rw *w)
{
    w->r.recurrence.n_weekly = TCN_ROTATION_SETTINGS_MAX + 1;
}

static void many_daily(struct rw *w)
{
    w->r.recurrence.n_weekly = 0;
    w->r.recurrence.n_daily = TCN_ROTATION_SETTINGS_MAX + 1;
}

static void many_monthly(struct rw *w)
{
    w->r.recurrence.n_weekly = 0;
    w->r.recurrence.n_monthly = TCN_ROTATION_SETTINGS_MAX + 1;
}

static void daily_hour(struct rw *w)
{
    w->r.recurrence.n_weekly = 0;
    w->r.recurrence.n_daily = 1;
    w->daily[0].hour = 24;
}

static void weekly_minute(struct rw *w)
{
    w->weekly[1].hand_off.minute = 60;
}

static void weekly_hour(struct rw *w)
{
    w->weekly[1].hand_off.hour = -1;
}

static void no_weekday(struct rw *w)
{
    w->weekly[1].day = TCN_WEEKDAY_UNSET;
}

static void monthly(struct rw *w, int day)
{
    w->r.recurrence.n_weekly = 0;
    w->r.recurrence.n_monthly = 1;
    w->monthly[0] = (struct tcn_monthly_setting){.day = day};
}

static void day_0(struct rw *w)
{
    monthly(w, 0);
}

static void day_32(struct rw *w)
{
    monthly(w, 32);
}

static void monthly_hour(struct rw *w)
{
    monthly(w, 31);
    w->monthly[0].hand_off.hour = 25;
}

static void window(struct rw *w, int start, int end)
{
    w->times[6][0] = (struct tcn_coverage_time){{start / 60, start % 60}, {end / 60, end % 60}};
}

static void short_window(struct rw *w)
{
    window(w, 9 * 60, 9 * 60 + 29);
}

static void short_night(struct rw *w)
{
    window(w, 23 * 60 + 50, 10);
}

static void short_until_midnight(struct rw *w)
{
    window(w, 23 * 60 + 31, 24 * 60);
}

static void window_hour(struct rw *w)
{
    window(w, 24 * 60, 6 * 60);
}

static void window_end(struct rw *w)
{
    w->times[6][0].end = (struct tcn_clock_time){24, 1};
}

static void many_windows(struct rw *w)
{
    w->r.recurrence.coverages[0].n_times = TCN_ROTATION_COVERAGES_MAX + 1;
}

static void many_overrides(struct rw *w)
{
    w->r.n_overrides = TCN_ROTATION_OVERRIDES_MAX + 1;
}

static void many_for_one(struct rw *w)
{
    w->r.n_overrides = 2;
    w->overrides[1].n_contacts = 31;
}

static const struct {
    const char *name;
    void (*spoil)(struct rw *w);
    const char *said;
} wrong[] = {
    {"no zone", no_zone, "TimeZoneId: no time zone; write a name"},
    {"no start", no_start, "StartTime: not in the years 1970 to 2109"},
    {"a late start", late_start, "StartTime: not in the years 1970 to 2109"},
    {"no contacts", no_contacts, "ContactIds: no contacts; give at least one"},
    {"too many contacts", many_contacts, "ContactIds: 31 entries; at most 30"},
    {"a contact twice", same_contact, "ContactIds[2]: the contact \"A\" is there twice"},
    {"nobody on call", nobody_on_call, "Recurrence.NumberOfOnCalls: 0 is not at least 1"},
    {"more on call than there are", many_on_call,
     "Recurrence.NumberOfOnCalls: 4 contacts on call at a time, of 3 in ContactIds"},
    {"no multiplier", no_multiplier, "Recurrence.RecurrenceMultiplier: 0 is not from 1 to 100"},
    {"a large multiplier", large_multiplier,
     "Recurrence.RecurrenceMultiplier: 101 is not from 1 to 100"},
    {"no settings", no_settings, "Recurrence: 0 of DailySettings, WeeklySettings and Monthly"},
    {"two kinds", two_kinds, "Recurrence: 2 of DailySettings, WeeklySettings and Monthly"},
    {"three kinds", three_kinds, "Recurrence: 3 of DailySettings, WeeklySettings and Monthly"},
    {"too many settings", many_settings, "Recurrence.WeeklySettings: 33 entries; at most 32"},
    {"too many of a day", many_daily, "Recurrence.DailySettings: 33 entries; at most 32"},
    {"too many of a month", many_monthly, "Recurrence.MonthlySettings: 33 entries; at most 32"},
    {"24 o'clock", daily_hour, "Recurrence.DailySettings[0].HourOfDay: 24 is not from 0 to 23"},
    {"60 minutes", weekly_minute,
     "Recurrence.WeeklySettings[1].HandOffTime.MinuteOfHour: 60 is not from 0 to 59"},
    {"an hour below 0", weekly_hour,
     "Recurrence.WeeklySettings[1].HandOffTime.HourOfDay: -1 is not from 0 to 23"},
    {"no weekday", no_weekday, "Recurrence.WeeklySettings[1].DayOfWeek: no day of the week"},
    {"day 0", day_0, "Recurrence.MonthlySettings[0].DayOfMonth: 0 is not from 1 to 31"},
    {"day 32", day_32, "Recurrence.MonthlySettings[0].DayOfMonth: 32 is not from 1 to 31"},
    {"25 o'clock", monthly_hour,
     "Recurrence.MonthlySettings[0].HandOffTime.HourOfDay: 25 is not from 0 to 23"},
    {"29 minutes", short_window, "Recurrence.ShiftCoverages.SUN[0]: 29 minutes; a window is at"},
    {"20 minutes over midnight", short_night, "Recurrence.ShiftCoverages.SUN[0]: 20 minutes;"},
    {"29 minutes until midnight", short_until_midnight,
     "Recurrence.ShiftCoverages.SUN[0]: 29 minutes;"},
    {"a window from 24 o'clock", window_hour,
     "Recurrence.ShiftCoverages.SUN[0].Start.HourOfDay: 24 is not from 0 to 23"},
    {"a window until after midnight", window_end,
     "Recurrence.ShiftCoverages.SUN[0].End.HourOfDay: 24 is not from 0 to 23"},
    {"too many windows", many_windows, "Recurrence.ShiftCoverages.MON: 25 entries; at most 24"},
    {"too many overrides", many_overrides, "Overrides: 1001 entries; at most 1000"},
    {"an override of too many", many_for_one, "Overrides[1].NewContactIds: 31 entries"},
};

/* The problem, alone, as "PATH: TEXT". */
static void expect_one(const char *name, const struct tcn_field_problems *problems,
                       const char *said)
{
    char text[TCN_FIELD_PATH + TCN_FIELD_TEXT + 2];

    if (problems->n != 1)
        fail_msg("%s: %zu problems", name, problems->n);
    snprintf(text, sizeof text, "%s: %s", problems->items[0].path, problems->items[0].text);
    if (strncmp(text, said, strlen(said)) != 0)
        fail_msg("%s: %s", name, text);
}

/* nobody_on_call() comes with no_contacts(), which would otherwise be two problems. */
static void each_rule(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_OF(wrong); i++) {
        struct tcn_field_problems problems = {0};
        struct rw w;

        rw_init(&w, &good);
        problems.arena = &w.arena;
        assert_int_equal(tcn_rotation_check(&w.r, &problems), 0);
        assert_int_equal(problems.n, 0);
        wrong[i].spoil(&w);
        assert_int_equal(tcn_rotation_check(&w.r, &problems), TCN_EINVALID);
        if (wrong[i].spoil == no_contacts)
            problems.n--;
        expect_one(wrong[i].name, &problems, wrong[i].said);
        rw_done(&w);
    }
}

static void all_at_once(void **state)
{
    struct tcn_field_problems problems = {0};
    struct rw w;

    (void)state;
    rw_init(&w, &good);
    problems.arena = &w.arena;
    no_zone(&w);
    large_multiplier(&w);
    short_window(&w);
    same_contact(&w);
    assert_int_equal(tcn_rotation_check(&w.r, &problems), TCN_EINVALID);
    assert_int_equal(problems.n, 4);
    rw_done(&w);
}

static const struct {
    const char *name, *now, *override, *said;
} of_override[] = {
    {"of half an hour", "2024-01-01T00:00", "2024-01-02T00:00 2024-01-02T00:30 AB", NULL},
    {"of nobody", "2024-01-01T00:00", "2024-01-02T00:00 2024-01-02T00:30 -", NULL},
    {"that goes on", "2024-01-02T00:15", "2024-01-02T00:00 2024-01-02T00:30 A", NULL},
    {"184 days ahead", "2024-01-01T00:00", "2024-07-03T00:00 2025-01-01T00:00 A", NULL},
    {"29 minutes", "2024-01-01T00:00", "2024-01-02T00:00 2024-01-02T00:29 A",
     "EndTime: not at least 30 minutes after StartTime"},
    {"empty", "2024-01-01T00:00", "2024-01-02T00:00 2024-01-02T00:00 A",
     "EndTime: not at least 30 minutes after StartTime"},
    {"backwards", "2024-01-01T00:00", "2024-01-02T00:00 2024-01-01T00:00 A",
     "EndTime: before StartTime"},
    {"backwards and over", "2024-01-03T00:00", "2024-01-02T00:00 2024-01-01T00:00 A",
     "EndTime: before StartTime"},
    {"farther ahead", "2024-01-01T00:00", "2024-07-03T00:01 2025-01-01T00:00 A",
     "StartTime: more than six months (184 days) ahead"},
    {"over", "2024-01-02T00:31", "2024-01-02T00:00 2024-01-02T00:30 A", "EndTime: in the past"},
    {"a contact of no turn", "2024-01-01T00:00", "2024-01-02T00:00 2024-01-03T00:00 AD",
     "NewContactIds[1]: the contact \"D\" is not in the rotation"},
};

static void each_rule_of_overrides(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_OF(of_override); i++) {
        struct rw_text text = good;
        struct tcn_field_problems problems = {0};
        struct rw w;
        int r;

        text.overrides = of_override[i].override;
        rw_init(&w, &text);
        problems.arena = &w.arena;
        r = tcn_rotation_check_override(&w.r, w.overrides, rw_ms(tcn_str(of_override[i].now)),
                                        &problems);
        if ((r == 0) != !of_override[i].said || (r == 0) != !problems.n)
            fail_msg("%s", of_override[i].name);
        if (of_override[i].said)
            expect_one(of_override[i].name, &problems, of_override[i].said);
        rw_done(&w);
    }
}

static void an_override_of_all_time(void **state)
{
    struct tcn_field_problems problems = {0};
    struct tcn_rotation_override o = {.start_ms = INT64_MIN, .end_ms = INT64_MAX};
    struct rw w;

    (void)state;
    rw_init(&w, &good);
    problems.arena = &w.arena;
    assert_int_equal(tcn_rotation_check_override(&w.r, &o, 0, &problems), 0);
    o.n_contacts = 31;
    assert_int_equal(tcn_rotation_check_override(&w.r, &o, 0, &problems), TCN_EINVALID);
    expect_one("31 contacts", &problems, "NewContactIds: 31 entries; at most 30");
    rw_done(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_rule),
        cmocka_unit_test(all_at_once),
        cmocka_unit_test(each_rule_of_overrides),
        cmocka_unit_test(an_override_of_all_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
