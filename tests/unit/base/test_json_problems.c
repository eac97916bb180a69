/* base/json_problems.c: the list of problems, its end and its order. */
#include "cases.h"

#include "base/json.h"

#include <stdio.h>
#include <string.h>

static void the_list_of_problems_ends(void **state)
{
    struct tcn_problems p;
    size_t lines = 0;

    (void)state;
    tcn_problems_init(&p);
    for (int i = 0; i < 500; i++)
        tcn_problems_add(&p, "problem %d %2000s", i, "with much text");
    assert_int_equal(p.n, 500);
    assert_true(tcn_buf_ok(&p.text));
    for (const char *c = p.text.ptr; *c; c++)
        lines += *c == '\n';
    assert_int_equal(lines, TCN_MAX_PROBLEMS + 1);
    assert_non_null(strstr(p.text.ptr, "\nproblem 99 "));
    assert_null(strstr(p.text.ptr, "\nproblem 100 "));
    assert_non_null(strstr(p.text.ptr, "\nmore problems are not shown; solve these first\n"));
    tcn_problems_done(&p);
    tcn_problems_done(&p);
}

static void tell(struct tcn_doc *doc, const char *key, const char *what)
{
    struct tcn_node root = tcn_node_root(doc), n = tcn_node_member(&root, key);

    tcn_node_problem(&n, "%s", what);
}

/* By line as a number, then by path; first the file itself, what belongs to no line before its lines. */
static void they_stand_in_the_order_of_the_file(void **state)
{
    static const char text[] = "{\"b\": 1, \"a\": 1,\n\n\n\n\n\n\n\n\"y\": 1,\n\"x\": 1}";
    struct tcn_problems p;
    struct tcn_doc doc, other;

    (void)state;
    tcn_problems_init(&p);
    assert_int_equal(tcn_doc_parse(&doc, "a.json", tcn_str(text), &p), 0);
    assert_int_equal(tcn_doc_parse(&other, "a.json.map", TCN_STR("{\"m\": 1}"), &p), 0);
    tell(&other, "m", "of a mapping");
    tell(&doc, "x", "10");
    tell(&doc, "y", "9");
    tell(&doc, "b", "1");
    tcn_problems_add(&p, "of no line");
    tell(&doc, "a", "1");
    tcn_problems_sort(&p, "a.json");
    assert_string_equal(p.text.ptr, "a.json:1: $.a: 1\na.json:1: $.b: 1\na.json:9: $.y: 9\n"
                                    "a.json:10: $.x: 10\na.json.map:1: $.m: of a mapping\n"
                                    "of no line\n");
    tell(&doc, "y", "10");
    tcn_problems_sort(&p, "a.json");
    assert_non_null(strstr(p.text.ptr, "$.y: 10\na.json:9: $.y: 9\na.json:10: $.x"));
    assert_int_equal(p.n, 7);
    tcn_doc_done(&doc);
    tcn_doc_done(&other);
    tcn_problems_done(&p);
}

static void each_is_told_once_and_that_there_are_more_last(void **state)
{
    static const char said[] = "\nmore problems are not shown; solve these first\n";
    struct tcn_problems p;
    struct tcn_doc doc;

    (void)state;
    tcn_problems_init(&p);
    assert_int_equal(tcn_doc_parse(&doc, "f", TCN_STR("{\n\"a\": 1,\n\"b\": 1}"), &p), 0);
    for (int i = 0; i < 75; i++) {
        char what[20];

        snprintf(what, sizeof what, "%02d", i);
        tell(&doc, "b", what);
        tell(&doc, "a", what);
        tell(&doc, "a", what); /* is told once */
    }
    assert_int_equal(p.n, 225);
    tcn_problems_sort(&p, "f");
    assert_ptr_equal(strstr(p.text.ptr, "f:2: $.a: 00\nf:2: $.a: 01\n"), p.text.ptr);
    assert_non_null(strstr(p.text.ptr, "f:2: $.a: 49\nf:3: $.b: 00\n"));
    assert_string_equal(p.text.ptr + p.text.len - strlen(said), said);
    tcn_doc_done(&doc);
    tcn_problems_done(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_list_of_problems_ends),
        cmocka_unit_test(they_stand_in_the_order_of_the_file),
        cmocka_unit_test(each_is_told_once_and_that_there_are_more_last),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
