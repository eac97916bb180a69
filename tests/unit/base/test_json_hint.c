/* base/json_hint.c: what is said of files that are no JSON, and what to do about it. */
#include "cases.h"

#include "base/json.h"

#include <string.h>

static const struct {
    const char *name, *text, *said; /* said NULL: it is JSON */
} files[] = {
    {"empty", "", "a.json:1: column 1: the text is empty; write at least {}\n"},
    {"blank", "\n\n",
     "a.json:3: column 1: '[' or '{' expected near end of file; write at least {}\n"},
    {"comment", "{\n// x\n\"a\": 1}",
     "a.json:2: column 1: string or '}' expected near '/'; JSON has no comments: take it out\n"},
    {"hash", "{\n# x\n\"a\": 1}",
     "a.json:2: column 1: string or '}' expected near '#'; JSON has no comments: take it out\n"},
    {"trailing comma", "{\"a\": 1,\n}",
     "a.json:2: column 1: string or '}' expected near '}'; take out the comma before it\n"},
    {"trailing comma in an array", "{\"a\": [1, 2, ]}",
     "a.json:1: column 14: unexpected token near ']'; take out the comma before it\n"},
    {"missing comma", "{\"a\": 1\n\"b\": 2}",
     "a.json:2: column 3: '}' expected near '\"b\"'; a comma is missing before it\n"},
    {"missing comma in an array", "[\"a\" \"b\"]",
     "a.json:1: column 8: ']' expected near '\"b\"'; a comma is missing before it\n"},
    {"two commas", "[1,,2]",
     "a.json:1: column 4: unexpected token near ','; there is a comma too many\n"},
    {"single quotes", "{'a': 1}",
     "a.json:1: column 2: string or '}' expected near '''; write double quotes\n"},
    {"bare name", "{a: 1}",
     "a.json:1: column 2: string or '}' expected near 'a'; names and text stand in double quotes; "
     "true, false and null are written small\n"},
    {"True", "{\"a\": True}",
     "a.json:1: column 10: invalid token near 'True'; names and text stand in double quotes; true, "
     "false and null are written small\n"},
    {"equals", "{\"a\" = 1}",
     "a.json:1: column 6: ':' expected near '='; write a colon between a name and its value\n"},
    {"open text", "{\"a\": \"b\n}",
     "a.json:1: column 8: unexpected newline near '\"b'; a closing double quote is missing on this "
     "line\n"},
    {"open object", "{\"a\": {\"b\": 1}",
     "a.json:1: column 14: '}' expected near end of file; a closing } or ] is missing\n"},
    {"open text at the end", "{\"a\": \"b",
     "a.json:1: column 8: premature end of input near '\"b'; a closing double quote is missing\n"},
    {"missing value", "{\"a\": }",
     "a.json:1: column 7: unexpected token near '}'; a value is missing before it\n"},
    {"too many digits", "{\"a\": 99999999999999999999}",
     "a.json:1: column 26: too big integer near '99999999999999999999'; no number here needs so "
     "many digits\n"},
    {"too large an exponent", "{\"a\": 1e999}",
     "a.json:1: column 11: real number overflow near '1e999'; no number here is that large\n"},
    {"leading zero", "{\"a\": 01}",
     "a.json:1: column 7: invalid token near '0'; a number has no leading zero\n"},
    {"two objects", "{}\n{}",
     "a.json:2: column 1: end of file expected near '{'; the file is one object: take out what "
     "follows it\n"},
    {"too many closed", "{}}",
     "a.json:1: column 3: end of file expected near '}'; the file is one object: take out what "
     "follows it\n"},
    {"twice", "{\n\"a\":1,\n\"a\":2}",
     "a.json:3: column 3: duplicate object key near '\"a\"'; the name stands twice in this object: "
     "keep one\n"},
    {"latin1", "{\"a\": \"\xe4\"}",
     "a.json:1: column 7: unable to decode byte 0xe4 near '\"'; save the file as UTF-8\n"},
    {"bad escape", "{\"a\": \"C:\\dir\"}",
     "a.json:1: column 11: invalid escape near '\"C:\\d'; a backslash in text is written twice\n"},
    {"tab in text", "{\"a\": \"b\tc\"}",
     "a.json:1: column 8: control character 0x9 near '\"b'; write it as an escape, such as \\t\n"},
    {"yaml", "listen: 127.0.0.1:8080\n",
     "a.json:1: column 6: '[' or '{' expected near 'listen'; the file is JSON and begins with {\n"},
    {"mark", "\xef\xbb\xbf{}", NULL},
    {"mark and fault", "\xef\xbb\xbf{\"a\":,}",
     "a.json:1: column 6: unexpected token near ','; a value is missing before it\n"},
    {"mark alone", "\xef\xbb\xbf", "a.json:1: column 1: the text is empty; write at least {}\n"},
};

static void every_fault_says_what_to_do(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct tcn_problems problems;
        struct tcn_doc doc;
        int r;

        tcn_problems_init(&problems);
        r = tcn_doc_parse(&doc, "a.json", tcn_str(files[i].text), &problems);
        if ((r == 0) != !files[i].said ||
            strcmp(tcn_buf_view(&problems.text).ptr, files[i].said ? files[i].said : "") != 0)
            fail_msg("%s: told \"%s\"", files[i].name, tcn_buf_view(&problems.text).ptr);
        tcn_doc_done(&doc);
        tcn_problems_done(&problems);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_fault_says_what_to_do),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
