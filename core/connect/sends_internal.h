/* Shared by sends.c (the loop), send_job.c, send_claim.c and send_budget.c (the store thread). */
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
    struct tcn_arena arena;    /* texts of rows and op */
    struct tcn_send_row row;   /* the first of them */
    struct tcn_send_row *rows; /* all that the message stands for, by incident */
    size_t n_rows;
    struct tcn_page_budget budget; /* of the person; pages 0: none */
    bool is_paid;                  /* it took a token of it */
    struct tocsin_op op;           /* payload owned */
    struct tcn_outcome *outcome;   /* owned; with the result job */
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
    size_t limit;                 /* of a claim; 0: a result */
    struct tcn_send_run *before;  /* of a result */
    struct tcn_send_row *waiting; /* owned; of a call that is still out, by incident; no texts */
    size_t n_waiting;
    enum tcn_send_news news; /* of that */
    /* Results, made anew by each run. */
    struct tcn_send_run *runs[TCN_SENDS_MAX];
    size_t n_runs, n_claimed;
    bool has_news;
    struct tcn_milestones milestones;
    int64_t next_due_ms;
};
tcn_job_run tcn_send_job_claim, tcn_send_job_result, tcn_send_job_waiting;
void tcn_send_job_reset(struct tcn_send_job *j);
int tcn_send_job_give_up(struct tcn_send_job *j, struct tcn_store *s,
                         const struct tcn_send_row *row, const char *why, int64_t now_ms,
                         struct tcn_err *err);
const char *tcn_send_channel_name(int type);

/* A row of a person with a budget, claimed and not yet decided. */
struct tcn_send_item {
    struct tcn_send_row row;
    json_t *payload; /* owned; NULL: not written yet */
    bool is_urgent, is_decided;
};
struct tcn_send_claim {
    struct tcn_send_job *job;
    struct tcn_store *store;
    int64_t now_ms;
    struct tcn_arena *arena, *message; /* of the job; of one message */
    struct tcn_send_item items[TCN_SENDS_MAX];
    size_t n;
};
/* A message for those rows (n > 0), of which the first names it. Takes payload. */
struct tcn_send_run *tcn_send_claim_run(struct tcn_send_claim *c, const struct tcn_send_row *rows,
                                        size_t n, json_t *payload);
/* Of each item: it goes, alone or in a bundle, or it waits (send_budget.c). */
int tcn_send_claim_budgets(struct tcn_send_claim *c, struct tcn_err *err);
/* A message that surely did not leave gives its token back. After the locks of its incidents. */
int tcn_send_budget_settle(const struct tcn_send_run *run, struct tcn_store *s,
                           struct tcn_err *err);
/* "ann's budget of 5 pages in 10 min". */
const char *tcn_send_budget_text(struct tcn_arena *arena, const struct tcn_send_row *row,
                                 const struct tcn_page_budget *b);

struct tcn_sends {
    struct tcn_sends_options options;
    struct tcn_send_channel channels[TCN_SENDS_CHANNELS];
    struct tcn_worker worker;
    struct tcn_send_run *active; /* queued for a place, or calling */
    size_t n_active;
    bool is_claiming, is_asked;
};

#endif
