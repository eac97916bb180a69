/* What is found in the facts of an instance: every fact, against mappings that the test is made for. */
#include "connect/draft.h"
#include "connect/findings.h"
#include "connect/written.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
// clang-format off
#include <cmocka.h>
// clang-format on

/* Priorities by a map, states by a class, a close code by a setting. */
static const char mapping_text[] =
    "{\"mapping\": 1, \"kind\": \"connector\", \"name\": \"m\", \"driver\": \"d\","
    " \"settings\": {\"code\": {\"type\": \"text\", \"default\": \"Solved\", \"help\": \"h\"}},"
    " \"tables\": {\"priority\": {\"map\": {\"1\": \"P1\", \"2\": \"P2\", \"3\": \"P3\", \"4\": "
    "\"P4\", \"5\": \"P5\"}},"
    "   \"state\": {\"class\": {\"OPEN\": [\"1\"], \"ACKED\": [\"2\"], \"RESOLVED\": [\"6\", "
    "\"7\"]}}},"
    " \"find\": {\"marker\": \"label\", \"value\": \"tocsin-{{env.short_id}}\"},"
    " \"create\": {\"labels\": [\"tocsin-{{env.short_id}}\"], \"category\": \"software\"},"
    " \"fields\": {"
    "   \"title\": {\"remote\": \"title\", \"direction\": \"both\", \"conflict\": \"newest\", "
    "\"out\": \"{{env.title}}\", \"in\": {\"path\": \"in.title\"}},"
    "   \"summary\": {\"remote\": \"text\", \"direction\": \"out\", \"on\": \"create\", \"out\": "
    "\"{{env.summary}}\"},"
    "   \"impact\": {\"remote\": \"priority\", \"direction\": \"both\", \"conflict\": \"max\","
    "     \"out\": {\"name\": {\"table\": \"priority\", \"of\": \"{{env.impact}}\"}},"
    "     \"in\": {\"table\": \"priority\", \"reverse\": true, \"of\": {\"path\": "
    "\"in.priority.name\"}}},"
    "   \"resolution\": {\"remote\": [\"code\"], \"direction\": \"out\", \"out\": {\"code\": "
    "{\"path\": \"settings.code\"}}}},"
    " \"status\": {\"remote\": \"state\", \"direction\": \"both\", \"table\": \"state\", \"with\": "
    "{\"RESOLVED\": [\"resolution\"]}}}";

static struct tcn_mapping *mapping;
static json_t *base;

static int load(void **state)
{
    struct tcn_problems p;

    (void)state;
    tcn_problems_init(&p);
    if (tcn_mapping_load("m.json", tcn_str(mapping_text), NULL, &p, &mapping) < 0)
        fail_msg("%s", tcn_buf_view(&p.text).ptr);
    tcn_problems_done(&p);
    base = json_loads(mapping_text, 0, NULL);
    return 0;
}

static int unload(void **state)
{
    (void)state;
    tcn_mapping_free(mapping);
    json_decref(base);
    return 0;
}

static json_t *facts_of(const char *name, const char *value)
{
    json_error_t error;
    json_t *json = json_loads(value, 0, &error);

    if (!json)
        fail_msg("%s: %s", value, error.text);
    return json_pack("[{s:s, s:o}]", "name", name, "value", json);
}

#define PRIORITIES(...)                                                                            \
    "{\"of\": \"priority\", \"where\": \"the priorities\", \"values\": [" __VA_ARGS__ "]}"
#define P(name)                                                                                    \
    "{\"value\": \"" name "\", \"label\": \"" name                                                 \
    "\", \"record\": {\"priority\": {\"name\": \"" name "\"}}}"
#define S(value, label)                                                                            \
    "{\"value\": \"" value "\", \"label\": \"" label "\", \"record\": {\"state\": \"" value "\"}}"
#define STATES(...) "{\"of\": \"state\", \"where\": \"the states\", \"values\": [" __VA_ARGS__ "]}"
#define CODES                                                                                      \
    "{\"of\": \"code\", \"where\": \"the codes\", \"values\": [{\"value\": \"Done\", \"label\": "  \
    "\"Done\"}]}"
#define FIELDS(of, whole, ...)                                                                     \
    "{\"of\": \"" of "\", \"where\": \"the screen\", \"is_whole\": " whole                         \
    ", \"fields\": [" __VA_ARGS__ "]}"
