#include "../base/cases.h"
#include "sys/secret.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define VALUE "a-value-that-must-not-show"

static char path[32];

static int make_file(void **state)
{
    int fd;

    (void)state;
    snprintf(path, sizeof path, "/tmp/tcn_secret_XXXXXX");
    fd = mkstemp(path);
    if (fd < 0 || close(fd) < 0)
        return -1;
    setenv("TEST_SECRET", VALUE, 1);
    setenv("TEST_EMPTY", "", 1);
    setenv("TEST_LINES", VALUE "\r\n\n", 1);
    setenv("TEST_ONLY_LINES", "\n\r\n", 1);
    unsetenv("NOWHERE_TO_BE_SEEN");
    return 0;
}

static int end_file(void **state)
{
    (void)state;
    return unlink(path);
}

static void put(const char *bytes, size_t len)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, len, f), len);
    assert_int_equal(fclose(f), 0);
}

/* Loads {"secret": reference} and tells what was said. */
static int load(const char *reference, struct tcn_secret *ret, char *said, size_t said_size)
{
    struct tcn_problems problems;
    struct tcn_doc doc;
    char text[400];
    int r;

    snprintf(text, sizeof text, "{\n\"x\": 1,\n\"secret\": %s}", reference);
    tcn_problems_init(&problems);
    r = tcn_doc_parse(&doc, "t.json", tcn_str(text), &problems);
    if (r == 0) {
        struct tcn_node root = tcn_node_root(&doc), node = tcn_node_member(&root, "secret");

        r = tcn_secret_load(&node, ret);
    }
    snprintf(said, said_size, "%s", problems.text.ptr);
    assert_null(strstr(said, VALUE));
    tcn_doc_done(&doc);
    tcn_problems_done(&problems);
    return r;
}

static void test_references(void **state)
{
    static const struct {
        const char *reference, *want, *said;
    } cases[] = {
        {"{\"env\": \"TEST_SECRET\"}", VALUE, ""},
        {"{\"env\": \"TEST_LINES\"}", VALUE, ""},
        {"{\"env\": \"NOWHERE_TO_BE_SEEN\"}", NULL,
         "t.json:3: $.secret.env: environment variable NOWHERE_TO_BE_SEEN is not set; export it"},
        {"{\"env\": \"TEST_SECERT\"}", NULL,
         "is not set; export it, or did you mean \"TEST_SECRET\"?"},
        {"{\"env\": \"TEST_EMPTY\"}", NULL, "environment variable TEST_EMPTY is empty"},
        {"{\"env\": \"TEST_ONLY_LINES\"}", NULL, "empty"},
        {"{\"env\": 5}", NULL, "t.json:3: $.secret.env: must be text"},
        {"{}", NULL, "give either"},
        {"{\"env\": \"TEST_SECRET\", \"file\": \"/x\"}", NULL, "give either"},
        {"{\"enw\": \"TEST_SECRET\"}", NULL, "did you mean \"env\"?"},
        {"{\"file\": \"/nonexistent/secret\"}", NULL,
         "$.secret.file: there is no file /nonexistent/secret"},
        {"\"" VALUE "\"", NULL, "never in the file"},
        {"[\"" VALUE "\"]", NULL, "never in the file"},
        {"null", NULL, "never in the file"},
    };

    (void)state;
    for (size_t i = 0; i < N_OF(cases); i++) {
        struct tcn_secret s = {0};
        char said[1000];
        int r = load(cases[i].reference, &s, said, sizeof said);

        CHECK(cases[i].reference, r == (cases[i].want ? 0 : TCN_EINVALID));
        CHECK(cases[i].reference, strstr(said, cases[i].said));
        if (cases[i].want)
            CHECK(cases[i].reference, strcmp(s.ptr, cases[i].want) == 0 && said[0] == '\0');
        else
            CHECK(cases[i].reference, s.ptr == NULL && s.len == 0);
        tcn_secret_done(&s);
    }
}

static void test_an_absent_member(void **state)
{
    struct tcn_secret s = {0};
    struct tcn_problems problems;
    struct tcn_doc doc;
    struct tcn_node root, node;

    (void)state;
    tcn_problems_init(&problems);
    assert_int_equal(tcn_doc_parse(&doc, "t.json", TCN_STR("{}"), &problems), 0);
    root = tcn_node_root(&doc);
    node = tcn_node_member(&root, "secret");
    assert_int_equal(tcn_secret_load(&node, &s), TCN_EINVALID);
    assert_int_equal(problems.n, 1);
    tcn_doc_done(&doc);
    tcn_problems_done(&problems);
}

static void test_files(void **state)
{
    static char large[TCN_SECRET_MAX + 1];
    const struct {
        const char *name, *bytes;
        size_t len;
        mode_t mode;
        const char *said; /* NULL: it is taken */
        size_t want_len;
    } cases[] = {
        {"plain", VALUE, 26, 0400, NULL, 26},
        {"line end", VALUE "\n", 27, 0600, NULL, 26},
        {"line end of Windows", VALUE "\r\n", 28, 0640, NULL, 26},
        {"two lines", "ab\ncd\n", 6, 0400, "more than one line", 0},
        {"blanks stay", " x ", 3, 0400, NULL, 3},
        {"empty", "", 0, 0400, "empty", 0},
        {"line end only", "\n", 1, 0400, "empty", 0},
        {"NUL byte inside", "abc\0def", 7, 0400, "NUL byte", 0},
        {"NUL byte at the end", "abc\0", 4, 0400, "NUL byte", 0},
        {"read by everybody", VALUE, 26, 0444, "chmod 0400", 0},
        {"written by everybody", VALUE, 26, 0602, "chmod 0400", 0},
        {"as large as allowed", large, TCN_SECRET_MAX, 0400, NULL, TCN_SECRET_MAX},
        {"larger", large, TCN_SECRET_MAX + 1, 0400, "larger than", 0},
    };

    (void)state;
    memset(large, 'x', sizeof large);
    for (size_t i = 0; i < N_OF(cases); i++) {
        struct tcn_secret s = {0};
        char reference[64], said[1000];
        int r;

        chmod(path, 0600);
        put(cases[i].bytes, cases[i].len);
        chmod(path, cases[i].mode);
        snprintf(reference, sizeof reference, "{\"file\": \"%s\"}", path);
        r = load(reference, &s, said, sizeof said);
        CHECK(cases[i].name, r == (cases[i].said ? TCN_EINVALID : 0));
        CHECK(cases[i].name, !cases[i].said || strstr(said, cases[i].said));
        CHECK(cases[i].name, s.len == cases[i].want_len);
        CHECK(cases[i].name,
              !s.ptr || (memcmp(s.ptr, cases[i].bytes, s.len) == 0 && !s.ptr[s.len]));
        tcn_secret_done(&s);
    }
    chmod(path, 0600);
}

static void test_set_and_done(void **state)
{
    struct tcn_secret s = {0};

    (void)state;
    assert_int_equal(tcn_secret_view(&s).len, 0);
    assert_string_equal(tcn_secret_view(&s).ptr, "");
    tcn_secret_set(&s, "one", 3);
    tcn_secret_set(&s, "three", 5);
    assert_string_equal(s.ptr, "three");
    assert_int_equal(tcn_secret_view(&s).len, 5);
    tcn_secret_done(&s);
    assert_null(s.ptr);
    tcn_secret_done(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_references),
        cmocka_unit_test(test_an_absent_member),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_set_and_done),
    };

    return cmocka_run_group_tests_name("secret", tests, make_file, end_file);
}
