/* Answers. On a plain socket the whole answer usually goes out by one system call and touches no evbuffer; what the
 * kernel does not take, and everything under TLS, goes through the bufferevent. */
#include "gateway/server_internal.h"

#include <assert.h>
#include <event2/buffer.h>
#include <stdlib.h>
#include <sys/uio.h>

enum {
    COPY_MAX = 16 << 10, /* bodies up to here are put behind the head in one block */
    ERROR_MAX = 1024
};

/* Bytes that the kernel took at once; errors show up on the bufferevent. */
static size_t send_now(struct tcn_conn *c, struct tcn_str head, struct tcn_str body)
{
    struct iovec parts[2] = {{(void *)(uintptr_t)head.ptr, head.len},
                             {(void *)(uintptr_t)body.ptr, body.len}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = body.len ? 2 : 1};
    ssize_t n;

    if (c->is_tls || evbuffer_get_length(bufferevent_get_output(c->bev)) > 0)
        return 0;
    n = sendmsg(c->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    return n > 0 ? (size_t)n : 0;
}

static void free_body(const void *bytes, size_t len, void *owned)
{
    (void)bytes;
    (void)len;
    free(owned);
}

/* Takes owned, which body points into; without it body is copied. */
static void send_all(struct tcn_conn *c, struct tcn_str head, struct tcn_str body, char *owned)
{
    struct evbuffer *out = bufferevent_get_output(c->bev);
    size_t sent = send_now(c, head, body);

    c->server->stats.bytes_out += head.len + body.len;
    if (sent < head.len) {
        evbuffer_add(out, head.ptr + sent, head.len - sent);
        sent = head.len;
    }
    body.ptr += sent - head.len;
    body.len -= sent - head.len;
    if (body.len && owned && evbuffer_add_reference(out, body.ptr, body.len, free_body, owned) == 0)
        return;
    if (body.len)
        evbuffer_add(out, body.ptr, body.len);
    free(owned);
}

void tcn_conn_continue(struct tcn_conn *c)
{
    send_all(c, TCN_STR("HTTP/1.1 100 Continue\r\n\r\n"), (struct tcn_str){"", 0}, NULL);
}

static struct tcn_str date(struct tcn_server *s)
{
    int64_t now;

    if (!s->o.now_ms)
        return (struct tcn_str){"", 0};
    now = s->o.now_ms(s->o.ctx);
    if (now / 1000 != s->date_s || !s->date[0]) {
        s->date_s = now / 1000;
        tcn_reply_date(now, s->date);
    }
    return tcn_str(s->date);
}

/* The answer in hand was given to the kernel or to the bufferevent. */
static void watch_output(struct tcn_conn *c)
{
    c->backlog = evbuffer_get_length(bufferevent_get_output(c->bev));
    c->server->stats.backlog_bytes += c->backlog;
    if (c->backlog == 0) {
        tcn_conn_sent(c);
        return;
    }
    c->phase = TCN_CONN_WRITING;
    tcn_due_set(c, TCN_DUE_WRITE);
}

static bool is_last(const struct tcn_conn *c)
{
    const struct tcn_server_options *o = &c->server->o;

    return c->server->is_draining || (o->max_requests && c->n_requests >= o->max_requests);
}

/* Takes reply->owned. */
void tcn_conn_reply(struct tcn_conn *c, const struct tcn_reply *reply)
{
    struct tcn_server *s = c->server;
    struct tcn_reply_frame frame = {.is_old = c->is_old, .date = date(s)};
    struct tcn_str body = reply->body;
    char *owned = reply->owned;

    c->closes |= reply->closes || is_last(c);
    frame.keeps_alive = !c->closes;
    if (c->is_head || tcn_reply_is_bodyless(reply->status))
        body = (struct tcn_str){"", 0};
    tcn_buf_clear(&s->out);
    tcn_reply_head(reply, &frame, &s->out);
    if (body.len <= COPY_MAX) {
        tcn_buf_str(&s->out, body);
        body.len = 0;
    }
    if (!tcn_buf_ok(&s->out)) {
        free(owned);
        tcn_conn_refuse(c, TCN_REFUSE_REPLY_TOO_LARGE, NULL);
        return;
    }
    if (body.len == 0) {
        free(owned);
        owned = NULL;
    }
    s->stats.replies++;
    send_all(c, tcn_buf_view(&s->out), body, owned);
    watch_output(c);
}

static void count(struct tcn_server *s, const struct tcn_server_refused *refused)
{
    s->stats.refused[refused->why]++;
    if (s->o.on_refused)
        s->o.on_refused(s->o.ctx, refused);
}

void tcn_server_count(struct tcn_server *s, enum tcn_refusal why, const char *sender)
{
    count(s, &(struct tcn_server_refused){why, sender, TCN_STR("")});
}

void tcn_conn_count(struct tcn_conn *c, enum tcn_refusal why)
{
    struct tcn_server_refused refused = {why, c->sender, TCN_STR("")};

    if (c->rq)
        refused.path = c->rq->path;
    else if (c->phase == TCN_CONN_READING)
        refused.path = tcn_http1_path(&c->reader);
    count(c->server, &refused);
}

/* Nothing of the request is left in the input, and it was well formed: a wrong address, not an attack. */
static bool may_go_on(const struct tcn_conn *c, enum tcn_refusal why)
{
    const struct tcn_http1_head *h = &c->reader.head;

    return (why == TCN_REFUSE_NO_ROUTE || why == TCN_REFUSE_WRONG_METHOD) && !h->is_chunked &&
           !h->lacks_length && h->content_length == 0;
}

/* What the sentence of the table cannot know. */
static void add_detail(const struct tcn_conn *c, enum tcn_refusal why,
                       const struct tcn_reply_header *header, struct tcn_buf *text)
{
    if (why == TCN_REFUSE_WRONG_METHOD)
        tcn_buf_fmt(text, "; it takes %s", header->value);
    else if (why == TCN_REFUSE_BODY_TOO_LARGE && c->rq)
        tcn_buf_fmt(text, "; it takes %zu bytes", c->rq->route->body_cap_bytes);
}

static void say_refusal(const struct tcn_conn *c, enum tcn_refusal why,
                        const struct tcn_reply_header *header, struct tcn_buf *text)
{
    tcn_buf_fmt(text, "{\"error\":{\"code\":\"%s\",\"message\":\"%s", tcn_refusal_label(why),
                tcn_refusal_sentence(why));
    add_detail(c, why, header, text);
    tcn_buf_z(text, "\"}}");
}

void tcn_conn_refuse(struct tcn_conn *c, enum tcn_refusal why,
                     const struct tcn_reply_header *header)
{
    struct tcn_buf text;
    struct tcn_reply reply = {
        .status = tcn_refusal_status(why), .headers = header, .n_headers = header ? 1 : 0};

    assert(reply.status);
    tcn_buf_init(&text, ERROR_MAX);
    say_refusal(c, why, header, &text);
    reply.body = tcn_buf_view(&text);
    reply.closes = !may_go_on(c, why) && c->phase != TCN_CONN_PENDING;
    tcn_conn_count(c, why);
    tcn_conn_unlink_request(c);
    tcn_conn_reply(c, &reply);
    tcn_buf_done(&text);
}

/* What must be said instead of reply, or NONE. */
static enum tcn_refusal too_much(const struct tcn_server *s, const struct tcn_reply *reply)
{
    if (reply->body.len > TCN_REPLY_BODY_MAX)
        return TCN_REFUSE_REPLY_TOO_LARGE;
    if (reply->body.len > COPY_MAX &&
        s->stats.backlog_bytes + reply->body.len > s->o.max_backlog_bytes)
        return TCN_REFUSE_BACKLOG_FULL;
    return TCN_REFUSE_NONE;
}

static struct tcn_conn *find(const struct tcn_server *s, uint64_t reply_id)
{
    uint32_t slot = (uint32_t)reply_id, generation = (uint32_t)(reply_id >> 32);
    struct tcn_conn *c = slot < s->stats.max_connections ? s->slots[slot] : NULL;

    if (!c || c->generation != generation || c->phase != TCN_CONN_PENDING || c->is_doomed)
        return NULL;
    return c;
}

bool tcn_server_reply(struct tcn_server *s, uint64_t reply_id, const struct tcn_reply *reply)
{
    struct tcn_conn *c = find(s, reply_id);
    enum tcn_refusal why = too_much(s, reply);
    static const struct tcn_reply_header again = {"Retry-After", "1"};

    if (!c || why)
        free(reply->owned);
    if (!c)
        return false;
    if (why)
        tcn_conn_refuse(c, why, why == TCN_REFUSE_BACKLOG_FULL ? &again : NULL);
    else
        tcn_conn_reply(c, reply);
    tcn_conn_pump(c);
    tcn_conn_settle(c);
    return true;
}
