/* POST /connectors/NAME: a ticket system says that a record changed. What it says is a hint, whatever it is: its lane reads the
 * record. */
#include "app/outbound.h"
#include "app/refused.h"
#include "app/routes.h"
#include "base/nearest.h"
#include "base/xalloc.h"
#include "connect/instance.h"
#include "connect/lanes.h"
#include "connect/message.h"
#include "store/feeds.h"

#include <stdio.h>
#include <stdlib.h>

#define ARENA (4u << 20)
#define NAMES_MAX 64 /* of connectors, for a hint */

struct hook_job {
    struct tcn_job job; /* first */
    struct tcn_app *app;
    struct tcn_request *rq; /* owned */
    char *instance, *record;
    bool is_known;
};

static void free_job(struct hook_job *j)
{
    free(j->instance);
    free(j->record);
    free(j);
}

static void count(struct tcn_app *app, const char *instance, const char *result)
{
    char labels[200];

    snprintf(labels, sizeof labels, "connector=\"%s\",result=\"%s\"", instance, result);
    tcn_metrics_add(app->metrics, "tocsin_webhooks_total", labels, 1);
}

static void note_refused(struct tcn_app *app, const struct tcn_request *rq, int status,
                         const char *code, const char *why)
{
    tcn_refused(app, &(struct tcn_refused){.route = rq->route->pattern,
                                           .reason = code,
                                           .status = status,
                                           .peer = rq->peer,
                                           .why = why});
}

/* -- the store ----------------------------------------------------------------------------------------------------- */

static int run(struct tcn_job *base, struct tcn_store *s, int64_t now_ms, struct tcn_err *err)
{
    struct hook_job *j = (struct hook_job *)base;
    int r = tcn_store_feed_heard(s, j->instance, now_ms, err);

    /* In this order: a feed that hints has its own row first, too. */
    return r < 0 ? r : tcn_lanes_hint(s, j->instance, j->record, now_ms, &j->is_known, err);
}

static void done(struct tcn_job *base, int r, const struct tcn_err *err)
{
    struct hook_job *j = (struct hook_job *)base;

    if (r < 0) {
        tcn_answer_failure(j->app, j->rq, r, err);
    } else {
        count(j->app, j->instance, j->is_known ? "queued" : "unknown");
        tcn_answer_json(j->rq, 202,
                        json_pack("{s:s}", "status", j->is_known ? "queued" : "unknown"));
        if (j->is_known)
            tcn_app_wake(j->app);
    }
    free_job(j);
}

static void late(struct tcn_job *base)
{
    struct hook_job *j = (struct hook_job *)base;

    tcn_answer_late(j->app, j->rq, "send it again");
}

static void post(struct tcn_app *app, const char *instance, const char *record,
                 struct tcn_request *rq)
{
    struct hook_job *j = tcn_xcalloc(1, sizeof *j);

    j->job = (struct tcn_job){.run = run, .late = late, .done = done};
    j->app = app;
    j->rq = rq;
    j->instance = tcn_xstrdup(instance);
    j->record = tcn_xstrdup(record);
    if (tcn_storethread_post(app->store, &j->job) == 0)
        return;
    tcn_answer_refused(app, rq);
    free_job(j);
}

/* -- the request --------------------------------------------------------------------------------------------------- */

static void read_fields(const struct tcn_request *rq, struct tcn_message *ret)
{
    for (size_t i = 0; i < rq->n_fields; i++) {
        const struct tcn_http1_field *f = &rq->fields[i];
        struct tcn_str line = {rq->head + f->name_at,
                               (size_t)(f->value_at + f->value_len) - (size_t)f->name_at};

        (void)tcn_message_add(ret, line); /* a signature beyond its cap is none */
    }
}

