/* Mail over a small SMTP server: what arrives, and what its refusals mean. */
#include "loop.h"

#include "connect/mailer.h"
#include "connect/url.h"

struct server {
    struct loop loop;
    const char *fail_at; /* the command that is answered by failure, NULL = none */
    const char *failure; /* a reply line, "" for a closed connection, NULL for silence */
    bool in_data, has_auth;
    const char *slow_at,
        *mute_at; /* commands that are answered late, or never; "(hello)": the greeting */
    int slow_ms, n_hello, hello_stop; /* the loop stops with that many connections */
    struct event *late;
    struct bufferevent *late_to;
    const char *late_line;
    const char *lost_at; /* at this command the process may not act any more */
    atomic_bool is_lost;
    char commands[4096], data[65536];
    size_t n_data;
};

static void say(struct bufferevent *bev, const char *line)
{
    bufferevent_write(bev, line, strlen(line));
    bufferevent_write(bev, "\r\n", 2);
}

static const char *reply_to(struct server *s, const char *line)
{
    if (strncmp(line, "EHLO", 4) == 0)
        return s->has_auth ? "250-test\r\n250 AUTH PLAIN" : "250 test";
    if (strncmp(line, "DATA", 4) == 0) {
        s->in_data = true;
        return "354 go on";
    }
    if (strncmp(line, "AUTH", 4) == 0)
        return "334 ";
    if (strncmp(line, "AHRv", 4) == 0) /* base64 of NUL "to" ... */
        return "235 welcome";
    return strncmp(line, "QUIT", 4) == 0 ? "221 bye" : "250 ok";
}

static void on_late(evutil_socket_t fd, short what, void *ctx)
{
    struct server *s = ctx;

    (void)fd;
    (void)what;
    say(s->late_to, s->late_line);
}

static bool is_at(const char *at, const char *line)
{
    return at && strncmp(line, at, strlen(at)) == 0;
}

/* One late answer at a time. */
static void answer(struct server *s, struct bufferevent *bev, const char *line, const char *reply)
{
    struct timeval when = {s->slow_ms / 1000, (s->slow_ms % 1000) * 1000};

    if (is_at(s->mute_at, line))
        return;
    if (!is_at(s->slow_at, line)) {
        say(bev, reply);
        return;
    }
    s->late_to = bev;
    s->late_line = reply;
    evtimer_add(s->late, &when);
}

/* False when the connection is gone. */
static bool on_command(struct server *s, struct bufferevent *bev, const char *line)
{
    size_t n = strlen(s->commands);

    snprintf(s->commands + n, sizeof s->commands - n, "%s\n", line);
    if (s->lost_at && strncmp(line, s->lost_at, strlen(s->lost_at)) == 0)
        atomic_store(&s->is_lost, true);
    if (s->fail_at && strncmp(line, s->fail_at, strlen(s->fail_at)) == 0) {
        if (!s->failure) {
            event_base_loopbreak(s->loop.base);
            return true;
        }
        if (s->failure[0]) {
            say(bev, s->failure);
            return true;
        }
        loop_close(bev);
        return false;
    }
    answer(s, bev, line, reply_to(s, line));
    return true;
}

static bool on_line(struct server *s, struct bufferevent *bev, const char *line)
{
    if (!s->in_data)
        return on_command(s, bev, line);
    if (strcmp(line, ".") != 0) {
        s->n_data +=
            (size_t)snprintf(s->data + s->n_data, sizeof s->data - s->n_data, "%s\n", line);
        return true;
    }
    s->in_data = false;
    return on_command(s, bev, "(end)");
}

static void on_read(struct bufferevent *bev, void *ctx)
{
    struct evbuffer *in = bufferevent_get_input(bev);
    char *line;
    bool alive = true;

    while (alive && (line = evbuffer_readln(in, NULL, EVBUFFER_EOL_CRLF_STRICT)) != NULL) {
        alive = on_line(ctx, bev, line);
        free(line);
    }
}

static void on_event(struct bufferevent *bev, short what, void *ctx)
{
    (void)ctx;
    if (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR))
        loop_close(bev);
}

