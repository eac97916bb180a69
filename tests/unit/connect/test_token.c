/* Access tokens against a small server that gives them, or does not: who waits, what is asked how often, what shows. */
#include "loop.h"

#include "connect/token.h"

#include <unistd.h>

#define NO_TOKEN "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"
#define NEVER 1000u

/* ---- the server: /token answers by `how`, everything else wants the newest token ---- */

enum how {
    GIVES,
    REFUSES,
    IS_DOWN,
    IS_BUSY,
    SHOWS_A_PAGE,
    GIVES_NONE,
    GIVES_ANOTHER_TYPE,
    GIVES_TWO_LINES,
    HANGS
};

static struct {
    struct loop loop;
    enum how how;
    const char *life;     /* ", "expires_in": N" or "" */
    unsigned asked, used; /* requests for tokens, and with one */
    unsigned good_from;   /* tokens before it are refused */
    bool echoes;          /* what it was sent comes back as an error */
    struct bufferevent *held;
    bool holds;      /* the next request for a token waits for release() */
    char form[4000]; /* the last request for a token */
} server;

static void say(struct bufferevent *bev, const char *text)
{
    bufferevent_write(bev, text, strlen(text));
}

static void reply(struct bufferevent *bev, const char *status, const char *type, const char *body)
{
    evbuffer_add_printf(bufferevent_get_output(bev),
                        "HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n\r\n%s", status,
                        type, strlen(body), body);
}

static void give(struct bufferevent *bev)
{
    char body[300];

    snprintf(body, sizeof body, "{\"access_token\": \"t0ken-%u\", \"token_type\": \"bearer\"%s}",
             server.asked, server.life);
    reply(bev, "200 OK", "application/json", body);
}

static void answer_token(struct bufferevent *bev)
{
    switch (server.how) {
    case GIVES:
        give(bev);
        break;
    case REFUSES:
        reply(bev, "401 Unauthorized", "application/json",
              "{\"error\": \"invalid_client\", \"error_description\": \"no "
              "c4nary-\\\"s\\\\ecret/=&\"}");
        break;
    case IS_DOWN:
        reply(bev, "503 Down", "text/plain", "");
        break;
    case IS_BUSY:
        say(bev, "HTTP/1.1 429 Slow\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n");
        break;
    case SHOWS_A_PAGE:
        reply(bev, "200 OK", "text/html", "<html>hibernating</html>");
        break;
    case GIVES_NONE:
        reply(bev, "200 OK", "application/json", "{\"token\": \"x\"}");
        break;
    case GIVES_ANOTHER_TYPE:
        reply(bev, "200 OK", "application/json",
              "{\"access_token\": \"x\", \"token_type\": \"mac\"}");
        break;
    case GIVES_TWO_LINES:
        reply(bev, "200 OK", "application/json", "{\"access_token\": \"x\\r\\nX-Evil: 1\"}");
        break;
    case HANGS:
    default:
        break;
    }
}

static void answer_call(struct bufferevent *bev, const char *text)
{
    const char *at = strstr(text, "Authorization: Bearer t0ken-");
    unsigned n = at ? (unsigned)atoi(at + strlen("Authorization: Bearer t0ken-")) : 0;

    server.used++;
    if (server.echoes)
        reply(bev, "400 Bad", "text/plain", text);
    else if (n < server.good_from || n == 0)
        say(bev, NO_TOKEN);
    else
        reply(bev, "200 OK", "application/json", "{\"id\": \"r-1\"}");
}

static void on_event(struct bufferevent *bev, short what, void *ctx)
{
    (void)ctx;
    if (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR))
        loop_close(bev);
}

static void on_read(struct bufferevent *bev, void *ctx)
{
    struct evbuffer *in = bufferevent_get_input(bev);
    char text[4000];
    size_t n = evbuffer_get_length(in);
    const char *end, *length;

    (void)ctx;
    assert_true(n < sizeof text);
    evbuffer_copyout(in, text, n);
    text[n] = 0;
    end = strstr(text, "\r\n\r\n");
    length = strstr(text, "Content-Length:");
    if (!end || (length && strlen(end + 4) < (size_t)atoi(length + 15)))
        return;
    evbuffer_drain(in, n);
    if (strncmp(text, "POST /base/token.do ", 20) != 0) {
        answer_call(bev, text);
        return;
    }
    server.asked++;
    snprintf(server.form, sizeof server.form, "%s", text);
    if (server.holds)
        server.held = bev;
    else
        answer_token(bev);
}

