/* /v1: token, role, body, then a job of the store thread. */
#include "app/catalog.h"
#include "app/commands.h"
#include "app/milestones.h"
#include "app/outbound.h"
#include "app/refused.h"
#include "app/routes.h"
#include "app/state.h"
#include "app/subscriptions.h"
#include "base/xalloc.h"
#include "connect/ensure.h"
#include "sys/random.h"

#include <stdio.h>
#include <stdlib.h>

#define CALL_ARENA (64u << 20) /* an incident with a thousand events and their texts */

struct api_job {
    struct tcn_job job; /* first */
    struct tcn_app *app;
    struct tcn_config *config; /* a reference */
    struct tcn_request *rq;    /* owned */
    const struct tcn_api_route *route;
    struct tcn_arena arena, kept; /* of one run; of the request */
    struct tcn_api_call call;
    uint32_t salt;
    struct tcn_command_result result;
};

static void free_job(struct api_job *j)
{
    json_decref(j->call.reply);
    json_decref(j->call.body);
    json_decref(j->call.sights.waits);
    tcn_config_unref(j->config);
    tcn_arena_done(&j->arena);
    tcn_arena_done(&j->kept);
    free(j);
}

static const char *error_member(const struct api_job *j, const char *name)
{
    return json_string_value(json_object_get(json_object_get(j->call.reply, "error"), name));
}

static void note_refused(const struct api_job *j)
{
    tcn_refused(j->app, &(struct tcn_refused){.route = j->route->path,
                                              .reason = error_member(j, "code"),
                                              .status = j->call.status,
                                              .peer = j->rq->peer,
                                              .why = error_member(j, "message")});
}

static void finish(struct api_job *j)
{
    char labels[160];

    snprintf(labels, sizeof labels, "route=\"%s %s\",status=\"%d\"", j->route->method,
             j->route->path, j->call.status);
    tcn_metrics_add(j->app->metrics, "tocsin_api_total", labels, 1);
    if (j->call.status >= 400)
        note_refused(j);
    tcn_answer_json(j->rq, j->call.status, json_incref(j->call.reply));
    free_job(j);
}

static int run(struct tcn_job *base, struct tcn_store *s, int64_t now_ms, struct tcn_err *err)
{
    struct api_job *j = (struct api_job *)base;
    struct tcn_command_world world = {&j->config->directory, NULL, j->config->policies, j->salt,
                                      j->config};
    int r;

    tcn_arena_reset(&j->arena);
    json_decref(j->call.reply);
    j->call.reply = NULL;
    j->result = (struct tcn_command_result){0};
    j->call.now_ms = now_ms;
    if ((r = tcn_catalog_fresh(s, world.declared, now_ms, &world.directory, err)) < 0)
        return r;
    j->call.directory = world.directory;
    return j->route->query ? j->route->query(&j->call, s, err)
                           : tcn_command_execute(&j->call, &world, s, now_ms, &j->result, err);
}

/* Who is paged is no longer what it was: whoever looks into the log wants to know by whom. */
static void note_resource(const struct api_job *j)
{
    const struct tcn_resource_call *r = &j->call.command.resource;
    const char *name = json_string_value(json_object_get(j->call.reply, "name"));

    tcn_log(TCN_LOG_INFO, "api", "a resource was changed", "route", j->route->path, "kind", r->list,
            "name", name ? name : r->name, "by", j->call.actor, NULL);
}

static void done(struct tcn_job *base, int r, const struct tcn_err *err)
{
    struct api_job *j = (struct api_job *)base;

    if (r < 0) {
        tcn_answer_failure(j->app, j->rq, r, err);
        free_job(j);
        return;
    }
    tcn_milestones_tell(j->app, &j->result.milestones);
    if (j->result.has_changed && j->call.command.resource.list)
        note_resource(j);
    if (j->result.has_changed) {
        tcn_app_changed(j->app);
        tcn_app_wake(j->app);
    }
    if (j->result.has_changed && j->call.command.kind == TCN_COMMAND_SUBSCRIPTION_CONFIRM)
        tcn_subscriptions_wake(j->app->subscriptions);
    if (j->result.has_changed && j->call.command.kind == TCN_COMMAND_SWEEP)
        tcn_outbound_sweep(j->app, j->call.command.connector);
    finish(j);
}

static void late(struct tcn_job *base)
{
    struct api_job *j = (struct api_job *)base;

    tcn_answer_late(j->app, j->rq,
                    j->route->query || j->route->look
                        ? "ask again"
                        : "whether this was done is not known: look before you repeat it");
}

static void answer_state(struct api_job *j, enum tcn_api_state state)
{
    j->call.status = 200;
    j->call.reply = tcn_state_json(j->app, state);
    finish(j);
}

static void answer_asked(struct tcn_app *app, struct tcn_request *rq, void *ctx)
{
    struct api_job *j = ctx;

    (void)app;
    (void)rq;
    answer_state(j, j->route->state);
}

