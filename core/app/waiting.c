#include "app/waiting.h"

#include "app/catalog.h"
#include "app/commands.h"
#include "app/intake.h"
#include "app/milestones.h"
#include "app/outbound.h"
#include "base/xalloc.h"
#include "engine/wake.h"
#include "sys/random.h"

#include <stdlib.h>

#define BATCH 16 /* rows of a job; other work comes between */
#define ARENA (16u << 20)
#define NO_PLAN_MS INT64_C(600000) /* until what nobody can decide is looked at again */

struct woken {
    enum tcn_intake outcome;
    struct tcn_id incident;
    const char *source, *title;
    bool has_no_plan;
};

struct waiting_job {
    struct tcn_job job; /* first */
    struct tcn_app *app;
    struct tcn_config *config;             /* a reference */
    const struct tcn_directory *directory; /* in force, while it runs */
    struct tcn_arena arena;
    struct tcn_id seed;
    uint32_t salt;
    int64_t listens_ms;
    /* Results. */
    struct woken woken[BATCH];
    size_t n;
    bool makes_work;
    struct tcn_milestones milestones;
};

/* One row on its way. */
struct row {
    struct waiting_job *j;
    struct tcn_store *s;
    const struct tcn_waiting *w;
    const struct tcn_source_policy *policy;
    const struct tcn_heartbeat *heartbeat; /* NULL: none is due */
    struct tcn_alarm alarm;
    struct tcn_intake_input in;
    struct woken *ret;
};

static const struct tcn_response_plan *plan_of(const struct row *x)
{
    return x->policy ? tcn_directory_plan(x->in.directory, x->policy->response_plan) : NULL;
}

static int write(struct row *x, const struct tcn_storm *storm, const struct tcn_decision *d,
                 struct tcn_err *err)
{
    int r = 0;

    if (d->storm_changed)
        r = tcn_store_storm_put(x->s, x->policy->name, storm, err);
    x->j->makes_work |= tcn_turn_makes_work(d, plan_of(x));
    tcn_milestones_note(&x->j->milestones, d);
    return r < 0 ? r : tcn_turn_write(x->s, d, plan_of(x), x->in.now_ms, err);
}

static int decide(struct row *x, struct tcn_err *err)
{
    struct tcn_aggregate *a = TCN_NEW(&x->j->arena, struct tcn_aggregate), *storming = NULL;
    struct tcn_storm storm = {0};
    struct tcn_decision d;
    int r;

    if ((r = tcn_store_mutes(x->s, x->in.now_ms, &x->in.mutes, err)) < 0 ||
        (r = tcn_turn_load_lane(x->s, &x->alarm, plan_of(x), x->policy, &x->j->arena, a, err)) <
            0 ||
        (r = tcn_turn_load_bucket(x->s, x->policy, &x->j->arena, &storm, &storming, err)) < 0)
        return r;
    a->listens_ms = x->j->listens_ms;
    tcn_decision_init(&d, &x->j->arena);
    x->ret->outcome = x->heartbeat ? tcn_engine_missing(&x->in, x->heartbeat, a, &d)
                                   : tcn_engine_unmute(&x->in, x->w, a, &storm, storming, &d);
    if (d.subject && d.subject->incident.exists)
        x->ret->incident = d.subject->incident.id;
    x->ret->source = x->policy->name;
    x->ret->title = x->alarm.title;
    return write(x, &storm, &d, err);
}

/* The source, its plan or its heartbeat is not configured any more: a heartbeat is forgotten, an alarm is not. */
static int leave(struct row *x, struct tcn_err *err)
{
    struct tcn_waiting w = *x->w;

    w.due_ms = w.kind == TCN_WAITING_HEARTBEAT ? 0 : x->in.now_ms + NO_PLAN_MS;
    x->ret->has_no_plan = w.due_ms != 0;
    x->ret->source = w.source;
    x->ret->title = w.told.title;
    return tcn_store_waiting_put(x->s, &w, err);
}

static int take(struct waiting_job *j, struct tcn_store *s, const struct tcn_waiting *w,
                int64_t now_ms, struct tcn_err *err)
{
    struct row x = {.j = j,
                    .s = s,
                    .w = w,
                    .policy = tcn_policy_of(j->config->policies, w->source),
                    .ret = &j->woken[j->n]};

    x.in = (struct tcn_intake_input){.alarm = &x.alarm,
                                     .policy = x.policy,
                                     .directory = j->directory,
                                     .new_id = tcn_id_child(j->seed, "woken", j->n),
                                     .salt = j->salt,
                                     .now_ms = now_ms};
    *x.ret = (struct woken){0};
    j->n++;
    if (w->kind == TCN_WAITING_HEARTBEAT && x.policy)
        x.heartbeat = tcn_heartbeat_named(x.policy, w->dedupe_key);
    if (!plan_of(&x) || (w->kind == TCN_WAITING_HEARTBEAT && !x.heartbeat))
        return leave(&x, err);
    x.alarm = x.heartbeat ? tcn_heartbeat_alarm(x.policy, x.heartbeat, true, &j->arena)
                          : tcn_waiting_alarm(w);
    return decide(&x, err);
}

/* What another node has in hand is left to it: it could wait for what this one has. */
static int take_unless_taken(struct waiting_job *j, struct tcn_store *s,
                             const struct tcn_waiting *w, int64_t now_ms, struct tcn_err *err)
{
    bool is_ours;
    int r = tcn_store_try_name(s, "lane", w->dedupe_key, &is_ours, err);

    return r < 0 || !is_ours ? r : take(j, s, w, now_ms, err);
}

