/* A server and its clients on one event loop: tests wait for events, never for time to pass. */
#ifndef TESTS_UNIT_GATEWAY_SERVER_WORLD_H
#define TESTS_UNIT_GATEWAY_SERVER_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gateway/server.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define N_OF(table) (sizeof(table) / sizeof *(table))
#define CHECK(name, condition)                                                                     \
    do {                                                                                           \
        if (!(condition))                                                                          \
            fail_msg("case \"%s\": %s", (name), #condition);                                       \
    } while (0)

enum { PATIENCE_S = 20, HELD_MAX = 64 };

struct world {
    struct event_base *base;
    struct tcn_router *router;
    struct tcn_server_options options;
    struct tcn_server *server;
    bool holds;                         /* requests are kept in held instead of being answered */
    struct tcn_request *held[HELD_MAX]; /* owned */
    size_t n_held, n_requests, n_hidden;
    size_t reply_len; /* body of the next answers; 0: a few words */
    enum tcn_refusal last_refusal;
    char last_path[64]; /* that the refusal was about */
    char last_peer[TCN_PEER_TEXT];
    struct event *watchdog;
};

static inline void on_patience_end(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    (void)arg;
    fprintf(stderr, "an event that the test waits for never came\n");
    abort();
}

/* What is waited for must come; nobody sleeps. */
#define WAIT_UNTIL(w, condition)                                                                   \
    do {                                                                                           \
        struct timeval patience = {.tv_sec = PATIENCE_S};                                          \
        event_add((w)->watchdog, &patience);                                                       \
        while (!(condition))                                                                       \
            event_base_loop((w)->base, EVLOOP_ONCE);                                               \
        event_del((w)->watchdog);                                                                  \
    } while (0)

static inline void turn(struct world *w)
{
    event_base_loop(w->base, EVLOOP_NONBLOCK);
}

static inline bool answer(struct world *w, uint64_t id, const char *text)
{
    struct tcn_reply reply = {.status = 200, .body = tcn_str(text)};

    return tcn_server_reply(w->server, id, &reply);
}

static inline void answer_large(struct world *w, uint64_t id)
{
    char *owned = malloc(w->reply_len);
    struct tcn_reply reply = {.status = 200, .body = {owned, w->reply_len}, .owned = owned};

    assert_non_null(owned);
    memset(owned, 'r', w->reply_len);
    tcn_server_reply(w->server, id, &reply);
}

static inline void on_world_request(void *ctx, struct tcn_request *rq)
{
    struct world *w = ctx;
    char text[64];

    w->n_requests++;
    w->n_hidden += tcn_str_eq(rq->path, TCN_STR("/hidden"));
    assert_int_equal(rq->body[rq->body_len], '\0');
    if (w->holds) {
        assert_true(w->n_held < HELD_MAX);
        w->held[w->n_held++] = rq;
        return;
    }
    snprintf(text, sizeof text, "%s %zu\n", tcn_method_name(rq->method), rq->body_len);
    if (w->reply_len)
        answer_large(w, rq->reply_id);
    else
        answer(w, rq->reply_id, text);
    tcn_server_request_free(rq);
}

static inline void on_world_refused(void *ctx, const struct tcn_server_refused *refused)
{
    struct world *w = ctx;

    assert_non_null(refused->peer);
    w->last_refusal = refused->why;
    snprintf(w->last_peer, sizeof w->last_peer, "%s", refused->peer);
    snprintf(w->last_path, sizeof w->last_path, "%.*s", (int)refused->path.len, refused->path.ptr);
}

static inline void world_init(struct world *w)
{
    static const char *const methods[] = {"GET", "POST", "PUT", "PATCH"};
    static const char *const paths[] = {"/x", "/", "/admin", "/hidden", "/items/{id}"};
    struct event_config *config = event_config_new();

    memset(w, 0, sizeof *w);
    event_config_set_flag(config, EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST);
    w->base = event_base_new_with_config(config);
    event_config_free(config);
    w->router = tcn_router_new();
    for (size_t i = 0; i < N_OF(methods) * N_OF(paths); i++) {
        struct tcn_route route = {.method = methods[i / N_OF(paths)],
                                  .pattern = paths[i % N_OF(paths)],
                                  .body_cap_bytes = 256 << 10};

        assert_int_equal(tcn_router_add(w->router, &route, NULL), 0);
    }
    tcn_server_options_init(&w->options);
    w->options.reserve_fds = 0;
    w->options.on_request = on_world_request;
    w->options.on_refused = on_world_refused;
    w->options.ctx = w;
    w->watchdog = evtimer_new(w->base, on_patience_end, NULL);
}

static inline void world_listen(struct world *w, struct tcn_tls *tls)
{
    struct tcn_err err = {0};

    if (tcn_server_new(w->base, w->router, &w->options, &w->server, &err) < 0 ||
        tcn_server_listen(w->server,
                          &(struct tcn_server_listener){.address = "127.0.0.1:0", .tls = tls},
                          &err) < 0)
        fail_msg("%s", err.msg);
}

static inline void world_start(struct world *w)
{
    world_init(w);
    world_listen(w, NULL);
}

static inline void world_free_held(struct world *w)
{
    while (w->n_held)
        tcn_server_request_free(w->held[--w->n_held]);
}

static inline void world_stop(struct world *w)
{
    world_free_held(w);
    tcn_server_free(w->server);
    turn(w); /* bufferevents are released by the loop */
    event_free(w->watchdog);
    tcn_router_free(w->router);
    event_base_free(w->base);
}

static inline uint64_t refused(const struct world *w, enum tcn_refusal why)
{
    return tcn_server_stats(w->server)->refused[why];
}

static inline size_t open_now(const struct world *w)
{
    return tcn_server_stats(w->server)->open;
}

/* A client socket whose bytes are collected as they come. */
struct client {
    struct world *w;
    int fd;
    struct event *readable;
    struct tcn_buf got;
    bool has_eof, was_reset;
};

static inline void on_client_readable(evutil_socket_t fd, short what, void *arg)
{
    struct client *c = arg;
    char bytes[65536];
    ssize_t n = recv(fd, bytes, sizeof bytes, 0);

    (void)what;
    if (n > 0)
        tcn_buf_add(&c->got, bytes, (size_t)n);
    else if (n == 0 || errno != EAGAIN) {
        c->has_eof = true;
        c->was_reset = n < 0;
        event_del(c->readable);
    }
}

static inline void client_take(struct client *c, struct world *w, int fd)
{
    *c = (struct client){.w = w, .fd = fd};
    assert_true(fd >= 0);
    assert_int_equal(evutil_make_socket_nonblocking(fd), 0);
    tcn_buf_init(&c->got, 64 << 20);
    c->readable = event_new(w->base, fd, EV_READ | EV_PERSIST, on_client_readable, c);
    event_add(c->readable, NULL);
}

/* The kernel completes the connection whether or not the server accepts it. */
static inline int connect_from(const struct world *w, const char *from)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(tcn_server_port(w->server))};
    struct sockaddr_in own = {.sin_family = AF_INET};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
    inet_pton(AF_INET, from, &own.sin_addr);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&own, sizeof own), 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

