#include "engine/run.h"
#include "engine/engine.h"
#include "engine/event_data.h"
#include "engine/tries.h"

#include <assert.h>

enum { CODE_DIGITS = sizeof((struct tcn_page *)0)->accept_code - 1 };

int64_t tcn_step_start(int64_t due_ms, int64_t now_ms)
{
    return now_ms - due_ms > TCN_LATE_MS ? now_ms : due_ms;
}

bool tcn_run_is_over(const struct tcn_run *run, int64_t at_ms)
{
    return run->is_stopped || (run->next_stage_ms == 0 && at_ms >= run->ends_ms);
}

/* The latest stage that paged anybody; stages of no length count as one. */
static int64_t latest_first(const struct tcn_engagement *e, const struct tcn_run *run)
{
    int64_t latest = 0;

    for (size_t i = 0; i < e->n_pages; i++)
        if (e->pages[i].run_no == run->no && e->pages[i].first_ms > latest)
            latest = e->pages[i].first_ms;
    return latest;
}

static bool has_left_since(const struct tcn_engagement *e, const struct tcn_run *run, int64_t at_ms)
{
    for (size_t i = 0; i < e->n_pages; i++)
        if (e->pages[i].run_no == run->no && e->pages[i].lost_ms == 0 &&
            e->pages[i].sent_ms >= at_ms)
            return true;
    return false;
}

/* From when on all pages of its latest stage are lost; 0 = one may still arrive, or something has left since, of whatever
 * stage, or there is none. */
static int64_t lost_since(const struct tcn_engagement *e, const struct tcn_run *run)
{
    int64_t latest = latest_first(e, run), lost = 0;

    for (size_t i = 0; i < e->n_pages; i++) {
        const struct tcn_page *p = &e->pages[i];

        if (p->run_no != run->no || p->first_ms != latest)
            continue;
        if (p->lost_ms == 0)
            return 0;
        if (p->lost_ms > lost)
            lost = p->lost_ms;
    }
    return has_left_since(e, run, lost) ? 0 : lost;
}

static bool is_lost_channel(const struct tcn_engagement *e, const struct tcn_run *run,
                            const char *channel, int64_t at_ms)
{
    for (size_t i = 0; i < e->n_pages; i++) {
        const struct tcn_page *p = &e->pages[i];

        if (p->run_no == run->no && p->lost_ms != 0 && p->lost_ms <= at_ms &&
            strcmp(p->channel, channel) == 0)
            return true;
    }
    return false;
}

static bool has_another_channel(const struct tcn_engagement *e, const struct tcn_run *run,
                                int64_t at_ms)
{
    for (size_t i = run->next_stage; i < run->plan.n_stages; i++)
        for (size_t k = 0; k < run->plan.stages[i].n_targets; k++) {
            const char *channel = run->plan.stages[i].targets[k].channel;

            if (channel && !is_lost_channel(e, run, channel, at_ms))
                return true;
        }
    return false;
}

/* A stage that has nothing but what just failed keeps its time, at which it may work again. */
int64_t tcn_run_next_due(const struct tcn_engagement *e, const struct tcn_run *run)
{
    int64_t lost = run->next_stage_ms == 0 ? 0 : lost_since(e, run);

    return lost != 0 && lost < run->next_stage_ms && has_another_channel(e, run, lost)
               ? lost
               : run->next_stage_ms;
}

static bool has_pages(const struct tcn_engagement *e, const struct tcn_run *run)
{
    for (size_t i = 0; i < e->n_pages; i++)
        if (e->pages[i].run_no == run->no)
            return true;
    return false;
}

enum tcn_run_reach tcn_run_reach(const struct tcn_engagement *e, const struct tcn_run *run,
                                 int64_t *ret_lost_ms)
{
    int64_t lost = lost_since(e, run);

    if (run->is_stopped || (run->next_stage_ms != 0 && has_another_channel(e, run, lost)))
        return TCN_REACH_MAYBE;
    if (!has_pages(e, run))
        return TCN_REACH_NONE;
    if (lost == 0)
        return TCN_REACH_MAYBE;
    *ret_lost_ms = lost;
    return TCN_REACH_LOST;
}

struct tcn_run *tcn_run_of_page(const struct tcn_engagement *e, const struct tcn_page *p)
{
    assert(p->run_no >= 1 && (size_t)p->run_no <= e->n_runs);
    return &e->runs[p->run_no - 1];
}

static bool has_acknowledged(const struct tcn_engagement *e, const char *contact)
{
    for (size_t i = 0; i < e->n_pages; i++)
        if (e->pages[i].read_ms != 0 && strcmp(e->pages[i].contact, contact) == 0)
            return true;
    return false;
}

static struct tcn_run *unfinished(const struct tcn_engagement *e, const char *contact,
                                  int64_t at_ms)
{
    for (size_t i = 0; i < e->n_runs; i++)
        if (strcmp(e->runs[i].contact, contact) == 0 && !tcn_run_is_over(&e->runs[i], at_ms))
            return &e->runs[i];
    return NULL;
}

