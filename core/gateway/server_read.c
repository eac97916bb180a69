/* Input becomes requests: the bytes of the bufferevent go through the reader where they lie; only heads and bodies are
 * copied, each once, into the request. */
#include "gateway/server_internal.h"

#include "base/xalloc.h"
#include "gateway/forwarded.h"

#include <assert.h>
#include <event2/buffer.h>

enum { BODY_FIRST = 4096 };

/* Room for n more bytes and the NUL: at first what the client announces, up to a page; then twice as much each time. */
static bool body_room(struct tcn_conn *c, size_t n)
{
    struct tcn_server *s = c->server;
    size_t need = c->rq->body_len + n + 1, size = c->body_size * 2;
    size_t announced = (size_t)c->reader.head.content_length + 1;

    if (need <= c->body_size)
        return true;
    if (!c->reader.head.is_chunked) {
        size = size < BODY_FIRST ? BODY_FIRST : size;
        size = size > announced ? announced : size;
    }
    size = size < need ? need : size;
    if (s->stats.bodies_bytes + size - c->body_size > s->o.max_bodies_bytes)
        return false;
    c->rq->body = tcn_xrealloc(c->rq->body, size, 1);
    s->stats.bodies_bytes += size - c->body_size;
    c->body_size = size;
    return true;
}

static void add_body(struct tcn_conn *c, struct tcn_str run)
{
    static const struct tcn_reply_header again = {"Retry-After", "1"};

    if (!body_room(c, run.len)) {
        tcn_conn_refuse(c, TCN_REFUSE_BODIES_FULL, &again);
        return;
    }
    memcpy(c->rq->body + c->rq->body_len, run.ptr, run.len);
    c->rq->body_len += run.len;
}

/* The request leaves the connection for its handler. */
static void dispatch(struct tcn_conn *c)
{
    struct tcn_server *s = c->server;
    struct tcn_request *rq = c->rq;

    if (!rq->body)
        rq->body = tcn_xmalloc(1);
    rq->body[rq->body_len] = '\0';
    c->rq = NULL;
    s->stats.bodies_bytes -= c->body_size;
    c->body_size = 0;
    c->generation = ++s->next_generation ? s->next_generation : ++s->next_generation;
    c->phase = TCN_CONN_PENDING;
    rq->reply_id = (uint64_t)c->generation << 32 | c->slot;
    rq->server = s;
    rq->is_tls = c->is_tls;
    memcpy(rq->peer, c->sender, sizeof rq->peer);
    rq->client_names = tcn_xstrdup(c->client_names);
    tcn_due_set(c, TCN_DUE_NONE);
    s->stats.requests++;
    s->o.on_request(s->o.ctx, rq);
}

static void refuse_route(struct tcn_conn *c, const struct tcn_route_match *m)
{
    char text[TCN_ROUTE_ALLOW_TEXT];
    struct tcn_reply_header allow = {"Allow", tcn_router_allow_text(m->allow, text)};

    tcn_conn_refuse(c, m->refusal, m->refusal == TCN_REFUSE_WRONG_METHOD ? &allow : NULL);
}

/* "curl -X POST" states no length, which RFC 9112 section 6.3 reads as no body. A sender that forgot the length of a body
 * must not be taken for it: it says what kind of body it sends, or the body is there already. */
static bool has_no_body(const struct tcn_conn *c, bool is_last)
{
    const struct tcn_http1_head *h = &c->reader.head;
    struct tcn_str type;

    return c->rq->route->flags & TCN_ROUTE_BODY_OPTIONAL && h->minor == 1 && is_last &&
           !h->expects_continue &&
           !tcn_server_request_header(c->rq, TCN_STR("Content-Type"), &type);
}

/* Anybody but a trusted proxy is believed to be who the socket says. */
static void note_sender(struct tcn_conn *c)
{
    const struct tcn_address_rules *proxies = &c->server->proxies;
    struct tcn_address client;

    if (c->peer.has_address && tcn_address_rules_match(proxies, c->peer.address) &&
        tcn_forwarded_client(&c->reader.head, proxies, &client))
        tcn_address_text(client, c->sender);
}

