/* base/json_read.c: each typed read with every kind of value, and what it says. */
#include "cases.h"

#include "base/json.h"

#include <stdio.h>
#include <string.h>

static const char TEXT[] =
    "{\"object\": {\"k\": 1}, \"array\": [1], \"text\": \"word\", \"int\": 5, \"real\": 5.0,"
    " \"yes\": true, \"no\": false, \"null\": null, \"dur\": \"15m\", \"odd\": \"15 min\","
    " \"min\": -9223372036854775808, \"huge\": 9223372036854775807,"
    " \"century\": \"99999999999h\", \"forever\": \"99999999999999999999d\"}";
static const char *const CHOICES[] = {"sentence", "word", "letter", NULL};

enum read { R_TEXT, R_INT, R_BOOL, R_DURATION, R_CHOICE, R_OBJECT, R_ARRAY };

struct world {
    struct tcn_doc doc;
    struct tcn_problems problems;
    struct tcn_node root;
};

static void start(struct world *w)
{
    tcn_problems_init(&w->problems);
    assert_int_equal(tcn_doc_parse(&w->doc, "f", tcn_str(TEXT), &w->problems), 0);
    w->root = tcn_node_root(&w->doc);
}

static void stop(struct world *w)
{
    tcn_doc_done(&w->doc);
    tcn_problems_done(&w->problems);
}

/* Reads with the limits 1 to 10; *value becomes the number that was read, for text its first letter. */
static int read_one(struct world *w, enum read kind, const char *key, int need, int64_t *value)
{
    const char *text = NULL;
    bool truth = false;
    int choice = -1, r = 0;
    struct tcn_node n;

    switch (kind) {
    case R_TEXT:
        r = tcn_node_text(&w->root, key, need, &text);
        *value = text ? text[0] : *value;
        break;
    case R_INT:
        r = tcn_node_int(&w->root, key, need, 1, 10, value);
        break;
    case R_BOOL:
        r = tcn_node_bool(&w->root, key, need, &truth);
        *value = truth ? 1 : *value;
        break;
    case R_DURATION:
        r = tcn_node_duration(&w->root, key, need, value);
        break;
    case R_CHOICE:
        r = tcn_node_choice(&w->root, key, need, CHOICES, &choice);
        *value = choice >= 0 ? choice : *value;
        break;
    case R_OBJECT:
        r = tcn_node_object(&w->root, key, need, &n);
        *value = n.json ? (int64_t)json_object_size(n.json) : *value;
        break;
    case R_ARRAY:
        r = tcn_node_array(&w->root, key, need, &n);
        *value = n.json ? (int64_t)json_array_size(n.json) : *value;
        break;
    }
    return r;
}

static void reads_what_fits(void **state)
{
    static const struct {
        enum read kind;
        const char *key;
        int64_t value;
    } cases[] = {
        {R_TEXT, "text", 'w'}, {R_INT, "int", 5},           {R_BOOL, "yes", 1},
        {R_BOOL, "no", -1},    {R_DURATION, "dur", 900000}, {R_DURATION, "int", 5000},
        {R_CHOICE, "text", 1}, {R_OBJECT, "object", 1},     {R_ARRAY, "array", 1},
    };
    struct world w;

    (void)state;
    start(&w);
    for (size_t i = 0; i < N_OF(cases); i++) {
        int64_t value = -1;

        CHECK(cases[i].key, read_one(&w, cases[i].kind, cases[i].key, TCN_NEED, &value) == 0);
        CHECK(cases[i].key, value == cases[i].value);
    }
    assert_int_equal(w.problems.n, 0);
    stop(&w);
}

