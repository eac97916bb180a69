/* A proxy between a test and the server that cuts each connection after a number of bytes that chance chose. What the
 * client had sent by then may still reach the server, later: the worst that a network does. Works in a thread. */
#ifndef TCN_TESTS_STORE_PG_PROXY_H
#define TCN_TESTS_STORE_PG_PROXY_H

#include "pg.h"
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>

#define PROXY_LINKS 16
#define PROXY_CHUNK 4096

struct proxy_link {
    int client, server; /* client -1: cut; server -1: free */
    long left;          /* bytes of both directions */
    int linger_ms;      /* after the cut */
    char late[PROXY_CHUNK];
    ssize_t n_late;
    bool is_asked; /* bytes went to the server, and none have come since */
};

struct proxy {
    char dir[64], path[96], target[200];
    int listener, stop[2];
    pthread_t thread;
    unsigned seed;
    pthread_mutex_t mutex; /* guards what follows */
    long max_bytes;        /* 0: none is cut by bytes */
    bool is_at_commits;    /* a third of the connections is cut at each commit */
    unsigned long cuts;
    unsigned long turns; /* answers that came after something was asked: round trips */
    struct proxy_link links[PROXY_LINKS];
};

static inline int proxy_socket(const char *path, bool is_listener)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), r;

    if (strlen(path) >= sizeof at.sun_path)
        abort();
    memcpy(at.sun_path, path, strlen(path) + 1);
    r = is_listener ? bind(fd, (struct sockaddr *)&at, sizeof at)
                    : connect(fd, (struct sockaddr *)&at, sizeof at);
    if (r == 0 && is_listener)
        r = listen(fd, 16);
    if (r == 0)
        return fd;
    close(fd);
    return -1;
}

static inline void proxy_drop(struct proxy_link *l)
{
    if (l->client >= 0)
        close(l->client);
    if (l->server >= 0)
        close(l->server);
    *l = (struct proxy_link){.client = -1, .server = -1};
}

static inline void proxy_accept(struct proxy *p)
{
    int client = accept4(p->listener, NULL, NULL, SOCK_CLOEXEC);
    int server = proxy_socket(p->target, false);
    long max;

    pthread_mutex_lock(&p->mutex);
    max = p->max_bytes;
    pthread_mutex_unlock(&p->mutex);
    for (size_t i = 0; i < PROXY_LINKS && client >= 0 && server >= 0; i++)
        if (p->links[i].server < 0) {
            p->links[i] = (struct proxy_link){.client = client, .server = server};
            p->links[i].left = max ? 1 + rand_r(&p->seed) % max : -1;
            return;
        }
    if (client >= 0)
        close(client);
    if (server >= 0)
        close(server);
}

static inline void proxy_cut(struct proxy *p, struct proxy_link *l, const char *late, ssize_t n)
{
    close(l->client);
    l->client = -1;
    l->n_late = n;
    if (n > 0)
        memcpy(l->late, late, (size_t)n);
    l->linger_ms = rand_r(&p->seed) % 3 ? 0 : rand_r(&p->seed) % 80;
    pthread_mutex_lock(&p->mutex);
    p->cuts++;
    pthread_mutex_unlock(&p->mutex);
}

/* The late bytes in whole, so that a commit may come after its client has gone. */
static inline void proxy_end(struct proxy_link *l)
{
    if (l->n_late > 0 && send(l->server, l->late, (size_t)l->n_late, MSG_NOSIGNAL) < 0)
        l->n_late = 0;
    proxy_drop(l);
}

/* Bytes that commit: they arrive and the answer does not; they never arrive; they arrive after the client has gone. */
static inline bool proxy_cuts_commit(struct proxy *p, struct proxy_link *l, const char *bytes,
                                     ssize_t n)
{
    bool is_on;
    int how = rand_r(&p->seed) % 9;

    pthread_mutex_lock(&p->mutex);
    is_on = p->is_at_commits;
    pthread_mutex_unlock(&p->mutex);
    if (!is_on || how > 2 || !memmem(bytes, (size_t)n, "COMMIT", 6))
        return false;
    if (how == 0 && send(l->server, bytes, (size_t)n, MSG_NOSIGNAL) < 0)
        how = 1;
    proxy_cut(p, l, bytes, how == 2 ? n : 0);
    return true;
}

static inline void proxy_count(struct proxy *p, struct proxy_link *l, bool to_server)
{
    pthread_mutex_lock(&p->mutex);
    p->turns += !to_server && l->is_asked;
    pthread_mutex_unlock(&p->mutex);
    l->is_asked = to_server;
}