static void on_connection(struct evconnlistener *l, evutil_socket_t fd, struct sockaddr *addr,
                          int len, void *ctx)
{
    struct bufferevent *bev =
        bufferevent_socket_new(evconnlistener_get_base(l), fd, BEV_OPT_CLOSE_ON_FREE);

    (void)addr;
    (void)len;
    loop_keep(bev);
    bufferevent_setcb(bev, on_read, NULL, on_event, ctx);
    bufferevent_enable(bev, EV_READ | EV_WRITE);
}

/* ---- the connector ---- */

struct state {
    const char *url, *user, *client, *scheme;
};

static const struct tocsin_option options[] = {
    TOCSIN_OPT(struct state, url, URL, NULL, TOCSIN_REQUIRED, "base"),
    TOCSIN_OPT(struct state, scheme, STR, "oauth2:/token.do", 0, "-"),
    TOCSIN_OPT(struct state, user, STR, "a user", 0, "-"),
    TOCSIN_OPT_SECRET(password, 0, "-"),
    TOCSIN_OPT(struct state, client, STR, "a&b", 0, "-"),
    TOCSIN_OPT_SECRET(secret, 0, "-"),
    TOCSIN_OPT_END,
};

static int render(const struct tocsin_instance *in, const struct tocsin_op *op,
                  struct tocsin_request *rq)
{
    const struct state *s = in->state;

    if (TOCSIN_REQUEST(in->host, rq, op->verb == TOCSIN_CREATE ? "POST" : "GET", s->url, "/r") < 0)
        return -1;
    return in->host->auth(rq, s->scheme, "client", "secret");
}

