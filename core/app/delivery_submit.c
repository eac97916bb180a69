/* From a parsed body to a job of the store thread, and from its result to the answer. */
#include "app/delivery.h"
#include "app/disk.h"
#include "app/milestones.h"
#include "app/ready.h"
#include "app/routes.h"
#include "app/subscriptions.h"
#include "base/text.h"

#include <assert.h>
#include <stdio.h>

static size_t copy_headers(const struct tcn_request *rq,
                           struct tcn_mapping_header ret[TCN_DELIVERY_HEADERS_MAX])
{
    size_t n = 0;

    for (; n < rq->n_fields && n < TCN_DELIVERY_HEADERS_MAX; n++) {
        const struct tcn_http1_field *f = &rq->fields[n];

        ret[n] = (struct tcn_mapping_header){{rq->head + f->name_at, f->name_len},
                                             {rq->head + f->value_at, f->value_len}};
    }
    return n;
}

/* What an older configuration decided says nothing of the one in force; a repeat may be the sign that a source lives. */
static bool may_settle(const struct tcn_delivery_state *d)
{
    return d->has_digest && d->config == d->app->config && d->source->policy.n_heartbeats == 0;
}

static void settle(struct tcn_delivery_state *d, const struct tcn_alarm *alarm,
                   const struct tcn_intake_result *result)
{
    const struct tcn_settled_fact fact = {result->incident, result->lane};

    tcn_settled_add(d->app->settled, d->digest, alarm->dedupe_key, &fact, tcn_app_now_ms(d->app));
}

static void warn_of_group(const struct tcn_delivery_state *d)
{
    if (tcn_source_is_ungrouped(d->source, d->root))
        tcn_log(TCN_LOG_WARN, "intake", "every alert of this route is one incident", "source",
                d->source->name, "why",
                "its group_by is empty at Alertmanager: name the labels there that tell alarms "
                "apart, or set \"identity\": \"alert\" in the source's settings",
                NULL);
}

static void note_results(struct tcn_delivery_state *d, const struct tcn_intake_job *job)
{
    for (size_t i = 0; i < job->n_alarms; i++) {
        const struct tcn_intake_result *result = &job->results[i];

        tcn_delivery_count(d->app, d->source, tcn_intake_name(result->outcome));
        if (result->outcome != TCN_INTAKE_NOTHING)
            tcn_settled_touch(d->app->settled, job->alarms[i].dedupe_key);
        else if (job->n_alarms == 1 && result->is_settled && may_settle(d))
            settle(d, &job->alarms[i], result);
        if (result->outcome == TCN_INTAKE_OPENED)
            warn_of_group(d);
        if (result->outcome == TCN_INTAKE_OPENED || result->outcome == TCN_INTAKE_REOPENED ||
            result->outcome == TCN_INTAKE_RESOLVED || result->outcome == TCN_INTAKE_HELD ||
            result->outcome == TCN_INTAKE_MUTED) {
            char id[TCN_ID_TEXT];

            tcn_id_text(result->incident, id);
            tcn_log(TCN_LOG_INFO, "intake", tcn_intake_name(result->outcome), "source",
                    d->source->name, "incident", id, "title", job->alarms[i].title, NULL);
        }
    }
}

static void answer_results(struct tcn_delivery_state *d, const struct tcn_intake_job *job)
{
    struct tcn_id ids[TCN_ANSWER_IDS];
    size_t n = 0;

    for (size_t i = 0; i < job->n_alarms && n < TCN_ANSWER_IDS; i++)
        if (!tcn_id_is_zero(job->results[i].incident))
            ids[n++] = job->results[i].incident;
    tcn_answer_delivery(d->rq, job->has_changed ? 202 : 200,
                        job->is_duplicate  ? "duplicate"
                        : job->has_changed ? "accepted"
                                           : "unchanged",
                        ids, n);
    d->rq = NULL;
}

static void answer(struct tcn_intake_job *job, int r, const struct tcn_err *err)
{
    struct tcn_delivery_state *d = job->ctx;

    tcn_ready_answered(d->app, r);
    if (r < 0) {
        tcn_delivery_fail(d, r, err);
    } else {
        tcn_ready_accepted(d->app);
        if (job->is_duplicate)
            tcn_delivery_count(d->app, d->source, "duplicate");
        else
            note_results(d, job);
        tcn_milestones_tell(d->app, &job->milestones);
        answer_results(d, job);
        if (job->makes_work)
            tcn_app_wake(d->app);
        tcn_delivery_free(d);
    }
    tcn_intake_free(job);
}

/* It may be accepted yet: then what it repeats is known, and changes nothing. */
static void on_late(struct tcn_job *base)
{
    tcn_delivery_late(((struct tcn_intake_job *)base)->ctx);
}

static void on_done(struct tcn_job *base, int r, const struct tcn_err *err)
{
    struct tcn_intake_job *job = (struct tcn_intake_job *)base;

    job->answer(job, r, err);
}

