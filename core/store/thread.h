/* The store thread: owns the store; runs jobs; jobs that wait while a transaction starts share it (group commit).
 * Jobs cross by ownership: post hands one over, done (on the event loop) hands it back. */
#ifndef TCN_STORE_THREAD_H
#define TCN_STORE_THREAD_H

#include "store/nodes.h"
#include <event2/event.h>

struct tcn_storethread;
struct tcn_job;

/* Runs inside the batch's transaction. 0: keep what it wrote. A negative TCN_E* rolls the batch back; the jobs of
 * a rolled back batch run again one by one, each in its own transaction, so a job must be repeatable: it may
 * change only what it resets at its start. An expected refusal (not found, conflict) is a result inside the job
 * and returns 0. now_ms is the same for all jobs of a transaction. */
typedef int tcn_job_run(struct tcn_job *job, struct tcn_store *s, int64_t now_ms,
                        struct tcn_err *err);
/* Before a batch of several runs, on a store that is shared: what the job will look for (ahead.h). It may come more than once,
 * or not at all. */
typedef void tcn_job_expect(struct tcn_job *job, struct tcn_store *s);
/* On the loop thread, after the commit (r 0) or the failure (r negative, err says why). Owns the job again. */
typedef void tcn_job_done(struct tcn_job *job, int r, const struct tcn_err *err);

/* For a job that somebody waits for, on a store that is shared; on the loop thread, once: TCN_LATE_MS after it was posted it
 * is at work and has no result, and what that will be nobody knows yet. done still comes. What was not begun by then never
 * is: done says so (TCN_EBUSY). */
typedef void tcn_job_late(struct tcn_job *job);
#define TCN_LATE_MS 4500

struct tcn_job {
    tcn_job_run *run;
    tcn_job_expect *expect; /* may be NULL */
    tcn_job_late *late;     /* may be NULL; then it is posted on the loop thread */
    tcn_job_done *done;
    struct tcn_job *next;          /* the thread's */
    int r;                         /* the thread's */
    struct tcn_err err;            /* the thread's */
    struct tcn_job *older, *newer; /* the loop's, of those with late */
    int64_t posted_us;             /* monotonic; 0: not among them */
};

struct tcn_storethread_options {
    struct tcn_store_options store;
    size_t max_waiting;           /* jobs; beyond it post refuses. 0 = 10,000 */
    size_t max_batch;             /* jobs of one transaction. 0 = 512 */
    int64_t (*now_ms)(void *ctx); /* NULL: tcn_store_now_ms; tests bring a clock of their own */
    void *now_ctx;
    /* On the loop thread, when the disk became full (stats.disk_full) and when it is well again, before the results of
     * the jobs that met it. A start on a full disk is told too. May be NULL. */
    void (*on_full)(void *ctx, bool is_full);
    void *full_ctx; /* borrowed */
    /* May be NULL. On the loop thread, once, when the files of the database lost their names (stats.is_gone). */
    void (*on_gone)(void *ctx, const char *why);
    void *gone_ctx;
    /* May be NULL. On the loop thread, when the database went away (why), when it is away for another reason (10 s apart at
     * least), and when it is back. */
    void (*on_away)(void *ctx, bool is_away, const char *why);
    void *away_ctx;
    /* May be NULL. On the loop thread, when a shared store has not answered for TCN_STALL_MS (waits: as in stats), and when
     * it answers again. */
    void (*on_stall)(void *ctx, bool is_stalled, const char *waits);
    void *stall_ctx;
    /* May be NULL. On the loop thread, when a node was found dead: what it had in flight is anybody's now. */
    void (*on_taken)(void *ctx);
    void *taken_ctx;
    /* May be NULL. On the loop thread, when a standby was found promoted since the last look. */
    void (*on_promoted)(void *ctx, const struct tcn_database *is);
    void *promoted_ctx;
    /* May be NULL. On the loop thread, when the clock of a server was set back by so much, the store's rows have moved by as
     * much, by this node or another, and tcn_storethread_now_ms has gone back. */
    void (*on_set_back)(void *ctx, int64_t by_ms);
    void *set_back_ctx;
};

/* Opens the store on the calling thread (so that errors are told at start), then hands it to the new thread. */
int tcn_storethread_start(struct event_base *base, const struct tcn_storethread_options *options,
                          struct tcn_storethread **ret, struct tcn_err *err);
/* TCN_EBUSY when max_waiting jobs wait or the database is away, or, of a job with late, when it has not answered for
 * TCN_STALL_MS: the job stays the caller's. */
int tcn_storethread_post(struct tcn_storethread *t, struct tcn_job *job);
/* Finishes what was posted, closes the store, joins. done of every job is called before it returns. What waits for a
 * database that is away fails; a commit that is undecided then is told as failed, and the next start finds out. */
void tcn_storethread_stop(struct tcn_storethread *t);

/* Whether this process may act on the world: no other one can have taken it for dead. Always true where the database is
 * not shared. On the loop thread. */
bool tcn_storethread_may_act(struct tcn_storethread *t);

/* The time that due times go by, which jobs get: the server's where nodes share one, else this machine's. Any thread. */
int64_t tcn_storethread_now_ms(struct tcn_storethread *t);

/* What the start found of the servers of the URL. Any thread. */
void tcn_storethread_survey(struct tcn_storethread *t, struct tcn_survey *ret);
/* What its start found to be doubtful. */
void tcn_storethread_start_doubts(struct tcn_storethread *t, struct tcn_start_doubts *ret);

#define TCN_STALL_MS 3000
struct tcn_storethread_stats {
    uint64_t jobs, batches, retried, failed;
    uint64_t waiting; /* now */
    int64_t epoch;
    bool
        disk_full; /* no space, or only the reserve: refuse what is new, go on with what was accepted */
    bool is_away; /* the database; nothing is taken until it is back */
    bool
        is_gone; /* the names of its files, for good: refuse what is new, go on with what was accepted */
    uint64_t lost;       /* connections to the database */
    uint64_t undecided;  /* commits that only the database could tell of afterwards */
    uint64_t taken_over; /* leases of other nodes that this one ended */
    int64_t contact_us;  /* the database's last answer; 0: it is in this process */
    int64_t
        stall_us; /* for how long an answer is waited for that does not come; 0: none is, or it is not shared */
    const char *waits;   /* tcn_store_waits */
    int64_t set_back_ms; /* the server's clock, altogether */
    struct tcn_database database;
};
void tcn_storethread_stats(struct tcn_storethread *t, struct tcn_storethread_stats *ret);

#endif
