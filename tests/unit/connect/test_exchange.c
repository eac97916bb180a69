/* Whole calls against a small server that misbehaves on request: what is known of a call that failed. */
#include "loop.h"

#include "connect/transfer.h"
#include <event2/bufferevent_ssl.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <unistd.h>

/* -- the server: the path says what to do ----------------------------------------------------------------------- */

struct server {
    struct loop loop;
    unsigned connections, requests;
    char last[65536]; /* the last request as it came */
    SSL_CTX *tls;     /* NULL: plain */
    char *cert_file;
};

static void close_when_written(struct bufferevent *bev, void *ctx)
{
    (void)ctx;
    if (evbuffer_get_length(bufferevent_get_output(bev)) == 0)
        loop_close(bev);
}

static void on_event(struct bufferevent *bev, short what, void *ctx)
{
    (void)ctx;
    if (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR))
        loop_close(bev);
}

static void say(struct bufferevent *bev, const char *text)
{
    bufferevent_write(bev, text, strlen(text));
}

static void say_and_close(struct bufferevent *bev, const char *text)
{
    bufferevent_setcb(bev, NULL, close_when_written, on_event, NULL);
    say(bev, text);
}

static void reset(struct bufferevent *bev)
{
    struct linger now = {1, 0};

    setsockopt(bufferevent_getfd(bev), SOL_SOCKET, SO_LINGER, &now, sizeof now);
    loop_close(bev);
}

/* Writes for as long as the other side reads. */
static void pour(struct bufferevent *bev, void *ctx)
{
    static char block[65536];

    memset(block, ctx ? 'a' : 'b', sizeof block);
    if (ctx)
        say(bev, "10000\r\n");
    bufferevent_write(bev, block, sizeof block);
    if (ctx)
        say(bev, "\r\n");
}

static void many_headers(struct bufferevent *bev)
{
    char line[64];

    say(bev, "HTTP/1.1 200 OK\r\n");
    for (int i = 0; i < 1000; i++) {
        snprintf(line, sizeof line, "X-Header-%d: value\r\n", i);
        say(bev, line);
    }
    say_and_close(bev, "Content-Length: 2\r\n\r\n{}");
}

#define INTERIM "HTTP/1.1 100 Continue\r\n\r\n"
#define HEAD200 "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"

