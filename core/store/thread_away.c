/* A database can go away. Jobs whose transaction broke stay in hand for a moment, as a server that starts again is back
 * soon, and run again then. After that they fail, what waits fails, and nothing is taken. Only jobs whose commit is
 * undecided stay, until the database says whether it is in: a job that is told to have failed has left nothing. */
#include "store/thread_internal.h"

#include "sys/clock.h"

/* A database that is away: how long work in hand waits for it, and for how long the thread is deaf in between. */
#define MOMENT_MS 2000
#define SLICE_MS 50
#define OTHER_REASON_MS 10000 /* at least, between two that are told */

static bool was_interrupted(const struct tcn_job *job)
{
    return job->r == TCN_UNDECIDED || job->r == TCN_EBUSY;
}

void tcn_storethread_keep(struct tcn_storethread *t, struct tcn_jobs *batch)
{
    struct tcn_jobs over = {0};

    for (struct tcn_job *job; (job = tcn_jobs_pop(batch)) != NULL;)
        tcn_jobs_push(was_interrupted(job) ? &t->in_hand : &over, job);
    *batch = over;
}

/* Those of what is in hand whose result is r go to ret; r 0: all of them. */
static void take_from_hand(struct tcn_storethread *t, int r, struct tcn_jobs *ret)
{
    struct tcn_jobs rest = {0};

    for (struct tcn_job *job; (job = tcn_jobs_pop(&t->in_hand)) != NULL;)
        tcn_jobs_push(r == 0 || job->r == r ? ret : &rest, job);
    t->in_hand = rest;
}

static void answer_all(struct tcn_storethread *t, struct tcn_jobs *list, const struct tcn_err *err)
{
    tcn_storethread_set_results(list->head, err->code, err);
    if (list->n > 0)
        tcn_storethread_hand_back(t, list, 0);
}

/* The loop is to tell it. The mutex is held. */
static void note_news(struct tcn_storethread *t, const struct tcn_err *why)
{
    t->away_news++;
    t->away_news_us = tcn_clock_mono_us();
    t->why = *why;
}

/* It is away for another reason than was told, for some time. The mutex is held. */
static bool is_other_reason(const struct tcn_storethread *t, const struct tcn_err *why)
{
    return strcmp(t->why.msg, why->msg) != 0 &&
           tcn_clock_mono_us() - t->away_news_us >= OTHER_REASON_MS * INT64_C(1000);
}

/* What waits comes to list; nothing more is taken after that. */
static void set_away(struct tcn_storethread *t, const struct tcn_err *why, struct tcn_jobs *list)
{
    bool is_news;

    pthread_mutex_lock(&t->mutex);
    is_news = !t->stats.is_away || is_other_reason(t, why);
    if (is_news)
        note_news(t, why);
    t->stats.is_away = true;
    tcn_jobs_move(&t->waiting, list, t->waiting.n);
    pthread_mutex_unlock(&t->mutex);
    if (is_news)
        tcn_wake_ring(&t->wake);
}

static void set_back(struct tcn_storethread *t)
{
    const struct tcn_err over = {0};
    bool was_away;

    pthread_mutex_lock(&t->mutex);
    was_away = t->stats.is_away;
    if (was_away)
        note_news(t, &over);
    t->stats.is_away = false;
    t->turn_us = tcn_clock_mono_us();
    pthread_mutex_unlock(&t->mutex);
    t->lost_us = 0;
    if (was_away)
        tcn_wake_ring(&t->wake);
}

static void resume(struct tcn_storethread *t, bool is_committed)
{
    const struct tcn_err none = {0};
    struct tcn_jobs again = {0}, decided = {0};

    set_back(t);
    if (is_committed)
        take_from_hand(t, TCN_UNDECIDED, &decided);
    answer_all(t, &decided, &none);
    take_from_hand(t, 0, &again);
    if (again.n > 0)
        tcn_storethread_run(t, &again);
}

static bool is_stopping(struct tcn_storethread *t)
{
    bool is;

    pthread_mutex_lock(&t->mutex);
    is = t->is_stopping;
    pthread_mutex_unlock(&t->mutex);
    return is;
}

static void note_loss(struct tcn_storethread *t)
{
    bool is_undecided = false;

    t->lost_us = tcn_clock_mono_us();
    for (const struct tcn_job *job = t->in_hand.head; job; job = job->next)
        is_undecided = is_undecided || job->r == TCN_UNDECIDED;
    pthread_mutex_lock(&t->mutex);
    t->stats.lost++;
    t->stats.undecided += is_undecided;
    pthread_mutex_unlock(&t->mutex);
}

bool tcn_storethread_come_back(struct tcn_storethread *t)
{
    struct tcn_err why = {.code = TCN_EBUSY, .msg = "the process ends"};
    struct tcn_jobs list = {0};
    bool is_committed = false, is_over = is_stopping(t);

    if (t->lost_us == 0)
        note_loss(t);
    if (!t->is_last_try && tcn_store_recover(t->store, SLICE_MS, &is_committed, &why) == 0) {
        t->is_last_try = is_over; /* what is too slow for the end would be begun again and again */
        tcn_storethread_note_database(t);
        resume(t, is_committed);
        return true;
    }
    if (!is_over && tcn_clock_mono_us() - t->lost_us < MOMENT_MS * 1000)
        return true;
    why.code = TCN_EBUSY;
    take_from_hand(t, is_over ? 0 : TCN_EBUSY, &list);
    set_away(t, &why, &list);
    answer_all(t, &list, &why);
    return !is_over;
}
