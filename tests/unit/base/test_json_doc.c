/* base/json_doc.c and base/json_line.c: problems, paths, and the line of any node. */
#include "cases.h"

#include "base/json.h"

#include <stdio.h>
#include <string.h>

static void parse_doc(struct tcn_doc *doc, struct tcn_problems *problems, const char *text)
{
    tcn_problems_init(problems);
    if (tcn_doc_parse(doc, "a.json", tcn_str(text), problems) != 0)
        fail_msg("%s", problems->text.ptr);
}

static void release(struct tcn_doc *doc, struct tcn_problems *problems)
{
    tcn_doc_done(doc);
    tcn_problems_done(problems);
}

static void a_syntax_error_is_a_problem(void **state)
{
    struct tcn_problems problems;
    struct tcn_doc doc;

    (void)state;
    tcn_problems_init(&problems);
    assert_int_equal(tcn_doc_parse(&doc, "a.json", TCN_STR("{\n\"a\":1,\n\"a\":2}"), &problems),
                     TCN_ESYNTAX);
    assert_int_equal(problems.n, 1);
    assert_string_equal(
        problems.text.ptr,
        "a.json:3: column 3: duplicate object key near '\"a\"'; the name stands twice in "
        "this object: keep one\n");
    assert_null(doc.root);
    assert_int_equal(tcn_doc_parse(&doc, "b.json", TCN_STR(""), &problems), TCN_ESYNTAX);
    assert_int_equal(problems.n, 2);
    release(&doc, &problems);
    tcn_doc_done(&doc);
}

static void paths_are_readable(void **state)
{
    static const char text[] =
        "{\"a\": {\"b-c_D9\": [[1], {\"x y\": {\"\": {\"9\": {\"q\\\"\": 0}}}}]}, \"$schema\": 1}";
    struct tcn_problems problems;
    struct tcn_doc doc;
    struct tcn_node n[9];
    struct tcn_buf path;

    (void)state;
    parse_doc(&doc, &problems, text);
    n[0] = tcn_node_root(&doc);
    n[1] = tcn_node_member(&n[0], "a");
    n[2] = tcn_node_member(&n[1], "b-c_D9");
    n[3] = tcn_node_item(&n[2], 1);
    n[4] = tcn_node_member(&n[3], "x y");
    n[5] = tcn_node_member(&n[4], "");
    n[6] = tcn_node_member(&n[5], "9");
    n[7] = tcn_node_member(&n[6], "q\"");
    assert_true(json_is_integer(n[7].json));
    tcn_buf_init(&path, 200);
    tcn_node_path(&n[7], &path);
    assert_string_equal(path.ptr, "$.a.b-c_D9[1][\"x y\"][\"\"][\"9\"][\"q\\\"\"]");
    tcn_buf_clear(&path);
    tcn_node_path(&n[0], &path);
    assert_string_equal(path.ptr, "$");
    tcn_buf_clear(&path);
    n[8] = tcn_node_member(&n[0], "$schema");
    tcn_node_path(&n[8], &path);
    assert_string_equal(path.ptr, "$[\"$schema\"]");
    tcn_buf_done(&path);
    release(&doc, &problems);
}

/* Each value is the number of its line. */
static const char LINES[] = "\n"
                            "  {\n"
                            "  \"first\": 3, \"same\": 3,\n"
                            "  \"text with ] } , : \\\" and \\\\\": \"] } , \\\" \\\\\",\n"
                            "  \"list\": [ [[], {}, \"[\"],\n"
                            "    6, -7.5e3 ,\n"
                            "    {\"in\": [\n"
                            "      8, true , null,false],\n"
                            "     \"in2\" :\n"
                            "       10}\n"
                            "  ] ,\n"
                            "  \"caf\\u00e9\": 12,\n"
                            "  \"na\xc3\xafve\": 13,\n"
                            "  \"\\ud83d\\ude00\": 14,\n"
                            "  \"tab\\t\\b\\f\\n\\r\\/\": 15,\n"
                            "  \"\": 16,\n"
                            "  \"prefix\": {}, \"pre\":\n"
                            "    18\n"
                            "}\n";

static void lines_of_members(void **state)
{
    static const struct {
        const char *key;
        int line;
    } cases[] = {
        {"first", 3},
        {"same", 3},
        {"text with ] } , : \" and \\", 4},
        {"list", 5},
        {"caf\xc3\xa9", 12},
        {"na\xc3\xafve", 13},
        {"\xf0\x9f\x98\x80", 14},
        {"tab\t\b\f\n\r/", 15},
        {"", 16},
        {"prefix", 17},
        {"pre", 17},
        {"absent", 2},
    };
    struct tcn_problems problems;
    struct tcn_doc doc;
    struct tcn_node root;

    (void)state;
    parse_doc(&doc, &problems, LINES);
    root = tcn_node_root(&doc);
    assert_int_equal(tcn_node_line(&root), 2);
    for (size_t i = 0; i < N_OF(cases); i++) {
        struct tcn_node n = tcn_node_member(&root, cases[i].key);

        CHECK(cases[i].key, !n.json == (strcmp(cases[i].key, "absent") == 0));
        CHECK(cases[i].key, tcn_node_line(&n) == cases[i].line);
    }
    release(&doc, &problems);
}

