/* Shared by sends.c (the loop) and send_job.c (the store thread). */
#ifndef TCN_CONNECT_SENDS_INTERNAL_H
#define TCN_CONNECT_SENDS_INTERNAL_H

#include "connect/sends.h"
#include "connect/worker.h"

/* One message between its claim and its result. */
struct tcn_send_run {
    struct tcn_sends *sends;
    struct tcn_send_run *next, **prev; /* in a list of sends; prev NULL: in none */
    struct tcn_send_channel *channel;
    bool is_calling, has_place; /* one of those that "concurrency" allows */
    struct event *patience;     /* NULL: no call is out */
    bool
        is_held_back; /* this process could not act: that says nothing of the channel, and is no try */
    struct tcn_arena arena; /* texts of row and op */
    struct tcn_send_row row;
    struct tocsin_op op;         /* payload owned */
    struct tcn_outcome *outcome; /* owned; with the result job */
};
void tcn_send_run_free(struct tcn_send_run *r); /* NULL is legal */

struct tcn_send_channel {
    struct tcn_sends *sends;
    struct tcn_port *port; /* NULL: not configured, or the port of an earlier channel is used */
    struct tcn_send_channel *same; /* the channel that has the port; itself, or NULL */
    size_t calling;
};

struct tcn_send_job {
    struct tcn_worker_job base; /* first */
    struct tcn_sends *sends;
    size_t limit;                /* of a claim; 0: a result */
    struct tcn_send_run *before; /* of a result */
    struct tcn_send_row waiting; /* of a call that is still out; no texts */
    enum tcn_send_news news;     /* of that */
    /* Results, made anew by each run. */
    struct tcn_send_run *runs[TCN_SENDS_MAX];
    size_t n_runs, n_claimed;
    bool has_news;
    struct tcn_unreached unreached;
    int64_t next_due_ms;
};
tcn_job_run tcn_send_job_claim, tcn_send_job_result, tcn_send_job_waiting;
void tcn_send_job_reset(struct tcn_send_job *j);

struct tcn_sends {
    struct tcn_sends_options options;
    struct tcn_send_channel channels[TCN_SENDS_CHANNELS];
    struct tcn_worker worker;
    struct tcn_send_run *active; /* queued for a place, or calling */
    size_t n_active;
    bool is_claiming, is_asked;
};

#endif
