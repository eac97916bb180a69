/* The wire: what connect/transfer.h promises, without a network. A rendered request is read as its remote reads it, arrives
 * later or never, and its answer comes back later or never. */
#include "sync.h"

#include "base/xalloc.h"
#include "connect/message.h"
#include "connect/pump.h"
#include "connect/transfer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum fate {
    ARRIVES = 0,
    UNREACHED,    /* no connection: surely not sent */
    REQUEST_LOST, /* nobody knows, and it never arrives */
    ANSWER_LOST,  /* it was done */
    SLOW,         /* it is done after the program has given up */
    PUT_OFF,      /* 429 */
    FAILS,        /* 500, not done */
    FAILS_AFTER,  /* 502 of something in between; it was done */
    IS_DOWN,      /* 503 with a page */
    SLEEPS,       /* 200 with a page */
    FATES
};
static const char *const fate_names[FATES] = {
    "arrives", "unreached", "request lost",          "answer lost", "slow",
    "429",     "500",       "502 after it was done", "503",         "a page"};

struct tcn_transfer {
    struct tcn_transfer *next, **prev; /* of all that there are */
    const struct tcn_instance *instance;
    enum system system;
    uint32_t verb;
    int64_t no; /* of the system's calls */
    enum fate fate;
    bool is_abandoned; /* the program has freed it: it is the wire's until it has arrived */
    bool has_arrived, is_over;
    bool is_waited_for; /* an event has it */
    int64_t set_out_ms, made_ms;
    int64_t told_ms; /* of its record, when it set out */
    struct call call;
    struct answer answer;
    struct values made; /* of its record, then */
    char lane[128];
    tcn_transfer_done *done;
    void *ctx;
    struct tcn_message message;
    struct tocsin_response response;
};

static struct {
    struct tcn_transfer *first;
    struct chance weather;
    bool is_calm;
    int bad, slow; /* of a hundred calls */
    int64_t broken_until_ms[SYSTEMS];
    enum fate broken_as[SYSTEMS];
    int64_t calls[SYSTEMS], writes[SYSTEMS], changes[SYSTEMS];
    bool is_troubled; /* something went wrong */
    size_t in_flight;
} wire;

int64_t judge_set_out_ms, judge_told_ms;
bool judge_is_late;

/* -- the pump, of which nothing is left ------------------------------------------------------------------------------ */

bool tcn_pump_may_act(const struct tcn_pump *p)
{
    (void)p;
    return true;
}

/* -- requests ------------------------------------------------------------------------------------------------------- */

/* A lane is one record, or the incident that has none yet: what names it is in the call. */
static void name_lane(struct tcn_transfer *t)
{
    static const size_t id_at[SYSTEMS] = {[JIRA] = 4, [SNOW] = 4, [PAGER] = 1};
    size_t at = id_at[t->system];

    if (t->verb != TOCSIN_CHECK && t->verb != TOCSIN_FIND && t->verb != TOCSIN_CREATE &&
        t->call.n_segments > at)
        snprintf(t->lane, sizeof t->lane, "%s", t->call.segments[at]);
}

static int64_t told_of(const struct tcn_transfer *t)
{
    const struct record *r = records_find(t->system, t->lane);

    return r ? r->told_ms : 0;
}

static bool leaves_trace(const struct tcn_transfer *t)
{
    return strcmp(t->call.method, "GET") != 0 && t->verb != TOCSIN_FIND && t->verb != TOCSIN_CHECK;
}

/* -- weather ----------------------------------------------------------------------------------------------------------- */

void wire_begin(struct chance *c)
{
    memset(&wire, 0, sizeof wire);
    wire.weather = chance_of(options.seed, 5, 0);
    wire.bad = chance_in(c, 30) ? 0 : (int)chance_below(c, 4) * 10;
    wire.slow = has_kind(LATENESS) ? (int)chance_below(c, 3) * 20 : 0;
    if (!has_kind(FAULTS))
        wire.bad = 0;
}

void wire_calm(void)
{
    wire.is_calm = true;
    memset(wire.broken_until_ms, 0, sizeof wire.broken_until_ms);
}

void wire_break(enum system system, int64_t ms)
{
    static const enum fate ways[] = {UNREACHED, REQUEST_LOST, PUT_OFF, FAILS, IS_DOWN, SLEEPS};

    wire.broken_until_ms[system] = clockwork_now_ms() + ms;
    wire.broken_as[system] = ways[chance_below(&wire.weather, 6)];
    tell("%s is broken for %lld s: %s", system_names[system], (long long)ms / 1000,
         fate_names[wire.broken_as[system]]);
}

