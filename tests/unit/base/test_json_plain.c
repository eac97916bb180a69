/* Plain text is read as jansson would have read it; all else is left to jansson. */
#include "base/json_policy.h"
#include "cases.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name, *text;
} plain[] = {
    {"empty object", "{}"},
    {"empty array", " [ ] "},
    {"members", "{\"a\":1,\"b\":[true,false,null],\"\":{}}"},
    {"blanks everywhere", "\r\n{ \"a\"\t: [ 1 , 2 ] , \"b\" : \"c\" }\n"},
    {"integers", "[0,-0,7,-12,999999999999999999,-999999999999999999]"},
    {"reals", "[0.5,-1.25e3,1E+2,2e-2,80.0,1e-400]"},
    {"simple escapes", "[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"]"},
    {"code points", "[\"\\u0026\\u00e9\\u20AC x\"]"},
    {"UTF-8", "[\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x9a\xa8\"]"},
    {"a value of a repeated name elsewhere", "[{\"a\":1},{\"a\":1}]"},
};

static const struct {
    const char *name, *text;
} others[] = {
    {"nothing", ""},
    {"a scalar", "1"},
    {"text behind", "{} x"},
    {"no end", "[1"},
    {"no end of a number", "[12"},
    {"no end of a text", "[\"a"},
    {"no end behind a backslash", "[\"a\\"},
    {"no end of a code point", "[\"\\u00"},
    {"a comma too many", "[1,]"},
    {"a comma too few", "[1 2]"},
    {"wrong bracket", "[1}"},
    {"no colon", "{\"a\" 1}"},
    {"a name that is none", "{1:2}"},
    {"a leading zero", "[01]"},
    {"a plus", "[+1]"},
    {"a lone minus", "[-]"},
    {"no digits behind the point", "[1.]"},
    {"no digits in the exponent", "[1e+]"},
    {"half a word", "[tru]"},
    {"a control character", "[\"a\nb\"]"},
    {"an unknown escape", "[\"\\x\"]"},
    {"no hexadecimal digit", "[\"\\u00g0\"]"},
    {"not UTF-8", "[\"\xc3\"]"},
    {"the same name twice", "{\"a\":1,\"a\":2}"},
    {"U+0000", "[\"\\u0000\"]"},
    /* right, but not plain */
    {"a pair", "[\"\\ud83d\\udea8\"]"},
    {"half a pair", "[\"\\ud83d\"]"},
    {"an escape in a name", "{\"\\u0061\":1}"},
    {"a large integer", "[1000000000000000000]"},
    {"a real beyond all", "[1e999]"},
};

/* A copy of its own, so that a byte read behind the end is found. */
static json_t *read_copy(const char *text, const struct tcn_json_limits *limits)
{
    size_t len = strlen(text);
    char *copy = malloc(len ? len : 1);
    json_t *root;

    memcpy(copy, text, len);
    root = tcn_json_plain((struct tcn_str){copy, len}, limits);
    free(copy);
    return root;
}

static void test_plain(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_OF(plain); i++) {
        json_t *got = read_copy(plain[i].text, &tcn_json_api);
        json_t *want = json_loads(plain[i].text, JSON_REJECT_DUPLICATES, NULL);

        if (!got || !want || !json_equal(got, want))
            fail_msg("%s", plain[i].name);
        json_decref(got);
        json_decref(want);
    }
}

static void test_others(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_OF(others); i++)
        if (read_copy(others[i].text, &tcn_json_api))
            fail_msg("%s", others[i].name);
}

static void test_every_prefix_is_left(void **state)
{
    static const char text[] = "{\"a\":[1,-2.5e3,true,null,\"b\\n\\u00e9\"],\"c\":{\"d\":\"e\"}}";

    (void)state;
    for (size_t n = 0; n < sizeof text - 1; n++) {
        char *copy = strndup(text, n);

        assert_null(read_copy(copy, &tcn_json_api));
        free(copy);
    }
}

static void test_limits(void **state)
{
    static const struct tcn_json_limits limits = {100, 4, 2};
    json_t *root;

    (void)state;
    root = read_copy("[[1],2]", &limits);
    assert_non_null(root);
    json_decref(root);
    assert_null(read_copy("[[1],2,3]", &limits));
    assert_null(read_copy("[[[]]]", &limits));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),
        cmocka_unit_test(test_others),
        cmocka_unit_test(test_every_prefix_is_left),
        cmocka_unit_test(test_limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
