/* gateway/server*.c on real sockets: hostile bytes, what requests carry, their order, and how connections end. */
#include "hostile.h"
#include "server_world.h"

#include <jansson.h>

/* Sends h cut in two, and takes what comes until the server closes, or the expected answers are there and the client
 * has ended its side. */
static void run_bytes(struct world *w, const char *bytes, size_t len, size_t cut, bool half_close,
                      size_t n_expected, struct client *c)
{
    client_open(c, w);
    client_send(c, bytes, cut);
    turn(w);
    turn(w);
    client_send(c, bytes + cut, len - cut);
    if (half_close)
        shutdown(c->fd, SHUT_WR);
    WAIT_UNTIL(w, c->has_eof || (n_expected && n_responses(c) >= n_expected));
    shutdown(c->fd, SHUT_WR);
    wait_closed(c);
}

static size_t count_words(const char *text)
{
    size_t n = *text != '\0';

    for (; *text; text++)
        n += *text == ' ';
    return n;
}

static size_t count_word(const char *text, const char *word)
{
    size_t n = 0;

    for (; (text = strstr(text, word)); text++)
        n++;
    return n;
}

/* The answer to HEAD announces a body that does not come. */
static bool is_whole_head_answer(const struct client *c, const char *expect)
{
    return strcmp(expect, "200") == 0 && c->got.len > 16 &&
           strncmp(c->got.ptr, "HTTP/1.1 200 ", 13) == 0 &&
           strcmp(c->got.ptr + c->got.len - 4, "\r\n\r\n") == 0;
}

static void check_hostile(struct world *w, const struct hostile *h, const char *bytes, size_t len,
                          size_t cut)
{
    const char *expect = h->at_server ? h->at_server : h->expect;
    bool is_head = strncmp(bytes, "HEAD", 4) == 0;
    size_t before = w->n_requests;
    struct client c;
    char text[256];

    run_bytes(w, bytes, len, cut, h->half_close || is_head, count_words(expect), &c);
    responses(&c, text, sizeof text);
    if (strcmp(text, expect) != 0 && !(is_head && is_whole_head_answer(&c, expect)))
        fail_msg("case \"%s\" cut at %zu: \"%s\", not \"%s\"", h->name, cut, text, expect);
    CHECK(h->name, !c.was_reset);
    CHECK(h->name, w->n_requests - before == count_word(expect, "200"));
    CHECK(h->name, w->n_hidden == 0);
    client_close(&c);
}

static void hostile_bytes_reach_nothing(void **state)
{
    struct world w;

    (void)state;
    world_start(&w);
    for (size_t i = 0; i < N_OF(hostile); i++) {
        size_t len;
        char *bytes = hostile_bytes(&hostile[i], &len);
        const size_t cuts[] = {0, 1, len / 3, len / 2, len - 1};

        for (size_t k = 0; k < N_OF(cuts); k++)
            check_hostile(&w, &hostile[i], bytes, len, cuts[k]);
        free(bytes);
    }
    WAIT_UNTIL(&w, open_now(&w) == 0);
    assert_int_equal(tcn_server_stats(w.server)->bodies_bytes, 0);
    assert_int_equal(tcn_server_stats(w.server)->backlog_bytes, 0);
    world_stop(&w);
}

static void check_recorded(struct world *w, const char *dir, json_t *row)
{
    const char *name = json_string_value(json_object_get(row, "name"));
    const char *tap = json_string_value(json_object_get(row, "with_tap"));
    size_t len = (size_t)json_integer_value(json_object_get(row, "bytes"));
    size_t most = count_word(tap, "200") + (strncmp(name, "pipelining valid", 16) == 0);
    char path[512], *bytes = malloc(len + 1);
    struct client c;
    FILE *f;

    snprintf(path, sizeof path, "%s/%s", dir, json_string_value(json_object_get(row, "file")));
    f = fopen(path, "rb");
    assert_non_null(f);
    assert_int_equal(fread(bytes, 1, len, f), len);
    fclose(f);
    w->n_requests = 0;
    run_bytes(w, bytes, len, len / 2, true, 0, &c);
    CHECK(name, w->n_requests <= most);
    client_close(&c);
    free(bytes);
}

static void recorded_bytes_reach_nothing(void **state)
{
    const char *dir = getenv("TOCSIN_HTTP_HOSTILE");
    char path[512];
    struct world w;
    json_t *rows, *row;
    size_t i, n = 0;

    (void)state;
    if (!dir)
        skip();
    snprintf(path, sizeof path, "%s/index.json", dir);
    rows = json_load_file(path, 0, NULL);
    assert_non_null(rows);
    world_start(&w);
    json_array_foreach(rows, i, row)
    {
        if (json_is_string(json_object_get(row, "file"))) {
            check_recorded(&w, dir, row);
            n++;
        }
    }
    assert_true(n > 0);
    json_decref(rows);
    world_stop(&w);
}

