#include "connect/mailer.h"
#include "base/xalloc.h"
#include "sys/wake.h"

#include <assert.h>
#include <stdlib.h>

enum { IDLE = 0, QUEUED, RUNNING, FINISHED };

struct list {
    struct tcn_pump_wait *first;
};

struct tcn_mailer {
    struct tcn_wake finished;
    pthread_mutex_t lock; /* of all below */
    pthread_cond_t work, progress;
    struct list queue, done;
    pthread_t threads[TCN_MAILER_THREADS];
    size_t n_threads, n_free;
    bool is_stopping;
    atomic_bool is_ending; /* read on the threads without the lock */
};

static void append(struct list *l, struct tcn_pump_wait *wait)
{
    struct tcn_pump_wait **at = &l->first;

    while (*at)
        at = &(*at)->next;
    wait->next = NULL;
    *at = wait;
}

static struct tcn_pump_wait *take_first(struct list *l)
{
    struct tcn_pump_wait *wait = l->first;

    if (wait)
        l->first = wait->next;
    return wait;
}

static void take_out(struct list *l, const struct tcn_pump_wait *wait)
{
    struct tcn_pump_wait **at = &l->first;

    while (*at && *at != wait)
        at = &(*at)->next;
    if (*at)
        *at = wait->next;
}

/* -- threads -------------------------------------------------------------------------------------------------- */

static struct tcn_pump_wait *next_work(struct tcn_mailer *m)
{
    struct tcn_pump_wait *wait;

    m->n_free++;
    while (!m->is_stopping && !m->queue.first)
        pthread_cond_wait(&m->work, &m->lock);
    m->n_free--;
    wait = m->is_stopping ? NULL : take_first(&m->queue);
    if (wait)
        wait->state = RUNNING;
    return wait;
}

static bool may_act(const struct tcn_pump_wait *wait)
{
    return !atomic_load(&wait->is_cancelled) && !atomic_load(&wait->mailer->is_ending) &&
           tcn_pump_may_act(wait->pump);
}

/* One that was ended on the way may have arrived, as one whose answer was lost. */
static CURLcode perform(struct tcn_pump_wait *wait)
{
    CURLcode code = may_act(wait) ? curl_easy_perform(wait->easy) : CURLE_RECV_ERROR;

    return code == CURLE_ABORTED_BY_CALLBACK ? CURLE_RECV_ERROR : code;
}

static void *work(void *ctx)
{
    struct tcn_mailer *m = ctx;
    struct tcn_pump_wait *wait;

    pthread_mutex_lock(&m->lock);
    while ((wait = next_work(m)) != NULL) {
        CURLcode code;

        pthread_mutex_unlock(&m->lock);
        code = perform(wait);
        pthread_mutex_lock(&m->lock);
        wait->code = code;
        wait->state = FINISHED;
        append(&m->done, wait);
        pthread_cond_broadcast(&m->progress);
        tcn_wake_ring(&m->finished);
    }
    pthread_mutex_unlock(&m->lock);
    return NULL;
}

/* libcurl, on the thread, after each step and at least once a second. A process that stood still takes one step at most
 * before it comes here. */
static int may_go_on(void *ctx, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    struct tcn_pump_wait *wait = ctx;

    (void)a;
    (void)b;
    (void)c;
    (void)d;
    return !may_act(wait) || (wait->goes_on && !wait->goes_on(wait));
}

static void add_thread(struct tcn_mailer *m)
{
    if (tcn_thread_start(&m->threads[m->n_threads], work, m) == 0)
        m->n_threads++;
    else if (m->n_threads == 0)
        abort(); /* nobody would ever send a page */
}

/* -- the loop ------------------------------------------------------------------------------------------------- */

static void on_finished(void *ctx)
{
    struct tcn_mailer *m = ctx;
    struct tcn_pump_wait *wait;

    do { /* one at a time: done() may cancel the next one */
        pthread_mutex_lock(&m->lock);
        wait = take_first(&m->done);
        pthread_mutex_unlock(&m->lock);
        if (wait)
            wait->done(wait, wait->code);
    } while (wait);
}

int tcn_mailer_new(struct event_base *base, struct tcn_mailer **ret, struct tcn_err *err)
{
    struct tcn_mailer *m = tcn_xcalloc(1, sizeof *m);
    int r = tcn_wake_init(&m->finished, base, on_finished, m, err);

    if (r < 0) {
        free(m);
        return r;
    }
    pthread_mutex_init(&m->lock, NULL);
    pthread_cond_init(&m->work, NULL);
    pthread_cond_init(&m->progress, NULL);
    *ret = m;
    return 0;
}

void tcn_mailer_free(struct tcn_mailer *m)
{
    if (!m)
        return;
    pthread_mutex_lock(&m->lock);
    assert(!m->queue.first && !m->done.first);
    m->is_stopping = true;
    pthread_cond_broadcast(&m->work);
    pthread_mutex_unlock(&m->lock);
    for (size_t i = 0; i < m->n_threads; i++)
        pthread_join(m->threads[i], NULL);
    pthread_mutex_destroy(&m->lock);
    pthread_cond_destroy(&m->work);
    pthread_cond_destroy(&m->progress);
    tcn_wake_done(&m->finished);
    free(m);
}

void tcn_mailer_start(struct tcn_mailer *m, struct tcn_pump_wait *wait)
{
    /* Nothing is left to close later, on the loop. */
    curl_easy_setopt(wait->easy, CURLOPT_FORBID_REUSE, 1L);
    curl_easy_setopt(wait->easy, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(wait->easy, CURLOPT_XFERINFOFUNCTION, may_go_on);
    curl_easy_setopt(wait->easy, CURLOPT_XFERINFODATA, wait);
    atomic_store(&wait->is_cancelled, 0);
    wait->mailer = m;
    pthread_mutex_lock(&m->lock);
    wait->state = QUEUED;
    append(&m->queue, wait);
    if (m->n_free == 0 && m->n_threads < TCN_MAILER_THREADS)
        add_thread(m);
    pthread_cond_signal(&m->work);
    pthread_mutex_unlock(&m->lock);
}

void tcn_mailer_end(struct tcn_mailer *m)
{
    atomic_store(&m->is_ending, true);
}

void tcn_mailer_cancel(struct tcn_mailer *m, struct tcn_pump_wait *wait)
{
    atomic_store(&wait->is_cancelled, 1);
    pthread_mutex_lock(&m->lock);
    while (wait->state == RUNNING)
        pthread_cond_wait(&m->progress, &m->lock);
    take_out(&m->queue, wait);
    take_out(&m->done, wait);
    wait->state = IDLE;
    pthread_mutex_unlock(&m->lock);
}
