/* What lanes and sends have in common on the loop: jobs that the store thread must take, a look for what is due, and an
 * end that waits for what was begun. */
#ifndef TCN_CONNECT_WORKER_H
#define TCN_CONNECT_WORKER_H

#include "connect/exchange.h"
#include "store/thread.h"

struct tcn_worker_job {
    struct tcn_job job; /* first */
    struct tcn_worker_job *waiting;
};

struct tcn_worker {
    /* Set by the owner; borrowed, outlives the worker. */
    struct tcn_hub *hub;
    struct tcn_storethread *store;
    bool (*is_calling)(void *ctx); /* calls are out */
    void (*look)(void *ctx);       /* claims what is due */
    void *ctx;
    /* The worker's. */
    struct event *turn, *timer, *again;
    struct tcn_worker_job
        *refused;    /* wait for room in the store thread's queue, or after a failure */
    size_t jobs;     /* between begin and end */
    bool is_retired; /* claims nothing more */
    bool is_stopped; /* and makes no call any more */
    void (*idle)(void *ctx);
    void *idle_ctx;
    uint64_t failed;       /* jobs, since the last line about one */
    int64_t quiet_till_ms; /* no line about a failed job before that */
    bool is_told_failing;
};

void tcn_worker_init(struct tcn_worker *w, struct event_base *base);
/* Every job has ended. */
void tcn_worker_done(struct tcn_worker *w);

/* Looks on a later turn, unless it is retired. */
void tcn_worker_wake(struct tcn_worker *w);
/* Wakes at due_ms, 0 = never; within a second when that has passed: what is due cannot be claimed now. */
void tcn_worker_wake_at(struct tcn_worker *w, int64_t due_ms);

/* A job is made; its size begins with a tcn_worker_job. tcn_worker_end when it is freed. */
void *tcn_worker_begin(struct tcn_worker *w, size_t size, tcn_job_run *run, tcn_job_done *done);
void tcn_worker_end(struct tcn_worker *w);
/* Hands it to the store thread; one that is refused is handed over again and again, for a result must not be lost. */
void tcn_worker_post(struct tcn_worker *w, struct tcn_worker_job *job);
/* The same in a while. */
void tcn_worker_post_later(struct tcn_worker *w, struct tcn_worker_job *job, int64_t ms);

/* What the store made of a job (r of its done); name says what it was, instance (may be NULL) whose. Of failures in a row
 * the first is logged, then one a minute, and that jobs work again, with the number that failed. */
void tcn_worker_log(struct tcn_worker *w, const char *instance, const char *name, int r,
                    const struct tcn_err *err);

/* Claims nothing more; idle is called on a later turn, once nothing is out, and may free the worker. */
void tcn_worker_retire(struct tcn_worker *w, void (*idle)(void *ctx), void *ctx);
/* Retires without a word; then take and free the jobs that wait. */
void tcn_worker_stop(struct tcn_worker *w);
struct tcn_worker_job *tcn_worker_take_refused(struct tcn_worker *w); /* one; NULL = none left */

#endif
