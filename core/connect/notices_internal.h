/* Shared by notices.c (the loop) and notice_job.c (the store thread). */
#ifndef TCN_CONNECT_NOTICES_INTERNAL_H
#define TCN_CONNECT_NOTICES_INTERNAL_H

#include "connect/notices.h"
#include "connect/worker.h"

#define TCN_NOTICE_CLAIM_MAX 16

/* One event between its claim and its result. */
struct tcn_notice_run {
    struct tcn_notice_target *target;
    struct tcn_notice_run *next, **prev; /* in the list of calls; prev NULL: in none */
    struct tcn_arena arena;              /* texts of notice and op */
    struct tcn_notice notice;
    struct tcn_id event;
    int64_t seq;
    struct tocsin_op op;         /* payload owned */
    struct tcn_outcome *outcome; /* owned; with the result job */
    bool is_held_back;           /* this process could not act: that is no try */
};
void tcn_notice_run_free(struct tcn_notice_run *r); /* NULL is legal */

struct tcn_notice_target {
    struct tcn_notices *notices;
    struct tcn_instance *instance; /* borrowed */
    struct tcn_port *port;         /* owned */
    size_t busy;                   /* calls and their results */
    bool is_claiming, is_asked;
    int64_t next_due_ms; /* as last seen; 0: nothing is */
};

struct tcn_notice_job {
    struct tcn_worker_job base; /* first */
    struct tcn_notice_target *target;
    size_t limit;                  /* of a claim; 0: a result */
    struct tcn_notice_run *before; /* of a result */
    /* Results, made anew by each run. */
    struct tcn_notice_run *runs[TCN_NOTICE_CLAIM_MAX];
    size_t n_runs, n_claimed;
    int64_t next_due_ms;
};
tcn_job_run tcn_notice_job_claim, tcn_notice_job_result;
void tcn_notice_job_reset(struct tcn_notice_job *j);

struct tcn_notices {
    struct tcn_notices_options options;
    struct tcn_notice_target targets[TCN_NOTICE_TARGETS_MAX];
    struct tcn_worker worker;
    struct tcn_notice_run *calling;
};

#endif
