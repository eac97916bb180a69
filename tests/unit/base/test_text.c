/* base/text.c: codings with the vectors of their standards, and strictness of the decoders. */
#include "cases.h"

#include "base/err.h"
#include "base/text.h"

#include <string.h>

static void hex_goes_both_ways(void **state)
{
    static const uint8_t bytes[] = {0x00, 0x01, 0x7f, 0x80, 0xab, 0xff};
    uint8_t again[sizeof bytes];
    char text[2 * sizeof bytes + 1];

    (void)state;
    tcn_hex(bytes, sizeof bytes, text);
    assert_string_equal(text, "00017f80abff");
    assert_int_equal(tcn_unhex(tcn_str(text), again, sizeof again), 0);
    assert_memory_equal(again, bytes, sizeof bytes);
    assert_int_equal(tcn_unhex(TCN_STR("ABff"), again, 2), 0);
    assert_int_equal(again[0], 0xab);
    tcn_hex(bytes, 0, text);
    assert_string_equal(text, "");
    assert_int_equal(tcn_unhex(TCN_STR(""), again, 0), 0);
}

static void unhex_refuses(void **state)
{
    static const char *const cases[] = {"",     "0",    "000",  "00000", "000000",
                                        "0g00", "00-0", "0x00", " 000",  "00 0"};
    uint8_t bytes[2] = {7, 7};

    (void)state;
    for (size_t i = 0; i < N_OF(cases); i++) {
        CHECK(cases[i], tcn_unhex(tcn_str(cases[i]), bytes, 2) == TCN_ESYNTAX);
        CHECK(cases[i], bytes[0] == 7 && bytes[1] == 7);
    }
}

/* RFC 4648 section 10, and two rows for the letters that differ. */
static void base64_goes_both_ways(void **state)
{
    static const struct {
        struct tcn_str bytes;
        const char *text, *url;
    } cases[] = {
        {{"", 0}, "", ""},
        {{"f", 1}, "Zg==", "Zg"},
        {{"fo", 2}, "Zm8=", "Zm8"},
        {{"foo", 3}, "Zm9v", "Zm9v"},
        {{"foob", 4}, "Zm9vYg==", "Zm9vYg"},
        {{"fooba", 5}, "Zm9vYmE=", "Zm9vYmE"},
        {{"foobar", 6}, "Zm9vYmFy", "Zm9vYmFy"},
        {{"\xfb\xff\xbf", 3}, "+/+/", "-_-_"},
        {{"\0\0\0\xff", 4}, "AAAA/w==", "AAAA_w"},
    };

    (void)state;
    for (size_t i = 0; i < N_OF(cases); i++) {
        struct tcn_buf b;

        tcn_buf_init(&b, 100);
        tcn_base64(&b, cases[i].bytes.ptr, cases[i].bytes.len);
        CHECK(cases[i].text, strcmp(b.ptr, cases[i].text) == 0);
        tcn_buf_clear(&b);
        tcn_base64url(&b, cases[i].bytes.ptr, cases[i].bytes.len);
        CHECK(cases[i].text, strcmp(b.ptr, cases[i].url) == 0);
        tcn_buf_clear(&b);
        CHECK(cases[i].text, tcn_unbase64(tcn_str(cases[i].text), &b) == 0);
        CHECK(cases[i].text, tcn_str_eq(tcn_buf_view(&b), cases[i].bytes));
        tcn_buf_clear(&b);
        CHECK(cases[i].text, tcn_unbase64url(tcn_str(cases[i].url), &b) == 0);
        CHECK(cases[i].text, tcn_str_eq(tcn_buf_view(&b), cases[i].bytes));
        tcn_buf_done(&b);
    }
}

static void every_byte_survives_base64(void **state)
{
    uint8_t bytes[256];
    struct tcn_buf text, again;

    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(255 - i);
    tcn_buf_init(&text, 1000);
    tcn_buf_init(&again, 1000);
    for (size_t n = 0; n <= sizeof bytes; n++) {
        tcn_buf_clear(&text);
        tcn_buf_clear(&again);
        tcn_base64(&text, bytes, n);
        assert_int_equal(tcn_unbase64(tcn_buf_view(&text), &again), 0);
        assert_true(tcn_str_eq(tcn_buf_view(&again), (struct tcn_str){(const char *)bytes, n}));
    }
    tcn_buf_done(&text);
    tcn_buf_done(&again);
}

