/* Every path of the program, and the forms of its answers. */
#include "app/routes.h"
#include "app/delivery.h"
#include "app/ready.h"
#include "app/refused.h"
#include "app/trouble.h"
#include "base/nearest.h"
#include "base/xalloc.h"
#include "sys/clock.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#define SMALL_BODY 1024
#define API_BODY (256u << 10)
#define REPLY_MAX (8u << 20)

enum page { PAGE_SOURCE = 1, PAGE_HOOK, PAGE_API, PAGE_ACK, PAGE_HEALTH, PAGE_READY, PAGE_METRICS };

/* What a route's data points to. */
struct target {
    enum page page;
    const struct tcn_api_route *api;
};

static const unsigned part_of[] = {
    [PAGE_SOURCE] = TCN_PART_SOURCES,  [PAGE_HOOK] = TCN_PART_SOURCES,
    [PAGE_API] = TCN_PART_API,         [PAGE_ACK] = TCN_PART_ACK,
    [PAGE_HEALTH] = TCN_PART_HEALTH,   [PAGE_READY] = TCN_PART_HEALTH,
    [PAGE_METRICS] = TCN_PART_METRICS,
};

static const struct tcn_api_route no_api;
static const struct {
    const char *method, *pattern;
    size_t cap;
    unsigned flags;
    struct target target;
} pages[] = {
    {"POST", "/sources/{name}", TCN_SOURCE_BODY_MAX, 0, {PAGE_SOURCE, &no_api}},
    {"POST", "/connectors/{name}", TCN_SOURCE_BODY_MAX, 0, {PAGE_HOOK, &no_api}},
    {"GET", "/ack/{token}", SMALL_BODY, 0, {PAGE_ACK, &no_api}},
    {"POST", "/ack/{token}", SMALL_BODY, TCN_ROUTE_BODY_OPTIONAL, {PAGE_ACK, &no_api}},
    {"GET", "/healthz", SMALL_BODY, 0, {PAGE_HEALTH, &no_api}},
    {"GET", "/readyz", SMALL_BODY, 0, {PAGE_READY, &no_api}},
    {"GET", "/metrics", SMALL_BODY, 0, {PAGE_METRICS, &no_api}},
};

#define API_ROUTES_MAX 64
static struct target api_targets[API_ROUTES_MAX];

static int add_api(struct tcn_router *router, struct tcn_err *err)
{
    int r = 0;

    for (size_t i = 0; tcn_api_v1[i].method && r == 0; i++) {
        struct tcn_route route = {.method = tcn_api_v1[i].method,
                                  .pattern = tcn_api_v1[i].path,
                                  .body_cap_bytes = API_BODY,
                                  .flags = TCN_ROUTE_BODY_OPTIONAL,
                                  .data = &api_targets[i]};

        assert(i < API_ROUTES_MAX);
        api_targets[i] = (struct target){PAGE_API, &tcn_api_v1[i]};
        r = tcn_router_add(router, &route, err);
    }
    return r;
}

int tcn_routes_add(struct tcn_router *router, unsigned parts, struct tcn_err *err)
{
    int r = 0;

    for (size_t i = 0; i < sizeof pages / sizeof *pages && r == 0; i++) {
        struct tcn_route route = {.method = pages[i].method,
                                  .pattern = pages[i].pattern,
                                  .body_cap_bytes = pages[i].cap,
                                  .flags = pages[i].flags,
                                  .data = &pages[i].target};

        if (part_of[pages[i].target.page] & parts)
            r = tcn_router_add(router, &route, err);
    }
    return r == 0 && parts & TCN_PART_API ? add_api(router, err) : r;
}

/* The name that was asked for is not logged: who mixes up the parts of an address may have put a secret there. */
static void refuse_source(struct tcn_app *app, struct tcn_request *rq)
{
    const char *names[TCN_SOURCES_MAX + 1] = {NULL}, *nearest;
    char why[160];

    for (size_t i = 0; i < app->config->n_sources; i++)
        names[i] = app->config->sources[i]->name;
    nearest = tcn_nearest(rq->captures[0].ptr, names);
    snprintf(why, sizeof why, "no source has the name in the path%s%s",
             nearest ? "; the nearest is " : "", nearest ? nearest : "");
    tcn_refused(app, &(struct tcn_refused){.route = rq->route->pattern,
                                           .reason = "unknown_source",
                                           .status = 404,
                                           .peer = rq->peer,
                                           .why = why});
    tcn_answer_error(rq, 404, "not_found",
                     "there is no source of that name; its path is /sources/NAME, with a name of "
                     "\"sources\" in the configuration");
}

