#include "../base/cases.h"
#include "sys/random.h"

#include <string.h>

#define NOW INT64_C(1785690280989)

/* 64 KiB are more than one call of the kernel need yield at once. */
static void test_whole_buffer_is_filled(void **state)
{
    static uint8_t bytes[65536];
    size_t counts[256] = {0};

    (void)state;
    tcn_random_bytes(bytes, sizeof bytes);
    for (size_t i = 0; i < sizeof bytes; i++)
        counts[bytes[i]]++;
    /* 256 expected of each; 100 or 500 are nine deviations away. */
    for (size_t i = 0; i < 256; i++)
        assert_in_range(counts[i], 100, 500);
}

static void test_no_byte_beyond(void **state)
{
    uint8_t bytes[4] = {0xaa, 0xaa, 0xaa, 0xaa};

    (void)state;
    tcn_random_bytes(bytes, 0);
    assert_int_equal(bytes[0], 0xaa);
    tcn_random_bytes(bytes, 3);
    assert_int_equal(bytes[3], 0xaa);
}

static void test_draws_differ(void **state)
{
    uint64_t seen[64];

    (void)state;
    for (size_t i = 0; i < N_OF(seen); i++) {
        seen[i] = tcn_random_u64();
        for (size_t k = 0; k < i; k++)
            assert_true(seen[i] != seen[k]);
    }
}

static void test_ids(void **state)
{
    struct tcn_id a = tcn_random_id(NOW), b = tcn_random_id(NOW), later = tcn_random_id(NOW + 1);
    char text[TCN_ID_TEXT];

    (void)state;
    assert_false(tcn_id_eq(a, b));
    assert_true(memcmp(&a, &later, sizeof a) < 0);
    assert_true(memcmp(&b, &later, sizeof b) < 0);
    tcn_id_text(a, text);
    assert_int_equal(text[14], '7'); /* version, RFC 9562 section 4 */
    assert_non_null(strchr("89ab", text[19]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole_buffer_is_filled),
        cmocka_unit_test(test_no_byte_beyond),
        cmocka_unit_test(test_draws_differ),
        cmocka_unit_test(test_ids),
    };

    return cmocka_run_group_tests_name("random", tests, NULL, NULL);
}
