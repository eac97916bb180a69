/* A database beyond this process may hang, or wait for a standby, for as long as it likes; who waits for a job does not. The
 * job goes on: what it writes may be there or not, and who asks again finds out. */
#include "store/thread_internal.h"

#include "sys/clock.h"
#include <stdlib.h>

#define LOOK_MS 500

int64_t tcn_storethread_stall_us(struct tcn_storethread *t)
{
    int64_t since_us = t->turn_us, contact_us;

    if (!t->is_shared || since_us == 0 || !t->store)
        return 0;
    contact_us = tcn_store_contact_us(t->store);
    return tcn_clock_mono_us() - (contact_us > since_us ? contact_us : since_us);
}

void tcn_storethread_watch(struct tcn_storethread *t, struct tcn_job *job)
{
    job->posted_us = tcn_clock_mono_us();
    job->older = t->newest;
    job->newer = NULL;
    if (t->newest)
        t->newest->newer = job;
    else
        t->oldest = job;
    t->newest = job;
}

void tcn_storethread_unwatch(struct tcn_storethread *t, struct tcn_job *job)
{
    if (job->posted_us == 0)
        return;
    if (job->older)
        job->older->newer = job->newer;
    else
        t->oldest = job->newer;
    if (job->newer)
        job->newer->older = job->older;
    else
        t->newest = job->older;
    job->posted_us = 0;
}

static bool is_late(const struct tcn_job *job, int64_t now_us)
{
    return job->posted_us != 0 && now_us - job->posted_us >= TCN_LATE_MS * INT64_C(1000);
}

/* Those that were not begun. */
static void take_late(struct tcn_storethread *t, int64_t now_us, struct tcn_jobs *ret)
{
    struct tcn_jobs rest = {0};

    pthread_mutex_lock(&t->mutex);
    for (struct tcn_job *job; (job = tcn_jobs_pop(&t->waiting)) != NULL;)
        tcn_jobs_push(is_late(job, now_us) ? ret : &rest, job);
    t->waiting = rest;
    t->stats.failed += ret->n;
    pthread_mutex_unlock(&t->mutex);
}

static void end_late(struct tcn_storethread *t, int64_t now_us)
{
    struct tcn_jobs list = {0};

    if (!t->oldest || !is_late(t->oldest, now_us))
        return;
    take_late(t, now_us, &list);
    for (struct tcn_job *job; (job = tcn_jobs_pop(&list)) != NULL;) {
        tcn_fail(&job->err, TCN_EBUSY,
                 "the database had not come to it within %d ms: it is held up, or slow; "
                 "pg_stat_activity and pg_blocking_pids() show by what",
                 TCN_LATE_MS);
        tcn_storethread_unwatch(t, job);
        job->done(job, TCN_EBUSY, &job->err);
    }
    while (t->oldest && is_late(t->oldest, now_us)) {
        struct tcn_job *job = t->oldest;

        tcn_storethread_unwatch(t, job);
        job->late(job);
    }
}

/* One that is away is told as that. */
static void tell_stall(struct tcn_storethread *t)
{
    struct tcn_storethread_stats now;
    bool is_stalled;

    tcn_storethread_stats(t, &now);
    is_stalled = now.stall_us >= TCN_STALL_MS * INT64_C(1000);
    if (now.is_away)
        t->is_told_stalled = false;
    if (now.is_away || is_stalled == t->is_told_stalled)
        return;
    t->is_told_stalled = is_stalled;
    if (t->on_stall)
        t->on_stall(t->stall_ctx, is_stalled, now.waits);
}

static void look(evutil_socket_t fd, short what, void *arg)
{
    struct tcn_storethread *t = arg;

    (void)fd;
    (void)what;
    tell_stall(t);
    end_late(t, tcn_clock_mono_us());
}

int tcn_storethread_late_init(struct tcn_storethread *t, struct event_base *base,
                              struct tcn_err *err)
{
    static const struct timeval every = {0, LOOK_MS * 1000};

    if (!t->is_shared)
        return 0;
    t->late = event_new(base, -1, EV_PERSIST, look, t);
    if (t->late && event_add(t->late, &every) == 0)
        return 0;
    return tcn_fail(err, TCN_EIO, "the event loop takes no event");
}

void tcn_storethread_late_done(struct tcn_storethread *t)
{
    if (t->late)
        event_free(t->late);
}
