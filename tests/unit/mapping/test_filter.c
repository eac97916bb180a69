/* Every filter, on a value and on nothing. */
#include "fixture.h"

#define BODY                                                                                       \
    "{\"s\": \" A b\xc3\xa4 \", \"e\": \"\", \"l\": [\"x\", 2, null, \"y\"], \"o\": {\"b\": 1, "   \
    "\"a\": 2}, \"n\": 7,"                                                                         \
    " \"arn\": \"arn:aws:cloudwatch:eu-west-1:111122223333:alarm:a:b\", \"h\": \"<a "              \
    "href='x'>&\\\"\","                                                                            \
    " \"u\": \"a b/\xc3\xa4~_-.\", \"long\": \"0123456789\", \"two\": \"a\\r\\n\\t b\\u0001c\", "  \
    "\"z\": null}"

static void filters(void **state)
{
    static const struct eval_case cases[] = {
        {"default of absent", "\"{{no|default:x}}\"", BODY, "\"x\""},
        {"default of null", "\"{{z|default:x}}\"", BODY, "\"x\""},
        {"default of empty", "\"{{e|default:x}}\"", BODY, "\"x\""},
        {"default of a value", "\"{{n|default:x}}\"", BODY, "7"},
        {"default with nothing", "\"{{no|default:}}\"", BODY, "\"\""},
        {"default quoted", "\"{{no|default:\\\"a|b}}c\\\"}}\"", BODY, "\"a|b}}c\""},
        {"trim", "\"{{s|trim}}\"", BODY, "\"A b\xc3\xa4\""},
        {"line", "\"{{two|line}}\"", BODY, "\"a b c\""},
        {"lower", "\"{{s|lower}}\"", BODY, "\" a b\xc3\xa4 \""},
        {"upper", "\"{{s|upper}}\"", BODY, "\" A B\xc3\xa4 \""},
        {"lower of a number", "\"{{n|lower}}\"", BODY, "\"7\""},
        {"cut", "\"{{long|cut:5}}\"", BODY, "\"0123\xe2\x80\xa6\""},
        {"cut not needed", "\"{{long|cut:10}}\"", BODY, "\"0123456789\""},
        {"cut counts code points", "\"{{s|trim|cut:4}}\"", BODY, "\"A b\xc3\xa4\""},
        {"cut between code points", "\"{{u|cut:5}}\"", BODY, "\"a b/\xe2\x80\xa6\""},
        {"tail", "\"{{long|tail:3}}\"", BODY, "\"789\""},
        {"tail of a short text", "\"{{n|tail:3}}\"", BODY, "\"7\""},
        {"tail between code points", "\"{{s|trim|tail:1}}\"", BODY, "\"\xc3\xa4\""},
        {"url", "\"{{u|url}}\"", BODY, "\"a%20b%2F%C3%A4~_-.\""},
        {"html", "\"{{h|html}}\"", BODY, "\"&lt;a href=&#39;x&#39;&gt;&amp;&quot;\""},
        {"md", "\"{{h|md}}\"", BODY, "\"<a href='x'>&\\\"\""},
        {"arn region", "\"{{arn|arn:region}}\"", BODY, "\"eu-west-1\""},
        {"arn account", "\"{{arn|arn:account}}\"", BODY, "\"111122223333\""},
        {"arn partition", "\"{{arn|arn:partition}}\"", BODY, "\"aws\""},
        {"arn service", "\"{{arn|arn:service}}\"", BODY, "\"cloudwatch\""},
        {"arn resource keeps its colons", "\"{{arn|arn:resource}}\"", BODY, "\"alarm:a:b\""},
        {"arn of what is none", "\"{{long|arn:region}}\"", BODY, "ABSENT"},
        {"join", "\"{{l|join:, }}\"", BODY, "\"x, 2, y\""},
        {"split", "\"{{t|split:,}}\"", "{\"t\": \" a, b c,,d ,\"}", "[\"a\",\"b c\",\"d\"]"},
        {"split of one piece", "\"{{t|split:;}}\"", "{\"t\": \"a,b\"}", "[\"a,b\"]"},
        {"split of nothing", "\"{{t|split:,}}\"", "{\"t\": \"\"}", "[]"},
        {"split of a number", "\"{{t|split:,}}\"", "{\"t\": 7}", "[\"7\"]"},
        {"split of a list", "\"{{t|split:,}}\"", "{\"t\": [\"a,b\"]}", "[\"a,b\"]"},
        {"split of what is absent", "\"{{t|split:,}}\"", "{}", "ABSENT"},
        {"join of a scalar", "\"{{n|join:,}}\"", BODY, "\"7\""},
        {"first", "\"{{l|first}}\"", BODY, "\"x\""},
        {"first of a scalar", "\"{{n|first}}\"", BODY, "7"},
        {"count of a list", "\"{{l|count}}\"", BODY, "4"},
        {"count of an object", "\"{{o|count}}\"", BODY, "2"},
        {"count of absent", "\"{{no|count}}\"", BODY, "0"},
        {"count of a scalar", "\"{{n|count}}\"", BODY, "1"},
        {"sha256", "\"{{n|sha256|cut:9}}\"", BODY, "\"7902699b\xe2\x80\xa6\""},
        {"sha256 does not see the order of members", "{\"eq\": 1, \"v\": \"{{o|sha256}}\"}",
         "{\"o\": {\"a\": 2, \"b\": 1}}",
         "{\"eq\":1,\"v\":\"d3626ac30a87e6f7a6428233b3c68299976865fa5508e4267c5415c76af7a772\"}"},
        {"json", "\"{{o|json}}\"", BODY, "\"{\\\"b\\\":1,\\\"a\\\":2}\""},
        {"json of a text", "\"{{n|lower|json}}\"", BODY, "\"\\\"7\\\"\""},
        {"absent stays absent", "\"{{no|lower|cut:3|url|html|md|json|sha256|trim}}\"", BODY,
         "ABSENT"},
        {"absent stays absent, the rest", "\"{{no|line|tail:2|upper|arn:region|join:,|first}}\"",
         BODY, "ABSENT"},
        {"a chain", "\"{{no|default:Web|lower|upper}}\"", BODY, "\"WEB\""},
    };

    (void)state;
    check_cases("", cases, ARRAY_LEN(cases));
}