static const struct tcn_source *source_of(const struct tcn_app *app, struct tcn_str name)
{
    for (size_t i = 0; i < app->config->n_sources; i++)
        if (tcn_str_eq(name, tcn_str(app->config->sources[i]->name)))
            return app->config->sources[i];
    return NULL;
}

static void serve_source(struct tcn_app *app, struct tcn_request *rq)
{
    const struct tcn_source *source = source_of(app, rq->captures[0]);

    if (source)
        tcn_delivery_take(app, source, rq);
    else
        refuse_source(app, rq);
}

/* Wherever it is served. */
static void find_route(const struct tcn_app *app, struct tcn_str path, char *scratch,
                       struct tcn_route_match *ret)
{
    tcn_router_find(app->router, TCN_METHOD_NONE, path, scratch, ret);
    if (!ret->route && app->admin_router)
        tcn_router_find(app->admin_router, TCN_METHOD_NONE, path, scratch, ret);
}

const char *tcn_routes_label(const struct tcn_app *app, struct tcn_str path,
                             char buf[TCN_ROUTE_LABEL])
{
    char *scratch = tcn_xmalloc(TCN_ROUTE_SCRATCH(path.len));
    const struct tcn_source *source = NULL;
    const struct target *target;
    struct tcn_route_match m;

    find_route(app, path, scratch, &m);
    target = m.route ? m.route->data : NULL;
    if (target && target->page == PAGE_SOURCE)
        source = source_of(app, m.captures[0]);
    if (source)
        snprintf(buf, TCN_ROUTE_LABEL, "/sources/%s", source->name);
    else if (target)
        snprintf(buf, TCN_ROUTE_LABEL, "%s", m.route->pattern);
    free(scratch);
    return target ? buf : NULL;
}

void tcn_routes_serve(void *ctx, struct tcn_request *rq)
{
    const struct target *target = rq->route->data;
    struct tcn_app *app = ctx;

    switch (target->page) {
    case PAGE_SOURCE:
        serve_source(app, rq);
        break;
    case PAGE_HOOK:
        tcn_route_hook(app, rq);
        break;
    case PAGE_API:
        tcn_route_api(app, rq, target->api);
        break;
    case PAGE_ACK:
        tcn_route_ack(app, rq);
        break;
    case PAGE_HEALTH:
        tcn_route_health(rq);
        break;
    case PAGE_READY:
        tcn_route_ready(app, rq);
        break;
    case PAGE_METRICS:
    default:
        tcn_route_metrics(app, rq);
    }
}

static void send_reply(struct tcn_request *rq, const struct tcn_reply *reply)
{
    tcn_server_reply(rq->server, rq->reply_id, reply);
    tcn_server_request_free(rq);
}

void tcn_answer_text(struct tcn_request *rq, int status, const char *type, const char *csp,
                     struct tcn_str body)
{
    struct tcn_reply reply = {.status = status, .content_type = type, .csp = csp, .body = body};

    send_reply(rq, &reply);
}

void tcn_answer_json(struct tcn_request *rq, int status, json_t *body)
{
    char *text = json_dumps(body, JSON_COMPACT);
    struct tcn_reply reply = {.status = status, .content_type = "application/json"};

    json_decref(body);
    if (!text)
        abort();
    reply.body = tcn_str(text);
    if (reply.body.len > REPLY_MAX)
        reply = (struct tcn_reply){.status = 500,
                                   .content_type = "application/json",
                                   .body = TCN_STR("{\"error\":{\"code\":\"too_large\",\"message\":"
                                                   "\"the answer is larger than 8 MiB; ask for "
                                                   "less, with limit\"}}")};
    send_reply(rq, &reply);
    free(text);
}

static void write_error(struct tcn_buf *body, struct tcn_reply *reply, const char *code,
                        const char *message)
{
    tcn_buf_init(body, 4096);
    tcn_buf_fmt(body, "{\"error\":{\"code\":\"%s\",\"message\":", code);
    tcn_buf_json(body, tcn_str(message));
    tcn_buf_z(body, "}}");
    reply->content_type = "application/json";
    reply->body = tcn_buf_view(body);
}

/* reply has everything but its body. */
static void send_error(struct tcn_request *rq, struct tcn_reply *reply, const char *code,
                       const char *message)
{
    struct tcn_buf body;

    write_error(&body, reply, code, message);
    send_reply(rq, reply);
    tcn_buf_done(&body);
}