static bool is_authentic(const struct tcn_app *app, const struct tcn_instance *instance,
                         const struct tcn_request *rq)
{
    struct tocsin_inbound in = {.method = "POST",
                                .path = rq->captures[0].ptr,
                                .body = rq->body,
                                .body_len = rq->body_len,
                                .now_ms = tcn_app_now_ms(app)};
    struct tcn_message m;
    bool is;

    tcn_message_init(&m);
    read_fields(rq, &m);
    in.msg = &m;
    is = instance->connector->verify(&instance->sdk, &in) == 0;
    tcn_message_done(&m);
    return is;
}

/* The record that the body is about, in the arena; NULL: it is about none. */
static const char *record_of(const struct tcn_app *app, const struct tcn_connector_config *c,
                             json_t *body, struct tcn_arena *arena)
{
    const struct tcn_mapping_input in = {
        .source = c->name, .body = body, .now_ms = tcn_app_now_ms(app)};
    struct tcn_mapping_inbound told;

    tcn_mapping_inbound(c->mapping, &in, arena, &told);
    return told.remote_id && told.remote_id[0] ? told.remote_id : NULL;
}

static const char unreadable[] = "the body is no JSON that can be taken";

static void take(struct tcn_app *app, const struct tcn_connector_config *c, struct tcn_request *rq)
{
    struct tcn_str text = {rq->body, rq->body_len};
    struct tcn_arena arena;
    const char *record;
    json_t *body = NULL;

    if (tcn_json_parse(text, &tcn_json_source, &body, NULL) < 0) {
        count(app, c->name, "unreadable");
        note_refused(app, rq, 400, "bad_json", unreadable);
        tcn_answer_error(rq, 400, "bad_json", unreadable);
        return;
    }
    tcn_arena_init(&arena, ARENA);
    record = record_of(app, c, body, &arena);
    if (record) {
        post(app, c->name, record, rq);
    } else {
        count(app, c->name, "ignored");
        tcn_answer_json(rq, 202, json_pack("{s:s}", "status", "ignored"));
    }
    tcn_arena_done(&arena);
    json_decref(body);
}

static bool takes_webhooks(const struct tcn_connector_config *c)
{
    return c->has_tickets && (c->instance->caps & TOCSIN_CAP_WEBHOOK) != 0;
}

static void refuse_name(struct tcn_app *app, struct tcn_request *rq)
{
    const char *names[NAMES_MAX + 1] = {NULL}, *nearest;
    size_t n = 0;
    char why[160];

    for (size_t i = 0; i < app->config->n_connectors && n < NAMES_MAX; i++)
        if (takes_webhooks(&app->config->connectors[i]))
            names[n++] = app->config->connectors[i].name;
    nearest = tcn_nearest(rq->captures[0].ptr, names);
    snprintf(why, sizeof why, "no connector with webhooks has the name in the path%s%s",
             nearest ? "; the nearest is " : "", nearest ? nearest : "");
    note_refused(app, rq, 404, "unknown_connector", why);
    tcn_answer_error(rq, 404, "not_found",
                     "there is no connector of that name that takes webhooks; its path is "
                     "/connectors/NAME, with a name of \"connectors\" in the configuration");
}

/* 401 must name a scheme (RFC 9110 section 11.6.1). */
static void refuse_sender(struct tcn_app *app, const struct tcn_connector_config *c,
                          struct tcn_request *rq)
{
    count(app, c->name, "unauthorized");
    note_refused(app, rq, 401, "unauthorized", c->instance->failure);
    tcn_answer_challenge(rq, "Signature realm=\"tocsin\"", c->instance->failure);
}

void tcn_route_hook(struct tcn_app *app, struct tcn_request *rq)
{
    const struct tcn_connector_config *c = tcn_config_connector(app->config, rq->captures[0].ptr);

    if (!c || !takes_webhooks(c)) {
        refuse_name(app, rq);
    } else if (!is_authentic(app, c->instance, rq)) {
        refuse_sender(app, c, rq);
    } else {
        take(app, c, rq);
    }
}
