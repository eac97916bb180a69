/* What the loader says: every mistake with its line, its path and what to do, all at once. */
#include "fixture.h"

/* Ten mistakes, one a line from line 4 on. */
static void all_at_once(void **state)
{
    static const char text[] = "{\n"
                               "\"mapping\": 1, \"kind\": \"source\",\n"
                               "\"name\": \"Bad Name\",\n"
                               "\"tabels\": {},\n"
                               "\"tables\": {\"a\": {\"map\": {}, \"deflt\": 1}},\n"
                               "\"match\": {\"eqq\": [1, 2]},\n"
                               "\"var\": {\"v\": {\"path\": \"a..b\"},\n"
                               "  \"w\": \"{{a|uper}}\"},\n"
                               "\"event\": {\"dedupe_key\": {\"frist\": [1]},\n"
                               "  \"action\": \"fier\",\n"
                               "  \"impact\": 7,\n"
                               "  \"titel\": \"x\",\n"
                               "  \"items\": [{\"kye\": \"x\"}],\n"
                               "  \"summary\": {\"table\": \"b\", \"of\": 1}}}\n";
    static const char want[] =
        "t.json:4: $.tabels: \"tabels\" is not known here; did you mean \"tables\"?\n"
        "t.json:3: $.name: must be of a-z, 0-9 and -, at most 64 characters\n"
        "t.json:5: $.tables.a.deflt: \"deflt\" is not known here; did you mean \"default\"?\n"
        "t.json:7: $.var.v.path: a name is missing in the path\n"
        "t.json:8: $.var.w: there is no filter \"uper\"; did you mean \"upper\"?\n"
        "t.json:6: $.match.eqq: \"eqq\" is not known here; did you mean \"eq\"?\n"
        "t.json:12: $.event.titel: \"titel\" is not known here; did you mean \"title\"?\n"
        "t.json:10: $.event.action: an action must be one of fire, resolve, update, ignore; did "
        "you mean \"fire\"?\n"
        "t.json:11: $.event.impact: an impact must be 1 (critical) to 5 (none)\n"
        "t.json:13: $.event.items[0].kye: \"kye\" is not known here; did you mean \"key\"?\n"
        "t.json:9: $.event.dedupe_key: \"frist\" is no form; did you mean \"first\"? A plain "
        "object with such a member is "
        "written {\"object\": {...}}\n"
        "t.json:14: $.event.summary.table: there is no table \"b\"; add it to \"tables\"\n";
    char *problems;

    (void)state;
    assert_null(try_load(text, &problems));
    assert_string_equal(problems, want);
    free(problems);
}

static void a_misspelt_name_is_one_mistake(void **state)
{
    char *problems;

    (void)state;
    assert_null(try_load("{\"mapping\": 1, \"kind\": \"source\", \"nam\": \"t\","
                         " \"event\": {\"dedupe_key\": \"k\"}}",
                         &problems));
    assert_string_equal(problems,
                        "t.json:1: $.nam: \"nam\" is not known here; did you mean \"name\"?\n");
    free(problems);
}

struct mistake {
    const char *name, *text, *problem;
};

static void check(const struct mistake *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char *problems;
        struct tcn_mapping *m = try_load(cases[i].text, &problems);

        tcn_mapping_free(m);
        if (m || !strstr(problems, cases[i].problem))
            fail_msg("%s: %s", cases[i].name, problems);
        free(problems);
    }
}

#define S "{\"mapping\": 1, \"kind\": \"source\", \"name\": \"t\", "
#define E "\"event\": {\"dedupe_key\": \"k\"}"
#define X(expr) S "\"var\": {\"x\": " expr "}, " E "}"

