/* Vectors of RFC 4231. */
#include "../base/cases.h"
#include "base/text.h"
#include "sys/hmac.h"

#include <string.h>

static void test_vectors(void **state)
{
    static const struct {
        const char *name, *key, *message, *mac; /* hex */
    } cases[] = {
        {"1", "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265",
         "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
        {"2: key shorter than the digest", "4a656665",
         "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
         "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
        {"4", "0102030405060708090a0b0c0d0e0f10111213141516171819",
         "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdc"
         "dcd"
         "cdcdcdcd",
         "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
    };

    (void)state;
    for (size_t i = 0; i < N_OF(cases); i++) {
        uint8_t key[64], message[64], mac[32];
        size_t key_len = strlen(cases[i].key) / 2, message_len = strlen(cases[i].message) / 2;
        char hex[65];

        CHECK(cases[i].name, tcn_unhex(tcn_str(cases[i].key), key, key_len) == 0);
        CHECK(cases[i].name, tcn_unhex(tcn_str(cases[i].message), message, message_len) == 0);
        tcn_hmac_sha256((struct tcn_str){(char *)key, key_len},
                        (struct tcn_str){(char *)message, message_len}, mac);
        tcn_hex(mac, 32, hex);
        CHECK(cases[i].name, strcmp(hex, cases[i].mac) == 0);
    }
}

/* Test case 6: a key longer than a block is hashed first. */
static void test_long_key(void **state)
{
    char key[131], hex[65];
    uint8_t mac[32];

    (void)state;
    memset(key, 0xaa, sizeof key);
    tcn_hmac_sha256((struct tcn_str){key, sizeof key},
                    TCN_STR("Test Using Larger Than Block-Size Key - Hash Key First"), mac);
    tcn_hex(mac, 32, hex);
    assert_string_equal(hex, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

static void test_nothing_at_all(void **state)
{
    uint8_t mac[32];
    char hex[65];

    (void)state;
    tcn_hmac_sha256((struct tcn_str){NULL, 0}, (struct tcn_str){NULL, 0}, mac);
    tcn_hex(mac, 32, hex);
    assert_string_equal(hex, "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

static void test_comparison(void **state)
{
    uint8_t a[32] = {1, 2, 3}, b[32] = {1, 2, 3};

    (void)state;
    assert_true(tcn_equal_ct(a, b, 32));
    assert_true(tcn_equal_ct(a, b, 0));
    for (size_t bit = 0; bit < 256; bit++) {
        b[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_false(tcn_equal_ct(a, b, 32));
        b[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_long_key),
        cmocka_unit_test(test_nothing_at_all),
        cmocka_unit_test(test_comparison),
    };

    return cmocka_run_group_tests_name("hmac", tests, NULL, NULL);
}
