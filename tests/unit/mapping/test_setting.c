/* Settings: what a file declares, what its expressions may read, what a configuration may set. */
#include "fixture.h"

#define S "{\"mapping\": 1, \"kind\": \"source\", \"name\": \"t\",\n"
#define E "\"event\": {\"dedupe_key\": \"k\"}"
#define C "{\"mapping\": 1, \"kind\": \"connector\", \"name\": \"t\", \"driver\": \"d\",\n"
#define FIELDS                                                                                     \
    "\"fields\": {\"summary\": {\"remote\": \"body\", \"direction\": \"out\", \"out\": "           \
    "{\"path\": \"env.summary\"}}}"
#define DECLARED(text) S "\"settings\": {\"a\": " text "},\n" E "}"

static const char all_kinds[] =
    S "\"settings\": {\n"
      " \"mode\": {\"one_of\": [\"one\", \"three\"], \"default\": \"one\", \"help\": \"how\"},\n"
      " \"title\": {\"type\": \"text\", \"help\": \"of all\"},\n"
      " \"level\": {\"type\": \"number\", \"default\": 1.5, \"help\": \"from where\"},\n"
      " \"loud\": {\"type\": \"bool\", \"default\": false, \"help\": \"if\"},\n"
      " \"wait\": {\"type\": \"duration\", \"default\": \"5s\", \"help\": \"how long\"},\n"
      " \"rest\": {\"type\": \"duration\", \"min\": \"1s\", \"max\": \"10m\", \"help\": \"how "
      "long\"}},\n" E "}";

static void defaults(void **state)
{
    struct tcn_mapping *m = must_load(all_kinds);
    json_t *want = parse_json("{\"mode\": \"one\", \"level\": 1.5, \"loud\": false, \"wait\": "
                              "\"5s\"}");

    (void)state;
    assert_true(json_equal(tcn_mapping_settings(m), want));
    assert_null(tcn_mapping_options(m)[0]);
    json_decref(want);
    tcn_mapping_free(m);
}

static void an_inherited_default_is_changed(void **state)
{
    struct tcn_mapping *m = must_load("{\"extends\": \"builtin/alertmanager\", \"name\": \"t\","
                                      " \"settings\": {\"heartbeat\": {\"default\": \"Dog\"}}}");
    json_t *want = parse_json("{\"identity\": \"group\", \"heartbeat\": \"Dog\"}");

    (void)state;
    assert_true(json_equal(tcn_mapping_settings(m), want));
    json_decref(want);
    tcn_mapping_free(m);
}

struct mistake {
    const char *name, *text, *problem; /* NULL: none */
};

