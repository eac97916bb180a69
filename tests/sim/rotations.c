/* On-call schedules at random: rotations of every kind, which are edited, and overrides that come and go. What was in force
 * is kept in versions, for the oracle. */
#include "world.h"

#include <stdlib.h>

static const char *const aliases[MAX_ROTATIONS] = {"rot1", "rot2", "rot3", "rot4"};

/* Often on the hour, and in the hours in which clocks are set. */
static struct tcn_clock_time some_clock(struct rng *r)
{
    return (struct tcn_clock_time){
        (int)rng_below(r, rng_chance(r, 30) ? 5 : 24),
        rng_chance(r, 60) ? 0 : (int)rng_below(r, 60),
    };
}

static void make_people(struct world *w, struct rotation_version *v)
{
    size_t first = (size_t)rng_below(&w->rng, MAX_PEOPLE);

    v->rotation.n_contacts = 1 + (size_t)rng_below(&w->rng, 4);
    for (size_t i = 0; i < v->rotation.n_contacts; i++)
        v->contacts[i] = w->contacts[(first + i) % MAX_PEOPLE].alias;
    v->rotation.contacts = v->contacts;
    v->rotation.recurrence.number_of_on_calls =
        1 + (int)rng_below(&w->rng, (int64_t)v->rotation.n_contacts);
}

static void make_settings(struct rng *r, struct rotation_version *v)
{
    struct tcn_recurrence *c = &v->rotation.recurrence;
    int64_t kind = rng_below(r, 10);
    size_t n = 1 + (size_t)rng_below(r, SIM_SETTINGS);

    for (size_t i = 0; i < n; i++) {
        v->daily[i] = some_clock(r);
        v->weekly[i] =
            (struct tcn_weekly_setting){(enum tcn_weekday)(TCN_MON + rng_below(r, 7)), v->daily[i]};
        v->monthly[i] = (struct tcn_monthly_setting){
            rng_chance(r, 40) ? 29 + (int)rng_below(r, 3) : 1 + (int)rng_below(r, 31), v->daily[i]};
    }
    c->daily = v->daily;
    c->weekly = v->weekly;
    c->monthly = v->monthly;
    *(kind < 6 ? &c->n_daily : kind < 9 ? &c->n_weekly : &c->n_monthly) = n;
    c->multiplier = 1 + (int)rng_below(r, rng_chance(r, 60) ? 1 : 3);
}

static struct tcn_coverage_time some_window(struct rng *r)
{
    struct tcn_coverage_time t = {some_clock(r), {24, 0}};

    if (rng_chance(r, 30)) /* until the end of the day */
        t.start.hour %= 23;
    else if (rng_chance(r, 30)) /* 24 hours */
        t.end = t.start;
    else
        t.end = (struct tcn_clock_time){(t.start.hour + 1 + (int)rng_below(r, 23)) % 24,
                                        t.start.minute};
    return t;
}

static void make_coverage(struct rng *r, struct rotation_version *v)
{
    for (size_t day = 0; day < 7; day++) {
        struct tcn_day_coverage *c = &v->rotation.recurrence.coverages[day];

        c->is_listed = rng_chance(r, 80);
        c->n_times = c->is_listed ? (size_t)rng_below(r, SIM_WINDOWS + 1) : 0;
        for (size_t i = 0; i < c->n_times; i++)
            v->windows[day][i] = some_window(r);
        c->times = v->windows[day];
    }
}

/* A rotation begins long ago, a while ago, or in the days to come. */
static int64_t some_start(struct world *w)
{
    return w->truth - rng_below(&w->rng, 60 * DAY) + rng_below(&w->rng, 3 * DAY);
}

static struct rotation_version *add_version(struct world *w, struct sim_rotation *r)
{
    struct rotation_version *v = calloc(1, sizeof *v);

    r->versions[r->n_versions++] = v;
    v->since_ms = now_of(w);
    return v;
}

static void put_in_force(struct world *w, struct sim_rotation *r, struct rotation_version *v)
{
    struct tcn_field_problems problems = {.arena = &w->config};

    if (tcn_rotation_check(&v->rotation, &problems) < 0)
        fail(w, "%s of %s: %s", problems.items[0].path, r->alias, problems.items[0].text);
    w->rosters[r - w->rotations] = tcn_roster_prepare(&v->rotation, &w->config);
}

static void define(struct world *w, struct sim_rotation *r)
{
    struct rotation_version *v = add_version(w, r);

    v->rotation = (struct tcn_rotation){
        .alias = r->alias, .name = r->alias, .zone = zone_any(&w->rng), .start_ms = some_start(w)};
    make_people(w, v);
    make_settings(&w->rng, v);
    if (rng_chance(&w->rng, 50))
        make_coverage(&w->rng, v);
}