static void syntax(void **state)
{
    static const struct {
        const char *filters, *problem;
    } cases[] = {
        {"lowr", "there is no filter \"lowr\"; did you mean \"lower\"?"},
        {"qqqqqqqq", "known are: default trim"},
        {"", "there is no filter \"\""},
        {"cut", "cut needs a number"},
        {"cut:0", "cut needs a number"},
        {"cut:x", "cut needs a number"},
        {"default", "the filter default needs an argument"},
        {"lower:1", "the filter lower takes no argument"},
        {"arn:regio", "did you mean \"region\"?"},
        {"arn:", "arn needs one of"},
        {"default:\\\"x", "a quote is not closed"},
        {"trim|trim|trim|trim|trim|trim|trim|trim|trim", "more than 8 filters"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char text[400], *problems;

        snprintf(text, sizeof text,
                 "{\"mapping\": 1, \"kind\": \"source\", \"name\": \"t\",\n\"var\": {\n\"x\": "
                 "\"{{a|%s}}\"},\n"
                 "\"event\": {\"dedupe_key\": \"k\"}}",
                 cases[i].filters);
        assert_null(try_load(text, &problems));
        if (!strstr(problems, cases[i].problem) ||
            strncmp(problems, "t.json:3: $.var.x: ", 19) != 0)
            fail_msg("%s: %s", cases[i].filters, problems);
        free(problems);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(filters),
        cmocka_unit_test(syntax),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