static void requests_carry_everything(void **state)
{
    struct world w;
    struct client c;
    struct tcn_request *rq;
    struct tcn_str value;
    size_t at = 0;

    (void)state;
    world_start(&w);
    w.holds = true;
    client_open(&c, &w);
    client_say(&c, "POST /items/a%20b?x=%31&y HTTP/1.1\r\nHost: h\r\nX-Two: 1\r\nx-two: 2\r\n"
                   "Content-Length: 5\r\n\r\nhe");
    client_send(&c, "\0lo", 3);
    WAIT_UNTIL(&w, w.n_held == 1);
    rq = w.held[0];
    assert_int_equal(rq->method, TCN_POST);
    assert_true(tcn_str_eq(rq->target, TCN_STR("/items/a%20b?x=%31&y")));
    assert_true(tcn_str_eq(rq->path, TCN_STR("/items/a%20b")));
    assert_true(tcn_str_eq(rq->query, TCN_STR("x=%31&y")));
    assert_string_equal(rq->route->pattern, "/items/{id}");
    assert_int_equal(rq->n_captures, 1);
    assert_string_equal(rq->captures[0].ptr, "a b");
    assert_int_equal(rq->body_len, 5);
    assert_memory_equal(rq->body, "he\0lo", 6);
    assert_string_equal(rq->peer, "127.0.0.1");
    assert_ptr_equal(rq->server, w.server);
    assert_false(rq->is_tls);
    assert_null(rq->client_names);
    assert_true(tcn_server_request_header(rq, TCN_STR("X-TWO"), &value));
    assert_true(tcn_str_eq(value, TCN_STR("1")));
    assert_true(tcn_server_request_next(rq, TCN_STR("X-Two"), &at, &value));
    assert_true(tcn_server_request_next(rq, TCN_STR("X-Two"), &at, &value));
    assert_true(tcn_str_eq(value, TCN_STR("2")));
    assert_false(tcn_server_request_next(rq, TCN_STR("X-Two"), &at, &value));
    assert_false(tcn_server_request_header(rq, TCN_STR("X-Three"), &value));
    assert_true(answer(&w, rq->reply_id, "done"));
    assert_false(answer(&w, rq->reply_id, "twice"));
    wait_responses(&c, 1);
    client_close(&c);
    world_stop(&w);
}

static void bodies_come_whole(void **state)
{
    enum { LEN = 256 << 10 };
    char *body = malloc(LEN);
    struct world w;
    struct client c;

    (void)state;
    for (size_t i = 0; i < LEN; i++)
        body[i] = (char)('a' + i % 23);
    world_start(&w);
    w.holds = true;
    client_open(&c, &w);
    client_say(&c, "PUT /x HTTP/1.1\r\nHost: a\r\nContent-Length: 262144\r\n\r\n");
    client_send(&c, body, LEN);
    WAIT_UNTIL(&w, w.n_held == 1);
    assert_int_equal(w.held[0]->body_len, LEN);
    assert_memory_equal(w.held[0]->body, body, LEN);
    assert_int_equal(tcn_server_stats(w.server)->bodies_bytes, 0);
    client_close(&c);
    world_stop(&w);
    free(body);
}

/* One at a time, in order, whatever is pipelined. */
static void one_request_is_in_hand(void **state)
{
    struct world w;
    struct client c;

    (void)state;
    world_start(&w);
    w.holds = true;
    client_open(&c, &w);
    for (int i = 0; i < 20000; i++)
        send(c.fd, GET "\r\n", strlen(GET "\r\n"), MSG_NOSIGNAL | MSG_DONTWAIT);
    WAIT_UNTIL(&w, w.n_held == 1);
    for (int i = 0; i < 50; i++)
        turn(&w);
    assert_int_equal(w.n_held, 1);
    for (size_t i = 0; i < 20; i++) {
        char text[32];

        WAIT_UNTIL(&w, w.n_held == i + 1);
        assert_int_equal(n_responses(&c), i);
        snprintf(text, sizeof text, "answer %zu", i);
        assert_true(answer(&w, w.held[i]->reply_id, text));
        wait_responses(&c, i + 1);
        assert_true(got_text(&c, text));
    }
    client_close(&c);
    WAIT_UNTIL(&w, open_now(&w) == 0 || w.n_held > 20);
    world_stop(&w);
}