void tcn_delivery_refuse_for_now(struct tcn_delivery_state *d, const char *why)
{
    char message[160];

    tcn_delivery_count(d->app, d->source, "busy");
    if (!why) {
        tcn_answer_refused(d->app, d->rq);
    } else {
        snprintf(message, sizeof message, "%s; nothing was accepted", why);
        tcn_answer_busy(d->rq, message);
    }
    d->rq = NULL;
    tcn_delivery_free(d);
}

static void post(struct tcn_delivery_state *d, struct tcn_intake_job *job,
                 void (*when_done)(struct tcn_intake_job *, int, const struct tcn_err *))
{
    const char *refusal;

    job->ctx = d;
    job->answer = when_done;
    job->job.done = on_done;
    job->job.late = on_late;
    job->policy = &d->source->policy;
    job->declared = &d->config->directory;
    job->inbox.source = d->source->name;
    job->inbox.peer = d->rq->peer;
    job->inbox.subject = d->subject;
    job->inbox.body = (struct tcn_str){d->rq->body, d->rq->body_len};
    refusal = tcn_disk_refusal(d->app);
    if (!refusal && tcn_storethread_post(d->app->store, &job->job) == 0) {
        tcn_ready_asked(d->app);
        return;
    }
    tcn_intake_free(job);
    tcn_delivery_refuse_for_now(d, refusal);
}

/* Without an id of the sender's an unreadable body is kept once, however often it comes. */
static const char *id_of_body(struct tcn_delivery_state *d, struct tcn_intake_job *job)
{
    char digest[65];

    tcn_sha256_hex((struct tcn_str){d->rq->body, d->rq->body_len}, digest);
    return tcn_arena_strdup(&job->arena, digest);
}

/* Whether equal bodies without an id are news is decided by what they say: none repeats another. */
static const char *id_of_row(struct tcn_intake_job *job)
{
    char id[TCN_ID_TEXT];

    tcn_id_text(job->inbox.id, id);
    return tcn_arena_strdup(&job->arena, id);
}

/* A body that no rule knows is kept for people; the sender could not mend it by trying again. */
static void quarantine(struct tcn_delivery_state *d, struct tcn_intake_job *job, const char *why)
{
    struct tcn_left_out left_out;

    job->job.run = tcn_intake_quarantine;
    job->inbox.note = tcn_arena_strdup(&job->arena, why);
    if (tcn_delivery_may_tell(d, "quarantined", &left_out))
        tcn_log(TCN_LOG_WARN, "gateway", "delivery kept unread", "source", d->source->name, "why",
                why, left_out.key, left_out.text, NULL);
    tcn_delivery_count(d->app, d->source, "quarantined");
    post(d, job, answer);
}

static void kept(struct tcn_intake_job *job, int r, const struct tcn_err *err)
{
    struct tcn_delivery_state *d = job->ctx;

    if (r == 0)
        tcn_delivery_control(d);
    answer(job, r, err);
}

void tcn_delivery_keep(struct tcn_delivery_state *d)
{
    struct tcn_intake_job *job = tcn_intake_new(&d->app->arenas, tcn_app_now_ms(d->app));
    const char *told = tcn_source_delivery_id(d->source, d->root, &job->arena);

    job->job.run = tcn_subscriptions_control;
    job->inbox.delivery_id = told ? told : id_of_body(d, job);
    tcn_delivery_count(d->app, d->source, "control");
    post(d, job, kept);
}

static void add_mapped(const struct tcn_delivery_state *d, const char *what, uint64_t n)
{
    char labels[200];

    if (n == 0)
        return;
    snprintf(labels, sizeof labels, "source=\"%s\",what=\"%s\"", d->source->name, what);
    tcn_metrics_add(d->app->metrics, "tocsin_mapping_losses_total", labels, (double)n);
}

static void count_losses(const struct tcn_delivery_state *d, const struct tcn_mapping_counts *lost)
{
    add_mapped(d, "text_cut", lost->texts_cut);
    add_mapped(d, "not_in_table", lost->table_misses);
    add_mapped(d, "over_cap", lost->items_dropped);
}

void tcn_delivery_submit(struct tcn_delivery_state *d)
{
    int64_t now_ms = tcn_app_now_ms(d->app);
    struct tcn_intake_job *job = tcn_intake_new(&d->app->arenas, now_ms);
    struct tcn_mapping_header headers[TCN_DELIVERY_HEADERS_MAX];
    struct tcn_delivery delivery = {
        .body = {d->rq->body, d->rq->body_len}, .headers = headers, .now_ms = now_ms};
    const char *told = tcn_source_delivery_id(d->source, d->root, &job->arena);
    struct tcn_mapping_counts lost = {0};
    struct tcn_err err;
    int r;

    delivery.n_headers = copy_headers(d->rq, headers);
    job->inbox.delivery_id = told;
    r = tcn_source_alarms(d->source, d->root, &delivery, told ? told : id_of_row(job), &lost,
                          &job->arena, &job->alarms, &job->n_alarms, &err);
    count_losses(d, &lost);
    if (r == 0) {
        post(d, job, answer);
        return;
    }
    if (!told)
        job->inbox.delivery_id = id_of_body(d, job);
    quarantine(d, job, err.msg);
}
