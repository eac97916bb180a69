/* What becomes of the messages of a page. A page is lost when none of them has left and none will soon: its provider
 * refused it for good, or has not taken it within half a minute. What a lost page brings forward: run.c, engagement.c. What
 * is tried on for as long as nobody is reached: tries.c. */
#include "engine/page.h"
#include "engine/engine.h"
#include "engine/reach.h"

#define PATIENCE_MS 30000 /* reliability F17 */

struct tcn_page *tcn_page_find(struct tcn_aggregate *a, struct tcn_id id,
                               struct tcn_engagement **ret_engagement)
{
    for (size_t i = 0; i < a->n_engagements; i++)
        for (size_t k = 0; k < a->engagements[i].n_pages; k++)
            if (tcn_id_eq(a->engagements[i].pages[k].id, id)) {
                *ret_engagement = &a->engagements[i];
                return &a->engagements[i].pages[k];
            }
    return NULL;
}

void tcn_page_receipt(const struct tcn_step *s, const struct tcn_page *p,
                      enum tcn_receipt_type type, const char *channel, const char *note)
{
    struct tcn_receipt *r = TCN_VEC_PUSH(s->d->arena, &s->d->receipts);

    *r = (struct tcn_receipt){p->id, type, s->now_ms, channel,
                              tcn_step_cut(s, note, TCN_RECEIPT_MAX)};
}

bool tcn_page_has_left(const struct tcn_page *p)
{
    return (p->sent_ms != 0 && p->lost_ms == 0) || p->delivered_ms != 0;
}

bool tcn_page_is_doubtful(const struct tcn_page *p)
{
    return p->sent_ms != 0 && p->lost_ms != 0;
}

bool tcn_page_has_reached(const struct tcn_aggregate *a, const char *contact)
{
    for (size_t i = 0; i < a->n_engagements; i++) {
        const struct tcn_engagement *e = &a->engagements[i];

        for (size_t k = 0; k < e->n_pages && e->stop_ms == 0; k++)
            if (tcn_page_has_left(&e->pages[k]) && strcmp(e->pages[k].contact, contact) == 0)
                return true;
    }
    return false;
}

/* What left once is not lost by a later failure, and what is lost does not come to be lost later. A clock that went
 * backwards loses nothing before it began. */
void tcn_page_lose(struct tcn_engagement *e, struct tcn_page *p, int64_t at_ms)
{
    if (at_ms < p->first_ms)
        at_ms = p->first_ms;
    if (tcn_page_has_left(p) || (p->lost_ms != 0 && at_ms >= p->lost_ms))
        return;
    p->lost_ms = at_ms;
    e->is_dirty = true;
}

void tcn_page_say_failed(const struct tcn_step *s, const struct tcn_page *p, const char *note,
                         const char *outlook)
{
    tcn_step_say_again(s, "could not page %s by %s%s%s%s", p->contact, p->channel, note ? ": " : "",
                       note ? note : "", outlook);
}

static bool is_missed(const struct tcn_page *p, int64_t now_ms)
{
    return tcn_page_is_doubtful(p) || (p->lost_ms != 0 && p->lost_ms <= now_ms);
}

static bool has_missed(const struct tcn_aggregate *a, const char *contact, int64_t now_ms)
{
    for (size_t i = 0; i < a->n_engagements; i++) {
        const struct tcn_engagement *e = &a->engagements[i];

        for (size_t k = 0; k < e->n_pages && e->stop_ms == 0; k++)
            if (is_missed(&e->pages[k], now_ms) && strcmp(e->pages[k].contact, contact) == 0)
                return true;
    }
    return false;
}

/* Of whom it was told that a page did not get through, or may not have: this very one, or all that there were. */
static bool is_told_missing(const struct tcn_step *s, const struct tcn_page *p)
{
    return is_missed(p, s->now_ms) ||
           (!tcn_page_has_reached(s->a, p->contact) && has_missed(s->a, p->contact, s->now_ms));
}

/* To the tickets as well when they were told that nobody is reached. */
static void reach(const struct tcn_step *s, const struct tcn_engagement *e,
                  const struct tcn_page *p)
{
    struct tcn_incident *i = &s->a->incident;
    bool was_nobody = i->unreached_ms != 0 && tcn_reach_counts(s->a, e);

    if (!tcn_aggregate_is_open(s->a) || e->stop_ms != 0 || (!was_nobody && !is_told_missing(s, p)))
        return;
    if (was_nobody)
        i->unreached_ms = 0;
    tcn_step_say(s, was_nobody, "%s is reached by %s after all", p->contact, p->channel);
}

