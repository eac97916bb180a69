/* A message that failed for a reason that may pass is tried on for as long as the incident is open, its person is still to
 * be paged and is not reached: one for each contact and channel, the newest. Its row is its timer, so a newer message, or
 * an answer, has to drop it. */
#include "engine/tries.h"
#include "engine/engine.h"
#include "engine/page.h"
#include "engine/run.h"

#define AGAIN_FIRST_MS 60000
#define AGAIN_MOST_MS 300000

static bool is_to_same(const struct tcn_page *p, const struct tcn_page *q)
{
    return strcmp(p->contact, q->contact) == 0 && strcmp(p->channel, q->channel) == 0;
}

/* In the order of creation. */
static bool is_after(const struct tcn_engagement *e, const struct tcn_page *p,
                     const struct tcn_engagement *f, const struct tcn_page *q)
{
    return f->no > e->no || (f->no == e->no && q->no > p->no);
}

static bool is_essential(const struct tcn_engagement *e, const char *contact)
{
    for (size_t i = 0; i < e->n_runs; i++)
        if (e->runs[i].is_essential && strcmp(e->runs[i].contact, contact) == 0)
            return true;
    return false;
}

/* That the plan is over stops its progression as well. */
static bool is_ended_by_answer(const struct tcn_engagement *e)
{
    for (size_t i = 0; i < e->n_pages && e->progression_stopped; i++)
        if (e->pages[i].read_ms != 0 && is_essential(e, e->pages[i].contact))
            return true;
    return false;
}

/* The first answer ends what was over by then. Who is to be paged all the same, or was engaged since, is so until that
 * person is reached; when the plan is stopped, for as long as the person's own goes on. */
static bool is_awaited(const struct tcn_aggregate *a, const struct tcn_engagement *e,
                       const struct tcn_page *p, int64_t at_ms)
{
    const struct tcn_run *run = tcn_run_of_page(e, p);
    int64_t answered = a->incident.acknowledged_ms;

    if (!tcn_aggregate_is_open(a) || e->stop_ms != 0 || run->is_stopped)
        return false;
    return answered == 0 || !tcn_run_is_over(run, is_ended_by_answer(e) ? at_ms : answered);
}

bool tcn_engine_is_awaited(const struct tcn_aggregate *aggregate, struct tcn_id send,
                           int64_t now_ms)
{
    for (size_t i = 0; i < aggregate->n_engagements; i++) {
        const struct tcn_engagement *e = &aggregate->engagements[i];

        for (size_t k = 0; k < e->n_pages; k++)
            for (int64_t no = e->pages[k].sends; no > 0; no--)
                if (tcn_id_eq(tcn_engine_send_id(e->pages[k].id, no), send))
                    return is_awaited(aggregate, e, &e->pages[k], now_ms);
    }
    return false;
}

static bool has_newer(const struct tcn_aggregate *a, const struct tcn_engagement *e,
                      const struct tcn_page *p, int64_t at_ms)
{
    for (size_t i = 0; i < a->n_engagements; i++) {
        const struct tcn_engagement *f = &a->engagements[i];

        for (size_t k = 0; k < f->n_pages; k++)
            if (is_to_same(p, &f->pages[k]) && is_after(e, p, f, &f->pages[k]) &&
                is_awaited(a, f, &f->pages[k], at_ms))
                return true;
    }
    return false;
}

/* Who is reached and does not answer is why the next person is paged: that one must be reached, too. */
static bool is_worth_a_try(const struct tcn_aggregate *a, const struct tcn_engagement *e,
                           const struct tcn_page *p, int64_t send_no, int64_t at_ms)
{
    return is_awaited(a, e, p, at_ms) && send_no == p->sends &&
           !tcn_page_has_reached(a, p->contact) && !has_newer(a, e, p, at_ms);
}

/* As long as it has been lost already: the pauses double without anything that counts them. */
static int64_t pause(const struct tcn_page *p, int64_t now_ms)
{
    int64_t lost_for = now_ms - p->lost_ms;

    return lost_for < AGAIN_FIRST_MS  ? AGAIN_FIRST_MS
           : lost_for > AGAIN_MOST_MS ? AGAIN_MOST_MS
                                      : lost_for;
}

static const char *outlook(const struct tcn_aggregate *a, int64_t again_ms)
{
    if (again_ms == 0)
        return "";
    return a->incident.acknowledged_ms == 0
               ? "; tried again in a minute, later every 5, until it gets through or somebody "
                 "answers"
               : "; tried again in a minute, later every 5";
}

int tcn_engine_send_failed(struct tcn_aggregate *aggregate, const struct tcn_send_failure *failure,
                           int64_t now_ms, struct tcn_decision *ret)
{
    struct tcn_step s = tcn_step_begin(aggregate, NULL, 0, now_ms, ret);
    struct tcn_engagement *e = NULL;
    struct tcn_page *p = tcn_page_find(aggregate, failure->page, &e);
    int64_t again;

    if (!p)
        return TCN_ENOTFOUND;
    tcn_page_lose(e, p, now_ms);
    again = now_ms + pause(p, now_ms);
    ret->again_ms = is_worth_a_try(aggregate, e, p, failure->send_no, again) ? again : 0;
    if (!failure->is_repeated) {
        tcn_page_receipt(&s, p, TCN_ERROR, p->channel, failure->note);
        tcn_page_say_failed(&s, p, failure->note, outlook(aggregate, ret->again_ms));
        e->is_dirty = true;
    }
    tcn_step_end(&s);
    return 0;
}

static void drop(const struct tcn_step *s, const struct tcn_page *p, const char *why)
{
    if (p->lost_ms != 0 && p->lost_ms <= s->now_ms)
        *TCN_VEC_PUSH(s->d->arena, &s->d->drops) = (struct tcn_drop){p->id, why};
}

void tcn_tries_supersede(const struct tcn_step *s, const struct tcn_page *p)
{
    drop(s, p, "a newer message took its place");
}

void tcn_tries_supersede_older(const struct tcn_step *s, const struct tcn_engagement *e,
                               const struct tcn_page *p)
{
    for (size_t i = 0; i < s->a->n_engagements; i++) {
        const struct tcn_engagement *f = &s->a->engagements[i];

        for (size_t k = 0; k < f->n_pages && f->stop_ms == 0; k++)
            if (is_to_same(p, &f->pages[k]) && is_after(f, &f->pages[k], e, p))
                tcn_tries_supersede(s, &f->pages[k]);
    }
}

void tcn_tries_end(const struct tcn_step *s)
{
    for (size_t i = 0; i < s->a->n_engagements; i++) {
        const struct tcn_engagement *e = &s->a->engagements[i];

        for (size_t k = 0; k < e->n_pages && e->stop_ms == 0; k++) {
            bool is_stopped = tcn_run_of_page(e, &e->pages[k])->is_stopped; /* dropped already */

            if (!is_stopped && !is_awaited(s->a, e, &e->pages[k], s->now_ms))
                drop(s, &e->pages[k], "answered before it was sent");
        }
    }
}
