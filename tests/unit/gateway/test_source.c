/* Sources as an operator writes them, and deliveries read through a small mapping file. */
#include "../base/cases.h"
#include "gateway/source.h"

#include <stdio.h>
#include <string.h>

#define MINUTE INT64_C(60000)
#define HOUR (60 * MINUTE)
#define NOW INT64_C(1785690280000)

static const char small_mapping[] =
    "{\"mapping\": 1, \"kind\": \"source\", \"name\": \"shop\","
    " \"match\": {\"eq\": [{\"path\": \"type\"}, \"alarm\"]},"
    " \"settings\": {\"colour\": {\"one_of\": [\"red\", \"blue\"], \"help\": \"of the shop\"}},"
    " \"event\": {\"dedupe_key\": \"shop:{{id}}\", \"action\": \"fire\", \"title\": \"{{title}}\","
    " \"state\": {\"raw\": \"{{settings.colour}}\"}}}";

static const char connector_mapping[] =
    "{\"mapping\": 1, \"kind\": \"connector\", \"name\": \"desk\", \"driver\": \"jira\"}";

/* The place where the loader was asked, for messages. */
static char asked_folder[64], asked_name[64], asked_path[200];

static int load(const struct tcn_node *at, const char *folder, const char *name,
                struct tcn_mapping **ret)
{
    struct tcn_buf path;
    const char *text = strcmp(name, "desk.json") == 0 ? connector_mapping : small_mapping;

    tcn_buf_init(&path, 199);
    tcn_node_path(at, &path);
    snprintf(asked_folder, sizeof asked_folder, "%s", folder);
    snprintf(asked_name, sizeof asked_name, "%s", name);
    snprintf(asked_path, sizeof asked_path, "%s", path.ptr);
    tcn_buf_done(&path);
    if (strcmp(name, "none") == 0)
        return tcn_node_problem(at, "there is no mapping \"%s\"", name);
    return tcn_mapping_load(name, tcn_str(text), NULL, at->doc->problems, ret);
}

struct fixture {
    struct tcn_problems problems;
    struct tcn_doc doc;
    struct tcn_source *source;
    int r;
};

/* text is {"NAME": {source}}. */
static void begin(struct fixture *f, const char *text)
{
    const char *name;
    struct tcn_node root, at;

    memset(f, 0, sizeof *f);
    setenv("TEST_TOKEN", "a-token-0123456789", 1);
    asked_name[0] = '\0';
    tcn_problems_init(&f->problems);
    if (tcn_doc_parse(&f->doc, "tocsin.json", tcn_str(text), &f->problems) < 0)
        fail_msg("%s", f->problems.text.ptr);
    root = tcn_node_root(&f->doc);
    name = json_object_iter_key(json_object_iter(root.json));
    at = tcn_node_member(&root, name);
    f->r = tcn_source_read(&at, load, &f->source);
    assert_non_null(f->source);
    assert_int_equal(f->r, f->problems.n ? TCN_EINVALID : 0);
}

static void end(struct fixture *f)
{
    tcn_source_free(f->source);
    tcn_doc_done(&f->doc);
    tcn_problems_done(&f->problems);
}

#define AUTH "\"auth\": {\"kind\": \"bearer\", \"secret\": {\"env\": \"TEST_TOKEN\"}}"
#define SNS_AUTH                                                                                   \
    "\"auth\": {\"kind\": \"sns\", \"topics\": [\"arn:aws:sns:us-east-1:123456789012:ops-*\"]}"
#define PLAN "\"response_plan\": \"web\""

/* ---- configuration ---- */

