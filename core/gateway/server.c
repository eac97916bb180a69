/* The server as a whole: options, birth, drain, end. */
#include "gateway/server_internal.h"

#include "base/xalloc.h"

#include <assert.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>

enum { OUT_MAX = TCN_REPLY_HEAD_MAX + (16 << 10) };

void tcn_server_options_init(struct tcn_server_options *o)
{
    *o = (struct tcn_server_options){
        .head_ms = 5000,
        .body_ms = 15000,
        .idle_ms = 30000,
        .write_ms = 10000,
        .linger_ms = 2000,
        .pause_ms = 100,
        .max_connections = 1000,
        .max_per_address = 64,
        .max_bodies_bytes = 128u << 20,
        .max_backlog_bytes = 64u << 20,
        .reserve_fds = 64,
    };
}

/* At least a few connections, whatever the limit says: accept will tell. */
static size_t fit_descriptors(const struct tcn_server_options *o)
{
    enum { LEAST = 8 };
    struct rlimit limit;
    size_t most;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur == RLIM_INFINITY)
        return o->max_connections;
    most =
        limit.rlim_cur > o->reserve_fds + LEAST ? (size_t)limit.rlim_cur - o->reserve_fds : LEAST;
    return most < o->max_connections ? most : o->max_connections;
}

static void make_slots(struct tcn_server *s)
{
    size_t n = fit_descriptors(&s->o);

    assert(n > 0 && n <= UINT32_MAX);
    s->stats.max_connections = n;
    s->slots = tcn_xcalloc(n, sizeof *s->slots);
    s->addresses = tcn_xcalloc(n, sizeof *s->addresses);
    s->free_slots = tcn_xcalloc(n, sizeof *s->free_slots);
    for (s->n_free = 0; s->n_free < n; s->n_free++)
        s->free_slots[s->n_free] = (uint32_t)(n - 1 - s->n_free);
}

int tcn_server_new(struct event_base *base, const struct tcn_router *router,
                   const struct tcn_server_options *o, struct tcn_server **ret, struct tcn_err *err)
{
    struct tcn_server *s = tcn_xcalloc(1, sizeof *s);
    int r = tcn_address_rules_init(&s->rules, o->trusted, err);

    assert(o->on_request && o->max_connections > 0);
    if (r < 0) {
        free(s);
        return r;
    }
    (void)signal(SIGPIPE, SIG_IGN);
    s->base = base;
    s->router = router;
    s->o = *o;
    make_slots(s);
    for (int i = 0; i < TCN_DUE_N; i++)
        TAILQ_INIT(&s->due[i]);
    tcn_buf_init(&s->out, OUT_MAX);
    s->pause_timer = evtimer_new(base, tcn_server_resume, s);
    s->due_timer = evtimer_new(base, tcn_due_run, s);
    assert(s->pause_timer && s->due_timer);
    *ret = s;
    return 0;
}

int tcn_server_set_proxies(struct tcn_server *s, const char *const *list, struct tcn_err *err)
{
    struct tcn_address_rules fresh;
    int r = tcn_address_rules_init(&fresh, list, err);

    if (r < 0)
        return r;
    tcn_address_rules_done(&s->proxies);
    s->proxies = fresh;
    return 0;
}

static void stop_listening(struct tcn_server *s)
{
    while (s->n_listening)
        evconnlistener_free(s->listening[--s->n_listening].listener);
}

void tcn_server_free(struct tcn_server *s)
{
    if (!s)
        return;
    stop_listening(s);
    for (size_t i = 0; i < s->stats.max_connections; i++)
        if (s->slots[i])
            tcn_conn_free(s->slots[i]);
    event_free(s->pause_timer);
    event_free(s->due_timer);
    tcn_address_rules_done(&s->rules);
    tcn_address_rules_done(&s->proxies);
    tcn_buf_done(&s->out);
    free(s->slots);
    free(s->addresses);
    free(s->free_slots);
    free(s);
}

/* Requests in hand and such as have begun are still answered. */
static bool is_idle(const struct tcn_conn *c)
{
    return c->phase == TCN_CONN_HANDSHAKE ||
           (c->phase == TCN_CONN_READING && tcn_http1_is_idle(&c->reader));
}

void tcn_server_drain(struct tcn_server *s)
{
    s->is_draining = true;
    stop_listening(s);
    for (size_t i = 0; i < s->stats.max_connections; i++)
        if (s->slots[i] && is_idle(s->slots[i])) {
            tcn_conn_doom(s->slots[i]);
            tcn_conn_settle(s->slots[i]);
        }
}

const struct tcn_server_stats *tcn_server_stats(const struct tcn_server *s)
{
    return &s->stats;
}
