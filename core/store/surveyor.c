#include "store/surveyor.h"

#include "base/xalloc.h"
#include "store/thread_internal.h"
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct tcn_surveyor {
    struct tcn_store_options options; /* its texts are owned */
    int64_t every_ms;
    void (*found)(void *ctx, const struct tcn_survey *is);
    void *ctx;
    struct tcn_wake wake;
    pthread_t thread;
    int stop_fd;

    pthread_mutex_t mutex;    /* guards what follows */
    struct tcn_survey latest; /* that the loop has not taken yet, or has */
    bool is_news;
};

/* False: it is over. */
static bool rest(const struct tcn_surveyor *s)
{
    struct pollfd p = {.fd = s->stop_fd, .events = POLLIN};
    int n;

    do
        n = poll(&p, 1, (int)s->every_ms);
    while (n < 0 && errno == EINTR);
    return n == 0;
}

static void hand_over(struct tcn_surveyor *s, const struct tcn_survey *is)
{
    pthread_mutex_lock(&s->mutex);
    s->latest = *is;
    s->is_news = true;
    pthread_mutex_unlock(&s->mutex);
    tcn_wake_ring(&s->wake);
}

/* What cannot be asked now is asked the next time. */
static void *run(void *arg)
{
    struct tcn_surveyor *s = arg;
    struct tcn_survey is;
    struct tcn_err err;
    int r = 0;

    while (r != TCN_ENOTFOUND && rest(s)) {
        r = tcn_store_survey(&s->options, s->stop_fd, &is, &err);
        if (r == 0)
            hand_over(s, &is);
    }
    return NULL;
}

static void woken(void *ctx)
{
    struct tcn_surveyor *s = ctx;
    struct tcn_survey is;
    bool is_news;

    pthread_mutex_lock(&s->mutex);
    is = s->latest;
    is_news = s->is_news;
    s->is_news = false;
    pthread_mutex_unlock(&s->mutex);
    if (is_news)
        s->found(s->ctx, &is);
}

static void free_surveyor(struct tcn_surveyor *s)
{
    tcn_wake_done(&s->wake);
    if (s->stop_fd >= 0)
        close(s->stop_fd);
    pthread_mutex_destroy(&s->mutex);
    tcn_store_options_free(&s->options);
    free(s);
}

static int start(struct tcn_surveyor *s, struct event_base *base, struct tcn_err *err)
{
    int r, rc;

    if (s->stop_fd < 0)
        return tcn_fail(err, TCN_EIO, "eventfd: %s", strerror(errno));
    if ((r = tcn_wake_init(&s->wake, base, woken, s, err)) < 0)
        return r;
    rc = tcn_thread_start(&s->thread, run, s);
    return rc ? tcn_fail(err, TCN_EIO, "cannot start a thread: %s", strerror(rc)) : 0;
}

int tcn_surveyor_start(struct event_base *base, const struct tcn_store_options *options,
                       int64_t every_ms, void (*found)(void *ctx, const struct tcn_survey *is),
                       void *ctx, struct tcn_surveyor **ret, struct tcn_err *err)
{
    struct tcn_surveyor *s = tcn_xcalloc(1, sizeof *s);
    int r;

    s->every_ms = every_ms;
    s->found = found;
    s->ctx = ctx;
    s->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    pthread_mutex_init(&s->mutex, NULL);
    tcn_store_options_copy(options, &s->options);
    if ((r = start(s, base, err)) < 0)
        free_surveyor(s);
    else
        *ret = s;
    return r;
}

void tcn_surveyor_stop(struct tcn_surveyor *s)
{
    const uint64_t one = 1;

    if (!s)
        return;
    if (write(s->stop_fd, &one, sizeof one) < 0)
        abort(); /* an eventfd of zero takes a one */
    pthread_join(s->thread, NULL);
    free_surveyor(s);
}
