/* Requests that state no length: what is answered first, where they are taken, and that nothing behind them is run. */
#include "server_world.h"

#define HIDDEN "GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n"

static void add(struct world *w, const char *method, const char *pattern, unsigned flags)
{
    struct tcn_route route = {
        .method = method, .pattern = pattern, .body_cap_bytes = 100, .flags = flags};

    assert_int_equal(tcn_router_add(w->router, &route, NULL), 0);
}

static void start(struct world *w)
{
    world_start(w);
    add(w, "GET", "/look", 0);
    add(w, "POST", "/act", TCN_ROUTE_BODY_OPTIONAL);
}

static void the_most_useful_answer_comes_first(void **state)
{
    static const struct {
        const char *name, *head, *status, *says;
        enum tcn_refusal counted;
    } cases[] = {
        {"no such path", "POST /nowhere HTTP/1.1\r\nHost: a\r\n\r\n", "404", "nothing is served",
         TCN_REFUSE_NO_ROUTE},
        {"a path that is only read", "POST /look HTTP/1.1\r\nHost: a\r\n\r\n", "405",
         "; it takes GET, HEAD", TCN_REFUSE_WRONG_METHOD},
        {"PUT as well", "PUT /look HTTP/1.1\r\nHost: a\r\n\r\n", "405", "\r\nAllow: GET, HEAD\r\n",
         TCN_REFUSE_WRONG_METHOD},
        {"an unsafe path", "POST /x/../look HTTP/1.1\r\nHost: a\r\n\r\n", "400", "bad_path",
         TCN_REFUSE_BAD_PATH},
        {"a path that takes it, with a length", "POST /x HTTP/1.1\r\nHost: a\r\n\r\n", "411",
         "curl -d ''", TCN_REFUSE_LENGTH_REQUIRED},
        {"a body that may be left out, PATCH", "PATCH /act HTTP/1.1\r\nHost: a\r\n\r\n", "405",
         "; it takes POST", TCN_REFUSE_WRONG_METHOD},
    };

    (void)state;
    for (size_t i = 0; i < N_OF(cases); i++) {
        struct world w;
        struct client c;
        char text[64];

        start(&w);
        client_open(&c, &w);
        client_say(&c, cases[i].head);
        client_say(&c, HIDDEN);
        wait_closed(&c);
        responses(&c, text, sizeof text);
        CHECK(cases[i].name, strcmp(text, cases[i].status) == 0);
        CHECK(cases[i].name, got_text(&c, cases[i].says));
        CHECK(cases[i].name, got_text(&c, "Connection: close\r\n"));
        CHECK(cases[i].name, refused(&w, cases[i].counted) == 1);
        CHECK(cases[i].name, w.n_requests == 0);
        client_close(&c);
        world_stop(&w);
    }
}

static void a_body_may_be_left_out_where_the_route_says_so(void **state)
{
    static const struct {
        const char *name, *bytes, *status;
    } cases[] = {
        {"curl -X POST", "POST /act HTTP/1.1\r\nHost: a\r\n\r\n", "200"},
        {"curl -d ''",
         "POST /act HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\nContent-Length: 0\r\n\r\n",
         "200"},
        {"another route", "POST /x HTTP/1.1\r\nHost: a\r\n\r\n", "411"},
        {"HTTP/1.0, where a body may end with the connection",
         "POST /act HTTP/1.0\r\nHost: a\r\n\r\n", "411"},
        {"a kind of body is said", "POST /act HTTP/1.1\r\nHost: a\r\ncontent-type: a/b\r\n\r\n",
         "411"},
        {"a body is announced", "POST /act HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n",
         "411"},
        {"a body is there", "POST /act HTTP/1.1\r\nHost: a\r\n\r\n{\"note\": 1}", "411"},
        {"a request is there", "POST /act HTTP/1.1\r\nHost: a\r\n\r\n" HIDDEN, "411"},
    };

    (void)state;
    for (size_t i = 0; i < N_OF(cases); i++) {
        struct world w;
        struct client c;
        char text[64];
        bool is_taken = strcmp(cases[i].status, "200") == 0;

        start(&w);
        client_open(&c, &w);
        client_say(&c, cases[i].bytes);
        wait_responses(&c, 1);
        responses(&c, text, sizeof text);
        CHECK(cases[i].name, strcmp(text, cases[i].status) == 0);
        CHECK(cases[i].name, w.n_requests == is_taken);
        CHECK(cases[i].name, refused(&w, TCN_REFUSE_LENGTH_REQUIRED) == !is_taken);
        client_close(&c);
        world_stop(&w);
    }
}

/* A body that comes after the head was taken for all there is must not be read as a request. */
static void what_comes_behind_is_not_run(void **state)
{
    struct world w;
    struct client c;

    (void)state;
    start(&w);
    w.holds = true;
    client_open(&c, &w);
    client_say(&c, "POST /act HTTP/1.1\r\nHost: a\r\n\r\n");
    WAIT_UNTIL(&w, w.n_held == 1);
    assert_int_equal(w.held[0]->body_len, 0);
    client_say(&c, HIDDEN);
    turn(&w);
    assert_true(answer(&w, w.held[0]->reply_id, "done"));
    wait_closed(&c);
    assert_int_equal(n_responses(&c), 1);
    assert_true(got_text(&c, "Connection: close\r\n"));
    assert_int_equal(w.n_requests, 1);
    assert_int_equal(w.n_hidden, 0);
    client_close(&c);
    world_stop(&w);
}

static void a_head_in_pieces_is_the_same(void **state)
{
    static const char head[] = "POST /act HTTP/1.1\r\nHost: a\r\n\r\n";
    struct world w;
    struct client c;

    (void)state;
    start(&w);
    client_open(&c, &w);
    for (size_t i = 0; i < sizeof head - 1; i++) {
        client_send(&c, head + i, 1);
        turn(&w);
    }
    wait_closed(&c);
    assert_true(got_text(&c, "HTTP/1.1 200 OK\r\n"));
    assert_int_equal(w.n_requests, 1);
    client_close(&c);
    world_stop(&w);
}

static void too_large_says_how_much_is_taken(void **state)
{
    struct world w;
    struct client c;

    (void)state;
    start(&w);
    client_open(&c, &w);
    client_say(&c, "POST /act HTTP/1.1\r\nHost: a\r\nContent-Length: 101\r\n\r\n");
    wait_closed(&c);
    assert_true(got_text(&c, "HTTP/1.1 413 "));
    assert_true(got_text(&c, "the body is larger than this route allows; it takes 100 bytes\"}}"));
    client_close(&c);
    world_stop(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_most_useful_answer_comes_first),
        cmocka_unit_test(a_body_may_be_left_out_where_the_route_says_so),
        cmocka_unit_test(what_comes_behind_is_not_run),
        cmocka_unit_test(a_head_in_pieces_is_the_same),
        cmocka_unit_test(too_large_says_how_much_is_taken),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
