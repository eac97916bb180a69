/* Who is on call, in the slowest way: day by day from the start of the rotation, of the version that was in force. Shares
 * nothing with the engine's rotations but what a rotation is, and how a local time becomes an instant. */
#include "world.h"

#include <stdlib.h>

#define AROUND 3 /* dates before and after that an instant may have in any zone */

static int64_t date_of(const struct tcn_zone *z, int64_t at_ms)
{
    return (at_ms + tcn_zone_offset_ms(z, at_ms)) / DAY;
}

static int weekday_of(int64_t date)
{
    return (int)((date + 3) % 7); /* 1970-01-01 was a Thursday */
}

/* The day of the month from 1, and whether the month ends with it. */
static int month_day_of(int64_t date, bool *ret_is_last)
{
    int64_t year = 1970 + date / 366, month = 1;

    while (date_days(year + 1, 1, 1) <= date)
        year++;
    while (month < 12 && date_days(year, month + 1, 1) <= date)
        month++;
    *ret_is_last = month == 12 ? date_days(year + 1, 1, 1) == date + 1
                               : date_days(year, month + 1, 1) == date + 1;
    return (int)(date - date_days(year, month, 1)) + 1;
}

static int64_t instant_of(const struct tcn_zone *z, int64_t date, struct tcn_clock_time t)
{
    return tcn_zone_unix_ms(z, date * DAY + t.hour * HOUR + t.minute * MIN);
}

/* -- hand-offs ------------------------------------------------------------------------------------------------- */

struct candidate {
    struct tcn_clock_time at;
    int64_t number;
};

static size_t n_settings(const struct tcn_recurrence *c)
{
    return c->n_daily + c->n_weekly + c->n_monthly;
}

static bool is_candidate(const struct tcn_recurrence *c, size_t i, int64_t date,
                         struct tcn_clock_time *ret)
{
    bool is_last;
    int day;

    if (c->n_daily > 0) {
        *ret = c->daily[i];
        return true;
    }
    if (c->n_weekly > 0) {
        *ret = c->weekly[i].hand_off;
        return weekday_of(date) == (int)c->weekly[i].day - TCN_MON;
    }
    day = month_day_of(date, &is_last);
    *ret = c->monthly[i].hand_off;
    return day == c->monthly[i].day || (is_last && day < c->monthly[i].day);
}

static void add_hand_off(struct rotation_version *v, int64_t at_ms)
{
    if (v->n_hand_offs == v->size_hand_offs) {
        v->size_hand_offs = v->size_hand_offs ? 2 * v->size_hand_offs : 64;
        v->hand_offs = realloc(v->hand_offs, v->size_hand_offs * sizeof *v->hand_offs);
    }
    v->hand_offs[v->n_hand_offs++] = at_ms;
}

static void walk(struct rotation_version *v, int64_t until_ms)
{
    const struct tcn_rotation *r = &v->rotation;
    int64_t numbers[TCN_ROTATION_SETTINGS_MAX] = {0};
    int64_t last = date_of(r->zone, until_ms) + AROUND;

    v->n_hand_offs = 0;
    v->walked_ms = until_ms;
    for (int64_t date = date_of(r->zone, r->start_ms) - AROUND; date <= last; date++)
        for (size_t i = 0; i < n_settings(&r->recurrence); i++) {
            struct tcn_clock_time clock;
            int64_t at;

            if (!is_candidate(&r->recurrence, i, date, &clock))
                continue;
            at = instant_of(r->zone, date, clock);
            if (at > r->start_ms && ++numbers[i] % r->recurrence.multiplier == 0)
                add_hand_off(v, at);
        }
}

/* Hand-offs until then; those of one instant are one. */
static int64_t turn_at(struct rotation_version *v, int64_t at_ms)
{
    int64_t n = 0;

    if (v->walked_ms < at_ms)
        walk(v, at_ms + 20 * DAY);
    for (size_t i = 0; i < v->n_hand_offs; i++) {
        bool is_new = v->hand_offs[i] <= at_ms;

        for (size_t k = i > 40 ? i - 40 : 0; k < i && is_new; k++)
            is_new = v->hand_offs[k] != v->hand_offs[i];
        n += is_new;
    }
    return n;
}

/* -- coverage, overrides --------------------------------------------------------------------------------------- */

static int64_t minutes(struct tcn_clock_time t)
{
    return t.hour * 60 + t.minute;
}

static bool covers(const struct tcn_rotation *r, int64_t date, const struct tcn_coverage_time *t,
                   int64_t at_ms)
{
    int64_t end_date = minutes(t->end) > minutes(t->start) ? date : date + 1;

    return instant_of(r->zone, date, t->start) <= at_ms &&
           at_ms < instant_of(r->zone, end_date, t->end);
}

static bool is_covered(const struct tcn_rotation *r, int64_t at_ms)
{
    int64_t today = date_of(r->zone, at_ms);
    bool is_any = false;

    for (int64_t date = today - AROUND; date <= today + AROUND; date++) {
        const struct tcn_day_coverage *day = &r->recurrence.coverages[weekday_of(date)];

        is_any |= day->is_listed;
        for (size_t i = 0; i < day->n_times; i++)
            if (covers(r, date, &day->times[i], at_ms))
                return true;
    }
    return !is_any;
}

