/* gateway/reply.c, what the server adds to answers, and the kinds of listeners. */
#include "server_world.h"

#include "gateway/server_address.h"

#include <sys/stat.h>
#include <sys/un.h>

#define GET "GET /x HTTP/1.1\r\nHost: a\r\n"

static void write_head(const struct tcn_reply *reply, const struct tcn_reply_frame *frame,
                       struct tcn_buf *out)
{
    tcn_buf_init(out, TCN_REPLY_HEAD_MAX);
    tcn_reply_head(reply, frame, out);
    assert_true(tcn_buf_ok(out));
}

static void heads_are_written(void **state)
{
    static const struct tcn_reply_header extra[] = {{"Location", "/v1/incidents/1"}};
    static const struct {
        const char *name;
        struct tcn_reply reply;
        struct tcn_reply_frame frame;
        const char *expect;
    } cases[] = {
        {"plain",
         {.status = 202, .body = {"{}", 2}},
         {.keeps_alive = true},
         "HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\nContent-Type: application/json\r\n"
         "Cache-Control: no-store\r\n"
         "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n"
         "X-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n\r\n"},
        {"page",
         {.status = 200,
          .content_type = "text/html; charset=utf-8",
          .csp = "default-src 'self'",
          .cache_control = "no-cache",
          .headers = extra,
          .n_headers = 1},
         {.date = {"Sun, 06 Nov 1994 08:49:37 GMT", 29}},
         "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nContent-Type: text/html; charset=utf-8\r\n"
         "Connection: close\r\nCache-Control: no-cache\r\n"
         "Content-Security-Policy: default-src 'self'\r\n"
         "X-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n"
         "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nLocation: /v1/incidents/1\r\n\r\n"},
        {"old client that keeps alive",
         {.status = 599, .retry_after_s = 4294967295u},
         {.keeps_alive = true, .is_old = true},
         "HTTP/1.1 599 Status\r\nContent-Length: 0\r\nContent-Type: application/json\r\n"
         "Connection: keep-alive\r\nCache-Control: no-store\r\n"
         "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n"
         "X-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n"
         "Retry-After: 4294967295\r\n\r\n"},
        {"no content",
         {.status = 204, .body = {"never", 5}},
         {.keeps_alive = true},
         "HTTP/1.1 204 No Content\r\nCache-Control: no-store\r\n"
         "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n"
         "X-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n\r\n"},
    };

    (void)state;
    for (size_t i = 0; i < N_OF(cases); i++) {
        struct tcn_buf out;

        write_head(&cases[i].reply, &cases[i].frame, &out);
        if (strcmp(out.ptr, cases[i].expect) != 0)
            fail_msg("case \"%s\": %s", cases[i].name, out.ptr);
        tcn_buf_done(&out);
    }
}

/* Text from outside may end in a header: it can never add a line. */
static void headers_cannot_be_split(void **state)
{
    static const struct tcn_reply_header bad[] = {
        {"X-A", "one\r\nSet-Cookie: evil"}, {"X-A", "one\nSet-Cookie: evil"},
        {"X-A", "one\rSet-Cookie: evil"},   {"X-A", "\x01Set-Cookie: evil"},
        {"X-A\r\nSet-Cookie", "evil"},      {"Set-Cookie ", "evil"},
        {"", "Set-Cookie: evil"},           {"Set-Cookie:", "evil"},
    };

    (void)state;
    for (size_t i = 0; i < N_OF(bad); i++) {
        struct tcn_reply reply = {.status = 200, .headers = &bad[i], .n_headers = 1};
        struct tcn_buf out;

        write_head(&reply, &(struct tcn_reply_frame){.keeps_alive = true}, &out);
        CHECK(bad[i].value, !strstr(out.ptr, "Set-Cookie"));
        tcn_buf_done(&out);
        reply = (struct tcn_reply){.status = 200,
                                   .content_type = bad[0].value,
                                   .csp = bad[1].value,
                                   .cache_control = bad[2].value};
        write_head(&reply, &(struct tcn_reply_frame){.keeps_alive = true}, &out);
        CHECK("own fields", !strstr(out.ptr, "Set-Cookie"));
        tcn_buf_done(&out);
    }
}

