/* What can be said of every decision, by what was sent, answered and said so far. */
#include "world.h"

static void check_sends(struct world *w, const struct incident_row *row,
                        const struct tcn_decision *d)
{
    for (size_t i = 0; i < d->sends.n; i++) {
        const struct tcn_send *s = &d->sends.items[i];
        int64_t before = 0;

        if (!tcn_id_eq(s->id, tcn_id_child(s->page, "send", (uint64_t)s->send_no)))
            fail(w, "a send has a foreign id");
        for (size_t k = 0; k < row->n_sent; k++)
            if (tcn_id_eq(row->sent[k].page, s->page))
                before++;
        for (size_t k = 0; k < i; k++)
            before += tcn_id_eq(d->sends.items[k].page, s->page);
        if (s->send_no != before + 1)
            fail(w, "send %lld of a page came after %lld", (long long)s->send_no,
                 (long long)before);
        if (s->due_ms > now_of(w))
            fail(w, "a send is due in the future");
    }
}

/* I3: nobody is paged who answered, nor in an engagement that was stopped, as of the state before the turn. */
static void check_unanswered(struct world *w, const struct incident_row *row,
                             const struct tcn_decision *d)
{
    for (size_t i = 0; i < d->sends.n; i++) {
        const struct tcn_send *s = &d->sends.items[i];

        if ((size_t)s->engagement_no > row->n_engagements)
            continue;
        if (row->was_stopped[s->engagement_no - 1])
            fail(w, "%s is paged in a stopped engagement", s->contact);
        for (size_t k = 0; k < row->n_answers; k++) {
            const struct answer *a = &row->answers[k];

            if (a->engagement_no == s->engagement_no &&
                (!a->contact || strcmp(a->contact, s->contact) == 0))
                fail(w, "%s is paged after an answer", s->contact);
        }
    }
}

/* A page of which something may have arrived, and nothing is known to have. */
static bool is_in_doubt(const struct incident_row *row, struct tcn_id page)
{
    bool is_doubted = false;

    for (size_t i = 0; i < row->n_results; i++) {
        const struct result *x = &row->results[i];

        if (!tcn_id_eq(x->page, page))
            continue;
        if (x->said == SAID_SENT)
            return false;
        is_doubted |= x->said == SAID_DOUBTED || x->said == SAID_LOST;
    }
    return is_doubted;
}

/* Of whom it is said: after an answer of those engaged since, of whom none answered for the others. */
static bool is_judged(const struct tcn_aggregate *a, const struct tcn_engagement *e)
{
    int64_t answered = a->incident.acknowledged_ms;

    return e->stop_ms == 0 &&
           (answered == 0 || (e->start_ms > answered && !e->progression_stopped));
}

/* That nobody is reached is not said in the same words when somebody may be. */
static void check_nobody(struct world *w, const struct incident_row *row,
                         const struct tcn_decision *d)
{
    const struct tcn_aggregate *a = d->subject;
    bool is_doubtful = false;

    if (!d->nobody_reached)
        return;
    for (size_t i = 0; i < a->n_engagements; i++)
        for (size_t k = 0; k < a->engagements[i].n_pages && is_judged(a, &a->engagements[i]); k++)
            is_doubtful |= is_in_doubt(row, a->engagements[i].pages[k].id);
    if (d->is_doubtful != is_doubtful)
        fail(w, is_doubtful ? "nobody is reached, though a page may have arrived"
                            : "a page may have arrived, it is said, and none may");
    w->in_vain += is_doubtful;
}

/* That the plans are over is said when nothing is to come, and not again before somebody else is engaged. */
static void check_last_word(struct world *w, const struct tcn_decision *d)
{
    const struct tcn_aggregate *a = d->subject;

    if (!d->nobody_answered)
        return;
    if (a->incident.status != TCN_STATUS_OPEN || a->incident.acknowledged_ms != 0)
        fail(w, "nobody has answered, it is said of an incident that is answered or over");
    for (size_t i = 0; i < a->n_engagements; i++) {
        const struct tcn_engagement *e = &a->engagements[i];

        if (e->stop_ms == 0 && e->next_stage_ms != 0)
            fail(w, "nobody is paged any more, it is said, and a stage is to come");
        for (size_t k = 0; k < e->n_runs && e->stop_ms == 0; k++)
            if (!e->runs[k].is_stopped &&
                (e->runs[k].next_stage_ms != 0 || e->runs[k].ends_ms > now_of(w)))
                fail(w, "nobody is paged any more, it is said, and a person's plan goes on");
    }
    w->unanswered++;
}

static size_t count_stops(const struct tcn_decision *d, struct tcn_id page)
{
    size_t n = 0;

    for (size_t i = 0; i < d->receipts.n; i++)
        n += d->receipts.items[i].type == TCN_STOP && tcn_id_eq(d->receipts.items[i].page, page);
    return n;
}

/* An engagement that ends tells so to each of its pages that nobody read, once, and to no other. */
static void check_stops(struct world *w, const struct incident_row *row,
                        const struct tcn_decision *d)
{
    for (size_t i = 0; i < d->subject->n_engagements; i++) {
        const struct tcn_engagement *e = &d->subject->engagements[i];
        bool ends = e->stop_ms != 0 && (i >= row->n_engagements || !row->was_stopped[i]);

        w->stops += ends;
        for (size_t k = 0; k < e->n_pages; k++)
            if (count_stops(d, e->pages[k].id) != (ends && e->pages[k].read_ms == 0))
                fail(w, "%s of a stop", ends ? "a page is not told" : "a page is told once more");
    }
}

static void check_events(struct world *w, struct incident_row *row, const struct tcn_decision *d)
{
    for (size_t i = 0; i < d->events.n; i++) {
        const struct tcn_event *e = &d->events.items[i];

        if (e->seq != ++row->events ||
            !tcn_id_eq(e->id, tcn_id_child(d->subject->incident.id, "event", (uint64_t)e->seq)))
            fail(w, "event %lld is out of sequence", (long long)e->seq);
        if (e->to_tickets && d->subject->incident.revision == row->incident.revision)
            fail(w, "a note for the tickets without a revision: %s", e->text);
        if (e->text && strncmp(e->text, "cannot", 6) == 0)
            row->reasons++;
        w->early += e->text && strstr(e->text, "begins now");
    }
}

void check_decision(struct world *w, struct incident_row *row, const struct tcn_decision *d)
{
    check_sends(w, row, d);
    check_unanswered(w, row, d);
    check_events(w, row, d);
    check_nobody(w, row, d);
    check_last_word(w, d);
    check_stops(w, row, d);
    if (d->subject->incident.revision < row->incident.revision)
        fail(w, "the revision went back");
}