#define F(name) "{\"name\": \"" name "\"}"
#define CREATED F("labels") "," F("category") "," F("title") "," F("text") "," F("priority")

/* One fact, one finding of it; text is a part of it. */
static const struct {
    const char *fact, *value;
    enum tcn_finding_level level;
    const char *text;
} cases[] = {
    {"choices", PRIORITIES(P("P1") "," P("P2") "," P("P3") "," P("P4") "," P("P5")), TCN_FINE,
     "all that the mapping writes is there"},
    {"choices", PRIORITIES(P("P1") "," P("P2") "," P("P3") "," P("P4")), TCN_WRONG,
     "the priorities: the mapping writes \"P5\" as priority, not to be found there; there is "
     "\"P1\", "
     "\"P2\", \"P3\", \"P4\": write one of them by a mapping of your own"},
    {"choices", "{\"of\": \"priority\", \"where\": \"p\", \"is_optional\": true, \"values\": []}",
     TCN_LOOK, "there is nothing: it is left out then"},
    {"choices", PRIORITIES(P("P1") "," P("P2") "," P("P3") "," P("P4") "," P("P5") "," P("P6")),
     TCN_LOOK, "of \"P6\" the mapping reads nothing"},
    {"choices",
     "{\"of\": \"priority\", \"where\": \"p\", \"values\": [{\"id\": \"P1\"}, {\"id\": \"P2\"}, "
     "{\"id\": \"P3\"}, "
     "{\"id\": \"P4\"}, {\"id\": \"P5\"}]}",
     TCN_FINE, "is there"},
    {"choices", CODES, TCN_WRONG,
     "\"Solved\" as code, not to be found there; there is \"Done\": set settings.code"},
    {"choices", STATES(S("1", "New") "," S("2", "Work") "," S("6", "Resolved")), TCN_FINE,
     "the states"},
    {"choices", STATES(S("1", "New") "," S("2", "Work") "," S("7", "Closed")), TCN_WRONG,
     "writes \"6\" as state"},
    {"choices",
     STATES(S("1", "New") "," S("2", "Work") "," S("6", "Resolved") "," S("9", "Parked")), TCN_LOOK,
     "of \"Parked\" the mapping reads nothing"},
    {"status",
     "{\"where\": \"the workflow\", \"values\": [" S("1", "New") "," S("2", "Work") "," S(
         "7", "Closed") "]}",
     TCN_FINE, "every status is one of an incident"},
    {"status",
     "{\"where\": \"the workflow\", \"values\": [" S("1", "New") "," S("6", "Closed") "]}",
     TCN_LOOK, "no status that the mapping takes for ACKED, so an acknowledgement is not shown"},
    {"status", "{\"where\": \"the workflow\", \"values\": [" S("1", "New") "," S("2", "Work") "]}",
     TCN_WRONG, "no status that the mapping takes for RESOLVED"},
    {"fields", FIELDS("create", "true", CREATED), TCN_FINE, "every field that the mapping writes"},
    {"fields",
     FIELDS("create", "true", F("labels") "," F("category") "," F("title") "," F("priority")),
     TCN_WRONG, "field text, which the mapping writes, is not on the screen"},
    {"fields", FIELDS("create", "false", F("labels")), TCN_FINE, "every field"},
    {"fields", FIELDS("record", "true", CREATED "," F("state")), TCN_WRONG, "field code"},
    {"fields",
     FIELDS("create", "true",
            CREATED ",{\"name\": \"x\", \"label\": \"The X\", \"required\": true}"),
     TCN_WRONG,
     "the screen requires \"The X\" (x), which the mapping does not write, so no record is made: "
     "write it by "
     "\"create\": {\"x\": ...}"},
    {"fields", FIELDS("create", "true", CREATED ",{\"name\": \"x\", \"required\": false}"),
     TCN_FINE, "every field"},
    {"clock", "{\"ahead_ms\": 29999}", TCN_FINE, "agree"},
    {"clock", "{\"ahead_ms\": -30000}", TCN_LOOK, "30 s behind ours"},
    {"clock", "{\"ahead_ms\": 95000}", TCN_LOOK, "95 s ahead of ours"},
    {"finding", "{\"level\": \"wrong\", \"text\": \"w\"}", TCN_WRONG, "w"},
    {"finding", "{\"level\": \"look\", \"text\": \"l\"}", TCN_LOOK, "l"},
    {"finding", "{\"level\": \"fine\", \"text\": \"fitting\"}", TCN_FINE, "fitting"},
    {"account", "{\"name\": \"bot\", \"time_zone\": \"GMT\"}", TCN_FINE, "the account is bot"},
    {"server", "{\"product\": \"Jira\", \"version\": \"9\"}", TCN_FINE, "it is Jira, version 9"},
};

