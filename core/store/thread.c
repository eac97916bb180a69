/* The store thread and the sync thread. Jobs go through three lists under one mutex: those that wait, those that are
 * committed and not durable yet, those that are done. The store thread takes everything that waits, at once and without
 * lingering; while the sync thread waits for the disk, it runs the next batch. A sync serves every batch that was
 * committed before it began. The loop is woken by an eventfd, once for each time the list of done jobs becomes
 * non-empty. */
#include "store/thread.h"

#include "base/xalloc.h"
#include "store/db.h"
#include "sys/clock.h"
#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define DEFAULT_WAITING 10000
#define DEFAULT_BATCH 512
#define COMMITTED_MAX                                                                              \
    4 /* batches' worth of jobs that may wait for the disk before the store thread waits, too */
/* Idle for so long, the store may spend time on its upkeep; while the disk is full, the time between looks. */
#define IDLE_MS 100
#define FULL_MS 1000

struct job_list {
    struct tcn_job *head, *tail;
    size_t n;
};

struct tcn_storethread {
    struct tcn_store *store; /* owned; the thread's while it runs */
    size_t max_waiting, max_batch;
    int64_t (*now_ms)(void *ctx);
    void *now_ctx; /* borrowed */
    void (*on_full)(void *ctx, bool is_full);
    void *full_ctx;    /* borrowed */
    bool is_told_full; /* the loop's */
    pthread_t thread, sync_thread;
    bool batch_unsynced; /* the batch in hand; the thread's */
    int64_t upkeep_us;   /* the last one, monotonic; the thread's */
    struct event *wake;  /* owned; on the loop of the creator */
    int wake_fd;

    pthread_mutex_t mutex; /* guards all below */
    pthread_cond_t posted, committed_more, synced;
    struct job_list waiting, committed, finished;
    bool is_unsynced; /* something of committed needs a sync */
    bool is_syncing;
    bool is_stopping, is_last_committed;
    struct tcn_storethread_stats stats;
};

/* -- lists -------------------------------------------------------------------------------------------------- */

static void push(struct job_list *list, struct tcn_job *job)
{
    job->next = NULL;
    if (list->tail)
        list->tail->next = job;
    else
        list->head = job;
    list->tail = job;
    list->n++;
}

static struct tcn_job *pop(struct job_list *list)
{
    struct tcn_job *job = list->head;

    if (!job)
        return NULL;
    list->head = job->next;
    if (!list->head)
        list->tail = NULL;
    list->n--;
    job->next = NULL;
    return job;
}

/* Moves up to max jobs from the front of one list to the end of another. */
static void move(struct job_list *from, struct job_list *to, size_t max)
{
    for (struct tcn_job *job; max > 0 && (job = pop(from)) != NULL; max--)
        push(to, job);
}

/* -- the thread --------------------------------------------------------------------------------------------- */

static int run_job(struct tcn_job *job, struct tcn_store *s, int64_t now_ms)
{
    job->err.code = 0;
    job->err.msg[0] = '\0';
    return job->run(job, s, now_ms, &job->err);
}

/* ret_began false: not even a transaction could be had, so trying job by job is of no use. */
static int run_in_transaction(struct tcn_storethread *t, struct tcn_job *first, int64_t now_ms,
                              bool *ret_began, struct tcn_err *err)
{
    int r = tcn_store_begin(t->store, err);
    bool is_unsynced = false;

    *ret_began = r == 0;
    if (r < 0)
        return r;
    for (struct tcn_job *job = first; job; job = job->next) {
        if ((r = run_job(job, t->store, now_ms)) < 0) {
            *err = job->err;
            tcn_store_rollback(t->store);
            return r;
        }
    }
    r = tcn_store_commit_unsynced(t->store, &is_unsynced, err);
    t->batch_unsynced |= is_unsynced;
    return r;
}

static void set_results(struct tcn_job *first, int r, const struct tcn_err *err)
{
    for (struct tcn_job *job = first; job; job = job->next) {
        job->r = r;
        if (r < 0)
            job->err = *err;
    }
}