static void test_defaults(void **state)
{
    const struct tcn_source_policy *p;
    struct fixture f;

    (void)state;
    begin(&f, "{\"prod-1\": {\"kind\": \"alertmanager\", " AUTH ", " PLAN "}}");
    assert_string_equal(f.problems.text.ptr, "");
    assert_string_equal(f.source->name, "prod-1");
    assert_string_equal(f.source->kind, "alertmanager");
    assert_string_equal(asked_folder, "sources");
    assert_string_equal(asked_name, "alertmanager");
    assert_int_equal(f.source->auth.n, 1);
    assert_null(f.source->settings);
    p = &f.source->policy;
    assert_string_equal(p->name, "prod-1");
    assert_string_equal(p->source, "alertmanager");
    assert_string_equal(p->response_plan, "web");
    assert_true(p->resolves);
    assert_int_equal(p->reopen_window_ms, 15 * MINUTE);
    assert_int_equal(p->mute_window_ms, 24 * HOUR);
    assert_int_equal(p->resolve_after_ms, 0);
    assert_int_equal(p->stale_after_ms, 0);
    assert_int_equal(p->echo_window_ms, MINUTE);
    assert_int_equal(p->flap_count, 6);
    assert_int_equal(p->flap_quiet_ms, 15 * MINUTE);
    assert_int_equal(p->flap_update_ms, 10 * MINUTE);
    assert_int_equal(p->storm_new, 30);
    assert_int_equal(p->storm_window_ms, 5 * MINUTE);
    end(&f);
}

static void test_everything_given(void **state)
{
    const struct tcn_source_policy *p;
    struct fixture f;

    (void)state;
    begin(&f, "{\"a\": {\"kind\": \"eventbridge\", \"mapping\": \"my/events.json\", " AUTH ", " PLAN
              ", \"settings\": {\"colour\": \"red\"}, \"resolves\": false,"
              " \"reopen_window\": \"1m\", \"mute_window\": \"2m\", \"resolve_after\": \"3m\","
              " \"echo_window\": \"4m\", \"flap_count\": 5, \"flap_quiet\": \"6m\","
              " \"flap_update\": \"7m\", \"storm_new\": 8, \"storm_window\": \"9m\","
              " \"stale_after\": \"10m\", \"group_by\": [\"app\", \"env\"]}}");
    assert_string_equal(f.problems.text.ptr, "");
    assert_string_equal(asked_name, "my/events.json");
    assert_string_equal(asked_path, "$.a.mapping");
    assert_string_equal(f.source->kind, "eventbridge");
    assert_int_equal(json_object_size(f.source->settings), 1);
    p = &f.source->policy;
    assert_string_equal(p->source, "aws.events");
    assert_false(p->resolves);
    assert_int_equal(p->reopen_window_ms, 1 * MINUTE);
    assert_int_equal(p->mute_window_ms, 2 * MINUTE);
    assert_int_equal(p->resolve_after_ms, 3 * MINUTE);
    assert_int_equal(p->echo_window_ms, 4 * MINUTE);
    assert_int_equal(p->flap_count, 5);
    assert_int_equal(p->flap_quiet_ms, 6 * MINUTE);
    assert_int_equal(p->flap_update_ms, 7 * MINUTE);
    assert_int_equal(p->storm_new, 8);
    assert_int_equal(p->storm_window_ms, 9 * MINUTE);
    assert_int_equal(p->stale_after_ms, 10 * MINUTE);
    assert_int_equal(p->n_group_by, 2);
    assert_string_equal(p->group_by[1], "env");
    end(&f);
}

/* A mapping file alone: the kind is its name. */
static void test_mapping_without_kind(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f, "{\"a\": {\"mapping\": \"shop.json\", " AUTH ", " PLAN "}}");
    assert_int_equal(f.r, 0);
    assert_string_equal(f.source->kind, "shop");
    assert_string_equal(f.source->policy.source, "shop");
    end(&f);
}