size_t wire_in_flight(void)
{
    return wire.in_flight;
}

int64_t wire_changes(enum system system)
{
    return wire.changes[system];
}

bool wire_is_clear(void)
{
    return !wire.is_troubled;
}

int64_t wire_writes(enum system system)
{
    return wire.writes[system];
}

static enum fate fate_of(const struct tcn_transfer *t)
{
    struct chance c = chance_of(options.seed, 100 + (uint64_t)t->system, (uint64_t)t->no);
    enum fate fate;

    if (wire.is_calm)
        return ARRIVES;
    if (clockwork_now_ms() < wire.broken_until_ms[t->system])
        return wire.broken_as[t->system];
    if (!chance_in(&c, wire.bad))
        return ARRIVES;
    fate = (enum fate)(1 + chance_below(&c, FATES - 1));
    return fate == SLOW && !has_kind(LATE_WRITES) ? ANSWER_LOST : fate;
}

/* One way. */
static int64_t latency(const struct tcn_transfer *t, uint64_t way)
{
    struct chance c = chance_of(options.seed, 200 + (uint64_t)t->system, 2 * (uint64_t)t->no + way);
    bool is_slow = !wire.is_calm && chance_in(&c, wire.slow);

    return 5 + chance_below(&c, is_slow ? 5 * SEC : 150);
}

/* -- life ---------------------------------------------------------------------------------------------------------------- */

static void release(struct tcn_transfer *t)
{
    *t->prev = t->next;
    if (t->next)
        t->next->prev = t->prev;
    free(t->call.text);
    json_decref(t->call.body);
    json_decref(t->answer.body);
    json_decref(t->response.json);
    tcn_message_done(&t->message);
    free(t);
}

void wire_end(void)
{
    while (wire.first)
        release(wire.first);
}

static void settle(struct tcn_transfer *t, uint32_t net, const char *why)
{
    t->response.msg = &t->message;
    t->response.net = net;
    t->response.body = t->answer.text ? t->answer.text : "";
    t->response.body_len = strlen(t->response.body);
    if (net != TOCSIN_NET_OK) {
        snprintf(t->message.transport, sizeof t->message.transport, "%s", why);
        return;
    }
    t->response.status = t->answer.status;
    for (size_t i = 0; i < t->answer.n_headers; i++)
        tcn_message_add(&t->message, tcn_str(t->answer.headers[i]));
    t->response.json = t->answer.body;
    t->answer.body = NULL;
}

static void told(const struct tcn_transfer *t)
{
    tell("%s #%lld %s %s/%s -> %s %d", system_names[t->system], (long long)t->no, t->call.method,
         t->call.n_segments > 0 ? t->call.segments[t->call.n_segments - 1] : "", t->lane,
         t->fate == ARRIVES ? "" : fate_names[t->fate], t->response.status);
}

/* The program gets what there is. */
static void finish(struct tcn_transfer *t, uint32_t net, const char *why)
{
    t->is_over = true;
    settle(t, net, why);
    told(t);
    if (net == TOCSIN_NET_OK && t->answer.record && t->answer.record->told_ms < t->made_ms) {
        t->answer.record->told_ms = t->made_ms;
        t->answer.record->known = t->made;
    }
    wire.in_flight--;
    if (t->lane[0])
        judge_call(t->system, t->lane, -1);
    t->done(t->ctx, t);
}

static void on_answer(void *data)
{
    struct tcn_transfer *t = *(struct tcn_transfer **)data;

    t->is_waited_for = false;
    if (t->is_abandoned)
        release(t);
    else if (t->fate == UNREACHED)
        finish(t, TOCSIN_NET_NOT_SENT, "connection refused");
    else if (t->fate == REQUEST_LOST || t->fate == ANSWER_LOST)
        finish(t, TOCSIN_NET_MAYBE_SENT, "the connection was reset");
    else
        finish(t, TOCSIN_NET_OK, "");
}

static void wait(struct tcn_transfer *t, int64_t ms, void (*then)(void *data))
{
    t->is_waited_for = true;
    clockwork_after(ms, then, &t, sizeof t);
}

static void answer_page(struct tcn_transfer *t, int status)
{
    json_decref(t->answer.body);
    t->answer = (struct answer){.status = status, .text = "<html><body>Sorry</body></html>"};
    answer_header(&t->answer, "Content-Type: text/html");
}

