#include "engine/reach.h"

#include "engine/page.h"
#include "engine/run.h"

/* Of those whom the latest stage engaged. */
static int64_t latest_start(const struct tcn_engagement *e)
{
    int64_t latest = 0;

    for (size_t i = 0; i < e->n_runs; i++)
        if (e->runs[i].start_ms > latest)
            latest = e->runs[i].start_ms;
    return latest;
}

/* From when on nobody whom the latest stage engaged is reached any more; 0 = somebody may be, or has answered. Who could
 * not be paged at all does not count: such a stage is waited for. */
static int64_t nobody_reached(const struct tcn_engagement *e, int64_t latest)
{
    int64_t lost = 0;

    for (size_t i = 0; i < e->n_runs; i++) {
        int64_t at = 0;

        if (e->runs[i].start_ms != latest)
            continue;
        if (tcn_run_reach(e, &e->runs[i], &at) == TCN_REACH_MAYBE)
            return 0;
        if (at > lost)
            lost = at;
    }
    return lost;
}

static bool is_engaged_since(const struct tcn_engagement *e, const char *contact, int64_t start_ms)
{
    for (size_t i = 0; i < e->n_runs; i++)
        if (e->runs[i].start_ms == start_ms && strcmp(e->runs[i].contact, contact) == 0)
            return true;
    return false;
}

static bool has_another_person(const struct tcn_engagement *e, int64_t latest, int64_t at_ms)
{
    for (size_t i = e->next_stage; i < e->plan.n_stages; i++)
        for (size_t k = 0; k < e->plan.stages[i].n_targets; k++) {
            const char *contact = e->plan.stages[i].targets[k].contact;

            if (contact && !is_engaged_since(e, contact, latest) &&
                tcn_run_may_start(e, contact, at_ms))
                return true;
        }
    return false;
}

int64_t tcn_reach_next_stage(const struct tcn_engagement *e)
{
    int64_t latest, lost;

    if (e->next_stage_ms == 0)
        return 0;
    latest = latest_start(e);
    lost = nobody_reached(e, latest);
    return lost != 0 && lost < e->next_stage_ms && has_another_person(e, latest, lost)
               ? lost
               : e->next_stage_ms;
}

/* Somebody has the message, may get it, or will be paged without waiting for what failed already. */
static bool may_reach(const struct tcn_engagement *e, int64_t now_ms)
{
    for (size_t i = 0; i < e->n_pages; i++)
        if (e->pages[i].lost_ms == 0 || e->pages[i].lost_ms > now_ms)
            return true;
    for (size_t i = 0; i < e->n_runs; i++) {
        int64_t lost = 0;

        if (tcn_run_reach(e, &e->runs[i], &lost) == TCN_REACH_MAYBE)
            return true;
    }
    return e->next_stage_ms != 0 && has_another_person(e, latest_start(e), now_ms);
}

bool tcn_reach_counts(const struct tcn_aggregate *a, const struct tcn_engagement *e)
{
    int64_t answered = a->incident.acknowledged_ms;

    return e->stop_ms == 0 &&
           (answered == 0 || (e->start_ms > answered && !e->progression_stopped));
}

static bool may_have_arrived(const struct tcn_aggregate *a)
{
    for (size_t i = 0; i < a->n_engagements; i++) {
        const struct tcn_engagement *e = &a->engagements[i];

        for (size_t k = 0; k < e->n_pages && tcn_reach_counts(a, e); k++)
            if (tcn_page_is_doubtful(&e->pages[k]))
                return true;
    }
    return false;
}

static bool has_pages(const struct tcn_aggregate *a)
{
    for (size_t i = 0; i < a->n_engagements; i++)
        if (tcn_reach_counts(a, &a->engagements[i]) && a->engagements[i].n_pages > 0)
            return true;
    return false;
}

void tcn_reach_nobody(const struct tcn_step *s)
{
    s->a->incident.unreached_ms = s->now_ms;
    s->d->incident_changed = true;
    s->d->nobody_reached = true;
}

static void mark_reached(const struct tcn_step *s)
{
    s->d->incident_changed |= s->a->incident.unreached_ms != 0;
    s->a->incident.unreached_ms = 0;
}

static void say_nobody(const struct tcn_step *s)
{
    const char *who = s->a->incident.acknowledged_ms == 0
                          ? "nobody"
                          : "nobody of those who were engaged after the answer";

    if (s->d->is_doubtful)
        tcn_step_say(s, true,
                     "%s is known to be reached: a page may have arrived, and nobody is left to "
                     "page",
                     who);
    else
        tcn_step_say(s, true, "%s is reached: %s", who,
                     has_pages(s->a) ? "no page got through, and nobody is left to page"
                                     : "nobody who is engaged can be paged");
}

void tcn_reach_judge(const struct tcn_step *s)
{
    const struct tcn_aggregate *a = s->a;
    bool is_engaged = false;

    if (!tcn_aggregate_is_open(a))
        return;
    for (size_t i = 0; i < a->n_engagements; i++) {
        if (!tcn_reach_counts(a, &a->engagements[i]))
            continue;
        is_engaged = true;
        if (may_reach(&a->engagements[i], s->now_ms)) {
            mark_reached(s);
            return;
        }
    }
    if (!is_engaged || a->incident.unreached_ms != 0)
        return;
    tcn_reach_nobody(s);
    s->d->is_doubtful = may_have_arrived(a);
    say_nobody(s);
}
