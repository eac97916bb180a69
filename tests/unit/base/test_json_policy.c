/* base/json_policy.c: what may become a tree and what may not, with the place of the fault. */
#include "cases.h"

#include "base/json.h"

#include <string.h>

#define T(lit)                                                                                     \
    {                                                                                              \
        lit, sizeof(lit) - 1                                                                       \
    }

static const struct tcn_json_limits SMALL = {200, 10, 4};

static int parse(struct tcn_str text, const struct tcn_json_limits *limits, struct tcn_err *err)
{
    json_t *root = NULL;
    /* a heap copy of exactly this size, so that the sanitizer sees a read behind the end */
    char *copy = malloc(text.len ? text.len : 1);
    int r;

    memcpy(copy, text.ptr, text.len);
    r = tcn_json_parse((struct tcn_str){copy, text.len}, limits, &root, err);
    if ((r == 0) != (root != NULL))
        fail_msg("a tree on failure, or none on success");
    json_decref(root);
    free(copy);
    return r;
}

static void accepts(void **state)
{
    static const struct {
        const char *name;
        struct tcn_str text;
    } cases[] = {
        {"empty object", T("{}")},
        {"empty array", T("[]")},
        {"blanks of all four kinds", T(" \t\r\n[ \t\r\n] \t\r\n")},
        {"all literals", T("[true,false,null]")},
        {"zero, negative zero", T("[0,-0]")},
        {"int64 edges", T("[9223372036854775807,-9223372036854775808]")},
        {"fraction and exponent", T("[1.5,1e3,1E+3,1e-3,-1.5E-3]")},
        {"underflow is zero", T("[1e-999]")},
        {"empty key", T("{\"\":1}")},
        {"all escapes", T("[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\"]")},
        {"surrogate pair", T("[\"\\ud83d\\ude00\"]")},
        {"escaped noncharacter", T("[\"\\uffff\"]")},
        {"raw UTF-8", T("[\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"]")},
        {"delete is no control", T("[\"\x7f\"]")},
        {"brackets in text do not nest", T("[\"[[[[[[{{{{{{\"]")},
        {"commas in text do not count", T("[\",,,,,,,,,,,,,\"]")},
        {"escaped quote, then brackets", T("[\"\\\"[[[[[[\"]")},
        {"escaped backslash before u0000", T("[\"\\\\u0000\"]")},
        {"same key on two levels", T("{\"a\":{\"a\":1}}")},
        {"same key in two elements", T("[{\"a\":1},{\"a\":1}]")},
        {"depth at the cap", T("[[[[]]]]")},
        {"depth at the cap, twice", T("[[[[]]],[[[]]]]")},
        {"values at the cap", T("[1,2,3,4,5,6,7,8,9]")},
        {"members at the cap",
         T("{\"a\":1,\"b\":2,\"c\":3,\"d\":4,\"e\":5,\"f\":6,\"g\":7,\"h\":8,\"i\":9}")},
        {"empty containers count once", T("[[],{},[],{},[],{},[],{},[ ]]")},
    };

    (void)state;
    for (size_t i = 0; i < N_OF(cases); i++) {
        struct tcn_err err = {0};

        if (parse(cases[i].text, &SMALL, &err) != 0)
            fail_msg("case \"%s\": %s", cases[i].name, err.msg);
    }
}

static const struct {
    const char *name;
    struct tcn_str text;
    int r;
    const char *place;
} REFUSED[] = {
    {"empty text", T(""), TCN_ESYNTAX, "line 1, column 1: "},
    {"blanks only", T(" \n "), TCN_ESYNTAX, "line 2, "},
    {"number on top", T("42"), TCN_ESYNTAX, "line 1, "},
    {"text on top", T("\"a\""), TCN_ESYNTAX, "line 1, "},
    {"true on top", T("true"), TCN_ESYNTAX, "line 1, "},
    {"null on top", T("null"), TCN_ESYNTAX, "line 1, "},
    {"bare word", T("hello"), TCN_ESYNTAX, "line 1, "},
    {"duplicate key", T("{\"a\":1,\n\"a\":2}"), TCN_ESYNTAX, "line 2, "},
    {"duplicate key by escape", T("{\"a\":1,\"\\u0061\":2}"), TCN_ESYNTAX, "line 1, "},
    {"NUL behind", T("[1]\0"), TCN_ESYNTAX, "line 1, column 4: "},
    {"NUL in a number", T("[1\0,2]"), TCN_ESYNTAX, "line 1, column 3: "},
    {"NUL behind a member", T("{\"a\":1\0,\n\"b\":2}"), TCN_ESYNTAX, "line 1, column 7: "},
    {"NUL behind a real", T("[1.5\0]"), TCN_ESYNTAX, "line 1, column 5: "},
    {"NUL behind a literal", T("[true\0]"), TCN_ESYNTAX, "line 1, column 6: "},
    {"NUL in text", T("[\n\"a\0\"]"), TCN_ESYNTAX, "line 2, column 3: "},
    {"escaped NUL in text", T("[\"a\\u0000\"]"), TCN_ESYNTAX, "line 1, column 4: "},
    {"escaped NUL in a key", T("{\n  \"\\u0000\":1}"), TCN_ESYNTAX, "line 2, column 4: "},
    {"escaped NUL behind a backslash", T("[\"\\\\\\u0000\"]"), TCN_ESYNTAX, "line 1, column 5: "},
    {"byte order mark", T("\xef\xbb\xbf[]"), TCN_ESYNTAX, "line 1, "},
    {"UTF-16", T("[\0]\0"), TCN_ESYNTAX, "line 1, "},
    {"unclosed array", T("[1"), TCN_ESYNTAX, "line 1, "},
    {"unclosed object", T("{\"a\":1"), TCN_ESYNTAX, "line 1, "},
    {"unclosed text", T("[\"a"), TCN_ESYNTAX, "line 1, "},
    {"text ends with a backslash", T("[\"a\\"), TCN_ESYNTAX, "line 1, "},
    {"text ends in an escape", T("[\"a\\u00"), TCN_ESYNTAX, "line 1, "},
    {"wrong closer", T("[1}"), TCN_ESYNTAX, "line 1, "},
    {"too many closers", T("[]]"), TCN_ESYNTAX, "line 1, "},
    {"closer first", T("]["), TCN_ESYNTAX, "line 1, "},
    {"text behind", T("[] x"), TCN_ESYNTAX, "line 1, "},
    {"second document", T("{}{}"), TCN_ESYNTAX, "line 1, "},
    {"trailing comma in an array", T("[1,]"), TCN_ESYNTAX, "line 1, "},
    {"trailing comma in an object", T("{\"a\":1,}"), TCN_ESYNTAX, "line 1, "},
    {"leading comma", T("[,1]"), TCN_ESYNTAX, "line 1, "},
    {"double comma", T("[1,,2]"), TCN_ESYNTAX, "line 1, "},
    {"missing comma", T("[1 2]"), TCN_ESYNTAX, "line 1, "},
    {"missing colon", T("{\"a\" 1}"), TCN_ESYNTAX, "line 1, "},
    {"double colon", T("{\"a\"::1}"), TCN_ESYNTAX, "line 1, "},
    {"colon in an array", T("[\"a\":1]"), TCN_ESYNTAX, "line 1, "},
    {"no value", T("{\"a\":}"), TCN_ESYNTAX, "line 1, "},
    {"no key", T("{:1}"), TCN_ESYNTAX, "line 1, "},
    {"key without quotes", T("{a:1}"), TCN_ESYNTAX, "line 1, "},
    {"number as key", T("{1:1}"), TCN_ESYNTAX, "line 1, "},
    {"single quotes", T("['a']"), TCN_ESYNTAX, "line 1, "},
    {"comment", T("[1/*c*/]"), TCN_ESYNTAX, "line 1, "},
    {"line comment", T("[1]//c"), TCN_ESYNTAX, "line 1, "},
    {"leading zero", T("[012]"), TCN_ESYNTAX, "line 1, "},
    {"leading plus", T("[+1]"), TCN_ESYNTAX, "line 1, "},
    {"minus alone", T("[-]"), TCN_ESYNTAX, "line 1, "},
    {"dot first", T("[.5]"), TCN_ESYNTAX, "line 1, "},
    {"dot last", T("[5.]"), TCN_ESYNTAX, "line 1, "},
    {"exponent without digits", T("[1e]"), TCN_ESYNTAX, "line 1, "},
    {"hexadecimal", T("[0x1]"), TCN_ESYNTAX, "line 1, "},
    {"NaN", T("[NaN]"), TCN_ESYNTAX, "line 1, "},
    {"Infinity", T("[-Infinity]"), TCN_ESYNTAX, "line 1, "},
    {"integer overflow", T("[9223372036854775808]"), TCN_ESYNTAX, "line 1, "},
    {"real overflow", T("[1e400]"), TCN_ESYNTAX, "line 1, "},
    {"capital literal", T("[True]"), TCN_ESYNTAX, "line 1, "},
    {"cut literal", T("[nul]"), TCN_ESYNTAX, "line 1, "},
    {"raw line break in text", T("[\"a\nb\"]"), TCN_ESYNTAX, "line 1, "},
    {"raw tab in text", T("[\"a\tb\"]"), TCN_ESYNTAX, "line 1, "},
    {"unknown escape", T("[\"\\x41\"]"), TCN_ESYNTAX, "line 1, "},
    {"short unicode escape", T("[\"\\u41\"]"), TCN_ESYNTAX, "line 1, "},
    {"lone high surrogate", T("[\"\\ud800\"]"), TCN_ESYNTAX, "line 1, "},
    {"lone low surrogate", T("[\"\\udc00\"]"), TCN_ESYNTAX, "line 1, "},
    {"raw surrogate", T("[\"\xed\xa0\x80\"]"), TCN_ESYNTAX, "line 1, "},
    {"overlong", T("[\"\xc0\xaf\"]"), TCN_ESYNTAX, "line 1, "},
    {"stray byte", T("[\"\xff\"]"), TCN_ESYNTAX, "line 1, "},
    {"cut code point", T("[\"\xe2\x82\"]"), TCN_ESYNTAX, "line 1, "},
    {"form feed as blank", T("[\f]"), TCN_ESYNTAX, "line 1, "},
    {"no-break space as blank", T("[\xc2\xa0]"), TCN_ESYNTAX, "line 1, "},
    {"too deep", T("[[[[[]]]]]"), TCN_EINVALID, "line 1, column 5: "},
    {"too deep, objects", T("{\"a\":{\"a\":{\"a\":\n{\"a\":{}}}}}"), TCN_EINVALID,
     "line 2, column 6: "},
    {"too deep, unclosed", T("[[[[[[[[[[[["), TCN_EINVALID, "line 1, column 5: "},
    {"one value too many", T("[1,2,3,4,5,6,7,8,9,10]"), TCN_ELIMIT, "line 1, column 19: "},
    {"one value too many, empties", T("[[],{},[],{},[],{},[],{},[ ],[]]"), TCN_ELIMIT,
     "line 1, column 29: "},
    {"nested values too many", T("[[1,2],[3,4],[5,6],[7,8]]"), TCN_ELIMIT, "line 1, column 19: "},
};

static void refuses(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_OF(REFUSED); i++) {
        struct tcn_err err = {0};
        int r = parse(REFUSED[i].text, &SMALL, &err);

        if (r != REFUSED[i].r || err.code != r)
            fail_msg("case \"%s\": %d %s", REFUSED[i].name, r, err.msg);
        if (strncmp(err.msg, REFUSED[i].place, strlen(REFUSED[i].place)) != 0)
            fail_msg("case \"%s\": not at %s but %s", REFUSED[i].name, REFUSED[i].place, err.msg);
        CHECK(REFUSED[i].name, tcn_utf8_ok(tcn_str(err.msg)));
        CHECK(REFUSED[i].name, parse(REFUSED[i].text, &SMALL, NULL) == r);
    }
}

