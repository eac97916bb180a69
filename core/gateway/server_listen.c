/* Listening sockets: TCP, unix, or taken over from a service manager. */
#include "gateway/server_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 1024, INHERITED_FIRST = 3 };

static int use(struct tcn_server *s, int fd, struct tcn_tls *tls, struct tcn_err *err)
{
    struct tcn_listening *l = &s->listening[s->n_listening];
    unsigned flags = LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC;
    int on = 1;

    if (evutil_make_socket_nonblocking(fd) < 0 || evutil_make_socket_closeonexec(fd) < 0)
        return tcn_fail(err, TCN_EIO, "listening socket: %s", strerror(errno));
    /* accepted sockets inherit it; it fails on unix sockets, which need none */
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    *l = (struct tcn_listening){.server = s, .tls = tls};
    l->listener = evconnlistener_new(s->base, tcn_server_accept, l, flags, BACKLOG, fd);
    if (!l->listener)
        return tcn_fail(err, TCN_EIO, "listen: %s", strerror(errno));
    evconnlistener_set_error_cb(l->listener, tcn_server_accept_error);
    if (s->is_resting)
        evconnlistener_disable(l->listener);
    s->n_listening++;
    return 0;
}

static int bound(const struct sockaddr *sa, socklen_t len, bool reuse_port)
{
    int fd = socket(sa->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;
    bool is_inet = sa->sa_family != AF_UNIX;

    if (fd < 0)
        return -1;
    if ((is_inet && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0) ||
        (reuse_port && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) < 0) ||
        bind(fd, sa, len) < 0) {
        int saved = errno;

        close(fd);
        errno = saved;
        return -1;
    }
    return fd;
}

static int fail_to_listen(const char *address, struct tcn_err *err)
{
    return tcn_fail(err, TCN_EIO, "cannot listen on %s: %s", address, strerror(errno));
}

static int listen_bound(struct tcn_server *s, int fd, const struct tcn_server_listener *l,
                        struct tcn_err *err)
{
    int r;

    if (fd < 0)
        return fail_to_listen(l->address, err);
    r = use(s, fd, l->tls, err);
    if (r < 0)
        close(fd);
    return r;
}

/* A socket file left by a process that is gone; anything else at that path is not ours to remove. */
static void remove_stale(const struct sockaddr_un *un)
{
    struct stat st;
    int fd;

    if (lstat(un->sun_path, &st) < 0 || !S_ISSOCK(st.st_mode))
        return;
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)un, sizeof *un) < 0 &&
        errno == ECONNREFUSED)
        unlink(un->sun_path);
    if (fd >= 0)
        close(fd);
}

static int listen_unix(struct tcn_server *s, const struct tcn_server_listener *l, const char *path,
                       struct tcn_err *err)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    size_t len = strlen(path);

    if (len == 0 || len >= sizeof un.sun_path)
        return tcn_fail(err, TCN_EINVALID, "%s: the path is empty or too long", l->address);
    memcpy(un.sun_path, path, len + 1);
    remove_stale(&un);
    return listen_bound(s, bound((const struct sockaddr *)&un, sizeof un, false), l, err);
}

/* "host:port" and "[v6]:port" into two texts; an empty host means every address. */
static int split_address(const char *address, char host[256], char port[6])
{
    const char *colon = strrchr(address, ':');
    struct tcn_str h, p;
    uint64_t number;

    if (!colon)
        return TCN_EINVALID;
    h = (struct tcn_str){address, (size_t)(colon - address)};
    p = tcn_str(colon + 1);
    if (h.len >= 2 && h.ptr[0] == '[' && h.ptr[h.len - 1] == ']')
        h = (struct tcn_str){h.ptr + 1, h.len - 2};
    else if (h.len && memchr(h.ptr, ':', h.len))
        return TCN_EINVALID;
    if (h.len > 255 || tcn_str_u64(p, 65535, &number) < 0)
        return TCN_EINVALID;
    (void)snprintf(host, 256, "%.*s", (int)h.len, h.ptr);
    (void)snprintf(port, 6, "%u", (unsigned)number & 0xffff);
    return 0;
}

/* *ret_fd: -1 with errno when it cannot be bound. */
static int bind_tcp(const char *address, bool reuse_port, int *ret_fd, struct tcn_err *err)
{
    struct addrinfo hints = {.ai_flags = AI_PASSIVE | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    char host[256], port[6];
    int why, saved;

    if (split_address(address, host, port) < 0)
        return tcn_fail(err, TCN_EINVALID, "%s is not HOST:PORT", address);
    why = getaddrinfo(host[0] ? host : NULL, port, &hints, &found);
    if (why)
        return tcn_fail(err, TCN_EINVALID, "%s: %s", address, gai_strerror(why));
    /* the first one decides: with port 0 others would get other ports */
    *ret_fd = bound(found->ai_addr, found->ai_addrlen, reuse_port);
    saved = errno;
    freeaddrinfo(found);
    errno = saved;
    return 0;
}

static int listen_tcp(struct tcn_server *s, const struct tcn_server_listener *l,
                      struct tcn_err *err)
{
    int fd, r = bind_tcp(l->address, l->reuse_port, &fd, err);

    return r < 0 ? r : listen_bound(s, fd, l, err);
}

static const char unix_scheme[] = "unix:";

int tcn_server_try(const char *address, struct tcn_err *err)
{
    int fd, r;

    if (strncmp(address, unix_scheme, sizeof unix_scheme - 1) == 0)
        return 0;
    if ((r = bind_tcp(address, false, &fd, err)) < 0)
        return r;
    if (fd < 0)
        return fail_to_listen(address, err);
    close(fd);
    return 0;
}

int tcn_server_listen(struct tcn_server *s, const struct tcn_server_listener *l,
                      struct tcn_err *err)
{
    if (s->n_listening == TCN_SERVER_LISTENERS_MAX)
        return tcn_fail(err, TCN_ELIMIT, "more than %d listeners", TCN_SERVER_LISTENERS_MAX);
    if (!l->address)
        return use(s, l->fd, l->tls, err);
    if (strncmp(l->address, unix_scheme, sizeof unix_scheme - 1) == 0)
        return listen_unix(s, l, l->address + sizeof unix_scheme - 1, err);
    return listen_tcp(s, l, err);
}

uint16_t tcn_server_port(const struct tcn_server *s)
{
    struct sockaddr_storage sa = {.ss_family = AF_UNSPEC};
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    socklen_t len = sizeof sa;

    if (s->n_listening == 0 || getsockname(evconnlistener_get_fd(s->listening[0].listener),
                                           (struct sockaddr *)&sa, &len) < 0)
        return 0;
    memcpy(&v4, &sa, sizeof v4);
    memcpy(&v6, &sa, sizeof v6);
    if (sa.ss_family == AF_INET)
        return ntohs(v4.sin_port);
    return sa.ss_family == AF_INET6 ? ntohs(v6.sin6_port) : 0;
}

int tcn_server_inherited(int pid)
{
    const char *whom = getenv("LISTEN_PID"), *count = getenv("LISTEN_FDS");
    uint64_t for_pid, n;

    if (!whom || !count || tcn_str_u64(tcn_str(whom), INT32_MAX, &for_pid) < 0 ||
        for_pid != (uint64_t)pid)
        return 0;
    if (tcn_str_u64(tcn_str(count), TCN_SERVER_LISTENERS_MAX, &n) < 0)
        return 0;
    for (int fd = INHERITED_FIRST; fd < INHERITED_FIRST + (int)n; fd++)
        fcntl(fd, F_SETFD, FD_CLOEXEC);
    return (int)n;
}
