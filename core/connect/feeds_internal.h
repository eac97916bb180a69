/* Shared by feeds.c (the loop) and feed_job.c (the store thread). */
#ifndef TCN_CONNECT_FEEDS_INTERNAL_H
#define TCN_CONNECT_FEEDS_INTERNAL_H

#include "connect/feed.h"
#include "connect/feeds.h"
#include "connect/worker.h"
#include "store/feeds.h"

#define TCN_FEED_ONE_BY_ONE 20 /* records of a system that has no surveys, at once */

struct tcn_feed_target {
    struct tcn_feeds *feeds;
    struct tcn_instance *instance; /* borrowed */
    struct tcn_port *port;         /* borrowed, of the lanes */
    struct tcn_feed_policy policy;
    bool is_made;    /* its row is there, and was swept since this process began */
    bool is_busy;    /* a job is with the store thread, or a call is out */
    bool has_told;   /* that it fails */
    int64_t next_ms; /* not before: it is looked at */
};

/* One call, and what is known of those it is about. */
struct tcn_feed_run {
    struct tcn_feed_target *target;
    struct tcn_arena arena; /* texts of the rest */
    struct tcn_feed feed;   /* as claimed */
    enum tcn_feed_task task;
    struct tocsin_op op; /* payload is owned */
    struct tcn_known_record *records;
    size_t n_records;
    struct tcn_outcome *outcome; /* owned; NULL = no call was needed */
};
void tcn_feed_run_free(struct tcn_feed_run *r); /* NULL is legal */

struct tcn_feed_job {
    struct tcn_worker_job base; /* first */
    struct tcn_feed_target *target;
    struct tcn_feed_run *before; /* of a result, owned; NULL: a claim */
    bool is_first;               /* of a claim: the first of this process */
    /* Results, made anew by each run. */
    struct tcn_feed_run *run; /* to be called; owned */
    size_t n_hints, n_missed;
    bool looks_dead; /* webhooks do */
    int64_t next_ms;
};
tcn_job_run tcn_feed_job_claim, tcn_feed_job_result;
void tcn_feed_job_reset(struct tcn_feed_job *j);

struct tcn_feeds {
    struct tcn_feeds_options options;
    struct tcn_feed_target targets[TCN_LANES_MAX];
    size_t n_targets;
    struct tcn_worker worker;
    struct tcn_feed_run *calling[TCN_LANES_MAX]; /* by target: the call that is out */
};

#endif
