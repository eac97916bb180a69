/* The simulator: runs of the engine in a world of its own, seeded, with checks after every step and whole-run oracles
 * at the end. sim_engine [--seed N|today] [--runs N] [--steps N] */
#include "world.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define START INT64_C(1785690000000) /* 2026-08-02 */

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

    fprintf(stderr,
            "sim: seed %llu step %lld (%s) time %lld: ", (unsigned long long)w->options.seed,
            (long long)w->step, w->is_exact ? "exact" : "with faults", (long long)w->truth);
    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    va_end(args);
    fprintf(stderr, "\nsim: again with --seed %llu --runs 1 --steps %lld\n",
            (unsigned long long)w->options.seed, (long long)w->options.steps);
    exit(1);
}

static struct incident_row *earliest_timer(struct world *w, int64_t *ret_due)
{
    struct incident_row *best = NULL;

    for (size_t i = 0; i < w->n_incidents; i++) {
        struct incident_row *row = &w->incidents[i];

        if (row->due_ms != 0 && (!best || row->due_ms < best->due_ms))
            best = row;
    }
    *ret_due = best ? best->due_ms : 0;
    return best;
}

/* Lets time pass; every timer runs when it is due by Tocsin's own clock, or some seconds after. */
static void advance(struct world *w, int64_t truth_ms)
{
    struct incident_row *row;
    int64_t due;

    while ((row = earliest_timer(w, &due)) != NULL && due - w->skew + w->latency <= truth_ms) {
        if (due - w->skew + w->latency > w->truth)
            w->truth = due - w->skew + w->latency;
        turn_timer(w, row);
    }
    w->truth = truth_ms;
}

static size_t earliest_pending(const struct world *w)
{
    size_t best = w->n_pending;

    for (size_t i = 0; i < w->n_pending; i++)
        if (best == w->n_pending || w->pending[i].at_ms < w->pending[best].at_ms)
            best = i;
    return best;
}

static void deliver_next(struct world *w)
{
    size_t at = earliest_pending(w);
    struct pending p;

    if (at == w->n_pending)
        return;
    p = w->pending[at];
    w->pending[at] = w->pending[--w->n_pending];
    advance(w, p.at_ms > w->truth ? p.at_ms : w->truth + 1);
    if (p.kind == PENDING_ALARM)
        alarms_deliver(w, &p);
    else
        people_answer(w, &p);
}

/* What is on its way arrives meanwhile. */
static void pass_time(struct world *w, int64_t ms)
{
    int64_t until = w->truth + ms;
    size_t at;

    while ((at = earliest_pending(w)) < w->n_pending && w->pending[at].at_ms < until)
        deliver_next(w);
    advance(w, until > w->truth ? until : w->truth + 1);
}

/* Tocsin is down while time passes, its clock is set, its configuration changes, a message is lost. */
static void disturb(struct world *w)
{
    switch (rng_below(&w->rng, 5)) {
    case 0:
        w->truth += MIN + rng_below(&w->rng, rng_chance(&w->rng, 10) ? 2 * DAY : HOUR);
        break;
    case 1:
        w->skew -= rng_below(&w->rng, HOUR);
        break;
    case 2:
        w->skew += rng_below(&w->rng, HOUR);
        break;
    case 3:
        config_disturb(w);
        break;
    default:
        if (w->n_pending > 0) {
            size_t lost = (size_t)rng_below(&w->rng, (int64_t)w->n_pending);

            if (w->pending[lost].kind == PENDING_RESULT)
                w->incidents[w->pending[lost].key].has_lost = true;
            w->pending[lost] = w->pending[--w->n_pending];
        }
    }
}