static void complains_about_the_rest(void **state)
{
    static const struct {
        enum read kind;
        const char *key, *line;
    } cases[] = {
        {R_TEXT, "int", "f:1: $.int: must be text in double quotes, not a number\n"},
        {R_TEXT, "real", "f:1: $.real: must be text in double quotes, not a number\n"},
        {R_TEXT, "null", "f:1: $.null: must be text in double quotes, not null\n"},
        {R_TEXT, "yes", "f:1: $.yes: must be text in double quotes, not true or false\n"},
        {R_TEXT, "object", "f:1: $.object: must be text in double quotes, not an object\n"},
        {R_TEXT, "array", "f:1: $.array: must be text in double quotes, not an array\n"},
        {R_INT, "text", "f:1: $.text: must be a whole number, not text\n"},
        {R_INT, "real",
         "f:1: $.real: must be a whole number; write it without fraction and exponent\n"},
        {R_INT, "min", "f:1: $.min: -9223372036854775808 is out of range; use 1 to 10\n"},
        {R_INT, "huge", "f:1: $.huge: 9223372036854775807 is out of range; use 1 to 10\n"},
        {R_BOOL, "int", "f:1: $.int: must be true or false, not a number\n"},
        {R_BOOL, "null", "f:1: $.null: must be true or false, not null\n"},
        {R_DURATION, "odd",
         "f:1: $.odd: \"15 min\" is no duration; write a number and ms, s, m, h or d\n"},
        {R_DURATION, "min",
         "f:1: $.min: -9223372036854775808 is no number of seconds; use 0 or more\n"},
        {R_DURATION, "huge", "f:1: $.huge: 9223372036854775807 is out of range; use 0s to 3650d\n"},
        {R_DURATION, "century",
         "f:1: $.century: \"99999999999h\" is out of range; use 0s to 3650d\n"},
        {R_DURATION, "forever",
         "f:1: $.forever: \"99999999999999999999d\" is out of range; use 0s to 3650d\n"},
        {R_DURATION, "yes",
         "f:1: $.yes: must be a duration such as \"90s\" or \"15m\", not true or false\n"},
        {R_CHOICE, "int", "f:1: $.int: must be text in double quotes, not a number\n"},
        {R_CHOICE, "odd",
         "f:1: $.odd: \"15 min\" is not one of the choices; known are: sentence, word, letter\n"},
        {R_OBJECT, "array", "f:1: $.array: must be an object, not an array\n"},
        {R_ARRAY, "object", "f:1: $.object: must be an array, not an object\n"},
    };
    struct world w;

    (void)state;
    start(&w);
    for (size_t i = 0; i < N_OF(cases); i++) {
        int64_t value = -1;

        tcn_buf_clear(&w.problems.text);
        CHECK(cases[i].line,
              read_one(&w, cases[i].kind, cases[i].key, TCN_OPTIONAL, &value) == TCN_EINVALID);
        if (strcmp(w.problems.text.ptr, cases[i].line) != 0)
            fail_msg("expected %s     got %s", cases[i].line, w.problems.text.ptr);
        CHECK(cases[i].line, w.problems.n == i + 1);
        CHECK(cases[i].line, cases[i].kind == R_OBJECT || cases[i].kind == R_ARRAY || value == -1);
    }
    stop(&w);
}

static void absence_is_legal_unless_needed(void **state)
{
    struct world w;

    (void)state;
    start(&w);
    for (int kind = R_TEXT; kind <= R_ARRAY; kind++) {
        int64_t value = -1;

        assert_int_equal(read_one(&w, (enum read)kind, "absent", TCN_OPTIONAL, &value), 0);
        assert_int_equal(w.problems.n, 0);
        assert_int_equal(value, -1);
    }
    for (int kind = R_TEXT; kind <= R_ARRAY; kind++) {
        int64_t value = -1;

        tcn_buf_clear(&w.problems.text);
        assert_int_equal(read_one(&w, (enum read)kind, "absent", TCN_NEED, &value), TCN_EINVALID);
        assert_string_equal(w.problems.text.ptr, "f:1: $.absent: is missing; add it\n");
        assert_int_equal(value, -1);
    }
    stop(&w);
}

static void unknown_members_are_named_with_the_nearest(void **state)
{
    static const char *const some[] = {"objekt", "array", "text",    "int",      "real",
                                       "yes",    "no",    "null",    "duration", "dur",
                                       "odd",    "min",   "century", "forever",  NULL};
    static const char *const all[] = {"object", "array", "text",    "int",     "real",
                                      "yes",    "no",    "null",    "dur",     "odd",
                                      "min",    "huge",  "century", "forever", NULL};
    struct world w;
    struct tcn_node absent;

    (void)state;
    start(&w);
    assert_int_equal(tcn_node_only(&w.root, all), 0);
    assert_int_equal(w.problems.n, 0);
    assert_int_equal(tcn_node_only(&w.root, some), TCN_EINVALID);
    assert_int_equal(w.problems.n, 2);
    assert_non_null(
        strstr(w.problems.text.ptr,
               "f:1: $.object: \"object\" is not known here; did you mean \"objekt\"?\n"));
    assert_non_null(strstr(w.problems.text.ptr, "f:1: $.huge: \"huge\" is not known here; known "
                                                "are: null, dur, text, int, real and 9 more\n"));
    absent = tcn_node_member(&w.root, "absent");
    assert_int_equal(tcn_node_only(&absent, all), 0);
    stop(&w);
}