static void submit(struct api_job *j)
{
    j->job.run = run;
    j->job.late = late;
    j->job.done = done;
    j->call.arena = &j->arena;
    if (tcn_storethread_post(j->app->store, &j->job) == 0)
        return;
    if (j->route->away) {
        answer_state(j, j->route->away);
        return;
    }
    tcn_answer_refused(j->app, j->rq);
    free_job(j);
}

/* Which connectors are not called now, only the loop knows. */
static void look_at_connectors(struct api_job *j)
{
    static const char path[] = "/v1/links";

    if (strncmp(j->route->path, path, sizeof path - 1) != 0)
        return;
    j->call.sights.waits = tcn_outbound_waits(j->app);
    j->call.sights.resting = tcn_ensure_resting;
}

/* False when the call was refused. The body is optional; its type is not asked for, since curl sends none of use. */
static bool read_body(struct api_job *j)
{
    struct tcn_err err;
    int r;

    if (j->rq->body_len == 0)
        return true;
    r = tcn_json_parse((struct tcn_str){j->rq->body, j->rq->body_len}, &tcn_json_api, &j->call.body,
                       &err);
    if (r == 0)
        return true;
    if (r == TCN_ELIMIT)
        tcn_api_refuse(&j->call, 413, "too_large", NULL, "the body is too large: %s", err.msg);
    else
        tcn_api_refuse(&j->call, 400, "bad_request", NULL, "the body cannot be read as JSON: %s",
                       err.msg);
    return false;
}

static void start(struct api_job *j)
{
    int (*read)(struct tcn_api_call * call) =
        j->route->command ? j->route->command : j->route->look;

    /* What a command keeps of the request outlives the arena of a run. */
    j->call.arena = &j->kept;
    if (tcn_api_query_only(&j->call, j->route->members) < 0) {
        finish(j);
    } else if (j->route->state == TCN_STATE_CONNECTORS) {
        tcn_state_ask(j->app, j->rq, answer_asked, j);
    } else if (j->route->state) {
        answer_state(j, j->route->state);
    } else if (!read_body(j) || (read && read(&j->call) < 0)) {
        finish(j);
    } else {
        look_at_connectors(j);
        submit(j);
    }
}

static struct api_job *job_new(struct tcn_app *app, struct tcn_request *rq,
                               const struct tcn_api_route *route, const struct tcn_token *token)
{
    struct api_job *j = tcn_xcalloc(1, sizeof *j);

    j->app = app;
    j->config = app->config;
    tcn_config_ref(j->config);
    j->rq = rq;
    j->route = route;
    j->salt = (uint32_t)tcn_random_u64();
    tcn_arena_init(&j->arena, CALL_ARENA);
    tcn_arena_init(&j->kept, 1u << 20);
    j->call.query = rq->query;
    j->call.path_id = rq->n_captures > 0 ? rq->captures[0].ptr : NULL;
    j->call.path_part = rq->n_captures > 1 ? rq->captures[1].ptr : NULL;
    j->call.actor = tcn_arena_fmt(&j->kept, "token:%s", token->name);
    j->call.account_id = app->config->account_id;
    j->call.policies = app->config->policies;
    j->call.public_url = app->config->public_url;
    j->call.ignores_codes = app->config->ignores_codes;
    return j;
}

static void refuse_stranger(struct tcn_app *app, struct tcn_request *rq,
                            const struct tcn_api_route *route, bool has_sent)
{
    const char *why = has_sent
                          ? "the Authorization header is not Bearer with a token of \"tokens\" "
                            "in the configuration"
                          : "no credentials; send Authorization: Bearer TOKEN, with a token "
                            "of \"tokens\" in the configuration";

    tcn_refused(app, &(struct tcn_refused){.route = route->path,
                                           .reason = "unauthorized",
                                           .status = 401,
                                           .peer = rq->peer,
                                           .why = why});
    tcn_answer_challenge(rq, "Bearer realm=\"tocsin\"", why);
}

static void refuse_role(struct tcn_app *app, struct tcn_request *rq,
                        const struct tcn_api_route *route, const struct tcn_token *token)
{
    char why[128];

    snprintf(why, sizeof why, "this needs the role %s; the token that was sent has %s",
             tcn_role_name(route->role), tcn_role_name(token->role));
    tcn_refused(app, &(struct tcn_refused){.route = route->path,
                                           .reason = "forbidden",
                                           .status = 403,
                                           .peer = rq->peer,
                                           .why = why});
    tcn_answer_error(rq, 403, "forbidden", why);
}

void tcn_route_api(struct tcn_app *app, struct tcn_request *rq, const struct tcn_api_route *route)
{
    const struct tcn_token *token = NULL;
    struct tcn_str header;
    bool has_sent = tcn_server_request_header(rq, TCN_STR("Authorization"), &header);

    if (has_sent)
        token = tcn_tokens_find(&app->config->tokens, header);
    if (!token)
        refuse_stranger(app, rq, route, has_sent);
    else if (token->role < route->role)
        refuse_role(app, rq, route, token);
    else
        start(job_new(app, rq, route, token));
}