static void step(struct world *w)
{
    int64_t dice = rng_below(&w->rng, 1000);

    if (dice < 300)
        alarms_change(w);
    else if (dice < 302)
        alarms_storm(w);
    else if (dice < 304)
        people_outage(w);
    else if (dice < 308)
        config_rename_plan(w);
    else if (dice < 330) {
        pass_time(w, 1 + rng_below(&w->rng, MIN));
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
    if (!w->is_exact)
        config_restore(w);
    while (w->n_pending > 0)
        deliver_next(w);
    advance(w, w->truth + HOUR);
    alarms_all_ok(w);
    advance(w, w->truth + 3 * DAY);
    while (w->n_pending > 0)
        deliver_next(w);
    advance(w, w->truth + 3 * DAY);
}

static void check_quiet(struct world *w)
{
    int64_t due;

    if (earliest_timer(w, &due))
        fail(w, "work is left after days of quiet, due at %lld", (long long)due);
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

static void check_all(struct world *w)
{
    for (size_t i = 0; i < w->n_incidents; i++) {
        if (w->is_exact)
            oracle_pages(w, &w->incidents[i]);
        oracle_spacing(w, &w->incidents[i]);
    }
    oracle_storm(w);
}

static void run(struct world *w)
{
    config_make(w);
    w->truth = START;
    for (w->step = 0; w->step < w->options.steps; w->step++)
        step(w);
    check_all(w);
    calm_down(w);
    check_all(w);
    check_quiet(w);
}

static void begin(struct world *w, const struct options *options, uint64_t seed)
{
    struct world fresh = {.options = *options,
                          .rng = {seed},
                          .keys = w->keys,
                          .incidents = w->incidents,
                          .pending = w->pending};

    *w = fresh;
    w->options.seed = seed;
    w->is_exact = rng_chance(&w->rng, 50);
    w->latency = rng_chance(&w->rng, 50) ? rng_below(&w->rng, 20 * SEC) : 0;
    w->pace = 10 + rng_below(&w->rng, 300);
    tcn_arena_init(&w->turn, 256u << 20);
}

static uint64_t parse_seed(const char *text)
{
    return strcmp(text, "today") == 0 ? (uint64_t)time(NULL) / 86400 * 100000
                                      : strtoull(text, NULL, 10);
}

static void parse(int argc, char **argv, struct options *ret, int64_t *ret_runs)
{
    for (int i = 1; i < argc; i++) {
        bool has_value = i + 1 < argc;

        if (strcmp(argv[i], "--seed") == 0 && has_value)
            ret->seed = parse_seed(argv[++i]);
        else if (strcmp(argv[i], "--runs") == 0 && has_value)
            *ret_runs = strtoll(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--steps") == 0 && has_value)
            ret->steps = strtoll(argv[++i], NULL, 10);
        else {
            fprintf(stderr, "usage: sim_engine [--seed N|today] [--runs N] [--steps N]\n");
            exit(2);
        }
    }
}

struct totals {
    int64_t steps, turns, sends, answers, crashes, days, flapped, early, echoes, tries, after_all;
    int64_t verdicts[TCN_INTAKE_HELD + 1];
};

static void add(struct totals *t, const struct world *w)
{
    t->steps += w->step;
    t->turns += w->turns;
    t->sends += w->sends;
    t->answers += w->answers;
    t->crashes += w->crashes;
    t->flapped += w->flapped;
    t->early += w->early;
    t->echoes += w->echoes;
    t->tries += w->tries;
    t->after_all += w->after_all;
    t->days += (w->truth - START) / DAY;
    for (size_t i = 0; i <= TCN_INTAKE_HELD; i++)
        t->verdicts[i] += w->verdicts[i];
}

static void print(const struct totals *t, double seconds)
{
    static const char *const names[] = {"unset",    "nothing",  "ignored", "late",
                                        "opened",   "folded",   "updated", "waiting",
                                        "resolved", "reopened", "storm",   "held"};

    printf(
        "sim: %lld steps, %lld decisions, %lld crashes, %lld messages, %lld answers, %.1f years\n",
        (long long)t->steps, (long long)t->turns, (long long)t->crashes, (long long)t->sends,
        (long long)t->answers, (double)t->days / 365.0);
    printf("sim: alarms:");
    for (size_t i = TCN_INTAKE_NOTHING; i <= TCN_INTAKE_HELD; i++)
        printf(" %s %lld", names[i], (long long)t->verdicts[i]);
    printf(
        " (flapping %lld, echoes that fired %lld)\nsim: stages before their time: %lld; tries "
        "while "
        "nobody is reached: %lld, %lld got through\nsim: %.1f s, %.0f steps/s, %.0f decisions/s\n",
        (long long)t->flapped, (long long)t->echoes, (long long)t->early, (long long)t->tries,
        (long long)t->after_all, seconds, (double)t->steps / seconds, (double)t->turns / seconds);
}

/* A search that never got somewhere proves nothing about that place. */
static int check_reach(const struct totals *t)
{
    if (t->steps < 50000)
        return 0;
    for (size_t i = TCN_INTAKE_NOTHING; i <= TCN_INTAKE_HELD; i++)
        if (t->verdicts[i] == 0) {
            fprintf(stderr, "sim: no alarm ever came to verdict %zu\n", i);
            return 1;
        }
    return t->flapped == 0 || t->crashes == 0 || t->answers == 0 || t->early == 0 ||
           t->echoes == 0 || t->after_all == 0;
}

static double now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    struct options options = {.seed = 1, .steps = 1000};
    struct world *w = calloc(1, sizeof *w);
    struct totals totals = {0};
    int64_t runs = 50;
    double start;

    parse(argc, argv, &options, &runs);
    w->keys = calloc(MAX_KEYS, sizeof *w->keys);
    w->incidents = calloc(MAX_INCIDENTS, sizeof *w->incidents);
    w->pending = calloc(MAX_PENDING, sizeof *w->pending);
    printf("sim: seeds %llu..%llu, %lld steps each\n", (unsigned long long)options.seed,
           (unsigned long long)options.seed + (unsigned long long)runs - 1,
           (long long)options.steps);
    fflush(stdout);
    start = now_s();
    for (int64_t i = 0; i < runs; i++) {
        begin(w, &options, options.seed + (uint64_t)i);
        run(w);
        add(&totals, w);
        store_done(w);
        tcn_arena_done(&w->turn);
    }
    print(&totals, now_s() - start);
    free(w->keys);
    free(w->incidents);
    free(w->pending);
    free(w);
    return check_reach(&totals);
}
