#include "connect/exchange.h"
#include "base/xalloc.h"
#include "connect/classify.h"
#include "connect/record.h"
#include "connect/token.h"
#include "connect/transfer.h"
#include "sys/clock.h"

#include <assert.h>
#include <stdio.h>

#define OP_ARENA (1u << 20)

struct tcn_hub {
    struct event_base *base; /* borrowed */
    struct tcn_pump *pump;   /* borrowed */
    tcn_now_fn *now;
    void *now_ctx;
    struct tcn_exchange *first;
    size_t running;
};

struct tcn_exchange {
    struct tcn_hub *hub;
    struct tcn_exchange *next, **prev;
    struct tcn_instance *instance;
    struct tcn_arena arena; /* texts of op */
    struct tocsin_op op;
    struct event *turn; /* the next step, from a clean stack */
    struct tocsin_request request;
    struct tcn_transfer *transfer;
    struct tcn_token_wait token;
    uint64_t token_number; /* of the one that the request carries */
    bool has_new_token;    /* the one before was refused */
    struct tcn_outcome *outcome;
    int64_t started_ms;
    tcn_exchange_done *done;
    void *ctx;
};

void tcn_outcome_free(struct tcn_outcome *o)
{
    if (!o)
        return;
    tcn_sink_done(&o->sink);
    free(o->request);
    free(o->response);
    free(o);
}

static int64_t system_now(void *ctx)
{
    (void)ctx;
    return tcn_clock_now_ms();
}

struct tcn_hub *tcn_hub_new(struct event_base *base, struct tcn_pump *pump, tcn_now_fn *now,
                            void *now_ctx)
{
    struct tcn_hub *h = tcn_xcalloc(1, sizeof *h);

    *h = (struct tcn_hub){
        .base = base, .pump = pump, .now = now ? now : system_now, .now_ctx = now_ctx};
    return h;
}

void tcn_hub_free(struct tcn_hub *h)
{
    if (!h)
        return;
    while (h->first)
        tcn_exchange_cancel(h->first);
    free(h);
}

int64_t tcn_hub_now(const struct tcn_hub *h)
{
    return h->now(h->now_ctx);
}

bool tcn_hub_may_act(const struct tcn_hub *h)
{
    return tcn_pump_may_act(h->pump);
}

size_t tcn_hub_running(const struct tcn_hub *h)
{
    return h->running;
}

static void link_in(struct tcn_exchange *x)
{
    struct tcn_hub *h = x->hub;

    x->next = h->first;
    x->prev = &h->first;
    if (h->first)
        h->first->prev = &x->next;
    h->first = x;
    h->running++;
}

static void unlink_from(struct tcn_exchange *x)
{
    *x->prev = x->next;
    if (x->next)
        x->next->prev = x->prev;
    x->hub->running--;
}

void tcn_exchange_cancel(struct tcn_exchange *x)
{
    if (!x)
        return;
    unlink_from(x);
    tcn_token_unwant(&x->token);
    tcn_transfer_free(x->transfer);
    tcn_request_done(&x->request);
    if (x->turn)
        event_free(x->turn);
    json_decref(x->op.payload);
    json_decref(x->op.incident);
    tcn_outcome_free(x->outcome);
    tcn_arena_done(&x->arena);
    free(x);
}

static void take_turn(struct tcn_exchange *x)
{
    static const struct timeval at_once = {0, 0};

    evtimer_add(x->turn, &at_once);
}

static void keep_record(struct tcn_exchange *x)
{
    struct tcn_buf text;

    tcn_buf_init(&text, TCN_RECORD_MAX + 64);
    tcn_request_record(&x->request, &text);
    x->outcome->request = tcn_buf_take(&text);
    tcn_buf_init(&text, TCN_RECORD_MAX + 64);
    if (x->transfer)
        tcn_transfer_record(x->transfer, &text);
    x->outcome->response = tcn_buf_take(&text);
}