static int interpret(const struct tocsin_instance *in, const struct tocsin_op *op,
                     const struct tocsin_response *rs, struct tocsin_result *out,
                     struct tocsin_sink *sink)
{
    (void)sink;
    in->host->classify(op, rs, out);
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

static struct rig rig;
static int64_t now_ms;

static int64_t test_now(void *ctx)
{
    (void)ctx;
    return now_ms;
}

static void open_rig(const char *more)
{
    char config[600];

    snprintf(
        config, sizeof config,
        "{\"url\": \"http://127.0.0.1:%d/base/\", \"secret\": {\"env\": \"CANARY\"}, "
        "\"password\": {\"env\": \"OTHER\"}, \"timeout\": \"1s\", \"allow\": [\"localhost\"]%s}",
        server.loop.port, more);
    rig_init(&rig, &connector, config);
}

static int setup(void **unused)
{
    (void)unused;
    memset(&server, 0, sizeof server);
    server.life = ", \"expires_in\": 1800";
    now_ms = INT64_C(1785690600000);
    loop_init(&server.loop, on_connection, NULL);
    tcn_hub_free(server.loop.hub);
    server.loop.hub = tcn_hub_new(server.loop.base, server.loop.pump, test_now, NULL);
    open_rig("");
    return 0;
}

static int teardown(void **unused)
{
    (void)unused;
    rig_done(&rig);
    loop_done(&server.loop);
    return 0;
}

static void check_clean(const struct tcn_outcome *o)
{
    const char *const texts[] = {o->result.reason, o->request, o->response};
    static const char *const secrets[] = {"t0ken", "c4nary-\"", "c4nary-%22", "another-word"};

    for (size_t i = 0; i < 3; i++)
        for (size_t j = 0; j < sizeof secrets / sizeof secrets[0]; j++)
            assert_true(!texts[i] || !strstr(texts[i], secrets[j]));
}

/* The outcome of one call; *ret_reason has room for 256. */
static uint32_t call(uint32_t verb, char *ret_reason)
{
    struct tocsin_op op = {.verb = verb, .attempt = 1, .op_id = "op-1", .remote_id = "r-1"};
    struct tcn_outcome *o = loop_call(&server.loop, rig.instance, &op);
    uint32_t outcome = o->result.outcome;

    check_clean(o);
    if (ret_reason)
        memcpy(ret_reason, o->result.reason, sizeof o->result.reason);
    tcn_outcome_free(o);
    return outcome;
}

static void expect(uint32_t outcome, unsigned asked, unsigned used)
{
    assert_int_equal(call(TOCSIN_CREATE, NULL), outcome);
    assert_int_equal(server.asked, asked);
    assert_int_equal(server.used, used);
}

/* ---- cases ---- */

static void one_serves_until_four_fifths_of_its_life(void **unused)
{
    (void)unused;
    expect(TOCSIN_OK, 1, 1);
    expect(TOCSIN_OK, 1, 2);
    now_ms += 1440 * 1000 - 1;
    expect(TOCSIN_OK, 1, 3);
    now_ms += 1;
    expect(TOCSIN_OK, 2, 4);
}

static void the_form_is_that_of_the_grant(void **unused)
{
    (void)unused;
    expect(TOCSIN_OK, 1, 1);
    assert_non_null(strstr(server.form, "Content-Type: application/x-www-form-urlencoded\r\n"));
    assert_non_null(strstr(server.form, "Accept: application/json\r\n"));
    assert_null(strstr(server.form, "Authorization"));
    assert_string_equal(strstr(server.form, "\r\n\r\n") + 4,
                        "grant_type=client_credentials&client_id=a%26b&client_secret=c4nary-%22s%"
                        "5Cecret%2F%3D%26");
    rig_done(&rig);
    open_rig(", \"scheme\": \"oauth2-password:/token.do\"");
    expect(TOCSIN_OK, 2, 2);
    assert_string_equal(strstr(server.form, "\r\n\r\n") + 4,
                        "grant_type=password&client_id=a%26b&client_secret=c4nary-%22s%5Cecret%2F%"
                        "3D%26&username=a%20user&password=another-word");
}

static void lives_that_are_not_told_or_odd(void **unused)
{
    static const struct {
        const char *life;
        int64_t good_ms;
    } cases[] = {{"", 239999},
                 {", \"expires_in\": \"1800\"", 239999},
                 {", \"expires_in\": null", 239999},
                 {", \"expires_in\": 10.0", 7999},
                 {", \"expires_in\": 1e300", 69119999},
                 {", \"expires_in\": 0", -1},
                 {", \"expires_in\": -5", -1}};

    (void)unused;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        unsigned asked = server.asked;

        server.life = cases[i].life;
        now_ms += INT64_C(86400000);
        assert_int_equal(call(TOCSIN_GET, NULL), TOCSIN_OK);
        assert_int_equal(server.asked, asked + 1);
        now_ms += cases[i].good_ms > 0 ? cases[i].good_ms : 0;
        assert_int_equal(call(TOCSIN_GET, NULL), TOCSIN_OK);
        assert_int_equal(server.asked, asked + (cases[i].good_ms > 0 ? 1 : 2));
    }
}

