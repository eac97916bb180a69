/* Providers that fail, persons who answer late or never, and users who change incidents. */
#include "world.h"

#include <stdlib.h>

/* The outcome of a later try is known when it is made: settle(). */
static void add_result(struct world *w, size_t incident, const struct sent *sent, int64_t delay_ms,
                       enum said said)
{
    pending_add(w, &(struct pending){.kind = PENDING_RESULT,
                                     .at_ms = w->truth + delay_ms,
                                     .key = incident,
                                     .page = sent->page,
                                     .send_no = sent->send_no,
                                     .said = said});
}

/* Nobody takes it; the sender gives up after about a minute. */
static void add_failure(struct world *w, size_t incident, const struct sent *sent, int64_t delay_ms)
{
    add_result(w, incident, sent, delay_ms, SAID_LATE);
    delay_ms += 60 * SEC + rng_below(&w->rng, 5 * SEC);
    add_result(w, incident, sent, delay_ms, SAID_FAILED);
}

/* Not taken yet: the verdict comes later, and what it says meanwhile says nothing new. */
static void add_wait(struct world *w, size_t incident, const struct sent *sent, int64_t delay_ms)
{
    add_result(w, incident, sent, delay_ms, SAID_LATE);
    delay_ms += rng_below(&w->rng, 45 * SEC);
    add_result(w, incident, sent, delay_ms, SAID_LATE);
    delay_ms += rng_below(&w->rng, 45 * SEC);
    add_result(w, incident, sent, delay_ms, rng_chance(&w->rng, 50) ? SAID_SENT : SAID_REFUSED);
}

/* Its answer was lost: it is sent once more, or it was already, and is not again. */
static void add_doubt(struct world *w, size_t incident, const struct sent *sent, int64_t delay_ms)
{
    static const enum said then[] = {SAID_SENT, SAID_SENT,    SAID_LOST,  SAID_LOST,
                                     SAID_LOST, SAID_REFUSED, SAID_FAILED};
    bool is_second = rng_chance(&w->rng, 30);

    w->doubts++;
    add_result(w, incident, sent, delay_ms, is_second ? SAID_LATE : SAID_DOUBTED);
    delay_ms += SEC + rng_below(&w->rng, 45 * SEC);
    add_result(w, incident, sent, delay_ms, is_second ? SAID_LOST : then[rng_below(&w->rng, 7)]);
}

/* Taken, refused, in doubt, or not taken yet. */
static void add_results(struct world *w, size_t incident, const struct sent *sent)
{
    int64_t delay_ms = 100 + rng_below(&w->rng, 3 * SEC), dice = rng_below(&w->rng, 100);

    if (w->truth < w->outage_ms || (dice < 4 && world_has(w, FAILURES)))
        add_failure(w, incident, sent, delay_ms);
    else if (dice >= 64 && dice < 75 && world_has(w, DOUBTS))
        add_doubt(w, incident, sent, delay_ms);
    else if (dice >= 75 && dice < 87 && world_has(w, REFUSALS))
        add_result(w, incident, sent, delay_ms, SAID_REFUSED);
    else if (dice >= 87 && world_has(w, WAITS))
        add_wait(w, incident, sent, delay_ms);
    else
        add_result(w, incident, sent, delay_ms, SAID_SENT);
}

void people_see(struct world *w, const struct incident_row *row, const struct sent *sent)
{
    size_t incident = (size_t)(row - w->incidents);

    if (w->n_pending + 5 > MAX_PENDING) {
        w->incidents[incident].has_lost = true;
        return;
    }
    add_results(w, incident, sent);
    if (w->truth < w->outage_ms || !rng_chance(&w->rng, 25) || !world_has(w, ANSWERS))
        return;
    pending_add(w, &(struct pending){.kind = PENDING_ANSWER,
                                     .at_ms = w->truth + 10 * SEC + rng_below(&w->rng, 20 * MIN),
                                     .key = incident,
                                     .page = sent->page});
}

void people_outage(struct world *w)
{
    w->outage_ms = w->truth + MIN + rng_below(&w->rng, 2 * HOUR);
}