static void on_connection(struct evconnlistener *l, evutil_socket_t fd, struct sockaddr *addr,
                          int len, void *ctx)
{
    struct bufferevent *bev =
        bufferevent_socket_new(evconnlistener_get_base(l), fd, BEV_OPT_CLOSE_ON_FREE);
    struct server *s = ctx;

    (void)addr;
    (void)len;
    loop_keep(bev);
    bufferevent_setcb(bev, on_read, NULL, on_event, ctx);
    bufferevent_enable(bev, EV_READ | EV_WRITE);
    s->n_hello++;
    answer(s, bev, "(hello)", "220 test ESMTP");
    if (s->n_hello == s->hello_stop)
        event_base_loopbreak(s->loop.base);
}

/* -- the connector ---------------------------------------------------------------------------------------------- */

struct state {
    const char *url, *user;
};

static const struct tocsin_option options[] = {
    TOCSIN_OPT(struct state, url, URL, NULL, TOCSIN_REQUIRED, "server"),
    TOCSIN_OPT(struct state, user, STR, NULL, 0, "user"),
    TOCSIN_OPT_SECRET(password, 0, "-"),
    TOCSIN_OPT_END,
};

static const char *text_of(const struct tocsin_op *op, const char *name)
{
    return json_string_value(json_object_get(op->payload, name));
}

static int render(const struct tocsin_instance *in, const struct tocsin_op *op,
                  struct tocsin_request *rq)
{
    const struct state *s = in->state;
    struct tocsin_mail m = {.from = "Tocsin <tocsin@example.test>",
                            .to = text_of(op, "to"),
                            .subject = text_of(op, "subject"),
                            .text = text_of(op, "text"),
                            .html = text_of(op, "html"),
                            .message_id = op->op_id,
                            .in_reply_to = text_of(op, "thread")};

    if (in->host->mail(rq, s->url, &m) < 0)
        return -1;
    return s->user ? in->host->auth(rq, "smtp", "user", "password") : 0;
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
    .name = "fake-mail",
    .version = "1",
    .summary = "-",
    .state_size = sizeof(struct state),
    .options = options,
    .render = render,
    .interpret = interpret,
};

static struct server server;
static struct rig rig;

static void open_rig(const char *host, const char *more)
{
    char config[512];

    snprintf(config, sizeof config,
             "{\"url\": \"smtp://%s:%d\", \"allow\": [\"localhost\", \"10.0.0.0/8\"]%s}", host,
             server.loop.port, more);
    rig_init(&rig, &connector, config);
}

static int setup(void **unused)
{
    (void)unused;
    memset(&server, 0, sizeof server);
    loop_init(&server.loop, on_connection, &server);
    server.late = evtimer_new(server.loop.base, on_late, &server);
    open_rig("127.0.0.1", ", \"timeout\": \"1s\"");
    return 0;
}

static int teardown(void **unused)
{
    (void)unused;
    rig_done(&rig);
    event_free(server.late);
    loop_done(&server.loop);
    return 0;
}

static struct tcn_outcome *send_mail(json_t *payload)
{
    struct tocsin_op op = {.verb = TOCSIN_SEND, .op_id = "send-1", .payload = payload};
    struct tcn_outcome *o = loop_call(&server.loop, rig.instance, &op);

    json_decref(payload);
    return o;
}

static json_t *simple(void)
{
    return json_pack("{s:s s:s s:s}", "to", "Alice <alice@example.test>", "subject", "CPU high",
                     "text", "It burns.\n");
}