static void answer(struct server *s, struct bufferevent *bev, const char *path)
{
    if (strncmp(path, "/ok", 3) == 0)
        say(bev, HEAD200 "Content-Length: 13\r\n\r\n{\"id\": \"r-1\"}");
    else if (strcmp(path, "/continue") == 0)
        say(bev, "HTTP/1.1 100 Continue\r\nX-Early: 1\r\n\r\n" HEAD200
                 "Content-Length: 13\r\n\r\n{\"id\": \"r-1\"}");
    else if (strcmp(path, "/continue-thrice") == 0)
        say(bev, INTERIM INTERIM INTERIM HEAD200 "Content-Length: 13\r\n\r\n{\"id\": \"r-1\"}");
    else if (strcmp(path, "/continue-silent") == 0)
        say(bev, INTERIM);
    else if (strcmp(path, "/continue-close") == 0)
        say_and_close(bev, INTERIM);
    else if (strcmp(path, "/silent") == 0)
        return;
    else if (strcmp(path, "/reset") == 0)
        reset(bev);
    else if (strcmp(path, "/close") == 0)
        loop_close(bev);
    else if (strcmp(path, "/half") == 0)
        say_and_close(bev, HEAD200 "Content-Length: 100\r\n\r\n{\"id\":");
    else if (strcmp(path, "/announced") == 0)
        say(bev, HEAD200 "Content-Length: 99999999\r\n\r\n{");
    else if (strcmp(path, "/flood") == 0) {
        say(bev, HEAD200 "Transfer-Encoding: chunked\r\n\r\n");
        bufferevent_setcb(bev, NULL, pour, on_event, s);
        pour(bev, s);
    } else if (strcmp(path, "/headers") == 0)
        many_headers(bev);
    else if (strcmp(path, "/redirect") == 0)
        say(bev, "HTTP/1.1 302 Found\r\nLocation: /ok\r\nContent-Length: 0\r\n\r\n");
    else if (strcmp(path, "/html") == 0)
        say(bev, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>");
    else if (strcmp(path, "/busy") == 0)
        say(bev, "HTTP/1.1 429 Slow\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n");
    else if (strcmp(path, "/echo") == 0)
        say_and_close(bev, "HTTP/1.1 400 Bad\r\nContent-Type: text/plain\r\nX-Leak: " CANARY
                           "\r\n\r\nyou sent " CANARY);
    else if (strcmp(path, "/garbage") == 0)
        say_and_close(bev, "SSH-2.0-OpenSSH\r\n\r\n");
    else if (strcmp(path, "/once") ==
             0) /* keeps the connection and drops it at the second request */
        say(bev, HEAD200 "Content-Length: 2\r\n\r\n{}");
    else
        say(bev, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
}

static size_t body_length(const char *head)
{
    const char *at = strstr(head, "Content-Length:");

    return at ? (size_t)atoi(at + 15) : 0;
}

static void on_read(struct bufferevent *bev, void *ctx)
{
    struct server *s = ctx;
    struct evbuffer *in = bufferevent_get_input(bev);
    size_t n = evbuffer_get_length(in), head;
    char path[128];
    char *end;

    assert_true(n < sizeof s->last);
    evbuffer_copyout(in, s->last, n);
    s->last[n] = 0;
    end = strstr(s->last, "\r\n\r\n");
    if (!end)
        return;
    head = (size_t)(end + 4 - s->last);
    if (n < head + body_length(s->last))
        return;
    evbuffer_drain(in, n);
    s->requests++;
    assert_int_equal(sscanf(s->last, "%*s %127s", path), 1);
    if (strcmp(path, "/once") == 0 && s->requests > 1)
        loop_close(bev);
    else
        answer(s, bev, path);
}

static void on_connection(struct evconnlistener *l, evutil_socket_t fd, struct sockaddr *addr,
                          int len, void *ctx)
{
    struct server *s = ctx;
    struct event_base *base = evconnlistener_get_base(l);
    struct bufferevent *bev =
        s->tls ? bufferevent_openssl_socket_new(base, fd, SSL_new(s->tls),
                                                BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE)
               : bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);

    (void)addr;
    (void)len;
    s->connections++;
    loop_keep(bev);
    bufferevent_setcb(bev, on_read, NULL, on_event, s);
    bufferevent_enable(bev, EV_READ | EV_WRITE);
}

/* -- the connector: the payload says what to ask ---------------------------------------------------------------- */

struct state {
    const char *url;
};

static const struct tocsin_option options[] = {
    TOCSIN_OPT(struct state, url, URL, NULL, TOCSIN_REQUIRED, "base"),
    TOCSIN_OPT_SECRET(password, 0, "-"),
    TOCSIN_OPT_END,
};

static const char *text_of(const struct tocsin_op *op, const char *name)
{
    const char *text = json_string_value(json_object_get(op->payload, name));

    return text ? text : "";
}

static int render(const struct tocsin_instance *in, const struct tocsin_op *op,
                  struct tocsin_request *rq)
{
    const struct tocsin_host *h = in->host;
    const struct state *s = in->state;
    const char *method = text_of(op, "method");
    char path[64];

    if (strcmp(text_of(op, "path"), "/refuse") == 0)
        return (h->fail)(in, "cannot do that with " CANARY);
    snprintf(path, sizeof path, "%s", text_of(op, "path"));
    if (op->step > 0)
        snprintf(path, sizeof path, "/ok%s", op->cursor);
    if (TOCSIN_REQUEST(h, rq, method[0] ? method : "GET", s->url, path) < 0)
        return -1;
    if (json_object_get(op->payload, "body") &&
        h->set_json(rq, json_object_get(op->payload, "body")) < 0)
        return -1;
    return h->auth(rq, "Bearer", NULL, "password");
}

static int interpret(const struct tocsin_instance *in, const struct tocsin_op *op,
                     const struct tocsin_response *rs, struct tocsin_result *out,
                     struct tocsin_sink *sink)
{
    const char *id = json_string_value(json_object_get(rs->json, "id"));
    json_int_t more = json_integer_value(json_object_get(op->payload, "more"));

    in->host->classify(op, rs, out);
    if (strcmp(text_of(op, "path"), "/ok-fail") == 0)
        return (in->host->fail)(in, "does not understand " CANARY);
    if (strcmp(text_of(op, "path"), "/ok-none") == 0)
        out->outcome = 0;
    if (out->outcome == TOCSIN_OK && op->step < (uint32_t)more) {
        out->outcome = TOCSIN_MORE;
        out->step = op->step + 1;
        snprintf(out->cursor, sizeof out->cursor, "-%u", op->step + 1);
    }
    if (id)
        in->host->report(sink, &(struct tocsin_record){.remote_id = id, .fields = rs->json});
    return 0;
}

static const struct tocsin_connector connector = {
    TOCSIN_CONNECTOR_HEAD,
    .name = "fake",
    .version = "1",
    .summary = "-",
    .state_size = sizeof(struct state),
    .options = options,
    .render = render,
    .interpret = interpret,
};

static struct server server;
static struct rig rig;

static void open_rig(const char *scheme, const char *host, const char *more)
{
    char config[1024];

    snprintf(
        config, sizeof config,
        "{\"url\": \"%s://%s:%d\", \"password\": {\"env\": \"CANARY\"}, \"timeout\": \"1s\"%s}",
        scheme, host, server.loop.port, more);
    rig_init(&rig, &connector, config);
}

static int setup(void **unused)
{
    (void)unused;
    memset(&server, 0, sizeof server);
    loop_init(&server.loop, on_connection, &server);
    open_rig("http", "127.0.0.1", ", \"allow\": [\"localhost\"]");
    return 0;
}

static int teardown(void **unused)
{
    (void)unused;
    rig_done(&rig);
    loop_done(&server.loop);
    SSL_CTX_free(server.tls);
    return 0;
}

static struct tcn_outcome *call_with(uint32_t verb, json_t *payload)
{
    struct tocsin_op op = {
        .verb = verb, .attempt = 1, .op_id = "op-1", .remote_id = "r-1", .payload = payload};
    struct tcn_outcome *o = loop_call(&server.loop, rig.instance, &op);

    json_decref(payload);
    assert_null(strstr(o->result.reason, "c4nary"));
    assert_true(!o->request || !strstr(o->request, "c4nary"));
    assert_true(!o->response || !strstr(o->response, "c4nary"));
    return o;
}

static struct tcn_outcome *call(uint32_t verb, const char *path)
{
    return call_with(verb, json_pack("{s:s}", "path", path));
}

/* -- cases ------------------------------------------------------------------------------------------------------ */

static const struct {
    const char *path;
    uint32_t verb, outcome, net;
    int status;
    const char *reason;
} calls[] = {
    {"/ok", TOCSIN_GET, TOCSIN_OK, TOCSIN_NET_OK, 200, ""},
    {"/continue", TOCSIN_GET, TOCSIN_OK, TOCSIN_NET_OK, 200, ""},
    {"/continue-thrice", TOCSIN_CREATE, TOCSIN_OK, TOCSIN_NET_OK, 200, ""},
    {"/continue-silent", TOCSIN_CREATE, TOCSIN_UNKNOWN, TOCSIN_NET_MAYBE_SENT, 0, "timed out"},
    {"/continue-close", TOCSIN_CREATE, TOCSIN_UNKNOWN, TOCSIN_NET_MAYBE_SENT, 0, "answer was lost"},
    {"/none", TOCSIN_GET, TOCSIN_GONE, TOCSIN_NET_OK, 404, "404"},
    {"/busy", TOCSIN_CREATE, TOCSIN_RETRY, TOCSIN_NET_OK, 429, "429"},
    {"/html", TOCSIN_CREATE, TOCSIN_UNKNOWN, TOCSIN_NET_OK, 200, "web page"},
    {"/redirect", TOCSIN_GET, TOCSIN_RETRY, TOCSIN_NET_OK, 302, "not followed"},
    {"/silent", TOCSIN_CREATE, TOCSIN_UNKNOWN, TOCSIN_NET_MAYBE_SENT, 0, "timed out"},
    {"/silent", TOCSIN_GET, TOCSIN_RETRY, TOCSIN_NET_MAYBE_SENT, 0, "timed out"},
    {"/reset", TOCSIN_CREATE, TOCSIN_UNKNOWN, TOCSIN_NET_MAYBE_SENT, 0, "answer was lost"},
    {"/close", TOCSIN_NOTE, TOCSIN_UNKNOWN, TOCSIN_NET_MAYBE_SENT, 0, "answer was lost"},
    {"/half", TOCSIN_CREATE, TOCSIN_UNKNOWN, TOCSIN_NET_MAYBE_SENT, 0, "answer was lost"},
    {"/announced", TOCSIN_GET, TOCSIN_RETRY, TOCSIN_NET_MAYBE_SENT, 0, ""},
    {"/flood", TOCSIN_CREATE, TOCSIN_UNKNOWN, TOCSIN_NET_MAYBE_SENT, 0, "larger than the cap"},
    {"/headers", TOCSIN_GET, TOCSIN_RETRY, TOCSIN_NET_MAYBE_SENT, 0, "larger than the cap"},
    {"/garbage", TOCSIN_GET, TOCSIN_RETRY, TOCSIN_NET_MAYBE_SENT, 0, ""},
    {"/echo", TOCSIN_WRITE, TOCSIN_REJECTED, TOCSIN_NET_OK, 400, "400"},
    {"/ok-fail", TOCSIN_CREATE, TOCSIN_UNKNOWN, TOCSIN_NET_OK, 200,
     "does not understand [secret password]"},
    {"/ok-fail", TOCSIN_GET, TOCSIN_RETRY, TOCSIN_NET_OK, 200, "does not understand"},
    {"/ok-none", TOCSIN_CREATE, TOCSIN_UNKNOWN, TOCSIN_NET_OK, 200, "no outcome"},
    {"/refuse", TOCSIN_CREATE, TOCSIN_REJECTED, TOCSIN_NET_NOT_SENT, 0,
     "cannot do that with [secret password]"},
};

static void every_misbehaviour(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        struct tcn_outcome *o = call(calls[i].verb, calls[i].path);

        if (o->result.outcome != calls[i].outcome || o->net != calls[i].net ||
            o->status != calls[i].status || !strstr(o->result.reason, calls[i].reason))
            fail_msg("%s verb %u: outcome %u net %u status %d: %s", calls[i].path, calls[i].verb,
                     o->result.outcome, o->net, o->status, o->result.reason);
        if (o->result.outcome != TOCSIN_OK)
            assert_non_null(o->request);
        tcn_outcome_free(o);
    }
    assert_int_equal(tcn_hub_running(server.loop.hub), 0);
    assert_int_equal(tcn_pump_running(server.loop.pump), 0);
}

