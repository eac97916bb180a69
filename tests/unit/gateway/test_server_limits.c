/* gateway/server*.c: deadlines and caps, and that nothing is left behind. */
#include "server_world.h"

#include <malloc.h>

#define GET "GET /x HTTP/1.1\r\nHost: a\r\n"
#define POST "POST /x HTTP/1.1\r\nHost: a\r\n"

/* A client that sends one byte every few milliseconds: each byte comes in time, the whole never does. */
struct drip {
    struct client *c;
    const char *text;
    struct event *tick;
};

static void on_drip(evutil_socket_t fd, short what, void *arg)
{
    struct drip *d = arg;

    (void)fd;
    (void)what;
    if (*d->text)
        send(d->c->fd, d->text++, 1, MSG_NOSIGNAL);
}

static void deadlines_end_what_stalls(void **state)
{
    static const char slow_head[] =
        "GET /x HTTP/1.1\r\nHost: a\r\nX-A: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    static const char slow_body[] =
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    static const char slow_chunks[] =
        "1\r\na\r\n1\r\na\r\n1\r\na\r\n1\r\na\r\n1\r\na\r\n1\r\na\r\n1\r\na\r\n";
    static const struct {
        const char *name, *at_once, *drip, *expect;
        enum tcn_refusal counted;
    } cases[] = {
        {"silent from the start", "", "", "", TCN_REFUSE_HEAD_TIMEOUT},
        {"half a head", "GET /x HT", "", "408", TCN_REFUSE_HEAD_TIMEOUT},
        {"slow head", "", slow_head, "408", TCN_REFUSE_HEAD_TIMEOUT},
        {"stalled body", POST "Content-Length: 100\r\n\r\nabc", "", "408", TCN_REFUSE_BODY_TIMEOUT},
        {"slow body", POST "Content-Length: 100\r\n\r\n", slow_body, "408",
         TCN_REFUSE_BODY_TIMEOUT},
        {"slow chunks", POST "Transfer-Encoding: chunked\r\n\r\n", slow_chunks, "408",
         TCN_REFUSE_BODY_TIMEOUT},
        {"idle after an answer", GET "\r\n", "", "200", TCN_REFUSE_NONE},
        {"slow second head", GET "\r\n", slow_head, "200 408", TCN_REFUSE_HEAD_TIMEOUT},
    };

    (void)state;
    for (size_t i = 0; i < N_OF(cases); i++) {
        struct timeval every = {.tv_usec = 5000};
        struct world w;
        struct client c;
        struct drip d = {.c = &c, .text = cases[i].drip};
        char text[64];

        world_init(&w);
        w.options.head_ms = 60;
        w.options.body_ms = 70;
        w.options.idle_ms = 80;
        world_listen(&w, NULL);
        d.tick = event_new(w.base, -1, EV_PERSIST, on_drip, &d);
        client_open(&c, &w);
        client_say(&c, cases[i].at_once);
        if (*cases[i].drip)
            event_add(d.tick, &every);
        wait_closed(&c);
        CHECK(cases[i].name, !*cases[i].drip || *d.text); /* it was not done sending */
        responses(&c, text, sizeof text);
        CHECK(cases[i].name, strcmp(text, cases[i].expect) == 0);
        CHECK(cases[i].name, !cases[i].counted || refused(&w, cases[i].counted) == 1);
        event_free(d.tick);
        client_close(&c);
        world_stop(&w);
    }
}

/* The clock runs for the client, not for the handler. */
static void slow_handlers_are_waited_for(void **state)
{
    struct timeval later = {.tv_usec = 120000};
    struct world w;
    struct client c, other;

    (void)state;
    world_init(&w);
    w.options.head_ms = w.options.body_ms = w.options.idle_ms = w.options.write_ms = 30;
    world_listen(&w, NULL);
    w.holds = true;
    client_open(&c, &w);
    client_say(&c, GET "\r\n");
    WAIT_UNTIL(&w, w.n_held == 1);
    client_open(&other, &w); /* its deadline passes meanwhile, twice */
    wait_closed(&other);
    event_base_loopexit(w.base, &later);
    event_base_dispatch(w.base);
    assert_false(c.has_eof);
    assert_true(answer(&w, w.held[0]->reply_id, "at last"));
    wait_responses(&c, 1);
    wait_closed(&c); /* idle */
    client_close(&other);
    client_close(&c);
    world_stop(&w);
}

