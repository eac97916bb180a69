/* Providers that fail, persons who answer late or never, and users who change incidents. */
#include "world.h"

#include <stdlib.h>

static void add_result(struct world *w, size_t incident, struct tcn_id page, int64_t delay_ms,
                       enum tcn_receipt_type type)
{
    struct pending *p = pending_add(w, PENDING_RESULT, delay_ms);

    p->key = incident;
    p->page = page;
    p->result = type;
}

/* Taken, refused, or not taken yet: then the verdict comes later, and what it says meanwhile says nothing new. */
static void add_results(struct world *w, size_t incident, struct tcn_id page)
{
    int64_t delay_ms = 100 + rng_below(&w->rng, 3 * SEC), dice = rng_below(&w->rng, 100);

    if (dice < 85) {
        add_result(w, incident, page, delay_ms, dice < 70 ? TCN_SENT : TCN_ERROR);
        return;
    }
    add_result(w, incident, page, delay_ms, TCN_RECEIPT_UNSET);
    delay_ms += rng_below(&w->rng, 45 * SEC);
    add_result(w, incident, page, delay_ms, TCN_RECEIPT_UNSET);
    delay_ms += rng_below(&w->rng, 45 * SEC);
    add_result(w, incident, page, delay_ms, dice < 92 ? TCN_SENT : TCN_ERROR);
}

void people_see(struct world *w, const struct incident_row *row, const struct sent *sent)
{
    size_t incident = (size_t)(row - w->incidents);
    struct pending *p;

    if (w->n_pending + 5 > MAX_PENDING)
        return;
    add_results(w, incident, sent->page);
    if (!rng_chance(&w->rng, 25))
        return;
    p = pending_add(w, PENDING_ANSWER, 10 * SEC + rng_below(&w->rng, 20 * MIN));
    p->key = incident;
    p->page = sent->page;
}

static void keep_result(struct incident_row *row, int64_t at_ms, int64_t engagement_no,
                        const struct pending *p)
{
    if (row->n_results == row->size_results) {
        row->size_results = row->size_results ? 2 * row->size_results : 16;
        row->results = realloc(row->results, row->size_results * sizeof *row->results);
    }
    row->results[row->n_results++] = (struct result){p->page, at_ms, engagement_no, p->result};
}

static void keep_answer(struct incident_row *row, int64_t at_ms, int64_t engagement_no,
                        const char *contact)
{
    if (row->n_answers == row->size_answers) {
        row->size_answers = row->size_answers ? 2 * row->size_answers : 8;
        row->answers = realloc(row->answers, row->size_answers * sizeof *row->answers);
    }
    row->answers[row->n_answers++] = (struct answer){at_ms, engagement_no, contact};
}

static int decide_result(struct world *w, struct tcn_aggregate *a, const struct pending *p,
                         struct tcn_decision *d)
{
    int r = p->result == TCN_RECEIPT_UNSET
                ? tcn_engine_send_late(a, p->page, now_of(w), d)
                : tcn_engine_send_result(a, p->page, p->result, "id", now_of(w), d);

    tcn_engine_pages(a, &w->directory, 7, now_of(w), d);
    return r;
}

static enum tcn_intake decide_answer(struct world *w, struct tcn_aggregate *a, void *ctx,
                                     struct tcn_decision *d)
{
    const struct pending *p = ctx;
    int r = p->kind == PENDING_RESULT
                ? decide_result(w, a, p, d)
                : tcn_engine_acknowledge(a, p->page, "contact:x", NULL, now_of(w), d);

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

void people_answer(struct world *w, const struct pending *p)
{
    struct incident_row *row = &w->incidents[p->key];
    const struct sent *sent = find_sent(w, row, p->page);
    int64_t engagement_no = sent->engagement_no;
    const char *contact = sent->contact;
    struct tcn_aggregate unused;
    struct pending copy = *p;

    turn_run(w, store_lane_of(w, row, NULL, &unused), row, decide_answer, &copy);
    if (p->kind == PENDING_RESULT) {
        keep_result(row, now_of(w), engagement_no, p);
        return;
    }
    w->answers++;
    keep_answer(row, now_of(w), engagement_no, contact);
}

/* -- users --------------------------------------------------------------------------------------------------- */

enum act { ACT_ACK, ACT_RESOLVE, ACT_WONT_FIX, ACT_REOPEN, ACT_EDIT, ACT_NOTE, ACTS };

static enum tcn_intake decide_act(struct world *w, struct tcn_aggregate *a, void *ctx,
                                  struct tcn_decision *d)
{
    const enum act act = *(enum act *)ctx;
    struct tcn_incident_update u = {.actor = "user:u"};
    struct tcn_err err;