/* is_last: nothing has come behind the head. */
static void on_head(struct tcn_conn *c, bool is_last)
{
    const struct tcn_http1_head *h = &c->reader.head;
    struct tcn_route_match match;

    c->n_requests++;
    c->is_head = h->method == TCN_HEAD;
    c->is_old = h->minor == 0;
    c->closes = !h->keeps_alive;
    note_sender(c);
    c->rq = tcn_request_of_head(h, c->server->router, &match);
    if (!c->rq) {
        refuse_route(c, &match);
        return;
    }
    if (h->content_length > match.route->body_cap_bytes) {
        tcn_conn_refuse(c, TCN_REFUSE_BODY_TOO_LARGE, NULL);
        return;
    }
    tcn_http1_body_cap(&c->reader, match.route->body_cap_bytes);
    if (h->lacks_length && has_no_body(c, is_last)) {
        tcn_http1_without_body(&c->reader);
        c->closes = true; /* what still comes is a lost body, not a request */
    }
    if (h->expects_continue && (h->is_chunked || h->content_length))
        tcn_conn_continue(c);
}

/* One event; false when the reader waits for bytes. */
static bool on_bytes(struct tcn_conn *c, struct tcn_str bytes, size_t *ret_used)
{
    struct tcn_str run;

    switch (tcn_http1_feed(&c->reader, bytes, ret_used, &run)) {
    case TCN_HTTP1_HEAD:
        on_head(c, *ret_used == bytes.len);
        return true;
    case TCN_HTTP1_BODY:
        add_body(c, run);
        return true;
    case TCN_HTTP1_END:
        /* without a request: the end of one that was refused at its head and had no body */
        if (c->rq)
            dispatch(c);
        return true;
    case TCN_HTTP1_ERROR:
        tcn_conn_refuse(c, c->reader.refusal, NULL);
        return false;
    case TCN_HTTP1_MORE:
    default:
        return false;
    }
}

static bool is_reading(const struct tcn_conn *c)
{
    return c->phase == TCN_CONN_READING && !c->is_doomed;
}

/* Reads one run of the input; false when there is nothing more to do now. */
static bool pump_run(struct tcn_conn *c)
{
    struct evbuffer *in = bufferevent_get_input(c->bev);
    struct evbuffer_iovec run = {NULL, 0};
    size_t at = 0, used;
    bool goes_on = true;

    evbuffer_peek(in, -1, NULL, &run, 1);
    while (goes_on && is_reading(c)) {
        struct tcn_str rest = {run.iov_len ? (const char *)run.iov_base + at : "",
                               run.iov_len - at};

        goes_on = on_bytes(c, rest, &used);
        at += used;
    }
    c->server->stats.bytes_in += at;
    evbuffer_drain(in, at);
    return at > 0 && is_reading(c);
}

static void wait_for_more(struct tcn_conn *c)
{
    enum tcn_due due = c->rq ? TCN_DUE_BODY : TCN_DUE_HEAD;

    if (c->has_eof) {
        if (!tcn_http1_is_idle(&c->reader))
            tcn_conn_count(c, TCN_REFUSE_CUT_SHORT);
        tcn_conn_doom(c);
        return;
    }
    if (tcn_http1_is_idle(&c->reader) && c->n_requests)
        due = TCN_DUE_IDLE;
    if (c->due != due)
        tcn_due_set(c, due);
}

/* An answer given inside on_request comes back here by is_pumping alone: no recursion, however many are pipelined. */
void tcn_conn_pump(struct tcn_conn *c)
{
    if (c->is_pumping || !is_reading(c))
        return;
    c->is_pumping = true;
    while (pump_run(c))
        ;
    if (is_reading(c)) {
        tcn_conn_unmute(c);
        wait_for_more(c);
    }
    c->is_pumping = false;
}