static void sources(void **state)
{
    static const struct mistake cases[] = {
        {"no JSON", "{\"mapping\": 1,\n,}", "t.json:2: column 1: "},
        {"no object", "[1]", "t.json:1: $: must be an object"},
        {"version", "{\"mapping\": 2, \"kind\": \"source\", \"name\": \"t\", " E "}",
         "must be 1, not 2"},
        {"no kind", "{\"mapping\": 1, \"name\": \"t\"}", "$.kind: is missing"},
        {"kind", "{\"mapping\": 1, \"kind\": \"sauce\", \"name\": \"t\"}",
         "did you mean \"source\"?"},
        {"no event", S "\"match\": {\"has\": 1}}", "needs \"event\", or \"rules\""},
        {"no key", S "\"event\": {\"title\": \"x\"}}",
         "$.event.dedupe_key: is missing; it names the alarm"},
        {"driver of a source", S "\"driver\": \"x\", " E "}",
         "$.driver: \"driver\" is not known here"},
        {"rule", S "\"rules\": {\"a\": {\"whne\": 1, " E "}}}",
         "$.rules.a.whne: \"whne\" is not known here; did you mean \"when\"?"},
        {"rule without event", S "\"rules\": {\"a\": {}}}", "$.rules.a.event: is missing"},
        {"state as a form", S "\"event\": {\"dedupe_key\": \"k\", \"state\": {\"path\": \"s\"}}}",
         "must be {\"raw\": ..., \"since\": ...}"},
        {"action in a case",
         S "\"event\": {\"dedupe_key\": \"k\", \"action\": {\"case\": [{\"if\": {\"has\": 1}, "
           "\"then\": \"resolv\"}]}}}",
         "$.event.action.case[0].then: an action must be one of"},
        {"action in a table",
         S "\"tables\": {\"a\": {\"map\": {\"x\": \"fired\"}}}, \"event\": {\"dedupe_key\": \"k\", "
           "\"action\": {\"table\": \"a\", \"of\": 1}}}",
         "$.tables.a.map.x: an action must be one of"},
        {"impact in a table",
         S "\"tables\": {\"a\": {\"map\": {}, \"default\": 6}}, \"event\": {\"dedupe_key\": \"k\", "
           "\"impact\": {\"first\": [{\"table\": \"a\", \"of\": 1}]}}}",
         "$.tables.a.default: an impact must be 1"},
        {"kind of related",
         S "\"event\": {\"dedupe_key\": \"k\", \"related\": [{\"kind\": \"link\", \"value\": "
           "\"x\"}]}}",
         "$.event.related[0].kind: a kind must be one of"},
        {"member of related",
         S
         "\"event\": {\"dedupe_key\": \"k\", \"related\": [{\"kind\": \"url\", \"url\": \"x\"}]}}",
         "$.event.related[0].url: \"url\" is not known here"},
        {"member of items in each",
         S "\"event\": {\"dedupe_key\": \"k\", \"items\": {\"each\": {\"path\": \"a\"}, \"value\": "
           "{\"id\": 1}}}}",
         "$.event.items.value.id: \"id\" is not known here"},
        {"option of a form", X("{\"first\": [1], \"defualt\": 2}"),
         "$.var.x.defualt: \"defualt\" is not known here; did you mean \"default\"?"},
        {"two forms", X("{\"path\": \"a\", \"time\": \"b\"}"),
         "$.var.x.time: \"time\" is not known here"},
        {"table without of", X("{\"table\": \"a\"}"), "$.var.x: needs \"of\""},
        {"each without value", X("{\"each\": {\"path\": \"a\"}}"), "$.var.x: needs \"value\""},
        {"as that is a root", X("{\"each\": {\"path\": \"a\"}, \"as\": \"var\", \"value\": 1}"),
         "$.var.x.as: \"var\" has a meaning already"},
        {"as twice",
         X("{\"each\": {\"path\": \"a\"}, \"as\": \"y\", \"value\": {\"each\": {\"path\": \"y\"}, "
           "\"as\": \"y\", \"value\": 1}}"),
         "is bound outside already"},
        {"max of each", X("{\"each\": {\"path\": \"a\"}, \"value\": 1, \"max\": 0}"),
         "0 is out of range"},
        {"case that is no list", X("{\"case\": {\"if\": 1}}"), "$.var.x.case: must be a list of"},
        {"branch without if", X("{\"case\": [{\"then\": 1}]}"), "$.var.x.case[0]: needs \"if\""},
        {"first that is no list", X("{\"first\": 1}"),
         "$.var.x.first: must be a list of expressions"},
        {"hash by another algorithm", X("{\"hash\": \"x\", \"alg\": \"md5\"}"),
         "\"md5\" is not one of the choices"},
        {"object that is none", X("{\"object\": 1}"), "$.var.x.object: must be an object"},
        {"template that is none", X("{\"template\": 1}"), "$.var.x.template: must be text"},
        {"unclosed braces", X("\"{{a\""), "$.var.x: a \"{{\" is not closed"},
        {"braces in braces", X("\"{{a: {{b}}\""),
         "$.var.x: \"{\" is not expected in a path; quote odd names"},
        {"unknown var", X("\"{{var.y}}\""),
         "there is no var above with the name \"y\"; none is known here"},
        {"var below", S "\"var\": {\"one\": \"{{var.tow}}\", \"two\": 1}, " E "}",
         "there is no var above"},
        {"misspelt var", S "\"var\": {\"severity\": 1, \"x\": \"{{var.severty}}\"}, " E "}",
         "did you mean \"severity\"?"},
        {"var alone", X("\"{{var}}\""), "var needs a name"},
        {"hdr alone", X("\"{{hdr}}\""), "hdr needs the name of one header"},
        {"member of now", X("\"{{now.year}}\""), "now has no members"},
        {"misspelt table",
         S "\"tables\": {\"severity\": {\"map\": {}}}, \"var\": {\"x\": {\"table\": \"sevrity\", "
           "\"of\": 1}}, " E "}",
         "did you mean \"severity\"?"},
        {"test that cannot fail", S E ", \"tests\": [{\"name\": \"a\", \"in\": {}}]}",
         "$.tests[0]: needs \"want\" or \"matches\", or it cannot fail"},
        {"test without input", S E ", \"tests\": [{\"name\": \"a\", \"want\": {}}]}",
         "needs \"in\" or \"file\""},
        {"member of a test", S E ", \"tests\": [{\"name\": \"a\", \"in\": {}, \"wnat\": {}}]}",
         "did you mean \"want\"?"},
        {"extends nothing", S "\"extends\": \"builtin/alertmanger\", " E "}",
         "$.extends: there is no mapping \"builtin/alertmanger\""},
        {"extends no name", S "\"extends\": 1, " E "}", "$.extends: must be the name of a mapping"},
    };

    (void)state;
    check(cases, ARRAY_LEN(cases));
}