static void sends_what_was_rendered(void **unused)
{
    struct tcn_outcome *o =
        call_with(TOCSIN_CREATE, json_pack("{s:s s:s s:{s:s}}", "path", "/ok", "method", "POST",
                                           "body", "title", "CPU"));

    (void)unused;
    assert_int_equal(o->result.outcome, TOCSIN_OK);
    assert_int_equal(o->sink.n_records, 1);
    assert_string_equal(o->sink.records[0].remote_id, "r-1");
    assert_null(o->request);
    assert_non_null(strstr(server.last, "POST /ok HTTP/1.1\r\n"));
    assert_non_null(strstr(server.last, "\r\nAuthorization: Bearer " CANARY "\r\n"));
    assert_non_null(strstr(server.last, "\r\nContent-Type: application/json\r\n"));
    assert_non_null(strstr(server.last, "\r\nAccept: application/json\r\n"));
    assert_non_null(strstr(server.last, "{\"title\":\"CPU\"}"));
    assert_null(strstr(server.last, "Expect:"));
    assert_null(strstr(server.last, "Accept-Encoding"));
    tcn_outcome_free(o);
}

static void empty_posts_have_no_form_type(void **unused)
{
    struct tcn_outcome *o =
        call_with(TOCSIN_WRITE, json_pack("{s:s s:s}", "path", "/ok", "method", "PUT"));

    (void)unused;
    assert_int_equal(o->result.outcome, TOCSIN_OK);
    assert_non_null(strstr(server.last, "PUT /ok"));
    assert_non_null(strstr(server.last, "Content-Length: 0\r\n"));
    assert_null(strstr(server.last, "form"));
    tcn_outcome_free(o);
}

