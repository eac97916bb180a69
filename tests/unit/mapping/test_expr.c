/* Every form of expression: what it gives, and what it gives when something is absent. */
#include "fixture.h"

#define BODY                                                                                       \
    "{\"a\": {\"b\": [{\"c\": 1}, {\"c\": 2}]}, \"s\": \"text\", \"n\": 3, \"d\": 2.5, \"t\": "    \
    "true, \"z\": null,"                                                                           \
    " \"e\": \"\", \"l\": [], \"o\": {}, \"k\": [{\"k\": \"x\", \"v\": 1}, {\"k\": \"y\", \"v\": " \
    "2}]}"

static const char tables[] = "\"tables\": {\"sev\": {\"map\": {\"text\": 9, \"3\": \"three\"}, "
                             "\"default\": 5}, \"bare\": {\"map\": {}},"
                             "\"state\": {\"class\": {\"OPEN\": {\"primary\": \"1\", "
                             "\"accept\": [\"1\", \"3\"]}, \"ACKED\": [\"2\", \"3\"]}}},";

static void forms(void **state)
{
    static const struct eval_case cases[] = {
        {"plain text", "\"x\"", BODY, "\"x\""},
        {"number", "7", BODY, "7"},
        {"null in the file stays null", "null", BODY, "null"},
        {"const keeps braces", "{\"const\": \"{{s}}\"}", BODY, "\"{{s}}\""},
        {"const tree", "{\"const\": {\"path\": [1, null]}}", BODY, "{\"path\":[1,null]}"},
        {"path", "{\"path\": \"s\"}", BODY, "\"text\""},
        {"null in the body is absent", "{\"path\": \"z\"}", BODY, "ABSENT"},
        {"a lone template keeps the type", "\"{{n}}\"", BODY, "3"},
        {"real", "\"{{d}}\"", BODY, "2.5"},
        {"template", "\"{{s}}-{{n}}-{{t}}\"", BODY, "\"text-3-true\""},
        {"template of absent", "\"<{{no}}>\"", BODY, "\"<>\""},
        {"template of an object", "\"{{o}}{{l}}\"", BODY, "\"{}[]\""},
        {"strict template", "{\"template\": \"<{{no}}>\", \"strict\": true}", BODY, "ABSENT"},
        {"strict template of empty", "{\"template\": \"<{{e}}>\", \"strict\": true}", BODY,
         "ABSENT"},
        {"strict template, present", "{\"template\": \"<{{s}}>\", \"strict\": true}", BODY,
         "\"<text>\""},
        {"one brace is text", "\"{s}\"", BODY, "\"{s}\""},
        {"first", "{\"first\": [{\"path\": \"no\"}, {\"path\": \"s\"}]}", BODY, "\"text\""},
        {"first skips empties",
         "{\"first\": [{\"path\": \"e\"}, {\"path\": \"l\"}, {\"path\": \"o\"}, {\"path\": "
         "\"n\"}]}",
         BODY, "3"},
        {"first keeps empties on request",
         "{\"first\": [{\"path\": \"z\"}, {\"path\": \"e\"}, {\"path\": \"n\"}], \"skip_empty\": "
         "false}",
         BODY, "\"\""},
        {"first with default", "{\"first\": [{\"path\": \"no\"}], \"default\": 0}", BODY, "0"},
        {"table", "{\"table\": \"sev\", \"of\": \"{{s}}\"}", BODY, "9"},
        {"table of a number", "{\"table\": \"sev\", \"of\": {\"path\": \"n\"}}", BODY, "\"three\""},
        {"table miss with default", "{\"table\": \"sev\", \"of\": \"nothing\"}", BODY, "5"},
        {"table of absent asks nothing", "{\"table\": \"sev\", \"of\": {\"path\": \"no\"}}", BODY,
         "ABSENT"},
        {"table miss", "{\"table\": \"bare\", \"of\": \"nothing\"}", BODY, "ABSENT"},
        {"reverse", "{\"table\": \"sev\", \"reverse\": true, \"of\": 9}", BODY, "\"text\""},
        {"reverse miss has no default", "{\"table\": \"sev\", \"reverse\": true, \"of\": 77}", BODY,
         "ABSENT"},
        {"reverse by class", "{\"table\": \"state\", \"reverse\": true, \"of\": \"3\"}", BODY,
         "\"OPEN\""},
        {"class writes its primary", "{\"table\": \"state\", \"of\": \"ACKED\"}", BODY, "\"2\""},
        {"case", "{\"case\": [{\"if\": {\"eq\": [{\"path\": \"n\"}, 3]}, \"then\": \"three\"}]}",
         BODY, "\"three\""},
        {"case without a match",
         "{\"case\": [{\"if\": {\"eq\": [{\"path\": \"n\"}, 4]}, \"then\": 1}]}", BODY, "ABSENT"},
        {"case else",
         "{\"case\": [{\"if\": {\"eq\": [{\"path\": \"n\"}, 4]}, \"then\": 1}], \"else\": 2}", BODY,
         "2"},
    };

    (void)state;
    check_cases(tables, cases, ARRAY_LEN(cases));
}