/* What would load, and then say nothing or something else than was meant. */
static void values_that_are_none(void **state)
{
    static const struct mistake cases[] = {
        {"first of nothing", X("{\"first\": []}"), "$.var.x.first: is empty"},
        {"concat of nothing", X("{\"concat\": []}"), "$.var.x.concat: is empty"},
        {"test for a value", X("{\"eq\": [{\"path\": \"a\"}, 1]}"),
         "$.var.x: \"eq\" is a test and gives no value; write {\"case\":"},
        {"test of a form for a value", X("{\"has\": {\"path\": \"a\"}}"),
         "$.var.x: \"has\" is a test"},
    };

    (void)state;
    check(cases, ARRAY_LEN(cases));
}

#define C "{\"mapping\": 1, \"kind\": \"connector\", \"name\": \"t\", \"driver\": \"d\", "
#define F(field) C "\"fields\": {" field "}}"

static void connectors(void **state)
{
    static const struct mistake cases[] = {
        {"no driver", "{\"mapping\": 1, \"kind\": \"connector\", \"name\": \"t\"}",
         "$.driver: is missing"},
        {"section", C "\"filds\": {}}", "did you mean \"fields\"?"},
        {"field that an incident has not",
         F("\"titel\": {\"remote\": \"t\", \"direction\": \"both\", \"out\": \"x\", \"in\": "
           "\"y\"}"),
         "an incident has no field \"titel\" to read into; did you mean \"title\"?"},
        {"member of a field",
         F("\"title\": {\"remote\": \"t\", \"out\": \"x\", \"in\": \"y\", \"confict\": \"max\"}"),
         "did you mean \"conflict\"?"},
        {"direction",
         F("\"title\": {\"remote\": \"t\", \"direction\": \"bath\", \"out\": \"x\", \"in\": "
           "\"y\"}"),
         "did you mean \"both\"?"},
        {"out is missing", F("\"title\": {\"remote\": \"t\", \"direction\": \"out\"}"),
         "$.fields.title: needs \"out\""},
        {"in is missing", F("\"title\": {\"remote\": \"t\", \"direction\": \"in\"}"),
         "$.fields.title: needs \"in\""},
        {"remote is missing", F("\"title\": {\"direction\": \"out\", \"out\": \"x\"}"),
         "$.fields.title.remote: must be the name"},
        {"out writes another name",
         F("\"impact\": {\"remote\": [\"a\", \"b\"], \"direction\": \"out\", \"out\": {\"a\": 1, "
           "\"c\": 2}}"),
         "$.fields.impact.out.c: \"c\" is not known here"},
        {"member of the incident",
         F("\"title\": {\"remote\": \"t\", \"direction\": \"out\", \"out\": \"{{env.titel}}\"}"),
         "there is no member of env \"titel\"; did you mean \"title\"?"},
        {"root",
         F("\"title\": {\"remote\": \"t\", \"direction\": \"out\", \"out\": \"{{evn.title}}\"}"),
         "there is no root \"evn\"; did you mean \"env\"?"},
        {"status without classes", C "\"status\": {\"remote\": \"state\"}}",
         "$.status: needs \"table\" or \"class\""},
        {"status of an unknown table", C "\"status\": {\"remote\": \"state\", \"table\": \"x\"}}",
         "$.status.table: there is no table \"x\""},
        {"status of a table without classes",
         C "\"tables\": {\"x\": {\"map\": {}}}, \"status\": {\"remote\": \"state\", \"table\": "
           "\"x\"}}",
         "the table \"x\" has no \"class\""},
        {"status without RESOLVED",
         C "\"status\": {\"remote\": \"s\", \"class\": {\"OPEN\": [\"1\"]}}}",
         "needs the classes OPEN and RESOLVED"},
        {"status class",
         C "\"status\": {\"remote\": \"s\", \"class\": {\"OPENED\": [\"1\"], \"RESOLVED\": "
           "[\"2\"]}}}",
         "did you mean \"OPEN\"?"},
        {"status without remote",
         C "\"status\": {\"class\": {\"OPEN\": [\"1\"], \"RESOLVED\": [\"2\"]}}}",
         "$.status: needs \"remote\""},
        {"with an unknown field",
         C "\"status\": {\"remote\": \"s\", \"class\": {\"OPEN\": [\"1\"], \"RESOLVED\": [\"2\"]}, "
           "\"with\": {\"RESOLVED\": [\"resolution\"]}}}",
         "$.status.with.RESOLVED[0]: there is no field \"resolution\""},
        {"class that is read back as another",
         C "\"status\": {\"remote\": \"s\", \"class\": {\"OPEN\": [\"1\", \"2\"], \"ACKED\": "
           "[\"2\"], \"RESOLVED\": [\"6\"]}}}",
         "$.status.class.ACKED: writes \"2\", which is read back as OPEN"},
        {"primary outside its class",
         C
         "\"tables\": {\"x\": {\"class\": {\"OPEN\": {\"primary\": \"1\", \"accept\": [\"2\"]}}}}}",
         "must hold the primary value \"1\" itself"},
        {"row outside its class",
         C "\"tables\": {\"x\": {\"map\": {\"OPEN\": \"9\"}, \"class\": {\"OPEN\": [\"1\"]}}}}",
         "$.tables.x.map.OPEN: is not in the class of OPEN"},
    };

    (void)state;
    check(cases, ARRAY_LEN(cases));
}