static void test_each_fact(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct tcn_findings found = {.n = 0};
        json_t *facts = facts_of(cases[i].fact, cases[i].value);
        size_t hits = 0;

        tcn_findings_of(mapping, NULL, facts, &found);
        for (size_t k = 0; k < found.n; k++)
            hits += found.items[k].level == cases[i].level &&
                    strstr(found.items[k].text, cases[i].text);
        if (hits != 1)
            fail_msg("%s %s: found \"%s\", wanted \"%s\"", cases[i].fact, cases[i].value,
                     found.items[0].text, cases[i].text);
        assert_int_equal(tcn_findings_has(&found, TCN_WRONG), cases[i].level == TCN_WRONG);
        json_decref(facts);
        tcn_findings_done(&found);
    }
}

static void test_facts_of_any_shape_are_survived(void **state)
{
    static const char *const names[] = {"choices", "status",  "fields", "clock",
                                        "finding", "account", "server", "new"};
    static const char *const values[] = {
        "{}", "[]", "{\"of\": 1, \"values\": {}}", "{\"values\": [1, null, {}]}",
        "{\"is_whole\": true, \"fields\": [1, {\"required\": true}]}"};

    (void)state;
    for (size_t n = 0; n < sizeof names / sizeof *names; n++)
        for (size_t v = 0; v < sizeof values / sizeof *values; v++) {
            struct tcn_findings found = {.n = 0};
            json_t *facts = facts_of(names[n], values[v]), *told = json_array();

            tcn_findings_of(mapping, NULL, facts, &found);
            assert_true(found.n > 0);
            json_decref(tcn_draft(base, mapping, NULL, facts, told, told));
            json_decref(told);
            json_decref(facts);
            tcn_findings_done(&found);
        }
}

static void test_a_setting_that_is_configured_counts(void **state)
{
    json_t *facts = facts_of("choices", CODES), *settings = json_pack("{s:s}", "code", "Done");
    struct tcn_findings found = {.n = 0};

    (void)state;
    tcn_findings_of(mapping, settings, facts, &found);
    assert_false(tcn_findings_has(&found, TCN_WRONG));
    tcn_findings_done(&found);
    json_decref(settings);
    json_decref(facts);
}

static void test_findings_have_a_cap(void **state)
{
    struct tcn_findings found = {.n = 0};

    (void)state;
    for (int i = 0; i < TCN_FINDINGS_MAX + 5; i++)
        tcn_findings_add(&found, TCN_FINE, "%d", i);
    assert_int_equal(found.n, TCN_FINDINGS_MAX);
    assert_string_equal(found.items[TCN_FINDINGS_MAX - 1].text,
                        "there is more; set this right first");
    tcn_findings_done(&found);
}