static void test_sources_of_incident_records(void **state)
{
    static const struct {
        const char *kind, *want;
    } cases[] = {{"cloudwatch-sns", "aws.cloudwatch"},
                 {"eventbridge", "aws.events"},
                 {"alertmanager", "alertmanager"},
                 {"grafana", "grafana"},
                 {"datadog", "datadog"},
                 {"zabbix", "zabbix"}};

    (void)state;
    for (size_t i = 0; i < N_OF(cases); i++) {
        struct fixture f;
        char text[300];

        snprintf(text, sizeof text, "{\"a\": {\"kind\": \"%s\", " AUTH ", " PLAN "}}",
                 cases[i].kind);
        begin(&f, text);
        CHECK(cases[i].kind, f.r == 0);
        CHECK(cases[i].kind, strcmp(f.source->policy.source, cases[i].want) == 0);
        end(&f);
    }
}

static void test_mistakes(void **state)
{
    static const struct {
        const char *text, *said;
    } cases[] = {
        {"{\"a\": 5}", "tocsin.json:1: $.a: must be an object"},
        {"{\"a\": {\n" AUTH ",\n" PLAN "}}", "tocsin.json:1: $.a: give \"kind\""},
        {"{\"a\": {\n\"kind\": \"alertmanger\",\n" AUTH ", " PLAN "}}",
         "tocsin.json:2: $.a.kind: \"alertmanger\" is no kind of source; did you mean "
         "\"alertmanager\"?"},
        {"{\"a\": {\"kind\": \"eventbrigde\", " AUTH ", " PLAN "}}",
         "did you mean \"eventbridge\"?"},
        {"{\"a\": {\"kind\": \"zabix\", " AUTH ", " PLAN "}}", "did you mean \"zabbix\"?"},
        {"{\"a\": {\"kind\": \"cloudwatch\", " AUTH ", " PLAN "}}", NULL},
        {"{\"a\": {\n\n\"kind\": \"none\", " AUTH ", " PLAN "}}",
         "tocsin.json:3: $.a.kind: there is no mapping"},
        {"{\"a\": {\"kind\": 5, " AUTH ", " PLAN "}}", "$.a.kind: must be text"},
        {"{\"a\": {\"mapping\": [], " AUTH ", " PLAN "}}", "$.a.mapping: must be text"},
        {"{\"a\": {\n\"mapping\": \"desk.json\", " AUTH ", " PLAN "}}",
         "tocsin.json:2: $.a.mapping: desk is a mapping of a connector"},
        {"{\"a\": {\"kind\": \"alertmanager\", " PLAN "}}", "$.a.auth: a source must say who"},
        {"{\"a\": {\"kind\": \"alertmanager\",\n\"auth\": {\n\"kind\": \"baerer\"}, " PLAN "}}",
         "tocsin.json:3: $.a.auth.kind: \"baerer\" is not one of the choices; did you mean "
         "\"bearer\"?"},
        {"{\"a\": {\"kind\": \"alertmanager\", " AUTH "}}", "$.a.response_plan: is missing"},
        {"{\"a\": {\"kind\": \"alertmanager\", " AUTH ", " PLAN ",\n\"reopen_windw\": \"1m\"}}",
         "tocsin.json:2: $.a.reopen_windw: \"reopen_windw\" is not known here; did you mean "
         "\"reopen_window\"?"},
        {"{\"a\": {\"kind\": \"alertmanager\", " AUTH ", " PLAN ", \"reopen_window\": \"1 m\"}}",
         "$.a.reopen_window: \"1 m\" is no duration"},
        {"{\"a\": {\"kind\": \"alertmanager\", " AUTH ", " PLAN ", \"mute_window\": \"367d\"}}",
         "$.a.mute_window: is out of range"},
        /* would overflow when added to a time */
        {"{\"a\": {\"kind\": \"alertmanager\", " AUTH ", " PLAN
         ", \"reopen_window\": \"9223372036854775807ms\"}}",
         "$.a.reopen_window: \"9223372036854775807ms\" is out of range"},
        {"{\"a\": {\"kind\": \"alertmanager\", " AUTH ", " PLAN ", \"reopen_window\": \"367d\"}}",
         "$.a.reopen_window: is out of range; use 0 ms to 366d"},
        {"{\"a\": {\"kind\": \"alertmanager\", " AUTH ", " PLAN ",\n\"storm_window\": \"999ms\"}}",
         "tocsin.json:2: $.a.storm_window: is out of range"},
        {"{\"a\": {\"kind\": \"alertmanager\", " AUTH ", " PLAN ", \"stale_after\": \"59s\"}}",
         "$.a.stale_after: is out of range; use 1m to 366d"},
        {"{\"a\": {\"kind\": \"alertmanager\", " AUTH ", " PLAN ", \"group_by\": []}}",
         "$.a.group_by: must name 1 to 8 tags"},
        {"{\"a\": {\"kind\": \"alertmanager\", " AUTH ", " PLAN ", \"group_by\": [\"a\", 1]}}",
         "$.a.group_by[1]: must be the name of a tag"},
        {"{\"a\": {\"kind\": \"alertmanager\", " AUTH ", " PLAN ", \"group_by\": [\"a\", \"a\"]}}",
         "$.a.group_by[1]: \"a\" is there twice"},
        {"{\"a\": {\"kind\": \"alertmanager\", " AUTH ", " PLAN ", \"storm_new\": 0}}",
         "$.a.storm_new: 0 is out of range"},
        {"{\"a\": {\"kind\": \"alertmanager\", " AUTH ", " PLAN ", \"flap_count\": 1}}",
         "$.a.flap_count: 1 is out of range; use 2 to 16"},
        {"{\"a\": {\"kind\": \"alertmanager\", " AUTH ", " PLAN ", \"flap_count\": 17}}",
         "$.a.flap_count: 17 is out of range"},
        {"{\"a\": {\"kind\": \"alertmanager\", " AUTH ", " PLAN ", \"resolves\": 1}}",
         "$.a.resolves: must be true or false"},
        {"{\"a\": {\"kind\": \"alertmanager\", " AUTH ", " PLAN ", \"settings\": []}}",
         "$.a.settings: must be an object"},
        {"{\"Prod\": {\"kind\": \"alertmanager\", " AUTH ", " PLAN "}}",
         "$.Prod: name a source with 1-64 of a-z 0-9 -"},
    };

    (void)state;
    for (size_t i = 0; i < N_OF(cases); i++) {
        struct fixture f;

        begin(&f, cases[i].text);
        if (!cases[i].said)
            CHECK(cases[i].text, f.r == 0);
        else if (!strstr(f.problems.text.ptr, cases[i].said))
            fail_msg("%s: said \"%s\"", cases[i].text, f.problems.text.ptr);
        end(&f);
    }
}