static void arrives_whole(void **unused)
{
    struct tcn_outcome *o =
        send_mail(json_pack("{s:s s:s s:s s:s s:s}", "to", "J\xc3\xbcrgen <j@example.test>",
                            "subject", "W\xc3\xa4rme \xf0\x9f\x94\xa5", "text",
                            ".leading dot\nGr\xc3\xbc\xc3\x9f"
                            "e\n.\nRCPT TO:<evil@example.test>\n",
                            "html", "<p>x</p>", "thread", "incident-1"));

    (void)unused;
    if (o->result.outcome != TOCSIN_OK)
        fail_msg("%s: %s%s", o->result.reason, server.commands, server.data);
    assert_int_equal(o->status, 250);
    tcn_outcome_free(o);
    assert_non_null(strstr(server.commands, "MAIL FROM:<tocsin@example.test>"));
    assert_non_null(strstr(server.commands, "RCPT TO:<j@example.test>\n"));
    assert_null(strstr(server.commands, "evil")); /* stayed in the text */
    assert_non_null(strstr(server.data, "From: \"Tocsin\"\n <tocsin@example.test>\n"));
    assert_non_null(strstr(server.data, "To: =?UTF-8?B?SsO8cmdlbg==?=\n <j@example.test>\n"));
    assert_non_null(strstr(server.data, "Subject: =?UTF-8?B?V8Okcm1lIPCflKU=?=\n"));
    assert_non_null(strstr(server.data, "Message-ID: <send-1@tocsin>\n"));
    assert_non_null(strstr(server.data, "In-Reply-To: <incident-1@tocsin>\n"));
    assert_non_null(strstr(server.data, "Auto-Submitted: auto-generated\n"));
    assert_non_null(strstr(server.data, "\nDate: ")          ? ""
                    : strncmp(server.data, "Date: ", 6) == 0 ? ""
                                                             : NULL);
    assert_non_null(strstr(server.data, "Mime-Version: 1.0\n"));
    assert_non_null(strstr(server.data, "multipart/alternative"));
    assert_non_null(strstr(server.data, "text/plain; charset=utf-8"));
    assert_non_null(strstr(server.data, "text/html; charset=utf-8"));
    assert_non_null(strstr(server.data, "\n..leading dot\n")); /* doubled on the wire */
    assert_non_null(strstr(server.data, "\nGr=C3=BC=C3=9Fe\n..\nRCPT TO:<evil@example.test>\n"));
    for (char *line = strtok(server.data, "\n"); line; line = strtok(NULL, "\n"))
        assert_true(strlen(line) <= 100); /* libcurl does not fold its own Content-Type */
}

static const struct {
    const char *name, *at, *reply;
    uint32_t outcome, net;
    int status;
} refusals[] = {
    {"greylisted", "RCPT", "450 4.2.0 later", TOCSIN_RETRY, TOCSIN_NET_OK, 450},
    {"no such user", "RCPT", "550 5.1.1 unknown", TOCSIN_REJECTED, TOCSIN_NET_OK, 550},
    {"sender refused", "MAIL", "553 5.1.8 sender", TOCSIN_REJECTED, TOCSIN_NET_OK, 553},
    {"text refused", "(end)", "554 5.7.1 spam", TOCSIN_REJECTED, TOCSIN_NET_OK, 554},
    {"text deferred", "(end)", "451 4.3.0 disk", TOCSIN_RETRY, TOCSIN_NET_OK, 451},
    {"lost after the text", "(end)", "", TOCSIN_UNKNOWN, TOCSIN_NET_MAYBE_SENT, 0},
    {"lost at the greeting", "EHLO", "", TOCSIN_RETRY, TOCSIN_NET_NOT_SENT, 0},
};

static void refusals_have_meanings(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        struct tcn_outcome *o;

        server.fail_at = refusals[i].at;
        server.failure = refusals[i].reply;
        o = send_mail(simple());
        if (o->result.outcome != refusals[i].outcome || o->net != refusals[i].net ||
            o->status != refusals[i].status)
            fail_msg("%s: outcome %u net %u status %d: %s", refusals[i].name, o->result.outcome,
                     o->net, o->status, o->result.reason);
        assert_non_null(strstr(o->request, "Subject: CPU high"));
        tcn_outcome_free(o);
    }
}

static const struct {
    const char *name, *limits, *slow_at;
    int slow_ms;
} delays[] = {
    {"greeting", ", \"connect_timeout\": \"200ms\", \"timeout\": \"5s\"", "(hello)", 1000},
    {"EHLO", ", \"connect_timeout\": \"200ms\", \"timeout\": \"5s\"", "EHLO", 1000},
    {"text", ", \"timeout\": \"1s\"", "(end)", 2500},
};

/* Servers greet late on purpose, and scan the text before they answer. */
static void slow_answers_are_waited_for(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < sizeof delays / sizeof delays[0]; i++) {
        struct tcn_outcome *o;

        rig_done(&rig);
        open_rig("127.0.0.1", delays[i].limits);
        server.slow_at = delays[i].slow_at;
        server.slow_ms = delays[i].slow_ms;
        o = send_mail(simple());
        if (o->result.outcome != TOCSIN_OK || o->status != 250)
            fail_msg("%s: outcome %u: %s", delays[i].name, o->result.outcome, o->result.reason);
        tcn_outcome_free(o);
    }
}

static const char *const silences[] = {"(hello)", "EHLO", "MAIL", "RCPT", "DATA"};

