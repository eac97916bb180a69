/* The store thread. It takes everything that waits, at once and without lingering, so that a group is as large as the last
 * one was slow; what it committed it hands on, see thread_sync.c. The loop is woken by an eventfd, once for each time
 * the list of done jobs becomes non-empty. */
#include "store/thread_internal.h"

#include "base/xalloc.h"
#include "store/ahead.h"
#include "sys/clock.h"
#include "sys/log.h"
#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#define DEFAULT_WAITING 10000
#define DEFAULT_BATCH 512
/* Of a job that meets another node's work. */
#define TRIES 4
/* The lease is renewed in good time, and those of others are looked at. */
#define BEAT_MS (TCN_LEASE_MS / 4)
/* Every job holds a few locks of the server's until the commit; of those it has some thousands for all nodes. */
#define SHARED_BATCH 128
/* Jobs of a batch that a lock was not to be had for: who holds a table holds up all of them. */
#define LOCKED_MAX 2
/* While the disk is full: what one transaction writes must fit into what is free at its begin. */
#define FULL_BATCH 16
/* Idle for so long, the store may spend time on its upkeep; while the disk is full, the time between looks; the same at
 * the names of the files. */
#define IDLE_MS 100
#define FULL_MS 1000
#define LOOK_MS 1000

/* -- the thread --------------------------------------------------------------------------------------------- */

/* The server's clock was set back: nobody's time goes back before the rows have. */
static int follow_clock(struct tcn_storethread *t, struct tcn_err *err)
{
    int64_t back_ms = 0;
    int r = 0;

    if (!t->is_by_server)
        return 0;
    for (int tries = 0; tries < TRIES; tries++)
        if ((r = tcn_store_clock_settle(t->store, &back_ms, err)) == 0 ||
            tcn_store_is_lost(t->store))
            break;
    atomic_store(&t->ahead_us, tcn_store_ahead_us(t->store));
    if (r < 0 || back_ms == 0)
        return r;
    pthread_mutex_lock(&t->mutex);
    t->stats.set_back_ms += back_ms;
    pthread_mutex_unlock(&t->mutex);
    tcn_wake_ring(&t->wake);
    return 0;
}

static int run_job(struct tcn_job *job, struct tcn_store *s, int64_t now_ms)
{
    job->err.code = 0;
    job->err.msg[0] = '\0';
    return job->run(job, s, now_ms, &job->err);
}

static int look_ahead(struct tcn_storethread *t, struct tcn_job *first, struct tcn_err *err)
{
    if (!first->next || !tcn_store_is_shared(t->store))
        return 0;
    for (struct tcn_job *job = first; job; job = job->next)
        if (job->expect)
            job->expect(job, t->store);
    return tcn_store_look_ahead(t->store, err);
}

static int run_jobs(struct tcn_storethread *t, struct tcn_job *first, struct tcn_err *err)
{
    int64_t now_ms = tcn_storethread_now_ms(t);
    int r = look_ahead(t, first, err);

    for (struct tcn_job *job = first; job && r >= 0; job = job->next)
        if ((r = run_job(job, t->store, now_ms)) < 0)
            *err = job->err;
    return r < 0 ? r : 0;
}

/* ret_began false: not even a transaction could be had, so trying job by job is of no use. */
static int run_in_transaction(struct tcn_storethread *t, struct tcn_job *first, bool *ret_began,
                              struct tcn_err *err)
{
    bool is_unsynced = false;
    int r = follow_clock(t, err);

    if (r == 0)
        r = first->next ? tcn_store_begin_many(t->store, err) : tcn_store_begin(t->store, err);
    *ret_began = r == 0;
    if (r < 0)
        return r;
    if ((r = run_jobs(t, first, err)) < 0) {
        tcn_store_rollback(t->store);
        return r;
    }
    r = tcn_store_commit_unsynced(t->store, &is_unsynced, err);
    t->batch_unsynced |= is_unsynced;
    return r;
}

void tcn_storethread_set_results(struct tcn_job *first, int r, const struct tcn_err *err)
{
    for (struct tcn_job *job = first; job; job = job->next) {
        job->r = r;
        if (r < 0)
            job->err = *err;
    }
}