/* One job's refusal must not be its neighbours'. */
static void run_one_by_one(struct tcn_storethread *t, struct tcn_job *first, int64_t now_ms)
{
    struct tcn_err err = {0};
    bool began = true;
    int r = 0;

    for (struct tcn_job *job = first, *next; job; job = next) {
        next = job->next;
        job->next = NULL;
        if (began)
            r = run_in_transaction(t, job, now_ms, &began, &err);
        set_results(job, r, &err);
        job->next = next;
    }
}

/* Every job has its result after this. Returns how many ran a second time. */
static size_t run_batch(struct tcn_storethread *t, const struct job_list *batch)
{
    int64_t now_ms = t->now_ms(t->now_ctx);
    struct tcn_err err = {0};
    bool began;
    int r = run_in_transaction(t, batch->head, now_ms, &began, &err);

    set_results(batch->head, r, &err);
    if (r == 0 || !began || batch->n == 1)
        return 0;
    run_one_by_one(t, batch->head, now_ms);
    return batch->n;
}

static void wake_loop(struct tcn_storethread *t)
{
    const uint64_t one = 1;

    while (write(t->wake_fd, &one, sizeof one) < 0 && errno == EINTR)
        ;
}

static void count(struct tcn_storethread *t, const struct job_list *batch, size_t retried)
{
    t->stats.jobs += batch->n;
    t->stats.batches++;
    t->stats.retried += retried;
    t->stats.disk_full = tcn_store_is_full(t->store);
    for (struct tcn_job *job = batch->head; job; job = job->next)
        t->stats.failed += job->r < 0;
}

/* Returns whether the loop must be woken. The mutex is held. */
static bool finish_all(struct tcn_storethread *t, struct job_list *batch)
{
    bool was_empty = t->finished.n == 0;

    move(batch, &t->finished, batch->n);
    return was_empty;
}

/* What a batch read may be what waits for the disk: then its results wait, too. The mutex is held. */
static bool is_durable(const struct tcn_storethread *t)
{
    return !t->batch_unsynced && t->committed.n == 0 && !t->is_syncing;
}

static void hand_on(struct tcn_storethread *t, struct job_list *batch, size_t retried)
{
    bool must_wake = false;

    pthread_mutex_lock(&t->mutex);
    count(t, batch, retried);
    if (is_durable(t)) {
        must_wake = finish_all(t, batch);
    } else {
        move(batch, &t->committed, batch->n);
        t->is_unsynced |= t->batch_unsynced;
        pthread_cond_signal(&t->committed_more);
    }
    while (t->committed.n > COMMITTED_MAX * t->max_batch)
        pthread_cond_wait(&t->synced, &t->mutex);
    pthread_mutex_unlock(&t->mutex);
    t->batch_unsynced = false;
    if (must_wake)
        wake_loop(t);
}

/* Makes what is committed durable, and says so to the loop. The mutex is held, but not meanwhile. */
static void sync_committed(struct tcn_storethread *t)
{
    struct job_list batch = {0};
    bool is_unsynced = t->is_unsynced, must_wake;

    move(&t->committed, &batch, t->committed.n);
    t->is_unsynced = false;
    t->is_syncing = true;
    pthread_mutex_unlock(&t->mutex);
    if (is_unsynced)
        tcn_store_sync(t->store);
    pthread_mutex_lock(&t->mutex);
    t->is_syncing = false;
    must_wake = finish_all(t, &batch);
    pthread_cond_signal(&t->synced);
    if (must_wake)
        wake_loop(t);
}

static void *run_syncs(void *arg)
{
    struct tcn_storethread *t = arg;

    pthread_mutex_lock(&t->mutex);
    for (;;) {
        while (t->committed.n == 0 && !t->is_last_committed)
            pthread_cond_wait(&t->committed_more, &t->mutex);
        if (t->committed.n == 0)
            break;
        sync_committed(t);
    }
    pthread_mutex_unlock(&t->mutex);
    return NULL;
}