/* What the lists of the copy point to is its own. */
static struct rotation_version *copy_latest(struct world *w, struct sim_rotation *r)
{
    const struct rotation_version *from = r->versions[r->n_versions - 1];
    struct rotation_version *v = add_version(w, r);
    struct tcn_rotation *to = &v->rotation;
    int64_t since_ms = v->since_ms;

    *v = *from;
    v->since_ms = since_ms;
    v->hand_offs = NULL;
    v->n_hand_offs = v->size_hand_offs = 0;
    v->walked_ms = 0;
    to->contacts = v->contacts;
    to->recurrence.daily = v->daily;
    to->recurrence.weekly = v->weekly;
    to->recurrence.monthly = v->monthly;
    for (size_t day = 0; day < 7; day++)
        to->recurrence.coverages[day].times = v->windows[day];
    for (size_t i = 0; i < to->n_overrides; i++)
        v->overrides[i].contacts = v->substitutes[i];
    to->overrides = v->overrides;
    return v;
}

static void remove_override(struct world *w, struct rotation_version *v)
{
    size_t gone = (size_t)rng_below(&w->rng, (int64_t)v->rotation.n_overrides);
    size_t last = --v->rotation.n_overrides;

    for (size_t i = gone; i < last; i++) {
        v->overrides[i] = v->overrides[i + 1];
        memcpy(v->substitutes[i], v->substitutes[i + 1], sizeof v->substitutes[i]);
        v->overrides[i].contacts = v->substitutes[i];
    }
}

static void add_override(struct world *w, struct rotation_version *v)
{
    struct tcn_rotation *r = &v->rotation;
    struct tcn_rotation_override *o = &v->overrides[r->n_overrides];
    const char **substitutes = v->substitutes[r->n_overrides++];

    *o = (struct tcn_rotation_override){.contacts = substitutes, .created_ms = now_of(w)};
    o->start_ms = w->truth + rng_below(&w->rng, rng_chance(&w->rng, 60) ? HOUR : 2 * DAY) -
                  rng_below(&w->rng, 2 * HOUR);
    o->end_ms =
        o->start_ms + 30 * MIN + rng_below(&w->rng, rng_chance(&w->rng, 50) ? DAY : 6 * HOUR);
    o->n_contacts = (size_t)rng_below(&w->rng, SIM_SUBSTITUTES + 1);
    if (o->n_contacts > r->n_contacts)
        o->n_contacts = r->n_contacts;
    for (size_t i = 0; i < o->n_contacts; i++)
        substitutes[i] = r->contacts[i];
    r->overrides = v->overrides;
}

/* The order of people is turned by one: whose turn it is changes for all time. */
static void edit(struct rotation_version *v)
{
    const char *first = v->contacts[0];
    size_t n = v->rotation.n_contacts;

    memmove(&v->contacts[0], &v->contacts[1], (n - 1) * sizeof v->contacts[0]);
    v->contacts[n - 1] = first;
}

void rotations_change(struct world *w)
{
    struct sim_rotation *r = &w->rotations[rng_below(&w->rng, (int64_t)w->n_rotations)];
    struct rotation_version *v;

    if (r->n_versions == MAX_VERSIONS)
        return;
    v = copy_latest(w, r);
    if (rng_chance(&w->rng, 10))
        edit(v);
    else if (v->rotation.n_overrides == SIM_OVERRIDES ||
             (v->rotation.n_overrides > 0 && rng_chance(&w->rng, 40)))
        remove_override(w, v);
    else
        add_override(w, v);
    put_in_force(w, r, v);
}

/* One rotation in several schedules is legal, as is a name that no rotation has any more. */
static void make_schedule(struct world *w, struct tcn_contact *c, const char *alias)
{
    *c = (struct tcn_contact){.alias = alias, .type = TCN_ONCALL_SCHEDULE};
    for (size_t i = 0; i < w->n_rotations; i++)
        if (rng_chance(&w->rng, 50))
            c->rotations[c->n_rotations++] = w->rotations[i].alias;
    if (rng_chance(&w->rng, 10))
        c->rotations[c->n_rotations++] = "gone";
}

void rotations_make(struct world *w)
{
    w->n_rotations = 1 + (size_t)rng_below(&w->rng, MAX_ROTATIONS);
    for (size_t i = 0; i < w->n_rotations; i++) {
        w->rotations[i].alias = aliases[i];
        define(w, &w->rotations[i]);
        put_in_force(w, &w->rotations[i], w->rotations[i].versions[0]);
    }
    w->directory.rosters = w->rosters;
    w->directory.n_rosters = w->n_rotations;
    make_schedule(w, &w->contacts[FIRST_SCHEDULE], "sched1");
    make_schedule(w, &w->contacts[FIRST_SCHEDULE + 1], "sched2");
}

void rotations_done(struct world *w)
{
    for (size_t i = 0; i < w->n_rotations; i++)
        for (size_t k = 0; k < w->rotations[i].n_versions; k++) {
            free(w->rotations[i].versions[k]->hand_offs);
            free(w->rotations[i].versions[k]);
        }
}