static const struct tcn_rotation_override *override_at(const struct tcn_rotation *r, int64_t at_ms)
{
    const struct tcn_rotation_override *latest = NULL;

    for (size_t i = 0; i < r->n_overrides; i++) {
        const struct tcn_rotation_override *o = &r->overrides[i];

        if (o->start_ms <= at_ms && at_ms < o->end_ms &&
            (!latest || o->created_ms >= latest->created_ms))
            latest = o;
    }
    return latest;
}

/* -- the shift ---------------------------------------------------------------------------------------------------- */

static void consider(int64_t edge_ms, int64_t at_ms, int64_t *earliest)
{
    if (edge_ms > at_ms && edge_ms < *earliest)
        *earliest = edge_ms;
}

/* The first instant after this one at which something may change; nothing is looked at that is more than nine days away but
 * hand-offs. */
static int64_t next_edge(struct rotation_version *v, int64_t at_ms)
{
    const struct tcn_rotation *r = &v->rotation;
    int64_t today = date_of(r->zone, at_ms), earliest = INT64_MAX;

    if (v->walked_ms < at_ms + 400 * DAY)
        walk(v, at_ms + 500 * DAY);
    for (size_t i = 0; i < v->n_hand_offs; i++)
        consider(v->hand_offs[i], at_ms, &earliest);
    for (size_t i = 0; i < r->n_overrides; i++) {
        consider(r->overrides[i].start_ms, at_ms, &earliest);
        consider(r->overrides[i].end_ms, at_ms, &earliest);
    }
    for (int64_t date = today - AROUND; date <= today + 9; date++) {
        const struct tcn_day_coverage *day = &r->recurrence.coverages[weekday_of(date)];

        for (size_t i = 0; i < day->n_times; i++) {
            consider(instant_of(r->zone, date, day->times[i].start), at_ms, &earliest);
            consider(instant_of(r->zone, date, day->times[i].end), at_ms, &earliest);
            consider(instant_of(r->zone, date + 1, day->times[i].end), at_ms, &earliest);
        }
    }
    return earliest;
}

static bool is_alike(const struct tcn_rotation_override *a, const struct tcn_rotation_override *b)
{
    if (!a || !b || a->n_contacts != b->n_contacts)
        return a == b;
    for (size_t i = 0; i < a->n_contacts; i++)
        if (strcmp(a->contacts[i], b->contacts[i]) != 0)
            return false;
    return true;
}

bool oncall_is_overridden(const struct rotation_version *v, int64_t at_ms)
{
    return override_at(&v->rotation, at_ms) != NULL;
}

/* Its turn goes on, the time is covered, and the same people stand in. */
int64_t oncall_until(struct rotation_version *v, int64_t at_ms)
{
    const struct tcn_rotation *r = &v->rotation;
    const struct tcn_rotation_override *over = override_at(r, at_ms);
    int64_t turn = turn_at(v, at_ms), end_ms = next_edge(v, at_ms);

    while (end_ms != INT64_MAX && is_covered(r, end_ms) && turn_at(v, end_ms) == turn &&
           is_alike(override_at(r, end_ms), over))
        end_ms = next_edge(v, end_ms);
    return end_ms;
}

/* -- a schedule ------------------------------------------------------------------------------------------------- */

struct people {
    struct on_call *items;
    size_t n;
};

static void add(struct people *p, const char *contact, struct rotation_version *by)
{
    for (size_t i = 0; i < p->n; i++)
        if (strcmp(p->items[i].contact, contact) == 0)
            return;
    p->items[p->n++] = (struct on_call){contact, by};
}

static void add_rotation(struct people *p, struct rotation_version *v, int64_t at_ms)
{
    const struct tcn_rotation *r = &v->rotation;
    const struct tcn_rotation_override *over = override_at(r, at_ms);
    int64_t turn;

    if (at_ms < r->start_ms || !is_covered(r, at_ms))
        return;
    for (size_t i = 0; over && i < over->n_contacts; i++)
        add(p, over->contacts[i], v);
    if (over)
        return;
    turn = turn_at(v, at_ms);
    for (int64_t i = 0; i < r->recurrence.number_of_on_calls; i++)
        add(p, r->contacts[(turn * r->recurrence.number_of_on_calls + i) % (int64_t)r->n_contacts],
            v);
}

/* The last one that was there then, NULL: the rotation was not. */
static struct rotation_version *version_at(struct sim_rotation *r, int64_t as_of_ms)
{
    struct rotation_version *v = NULL;

    for (size_t i = 0; i < r->n_versions && r->versions[i]->since_ms <= as_of_ms; i++)
        v = r->versions[i];
    return v;
}

static struct sim_rotation *rotation_of(struct world *w, const char *alias)
{
    for (size_t i = 0; i < w->n_rotations; i++)
        if (strcmp(w->rotations[i].alias, alias) == 0)
            return &w->rotations[i];
    return NULL;
}

size_t oncall_people(struct world *w, const struct tcn_contact *schedule, int64_t at_ms,
                     struct on_call ret[MAX_PEOPLE], bool *ret_is_uncertain)
{
    struct people people = {ret, 0};

    for (size_t i = 0; i < schedule->n_rotations; i++) {
        struct sim_rotation *r = rotation_of(w, schedule->rotations[i]);
        struct rotation_version *v = r ? version_at(r, at_ms + w->latency) : NULL;

        if (!v)
            continue;
        /* changed in the very instant, or before the timer's turn */
        *ret_is_uncertain |= v->since_ms >= at_ms;
        add_rotation(&people, v, at_ms);
    }
    return people.n;
}