static void lines_of_elements(void **state)
{
    static const int outer[] = {5, 6, 6, 7}, inner[] = {8, 8, 8, 8};
    struct tcn_problems problems;
    struct tcn_doc doc;
    struct tcn_node root, list, object, in, absent, below;

    (void)state;
    parse_doc(&doc, &problems, LINES);
    root = tcn_node_root(&doc);
    list = tcn_node_member(&root, "list");
    for (size_t i = 0; i < N_OF(outer); i++) {
        struct tcn_node n = tcn_node_item(&list, i);

        assert_int_equal(tcn_node_line(&n), outer[i]);
    }
    object = tcn_node_item(&list, 3);
    in = tcn_node_member(&object, "in");
    assert_int_equal(tcn_node_line(&in), 7);
    for (size_t i = 0; i < N_OF(inner); i++) {
        struct tcn_node n = tcn_node_item(&in, i);

        assert_int_equal(tcn_node_line(&n), inner[i]);
    }
    in = tcn_node_member(&object, "in2");
    assert_int_equal(tcn_node_line(&in), 9);
    /* what is absent is complained about where it is missed */
    absent = tcn_node_item(&list, 4);
    assert_int_equal(tcn_node_line(&absent), 5);
    absent = tcn_node_member(&object, "gone");
    below = tcn_node_member(&absent, "deeper");
    assert_int_equal(tcn_node_line(&below), 7);
    release(&doc, &problems);
}

/* A generated tree in which every scalar is the number of its line, walked in full. */
static void check_lines(const struct tcn_node *n)
{
    const char *key;
    json_t *value;

    if (json_is_integer(n->json))
        assert_int_equal(tcn_node_line(n), json_integer_value(n->json));
    json_object_foreach(n->json, key, value)
    {
        struct tcn_node child = tcn_node_member(n, key);

        check_lines(&child);
    }
    for (size_t i = 0; i < json_array_size(n->json); i++) {
        struct tcn_node child = tcn_node_item(n, i);

        check_lines(&child);
    }
}

static void lines_of_a_large_document(void **state)
{
    struct tcn_problems problems;
    struct tcn_doc doc;
    struct tcn_node root;
    struct tcn_buf b;
    int line = 1;

    (void)state;
    tcn_buf_init(&b, 1 << 20);
    tcn_buf_z(&b, "[");
    for (int i = 0; i < 60; i++) {
        tcn_buf_fmt(&b, "%s%d,\n", i ? "," : "", line);
        line++;
        tcn_buf_fmt(&b, "{\"k%d\": [%d, \"%s\",\n", i, line, i % 3 ? "}]\\\"" : "\\\\");
        line++;
        tcn_buf_fmt(&b, "%d, {}, {\"x\": {\"y\": %d}}], \"z\": %d}\n\n", line, line, line);
        line += 2;
    }
    tcn_buf_z(&b, "]");
    parse_doc(&doc, &problems, b.ptr);
    root = tcn_node_root(&doc);
    check_lines(&root);
    release(&doc, &problems);
    tcn_buf_done(&b);
}

static void a_problem_names_file_line_and_path(void **state)
{
    struct tcn_problems problems;
    struct tcn_doc doc;
    struct tcn_node root, a, b;

    (void)state;
    parse_doc(&doc, &problems, "{\n\"a\":\n{\"b\": 1}}");
    root = tcn_node_root(&doc);
    a = tcn_node_member(&root, "a");
    b = tcn_node_member(&a, "b");
    assert_int_equal(tcn_node_problem(&b, "is %d; use %s", 1, "two\nlines"), TCN_EINVALID);
    assert_string_equal(problems.text.ptr, "a.json:3: $.a.b: is 1; use two lines\n");
    release(&doc, &problems);
}

static void a_warning_is_no_problem(void **state)
{
    static const char *const names[] = {"good", NULL};
    struct tcn_problems problems, warnings;
    struct tcn_doc doc;
    struct tcn_node root, a, slip;

    (void)state;
    tcn_problems_init(&warnings);
    parse_doc(&doc, &problems, "{\n\"a\": {}, \"goood\": 1}");
    root = tcn_node_root(&doc);
    a = tcn_node_member(&root, "a");
    tcn_node_warning(&a, "nobody wants to know");
    doc.warnings = &warnings;
    tcn_node_warning(&a, "has %d members", 0);
    assert_string_equal(warnings.text.ptr, "a.json:2: $.a: warning: has 0 members\n");
    assert_int_equal(problems.n, 0);
    tcn_node_only(&root, names);
    slip = tcn_node_member(&root, "good");
    tcn_node_warning(&slip, "its name is wrong already");
    assert_int_equal(warnings.n, 1);
    release(&doc, &problems);
    tcn_problems_done(&warnings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_syntax_error_is_a_problem),
        cmocka_unit_test(paths_are_readable),
        cmocka_unit_test(lines_of_members),
        cmocka_unit_test(lines_of_elements),
        cmocka_unit_test(lines_of_a_large_document),
        cmocka_unit_test(a_problem_names_file_line_and_path),
        cmocka_unit_test(a_warning_is_no_problem),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
