/* The tests inside a file: that they fail when they should, and say where. */
#include "fixture.h"

#include "mapping/subset.h"

static void subsets(void **state)
{
    static const struct {
        const char *want, *got, *why;
    } cases[] = {
        {"{\"a\": 1}", "{\"a\": 1, \"b\": 2}", NULL},
        {"{\"a\": 1}", "{\"a\": 1.0}", NULL},
        {"{\"a\": null}", "{}", NULL},
        {"{\"a\": null}", "{\"a\": null}", NULL},
        {"{\"a\": null}", "{\"a\": 0}", "$.a: wanted null, is 0"},
        {"{\"a\": {\"b\": [1, {\"c\": \"x\"}]}}",
         "{\"a\": {\"b\": [1, {\"c\": \"x\", \"d\": 1}, 3]}}", NULL},
        {"{\"a\": {\"b\": [1, {\"c\": \"x\"}]}}", "{\"a\": {\"b\": [1, {\"c\": \"y\"}]}}",
         "$.a.b[1].c: wanted \"x\", is \"y\""},
        {"[1, 2]", "[1]", "$[1]: wanted 2, is absent"},
        {"{}", "[]", "$: wanted {}, is []"},
        {"{\"a\": \"1\"}", "{\"a\": 1}", "$.a: wanted \"1\", is 1"},
        {"{\"a\": true}", "{\"a\": false}", "$.a: wanted true, is false"},
        {"[]", "[1]", NULL},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        json_t *want = parse_json(cases[i].want), *got = parse_json(cases[i].got);
        struct tcn_buf why;

        tcn_buf_init(&why, 1000);
        assert_int_equal(tcn_subset(want, got, &why), cases[i].why == NULL);
        assert_string_equal(tcn_buf_view(&why).ptr, cases[i].why ? cases[i].why : "");
        tcn_buf_done(&why);
        json_decref(want);
        json_decref(got);
    }
}

static int one_file(void *ctx, const char *name, struct tcn_str *ret_text)
{
    (void)ctx;
    if (strcmp(name, "there.json") != 0)
        return TCN_ENOTFOUND;
    *ret_text = TCN_STR("{\"k\": \"from-file\"}");
    return 0;
}

static void failures(void **state)
{
    struct tcn_mapping *m =
        must_load("{\"mapping\": 1, \"kind\": \"source\", \"name\": \"t\", \"match\": {\"has\": "
                  "{\"path\": \"k\"}}, \"settings\": {\"i\": {\"type\": \"number\", \"help\": "
                  "\"the impact\"}},"
                  " \"event\": {\"dedupe_key\": \"{{k}}\", \"title\": \"{{hdr.x-t}}\", \"impact\": "
                  "\"{{settings.i}}\"}, \"tests\": ["
                  " {\"name\": \"good\", \"in\": {\"k\": \"a\"}, \"headers\": {\"X-T\": \"T\"}, "
                  "\"settings\": {\"i\": 2}, \"want\": {\"dedupe_key\": \"a\", \"title\": \"T\", "
                  "\"impact\": 2}},"
                  " {\"name\": \"from a file\", \"file\": \"there.json\", \"want\": "
                  "{\"dedupe_key\": \"from-file\"}},"
                  " {\"name\": \"no match wanted\", \"in\": {\"x\": 1}, \"matches\": false},"
                  " {\"name\": \"bad\", \"in\": {\"k\": \"a\"}, \"want\": {\"dedupe_key\": \"b\"}},"
                  " {\"name\": \"no file\", \"file\": \"gone.json\", \"want\": {}},"
                  " {\"name\": \"no match\", \"in\": {\"x\": 1}, \"want\": {}},"
                  " {\"name\": \"a match\", \"in\": {\"k\": 1}, \"matches\": false},"
                  " {\"name\": \"number\", \"in\": {\"k\": 1}, \"want\": [{}, {}]}]}");
    struct tcn_buf report;
    size_t n, failed;

    (void)state;
    tcn_buf_init(&report, 10000);
    assert_int_equal(tcn_mapping_test(m, one_file, NULL, &report, &n, &failed), TCN_EINVALID);
    assert_int_equal(n, 8);
    assert_int_equal(failed, 5);
    assert_string_equal(tcn_buf_view(&report).ptr,
                        "t.json: test \"bad\": $.dedupe_key: wanted \"b\", is \"a\"\n"
                        "t.json: test \"no file\": there is no file \"gone.json\"\n"
                        "t.json: test \"no match\": the file does not match this body\n"
                        "t.json: test \"a match\": the file matches this body\n"
                        "t.json: test \"number\": wanted 2 alarms, are 1\n");
    tcn_buf_done(&report);
    tcn_mapping_free(m);
}

