/* The loop's half of the feeds: when each is looked at, its calls, their results to the store. */
#include "base/xalloc.h"
#include "connect/classify.h"
#include "connect/feeds_internal.h"
#include "sys/log.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#define FAILED_JOB_MS INT64_C(2000)
#define NO_ROOM_MS INT64_C(2000)

/* -- jobs ----------------------------------------------------------------------------------------------------- */

static struct tcn_feed_job *make_job(struct tcn_feed_target *t, tcn_job_run *run,
                                     tcn_job_done *done)
{
    struct tcn_feed_job *j = tcn_worker_begin(&t->feeds->worker, sizeof *j, run, done);

    j->target = t;
    return j;
}

static void free_job(struct tcn_feed_job *j)
{
    struct tcn_feeds *f = j->target->feeds;

    tcn_feed_job_reset(j);
    tcn_feed_run_free(j->before);
    free(j);
    tcn_worker_end(&f->worker);
}

/* The earliest of all: the timer is one. What has another group of records or another page is looked at without it, which would wait
 * a second for what cannot be had now. */
static void wake_at_next(struct tcn_feeds *f)
{
    int64_t first_ms = 0;

    for (size_t i = 0; i < f->n_targets; i++) {
        int64_t next_ms = f->targets[i].next_ms;

        if (!f->targets[i].is_busy && (first_ms == 0 || next_ms < first_ms))
            first_ms = next_ms;
    }
    if (first_ms > 0 && first_ms <= tcn_hub_now(f->options.hub))
        tcn_worker_wake(&f->worker);
    else
        tcn_worker_wake_at(&f->worker, first_ms);
}

/* -- calls ---------------------------------------------------------------------------------------------------- */

static void on_result(struct tcn_job *job, int r, const struct tcn_err *err);

static const char *task_name(const struct tcn_feed_run *run)
{
    return run->task == TCN_FEED_POLL ? "what changed" : "its records";
}

/* A failure is told when it begins and when it is over. */
static void log_outcome(struct tcn_feed_target *t, const struct tcn_feed_run *run)
{
    const struct tocsin_result *result = &run->outcome->result;
    bool failed = result->outcome != TOCSIN_OK;

    if (failed && !t->has_told)
        tcn_log(TCN_LOG_WARN, "connect", "not asked", "instance", t->instance->sdk.name, "for",
                task_name(run), "outcome", tcn_outcome_name(result->outcome), "reason",
                result->reason, NULL);
    if (!failed && t->has_told)
        tcn_log(TCN_LOG_INFO, "connect", "asked again", "instance", t->instance->sdk.name, "for",
                task_name(run), NULL);
    t->has_told = failed;
}

static void on_outcome(void *ctx, struct tcn_outcome *o)
{
    struct tcn_feed_target *t = ctx;
    struct tcn_feeds *f = t->feeds;
    struct tcn_feed_job *j = make_job(t, tcn_feed_job_result, on_result);

    j->before = f->calling[t - f->targets];
    f->calling[t - f->targets] = NULL;
    j->before->outcome = o;
    log_outcome(t, j->before);
    tcn_worker_post(&f->worker, &j->base);
}

static void start_call(struct tcn_feed_target *t, struct tcn_feed_run *run)
{
    t->feeds->calling[t - t->feeds->targets] = run;
    tcn_port_call(t->port, &run->op, on_outcome, t);
}

static void tell(const struct tcn_feed_job *j)
{
    const struct tcn_feeds_app *app = &j->target->feeds->options.app;
    const char *name = j->target->instance->sdk.name;
    char n[TCN_LOG_NUM];

    if (j->n_hints > 0 && app->found)
        app->found(app->ctx);
    if (j->n_missed > 0 && app->missed)
        app->missed(app->ctx, name, j->n_missed);
    if (j->looks_dead)
        tcn_log(TCN_LOG_WARN, "connect", "webhooks look dead: changes are found by asking alone",
                "instance", name, "at_once", tcn_log_num((int64_t)j->n_missed, n), "remedy",
                "see whether the system still sends them to /connectors/NAME", NULL);
}

/* A claim that found nothing due looks again as often as a poll is made: another process may be at it. */
static void finish_job(struct tcn_feed_job *j, int64_t now_ms)
{
    struct tcn_feed_target *t = j->target;
    struct tcn_feeds *f = t->feeds;
    struct tcn_feed_run *run = j->run;

    j->run = NULL;
    t->is_busy = false;
    t->next_ms = j->next_ms > 0 ? j->next_ms : now_ms + t->policy.poll->active_ms;
    if (f->worker.is_stopped) {
        tcn_feed_run_free(run); /* asking again does no harm */
        run = NULL;
    }
    if (run) {
        t->is_busy = true;
        start_call(t, run);
    }
    if (!f->worker.is_stopped)
        tell(j);
    wake_at_next(f);
    free_job(j);
}