static void end_syncs(struct tcn_storethread *t)
{
    pthread_mutex_lock(&t->mutex);
    t->is_last_committed = true;
    pthread_cond_signal(&t->committed_more);
    pthread_mutex_unlock(&t->mutex);
    pthread_join(t->sync_thread, NULL);
}

/* False when ms passed without a job and without the end. The mutex is held. */
static bool wait_for_job(struct tcn_storethread *t, int64_t ms)
{
    int64_t until_us;
    struct timespec until;

    if (ms == 0) {
        while (t->waiting.n == 0 && !t->is_stopping)
            pthread_cond_wait(&t->posted, &t->mutex);
        return true;
    }
    until_us = tcn_clock_mono_us() + ms * 1000;
    until.tv_sec = until_us / 1000000;
    until.tv_nsec = until_us % 1000000 * 1000;
    while (t->waiting.n == 0 && !t->is_stopping)
        if (pthread_cond_timedwait(&t->posted, &t->mutex, &until) == ETIMEDOUT)
            return t->waiting.n > 0 || t->is_stopping;
    return true;
}

static int64_t patience_ms(struct tcn_storethread *t)
{
    if (tcn_store_is_full(t->store))
        return FULL_MS;
    return tcn_store_chore(t->store) ? IDLE_MS : 0;
}

static void upkeep(struct tcn_storethread *t)
{
    bool is_full, is_news;

    /* What fails here is tried again later; nothing that was acknowledged depends on it. */
    tcn_store_checkpoint(t->store, NULL);
    t->upkeep_us = tcn_clock_mono_us();
    is_full = tcn_store_is_full(t->store);
    pthread_mutex_lock(&t->mutex);
    is_news = is_full != t->stats.disk_full;
    t->stats.disk_full = is_full;
    pthread_mutex_unlock(&t->mutex);
    if (is_news)
        wake_loop(t);
}

/* A full disk is looked at again also while jobs never let the thread be idle. */
static bool needs_upkeep(const struct tcn_storethread *t, bool is_idle)
{
    if (is_idle || tcn_store_chore(t->store) == TCN_CHORE_NOW)
        return true;
    return tcn_store_is_full(t->store) && tcn_clock_mono_us() - t->upkeep_us >= FULL_MS * 1000;
}

static void *run(void *arg)
{
    struct tcn_storethread *t = arg;
    struct job_list batch = {0};
    bool is_idle, is_over;

    for (;;) {
        int64_t patience = patience_ms(t);

        pthread_mutex_lock(&t->mutex);
        is_idle = !wait_for_job(t, patience);
        is_over = t->waiting.n == 0 && t->is_stopping;
        move(&t->waiting, &batch, t->max_batch);
        pthread_mutex_unlock(&t->mutex);
        if (is_over)
            break;
        if (batch.n > 0) {
            size_t retried = run_batch(t, &batch);

            hand_on(t, &batch, retried);
        }
        if (needs_upkeep(t, is_idle))
            upkeep(t);
    }
    end_syncs(t);
    tcn_store_close(t->store);
    t->store = NULL;
    return NULL;
}

/* -- the loop's side ---------------------------------------------------------------------------------------- */

static void tell_full(struct tcn_storethread *t, bool is_full)
{
    if (is_full == t->is_told_full)
        return;
    t->is_told_full = is_full;
    if (t->on_full)
        t->on_full(t->full_ctx, is_full);
}

static void finish(struct tcn_storethread *t)
{
    struct job_list list;
    bool is_full;

    pthread_mutex_lock(&t->mutex);
    list = t->finished;
    t->finished = (struct job_list){0};
    is_full = t->stats.disk_full;
    pthread_mutex_unlock(&t->mutex);
    tell_full(t, is_full);
    for (struct tcn_job *job; (job = pop(&list)) != NULL;)
        job->done(job, job->r, &job->err);
}

static void on_wake(evutil_socket_t fd, short what, void *arg)
{
    uint64_t count;

    (void)what;
    while (read(fd, &count, sizeof count) < 0 && errno == EINTR)
        ;
    finish(arg);
}