static void more_of_connectors(void **state)
{
    static const struct mistake cases[] = {
        {"find without value", C "\"find\": {\"marker\": \"m\"}}", "$.find: needs \"value\""},
        {"visibility",
         C "\"find\": {\"marker\": \"m\", \"value\": \"v\", \"visibility\": \"soon\"}}",
         "\"soon\" is no duration"},
        {"poll without pause", C "\"poll\": {\"active\": \"999ms\"}}",
         "$.poll.active: is shorter than 1 s"},
        {"poll now and then", C "\"poll\": {\"idel\": \"5m\"}}", "did you mean \"idle\"?"},
        {"message", C "\"messages\": {\"page\": \"text\"}}",
         "$.messages.page: must be an object of texts"},
        {"note", C "\"notes\": {\"out\": {\"template\": 1}}}",
         "$.notes.out.template: must be text"},
        {"link", C "\"links\": {\"remote_ur\": \"x\"}}", "did you mean \"remote_url\"?"},
        {"test of an unknown field",
         C "\"tests\": [{\"name\": \"a\", \"field\": \"impact\", \"want\": 1}]}",
         "$.tests[0].field: there is no field \"impact\""},
        {"test of nothing", C "\"tests\": [{\"name\": \"a\", \"want\": 1}]}",
         "needs \"field\", \"section\" or \"message\""},
        /* the loader runs each value through the remote and back */
        {"impact that comes back as another",
         C "\"tables\": {\"o\": {\"map\": {\"1\": \"a\", \"2\": \"b\", \"3\": \"c\", \"4\": \"d\", "
           "\"5\": \"e\"}}, \"i\": {\"map\": {\"a\": 1, \"b\": 3, \"c\": 3, \"d\": 4, \"e\": 5}}},"
           "\"fields\": {\"impact\": {\"remote\": \"p\", \"direction\": \"both\", \"out\": "
           "{\"table\": \"o\", \"of\": \"{{env.impact}}\"}, \"in\": {\"table\": \"i\", \"of\": "
           "{\"path\": \"in.p\"}}}}}",
         "$.fields.impact: 2 is written so that it is read back as 3, which is written otherwise"},
        {"impact that is lost",
         C "\"tables\": {\"o\": {\"map\": {\"1\": \"a\", \"2\": \"b\", \"3\": \"c\", \"4\": \"d\", "
           "\"5\": \"e\"}}, \"i\": {\"map\": {\"a\": 1, \"b\": 2, \"c\": 3, \"d\": 4}}},"
           "\"fields\": {\"impact\": {\"remote\": \"p\", \"direction\": \"both\", \"out\": "
           "{\"table\": \"o\", \"of\": \"{{env.impact}}\"}, \"in\": {\"table\": \"i\", \"of\": "
           "{\"path\": \"in.p\"}}}}}",
         "$.fields.impact: 5 cannot be read back"},
        {"title that grows",
         F("\"title\": {\"remote\": \"t\", \"direction\": \"both\", \"out\": \"{{env.title}}\", "
           "\"in\": \"[{{in.t}}]\"}"),
         "$.fields.title: \"web-cpu-high\" is written so that it is read back as "
         "\"[web-cpu-high]\""},
    };

    (void)state;
    check(cases, ARRAY_LEN(cases));
}

