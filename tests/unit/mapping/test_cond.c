/* Conditions: every test, and what absence means to it. */
#include "fixture.h"

#define BODY                                                                                       \
    "{\"n\": 3, \"s\": \"abc\", \"num\": \"3.0\", \"t\": true, \"z\": null, \"l\": [1, \"x\"], "   \
    "\"o\": {\"a\": 1, \"b\": 2},"                                                                 \
    " \"bad\": \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!\"}"

struct cond_case {
    const char *cond;
    bool want;
};

static void check(const struct cond_case *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char expr[500];
        const char *got;

        snprintf(expr, sizeof expr, "{\"case\": [{\"if\": %s, \"then\": true}], \"else\": false}",
                 cases[i].cond);
        got = eval(expr, BODY);
        if (strcmp(got, cases[i].want ? "true" : "false") != 0)
            fail_msg("%s is %s", cases[i].cond, got);
    }
}

#define P(p) "{\"path\": \"" p "\"}"

static void tests_of_two(void **state)
{
    static const struct cond_case cases[] = {
        {"{\"eq\": [" P("n") ", 3]}", true},
        {"{\"eq\": [" P("n") ", \"3\"]}", true},
        {"{\"eq\": [" P("num") ", 3]}", true},
        {"{\"eq\": [" P("num") ", \"3\"]}", false},
        {"{\"eq\": [" P("s") ", \"abc\"]}", true},
        {"{\"eq\": [" P("t") ", true]}", true},
        {"{\"eq\": [" P("t") ", \"true\"]}", true},
        {"{\"eq\": [" P("no") ", null]}", true},
        {"{\"eq\": [" P("z") ", null]}", true},
        {"{\"eq\": [" P("no") ", \"\"]}", false},
        {"{\"eq\": [" P("o") ", {\"const\": {\"b\": 2, \"a\": 1}}]}", true},
        {"{\"eq\": [" P("l") ", {\"const\": [1, \"x\"]}]}", true},
        {"{\"eq\": [" P("l") ", 1]}", false},
        {"{\"ne\": [" P("n") ", 4]}", true},
        {"{\"ne\": [" P("no") ", 4]}", true},
        {"{\"ne\": [" P("no") ", " P("z") "]}", false},
        {"{\"lt\": [" P("n") ", 4]}", true},
        {"{\"lt\": [" P("n") ", 3]}", false},
        {"{\"le\": [" P("n") ", 3]}", true},
        {"{\"gt\": [" P("n") ", 2.5]}", true},
        {"{\"gt\": [" P("num") ", 2]}", true},
        {"{\"ge\": [" P("n") ", 3.5]}", false},
        {"{\"gt\": [" P("s") ", \"abb\"]}", true},
        {"{\"gt\": [" P("s") ", 1]}", false},
        {"{\"lt\": [" P("no") ", 1]}", false},
        {"{\"gt\": [" P("no") ", 1]}", false},
        {"{\"gt\": [" P("l") ", 1]}", false},
        {"{\"in\": [" P("n") ", [1, 2, 3]]}", true},
        {"{\"in\": [" P("n") ", [1, 2]]}", false},
        {"{\"in\": [\"x\", " P("l") "]}", true},
        {"{\"in\": [" P("no") ", [1]]}", false},
        {"{\"in\": [\"abc\", " P("s") "]}", true},
        {"{\"starts\": [" P("s") ", \"ab\"]}", true},
        {"{\"starts\": [" P("s") ", \"b\"]}", false},
        {"{\"starts\": [" P("no") ", \"\"]}", false},
    };

    (void)state;
    check(cases, ARRAY_LEN(cases));
}

static void others(void **state)
{
    static const struct cond_case cases[] = {
        {"{\"has\": " P("n") "}", true},
        {"{\"has\": " P("z") "}", false},
        {"{\"has\": " P("no") "}", false},
        {"{\"match\": [" P("s") ", \"^a.c$\"]}", true},
        {"{\"match\": [" P("s") ", \"(?i)ABC\"]}", true},
        {"{\"match\": [" P("n") ", \"^3$\"]}", true},
        {"{\"match\": [" P("no") ", \"\"]}", false},
        {"{\"and\": [{\"has\": " P("n") "}, {\"has\": " P("s") "}]}", true},
        {"{\"and\": [{\"has\": " P("n") "}, {\"has\": " P("no") "}]}", false},
        {"{\"or\": [{\"has\": " P("no") "}, {\"has\": " P("s") "}]}", true},
        {"{\"or\": [{\"has\": " P("no") "}]}", false},
        {"{\"not\": {\"has\": " P("no") "}}", true},
        {"{\"not\": {\"not\": {\"has\": " P("no") "}}}", false},
        /* gives up instead of taking exponential time */
        {"{\"match\": [" P("bad") ", \"^(a+)+$\"]}", false},
    };

    (void)state;
    check(cases, ARRAY_LEN(cases));
}

static void mistakes(void **state)
{
    static const struct {
        const char *cond, *problem;
    } cases[] = {
        {"{\"equals\": [1, 2]}", "$.match.equals: \"equals\" is not known here"},
        {"{\"mach\": [1, \"x\"]}", "did you mean \"match\"?"},
        {"{}", "with one test"},
        {"{\"has\": 1, \"not\": {\"has\": 1}}", "with one test"},
        {"true", "with one test"},
        {"{\"eq\": [1]}", "$.match.eq: must be a list of two expressions"},
        {"{\"eq\": [1, 2, 3]}", "two expressions"},
        {"{\"match\": [{\"path\": \"a\"}, \"(\"]}",
         "$.match.match[1]: is no regular expression: missing closing parenthesis, at its "
         "character 2"},
        {"{\"match\": [{\"path\": \"a\"}, {\"path\": \"b\"}]}",
         "[expression, \"regular expression\"]"},
        {"{\"and\": []}", "$.match.and: must be a list of conditions"},
        {"{\"or\": {\"has\": 1}}", "must be a list of conditions"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char text[400], *problems;

        snprintf(text, sizeof text,
                 "{\"mapping\": 1, \"kind\": \"source\", \"name\": \"t\",\n\"match\": %s,\n"
                 "\"event\": {\"dedupe_key\": \"k\"}}",
                 cases[i].cond);
        assert_null(try_load(text, &problems));
        if (!strstr(problems, cases[i].problem) || strncmp(problems, "t.json:2: ", 10) != 0)
            fail_msg("%s: %s", cases[i].cond, problems);
        free(problems);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tests_of_two),
        cmocka_unit_test(others),
        cmocka_unit_test(mistakes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
