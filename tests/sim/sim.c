/* One run of the engine in a world of its own: steps with checks after each of them, and oracles of the whole run at the
 * end. */
#include "world.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#define BEGINNING (-1) /* "steps" that have chances of their own, too */
#define END (-2)
#define SIGN_PERCENT 20 /* of the steps after which a sign of life may come */

/* splitmix64: any seed is a good seed. */
uint64_t rng_next(struct rng *r)
{
    uint64_t z = r->state += UINT64_C(0x9E3779B97F4A7C15);

    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

int64_t rng_below(struct rng *r, int64_t n)
{
    return (int64_t)(rng_next(r) % (uint64_t)n);
}

bool rng_chance(struct rng *r, int percent)
{
    return rng_below(r, 100) < percent;
}

void fail(const struct world *w, const char *fmt, ...)
{
    va_list args;

    fprintf(stderr, "sim: seed %llu, ", (unsigned long long)w->options.seed);
    if (w->step < 0)
        fprintf(stderr, "%s",
                w->step == BEGINNING ? "before the first step" : "after the last step");
    else
        fprintf(stderr, "step %lld", (long long)w->step);
    fprintf(stderr, " (%s), time %lld: ", w->is_exact ? "exact" : "with faults",
            (long long)w->truth);
    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    va_end(args);
    fprintf(stderr, "\n");
    fflush(NULL);
    _exit(1);
}

/* What is to be done next by Tocsin's own clock: a timer, a look at what is muted, a sign of life that is missing. */
struct next {
    struct incident_row *row;
    struct key_row *waits;
    struct beat *beat;
    int64_t due_ms;
};

static struct next find_next(struct world *w)
{
    struct next n = {.row = w->n_timers > 0 ? w->timers[0] : NULL, .due_ms = INT64_MAX};
    struct key_row *waits = mutes_next(w);
    struct beat *beat = heartbeats_next(w);

    if (n.row)
        n.due_ms = n.row->due_ms;
    if (waits && waits->waiting.due_ms < n.due_ms)
        n = (struct next){.waits = waits, .due_ms = waits->waiting.due_ms};
    if (beat && heartbeats_due(beat) < n.due_ms)
        n = (struct next){.beat = beat, .due_ms = heartbeats_due(beat)};
    return n;
}

/* Unless it is later than that: by Tocsin's own clock, or some seconds after. */
static bool do_next(struct world *w, int64_t truth_ms)
{
    struct next n = find_next(w);
    int64_t at;

    if (n.due_ms == INT64_MAX)
        return false;
    at = n.due_ms - w->skew + w->latency;
    if (at > truth_ms)
        return false;
    if (at > w->truth)
        w->truth = at;
    if (n.row)
        turn_timer(w, n.row);
    else if (n.waits)
        alarms_look(w, n.waits);
    else
        heartbeats_miss(w, n.beat);
    return true;
}

/* Lets time pass. */
static void advance(struct world *w, int64_t truth_ms)
{
    while (do_next(w, truth_ms))
        ;
    w->truth = truth_ms;
}

static void deliver_next(struct world *w)
{
    struct pending p;

    if (w->n_pending == 0)
        return;
    p = pending_take(w, 0);
    advance(w, p.at_ms > w->truth ? p.at_ms : w->truth + 1);
    trace_pending(w, &p);
    if (p.kind == PENDING_ALARM)
        alarms_deliver(w, &p);
    else
        people_answer(w, &p);
}

/* What is on its way arrives meanwhile. */
static void pass_time(struct world *w, int64_t ms)
{
    int64_t until = w->truth + ms;

    while (w->n_pending > 0 && w->pending[0].at_ms < until)
        deliver_next(w);
    advance(w, until > w->truth ? until : w->truth + 1);
}

static void lose_message(struct world *w)
{
    struct pending lost;

    if (w->n_pending == 0)
        return;
    lost = pending_take(w, (size_t)rng_below(&w->rng, (int64_t)w->n_pending));
    if (lost.kind == PENDING_RESULT)
        w->incidents[lost.key].has_lost = true;
}

/* Tocsin is down while time passes, its clock is set, its configuration changes, a message is lost. */
static void disturb(struct world *w)
{
    int64_t dice = rng_below(&w->rng, 5);

    if (dice == 0 && world_has(w, DOWNTIME)) {
        w->truth += MIN + rng_below(&w->rng, rng_chance(&w->rng, 10) ? 2 * DAY : HOUR);
        w->listens_ms = now_of(w);
    } else if (dice == 1 && world_has(w, CLOCKS))
        w->skew -= rng_below(&w->rng, HOUR);
    else if (dice == 2 && world_has(w, CLOCKS))
        w->skew += rng_below(&w->rng, HOUR);
    else if (dice == 3 && world_has(w, CHANNELS))
        config_disturb(w);
    else if (dice == 4 && world_has(w, LOSSES))
        lose_message(w);
}

/* What is rare: each of it by chance of some in a thousand. Returns whether something was. */
static bool seldom(struct world *w, int64_t dice)
{
    if (dice < 302 && world_has(w, STORMS))
        alarms_storm(w);
    else if (dice >= 302 && dice < 304 && world_has(w, OUTAGES))
        people_outage(w);
    else if (dice >= 304 && dice < 308 && world_has(w, RENAMES))
        config_rename_plan(w);
    else if (dice >= 308 && dice < 312 && world_has(w, ROTATIONS))
        rotations_change(w);
    else if (dice >= 312 && dice < 315 && world_has(w, PLANS))
        config_replan(w);
    else if (dice >= 315 && dice < 318 && world_has(w, SPLITS))
        split_some(w);
    else if (dice >= 318 && dice < 320 && world_has(w, MUTES))
        mutes_change(w);
    return dice < 320;
}

static void step(struct world *w)
{
    int64_t dice = rng_below(&w->rng, 1000);

    if (dice < 300)
        alarms_change(w);
    else if (seldom(w, dice))
        return;
    else if (dice < 330) {
        pass_time(w, 1 + rng_below(&w->rng, MIN));
        if (world_has(w, USERS))
            people_act(w);
    } else if (dice < 340 + w->pace)
        pass_time(w, 1 + rng_below(&w->rng, 20 * MIN));
    else if (dice < 350 + w->pace && !w->is_exact)
        disturb(w);
    else
        deliver_next(w);
}

/* The faults end: everything on its way arrives, every alarm gets well, days pass. */
static void calm_down(struct world *w)
{
    w->skew = 0;
    w->outage_ms = 0;
    mutes_end(w);
    if (!w->is_exact)
        config_restore(w);
    while (w->n_pending > 0)
        deliver_next(w);
    advance(w, w->truth + HOUR);
    alarms_all_ok(w);
    heartbeats_end(w);
    advance(w, w->truth + 3 * DAY);
    while (w->n_pending > 0)
        deliver_next(w);
    advance(w, w->truth + 3 * DAY);
}

static void check_quiet(struct world *w)
{
    if (w->n_timers > 0)
        fail(w, "work is left after days of quiet, due at %lld", (long long)w->timers[0]->due_ms);
    if (w->n_waiting > 0)
        fail(w, "something is still muted after days of quiet");
    for (size_t i = 0; i < w->n_keys; i++)
        if (w->keys[i].lane.is_firing)
            fail(w, "%s fires after it was told to be OK", w->keys[i].name);
    for (size_t i = 0; i < w->n_incidents; i++) {
        const struct incident_row *row = &w->incidents[i];

        if (row->incident.status == TCN_STATUS_OPEN && row->incident.source_name &&
            !row->person_reopened)
            fail(w, "incident %zu of %s is open after days of quiet", i, row->incident.source_name);
    }
}

/* Some days before clocks are set, or a month, or a year, or February ends. */
static int64_t some_start(struct rng *r)
{
    static const int dates[][3] = {{2026, 3, 5},  {2026, 3, 26},  {2026, 4, 2},   {2026, 8, 2},
                                   {2026, 10, 2}, {2026, 10, 23}, {2026, 12, 29}, {2028, 2, 26}};
    const int *d = dates[rng_below(r, 8)];

    return date_days(d[0], d[1], d[2]) * DAY + rng_below(r, 3 * DAY);
}

/* Each step has its own chances: without some of them the others stay as they are. */
static void draw(struct world *w, int64_t step)
{
    struct rng mixed = {w->options.seed * UINT64_C(0xD1342543DE82EF95) + (uint64_t)step};

    w->step = step;
    w->rng.state = rng_next(&mixed);
}

static void check_all(struct world *w)
{
    for (size_t i = 0; i < w->n_incidents; i++) {
        if (w->is_exact)
            oracle_pages(w, &w->incidents[i]);
        oracle_spacing(w, &w->incidents[i]);
        explain_check(w, &w->incidents[i]);
    }
    oracle_storm(w);
}

static void begin(struct world *w)
{
    draw(w, BEGINNING);
    w->is_exact = rng_chance(&w->rng, 50);
    w->latency = rng_chance(&w->rng, 50) ? rng_below(&w->rng, 20 * SEC) : 0;
    w->latency = world_has(w, LATENCY) ? w->latency : 0;
    w->pace = 10 + rng_below(&w->rng, 300);
    w->truth = w->start = some_start(&w->rng);
    tcn_arena_init(&w->turn, 256u << 20);
    tcn_arena_init(&w->fresh, 256u << 20);
    tcn_arena_init(&w->config, 256u << 20);
    config_make(w);
    heartbeats_make(w);
    if (w->options.store)
        w->options.store->open(w);
}

void world_run(struct world *w, int64_t *step_now)
{
    begin(w);
    for (int64_t i = w->options.from; i < w->options.steps; i++) {
        *step_now = i;
        draw(w, i);
        step(w);
        if (rng_chance(&w->rng, SIGN_PERCENT) && world_has(w, HEARTBEATS))
            heartbeats_sign(w);
    }
    *step_now = w->options.steps;
    draw(w, END);
    calm_down(w);
    check_all(w);
    check_quiet(w);
    if (w->options.store)
        w->options.store->close(w);
    heartbeats_done(w);
    mutes_done(w);
    store_done(w);
    rotations_done(w);
    config_done(w);
    tcn_arena_done(&w->turn);
    tcn_arena_done(&w->fresh);
    tcn_arena_done(&w->config);
}