static void dates_are_imf_fixdate(void **state)
{
    static const struct {
        int64_t ms;
        const char *text;
    } cases[] = {
        {0, "Thu, 01 Jan 1970 00:00:00 GMT"},
        {784111777000, "Sun, 06 Nov 1994 08:49:37 GMT"},
        {1709164800999, "Thu, 29 Feb 2024 00:00:00 GMT"},
        {1767225599000, "Wed, 31 Dec 2025 23:59:59 GMT"},
        {-1000, "Wed, 31 Dec 1969 23:59:59 GMT"},
        {-7 * 86400000LL, "Thu, 25 Dec 1969 00:00:00 GMT"},
        {4102444800000, "Fri, 01 Jan 2100 00:00:00 GMT"},
    };

    (void)state;
    for (size_t i = 0; i < N_OF(cases); i++) {
        char text[TCN_REPLY_DATE];

        tcn_reply_date(cases[i].ms, text);
        assert_string_equal(text, cases[i].text);
    }
}

static void every_status_that_is_used_has_a_phrase(void **state)
{
    static const int used[] = {200, 201, 202, 204, 301, 302, 303, 304, 400, 401, 403,
                               404, 409, 410, 412, 422, 429, 500, 502, 503, 504};

    (void)state;
    for (size_t i = 0; i < N_OF(used); i++)
        assert_string_not_equal(tcn_reply_phrase(used[i]), "Status");
    for (int r = 1; r < TCN_REFUSALS_N; r++) {
        int status = tcn_refusal_status((enum tcn_refusal)r);

        assert_true(status == 0 || strcmp(tcn_reply_phrase(status), "Status") != 0);
    }
}

static int64_t fixed_now(void *ctx)
{
    (void)ctx;
    return 784111777000;
}

