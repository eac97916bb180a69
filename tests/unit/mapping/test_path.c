/* Paths: every step, null-safe at each hop. */
#include "fixture.h"

#define BODY                                                                                       \
    "{\"a\": {\"detail-type\": 1, \"x.y\": {\"z\": 2}, \"q\\\"q\": 3, \"\": 9}, \"l\": [10, "      \
    "null, [11, 12]],"                                                                             \
    " \"m\": [{\"n\": [{\"p\": 1}, {\"p\": 2}]}, {\"n\": [{\"p\": 3}]}, {}, 5],"                   \
    " \"dims\": [{\"name\": \"A\", \"value\": \"1\"}, {\"name\": \"B\", \"value\": \"2\"}],"       \
    " \"flags\": [{\"on\": false, \"v\": 1}, {\"on\": true, \"v\": 2}], \"a/b\": {\"m~n\": [5, "   \
    "6]}, \"0\": \"zero\"}"

static void steps(void **state)
{
    static const struct eval_case cases[] = {
        {"quoted", "{\"path\": \"a.\\\"detail-type\\\"\"}", BODY, "1"},
        {"a dash needs no quotes", "{\"path\": \"a.detail-type\"}", BODY, "1"},
        {"quoted dot", "{\"path\": \"a.\\\"x.y\\\".z\"}", BODY, "2"},
        {"quoted quote", "{\"path\": \"a.\\\"q\\\\\\\"q\\\"\"}", BODY, "3"},
        {"index", "{\"path\": \"l[0]\"}", BODY, "10"},
        {"index of null", "{\"path\": \"l[1]\"}", BODY, "ABSENT"},
        {"index in index", "{\"path\": \"l[2][1]\"}", BODY, "12"},
        {"index past the end", "{\"path\": \"l[9]\"}", BODY, "ABSENT"},
        {"index of an object", "{\"path\": \"a[0]\"}", BODY, "ABSENT"},
        {"member of a list", "{\"path\": \"l.x\"}", BODY, "ABSENT"},
        {"member of a number", "{\"path\": \"l[0].x.y\"}", BODY, "ABSENT"},
        {"all", "{\"path\": \"l[*]\"}", BODY, "[10,[11,12]]"},
        {"all in all", "{\"path\": \"m[*].n[*].p\"}", BODY, "[1,2,3]"},
        {"all of nothing", "{\"path\": \"no[*].p\"}", BODY, "ABSENT"},
        {"all of an object", "{\"path\": \"a.\\\"x.y\\\"[*]\"}", BODY, "[2]"},
        {"all of a number", "{\"path\": \"l[0][*]\"}", BODY, "ABSENT"},
        {"pick", "{\"path\": \"dims[?name=B].value\"}", BODY, "\"2\""},
        {"pick quoted", "{\"path\": \"dims[?name=\\\"A\\\"].value\"}", BODY, "\"1\""},
        {"pick a truth value", "{\"path\": \"flags[?on=true].v\"}", BODY, "2"},
        {"pick nothing", "{\"path\": \"dims[?name=C].value\"}", BODY, "ABSENT"},
        {"pick of an object", "{\"path\": \"dims[0][?name=A].value\"}", BODY, "\"1\""},
        {"pointer", "{\"path\": \"/a~1b/m~0n/1\"}", BODY, "6"},
        {"pointer into an object with a number for a name", "{\"path\": \"/0\"}", BODY, "\"zero\""},
        {"pointer past the end", "{\"path\": \"/l/7\"}", BODY, "ABSENT"},
        {"path in a template with a quoted brace", "\"<{{a.\\\"detail-type\\\"}}>\"", BODY,
         "\"<1>\""},
        {"blanks around a path", "\"{{ l[0] }}\"", BODY, "10"},
    };

    (void)state;
    check_cases("", cases, ARRAY_LEN(cases));
}

static void syntax(void **state)
{
    static const struct {
        const char *path, *problem;
    } cases[] = {
        {"", "a name is missing"},  {"a..b", "a name is missing"},   {"a.", "a name is missing"},
        {"a[", "is no index"},      {"a[x]", "is no index"},         {"a[-1]", "is no index"},
        {"a[1", "is not closed"},   {"a[*", "is not closed"},        {"a[?k]", "[?key=value]"},
        {"a[?=v]", "[?key=value]"}, {"a.\\\"b", "is not closed"},    {"a]", "not expected"},
        {"/a~2", "~0 or ~1"},       {"a|lower", "filters stand in"}, {"a.b c}", "is not expected"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char text[300], *problems;

        snprintf(text, sizeof text,
                 "{\"mapping\": 1, \"kind\": \"source\", \"name\": \"t\",\n \"var\": {\"x\": "
                 "{\"path\": \"%s\"}},\n"
                 " \"event\": {\"dedupe_key\": \"k\"}}",
                 cases[i].path);
        assert_null(try_load(text, &problems));
        if (!strstr(problems, cases[i].problem) ||
            strncmp(problems, "t.json:2: $.var.x.path: ", 24) != 0)
            fail_msg("%s: %s", cases[i].path, problems);
        free(problems);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps),
        cmocka_unit_test(syntax),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
