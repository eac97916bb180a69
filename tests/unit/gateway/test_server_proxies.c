/* gateway/server*.c behind proxies: who is told to have sent, and how many connections a proxy may have. */
#include "server_world.h"

#define GET "GET /x HTTP/1.1\r\nHost: a\r\n"
#define POST "POST /x HTTP/1.1\r\nHost: a\r\n"
#define FOR "X-Forwarded-For: 203.0.113.9, 198.51.100.7\r\n"

static const char *const proxies[] = {"127.0.0.2", "10.0.0.0/8", NULL};

static void start(struct world *w)
{
    world_init(w);
    w->options.body_ms = 60;
    w->options.write_ms = 60;
    world_listen(w, NULL);
    assert_int_equal(tcn_server_set_proxies(w->server, proxies, NULL), 0);
}

static void stop(struct world *w, struct client *c)
{
    client_close(c);
    world_stop(w);
}

/* Sends a request whose handler keeps it; who is told to have sent it. */
static const char *sender_of(struct world *w, struct client *c, const char *text)
{
    w->holds = true;
    client_say(c, text);
    WAIT_UNTIL(w, w->n_held == 1);
    return w->held[0]->peer;
}

static void answer_held(struct world *w, struct client *c)
{
    size_t n = n_responses(c);

    answer(w, w->held[0]->reply_id, "done");
    wait_responses(c, n + 1);
    world_free_held(w);
}

static void only_proxies_are_believed(void **state)
{
    static const struct {
        const char *from, *text, *sender;
    } cases[] = {
        {"127.0.0.2", GET FOR "\r\n", "198.51.100.7"},
        {"127.0.0.2", GET FOR "X-Forwarded-For: 10.1.1.1\r\n\r\n", "198.51.100.7"},
        {"127.0.0.2", POST FOR "Content-Length: 3\r\n\r\nabc", "198.51.100.7"},
        {"127.0.0.2", GET "X-Forwarded-For: unknown\r\n\r\n", "127.0.0.2"},
        {"127.0.0.2", GET "\r\n", "127.0.0.2"},
        {"127.0.0.3", GET FOR "\r\n", "127.0.0.3"},
        {"127.0.0.3", GET "X-Forwarded-For: 127.0.0.2\r\n\r\n", "127.0.0.3"},
    };

    (void)state;
    for (size_t i = 0; i < N_OF(cases); i++) {
        struct client c;
        struct world w;

        start(&w);
        client_take(&c, &w, connect_from(&w, cases[i].from));
        CHECK(cases[i].text, strcmp(sender_of(&w, &c, cases[i].text), cases[i].sender) == 0);
        stop(&w, &c);
    }
}

/* One connection of a proxy serves many clients: what one of them sent says nothing of the next. */
static void each_request_has_its_own_sender(void **state)
{
    struct client c;
    struct world w;

    (void)state;
    start(&w);
    client_take(&c, &w, connect_from(&w, "127.0.0.2"));
    assert_string_equal(sender_of(&w, &c, GET FOR "\r\n"), "198.51.100.7");
    answer_held(&w, &c);
    assert_string_equal(sender_of(&w, &c, GET "\r\n"), "127.0.0.2");
    answer_held(&w, &c);
    assert_string_equal(sender_of(&w, &c, GET "X-Forwarded-For: 2001:db8::7\r\n\r\n"),
                        "2001:db8::7");
    answer_held(&w, &c);
    client_say(&c, "GET /x HTTP/1.0\nHost: a\r\n" FOR "\r\n"); /* no head: nobody is named */
    wait_closed(&c);
    assert_string_equal(w.last_peer, "127.0.0.2");
    stop(&w, &c);
}