/* A try that waits is a row that nobody has in hand: dropped, it never happens. */
void people_drop(struct world *w, const struct incident_row *row, struct tcn_id page)
{
    size_t incident = (size_t)(row - w->incidents);

    for (size_t i = 0; i < w->n_pending;) {
        const struct pending *p = &w->pending[i];
        bool is_dropped = p->is_again && p->key == incident && tcn_id_eq(p->page, page);

        if (is_dropped)
            (void)pending_take(w, i);
        i = is_dropped ? 0 : i + 1; /* others have moved */
    }
}

static void keep_result(struct incident_row *row, int64_t at_ms, int64_t engagement_no,
                        const struct pending *p)
{
    if (row->n_results == row->size_results) {
        row->size_results = row->size_results ? 2 * row->size_results : 16;
        row->results = realloc(row->results, row->size_results * sizeof *row->results);
    }
    row->results[row->n_results++] = (struct result){p->page, at_ms, engagement_no, p->said};
}

void people_keep_answer(struct incident_row *row, int64_t at_ms, int64_t engagement_no,
                        const char *contact)
{
    if (row->n_answers == row->size_answers) {
        row->size_answers = row->size_answers ? 2 * row->size_answers : 8;
        row->answers = realloc(row->answers, row->size_answers * sizeof *row->answers);
    }
    row->answers[row->n_answers++] = (struct answer){at_ms, engagement_no, contact};
}

/* How a person answers: by the link of the message, by its code, or so that the provider tells of both (5.7). */
enum answering { BY_LINK = 0, BY_CODE, BY_REPLY, ANSWERINGS };

struct reply {
    struct pending p;
    int64_t again_ms; /* by Tocsin's clock */
    enum answering how;
};

static int tell(struct world *w, struct tcn_aggregate *a, const struct pending *p,
                struct tcn_decision *d)
{
    const struct tcn_send_failure failure = {p->page, p->send_no, "id", p->is_again};
    const struct tcn_send_doubt doubt = {p->page, "id", p->said == SAID_LOST};

    switch (p->said) {
    case SAID_LATE:
        return tcn_engine_send_late(a, p->page, now_of(w), d);
    case SAID_FAILED:
        return tcn_engine_send_failed(a, &failure, now_of(w), d);
    case SAID_DOUBTED:
    case SAID_LOST:
        return tcn_engine_send_doubted(a, &doubt, now_of(w), d);
    case SAID_SENT:
    case SAID_REFUSED:
    case SAID_NOTHING:
    default:
        return tcn_engine_send_result(a, p->page, p->said == SAID_SENT ? TCN_SENT : TCN_ERROR, "id",
                                      now_of(w), d);
    }
}

static int decide_result(struct world *w, struct tcn_aggregate *a, struct reply *reply,
                         struct tcn_decision *d)
{
    int r = tell(w, a, &reply->p, d);

    tcn_engine_pages(a, &w->directory, 7, now_of(w), d);
    reply->again_ms = d->again_ms;
    for (size_t i = 0; i < d->drops.n; i++)
        if (tcn_id_eq(d->drops.items[i].page, reply->p.page))
            reply->again_ms = 0;
    return r;
}

static const char *code_of(struct world *w, const struct tcn_aggregate *a, struct tcn_id page)
{
    for (size_t i = 0; i < a->n_engagements; i++)
        for (size_t k = 0; k < a->engagements[i].n_pages; k++)
            if (tcn_id_eq(a->engagements[i].pages[k].id, page))
                return a->engagements[i].pages[k].accept_code;
    fail(w, "an answer to a page that is not there");
}

/* A wrong code first, now and then: it changes nothing. */
static int accept(struct world *w, struct tcn_aggregate *a, const struct reply *reply,
                  struct tcn_decision *d)
{
    struct tcn_accept in = {.page = reply->p.page,
                            .type = TCN_READ,
                            .code = "0000000",
                            .is_enforced = true,
                            .note = "by code"};
    struct tcn_err err;
    int r;

    if (tcn_engine_accept(a, &in, &w->directory, now_of(w), d, &err) != TCN_EINVALID ||
        d->receipts.n + d->events.n + d->drops.n > 0 || d->incident_changed)
        fail(w, "a wrong code is an answer");
    in.code = code_of(w, a, in.page);
    in.type = reply->how == BY_REPLY ? TCN_DELIVERED : TCN_READ;
    r = tcn_engine_accept(a, &in, &w->directory, now_of(w), d, &err);
    if (r < 0 || reply->how != BY_REPLY)
        return r;
    in.type = TCN_READ;
    return tcn_engine_accept(a, &in, &w->directory, now_of(w), d, &err);
}