static void those_who_never_read_are_dropped(void **state)
{
    struct world w;
    struct client c;
    size_t fds;

    (void)state;
    world_init(&w);
    w.options.write_ms = 60;
    world_listen(&w, NULL);
    fds = count_fds();
    w.reply_len = TCN_REPLY_BODY_MAX;
    client_open(&c, &w);
    event_del(c.readable);
    for (int i = 0; i < 100; i++)
        client_say(&c, GET "\r\n");
    WAIT_UNTIL(&w, refused(&w, TCN_REFUSE_WRITE_TIMEOUT) == 1);
    assert_int_equal(w.n_requests, 1); /* the next one waits for the answer to leave */
    assert_int_equal(open_now(&w), 0);
    assert_int_equal(tcn_server_stats(w.server)->backlog_bytes, 0);
    client_close(&c);
    turn(&w);
    assert_int_equal(count_fds(), fds);
    world_stop(&w);
}

/* Reads 128 KiB, then nothing for most of a deadline, and again. */
static void on_sip(evutil_socket_t fd, short what, void *arg)
{
    struct client *c = arg;
    char bytes[65536];

    (void)fd;
    (void)what;
    for (int i = 0; i < 6; i++) {
        ssize_t n = recv(c->fd, bytes, sizeof bytes, 0);

        if (n > 0)
            tcn_buf_add(&c->got, bytes, (size_t)n);
        c->has_eof |= n == 0;
    }
}

static void slow_readers_get_all(void **state)
{
    struct timeval every = {.tv_usec = 30000};
    struct world w;
    struct client c;
    struct event *sip;

    (void)state;
    world_init(&w);
    w.options.write_ms = 100;
    world_listen(&w, NULL);
    w.reply_len = TCN_REPLY_BODY_MAX;
    client_open(&c, &w);
    event_del(c.readable);
    sip = event_new(w.base, -1, EV_PERSIST, on_sip, &c);
    event_add(sip, &every);
    client_say(&c, GET "\r\n");
    wait_responses(&c, 1);
    assert_int_equal(refused(&w, TCN_REFUSE_WRITE_TIMEOUT), 0);
    assert_true(c.got.len > TCN_REPLY_BODY_MAX);
    event_free(sip);
    client_close(&c);
    world_stop(&w);
}

static void listening_rests_at_the_cap(void **state)
{
    struct world w;
    struct client c[6];

    (void)state;
    world_init(&w);
    w.options.max_connections = 4;
    world_listen(&w, NULL);
    w.holds = true;
    for (size_t i = 0; i < 6; i++) {
        client_open(&c[i], &w);
        client_say(&c[i], GET "\r\n");
    }
    WAIT_UNTIL(&w, w.n_held == 4);
    for (int i = 0; i < 20; i++)
        turn(&w);
    assert_int_equal(open_now(&w), 4);
    assert_int_equal(w.n_held, 4);
    for (size_t i = 0; i < 2; i++) {
        client_close(&c[i]); /* first come, first served: these two were accepted */
        answer(&w, w.held[i]->reply_id, "late");
    }
    WAIT_UNTIL(&w, w.n_held == 6);
    assert_int_equal(open_now(&w), 4);
    for (size_t i = 2; i < 6; i++) {
        answer(&w, w.held[i]->reply_id, "served");
        wait_responses(&c[i], 1);
        client_close(&c[i]);
    }
    WAIT_UNTIL(&w, open_now(&w) == 0);
    world_stop(&w);
}