static inline void client_open(struct client *c, struct world *w)
{
    client_take(c, w, connect_from(w, "127.0.0.1"));
}

/* Sends all, running the loop when the socket is full; gives up when the server has closed. */
static inline void client_send(struct client *c, const char *bytes, size_t len)
{
    struct timeval patience = {.tv_sec = PATIENCE_S};

    event_add(c->w->watchdog, &patience);
    while (len) {
        ssize_t n = send(c->fd, bytes, len, MSG_NOSIGNAL);

        if (n < 0 && errno != EAGAIN)
            break;
        if (n < 0)
            turn(c->w);
        bytes += n > 0 ? n : 0;
        len -= n > 0 ? (size_t)n : 0;
    }
    event_del(c->w->watchdog);
}

static inline void client_say(struct client *c, const char *text)
{
    client_send(c, text, strlen(text));
}

static inline void client_close(struct client *c)
{
    event_free(c->readable);
    tcn_buf_done(&c->got);
    close(c->fd);
}

static inline void client_reset(struct client *c)
{
    struct linger now = {.l_onoff = 1};

    setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    client_close(c);
}

/* One response at the start of s, if it is whole: its status, and its bytes. Answers to HEAD are not whole. */
static inline size_t response_len(struct tcn_str s, int *ret_status)
{
    const char *end = s.len ? memmem(s.ptr, s.len, "\r\n\r\n", 4) : NULL;
    const char *length = end ? memmem(s.ptr, (size_t)(end - s.ptr), "Content-Length: ", 16) : NULL;
    size_t head = end ? (size_t)(end - s.ptr) + 4 : 0;
    size_t body = length ? strtoul(length + 16, NULL, 10) : 0;

    if (!head || head + body > s.len || memcmp(s.ptr, "HTTP/1.1 ", 9) != 0)
        return 0;
    *ret_status = (int)strtol(s.ptr + 9, NULL, 10);
    return head + body;
}

/* Whole responses so far, as "100 200 404". */
static inline size_t responses(const struct client *c, char *text, size_t size)
{
    struct tcn_str rest = tcn_buf_view(&c->got);
    size_t n = 0, at = 0, len;
    int status;

    text[0] = '\0';
    while ((len = response_len(rest, &status)) > 0) {
        at += (size_t)snprintf(text + at, size - at, "%s%d", n++ ? " " : "", status);
        rest.ptr += len;
        rest.len -= len;
    }
    return n;
}

static inline size_t n_responses(const struct client *c)
{
    char text[65536];

    return responses(c, text, sizeof text);
}

static inline bool got_text(const struct client *c, const char *text)
{
    return memmem(c->got.ptr, c->got.len, text, strlen(text)) != NULL;
}

static inline void wait_responses(struct client *c, size_t n)
{
    WAIT_UNTIL(c->w, n_responses(c) >= n || c->has_eof);
    assert_true(n_responses(c) >= n);
}

static inline void wait_closed(struct client *c)
{
    WAIT_UNTIL(c->w, c->has_eof);
}

static inline size_t count_fds(void)
{
    DIR *dir = opendir("/proc/self/fd");
    size_t n = 0;

    while (readdir(dir))
        n++;
    closedir(dir);
    return n;
}

#endif
