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

/* A cap below the room holds; the text outgrows the room by a byte, and by many sizes. */
static void begins_in_the_room_of_its_caller(void **state)
{
    static const struct {
        size_t cap, appends, len;
    } cases[] = {{1000, 0, 0}, {1000, 15, 15}, {1000, 16, 16}, {1000, 17, 17}, {10, 11, 10},
                 {16, 17, 16}, {15, 16, 15},   {0, 1, 0},      {17, 18, 17},   {1000, 999, 999}};

    (void)state;
    for (size_t i = 0; i < N_OF(cases); i++) {
        char room[16 + 1], *text;
        struct tcn_buf b;

        memset(room, 'x', sizeof room);
        tcn_buf_init_in(&b, cases[i].cap, room, 16);
        assert_string_equal(b.ptr, "");
        for (size_t k = 0; k < cases[i].appends; k++)
            tcn_buf_char(&b, (char)('a' + k % 26));
        assert_int_equal(tcn_buf_ok(&b), cases[i].appends == cases[i].len);
        assert_int_equal(b.len, cases[i].len);
        assert_int_equal(strlen(b.ptr), cases[i].len);
        for (size_t k = 0; k < b.len; k++)
            assert_int_equal(b.ptr[k], 'a' + k % 26);
        assert_int_equal(room[16], 'x');
        text = tcn_buf_take(&b); /* its own, wherever it was */
        memset(room, 'y', sizeof room);
        assert_int_equal(strlen(text), cases[i].len);
        assert_true(cases[i].len == 0 ||
                    text[cases[i].len - 1] == (char)('a' + (cases[i].len - 1) % 26));
        free(text);
        tcn_buf_done(&b);
    }
}

static void clears_and_ends_in_that_room(void **state)
{
    struct tcn_buf b;
    char room[8];

    (void)state;
    tcn_buf_init_in(&b, 100, room, sizeof room);
    tcn_buf_z(&b, "abc");
    assert_ptr_equal(b.ptr, room);
    tcn_buf_clear(&b);
    assert_string_equal(room, "");
    tcn_buf_fmt(&b, "%s", "longer than that room");
    assert_string_equal(b.ptr, "longer than that room");
    tcn_buf_done(&b);
    tcn_buf_done(&b);
    tcn_buf_init_in(&b, 100, room, sizeof room);
    tcn_buf_done(&b);
    assert_string_equal(b.ptr, "");
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

/* How JSON has one byte, as slowly as can be. */
static void add_slowly(struct tcn_buf *b, unsigned char c)
{
    static const char named[] = "\b\t\n\f\r\"\\", letters[] = "btnfr\"\\";
    const char *at = c ? strchr(named, c) : NULL;

    if (at)
        tcn_buf_fmt(b, "\\%c", letters[at - named]);
    else if (c >= 0x80)
        tcn_buf_z(b, "\\ufffd");
    else if (c < ' ' || c == 0x7f)
        tcn_buf_fmt(b, "\\u%04x", c);
    else
        tcn_buf_char(b, (char)c);
}

/* Eight bytes are looked at together: each of all bytes, at each place of texts of each length. */
static void json_finds_every_byte_at_every_place(void **state)
{
    (void)state;
    for (size_t len = 1; len <= 20; len++)
        for (size_t at = 0; at < len; at++)
            for (int c = 0; c < 256; c++) {
                struct tcn_buf want, b;
                char text[20];

                memset(text, '!' + c % 8 * 11, sizeof text);
                text[at] = (char)c;
                tcn_buf_init(&want, 1000);
                tcn_buf_char(&want, '"');
                for (size_t i = 0; i < len; i++)
                    add_slowly(&want, (unsigned char)text[i]);
                tcn_buf_char(&want, '"');
                tcn_buf_init(&b, 1000);
                tcn_buf_json(&b, (struct tcn_str){text, len});
                assert_string_equal(b.ptr, want.ptr);
                tcn_buf_done(&b);
                tcn_buf_done(&want);
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
        cmocka_unit_test(begins_in_the_room_of_its_caller),
        cmocka_unit_test(clears_and_ends_in_that_room),
        cmocka_unit_test(escapes_for_each_sink),
        cmocka_unit_test(json_finds_every_byte_at_every_place),
        cmocka_unit_test(escapes_happen_whole_or_not_at_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
