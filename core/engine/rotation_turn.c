/* A turn's number is the number of hand-offs until then: of each setting every m-th candidate, and what several settings hand
 * off at one instant counts once. Those coincidences are few, and are found beforehand: in short months, whose last day is
 * the 29th, 30th and 31st, and where an hour that was left out falls upon the next one. */
#include "engine/rotation_turn.h"
#include "base/datetime.h"

#include <stdlib.h>

#define MINUTE_MS INT64_C(60000)

typedef TCN_VEC(int64_t) instants;

/* ---- a candidate's number and its local time ---- */

static int64_t month_day_ms(int64_t month, int day)
{
    int year = (int)tcn_floor_div(month, 12), of_year = (int)(month - year * INT64_C(12)) + 1;
    int days = tcn_days_of_month(year, of_year);

    return tcn_days_from_civil(year, of_year, day < days ? day : days) * TCN_DAY_MS;
}

/* 1970-01-01 is a Thursday, and day 3 of its week. */
static int64_t local_of(const struct tcn_series *s, int64_t number)
{
    switch (s->kind) {
    case TCN_SERIES_DAILY:
        return number * TCN_DAY_MS + s->clock_ms;
    case TCN_SERIES_WEEKLY:
        return (number * 7 + s->day - 3) * TCN_DAY_MS + s->clock_ms;
    case TCN_SERIES_MONTHLY:
    default:
        return month_day_ms(number, s->day) + s->clock_ms;
    }
}

static int64_t month_of(int64_t local_ms)
{
    struct tcn_civil c;

    tcn_civil_of(local_ms, &c);
    return c.year * INT64_C(12) + c.month - 1;
}

/* The last candidate that is not later than this on a calendar. */
static int64_t number_at(const struct tcn_series *s, int64_t local_ms)
{
    int64_t days = tcn_floor_div(local_ms - s->clock_ms, TCN_DAY_MS), month;

    switch (s->kind) {
    case TCN_SERIES_DAILY:
        return days;
    case TCN_SERIES_WEEKLY:
        return tcn_floor_div(days + 3 - s->day, 7);
    case TCN_SERIES_MONTHLY:
    default:
        month = month_of(local_ms);
        return local_of(s, month) > local_ms ? month - 1 : month;
    }
}

/* ---- the same on the zone's clocks ---- */

/* p is any period: within it there is nothing to look for. */
static int64_t instant_of(const struct tcn_turns *t, const struct tcn_zone_period *p,
                          const struct tcn_series *s, int64_t number)
{
    int64_t local = local_of(s, number);

    if (tcn_is_far_from_changes(p, local - p->offset_ms))
        return local - p->offset_ms;
    return tcn_zone_unix_ms(t->zone, local);
}

/* The last candidate that is not after the instant. Near a change of the clocks it may be another one than they show. */
static int64_t passed_at(const struct tcn_turns *t, const struct tcn_zone_period *p,
                         const struct tcn_series *s, int64_t at_ms)
{
    int64_t number = number_at(s, at_ms + p->offset_ms);

    if (tcn_is_far_from_changes(p, at_ms))
        return number;
    while (instant_of(t, p, s, number) > at_ms)
        number--;
    while (instant_of(t, p, s, number + 1) <= at_ms)
        number++;
    return number;
}

/* ---- coincidences ---- */

static bool is_hand_off(const struct tcn_turns *t, const struct tcn_series *s, int64_t number)
{
    return number > s->base && (number - s->base) % t->multiplier == 0;
}

static bool hands_off_at(const struct tcn_turns *t, const struct tcn_series *s, int64_t local_ms)
{
    int64_t number = number_at(s, local_ms);

    return local_of(s, number) == local_ms && is_hand_off(t, s, number);
}

/* One of the first n series. */
static bool any_hands_off_at(const struct tcn_turns *t, size_t n, int64_t local_ms)
{
    for (size_t i = 0; i < n; i++)
        if (hands_off_at(t, &t->series[i], local_ms))
            return true;
    return false;
}

static void add(instants *v, struct tcn_arena *arena, int64_t unix_ms)
{
    *TCN_VEC_PUSH(arena, v) = unix_ms;
}

/* Those of a month at one time of a day: all but the first of them. */
static void add_of_month(const struct tcn_turns *t, int64_t month, struct tcn_arena *arena,
                         instants *v)
{
    for (size_t i = 1; i < t->n_series; i++) {
        int64_t local = local_of(&t->series[i], month);

        if (is_hand_off(t, &t->series[i], month) && any_hands_off_at(t, i, local))
            add(v, arena, tcn_zone_unix_ms(t->zone, local));
    }
}

static bool is_short(int64_t month)
{
    return tcn_days_of_month((int)(month / 12), (int)(month % 12) + 1) < 31;
}

static void add_short_months(const struct tcn_turns *t, struct tcn_arena *arena, instants *v)
{
    int64_t first = month_of(t->start_ms - 2 * TCN_DAY_MS);
    int64_t last = month_of(TCN_ROTATION_END_MS + 2 * TCN_DAY_MS);

    if (t->series[0].kind != TCN_SERIES_MONTHLY)
        return;
    for (int64_t month = first; month <= last; month++)
        if (is_short(month))
            add_of_month(t, month, arena, v);
}

