/* base/id.c: layout of RFC 9562, order in time, repeatable children, text forms. */
#include "cases.h"

#include "base/err.h"
#include "base/id.h"

#include <string.h>

static const uint8_t ONES[10] = {255, 255, 255, 255, 255, 255, 255, 255, 255, 255};
static const uint8_t ZEROS[10];

static int compare(struct tcn_id a, struct tcn_id b)
{
    return memcmp(a.b, b.b, sizeof a.b);
}

/* RFC 9562 appendix A.6: 2022-02-22T19:22:22Z with rand_a 0xcc3 and rand_b 0x18c4dc0c0c07398f. */
static void version_7_is_as_in_the_rfc(void **state)
{
    static const uint8_t random[10] = {0x0c, 0xc3, 0x18, 0xc4, 0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f};
    char text[TCN_ID_TEXT];

    (void)state;
    tcn_id_text(tcn_id_v7(INT64_C(1645557742000), random), text);
    assert_string_equal(text, "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
}

static void version_and_variant_survive_any_randomness(void **state)
{
    char text[TCN_ID_TEXT];

    (void)state;
    tcn_id_text(tcn_id_v7(0, ONES), text);
    assert_string_equal(text, "00000000-0000-7fff-bfff-ffffffffffff");
    tcn_id_text(tcn_id_v7(0, ZEROS), text);
    assert_string_equal(text, "00000000-0000-7000-8000-000000000000");
}

static void version_7_is_ordered_by_time(void **state)
{
    static const int64_t times[] = {0,
                                    1,
                                    255,
                                    256,
                                    65535,
                                    65536,
                                    INT64_C(1645557742000),
                                    INT64_C(1645557742001),
                                    ((int64_t)1 << 48) - 1};

    (void)state;
    for (size_t i = 1; i < N_OF(times); i++)
        assert_true(compare(tcn_id_v7(times[i - 1], ONES), tcn_id_v7(times[i], ZEROS)) < 0);
}

static void a_child_is_determined_by_its_three_inputs(void **state)
{
    struct tcn_id parent = tcn_id_v7(INT64_C(1645557742000), ONES);
    struct tcn_id other = tcn_id_v7(INT64_C(1645557742000), ZEROS);
    struct tcn_id child = tcn_id_child(parent, "page", 1);

    (void)state;
    assert_true(tcn_id_eq(child, tcn_id_child(parent, "page", 1)));
    assert_false(tcn_id_eq(child, tcn_id_child(parent, "page", 2)));
    assert_false(tcn_id_eq(child, tcn_id_child(parent, "pagf", 1)));
    assert_false(tcn_id_eq(child, tcn_id_child(other, "page", 1)));
    assert_false(tcn_id_eq(child, parent));
    assert_false(tcn_id_eq(child, tcn_id_child(child, "page", 1)));
}

/* Rows that were written with an id must find it again after an update of the program. */
static void the_mixing_never_changes(void **state)
{
    struct tcn_id parent = tcn_id_v7(INT64_C(1645557742000), ZEROS);
    char text[TCN_ID_TEXT];

    (void)state;
    tcn_id_text(tcn_id_child(parent, "page", 1), text);
    assert_string_equal(text, "017f22e2-79b0-8b8d-a8ab-42880bd61fee");
    tcn_id_text(tcn_id_child(parent, "a kind of more than eight bytes", UINT64_MAX), text);
    assert_string_equal(text, "017f22e2-79b0-857f-ab1e-65fe7668591a");
}

static void a_child_is_version_8_and_keeps_the_time(void **state)
{
    struct tcn_id parent = tcn_id_v7(INT64_C(1645557742000), ONES);

    (void)state;
    for (uint64_t i = 0; i < 1000; i++) {
        struct tcn_id child = tcn_id_child(parent, "effect", i);

        assert_int_equal(child.b[6] >> 4, 8);
        assert_int_equal(child.b[8] >> 6, 2);
        assert_memory_equal(child.b, parent.b, 6);
    }
}

static int order(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct tcn_id));
}