static void an_address_has_its_share(void **state)
{
    static const char *const trusted[] = {"127.0.0.3/32", "2001:db8::/32", NULL};
    static const struct {
        const char *from;
        bool is_welcome;
    } steps[] = {
        {"127.0.0.1", true}, {"127.0.0.1", true}, {"127.0.0.1", false},
        {"127.0.0.2", true}, {"127.0.0.2", true}, {"127.0.0.3", true},
        {"127.0.0.3", true}, {"127.0.0.3", true}, {"127.0.0.2", false},
    };
    struct client c[N_OF(steps)];
    struct world w;

    (void)state;
    world_init(&w);
    w.options.max_per_address = 2;
    w.options.trusted = trusted;
    world_listen(&w, NULL);
    for (size_t i = 0; i < N_OF(steps); i++) {
        client_take(&c[i], &w, connect_from(&w, steps[i].from));
        client_say(&c[i], GET "\r\n");
        WAIT_UNTIL(&w, c[i].has_eof || n_responses(&c[i]) == 1);
        CHECK(steps[i].from, steps[i].is_welcome == !c[i].has_eof);
    }
    assert_int_equal(refused(&w, TCN_REFUSE_ADDRESS_CAP), 2);
    assert_int_equal(w.last_refusal, TCN_REFUSE_ADDRESS_CAP);
    for (size_t i = 0; i < N_OF(steps); i++)
        client_close(&c[i]);
    WAIT_UNTIL(&w, open_now(&w) == 0);
    client_open(&c[0], &w); /* the share is free again */
    client_say(&c[0], GET "\r\n");
    wait_responses(&c[0], 1);
    client_close(&c[0]);
    world_stop(&w);
}

static void bad_trusted_entries_are_told(void **state)
{
    static const char *const bad[] = {"",        "nowhere", "127.0.0.1/33", "127.0.0.1/",
                                      "::1/129", "1.2.3/8", "127.0.0.1/-1", "1.2.3.4.5"};
    struct world w;

    (void)state;
    world_init(&w);
    for (size_t i = 0; i < N_OF(bad); i++) {
        const char *const list[] = {"10.0.0.0/8", "::1", bad[i], NULL};
        struct tcn_err err = {0};

        w.options.trusted = list;
        CHECK(bad[i],
              tcn_server_new(w.base, w.router, &w.options, &w.server, &err) == TCN_EINVALID);
        CHECK(bad[i], strstr(err.msg, "no address"));
    }
    w.server = NULL;
    world_stop(&w);
}

/* With no descriptor left, the listener must rest instead of spinning, and the others are served. */
static void no_descriptors_left(void **state)
{
    struct rlimit before, tight;
    struct client good, late[4];
    struct world w;
    uint64_t n_failed;
    int filler[4096], top;
    size_t n = 0;

    (void)state;
    world_init(&w);
    w.options.pause_ms = 40;
    world_listen(&w, NULL);
    client_open(&good, &w);
    client_say(&good, GET "\r\n");
    wait_responses(&good, 1);
    for (size_t i = 0; i < 4; i++)
        client_open(&late[i], &w);
    top = dup(0);
    getrlimit(RLIMIT_NOFILE, &before);
    tight = before;
    tight.rlim_cur = (rlim_t)top + 1;
    close(top);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &tight), 0);
    while (n < N_OF(filler) && (filler[n] = dup(0)) >= 0)
        n++;
    WAIT_UNTIL(&w, refused(&w, TCN_REFUSE_ACCEPT_FAILED) > 0);
    client_say(&good, GET "\r\n");
    wait_responses(&good, 2);
    n_failed = refused(&w, TCN_REFUSE_ACCEPT_FAILED);
    for (int i = 0; i < 200; i++)
        turn(&w);
    assert_true(refused(&w, TCN_REFUSE_ACCEPT_FAILED) <= n_failed + 1);
    WAIT_UNTIL(&w, refused(&w, TCN_REFUSE_ACCEPT_FAILED) > n_failed); /* it tries again */
    setrlimit(RLIMIT_NOFILE, &before);
    while (n)
        close(filler[--n]);
    for (size_t i = 0; i < 4; i++) {
        client_say(&late[i], GET "\r\n");
        wait_responses(&late[i], 1);
        client_close(&late[i]);
    }
    client_close(&good);
    world_stop(&w);
}

