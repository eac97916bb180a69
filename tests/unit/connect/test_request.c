/* Requests as a connector builds them: URLs, headers, where credentials go, and that no record shows them. */
#include "rig.h"

#include "connect/record.h"
#include "connect/request.h"

struct state {
    const char *user, *odd;
};

static const struct tocsin_option options[] = {
    TOCSIN_OPT(struct state, user, STR, "tocsin", 0, "user"),
    TOCSIN_OPT(struct state, odd, STR, "a:b", 0, "user with a colon"),
    TOCSIN_OPT_SECRET(password, 0, "-"),
    TOCSIN_OPT_SECRET(hook, 0, "-"),
    TOCSIN_OPT_SECRET(lines, 0, "-"),
    TOCSIN_OPT_SECRET(unset, 0, "-"),
    TOCSIN_OPT_END,
};

static const struct tocsin_connector connector = {
    TOCSIN_CONNECTOR_HEAD,
    .name = "fake",
    .version = "1",
    .summary = "-",
    .state_size = sizeof(struct state),
    .options = options,
};

static struct rig rig;
static struct tocsin_request rq;

static int setup(void **unused)
{
    (void)unused;
    rig_init(&rig, &connector,
             "{\"password\": {\"env\": \"CANARY\"}, \"hook\": {\"env\": \"URL\"},"
             "\"lines\": {\"env\": \"LINES\"}}");
    tcn_request_init(&rq, rig.instance, 1785690280989);
    return 0;
}

static int teardown(void **unused)
{
    (void)unused;
    tcn_request_done(&rq);
    rig_done(&rig);
    return 0;
}

#define PATH(...)                                                                                  \
    (const char *const[])                                                                          \
    {                                                                                              \
        __VA_ARGS__, NULL                                                                          \
    }

static void again(void)
{
    tcn_request_done(&rq);
    tcn_request_init(&rq, rig.instance, 1785690280989);
}

static void check_url(const char *want)
{
    struct tcn_buf url;
    struct tcn_err err = {0};

    tcn_buf_init(&url, TCN_URL_MAX);
    if (tcn_request_url(&rq, &url, &err) < 0)
        fail_msg("%s", err.msg);
    assert_string_equal(url.ptr, want);
    tcn_buf_done(&url);
}

static void builds_urls(void **unused)
{
    (void)unused;
    assert_int_equal(tcn_request_request(&rq, "GET", "https://a.example/",
                                         PATH("/t/{}/{}?q={}", "a/b?c#d", "ü", "")),
                     0);
    assert_int_equal(tcn_request_query(&rq, "x y", "1&2=%"), 0);
    check_url("https://a.example/t/a%2Fb%3Fc%23d/%C3%BC?q=&x%20y=1%262%3D%25");
    again();
    assert_int_equal(tcn_request_request(&rq, "GET", "https://a.example/base", PATH("")), 0);
    assert_int_equal(tcn_request_query(&rq, "a", "b"), 0);
    check_url("https://a.example/base?a=b");
    again();
    assert_int_equal(tcn_request_request(&rq, "POST", "@hook", PATH("")), 0);
    check_url("https://hooks.example/services/T0/B0/canary-token");
    again();
    assert_int_equal(tcn_request_request(&rq, "GET", "http://127.0.0.1:8080", PATH("/x")), 0);
    check_url("http://127.0.0.1:8080/x");
}

static const struct {
    const char *name, *method, *base;
    const char *path[4];
} bad_requests[] = {
    {"lower case method", "get", "https://a.example", {"/"}},
    {"method with CR", "GET\r", "https://a.example", {"/"}},
    {"http", "GET", "http://a.example", {"/"}},
    {"file", "GET", "file:///etc/passwd", {""}},
    {"gopher", "GET", "gopher://a.example", {"/"}},
    {"user", "GET", "https://u@a.example", {"/"}},
    {"empty user", "GET", "https://@a.example", {"/"}},
    {"fragment", "GET", "https://a.example/#x", {""}},
    {"blank", "GET", "https://a.example/ x", {""}},
    {"no host", "GET", "https://", {"/"}},
    {"port 0", "GET", "https://a.example:0", {"/"}},
    {"base with query", "GET", "https://a.example/?a=b", {"/x"}},
    {"relative path", "GET", "https://a.example", {"x"}},
    {"dot segment", "GET", "https://a.example", {"/t/{}", ".."}},
    {"dot", "GET", "https://a.example", {"/t/{}", "."}},
    {"empty segment", "GET", "https://a.example", {"/t/{}/x", ""}},
    {"too few", "GET", "https://a.example", {"/t/{}/{}", "a"}},
    {"too many", "GET", "https://a.example", {"/t/{}", "a", "b"}},
    {"no such secret", "GET", "@nothing", {""}},
    {"no secret option", "GET", "@user", {""}},
};