void tcn_answer_error(struct tcn_request *rq, int status, const char *code, const char *message)
{
    struct tcn_reply reply = {.status = status};

    send_error(rq, &reply, code, message);
}

void tcn_answer_busy(struct tcn_request *rq, const char *message)
{
    struct tcn_reply reply = {.status = 503, .retry_after_s = TCN_RETRY_AFTER_S};

    send_error(rq, &reply, "unavailable", message);
}

void tcn_answer_late(struct tcn_app *app, struct tcn_request *rq, const char *what)
{
    struct tcn_reply reply = {.status = 503, .retry_after_s = TCN_RETRY_AFTER_S};
    char trouble[TCN_TROUBLE] = "the database takes long", message[2 * TCN_TROUBLE];
    struct tcn_buf body;

    tcn_trouble(app, trouble);
    snprintf(message, sizeof message, "%s; %s", trouble, what);
    write_error(&body, &reply, "undecided", message);
    tcn_server_reply(rq->server, rq->reply_id, &reply);
    tcn_buf_done(&body);
}

void tcn_answer_challenge(struct tcn_request *rq, const char *challenge, const char *message)
{
    const struct tcn_reply_header headers[] = {{"WWW-Authenticate", challenge}};
    struct tcn_reply reply = {.status = 401, .headers = headers, .n_headers = 1};

    send_error(rq, &reply, "unauthorized", message);
}

/* Written by hand: it is the answer of every delivery. */
void tcn_answer_delivery(struct tcn_request *rq, int status, const char *word,
                         const struct tcn_id *incidents, size_t n)
{
    char body[128 + TCN_ANSWER_IDS * (TCN_ID_TEXT + 3)], id[TCN_ID_TEXT];
    struct tcn_reply reply = {.status = status, .content_type = "application/json"};
    int len = snprintf(body, sizeof body, "{\"status\":\"%s\",\"incidents\":[", word);

    assert(n <= TCN_ANSWER_IDS);
    for (size_t i = 0; i < n; i++) {
        tcn_id_text(incidents[i], id);
        len += snprintf(body + len, sizeof body - (size_t)len, "%s\"%s\"", i ? "," : "", id);
    }
    len += snprintf(body + len, sizeof body - (size_t)len, "]}");
    reply.body = (struct tcn_str){body, (size_t)len};
    send_reply(rq, &reply);
}

static void answer_nothing(struct tcn_request *rq, const char *why)
{
    char message[TCN_ERR_MSG + 80];

    snprintf(message, sizeof message, "%s; nothing was accepted", why);
    tcn_answer_busy(rq, message);
}

/* The store takes no job. */
void tcn_answer_refused(struct tcn_app *app, struct tcn_request *rq)
{
    char trouble[TCN_TROUBLE];

    if (tcn_trouble(app, trouble))
        answer_nothing(rq, trouble);
    else
        tcn_answer_busy(rq, "too many requests wait for the store");
}

/* One a second and code: a job that fails for ever is asked for again and again. */
static void tell_failure(struct tcn_app *app, int r, const struct tcn_err *err)
{
    const char *code = tcn_code_name(r);
    uint64_t suppressed = 0;
    char more[TCN_LOG_NUM];

    tcn_metrics_add(app->metrics, "tocsin_store_failures_total", "", 1);
    if (tcn_log_limit_pass(&app->log_limit, "job failed", code, tcn_clock_mono_us() / 1000,
                           &suppressed))
        tcn_log(TCN_LOG_ERROR, "store", "job failed", "code", code, "why", err->msg,
                suppressed ? "suppressed" : NULL, tcn_log_num((int64_t)suppressed, more), NULL);
}

/* A server's reason has no secret; what a file system says may have its paths. */
static void describe_refusal(const struct tcn_err *err, char *ret_text, size_t size)
{
    const char *why = tcn_trouble_in_public(err->msg);

    if (why == err->msg)
        snprintf(ret_text, size, "the store is not available");
    else
        snprintf(ret_text, size, "the database refuses it: %s", why);
}

void tcn_answer_failure(struct tcn_app *app, struct tcn_request *rq, int r,
                        const struct tcn_err *err)
{
    char trouble[TCN_TROUBLE], refused[TCN_ERR_MSG + 40];

    tell_failure(app, r, err);
    if (r == TCN_EFULL) {
        answer_nothing(rq, "the disk is full");
    } else if (tcn_trouble(app, trouble)) {
        answer_nothing(rq, trouble);
    } else {
        describe_refusal(err, refused, sizeof refused);
        answer_nothing(rq, refused);
    }
}