static void connections_leave_descriptors_to_others(void **state)
{
    struct rlimit limit;
    struct world w;

    (void)state;
    getrlimit(RLIMIT_NOFILE, &limit);
    world_init(&w);
    w.options.max_connections = (size_t)limit.rlim_cur;
    w.options.reserve_fds = 50;
    world_listen(&w, NULL);
    assert_int_equal(tcn_server_stats(w.server)->max_connections, limit.rlim_cur - 50);
    world_stop(&w);
}

/* Slow heads fill most of the seats; somebody honest is served meanwhile. */
static void a_crowd_of_slow_heads_stops_nobody(void **state)
{
    enum { CROWD = 300 };
    struct client *crowd = calloc(CROWD, sizeof *crowd), good;
    struct world w;
    size_t fds;

    (void)state;
    world_init(&w);
    w.options.max_per_address = 1000;
    w.options.head_ms = 250;
    world_listen(&w, NULL);
    fds = count_fds();
    for (size_t i = 0; i < CROWD; i++) {
        client_open(&crowd[i], &w);
        client_say(&crowd[i], "GET /x HTTP/1.1\r\nX-A: ");
        turn(&w);
    }
    client_open(&good, &w);
    client_say(&good, POST "Content-Length: 3\r\n\r\nabc");
    wait_responses(&good, 1);
    WAIT_UNTIL(&w, refused(&w, TCN_REFUSE_HEAD_TIMEOUT) == CROWD);
    for (size_t i = 0; i < CROWD; i++) {
        wait_closed(&crowd[i]);
        client_close(&crowd[i]);
    }
    client_close(&good);
    WAIT_UNTIL(&w, open_now(&w) == 0);
    turn(&w);
    assert_int_equal(count_fds(), fds);
    free(crowd);
    world_stop(&w);
}

static void received_bodies_have_a_common_cap(void **state)
{
    enum { LEN = 100 << 10 };
    char *body = calloc(1, LEN);
    struct world w;
    struct client first, second;

    (void)state;
    memset(body, 'b', LEN);
    world_init(&w);
    w.options.max_bodies_bytes = 256 << 10;
    world_listen(&w, NULL);
    client_open(&first, &w);
    client_say(&first, POST "Content-Length: 204800\r\n\r\n");
    client_send(&first, body, LEN);
    WAIT_UNTIL(&w, tcn_server_stats(w.server)->bodies_bytes >= LEN);
    client_open(&second, &w);
    client_say(&second, POST "Content-Length: 204800\r\n\r\n");
    client_send(&second, body, LEN);
    client_send(&second, body, LEN);
    wait_responses(&second, 1);
    assert_true(got_text(&second, "HTTP/1.1 503 ") && got_text(&second, "Retry-After: 1\r\n"));
    client_send(&first, body, LEN);
    wait_responses(&first, 1);
    assert_true(got_text(&first, "HTTP/1.1 200 "));
    assert_int_equal(tcn_server_stats(w.server)->bodies_bytes, 0);
    client_close(&first);
    client_close(&second);
    world_stop(&w);
    free(body);
}

static void waiting_answers_have_a_common_cap(void **state)
{
    struct world w;
    struct client deaf, good;

    (void)state;
    world_init(&w);
    w.options.max_backlog_bytes = TCN_REPLY_BODY_MAX;
    world_listen(&w, NULL);
    client_open(&deaf, &w);
    event_del(deaf.readable);
    w.reply_len = TCN_REPLY_BODY_MAX;
    client_say(&deaf, GET "\r\n");
    WAIT_UNTIL(&w, tcn_server_stats(w.server)->backlog_bytes > 0);
    client_open(&good, &w);
    client_say(&good, GET "\r\n");
    wait_responses(&good, 1);
    assert_true(got_text(&good, "HTTP/1.1 503 "));
    w.reply_len = TCN_REPLY_BODY_MAX + 1;
    client_say(&good, GET "\r\n");
    wait_responses(&good, 2);
    assert_true(got_text(&good, "HTTP/1.1 500 "));
    w.reply_len = 0;
    client_say(&good, GET "\r\n"); /* small ones still go out, on the same connection */
    wait_responses(&good, 3);
    client_reset(&deaf);
    WAIT_UNTIL(&w, tcn_server_stats(w.server)->backlog_bytes == 0);
    client_close(&good);
    world_stop(&w);
}