void tcn_page_record(const struct tcn_step *s, struct tcn_engagement *e, struct tcn_page *p,
                     enum tcn_receipt_type type, const char *note)
{
    e->is_dirty = true;
    if (type == TCN_ERROR) {
        tcn_page_lose(e, p, s->now_ms);
        tcn_page_say_failed(s, p, note,
                            s->a->incident.unreached_ms != 0 ? "; not tried again" : "");
        return;
    }
    reach(s, e, p);
    p->lost_ms = 0;
    if (type == TCN_SENT)
        p->sent_ms = s->now_ms;
    else if (p->delivered_ms == 0)
        p->delivered_ms = s->now_ms;
}

int tcn_engine_send_result(struct tcn_aggregate *aggregate, struct tcn_id page,
                           enum tcn_receipt_type type, const char *note, int64_t now_ms,
                           struct tcn_decision *ret)
{
    struct tcn_step s = tcn_step_begin(aggregate, NULL, 0, now_ms, ret);
    struct tcn_engagement *e = NULL;
    struct tcn_page *p = tcn_page_find(aggregate, page, &e);

    if (!p)
        return TCN_ENOTFOUND;
    if (type != TCN_SENT && type != TCN_DELIVERED && type != TCN_ERROR)
        return TCN_EINVALID;
    tcn_page_receipt(&s, p, type, p->channel, note);
    tcn_page_record(&s, e, p, type, note);
    tcn_step_end(&s);
    return 0;
}

int tcn_engine_send_held(struct tcn_aggregate *aggregate, struct tcn_id page, const char *note,
                         int64_t now_ms, struct tcn_decision *ret)
{
    struct tcn_step s = tcn_step_begin(aggregate, NULL, 0, now_ms, ret);
    struct tcn_engagement *e = NULL;
    const struct tcn_page *p = tcn_page_find(aggregate, page, &e);

    if (!p)
        return TCN_ENOTFOUND;
    tcn_step_say_again(&s, "page of %s by %s: %s", p->contact, p->channel, note);
    tcn_step_end(&s);
    return 0;
}

/* When a page that nothing was heard of is lost. */
static int64_t patience_ends(const struct tcn_page *p, int64_t now_ms)
{
    int64_t ends = p->first_ms + PATIENCE_MS;

    return now_ms > ends ? now_ms : ends;
}

int tcn_engine_send_late(struct tcn_aggregate *aggregate, struct tcn_id page, int64_t now_ms,
                         struct tcn_decision *ret)
{
    struct tcn_step s = tcn_step_begin(aggregate, NULL, 0, now_ms, ret);
    struct tcn_engagement *e = NULL;
    struct tcn_page *p = tcn_page_find(aggregate, page, &e);

    if (!p)
        return TCN_ENOTFOUND;
    if (p->lost_ms == 0)
        tcn_page_lose(e, p, patience_ends(p, now_ms));
    tcn_step_end(&s);
    return 0;
}

static void doubt(const struct tcn_step *s, struct tcn_engagement *e, struct tcn_page *p,
                  const struct tcn_send_doubt *doubt)
{
    bool is_new = !tcn_page_is_doubtful(p);

    tcn_page_lose(e, p, doubt->is_over ? s->now_ms : patience_ends(p, s->now_ms));
    p->sent_ms = s->now_ms;
    e->is_dirty = true;
    if (is_new || doubt->is_over)
        tcn_step_say_again(s, "the page of %s by %s may have arrived%s%s%s", p->contact, p->channel,
                           doubt->note ? ": " : "", doubt->note ? doubt->note : "",
                           doubt->is_over ? "; not sent again" : "");
}

int tcn_engine_send_doubted(struct tcn_aggregate *aggregate, const struct tcn_send_doubt *doubted,
                            int64_t now_ms, struct tcn_decision *ret)
{
    struct tcn_step s = tcn_step_begin(aggregate, NULL, 0, now_ms, ret);
    struct tcn_engagement *e = NULL;
    struct tcn_page *p = tcn_page_find(aggregate, doubted->page, &e);

    if (!p)
        return TCN_ENOTFOUND;
    if (!tcn_page_has_left(p))
        doubt(&s, e, p, doubted);
    tcn_step_end(&s);
    return 0;
}