static void forms_of_many(void **state)
{
    static const struct eval_case cases[] = {
        {"each",
         "{\"each\": {\"path\": \"a.b\"}, \"as\": \"x\", \"value\": {\"v\": {\"path\": \"x.c\"}}}",
         BODY, "[{\"v\":1},{\"v\":2}]"},
        {"each joined",
         "{\"each\": {\"path\": \"a.b\"}, \"as\": \"x\", \"sep\": \", \", \"value\": \"{{x.c}}\"}",
         BODY, "\"1, 2\""},
        {"each with more",
         "{\"each\": {\"path\": \"a.b\"}, \"as\": \"x\", \"max\": 1, \"sep\": \";\", \"value\": "
         "\"{{x.c}}\", \"more\": \"+{{more}}\"}",
         BODY, "\"1;+1\""},
        {"each after its max",
         "{\"max\": 1, \"each\": {\"path\": \"a.b\"}, \"as\": \"x\", \"value\": \"{{x.c}}\"}", BODY,
         "[1]"},
        {"each drops absents",
         "{\"each\": {\"path\": \"k\"}, \"as\": \"x\", \"value\": {\"case\": [{\"if\": {\"eq\": "
         "[{\"path\": \"x.k\"}, \"y\"]}, \"then\": {\"path\": \"x.v\"}}]}}",
         BODY, "[2]"},
        {"each over an object",
         "{\"each\": {\"path\": \"k[0]\"}, \"as\": \"x\", \"value\": \"{{x.key}}={{x.value}}\"}",
         BODY, "[\"k=x\",\"v=1\"]"},
        {"each of a scalar", "{\"each\": {\"path\": \"s\"}, \"as\": \"x\", \"value\": \"<{{x}}>\"}",
         BODY, "[\"<text>\"]"},
        {"each of nothing", "{\"each\": {\"path\": \"no\"}, \"as\": \"x\", \"value\": 1}", BODY,
         "ABSENT"},
        {"each of an empty list", "{\"each\": {\"path\": \"l\"}, \"as\": \"x\", \"value\": 1}",
         BODY, "[]"},
        {"each in each",
         "{\"each\": {\"path\": \"k\"}, \"as\": \"x\", \"value\": {\"each\": {\"path\": \"a.b\"}, "
         "\"as\": \"y\", \"sep\": \"\", \"value\": \"{{x.k}}{{y.c}}\"}}",
         BODY, "[\"x1x2\",\"y1y2\"]"},
        {"merge", "{\"merge\": [{\"a\": 1, \"b\": 1}, {\"path\": \"no\"}, {\"b\": 2}]}", BODY,
         "{\"a\":1,\"b\":2}"},
        {"merge of pairs",
         "{\"merge\": [{\"const\": [{\"Key\": \"a\", \"Value\": \"1\"}, {\"name\": \"b\", "
         "\"value\": 2}, 3]}]}",
         BODY, "{\"a\":\"1\",\"b\":2}"},
        {"merge of nothing", "{\"merge\": [{\"path\": \"no\"}]}", BODY, "ABSENT"},
        {"concat of texts", "{\"concat\": [\"a\", {\"path\": \"no\"}, {\"path\": \"n\"}]}", BODY,
         "\"a3\""},
        {"concat of lists", "{\"concat\": [[1], {\"path\": \"a.b[*].c\"}, \"x\"]}", BODY,
         "[1,1,2,\"x\"]"},
        {"concat of nothing", "{\"concat\": [{\"path\": \"no\"}]}", BODY, "ABSENT"},
        {"hash", "{\"hash\": \"abc\"}", BODY,
         "\"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\""},
        {"json", "{\"json\": {\"const\": \"{\\\"q\\\": [1]}\"}}", BODY, "{\"q\":[1]}"},
        {"json of what is none", "{\"json\": {\"path\": \"s\"}}", BODY, "ABSENT"},
        {"json of a tree is the tree", "{\"json\": {\"path\": \"o\"}}", BODY, "{}"},
        {"json with a duplicate key", "{\"json\": {\"const\": \"{\\\"q\\\":1,\\\"q\\\":2}\"}}",
         BODY, "ABSENT"},
        {"min", "{\"min\": {\"path\": \"k[*].v\"}}", BODY, "1"},
        {"max", "{\"max\": {\"path\": \"k[*].v\"}}", BODY, "2"},
        {"max of texts", "{\"max\": {\"path\": \"k[*].k\"}}", BODY, "\"y\""},
        {"min of nothing", "{\"min\": {\"path\": \"l\"}}", BODY, "ABSENT"},
        {"an object omits absents", "{\"a\": {\"path\": \"no\"}, \"b\": {\"path\": \"s\"}}", BODY,
         "{\"b\":\"text\"}"},
        {"a list omits absents", "[{\"path\": \"no\"}, \"{{s}}\"]", BODY, "[\"text\"]"},
        {"object with a form's name", "{\"object\": {\"path\": \"{{s}}\", \"time\": 1}}", BODY,
         "{\"path\":\"text\",\"time\":1}"},
    };

    (void)state;
    check_cases("", cases, ARRAY_LEN(cases));
}