/* [0,0,...] of n values and the array itself. */
static char *array_of(size_t n)
{
    char *text = malloc(2 * n + 2);

    for (size_t i = 0; i < n; i++)
        memcpy(text + 2 * i, ",0", 2);
    text[0] = '[';
    memcpy(text + 2 * n, "]", 2);
    return text;
}

static void check_limits(const struct tcn_json_limits *limits, size_t bytes, size_t nodes)
{
    char *fits = array_of(nodes - 1), *more = array_of(nodes), *deep = calloc(1, 131),
         *blanks = malloc(bytes + 1);
    struct tcn_err err;

    assert_int_equal(limits->max_bytes, bytes);
    assert_int_equal(parse(tcn_str(fits), limits, &err), 0);
    assert_int_equal(parse(tcn_str(more), limits, &err), TCN_ELIMIT);
    memset(deep, '[', 65);
    memset(deep + 65, ']', 65);
    assert_int_equal(parse(tcn_str(deep), limits, &err), TCN_EINVALID);
    assert_int_equal(parse((struct tcn_str){deep + 1, 128}, limits, &err), 0);
    memset(blanks, ' ', bytes + 1);
    memcpy(blanks, "[]", 2);
    assert_int_equal(parse((struct tcn_str){blanks, bytes}, limits, &err), 0);
    assert_int_equal(parse((struct tcn_str){blanks, bytes + 1}, limits, &err), TCN_ELIMIT);
    free(fits);
    free(more);
    free(deep);
    free(blanks);
}

static void each_limit_holds_exactly(void **state)
{
    (void)state;
    check_limits(&tcn_json_api, 262144, 20000);
    check_limits(&tcn_json_source, 1048576, 80000);
    check_limits(&tcn_json_file, 4194304, 400000);
}

static void values_survive(void **state)
{
    json_t *root = NULL;

    (void)state;
    assert_int_equal(
        tcn_json_parse(TCN_STR("{\"a\":[1,\"\\u20ac\",true]}"), &tcn_json_api, &root, NULL), 0);
    assert_int_equal(json_integer_value(json_array_get(json_object_get(root, "a"), 0)), 1);
    assert_string_equal(json_string_value(json_array_get(json_object_get(root, "a"), 1)),
                        "\xe2\x82\xac");
    json_decref(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts),
        cmocka_unit_test(refuses),
        cmocka_unit_test(each_limit_holds_exactly),
        cmocka_unit_test(values_survive),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