static void several_steps(void **unused)
{
    struct tcn_outcome *o =
        call_with(TOCSIN_WRITE, json_pack("{s:s s:i}", "path", "/ok", "more", 3));

    (void)unused;
    assert_int_equal(o->result.outcome, TOCSIN_OK);
    assert_int_equal(o->steps, 4);
    assert_non_null(strstr(server.last, "GET /ok-3 "));
    assert_int_equal(server.connections, 1); /* kept */
    tcn_outcome_free(o);
    o = call_with(TOCSIN_CREATE, json_pack("{s:s s:i}", "path", "/ok", "more", 30));
    assert_int_equal(o->steps, TCN_STEPS_MAX);
    assert_int_equal(o->result.outcome, TOCSIN_UNKNOWN);
    tcn_outcome_free(o);
}

static void check_written(const char *method, bool written)
{
    struct tcn_outcome *o = call_with(
        TOCSIN_CREATE, json_pack("{s:s s:s s:i}", "path", "/ok", "method", method, "more", 1));

    assert_int_equal(o->steps, 2);
    assert_int_equal(o->may_have_written, written);
    tcn_outcome_free(o);
}

static void only_a_write_may_have_written(void **unused)
{
    struct tcn_outcome *o =
        call_with(TOCSIN_CREATE, json_pack("{s:s s:s}", "path", "/close", "method", "POST"));

    (void)unused;
    assert_false(o->may_have_written); /* what the last round trip did, net tells */
    tcn_outcome_free(o);
    check_written("GET", false);
    check_written("POST", true);
}

