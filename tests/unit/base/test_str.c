/* base/str.c: comparison, cutting, numbers, every duration unit, UTF-8 at its edges. */
#include "cases.h"

#include "base/err.h"
#include "base/str.h"

static const struct tcn_str NOTHING = {NULL, 0};

static void compares(void **state)
{
    static const struct {
        const char *name, *a, *b;
        bool eq, case_eq;
        int cmp;
    } cases[] = {
        {"same", "abc", "abc", true, true, 0},
        {"both empty", "", "", true, true, 0},
        {"case", "aBc", "AbC", false, true, 1},
        {"prefix is smaller", "ab", "abc", false, false, -1},
        {"longer is greater", "abc", "ab", false, false, 1},
        {"bytes compare unsigned", "\x7f", "\x80", false, false, -1},
        {"only ASCII folds", "\xc3\x84", "\xc3\xa4", false, false, -1},
        {"neighbours of letters do not fold", "@[", "`{", false, false, -1},
    };

    (void)state;
    for (size_t i = 0; i < N_OF(cases); i++) {
        struct tcn_str a = tcn_str(cases[i].a), b = tcn_str(cases[i].b);
        int cmp = tcn_str_cmp(a, b);

        CHECK(cases[i].name, tcn_str_eq(a, b) == cases[i].eq);
        CHECK(cases[i].name, tcn_str_case_eq(a, b) == cases[i].case_eq);
        CHECK(cases[i].name, (cmp > 0) - (cmp < 0) == cases[i].cmp);
    }
    assert_true(tcn_str_eq(NOTHING, TCN_STR("")));
    assert_int_equal(tcn_str_cmp(NOTHING, NOTHING), 0);
    assert_int_equal(tcn_str(NULL).len, 0);
}

static void literals_initialise_tables(void **state)
{
    static const struct tcn_str table[] = {TCN_STR_INIT("abc"), TCN_STR_INIT("")};

    (void)state;
    assert_true(tcn_str_eq(table[0], TCN_STR("abc")));
    assert_true(tcn_str_eq(table[1], TCN_STR("")));
}

static void finds_both_ends(void **state)
{
    static const struct {
        const char *name, *s, *part;
        bool starts, ends;
    } cases[] = {
        {"whole", "abc", "abc", true, true},      {"head", "abc", "ab", true, false},
        {"tail", "abc", "bc", false, true},       {"empty part", "abc", "", true, true},
        {"longer part", "c", "bc", false, false}, {"both empty", "", "", true, true},
    };

    (void)state;
    for (size_t i = 0; i < N_OF(cases); i++) {
        CHECK(cases[i].name,
              tcn_str_starts(tcn_str(cases[i].s), tcn_str(cases[i].part)) == cases[i].starts);
        CHECK(cases[i].name,
              tcn_str_ends(tcn_str(cases[i].s), tcn_str(cases[i].part)) == cases[i].ends);
    }
    assert_true(tcn_str_ends(NOTHING, NOTHING));
}

static void trims(void **state)
{
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"abc", "abc"}, {" \t\r\nabc\n\r\t ", "abc"}, {"a b", "a b"}, {" \n", ""}, {"", ""},
        {"\va", "\va"},
    };

    (void)state;
    for (size_t i = 0; i < N_OF(cases); i++)
        CHECK(cases[i].in, tcn_str_eq(tcn_str_trim(tcn_str(cases[i].in)), tcn_str(cases[i].out)));
    assert_int_equal(tcn_str_trim(NOTHING).len, 0);
}

static void cuts_at_the_first(void **state)
{
    struct tcn_str s = TCN_STR("a,b,"), head = TCN_STR("untouched");

    (void)state;
    assert_true(tcn_str_cut(&s, ',', &head));
    assert_true(tcn_str_eq(head, TCN_STR("a")));
    assert_true(tcn_str_cut(&s, ',', &head));
    assert_true(tcn_str_eq(head, TCN_STR("b")));
    assert_int_equal(s.len, 0);
    assert_false(tcn_str_cut(&s, ',', &head));
    assert_true(tcn_str_eq(head, TCN_STR("b")));
    s = NOTHING;
    assert_false(tcn_str_cut(&s, ',', &head));
}

