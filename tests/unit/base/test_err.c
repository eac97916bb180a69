/* base/err.c: messages are one line of valid UTF-8 and never overflow; every code has a name. */
#include "cases.h"

#include "base/err.h"
#include "base/str.h"

#include <string.h>

static void returns_the_code_and_fills_the_message(void **state)
{
    struct tcn_err err = {0};

    (void)state;
    assert_int_equal(tcn_fail(&err, TCN_EINVALID, "plan %s has %d stages", "a", 3), TCN_EINVALID);
    assert_int_equal(err.code, TCN_EINVALID);
    assert_string_equal(err.msg, "plan a has 3 stages");
}

static void works_without_a_place_for_the_message(void **state)
{
    (void)state;
    assert_int_equal(tcn_fail(NULL, TCN_EIO, "%s", "gone"), TCN_EIO);
}

static void makes_one_clean_line(void **state)
{
    static const struct {
        const char *name, *in, *out;
    } cases[] = {
        {"plain", "all good", "all good"},
        {"line breaks", "a\nb\r\nc", "a b  c"},
        {"tab, escape and delete", "a\tb\033[1mc\x7f", "a b [1mc "},
        {"umlaut stays", "\xc3\xa4", "\xc3\xa4"},
        {"stray byte",
         "a\xff"
         "b",
         "a?b"},
        {"cut sequence in the middle", "\xe2\x82z", "??z"},
        {"cut sequence at the end", "z\xe2\x82", "z??"},
        {"empty", "", ""},
    };

    (void)state;
    for (size_t i = 0; i < N_OF(cases); i++) {
        struct tcn_err err = {0};

        tcn_fail(&err, TCN_ESYNTAX, "%s", cases[i].in);
        CHECK(cases[i].name, strcmp(err.msg, cases[i].out) == 0);
    }
}

static void cuts_long_text_between_code_points(void **state)
{
    char euros[TCN_ERR_MSG * 2] = "";
    struct tcn_err err = {0};

    (void)state;
    /* with 0 to 2 bytes before the three-byte signs, the cut falls on every byte of one */
    for (size_t shift = 0; shift < 3; shift++) {
        memset(euros, 'x', shift);
        for (size_t i = shift; i + 3 < sizeof euros; i += 3)
            memcpy(euros + i, "\xe2\x82\xac", 4);
        tcn_fail(&err, TCN_ELIMIT, "%s", euros);
        assert_true(tcn_utf8_ok(tcn_str(err.msg)));
        assert_int_equal((strlen(err.msg) - shift) % 3, 0);
        assert_true(strlen(err.msg) > TCN_ERR_MSG - 4);
        assert_null(strchr(err.msg, '?'));
    }
}

static void every_code_has_its_own_name(void **state)
{
    (void)state;
    for (int a = TCN_OK; a >= TCN_EFULL; a--) {
        assert_true(strlen(tcn_code_name(a)) > 0);
        for (int b = TCN_OK; b > a; b--)
            assert_string_not_equal(tcn_code_name(a), tcn_code_name(b));
    }
    assert_string_equal(tcn_code_name(TCN_OK), "ok");
    assert_string_equal(tcn_code_name(TCN_ENOTFOUND), "not found");
    assert_string_equal(tcn_code_name(TCN_EFULL), "disk full");
    assert_string_equal(tcn_code_name(TCN_EFULL - 1), "unknown error");
    assert_string_equal(tcn_code_name(1), "unknown error");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(returns_the_code_and_fills_the_message),
        cmocka_unit_test(works_without_a_place_for_the_message),
        cmocka_unit_test(makes_one_clean_line),
        cmocka_unit_test(cuts_long_text_between_code_points),
        cmocka_unit_test(every_code_has_its_own_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