/* Other nodes' work was in the way: it may not be the next time. */
static bool may_retry(struct tcn_storethread *t, int r)
{
    return (r == TCN_ECONFLICT || r == TCN_EBUSY) && tcn_store_is_shared(t->store) &&
           !tcn_store_is_lost(t->store);
}

static void stay_alive(struct tcn_storethread *t);

/* Jobs that wait behind this one do not wait for its lock several times. */
static int run_alone(struct tcn_storethread *t, struct tcn_job *job, bool is_only, bool *ret_began,
                     struct tcn_err *err)
{
    uint64_t locked = tcn_store_lock_timeouts(t->store);
    int r = run_in_transaction(t, job, ret_began, err);

    for (int tries = 1; tries < TRIES && *ret_began && may_retry(t, r); tries++) {
        if (!is_only && tcn_store_lock_timeouts(t->store) != locked)
            break;
        stay_alive(t);
        r = run_in_transaction(t, job, ret_began, err);
    }
    return r;
}

/* One job's refusal must not be its neighbours'; but where one lock keeps all of them, the rest is told to come again, and why. */
static void run_one_by_one(struct tcn_storethread *t, struct tcn_job *first)
{
    uint64_t locked = tcn_store_lock_timeouts(t->store);
    bool began = true, is_only = !first->next;
    struct tcn_err err = {0}, busy;
    int r = 0;

    tcn_fail(&busy, TCN_EBUSY, "others keep what this needs locked");
    for (struct tcn_job *job = first, *next; job; job = next) {
        next = job->next;
        job->next = NULL;
        if (began && !is_only && tcn_store_lock_timeouts(t->store) - locked >= LOCKED_MAX) {
            r = TCN_EBUSY;
            err = busy;
        } else if (began) {
            stay_alive(t);
            r = run_alone(t, job, is_only, &began, &err);
        }
        if (r == TCN_EBUSY)
            busy = err;
        tcn_storethread_set_results(job, r, &err);
        job->next = next;
    }
}

/* Every job has its result after this. Returns how many ran a second time. */
static size_t run_batch(struct tcn_storethread *t, const struct tcn_jobs *batch)
{
    struct tcn_err err = {0};
    bool began;
    int r = run_in_transaction(t, batch->head, &began, &err);

    tcn_storethread_set_results(batch->head, r, &err);
    if (r >= 0 || !began || tcn_store_is_lost(t->store) || (batch->n == 1 && !may_retry(t, r)))
        return 0;
    run_one_by_one(t, batch->head);
    return batch->n;
}

void tcn_storethread_run(struct tcn_storethread *t, struct tcn_jobs *batch)
{
    size_t retried = run_batch(t, batch);

    if (tcn_store_is_lost(t->store))
        tcn_storethread_keep(t, batch);
    if (batch->n > 0)
        tcn_storethread_hand_back(t, batch, retried);
}

/* -- between batches ---------------------------------------------------------------------------------------- */

/* The mutex is held. */
static bool has_batch(const struct tcn_storethread *t)
{
    return t->is_stopping || t->waiting.n >= tcn_storethread_worth(t);
}

/* False when ms passed without a job and without the end. The mutex is held. */
static bool wait_for_job(struct tcn_storethread *t, int64_t ms)
{
    int64_t until_us;
    struct timespec until;

    until_us = tcn_clock_mono_us() + ms * 1000;
    until.tv_sec = until_us / 1000000;
    until.tv_nsec = until_us % 1000000 * 1000;
    while (!has_batch(t))
        if (pthread_cond_timedwait(&t->posted, &t->mutex, &until) == ETIMEDOUT)
            return has_batch(t);
    return true;
}

static int64_t patience_ms(struct tcn_storethread *t)
{
    if (tcn_store_is_shared(t->store))
        return BEAT_MS / 2;
    if (tcn_store_is_full(t->store))
        return FULL_MS;
    return tcn_store_chore(t->store) ? IDLE_MS : LOOK_MS;
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
        tcn_wake_ring(&t->wake);
}