/* libcurl repeats a request when a kept connection turns out closed: of a create that would be a second one, and a
 * transition of a ticket is none the second time. */
static void check_repeated(enum tocsin_verb verb, const char *method, enum tocsin_outcome lost,
                           unsigned requests)
{
    struct tcn_outcome *o =
        call_with(verb, json_pack("{s:s s:s s:{}}", "path", "/once", "method", method, "body"));
    unsigned before;

    assert_int_equal(o->result.outcome, TOCSIN_OK);
    tcn_outcome_free(o);
    before = server.requests;
    o = call_with(verb, json_pack("{s:s s:s s:{}}", "path", "/once", "method", method, "body"));
    assert_int_equal(o->result.outcome, lost);
    assert_int_equal(server.requests, before + requests);
    tcn_outcome_free(o);
}

static void creates_are_never_repeated_by_the_library(void **unused)
{
    (void)unused;
    check_repeated(TOCSIN_CREATE, "POST", TOCSIN_UNKNOWN, 1);
}

static void posts_are_never_repeated_by_the_library(void **unused)
{
    (void)unused;
    check_repeated(TOCSIN_WRITE, "POST", TOCSIN_RETRY, 1);
}

static void refused_connection_is_not_sent(void **unused)
{
    struct tcn_outcome *o;

    (void)unused;
    evconnlistener_disable(server.loop.listener);
    evconnlistener_free(server.loop.listener);
    o = call(TOCSIN_CREATE, "/ok");
    assert_int_equal(o->net, TOCSIN_NET_NOT_SENT);
    assert_int_equal(o->result.outcome, TOCSIN_RETRY);
    tcn_outcome_free(o);
    loop_listen(&server.loop, on_connection, &server);
}