static void free_thread(struct tcn_storethread *t)
{
    if (t->wake)
        event_free(t->wake);
    if (t->wake_fd >= 0)
        close(t->wake_fd);
    tcn_store_close(t->store);
    pthread_cond_destroy(&t->posted);
    pthread_cond_destroy(&t->committed_more);
    pthread_cond_destroy(&t->synced);
    pthread_mutex_destroy(&t->mutex);
    free(t);
}

static struct tcn_storethread *new_thread(const struct tcn_storethread_options *options)
{
    struct tcn_storethread *t = tcn_xcalloc(1, sizeof *t);
    pthread_condattr_t attr;

    t->max_waiting = options->max_waiting ? options->max_waiting : DEFAULT_WAITING;
    t->max_batch = options->max_batch ? options->max_batch : DEFAULT_BATCH;
    t->now_ms = options->now_ms;
    t->now_ctx = options->now_ctx;
    t->on_full = options->on_full;
    t->full_ctx = options->full_ctx;
    t->wake_fd = -1;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_mutex_init(&t->mutex, NULL);
    pthread_cond_init(&t->posted, &attr);
    pthread_cond_init(&t->committed_more, NULL);
    pthread_cond_init(&t->synced, NULL);
    pthread_condattr_destroy(&attr);
    return t;
}

/* Signals belong to the loop's thread. */
static int start_quiet(struct tcn_storethread *t)
{
    sigset_t all, before;
    int rc;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    rc = pthread_create(&t->sync_thread, NULL, run_syncs, t);
    if (rc == 0 && (rc = pthread_create(&t->thread, NULL, run, t)) != 0)
        end_syncs(t);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return rc;
}

int tcn_storethread_start(struct event_base *base, const struct tcn_storethread_options *options,
                          struct tcn_storethread **ret, struct tcn_err *err)
{
    struct tcn_storethread *t = new_thread(options);
    bool is_full;
    int r, rc;

    assert(options->now_ms);
    if ((r = tcn_store_open(&options->store, t->now_ms(t->now_ctx), &t->store, err)) < 0)
        goto out;
    t->stats.epoch = tcn_store_epoch(t->store);
    t->stats.disk_full = is_full = tcn_store_is_full(t->store);
    if ((t->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) < 0) {
        r = tcn_fail(err, TCN_EIO, "eventfd: %s", strerror(errno));
        goto out;
    }
    t->wake = event_new(base, t->wake_fd, EV_READ | EV_PERSIST, on_wake, t);
    if (!t->wake || event_add(t->wake, NULL) < 0) {
        r = tcn_fail(err, TCN_EIO, "the event loop takes no event");
        goto out;
    }
    if ((rc = start_quiet(t)) != 0) {
        r = tcn_fail(err, TCN_EIO, "cannot start a thread: %s", strerror(rc));
        goto out;
    }
    if (is_full)
        wake_loop(t);
    *ret = t;
    return 0;
out:
    free_thread(t);
    return r;
}

int tcn_storethread_post(struct tcn_storethread *t, struct tcn_job *job)
{
    bool is_taken;

    pthread_mutex_lock(&t->mutex);
    is_taken = t->waiting.n < t->max_waiting && !t->is_stopping;
    if (is_taken) {
        push(&t->waiting, job);
        if (t->waiting.n == 1)
            pthread_cond_signal(&t->posted);
    }
    pthread_mutex_unlock(&t->mutex);
    return is_taken ? 0 : TCN_EBUSY;
}

void tcn_storethread_stop(struct tcn_storethread *t)
{
    if (!t)
        return;
    pthread_mutex_lock(&t->mutex);
    t->is_stopping = true;
    pthread_cond_signal(&t->posted);
    pthread_mutex_unlock(&t->mutex);
    pthread_join(t->thread, NULL);
    finish(t);
    free_thread(t);
}

void tcn_storethread_stats(struct tcn_storethread *t, struct tcn_storethread_stats *ret)
{
    pthread_mutex_lock(&t->mutex);
    *ret = t->stats;
    ret->waiting = t->waiting.n;
    pthread_mutex_unlock(&t->mutex);
}
