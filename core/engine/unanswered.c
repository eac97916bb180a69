#include "engine/unanswered.h"

#define TIME_TO_ANSWER_MS 300000

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* Its runs began with it: how long a stage that engaged nobody new is waited for is not looked at. */
static int64_t last_stage_ends(const struct tcn_engagement *e, const struct tcn_run *run)
{
    return e->plan.n_stages > 0 ? run->start_ms + e->plan.stages[e->plan.n_stages - 1].duration_ms
                                : 0;
}

/* False: something of it is to come. Otherwise *ends_ms is not before its end. */
static bool has_end(const struct tcn_engagement *e, int64_t *ends_ms)
{
    if (e->next_stage_ms != 0)
        return false;
    for (size_t i = 0; i < e->n_runs; i++) {
        const struct tcn_run *run = &e->runs[i];

        if (run->next_stage_ms != 0)
            return false;
        *ends_ms = later(*ends_ms, later(run->ends_ms, last_stage_ends(e, run)));
    }
    for (size_t i = 0; i < e->n_pages; i++) {
        if (e->pages[i].next_send_ms != 0)
            return false;
        *ends_ms =
            later(*ends_ms, later(e->pages[i].first_ms, e->pages[i].sent_ms) + TIME_TO_ANSWER_MS);
    }
    return true;
}

static bool may_be_unanswered(const struct tcn_incident *i)
{
    return i->exists && i->status == TCN_STATUS_OPEN && i->acknowledged_ms == 0 &&
           i->unreached_ms == 0;
}

int64_t tcn_unanswered_due(const struct tcn_aggregate *a)
{
    int64_t ends_ms = 0;
    bool is_untold = false;

    for (size_t i = 0; i < a->n_engagements; i++) {
        const struct tcn_engagement *e = &a->engagements[i];

        if (e->stop_ms != 0)
            continue;
        if (!has_end(e, &ends_ms))
            return 0;
        is_untold |= !e->progression_stopped;
    }
    return is_untold && may_be_unanswered(&a->incident) ? ends_ms : 0;
}

static void mark(const struct tcn_step *s)
{
    for (size_t i = 0; i < s->a->n_engagements; i++) {
        struct tcn_engagement *e = &s->a->engagements[i];

        if (e->stop_ms != 0 || e->progression_stopped)
            continue;
        e->progression_stopped = true;
        e->is_dirty = true;
    }
}

void tcn_unanswered_judge(const struct tcn_step *s)
{
    int64_t due_ms = tcn_unanswered_due(s->a);

    if (due_ms == 0 || due_ms > s->now_ms)
        return;
    mark(s);
    s->d->nobody_answered = true;
    tcn_step_say(s, true, "Nobody has answered; nobody is paged any more.");
}