static void declarations(void **state)
{
    static const struct mistake cases[] = {
        {"a bare value", DECLARED("\"x\""), "t.json:2: $.settings.a: must be {\"type\": \"text\""},
        {"a bare value over an inherited one",
         "{\"extends\": \"builtin/alertmanager\", \"name\": \"t\",\n"
         " \"settings\": {\"heartbeat\": \"Dog\"}}",
         "t.json:2: $.settings.heartbeat: must be {\"type\": \"text\""},
        {"no type", DECLARED("{\"help\": \"x\"}"), "t.json:2: $.settings.a: needs \"type\": text"},
        {"no help", DECLARED("{\"type\": \"text\"}"), "$.settings.a.help: is missing"},
        {"type", DECLARED("{\"type\": \"txt\", \"help\": \"x\"}"), "did you mean \"text\"?"},
        {"member", DECLARED("{\"type\": \"text\", \"help\": \"x\", \"defualt\": \"y\"}"),
         "$.settings.a.defualt: \"defualt\" is not known here; did you mean \"default\"?"},
        {"no choice", DECLARED("{\"one_of\": [], \"help\": \"x\"}"), "has no word"},
        {"choice", DECLARED("{\"one_of\": [1], \"help\": \"x\"}"),
         "$.settings.a.one_of[0]: must be text"},
        {"default of a choice",
         DECLARED("{\"one_of\": [\"red\"], \"default\": \"rad\", \"help\": \"x\"}"),
         "$.settings.a.default: \"rad\" is not one of the choices; did you mean \"red\"?"},
        {"default of a type", DECLARED("{\"type\": \"bool\", \"default\": 1, \"help\": \"x\"}"),
         "$.settings.a.default: must be true or false, not a number"},
        {"bound of another type",
         DECLARED("{\"type\": \"text\", \"max\": \"1m\", \"help\": \"x\"}"),
         "$.settings.a.max: \"max\" is not known here"},
        {"bound that is none",
         DECLARED("{\"type\": \"duration\", \"max\": \"soon\", \"help\": \"x\"}"),
         "$.settings.a.max: \"soon\" is no duration"},
        {"bound as a number", DECLARED("{\"type\": \"duration\", \"min\": 5, \"help\": \"x\"}"),
         "$.settings.a.min: must be text"},
        {"bounds that leave nothing",
         DECLARED("{\"type\": \"duration\", \"min\": \"2m\", \"max\": \"1m\", \"help\": \"x\"}"),
         "$.settings.a.max: is less than \"min\""},
        {"default out of bounds",
         DECLARED(
             "{\"type\": \"duration\", \"max\": \"1m\", \"default\": \"2m\", \"help\": \"x\"}"),
         "$.settings.a.default: \"2m\" is out of range; use 0s to 1m"},
        {"bound of the sync's", C "\"settings\": {\"settle\": {\"max\": \"1d\"}},\n" FIELDS "}",
         "$.settings.settle.max: \"max\" is not known here"},
        {"option of a source", DECLARED("{\"option\": true, \"help\": \"x\"}"),
         "of a connector only"},
        {"type of the sync's",
         C "\"settings\": {\"auto_resolve\": {\"type\": \"text\"}},\n" FIELDS "}",
         "$.settings.auto_resolve.type: \"type\" is not known here"},
        {"default of the sync's",
         C "\"settings\": {\"auto_resolve\": {\"default\": \"allways\"}},\n" FIELDS "}",
         "t.json:2: $.settings.auto_resolve.default: \"allways\" is not one of the choices; did "
         "you mean \"always\"?"},
        {"no object", S "\"settings\": [],\n" E "}", "$.settings: must be an object"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char *problems;

        if (try_load(cases[i].text, &problems) || !strstr(problems, cases[i].problem) ||
            strchr(problems, '\n')[1])
            fail_msg("%s: %s", cases[i].name, problems);
        free(problems);
    }
}

/* The value of a member of an event; what is read must be declared. */
#define READS(expr)                                                                                \
    S "\"settings\": {\"identity\": {\"type\": \"text\", \"help\": \"x\"}},\n"                     \
      "\"event\": {\"dedupe_key\": \"k\",\n \"title\": " expr "}}"

static void reads(void **state)
{
    static const struct mistake cases[] = {
        {"declared", READS("\"{{settings.identity}}\""), NULL},
        {"a slip", READS("\"{{settings.idntity}}\""),
         "t.json:4: $.event.title: there is no setting \"idntity\"; did you mean \"identity\"?"},
        {"in a condition",
         READS("{\"case\": [{\"if\": {\"eq\": [{\"path\": \"settings.mode\"}, 1]}, \"then\": 1}]}"),
         "t.json:4: $.event.title.case[0].if.eq[0].path: there is no setting \"mode\"; declare it "
         "in \"settings\": {\"type\": \"text\""},
        {"all of them", READS("{\"each\": {\"path\": \"settings\"}, \"value\": 1}"),
         "settings needs the name of one setting: write settings.NAME"},
        {"a member of one", READS("\"{{settings.identity.x}}\""), "settings needs the name of one"},
        {"a member of the body", READS("\"{{in.settings.mode}}\""), NULL},
        {"a test",
         S "\"settings\": {\"mode\": {\"type\": \"bool\", \"help\": \"x\"}}, " E ",\n"
           "\"tests\": [{\"name\": \"n\", \"settings\": {\"mod\": true}, \"in\": {}, \"want\": "
           "{}}]}",
         "t.json:3: $.tests[0].settings.mod: \"mod\" is not known here; did you mean \"mode\"?"},
        {"the sync's", C "\"create\": {\"x\": {\"path\": \"settings.auto_resolve\"}}}", NULL},
        {"the sync's in a file without records",
         C "\"messages\": {\"page\": {\"text\": \"{{settings.auto_resolve}}\"}}}",
         "there is no setting \"auto_resolve\""},
        {"an inherited one",
         "{\"extends\": \"builtin/alertmanager\", \"name\": \"t\",\n"
         " \"event\": {\"title\": \"{{settings.identity}} {{settings.heartbeet}}\"}}",
         "there is no setting \"heartbeet\"; did you mean \"heartbeat\"?"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char *problems;
        struct tcn_mapping *m = try_load(cases[i].text, &problems);

        if (!m != (cases[i].problem != NULL) ||
            (cases[i].problem && !strstr(problems, cases[i].problem)))
            fail_msg("%s: %s", cases[i].name, problems);
        tcn_mapping_free(m);
        free(problems);
    }
}

/* The problems of a configuration's "settings", valid until the next call; "" when there are none. */
static const char *given(const struct tcn_mapping *m, const char *text)
{
    static char told[2000];
    struct tcn_problems problems;
    struct tcn_node root, at;
    struct tcn_doc doc;
    int r;

    tcn_problems_init(&problems);
    assert_int_equal(tcn_doc_parse(&doc, "c.json", tcn_str(text), &problems), 0);
    root = tcn_node_root(&doc);
    at = tcn_node_member(&root, "settings");
    r = tcn_mapping_check_settings(m, &at);
    assert_int_equal(r, problems.n ? TCN_EINVALID : 0);
    snprintf(told, sizeof told, "%s", tcn_buf_view(&problems.text).ptr);
    tcn_doc_done(&doc);
    tcn_problems_done(&problems);
    return told;
}

static void check_given(const char *file, const struct mistake *cases, size_t n)
{
    struct tcn_mapping *m = must_load(file);

    for (size_t i = 0; i < n; i++) {
        const char *told = given(m, cases[i].text);

        if (cases[i].problem ? !strstr(told, cases[i].problem) : *told != '\0')
            fail_msg("%s: %s", cases[i].name, told);
    }
    tcn_mapping_free(m);
}

static void values(void **state)
{
    static const struct mistake cases[] = {
        {"absent", "{}", NULL},
        {"all",
         "{\"settings\": {\"mode\": \"three\", \"title\": \"\", \"level\": 2, \"loud\": "
         "true, \"wait\": \"2m\"}}",
         NULL},
        {"name", "{\n\"settings\": {\n\"mod\": \"one\"}}",
         "c.json:3: $.settings.mod: \"mod\" is not known here; did you mean \"mode\"?\n"},
        {"choice", "{\"settings\":\n{\"mode\": \"thre\"}}",
         "c.json:2: $.settings.mode: \"thre\" is not one of the choices; did you mean \"three\"?"},
        {"no near choice", "{\"settings\": {\"mode\": \"loudly\"}}", "known are: one, three"},
        {"text", "{\"settings\": {\"title\": 1}}", "$.settings.title: must be text"},
        {"null", "{\"settings\": {\"title\": null}}", "must be text in double quotes, not null"},
        {"number", "{\"settings\": {\"level\": \"2\"}}", "$.settings.level: must be a number"},
        {"bool", "{\"settings\": {\"loud\": \"yes\"}}", "$.settings.loud: must be true or false"},
        {"duration", "{\"settings\": {\"wait\": \"2 minutes\"}}", "\"2 minutes\" is no duration"},
        {"seconds", "{\"settings\": {\"wait\": 2}}", "$.settings.wait: must be text"},
        {"ten years", "{\"settings\": {\"wait\": \"3650d\"}}", NULL},
        {"more", "{\"settings\": {\"wait\": \"3651d\"}}",
         "$.settings.wait: \"3651d\" is out of range; use 0s to 3650d"},
        {"more than a number holds", "{\"settings\": {\"wait\": \"99999999999999999999h\"}}",
         "\"99999999999999999999h\" is out of range; use 0s to 3650d"},
        {"the most", "{\"settings\": {\"rest\": \"600s\"}}", NULL},
        {"the least", "{\"settings\": {\"rest\": \"1000ms\"}}", NULL},
        {"over the most", "{\"settings\": {\"rest\": \"601s\"}}",
         "$.settings.rest: \"601s\" is out of range; use 1s to 10m"},
        {"under the least", "{\"settings\": {\"rest\": \"999ms\"}}",
         "$.settings.rest: \"999ms\" is out of range; use 1s to 10m"},
    };

    (void)state;
    check_given(all_kinds, cases, ARRAY_LEN(cases));
}

static void of_a_connector(void **state)
{
    static const struct mistake cases[] = {
        {"the sync's", "{\"settings\": {\"auto_resolve\": \"never\", \"settle\": \"1s\"}}", NULL},
        {"a slip", "{\"settings\": {\"auto_resolv\": \"always\"}}",
         "\"auto_resolv\" is not known here; did you mean \"auto_resolve\"?"},
        {"a choice", "{\"settings\": {\"auto_resolve\": \"yes\"}}",
         "known are: always, unless_acked, never"},
        {"what is lost", "{\"settings\": {\"when_lost\": \"recreate\"}}", NULL},
        {"what is lost, otherwise", "{\"settings\": {\"when_lost\": \"reopen\"}}",
         "known are: stop, recreate"},
        {"settle of ten minutes", "{\"settings\": {\"settle\": \"10m\"}}", NULL},
        {"settle of days", "{\"settings\": {\"settle\": \"1000000d\"}}",
         "$.settings.settle: \"1000000d\" is out of range; use 0s to 10m"},
        {"settle of hours", "{\"settings\": {\"settle\": \"99999999999h\"}}", "use 0s to 10m"},
        {"an option", "{\"settings\": {\"url\": \"https://x\"}}",
         "$.settings.url: is an option of the connector; write it outside of \"settings\""},
    };

    (void)state;
    check_given(C "\"settings\": {\"url\": {\"option\": true, \"help\": \"x\"}}, " FIELDS "}",
                cases, ARRAY_LEN(cases));
}

static void a_file_without_settings(void **state)
{
    static const struct mistake cases[] = {
        {"none", "{\"settings\": {}}", NULL},
        {"one", "{\"settings\": {\"mode\": 1}}",
         "$.settings: the mapping t has no settings; take them out"},
    };

    (void)state;
    check_given(S E "}", cases, ARRAY_LEN(cases));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_inherited_default_is_changed),
        cmocka_unit_test(defaults),
        cmocka_unit_test(declarations),
        cmocka_unit_test(reads),
        cmocka_unit_test(values),
        cmocka_unit_test(of_a_connector),
        cmocka_unit_test(a_file_without_settings),
    };

    return cmocka_run_group_tests_name("setting", tests, NULL, NULL);
}
