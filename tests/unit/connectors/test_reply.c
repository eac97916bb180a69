/* connectors/reply.h: the small readers that all connectors trust. */
#include "../../../connectors/reply.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define NOW_MS INT64_C(1785690600000) /* 2026-08-02T17:10:00Z */

static void ids(void **state)
{
    static const struct {
        const char *id;
        int ok;
    } cases[] = {{"9d385017c611228701d22104cc95c371", 1},
                 {"OPS-42", 1},
                 {"a_b", 1},
                 {"", 0},
                 {".", 0},
                 {"..", 0},
                 {"a/b", 0},
                 {"a b", 0},
                 {"a\n", 0},
                 {"a%2f", 0},
                 {"\xc3\xbc", 0},
                 {"0123456789012345678901234567890123456789012345678901234567890123", 1},
                 {"01234567890123456789012345678901234567890123456789012345678901234", 0}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (tcn_reply_id_ok(cases[i].id) != cases[i].ok)
            fail_msg("\"%s\"", cases[i].id);
}

static void urls(void **state)
{
    static const struct {
        const char *url;
        int ok;
    } cases[] = {{"https://a.example/x?y=z#f", 1},
                 {"http://127.0.0.1:8080/x", 1},
                 {"https://", 0},
                 {"javascript:alert(1)//https://", 0},
                 {"ftp://a.example", 0},
                 {"//a.example/xxxx", 0},
                 {"https://a b.example", 0},
                 {"https://a.example/\"x", 0},
                 {"https://a.example/<x", 0},
                 {"https://a.example/\nx", 0},
                 {"", 0}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (tcn_reply_url_ok(cases[i].url) != cases[i].ok)
            fail_msg("%s", cases[i].url);
}

static void times(void **state)
{
    static const struct {
        const char *text;
        int64_t ms;
    } cases[] = {
        {"2026-08-02T17:10:00Z", 1785690600000},
        {"2026-08-02 17:10:00", 1785690600000},
        {"2026-08-02T17:10:00.123Z", 1785690600123},
        {"2026-08-02T17:10:00.5Z", 1785690600500},
        {"2026-08-02T17:10:00.123456Z", 1785690600123},
        {"2026-08-02T19:10:00.123+0200", 1785690600123},
        {"2026-08-02T12:40:00-04:30", 1785690600000},
        {"1970-01-01T00:00:01Z", 1000},
        {NULL, 0},
        {"", 0},
        {"2026-08-02", 0},
        {"2026-08-02T17:10", 0},
        {"2026-08-02T17:10:00.Z", 0},
        {"2026-08-02T17:10:00 UTC", 0},
        {"2026-08-02T17:10:00+2", 0},
        {"2026-08-02T17:10:00+02:0x", 0},
        {"2026-13-02T17:10:00Z", 0},
        {"02-08-2026 17:10:00", 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (tcn_reply_time_ms(cases[i].text) != cases[i].ms)
            fail_msg("\"%s\": %lld", cases[i].text ? cases[i].text : "NULL",
                     (long long)tcn_reply_time_ms(cases[i].text));
}

static void time_texts(void **state)
{
    static const struct {
        int64_t ms;
        const char *text;
    } cases[] = {
        {1785690600999, "2026-08-02 17:10:00"},
        {1000, "1970-01-01 00:00:01"},
        {0, "1970-01-01 00:00:00"},
        {-5, "1970-01-01 00:00:00"},
        {1709164799000, "2024-02-28 23:59:59"},
        {1709164800000, "2024-02-29 00:00:00"},
        {1709251200000, "2024-03-01 00:00:00"},
        {1798761599000, "2026-12-31 23:59:59"},
        {4107542400000, "2100-03-01 00:00:00"},
        {253402300799000, "9999-12-31 23:59:59"},
        {INT64_MAX, "9999-12-31 23:59:59"},
    };
    char text[TCN_REPLY_TIME_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tcn_reply_time_text(cases[i].ms, text);
        assert_string_equal(text, cases[i].text);
    }
    /* every day of four centuries, there and back */
    for (int64_t ms = 86400000; ms < INT64_C(12622780800000); ms += 86400000) {
        tcn_reply_time_text(ms, text);
        assert_int_equal(tcn_reply_time_ms(text), ms);
    }
}

static void dates(void **state)
{
    static const struct {
        const char *text;
        int64_t ms;
    } cases[] = {
        {"Sun, 06 Nov 1994 08:49:37 GMT", 784111777000},
        {"Sun, 02 Aug 2026 17:10:00 GMT", 1785690600000},
        {"Thu, 29 Feb 2024 00:00:00 GMT", 1709164800000},
        {NULL, 0},
        {"", 0},
        {"Sunday, 06-Nov-94 08:49:37 GMT", 0},
        {"Sun Nov  6 08:49:37 1994", 0},
        {"Sun, 06 Nov 1994 08:49:37", 0},
        {"Sun, 06 Nov 1994 08:49:37 GMT+1", 0},
        {"Sun, 06 Nov 1994 08:49:37 CET", 0},
        {"Sun, 06 Foo 1994 08:49:37 GMT", 0},
        {"Sun, 06 anF 1994 08:49:37 GMT", 0},
        {"Sun, 00 Nov 1994 08:49:37 GMT", 0},
        {"Sun, 06 Nov 1900 08:49:37 GMT", 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (tcn_reply_date_ms(cases[i].text) != cases[i].ms)
            fail_msg("\"%s\": %lld", cases[i].text ? cases[i].text : "NULL",
                     (long long)tcn_reply_date_ms(cases[i].text));
}

static void waits(void **state)
{
    static const struct {
        const char *text;
        uint32_t seconds, from_unix, from_rfc3339;
    } cases[] = {
        {NULL, 0, 0, 0},
        {"", 0, 0, 0},
        {"17", 17, 0, 0},
        {"0", 0, 0, 0},
        {"-5", 0, 0, 0},
        {"1e3", 0, 0, 0},
        {"86401", 86400, 0, 0},
        {"1785690660", 86400, 60, 0},
        {"1785690600", 86400, 0, 0},
        {"99999999999", 86400, 86400, 0},
        {"9999999999999", 0, 0, 0},
        {"2026-08-02T17:10:30Z", 0, 0, 30},
        {"2026-08-02T17:11Z", 0, 0, 60},
        {"2026-08-02T17:10:30.123Z", 0, 0, 30},
        {"2026-08-02T17:09:59Z", 0, 0, 0},
        {"2026-08-02T18:10:00+01:00", 0, 0, 0}, /* an offset is not UTC: not understood */
        {"2026-13-02T17:10:30Z", 0, 0, 0},
        {"2026-08-02", 0, 0, 0},
        {"2028-02-29T00:00:00Z", 0, 0, 86400},
        {" 2026-08-02T17:10:30Z", 0, 0, 0},
        {"2026-08-02T17:10:30Z and then some more text", 0, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (tcn_reply_after_seconds(cases[i].text) != cases[i].seconds ||
            tcn_reply_after_unix(cases[i].text, NOW_MS) != cases[i].from_unix ||
            tcn_reply_after_rfc3339(cases[i].text, NOW_MS) != cases[i].from_rfc3339)
            fail_msg("\"%s\": %u %u %u", cases[i].text ? cases[i].text : "NULL",
                     tcn_reply_after_seconds(cases[i].text),
                     tcn_reply_after_unix(cases[i].text, NOW_MS),
                     tcn_reply_after_rfc3339(cases[i].text, NOW_MS));
    }
}

static void reasons(void **state)
{
    struct tocsin_result out = {0};
    char text[600];

    (void)state;
    tcn_reply_set(&out, TOCSIN_REJECTED, "a%sb", "\r\n\t\x1b\x7f");
    assert_string_equal(out.reason, "a     b");
    assert_int_equal(out.outcome, TOCSIN_REJECTED);
    tcn_reply_set(&out, TOCSIN_OK, "%s", "\xc3\xbc\xe2\x82\xac\xf0\x9f\x94\xa5");
    assert_string_equal(out.reason, "\xc3\xbc\xe2\x82\xac\xf0\x9f\x94\xa5");
    /* a lone byte, overlong forms, a surrogate, beyond U+10FFFF, a sequence that is cut off */
    tcn_reply_set(&out, TOCSIN_OK, "%s",
                  "a\xa9 \xc0\x80 \xe0\x80\x80 \xed\xa0\x80 \xf4\x90\x80\x80 \xff \xe2\x82");
    assert_string_equal(out.reason, "a? ?? ??? ??? ???? ? ??");
    memset(text, 'x', 254);
    memcpy(text + 254, "\xc3\xbc", 3);
    tcn_reply_set(&out, TOCSIN_OK, "%s", text);
    assert_int_equal(strlen(out.reason), 254);
    memset(text, 'y', sizeof text - 1);
    text[sizeof text - 1] = 0;
    tcn_reply_set(&out, TOCSIN_OK, "%s%s", text, text);
    assert_int_equal(strlen(out.reason), 255);
}

static void plain(void **state)
{
    char dst[8];

    (void)state;
    tcn_reply_plain(dst, sizeof dst, "a\"b\\c\n");
    assert_string_equal(dst, "a b c ");
    tcn_reply_plain(dst, sizeof dst, "123456\xc3\xbc");
    assert_string_equal(dst, "123456");
    assert_int_equal(tcn_reply_points("\xc3\xbc\xc3\xbcx", 2), 4);
    assert_int_equal(tcn_reply_points("ab", 5), 2);
}

#define EVENT "01989abc-0000-8123-8abc-0123456789ab"

static void notes(void **state)
{
    static const struct {
        const char *name, *text, *event_id, *entry;
        int is_note;
    } cases[] = {
        {"footer with the whole id", "", EVENT, "x\n[tocsin " EVENT "]", 1},
        {"footer with the end of the id", "", EVENT, "x\n[tocsin 0123456789ab]", 1},
        {"footer with the middle of the id", "", EVENT, "[tocsin 8123-8abc]", 1},
        {"footer of another event", "", EVENT, "[tocsin ffffffffffff]", 0},
        {"footer that all events of the incident share", "", EVENT, "[tocsin 01989abc]", 0},
        {"the same, longer", "", EVENT, "[tocsin 01989abc-0000]", 0},
        {"too short to tell", "", EVENT, "[tocsin 9ab]", 0},
        {"the second of two footers", "", EVENT, "[tocsin ffffffff]\n[tocsin 0123456789ab]", 1},
        {"footer without an end", "", EVENT, "[tocsin 0123456789ab", 0},
        {"empty footer", "", EVENT, "[tocsin ]", 0},
        {"short id, whole", "", "ev-42", "[tocsin ev-42]", 1},
        {"short id, part", "", "ev-42", "[tocsin ev-4]", 0},
        {"text with a good footer is known by it alone", "x\n[tocsin 0123456789ab]", EVENT, "x", 0},
        {"text without a footer is known whole", "x y", EVENT, "say: x y.", 1},
        {"blanks at the end do not count", "x y \n", EVENT, "x y", 1},
        {"line ends do not count", "x\ny", EVENT, "x\r\ny", 1},
        {"nor the other way round", "x\r\ny", EVENT, "x\ny", 1},
        {"text with a shared footer is known whole", "a\n[tocsin 01989abc]", EVENT,
         "b\n[tocsin 01989abc]", 0},
        {"and found", "a\n[tocsin 01989abc]", EVENT, "a\r\n[tocsin 01989abc]", 1},
        {"another text", "x y", EVENT, "x z", 0},
        {"longer than the entry", "x y z", EVENT, "x y", 0},
        {"text of blanks", " \n", EVENT, " \n", 0},
        {"nothing to look for", "", "", "x [tocsin ]", 0},
        {"empty entry", "x", EVENT, "", 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        json_t *payload =
            json_pack("{s:s, s:s}", "text", cases[i].text, "event_id", cases[i].event_id);
        int is_note = tcn_reply_is_note(payload, cases[i].entry);

        json_decref(payload);
        if (is_note != cases[i].is_note)
            fail_msg("%s", cases[i].name);
    }
}

static void marks(void **state)
{
    static const struct {
        const char *text, *mark;
    } cases[] = {
        {"done\n[tocsin 0123456789ab]", "0123456789ab"},
        {"done\r\n[tocsin 0123456789ab]\r\n \n", "0123456789ab"},
        {" [tocsin 0123456789ab]\ndone", "0123456789ab"},
        {"[tocsin " EVENT "]", EVENT},
        {"a [tocsin ffff]\n[tocsin 0123456789ab]", "0123456789ab"},
        {"[tocsin 0123456789ab] a [tocsin ffff] b", "0123456789ab"},
        {"as [tocsin 0123456789ab] said", ""},
        {"done\n[tocsin 0123456789ab] (edited)", ""},
        {"done\n[tocsin 0123456789ab", ""},
        {"done\n[tocsin 012]", ""},
        {"done\n[tocsin 0123 456]", ""},
        {"done\n[tocsin 0123456789012345678901234567890123456789012345678901234567890123]", ""},
        {"[tocsin ", ""},
        {"", ""},
    };
    char mark[TCN_REPLY_MARK_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tcn_reply_mark(cases[i].text, mark);
        assert_string_equal(mark, cases[i].mark);
    }
}

static void unreadable(void **state)
{
    static const struct {
        uint32_t verb, outcome;
    } cases[] = {{TOCSIN_CHECK, TOCSIN_RETRY},     {TOCSIN_FIND, TOCSIN_RETRY},
                 {TOCSIN_GET, TOCSIN_RETRY},       {TOCSIN_CREATE, TOCSIN_UNKNOWN},
                 {TOCSIN_WRITE, TOCSIN_RETRY},     {TOCSIN_NOTE, TOCSIN_UNKNOWN},
                 {TOCSIN_NOTE_FIND, TOCSIN_RETRY}, {TOCSIN_POLL, TOCSIN_RETRY},
                 {TOCSIN_SEND, TOCSIN_UNKNOWN}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct tocsin_op op = {.verb = cases[i].verb};
        struct tocsin_result out = {0};

        tcn_reply_unreadable(&op, &out, "It");
        assert_int_equal(out.outcome, cases[i].outcome);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids),   cmocka_unit_test(urls),       cmocka_unit_test(times),
        cmocka_unit_test(waits), cmocka_unit_test(reasons),    cmocka_unit_test(plain),
        cmocka_unit_test(notes), cmocka_unit_test(unreadable), cmocka_unit_test(time_texts),
        cmocka_unit_test(marks), cmocka_unit_test(dates),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
