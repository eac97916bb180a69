/* The loop's half of the notices: claims of each connector, calls, results. */
#include "base/xalloc.h"
#include "connect/classify.h"
#include "connect/notices_internal.h"
#include "sys/log.h"

#include <assert.h>
#include <stdlib.h>

#define FAILED_JOB_MS 1000

/* -- jobs ----------------------------------------------------------------------------------------------------- */

static struct tcn_notice_job *make_job(struct tcn_notice_target *t, tcn_job_run *run,
                                       tcn_job_done *done)
{
    struct tcn_notice_job *j = tcn_worker_begin(&t->notices->worker, sizeof *j, run, done);

    j->target = t;
    return j;
}

static void free_job(struct tcn_notice_job *j)
{
    struct tcn_notices *n = j->target->notices;

    if (j->before)
        j->target->busy--;
    tcn_notice_job_reset(j);
    tcn_notice_run_free(j->before);
    free(j);
    tcn_worker_end(&n->worker);
}

static void log_end(const struct tcn_notice_job *j, int r, const struct tcn_err *err)
{
    tcn_worker_log(&j->target->notices->worker, j->target->instance->sdk.name,
                   j->limit ? "claim of notices" : "result of a notice", r, err);
}

/* -- calls ---------------------------------------------------------------------------------------------------- */

static void on_result(struct tcn_job *job, int r, const struct tcn_err *err);

static void list_call(struct tcn_notices *n, struct tcn_notice_run *run)
{
    run->next = n->calling;
    run->prev = &n->calling;
    if (n->calling)
        n->calling->prev = &run->next;
    n->calling = run;
}

static void unlist_call(struct tcn_notice_run *run)
{
    *run->prev = run->next;
    if (run->next)
        run->next->prev = run->prev;
    run->prev = NULL;
}

static void log_untold(const struct tcn_notice_run *run, const struct tcn_outcome *o)
{
    char incident[TCN_ID_TEXT], attempt[TCN_LOG_NUM];

    tcn_id_text(run->notice.incident, incident);
    tcn_log(TCN_LOG_WARN, "connect", "topic not told", "instance", run->target->instance->sdk.name,
            "incident", incident, "topic", run->notice.topic, "attempt",
            tcn_log_num(run->op.attempt, attempt), "outcome", tcn_outcome_name(o->result.outcome),
            "reason", o->result.reason, NULL);
}

static void on_outcome(void *ctx, struct tcn_outcome *o)
{
    struct tcn_notice_run *run = ctx;
    struct tcn_notices *n = run->target->notices;
    struct tcn_notice_job *j = make_job(run->target, tcn_notice_job_result, on_result);

    if (o->result.outcome != TOCSIN_OK)
        log_untold(run, o);
    run->is_held_back = o->net == TOCSIN_NET_NOT_SENT && o->result.outcome == TOCSIN_RETRY &&
                        !tcn_hub_may_act(n->options.hub);
    run->outcome = o;
    unlist_call(run);
    j->before = run;
    tcn_worker_post(&n->worker, &j->base);
}

static void start_calls(struct tcn_notice_job *j)
{
    for (size_t i = 0; i < j->n_runs; i++) {
        struct tcn_notice_run *run = j->runs[i];

        j->runs[i] = NULL;
        j->target->busy++;
        list_call(j->target->notices, run);
        tcn_port_call(j->target->port, &run->op, on_outcome, run);
    }
    j->n_runs = 0;
}

/* The earliest of all connectors: the timer is one. */
static void wake_at_next(struct tcn_notices *n)
{
    int64_t first_ms = 0;

    for (size_t i = 0; i < n->options.n_targets; i++) {
        int64_t due_ms = n->targets[i].next_due_ms;

        if (due_ms != 0 && (first_ms == 0 || due_ms < first_ms))
            first_ms = due_ms;
    }
    tcn_worker_wake_at(&n->worker, first_ms);
}

static void finish_job(struct tcn_notice_job *j, bool is_again)
{
    struct tcn_notice_target *t = j->target;
    struct tcn_notices *n = t->notices;

    t->next_due_ms = j->next_due_ms;
    /* After a stop the calls are not made: what is in flight of a process that ended is told by the next. */
    if (!n->worker.is_stopped)
        start_calls(j);
    /* A retired one leaves the next event to whoever claims now. */
    if (n->worker.is_retired && !n->worker.is_stopped && j->next_due_ms > 0 &&
        n->options.app.changed)
        n->options.app.changed(n->options.app.ctx);
    wake_at_next(n);
    free_job(j);
    if (is_again || t->is_asked)
        tcn_notices_wake(n);
}

