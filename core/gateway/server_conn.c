/* The life of a connection between accept and close. */
#include "gateway/server_internal.h"

#include "base/xalloc.h"

#include <assert.h>
#include <event2/buffer.h>
#include <event2/bufferevent_ssl.h>
#include <fcntl.h>
#include <stdlib.h>

enum {
    INPUT_MAX = 16 << 10,   /* unread bytes at which reading stops */
    DISCARD_MAX = 16 << 20, /* thrown away at most while lingering */
    NAMES_MAX = 8 << 10     /* of a client certificate */
};

static void on_read(struct bufferevent *bev, void *arg);
static void on_write(struct bufferevent *bev, void *arg);
static void on_event(struct bufferevent *bev, short what, void *arg);

static struct bufferevent *wrap(struct tcn_server *s, evutil_socket_t fd, struct tcn_tls *tls)
{
    SSL *ssl;

    if (!tls)
        return bufferevent_socket_new(s->base, fd, BEV_OPT_CLOSE_ON_FREE);
    ssl = tcn_tls_session(tls);
    if (!ssl)
        return NULL;
    return bufferevent_openssl_socket_new(s->base, fd, ssl, BUFFEREVENT_SSL_ACCEPTING,
                                          BEV_OPT_CLOSE_ON_FREE);
}

static void listen_to(struct tcn_conn *c)
{
    bufferevent_setcb(c->bev, on_read, on_write, on_event, c);
    bufferevent_setwatermark(c->bev, EV_READ, 0, INPUT_MAX);
    bufferevent_enable(c->bev, EV_READ | EV_WRITE);
}

static void take_slot(struct tcn_conn *c)
{
    struct tcn_server *s = c->server;

    assert(s->n_free > 0);
    c->slot = s->free_slots[--s->n_free];
    assert(!s->slots[c->slot]);
    s->slots[c->slot] = c;
    s->addresses[c->slot] =
        c->peer.has_address ? tcn_address_group(c->peer.address) : (struct tcn_address){{0}};
    s->stats.open++;
}

/* NULL when memory for the wrapping is gone; the descriptor is closed then. */
struct tcn_conn *tcn_conn_new(struct tcn_server *s, evutil_socket_t fd, struct tcn_tls *tls,
                              const struct tcn_peer *peer)
{
    struct bufferevent *bev = wrap(s, fd, tls);
    struct tcn_conn *c;

    if (!bev) {
        evutil_closesocket(fd);
        return NULL;
    }
    c = tcn_xcalloc(1, sizeof *c);
    c->server = s;
    c->bev = bev;
    c->fd = fd;
    c->is_tls = tls != NULL;
    c->phase = tls ? TCN_CONN_HANDSHAKE : TCN_CONN_READING;
    c->peer = *peer;
    memcpy(c->sender, peer->text, sizeof c->sender);
    c->due = TCN_DUE_NONE;
    tcn_http1_init(&c->reader);
    take_slot(c);
    if (tls)
        tcn_tls_watch(bufferevent_openssl_get_ssl(bev), &c->first_byte);
    listen_to(c);
    tcn_due_set(c, TCN_DUE_HEAD);
    return c;
}

static void give_slot_back(struct tcn_conn *c)
{
    struct tcn_server *s = c->server;

    s->slots[c->slot] = NULL;
    s->addresses[c->slot] = (struct tcn_address){{0}};
    s->free_slots[s->n_free++] = c->slot;
    s->stats.open--;
    s->stats.backlog_bytes -= c->backlog;
    tcn_server_listeners_update(s);
}

void tcn_conn_unlink_request(struct tcn_conn *c)
{
    tcn_server_request_free(c->rq);
    c->rq = NULL;
    c->server->stats.bodies_bytes -= c->body_size;
    c->body_size = 0;
}

void tcn_conn_free(struct tcn_conn *c)
{
    assert(!c->is_pumping);
    tcn_due_set(c, TCN_DUE_NONE);
    tcn_conn_unlink_request(c);
    give_slot_back(c);
    tcn_http1_done(&c->reader);
    bufferevent_setcb(c->bev, NULL, NULL, NULL, NULL);
    bufferevent_free(c->bev);
    free(c->client_names);
    free(c);
}

void tcn_conn_doom(struct tcn_conn *c)
{
    c->is_doomed = true;
}

void tcn_conn_settle(struct tcn_conn *c)
{
    if (c->is_doomed && !c->is_pumping)
        tcn_conn_free(c);
}

static void discard(struct tcn_conn *c)
{
    struct evbuffer *in = bufferevent_get_input(c->bev);

    c->discarded += evbuffer_get_length(in);
    evbuffer_drain(in, evbuffer_get_length(in));
    if (c->discarded > DISCARD_MAX)
        tcn_conn_doom(c);
}