static int answer(struct world *w, struct tcn_aggregate *a, const struct reply *reply,
                  struct tcn_decision *d)
{
    return reply->how == BY_LINK
               ? tcn_engine_acknowledge(a, reply->p.page, "contact:x", NULL, now_of(w), d)
               : accept(w, a, reply, d);
}

static enum tcn_intake decide_answer(struct world *w, struct tcn_aggregate *a, void *ctx,
                                     struct tcn_decision *d)
{
    struct reply *reply = ctx;
    int r =
        reply->p.kind == PENDING_RESULT ? decide_result(w, a, reply, d) : answer(w, a, reply, d);

    if (r < 0)
        fail(w, "an answer was refused: %d", r);
    return TCN_INTAKE_UNSET;
}

static const struct sent *find_sent(struct world *w, const struct incident_row *row,
                                    struct tcn_id page)
{
    for (size_t i = 0; i < row->n_sent; i++)
        if (tcn_id_eq(row->sent[i].page, page))
            return &row->sent[i];
    fail(w, "an answer to a page that was never sent");
}

/* -- while nobody is reached ---------------------------------------------------------------------------------- */

static bool goes_on(const struct incident_row *row, int64_t engagement_no)
{
    return row->engagements[engagement_no - 1].stop_ms == 0;
}

static const struct tcn_run *run_of(struct world *w, const struct incident_row *row,
                                    const struct sent *sent)
{
    const struct tcn_engagement *e = &row->engagements[sent->engagement_no - 1];

    for (size_t i = 0; i < e->n_pages; i++)
        if (tcn_id_eq(e->pages[i].id, sent->page))
            return &e->runs[e->pages[i].run_no - 1];
    fail(w, "a message was sent of a page that is not there");
}

static bool is_enough(const struct tcn_engagement *e, const struct answer *a)
{
    for (size_t i = 0; a->contact && i < e->n_runs; i++)
        if (e->runs[i].is_essential && strcmp(e->runs[i].contact, a->contact) == 0)
            return true;
    return !a->contact;
}

/* After an answer: by that person's own plan, which went on when the first came, or, when an answer was enough, does at
 * at_ms. */
static bool is_awaited(struct world *w, const struct incident_row *row, const struct sent *sent,
                       int64_t at_ms)
{
    const struct tcn_run *run = run_of(w, row, sent);
    int64_t until = row->incident.acknowledged_ms;

    if (until == 0)
        return true;
    for (size_t i = 0; i < row->n_answers; i++) {
        const struct answer *a = &row->answers[i];

        if (a->engagement_no != sent->engagement_no)
            continue;
        if (!a->contact || strcmp(a->contact, sent->contact) == 0)
            return false;
        if (is_enough(&row->engagements[sent->engagement_no - 1], a))
            until = at_ms;
    }
    return run->next_stage_ms != 0 || run->ends_ms > until;
}

/* That person, by what providers said and people did, in engagements that go on. */
static bool is_unreached(struct world *w, const struct incident_row *row, const char *contact)
{
    if (row->incident.status != TCN_STATUS_OPEN)
        return false;
    for (size_t i = 0; i < row->n_results; i++)
        if (row->results[i].said == SAID_SENT && goes_on(row, row->results[i].engagement_no) &&
            strcmp(find_sent(w, row, row->results[i].page)->contact, contact) == 0)
            return false;
    return true;
}

/* Tries and first messages of that contact and channel whose outcome is still to come. */
static size_t count_waiting(struct world *w, const struct incident_row *row, const struct sent *of,
                            bool only_tries)
{
    size_t n = 0;

    for (size_t i = 0; i < w->n_pending; i++) {
        const struct pending *p = &w->pending[i];
        const struct sent *s;

        if (p->kind != PENDING_RESULT || &w->incidents[p->key] != row ||
            (only_tries && !p->is_again))
            continue;
        s = find_sent(w, row, p->page);
        n += goes_on(row, s->engagement_no) && strcmp(s->contact, of->contact) == 0 &&
             strcmp(s->channel, of->channel) == 0;
    }
    return n;
}

