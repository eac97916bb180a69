/* Accepting: the caps, and what happens when the system has no descriptor left. */
#include "gateway/server_internal.h"

static bool is_over_share(const struct tcn_server *s, const struct tcn_peer *peer)
{
    struct tcn_address group = tcn_address_group(peer->address);

    if (!peer->has_address || tcn_address_rules_match(&s->rules, peer->address) ||
        tcn_address_rules_match(&s->proxies, peer->address))
        return false;
    return tcn_address_count(s->addresses, s->stats.max_connections, group) >= s->o.max_per_address;
}

static void turn_away(struct tcn_server *s, evutil_socket_t fd, enum tcn_refusal why,
                      const struct tcn_peer *peer)
{
    evutil_closesocket(fd);
    tcn_server_count(s, why, peer->text);
}

void tcn_server_accept(struct evconnlistener *l, evutil_socket_t fd, struct sockaddr *sa, int len,
                       void *arg)
{
    struct tcn_listening *from = arg;
    struct tcn_server *s = from->server;
    struct tcn_peer peer;

    (void)l;
    (void)len;
    tcn_peer_of(sa, &peer);
    if (s->n_free == 0) {
        turn_away(s, fd, TCN_REFUSE_CONNECTION_CAP, &peer);
        return;
    }
    if (is_over_share(s, &peer)) {
        turn_away(s, fd, TCN_REFUSE_ADDRESS_CAP, &peer);
        return;
    }
    s->stats.accepted++;
    if (!tcn_conn_new(s, fd, from->tls, &peer))
        tcn_server_count(s, TCN_REFUSE_ACCEPT_FAILED, peer.text);
    tcn_server_listeners_update(s);
}

void tcn_server_listeners_update(struct tcn_server *s)
{
    bool rest = s->is_paused || s->is_draining || s->n_free == 0;

    if (rest == s->is_resting)
        return;
    s->is_resting = rest;
    for (size_t i = 0; i < s->n_listening; i++)
        if (rest)
            evconnlistener_disable(s->listening[i].listener);
        else
            evconnlistener_enable(s->listening[i].listener);
}

/* EMFILE and its like: the descriptor stays readable, so going on would spin. */
void tcn_server_accept_error(struct evconnlistener *l, void *arg)
{
    struct tcn_listening *from = arg;
    struct tcn_server *s = from->server;
    long pause_ms = (long)s->o.pause_ms;
    struct timeval pause = {.tv_sec = pause_ms / 1000, .tv_usec = pause_ms % 1000 * 1000};

    (void)l;
    tcn_server_count(s, TCN_REFUSE_ACCEPT_FAILED, "-");
    s->is_paused = true;
    tcn_server_listeners_update(s);
    event_add(s->pause_timer, &pause);
}

void tcn_server_resume(evutil_socket_t fd, short what, void *arg)
{
    struct tcn_server *s = arg;

    (void)fd;
    (void)what;
    s->is_paused = false;
    tcn_server_listeners_update(s);
}