/* What must differ, as a merge patch; and a part of what a person must decide, "" for nothing. */
static const struct {
    const char *fact, *value, *patch, *open;
} drafts[] = {
    {"choices", PRIORITIES(P("P1") "," P("P2") "," P("P3") "," P("P4") "," P("P5")), "{}", ""},
    {"choices", PRIORITIES(P("A") "," P("B") "," P("C") "," P("D") "," P("E") "," P("F")),
     "{\"tables\": {\"priority\": {\"map\": {\"1\": \"A\", \"2\": \"B\", \"3\": \"C\", \"4\": "
     "\"D\", \"5\": \"F\"}}}}",
     "priority \"E\": no impact is written as it"},
    {"choices", PRIORITIES(P("A") "," P("B") "," P("C") "," P("D")),
     "{\"tables\": {\"priority\": {\"map\": {\"1\": \"A\", \"2\": \"A\", \"3\": \"B\", \"4\": "
     "\"C\", \"5\": \"D\"}}}}",
     ""},
    {"choices", PRIORITIES(P("A") "," P("B") "," P("C")),
     "{\"tables\": {\"priority\": {\"map\": {\"1\": \"A\", \"2\": \"A\", \"3\": \"B\", \"4\": "
     "\"B\", \"5\": \"C\"}}}}",
     ""},
    {"choices", PRIORITIES(P("A") "," P("B")),
     "{\"tables\": {\"priority\": {\"map\": {\"1\": \"A\", \"2\": \"A\", \"3\": \"B\", \"4\": "
     "\"B\", \"5\": \"B\"}}}}",
     ""},
    {"choices", PRIORITIES(P("A")),
     "{\"tables\": {\"priority\": {\"map\": {\"1\": \"A\", \"2\": \"A\", \"3\": \"A\", \"4\": "
     "\"A\", \"5\": \"A\"}}}}",
     ""},
    {"choices",
     "{\"of\": \"priority\", \"where\": \"p\", \"is_optional\": true, \"values\": [" P("A") "]}",
     "{}", "with 1 values p tell no impact from another"},
    {"choices", STATES(S("1", "New") "," S("2", "Work") "," S("7", "Closed by caller")),
     "{\"tables\": {\"state\": {\"class\": {\"RESOLVED\": {\"primary\": \"7\", \"accept\": [\"7\", "
     "\"6\"]}}}}}",
     ""},
    {"choices", STATES(S("1", "New") "," S("2", "Work") "," S("9", "Over")), "{}",
     "none of the states says it"},
    {"choices", CODES, "{}", "none of the codes says by its label"},
    {"fields", FIELDS("create", "true", F("labels") "," F("title") "," F("priority")),
     "{\"create\": {\"category\": null}, \"fields\": {\"summary\": null}}", ""},
    {"fields",
     FIELDS("create", "true", F("category") "," F("title") "," F("text") "," F("priority")), "{}",
     "labels: it is not on the screen, and cannot be left out"},
    {"fields",
     FIELDS("create", "true", CREATED ",{\"name\": \"x\", \"label\": \"X\", \"required\": true}"),
     "{}", "x (\"X\") is required"},
};

static void test_each_draft(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof drafts / sizeof *drafts; i++) {
        json_t *facts = facts_of(drafts[i].fact, drafts[i].value), *told = json_array(),
               *open = json_array();
        json_t *want = json_loads(drafts[i].patch, 0, NULL),
               *patch = tcn_draft(base, mapping, NULL, facts, told, open);
        const char *first = json_string_value(json_array_get(open, 0));
        char *text = json_dumps(patch, JSON_COMPACT);

        if (!json_equal(patch, want))
            fail_msg("%s: drafted %s", drafts[i].value, text);
        if (!strstr(first ? first : "", drafts[i].open) || (!drafts[i].open[0] && first))
            fail_msg("%s: open is \"%s\"", drafts[i].value, first ? first : "");
        assert_int_equal(json_array_size(told) > 0, json_object_size(want) > 0);
        free(text);
        json_decref(patch);
        json_decref(want);
        json_decref(open);
        json_decref(told);
        json_decref(facts);
    }
}

static void test_what_is_written(void **state)
{
    json_t *written = tcn_written(mapping, NULL), *create = json_object_get(written, "create"),
           *later = json_object_get(written, "later");
    char buffer[TCN_WRITTEN_WORD];
    json_t *five = json_integer(5), *none = json_array();

    (void)state;
    assert_int_equal(json_object_size(create), 5);
    assert_int_equal(json_array_size(json_object_get(create, "priority")), 5);
    assert_int_equal(json_array_size(json_object_get(create, "title")), 1);
    assert_int_equal(json_array_size(json_object_get(later, "state")), 3);
    assert_int_equal(json_array_size(json_object_get(later, "code")), 1);
    assert_string_equal(tcn_written_word(five, buffer), "5");
    assert_null(tcn_written_word(none, buffer));
    assert_null(tcn_written_word(NULL, buffer));
    json_decref(five);
    json_decref(none);
    json_decref(written);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_fact),
        cmocka_unit_test(test_facts_of_any_shape_are_survived),
        cmocka_unit_test(test_a_setting_that_is_configured_counts),
        cmocka_unit_test(test_findings_have_a_cap),
        cmocka_unit_test(test_each_draft),
        cmocka_unit_test(test_what_is_written),
    };

    return cmocka_run_group_tests_name("findings", tests, load, unload);
}
