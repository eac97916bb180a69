#include "app/recheck.h"
#include "app/routes.h"
#include "base/xalloc.h"
#include "store/reader.h"

#include <assert.h>
#include <stdlib.h>

/* One question. */
struct recheck_job {
    struct tcn_job job;
    bool is_aside; /* asked of the reader, which need not answer */
    uint64_t lost; /* connections of the store's thread, when it was asked */
    size_t n;
    struct tcn_delivery_state *deliveries[TCN_LANE_MARKS];
    struct tcn_id incidents[TCN_LANE_MARKS];
    struct tcn_lane_mark lanes[TCN_LANE_MARKS];
    bool stands[TCN_LANE_MARKS];
};

struct tcn_rechecks {
    struct tcn_app *app;
    struct event *flush;         /* after what the loop has in hand */
    struct recheck_job *waiting; /* NULL: none */
};

static struct tcn_app *app_of(const struct recheck_job *job)
{
    return job->deliveries[0]->app;
}

static int run(struct tcn_job *base, struct tcn_store *s, int64_t now_ms, struct tcn_err *err)
{
    struct recheck_job *job = (struct recheck_job *)base;

    (void)now_ms;
    return tcn_store_lanes_stand(s, job->lanes, job->n, job->stands, err);
}

static void ask_store(struct recheck_job *job)
{
    job->is_aside = false;
    if (tcn_storethread_post(app_of(job)->store, &job->job) == 0)
        return;
    for (size_t i = 0; i < job->n; i++)
        tcn_delivery_refuse_for_now(job->deliveries[i], NULL);
    free(job);
}

static void late(struct tcn_job *base)
{
    struct recheck_job *job = (struct recheck_job *)base;

    for (size_t i = 0; i < job->n; i++)
        tcn_delivery_late(job->deliveries[i]);
}

/* While the store's thread has lost its connection, another one may lead to what the store was. */
static bool is_answer(const struct recheck_job *job, int r)
{
    struct tcn_storethread_stats now;

    if (!job->is_aside)
        return true;
    tcn_storethread_stats(app_of(job)->store, &now);
    return r == 0 && !now.is_away && now.lost == job->lost;
}

static void done(struct tcn_job *base, int r, const struct tcn_err *err)
{
    struct recheck_job *job = (struct recheck_job *)base;

    if (!is_answer(job, r)) {
        ask_store(job);
        return;
    }
    for (size_t i = 0; i < job->n; i++) {
        if (r < 0)
            tcn_delivery_fail(job->deliveries[i], r, err);
        else if (job->stands[i])
            tcn_delivery_repeat(job->deliveries[i], job->incidents[i]);
        else
            tcn_delivery_read(job->deliveries[i]);
    }
    free(job);
}

static void post(struct tcn_rechecks *all)
{
    struct recheck_job *job = all->waiting;
    struct tcn_storethread_stats now;

    all->waiting = NULL;
    tcn_storethread_stats(all->app->store, &now);
    job->lost = now.lost;
    job->is_aside = !now.is_away && now.stall_us < TCN_STALL_MS * INT64_C(1000) &&
                    all->app->reader &&
                    tcn_reader_post(all->app->reader, &job->job, job->lost) == 0;
    if (!job->is_aside)
        ask_store(job);
}

void tcn_rechecks_flush(struct tcn_rechecks *all)
{
    if (all && all->waiting)
        post(all);
}

static void on_flush(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    tcn_rechecks_flush(arg);
}

struct tcn_rechecks *tcn_rechecks_new(struct tcn_app *app)
{
    struct tcn_rechecks *all = tcn_xcalloc(1, sizeof *all);

    all->app = app;
    all->flush = event_new(app->base, -1, 0, on_flush, all);
    assert(all->flush);
    return all;
}

void tcn_rechecks_free(struct tcn_rechecks *all)
{
    if (!all)
        return;
    assert(!all->waiting);
    event_free(all->flush);
    free(all);
}

static struct recheck_job *waiting_job(struct tcn_rechecks *all)
{
    if (all->waiting)
        return all->waiting;
    all->waiting = tcn_xcalloc(1, sizeof *all->waiting);
    all->waiting->job.run = run;
    all->waiting->job.done = done;
    all->waiting->job.late = late;
    event_active(all->flush, EV_TIMEOUT, 0);
    return all->waiting;
}

void tcn_recheck(struct tcn_delivery_state *d, const struct tcn_settled_fact *fact)
{
    struct tcn_rechecks *all = d->app->rechecks;
    struct recheck_job *job = waiting_job(all);

    job->deliveries[job->n] = d;
    job->incidents[job->n] = fact->incident;
    job->lanes[job->n++] = fact->lane;
    if (job->n == TCN_LANE_MARKS)
        post(all);
}