static void children_do_not_collide(void **state)
{
    static const char *const kinds[] = {"a",    "b",        "ab",       "ba",       "a\x01",
                                        "page", "page\x01", "12345678", "123456781"};
    enum { PARENTS = 20, EACH = 200 };
    static struct tcn_id ids[PARENTS * N_OF(kinds) * EACH];
    uint8_t random[10] = {0};
    size_t n = 0;

    (void)state;
    for (uint8_t p = 0; p < PARENTS; p++) {
        random[9] = p;
        for (size_t k = 0; k < N_OF(kinds); k++)
            for (uint64_t i = 0; i < EACH; i++)
                ids[n++] = tcn_id_child(tcn_id_v7(0, random), kinds[k], i);
    }
    qsort(ids, n, sizeof ids[0], order);
    for (size_t i = 1; i < n; i++)
        assert_false(tcn_id_eq(ids[i - 1], ids[i]));
}

/* Each of the 74 mixed bits is set in about half of many children. */
static void children_use_all_bits(void **state)
{
    struct tcn_id parent = tcn_id_v7(0, ZEROS);
    unsigned set[80] = {0};

    (void)state;
    for (uint64_t i = 0; i < 4000; i++) {
        struct tcn_id child = tcn_id_child(parent, "x", i);

        for (size_t bit = 0; bit < 80; bit++)
            set[bit] += child.b[6 + bit / 8] >> (7 - bit % 8) & 1U;
    }
    for (size_t bit = 0; bit < 80; bit++) {
        bool is_fixed = bit < 4 || bit == 16 || bit == 17;

        assert_true(is_fixed || (set[bit] > 1800 && set[bit] < 2200));
    }
}

static void text_goes_both_ways(void **state)
{
    static const char text[] = "017f22e2-79b0-7cc3-98c4-dc0c0c07398f";
    char again[TCN_ID_TEXT];
    struct tcn_id id;

    (void)state;
    assert_int_equal(tcn_id_parse(tcn_str(text), &id), 0);
    tcn_id_text(id, again);
    assert_string_equal(again, text);
}

static void refuses_other_text(void **state)
{
    static const char *const cases[] = {
        "",
        "017f22e2-79b0-7cc3-98c4-dc0c0c07398",
        "017f22e2-79b0-7cc3-98c4-dc0c0c07398f0",
        "017F22E2-79B0-7CC3-98C4-DC0C0C07398F",
        "017f22e2-79b0-7cc3-98c4-dc0c0c07398g",
        "017f22e2079b007cc3098c40dc0c0c07398f",
        "-17f22e2-79b0-7cc3-98c4-dc0c0c07398f",
        "{17f22e2-79b0-7cc3-98c4-dc0c0c07398}",
        "017f22e2-79b0-7cc3-98c4-dc0c0c07398 ",
    };
    struct tcn_id id = {{42}};

    (void)state;
    for (size_t i = 0; i < N_OF(cases); i++) {
        CHECK(cases[i], tcn_id_parse(tcn_str(cases[i]), &id) == TCN_ESYNTAX);
        CHECK(cases[i], id.b[0] == 42);
    }
}

static void zero_is_zero(void **state)
{
    (void)state;
    assert_true(tcn_id_is_zero((struct tcn_id){{0}}));
    for (size_t i = 0; i < 16; i++) {
        struct tcn_id id = {{0}};

        id.b[i] = 1;
        assert_false(tcn_id_is_zero(id));
    }
}

/* RFC 4648 section 10: "foobar" is MZXW6YTBOI in base32. */
static void short_form_is_base32(void **state)
{
    struct tcn_id id = {{'f', 'o', 'o', 'b', 'a', 'r'}};
    char text[27];

    (void)state;
    tcn_id_short(id, text);
    assert_string_equal(text, "mzxw6ytboiaaaaaaaaaaaaaaaa");
    memset(id.b, 0xff, sizeof id.b);
    tcn_id_short(id, text);
    assert_string_equal(text, "7777777777777777777777777"
                              "4");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(version_7_is_as_in_the_rfc),
        cmocka_unit_test(version_and_variant_survive_any_randomness),
        cmocka_unit_test(version_7_is_ordered_by_time),
        cmocka_unit_test(a_child_is_determined_by_its_three_inputs),
        cmocka_unit_test(the_mixing_never_changes),
        cmocka_unit_test(a_child_is_version_8_and_keeps_the_time),
        cmocka_unit_test(children_do_not_collide),
        cmocka_unit_test(children_use_all_bits),
        cmocka_unit_test(text_goes_both_ways),
        cmocka_unit_test(refuses_other_text),
        cmocka_unit_test(zero_is_zero),
        cmocka_unit_test(short_form_is_base32),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