static void server_answers_head_and_dates(void **state)
{
    struct world w;
    struct client c;

    (void)state;
    world_init(&w);
    w.options.now_ms = fixed_now;
    world_listen(&w, NULL);
    client_open(&c, &w);
    client_say(&c, "HEAD /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    wait_closed(&c);
    assert_true(got_text(&c, "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n"));
    assert_true(got_text(&c, "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"));
    assert_true(got_text(&c, "Connection: close\r\n"));
    assert_string_equal(c.got.ptr + c.got.len - 4, "\r\n\r\n"); /* no body */
    assert_false(got_text(&c, "Server:"));
    client_close(&c);
    world_stop(&w);
}

static void refusals_say_what_to_do(void **state)
{
    struct world w;
    struct client c;

    (void)state;
    world_start(&w);
    client_open(&c, &w);
    client_say(&c, "DELETE /x HTTP/1.1\r\nHost: a\r\n\r\n");
    wait_responses(&c, 1);
    assert_true(got_text(&c, "Allow: GET, HEAD, POST, PUT, PATCH\r\n"));
    assert_true(
        got_text(&c, "{\"error\":{\"code\":\"wrong_method\",\"message\":\"this path does not"));
    assert_true(got_text(&c, "; it takes GET, HEAD, POST, PUT, PATCH\"}}"));
    assert_int_equal(w.last_refusal, TCN_REFUSE_WRONG_METHOD);
    client_say(&c, "POST /x HTTP/1.1\r\nHost: a\r\n\r\n");
    wait_closed(&c);
    assert_true(got_text(&c, "HTTP/1.1 411 Length Required\r\n"));
    assert_int_equal(refused(&w, TCN_REFUSE_LENGTH_REQUIRED), 1);
    client_close(&c);
    world_stop(&w);
}

/* However the bytes are cut: the path of the request line, once it was read. */
static void refusals_name_their_path(void **state)
{
    static const struct {
        const char *text, *path;
        enum tcn_refusal why;
    } cases[] = {
        {"GET /x?secret=1 HTTP/1.1\r\nHost: a\r\nX : y\r\n\r\n", "/x", TCN_REFUSE_BAD_FIELD_NAME},
        {"POST /x HTTP/1.1\r\nHost: a\r\nContent-Encoding: gzip\r\n\r\n", "/x",
         TCN_REFUSE_CONTENT_CODING},
        {"POST /items/7 HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n\r\n", "/items/7",
         TCN_REFUSE_BODY_TOO_LARGE},
        {"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\nzz\r\n", "/x",
         TCN_REFUSE_BAD_CHUNK_SIZE},
        {"POST /x HTTP/1.1\r\nHost: a\r\n\r\n", "/x", TCN_REFUSE_LENGTH_REQUIRED},
        {"DELETE /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "/x",
         TCN_REFUSE_WRONG_METHOD},
        {"GET /nowhere HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "/nowhere",
         TCN_REFUSE_NO_ROUTE},
        {"GET /x HTTP/1.1\r\nHost: a\r\n\r\nGET /admin HTTP/1.1\r\n\r\n", "/admin",
         TCN_REFUSE_NO_HOST},
        {"GET /x HTTP/1.1\r\nHost: a\r\n\r\nBREW", "", TCN_REFUSE_CUT_SHORT},
        {"GET /x HTTP/1.1\r\nHost: a\r\n\r\nPOST /admin?q HT", "/admin", TCN_REFUSE_CUT_SHORT},
        {"POST /admin HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc", "/admin",
         TCN_REFUSE_CUT_SHORT},
        {"GET x HTTP/1.1\r\n", "", TCN_REFUSE_BAD_TARGET},
        {"GET /x%zz HTTP/1.1\r\n", "", TCN_REFUSE_BAD_PERCENT},
        {"@ /x HTTP/1.1\r\n", "", TCN_REFUSE_BAD_METHOD},
        {"\x16\x03\x01\x02", "", TCN_REFUSE_TLS_HELLO},
    };

    (void)state;
    for (size_t i = 0; i < 2 * N_OF(cases); i++) {
        const char *text = cases[i / 2].text;
        struct world w;
        struct client c;

        world_start(&w);
        client_open(&c, &w);
        if (i % 2 == 0)
            client_say(&c, text);
        for (; i % 2 && *text; text++) {
            client_send(&c, text, 1);
            turn(&w);
        }
        shutdown(c.fd, SHUT_WR);
        wait_closed(&c);
        CHECK(cases[i / 2].text, w.last_refusal == cases[i / 2].why);
        CHECK(cases[i / 2].text, strcmp(w.last_path, cases[i / 2].path) == 0);
        client_close(&c);
        world_stop(&w);
    }
}

/* Of an answer that cannot be given, the request has left the connection: what lies there now is not its path. */
static void a_refused_answer_has_no_path(void **state)
{
    struct world w;
    struct client c;

    (void)state;
    world_init(&w);
    w.options.max_backlog_bytes = 1000;
    world_listen(&w, NULL);
    w.reply_len = 100000;
    snprintf(w.last_path, sizeof w.last_path, "unset");
    client_open(&c, &w);
    client_say(&c, "GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
    wait_responses(&c, 1);
    assert_int_equal(w.last_refusal, TCN_REFUSE_BACKLOG_FULL);
    assert_string_equal(w.last_path, "");
    client_close(&c);
    world_stop(&w);
}

static void answers_without_body_and_to_old_clients(void **state)
{
    struct world w;
    struct client c;
    struct tcn_reply reply = {.status = 204, .body = {"never", 5}};

    (void)state;
    world_start(&w);
    w.holds = true;
    client_open(&c, &w);
    client_say(&c, "GET /x HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n");
    WAIT_UNTIL(&w, w.n_held == 1);
    assert_true(tcn_server_reply(w.server, w.held[0]->reply_id, &reply));
    wait_responses(&c, 1);
    assert_true(got_text(&c, "Connection: keep-alive\r\n"));
    assert_false(got_text(&c, "Content-Length") || got_text(&c, "never"));
    client_say(&c, GET "\r\n");
    WAIT_UNTIL(&w, w.n_held == 2);
    reply = (struct tcn_reply){.status = 200, .body = {"bye", 3}, .closes = true};
    assert_true(tcn_server_reply(w.server, w.held[1]->reply_id, &reply));
    wait_closed(&c);
    assert_true(got_text(&c, "Connection: close\r\n") && got_text(&c, "bye"));
    client_close(&c);
    world_stop(&w);
}

static void too_many_headers_are_an_error(void **state)
{
    enum { LARGE = 3 * TCN_REPLY_HEAD_MAX };
    char *value = malloc(LARGE + 1);
    struct tcn_reply_header header = {"X-A", value};
    struct tcn_reply reply = {.status = 200, .headers = &header, .n_headers = 1};
    struct world w;
    struct client c;

    (void)state;
    memset(value, 'v', LARGE);
    value[LARGE] = '\0';
    world_start(&w);
    w.holds = true;
    client_open(&c, &w);
    client_say(&c, GET "\r\n");
    WAIT_UNTIL(&w, w.n_held == 1);
    assert_true(tcn_server_reply(w.server, w.held[0]->reply_id, &reply));
    wait_responses(&c, 1);
    assert_true(got_text(&c, "HTTP/1.1 500 "));
    client_close(&c);
    world_stop(&w);
    free(value);
}

static int unix_connect(const char *path)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    memcpy(to.sun_path, path, strlen(path) + 1);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

static void unix_sockets(void **state)
{
    char dir[] = "/tmp/tocsin-unix-XXXXXX", address[128];
    const char *path = address + 5;
    struct world w;
    struct client c;
    struct tcn_err err = {0};
    FILE *file;

    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(address, sizeof address, "unix:%s/sock", dir);
    for (int round = 0; round < 2; round++) { /* the second finds the file of the first */
        world_init(&w);
        assert_int_equal(tcn_server_new(w.base, w.router, &w.options, &w.server, &err), 0);
        assert_int_equal(
            tcn_server_listen(w.server, &(struct tcn_server_listener){.address = address}, &err),
            0);
        assert_int_equal(
            tcn_server_listen(w.server, &(struct tcn_server_listener){.address = address}, &err),
            TCN_EIO);
        w.holds = true;
        client_take(&c, &w, unix_connect(path));
        client_say(&c, GET "\r\n");
        WAIT_UNTIL(&w, w.n_held == 1);
        assert_string_equal(w.held[0]->peer, "unix");
        client_close(&c);
        world_stop(&w);
    }
    unlink(path);
    file = fopen(path, "w"); /* somebody's file is left alone */
    fclose(file);
    world_init(&w);
    assert_int_equal(tcn_server_new(w.base, w.router, &w.options, &w.server, &err), 0);
    assert_int_equal(
        tcn_server_listen(w.server, &(struct tcn_server_listener){.address = address}, &err),
        TCN_EIO);
    assert_int_equal(access(path, F_OK), 0);
    world_stop(&w);
    unlink(path);
    rmdir(dir);
}

static void bad_addresses_are_told(void **state)
{
    static const char *const bad[] = {
        "",       "127.0.0.1",  "127.0.0.1:", "127.0.0.1:x", ":65536",
        "::1:80", "1.2.3.4:-1", "unix:",      "[::1]80",     "no such host:1"};
    struct world w;

    (void)state;
    world_start(&w);
    for (size_t i = 0; i < N_OF(bad); i++) {
        struct tcn_err err = {0};
        struct tcn_server_listener l = {.address = bad[i]};

        CHECK(bad[i], tcn_server_listen(w.server, &l, &err) == TCN_EINVALID);
        CHECK(bad[i], err.msg[0]);
    }
    world_stop(&w);
}

static int bound_socket(void)
{
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_int_equal(bind(fd, (struct sockaddr *)&any, sizeof any), 0);
    assert_int_equal(listen(fd, 5), 0);
    return fd;
}

static void inherited_sockets(void **state)
{
    struct world w;
    struct client c;
    struct tcn_err err = {0};
    struct tcn_server_listener l = {.fd = bound_socket()};

    (void)state;
    world_init(&w);
    assert_int_equal(tcn_server_new(w.base, w.router, &w.options, &w.server, &err), 0);
    assert_int_equal(tcn_server_listen(w.server, &l, &err), 0);
    client_open(&c, &w);
    client_say(&c, GET "\r\n");
    wait_responses(&c, 1);
    client_close(&c);
    world_stop(&w);
}

static void sockets_are_inherited_by_name_alone(void **state)
{
    static const struct {
        const char *name, *pid, *fds;
        int expect;
    } cases[] = {
        {"none", NULL, NULL, 0},      {"two for us", "77", "2", 2}, {"for another", "78", "2", 0},
        {"no count", "77", NULL, 0},  {"bad count", "77", "x", 0},  {"negative", "77", "-1", 0},
        {"too many", "77", "999", 0}, {"bad pid", "self", "1", 0},
    };

    (void)state;
    for (size_t i = 0; i < N_OF(cases); i++) {
        unsetenv("LISTEN_PID");
        unsetenv("LISTEN_FDS");
        if (cases[i].pid)
            setenv("LISTEN_PID", cases[i].pid, 1);
        if (cases[i].fds)
            setenv("LISTEN_FDS", cases[i].fds, 1);
        CHECK(cases[i].name, tcn_server_inherited(77) == cases[i].expect);
    }
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDS");
}

/* Two servers of two loops on one port. */
static void ports_can_be_shared(void **state)
{
    struct world a, b;
    struct tcn_err err = {0};
    char address[32];
    struct tcn_server_listener l = {.address = "127.0.0.1:0", .reuse_port = true};

    (void)state;
    world_init(&a);
    world_init(&b);
    assert_int_equal(tcn_server_new(a.base, a.router, &a.options, &a.server, &err), 0);
    assert_int_equal(tcn_server_new(b.base, b.router, &b.options, &b.server, &err), 0);
    assert_int_equal(tcn_server_listen(a.server, &l, &err), 0);
    snprintf(address, sizeof address, "127.0.0.1:%u", tcn_server_port(a.server));
    l.address = address;
    assert_int_equal(tcn_server_listen(b.server, &l, &err), 0);
    l.reuse_port = false;
    assert_int_equal(tcn_server_listen(b.server, &l, &err), TCN_EIO);
    world_stop(&a);
    world_stop(&b);
}

static void addresses_are_tried(void **state)
{
    struct world w;
    struct tcn_err err;
    char address[32];

    (void)state;
    world_start(&w);
    (void)snprintf(address, sizeof address, "127.0.0.1:%u", tcn_server_port(w.server));
    assert_int_equal(tcn_server_try(address, &err), TCN_EIO);
    assert_non_null(strstr(err.msg, address));
    assert_non_null(strstr(err.msg, "in use"));
    tcn_server_free(w.server);
    w.server = NULL;
    for (int i = 0; i < 2; i++)
        assert_int_equal(tcn_server_try(address, &err), 0); /* nothing stays bound */
    assert_int_equal(tcn_server_try("192.0.2.7:8080", &err), TCN_EIO);
    assert_int_equal(tcn_server_try("8080", &err), TCN_EINVALID);
    assert_int_equal(tcn_server_try("unix:/nowhere/at/all", &err), 0);
    world_stop(&w);
}

static struct tcn_peer peer_of(const char *text)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    struct tcn_peer p;

    if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
        tcn_peer_of((struct sockaddr *)&v4, &p);
    else {
        assert_int_equal(inet_pton(AF_INET6, text, &v6.sin6_addr), 1);
        tcn_peer_of((struct sockaddr *)&v6, &p);
    }
    return p;
}

static void addresses_match_their_rules(void **state)
{
    static const struct {
        const char *rule, *address;
        bool matches;
    } cases[] = {
        {"10.0.0.0/8", "10.255.0.1", true},
        {"10.0.0.0/8", "11.0.0.1", false},
        {"10.1.2.3", "10.1.2.3", true},
        {"10.1.2.3", "10.1.2.4", false},
        {"10.1.2.0/23", "10.1.3.9", true},
        {"10.1.2.0/23", "10.1.4.9", false},
        {"0.0.0.0/0", "192.0.2.1", true},
        {"0.0.0.0/0", "2001:db8::1", false},
        {"10.1.2.3", "::ffff:10.1.2.3", true},
        {"2001:db8::/33", "2001:db8:7fff::1", true},
        {"2001:db8::/33", "2001:db8:8000::1", false},
        {"::1", "::1", true},
        {"::/0", "10.1.2.3", true},
    };

    (void)state;
    for (size_t i = 0; i < N_OF(cases); i++) {
        const char *const list[] = {"203.0.113.9", cases[i].rule, NULL};
        struct tcn_address_rules rules;
        struct tcn_peer p = peer_of(cases[i].address);

        assert_int_equal(tcn_address_rules_init(&rules, list, NULL), 0);
        CHECK(cases[i].rule, tcn_address_rules_match(&rules, p.address) == cases[i].matches);
        tcn_address_rules_done(&rules);
    }
}

static void addresses_count_by_group(void **state)
{
    static const char *const all[] = {"192.0.2.1",   "192.0.2.2",        "192.0.2.1",
                                      "2001:db8::1", "2001:db8::ffff:2", "2001:db8:0:1::1"};
    struct tcn_address groups[N_OF(all)];

    (void)state;
    for (size_t i = 0; i < N_OF(all); i++)
        groups[i] = tcn_address_group(peer_of(all[i]).address);
    assert_int_equal(tcn_address_count(groups, N_OF(all), groups[0]), 2);
    assert_int_equal(tcn_address_count(groups, N_OF(all), groups[1]), 1);
    assert_int_equal(tcn_address_count(groups, N_OF(all), groups[3]), 2);
    assert_int_equal(tcn_address_count(groups, N_OF(all), groups[5]), 1);
    assert_string_equal(peer_of("::ffff:192.0.2.1").text, "192.0.2.1");
    assert_string_equal(peer_of("2001:db8::1").text, "2001:db8::1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heads_are_written),
        cmocka_unit_test(headers_cannot_be_split),
        cmocka_unit_test(dates_are_imf_fixdate),
        cmocka_unit_test(every_status_that_is_used_has_a_phrase),
        cmocka_unit_test(server_answers_head_and_dates),
        cmocka_unit_test(refusals_say_what_to_do),
        cmocka_unit_test(refusals_name_their_path),
        cmocka_unit_test(a_refused_answer_has_no_path),
        cmocka_unit_test(answers_without_body_and_to_old_clients),
        cmocka_unit_test(too_many_headers_are_an_error),
        cmocka_unit_test(unix_sockets),
        cmocka_unit_test(bad_addresses_are_told),
        cmocka_unit_test(inherited_sockets),
        cmocka_unit_test(sockets_are_inherited_by_name_alone),
        cmocka_unit_test(ports_can_be_shared),
        cmocka_unit_test(addresses_are_tried),
        cmocka_unit_test(addresses_match_their_rules),
        cmocka_unit_test(addresses_count_by_group),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