/* A full disk is looked at again also while jobs never let the thread be idle. */
static bool needs_upkeep(const struct tcn_storethread *t, bool is_idle)
{
    int chore = tcn_store_chore(t->store);

    if (chore == TCN_CHORE_NOW || (is_idle && chore != TCN_CHORE_NONE))
        return true;
    return tcn_store_is_full(t->store) && tcn_clock_mono_us() - t->upkeep_us >= FULL_MS * 1000;
}

/* A connection that is lost is seen by the thread's next look. */
static void beat(struct tcn_storethread *t)
{
    int64_t now_us = tcn_clock_mono_us();
    size_t n = 0;

    if (!tcn_store_is_shared(t->store) || now_us < t->beat_us + BEAT_MS * INT64_C(1000))
        return;
    t->beat_us = now_us;
    tcn_store_beat(t->store, &n, NULL);
    pthread_mutex_lock(&t->mutex);
    t->stats.taken_over += n;
    pthread_mutex_unlock(&t->mutex);
    if (n > 0)
        tcn_wake_ring(&t->wake);
}

/* Only this thread changes it. */
static void note_lease(struct tcn_storethread *t)
{
    int64_t until_us = tcn_store_lease_until_us(t->store);

    if (until_us == t->lease_until_us)
        return;
    pthread_mutex_lock(&t->mutex);
    t->lease_until_us = until_us;
    pthread_mutex_unlock(&t->mutex);
}

/* A batch that takes long must not cost the lease. */
static void stay_alive(struct tcn_storethread *t)
{
    beat(t);
    note_lease(t);
}

/* For good: who finds the right file at its name again cannot know what became of it meanwhile. */
static void look(struct tcn_storethread *t)
{
    int64_t now_us = tcn_clock_mono_us();
    struct tcn_err why = {0};

    if (t->stats.is_gone || now_us < t->look_us + LOOK_MS * INT64_C(1000))
        return; /* only this thread changes it */
    t->look_us = now_us;
    if (tcn_store_look(t->store, &why) == 0)
        return;
    pthread_mutex_lock(&t->mutex);
    t->stats.is_gone = true;
    t->why = why;
    pthread_mutex_unlock(&t->mutex);
    tcn_wake_ring(&t->wake);
}

void tcn_storethread_note_database(struct tcn_storethread *t)
{
    struct tcn_database now;
    bool is_news;

    tcn_store_database(t->store, &now);
    pthread_mutex_lock(&t->mutex);
    is_news = now.promotions != t->stats.database.promotions;
    t->stats.database = now;
    pthread_mutex_unlock(&t->mutex);
    if (is_news)
        tcn_wake_ring(&t->wake);
}

/* Who leaves in good order has its work done by others at once. */
static void leave(struct tcn_storethread *t)
{
    if (!tcn_store_is_lost(t->store))
        tcn_store_leave(t->store, NULL); /* else its lease runs out */
}

static size_t batch_limit(const struct tcn_storethread *t)
{
    bool is_small = tcn_store_is_full(t->store) && t->max_batch > FULL_BATCH;

    return is_small ? FULL_BATCH : t->max_batch;
}