/* Instead of the remote's application. */
static bool is_intercepted(struct tcn_transfer *t)
{
    struct chance c = chance_of(options.seed, 300 + (uint64_t)t->system, (uint64_t)t->no);

    if (t->fate == PUT_OFF)
        remotes[t->system]->refuse(429, (int)chance_below(&c, 40), &c, &t->answer);
    else if (t->fate == FAILS)
        remotes[t->system]->refuse(500, 0, &c, &t->answer);
    else if (t->fate == IS_DOWN)
        answer_page(t, 503);
    else if (t->fate == SLEEPS)
        answer_page(t, 200);
    else
        return false;
    return true;
}

static void arrive(struct tcn_transfer *t)
{
    t->has_arrived = true;
    t->made_ms = clockwork_now_ms();
    if (is_intercepted(t))
        return;
    judge_set_out_ms = t->set_out_ms;
    judge_told_ms = t->told_ms;
    judge_is_late = t->is_over || t->is_abandoned;
    wire.writes[t->system] += leaves_trace(t);
    wire.changes[t->system] += leaves_trace(t) && t->verb == TOCSIN_WRITE;
    remotes[t->system]->answer(&t->call, &t->answer);
    if (t->answer.record)
        records_values(t->answer.record, &t->made);
    if (t->fate == FAILS_AFTER)
        answer_page(t, 502);
}

static void on_arrival(void *data)
{
    struct tcn_transfer *t = *(struct tcn_transfer **)data;

    t->is_waited_for = false;
    arrive(t);
    if (t->is_abandoned) {
        release(t);
        return;
    }
    wait(t, t->fate == ANSWER_LOST ? 2 * SEC : latency(t, 1), on_answer);
}

/* The program has waited for its time; the remote gets to it all the same. */
static void on_late_arrival(void *data)
{
    struct tcn_transfer *t = *(struct tcn_transfer **)data;

    t->is_waited_for = false;
    totals->late_applied++;
    tell("%s #%lld arrives after all", system_names[t->system], (long long)t->no);
    arrive(t);
    if (t->is_abandoned)
        release(t);
}

static void on_timeout(void *data)
{
    struct tcn_transfer *t = *(struct tcn_transfer **)data;
    struct chance c = chance_of(options.seed, 400 + (uint64_t)t->system, (uint64_t)t->no);

    wait(t, 1 + chance_below(&c, 4 * SEC), on_late_arrival);
    if (!t->is_abandoned)
        finish(t, TOCSIN_NET_MAYBE_SENT, "no answer in time");
}

static void set_out(struct tcn_transfer *t)
{
    if (t->fate == UNREACHED || t->fate == REQUEST_LOST)
        wait(t, latency(t, 0), on_answer);
    else if (t->fate == SLOW)
        wait(t, t->instance->limits.timeout_ms, on_timeout);
    else
        wait(t, latency(t, 0), on_arrival);
}

/* -- transfer.h ----------------------------------------------------------------------------------------------------- */

int tcn_transfer_start(struct tcn_pump *p, const struct tocsin_request *rq, uint32_t verb,
                       tcn_transfer_done *done, void *ctx, struct tcn_transfer **ret,
                       struct tcn_err *err)
{
    struct tcn_transfer *t = tcn_xcalloc(1, sizeof *t);

    (void)p;
    (void)err;
    t->next = wire.first;
    t->prev = &wire.first;
    if (wire.first)
        wire.first->prev = &t->next;
    wire.first = t;
    t->instance = rq->instance;
    t->system = system_named(rq->instance->sdk.name);
    t->verb = verb;
    t->no = ++wire.calls[t->system];
    t->done = done;
    t->ctx = ctx;
    t->set_out_ms = clockwork_now_ms();
    tcn_message_init(&t->message);
    call_read(&t->call, rq);
    name_lane(t);
    t->told_ms = told_of(t);
    t->fate = fate_of(t);
    totals->calls++;
    totals->faults += t->fate != ARRIVES;
    wire.is_troubled |= t->fate != ARRIVES;
    wire.in_flight++;
    if (t->lane[0])
        judge_call(t->system, t->lane, 1);
    set_out(t);
    *ret = t;
    return 0;
}

const struct tocsin_response *tcn_transfer_response(const struct tcn_transfer *t)
{
    return &t->response;
}

void tcn_transfer_free(struct tcn_transfer *t)
{
    if (!t)
        return;
    if (!t->is_over) {
        wire.in_flight--;
        wire.is_troubled = true;
        if (t->lane[0])
            judge_call(t->system, t->lane, -1);
    }
    /* What is on its way is nobody's now, and gets there. */
    t->is_abandoned = true;
    if (!t->is_waited_for)
        release(t);
}

void tcn_transfer_record(const struct tcn_transfer *t, struct tcn_buf *ret)
{
    tcn_buf_fmt(ret, "status %d\n", t->response.status);
}