void tcn_conn_linger(struct tcn_conn *c)
{
    c->phase = TCN_CONN_LINGER;
    if (c->is_tls)
        SSL_shutdown(bufferevent_openssl_get_ssl(c->bev)); /* close_notify */
    shutdown(c->fd, SHUT_WR);
    if (c->has_eof || c->is_hasty) {
        tcn_conn_doom(c);
        return;
    }
    tcn_due_set(c, TCN_DUE_LINGER);
    tcn_conn_unmute(c);
    discard(c);
}

void tcn_conn_sent(struct tcn_conn *c)
{
    c->server->stats.backlog_bytes -= c->backlog;
    c->backlog = 0;
    if (c->closes)
        tcn_conn_linger(c);
    else
        c->phase = TCN_CONN_READING;
    c->is_head = c->is_old = false;
    memcpy(c->sender, c->peer.text, sizeof c->sender);
}

/* A bufferevent whose input stays at its high watermark calls back again and again as long as it may read. */
static void mute(struct tcn_conn *c)
{
    if (evbuffer_get_length(bufferevent_get_input(c->bev)) < INPUT_MAX)
        return;
    c->is_muted = true;
    bufferevent_disable(c->bev, EV_READ);
}

void tcn_conn_unmute(struct tcn_conn *c)
{
    if (c->is_muted)
        bufferevent_enable(c->bev, EV_READ);
    c->is_muted = false;
}

static void on_read(struct bufferevent *bev, void *arg)
{
    struct tcn_conn *c = arg;

    (void)bev;
    if (c->phase == TCN_CONN_LINGER)
        discard(c);
    else
        tcn_conn_pump(c);
    if (c->phase == TCN_CONN_PENDING || c->phase == TCN_CONN_WRITING)
        mute(c);
    tcn_conn_settle(c);
}

static void on_write(struct bufferevent *bev, void *arg)
{
    struct tcn_conn *c = arg;

    if (c->phase != TCN_CONN_WRITING || evbuffer_get_length(bufferevent_get_output(bev)) > 0)
        return;
    tcn_conn_sent(c);
    tcn_conn_pump(c);
    tcn_conn_settle(c);
}

static void on_handshake(struct tcn_conn *c)
{
    SSL *ssl = bufferevent_openssl_get_ssl(c->bev);
    struct tcn_buf names;

    tcn_buf_init(&names, NAMES_MAX);
    if (tcn_tls_client_names(ssl, &names))
        c->client_names = tcn_buf_take(&names);
    tcn_buf_done(&names);
    tcn_tls_unwatch(ssl);
    c->phase = TCN_CONN_READING;
}

/* Goes on without TLS, on a descriptor of its own: the old one is closed with its session. False when there is none. */
static bool drop_tls(struct tcn_conn *c)
{
    evutil_socket_t fd = fcntl(c->fd, F_DUPFD_CLOEXEC, 0);
    struct bufferevent *plain =
        fd < 0 ? NULL : bufferevent_socket_new(c->server->base, fd, BEV_OPT_CLOSE_ON_FREE);

    if (!plain && fd >= 0)
        evutil_closesocket(fd);
    if (!plain)
        return false;
    tcn_tls_unwatch(bufferevent_openssl_get_ssl(c->bev));
    bufferevent_setcb(c->bev, NULL, NULL, NULL, NULL);
    bufferevent_free(c->bev);
    c->bev = plain;
    c->fd = fd;
    c->is_tls = false;
    c->phase = TCN_CONN_READING;
    listen_to(c);
    return true;
}

/* A sender whose address says http reads why; one that sends anything else is no client of ours. */
static void on_handshake_failure(struct tcn_conn *c)
{
    bool is_http = c->first_byte >= 'A' && c->first_byte <= 'Z';

    if (is_http && drop_tls(c)) {
        tcn_conn_refuse(c, TCN_REFUSE_PLAIN_HTTP, NULL);
        return;
    }
    tcn_server_count(c->server, TCN_REFUSE_TLS_FAILED, c->peer.text);
    tcn_conn_doom(c);
}

static void on_failure(struct tcn_conn *c)
{
    if (c->phase == TCN_CONN_READING && !tcn_http1_is_idle(&c->reader))
        tcn_conn_count(c, TCN_REFUSE_CUT_SHORT);
    tcn_conn_doom(c);
}

static void on_event(struct bufferevent *bev, short what, void *arg)
{
    struct tcn_conn *c = arg;

    (void)bev;
    if (what & BEV_EVENT_CONNECTED) {
        on_handshake(c);
    } else if (what & BEV_EVENT_EOF && c->phase != TCN_CONN_HANDSHAKE) {
        c->has_eof = true;
        if (c->phase == TCN_CONN_LINGER)
            tcn_conn_doom(c);
        else
            tcn_conn_pump(c);
    } else if (c->phase == TCN_CONN_HANDSHAKE) {
        on_handshake_failure(c);
    } else {
        on_failure(c);
    }
    tcn_conn_settle(c);
}