static void *run(void *arg)
{
    struct tcn_storethread *t = arg;
    struct tcn_jobs batch = {0};
    struct tcn_err ignored;
    bool is_idle, is_over;

    for (;;) {
        int64_t patience = patience_ms(t);

        if (tcn_store_is_lost(t->store)) {
            if (!tcn_storethread_come_back(t))
                break;
            continue;
        }
        pthread_mutex_lock(&t->mutex);
        t->turn_us = 0;
        is_idle = !wait_for_job(t, patience);
        t->turn_us = tcn_clock_mono_us();
        is_over = t->waiting.n == 0 && t->is_stopping;
        tcn_jobs_move(&t->waiting, &batch, batch_limit(t));
        pthread_mutex_unlock(&t->mutex);
        if (is_over)
            break;
        if (batch.n > 0)
            tcn_storethread_run(t, &batch);
        if (needs_upkeep(t, is_idle))
            upkeep(t);
        look(t);
        stay_alive(t);
        if (!tcn_store_is_lost(t->store))
            follow_clock(t, &ignored); /* or the next batch does */
    }
    tcn_storethread_end_syncs(t);
    leave(t);
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

static void tell_gone(struct tcn_storethread *t, bool is_gone, const struct tcn_err *why)
{
    if (is_gone == t->is_told_gone)
        return;
    t->is_told_gone = is_gone;
    if (t->on_gone)
        t->on_gone(t->gone_ctx, why->msg);
}

static void tell_away(struct tcn_storethread *t, bool is_away, uint64_t news,
                      const struct tcn_err *why)
{
    bool is_nothing = news == t->told_away || (!is_away && !t->is_told_away);

    t->told_away = news;
    t->is_told_away = is_away;
    if (is_nothing)
        return;
    if (t->on_away)
        t->on_away(t->away_ctx, is_away, why->msg);
}

static void tell_taken(struct tcn_storethread *t, uint64_t taken_over)
{
    if (taken_over == t->told_taken)
        return;
    t->told_taken = taken_over;
    if (t->on_taken)
        t->on_taken(t->taken_ctx);
}

static void tell_set_back(struct tcn_storethread *t, int64_t set_back_ms)
{
    int64_t by_ms = set_back_ms - t->told_set_back_ms;

    t->told_set_back_ms = set_back_ms;
    if (by_ms > 0 && t->on_set_back)
        t->on_set_back(t->set_back_ctx, by_ms);
}

static void tell_promoted(struct tcn_storethread *t, const struct tcn_database *is)
{
    if (is->promotions == t->told_promoted)
        return;
    t->told_promoted = is->promotions;
    if (t->on_promoted)
        t->on_promoted(t->promoted_ctx, is);
}

static void finish(void *ctx)
{
    struct tcn_storethread *t = ctx;
    struct tcn_database database;
    struct tcn_jobs list;
    struct tcn_err why;
    bool is_away, is_full, is_gone;
    uint64_t taken_over, away_news;
    int64_t set_back_ms;

    pthread_mutex_lock(&t->mutex);
    away_news = t->away_news;
    taken_over = t->stats.taken_over;
    set_back_ms = t->stats.set_back_ms;
    database = t->stats.database;
    list = t->finished;
    t->finished = (struct tcn_jobs){0};
    is_away = t->stats.is_away;
    is_full = t->stats.disk_full;
    is_gone = t->stats.is_gone;
    why = t->why;
    pthread_mutex_unlock(&t->mutex);
    tell_full(t, is_full);
    tell_gone(t, is_gone, &why);
    tell_away(t, is_away, away_news, &why);
    tell_taken(t, taken_over);
    tell_promoted(t, &database);
    tell_set_back(t, set_back_ms);
    tcn_log_hold();
    for (struct tcn_job *job; (job = tcn_jobs_pop(&list)) != NULL;) {
        tcn_storethread_unwatch(t, job);
        job->done(job, job->r, &job->err);
    }
    tcn_log_release();
}

static void free_thread(struct tcn_storethread *t)
{
    tcn_storethread_late_done(t);
    tcn_wake_done(&t->wake);
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
    t->on_gone = options->on_gone;
    t->gone_ctx = options->gone_ctx;
    t->on_away = options->on_away;
    t->away_ctx = options->away_ctx;
    t->on_stall = options->on_stall;
    t->stall_ctx = options->stall_ctx;
    t->on_taken = options->on_taken;
    t->taken_ctx = options->taken_ctx;
    t->on_promoted = options->on_promoted;
    t->promoted_ctx = options->promoted_ctx;
    t->on_set_back = options->on_set_back;
    t->set_back_ctx = options->set_back_ctx;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_mutex_init(&t->mutex, NULL);
    pthread_cond_init(&t->posted, &attr);
    pthread_cond_init(&t->committed_more, NULL);
    pthread_cond_init(&t->synced, NULL);
    pthread_condattr_destroy(&attr);
    return t;
}

static int start_threads(struct tcn_storethread *t)
{
    int rc = tcn_storethread_start_syncs(t);

    if (rc == 0 && (rc = tcn_thread_start(&t->thread, run, t)) != 0)
        tcn_storethread_end_syncs(t);
    return rc;
}

int tcn_storethread_start(struct event_base *base, const struct tcn_storethread_options *options,
                          struct tcn_storethread **ret, struct tcn_err *err)
{
    struct tcn_storethread *t = new_thread(options);
    bool is_full;
    int r, rc;

    if ((r = tcn_store_open(&options->store, tcn_storethread_now_ms(t), &t->store, err)) < 0)
        goto out;
    t->is_shared = tcn_store_is_shared(t->store);
    t->is_by_server = !t->now_ms && t->is_shared;
    atomic_store(&t->ahead_us, tcn_store_ahead_us(t->store));
    t->stats.epoch = tcn_store_epoch(t->store);
    t->lease_until_us = tcn_store_lease_until_us(t->store);
    t->beat_us = t->look_us = tcn_clock_mono_us();
    if ((r = tcn_store_look(t->store, err)) < 0)
        goto out;
    tcn_store_survey_of_start(t->store, &t->survey);
    tcn_store_start_doubts(t->store, &t->doubts);
    tcn_store_database(t->store, &t->stats.database);
    t->beat_us = tcn_clock_mono_us();
    if (t->is_shared && t->max_batch > SHARED_BATCH)
        t->max_batch = SHARED_BATCH;
    t->stats.disk_full = is_full = tcn_store_is_full(t->store);
    if ((r = tcn_wake_init(&t->wake, base, finish, t, err)) < 0 ||
        (r = tcn_storethread_late_init(t, base, err)) < 0)
        goto out;
    if ((rc = start_threads(t)) != 0) {
        r = tcn_fail(err, TCN_EIO, "cannot start a thread: %s", strerror(rc));
        goto out;
    }
    if (is_full)
        tcn_wake_ring(&t->wake);
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
    is_taken = t->waiting.n < t->max_waiting && !t->is_stopping && !t->stats.is_away &&
               !(job->late && tcn_storethread_stall_us(t) >= TCN_STALL_MS * INT64_C(1000));
    if (is_taken) {
        job->posted_us = 0;
        if (job->late && t->late)
            tcn_storethread_watch(t, job);
        tcn_jobs_push(&t->waiting, job);
        if (t->waiting.n == tcn_storethread_worth(t))
            pthread_cond_signal(&t->posted);
    }
    pthread_mutex_unlock(&t->mutex);
    return is_taken ? 0 : TCN_EBUSY;
}

void tcn_storethread_stop(struct tcn_storethread *t)
{
    if (!t)
        return;
    tcn_store_hurry(t->store);
    pthread_mutex_lock(&t->mutex);
    t->is_stopping = true;
    pthread_cond_signal(&t->posted);
    pthread_mutex_unlock(&t->mutex);
    pthread_join(t->thread, NULL);
    finish(t);
    free_thread(t);
}

bool tcn_storethread_may_act(struct tcn_storethread *t)
{
    int64_t until_us;

    pthread_mutex_lock(&t->mutex);
    until_us = t->lease_until_us;
    pthread_mutex_unlock(&t->mutex);
    return tcn_clock_boot_us() < until_us;
}

int64_t tcn_storethread_now_ms(struct tcn_storethread *t)
{
    if (t->now_ms)
        return t->now_ms(t->now_ctx);
    if (t->is_by_server)
        return (tcn_clock_boot_us() + atomic_load(&t->ahead_us)) / 1000;
    return tcn_clock_now_ms();
}

void tcn_storethread_stats(struct tcn_storethread *t, struct tcn_storethread_stats *ret)
{
    pthread_mutex_lock(&t->mutex);
    if (t->is_shared && t->store)
        t->stats.contact_us = tcn_store_contact_us(t->store);
    *ret = t->stats;
    ret->waiting = t->waiting.n;
    if (t->is_shared && t->store) {
        ret->stall_us = tcn_storethread_stall_us(t);
        ret->waits = tcn_store_waits(t->store);
    }
    pthread_mutex_unlock(&t->mutex);
}

void tcn_storethread_survey(struct tcn_storethread *t, struct tcn_survey *ret)
{
    *ret = t->survey;
}

void tcn_storethread_start_doubts(struct tcn_storethread *t, struct tcn_start_doubts *ret)
{
    *ret = t->doubts;
}
