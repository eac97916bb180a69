#include "store/reader.h"

#include "base/xalloc.h"
#include "store/thread_internal.h"
#include "sys/clock.h"
#include "sys/log.h"
#include <stdlib.h>

#define WAITING_MAX 1000
#define PAUSE_MS 1000 /* after a connection that failed */

struct tcn_reader {
    struct tcn_store_options options; /* its texts are owned */
    struct tcn_wake wake;
    pthread_t thread;
    struct tcn_store *store; /* the thread's; NULL: not connected */
    uint64_t connected;      /* lost, when it connected; the thread's */
    int64_t failed_us;       /* when it last could not, monotonic; the thread's */

    pthread_mutex_t mutex; /* guards all below */
    pthread_cond_t posted;
    struct tcn_jobs waiting, finished;
    uint64_t lost;
    bool is_stopping;
};

/* -- the thread ------------------------------------------------------------------------------------------------------ */

static void close_store(struct tcn_reader *r)
{
    tcn_store_close(r->store);
    r->store = NULL;
}

static int open_store(struct tcn_reader *r, uint64_t lost, struct tcn_err *err)
{
    int64_t now_us = tcn_clock_mono_us();
    int rc;

    if (r->failed_us && now_us - r->failed_us < PAUSE_MS * INT64_C(1000))
        return tcn_fail(err, TCN_EBUSY, "there is no connection that reads");
    rc = tcn_store_visit(&r->options, true, &r->store, err);
    r->failed_us = rc < 0 ? tcn_clock_mono_us() : 0;
    r->connected = lost;
    return rc;
}

static int run_all(struct tcn_reader *r, struct tcn_job *first, struct tcn_err *err)
{
    int rc = tcn_store_begin(r->store, err);

    if (rc < 0)
        return rc;
    for (struct tcn_job *job = first; job && rc == 0; job = job->next)
        rc = job->run(job, r->store, 0, err);
    tcn_store_rollback(r->store);
    return rc;
}

static void answer(struct tcn_reader *r, struct tcn_jobs *batch, uint64_t lost)
{
    struct tcn_err err = {0};
    int rc = 0;

    if (r->store && r->connected != lost)
        close_store(r);
    if (!r->store)
        rc = open_store(r, lost, &err);
    if (rc == 0 && (rc = run_all(r, batch->head, &err)) < 0)
        close_store(r);
    tcn_storethread_set_results(batch->head, rc, &err);
}

static void hand_back(struct tcn_reader *r, struct tcn_jobs *batch)
{
    bool must_wake = r->finished.n == 0;

    tcn_jobs_move(batch, &r->finished, batch->n);
    if (must_wake)
        tcn_wake_ring(&r->wake);
}

static void *run(void *arg)
{
    struct tcn_reader *r = arg;
    struct tcn_jobs batch = {0};
    uint64_t lost;

    pthread_mutex_lock(&r->mutex);
    for (;;) {
        while (r->waiting.n == 0 && !r->is_stopping)
            pthread_cond_wait(&r->posted, &r->mutex);
        if (r->waiting.n == 0)
            break;
        tcn_jobs_move(&r->waiting, &batch, r->waiting.n);
        lost = r->lost;
        pthread_mutex_unlock(&r->mutex);
        answer(r, &batch, lost);
        pthread_mutex_lock(&r->mutex);
        hand_back(r, &batch);
    }
    pthread_mutex_unlock(&r->mutex);
    close_store(r);
    return NULL;
}

/* -- the loop's side ------------------------------------------------------------------------------------------------- */

static void finish(void *ctx)
{
    struct tcn_reader *r = ctx;
    struct tcn_jobs list;

    pthread_mutex_lock(&r->mutex);
    list = r->finished;
    r->finished = (struct tcn_jobs){0};
    pthread_mutex_unlock(&r->mutex);
    tcn_log_hold();
    for (struct tcn_job *job; (job = tcn_jobs_pop(&list)) != NULL;)
        job->done(job, job->r, &job->err);
    tcn_log_release();
}

static void free_reader(struct tcn_reader *r)
{
    tcn_wake_done(&r->wake);
    pthread_cond_destroy(&r->posted);
    pthread_mutex_destroy(&r->mutex);
    tcn_store_options_free(&r->options);
    free(r);
}

int tcn_reader_start(struct event_base *base, const struct tcn_store_options *options,
                     struct tcn_reader **ret, struct tcn_err *err)
{
    struct tcn_reader *r = tcn_xcalloc(1, sizeof *r);
    int rc, result;

    pthread_mutex_init(&r->mutex, NULL);
    pthread_cond_init(&r->posted, NULL);
    tcn_store_options_copy(options, &r->options);
    r->options.is_quick = true; /* senders wait for it, and the node has asked all servers */
    result = tcn_wake_init(&r->wake, base, finish, r, err);
    if (result == 0 && (rc = tcn_thread_start(&r->thread, run, r)) != 0)
        result = tcn_fail(err, TCN_EIO, "cannot start a thread: %s", strerror(rc));
    if (result < 0)
        free_reader(r);
    else
        *ret = r;
    return result;
}

int tcn_reader_post(struct tcn_reader *r, struct tcn_job *job, uint64_t lost)
{
    bool is_taken;

    pthread_mutex_lock(&r->mutex);
    is_taken = r->waiting.n < WAITING_MAX && !r->is_stopping;
    if (is_taken) {
        r->lost = lost;
        tcn_jobs_push(&r->waiting, job);
        pthread_cond_signal(&r->posted);
    }
    pthread_mutex_unlock(&r->mutex);
    return is_taken ? 0 : TCN_EBUSY;
}

void tcn_reader_stop(struct tcn_reader *r)
{
    if (!r)
        return;
    pthread_mutex_lock(&r->mutex);
    r->is_stopping = true;
    pthread_cond_signal(&r->posted);
    pthread_mutex_unlock(&r->mutex);
    pthread_join(r->thread, NULL);
    finish(r);
    free_reader(r);
}