/* Local times from gap_ms on were left out, and are read as those that are jump_ms later. */
static void add_of_gap(const struct tcn_turns *t, int64_t gap_ms, int64_t jump_ms,
                       struct tcn_arena *arena, instants *v)
{
    for (size_t i = 0; i < t->n_series; i++) {
        const struct tcn_series *s = &t->series[i];
        int64_t number = number_at(s, gap_ms - 1) + 1, local;

        for (; (local = local_of(s, number)) < gap_ms + jump_ms; number++)
            if (is_hand_off(t, s, number) && !any_hands_off_at(t, i, local) &&
                any_hands_off_at(t, t->n_series, local + jump_ms))
                add(v, arena, tcn_zone_unix_ms(t->zone, local));
    }
}

static void add_gaps(const struct tcn_turns *t, struct tcn_arena *arena, instants *v)
{
    int64_t before_ms = t->zone->first_offset_s * INT64_C(1000);

    for (size_t i = 0; i < t->zone->n_changes; i++) {
        const struct tcn_zone_change *c = &t->zone->changes[i];
        int64_t offset_ms = c->offset_s * INT64_C(1000);

        add_of_gap(t, c->at_s * 1000 + before_ms, offset_ms - before_ms, arena, v);
        before_ms = offset_ms;
    }
}

int tcn_instants_ascending(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return x < y ? -1 : x > y;
}

static void find_coincidences(struct tcn_turns *t, struct tcn_arena *arena)
{
    instants v = {0};

    add_short_months(t, arena, &v);
    add_gaps(t, arena, &v);
    if (v.n)
        qsort(v.items, v.n, sizeof *v.items, tcn_instants_ascending);
    t->coincidences = v.items;
    t->n_coincidences = v.n;
}

static int64_t coincidences_until(const struct tcn_turns *t, int64_t at_ms)
{
    size_t low = 0, high = t->n_coincidences;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (t->coincidences[middle] <= at_ms)
            low = middle + 1;
        else
            high = middle;
    }
    return (int64_t)low;
}

/* ---- preparation ---- */

static bool is_same(const struct tcn_series *a, const struct tcn_series *b)
{
    return a->day == b->day && a->clock_ms == b->clock_ms;
}

/* Settings that are written twice hand off once. */
static void add_series(struct tcn_turns *t, struct tcn_series *all, enum tcn_series_kind kind,
                       int day, const struct tcn_clock_time *at)
{
    const struct tcn_zone_period p = tcn_zone_period(t->zone, t->start_ms);
    struct tcn_series s = {
        .kind = kind, .day = day, .clock_ms = (at->hour * 60 + at->minute) * MINUTE_MS};

    s.base = passed_at(t, &p, &s, t->start_ms);
    for (size_t i = 0; i < t->n_series; i++)
        if (is_same(&all[i], &s))
            return;
    all[t->n_series++] = s;
}

void tcn_turns_prepare(const struct tcn_rotation *r, struct tcn_arena *arena, struct tcn_turns *ret)
{
    const struct tcn_recurrence *c = &r->recurrence;
    struct tcn_series *all =
        TCN_NEW_N(arena, struct tcn_series, c->n_daily + c->n_weekly + c->n_monthly);

    *ret = (struct tcn_turns){
        .zone = r->zone, .start_ms = r->start_ms, .multiplier = c->multiplier, .series = all};
    for (size_t i = 0; i < c->n_daily; i++)
        add_series(ret, all, TCN_SERIES_DAILY, 0, &c->daily[i]);
    for (size_t i = 0; i < c->n_weekly; i++)
        add_series(ret, all, TCN_SERIES_WEEKLY, (int)c->weekly[i].day - TCN_MON,
                   &c->weekly[i].hand_off);
    for (size_t i = 0; i < c->n_monthly; i++)
        add_series(ret, all, TCN_SERIES_MONTHLY, c->monthly[i].day, &c->monthly[i].hand_off);
    find_coincidences(ret, arena);
}

/* ---- a turn ---- */

struct tcn_turn tcn_turn_at(const struct tcn_turns *t, int64_t at_ms)
{
    const struct tcn_zone_period p = tcn_zone_period(t->zone, at_ms);
    struct tcn_turn turn = {.start_ms = t->start_ms, .end_ms = TCN_ROTATION_END_MS};

    for (size_t i = 0; i < t->n_series; i++) {
        const struct tcn_series *s = &t->series[i];
        int64_t n = (passed_at(t, &p, s, at_ms) - s->base) / t->multiplier;
        int64_t last = s->base + n * t->multiplier;
        int64_t start_ms = n ? instant_of(t, &p, s, last) : t->start_ms;
        int64_t end_ms = instant_of(t, &p, s, last + t->multiplier);

        turn.number += n;
        if (start_ms > turn.start_ms)
            turn.start_ms = start_ms;
        if (end_ms < turn.end_ms)
            turn.end_ms = end_ms;
    }
    turn.number -= coincidences_until(t, at_ms);
    return turn;
}