static int run(struct tcn_job *base, struct tcn_store *s, int64_t now_ms, struct tcn_err *err)
{
    struct waiting_job *j = (struct waiting_job *)base;
    struct tcn_waiting *rows = NULL;
    size_t n = 0;
    int r;

    tcn_arena_reset(&j->arena);
    j->n = 0;
    j->makes_work = false;
    j->milestones = (struct tcn_milestones){0};
    if ((r = tcn_catalog_of(s, &j->config->directory, now_ms, &j->directory, err)) == 0)
        r = tcn_store_waiting_due(s, now_ms, BATCH, &j->arena, &rows, &n, err);
    tcn_store_mutes_forget(s);
    for (size_t i = 0; i < n && r == 0; i++)
        r = take_unless_taken(j, s, &rows[i], now_ms, err);
    return r;
}

static void tell(const struct woken *w)
{
    char id[TCN_ID_TEXT];

    tcn_id_text(w->incident, id);
    if (w->has_no_plan)
        tcn_log(TCN_LOG_WARN, "app", "a muted alarm has nobody to be told to", "source", w->source,
                "title", w->title, "do",
                "configure its source and response plan again and send SIGHUP", NULL);
    else if (w->outcome == TCN_INTAKE_OPENED || w->outcome == TCN_INTAKE_REOPENED)
        tcn_log(TCN_LOG_INFO, "intake", tcn_intake_name(w->outcome), "source", w->source,
                "incident", id, "title", w->title, NULL);
}

static void job_free(struct waiting_job *j)
{
    tcn_config_unref(j->config);
    tcn_arena_done(&j->arena);
    free(j);
}

static void done(struct tcn_job *base, int r, const struct tcn_err *err)
{
    struct waiting_job *j = (struct waiting_job *)base;
    struct tcn_app *app = j->app;
    bool has_more = r == 0 && j->n == BATCH, makes_work = r == 0 && j->makes_work;

    if (r < 0)
        tcn_log(TCN_LOG_ERROR, "app", "what waits could not be looked at", "why", err->msg, NULL);
    for (size_t i = 0; r == 0 && i < j->n; i++)
        tell(&j->woken[i]);
    if (r == 0)
        tcn_milestones_tell(app, &j->milestones);
    job_free(j);
    app->is_waiting_running = false;
    if (r == 0)
        tcn_app_changed(app);
    if (makes_work || has_more)
        tcn_app_wake(app);
}

void tcn_waiting_run(struct tcn_app *app, int64_t listens_ms)
{
    struct waiting_job *j;

    if (app->is_waiting_running || app->is_stopping)
        return;
    j = tcn_xcalloc(1, sizeof *j);
    j->job = (struct tcn_job){.run = run, .done = done};
    j->app = app;
    j->config = app->config;
    tcn_config_ref(j->config);
    tcn_arena_init(&j->arena, ARENA);
    j->seed = tcn_random_id(tcn_app_now_ms(app));
    j->salt = (uint32_t)tcn_random_u64();
    j->listens_ms = listens_ms;
    app->is_waiting_running = tcn_storethread_post(app->store, &j->job) == 0;
    if (!app->is_waiting_running)
        job_free(j);
}

/* -- another configuration -------------------------------------------------------------------------------------- */

static int expect(struct waiting_job *j, struct tcn_store *s,
                  const struct tcn_source_policy *policy, const struct tcn_heartbeat *h,
                  int64_t now_ms, struct tcn_err *err)
{
    const struct tcn_waiting w = {
        .dedupe_key = tcn_heartbeat_key(policy, h, &j->arena),
        .source = policy->name,
        .kind = TCN_WAITING_HEARTBEAT,
        .due_ms = tcn_heartbeat_due(h, now_ms),
    };

    return tcn_store_waiting_expect(s, &w, err);
}

static int run_expect(struct tcn_job *base, struct tcn_store *s, int64_t now_ms,
                      struct tcn_err *err)
{
    struct waiting_job *j = (struct waiting_job *)base;
    int r = 0;

    tcn_arena_reset(&j->arena);
    r = tcn_store_waiting_unmute(s, now_ms, err);
    for (const struct tcn_source_policy **p = j->config->policies; *p && r == 0; p++)
        for (size_t i = 0; i < (*p)->n_heartbeats && r == 0; i++)
            r = expect(j, s, *p, &(*p)->heartbeats[i], now_ms, err);
    return r;
}

static void expect_done(struct tcn_job *base, int r, const struct tcn_err *err)
{
    struct waiting_job *j = (struct waiting_job *)base;
    struct tcn_app *app = j->app;

    if (r < 0)
        tcn_log(TCN_LOG_ERROR, "app", "heartbeats and maintenance windows are those of before",
                "why", err->msg, "do", "send SIGHUP when the store is there again", NULL);
    job_free(j);
    tcn_app_wake(app);
}

void tcn_waiting_follow(struct tcn_app *app)
{
    struct waiting_job *j = tcn_xcalloc(1, sizeof *j);

    j->job = (struct tcn_job){.run = run_expect, .done = expect_done};
    j->app = app;
    j->config = app->config;
    tcn_config_ref(j->config);
    tcn_arena_init(&j->arena, ARENA);
    if (tcn_storethread_post(app->store, &j->job) < 0)
        job_free(j);
}