/* Values that share a remote value are one class: reading back another of it is fine. */
static void classes_by_what_is_written(void **state)
{
    struct tcn_mapping *m = must_load(
        C "\"tables\": {\"o\": {\"map\": {\"1\": \"high\", \"2\": \"high\", \"3\": \"low\", \"4\": "
          "\"low\", \"5\": \"low\"}}, \"i\": {\"map\": {\"high\": 2, \"low\": 4}}},"
          "\"fields\": {\"impact\": {\"remote\": \"u\", \"direction\": \"both\", \"out\": "
          "{\"table\": \"o\", \"of\": \"{{env.impact}}\"}, \"in\": {\"table\": \"i\", \"of\": "
          "{\"path\": \"in.u\"}}}}}");
    const struct tcn_mapping_env none = {0};
    json_t *one = json_integer(1), *two = json_integer(2), *three = json_integer(3);

    (void)state;
    assert_true(tcn_mapping_same(m, 0, one, two, &none));
    assert_false(tcn_mapping_same(m, 0, two, three, &none));
    json_decref(one);
    json_decref(two);
    json_decref(three);
    tcn_mapping_free(m);
}

/* RFC 7386: members go over those of the base, null deletes, tests of the base do not count. */
static void extends(void **state)
{
    struct tcn_mapping *m = must_load(
        "{\"extends\": \"builtin/alertmanager\", \"name\": \"prom\", \"event\": {\"dedupe_key\": "
        "\"am:{{commonLabels.alertname}}\", \"summary\": null},"
        " \"tests\": [{\"name\": \"own key\", \"file\": \"alertmanager-group.json\", \"want\": "
        "{\"dedupe_key\": \"am:ApiServerDown\", \"summary\": null, \"impact\": 1}}]}");
    struct tcn_buf report;
    size_t n, failed;

    (void)state;
    assert_string_equal(tcn_mapping_name(m), "prom");
    tcn_buf_init(&report, 10000);
    if (tcn_mapping_test(m, tcn_mapping_builtin_file, shipped(), &report, &n, &failed) < 0)
        fail_msg("%s", tcn_buf_view(&report).ptr);
    assert_int_equal(n, 1);
    tcn_buf_done(&report);
    tcn_mapping_free(m);
}

