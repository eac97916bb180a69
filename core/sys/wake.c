#include "sys/wake.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

int tcn_thread_start(pthread_t *ret, void *(*run)(void *arg), void *arg)
{
    sigset_t all, before;
    int rc;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    rc = pthread_create(ret, NULL, run, arg);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return rc;
}

static void on_ring(evutil_socket_t fd, short what, void *arg)
{
    const struct tcn_wake *w = arg;
    uint64_t count;

    (void)what;
    while (read(fd, &count, sizeof count) < 0 && errno == EINTR)
        ;
    w->woken(w->ctx);
}

int tcn_wake_init(struct tcn_wake *w, struct event_base *base, void (*woken)(void *ctx), void *ctx,
                  struct tcn_err *err)
{
    *w = (struct tcn_wake){.woken = woken, .ctx = ctx};
    if ((w->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) < 0)
        return tcn_fail(err, TCN_EIO, "eventfd: %s", strerror(errno));
    w->event = event_new(base, w->fd, EV_READ | EV_PERSIST, on_ring, w);
    if (w->event && event_add(w->event, NULL) == 0)
        return 0;
    if (w->event)
        event_free(w->event);
    close(w->fd);
    *w = (struct tcn_wake){0};
    return tcn_fail(err, TCN_EIO, "the event loop takes no event");
}

void tcn_wake_ring(const struct tcn_wake *w)
{
    const uint64_t one = 1;

    while (write(w->fd, &one, sizeof one) < 0 && errno == EINTR)
        ;
}

void tcn_wake_done(struct tcn_wake *w)
{
    if (!w->event)
        return;
    event_free(w->event);
    close(w->fd);
    *w = (struct tcn_wake){0};
}