static bool is_due(const struct tcn_notice_job *j)
{
    return j->next_due_ms > 0 && j->next_due_ms <= tcn_hub_now(j->target->notices->options.hub);
}

static void on_result(struct tcn_job *job, int r, const struct tcn_err *err)
{
    struct tcn_notice_job *j = (struct tcn_notice_job *)job;
    struct tcn_worker *w = &j->target->notices->worker;

    log_end(j, r, err);
    if (r < 0 && !w->is_stopped)
        tcn_worker_post_later(w, &j->base, FAILED_JOB_MS);
    else
        finish_job(j, is_due(j));
}

/* -- claims --------------------------------------------------------------------------------------------------- */

static void on_claimed(struct tcn_job *job, int r, const struct tcn_err *err)
{
    struct tcn_notice_job *j = (struct tcn_notice_job *)job;
    bool is_full = r == 0 && j->n_claimed == j->limit;

    j->target->is_claiming = false;
    log_end(j, r, err);
    if (r < 0) {
        tcn_notice_job_reset(j);
        j->next_due_ms = tcn_hub_now(j->target->notices->options.hub) + FAILED_JOB_MS;
    }
    finish_job(j, is_full);
}

static void claim(struct tcn_notice_target *t)
{
    size_t places = (size_t)t->instance->limits.concurrency;
    struct tcn_notice_job *j;

    if (t->is_claiming || t->busy >= places) {
        t->is_asked = true; /* again when a place is free */
        return;
    }
    places -= t->busy;
    t->is_claiming = true;
    t->is_asked = false;
    j = make_job(t, tcn_notice_job_claim, on_claimed);
    j->limit = places < TCN_NOTICE_CLAIM_MAX ? places : TCN_NOTICE_CLAIM_MAX;
    tcn_worker_post(&t->notices->worker, &j->base);
}

static void look(void *ctx)
{
    struct tcn_notices *n = ctx;

    for (size_t i = 0; i < n->options.n_targets; i++)
        claim(&n->targets[i]);
}

static bool is_calling(void *ctx)
{
    return ((const struct tcn_notices *)ctx)->calling != NULL;
}

void tcn_notices_wake(struct tcn_notices *n)
{
    tcn_worker_wake(&n->worker);
}

/* -- life ----------------------------------------------------------------------------------------------------- */

static void on_ready(void *ctx)
{
    struct tcn_notice_target *t = ctx;

    if (t->is_asked)
        tcn_notices_wake(t->notices);
}

struct tcn_notices *tcn_notices_new(const struct tcn_notices_options *options)
{
    struct tcn_notices *n = tcn_xcalloc(1, sizeof *n);

    assert(options->app.next && options->app.tell);
    assert(options->n_targets <= TCN_NOTICE_TARGETS_MAX);
    n->options = *options;
    n->worker = (struct tcn_worker){.hub = options->hub,
                                    .store = options->store,
                                    .is_calling = is_calling,
                                    .look = look,
                                    .ctx = n};
    tcn_worker_init(&n->worker, options->base);
    for (size_t i = 0; i < options->n_targets; i++) {
        struct tcn_notice_target *t = &n->targets[i];

        t->notices = n;
        t->instance = options->targets[i];
        t->port =
            tcn_port_new(options->base, options->hub, t->instance, TCN_PORT_TOPICS, on_ready, t);
    }
    tcn_notices_wake(n);
    return n;
}

void tcn_notices_retire(struct tcn_notices *n, void (*idle)(void *ctx), void *ctx)
{
    tcn_worker_retire(&n->worker, idle, ctx);
}

void tcn_notices_stop(struct tcn_notices *n)
{
    struct tcn_worker_job *job;
    struct tcn_notice_run *run;

    tcn_worker_stop(&n->worker);
    for (size_t i = 0; i < n->options.n_targets; i++) {
        tcn_port_free(n->targets[i].port);
        n->targets[i].port = NULL;
    }
    while ((run = n->calling) != NULL) {
        unlist_call(run);
        tcn_notice_run_free(run);
    }
    while ((job = tcn_worker_take_refused(&n->worker)) != NULL)
        free_job((struct tcn_notice_job *)job);
}

void tcn_notices_free(struct tcn_notices *n)
{
    if (!n)
        return;
    tcn_notices_stop(n);
    tcn_worker_done(&n->worker);
    free(n);
}

bool tcn_notices_health(const struct tcn_notices *n, const char *instance,
                        struct tcn_port_health *ret)
{
    for (size_t i = 0; i < n->options.n_targets; i++) {
        const struct tcn_notice_target *t = &n->targets[i];

        if (t->port && strcmp(t->instance->sdk.name, instance) == 0) {
            tcn_port_health(t->port, ret);
            return true;
        }
    }
    return false;
}