static void log_end(const struct tcn_feed_job *j, const char *what, int r,
                    const struct tcn_err *err)
{
    tcn_worker_log(&j->target->feeds->worker, j->target->instance->sdk.name, what, r, err);
}

static void on_result(struct tcn_job *job, int r, const struct tcn_err *err)
{
    struct tcn_feed_job *j = (struct tcn_feed_job *)job;
    struct tcn_feeds *f = j->target->feeds;

    log_end(j, "result of a feed", r, err);
    if (r < 0 && !f->worker.is_stopped)
        tcn_worker_post_later(&f->worker, &j->base, FAILED_JOB_MS);
    else
        finish_job(j, tcn_hub_now(f->options.hub));
}

/* -- claims --------------------------------------------------------------------------------------------------- */

static void on_claimed(struct tcn_job *job, int r, const struct tcn_err *err)
{
    struct tcn_feed_job *j = (struct tcn_feed_job *)job;
    int64_t now_ms = tcn_hub_now(j->target->feeds->options.hub);

    log_end(j, "claim of a feed", r, err);
    if (r < 0) {
        tcn_feed_job_reset(j);
        j->next_ms = now_ms + FAILED_JOB_MS;
    } else {
        j->target->is_made = true;
    }
    finish_job(j, now_ms);
}

static void claim(struct tcn_feed_target *t, int64_t now_ms)
{
    struct tcn_feed_job *j;

    if (t->is_busy || t->next_ms > now_ms)
        return;
    if (tcn_port_room(t->port) == 0) {
        t->next_ms = now_ms + NO_ROOM_MS;
        return;
    }
    t->is_busy = true;
    j = make_job(t, tcn_feed_job_claim, on_claimed);
    j->is_first = !t->is_made;
    tcn_worker_post(&t->feeds->worker, &j->base);
}

static void look(void *ctx)
{
    struct tcn_feeds *f = ctx;
    int64_t now_ms = tcn_hub_now(f->options.hub);

    for (size_t i = 0; i < f->n_targets; i++)
        claim(&f->targets[i], now_ms);
    wake_at_next(f);
}

static bool is_calling(void *ctx)
{
    const struct tcn_feeds *f = ctx;

    for (size_t i = 0; i < f->n_targets; i++)
        if (f->calling[i])
            return true;
    return false;
}

/* -- life ----------------------------------------------------------------------------------------------------- */

/* A system that cannot be read has nothing to be asked. */
static void add_target(struct tcn_feeds *f, size_t n)
{
    struct tcn_feed_target *t = &f->targets[f->n_targets];
    const struct tcn_mapping *mapping;

    *t =
        (struct tcn_feed_target){.feeds = f, .port = tcn_lanes_port(f->options.lanes, n, &mapping)};
    t->instance = tcn_port_instance(t->port);
    t->policy = (struct tcn_feed_policy){
        .poll = tcn_mapping_poll(mapping),
        .can_poll = tcn_instance_can(t->instance, TOCSIN_POLL),
        .can_survey = tcn_instance_can(t->instance, TOCSIN_SURVEY),
    };
    if (tcn_instance_can(t->instance, TOCSIN_GET))
        f->n_targets++;
}

struct tcn_feeds *tcn_feeds_new(const struct tcn_feeds_options *options)
{
    struct tcn_feeds *f = tcn_xcalloc(1, sizeof *f);

    f->options = *options;
    f->worker = (struct tcn_worker){.hub = options->hub,
                                    .store = options->store,
                                    .is_calling = is_calling,
                                    .look = look,
                                    .ctx = f};
    tcn_worker_init(&f->worker, options->base);
    for (size_t n = 0; n < tcn_lanes_count(options->lanes); n++)
        add_target(f, n);
    tcn_worker_wake(&f->worker);
    return f;
}

void tcn_feeds_hasten(struct tcn_feeds *f, const char *instance)
{
    for (size_t i = 0; i < f->n_targets; i++)
        if (strcmp(f->targets[i].instance->sdk.name, instance) == 0)
            f->targets[i].next_ms = tcn_hub_now(f->options.hub);
    tcn_worker_wake(&f->worker);
}

void tcn_feeds_retire(struct tcn_feeds *f, void (*idle)(void *ctx), void *ctx)
{
    tcn_worker_retire(&f->worker, idle, ctx);
}

void tcn_feeds_stop(struct tcn_feeds *f)
{
    struct tcn_worker_job *job;

    tcn_worker_stop(&f->worker);
    for (size_t i = 0; i < f->n_targets; i++) {
        tcn_feed_run_free(f->calling[i]);
        f->calling[i] = NULL;
    }
    while ((job = tcn_worker_take_refused(&f->worker)) != NULL)
        free_job((struct tcn_feed_job *)job);
}

void tcn_feeds_free(struct tcn_feeds *f)
{
    if (!f)
        return;
    tcn_feeds_stop(f);
    tcn_worker_done(&f->worker);
    free(f);
}
