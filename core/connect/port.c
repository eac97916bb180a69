#include "connect/port.h"
#include "base/datetime.h"
#include "base/xalloc.h"
#include "connect/classify.h"
#include "sys/clock.h"
#include "sys/log.h"
#include "sys/random.h"

#include <stdio.h>
#include <stdlib.h>

struct port_call {
    struct tcn_port *port;
    struct port_call *next, **prev;
    struct tcn_exchange *exchange; /* NULL: answered by the gate, on turn */
    struct event *turn;
    uint32_t verb;
    int64_t wait_ms;
    tcn_exchange_done *done; /* NULL: a CHECK of the port itself */
    void *ctx;
};

struct tcn_port {
    struct event_base *base;
    struct tcn_hub *hub;
    struct tcn_instance *instance;
    enum tcn_port_use use;
    struct tcn_gate gate;
    struct event *timer;
    struct port_call *calls;
    bool is_checking;
    void (*ready)(void *ctx);
    void *ctx;
    struct tcn_port_health health;
};

/* A gate waits for itself alone, so that a wall clock that is set means nothing to it. */
static int64_t gate_now(void)
{
    return tcn_clock_mono_us() / 1000;
}

static void on_timer(evutil_socket_t fd, short what, void *ctx);

struct tcn_port *tcn_port_new(struct event_base *base, struct tcn_hub *hub,
                              struct tcn_instance *instance, enum tcn_port_use use,
                              void (*ready)(void *ctx), void *ctx)
{
    struct tcn_port *p = tcn_xcalloc(1, sizeof *p);

    *p = (struct tcn_port){
        .base = base, .hub = hub, .instance = instance, .ready = ready, .ctx = ctx};
    p->use = use;
    p->gate.never_shuts = use != TCN_PORT_TICKETS;
    p->timer = evtimer_new(base, on_timer, p);
    if (!p->timer)
        abort();
    return p;
}

static void arm(struct tcn_port *p, int64_t ms)
{
    struct timeval when;

    if (ms < 0)
        ms = 0;
    when = (struct timeval){ms / 1000, (ms % 1000) * 1000};
    if (!evtimer_pending(p->timer, NULL) || ms == 0)
        evtimer_add(p->timer, &when);
}

static void release(struct port_call *c)
{
    *c->prev = c->next;
    if (c->next)
        c->next->prev = c->prev;
    if (c->turn)
        event_free(c->turn);
    free(c);
}

void tcn_port_free(struct tcn_port *p)
{
    if (!p)
        return;
    while (p->calls) {
        tcn_exchange_cancel(p->calls->exchange);
        release(p->calls);
    }
    event_free(p->timer);
    free(p);
}

static const char *const news_texts[] = {
    [TCN_GATE_SAME] = "",
    [TCN_GATE_OPENED] = "failing: calls stop until a check succeeds",
    [TCN_GATE_CLOSED] = "works again",
    [TCN_GATE_AUTH_FAILED] = "credentials refused: calls stop until a check succeeds",
    [TCN_GATE_AUTH_OK] = "credentials accepted again",
    [TCN_GATE_PUT_OFF] = "asked to come again later",
    [TCN_GATE_REDIRECTED] = "redirected: redirects are not followed, check the URL",
};

static const char *news_text(const struct tcn_port *p, enum tcn_gate_news news)
{
    bool are_pages = p->use == TCN_PORT_PAGES;

    if (p->gate.never_shuts && news == TCN_GATE_OPENED)
        return are_pages ? "failing: pages are tried all the same"
                         : "failing: topics are tried all the same";
    if (p->gate.never_shuts && news == TCN_GATE_AUTH_FAILED)
        return are_pages ? "credentials refused: pages are tried all the same"
                         : "credentials refused: topics are tried all the same";
    return news_texts[news];
}

static enum tcn_log_level level_of(enum tcn_gate_news news)
{
    if (news == TCN_GATE_PUT_OFF)
        return TCN_LOG_WARN;
    return news == TCN_GATE_OPENED || news == TCN_GATE_AUTH_FAILED || news == TCN_GATE_REDIRECTED
               ? TCN_LOG_ERROR
               : TCN_LOG_INFO;
}

/* retry_after_s: what the remote asked for, 0 = nothing; then it is tried again in growing pauses. */
static void tell(const struct tcn_port *p, enum tcn_gate_news news, const char *reason,
                 uint32_t retry_after_s)
{
    bool is_auth = news == TCN_GATE_AUTH_FAILED;
    int64_t wait_ms =
        is_auth ? tcn_gate_check_at(&p->gate) - gate_now() : (int64_t)retry_after_s * 1000;
    const char *when = is_auth ? "next_check" : "not_before";
    char at[TCN_TIME_TEXT] = "";

    if (news == TCN_GATE_SAME)
        return;
    if (wait_ms > 0)
        tcn_time_text(tcn_hub_now(p->hub) + wait_ms, at);
    tcn_log(level_of(news), "connect", news_text(p, news), "instance", p->instance->sdk.name,
            "reason", reason, at[0] ? when : NULL, at, NULL);
}

static void count(struct tcn_port *p, const struct tcn_outcome *o)
{
    p->health.calls++;
    if (o->result.outcome == TOCSIN_OK) {
        p->health.last_ok_ms = tcn_hub_now(p->hub);
        return;
    }
    p->health.failures++;
    p->health.last_failure_ms = tcn_hub_now(p->hub);
    snprintf(p->health.last_failure, sizeof p->health.last_failure, "%s: %s",
             tcn_verb_name(o->verb), o->result.reason);
}

