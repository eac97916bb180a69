/* From the front door to an authenticated, parsed body. */
#include "app/delivery.h"
#include "app/ready.h"
#include "app/recheck.h"
#include "app/refused.h"
#include "app/routes.h"
#include "base/xalloc.h"
#include "sys/clock.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#define WHY_MAX 1024 /* bytes of what a sender is told */

void tcn_delivery_count(struct tcn_app *app, const struct tcn_source *source, const char *result)
{
    char labels[200];

    snprintf(labels, sizeof labels, "source=\"%s\",result=\"%s\"", source->name, result);
    tcn_metrics_add(app->metrics, "tocsin_deliveries_total", labels, 1);
}

bool tcn_delivery_may_tell(struct tcn_delivery_state *d, const char *reason,
                           struct tcn_left_out *ret)
{
    uint64_t suppressed = 0;
    bool may = tcn_log_limit_pass(&d->app->log_limit, d->source->name, reason,
                                  tcn_clock_mono_us() / 1000, &suppressed);

    ret->key = suppressed ? "suppressed" : NULL;
    tcn_log_num((int64_t)suppressed, ret->text);
    return may;
}

void tcn_delivery_free(struct tcn_delivery_state *d)
{
    assert(!d->rq);
    if (d->patience)
        event_free(d->patience);
    json_decref(d->root);
    tcn_arena_give(&d->app->arenas, &d->arena);
    tcn_config_unref(d->config);
    free(d);
}

static void note_refused(struct tcn_delivery_state *d, int status, const char *code,
                         const char *why)
{
    char route[100];

    snprintf(route, sizeof route, "/sources/%s", d->source->name);
    tcn_delivery_count(d->app, d->source, code);
    tcn_refused(
        d->app,
        &(struct tcn_refused){
            .route = route, .reason = code, .status = status, .peer = d->rq->peer, .why = why});
}

void tcn_delivery_refuse(struct tcn_delivery_state *d, int status, const char *code,
                         const char *why)
{
    note_refused(d, status, code, why);
    tcn_answer_error(d->rq, status, code, why);
    d->rq = NULL;
    tcn_delivery_free(d);
}

const char *tcn_delivery_header(struct tcn_delivery_state *d, const char *name)
{
    struct tcn_str value, again;
    size_t at = 0;

    if (!tcn_server_request_next(d->rq, tcn_str(name), &at, &value) ||
        tcn_server_request_next(d->rq, tcn_str(name), &at, &again))
        return NULL;
    return tcn_arena_str(&d->arena, value).ptr;
}

static size_t header_of(void *ctx, const char *name, const char **ret_value)
{
    struct tcn_delivery_state *d = ctx;
    struct tcn_str value;
    size_t at = 0;

    if (!tcn_server_request_next(d->rq, tcn_str(name), &at, &value))
        return 0;
    *ret_value = tcn_delivery_header(d, name);
    return *ret_value ? 1 : 2;
}

static struct tcn_str body_of(const struct tcn_delivery_state *d)
{
    return (struct tcn_str){d->rq->body, d->rq->body_len};
}

/* 401 must name a scheme (RFC 9110 section 11.6.1); kinds without one answer 403. */
static void refuse_missing(struct tcn_delivery_state *d, const char *why)
{
    const char *challenge = tcn_cred_challenge(&d->source->auth);

    if (!challenge) {
        tcn_delivery_refuse(d, 403, "forbidden", why);
        return;
    }
    note_refused(d, 401, "unauthorized", why);
    tcn_answer_challenge(d->rq, challenge, why);
    d->rq = NULL;
    tcn_delivery_free(d);
}

static void refuse_sender(struct tcn_delivery_state *d, enum tcn_cred_verdict verdict,
                          const struct tcn_cred *by)
{
    struct tcn_buf why;

    tcn_buf_init(&why, WHY_MAX);
    tcn_cred_why(&d->source->auth, verdict, by, d->rq->client_names, &why);
    if ((verdict == TCN_CRED_WRONG && !tcn_cred_has_scheme(by)) || verdict == TCN_CRED_STALE)
        tcn_delivery_refuse(d, 403, "forbidden", why.ptr);
    else if (verdict == TCN_CRED_MALFORMED || verdict == TCN_CRED_REPEATED)
        tcn_delivery_refuse(d, 400, "malformed", why.ptr);
    else
        refuse_missing(d, why.ptr);
    tcn_buf_done(&why);
}

