/* From a commit to a result. A job goes through three lists under one mutex: those that wait, those that are committed and
 * not durable yet, those that are done. While the sync thread waits for the disk, the store thread runs the next batch. A
 * sync serves every batch that was committed before it began. */
#include "store/thread_internal.h"

#include "sys/clock.h"

#define COMMITTED_MAX                                                                              \
    4 /* batches' worth of jobs wait for the disk, then the store thread does, too */

/* One that has just become full is looked at again in a while, so that it is told before it may be well again. */
static void note_disk(struct tcn_storethread *t)
{
    bool is_full = tcn_store_is_full(t->store);

    if (is_full && !t->stats.disk_full)
        t->upkeep_us = tcn_clock_mono_us();
    t->stats.disk_full = is_full;
}

static void count(struct tcn_storethread *t, const struct tcn_jobs *batch, size_t retried)
{
    t->stats.jobs += batch->n;
    t->stats.batches++;
    t->stats.retried += retried;
    note_disk(t);
    for (struct tcn_job *job = batch->head; job; job = job->next)
        t->stats.failed += job->r < 0;
}

/* Jobs of a batch that runs while the disk is busy with another: each commit has a cost of its own. */
#define WORTH_JOBS 16

size_t tcn_storethread_worth(const struct tcn_storethread *t)
{
    return t->is_syncing || t->committed.n > 0 ? WORTH_JOBS : 1;
}

/* Returns whether the loop must be woken. The mutex is held. */
static bool finish_all(struct tcn_storethread *t, struct tcn_jobs *batch)
{
    bool was_empty = t->finished.n == 0;

    tcn_jobs_move(batch, &t->finished, batch->n);
    return was_empty;
}

/* What a batch read may be what waits for the disk: then its results wait, too. The mutex is held. */
static bool is_durable(const struct tcn_storethread *t)
{
    return !t->batch_unsynced && t->committed.n == 0 && !t->is_syncing;
}

void tcn_storethread_hand_back(struct tcn_storethread *t, struct tcn_jobs *batch, size_t retried)
{
    bool must_wake = false;

    pthread_mutex_lock(&t->mutex);
    count(t, batch, retried);
    if (is_durable(t)) {
        must_wake = finish_all(t, batch);
    } else {
        tcn_jobs_move(batch, &t->committed, batch->n);
        t->is_unsynced |= t->batch_unsynced;
        pthread_cond_signal(&t->committed_more);
    }
    while (t->committed.n > COMMITTED_MAX * t->max_batch)
        pthread_cond_wait(&t->synced, &t->mutex);
    pthread_mutex_unlock(&t->mutex);
    t->batch_unsynced = false;
    if (must_wake)
        tcn_wake_ring(&t->wake);
}

/* Makes what is committed durable, and says so to the loop. The mutex is held, but not meanwhile. */
static void sync_committed(struct tcn_storethread *t)
{
    struct tcn_jobs batch = {0};
    bool is_unsynced = t->is_unsynced, must_wake;

    tcn_jobs_move(&t->committed, &batch, t->committed.n);
    t->is_unsynced = false;
    t->is_syncing = true;
    pthread_mutex_unlock(&t->mutex);
    if (is_unsynced)
        tcn_store_sync(t->store);
    pthread_mutex_lock(&t->mutex);
    t->is_syncing = false;
    must_wake = finish_all(t, &batch);
    pthread_cond_signal(&t->synced);
    if (t->waiting.n >= tcn_storethread_worth(t))
        pthread_cond_signal(&t->posted);
    if (must_wake)
        tcn_wake_ring(&t->wake);
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

int tcn_storethread_start_syncs(struct tcn_storethread *t)
{
    return tcn_thread_start(&t->sync_thread, run_syncs, t);
}

void tcn_storethread_end_syncs(struct tcn_storethread *t)
{
    pthread_mutex_lock(&t->mutex);
    t->is_last_committed = true;
    pthread_cond_signal(&t->committed_more);
    pthread_mutex_unlock(&t->mutex);
    pthread_join(t->sync_thread, NULL);
}
