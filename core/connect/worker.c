#include "connect/worker.h"
#include "base/xalloc.h"
#include "sys/log.h"

#include <assert.h>
#include <stdlib.h>

#define RETRY_POST_MS 100
#define AGAIN_MS 1000
#define QUIET_MS 60000

static void arm(struct event *ev, int64_t ms)
{
    struct timeval when = {ms / 1000, (ms % 1000) * 1000};

    evtimer_add(ev, &when);
}

static bool is_idle(const struct tcn_worker *w)
{
    return w->jobs == 0 && !w->is_calling(w->ctx);
}

static void tell_idle(struct tcn_worker *w)
{
    if (w->is_retired && w->idle && is_idle(w))
        arm(w->turn, 0);
}

/* Once; it may free the worker. */
static void call_idle(struct tcn_worker *w)
{
    void (*idle)(void *ctx) = is_idle(w) ? w->idle : NULL;

    if (!idle)
        return;
    w->idle = NULL;
    idle(w->idle_ctx);
}

static void on_turn(evutil_socket_t fd, short what, void *ctx)
{
    struct tcn_worker *w = ctx;

    (void)fd;
    (void)what;
    if (w->is_retired)
        call_idle(w);
    else
        w->look(w->ctx);
}

static void on_timer(evutil_socket_t fd, short what, void *ctx)
{
    (void)fd;
    (void)what;
    tcn_worker_wake(ctx);
}

static void on_again(evutil_socket_t fd, short what, void *ctx)
{
    struct tcn_worker *w = ctx;
    struct tcn_worker_job *list = w->refused, *next;

    (void)fd;
    (void)what;
    w->refused = NULL;
    for (; list; list = next) {
        next = list->waiting;
        tcn_worker_post(w, list);
    }
}

void tcn_worker_init(struct tcn_worker *w, struct event_base *base)
{
    assert(w->hub && w->store && w->is_calling && w->look);
    w->turn = evtimer_new(base, on_turn, w);
    w->timer = evtimer_new(base, on_timer, w);
    w->again = evtimer_new(base, on_again, w);
    if (!w->turn || !w->timer || !w->again)
        abort();
}

void tcn_worker_done(struct tcn_worker *w)
{
    assert(w->jobs == 0);
    event_free(w->turn);
    event_free(w->timer);
    event_free(w->again);
}

void tcn_worker_wake(struct tcn_worker *w)
{
    if (!w->is_retired && !evtimer_pending(w->turn, NULL))
        arm(w->turn, 0);
}

void tcn_worker_wake_at(struct tcn_worker *w, int64_t due_ms)
{
    int64_t wait_ms = due_ms - tcn_hub_now(w->hub);

    if (due_ms > 0 && !w->is_retired)
        arm(w->timer, wait_ms <= 0 ? AGAIN_MS : wait_ms);
}

void *tcn_worker_begin(struct tcn_worker *w, size_t size, tcn_job_run *run, tcn_job_done *done)
{
    struct tcn_worker_job *j = tcn_xcalloc(1, size);

    assert(size >= sizeof *j);
    j->job.run = run;
    j->job.done = done;
    w->jobs++;
    return j;
}

void tcn_worker_end(struct tcn_worker *w)
{
    w->jobs--;
    tell_idle(w);
}

void tcn_worker_post(struct tcn_worker *w, struct tcn_worker_job *job)
{
    if (tcn_storethread_post(w->store, &job->job) < 0)
        tcn_worker_post_later(w, job, RETRY_POST_MS);
}

void tcn_worker_post_later(struct tcn_worker *w, struct tcn_worker_job *job, int64_t ms)
{
    job->waiting = w->refused;
    w->refused = job;
    arm(w->again, ms);
}

static void log_failed(struct tcn_worker *w, const char *instance, const char *name,
                       const struct tcn_err *err)
{
    char failed[TCN_LOG_NUM];
    int64_t now_ms = tcn_hub_now(w->hub);

    w->failed++;
    if (now_ms < w->quiet_till_ms && w->quiet_till_ms <= now_ms + QUIET_MS)
        return;
    tcn_log(TCN_LOG_ERROR, "connect", "store job failed", "instance", instance, "job", name,
            "error", err ? err->msg : NULL, "failed", tcn_log_num((int64_t)w->failed, failed),
            NULL);
    w->quiet_till_ms = now_ms + QUIET_MS;
    w->is_told_failing = true;
    w->failed = 0;
}

static void log_worked(struct tcn_worker *w)
{
    char failed[TCN_LOG_NUM];

    if (!w->is_told_failing)
        return;
    tcn_log(TCN_LOG_INFO, "connect", "store jobs work again", "failed",
            tcn_log_num((int64_t)w->failed, failed), NULL);
    w->is_told_failing = false;
    w->failed = 0;
}

void tcn_worker_log(struct tcn_worker *w, const char *instance, const char *name, int r,
                    const struct tcn_err *err)
{
    if (r < 0)
        log_failed(w, instance, name, err);
    else
        log_worked(w);
}

void tcn_worker_retire(struct tcn_worker *w, void (*idle)(void *ctx), void *ctx)
{
    w->is_retired = true;
    w->idle = idle;
    w->idle_ctx = ctx;
    evtimer_del(w->timer);
    evtimer_del(w->turn);
    tell_idle(w);
}

void tcn_worker_stop(struct tcn_worker *w)
{
    tcn_worker_retire(w, NULL, NULL);
    w->is_stopped = true;
    evtimer_del(w->again);
}

struct tcn_worker_job *tcn_worker_take_refused(struct tcn_worker *w)
{
    struct tcn_worker_job *job = w->refused;

    if (job)
        w->refused = job->waiting;
    return job;
}
