/* base/buf.c: the cap, all-or-nothing appends, and the escapes. */
#include "cases.h"

#include "base/buf.h"

#include <string.h>

static void starts_empty_and_terminated(void **state)
{
    struct tcn_buf b;

    (void)state;
    tcn_buf_init(&b, 10);
    assert_string_equal(b.ptr, "");
    assert_true(tcn_buf_ok(&b));
    assert_int_equal(tcn_buf_view(&b).len, 0);
    tcn_buf_clear(&b);
    tcn_buf_add(&b, NULL, 0);
    assert_string_equal(b.ptr, "");
    tcn_buf_done(&b);
    tcn_buf_done(&b);
}

static void done_of_zeroes_is_legal(void **state)
{
    struct tcn_buf b = {0};

    (void)state;
    tcn_buf_done(&b);
    tcn_buf_done(&b);
}

static void appends_every_way(void **state)
{
    struct tcn_buf b;

    (void)state;
    tcn_buf_init(&b, 1000);
    tcn_buf_add(&b, "abc", 2);
    tcn_buf_str(&b, TCN_STR("cd"));
    tcn_buf_z(&b, "ef");
    tcn_buf_char(&b, 'g');
    tcn_buf_fmt(&b, "-%03d-%s", 7, "h");
    tcn_buf_fmt(&b, "%s", "");
    assert_string_equal(b.ptr, "abcdefg-007-h");
    assert_int_equal(b.len, strlen(b.ptr));
    tcn_buf_done(&b);
}

static void lists_names(void **state)
{
    static const char *const names[] = {"status", "dedupe", "limit", NULL}, *const none[] = {NULL};
    static const struct {
        const char *const *names;
        size_t max, cap;
        const char *want;
        bool fits;
    } cases[] = {
        {names, SIZE_MAX, 100, "status, dedupe, limit", true},
        {names, 2, 100, "status, dedupe", true},
        {names, 1, 100, "status", true},
        {names, 0, 100, "", true},
        {none, SIZE_MAX, 100, "", true},
        {names, SIZE_MAX, 14, "status, dedupe", false},
    };

    (void)state;
    for (size_t i = 0; i < N_OF(cases); i++) {
        struct tcn_buf b;

        tcn_buf_init(&b, cases[i].cap);
        tcn_buf_names(&b, cases[i].names, cases[i].max);
        CHECK(cases[i].want, strcmp(b.ptr, cases[i].want) == 0);
        CHECK(cases[i].want, tcn_buf_ok(&b) == cases[i].fits);
        tcn_buf_done(&b);
    }
}

static void grows_through_many_sizes(void **state)
{
    struct tcn_buf b;

    (void)state;
    tcn_buf_init(&b, 100000);
    for (int i = 0; i < 100000; i++)
        tcn_buf_char(&b, (char)('a' + i % 26));
    assert_true(tcn_buf_ok(&b));
    assert_int_equal(b.len, 100000);
    for (size_t i = 0; i < b.len; i++)
        assert_int_equal(b.ptr[i], 'a' + i % 26);
    assert_int_equal(b.ptr[b.len], '\0');
    tcn_buf_done(&b);
}

static void failure_keeps_what_was_there(void **state)
{
    struct tcn_buf b;

    (void)state;
    tcn_buf_init(&b, 5);
    tcn_buf_z(&b, "abc");
    tcn_buf_z(&b, "def");
    assert_false(tcn_buf_ok(&b));
    assert_string_equal(b.ptr, "abc");
    /* no holes: nothing is appended any more, even what would fit */
    tcn_buf_char(&b, 'x');
    tcn_buf_fmt(&b, "%d", 1);
    assert_string_equal(b.ptr, "abc");
    tcn_buf_clear(&b);
    assert_true(tcn_buf_ok(&b));
    tcn_buf_z(&b, "12345");
    assert_true(tcn_buf_ok(&b));
    assert_string_equal(b.ptr, "12345");
    tcn_buf_char(&b, '6');
    assert_false(tcn_buf_ok(&b));
    tcn_buf_done(&b);
}

static void cap_zero_takes_nothing(void **state)
{
    struct tcn_buf b;

    (void)state;
    tcn_buf_init(&b, 0);
    tcn_buf_z(&b, "");
    assert_true(tcn_buf_ok(&b));
    tcn_buf_char(&b, 'a');
    assert_false(tcn_buf_ok(&b));
    assert_string_equal(b.ptr, "");
    tcn_buf_done(&b);
}