static inline void proxy_move(struct proxy *p, struct proxy_link *l, bool to_server)
{
    char bytes[PROXY_CHUNK];
    ssize_t n = recv(to_server ? l->client : l->server, bytes, sizeof bytes, 0), take;

    if (n <= 0) {
        proxy_drop(l);
        return;
    }
    if (to_server && proxy_cuts_commit(p, l, bytes, n))
        return;
    proxy_count(p, l, to_server);
    take = l->left < 0 || n < l->left ? n : l->left;
    if (take > 0 &&
        send(to_server ? l->server : l->client, bytes, (size_t)take, MSG_NOSIGNAL) < 0) {
        proxy_drop(l);
        return;
    }
    if (l->left >= 0 && (l->left -= take) == 0)
        proxy_cut(p, l, bytes + take, to_server ? n - take : 0);
}

static inline void proxy_turn(struct proxy *p, struct proxy_link *l, const struct pollfd fds[2])
{
    if (l->server < 0)
        return;
    if (l->client < 0) {
        if ((l->linger_ms -= 5) <= 0)
            proxy_end(l);
        return;
    }
    if (fds[0].revents)
        proxy_move(p, l, true);
    if (l->client >= 0 && fds[1].revents)
        proxy_move(p, l, false);
}

static inline void *proxy_run(void *arg)
{
    struct proxy *p = arg;
    struct pollfd fds[2 + 2 * PROXY_LINKS];

    for (;;) {
        bool is_waiting = false;

        fds[0] = (struct pollfd){.fd = p->stop[0], .events = POLLIN};
        fds[1] = (struct pollfd){.fd = p->listener, .events = POLLIN};
        for (size_t i = 0; i < PROXY_LINKS; i++) {
            struct proxy_link *l = &p->links[i];

            fds[2 + 2 * i] = (struct pollfd){.fd = l->client, .events = POLLIN};
            fds[3 + 2 * i] =
                (struct pollfd){.fd = l->client < 0 ? -1 : l->server, .events = POLLIN};
            is_waiting |= l->server >= 0 && l->client < 0;
        }
        if (poll(fds, 2 + 2 * PROXY_LINKS, is_waiting ? 5 : -1) < 0 && errno != EINTR)
            abort();
        if (fds[0].revents)
            return NULL;
        for (size_t i = 0; i < PROXY_LINKS; i++)
            proxy_turn(p, &p->links[i], &fds[2 + 2 * i]);
        if (fds[1].revents)
            proxy_accept(p);
    }
}

static inline void proxy_start(struct proxy *p, unsigned seed)
{
    PQconninfoOption *options = PQconninfoParse(pg_server(), NULL);

    *p = (struct proxy){.seed = seed};
    for (PQconninfoOption *o = options; o && o->keyword; o++)
        if (strcmp(o->keyword, "host") == 0)
            snprintf(p->target, sizeof p->target, "%s/.s.PGSQL.5432", o->val);
    PQconninfoFree(options);
    for (size_t i = 0; i < PROXY_LINKS; i++)
        p->links[i].client = p->links[i].server = -1;
    snprintf(p->dir, sizeof p->dir, "/tmp/tocsin-proxy-XXXXXX");
    assert_non_null(mkdtemp(p->dir));
    snprintf(p->path, sizeof p->path, "%s/.s.PGSQL.5432", p->dir);
    p->listener = proxy_socket(p->path, true);
    assert_true(p->listener >= 0);
    assert_int_equal(pipe(p->stop), 0);
    pthread_mutex_init(&p->mutex, NULL);
    assert_int_equal(pthread_create(&p->thread, NULL, proxy_run, p), 0);
}

static inline void proxy_limit(struct proxy *p, long max_bytes, bool is_at_commits)
{
    pthread_mutex_lock(&p->mutex);
    p->max_bytes = max_bytes;
    p->is_at_commits = is_at_commits;
    pthread_mutex_unlock(&p->mutex);
}

/* One of its counters. */
static inline unsigned long proxy_read(struct proxy *p, const unsigned long *counter)
{
    unsigned long n;

    pthread_mutex_lock(&p->mutex);
    n = *counter;
    pthread_mutex_unlock(&p->mutex);
    return n;
}

static inline void proxy_stop(struct proxy *p)
{
    assert_int_equal(write(p->stop[1], "x", 1), 1);
    pthread_join(p->thread, NULL);
    for (size_t i = 0; i < PROXY_LINKS; i++)
        proxy_drop(&p->links[i]);
    close(p->listener);
    close(p->stop[0]);
    close(p->stop[1]);
    pthread_mutex_destroy(&p->mutex);
    unlink(p->path);
    rmdir(p->dir);
}

/* The URL of the schema by way of the proxy. */
static inline void proxy_url(const struct proxy *p, const char *schema, char *ret, size_t size)
{
    snprintf(ret, size, "postgresql://" PG_ROLE "@/tocsin?host=%s&options=-csearch_path%%3D%s",
             p->dir, schema);
}

#endif
