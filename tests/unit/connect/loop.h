/* A loop with a listener on a free loopback port, and a call that is waited for. */
#ifndef TCN_TEST_LOOP_H
#define TCN_TEST_LOOP_H

#include "rig.h"

#include "connect/exchange.h"
#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>

struct loop {
    struct event_base *base;
    struct tcn_pump *pump;
    struct tcn_hub *hub;
    struct evconnlistener *listener;
    int port;
    struct event *deadline; /* a test that hangs fails instead */
    bool is_late;
};

#define LOOP_OPEN_MAX 512

/* The server's connections, so that a test leaves none open. */
static struct bufferevent *loop_open[LOOP_OPEN_MAX];

static inline void loop_keep(struct bufferevent *bev)
{
    for (size_t i = 0; i < LOOP_OPEN_MAX; i++) {
        if (!loop_open[i]) {
            loop_open[i] = bev;
            return;
        }
    }
    fail_msg("%s", "too many connections");
}

static inline void loop_close(struct bufferevent *bev)
{
    for (size_t i = 0; i < LOOP_OPEN_MAX; i++)
        if (loop_open[i] == bev)
            loop_open[i] = NULL;
    bufferevent_free(bev);
}

static inline void loop_late(evutil_socket_t fd, short what, void *ctx)
{
    struct loop *l = ctx;

    (void)fd;
    (void)what;
    l->is_late = true;
    event_base_loopbreak(l->base);
}

static inline void loop_listen(struct loop *l, evconnlistener_cb on_connection, void *ctx)
{
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof addr;

    l->listener = evconnlistener_new_bind(l->base, on_connection, ctx,
                                          LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, -1,
                                          (struct sockaddr *)&addr, sizeof addr);
    assert_non_null(l->listener);
    assert_int_equal(
        getsockname(evconnlistener_get_fd(l->listener), (struct sockaddr *)&addr, &len), 0);
    l->port = ntohs(addr.sin_port);
}

static inline void loop_init(struct loop *l, evconnlistener_cb on_connection, void *ctx)
{
    struct tcn_err err;

    signal(SIGPIPE, SIG_IGN);
    *l = (struct loop){.base = event_base_new()};
    assert_int_equal(tcn_pump_new(l->base, &l->pump, &err), 0);
    l->hub = tcn_hub_new(l->base, l->pump, NULL, NULL);
    l->deadline = evtimer_new(l->base, loop_late, l);
    loop_listen(l, on_connection, ctx);
}

static inline void loop_done(struct loop *l)
{
    evconnlistener_free(l->listener);
    tcn_hub_free(l->hub);
    tcn_pump_free(l->pump);
    for (size_t i = 0; i < LOOP_OPEN_MAX; i++)
        if (loop_open[i])
            loop_close(loop_open[i]);
    event_free(l->deadline);
    event_base_free(l->base);
}

/* Runs until something breaks the loop, twenty seconds at most. */
static inline void loop_run(struct loop *l)
{
    struct timeval most = {20, 0};

    l->is_late = false;
    evtimer_add(l->deadline, &most);
    event_base_dispatch(l->base);
    evtimer_del(l->deadline);
    assert_false(l->is_late);
}

struct waiter {
    struct loop *loop;
    struct tcn_outcome *outcome;
    int times;
};

static inline void waiter_done(void *ctx, struct tcn_outcome *o)
{
    struct waiter *w = ctx;

    w->times++;
    w->outcome = o;
    event_base_loopbreak(w->loop->base);
}

/* Yours to tcn_outcome_free(). */
static inline struct tcn_outcome *loop_call(struct loop *l, struct tcn_instance *i,
                                            const struct tocsin_op *op)
{
    struct waiter w = {.loop = l};

    assert_non_null(tcn_exchange_start(l->hub, i, op, waiter_done, &w));
    assert_int_equal(w.times, 0); /* never from inside start */
    loop_run(l);
    assert_int_equal(w.times, 1);
    return w.outcome;
}

#endif
