/* The cost of the HTTP front door alone: every request is answered 202 with a tiny body and nothing else is done.
 *
 *   bench_http tocsin [PORT]    our server (core/gateway/server.h)
 *   bench_http evhttp [PORT]    libevent's own HTTP server, for comparison
 *   bench_http reader           the request parser without sockets: ns a request
 *
 * A server prints its port, runs until SIGINT or SIGTERM, then prints requests and CPU time a request. Load, with the
 * script beside this file (a 1.45 KB POST): wrk -t1 -c64 -d5 -s tests/bench/post.lua http://127.0.0.1:PORT */
#include "gateway/server.h"
#include "sys/clock.h"

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

enum { READER_ROUNDS = 1000000, BODY_LEN = 1450, CAP = 1 << 20 };
static const char answer[] = "{\"status\":\"accepted\"}";

struct bench {
    struct event_base *base;
    struct tcn_server *server;
    uint64_t n;
};

static void on_signal(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    event_base_loopbreak(arg);
}

static double cpu_us(void)
{
    struct rusage u;

    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e6 +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

static struct event_base *make_base(void)
{
    struct event_config *config = event_config_new();
    struct event_base *base;

    event_config_set_flag(config, EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST);
    base = event_base_new_with_config(config);
    event_config_free(config);
    return base;
}

static void run(struct bench *b, unsigned port)
{
    struct event *stop_int = evsignal_new(b->base, SIGINT, on_signal, b->base);
    struct event *stop_term = evsignal_new(b->base, SIGTERM, on_signal, b->base);
    double start = cpu_us();

    event_add(stop_int, NULL);
    event_add(stop_term, NULL);
    printf("port %u\n", port);
    fflush(stdout);
    event_base_dispatch(b->base);
    printf("%llu requests, %.2f us CPU each\n", (unsigned long long)b->n,
           (cpu_us() - start) / (double)(b->n ? b->n : 1));
    event_free(stop_int);
    event_free(stop_term);
}

static void on_request(void *ctx, struct tcn_request *rq)
{
    struct bench *b = ctx;
    struct tcn_reply reply = {.status = 202, .body = {answer, sizeof answer - 1}};

    b->n++;
    tcn_server_reply(b->server, rq->reply_id, &reply);
    tcn_server_request_free(rq);
}

static int bench_tocsin(const char *address)
{
    struct bench b = {.base = make_base()};
    struct tcn_router *router = tcn_router_new();
    struct tcn_route route = {
        .method = "POST", .pattern = "/sources/{name}", .body_cap_bytes = CAP};
    struct tcn_server_options o;
    struct tcn_err err = {0};
    int r;

    tcn_server_options_init(&o);
    o.max_per_address = o.max_connections;
    o.on_request = on_request;
    o.ctx = &b;
    if ((r = tcn_router_add(router, &route, &err)) < 0 ||
        (r = tcn_server_new(b.base, router, &o, &b.server, &err)) < 0 ||
        (r = tcn_server_listen(b.server, &(struct tcn_server_listener){.address = address}, &err)) <
            0)
        fprintf(stderr, "%s\n", err.msg);
    else
        run(&b, tcn_server_port(b.server));
    tcn_server_free(b.server);
    tcn_router_free(router);
    event_base_free(b.base);
    return r < 0;
}

static void on_evhttp(struct evhttp_request *rq, void *arg)
{
    struct bench *b = arg;
    struct evbuffer *out = evhttp_request_get_output_buffer(rq);

    b->n++;
    evhttp_add_header(evhttp_request_get_output_headers(rq), "Content-Type", "application/json");
    evbuffer_add(out, answer, sizeof answer - 1);
    evhttp_send_reply(rq, 202, "Accepted", NULL);
}

static int bench_evhttp(const char *port)
{
    struct bench b = {.base = make_base()};
    struct evhttp *http = evhttp_new(b.base);
    uint64_t number;
    int bad = tcn_str_u64(tcn_str(port), 65535, &number) < 0 ||
              evhttp_bind_socket(http, "127.0.0.1", (uint16_t)number) < 0;

    evhttp_set_gencb(http, on_evhttp, &b);
    if (bad)
        fprintf(stderr, "cannot listen on %s\n", port);
    else
        run(&b, (unsigned)number);
    evhttp_free(http);
    event_base_free(b.base);
    return bad;
}

static const char head[] = "POST /sources/prometheus HTTP/1.1\r\n"
                           "Host: tocsin.example.net:8080\r\n"
                           "User-Agent: Alertmanager/0.28.1\r\n"
                           "Content-Length: 1450\r\n"
                           "Content-Type: application/json\r\n"
                           "Authorization: Bearer 0123456789abcdef0123456789abcdef\r\n"
                           "Accept-Encoding: identity\r\n"
                           "X-Request-Id: 7d9a2f3c-1b2c-4d5e-8f90-a1b2c3d4e5f6\r\n"
                           "\r\n";

static int bench_reader(void)
{
    static char message[sizeof head - 1 + BODY_LEN];
    struct tcn_http1 r;
    int64_t start;
    size_t n_ends = 0;

    memcpy(message, head, sizeof head - 1);
    memset(message + sizeof head - 1, 'x', BODY_LEN);
    tcn_http1_init(&r);
    start = tcn_clock_mono_us();
    for (int i = 0; i < READER_ROUNDS; i++) {
        struct tcn_str rest = {message, sizeof message}, run;
        enum tcn_http1_event e;
        size_t used;

        do {
            e = tcn_http1_feed(&r, rest, &used, &run);
            rest.ptr += used;
            rest.len -= used;
            if (e == TCN_HTTP1_HEAD)
                tcn_http1_body_cap(&r, CAP);
        } while (e != TCN_HTTP1_END && e != TCN_HTTP1_ERROR && e != TCN_HTTP1_MORE);
        n_ends += e == TCN_HTTP1_END;
    }
    printf("%.0f ns a request (%zu byte head, %d byte body), %zu read\n",
           (double)(tcn_clock_mono_us() - start) * 1000 / READER_ROUNDS, sizeof head - 1, BODY_LEN,
           n_ends);
    tcn_http1_done(&r);
    return n_ends != READER_ROUNDS;
}

int main(int argc, char **argv)
{
    const char *port = argc > 2 ? argv[2] : "18080";
    char address[32];

    snprintf(address, sizeof address, "127.0.0.1:%.5s", port);
    if (argc > 1 && strcmp(argv[1], "tocsin") == 0)
        return bench_tocsin(address);
    if (argc > 1 && strcmp(argv[1], "evhttp") == 0)
        return bench_evhttp(port);
    if (argc > 1 && strcmp(argv[1], "reader") == 0)
        return bench_reader();
    fprintf(stderr, "usage: bench_http tocsin|evhttp|reader [PORT]\n");
    return 2;
}