/* What was not asked for has not arrived. */
static void silence_before_the_text_is_no_doubt(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < sizeof silences / sizeof silences[0]; i++) {
        struct tcn_outcome *o;

        server.mute_at = silences[i];
        server.in_data = false;
        o = send_mail(simple());
        if (o->result.outcome != TOCSIN_RETRY || o->net != TOCSIN_NET_NOT_SENT || o->took_ms > 4000)
            fail_msg("%s: outcome %u net %u after %d ms: %s", silences[i], o->result.outcome,
                     o->net, (int)o->took_ms, o->result.reason);
        tcn_outcome_free(o);
    }
}

static const struct {
    const char *name, *fail_at, *failure;
    int status;
} ends[] = {
    {"sent", NULL, NULL, 250},
    {"refused", "RCPT", "550 5.1.1 unknown", 550},
    {"text refused", "(end)", "554 5.7.1 spam", 554},
};

/* What the server answered counts at once, whether it says goodbye or not. */
static void goodbye_is_not_waited_for(void **unused)
{
    (void)unused;
    rig_done(&rig);
    open_rig("127.0.0.1", ", \"timeout\": \"10s\"");
    server.mute_at = "QUIT";
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        struct tcn_outcome *o;

        server.fail_at = ends[i].fail_at;
        server.failure = ends[i].failure;
        o = send_mail(simple());
        if (o->status != ends[i].status || o->took_ms > 1000)
            fail_msg("%s: status %d after %d ms: %s", ends[i].name, o->status, (int)o->took_ms,
                     o->result.reason);
        tcn_outcome_free(o);
    }
}

static void logs_in(void **unused)
{
    struct tcn_outcome *o;

    (void)unused;
    rig_done(&rig);
    open_rig("127.0.0.1",
             ", \"timeout\": \"1s\", \"user\": \"tocsin\", \"password\": {\"env\": \"OTHER\"}");
    server.has_auth = true;
    o = send_mail(simple());
    assert_int_equal(o->result.outcome, TOCSIN_OK);
    assert_non_null(strstr(server.commands, "AUTH PLAIN"));
    tcn_outcome_free(o);
    assert_non_null(strstr(server.commands, "AHRvY3NpbgBhbm90aGVyLXdvcmQ="));
    server.fail_at = "AHRv";
    server.failure = "535 5.7.8 no";
    rig_done(&rig); /* another password: another connection */
    open_rig("127.0.0.1",
             ", \"timeout\": \"1s\", \"user\": \"tocsin\", \"password\": {\"env\": \"CANARY\"}");
    o = send_mail(simple());
    assert_int_equal(o->result.outcome, TOCSIN_AUTH);
    assert_null(strstr(o->request, "c4nary"));
    assert_null(strstr(o->response, "c4nary"));
    tcn_outcome_free(o);
}

/* Only this machine may be spoken to in the clear; a server elsewhere must offer STARTTLS. */
static void refuses_plain_text_to_others(void **unused)
{
    struct tcn_outcome *o;
    struct tcn_url url;
    struct tcn_err err;

    (void)unused;
    assert_int_equal(tcn_url_parse("smtp://mail.example:25", &url, &err), 0);
    assert_false(tcn_url_is_loopback(&url));
    rig_done(&rig);
    /* A name that is none of this machine's, though its address is: STARTTLS is asked for, and not there. */
    open_rig("localhost.localdomain", ", \"timeout\": \"1s\"");
    tcn_guard_add(&rig.instance->guard, "127.0.0.0/8", &err);
    o = send_mail(simple());
    assert_int_not_equal(o->result.outcome, TOCSIN_OK);
    assert_int_equal(o->net, TOCSIN_NET_NOT_SENT);
    assert_null(strstr(server.commands, "MAIL"));
    tcn_outcome_free(o);
}

static void refuses_injection(void **unused)
{
    static const char *const subjects[] = {"a\r\nBcc: x@example.test", "a\nb", "a\x7f"};
    static const char *const tos[] = {"a@b\r\nRCPT TO:<c@d>", "a@b, c@d", "a@b>\n<c@d", ""};

    (void)unused;
    for (size_t i = 0; i < sizeof subjects / sizeof subjects[0]; i++) {
        struct tcn_outcome *o =
            send_mail(json_pack("{s:s s:s s:s}", "to", "a@b", "subject", subjects[i], "text", "x"));

        assert_int_equal(o->result.outcome, TOCSIN_REJECTED);
        tcn_outcome_free(o);
    }
    for (size_t i = 0; i < sizeof tos / sizeof tos[0]; i++) {
        struct tcn_outcome *o =
            send_mail(json_pack("{s:s s:s s:s}", "to", tos[i], "subject", "x", "text", "x"));

        assert_int_equal(o->result.outcome, TOCSIN_REJECTED);
        tcn_outcome_free(o);
    }
    assert_string_equal(server.commands, "");
}