static void base64_refuses(void **state)
{
    static const struct {
        const char *name;
        struct tcn_str text;
        bool in_url; /* refused by base64url as well */
    } cases[] = {
        {"one letter", {"Z", 1}, true},
        {"five letters", {"Zm9vZ", 5}, true},
        {"no padding", {"Zg", 2}, false},
        {"half padding", {"Zg=", 3}, true},
        {"padding alone", {"====", 4}, true},
        {"too much padding", {"Zg======", 8}, true},
        {"padding behind a full group", {"Zm9v====", 8}, true},
        {"padding in the middle", {"Zg==Zg==", 8}, true},
        {"padding before a letter", {"Zg=g", 4}, true},
        {"three padding signs", {"Z===", 4}, true},
        {"spare bits set, one byte", {"Zh==", 4}, true},
        {"spare bits set, two bytes", {"Zm9=", 4}, true},
        {"blank", {"Zm 9", 4}, true},
        {"line break", {"Zm9v\n", 5}, true},
        {"line break in a group", {"Zm\n9", 4}, true},
        {"NUL", {"Zm9\0", 4}, true},
        {"high byte", {"Zm9\xc3", 4}, true},
        {"url letters", {"-_-_", 4}, false},
    };

    (void)state;
    for (size_t i = 0; i < N_OF(cases); i++) {
        struct tcn_buf b;

        tcn_buf_init(&b, 100);
        tcn_buf_z(&b, "kept");
        CHECK(cases[i].name, tcn_unbase64(cases[i].text, &b) == TCN_ESYNTAX);
        CHECK(cases[i].name, strcmp(b.ptr, "kept") == 0);
        CHECK(cases[i].name, !cases[i].in_url || tcn_unbase64url(cases[i].text, &b) == TCN_ESYNTAX);
        CHECK(cases[i].name, !cases[i].in_url || strcmp(b.ptr, "kept") == 0);
        tcn_buf_done(&b);
    }
}

static void base64url_refuses_its_own(void **state)
{
    static const char *const cases[] = {"Zg==", "Zm8=", "+/+/", "Zh", "Zm9"};
    struct tcn_buf b;

    (void)state;
    tcn_buf_init(&b, 100);
    for (size_t i = 0; i < N_OF(cases); i++)
        CHECK(cases[i], tcn_unbase64url(tcn_str(cases[i]), &b) == TCN_ESYNTAX);
    assert_int_equal(b.len, 0);
    tcn_buf_done(&b);
}

static void unpercent_decodes_once(void **state)
{
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"", ""},         {"plain", "plain"}, {"a%20b", "a b"},     {"%c3%A4", "\xc3\xa4"},
        {"%2520", "%20"}, {"a+b", "a+b"},     {"%2F%2e%2E", "/.."}, {"%FF", "\xff"},
        {"%01", "\x01"},
    };

    (void)state;
    for (size_t i = 0; i < N_OF(cases); i++) {
        struct tcn_buf b;

        tcn_buf_init(&b, 100);
        CHECK(cases[i].in, tcn_unpercent(tcn_str(cases[i].in), &b) == 0);
        CHECK(cases[i].in, strcmp(b.ptr, cases[i].out) == 0);
        tcn_buf_done(&b);
    }
}

static void unpercent_refuses(void **state)
{
    static const struct tcn_str cases[] = {
        {"%", 1},    {"%2", 2},     {"a%", 2},  {"%zz", 3},   {"%2z", 3},  {"%z2", 3}, {"%%20", 4},
        {"% 20", 4}, {"%u0041", 6}, {"%00", 3}, {"a%00b", 5}, {"a\0b", 3}, {"%-1", 3}, {"%+1", 3},
    };

    (void)state;
    for (size_t i = 0; i < N_OF(cases); i++) {
        struct tcn_buf b;

        tcn_buf_init(&b, 100);
        tcn_buf_z(&b, "kept");
        CHECK(cases[i].ptr, tcn_unpercent(cases[i], &b) == TCN_ESYNTAX);
        CHECK(cases[i].ptr, strcmp(b.ptr, "kept") == 0);
        tcn_buf_done(&b);
    }
}

static void decoders_say_when_the_buffer_is_full(void **state)
{
    struct tcn_buf b;

    (void)state;
    tcn_buf_init(&b, 4);
    tcn_buf_z(&b, "12");
    assert_int_equal(tcn_unbase64(TCN_STR("Zm9v"), &b), TCN_ELIMIT);
    assert_string_equal(b.ptr, "12");
    tcn_buf_clear(&b);
    assert_int_equal(tcn_unpercent(TCN_STR("%61bcde"), &b), TCN_ELIMIT);
    assert_string_equal(b.ptr, "");
    tcn_buf_done(&b);
}

static void in_pieces(struct tcn_str text, char ret_hex[65])
{
    struct tcn_hash h;
    uint8_t digest[32];

    tcn_hash_begin(&h);
    for (size_t i = 0; i < text.len; i++)
        tcn_hash_add(&h, text.ptr + i, 1);
    tcn_hash_add(&h, NULL, 0);
    tcn_hash_end(&h, digest);
    tcn_hex(digest, sizeof digest, ret_hex);
}

/* The examples of FIPS 180-4. */
static void sha256_is_right(void **state)
{
    static const struct {
        const char *text, *hex;
    } cases[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };

    (void)state;
    for (size_t i = 0; i < N_OF(cases); i++) {
        char hex[65];

        in_pieces(tcn_str(cases[i].text), hex);
        assert_string_equal(hex, cases[i].hex);
        tcn_sha256_hex(tcn_str(cases[i].text), hex);
        CHECK(cases[i].text, strcmp(hex, cases[i].hex) == 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hex_goes_both_ways),
        cmocka_unit_test(unhex_refuses),
        cmocka_unit_test(base64_goes_both_ways),
        cmocka_unit_test(every_byte_survives_base64),
        cmocka_unit_test(base64_refuses),
        cmocka_unit_test(base64url_refuses_its_own),
        cmocka_unit_test(unpercent_decodes_once),
        cmocka_unit_test(unpercent_refuses),
        cmocka_unit_test(decoders_say_when_the_buffer_is_full),
        cmocka_unit_test(sha256_is_right),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
