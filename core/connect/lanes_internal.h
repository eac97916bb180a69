/* Shared by lanes.c (the loop) and lane_job.c (the store thread). */
#ifndef TCN_CONNECT_LANES_INTERNAL_H
#define TCN_CONNECT_LANES_INTERNAL_H

#include "connect/lanes.h"
#include "connect/want.h"
#include "connect/worker.h"

#define TCN_LANE_CLAIM_MAX 16
#define TCN_LANE_CALLS_MAX 40 /* of one run; then the lane rests, whatever it wants */

struct tcn_lane_instance {
    struct tcn_lanes *lanes;
    struct tcn_port *port;
    struct tcn_want_source source;
    size_t busy;      /* lanes between intent and result: they hold their place for the next step */
    bool is_claiming; /* a claim job is with the store thread */
    bool is_asked;    /* woken meanwhile */
    bool is_telling;  /* a wait job is with the store thread */
    int64_t tell_ms;  /* not before: those that wait are looked at */
};

/* A lane between its intent and its result. */
struct tcn_lane_run {
    struct tcn_lane_instance *instance;
    struct tcn_lane_run *next, **prev; /* in the list of calls; prev NULL: not in it */
    struct tcn_id link, incident;
    unsigned calls;
    struct tcn_arena arena; /* texts of op */
    struct tocsin_op op;    /* payload and incident are owned */
    struct tcn_step step;   /* its payload has become the op's */
    struct tcn_progress progress;
    struct tcn_outcome *outcome; /* owned; with the result job */
};
void tcn_lane_run_free(struct tcn_lane_run *r); /* NULL is legal */

struct tcn_lane_job {
    struct tcn_worker_job base; /* first */
    struct tcn_lanes *lanes;
    struct tcn_lane_instance *instance;
    size_t limit;                /* of a claim; 0: a result */
    struct tcn_lane_run *before; /* of a result: the run that ended */
    /* Results, made anew by each run. */
    struct tcn_lane_run *runs[TCN_LANE_CLAIM_MAX];
    size_t n_runs, n_claimed;
    bool has_news, found_many;
    size_t conflicts[TCN_WINNERS];
    struct tcn_milestones milestones; /* of what was taken */
    char shut[400];                   /* of a wait job: why the instance is not called */
    int64_t next_due_ms;              /* of the store; 0 = nothing */
};
tcn_job_run tcn_lane_job_claim, tcn_lane_job_result, tcn_lane_job_wait;
void tcn_lane_job_reset(struct tcn_lane_job *j); /* frees the runs that were made */

struct tcn_lanes {
    struct tcn_lanes_options options; /* items NULL */
    struct tcn_lane_instance *items;
    size_t n_items, first; /* first: whose turn it is to claim first */
    struct tcn_worker worker;
    struct event *shut;           /* looks again while an instance is not called */
    struct tcn_lane_run *calling; /* runs whose call is out */
};

#endif