bool tcn_run_may_start(const struct tcn_engagement *e, const char *contact, int64_t at_ms)
{
    return !has_acknowledged(e, contact) && !unfinished(e, contact, at_ms);
}

static struct tcn_run *add_run(const struct tcn_step *s, struct tcn_engagement *e)
{
    e->runs = tcn_vec_grow(s->d->arena, e->runs, e->n_runs, &e->size_runs, sizeof *e->runs);
    return &e->runs[e->n_runs++];
}

void tcn_run_start(const struct tcn_step *s, struct tcn_engagement *e,
                   const struct tcn_contact *person, int64_t start_ms, bool is_essential,
                   const char *path)
{
    struct tcn_run *run = unfinished(e, person->alias, start_ms);

    assert(person->type == TCN_PERSONAL);
    if (has_acknowledged(e, person->alias))
        return;
    e->is_dirty = true;
    if (run) {
        run->is_essential |= is_essential;
        return;
    }
    if (person->plan.n_stages == 0 || e->n_runs >= TCN_RUNS_MAX) {
        tcn_step_say(s, false, "cannot page %s: %s", person->alias,
                     e->n_runs >= TCN_RUNS_MAX ? "the engagement has too many runs"
                                               : "no engagement plan");
        return;
    }
    run = add_run(s, e);
    *run = (struct tcn_run){
        .no = (int64_t)e->n_runs,
        .contact = person->alias,
        .plan = person->plan,
        .start_ms = start_ms,
        .next_stage_ms = start_ms,
        .is_essential = is_essential,
        .path = path,
    };
}

void tcn_run_stop(const struct tcn_step *s, struct tcn_engagement *e, struct tcn_run *run)
{
    if (run->is_stopped)
        return;
    run->is_stopped = true;
    run->next_stage_ms = 0;
    for (size_t i = 0; i < e->n_pages; i++) {
        if (e->pages[i].run_no != run->no)
            continue;
        e->pages[i].next_send_ms = 0;
        *TCN_VEC_PUSH(s->d->arena, &s->d->drops) =
            (struct tcn_drop){e->pages[i].id, "answered or stopped before it was sent"};
    }
    e->is_dirty = true;
}

/* Six digits from the salt and the page: a repeated decision repeats them. */
static void make_code(const struct tcn_step *s, struct tcn_page *p)
{
    struct tcn_id mixed = tcn_id_child(p->id, "accept-code", s->salt);
    uint32_t value = 0;

    for (size_t i = 8; i < sizeof mixed.b; i++)
        value = value * 251u + mixed.b[i];
    for (size_t i = CODE_DIGITS; i > 0; value /= 10)
        p->accept_code[--i] = (char)('0' + value % 10);
}

struct tcn_id tcn_engine_send_id(struct tcn_id page, int64_t send_no)
{
    return tcn_id_child(page, "send", (uint64_t)send_no);
}

static void send(const struct tcn_step *s, const struct tcn_engagement *e, struct tcn_page *p,
                 enum tcn_channel_type type)
{
    struct tcn_send *send = TCN_VEC_PUSH(s->d->arena, &s->d->sends);

    p->sends++;
    *send = (struct tcn_send){
        .id = tcn_engine_send_id(p->id, p->sends),
        .page = p->id,
        .incident = s->a->incident.id,
        .engagement_no = e->no,
        .send_no = p->sends,
        .contact = p->contact,
        .channel = p->channel,
        .type = type,
        .due_ms = s->now_ms,
    };
}

static void note_page(const struct tcn_step *s, const struct tcn_engagement *e,
                      const struct tcn_page *p)
{
    const char *text = TCN_JOIN(s->d->arena, "paged ", p->contact, " by ", p->channel);
    struct tcn_event *event =
        tcn_decision_event(s->d, &s->a->incident, s->now_ms, TCN_EVENT_PAGE,
                           tcn_event_data_page(s, e, p, NULL), text, "tocsin");

    event->references = tcn_event_ref_engagement(s, e);
}

/* Page numbers are unique within the engagement, engagement numbers within the incident. */
static struct tcn_id page_id(const struct tcn_step *s, const struct tcn_engagement *e, int64_t no)
{
    return tcn_id_child(s->a->incident.id, "page", (uint64_t)e->no << 32 | (uint64_t)no);
}

/* made: everything but the id, the number and the code. */
static void add_page(const struct tcn_step *s, struct tcn_engagement *e,
                     const struct tcn_page *made, enum tcn_channel_type type)
{
    struct tcn_page *p;

    e->pages = tcn_vec_grow(s->d->arena, e->pages, e->n_pages, &e->size_pages, sizeof *e->pages);
    p = &e->pages[e->n_pages++];
    *p = *made;
    p->no = (int64_t)e->n_pages;
    p->id = page_id(s, e, p->no);
    if (p->retry_ms > 0 && p->first_ms + p->retry_ms < p->stage_end_ms)
        p->next_send_ms = p->first_ms + p->retry_ms;
    make_code(s, p);
    tcn_tries_supersede_older(s, e, p);
    send(s, e, p, type);
    note_page(s, e, p);
}

