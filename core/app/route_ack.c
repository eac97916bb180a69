/* /ack/TOKEN: the link in a page's mail. GET shows, POST acknowledges. */
#include "app/catalog.h"
#include "app/commands.h"
#include "app/refused.h"
#include "app/routes.h"
#include "app/turn.h"
#include "base/xalloc.h"

#include <stdlib.h>

#define HTML "text/html; charset=utf-8"
/* The page has its style inside and one form that posts to itself. */
#define CSP                                                                                        \
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; "  \
    "base-uri 'none'"
#define DAY_MS INT64_C(86400000)

struct ack_job {
    struct tcn_job job; /* first */
    struct tcn_app *app;
    struct tcn_config *config; /* a reference */
    struct tcn_request *rq;    /* owned */
    struct tcn_arena arena;
    struct tcn_id page;
    bool is_post;
    /* Results. */
    struct tcn_buf html;
    int status;
    bool has_changed;
};

static void free_job(struct ack_job *j)
{
    tcn_config_unref(j->config);
    tcn_arena_done(&j->arena);
    tcn_buf_done(&j->html);
    free(j);
}

/* What an answer by the link is about. */
struct answer {
    const struct tcn_page *page; /* of the link */
    const struct tcn_page *now;  /* that the answer counts for; NULL: the incident as a whole */
};

static const struct tcn_page *find_page(const struct tcn_aggregate *a, struct tcn_id id,
                                        const struct tcn_engagement **ret_engagement)
{
    for (size_t e = 0; e < a->n_engagements; e++)
        for (size_t p = 0; p < a->engagements[e].n_pages; p++) {
            *ret_engagement = &a->engagements[e];
            if (tcn_id_eq(a->engagements[e].pages[p].id, id))
                return &a->engagements[e].pages[p];
        }
    return NULL;
}

static const struct tcn_page *newest_running(const struct tcn_aggregate *a, const char *contact)
{
    const struct tcn_page *newest = NULL;

    for (size_t e = 0; e < a->n_engagements; e++)
        for (size_t p = 0; p < a->engagements[e].n_pages && a->engagements[e].stop_ms == 0; p++)
            if (strcmp(a->engagements[e].pages[p].contact, contact) == 0)
                newest = &a->engagements[e].pages[p];
    return newest;
}

/* A mail from before the incident was reopened is about what runs now: whoever answers it takes the incident. */
static bool find_answer(const struct tcn_aggregate *a, struct tcn_id page, struct answer *ret)
{
    const struct tcn_engagement *e = NULL;

    ret->page = ret->now = find_page(a, page, &e);
    if (ret->page && e->stop_ms != 0 && a->incident.status == TCN_STATUS_OPEN)
        ret->now = newest_running(a, ret->page->contact);
    return ret->page != NULL;
}

static enum tcn_ack_view view_of(const struct tcn_aggregate *a, const struct answer *x,
                                 int64_t now_ms)
{
    if (x->now ? x->now->read_ms != 0 : a->incident.acknowledged_ms != 0)
        return TCN_ACK_DONE;
    /* Of an engagement alone an answer is recorded after its stop, too (spec incidents-contacts 5.5). */
    if (a->incident.status == TCN_STATUS_RESOLVED && !a->incident.is_bare)
        return TCN_ACK_RESOLVED;
    return now_ms - x->page->first_ms > TCN_ACK_DAYS * DAY_MS ? TCN_ACK_EXPIRED : TCN_ACK_ASK;
}

static int acknowledge(struct ack_job *j, struct tcn_store *s, struct tcn_aggregate *a,
                       const struct answer *x, int64_t now_ms, struct tcn_err *err)
{
    const char *actor = tcn_arena_fmt(&j->arena, "contact:%s", x->page->contact);
    struct tcn_id page = x->now ? x->now->id : (struct tcn_id){{0}};
    struct tcn_decision d;
    int r;

    tcn_decision_init(&d, &j->arena);
    d.subject = a;
    if ((r = tcn_catalog_of(s, &j->config->directory, now_ms, &d.directory, err)) < 0 ||
        (r = tcn_engine_acknowledge(a, page, actor, NULL, now_ms, &d)) < 0)
        return r;
    j->has_changed = true;
    return tcn_turn_write(s, &d, NULL, now_ms, err);
}

static int show(struct ack_job *j, struct tcn_store *s, struct tcn_id incident, int64_t now_ms,
                struct tcn_err *err)
{
    struct tcn_aggregate *a = TCN_NEW(&j->arena, struct tcn_aggregate);
    struct answer x;
    int r = tcn_turn_load(s, incident, &j->arena, a, err);

