/* Sources that must show a sign of life: signs that come, or stop coming for a while, and whether what is missing is told in time,
 * by brute force. */
#include "world.h"

#include <stdio.h>

#define QUIET_PERCENT 15 /* of the signs after which none come for a while */
#define SLACK_PART 10
#define SLACK_MAX (30 * SEC)

static const struct tcn_source_policy *policy_of(const struct world *w, const struct beat *b)
{
    return &w->policies[b->key.source];
}

void heartbeats_make(struct world *w)
{
    static const char *const names[MAX_BEATS] = {"backup", "watchdog"};

    for (int i = 0; i < MAX_BEATS; i++) {
        struct beat *b = &w->beats[i];

        /* Longer than the echo window: what is missing is news by then. */
        b->heartbeat = (struct tcn_heartbeat){
            .name = names[i], .missing_after_ms = 2 * MIN + rng_below(&w->rng, 2 * HOUR)};
        b->key.source = i;
        b->key.is_beat = true;
        snprintf(b->key.name, sizeof b->key.name, "!/%s/%s", policy_of(w, b)->name, names[i]);
    }
}

/* -- turns -------------------------------------------------------------------------------------------------------- */

struct beat_turn {
    const struct beat *beat;
    const struct tcn_alarm *alarm;
    struct tcn_id new_id;
};

static struct tcn_intake_input input_of(struct world *w, const struct beat_turn *t)
{
    return (struct tcn_intake_input){.alarm = t->alarm,
                                     .policy = policy_of(w, t->beat),
                                     .directory = &w->directory,
                                     .mutes = mutes_now(w),
                                     .new_id = t->new_id,
                                     .salt = 7,
                                     .now_ms = now_of(w)};
}

static int64_t known_of(const struct beat *b)
{
    return b->key.waiting.kind == TCN_WAITING_HEARTBEAT ? b->key.waiting.due_ms : 0;
}

static enum tcn_intake be_alive(struct world *w, struct tcn_aggregate *a, void *ctx,
                                struct tcn_decision *d)
{
    const struct beat_turn *t = ctx;
    const struct tcn_intake_input in = input_of(w, t);

    return tcn_engine_alive(&in, &t->beat->heartbeat, known_of(t->beat), a, d);
}

static enum tcn_intake be_missing(struct world *w, struct tcn_aggregate *a, void *ctx,
                                  struct tcn_decision *d)
{
    const struct beat_turn *t = ctx;
    const struct tcn_intake_input in = input_of(w, t);

    a->listens_ms = w->listens_ms;
    return tcn_engine_missing(&in, &t->beat->heartbeat, a, d);
}

/* As when its configuration has it no more. */
static enum tcn_intake be_forgotten(struct world *w, struct tcn_aggregate *a, void *ctx,
                                    struct tcn_decision *d)
{
    const struct beat_turn *t = ctx;

    (void)w;
    d->subject = a;
    d->waiting = (struct tcn_waiting){.dedupe_key = t->beat->key.name};
    d->waiting_changed = true;
    d->next_due_ms = tcn_engine_next_due(a);
    return TCN_INTAKE_NOTHING;
}

static enum tcn_intake run(struct world *w, struct beat *b, bool is_missing, turn_decide *decide)
{
    struct tcn_arena arena;
    struct tcn_alarm alarm;
    struct beat_turn ctx = {.beat = b, .alarm = &alarm};
    enum tcn_intake verdict;

    tcn_arena_init(&arena, 1u << 16);
    alarm = tcn_heartbeat_alarm(policy_of(w, b), &b->heartbeat, is_missing, &arena);
    ctx.new_id = tcn_id_child((struct tcn_id){{5}}, "incident", rng_next(&w->rng));
    verdict = alarms_turn(w, &b->key, &alarm, decide, &ctx);
    tcn_arena_done(&arena);
    return verdict;
}

/* -- signs -------------------------------------------------------------------------------------------------------- */

static void sign(struct world *w, struct beat *b)
{
    int64_t silent_ms = now_of(w) - b->signed_ms;

    if (w->is_exact && b->key.told_firing && silent_ms < b->heartbeat.missing_after_ms)
        fail(w, "%s was missing after %lld ms", b->key.name, (long long)silent_ms);
    b->signed_ms = now_of(w);
    b->key.told_firing = false;
    run(w, b, false, be_alive);
    alarms_check(w, &b->key);
    if (w->is_exact && known_of(b) < b->signed_ms + b->heartbeat.missing_after_ms)
        fail(w, "%s is due at %lld, before its time", b->key.name, (long long)known_of(b));
}

void heartbeats_sign(struct world *w)
{
    struct beat *b = &w->beats[rng_below(&w->rng, MAX_BEATS)];
    bool falls_silent = rng_chance(&w->rng, QUIET_PERCENT);
    int64_t for_ms = rng_below(&w->rng, 3 * b->heartbeat.missing_after_ms);

    if (w->truth < b->silent_until_ms)
        return;
    sign(w, b);
    if (falls_silent)
        b->silent_until_ms = w->truth + for_ms;
}

/* -- what is missing ---------------------------------------------------------------------------------------------- */

struct beat *heartbeats_next(struct world *w)
{
    struct beat *next = NULL;

    for (int i = 0; i < MAX_BEATS; i++)
        if (known_of(&w->beats[i]) != 0 && (!next || known_of(&w->beats[i]) < known_of(next)))
            next = &w->beats[i];
    return next;
}

int64_t heartbeats_due(const struct beat *b)
{
    return known_of(b);
}

/* Not before its time, and not long after: clocks that jump and times without a listener are of runs that are not exact. */
static void check_time(struct world *w, const struct beat *b, int64_t due_ms)
{
    int64_t after = b->heartbeat.missing_after_ms, slack = after / SLACK_PART;

    if (slack > SLACK_MAX)
        slack = SLACK_MAX;
    if (due_ms < b->signed_ms + after || due_ms > b->signed_ms + after + slack)
        fail(w, "%s, last heard of at %lld, is missing at %lld", b->key.name,
             (long long)b->signed_ms, (long long)due_ms);
}

void heartbeats_miss(struct world *w, struct beat *b)
{
    enum tcn_intake verdict;

    if (w->is_exact)
        check_time(w, b, known_of(b));
    verdict = run(w, b, true, be_missing);
    if (b->key.waiting.kind == TCN_WAITING_HEARTBEAT) { /* nobody has listened for long enough */
        if (w->is_exact || verdict != TCN_INTAKE_NOTHING)
            fail(w, "%s is not missing", b->key.name);
        return;
    }
    b->key.told_firing = true;
    w->missed++;
    alarms_check(w, &b->key);
}

void heartbeats_end(struct world *w)
{
    for (int i = 0; i < MAX_BEATS; i++) {
        if (!world_has(w, HEARTBEATS))
            continue;
        sign(w, &w->beats[i]);
        run(w, &w->beats[i], false, be_forgotten);
    }
}

void heartbeats_done(struct world *w)
{
    for (int i = 0; i < MAX_BEATS; i++) {
        if (w->beats[i].key.lane.is_firing)
            fail(w, "%s is missing after its last sign", w->beats[i].key.name);
        tcn_arena_done(&w->beats[i].key.arena);
        tcn_arena_done(&w->beats[i].key.waits);
    }
}