/* The line of a mistake in a merged file is that of the text that people edit. */
static void extends_with_a_mistake(void **state)
{
    char *problems;

    (void)state;
    assert_null(try_load("{\"extends\": \"builtin/alertmanager\",\n \"name\": \"prom\",\n "
                         "\"event\": {\n  \"titel\": 1}}",
                         &problems));
    assert_string_equal(
        problems,
        "t.json:4: $.event.titel: \"titel\" is not known here; did you mean \"title\"?\n");
    free(problems);
}

static int endless(void *ctx, const char *name, struct tcn_str *ret_text)
{
    (void)ctx;
    (void)name;
    *ret_text = TCN_STR("{\"extends\": \"again\"}");
    return 0;
}

static void extends_for_ever(void **state)
{
    const struct tcn_mapping_lookup lookup = {.resolve = endless};
    struct tcn_problems problems;
    struct tcn_mapping *m = NULL;

    (void)state;
    tcn_problems_init(&problems);
    assert_int_equal(
        tcn_mapping_load("t.json", TCN_STR("{\"extends\": \"x\"}"), &lookup, &problems, &m),
        TCN_EINVALID);
    assert_non_null(strstr(tcn_buf_view(&problems.text).ptr, "a chain of more than 4 mappings"));
    tcn_problems_done(&problems);
}

static void too_large(void **state)
{
    size_t n = TCN_MAPPING_FILE_MAX + 1;
    char *text = malloc(n + 1), *problems;
    struct tcn_buf b;

    (void)state;
    memset(text, ' ', n);
    text[n] = '\0';
    assert_null(try_load(text, &problems));
    assert_string_equal(problems, "t.json:1: a mapping file of more than 256 KiB\n");
    free(problems);
    free(text);

    tcn_buf_init(&b, TCN_MAPPING_FILE_MAX);
    tcn_buf_z(&b, S "\"var\": {\"x\": [");
    for (int i = 0; i < TCN_EXPR_NODES_MAX; i++)
        tcn_buf_z(&b, "1,");
    tcn_buf_z(&b, "1]}, " E "}");
    assert_null(try_load(tcn_buf_view(&b).ptr, &problems));
    assert_non_null(strstr(problems, "the file has more than 5000 expressions"));
    free(problems);
    tcn_buf_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_at_once),
        cmocka_unit_test(a_misspelt_name_is_one_mistake),
        cmocka_unit_test(sources),
        cmocka_unit_test(values_that_are_none),
        cmocka_unit_test(connectors),
        cmocka_unit_test(more_of_connectors),
        cmocka_unit_test(classes_by_what_is_written),
        cmocka_unit_test(extends),
        cmocka_unit_test(extends_with_a_mistake),
        cmocka_unit_test(extends_for_ever),
        cmocka_unit_test(too_large),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
