/* Threads beside the event loop: how they start, and how they wake it. */
#ifndef TCN_SYS_WAKE_H
#define TCN_SYS_WAKE_H

#include "base/err.h"
#include <event2/event.h>
#include <pthread.h>

/* As pthread_create(3), with every signal blocked: they belong to the loop's thread. An errno. */
int tcn_thread_start(pthread_t *ret, void *(*run)(void *arg), void *arg);

struct tcn_wake {
    struct event *event; /* owned; NULL: none, as when it is zeroed */
    int fd;
    void (*woken)(void *ctx);
    void *ctx; /* borrowed */
};

/* woken is called on the loop, once for any number of rings since. */
int tcn_wake_init(struct tcn_wake *w, struct event_base *base, void (*woken)(void *ctx), void *ctx,
                  struct tcn_err *err);
void tcn_wake_ring(const struct tcn_wake *w); /* on any thread */
void tcn_wake_done(struct tcn_wake *w);

#endif
