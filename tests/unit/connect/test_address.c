/* Mail addresses and header texts. */
#include "rig.h"

#include "base/text.h"
#include "connect/address.h"

static const char *const good[] = {"a@b.example",
                                   "Alice <a@b.example>",
                                   "\"On Call, Web\" <a@b.example>",
                                   "J\xc3\xbcrgen <j@b.example>",
                                   "<a@b.example>",
                                   "a+tag@localhost"};
static const char *const bad[] = {NULL,
                                  "",
                                  "a",
                                  "@b",
                                  "a@",
                                  "a@b@c",
                                  "a b@c",
                                  "a@b, c@d",
                                  "A <a@b>, B <c@d>",
                                  "a@b.example\r\nBcc: x@y",
                                  "A\n <a@b>",
                                  "A <a@b",
                                  "A <a@b> x",
                                  "<a@b><c@d>",
                                  "\"A <a@b>",
                                  "a\x7f@b",
                                  "j\xc3\xbc@b.example",
                                  "A \xff <a@b>",
                                  "a@b;c@d"};

static void mailboxes(void **unused)
{
    struct tcn_err err;

    (void)unused;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        if (tcn_address_check(good[i], &err) < 0)
            fail_msg("%s: %s", good[i], err.msg);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (tcn_address_check(bad[i], &err) == 0)
            fail_msg("%s was taken", bad[i]);
    assert_true(tcn_str_eq(tcn_address_spec("A B < a@b.example >"), TCN_STR("a@b.example")));
    assert_true(tcn_str_eq(tcn_address_name("\"A, B\" <a@b.example>"), TCN_STR("A, B")));
}

static const char *text(const char *in, size_t used)
{
    static char out[4096];
    struct tcn_buf b;

    tcn_buf_init(&b, sizeof out);
    tcn_header_text(&b, tcn_str(in), used);
    snprintf(out, sizeof out, "%s", b.ptr);
    tcn_buf_done(&b);
    return out;
}

static void subjects(void **unused)
{
    (void)unused;
    assert_string_equal(text("CPU is high", 9), "CPU is high");
    assert_string_equal(text("Gr\xc3\xbc\xc3\x9f"
                             "e",
                             9),
                        "=?UTF-8?B?R3LDvMOfZQ==?=");
    assert_string_equal(text("=?UTF-8?B?x?=", 9), "=?UTF-8?B?PT9VVEYtOD9CP3g/PQ==?=");
    assert_string_equal(text("", 9), "");
}

/* Long texts of any alignment come back whole, on lines of at most 76 characters. */
static void long_subjects_round_trip(void **unused)
{
    (void)unused;
    for (size_t shift = 0; shift < 4; shift++) {
        char in[1024] = "";
        struct tcn_buf back;
        char *line, *save = NULL, copy[4096];

        for (size_t i = 0; i < shift; i++)
            strcat(in, "x");
        for (size_t i = 0; i < 60; i++)
            strcat(in, i % 3 ? "\xc3\xa4" : "\xf0\x9f\x94\xa5");
        snprintf(copy, sizeof copy, "%s", text(in, 9));
        tcn_buf_init(&back, 4096);
        for (line = strtok_r(copy, "\r\n", &save); line; line = strtok_r(NULL, "\r\n", &save)) {
            struct tcn_str word = tcn_str(line + (line[0] == ' ') + 10);

            assert_true(strlen(line) + (line == copy ? 9 : 0) <= 76);
            assert_int_equal(strncmp(line + (line[0] == ' '), "=?UTF-8?B?", 10), 0);
            word.len -= 2;
            assert_int_equal(tcn_unbase64(word, &back), 0);
        }
        assert_string_equal(back.ptr, in);
        tcn_buf_done(&back);
    }
}

static void mailbox_headers(void **unused)
{
    struct tcn_buf b;

    (void)unused;
    tcn_buf_init(&b, 1024);
    tcn_header_mailbox(&b, "a@b.example", 6);
    assert_string_equal(b.ptr, "a@b.example");
    tcn_buf_clear(&b);
    tcn_header_mailbox(&b, "On Call, Web <a@b.example>", 6);
    assert_string_equal(b.ptr, "\"On Call, Web\"\r\n <a@b.example>");
    tcn_buf_clear(&b);
    tcn_header_mailbox(&b, "J\xc3\xbcrgen <j@b.example>", 6);
    assert_string_equal(b.ptr, "=?UTF-8?B?SsO8cmdlbg==?=\r\n <j@b.example>");
    tcn_buf_done(&b);
}

static void dates(void **unused)
{
    static const struct {
        int64_t ms;
        const char *text;
    } rows[] = {{0, "Thu, 01 Jan 1970 00:00:00 +0000"},
                {INT64_C(1785690280989), "Sun, 02 Aug 2026 17:04:40 +0000"},
                {INT64_C(951782400000), "Tue, 29 Feb 2000 00:00:00 +0000"},
                {INT64_C(-86400000), "Wed, 31 Dec 1969 00:00:00 +0000"}};
    struct tcn_buf b;

    (void)unused;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        tcn_buf_init(&b, 64);
        tcn_header_date(&b, rows[i].ms);
        assert_string_equal(b.ptr, rows[i].text);
        tcn_buf_done(&b);
    }
}

static void message_ids(void **unused)
{
    struct tcn_buf b;

    (void)unused;
    assert_true(tcn_message_id_ok("a.b-c@tocsin.example"));
    assert_true(tcn_message_id_ok("plain"));
    assert_false(tcn_message_id_ok(NULL));
    assert_false(tcn_message_id_ok(""));
    assert_false(tcn_message_id_ok("<a@b>"));
    assert_false(tcn_message_id_ok("a@b@c"));
    assert_false(tcn_message_id_ok("a b@c"));
    assert_false(tcn_message_id_ok("a@b\r\n"));
    tcn_buf_init(&b, 64);
    tcn_header_message_id(&b, "plain");
    tcn_header_message_id(&b, "a@b");
    assert_string_equal(b.ptr, "<plain@tocsin><a@b>");
    tcn_buf_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mailboxes),
        cmocka_unit_test(subjects),
        cmocka_unit_test(long_subjects_round_trip),
        cmocka_unit_test(mailbox_headers),
        cmocka_unit_test(dates),
        cmocka_unit_test(message_ids),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