/* One run tells all of them. */
static void test_all_mistakes_at_once(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f, "{\"A\": {\"kind\": \"none\", \"x\": 1, \"flap_count\": 1, \"settings\": 1}}");
    assert_int_equal(f.problems.n, 7);
    end(&f);
}

static void test_names(void **state)
{
    static const struct {
        const char *name;
        bool want;
    } cases[] = {
        {"a", true},
        {"prod-eu-1", true},
        {"0123456789012345678901234567890123456789012345678901234567890123", true},
        {"01234567890123456789012345678901234567890123456789012345678901234", false},
        {"", false},
        {"A", false},
        {"a_b", false},
        {"a b", false},
        {"a/b", false},
        {"..", false},
        {"a%2f", false},
        {"a\n", false},
        {"\xc3\xbc", false},
    };

    (void)state;
    for (size_t i = 0; i < N_OF(cases); i++)
        CHECK(cases[i].name, tcn_source_is_name(cases[i].name) == cases[i].want);
    tcn_source_free(NULL);
}

/* ---- deliveries ---- */

#define ID_200                                                                                     \
    "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890"  \
    "1234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901"  \
    "234567890123456789"

static void test_delivery_ids(void **state)
{
    static const struct {
        const char *name, *kind, *auth, *body, *want;
    } cases[] = {
        {"SNS", "cloudwatch-sns", SNS_AUTH, "{\"MessageId\": \"m-1\", \"id\": \"x\"}", "m-1"},
        {"SNS without its signature", "cloudwatch-sns", AUTH, "{\"MessageId\": \"m-1\"}", "m-1"},
        {"SNS in front of another kind", "alertmanager", SNS_AUTH, "{\"MessageId\": \"m-1\"}",
         "m-1"},
        {"EventBridge", "eventbridge", AUTH, "{\"id\": \"e-1\", \"MessageId\": \"x\"}", "e-1"},
        {"Alertmanager has none", "alertmanager", AUTH, "{\"id\": \"x\", \"MessageId\": \"y\"}",
         NULL},
        {"absent", "eventbridge", AUTH, "{}", NULL},
        {"empty", "eventbridge", AUTH, "{\"id\": \"\"}", NULL},
        {"no text", "eventbridge", AUTH, "{\"id\": 5}", NULL},
        {"null", "eventbridge", AUTH, "{\"id\": null}", NULL},
        {"an array", "eventbridge", AUTH, "[]", NULL},
        {"as long as allowed", "eventbridge", AUTH, "{\"id\": \"" ID_200 "\"}", ID_200},
        {"longer", "eventbridge", AUTH, "{\"id\": \"" ID_200 "x\"}", NULL},
    };

    (void)state;
    assert_int_equal(strlen(ID_200), 200);
    for (size_t i = 0; i < N_OF(cases); i++) {
        json_t *root = json_loads(cases[i].body, 0, NULL);
        struct tcn_arena arena;
        struct fixture f;
        char text[300];
        const char *id;

        snprintf(text, sizeof text, "{\"a\": {\"kind\": \"%s\", %s, " PLAN "}}", cases[i].kind,
                 cases[i].auth);
        begin(&f, text);
        CHECK(cases[i].name, f.r == 0);
        tcn_arena_init(&arena, 4096);
        id = tcn_source_delivery_id(f.source, root, &arena);
        /* nothing of it lives in the tree */
        json_decref(root);
        CHECK(cases[i].name, cases[i].want ? id && strcmp(id, cases[i].want) == 0 : id == NULL);
        tcn_arena_done(&arena);
        end(&f);
    }
}

