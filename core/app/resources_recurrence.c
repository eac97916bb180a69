#include "app/resources_recurrence.h"

static const char *const day_names[] = {"MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN", NULL};

static int read_clock_members(const struct tcn_node *at, struct tcn_clock_time *ret)
{
    static const char *const names[] = {"HourOfDay", "MinuteOfHour", NULL};
    int64_t hour = 0, minute = 0;
    int r = tcn_node_only(at, names);

    r |= tcn_node_int(at, "HourOfDay", TCN_NEED, 0, 23, &hour);
    r |= tcn_node_int(at, "MinuteOfHour", TCN_NEED, 0, 59, &minute);
    *ret = (struct tcn_clock_time){(int)hour, (int)minute};
    return r < 0 ? TCN_EINVALID : 0;
}

static int read_clock(const struct tcn_node *parent, const char *key, int need,
                      struct tcn_clock_time *ret)
{
    struct tcn_node at;
    int r = tcn_node_object(parent, key, need, &at);

    return r < 0 || !at.json ? r : read_clock_members(&at, ret);
}

static int read_daily(const struct tcn_node *at, struct tcn_arena *arena,
                      struct tcn_recurrence *ret)
{
    struct tcn_node list;
    size_t n;
    struct tcn_clock_time *settings;
    int r = tcn_node_array(at, "DailySettings", TCN_OPTIONAL, &list);

    n = json_array_size(list.json);
    settings = TCN_NEW_N(arena, struct tcn_clock_time, n + 1);
    for (size_t i = 0; i < n; i++) {
        struct tcn_node item = tcn_node_item(&list, i);

        r |= read_clock_members(&item, &settings[i]);
    }
    ret->daily = settings;
    ret->n_daily = n;
    return r < 0 ? TCN_EINVALID : 0;
}

static int read_weekly_setting(const struct tcn_node *at, struct tcn_weekly_setting *ret)
{
    static const char *const names[] = {"DayOfWeek", "HandOffTime", NULL};
    int day = -1, r = tcn_node_only(at, names);

    r |= tcn_node_choice(at, "DayOfWeek", TCN_NEED, day_names, &day);
    r |= read_clock(at, "HandOffTime", TCN_NEED, &ret->hand_off);
    ret->day = (enum tcn_weekday)(day + 1);
    return r < 0 ? TCN_EINVALID : 0;
}

static int read_weekly(const struct tcn_node *at, struct tcn_arena *arena,
                       struct tcn_recurrence *ret)
{
    struct tcn_node list;
    size_t n;
    struct tcn_weekly_setting *settings;
    int r = tcn_node_array(at, "WeeklySettings", TCN_OPTIONAL, &list);

    n = json_array_size(list.json);
    settings = TCN_NEW_N(arena, struct tcn_weekly_setting, n + 1);
    for (size_t i = 0; i < n; i++) {
        struct tcn_node item = tcn_node_item(&list, i);

        r |= read_weekly_setting(&item, &settings[i]);
    }
    ret->weekly = settings;
    ret->n_weekly = n;
    return r < 0 ? TCN_EINVALID : 0;
}

static int read_monthly_setting(const struct tcn_node *at, struct tcn_monthly_setting *ret)
{
    static const char *const names[] = {"DayOfMonth", "HandOffTime", NULL};
    int64_t day = 1;
    int r = tcn_node_only(at, names);

    r |= tcn_node_int(at, "DayOfMonth", TCN_NEED, 1, 31, &day);
    r |= read_clock(at, "HandOffTime", TCN_NEED, &ret->hand_off);
    ret->day = (int)day;
    return r < 0 ? TCN_EINVALID : 0;
}

static int read_monthly(const struct tcn_node *at, struct tcn_arena *arena,
                        struct tcn_recurrence *ret)
{
    struct tcn_node list;
    size_t n;
    struct tcn_monthly_setting *settings;
    int r = tcn_node_array(at, "MonthlySettings", TCN_OPTIONAL, &list);

    n = json_array_size(list.json);
    settings = TCN_NEW_N(arena, struct tcn_monthly_setting, n + 1);
    for (size_t i = 0; i < n; i++) {
        struct tcn_node item = tcn_node_item(&list, i);

        r |= read_monthly_setting(&item, &settings[i]);
    }
    ret->monthly = settings;
    ret->n_monthly = n;
    return r < 0 ? TCN_EINVALID : 0;
}

/* An End of 24:00 is one that is left out. */
static int read_window(const struct tcn_node *at, struct tcn_coverage_time *ret)
{
    static const char *const names[] = {"Start", "End", NULL};
    int r = tcn_node_only(at, names);

    *ret = (struct tcn_coverage_time){.end = {24, 0}};
    r |= read_clock(at, "Start", TCN_OPTIONAL, &ret->start);
    r |= read_clock(at, "End", TCN_OPTIONAL, &ret->end);
    return r < 0 ? TCN_EINVALID : 0;
}

static int read_day(const struct tcn_node *days, const char *name, struct tcn_arena *arena,
                    struct tcn_day_coverage *ret)
{
    struct tcn_node list;
    size_t n;
    struct tcn_coverage_time *windows;
    int r = tcn_node_array(days, name, TCN_OPTIONAL, &list);

    n = json_array_size(list.json);
    windows = TCN_NEW_N(arena, struct tcn_coverage_time, n + 1);
    for (size_t i = 0; i < n; i++) {
        struct tcn_node item = tcn_node_item(&list, i);

        r |= read_window(&item, &windows[i]);
    }
    *ret = (struct tcn_day_coverage){list.json != NULL, windows, n};
    return r < 0 ? TCN_EINVALID : 0;
}

static int read_coverages(const struct tcn_node *at, struct tcn_arena *arena,
                          struct tcn_recurrence *ret)
{
    struct tcn_node days;
    int r = tcn_node_object(at, "ShiftCoverages", TCN_OPTIONAL, &days);

    if (r < 0 || !days.json)
        return r;
    r = tcn_node_only(&days, day_names);
    for (size_t i = 0; day_names[i]; i++)
        r |= read_day(&days, day_names[i], arena, &ret->coverages[i]);
    return r < 0 ? TCN_EINVALID : 0;
}

int tcn_resources_recurrence(const struct tcn_node *parent, struct tcn_arena *arena,
                             struct tcn_recurrence *ret)
{
    static const char *const names[] = {"MonthlySettings",
                                        "WeeklySettings",
                                        "DailySettings",
                                        "NumberOfOnCalls",
                                        "ShiftCoverages",
                                        "RecurrenceMultiplier",
                                        NULL};
    int64_t on_calls = 1, multiplier = 1;
    struct tcn_node at;
    int r = tcn_node_object(parent, "Recurrence", TCN_NEED, &at);

    if (r < 0 || !at.json)
        return TCN_EINVALID;
    r = tcn_node_only(&at, names);
    r |= read_daily(&at, arena, ret) | read_weekly(&at, arena, ret) | read_monthly(&at, arena, ret);
    r |= tcn_node_int(&at, "NumberOfOnCalls", TCN_NEED, 1, TCN_ROTATION_CONTACTS_MAX, &on_calls);
    r |= tcn_node_int(&at, "RecurrenceMultiplier", TCN_NEED, 1, TCN_ROTATION_MULTIPLIER_MAX,
                      &multiplier);
    r |= read_coverages(&at, arena, ret);
    ret->number_of_on_calls = (int)on_calls;
    ret->multiplier = (int)multiplier;
    return r < 0 ? TCN_EINVALID : 0;
}