/* The header fields as they were sent, in one piece. */
static struct tcn_str fields_of(const struct tcn_request *rq)
{
    const struct tcn_http1_field *first = rq->fields, *last = rq->fields + rq->n_fields - 1;

    if (rq->n_fields == 0)
        return TCN_STR("");
    return (struct tcn_str){rq->head + first->name_at,
                            (size_t)(last->value_at + last->value_len) - (size_t)first->name_at};
}

void tcn_delivery_repeat(struct tcn_delivery_state *d, struct tcn_id incident)
{
    tcn_delivery_count(d->app, d->source, "nothing");
    tcn_answer_delivery(d->rq, 200, "unchanged", &incident, 1);
    d->rq = NULL;
    tcn_delivery_free(d);
}

void tcn_delivery_late(struct tcn_delivery_state *d)
{
    tcn_delivery_count(d->app, d->source, "late");
    tcn_answer_late(d->app, d->rq,
                    "whether this was accepted is not known: send it again, what is known already "
                    "changes nothing");
}

void tcn_delivery_fail(struct tcn_delivery_state *d, int r, const struct tcn_err *err)
{
    tcn_ready_failed(d->app, err);
    tcn_delivery_count(d->app, d->source, "failed");
    tcn_answer_failure(d->app, d->rq, r, err);
    d->rq = NULL;
    tcn_delivery_free(d);
}

/* A body that was just decided to change nothing: it is open and durable already, or likely so. */
static bool answer_settled(struct tcn_delivery_state *d)
{
    struct tcn_settled_fact fact;

    if (d->app->is_store_gone)
        return false;
    tcn_settled_digest(d->source->name, fields_of(d->rq), body_of(d), d->digest);
    d->has_digest = true;
    if (!tcn_settled_has(d->app->settled, d->digest, tcn_app_now_ms(d->app), &fact))
        return false;
    if (fact.lane.revision)
        tcn_recheck(d, &fact);
    else
        tcn_delivery_repeat(d, fact.incident);
    return true;
}

/* False when it was refused. */
static bool parse(struct tcn_delivery_state *d, const struct tcn_json_limits *limits)
{
    char why[TCN_ERR_MSG + 40];
    struct tcn_err err;
    int r = tcn_json_parse(body_of(d), limits, &d->root, &err);

    if (r == 0)
        return true;
    snprintf(why, sizeof why, "the body %s: %s",
             r == TCN_ELIMIT ? "is too large" : "cannot be read as JSON", err.msg);
    if (r == TCN_ELIMIT)
        tcn_delivery_refuse(d, 413, "too_large", why);
    else
        tcn_delivery_refuse(d, 400, "malformed", why);
    return false;
}

void tcn_delivery_read(struct tcn_delivery_state *d)
{
    if (parse(d, &tcn_json_source))
        tcn_delivery_submit(d);
}

static void take_known(struct tcn_delivery_state *d, const struct tcn_cred *by)
{
    d->subject = tcn_cred_kind_name(by->kind);
    if (!answer_settled(d))
        tcn_delivery_read(d);
}

static void take_sns(struct tcn_delivery_state *d, const struct tcn_cred *by)
{
    d->subject = "sns";
    d->sns_policy = by->sns;
    /* Small limits: forgeries may wait for certificates. */
    if (parse(d, &tcn_sns_json))
        tcn_delivery_verify_sns(d);
}

void tcn_delivery_take(struct tcn_app *app, const struct tcn_source *source, struct tcn_request *rq)
{
    struct tcn_delivery_state *d = tcn_xcalloc(1, sizeof *d);
    struct tcn_cred_request request = {
        header_of, d, {rq->body, rq->body_len}, tcn_clock_now_ms(), rq->client_names};
    const struct tcn_cred *by;
    enum tcn_cred_verdict verdict;

    *d = (struct tcn_delivery_state){.app = app, .config = app->config, .rq = rq, .source = source};
    tcn_arena_take(&app->arenas, 65536, &d->arena);
    tcn_config_ref(d->config);
    verdict = tcn_cred_check(&source->auth, &request, &by);
    if (verdict == TCN_CRED_OK)
        take_known(d, by);
    else if (verdict == TCN_CRED_IS_SNS)
        take_sns(d, by);
    else
        refuse_sender(d, verdict, by);
}