static void take_hands_the_text_over(void **state)
{
    struct tcn_buf b;
    char *first, *second;

    (void)state;
    tcn_buf_init(&b, 100);
    tcn_buf_z(&b, "abc");
    first = tcn_buf_take(&b);
    second = tcn_buf_take(&b);
    assert_string_equal(first, "abc");
    assert_string_equal(second, "");
    tcn_buf_z(&b, "again");
    assert_string_equal(b.ptr, "again");
    free(first);
    free(second);
    tcn_buf_done(&b);
}

enum sink { HTML, PERCENT, JSON };

static void escape(struct tcn_buf *b, enum sink sink, struct tcn_str s)
{
    if (sink == HTML)
        tcn_buf_html(b, s);
    else if (sink == PERCENT)
        tcn_buf_percent(b, s);
    else
        tcn_buf_json(b, s);
}

static void escapes_for_each_sink(void **state)
{
    static const struct {
        const char *name;
        enum sink sink;
        struct tcn_str in;
        const char *out;
    } cases[] = {
        {"html", HTML, {"a<b>&\"c\"'d'", 11}, "a&lt;b&gt;&amp;&quot;c&quot;&#39;d&#39;"},
        {"html plain", HTML, {"plain \xc3\xa4", 8}, "plain \xc3\xa4"},
        {"html only escapes", HTML, {"<<", 2}, "&lt;&lt;"},
        {"html empty", HTML, {"", 0}, ""},
        {"percent keeps unreserved", PERCENT, {"azAZ09-._~", 10}, "azAZ09-._~"},
        {"percent reserved", PERCENT, {"a b/c?d=e&f%+", 13}, "a%20b%2Fc%3Fd%3De%26f%25%2B"},
        {"percent bytes", PERCENT, {"\xc3\xa4\0\xff", 4}, "%C3%A4%00%FF"},
        {"json plain", JSON, {"abc", 3}, "\"abc\""},
        {"json empty", JSON, {"", 0}, "\"\""},
        {"json quotes", JSON, {"a\"b\\c/", 6}, "\"a\\\"b\\\\c/\""},
        {"json named controls", JSON, {"\b\t\n\f\r", 5}, "\"\\b\\t\\n\\f\\r\""},
        {"json other controls",
         JSON,
         {"\0\x01\x0b\x1f\x7f", 5},
         "\"\\u0000\\u0001\\u000b\\u001f\\u007f\""},
        {"json UTF-8",
         JSON,
         {"\xe2\x82\xac\xf0\x9f\x98\x80", 7},
         "\"\xe2\x82\xac\xf0\x9f\x98\x80\""},
        {"json bad byte", JSON, {"a\xff\"", 3}, "\"a\\ufffd\\\"\""},
        {"json cut code point", JSON, {"\xe2\x82", 2}, "\"\\ufffd\\ufffd\""},
    };

    (void)state;
    for (size_t i = 0; i < N_OF(cases); i++) {
        struct tcn_buf b;

        tcn_buf_init(&b, 1000);
        tcn_buf_z(&b, "=");
        escape(&b, cases[i].sink, cases[i].in);
        CHECK(cases[i].name, tcn_buf_ok(&b));
        CHECK(cases[i].name, strcmp(b.ptr + 1, cases[i].out) == 0);
        tcn_buf_done(&b);
    }
}

static void escapes_happen_whole_or_not_at_all(void **state)
{
    (void)state;
    for (int sink = HTML; sink <= JSON; sink++) {
        struct tcn_buf b;

        tcn_buf_init(&b, 8);
        tcn_buf_z(&b, "ab");
        escape(&b, (enum sink)sink, TCN_STR("cd\"<\"<"));
        assert_false(tcn_buf_ok(&b));
        assert_string_equal(b.ptr, "ab");
        assert_int_equal(b.len, 2);
        tcn_buf_done(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(starts_empty_and_terminated),
        cmocka_unit_test(done_of_zeroes_is_legal),
        cmocka_unit_test(appends_every_way),
        cmocka_unit_test(lists_names),
        cmocka_unit_test(grows_through_many_sizes),
        cmocka_unit_test(failure_keeps_what_was_there),
        cmocka_unit_test(cap_zero_takes_nothing),
        cmocka_unit_test(take_hands_the_text_over),
        cmocka_unit_test(escapes_for_each_sink),
        cmocka_unit_test(escapes_happen_whole_or_not_at_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