static void roots(void **state)
{
    static const struct eval_case cases[] = {
        {"in", "{\"path\": \"in.now\"}", "{\"now\": 1}", "1"},
        {"in alone", "{\"path\": \"in\"}", "{\"now\": 1}", "{\"now\":1}"},
        {"hdr, any case", "\"{{hdr.x-kind}}\"", "{}", "\"test\""},
        {"hdr that is no UTF-8", "\"{{hdr.x-bad}}\"", "{}", "ABSENT"},
        {"hdr absent", "\"{{hdr.x-none}}\"", "{}", "ABSENT"},
        {"now", "{\"path\": \"now\"}", "{}", "\"1970-01-02T00:00:00.000Z\""},
        {"settings of the configuration go first", "\"{{settings.over}}\"", "{}", "\"configured\""},
        {"settings of the file", "\"{{settings.base}}\"", "{}", "\"file\""},
        {"event is a member of the body here", "\"{{event.id}}\"", "{\"event\": {\"id\": 4}}", "4"},
    };

    (void)state;
    check_cases(
        "\"settings\": {\"over\": {\"type\": \"text\", \"default\": \"file\", \"help\": \"x\"},"
        " \"base\": {\"type\": \"text\", \"default\": \"file\", \"help\": \"x\"}},",
        cases, ARRAY_LEN(cases));
}

/* A var keeps its value, and an "each" around its first use does not reach into it. */
static void vars(void **state)
{
    struct tcn_mapping *m = must_load("{\"mapping\": 1, \"kind\": \"source\", \"name\": \"t\","
                                      " \"var\": {\"inner\": {\"each\": {\"path\": \"b\"}, \"as\": "
                                      "\"y\", \"sep\": \"+\", \"value\": \"{{y}}\"}},"
                                      " \"event\": {\"dedupe_key\": \"k\", \"summary\": {\"each\": "
                                      "{\"path\": \"a\"}, \"as\": \"x\", \"sep\": \",\","
                                      " \"value\": \"{{x}}{{var.inner}}{{x}}\"}}}");
    struct tcn_mapping_input in = {.source = "t"};
    struct tcn_alarm *alarms;
    struct tcn_arena arena;
    size_t n;

    (void)state;
    in.body = parse_json("{\"a\": [1, 2], \"b\": [7, 8]}");
    tcn_arena_init(&arena, TCN_MAPPING_ARENA_BYTES);
    assert_int_equal(tcn_mapping_alarms(m, &in, &arena, &alarms, &n, NULL), 0);
    assert_string_equal(alarms[0].summary, "17+81,27+82");
    tcn_arena_done(&arena);
    json_decref(in.body);
    tcn_mapping_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forms),
        cmocka_unit_test(forms_of_many),
        cmocka_unit_test(roots),
        cmocka_unit_test(vars),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
