/* A person answers: what an acknowledgement stops (spec incidents-contacts 5.5). */
#include "engine/acknowledge.h"
#include "engine/engine.h"
#include "engine/event_data.h"
#include "engine/page.h"
#include "engine/run.h"
#include "engine/step.h"
#include "engine/tries.h"

/* One that was reopened is told anew; one that engages nobody is told by being there. */
static int64_t told_ms(const struct tcn_aggregate *a)
{
    for (size_t i = 0; i < a->n_engagements; i++)
        if (a->engagements[i].stop_ms == 0)
            return a->engagements[i].start_ms;
    return a->incident.created_ms;
}

/* The first answer counts; a later one is on the timeline only, and ends what it stops. */
static void mark_incident(const struct tcn_step *s, const char *actor)
{
    struct tcn_incident *i = &s->a->incident;

    if (i->status != TCN_STATUS_OPEN)
        return;
    if (i->acknowledged_ms == 0) {
        i->acknowledged_ms = s->now_ms;
        s->d->acknowledged = true;
        s->d->acknowledged_after_ms = s->now_ms - told_ms(s->a);
        i->unreached_ms = 0;
        i->acknowledged_by = tcn_arena_strdup(s->d->arena, actor);
        tcn_decision_tell_tickets(s->d, i);
    }
    tcn_tries_end(s);
}

static void add_event(const struct tcn_step *s, const char *type, const char *data,
                      const char *actor, const char *note, const char *references)
{
    struct tcn_incident *i = &s->a->incident;
    const char *text = TCN_JOIN(s->d->arena, "acknowledged by ", actor, note ? ": " : NULL, note);
    struct tcn_event *event = tcn_decision_event(s->d, i, s->now_ms, type, data, text,
                                                 tcn_arena_strdup(s->d->arena, actor));

    event->references = references;
    event->to_tickets = i->status == TCN_STATUS_OPEN;
    if (event->to_tickets)
        tcn_decision_tell_tickets(s->d, i);
}

static void stop_runs_of(const struct tcn_step *s, struct tcn_engagement *e, const char *contact)
{
    for (size_t i = 0; i < e->n_runs; i++) {
        struct tcn_run *run = &e->runs[i];

        if (strcmp(run->contact, contact) != 0)
            continue;
        if (run->is_essential)
            e->progression_stopped = true;
        tcn_run_stop(s, e, run);
    }
    if (e->progression_stopped)
        e->next_stage_ms = 0;
}

void tcn_acknowledge_page(const struct tcn_step *s, struct tcn_engagement *e, struct tcn_page *p,
                          const char *channel, const char *actor, const char *note)
{
    if (p->read_ms != 0)
        return;
    p->read_ms = s->now_ms;
    e->is_dirty = true; /* of one that is stopped already, too */
    stop_runs_of(s, e, p->contact);
    tcn_page_receipt(s, p, TCN_READ, channel, note);
    mark_incident(s, actor);
    add_event(s, TCN_EVENT_ACK, tcn_event_data_page(s, e, p, note), actor, note,
              tcn_event_ref_engagement(s, e));
}

static bool has_work(const struct tcn_engagement *e)
{
    if (e->next_stage_ms != 0)
        return true;
    for (size_t i = 0; i < e->n_runs; i++)
        if (e->runs[i].next_stage_ms != 0)
            return true;
    for (size_t i = 0; i < e->n_pages; i++)
        if (e->pages[i].next_send_ms != 0)
            return true;
    return false;
}

/* Returns whether there was anything to stop. */
static bool stop_everything(const struct tcn_step *s)
{
    bool had_work = false;

    for (size_t i = 0; i < s->a->n_engagements; i++) {
        struct tcn_engagement *e = &s->a->engagements[i];

        if (e->stop_ms != 0)
            continue;
        had_work |= has_work(e);
        e->is_dirty |= !e->progression_stopped;
        e->progression_stopped = true;
        e->next_stage_ms = 0;
        for (size_t k = 0; k < e->n_runs; k++)
            tcn_run_stop(s, e, &e->runs[k]);
    }
    return had_work;
}

static void read_incident(const struct tcn_step *s, const char *actor, const char *note)
{
    bool had_work = stop_everything(s);
    bool is_first = tcn_aggregate_is_open(s->a) && s->a->incident.acknowledged_ms == 0;

    if (!had_work && !is_first)
        return;
    mark_incident(s, actor);
    add_event(s, TCN_EVENT_TOCSIN,
              tcn_event_data_note(s, note ? note : "acknowledged", actor, false), actor, note,
              NULL);
}

int tcn_engine_acknowledge(struct tcn_aggregate *aggregate, struct tcn_id page, const char *actor,
                           const char *note, int64_t now_ms, struct tcn_decision *ret)
{
    struct tcn_step s = tcn_step_begin(aggregate, NULL, 0, now_ms, ret);
    struct tcn_engagement *e = NULL;
    struct tcn_page *p;

    note = tcn_step_cut(&s, note, TCN_NOTE_MAX);
    actor = actor ? actor : "somebody";
    if (!aggregate->incident.exists)
        return TCN_ENOTFOUND;
    if (tcn_id_is_zero(page)) {
        read_incident(&s, actor, note);
    } else {
        p = tcn_page_find(aggregate, page, &e);
        if (!p)
            return TCN_ENOTFOUND;
        tcn_acknowledge_page(&s, e, p, NULL, actor, note);
    }
    tcn_step_end(&s);
    return 0;
}

void tcn_engine_stop_paging(struct tcn_aggregate *aggregate, int64_t now_ms,
                            struct tcn_decision *ret)
{
    struct tcn_step s = tcn_step_begin(aggregate, NULL, 0, now_ms, ret);

    if (aggregate->incident.exists)
        stop_everything(&s);
    tcn_step_end(&s);
}