static void continue_is_said_only_to_the_welcome(void **state)
{
    static const struct {
        const char *name, *request, *expect;
    } cases[] = {
        {"welcome", POST "Expect: 100-continue\r\nContent-Length: 3\r\n\r\n", "100"},
        {"chunked", POST "Expect: 100-Continue\r\nTransfer-Encoding: chunked\r\n\r\n", "100"},
        {"too large", POST "Expect: 100-continue\r\nContent-Length: 262145\r\n\r\n", "413"},
        {"no such path",
         "POST /no HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n",
         "404"},
        {"other method",
         "DELETE /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n",
         "405"},
        {"nothing to wait for", POST "Expect: 100-continue\r\nContent-Length: 0\r\n\r\n", "200"},
    };
    struct world w;

    (void)state;
    world_start(&w);
    for (size_t i = 0; i < N_OF(cases); i++) {
        struct client c;
        char text[64];

        client_open(&c, &w);
        client_say(&c, cases[i].request);
        wait_responses(&c, 1);
        responses(&c, text, sizeof text);
        CHECK(cases[i].name, strcmp(text, cases[i].expect) == 0);
        client_close(&c);
    }
    world_stop(&w);
}

static void half_close_still_gets_the_answer(void **state)
{
    struct world w;
    struct client c;

    (void)state;
    world_start(&w);
    w.holds = true;
    client_open(&c, &w);
    client_say(&c, GET "\r\n" GET "\r\n");
    shutdown(c.fd, SHUT_WR);
    WAIT_UNTIL(&w, w.n_held == 1);
    turn(&w);
    assert_true(answer(&w, w.held[0]->reply_id, "first"));
    WAIT_UNTIL(&w, w.n_held == 2);
    assert_true(answer(&w, w.held[1]->reply_id, "second"));
    wait_closed(&c);
    assert_false(c.was_reset);
    assert_int_equal(n_responses(&c), 2);
    client_close(&c);
    world_stop(&w);
}

static void answers_to_the_gone_are_dropped(void **state)
{
    struct world w;
    struct client c, other;
    uint64_t id;

    (void)state;
    world_start(&w);
    w.holds = true;
    client_open(&c, &w);
    client_say(&c, GET "\r\n");
    WAIT_UNTIL(&w, w.n_held == 1);
    id = w.held[0]->reply_id;
    client_reset(&c);
    WAIT_UNTIL(&w, open_now(&w) == 0);
    /* the slot is taken again: the old id must not reach the new connection */
    client_open(&other, &w);
    client_say(&other, GET "\r\n");
    WAIT_UNTIL(&w, w.n_held == 2);
    assert_false(answer(&w, id, "for the one before"));
    assert_false(answer(&w, 0, "for nobody"));
    assert_false(answer(&w, UINT64_MAX, "for nobody"));
    w.reply_len = 100000;
    answer_large(&w, id); /* frees the body */
    assert_true(answer(&w, w.held[1]->reply_id, "for you"));
    wait_responses(&other, 1);
    assert_true(got_text(&other, "for you"));
    client_close(&other);
    world_stop(&w);
}

/* 300 connections that are reset at any moment of their life. */
static void resets_leave_nothing(void **state)
{
    static const char request[] = POST "Content-Length: 3\r\n\r\nabc";
    struct world w;
    size_t fds;

    (void)state;
    world_start(&w);
    turn(&w);
    fds = count_fds();
    for (int i = 0; i < 300; i++) {
        struct client c;

        w.holds = i % 3 == 0;
        client_open(&c, &w);
        client_send(&c, request, (size_t)i % sizeof request);
        for (int k = 0; k < i % 4; k++)
            turn(&w);
        client_reset(&c);
        if (w.n_held > HELD_MAX / 2)
            world_free_held(&w);
    }
    WAIT_UNTIL(&w, open_now(&w) == 0);
    turn(&w);
    assert_int_equal(count_fds(), fds);
    assert_int_equal(tcn_server_stats(w.server)->accepted, 300);
    world_stop(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hostile_bytes_reach_nothing),
        cmocka_unit_test(recorded_bytes_reach_nothing),
        cmocka_unit_test(requests_carry_everything),
        cmocka_unit_test(bodies_come_whole),
        cmocka_unit_test(one_request_is_in_hand),
        cmocka_unit_test(continue_is_said_only_to_the_welcome),
        cmocka_unit_test(half_close_still_gets_the_answer),
        cmocka_unit_test(answers_to_the_gone_are_dropped),
        cmocka_unit_test(resets_leave_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