static void refuses_requests(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < sizeof bad_requests / sizeof bad_requests[0]; i++) {
        again();
        if (tcn_request_request(&rq, bad_requests[i].method, bad_requests[i].base,
                                bad_requests[i].path) == 0 ||
            rq.fault.code == 0)
            fail_msg("%s was taken", bad_requests[i].name);
    }
}

static void refuses_headers(void **unused)
{
    static const struct {
        const char *name, *value;
    } bad[] = {{"X-A", "a\r\nX-B: c"},
               {"X-A", "a\nb"},
               {"X A", "v"},
               {"", "v"},
               {"X-A:", "v"},
               {"Host", "v"},
               {"host", "v"},
               {"Cookie", "v"},
               {"Authorization", "v"},
               {"Content-Length", "1"},
               {"Transfer-Encoding", "chunked"},
               {"X-A", "\x01"},
               {"X-A", NULL}};

    (void)unused;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (tcn_request_set_header(&rq, bad[i].name, bad[i].value) == 0)
            fail_msg("%s was taken", bad[i].name);
    again();
    for (size_t i = 0; i < TCN_HEADERS_MAX; i++)
        assert_int_equal(tcn_request_set_header(&rq, "X-A", "v"), 0);
    assert_int_equal(tcn_request_set_header(&rq, "X-A", "v"), -1);
}

static void begin(void)
{
    again();
    assert_int_equal(tcn_request_request(&rq, "POST", "https://a.example", PATH("/x")), 0);
}

static void check_no_canary(void)
{
    struct tcn_buf record;

    tcn_buf_init(&record, TCN_RECORD_MAX + 64);
    tcn_request_record(&rq, &record);
    assert_true(record.len <= TCN_RECORD_MAX);
    assert_null(strstr(record.ptr, "c4nary"));
    assert_null(strstr(record.ptr, "canary-token"));
    assert_null(strstr(record.ptr, "YzRuYXJ5"));
    assert_non_null(strstr(record.ptr, "[secret "));
    tcn_buf_done(&record);
}

static void check_auth_header(const char *want)
{
    struct tcn_buf line;
    struct tcn_err err = {0};

    tcn_buf_init(&line, 4096);
    assert_int_equal(tcn_request_auth_header(&rq, &line, &err), 0);
    assert_string_equal(line.ptr, want);
    tcn_buf_done(&line);
    check_no_canary();
}

static void places_headers(void **unused)
{
    (void)unused;
    begin();
    assert_int_equal(tcn_request_auth(&rq, "Bearer", NULL, "password"), 0);
    check_auth_header("Authorization: Bearer " CANARY);
    begin();
    assert_int_equal(tcn_request_auth(&rq, "Token token=", NULL, "password"), 0);
    check_auth_header("Authorization: Token token=" CANARY);
    begin();
    assert_int_equal(tcn_request_auth(&rq, "header:X-Api-Key", NULL, "password"), 0);
    check_auth_header("X-Api-Key: " CANARY);
    begin();
    assert_int_equal(tcn_request_auth(&rq, "Basic", "user", "password"), 0);
    check_auth_header("Authorization: Basic dG9jc2luOmM0bmFyeS0ic1xlY3JldC89Jg==");
}

static void places_in_body(void **unused)
{
    json_t *body = json_pack("{s:s s:{s:i}}", "title", "[secret password]", "deep", "n", 1), *got,
           *want;
    struct tcn_buf text;
    struct tcn_err err = {0};

    (void)unused;
    begin();
    assert_int_equal(tcn_request_set_json(&rq, body), 0);
    assert_int_equal(tcn_request_auth(&rq, "body:/deep/keys/routing~1key", NULL, "password"), 0);
    tcn_buf_init(&text, TCN_BODY_MAX);
    assert_int_equal(tcn_request_body(&rq, &text, &err), 0);
    got = json_loads(text.ptr, 0, NULL);
    want = json_pack("{s:s s:{s:i s:{s:s}}}", "title", "[secret password]", "deep", "n", 1, "keys",
                     "routing/key", CANARY);
    assert_true(json_equal(got, want));
    check_no_canary();
    tcn_buf_done(&text);
    json_decref(got);
    json_decref(want);
    json_decref(body);
}

