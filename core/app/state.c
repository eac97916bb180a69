#include "app/state.h"
#include "api/json.h"
#include "api/v1_nodes.h"
#include "app/door.h"
#include "app/look.h"
#include "app/outbound.h"
#include "app/peers.h"
#include "app/ready.h"
#include "app/routes.h"
#include "app/servers.h"
#include "app/trouble.h"
#include "gateway/source.h"

#include <stdio.h>

static json_t *sources_json(const struct tcn_app *app)
{
    json_t *items = json_array();

    for (size_t i = 0; i < app->config->n_sources; i++) {
        const struct tcn_source *s = app->config->sources[i];

        json_array_append_new(items, json_pack("{s:s, s:s, s:s, s:s}", "name", s->name, "kind",
                                               s->kind, "mapping", tcn_mapping_name(s->mapping),
                                               "response_plan", s->policy.response_plan));
    }
    return items;
}

static json_t *nodes_json(const struct tcn_app *app)
{
    struct tcn_v1_nodes is = {.n = 0};
    struct tcn_storethread_stats store;
    char trouble[TCN_TROUBLE];

    tcn_storethread_stats(app->store, &store);
    is.as_of_ms = tcn_peers_known(app, &is.peers, &is.n);
    is.database = store.database;
    is.trouble = tcn_trouble(app, trouble) ? trouble : "too many requests wait for the store";
    return tcn_v1_nodes_json(&is);
}

static json_t *list_json(json_t *items)
{
    return json_pack("{s:o, s:o}", "items", items, "next", json_null());
}

json_t *tcn_state_json(struct tcn_app *app, enum tcn_api_state which)
{
    switch (which) {
    case TCN_STATE_SOURCES:
        return list_json(sources_json(app));
    case TCN_STATE_CONNECTORS:
        return list_json(tcn_outbound_json(app));
    case TCN_STATE_NODES:
        return nodes_json(app);
    case TCN_STATE_NONE:
    default:
        return json_object();
    }
}

/* The loop turns and answers: that is all it says. */
void tcn_route_health(struct tcn_request *rq)
{
    tcn_answer_text(rq, 200, "text/plain; charset=utf-8", NULL, TCN_STR("ok\n"));
}

/* -- metrics -------------------------------------------------------------------------------------------- */

static void collect(struct tcn_app *app)
{
    struct tcn_metrics *m = app->metrics;
    struct tcn_storethread_stats store;
    char labels[200];

    tcn_storethread_stats(app->store, &store);
    tcn_door_metrics(app, m);
    tcn_metrics_set(m, "tocsin_store_jobs_total", "", (double)store.jobs);
    tcn_metrics_set(m, "tocsin_store_commits_total", "", (double)store.batches);
    tcn_metrics_set(m, "tocsin_store_waiting", "", (double)store.waiting);
    tcn_metrics_set(m, "tocsin_database_away", "", store.is_away ? 1 : 0);
    tcn_metrics_set(m, "tocsin_database_stalled_seconds", "",
                    store.stall_us >= TCN_STALL_MS * INT64_C(1000) ? (double)store.stall_us / 1e6
                                                                   : 0);
    tcn_metrics_set(m, "tocsin_database_connections_lost_total", "", (double)store.lost);
    tcn_metrics_set(m, "tocsin_database_commits_undecided_total", "", (double)store.undecided);
    tcn_metrics_set(m, "tocsin_disk_full", "", store.disk_full ? 1 : 0);
    tcn_metrics_set(m, "tocsin_database_gone", "", store.is_gone ? 1 : 0);
    snprintf(labels, sizeof labels, "version=\"%s\",node=\"%.100s\"", TOCSIN_VERSION,
             app->config->node);
    tcn_metrics_set(m, "tocsin_info", labels, 1);
}

/* What this process knows by itself is told also while the database is away. */
static void answer_metrics(struct tcn_app *app, struct tcn_request *rq, void *ctx)
{
    struct tcn_buf text;

    (void)ctx;
    collect(app);
    tcn_peers_metrics(app);
    tcn_servers_metrics(app);
    tcn_ready_metrics(app, app->metrics);
    tcn_outbound_metrics(app, app->metrics);
    if (app->n_open >= 0)
        tcn_metrics_set(app->metrics, "tocsin_incidents_open", "", (double)app->n_open);
    tcn_buf_init(&text, 4u << 20);
    tcn_metrics_write(app->metrics, &text);
    tcn_answer_text(rq, 200, "text/plain; version=0.0.4; charset=utf-8", NULL, tcn_buf_view(&text));
    tcn_buf_done(&text);
}

static int run_count(struct tcn_job *base, struct tcn_store *s, int64_t now_ms, struct tcn_err *err)
{
    struct tcn_look *look = (struct tcn_look *)base;
    int r = tcn_store_incident_count(s, TCN_STATUS_OPEN, &look->n, err);

    (void)now_ms;
    return r < 0 ? r : tcn_backlog_read(s, &look->backlog, err);
}

/* What cannot be counted stays as it was. */
static void heard_count(struct tcn_look *look, int r, const struct tcn_err *err)
{
    (void)err;
    if (r < 0)
        return;
    look->app->n_open = look->n;
    look->app->backlog = look->backlog;
}

void tcn_route_metrics(struct tcn_app *app, struct tcn_request *rq)
{
    const struct tcn_look look = {
        .job = {.run = run_count}, .answer = answer_metrics, .heard = heard_count};

    if (!tcn_look(app, rq, &look))
        answer_metrics(app, rq, NULL);
}

/* -- what waits ----------------------------------------------------------------------------------------- */

static int run_backlog(struct tcn_job *base, struct tcn_store *s, int64_t now_ms,
                       struct tcn_err *err)
{
    struct tcn_look *look = (struct tcn_look *)base;
    int r = tcn_backlog_read(s, &look->backlog, err);

    (void)now_ms;
    return r < 0 ? r : tcn_feed_state_read(s, &look->feeds, err);
}

static void heard_backlog(struct tcn_look *look, int r, const struct tcn_err *err)
{
    (void)err;
    if (r < 0)
        return;
    look->app->backlog = look->backlog;
    look->app->feeds = look->feeds;
}

void tcn_state_ask(struct tcn_app *app, struct tcn_request *rq,
                   void (*answer)(struct tcn_app *app, struct tcn_request *rq, void *ctx),
                   void *ctx)
{
    const struct tcn_look look = {
        .job = {.run = run_backlog}, .answer = answer, .ctx = ctx, .heard = heard_backlog};

    if (!tcn_look(app, rq, &look))
        answer(app, rq, ctx);
}