static void endpoints_that_give_none(void **unused)
{
    static const struct {
        enum how how;
        uint32_t outcome;
        const char *reason;
    } cases[] = {
        {REFUSES, TOCSIN_AUTH,
         "no access token: the remote answered 401: check the credentials: invalid_client, no "
         "[secret secret]"},
        {IS_DOWN, TOCSIN_RETRY, "no access token: the remote answered 503"},
        {IS_BUSY, TOCSIN_RETRY, "no access token: the remote answered 429"},
        {SHOWS_A_PAGE, TOCSIN_RETRY, "no access token: the remote answered 200 with a web page"},
        {GIVES_NONE, TOCSIN_RETRY, "no access token: the answer has none"},
        {GIVES_ANOTHER_TYPE, TOCSIN_AUTH, "no access token: it is of another type than Bearer"},
        {GIVES_TWO_LINES, TOCSIN_RETRY, "no access token: the answer has none"},
        {HANGS, TOCSIN_RETRY, "no access token: sent, but the answer was lost"},
    };

    (void)unused;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct tocsin_op op = {.verb = TOCSIN_CREATE, .attempt = 1};
        struct tcn_outcome *o;

        server.how = cases[i].how;
        o = loop_call(&server.loop, rig.instance, &op);
        check_clean(o);
        if (o->result.outcome != cases[i].outcome || !strstr(o->result.reason, cases[i].reason))
            fail_msg("case %zu: %u %s", i, o->result.outcome, o->result.reason);
        assert_int_equal(o->net, TOCSIN_NET_NOT_SENT); /* of what was asked for, nothing was */
        assert_int_equal(o->result.retry_after_s, cases[i].how == IS_BUSY ? 7 : 0);
        assert_non_null(strstr(o->request, "POST http"));
        assert_int_equal(server.used, 0);
        tcn_outcome_free(o);
    }
    server.how = GIVES;
    assert_int_equal(call(TOCSIN_CREATE, NULL), TOCSIN_OK);
}

static void a_renewal_that_fails_leaves_the_old_one_in_use(void **unused)
{
    (void)unused;
    expect(TOCSIN_OK, 1, 1);
    now_ms += 1500 * 1000;
    server.how = IS_DOWN;
    expect(TOCSIN_OK, 2, 2);
    expect(TOCSIN_OK, 2, 3); /* and is not tried with every call */
    now_ms += 10 * 1000;
    expect(TOCSIN_OK, 3, 4);
    now_ms += 400 * 1000;
    expect(TOCSIN_RETRY, 4, 4); /* it has ended */
}

static void a_refused_renewal_ends_the_old_one(void **unused)
{
    (void)unused;
    expect(TOCSIN_OK, 1, 1);
    now_ms += 1500 * 1000;
    server.how = REFUSES;
    expect(TOCSIN_AUTH, 2, 1);
    server.how = GIVES;
    expect(TOCSIN_OK, 3, 2);
}

static void one_that_was_taken_back_is_renewed_once(void **unused)
{
    char reason[256];

    (void)unused;
    expect(TOCSIN_OK, 1, 1);
    server.good_from = 2;
    expect(TOCSIN_OK, 2, 3);
    server.good_from = NEVER;
    assert_int_equal(call(TOCSIN_CREATE, reason), TOCSIN_AUTH);
    assert_non_null(strstr(reason, "401: check the credentials"));
    assert_int_equal(server.asked, 3);
    assert_int_equal(server.used, 5);
}

static void a_reload_of_secrets_wants_another(void **unused)
{
    struct tcn_node root = tcn_node_root(&rig.doc);

    (void)unused;
    expect(TOCSIN_OK, 1, 1);
    assert_int_equal(tcn_instance_reload(rig.instance, &root, rig_secret, NULL), 0);
    expect(TOCSIN_OK, 2, 2);
}

/* ---- many at a time ---- */

struct crowd {
    unsigned waiting, ok, auth;
};

static void count(void *ctx, struct tcn_outcome *o)
{
    struct crowd *crowd = ctx;

    crowd->ok += o->result.outcome == TOCSIN_OK;
    crowd->auth += o->result.outcome == TOCSIN_AUTH;
    tcn_outcome_free(o);
    if (--crowd->waiting == 0)
        event_base_loopbreak(server.loop.base);
}

static struct tcn_exchange *start(struct crowd *crowd)
{
    struct tocsin_op op = {.verb = TOCSIN_GET, .attempt = 1};

    crowd->waiting++;
    return tcn_exchange_start(server.loop.hub, rig.instance, &op, count, crowd);
}

static void many_wait_for_the_same(void **unused)
{
    struct crowd crowd = {0};

    (void)unused;
    for (int i = 0; i < 20; i++)
        assert_non_null(start(&crowd));
    loop_run(&server.loop);
    assert_int_equal(crowd.ok, 20);
    assert_int_equal(server.asked, 1);
    /* and all of them for its successor, when it was taken back */
    server.good_from = 2;
    for (int i = 0; i < 20; i++)
        assert_non_null(start(&crowd));
    loop_run(&server.loop);
    assert_int_equal(crowd.ok, 40);
    assert_int_equal(server.asked, 2);
    /* or hear of the same refusal */
    now_ms += 1800 * 1000;
    server.how = REFUSES;
    for (int i = 0; i < 20; i++)
        assert_non_null(start(&crowd));
    loop_run(&server.loop);
    assert_int_equal(crowd.auth, 20);
    assert_int_equal(server.asked, 3);
}

