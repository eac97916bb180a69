/* What may not be in a rotation, said with the name of the field. */
#include "engine/rotation.h"

#include <stdarg.h>
#include <stdio.h>

#define MINUTE_MS INT64_C(60000)
#define WINDOW_MINUTES_MIN 30

static const char *const day_names[] = {"MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"};

/* Where the checks are, and what they have found. */
struct check {
    struct tcn_field_problems *problems; /* borrowed */
    char path[TCN_FIELD_PATH];
};

static struct check at(const struct check *c, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static struct check at(const struct check *c, const char *format, ...)
{
    struct check below = {.problems = c->problems};
    va_list args;

    va_start(args, format);
    vsnprintf(below.path, sizeof below.path, format, args);
    va_end(args);
    return below;
}

static void problem(const struct check *c, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void problem(const struct check *c, const char *format, ...)
{
    struct tcn_field_problem *p = TCN_VEC_PUSH(c->problems->arena, c->problems);
    va_list args;

    memcpy(p->path, c->path, sizeof p->path);
    va_start(args, format);
    vsnprintf(p->text, sizeof p->text, format, args);
    va_end(args);
}

/* ---- recurrence ---- */

static void check_range(const struct check *c, const char *field, int value, int min, int max)
{
    const struct check here = at(c, "%s.%s", c->path, field);

    if (value < min || value > max)
        problem(&here, "%d is not from %d to %d", value, min, max);
}

static void check_clock(const struct check *c, const struct tcn_clock_time *t)
{
    check_range(c, "HourOfDay", t->hour, 0, 23);
    check_range(c, "MinuteOfHour", t->minute, 0, 59);
}

static bool has_room(const struct check *c, size_t n, size_t max)
{
    if (n > max)
        problem(c, "%zu entries; at most %zu", n, max);
    return n <= max;
}

static void check_daily(const struct check *c, const struct tcn_recurrence *r)
{
    const struct check list = at(c, "Recurrence.DailySettings");

    if (!has_room(&list, r->n_daily, TCN_ROTATION_SETTINGS_MAX))
        return;
    for (size_t i = 0; i < r->n_daily; i++) {
        const struct check here = at(c, "%s[%zu]", list.path, i);

        check_clock(&here, &r->daily[i]);
    }
}

static void check_weekly(const struct check *c, const struct tcn_recurrence *r)
{
    const struct check list = at(c, "Recurrence.WeeklySettings");

    if (!has_room(&list, r->n_weekly, TCN_ROTATION_SETTINGS_MAX))
        return;
    for (size_t i = 0; i < r->n_weekly; i++) {
        const struct check day = at(c, "%s[%zu].DayOfWeek", list.path, i);
        const struct check hand_off = at(c, "%s[%zu].HandOffTime", list.path, i);

        if (r->weekly[i].day < TCN_MON || r->weekly[i].day > TCN_SUN)
            problem(&day, "no day of the week; write MON, TUE, WED, THU, FRI, SAT or SUN");
        check_clock(&hand_off, &r->weekly[i].hand_off);
    }
}

static void check_monthly(const struct check *c, const struct tcn_recurrence *r)
{
    const struct check list = at(c, "Recurrence.MonthlySettings");

    if (!has_room(&list, r->n_monthly, TCN_ROTATION_SETTINGS_MAX))
        return;
    for (size_t i = 0; i < r->n_monthly; i++) {
        const struct check here = at(c, "%s[%zu]", list.path, i);
        const struct check hand_off = at(c, "%s.HandOffTime", here.path);

        check_range(&here, "DayOfMonth", r->monthly[i].day, 1, 31);
        check_clock(&hand_off, &r->monthly[i].hand_off);
    }
}

static void check_kinds(const struct check *c, const struct tcn_recurrence *r)
{
    const struct check here = at(c, "Recurrence");
    int n = (r->n_daily > 0) + (r->n_weekly > 0) + (r->n_monthly > 0);

    if (n != 1)
        problem(&here,
                "%d of DailySettings, WeeklySettings and MonthlySettings have entries; give "
                "exactly one of them",
                n);
}

/* ---- coverage ---- */

static int minutes_of(const struct tcn_clock_time *t)
{
    return t->hour * 60 + t->minute;
}

static void check_window(const struct check *c, const struct tcn_coverage_time *t)
{
    const struct check start = at(c, "%s.Start", c->path), end = at(c, "%s.End", c->path);
    int minutes = minutes_of(&t->end) - minutes_of(&t->start);

    check_clock(&start, &t->start);
    if (minutes_of(&t->end) != 24 * 60)
        check_clock(&end, &t->end);
    if (minutes <= 0)
        minutes += 24 * 60;
    if (minutes < WINDOW_MINUTES_MIN)
        problem(c, "%d minutes; a window is at least %d minutes long", minutes, WINDOW_MINUTES_MIN);
}

static void check_coverages(const struct check *c, const struct tcn_recurrence *r)
{
    for (size_t day = 0; day < 7; day++) {
        const struct tcn_day_coverage *of = &r->coverages[day];
        const struct check list = at(c, "Recurrence.ShiftCoverages.%s", day_names[day]);

        if (!of->is_listed || !has_room(&list, of->n_times, TCN_ROTATION_COVERAGES_MAX))
            continue;
        for (size_t i = 0; i < of->n_times; i++) {
            const struct check here = at(c, "%s[%zu]", list.path, i);

            check_window(&here, &of->times[i]);
        }
    }
}

/* ---- the whole ---- */

static bool is_among(const char *contact, const char *const *contacts, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(contacts[i], contact) == 0)
            return true;
    return false;
}

static void check_contacts(const struct check *c, const struct tcn_rotation *r)
{
    const struct check list = at(c, "ContactIds");

    if (!r->n_contacts)
        problem(&list, "no contacts; give at least one");
    if (!has_room(&list, r->n_contacts, TCN_ROTATION_CONTACTS_MAX))
        return;
    for (size_t i = 0; i < r->n_contacts; i++) {
        const struct check here = at(c, "%s[%zu]", list.path, i);

        if (is_among(r->contacts[i], r->contacts, i))
            problem(&here, "the contact \"%.80s\" is there twice", r->contacts[i]);
    }
}

static void check_on_calls(const struct check *c, const struct tcn_rotation *r)
{
    const struct check here = at(c, "Recurrence.NumberOfOnCalls");
    int n = r->recurrence.number_of_on_calls;

    if (n < 1)
        problem(&here, "%d is not at least 1", n);
    else if ((size_t)n > r->n_contacts)
        problem(&here, "%d contacts on call at a time, of %zu in ContactIds", n, r->n_contacts);
}

static void check_recurrence(const struct check *c, const struct tcn_recurrence *r)
{
    const struct check here = at(c, "Recurrence");

    check_range(&here, "RecurrenceMultiplier", r->multiplier, 1, TCN_ROTATION_MULTIPLIER_MAX);
    check_kinds(c, r);
    check_daily(c, r);
    check_weekly(c, r);
    check_monthly(c, r);
    check_coverages(c, r);
}

static void check_start(const struct check *c, const struct tcn_rotation *r)
{
    const struct check start = at(c, "StartTime"), zone = at(c, "TimeZoneId");

    if (!r->zone)
        problem(&zone, "no time zone; write a name of the IANA database such as Europe/Berlin");
    if (r->start_ms <= 0 || r->start_ms >= TCN_ROTATION_END_MS)
        problem(&start, "not in the years 1970 to 2109");
}

static void check_room_of_overrides(const struct check *c, const struct tcn_rotation *r)
{
    const struct check list = at(c, "Overrides");

    if (!has_room(&list, r->n_overrides, TCN_ROTATION_OVERRIDES_MAX))
        return;
    for (size_t i = 0; i < r->n_overrides; i++) {
        const struct check here = at(c, "%s[%zu].NewContactIds", list.path, i);

        has_room(&here, r->overrides[i].n_contacts, TCN_ROTATION_CONTACTS_MAX);
    }
}

int tcn_rotation_check(const struct tcn_rotation *r, struct tcn_field_problems *problems)
{
    const struct check c = {.problems = problems};
    size_t n = problems->n;

    check_contacts(&c, r);
    check_on_calls(&c, r);
    check_start(&c, r);
    check_recurrence(&c, &r->recurrence);
    check_room_of_overrides(&c, r);
    return problems->n > n ? TCN_EINVALID : 0;
}

/* Of any two instants, however far from each other. */
static bool is_too_short(const struct tcn_rotation_override *o)
{
    return o->end_ms == o->start_ms ||
           (uint64_t)o->end_ms - (uint64_t)o->start_ms < TCN_ROTATION_OVERRIDE_MIN_MS;
}

static void check_span(const struct check *c, const struct tcn_rotation_override *o, int64_t now_ms)
{
    const struct check start = at(c, "StartTime"), end = at(c, "EndTime");

    if (o->end_ms < o->start_ms)
        problem(&end, "before StartTime");
    else if (is_too_short(o))
        problem(&end, "not at least 30 minutes after StartTime");
    if (o->start_ms > now_ms + TCN_ROTATION_OVERRIDE_AHEAD_MS)
        problem(&start, "more than six months (184 days) ahead");
    if (o->end_ms < now_ms && o->end_ms >= o->start_ms)
        problem(&end, "in the past");
}

static void check_members(const struct check *c, const struct tcn_rotation *r,
                          const struct tcn_rotation_override *o)
{
    const struct check list = at(c, "NewContactIds");

    if (!has_room(&list, o->n_contacts, TCN_ROTATION_CONTACTS_MAX))
        return;
    for (size_t i = 0; i < o->n_contacts; i++) {
        const struct check here = at(c, "%s[%zu]", list.path, i);

        if (!is_among(o->contacts[i], r->contacts, r->n_contacts))
            problem(&here, "the contact \"%.80s\" is not in the rotation", o->contacts[i]);
    }
}

int tcn_rotation_check_override(const struct tcn_rotation *r, const struct tcn_rotation_override *o,
                                int64_t now_ms, struct tcn_field_problems *problems)
{
    const struct check c = {.problems = problems};
    size_t n = problems->n;

    check_span(&c, o, now_ms);
    check_members(&c, r, o);
    return problems->n > n ? TCN_EINVALID : 0;
}