/* For good, or it may have arrived and is not sent again: then a failure of another message to there says nothing any more. */
static bool is_settled(struct world *w, const struct incident_row *row, const struct sent *of)
{
    for (size_t i = 0; i < row->n_results; i++) {
        const struct result *x = &row->results[i];
        const struct sent *s = find_sent(w, row, x->page);

        if ((x->said == SAID_REFUSED || x->said == SAID_LOST) && goes_on(row, x->engagement_no) &&
            strcmp(s->contact, of->contact) == 0 && strcmp(s->channel, of->channel) == 0)
            return true;
    }
    return false;
}

/* Whoever failed for a reason that may pass is due again by something, by one message at a time, and by nothing once
 * that person is reached or it is over. */
static void check_tries(struct world *w, const struct incident_row *row, const struct sent *sent,
                        const struct reply *reply)
{
    int64_t wait_ms = reply->again_ms - now_of(w);

    if (reply->again_ms != 0 && (wait_ms < MIN || wait_ms > 5 * MIN))
        fail(w, "%s is tried again after %lld ms", sent->contact, (long long)wait_ms);
    if (reply->again_ms != 0 &&
        (!is_unreached(w, row, sent->contact) || !is_awaited(w, row, sent, reply->again_ms)))
        fail(w, "%s is tried again for nothing", sent->contact);
    w->tries_after += reply->again_ms != 0 && row->incident.acknowledged_ms != 0;
    if (count_waiting(w, row, sent, true) > 1)
        fail(w, "two messages to %s by %s are tried again", sent->contact, sent->channel);
    if (reply->p.said == SAID_FAILED && is_unreached(w, row, sent->contact) &&
        is_awaited(w, row, sent, now_of(w) + 5 * MIN) && goes_on(row, sent->engagement_no) &&
        !row->has_lost && !is_settled(w, row, sent) && count_waiting(w, row, sent, false) == 0)
        fail(w, "%s is not reached, and not tried again", sent->contact);
}

static void add_try(struct world *w, const struct reply *reply)
{
    if (reply->again_ms == 0)
        return;
    w->tries++;
    pending_add(w, &(struct pending){.kind = PENDING_RESULT,
                                     .at_ms = w->truth + reply->again_ms - now_of(w),
                                     .key = reply->p.key,
                                     .page = reply->p.page,
                                     .send_no = reply->p.send_no,
                                     .is_again = true});
}

/* What comes of a try, now that it is made. */
static void settle(struct world *w, struct pending *p)
{
    int64_t dice = rng_below(&w->rng, 100);

    p->said = w->truth < w->outage_ms || dice < 10 ? SAID_FAILED
              : dice < 20                          ? SAID_REFUSED
              : dice < 28 && world_has(w, DOUBTS)  ? SAID_LOST
                                                   : SAID_SENT;
    w->doubts += p->said == SAID_LOST;
    w->after_all += p->said == SAID_SENT;
}

void people_answer(struct world *w, const struct pending *p)
{
    struct incident_row *row = &w->incidents[p->key];
    const struct sent sent = *find_sent(w, row, p->page);
    struct reply reply = {.p = *p};
    const struct turn t = {
        .key = row_lane(row), .row = row, .decide = decide_answer, .ctx = &reply};

    if (p->is_again)
        settle(w, &reply.p);
    if (p->kind == PENDING_ANSWER && world_has(w, CODES))
        reply.how = (enum answering)rng_below(&w->rng, ANSWERINGS);
    if (reply.how == BY_REPLY)
        reply.p.said = SAID_SENT; /* what was delivered has left */
    w->by_code += reply.how != BY_LINK;
    if (p->kind == PENDING_RESULT || reply.how == BY_REPLY)
        keep_result(row, now_of(w), sent.engagement_no, &reply.p);
    turn_run(w, &t);
    if (p->kind == PENDING_RESULT) {
        add_try(w, &reply);
        check_tries(w, row, &sent, &reply);
        return;
    }
    w->answers++;
    people_keep_answer(row, now_of(w), sent.engagement_no, sent.contact);
}