/* The first target of the plan that names this channel: what is wrong with it is told there, once a run. */
static bool is_first_use(const struct tcn_run *run, const struct tcn_target *target)
{
    for (size_t i = 0; i <= run->next_stage; i++)
        for (size_t k = 0; k < run->plan.stages[i].n_targets; k++) {
            const struct tcn_target *t = &run->plan.stages[i].targets[k];

            if (t->channel && strcmp(t->channel, target->channel) == 0)
                return t == target;
        }
    return true;
}

static const struct tcn_channel *usable_channel(const struct tcn_step *s, const struct tcn_run *run,
                                                const struct tcn_target *target)
{
    const struct tcn_channel *channel =
        tcn_directory_channel(s->directory, run->contact, target->channel);

    if (channel && channel->is_activated)
        return channel;
    if (is_first_use(run, target))
        tcn_step_say(s, false, "cannot page %s by %s: %s", run->contact, target->channel,
                     channel ? "not activated" : "no such channel");
    return NULL;
}

static void page_target(const struct tcn_step *s, struct tcn_engagement *e,
                        const struct tcn_run *run, const struct tcn_target *target,
                        int64_t start_ms, int64_t stage_end_ms)
{
    const struct tcn_channel *channel = target->channel ? usable_channel(s, run, target) : NULL;
    struct tcn_page made;

    if (!channel)
        return;
    if (e->n_pages >= TCN_PAGES_MAX) {
        tcn_step_say(s, false, "cannot page %s by %s: the engagement has too many pages",
                     run->contact, target->channel);
        return;
    }
    made = (struct tcn_page){
        .run_no = run->no,
        .contact = run->contact,
        .channel = channel->name,
        .retry_ms = target->retry_ms,
        .first_ms = start_ms,
        .stage_end_ms = stage_end_ms,
    };
    add_page(s, e, &made, channel->type);
}

void tcn_run_stage(const struct tcn_step *s, struct tcn_engagement *e, struct tcn_run *run)
{
    const struct tcn_stage *stage = &run->plan.stages[run->next_stage];
    int64_t due = tcn_run_next_due(e, run), start = tcn_step_start(due, s->now_ms);
    int64_t end = start + stage->duration_ms;
    bool is_early = due < run->next_stage_ms;

    assert(!run->is_stopped && run->next_stage < run->plan.n_stages);
    if (is_early)
        tcn_step_say(s, false, "%s is not reached: stage %zu of the plan begins now", run->contact,
                     run->next_stage + 1);
    for (size_t i = 0; i < stage->n_targets; i++) {
        const struct tcn_target *target = &stage->targets[i];

        if (!is_early || !target->channel || !is_lost_channel(e, run, target->channel, due))
            page_target(s, e, run, target, start, end);
    }
    run->next_stage++;
    run->next_stage_ms = run->next_stage < run->plan.n_stages ? end : 0;
    run->ends_ms = run->next_stage_ms == 0 ? end : 0;
    e->is_dirty = true;
}

/* The grid start + k * retry goes on after now, strictly inside the stage. */
static int64_t next_on_grid(const struct tcn_page *p, int64_t now_ms)
{
    int64_t missed, next;

    if (p->retry_ms <= 0) /* only of a row that somebody damaged: once more, and never again */
        return 0;
    missed = (now_ms - p->next_send_ms) / p->retry_ms;
    next = p->next_send_ms + (missed + 1) * p->retry_ms;
    return next < p->stage_end_ms ? next : 0;
}

void tcn_run_resend(const struct tcn_step *s, struct tcn_engagement *e, struct tcn_page *p)
{
    const struct tcn_run *run = tcn_run_of_page(e, p);
    const struct tcn_channel *channel = tcn_directory_channel(s->directory, p->contact, p->channel);
    bool is_superseded =
        s->now_ms >= p->stage_end_ms && run->next_stage_ms != 0 && run->next_stage_ms <= s->now_ms;

    assert(p->next_send_ms != 0 && p->next_send_ms <= s->now_ms && !run->is_stopped);
    e->is_dirty = true;
    p->next_send_ms = next_on_grid(p, s->now_ms);
    /* The next stage pages the person in this very turn. */
    if (is_superseded)
        return;
    if (channel && channel->is_activated) {
        tcn_tries_supersede(s, p);
        send(s, e, p, channel->type);
        return;
    }
    p->next_send_ms = 0;
    tcn_step_say(s, false, "cannot page %s by %s again: %s", p->contact, p->channel,
                 channel ? "not activated" : "no such channel");
}
