/* Inside of the store thread: its state, shared by its files. */
#ifndef TCN_STORE_THREAD_INTERNAL_H
#define TCN_STORE_THREAD_INTERNAL_H

#include "store/db.h"
#include "store/thread.h"
#include "sys/wake.h"
#include <stdatomic.h>

struct tcn_jobs {
    struct tcn_job *head, *tail;
    size_t n;
};

struct tcn_storethread {
    struct tcn_store *store; /* owned; the thread's while it runs */
    size_t max_waiting, max_batch;
    int64_t (*now_ms)(void *ctx); /* NULL: the store's */
    void *now_ctx;                /* borrowed */
    bool is_by_server;            /* the store's is the server's */
    _Atomic int64_t ahead_us;     /* then: tcn_store_ahead_us */
    pthread_t thread, sync_thread;
    bool batch_unsynced;     /* the batch in hand; the thread's */
    int64_t upkeep_us;       /* the last one, monotonic; the thread's */
    struct tcn_jobs in_hand; /* of transactions whose connection broke; the thread's */
    int64_t lost_us;         /* when it did, monotonic, 0: it is there; the thread's */
    bool is_last_try; /* the database came back while this process is told to end; the thread's */
    void (*on_full)(void *ctx, bool is_full);
    void *full_ctx;    /* borrowed */
    bool is_told_full; /* the loop's */
    void (*on_gone)(void *ctx, const char *why);
    void *gone_ctx;    /* borrowed */
    bool is_told_gone; /* the loop's */
    int64_t look_us;   /* the last one at the files' names, monotonic; the thread's */
    void (*on_away)(void *ctx, bool is_away, const char *why);
    void *away_ctx;     /* borrowed */
    bool is_told_away;  /* the loop's */
    uint64_t told_away; /* likewise: so much of away_news */
    void (*on_stall)(void *ctx, bool is_stalled, const char *waits);
    void *stall_ctx;          /* borrowed */
    bool is_told_stalled;     /* the loop's */
    bool is_shared;           /* the store */
    struct tcn_survey survey; /* of the start */
    struct tcn_start_doubts doubts;
    struct event *late;              /* looks at those below; owned; NULL: it is not shared */
    struct tcn_job *oldest, *newest; /* with a late, and no result yet; the loop's */
    void (*on_taken)(void *ctx);
    void *taken_ctx;     /* borrowed */
    uint64_t told_taken; /* the loop's */
    void (*on_promoted)(void *ctx, const struct tcn_database *is);
    void *promoted_ctx;     /* borrowed */
    uint64_t told_promoted; /* the loop's */
    void (*on_set_back)(void *ctx, int64_t by_ms);
    void *set_back_ctx;       /* borrowed */
    int64_t told_set_back_ms; /* the loop's */
    int64_t beat_us;          /* the last one, monotonic; the thread's */
    struct tcn_wake wake;     /* on the loop of the creator */

    pthread_mutex_t mutex; /* guards all below */
    pthread_cond_t posted, committed_more, synced;
    struct tcn_jobs waiting, committed, finished;
    bool is_unsynced; /* something of committed needs a sync */
    bool is_syncing;
    bool is_stopping, is_last_committed;
    struct tcn_storethread_stats stats;
    struct tcn_err why; /* it is away, or gone */
    uint64_t away_news; /* counts what is to be told of that: since when, why, that it is over */
    int64_t away_news_us;
    int64_t lease_until_us;
    int64_t turn_us; /* since when the thread is not waiting for a job, monotonic; 0: it is */
};

static inline void tcn_jobs_push(struct tcn_jobs *list, struct tcn_job *job)
{
    job->next = NULL;
    if (list->tail)
        list->tail->next = job;
    else
        list->head = job;
    list->tail = job;
    list->n++;
}

static inline struct tcn_job *tcn_jobs_pop(struct tcn_jobs *list)
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
static inline void tcn_jobs_move(struct tcn_jobs *from, struct tcn_jobs *to, size_t max)
{
    for (struct tcn_job *job; max > 0 && (job = tcn_jobs_pop(from)) != NULL; max--)
        tcn_jobs_push(to, job);
}

/* -- store_options.c ------------------------------------------------------------------------------------------ */

/* What a connection beside the store's own needs of them; yours to free. */
void tcn_store_options_copy(const struct tcn_store_options *from, struct tcn_store_options *ret);
void tcn_store_options_free(struct tcn_store_options *o);

/* -- thread.c ------------------------------------------------------------------------------------------------ */

/* Runs a batch; those whose results are known go back, those whose connection broke stay in hand. */
void tcn_storethread_run(struct tcn_storethread *t, struct tcn_jobs *batch);
void tcn_storethread_set_results(struct tcn_job *first, int r, const struct tcn_err *err);
/* What the connection in use leads to, for stats. */
void tcn_storethread_note_database(struct tcn_storethread *t);

/* -- thread_sync.c ------------------------------------------------------------------------------------------- */

/* So many jobs are worth a batch: what would have to wait for the next sync anyway may as well wait for company. The mutex
 * is held, here and where it is asked for. */
size_t tcn_storethread_worth(const struct tcn_storethread *t);
/* To the loop once it is durable; the thread waits when too much does. */
void tcn_storethread_hand_back(struct tcn_storethread *t, struct tcn_jobs *batch, size_t retried);
int tcn_storethread_start_syncs(struct tcn_storethread *t); /* an errno */
/* After everything that is committed is durable. */
void tcn_storethread_end_syncs(struct tcn_storethread *t);

/* -- thread_late.c ------------------------------------------------------------------------------------------- */

int tcn_storethread_late_init(struct tcn_storethread *t, struct event_base *base,
                              struct tcn_err *err);
void tcn_storethread_late_done(struct tcn_storethread *t);
/* A job was taken, or has its result. On the loop. */
void tcn_storethread_watch(struct tcn_storethread *t, struct tcn_job *job);
void tcn_storethread_unwatch(struct tcn_storethread *t, struct tcn_job *job);
/* For how long an answer has not come. The mutex is held. */
int64_t tcn_storethread_stall_us(struct tcn_storethread *t);

/* -- thread_away.c ------------------------------------------------------------------------------------------- */

/* Keeps what the broken connection interrupted; what has its result stays in batch. */
void tcn_storethread_keep(struct tcn_storethread *t, struct tcn_jobs *batch);
/* One try to get the database back. False: this process is told to end, and everything has its result. */
bool tcn_storethread_come_back(struct tcn_storethread *t);

#endif