static void test_ungrouped(void **state)
{
    static const struct {
        const char *name, *kind, *key;
        bool want;
    } cases[] = {
        {"no labels", "alertmanager", "{}:{}", true},
        {"of a route", "alertmanager", "{}/{team=\"web\"}:{}", true},
        {"by a label", "alertmanager", "{}:{alertname=\"X\"}", false},
        {"a label that looks alike", "alertmanager", "{}:{a=\":{}\"}", false},
        {"another sender", "eventbridge", "{}:{}", false},
    };

    (void)state;
    for (size_t i = 0; i < N_OF(cases); i++) {
        json_t *root = json_pack("{s:s}", "groupKey", cases[i].key);
        struct fixture f;
        char text[300];

        snprintf(text, sizeof text, "{\"a\": {\"kind\": \"%s\", " AUTH ", " PLAN "}}",
                 cases[i].kind);
        begin(&f, text);
        CHECK(cases[i].name, tcn_source_is_ungrouped(f.source, root) == cases[i].want);
        f.source->settings = json_pack("{s:s}", "identity", "alert");
        CHECK(cases[i].name, !tcn_source_is_ungrouped(f.source, root));
        json_decref(f.source->settings);
        f.source->settings = NULL;
        json_decref(root);
        end(&f);
    }
}