static void reads_numbers(void **state)
{
    static const struct {
        const char *in;
        uint64_t max;
        int r;
        uint64_t value;
    } cases[] = {
        {"0", 0, 0, 0},
        {"007", 7, 0, 7},
        {"8", 7, TCN_ELIMIT, 0},
        {"70", 69, TCN_ELIMIT, 0},
        {"18446744073709551615", UINT64_MAX, 0, UINT64_MAX},
        {"18446744073709551616", UINT64_MAX, TCN_ELIMIT, 0},
        {"99999999999999999999999999", UINT64_MAX, TCN_ELIMIT, 0},
        {"99999999999999999999999999x", UINT64_MAX, TCN_ESYNTAX, 0},
        {"", 9, TCN_ESYNTAX, 0},
        {"+1", 9, TCN_ESYNTAX, 0},
        {"-1", 9, TCN_ESYNTAX, 0},
        {" 1", 9, TCN_ESYNTAX, 0},
        {"1 ", 9, TCN_ESYNTAX, 0},
        {"0x1", 9, TCN_ESYNTAX, 0},
        {"1/", 9, TCN_ESYNTAX, 0},
        {"1:", 9, TCN_ESYNTAX, 0},
    };

    (void)state;
    for (size_t i = 0; i < N_OF(cases); i++) {
        uint64_t value = 12345;

        CHECK(cases[i].in, tcn_str_u64(tcn_str(cases[i].in), cases[i].max, &value) == cases[i].r);
        CHECK(cases[i].in, value == (cases[i].r == 0 ? cases[i].value : 12345));
    }
}

static void reads_durations(void **state)
{
    static const struct {
        const char *in;
        int r;
        int64_t ms;
    } cases[] = {
        {"250ms", 0, 250},
        {"90s", 0, 90000},
        {"15m", 0, 900000},
        {"2h", 0, 7200000},
        {"1d", 0, 86400000},
        {"90", 0, 90000},
        {"0", 0, 0},
        {"0d", 0, 0},
        {"9223372036854775807ms", 0, INT64_MAX},
        {"9223372036854775808ms", TCN_ELIMIT, 0},
        {"9223372036854775s", 0, INT64_C(9223372036854775000)},
        {"9223372036854776s", TCN_ELIMIT, 0},
        {"106751991167d", 0, INT64_C(9223372036828800000)},
        {"106751991168d", TCN_ELIMIT, 0},
        {"", TCN_ESYNTAX, 0},
        {"s", TCN_ESYNTAX, 0},
        {"ms", TCN_ESYNTAX, 0},
        {"1w", TCN_ESYNTAX, 0},
        {"1y", TCN_ESYNTAX, 0},
        {"1 s", TCN_ESYNTAX, 0},
        {"1.5h", TCN_ESYNTAX, 0},
        {"-1s", TCN_ESYNTAX, 0},
        {"1S", TCN_ESYNTAX, 0},
        {"1h30m", TCN_ESYNTAX, 0},
        {"1sm", TCN_ESYNTAX, 0},
    };

    (void)state;
    for (size_t i = 0; i < N_OF(cases); i++) {
        int64_t ms = -7;

        CHECK(cases[i].in, tcn_str_duration(tcn_str(cases[i].in), &ms) == cases[i].r);
        CHECK(cases[i].in, ms == (cases[i].r == 0 ? cases[i].ms : -7));
    }
}

/* prefix is the number of good bytes; the text is good when it is all of them. */
static void knows_utf8(void **state)
{
    static const struct {
        const char *name, *in;
        size_t prefix;
    } cases[] = {
        {"empty", "", 0},
        {"ASCII", "abc\x7f", 4},
        {"U+0080, first of two bytes", "\xc2\x80", 2},
        {"U+07FF, last of two bytes", "\xdf\xbf", 2},
        {"U+0800, first of three bytes", "\xe0\xa0\x80", 3},
        {"U+D7FF, last before the surrogates", "\xed\x9f\xbf", 3},
        {"U+E000, first behind the surrogates", "\xee\x80\x80", 3},
        {"U+FFFF", "\xef\xbf\xbf", 3},
        {"U+10000, first of four bytes", "\xf0\x90\x80\x80", 4},
        {"U+10FFFF, the last", "\xf4\x8f\xbf\xbf", 4},
        {"mixed", "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80z", 11},
        {"U+D800 surrogate", "\xed\xa0\x80", 0},
        {"U+DFFF surrogate", "\xed\xbf\xbf", 0},
        {"U+110000", "\xf4\x90\x80\x80", 0},
        {"lead byte f5", "\xf5\x80\x80\x80", 0},
        {"lead byte ff", "\xff", 0},
        {"lone continuation", "a\x80", 1},
        {"overlong slash, two bytes", "\xc0\xaf", 0},
        {"overlong c1", "\xc1\xbf", 0},
        {"overlong, three bytes", "\xe0\x80\xaf", 0},
        {"overlong U+07FF, three bytes", "\xe0\x9f\xbf", 0},
        {"overlong U+FFFF, four bytes", "\xf0\x8f\xbf\xbf", 0},
        {"two bytes cut", "ok\xc3", 2},
        {"three bytes cut", "ok\xe2\x82", 2},
        {"four bytes cut", "ok\xf0\x9f\x98", 2},
        {"second byte wrong", "\xc3(", 0},
        {"third byte wrong", "\xe2\x82(", 0},
        {"fourth byte wrong", "\xf0\x9f\x98(", 0},
    };

    (void)state;
    for (size_t i = 0; i < N_OF(cases); i++) {
        struct tcn_str s = tcn_str(cases[i].in);

        CHECK(cases[i].name, tcn_utf8_prefix(s) == cases[i].prefix);
        CHECK(cases[i].name, tcn_utf8_ok(s) == (cases[i].prefix == s.len));
    }
    assert_true(tcn_utf8_ok(NOTHING));
    assert_true(tcn_utf8_ok((struct tcn_str){"a\0b", 3}));
}