static void run_until_asked(unsigned n)
{
    while (server.asked < n)
        event_base_loop(server.loop.base, EVLOOP_ONCE);
}

static void whoever_is_cancelled_does_not_wait(void **unused)
{
    struct crowd crowd = {0};
    struct tcn_exchange *first = start(&crowd), *second = start(&crowd), *third = start(&crowd);

    (void)unused;
    server.holds = true;
    run_until_asked(1);
    tcn_exchange_cancel(second);
    tcn_exchange_cancel(first);
    crowd.waiting -= 2;
    answer_token(server.held);
    loop_run(&server.loop);
    assert_int_equal(crowd.ok, 1);
    (void)third; /* done frees it */
    /* all of them: the asking ends, and the next begins anew */
    now_ms += 1800 * 1000;
    first = start(&crowd);
    run_until_asked(2);
    tcn_exchange_cancel(first);
    crowd.waiting--;
    assert_int_equal(tcn_pump_running(server.loop.pump), 0);
    server.holds = false;
    assert_int_equal(call(TOCSIN_GET, NULL), TOCSIN_OK);
    assert_int_equal(server.asked, 3);
}

/* ---- what shows ---- */

static void what_a_remote_echoes_has_no_token(void **unused)
{
    struct tocsin_op op = {.verb = TOCSIN_CREATE, .attempt = 1};
    struct tcn_outcome *o;

    (void)unused;
    server.echoes = true;
    o = loop_call(&server.loop, rig.instance, &op);
    check_clean(o);
    assert_non_null(strstr(o->request, "Authorization: Bearer [secret access_token]\n"));
    assert_non_null(strstr(o->response, "Authorization: Bearer [secret access_token]"));
    tcn_outcome_free(o);
}

static void the_one_before_shows_neither(void **unused)
{
    struct tcn_buf text;

    (void)unused;
    expect(TOCSIN_OK, 1, 1);
    now_ms += 1800 * 1000;
    expect(TOCSIN_OK, 2, 2);
    tcn_buf_init(&text, 1000);
    tcn_instance_scrub(rig.instance, TCN_STR("t0ken-1 t0ken-2 t0ken-3"), &text);
    assert_string_equal(text.ptr, "[secret access_token] [secret access_token] t0ken-3");
    tcn_buf_done(&text);
}

static void schemes_that_cannot_be(void **unused)
{
    static const char *const cases[] = {", \"scheme\": \"oauth2\"",
                                        ", \"scheme\": \"oauth2:token.do\"",
                                        ", \"scheme\": \"oauth3:/token.do\"", ", \"client\": \"\""};
    char reason[256];

    (void)unused;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        rig_done(&rig);
        open_rig(cases[i]);
        assert_int_equal(call(TOCSIN_GET, reason), TOCSIN_REJECTED);
        assert_non_null(strstr(reason, i < 3 ? "unknown auth scheme" : "a token needs a client"));
    }
    assert_int_equal(server.asked, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(one_serves_until_four_fifths_of_its_life),
        TEST(the_form_is_that_of_the_grant),
        TEST(lives_that_are_not_told_or_odd),
        TEST(endpoints_that_give_none),
        TEST(a_renewal_that_fails_leaves_the_old_one_in_use),
        TEST(a_refused_renewal_ends_the_old_one),
        TEST(one_that_was_taken_back_is_renewed_once),
        TEST(a_reload_of_secrets_wants_another),
        TEST(many_wait_for_the_same),
        TEST(whoever_is_cancelled_does_not_wait),
        TEST(what_a_remote_echoes_has_no_token),
        TEST(the_one_before_shows_neither),
        TEST(schemes_that_cannot_be),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