static void test_scope(void **state)
{
    static const struct {
        const char *name, *kind, *member;
        int want;
    } cases[] = {
        {"ARNs are of the whole world", "cloudwatch-sns", "", TCN_SCOPE_ALL},
        {"here too", "eventbridge", "", TCN_SCOPE_ALL},
        {"groups are not", "alertmanager", "", TCN_SCOPE_SOURCE},
        {"a pair by two names", "alertmanager", "\"scope\": \"all\",", TCN_SCOPE_ALL},
        {"apart", "eventbridge", "\"scope\": \"source\",", TCN_SCOPE_SOURCE},
    };

    (void)state;
    for (size_t i = 0; i < N_OF(cases); i++) {
        struct fixture f;
        char text[300];

        snprintf(text, sizeof text, "{\"a\": {\"kind\": \"%s\", %s " AUTH ", " PLAN "}}",
                 cases[i].kind, cases[i].member);
        begin(&f, text);
        CHECK(cases[i].name, f.r == 0 && (int)f.source->scope == cases[i].want);
        end(&f);
    }
}

static int read_alarms(const struct fixture *f, const char *body, struct tcn_arena *arena,
                       struct tcn_alarm **ret, size_t *ret_n, struct tcn_err *err)
{
    json_t *root = json_loads(body, 0, NULL);
    struct tcn_delivery d = {.body = tcn_str(body), .now_ms = NOW};
    struct tcn_mapping_counts counts = {0};
    int r = tcn_source_alarms(f->source, root, &d, "d-1", &counts, arena, ret, ret_n, err);

    json_decref(root);
    return r;
}

static void test_alarms(void **state)
{
    struct tcn_alarm *alarms = NULL;
    struct tcn_arena arena;
    struct fixture f;
    size_t n = 0;
    struct tcn_err err;

    (void)state;
    begin(&f, "{\"front\": {\"mapping\": \"shop.json\", " AUTH ", " PLAN
              ", \"settings\": {\"colour\": \"red\"}}}");
    assert_int_equal(f.r, 0);
    tcn_arena_init(&arena, TCN_MAPPING_ARENA_BYTES);
    assert_int_equal(read_alarms(&f, "{\"type\": \"alarm\", \"id\": 7, \"title\": \"Oven cold\"}",
                                 &arena, &alarms, &n, &err),
                     0);
    assert_int_equal(n, 1);
    assert_string_equal(alarms[0].source, "front");
    assert_string_equal(alarms[0].delivery_id, "d-1");
    assert_string_equal(alarms[0].dedupe_key, "front/shop:7");
    assert_string_equal(alarms[0].title, "Oven cold");
    assert_string_equal(alarms[0].state, "red");
    assert_int_equal(alarms[0].action, TCN_ACTION_FIRE);
    assert_null(alarms[0].mapping_error);
    tcn_arena_done(&arena);
    end(&f);
}

/* A body that no rule knows is kept for people, with a reason. */
static void test_a_body_that_the_mapping_does_not_know(void **state)
{
    static const char *const bodies[] = {"{\"type\": \"order\"}", "{}", "[]", "[{}]"};
    struct fixture f;

    (void)state;
    begin(&f, "{\"front\": {\"mapping\": \"shop.json\", " AUTH ", " PLAN "}}");
    for (size_t i = 0; i < N_OF(bodies); i++) {
        struct tcn_alarm *alarms = NULL;
        struct tcn_arena arena;
        struct tcn_err err;
        size_t n = 0;

        tcn_arena_init(&arena, TCN_MAPPING_ARENA_BYTES);
        CHECK(bodies[i], read_alarms(&f, bodies[i], &arena, &alarms, &n, &err) == TCN_ENOTFOUND);
        CHECK(bodies[i], strstr(err.msg, "shop") && alarms == NULL && n == 0);
        tcn_arena_done(&arena);
    }
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_everything_given),
        cmocka_unit_test(test_mapping_without_kind),
        cmocka_unit_test(test_sources_of_incident_records),
        cmocka_unit_test(test_mistakes),
        cmocka_unit_test(test_all_mistakes_at_once),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_delivery_ids),
        cmocka_unit_test(test_ungrouped),
        cmocka_unit_test(test_scope),
        cmocka_unit_test(test_alarms),
        cmocka_unit_test(test_a_body_that_the_mapping_does_not_know),
    };

    return cmocka_run_group_tests_name("source", tests, NULL, NULL);
}
