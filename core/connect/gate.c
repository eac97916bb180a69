#include "connect/gate.h"
#include "connect/retry.h"

#include <assert.h>

#define BURST_S 10.0

static double rate_per_ms(const struct tcn_limits *limits)
{
    return (double)limits->rate_per_min / 60000.0;
}

/* Ten seconds' worth, and enough for every place. */
static double burst(const struct tcn_limits *limits)
{
    double n = rate_per_ms(limits) * 1000.0 * BURST_S, places = (double)limits->concurrency;

    return n > places ? n : places;
}

static void refill(struct tcn_gate *g, const struct tcn_limits *limits, int64_t now_ms)
{
    double most = burst(limits);

    if (g->tokens_ms == 0)
        g->tokens = most;
    else if (now_ms > g->tokens_ms)
        g->tokens += (double)(now_ms - g->tokens_ms) * rate_per_ms(limits);
    if (g->tokens > most)
        g->tokens = most;
    g->tokens_ms = now_ms;
}

unsigned tcn_gate_room(struct tcn_gate *g, const struct tcn_limits *limits, int64_t now_ms,
                       int64_t *ret_wait_ms)
{
    unsigned places = (unsigned)limits->concurrency;

    *ret_wait_ms = 0;
    if (g->is_auth_failed || !tcn_breaker_allows(&g->breaker) || g->in_flight >= places)
        return 0;
    if (g->pause_until_ms > now_ms) {
        *ret_wait_ms = g->pause_until_ms - now_ms;
        return 0;
    }
    refill(g, limits, now_ms);
    if (g->tokens < 1.0) {
        *ret_wait_ms = (int64_t)((1.0 - g->tokens) / rate_per_ms(limits)) + 1;
        return 0;
    }
    places -= g->in_flight;
    return g->tokens < (double)places ? (unsigned)g->tokens : places;
}

int64_t tcn_gate_verb_until(const struct tcn_gate *g, uint32_t verb, int64_t now_ms)
{
    int64_t until = verb < TCN_VERBS ? g->verb_until_ms[verb] : 0;

    return until > now_ms ? until : 0;
}

void tcn_gate_enter(struct tcn_gate *g, const struct tcn_limits *limits, int64_t now_ms)
{
    refill(g, limits, now_ms);
    /* A step that follows another one in the same lane is not refused; the next claim waits for it. */
    g->tokens -= 1.0;
    g->in_flight++;
}

static bool is_rate(const struct tcn_gate_result *r)
{
    return r->status == 429 || r->retry_after_s > 0;
}

static bool is_transient(const struct tcn_gate_result *r)
{
    return (r->outcome == TOCSIN_RETRY && !is_rate(r)) || r->outcome == TOCSIN_UNKNOWN;
}

/* Worth a word to people: once, until a call is answered as it should. */
static enum tcn_gate_news hear(struct tcn_gate *g, const struct tcn_gate_result *r)
{
    bool was_put_off = g->is_put_off, was_redirected = g->is_redirected;

    if (r->outcome == TOCSIN_OK)
        g->is_put_off = g->is_redirected = false;
    if (r->outcome != TOCSIN_RETRY)
        return TCN_GATE_SAME;
    g->is_put_off |= is_rate(r);
    g->is_redirected |= r->status >= 300 && r->status < 400;
    if (g->is_redirected && !was_redirected)
        return TCN_GATE_REDIRECTED;
    return g->is_put_off && !was_put_off ? TCN_GATE_PUT_OFF : TCN_GATE_SAME;
}

static void pause(struct tcn_gate *g, const struct tcn_gate_result *r, int64_t now_ms)
{
    int64_t until = now_ms + tcn_retry_delay_ms(0, r->retry_after_s, r->random);

    if (r->outcome != TOCSIN_RETRY || r->retry_after_s == 0)
        return;
    if (r->scope == TOCSIN_SCOPE_INSTANCE && until > g->pause_until_ms)
        g->pause_until_ms = until;
    else if (r->scope == TOCSIN_SCOPE_ENDPOINT && r->verb < TCN_VERBS &&
             until > g->verb_until_ms[r->verb])
        g->verb_until_ms[r->verb] = until;
}

/* A CHECK may be answered well by a remote that refuses other calls: only time makes the pauses short again. */
static void plan_check(struct tcn_gate *g, int64_t now_ms)
{
    bool is_new = g->auth_pause_ms == 0 || now_ms - g->auth_check_ms > TCN_AUTH_PAUSE_MS;

    g->auth_pause_ms = is_new ? TCN_AUTH_FIRST_MS : TCN_AUTH_PAUSE_MS;
    g->auth_check_ms = now_ms + g->auth_pause_ms;
}

/* Calls that were out beside the first that was refused say nothing new. */
static enum tcn_gate_news refuse(struct tcn_gate *g, int64_t now_ms)
{
    if (g->is_auth_failed)
        return TCN_GATE_SAME;
    g->is_auth_failed = true;
    plan_check(g, now_ms);
    return TCN_GATE_AUTH_FAILED;
}

/* A page that got through has shown what a CHECK would. */
static enum tcn_gate_news recover(struct tcn_gate *g)
{
    bool was_auth = g->is_auth_failed;

    g->is_auth_failed = false;
    if (tcn_breaker_allows(&g->breaker))
        return was_auth ? TCN_GATE_AUTH_OK : TCN_GATE_SAME;
    g->breaker = (struct tcn_breaker){.state = TCN_BREAKER_CLOSED};
    return TCN_GATE_CLOSED;
}

enum tcn_gate_news tcn_gate_leave(struct tcn_gate *g, const struct tcn_gate_result *r,
                                  int64_t now_ms)
{
    enum tcn_gate_news heard = hear(g, r), recovered = TCN_GATE_SAME;

    assert(g->in_flight > 0);
    g->in_flight--;
    pause(g, r, now_ms);
    if (r->outcome == TOCSIN_AUTH)
        return refuse(g, now_ms);
    if (g->never_shuts && r->outcome == TOCSIN_OK)
        recovered = recover(g);
    if (recovered != TCN_GATE_SAME)
        return recovered;
    return tcn_breaker_record(&g->breaker, is_transient(r), now_ms) ? TCN_GATE_OPENED : heard;
}

bool tcn_gate_check_due(struct tcn_gate *g, int64_t now_ms)
{
    if (g->never_shuts)
        return false;
    if (g->is_auth_failed)
        return now_ms >= g->auth_check_ms;
    return tcn_breaker_probe_due(&g->breaker, now_ms);
}

int64_t tcn_gate_check_at(const struct tcn_gate *g)
{
    if (g->never_shuts)
        return 0;
    if (g->is_auth_failed)
        return g->auth_check_ms;
    return g->breaker.state == TCN_BREAKER_CLOSED ? 0 : g->breaker.open_until_ms;
}

enum tcn_gate_news tcn_gate_checked(struct tcn_gate *g, const struct tcn_gate_result *r,
                                    int64_t now_ms)
{
    bool was_auth = g->is_auth_failed;

    if (!was_auth && r->outcome == TOCSIN_AUTH)
        return refuse(g, now_ms);
    /* Of one that failed otherwise nothing is learned about the credentials. */
    if (was_auth && (r->outcome == TOCSIN_AUTH || is_transient(r))) {
        plan_check(g, now_ms);
        return TCN_GATE_SAME;
    }
    g->is_auth_failed = false;
    if (tcn_breaker_probed(&g->breaker, is_transient(r), now_ms))
        return TCN_GATE_CLOSED;
    return was_auth ? TCN_GATE_AUTH_OK : TCN_GATE_SAME;
}