static void refusals_name_the_sender(void **state)
{
    static const struct {
        const char *name, *text;
        enum tcn_refusal why;
    } cases[] = {
        {"no route", "GET /nowhere HTTP/1.1\r\nHost: a\r\n" FOR "\r\n", TCN_REFUSE_NO_ROUTE},
        {"wrong method", "DELETE /x HTTP/1.1\r\nHost: a\r\n" FOR "\r\n", TCN_REFUSE_WRONG_METHOD},
        {"a body that is too large", POST FOR "Content-Length: 10000000\r\n\r\n",
         TCN_REFUSE_BODY_TOO_LARGE},
        {"no length", POST FOR "\r\n", TCN_REFUSE_LENGTH_REQUIRED},
        {"a body that stops", POST FOR "Content-Length: 9\r\n\r\nabc", TCN_REFUSE_BODY_TIMEOUT},
        {"a chunk that is none", POST FOR "Transfer-Encoding: chunked\r\n\r\nx\r\n",
         TCN_REFUSE_BAD_CHUNK_SIZE},
    };

    (void)state;
    for (size_t i = 0; i < N_OF(cases); i++) {
        struct client c;
        struct world w;

        start(&w);
        client_take(&c, &w, connect_from(&w, "127.0.0.2"));
        client_say(&c, cases[i].text);
        wait_responses(&c, 1);
        CHECK(cases[i].name, w.last_refusal == cases[i].why);
        CHECK(cases[i].name, strcmp(w.last_peer, "198.51.100.7") == 0);
        stop(&w, &c);
    }
}

static void an_answer_that_is_not_read_names_the_sender(void **state)
{
    struct client c;
    struct world w;

    (void)state;
    start(&w);
    w.reply_len = TCN_REPLY_BODY_MAX;
    client_take(&c, &w, connect_from(&w, "127.0.0.2"));
    event_del(c.readable);
    client_say(&c, GET FOR "\r\n");
    WAIT_UNTIL(&w, refused(&w, TCN_REFUSE_WRITE_TIMEOUT) == 1);
    assert_string_equal(w.last_peer, "198.51.100.7");
    stop(&w, &c);
}

static void a_proxy_is_not_one_person(void **state)
{
    enum { MANY = 20, SHARE = 2 };
    struct client c[MANY + SHARE + 1];
    struct world w;

    (void)state;
    world_init(&w);
    w.options.max_per_address = SHARE;
    world_listen(&w, NULL);
    assert_int_equal(tcn_server_set_proxies(w.server, proxies, NULL), 0);
    for (size_t i = 0; i < N_OF(c); i++) {
        client_take(&c[i], &w, connect_from(&w, i < MANY ? "127.0.0.2" : "127.0.0.3"));
        client_say(&c[i], GET FOR "\r\n"); /* all of one client */
        WAIT_UNTIL(&w, c[i].has_eof || n_responses(&c[i]) == 1);
        assert_true(c[i].has_eof == (i == MANY + SHARE));
    }
    assert_int_equal(refused(&w, TCN_REFUSE_ADDRESS_CAP), 1);
    assert_string_equal(w.last_peer, "127.0.0.3");
    for (size_t i = 0; i < N_OF(c); i++)
        client_close(&c[i]);
    world_stop(&w);
}

static void they_change_under_way(void **state)
{
    static const char *const bad[] = {"127.0.0.2", "nowhere", NULL};
    struct tcn_err err = {0};
    struct client c;
    struct world w;

    (void)state;
    start(&w);
    client_take(&c, &w, connect_from(&w, "127.0.0.2"));
    assert_string_equal(sender_of(&w, &c, GET FOR "\r\n"), "198.51.100.7");
    answer_held(&w, &c);
    assert_int_equal(tcn_server_set_proxies(w.server, bad, &err), TCN_EINVALID);
    assert_non_null(strstr(err.msg, "nowhere"));
    assert_string_equal(sender_of(&w, &c, GET FOR "\r\n"), "198.51.100.7");
    answer_held(&w, &c);
    assert_int_equal(tcn_server_set_proxies(w.server, NULL, NULL), 0);
    assert_string_equal(sender_of(&w, &c, GET FOR "\r\n"), "127.0.0.2");
    answer_held(&w, &c);
    stop(&w, &c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_proxies_are_believed),
        cmocka_unit_test(each_request_has_its_own_sender),
        cmocka_unit_test(refusals_name_the_sender),
        cmocka_unit_test(an_answer_that_is_not_read_names_the_sender),
        cmocka_unit_test(a_proxy_is_not_one_person),
        cmocka_unit_test(they_change_under_way),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