static struct tcn_gate_result gate_result(const struct tcn_outcome *o)
{
    return (struct tcn_gate_result){
        .verb = o->verb,
        .outcome = o->result.outcome,
        .scope = o->result.scope,
        .retry_after_s = o->result.retry_after_s,
        .status = o->status,
        .random = tcn_random_u64(),
    };
}

static void on_done(void *ctx, struct tcn_outcome *o)
{
    struct port_call *c = ctx;
    struct tcn_port *p = c->port;
    struct tcn_gate_result r = gate_result(o);
    tcn_exchange_done *done = c->done;
    void *done_ctx = c->ctx;

    c->exchange = NULL;
    release(c);
    count(p, o);
    tell(p, tcn_gate_leave(&p->gate, &r, gate_now()), o->result.reason, r.retry_after_s);
    arm(p, 0);
    done(done_ctx, o);
}

static void on_checked(void *ctx, struct tcn_outcome *o)
{
    struct port_call *c = ctx;
    struct tcn_port *p = c->port;
    struct tcn_gate_result r = gate_result(o);

    c->exchange = NULL;
    release(c);
    count(p, o);
    p->is_checking = false;
    tell(p, tcn_gate_checked(&p->gate, &r, gate_now()), o->result.reason, r.retry_after_s);
    tcn_outcome_free(o);
    arm(p, 0);
}

static struct port_call *add_call(struct tcn_port *p, uint32_t verb)
{
    struct port_call *c = tcn_xcalloc(1, sizeof *c);

    c->port = p;
    c->verb = verb;
    c->next = p->calls;
    c->prev = &p->calls;
    if (p->calls)
        p->calls->prev = &c->next;
    p->calls = c;
    return c;
}

/* A connector without CHECK is believed to work again: the next call will tell. */
static void assume_ok(struct tcn_port *p, int64_t now_ms)
{
    struct tcn_gate_result ok = {.verb = TOCSIN_CHECK, .outcome = TOCSIN_OK};

    while (tcn_gate_check_due(&p->gate, now_ms))
        if (tcn_gate_checked(&p->gate, &ok, now_ms) != TCN_GATE_SAME)
            tcn_log(TCN_LOG_INFO, "connect", "calls go on: it has no check, the next call tells",
                    "instance", p->instance->sdk.name, NULL);
}

static void check(struct tcn_port *p)
{
    struct tocsin_op op = {.verb = TOCSIN_CHECK, .attempt = 1, .op_id = "check"};
    struct port_call *c;

    if (!tcn_instance_can(p->instance, TOCSIN_CHECK)) {
        assume_ok(p, gate_now());
        return;
    }
    p->is_checking = true;
    c = add_call(p, TOCSIN_CHECK);
    c->exchange = tcn_exchange_start(p->hub, p->instance, &op, on_checked, c);
}

static void on_timer(evutil_socket_t fd, short what, void *ctx)
{
    struct tcn_port *p = ctx;
    int64_t now_ms = gate_now(), at_ms;

    (void)fd;
    (void)what;
    if (!p->is_checking && tcn_gate_check_due(&p->gate, now_ms))
        check(p);
    at_ms = p->is_checking ? 0 : tcn_gate_check_at(&p->gate);
    if (at_ms > 0)
        arm(p, at_ms > now_ms ? at_ms - now_ms : 1);
    p->ready(p->ctx);
}

unsigned tcn_port_room(struct tcn_port *p)
{
    int64_t wait_ms;
    unsigned n = tcn_gate_room(&p->gate, &p->instance->limits, gate_now(), &wait_ms);

    if (n == 0 && wait_ms > 0)
        arm(p, wait_ms);
    return n;
}

/* The endpoint rests: nothing is sent. */
static void on_turn(evutil_socket_t fd, short what, void *ctx)
{
    struct port_call *c = ctx;
    struct tcn_outcome *o = tcn_xcalloc(1, sizeof *o);
    tcn_exchange_done *done = c->done;
    void *done_ctx = c->ctx;

    (void)fd;
    (void)what;
    tcn_sink_init(&o->sink);
    o->verb = c->verb;
    o->net = TOCSIN_NET_NOT_SENT;
    o->result.outcome = TOCSIN_RETRY;
    o->result.retry_after_s = (uint32_t)((c->wait_ms + 999) / 1000);
    snprintf(o->result.reason, sizeof o->result.reason, "not sent: the remote asked to wait");
    release(c);
    done(done_ctx, o);
}

void tcn_port_call(struct tcn_port *p, const struct tocsin_op *op, tcn_exchange_done *done,
                   void *ctx)
{
    static const struct timeval at_once = {0, 0};
    int64_t now_ms = gate_now(), until_ms = tcn_gate_verb_until(&p->gate, op->verb, now_ms);
    struct port_call *c = add_call(p, op->verb);

    c->done = done;
    c->ctx = ctx;
    if (until_ms > 0) {
        c->wait_ms = until_ms - now_ms;
        c->turn = evtimer_new(p->base, on_turn, c);
        if (!c->turn)
            abort();
        evtimer_add(c->turn, &at_once);
        return;
    }
    tcn_gate_enter(&p->gate, &p->instance->limits, now_ms);
    c->exchange = tcn_exchange_start(p->hub, p->instance, op, on_done, c);
}

unsigned tcn_port_in_flight(const struct tcn_port *p)
{
    return p->gate.in_flight;
}

struct tcn_instance *tcn_port_instance(const struct tcn_port *p)
{
    return p->instance;
}

void tcn_port_health(const struct tcn_port *p, struct tcn_port_health *ret)
{
    *ret = p->health;
    ret->breaker = p->gate.breaker.state;
    ret->is_auth_failed = p->gate.is_auth_failed;
    ret->in_flight = p->gate.in_flight;
}
