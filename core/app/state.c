#include "app/state.h"
#include "api/json.h"
#include "app/disk.h"
#include "app/door.h"
#include "app/outbound.h"
#include "app/peers.h"
#include "app/routes.h"
#include "app/servers.h"
#include "base/xalloc.h"
#include "gateway/source.h"
#include "sys/clock.h"

#include <stdio.h>
#include <stdlib.h>

#define READY_MS 1000 /* for so long that an alarm would be accepted is believed */

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

json_t *tcn_state_json(struct tcn_app *app, enum tcn_api_state which)
{
    json_t *items = which == TCN_STATE_SOURCES ? sources_json(app) : tcn_outbound_json(app);

    return json_pack("{s:o, s:o}", "items", items, "next", json_null());
}

/* The loop turns and answers: that is all it says. */
void tcn_route_health(struct tcn_request *rq)
{
    tcn_answer_text(rq, 200, "text/plain; charset=utf-8", NULL, TCN_STR("ok\n"));
}

/* -- ready: an alarm would be accepted now ----------------------------------------------------------------- */

struct look_job {
    struct tcn_job job; /* first */
    struct tcn_app *app;
    struct tcn_request *rq; /* owned */
    int64_t n_open;
    void (*answer)(struct look_job *j);
};

static int run_ready(struct tcn_job *base, struct tcn_store *s, int64_t now_ms, struct tcn_err *err)
{
    char text[24];

    (void)base;
    snprintf(text, sizeof text, "%lld", (long long)now_ms);
    return tcn_store_meta_put(s, "ready_probe", text, err);
}

static int run_count(struct tcn_job *base, struct tcn_store *s, int64_t now_ms, struct tcn_err *err)
{
    struct look_job *j = (struct look_job *)base;

    (void)now_ms;
    return tcn_store_incident_count(s, TCN_STATUS_OPEN, &j->n_open, err);
}

static void look_done(struct tcn_job *base, int r, const struct tcn_err *err)
{
    struct look_job *j = (struct look_job *)base;

    if (r < 0)
        tcn_answer_failure(j->app, j->rq, r, err);
    else
        j->answer(j);
    free(j);
}

static void post(struct tcn_app *app, struct tcn_request *rq, tcn_job_run *run,
                 void (*answer)(struct look_job *j))
{
    struct look_job *j = tcn_xcalloc(1, sizeof *j);

    *j = (struct look_job){
        .job = {.run = run, .done = look_done}, .app = app, .rq = rq, .answer = answer};
    if (tcn_storethread_post(app->store, &j->job) == 0)
        return;
    tcn_answer_refused(app, rq);
    free(j);
}

static void say_ready(struct tcn_request *rq)
{
    tcn_answer_text(rq, 200, "text/plain; charset=utf-8", NULL, TCN_STR("ready\n"));
}

static void answer_ready(struct look_job *j)
{
    j->app->ready_until_us = tcn_clock_mono_us() + READY_MS * INT64_C(1000);
    say_ready(j->rq);
}

/* Nobody needs credentials to ask, and the answer is a write. */
static bool was_just_ready(const struct tcn_app *app)
{
    struct tcn_storethread_stats store;

    tcn_storethread_stats(app->store, &store);
    return !store.is_away && tcn_clock_mono_us() < app->ready_until_us;
}

static void answer_refusing(struct tcn_request *rq, const char *refusal)
{
    char why[160];

    snprintf(why, sizeof why, "%s: alarms are not accepted", refusal);
    tcn_answer_busy(rq, why);
}

void tcn_route_ready(struct tcn_app *app, struct tcn_request *rq)
{
    const char *refusal = app->is_ready ? tcn_disk_refusal(app) : NULL;

    if (!app->is_ready)
        tcn_answer_busy(rq, "not ready");
    else if (refusal)
        answer_refusing(rq, refusal);
    else if (was_just_ready(app))
        say_ready(rq);
    else
        post(app, rq, run_ready, answer_ready);
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
    tcn_metrics_set(m, "tocsin_database_connections_lost_total", "", (double)store.lost);
    tcn_metrics_set(m, "tocsin_database_commits_undecided_total", "", (double)store.undecided);
    tcn_metrics_set(m, "tocsin_disk_full", "", store.disk_full ? 1 : 0);
    tcn_metrics_set(m, "tocsin_database_gone", "", store.is_gone ? 1 : 0);
    snprintf(labels, sizeof labels, "version=\"%s\",node=\"%.100s\"", TOCSIN_VERSION,
             app->config->node);
    tcn_metrics_set(m, "tocsin_info", labels, 1);
}

static void answer_metrics(struct look_job *j)
{
    struct tcn_buf text;

    collect(j->app);
    tcn_peers_metrics(j->app);
    tcn_servers_metrics(j->app);
    tcn_outbound_metrics(j->app, j->app->metrics);
    if (j->n_open >= 0)
        tcn_metrics_set(j->app->metrics, "tocsin_incidents_open", "", (double)j->n_open);
    tcn_buf_init(&text, 4u << 20);
    tcn_metrics_write(j->app->metrics, &text);
    tcn_answer_text(j->rq, 200, "text/plain; version=0.0.4; charset=utf-8", NULL,
                    tcn_buf_view(&text));
    tcn_buf_done(&text);
}

/* What this process knows by itself is told also while the database is away. */
void tcn_route_metrics(struct tcn_app *app, struct tcn_request *rq)
{
    struct look_job alone = {.app = app, .rq = rq, .n_open = -1};
    struct tcn_storethread_stats stats;

    tcn_storethread_stats(app->store, &stats);
    if (stats.is_away)
        answer_metrics(&alone);
    else
        post(app, rq, run_count, answer_metrics);
}
