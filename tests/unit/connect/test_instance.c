/* Instances from configuration: options, limits, secrets, and what people are told when it is wrong. */
#include "rig.h"

struct state {
    const char *url, *table;
    int64_t page, window;
    int strict;
};

static const struct tocsin_option options[] = {
    TOCSIN_OPT(struct state, url, URL, NULL, TOCSIN_REQUIRED, "base URL"),
    TOCSIN_OPT(struct state, table, STR, "incident", 0, "table"),
    TOCSIN_OPT(struct state, page, INT, "10", 0, "rows"),
    TOCSIN_OPT(struct state, window, MSEC, "90s", 0, "time"),
    TOCSIN_OPT(struct state, strict, BOOL, "true", 0, "be strict"),
    {"timeout", TOCSIN_MSEC, 0, "30s", offsetof(struct state, window), "total"},
    TOCSIN_OPT_SECRET(password, TOCSIN_REQUIRED, "the password"),
    TOCSIN_OPT_SECRET(hook, 0, "the hook"),
    TOCSIN_OPT_END,
};

static int opened, closed, open_result;

static int open_it(struct tocsin_instance *in)
{
    opened++;
    return open_result ? (in->host->fail)(in, "cannot use %s with %s", "table", CANARY) : 0;
}

static void close_it(struct tocsin_instance *in)
{
    (void)in;
    closed++;
}

static const struct tocsin_connector connector = {
    TOCSIN_CONNECTOR_HEAD,
    .name = "fake",
    .version = "1",
    .summary = "-",
    .state_size = sizeof(struct state),
    .options = options,
    .open = open_it,
    .close = close_it,
};

#define SECRET "\"password\": {\"env\": \"CANARY\"}"

static void fills_options(void **unused)
{
    struct rig r;
    const struct state *s;

    (void)unused;
    open_result = opened = closed = 0;
    rig_init(&r, &connector,
             "{\"connector\": \"fake\", \"mapping\": \"x\", \"url\": \"https://a.example\","
             "\"page\": 5, \"strict\": false, \"allow\": [\"10.0.0.0/8\", \"Jira.Corp\"],"
             "\"concurrency\": 2, \"ca_file\": \"" REPO_ROOT "/LICENSE\"," SECRET "}");
    s = r.instance->sdk.state;
    assert_string_equal(s->url, "https://a.example");
    assert_string_equal(s->table, "incident");
    assert_int_equal(s->page, 5);
    assert_int_equal(s->strict, 0);
    assert_int_equal(r.instance->limits.concurrency, 2);
    assert_int_equal(r.instance->limits.timeout_ms, 30000); /* the connector's own default */
    assert_int_equal(r.instance->limits.connect_timeout_ms, 3000);
    assert_int_equal(r.instance->guard.n, 2);
    assert_string_equal(r.instance->guard.items[1].host, "jira.corp");
    assert_string_equal(r.instance->ca_file, REPO_ROOT "/LICENSE");
    assert_string_equal(tcn_instance_secret(r.instance, "password")->ptr, CANARY);
    assert_null(tcn_instance_secret(r.instance, "hook")->ptr);
    assert_null(tcn_instance_secret(r.instance, "url"));
    assert_string_equal(tcn_instance_text(r.instance, "table"), "incident");
    assert_null(tcn_instance_text(r.instance, "page"));
    rig_done(&r);
    assert_int_equal(opened, 1);
    assert_int_equal(closed, 1);
}

static const struct {
    const char *name, *config, *says;
} faults[] = {
    {"missing option", "{" SECRET "}", "$.url: option \"url\" is missing; add it: base URL"},
    {"no such file",
     "{" SECRET ", \"url\": \"https://a.example\", \"ca_file\": \"/nonexistent/ca.pem\"}",
     "$.ca_file: there is no file /nonexistent/ca.pem"},
    {"missing secret", "{\"url\": \"https://a.example\"}",
     "$.password: secret \"password\" is missing"},
    {"unknown option", "{\"url\": \"https://a.example\", \"tabel\": \"x\"," SECRET "}", "table"},
    {"mistyped", "{\"url\": 5," SECRET "}", "url"},
    {"http not local", "{\"url\": \"http://a.example\"," SECRET "}", "use https"},
    {"user in URL", "{\"url\": \"https://u:p@a.example\"," SECRET "}", "carries a user"},
    {"bad duration", "{\"url\": \"https://a.example\", \"window\": \"soon\"," SECRET "}", "window"},
    {"timeout range", "{\"url\": \"https://a.example\", \"timeout\": \"10m\"," SECRET "}",
     "1000 to 120000"},
    {"concurrency range", "{\"url\": \"https://a.example\", \"concurrency\": 0," SECRET "}",
     "concurrency"},
    {"allow", "{\"url\": \"https://a.example\", \"allow\": [\"127.1\"]," SECRET "}",
     "neither a host name"},
    {"allow type", "{\"url\": \"https://a.example\", \"allow\": [5]," SECRET "}", "must be text"},
    {"secret fails", "{\"url\": \"https://a.example\", \"password\": {\"env\": \"NONE\"}}",
     "no such secret"},
};