static void finish(struct tcn_exchange *x)
{
    struct tcn_outcome *o = x->outcome;
    tcn_exchange_done *done = x->done;
    void *ctx = x->ctx;
    char reason[sizeof o->result.reason];

    assert(o->result.outcome != 0 && o->result.outcome != TOCSIN_MORE);
    if (o->result.outcome != TOCSIN_OK)
        keep_record(x);
    o->result.reason[sizeof o->result.reason - 1] = 0;
    tcn_record_line(x->instance, o->result.reason, reason, sizeof reason);
    memcpy(o->result.reason, reason, sizeof reason);
    o->verb = x->op.verb;
    o->took_ms = tcn_hub_now(x->hub) - x->started_ms;
    x->outcome = NULL;
    tcn_exchange_cancel(x);
    done(ctx, o);
}

static void finish_as(struct tcn_exchange *x, enum tocsin_outcome outcome, const char *reason)
{
    x->outcome->result.outcome = outcome;
    snprintf(x->outcome->result.reason, sizeof x->outcome->result.reason, "%.*s",
             (int)sizeof x->outcome->result.reason - 1, reason);
    finish(x);
}

/* The connector did not make sense of an answer: what happened is not known. */
static enum tocsin_outcome not_understood(const struct tcn_exchange *x)
{
    return tcn_verb_leaves_trace(x->op.verb) ? TOCSIN_UNKNOWN : TOCSIN_RETRY;
}

static bool may_write(const struct tcn_exchange *x)
{
    return x->outcome->net != TOCSIN_NET_NOT_SENT && strcmp(x->request.method, "GET") != 0;
}

/* Renders and sends anew, on a later turn. */
static void go_on(struct tcn_exchange *x)
{
    tcn_sink_reset(&x->outcome->sink);
    tcn_transfer_free(x->transfer);
    x->transfer = NULL;
    tcn_request_done(&x->request);
    take_turn(x);
}

static void next_step(struct tcn_exchange *x)
{
    struct tocsin_result *result = &x->outcome->result;

    if (x->outcome->steps >= TCN_STEPS_MAX) {
        finish_as(x, not_understood(x), "the connector wants more than 8 round trips");
        return;
    }
    x->outcome->may_have_written = x->outcome->may_have_written || may_write(x);
    x->op.step = result->step;
    result->cursor[sizeof result->cursor - 1] = 0;
    x->op.cursor = tcn_arena_strdup(&x->arena, result->cursor);
    go_on(x);
}

/* A token may be taken back before its time: a refusal that surely changed nothing is worth another one, once. */
static bool has_stale_token(struct tcn_exchange *x, const struct tocsin_response *rs)
{
    if (x->request.auth.place != TCN_AUTH_TOKEN || x->has_new_token || rs->net != TOCSIN_NET_OK ||
        rs->status != 401)
        return false;
    x->has_new_token = true;
    tcn_token_refused(x->instance, x->token_number);
    return true;
}

static void on_answer(void *ctx, struct tcn_transfer *t)
{
    struct tcn_exchange *x = ctx;
    const struct tocsin_response *rs = tcn_transfer_response(t);
    struct tcn_outcome *o = x->outcome;
    int r;

    if (has_stale_token(x, rs)) {
        go_on(x);
        return;
    }
    o->net = rs->net;
    o->status = rs->status;
    o->steps++;
    o->result = (struct tocsin_result){0};
    x->op.now_ms = tcn_hub_now(x->hub);
    x->instance->failure[0] = 0;
    r = x->instance->connector->interpret(&x->instance->sdk, &x->op, rs, &o->result, &o->sink);
    if (r < 0)
        finish_as(x, not_understood(x),
                  x->instance->failure[0] ? x->instance->failure
                                          : "the connector failed on the answer");
    else if (o->result.outcome == TOCSIN_MORE)
        next_step(x);
    else if (o->result.outcome == 0 || o->result.outcome > TOCSIN_MORE)
        finish_as(x, not_understood(x), "the connector gave no outcome");
    else
        finish(x);
}

