/* Rotations as lines of text, and what is said of them as text, for the tables of the tests of rotations.
 *
 * Zones are written by hand, as the law of the place has them in the years of the tests. */
#ifndef TEST_ENGINE_ROTATION_WORLD_H
#define TEST_ENGINE_ROTATION_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/datetime.h"
#include "engine/rotation.h"

#include <stdio.h>
#include <stdlib.h>

#define N_OF(table) (sizeof(table) / sizeof *(table))
#define RW_MAX 8

static const struct tcn_zone_change rw_los_angeles[] = {
    {1710064800, -7 * 3600}, /* 2024-03-10T10:00Z, forward */
    {1730624400, -8 * 3600}, /* 2024-11-03T09:00Z, back */
};
static const struct tcn_zone_change rw_apia[] = {
    {1325239200, 14 * 3600}, /* 2011-12-30T10:00Z: from -10, the 30th was left out */
};
static const struct tcn_zone_change rw_oslo[] = {
    {1711846800, 2 * 3600}, /* 2024-03-31T01:00Z, forward */
    {1729990800, 1 * 3600}, /* 2024-10-27T01:00Z, back */
};

static const struct tcn_zone rw_zones[] = {
    {"UTC", 0, NULL, 0},
    {"Europe/Dublin", 0, NULL, 0}, /* in winter */
    {"America/Los_Angeles", -8 * 3600, rw_los_angeles, 2},
    {"Pacific/Apia", -10 * 3600, rw_apia, 1},
    {"Europe/Oslo", 3600, rw_oslo, 2},
};

/* Everything as text. Times are 2024-01-31T08:00[:30]. */
struct rw_text {
    const char *zone, *start;
    const char *contacts; /* "ABC": a letter each */
    const char *settings; /* "09:00", "MON 09:00", "31 09:00"; several between commas */
    const char *
        coverage; /* NULL: always; "MON 09:00-17:00,TUE -": between commas; "-": the day covers nothing */
    const char
        *overrides; /* "2024-01-02T12:00 2024-01-04T06:00 C [created]"; contacts "-" are none */
    int multiplier, on_calls; /* 0 is 1 */
};

struct rw {
    struct tcn_rotation r;
    char letters[32][2], over_letters[RW_MAX][RW_MAX][2];
    const char *contacts[32], *over_contacts[RW_MAX][RW_MAX];
    struct tcn_clock_time daily[RW_MAX];
    struct tcn_weekly_setting weekly[RW_MAX];
    struct tcn_monthly_setting monthly[RW_MAX];
    struct tcn_coverage_time times[7][RW_MAX];
    struct tcn_rotation_override overrides[RW_MAX];
    struct tcn_arena arena;
};

static inline int64_t rw_ms(struct tcn_str text)
{
    int64_t ms = 0;

    if (tcn_time_parse(text, text.len > 16 ? "%Y-%m-%dT%H:%M:%S" : "%Y-%m-%dT%H:%M", &ms) < 0)
        fail_msg("no time: %.*s", (int)text.len, text.ptr ? text.ptr : "");
    return ms;
}

static inline struct tcn_str rw_word(struct tcn_str *rest, char end)
{
    struct tcn_str word = *rest;

    if (!tcn_str_cut(rest, end, &word))
        *rest = TCN_STR("");
    return word;
}

static inline struct tcn_clock_time rw_clock(struct tcn_str text)
{
    assert_true(text.len == 5);
    return (struct tcn_clock_time){(text.ptr[0] - '0') * 10 + text.ptr[1] - '0',
                                   (text.ptr[3] - '0') * 10 + text.ptr[4] - '0'};
}

static inline int rw_weekday(struct tcn_str text)
{
    static const char names[] = "MONTUEWEDTHUFRISATSUN";

    for (int i = 0; i < 7; i++)
        if (text.len == 3 && memcmp(text.ptr, names + i * 3, 3) == 0)
            return i;
    return -1;
}

static inline void rw_setting(struct rw *w, struct tcn_str text)
{
    struct tcn_recurrence *c = &w->r.recurrence;
    struct tcn_str day = rw_word(&text, ' ');
    int weekday = rw_weekday(day);

    if (text.len == 0)
        w->daily[c->n_daily++] = rw_clock(day);
    else if (weekday >= 0)
        w->weekly[c->n_weekly++] =
            (struct tcn_weekly_setting){(enum tcn_weekday)(TCN_MON + weekday), rw_clock(text)};
    else
        w->monthly[c->n_monthly++] =
            (struct tcn_monthly_setting){(int)strtol(day.ptr, NULL, 10), rw_clock(text)};
}

static inline void rw_cover(struct rw *w, struct tcn_str text)
{
    struct tcn_str name = rw_word(&text, ' ');
    int first = rw_weekday(name), last = first;

    if (first < 0)
        last = 6 + (first = 0); /* ALL */
    for (int day = first; day <= last; day++) {
        struct tcn_day_coverage *c = &w->r.recurrence.coverages[day];
        struct tcn_str end = text, start = rw_word(&end, '-');

        c->is_listed = true;
        c->times = w->times[day];
        if (start.len)
            w->times[day][c->n_times++] =
                (struct tcn_coverage_time){rw_clock(start), rw_clock(end)};
    }
}