static void tells_faults(void **unused)
{
    (void)unused;
    open_result = 0;
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        struct rig r;

        if (rig_try(&r, &connector, faults[i].config) != TCN_EINVALID ||
            !strstr(r.problems.text.ptr, faults[i].says) ||
            !strstr(r.problems.text.ptr, "test.json:1"))
            fail_msg("%s: %s", faults[i].name, r.problems.text.ptr);
        assert_null(strstr(r.problems.text.ptr, CANARY));
        rig_done(&r);
    }
}

static void tells_all_at_once(void **unused)
{
    struct rig r;

    (void)unused;
    assert_int_equal(
        rig_try(&r, &connector, "{\n\"page\": \"x\",\n\"tabel\": 1,\n\"timeout\": 0\n}"),
        TCN_EINVALID);
    assert_int_equal(r.problems.n, 5); /* tabel, timeout, url, page, password */
    assert_non_null(strstr(r.problems.text.ptr, "test.json:2"));
    assert_non_null(strstr(r.problems.text.ptr, "\"table\""));
    rig_done(&r);
}

static void open_may_refuse(void **unused)
{
    struct rig r;

    (void)unused;
    open_result = 1;
    closed = 0;
    assert_int_equal(rig_try(&r, &connector, "{\"url\": \"https://a.example\"," SECRET "}"),
                     TCN_EINVALID);
    assert_non_null(strstr(r.problems.text.ptr, "cannot use table with [secret password]"));
    rig_done(&r);
    assert_int_equal(closed, 0);
    open_result = 0;
}

static int reload_secret(void *ctx, const struct tcn_node *reference, struct tcn_buf *ret)
{
    (void)reference;
    if (!ctx)
        return tcn_node_problem(reference, "gone");
    tcn_buf_z(ret, ctx);
    return 0;
}

static void reloads_all_or_nothing(void **unused)
{
    struct rig r;
    struct tcn_node root;
    char fresh[] = "fresh";

    (void)unused;
    rig_init(&r, &connector, "{\"url\": \"https://a.example\"," SECRET "}");
    root = tcn_node_root(&r.doc);
    assert_int_equal(tcn_instance_reload(r.instance, &root, reload_secret, NULL), TCN_EINVALID);
    assert_string_equal(tcn_instance_secret(r.instance, "password")->ptr, CANARY);
    assert_int_equal(tcn_instance_reload(r.instance, &root, reload_secret, fresh), 0);
    assert_string_equal(tcn_instance_secret(r.instance, "password")->ptr, "fresh");
    rig_done(&r);
}

/* -- scrubbing -------------------------------------------------------------------------------------------------- */

static void scrub(const char *text, char *ret, size_t size)
{
    struct rig r;
    struct tcn_buf out;

    rig_init(&r, &connector,
             "{\"url\": \"https://a.example\"," SECRET ", \"hook\": {\"env\": \"OTHER\"}}");
    tcn_buf_init(&out, size);
    tcn_instance_scrub(r.instance, tcn_str(text), &out);
    snprintf(ret, size, "%s", out.ptr);
    tcn_buf_done(&out);
    rig_done(&r);
}

static void scrubs_every_spelling(void **unused)
{
    /* c4nary-"s\ecret/=& plain, JSON, percent, and base64 behind "u:", "us:", "usr:". */
    static const char *const spellings[] = {CANARY,
                                            "c4nary-\\\"s\\\\ecret/=&",
                                            "c4nary-%22s%5Cecret%2F%3D%26",
                                            "dTpjNG5hcnktInNcZWNyZXQvPSY=",
                                            "dXM6YzRuYXJ5LSJzXGVjcmV0Lz0m",
                                            "dXNyOmM0bmFyeS0ic1xlY3JldC89Jg=="};
    char out[512], text[256];

    (void)unused;
    for (size_t i = 0; i < sizeof spellings / sizeof spellings[0]; i++) {
        snprintf(text, sizeof text, "before %s after another-word.", spellings[i]);
        scrub(text, out, sizeof out);
        if (!strstr(out, "[secret password]") || !strstr(out, "after [secret hook]."))
            fail_msg("%s -> %s", text, out);
    }
    scrub("nothing to hide", out, sizeof out);
    assert_string_equal(out, "nothing to hide");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fills_options),          cmocka_unit_test(tells_faults),
        cmocka_unit_test(tells_all_at_once),      cmocka_unit_test(open_may_refuse),
        cmocka_unit_test(reloads_all_or_nothing), cmocka_unit_test(scrubs_every_spelling),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