static void connector_failures(void **state)
{
    struct tcn_mapping *m = must_load(
        "{\"mapping\": 1, \"kind\": \"connector\", \"name\": \"t\", \"driver\": \"d\", \"create\": "
        "{\"a\": {\"path\": \"env.title\"}},"
        " \"status\": {\"remote\": \"s\", \"class\": {\"OPEN\": [\"1\"], \"RESOLVED\": [\"2\"]}}, "
        "\"tests\": ["
        " {\"name\": \"a\", \"field\": \"status\", \"in\": {\"s\": \"2\"}, \"want\": \"OPEN\"},"
        " {\"name\": \"b\", \"section\": \"create\", \"env\": {\"title\": \"x\"}, \"want\": "
        "{\"a\": \"y\"}},"
        " {\"name\": \"c\", \"message\": \"page\", \"want\": {\"text\": \"y\"}}]}");
    struct tcn_buf report;
    size_t n, failed;

    (void)state;
    tcn_buf_init(&report, 10000);
    assert_int_equal(tcn_mapping_test(m, NULL, NULL, &report, &n, &failed), TCN_EINVALID);
    assert_int_equal(failed, 3);
    assert_string_equal(tcn_buf_view(&report).ptr,
                        "t.json: test \"a\": $: wanted \"OPEN\", is \"RESOLVED\"\n"
                        "t.json: test \"b\": $.a: wanted \"y\", is \"x\"\n"
                        "t.json: test \"c\": $: wanted {\"text\":\"y\"}, is absent\n");
    tcn_buf_done(&report);
    tcn_mapping_free(m);
}

static void explains(void **state)
{
    struct tcn_mapping *m = must_load(
        "{\"mapping\": 1, \"kind\": \"source\", \"name\": \"t\", \"match\": {\"has\": {\"path\": "
        "\"k\"}}, \"each\": \"k\", \"as\": \"x\","
        " \"event\": {\"dedupe_key\": \"{{x}}\", \"title\": {\"first\": [{\"path\": \"a.b\"}, "
        "{\"path\": \"t\"}], \"default\": \"none\"}, \"summary\": \"{{a.c}}\"}}");
    struct tcn_mapping_input in = {.source = "t"};
    struct tcn_buf out;

    (void)state;
    tcn_buf_init(&out, 10000);
    in.body = parse_json("{\"k\": [1, 2], \"t\": \"T\"}");
    assert_int_equal(tcn_mapping_explain(m, &in, &out), 0);
    assert_string_equal(tcn_buf_view(&out).ptr,
                        "match: yes\n"
                        "mapping t, rule event, alarm 1 of 2\n"
                        "  dedupe_key   1\n"
                        "               from   $.event.dedupe_key\n"
                        "  title        \"T\"\n"
                        "               from   $.event.title.first[1].path\n"
                        "               absent a.b\n"
                        "  summary      absent\n"
                        "               by     $.event.summary\n"
                        "               absent a.c\n"
                        "mapping t, rule event, alarm 2 of 2\n"
                        "  dedupe_key   2\n"
                        "               from   $.event.dedupe_key\n"
                        "  title        \"T\"\n"
                        "               from   $.event.title.first[1].path\n"
                        "               absent a.b\n"
                        "  summary      absent\n"
                        "               by     $.event.summary\n"
                        "               absent a.c\n");
    json_decref(in.body);
    tcn_buf_clear(&out);
    in.body = parse_json("{\"k\": [1], \"a\": 5}");
    assert_int_equal(tcn_mapping_explain(m, &in, &out), 0);
    assert_non_null(
        strstr(tcn_buf_view(&out).ptr,
               "               unread a.c: is looked for in what has no such members: 5\n"));
    json_decref(in.body);
    tcn_buf_clear(&out);
    in.body = parse_json("{}");
    assert_int_equal(tcn_mapping_explain(m, &in, &out), 0);
    assert_string_equal(tcn_buf_view(&out).ptr, "match: no, so the delivery would be put aside\n");
    json_decref(in.body);
    tcn_buf_done(&out);
    tcn_mapping_free(m);
}

/* A title is one line, an impact a number; what explain shows is what the alarm has. */
static void explains_what_the_alarm_has(void **state)
{
    struct tcn_mapping *m = must_load(
        "{\"mapping\": 1, \"kind\": \"source\", \"name\": \"t\", \"event\": {\"dedupe_key\": "
        "\"{{k}}\", \"action\": {\"path\": \"a\"}, \"title\": {\"path\": \"t\"}, \"impact\": "
        "{\"path\": \"i\"}}}");
    struct tcn_mapping_input in = {.source = "t"};
    struct tcn_buf out;

    (void)state;
    tcn_buf_init(&out, 10000);
    in.body = parse_json("{\"k\": 1, \"t\": \"down \\n\", \"i\": 7}");
    assert_int_equal(tcn_mapping_explain(m, &in, &out), 0);
    assert_string_equal(tcn_buf_view(&out).ptr, "match: yes\n"
                                                "mapping t, rule event, alarm 1 of 1\n"
                                                "  dedupe_key   1\n"
                                                "               from   $.event.dedupe_key\n"
                                                "  action       absent, so that it is \"fire\"\n"
                                                "               by     $.event.action.path\n"
                                                "               absent a\n"
                                                "  title        \"down\"\n"
                                                "               given  \"down \\n\"\n"
                                                "               from   $.event.title.path\n"
                                                "  impact       left out\n"
                                                "               given  7\n"
                                                "               from   $.event.impact.path\n");
    json_decref(in.body);
    tcn_buf_done(&out);
    tcn_mapping_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(subsets),
        cmocka_unit_test(failures),
        cmocka_unit_test(connector_failures),
        cmocka_unit_test(explains),
        cmocka_unit_test(explains_what_the_alarm_has),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