static void addresses_must_be_allowed(void **unused)
{
    struct tcn_outcome *o;

    (void)unused;
    rig_done(&rig);
    open_rig("http", "localhost", "");
    o = call(TOCSIN_CREATE, "/ok");
    assert_int_equal(o->net, TOCSIN_NET_NOT_SENT);
    assert_non_null(strstr(o->result.reason, "not a public one"));
    assert_int_equal(server.connections, 0);
    tcn_outcome_free(o);
}

/* A kept connection that one instance may use is not for another that may not. */
static void kept_connections_are_checked_again(void **unused)
{
    struct tcn_outcome *o = call(TOCSIN_GET, "/ok");

    (void)unused;
    assert_int_equal(o->result.outcome, TOCSIN_OK);
    tcn_outcome_free(o);
    rig_done(&rig);
    open_rig("http", "127.0.0.1", "");
    o = call(TOCSIN_GET, "/ok");
    assert_int_equal(o->net, TOCSIN_NET_NOT_SENT);
    assert_int_equal(server.requests, 1);
    tcn_outcome_free(o);
}

static bool may_act(void *ctx)
{
    int *left = ctx;

    return (*left)-- > 0;
}

#define STEPS 3 /* on a kept connection: the start, the choice of the connection, the request */

/* A process may stand still after each yes, also after the one before the step in which the request goes out. */
static void the_last_moment_is_asked_too(void **unused)
{
    (void)unused;
    for (int left = 0; left <= STEPS; left++) {
        int asked = left;
        unsigned before;
        struct tcn_outcome *o;

        tcn_pump_guard(server.loop.pump, NULL, NULL);
        tcn_outcome_free(call(TOCSIN_GET, "/ok")); /* leaves a connection that is ready */
        before = server.requests;
        tcn_pump_guard(server.loop.pump, may_act, &asked);
        o = call(TOCSIN_CREATE, "/ok");
        if (o->result.outcome != TOCSIN_RETRY || o->net != TOCSIN_NET_NOT_SENT ||
            server.requests != before)
            fail_msg("%d: outcome %u net %u, %u requests", left, o->result.outcome, o->net,
                     server.requests - before);
        tcn_outcome_free(o);
    }
    tcn_pump_guard(server.loop.pump, NULL, NULL);
}

static void proxies_of_the_environment_are_ignored(void **unused)
{
    struct tcn_outcome *o;

    (void)unused;
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    setenv("ALL_PROXY", "socks5://127.0.0.1:1", 1);
    o = call(TOCSIN_GET, "/ok");
    unsetenv("http_proxy");
    unsetenv("ALL_PROXY");
    assert_int_equal(o->result.outcome, TOCSIN_OK);
    tcn_outcome_free(o);
}

static void on_never(void *ctx, struct tcn_outcome *o)
{
    (void)ctx;
    tcn_outcome_free(o);
    fail_msg("%s", "done after cancel");
}

static void cancelled_calls_stay_silent(void **unused)
{
    json_t *payload = json_pack("{s:s}", "path", "/silent");
    struct tocsin_op op = {.verb = TOCSIN_CREATE, .payload = payload};
    struct tcn_exchange *x = tcn_exchange_start(server.loop.hub, rig.instance, &op, on_never, NULL);
    struct tcn_outcome *o;

    (void)unused;
    tcn_exchange_start(server.loop.hub, rig.instance, &op, on_never, NULL); /* dies with the hub */
    o = call(TOCSIN_GET, "/ok");
    tcn_outcome_free(o);
    assert_int_equal(tcn_hub_running(server.loop.hub), 2);
    tcn_exchange_cancel(x);
    assert_int_equal(tcn_hub_running(server.loop.hub), 1);
    tcn_exchange_cancel(NULL);
    json_decref(payload);
}

struct counter {
    struct loop *loop;
    int left;
};

static void count_down(void *ctx, struct tcn_outcome *o)
{
    struct counter *c = ctx;

    assert_int_equal(o->result.outcome, TOCSIN_OK);
    tcn_outcome_free(o);
    if (--c->left == 0)
        event_base_loopbreak(c->loop->base);
}