static void on_never(void *ctx, struct tcn_outcome *o)
{
    (void)ctx;
    tcn_outcome_free(o);
    fail_msg("%s", "done after cancel");
}

/* One on a thread, five behind it in the queue, all of them cancelled while the server says nothing. */
static void cancelled_mails_stay_silent(void **unused)
{
    json_t *payload = simple();
    struct tocsin_op op = {.verb = TOCSIN_SEND, .op_id = "send-1", .payload = payload};
    struct tcn_exchange *x[6];

    (void)unused;
    server.fail_at = "EHLO";
    for (size_t i = 0; i < 6; i++)
        x[i] = tcn_exchange_start(server.loop.hub, rig.instance, &op, on_never, NULL);
    loop_run(&server.loop);
    for (size_t i = 6; i-- > 0;)
        tcn_exchange_cancel(x[i]);
    assert_int_equal(tcn_hub_running(server.loop.hub), 0);
    json_decref(payload);
}

/* As many at a time as a connector may be told to send. */
static void mails_wait_beside_each_other(void **unused)
{
    json_t *payload = simple();
    struct tocsin_op op = {.verb = TOCSIN_SEND, .op_id = "send-1", .payload = payload};
    struct tcn_exchange *x[TCN_MAILER_THREADS];

    (void)unused;
    assert_int_equal(TCN_MAILER_THREADS, 32); /* the most of "concurrency" */
    server.mute_at = "(hello)";
    server.hello_stop = TCN_MAILER_THREADS;
    rig_done(&rig);
    open_rig("127.0.0.1", ", \"timeout\": \"60s\"");
    for (size_t i = 0; i < TCN_MAILER_THREADS; i++)
        x[i] = tcn_exchange_start(server.loop.hub, rig.instance, &op, on_never, NULL);
    loop_run(&server.loop);
    tcn_pump_end_mails(server.loop.pump);
    for (size_t i = 0; i < TCN_MAILER_THREADS; i++)
        tcn_exchange_cancel(x[i]);
    json_decref(payload);
}

static bool may_act(void *ctx)
{
    const struct server *s = ctx;

    return !atomic_load(&s->is_lost);
}

static const struct {
    const char *lost_at, *never_said;
} losses[] = {
    {"EHLO", "MAIL"},
    {"MAIL", "DATA"},
    {"DATA", "(end)"},
};

/* Another process may page the same by now, or somebody may have answered. */
static void a_mail_ends_where_it_may_not_go_on(void **unused)
{
    (void)unused;
    tcn_pump_guard(server.loop.pump, may_act, &server);
    for (size_t i = 0; i < sizeof losses / sizeof losses[0]; i++) {
        struct tcn_outcome *o;

        server.lost_at = losses[i].lost_at;
        server.commands[0] = '\0';
        server.n_data = 0;
        server.in_data = false;
        atomic_store(&server.is_lost, false);
        o = send_mail(simple());
        if (o->result.outcome == TOCSIN_OK || strstr(server.commands, losses[i].never_said) ||
            server.n_data > 0)
            fail_msg("lost at %s: outcome %u, then %s%s", losses[i].lost_at, o->result.outcome,
                     server.commands, server.data);
        tcn_outcome_free(o);
    }
}

static void mails_follow_each_other(void **unused)
{
    struct tcn_outcome *o;

    (void)unused;
    for (int i = 0; i < 3; i++) {
        o = send_mail(simple());
        assert_int_equal(o->result.outcome, TOCSIN_OK);
        tcn_outcome_free(o);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(arrives_whole),
        TEST(refusals_have_meanings),
        TEST(slow_answers_are_waited_for),
        TEST(silence_before_the_text_is_no_doubt),
        TEST(goodbye_is_not_waited_for),
        TEST(logs_in),
        TEST(refuses_plain_text_to_others),
        TEST(refuses_injection),
        TEST(cancelled_mails_stay_silent),
        TEST(mails_wait_beside_each_other),
        TEST(a_mail_ends_where_it_may_not_go_on),
        TEST(mails_follow_each_other),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
