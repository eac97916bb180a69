#include "app/timers.h"
#include "app/catalog.h"
#include "app/turn.h"
#include "base/xalloc.h"

#include <stdlib.h>

/* Of the lane in hand: an incident may have lanes of several sources. */
static const struct tcn_source_policy *policy_of(const struct tcn_timer_job *job,
                                                 const struct tcn_aggregate *a)
{
    return tcn_policy_of(job->world.policies,
                         a->lane.exists ? a->lane.source : a->incident.source_name);
}

/* a: of the incident whose timer it is, or of the one that takes its echo. */
static int decide(struct tcn_timer_job *job, struct tcn_store *s, struct tcn_id incident,
                  struct tcn_aggregate *a, int64_t now_ms, struct tcn_err *err)
{
    bool follows = !tcn_id_eq(a->incident.id, incident);
    struct tcn_decision d;
    int r;

    tcn_decision_init(&d, &job->arena);
    d.subject = a;
    a->listens_ms = job->listens_ms;
    tcn_engine_timer(a, policy_of(job, a), job->world.directory, job->world.salt, now_ms, &d);
    job->has_sends |= d.sends.n > 0;
    job->has_tickets |= d.tickets_due;
    tcn_milestones_note(&job->milestones, &d);
    r = tcn_turn_write(s, &d, NULL, now_ms, err);
    return r < 0 || !follows ? r : tcn_turn_left(s, incident, &d, err);
}

static int run_one(struct tcn_timer_job *job, struct tcn_store *s, struct tcn_id id, int64_t now_ms,
                   struct tcn_err *err)
{
    struct tcn_aggregate *a;
    int64_t due;
    bool is_ours;
    int r;

    tcn_arena_reset(&job->arena); /* a turn each, however many are due */
    a = TCN_NEW(&job->arena, struct tcn_aggregate);
    r = tcn_turn_load(s, id, &job->arena, a, err);
    if (r == TCN_ENOTFOUND) {
        job->n_run++;
        return tcn_store_timer_set(s, id, 0, err);
    }
    if (r < 0)
        return r;
    due = tcn_engine_next_due(a);
    if ((r = tcn_turn_follow_echo(s, now_ms, &job->arena, a, &is_ours, err)) < 0)
        return r;
    if (!is_ours)
        return 0;
    job->n_run++;
    if (due > 0 && now_ms - due > job->late_ms)
        job->late_ms = now_ms - due;
    return decide(job, s, id, a, now_ms, err);
}

/* Waiting for an incident that another node is at work on could be waiting for each other: its timer is ours by now. */
static int run_unless_taken(struct tcn_timer_job *job, struct tcn_store *s, struct tcn_id id,
                            int64_t now_ms, struct tcn_err *err)
{
    bool is_ours;
    int r = tcn_store_try_incident(s, id, &is_ours, err);

    if (r < 0 || !is_ours)
        return r;
    return run_one(job, s, id, now_ms, err);
}

static int run(struct tcn_job *base, struct tcn_store *s, int64_t now_ms, struct tcn_err *err)
{
    struct tcn_timer_job *job = (struct tcn_timer_job *)base;
    struct tcn_id ids[TCN_TIMER_BATCH];
    size_t n = 0;
    int r;

    job->has_sends = job->has_tickets = false;
    job->late_ms = 0;
    job->milestones = (struct tcn_milestones){0};
    job->n_run = 0;
    if ((r = tcn_catalog_fresh(s, job->world.declared, now_ms, &job->world.directory, err)) < 0 ||
        (r = tcn_store_timer_due(s, now_ms, TCN_TIMER_BATCH, ids, &n, err)) < 0)
        return r;
    for (size_t i = 0; i < n && r == 0; i++)
        r = run_unless_taken(job, s, ids[i], now_ms, err);
    if (r < 0 || (r = tcn_store_next_due(s, &job->next_ms, err)) < 0)
        return r;
    return tcn_store_waiting_next(s, &job->waiting_ms, err);
}

static void done(struct tcn_job *base, int r, const struct tcn_err *err)
{
    struct tcn_timer_job *job = (struct tcn_timer_job *)base;

    job->finished(job, r, err);
}

struct tcn_timer_job *tcn_timer_job_new(const struct tcn_command_world *world)
{
    struct tcn_timer_job *job = tcn_xcalloc(1, sizeof *job);

    tcn_arena_init(&job->arena, TCN_TURN_ARENA);
    job->job.run = run;
    job->job.done = done;
    job->world = *world;
    return job;
}

void tcn_timer_job_free(struct tcn_timer_job *job)
{
    if (!job)
        return;
    tcn_arena_done(&job->arena);
    free(job);
}
