/* The HTTP front door: listeners, connections, deadlines and caps around the strict reader (http1.h) and the router.
 *
 * One server belongs to one event base and is touched by that loop's thread only; several loops have a server each
 * (reuse_port). A request that passed the reader, the router and the caps is handed to on_request, which owns it from
 * then on and may give it to another thread; the answer is given on the loop's thread by tcn_server_reply with the
 * request's reply id. A connection has one request in hand at a time: the next one is not parsed before the answer of
 * the one before has left, so nothing queues up.
 *
 * What cannot be understood is answered once with the status of its reason, and the connection ends: it is shut down
 * for writing and read empty for a while, so that no reset destroys the answer (RFC 9112 section 9.6). */
#ifndef TCN_GATEWAY_SERVER_H
#define TCN_GATEWAY_SERVER_H

#include "gateway/reply.h"
#include "gateway/router.h"
#include "gateway/server_request.h"
#include "gateway/tls.h"

struct event_base;
struct tcn_server;

/* What was turned away. */
struct tcn_server_refused {
    enum tcn_refusal why;
    const char *peer; /* as of a request */
    struct tcn_str
        path; /* as sent, without the query; empty before it was read, or when no request is to blame */
};

struct tcn_server_options {
    /* Deadlines for the whole of each part, not between bytes. */
    uint32_t
        head_ms; /* connection to complete TLS handshake and head, or first byte to complete head */
    uint32_t body_ms;   /* head to complete body */
    uint32_t idle_ms;   /* between requests */
    uint32_t write_ms;  /* to take an answer, or 64 KiB more of it */
    uint32_t linger_ms; /* reading on after the last answer */
    uint32_t pause_ms;  /* no accepting after the system refused (EMFILE) */

    size_t max_connections; /* listeners rest while they are all in use */
    size_t max_per_address; /* IPv4 address or IPv6 /64, of the socket */
    size_t max_requests;    /* on one connection; 0: any number */
    size_t
        max_bodies_bytes; /* of bodies being received at once, all connections together; more is 503 */
    size_t max_backlog_bytes; /* of answers that wait for slow readers, likewise */
    size_t
        reserve_fds; /* descriptors that connections must leave to the database and to outbound calls:
                                   max_connections is lowered to fit RLIMIT_NOFILE */
    const char *const
        *trusted; /* addresses or CIDRs that max_per_address does not bind; NULL ends; NULL: none */

    void (*on_request)(void *ctx, struct tcn_request *rq); /* takes rq: tcn_server_request_free */
    /* Something was turned away before on_request, or its answer could not be given. May be NULL. The caller limits the
     * rate of what it logs. */
    void (*on_refused)(void *ctx, const struct tcn_server_refused *refused);
    int64_t (*now_ms)(void *ctx); /* Unix time for the Date header; NULL: no Date */
    void *ctx;
};

/* The limits of the threat model; on_request is yours to set. */
void tcn_server_options_init(struct tcn_server_options *o);

/* SIGPIPE of the process is ignored from here on. router outlives the server. TCN_EINVALID for a bad trusted entry. */
int tcn_server_new(struct event_base *base, const struct tcn_router *router,
                   const struct tcn_server_options *o, struct tcn_server **ret,
                   struct tcn_err *err);
/* Closes everything at once; no callback is made, requests that were handed out stay their owners'. Not from within a
 * callback of the server. */
void tcn_server_free(struct tcn_server *s);

/* The proxies whose X-Forwarded-For is believed (forwarded.h), in place of those before, from the next request on:
 * addresses or CIDRs; NULL ends; NULL: none. max_per_address does not bind them. TCN_EINVALID, TCN_ELIMIT: nothing has
 * changed. */
int tcn_server_set_proxies(struct tcn_server *s, const char *const *list, struct tcn_err *err);

struct tcn_server_listener {
    const char
        *address;    /* "127.0.0.1:8080", "[::1]:0", ":8080", "unix:/run/tocsin.sock"; NULL: fd */
    int fd;          /* a listening socket to take over, when address is NULL */
    bool reuse_port; /* SO_REUSEPORT: one listener per loop */
    struct tcn_tls *tls; /* borrowed, outlives the server; NULL: plain */
};

#define TCN_SERVER_LISTENERS_MAX 16

/* May be called several times. TCN_EINVALID for an address that is none, TCN_EIO, TCN_ELIMIT. */
int tcn_server_listen(struct tcn_server *s, const struct tcn_server_listener *l,
                      struct tcn_err *err);
/* Whether tcn_server_listen could have that TCP address now, with its errors; nothing stays bound. A unix socket is not
 * tried, as that would leave a file. */
int tcn_server_try(const char *address, struct tcn_err *err);
/* Port of the first listener; 0 when it has none. */
uint16_t tcn_server_port(const struct tcn_server *s);
/* How many sockets the service manager passed, from descriptor 3 on (sd_listen_fds(3)); pid is the caller's own. */
int tcn_server_inherited(int pid);

/* Stops listening, closes idle connections, ends the others after their answer. Done when stats.open is 0. */
void tcn_server_drain(struct tcn_server *s);

/* Answers a request, on the loop's thread. False when its connection is gone or it was answered already: nothing
 * happens then. Takes reply->owned either way. */
bool tcn_server_reply(struct tcn_server *s, uint64_t reply_id, const struct tcn_reply *reply);

struct tcn_server_stats {
    uint64_t accepted, requests, replies; /* requests: handed to on_request */
    uint64_t bytes_in, bytes_out;         /* of HTTP, without TLS */
    uint64_t refused[TCN_REFUSALS_N];
    size_t open;            /* connections now */
    size_t bodies_bytes;    /* see max_bodies_bytes */
    size_t backlog_bytes;   /* see max_backlog_bytes */
    size_t max_connections; /* after reserve_fds */
};
const struct tcn_server_stats *tcn_server_stats(const struct tcn_server *s);

#endif