static void a_connection_may_have_its_last_request(void **state)
{
    struct world w;
    struct client c;

    (void)state;
    world_init(&w);
    w.options.max_requests = 3;
    world_listen(&w, NULL);
    client_open(&c, &w);
    for (int i = 0; i < 5; i++)
        client_say(&c, GET "\r\n");
    wait_closed(&c);
    assert_false(c.was_reset);
    assert_int_equal(n_responses(&c), 3);
    assert_true(got_text(&c, "Connection: close\r\n"));
    client_close(&c);
    world_stop(&w);
}

static void draining_lets_the_begun_finish(void **state)
{
    struct world w;
    struct client idle, begun, pending;

    (void)state;
    world_start(&w);
    w.holds = true;
    client_open(&idle, &w);
    client_open(&begun, &w);
    client_open(&pending, &w);
    client_say(&begun, "GET /x HT");
    client_say(&pending, GET "\r\n" GET "\r\n");
    WAIT_UNTIL(&w, w.n_held == 1 && open_now(&w) == 3);
    for (int i = 0; i < 5; i++)
        turn(&w);
    tcn_server_drain(w.server);
    wait_closed(&idle);
    w.holds = false;
    client_say(&begun, "TP/1.1\r\nHost: a\r\n\r\n");
    wait_closed(&begun);
    assert_int_equal(n_responses(&begun), 1);
    assert_true(got_text(&begun, "Connection: close\r\n"));
    assert_true(answer(&w, w.held[0]->reply_id, "the last one"));
    wait_closed(&pending);
    assert_int_equal(n_responses(&pending), 1);
    assert_int_equal(tcn_server_port(w.server), 0);
    client_close(&idle);
    client_close(&begun);
    client_close(&pending);
    WAIT_UNTIL(&w, open_now(&w) == 0);
    world_stop(&w);
}

static bool has_sanitizer(void)
{
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
    return true;
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
    return true;
#endif
    return false;
}

static void serve_some(struct world *w, int n)
{
    for (int i = 0; i < n; i++) {
        struct client c;

        client_open(&c, w);
        client_say(&c, GET "\r\n" POST "Content-Length: 3\r\n\r\nabc"
                           "BREW");
        shutdown(c.fd, SHUT_WR);
        wait_closed(&c);
        client_close(&c);
    }
    WAIT_UNTIL(w, open_now(w) == 0);
    turn(w);
}

static void memory_and_descriptors_come_back(void **state)
{
    struct world w;
    size_t fds, bytes, after;

    (void)state;
    world_start(&w);
    serve_some(&w, 200);
    fds = count_fds();
    bytes = mallinfo2().uordblks;
    serve_some(&w, 2000);
    after = mallinfo2().uordblks;
    assert_int_equal(count_fds(), fds);
    if (!has_sanitizer())
        assert_true(after <= bytes + (64 << 10));
    world_stop(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(deadlines_end_what_stalls),
        cmocka_unit_test(slow_handlers_are_waited_for),
        cmocka_unit_test(those_who_never_read_are_dropped),
        cmocka_unit_test(slow_readers_get_all),
        cmocka_unit_test(listening_rests_at_the_cap),
        cmocka_unit_test(an_address_has_its_share),
        cmocka_unit_test(bad_trusted_entries_are_told),
        cmocka_unit_test(no_descriptors_left),
        cmocka_unit_test(connections_leave_descriptors_to_others),
        cmocka_unit_test(a_crowd_of_slow_heads_stops_nobody),
        cmocka_unit_test(received_bodies_have_a_common_cap),
        cmocka_unit_test(waiting_answers_have_a_common_cap),
        cmocka_unit_test(a_connection_may_have_its_last_request),
        cmocka_unit_test(draining_lets_the_begun_finish),
        cmocka_unit_test(memory_and_descriptors_come_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