static void many_at_a_time(void **unused)
{
    json_t *payload = json_pack("{s:s}", "path", "/ok");
    struct tocsin_op op = {.verb = TOCSIN_GET, .payload = payload};
    struct counter c = {&server.loop, 100};

    (void)unused;
    for (int i = 0; i < 100; i++)
        tcn_exchange_start(server.loop.hub, rig.instance, &op, count_down, &c);
    loop_run(&server.loop);
    assert_int_equal(server.requests, 100);
    json_decref(payload);
}

/* -- TLS -------------------------------------------------------------------------------------------------------- */

static char cert_path[] = "/tmp/tocsin-test-cert-XXXXXX";

/* A certificate of localhost that only its file vouches for. */
static SSL_CTX *make_tls(void)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *cert = X509_new();
    X509_NAME *name = X509_get_subject_name(cert);
    X509_EXTENSION *san = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "DNS:localhost");
    SSL_CTX *tls = SSL_CTX_new(TLS_server_method());
    FILE *f = fdopen(mkstemp(cert_path), "w");

    X509_set_version(cert, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
    X509_gmtime_adj(X509_getm_notBefore(cert), -3600);
    X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"localhost", -1, -1,
                               0);
    X509_set_issuer_name(cert, name);
    X509_set_pubkey(cert, key);
    X509_add_ext(cert, san, -1);
    assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
    PEM_write_X509(f, cert);
    fclose(f);
    assert_int_equal(SSL_CTX_use_certificate(tls, cert), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(tls, key), 1);
    X509_EXTENSION_free(san);
    X509_free(cert);
    EVP_PKEY_free(key);
    return tls;
}

static void check_tls(const char *host, bool with_ca, uint32_t outcome, const char *advice)
{
    char more[256];
    struct tcn_outcome *o;

    rig_done(&rig);
    if (with_ca)
        snprintf(more, sizeof more, ", \"allow\": [\"localhost\"], \"ca_file\": \"%s\"", cert_path);
    else
        snprintf(more, sizeof more, ", \"allow\": [\"localhost\"]");
    open_rig("https", host, more);
    o = call(TOCSIN_CREATE, "/ok");
    if (o->result.outcome != outcome || !strstr(o->result.reason, advice))
        fail_msg("%s %d: %s", host, with_ca, o->result.reason);
    assert_int_equal(o->net, outcome == TOCSIN_OK ? TOCSIN_NET_OK : TOCSIN_NET_NOT_SENT);
    tcn_outcome_free(o);
}

static void certificates_are_verified(void **unused)
{
    (void)unused;
    server.tls = make_tls();
    check_tls("localhost", true, TOCSIN_OK, "");
    check_tls("localhost", false, TOCSIN_RETRY, "ca_file"); /* nobody vouches for it */
    check_tls("127.0.0.1", true, TOCSIN_RETRY, "url");      /* another name */
    assert_int_equal(server.requests, 1);
    SSL_CTX_set_security_level(server.tls, 0);
    SSL_CTX_set_max_proto_version(server.tls, TLS1_1_VERSION);
    check_tls("localhost", true, TOCSIN_RETRY, "TLS 1.2 or 1.3 must be spoken");
    unlink(cert_path);
    assert_int_equal(server.requests, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_misbehaviour),
        TEST(sends_what_was_rendered),
        TEST(empty_posts_have_no_form_type),
        TEST(several_steps),
        TEST(only_a_write_may_have_written),
        TEST(creates_are_never_repeated_by_the_library),
        TEST(posts_are_never_repeated_by_the_library),
        TEST(refused_connection_is_not_sent),
        TEST(addresses_must_be_allowed),
        TEST(kept_connections_are_checked_again),
        TEST(the_last_moment_is_asked_too),
        TEST(proxies_of_the_environment_are_ignored),
        TEST(cancelled_calls_stay_silent),
        TEST(many_at_a_time),
        TEST(certificates_are_verified),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
