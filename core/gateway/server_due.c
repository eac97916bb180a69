/* Deadlines. Each kind has one duration, so a queue per kind is in order of expiry and setting one costs two pointers;
 * one timer serves them all. It may run early (the connection it was set for went on), never late. */
#include "gateway/server_internal.h"

#include "sys/clock.h"

#include <assert.h>
#include <event2/buffer.h>

/* A slow reader that took this much since its deadline was set gets another one. */
enum { WRITE_PROGRESS = 64 << 10 };

static int64_t now_ms(void)
{
    return tcn_clock_mono_us() / 1000;
}

static uint32_t duration_ms(const struct tcn_server *s, enum tcn_due due)
{
    const uint32_t all[TCN_DUE_N] = {
        [TCN_DUE_HEAD] = s->o.head_ms,     [TCN_DUE_BODY] = s->o.body_ms,
        [TCN_DUE_IDLE] = s->o.idle_ms,     [TCN_DUE_WRITE] = s->o.write_ms,
        [TCN_DUE_LINGER] = s->o.linger_ms,
    };

    assert(due < TCN_DUE_N);
    return all[due];
}

static void set_timer(struct tcn_server *s, int64_t at_ms, int64_t now)
{
    int64_t wait = at_ms > now ? at_ms - now : 0;
    struct timeval tv = {.tv_sec = wait / 1000, .tv_usec = wait % 1000 * 1000};

    s->due_timer_ms = at_ms;
    event_add(s->due_timer, &tv);
}

void tcn_due_set(struct tcn_conn *c, enum tcn_due due)
{
    struct tcn_server *s = c->server;
    int64_t now, at;

    if (c->due != TCN_DUE_NONE)
        TAILQ_REMOVE(&s->due[c->due], c, due_link);
    c->due = due;
    if (due == TCN_DUE_NONE)
        return;
    now = now_ms();
    at = now + duration_ms(s, due);
    c->due_since_ms = now;
    c->due_backlog = evbuffer_get_length(bufferevent_get_output(c->bev));
    TAILQ_INSERT_TAIL(&s->due[due], c, due_link);
    if (!s->due_timer_ms || at < s->due_timer_ms)
        set_timer(s, at, now);
}

static void reset_on_close(struct tcn_conn *c)
{
    /* what the kernel still holds for a peer that does not read goes with the socket */
    struct linger now = {.l_onoff = 1, .l_linger = 0};

    setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

static void expire_write(struct tcn_conn *c)
{
    size_t left = evbuffer_get_length(bufferevent_get_output(c->bev));

    if (left + WRITE_PROGRESS <= c->due_backlog) {
        tcn_due_set(c, TCN_DUE_WRITE);
        return;
    }
    tcn_server_count(c->server, TCN_REFUSE_WRITE_TIMEOUT, c->sender);
    reset_on_close(c);
    tcn_conn_doom(c);
}

/* Everything that came was read, so closing at once resets nothing. */
static void expire_read(struct tcn_conn *c, enum tcn_refusal why)
{
    c->is_hasty = true;
    tcn_conn_refuse(c, why, NULL);
}

static void expire(struct tcn_conn *c)
{
    enum tcn_due due = c->due;
    bool is_silent = c->phase == TCN_CONN_HANDSHAKE || tcn_http1_is_idle(&c->reader);

    if (due == TCN_DUE_WRITE)
        expire_write(c);
    else if (due == TCN_DUE_BODY)
        expire_read(c, TCN_REFUSE_BODY_TIMEOUT);
    else if (due == TCN_DUE_HEAD && !is_silent)
        expire_read(c, TCN_REFUSE_HEAD_TIMEOUT);
    else if (due == TCN_DUE_HEAD) {
        tcn_server_count(c->server, TCN_REFUSE_HEAD_TIMEOUT, c->peer.text);
        tcn_conn_doom(c);
    } else
        tcn_conn_doom(c);
    tcn_conn_settle(c);
}

/* Expires what is due in one queue; the time of its next one, or 0. */
static int64_t run_queue(struct tcn_server *s, enum tcn_due due, int64_t now)
{
    struct tcn_conn *c;

    while ((c = TAILQ_FIRST(&s->due[due]))) {
        int64_t at = c->due_since_ms + duration_ms(s, due);

        if (at > now)
            return at;
        expire(c);
    }
    return 0;
}

void tcn_due_run(evutil_socket_t fd, short what, void *arg)
{
    struct tcn_server *s = arg;
    int64_t now = now_ms(), next = 0;

    (void)fd;
    (void)what;
    s->due_timer_ms = 0;
    for (int due = 0; due < TCN_DUE_N; due++) {
        int64_t at = run_queue(s, (enum tcn_due)due, now);

        if (at && (!next || at < next))
            next = at;
    }
    if (next && (!s->due_timer_ms || next < s->due_timer_ms))
        set_timer(s, next, now);
}