static void cuts_and_counts_code_points(void **state)
{
    static const char text[] = "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80z";
    static const size_t ends[] = {0, 1, 3, 6, 10, 11, 11};
    static const size_t byte_ends[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11, 11};
    struct tcn_str s = tcn_str(text);

    (void)state;
    assert_int_equal(tcn_utf8_count(s), 5);
    for (size_t max = 0; max < N_OF(ends); max++)
        assert_int_equal(tcn_utf8_cut(s, max).len, ends[max]);
    assert_int_equal(tcn_utf8_count(NOTHING), 0);
    assert_int_equal(tcn_utf8_cut(NOTHING, 3).len, 0);
    for (size_t max = 0; max < N_OF(byte_ends); max++)
        assert_int_equal(tcn_utf8_cut_bytes(s, max).len, byte_ends[max]);
    assert_int_equal(tcn_utf8_cut_bytes(NOTHING, 3).len, 0);
}

static void takes_code_points(void **state)
{
    static const struct {
        const char *name, *in;
        uint32_t point;
        size_t len; /* 0: nothing is taken */
    } cases[] = {
        {"ASCII", "a\xc3\xa4", 'a', 1},
        {"U+007F", "\x7f", 0x7f, 1},
        {"U+0080", "\xc2\x80z", 0x80, 2},
        {"U+07FF", "\xdf\xbf", 0x7ff, 2},
        {"U+0800", "\xe0\xa0\x80", 0x800, 3},
        {"U+FFFF", "\xef\xbf\xbf", 0xffff, 3},
        {"U+10000", "\xf0\x90\x80\x80", 0x10000, 4},
        {"U+10FFFF", "\xf4\x8f\xbf\xbf.", 0x10ffff, 4},
        {"empty", "", 7, 0},
        {"a continuation", "\x80", 7, 0},
        {"cut", "\xe2\x82", 7, 0},
        {"overlong", "\xc0\xaf", 7, 0},
        {"a surrogate", "\xed\xa0\x80", 7, 0},
    };

    (void)state;
    for (size_t i = 0; i < N_OF(cases); i++) {
        struct tcn_str s = tcn_str(cases[i].in);
        uint32_t point = 7;

        CHECK(cases[i].name, tcn_utf8_next(&s, &point) == (cases[i].len > 0));
        CHECK(cases[i].name, point == cases[i].point);
        CHECK(cases[i].name, s.ptr == cases[i].in + cases[i].len);
        CHECK(cases[i].name, s.len == strlen(cases[i].in) - cases[i].len);
    }
}

static void ends_at_a_nul_only_by_its_length(void **state)
{
    struct tcn_str s = {"\0b", 2};
    uint32_t point = 7;

    (void)state;
    assert_true(tcn_utf8_next(&s, &point));
    assert_int_equal(point, 0);
    assert_true(tcn_utf8_next(&s, &point));
    assert_int_equal(point, 'b');
    assert_false(tcn_utf8_next(&s, &point));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compares),
        cmocka_unit_test(literals_initialise_tables),
        cmocka_unit_test(finds_both_ends),
        cmocka_unit_test(trims),
        cmocka_unit_test(cuts_at_the_first),
        cmocka_unit_test(reads_numbers),
        cmocka_unit_test(reads_durations),
        cmocka_unit_test(knows_utf8),
        cmocka_unit_test(cuts_and_counts_code_points),
        cmocka_unit_test(takes_code_points),
        cmocka_unit_test(ends_at_a_nul_only_by_its_length),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