    if (r < 0)
        return r;
    if (!find_answer(a, j->page, &x))
        return TCN_ENOTFOUND;
    if (j->is_post && view_of(a, &x, now_ms) == TCN_ACK_ASK &&
        (r = acknowledge(j, s, a, &x, now_ms, err)) < 0)
        return r;
    j->status = 200;
    tcn_ack_page(&j->html, view_of(a, &x, now_ms), &a->incident, x.page);
    return 0;
}

static int run(struct tcn_job *base, struct tcn_store *s, int64_t now_ms, struct tcn_err *err)
{
    struct ack_job *j = (struct ack_job *)base;
    struct tcn_id incident;
    int r;

    tcn_arena_reset(&j->arena);
    tcn_buf_clear(&j->html);
    j->has_changed = false;
    r = tcn_store_page_incident(s, j->page, &incident, err);
    if (r == 0)
        r = show(j, s, incident, now_ms, err);
    if (r != TCN_ENOTFOUND)
        return r;
    j->status = 404;
    tcn_ack_unknown(&j->html);
    return 0;
}

static void answer_html(struct tcn_request *rq, int status, const struct tcn_buf *html)
{
    tcn_answer_text(rq, status, HTML, CSP, tcn_buf_view(html));
}

/* For a person: nothing that is wrong here is theirs to understand. rq stays: what becomes of it may not be known yet. */
static void answer_unavailable(struct tcn_request *rq, bool is_post, bool is_undecided)
{
    struct tcn_reply reply = {
        .status = 503, .content_type = HTML, .csp = CSP, .retry_after_s = TCN_RETRY_AFTER_S};
    struct tcn_buf html;

    tcn_buf_init(&html, 65536);
    tcn_ack_unavailable(&html, is_post, is_undecided);
    reply.body = tcn_buf_view(&html);
    tcn_server_reply(rq->server, rq->reply_id, &reply);
    tcn_buf_done(&html);
}

static void note_refused(struct tcn_app *app, const struct tcn_request *rq, const char *reason,
                         const char *why)
{
    tcn_refused(app, &(struct tcn_refused){.route = rq->route->pattern,
                                           .reason = reason,
                                           .status = 404,
                                           .peer = rq->peer,
                                           .why = why});
}

static void done(struct tcn_job *base, int r, const struct tcn_err *err)
{
    struct ack_job *j = (struct ack_job *)base;

    if (r < 0) {
        answer_unavailable(j->rq, j->is_post, false);
        tcn_answer_failure(j->app, j->rq, r, err); /* the log; it is answered */
    } else {
        if (j->has_changed) {
            tcn_metrics_add(j->app->metrics, "tocsin_commands_total", "kind=\"acknowledge_link\"",
                            1);
            tcn_app_changed(j->app);
            tcn_app_wake(j->app);
        }
        if (j->status == 404)
            note_refused(j->app, j->rq, "unknown_page",
                         "the page of this link is not in the store");
        answer_html(j->rq, j->status, &j->html);
    }
    free_job(j);
}

static void late(struct tcn_job *base)
{
    struct ack_job *j = (struct ack_job *)base;

    answer_unavailable(j->rq, j->is_post, true);
}

static void refuse(struct tcn_app *app, struct tcn_request *rq)
{
    struct tcn_buf html;

    tcn_buf_init(&html, 65536);
    tcn_ack_unknown(&html);
    note_refused(app, rq, "unknown_link", "guessed, cut short, or of another store");
    answer_html(rq, 404, &html);
    tcn_buf_done(&html);
}

void tcn_route_ack(struct tcn_app *app, struct tcn_request *rq)
{
    struct ack_job *j;
    struct tcn_id page;

    if (tcn_ack_read(app->ack_key, rq->captures[0], &page) < 0) {
        refuse(app, rq);
        return;
    }
    j = tcn_xcalloc(1, sizeof *j);
    j->job.run = run;
    j->job.late = late;
    j->job.done = done;
    j->app = app;
    j->config = app->config;
    tcn_config_ref(j->config);
    j->rq = rq;
    j->page = page;
    j->is_post = rq->method == TCN_POST;
    tcn_arena_init(&j->arena, TCN_TURN_ARENA);
    tcn_buf_init(&j->html, 256u << 10);
    if (tcn_storethread_post(app->store, &j->job) == 0)
        return;
    answer_unavailable(rq, j->is_post, false);
    tcn_server_request_free(rq);
    free_job(j);
}
