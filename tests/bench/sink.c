#include "sink.h"

#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define BODY                                                                                       \
    "{\"result\":{\"sys_id\":\"" SINK_RECORD                                                       \
    "\",\"number\":\"INC0010001\",\"sys_mod_count\":\"3\",\"state\":\"2\",\"urgency\":\"2\","      \
    "\"impact\":\"2\",\"sys_updated_on\":\"2026-08-02 16:24:40\",\"short_description\":"           \
    "\"HighRequestLatency on web-00000001\",\"work_notes\":\"\",\"assigned_to\":\"\"}}"

static struct sink_count count;
static char answer[1024];
static size_t answer_len;

static void must(int ok, const char *what)
{
    if (ok)
        return;
    perror(what);
    exit(1);
}

double cpu_of_self_us(void)
{
    struct rusage u;

    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e6 +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

/* The length of the first request, 0 = it is not whole yet. */
static size_t request_length(struct evbuffer *in)
{
    struct evbuffer_ptr end = evbuffer_search(in, "\r\n\r\n", 4, NULL);
    static const char field[] = "\nContent-Length:";
    struct evbuffer_ptr at;
    char digits[16] = "";
    size_t length;

    if (end.pos < 0)
        return 0;
    length = (size_t)end.pos + 4;
    at = evbuffer_search_range(in, field, sizeof field - 1, NULL, &end);
    if (at.pos >= 0) {
        evbuffer_ptr_set(in, &at, sizeof field - 1, EVBUFFER_PTR_ADD);
        evbuffer_copyout_from(in, &at, digits, sizeof digits - 1);
        length += (size_t)strtoul(digits, NULL, 10);
    }
    return evbuffer_get_length(in) >= length ? length : 0;
}

static void on_read(struct bufferevent *bev, void *ctx)
{
    struct evbuffer *in = bufferevent_get_input(bev);
    size_t length;

    (void)ctx;
    while ((length = request_length(in)) > 0) {
        evbuffer_drain(in, length);
        count.requests++;
        bufferevent_write(bev, answer, answer_len);
    }
}

static void on_event(struct bufferevent *bev, short what, void *ctx)
{
    (void)ctx;
    if (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR))
        bufferevent_free(bev);
}

static void on_connection(struct evconnlistener *l, evutil_socket_t fd, struct sockaddr *addr,
                          int len, void *ctx)
{
    struct bufferevent *bev =
        bufferevent_socket_new(evconnlistener_get_base(l), fd, BEV_OPT_CLOSE_ON_FREE);

    (void)addr;
    (void)len;
    (void)ctx;
    count.connections++;
    bufferevent_setcb(bev, on_read, NULL, on_event, NULL);
    bufferevent_enable(bev, EV_READ | EV_WRITE);
}

static void on_end(evutil_socket_t fd, short what, void *ctx)
{
    (void)fd;
    (void)what;
    event_base_loopbreak(ctx);
}

static void serve(int listener, int line)
{
    struct event_base *base = event_base_new();
    struct event *end = event_new(base, line, EV_READ, on_end, base);

    evutil_make_socket_nonblocking(listener);
    must(evconnlistener_new(base, on_connection, NULL, 0, SOMAXCONN, listener) != NULL, "listen");
    event_add(end, NULL);
    event_base_dispatch(base);
    count.cpu_us = cpu_of_self_us();
    must(write(line, &count, sizeof count) == (ssize_t)sizeof count, "write");
}

static int bind_loopback(int *ret_port)
{
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof addr;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    must(fd >= 0 && bind(fd, (struct sockaddr *)&addr, sizeof addr) == 0 &&
             getsockname(fd, (struct sockaddr *)&addr, &len) == 0 && listen(fd, SOMAXCONN) == 0,
         "bind");
    *ret_port = ntohs(addr.sin_port);
    return fd;
}

void sink_start(struct sink *s)
{
    int line[2], listener = bind_loopback(&s->port);

    answer_len = (size_t)snprintf(answer, sizeof answer,
                                  "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                                  "Content-Length: %zu\r\n\r\n" BODY,
                                  sizeof BODY - 1);
    must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, line) == 0, "socketpair");
    must((s->pid = fork()) >= 0, "fork");
    if (s->pid == 0) {
        close(line[0]);
        serve(listener, line[1]);
        _exit(0);
    }
    close(line[1]);
    close(listener);
    s->line = line[0];
}

struct sink_count sink_end(struct sink *s)
{
    struct sink_count ret = {0};

    shutdown(s->line, SHUT_WR);
    must(read(s->line, &ret, sizeof ret) == (ssize_t)sizeof ret, "the sink");
    waitpid(s->pid, NULL, 0);
    close(s->line);
    return ret;
}