static void body_place_must_exist(void **unused)
{
    json_t *body = json_pack("{s:i}", "n", 1);
    struct tcn_buf text;
    struct tcn_err err = {0};

    (void)unused;
    begin();
    assert_int_equal(tcn_request_set_json(&rq, body), 0);
    assert_int_equal(tcn_request_auth(&rq, "body:/n/x", NULL, "password"), 0);
    tcn_buf_init(&text, TCN_BODY_MAX);
    assert_int_equal(tcn_request_body(&rq, &text, &err), TCN_EINVALID);
    tcn_buf_done(&text);
    json_decref(body);
}

static void refuses_auth(void **unused)
{
    static const struct {
        const char *scheme, *user, *secret;
    } bad[] = {{"Digest", "user", "password"}, {"Bearer", NULL, "nothing"},
               {"Bearer", NULL, "user"},       {"Basic", NULL, "password"},
               {"Basic", "odd", "password"},   {"header:X Y", NULL, "password"},
               {"header:", NULL, "password"},  {"body:key", NULL, "password"},
               {"smtp", "user", "password"},   {NULL, NULL, "password"},
               {"Bearer", NULL, NULL}};
    struct tcn_buf line;
    struct tcn_err err;

    (void)unused;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        begin();
        if (tcn_request_auth(&rq, bad[i].scheme, bad[i].user, bad[i].secret) == 0)
            fail_msg("%zu was taken", i);
    }
    begin(); /* a secret of two lines would be two headers */
    assert_int_equal(tcn_request_auth(&rq, "Bearer", NULL, "lines"), 0);
    tcn_buf_init(&line, 4096);
    assert_int_equal(tcn_request_auth_header(&rq, &line, &err), TCN_EINVALID);
    tcn_buf_done(&line);
    begin(); /* not configured: no credentials */
    assert_int_equal(tcn_request_auth(&rq, "Bearer", NULL, "unset"), 0);
    assert_int_equal(rq.auth.place, TCN_AUTH_NONE);
    again(); /* too early */
    assert_int_equal(tcn_request_auth(&rq, "Bearer", NULL, "password"), -1);
}

static void records_alarms_that_name_the_secret(void **unused)
{
    json_t *body = json_pack("{s:s}", "title", "leaked: " CANARY);

    (void)unused;
    begin();
    assert_int_equal(tcn_request_set_json(&rq, body), 0);
    check_no_canary();
    json_decref(body);
    again();
    assert_int_equal(tcn_request_request(&rq, "POST", "@hook", PATH("/{}", "x")), 0);
    check_no_canary();
}

static void records_are_cut(void **unused)
{
    struct tcn_buf text, record;

    (void)unused;
    tcn_buf_init(&text, 1 << 20);
    for (size_t i = 0; i < 20000; i++)
        tcn_buf_z(&text, i == 1000 ? CANARY : "ü\xff");
    tcn_buf_init(&record, TCN_RECORD_MAX + 64);
    tcn_record_text(rig.instance, tcn_buf_view(&text), &record);
    assert_true(record.len <= TCN_RECORD_MAX && record.len > TCN_RECORD_MAX - 16);
    assert_true(tcn_utf8_ok(tcn_buf_view(&record)));
    assert_non_null(strstr(record.ptr, "[secret password]"));
    assert_null(strstr(record.ptr, "c4nary"));
    tcn_buf_done(&record);
    tcn_buf_done(&text);
}

/* The secret straddles the cut: not even its head may stay. */
static void no_half_secret_at_the_cut(void **unused)
{
    struct tcn_buf text, record;

    (void)unused;
    for (size_t before = TCN_RECORD_MAX - 80; before < TCN_RECORD_MAX + 80; before++) {
        tcn_buf_init(&text, 1 << 16);
        tcn_buf_init(&record, TCN_RECORD_MAX + 64);
        for (size_t i = 0; i < before; i++)
            tcn_buf_char(&text, '.');
        tcn_buf_z(&text, CANARY " and more");
        tcn_record_text(rig.instance, tcn_buf_view(&text), &record);
        assert_null(strstr(record.ptr, "c4n"));
        tcn_buf_done(&record);
        tcn_buf_done(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(builds_urls, setup, teardown),
        cmocka_unit_test_setup_teardown(refuses_requests, setup, teardown),
        cmocka_unit_test_setup_teardown(refuses_headers, setup, teardown),
        cmocka_unit_test_setup_teardown(places_headers, setup, teardown),
        cmocka_unit_test_setup_teardown(places_in_body, setup, teardown),
        cmocka_unit_test_setup_teardown(body_place_must_exist, setup, teardown),
        cmocka_unit_test_setup_teardown(refuses_auth, setup, teardown),
        cmocka_unit_test_setup_teardown(records_alarms_that_name_the_secret, setup, teardown),
        cmocka_unit_test_setup_teardown(records_are_cut, setup, teardown),
        cmocka_unit_test_setup_teardown(no_half_secret_at_the_cut, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