    if (act == ACT_ACK) {
        tcn_engine_acknowledge(a, (struct tcn_id){{0}}, "user:u", NULL, now_of(w), d);
        return TCN_INTAKE_UNSET;
    }
    if (act == ACT_NOTE) {
        if (tcn_engine_note(a, "a note", "user:u", now_of(w), d, &err) == TCN_ELIMIT)
            tcn_engine_update(a, &u, NULL, now_of(w), d, &err);
        return TCN_INTAKE_UNSET;
    }
    u.status = act == ACT_REOPEN ? TCN_STATUS_OPEN
               : act == ACT_EDIT ? TCN_STATUS_UNSET
                                 : TCN_STATUS_RESOLVED;
    u.title = act == ACT_EDIT ? "edited" : NULL;
    u.resolution.code = act == ACT_WONT_FIX ? "wont_fix" : NULL;
    if (tcn_engine_update(a, &u, &w->policies[0], now_of(w), d, &err) < 0)
        fail(w, "an update was refused: %s", err.msg);
    return TCN_INTAKE_UNSET;
}

/* Every lane of the incident is told that a person ended it, as the timers of each see it resolved. */
static void note_act(struct world *w, struct incident_row *row, enum act act,
                     enum tcn_incident_status before)
{
    if (act == ACT_ACK)
        for (size_t i = 0; i < row->n_engagements; i++)
            keep_answer(row, now_of(w), (int64_t)i + 1, NULL);
    if (row->incident.status == before)
        return;
    row->person_resolved = row->incident.status == TCN_STATUS_RESOLVED;
    row->person_reopened = row->incident.status == TCN_STATUS_OPEN;
}

static void act_on(struct world *w, struct incident_row *row)
{
    enum act act = (enum act)rng_below(&w->rng, ACTS);
    enum tcn_incident_status before = row->incident.status;
    struct tcn_aggregate unused;

    /* Resolving ends what others look at: seldom. */
    if ((act == ACT_RESOLVE || act == ACT_WONT_FIX || act == ACT_REOPEN) && rng_chance(&w->rng, 70))
        act = ACT_NOTE;
    turn_run(w, store_lane_of(w, row, NULL, &unused), row, decide_act, &act);
    note_act(w, row, act, before);
}

struct starting {
    struct tcn_start start;
    struct tcn_id new_id;
};

static enum tcn_intake decide_start(struct world *w, struct tcn_aggregate *a, void *ctx,
                                    struct tcn_decision *d)
{
    const struct starting *s = ctx;
    struct tcn_err err;
    enum tcn_intake verdict =
        tcn_engine_start(&s->start, &w->directory, s->new_id, 7, now_of(w), a, d, &err);

    if (verdict == TCN_INTAKE_UNSET)
        fail(w, "a start was refused: %s", err.msg);
    return verdict;
}

static void start(struct world *w)
{
    struct starting s = {.start = {.response_plan = rng_chance(&w->rng, 50) ? "single" : "shared",
                                   .title = "by hand",
                                   .actor = "user:u"}};
    const struct tcn_response_plan *plan = tcn_directory_plan(&w->directory, s.start.response_plan);
    struct incident_row *row;
    struct tcn_buf b;

    s.new_id = tcn_id_child((struct tcn_id){{3}}, "incident", rng_next(&w->rng));
    tcn_buf_init(&b, 4096);
    tcn_engine_start_dedupe_string(&s.start, plan, s.new_id, &b);
    row = store_open_of(w, b.ptr);
    tcn_buf_done(&b);
    turn_run(w, NULL, row, decide_start, &s);
}

void people_act(struct world *w)
{
    size_t recent = w->n_incidents < 20 ? w->n_incidents : 20;

    if (recent == 0 || rng_chance(&w->rng, 10))
        start(w);
    else
        act_on(w, &w->incidents[w->n_incidents - 1 - (size_t)rng_below(&w->rng, (int64_t)recent)]);
}