static inline void rw_override(struct rw *w, struct tcn_str text)
{
    size_t at = w->r.n_overrides++;
    struct tcn_rotation_override *o = &w->overrides[at];
    struct tcn_str people;

    o->start_ms = rw_ms(rw_word(&text, ' '));
    o->end_ms = rw_ms(rw_word(&text, ' '));
    people = rw_word(&text, ' ');
    o->created_ms = text.len ? strtol(text.ptr, NULL, 10) : 0;
    for (size_t i = 0; i < people.len && people.ptr[i] != '-'; i++) {
        w->over_letters[at][i][0] = people.ptr[i];
        w->over_contacts[at][i] = w->over_letters[at][i];
        o->n_contacts++;
    }
    o->contacts = w->over_contacts[at];
}

static inline void rw_each(struct rw *w, const char *list, void one(struct rw *, struct tcn_str))
{
    struct tcn_str rest = tcn_str(list ? list : "");

    while (rest.len)
        one(w, rw_word(&rest, ','));
}

static inline void rw_init(struct rw *w, const struct rw_text *t)
{
    *w = (struct rw){0};
    tcn_arena_init(&w->arena, 16u << 20);
    for (size_t i = 0; i < N_OF(rw_zones); i++)
        if (strcmp(rw_zones[i].name, t->zone) == 0)
            w->r.zone = &rw_zones[i];
    for (size_t i = 0; t->contacts[i]; i++) {
        w->letters[i][0] = t->contacts[i];
        w->contacts[w->r.n_contacts++] = w->letters[i];
    }
    w->r.alias = "r";
    w->r.contacts = w->contacts;
    w->r.start_ms = rw_ms(tcn_str(t->start));
    w->r.overrides = w->overrides;
    w->r.recurrence = (struct tcn_recurrence){.daily = w->daily,
                                              .weekly = w->weekly,
                                              .monthly = w->monthly,
                                              .multiplier = t->multiplier ? t->multiplier : 1,
                                              .number_of_on_calls = t->on_calls ? t->on_calls : 1};
    rw_each(w, t->settings, rw_setting);
    rw_each(w, t->coverage, rw_cover);
    rw_each(w, t->overrides, rw_override);
}

static inline void rw_done(struct rw *w)
{
    tcn_arena_done(&w->arena);
}

/* "03-10T10:30", with seconds where there are any. */
static inline void rw_say_time(struct tcn_buf *b, int64_t ms)
{
    char text[TCN_TIME_TEXT];

    tcn_time_text(ms, text);
    tcn_buf_fmt(b, "%.*s", ms % 60000 ? 14 : 11, text + 5);
}

/* "A 01-01T00:00/01-02T00:00"; an override is "C(B) ..."; nobody is "-". */
static inline void rw_say_shift(struct tcn_buf *b, const struct tcn_shift *s)
{
    for (size_t i = 0; i < s->n_contacts; i++)
        tcn_buf_fmt(b, "%s", s->contacts[i]);
    tcn_buf_fmt(b, "%s", s->n_contacts ? "" : "-");
    if (s->type == TCN_SHIFT_OVERRIDDEN)
        tcn_buf_char(b, '(');
    for (size_t i = 0; i < s->n_overridden; i++)
        tcn_buf_fmt(b, "%s", s->overridden[i]);
    tcn_buf_fmt(b, s->type == TCN_SHIFT_OVERRIDDEN ? ") " : " ");
    rw_say_time(b, s->start_ms);
    tcn_buf_char(b, '/');
    rw_say_time(b, s->end_ms);
}

struct rw_case {
    const char *name;
    struct rw_text rotation;
    const char *from, *until;
    const char *shifts; /* with a blank between them */
};

static inline void rw_check_case(const struct rw_case *c)
{
    struct tcn_shifts i;
    struct tcn_shift shift;
    struct tcn_buf said;
    struct rw w;

    rw_init(&w, &c->rotation);
    tcn_buf_init(&said, 1 << 16);
    i = (struct tcn_shifts){tcn_roster_prepare(&w.r, &w.arena), rw_ms(tcn_str(c->from)),
                            rw_ms(tcn_str(c->until))};
    while (tcn_shifts_next(&i, &shift)) {
        if (said.len)
            tcn_buf_char(&said, ' ');
        rw_say_shift(&said, &shift);
    }
    if (!tcn_str_eq(tcn_buf_view(&said), tcn_str(c->shifts)))
        fail_msg("%s: %.*s, wanted %s", c->name, (int)said.len, said.len ? said.ptr : "",
                 c->shifts);
    tcn_buf_done(&said);
    rw_done(&w);
}

#endif
