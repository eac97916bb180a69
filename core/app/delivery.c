/* From the front door to an authenticated, parsed body. */
#include "app/delivery.h"
#include "app/refused.h"
#include "app/routes.h"
#include "base/xalloc.h"
#include "sys/clock.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

void tcn_delivery_count(struct tcn_app *app, const struct tcn_source *source, const char *result)
{
    char labels[200];

    snprintf(labels, sizeof labels, "source=\"%s\",result=\"%s\"", source->name, result);
    tcn_metrics_add(app->metrics, "tocsin_deliveries_total", labels, 1);
}

void tcn_delivery_free(struct tcn_delivery_state *d)
{
    assert(!d->rq);
    if (d->patience)
        event_free(d->patience);
    json_decref(d->root);
    tcn_arena_done(&d->arena);
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
    tcn_answer_error(d->app, d->rq, status, code, why);
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

static const char *header_of(void *ctx, const char *name)
{
    return tcn_delivery_header(ctx, name);
}

static struct tcn_str body_of(const struct tcn_delivery_state *d)
{
    return (struct tcn_str){d->rq->body, d->rq->body_len};
}

/* "no credentials of a kind that this source takes: bearer, hmac" */
static void say_missing(const struct tcn_cred_list *auth, char *ret, size_t size)
{
    size_t at = (size_t)snprintf(ret, size, "no credentials of a kind that this source takes");

    /* However many secrets a source has: what does not fit is left out. */
    for (size_t i = 0; i < auth->n && at < size; i++)
        at += (size_t)snprintf(ret + at, size - at, "%s%s", i ? ", " : ": ",
                               tcn_cred_kind_name(auth->items[i].kind));
}

/* 401 must name a scheme (RFC 9110 section 11.6.1); kinds without one answer 403. */
static void refuse_missing(struct tcn_delivery_state *d)
{
    const char *challenge = tcn_cred_challenge(&d->source->auth);
    char why[160];

    say_missing(&d->source->auth, why, sizeof why);
    if (!challenge) {
        tcn_delivery_refuse(d, 403, "forbidden", why);
        return;
    }
    note_refused(d, 401, "unauthorized", why);
    tcn_answer_challenge(d->app, d->rq, challenge, why);
    d->rq = NULL;
    tcn_delivery_free(d);
}

static void refuse_wrong(struct tcn_delivery_state *d, const struct tcn_cred *by)
{
    static const char signature[] = "the signature does not fit the body and the secret of this "
                                    "source, or its time is too long ago";
    char why[128];

    snprintf(why, sizeof why, "the %s credentials are not those of this source",
             tcn_cred_kind_name(by->kind));
    tcn_delivery_refuse(d, 403, "forbidden", by->kind == TCN_CRED_HMAC ? signature : why);
}

static void refuse_unreadable(struct tcn_delivery_state *d, const struct tcn_cred *by)
{
    char why[128];

    snprintf(why, sizeof why, "the %s credentials cannot be read: %s", tcn_cred_kind_name(by->kind),
             by->kind == TCN_CRED_BASIC
                 ? "send base64 of USER:PASSWORD"
                 : "the signature has not the form that this source is configured for");
    tcn_delivery_refuse(d, 400, "malformed", why);
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

/* A body that was just decided to change nothing: it is open and durable already. */
static bool answer_settled(struct tcn_delivery_state *d)
{
    struct tcn_id incident;

    tcn_settled_digest(d->source->name, fields_of(d->rq), body_of(d), d->digest);
    d->has_digest = true;
    if (!tcn_settled_has(d->app->settled, d->digest, tcn_clock_now_ms(), &incident))
        return false;
    tcn_delivery_count(d->app, d->source, "nothing");
    tcn_answer_delivery(d->app, d->rq, 200, "unchanged", &incident, 1);
    d->rq = NULL;
    tcn_delivery_free(d);
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

static void take_known(struct tcn_delivery_state *d, const struct tcn_cred *by)
{
    d->subject = tcn_cred_kind_name(by->kind);
    if (!answer_settled(d) && parse(d, &tcn_json_source))
        tcn_delivery_submit(d);
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
    struct tcn_cred_request request = {header_of, d, {rq->body, rq->body_len}, tcn_clock_now_ms()};
    const struct tcn_cred *by;

    *d = (struct tcn_delivery_state){.app = app, .config = app->config, .rq = rq, .source = source};
    tcn_arena_init(&d->arena, 65536);
    tcn_config_ref(d->config);
    switch (tcn_cred_check(&source->auth, &request, &by)) {
    case TCN_CRED_OK:
        take_known(d, by);
        break;
    case TCN_CRED_IS_SNS:
        take_sns(d, by);
        break;
    case TCN_CRED_MALFORMED:
        refuse_unreadable(d, by);
        break;
    case TCN_CRED_WRONG:
        refuse_wrong(d, by);
        break;
    case TCN_CRED_NO_VERDICT:
    case TCN_CRED_MISSING:
    default:
        refuse_missing(d);
    }
}