static const char *render_fault(const struct tcn_exchange *x)
{
    if (x->request.fault.code < 0)
        return x->request.fault.msg;
    return x->instance->failure[0] ? x->instance->failure : "the connector cannot render this";
}

static void finish_unsent(struct tcn_exchange *x, int code, const struct tcn_err *err)
{
    x->outcome->net = TOCSIN_NET_NOT_SENT;
    finish_as(x, code == TCN_EIO ? TOCSIN_RETRY : TOCSIN_REJECTED, err->msg);
}

static void transmit(struct tcn_exchange *x)
{
    struct tcn_err err = {0};
    int r;

    x->token_number = tcn_token_number(x->instance);
    r = tcn_transfer_start(x->hub->pump, &x->request, x->op.verb, on_answer, x, &x->transfer, &err);
    if (r < 0)
        finish_unsent(x, r, &err);
}

static void on_token(void *ctx, const struct tcn_token_answer *a)
{
    struct tcn_exchange *x = ctx;

    if (a->result.outcome == TOCSIN_OK) {
        transmit(x);
        return;
    }
    x->outcome->net = TOCSIN_NET_NOT_SENT;
    x->outcome->status = a->status;
    x->outcome->result = a->result;
    finish(x);
}

static void want_token(struct tcn_exchange *x)
{
    struct tcn_err err = {0};
    int r;

    x->token.done = on_token;
    x->token.ctx = x;
    r = tcn_token_want(x->instance, x->hub->pump, &x->request, &x->token, &err);
    if (r < 0)
        finish_unsent(x, r, &err);
}

static void on_turn(evutil_socket_t fd, short what, void *ctx)
{
    struct tcn_exchange *x = ctx;
    int r;

    (void)fd;
    (void)what;
    x->op.now_ms = tcn_hub_now(x->hub);
    x->instance->failure[0] = 0;
    tcn_request_init(&x->request, x->instance, x->op.now_ms);
    r = x->instance->connector->render(&x->instance->sdk, &x->op, &x->request);
    if (r < 0 || x->request.fault.code < 0 || !x->request.method) {
        finish_as(x, TOCSIN_REJECTED, render_fault(x));
        return;
    }
    if (tcn_token_is_there(&x->request))
        transmit(x);
    else
        want_token(x);
}

static void copy_op(struct tcn_exchange *x, const struct tocsin_op *op)
{
    struct tcn_arena *a = &x->arena;

    x->op = *op;
    x->op.op_id = tcn_arena_strdup(a, op->op_id ? op->op_id : "");
    x->op.marker = tcn_arena_strdup(a, op->marker ? op->marker : "");
    x->op.remote_id = tcn_arena_strdup(a, op->remote_id ? op->remote_id : "");
    x->op.cursor = tcn_arena_strdup(a, op->cursor ? op->cursor : "");
    json_incref(x->op.payload);
    json_incref(x->op.incident);
}

struct tcn_exchange *tcn_exchange_start(struct tcn_hub *h, struct tcn_instance *i,
                                        const struct tocsin_op *op, tcn_exchange_done *done,
                                        void *ctx)
{
    struct tcn_exchange *x = tcn_xcalloc(1, sizeof *x);

    x->hub = h;
    x->instance = i;
    x->done = done;
    x->ctx = ctx;
    x->started_ms = tcn_hub_now(h);
    tcn_arena_init(&x->arena, OP_ARENA);
    copy_op(x, op);
    x->outcome = tcn_xcalloc(1, sizeof *x->outcome);
    x->outcome->net = TOCSIN_NET_NOT_SENT;
    tcn_sink_init(&x->outcome->sink);
    x->turn = evtimer_new(h->base, on_turn, x);
    if (!x->turn)
        abort(); /* as every allocation of this program */
    link_in(x);
    take_turn(x);
    return x;
}
