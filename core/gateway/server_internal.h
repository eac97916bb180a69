/* Between the files of the server. */
#ifndef TCN_GATEWAY_SERVER_INTERNAL_H
#define TCN_GATEWAY_SERVER_INTERNAL_H

#include "gateway/server.h"
#include "gateway/server_address.h"

#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <sys/queue.h>

enum tcn_conn_phase {
    TCN_CONN_HANDSHAKE = 0,
    TCN_CONN_READING, /* a request, or waiting for one */
    TCN_CONN_PENDING, /* the handler has a request */
    TCN_CONN_WRITING, /* an answer has not left yet */
    TCN_CONN_LINGER   /* all was said; what still comes is thrown away */
};

/* Kinds of deadline: each has one duration, so each is a queue in order of expiry. */
enum tcn_due {
    TCN_DUE_HEAD = 0,
    TCN_DUE_BODY,
    TCN_DUE_IDLE,
    TCN_DUE_WRITE,
    TCN_DUE_LINGER,
    TCN_DUE_N,
    TCN_DUE_NONE = TCN_DUE_N
};

struct tcn_conn {
    struct tcn_server *server; /* borrowed */
    struct bufferevent *bev;   /* owned, with its descriptor */
    evutil_socket_t fd;
    uint32_t slot;       /* index in server->slots */
    uint32_t generation; /* of the request in hand; with slot the reply id */
    enum tcn_conn_phase phase;
    bool is_tls, is_pumping, is_doomed;
    bool is_muted;        /* reading is off: enough waits behind the request in hand */
    bool has_eof;         /* the client sends no more */
    bool closes;          /* after the answer in hand */
    bool is_hasty;        /* its deadline passed: no lingering */
    bool is_head, is_old; /* of the request in hand: method HEAD, HTTP/1.0 */
    struct tcn_peer peer;
    char sender[TCN_PEER_TEXT]; /* of the request in hand: the peer, or whom a proxy named */
    unsigned char first_byte;   /* of a TLS handshake under way, see tcn_tls_watch */
    char *client_names;         /* owned; see tcn_tls_client_names, NULL without a certificate */
    struct tcn_http1 reader;
    struct tcn_request *rq; /* owned; being received */
    size_t body_size;       /* allocated for rq->body, counted in stats.bodies_bytes */
    uint64_t n_requests;    /* heads read */
    size_t backlog;         /* of the answer in hand, counted in stats.backlog_bytes */
    size_t discarded;       /* bytes thrown away while lingering */
    enum tcn_due due;
    int64_t due_since_ms; /* monotonic */
    size_t due_backlog;   /* output that waited when the write deadline was set */
    TAILQ_ENTRY(tcn_conn) due_link;
};
TAILQ_HEAD(tcn_conn_queue, tcn_conn);

struct tcn_listening {
    struct tcn_server *server;
    struct evconnlistener *listener; /* owned */
    struct tcn_tls *tls;
};

struct tcn_server {
    struct event_base *base;
    const struct tcn_router *router;
    struct tcn_server_options o;
    struct tcn_server_stats stats;
    struct tcn_address_rules rules, proxies; /* owned; max_per_address does not bind either */
    struct tcn_conn **slots;                 /* max_connections; NULL: free */
    struct tcn_address *addresses;           /* beside slots, dense for counting */
    uint32_t *free_slots;                    /* stack */
    size_t n_free;
    uint32_t next_generation;
    struct tcn_listening listening[TCN_SERVER_LISTENERS_MAX];
    size_t n_listening;
    bool is_paused, is_draining, is_resting; /* resting: the listeners are disabled */
    struct event *pause_timer, *due_timer;
    struct tcn_conn_queue due[TCN_DUE_N];
    int64_t due_timer_ms; /* when due_timer will run; 0: it is not set */
    struct tcn_buf out;   /* the answer being written */
    int64_t date_s;
    char date[TCN_REPLY_DATE];
};

/* server_accept.c */
void tcn_server_accept(struct evconnlistener *l, evutil_socket_t fd, struct sockaddr *sa, int len,
                       void *arg);
void tcn_server_accept_error(struct evconnlistener *l, void *arg);
void tcn_server_resume(evutil_socket_t fd, short what, void *arg); /* the pause timer */
void tcn_server_listeners_update(struct tcn_server *s); /* rest at the cap, go on below it */

/* server_conn.c: life of a connection. Whoever may have made it doomed ends with tcn_conn_settle. */
struct tcn_conn *tcn_conn_new(struct tcn_server *s, evutil_socket_t fd, struct tcn_tls *tls,
                              const struct tcn_peer *peer);
void tcn_conn_free(struct tcn_conn *c);
void tcn_conn_doom(struct tcn_conn *c);   /* to be freed as soon as nobody stands in it */
void tcn_conn_settle(struct tcn_conn *c); /* frees a doomed one, unless it is being pumped */
void tcn_conn_unmute(struct tcn_conn *c); /* the next bytes are wanted again */
void tcn_conn_linger(struct tcn_conn *c); /* the last answer has left */
void tcn_conn_sent(struct tcn_conn *c);   /* the answer in hand has left */
void tcn_conn_unlink_request(struct tcn_conn *c); /* drops the request being received */

/* server_read.c: input to requests. */
void tcn_conn_pump(struct tcn_conn *c);

/* server_write.c: answers. */
void tcn_conn_reply(struct tcn_conn *c, const struct tcn_reply *reply);
void tcn_conn_continue(struct tcn_conn *c); /* 100 Continue */
/* Counts and reports; with a status, answers it and ends the connection. */
void tcn_conn_refuse(struct tcn_conn *c, enum tcn_refusal why,
                     const struct tcn_reply_header *header);
void tcn_server_count(struct tcn_server *s, enum tcn_refusal why, const char *sender);
void tcn_conn_count(struct tcn_conn *c, enum tcn_refusal why); /* of the request being read */

/* server_due.c: deadlines. */
void tcn_due_set(struct tcn_conn *c, enum tcn_due due);      /* from now; NONE: no deadline */
void tcn_due_run(evutil_socket_t fd, short what, void *arg); /* the due timer */

/* server_request.c */
struct tcn_request *tcn_request_of_head(const struct tcn_http1_head *h,
                                        const struct tcn_router *router,
                                        struct tcn_route_match *ret_match);

#endif