static void reading_below_what_is_absent_or_no_object(void **state)
{
    struct world w;
    struct tcn_node absent, text, item;
    const char *value = "kept";

    (void)state;
    start(&w);
    absent = tcn_node_member(&w.root, "absent");
    text = tcn_node_member(&w.root, "text");
    item = tcn_node_item(&w.root, 0);
    assert_int_equal(tcn_node_text(&absent, "x", TCN_OPTIONAL, &value), 0);
    assert_int_equal(tcn_node_text(&text, "x", TCN_OPTIONAL, &value), 0);
    assert_null(item.json);
    assert_string_equal(value, "kept");
    assert_int_equal(tcn_node_text(&absent, "x", TCN_NEED, &value), TCN_EINVALID);
    assert_string_equal(w.problems.text.ptr, "f:1: $.absent.x: is missing; add it\n");
    /* what should be an object is told once, not with each member that it lacks */
    tcn_buf_clear(&w.problems.text);
    assert_int_equal(tcn_node_only(&text, (const char *const[]){"x", NULL}), TCN_EINVALID);
    assert_int_equal(tcn_node_text(&text, "x", TCN_NEED, &value), TCN_EINVALID);
    assert_string_equal(w.problems.text.ptr, "f:1: $.text: must be an object, not text\n");
    stop(&w);
}

/* A slip in the name of a member is one line: it is not missing, too, and what is below it is read. */
static void a_misspelt_member_is_read_as_what_was_meant(void **state)
{
    static const char *const names[] = {"objekt", "tixt", NULL};
    struct world w;
    struct tcn_node object, text;
    const char *value = NULL;
    int64_t k = 0;

    (void)state;
    start(&w);
    tcn_node_only(&w.root, names);
    tcn_buf_clear(&w.problems.text);
    assert_int_equal(tcn_node_object(&w.root, "objekt", TCN_NEED, &object), 0);
    assert_int_equal(tcn_node_int(&object, "k", TCN_NEED, 2, 9, &k), TCN_EINVALID);
    assert_string_equal(w.problems.text.ptr, "f:1: $.object.k: 1 is out of range; use 2 to 9\n");
    tcn_buf_clear(&w.problems.text);
    assert_int_equal(tcn_node_text(&w.root, "tixt", TCN_NEED, &value), 0);
    assert_string_equal(value, "word");
    text = tcn_node_member(&w.root, "tixt");
    assert_int_equal(tcn_node_problem(&text, "is told a second time"), TCN_EINVALID);
    assert_string_equal(tcn_buf_view(&w.problems.text).ptr, "");
    assert_int_equal(tcn_node_text(&object, "tixt", TCN_NEED, &value), TCN_EINVALID);
    assert_string_equal(w.problems.text.ptr, "f:1: $.object.tixt: is missing; add it\n");
    stop(&w);
}

static void references_suggest_and_list(void **state)
{
    static const struct {
        const char *word, *names[12], *said;
    } cases[] = {
        {"alise", {"alice"}, "did you mean \"alice\"?"},
        {"alise", {"alice", "bob"}, "did you mean \"alice\"? known are: alice, bob"},
        {"carol", {"bob"}, "known is: bob"},
        {"x", {NULL}, "none is there yet: add it"},
        {"a1x", {"a1", "b2", "c3", "d4", "e5", "f6", "g7", "h8", "i9"}, "did you mean \"a1\"?"},
        {"zzz",
         {"a1", "b2", "c3", "d4", "e5", "f6", "g7", "h8", "i9", "j0"},
         "known are: a1, b2, c3, d4, e5 and 5 more"},
    };

    (void)state;
    for (size_t i = 0; i < N_OF(cases); i++) {
        struct world w;
        struct tcn_node n;
        char said[300];

        start(&w);
        n = tcn_node_member(&w.root, "text");
        assert_int_equal(tcn_node_no_such(&n, cases[i].word, "no person", cases[i].names),
                         TCN_EINVALID);
        snprintf(said, sizeof said, "f:1: $.text: \"%s\" is no person; %s\n", cases[i].word,
                 cases[i].said);
        assert_string_equal(w.problems.text.ptr, said);
        stop(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_fits),
        cmocka_unit_test(complains_about_the_rest),
        cmocka_unit_test(absence_is_legal_unless_needed),
        cmocka_unit_test(unknown_members_are_named_with_the_nearest),
        cmocka_unit_test(reading_below_what_is_absent_or_no_object),
        cmocka_unit_test(a_misspelt_member_is_read_as_what_was_meant),
        cmocka_unit_test(references_suggest_and_list),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
