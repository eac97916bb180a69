/* Certificates are made here: an own authority, leaves that are right, and leaves that are wrong in one way each. */
#include "../base/cases.h"
#include "mint.h"
#include "sys/cert.h"

#include <stdio.h>
#include <string.h>

#define HOST "sns.amazonaws.com"

/* One authority, one leaf key, for all tests: keys take time to make. */
static struct {
    EVP_PKEY *ca_key, *key, *small_key, *ec_key;
    X509 *ca;
    char ca_file[32];
} world;

static void save_authority(void)
{
    struct tcn_buf pem;

    tcn_buf_init(&pem, 65536);
    mint_pem(world.ca, &pem);
    snprintf(world.ca_file, sizeof world.ca_file, "/tmp/tcn_ca_XXXXXX");
    mint_file(world.ca_file, tcn_buf_view(&pem));
    tcn_buf_done(&pem);
}

static int make_world(void **state)
{
    (void)state;
    world.ca_key = mint_rsa(2048);
    world.key = mint_rsa(2048);
    world.small_key = mint_rsa(1024);
    world.ec_key = EVP_EC_gen("P-256");
    world.ca = mint(&(struct mint){.cn = "Test Root", .is_ca = true, .key = world.ca_key});
    save_authority();
    return 0;
}

static int end_world(void **state)
{
    (void)state;
    unlink(world.ca_file);
    X509_free(world.ca);
    EVP_PKEY_free(world.ca_key);
    EVP_PKEY_free(world.key);
    EVP_PKEY_free(world.small_key);
    EVP_PKEY_free(world.ec_key);
    return 0;
}

static X509 *leaf_of(EVP_PKEY *key)
{
    return mint(
        &(struct mint){.cn = HOST, .key = key, .issuer = world.ca, .issuer_key = world.ca_key});
}

static struct tcn_cert *parsed(X509 *x509)
{
    struct tcn_cert *c = NULL;
    struct tcn_err err;
    struct tcn_buf pem;

    tcn_buf_init(&pem, 65536);
    mint_pem(x509, &pem);
    if (tcn_cert_parse(tcn_buf_view(&pem), &c, &err) < 0)
        fail_msg("%s", err.msg);
    tcn_buf_done(&pem);
    X509_free(x509);
    return c;
}

/* ---- parsing ---- */

static void test_keys(void **state)
{
    const struct {
        const char *name, *message;
        EVP_PKEY *key;
        int want;
    } cases[] = {
        {"RSA 2048", "", world.key, 0},
        {"RSA 1024", "2048 bits", world.small_key, TCN_EINVALID},
        {"P-256", "no RSA key", world.ec_key, TCN_EINVALID},
    };

    (void)state;
    for (size_t i = 0; i < N_OF(cases); i++) {
        X509 *x509 = leaf_of(cases[i].key);
        struct tcn_cert *c = NULL;
        struct tcn_err err = {0};
        struct tcn_buf pem;

        tcn_buf_init(&pem, 65536);
        mint_pem(x509, &pem);
        CHECK(cases[i].name, tcn_cert_parse(tcn_buf_view(&pem), &c, &err) == cases[i].want);
        CHECK(cases[i].name, strstr(err.msg, cases[i].message));
        tcn_buf_done(&pem);
        X509_free(x509);
        tcn_cert_free(c);
    }
}

/* A key for RSASSA-PSS alone must not verify PKCS #1 v1.5. */
static void test_pss_key(void **state)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA-PSS", NULL);
    EVP_PKEY *key = NULL;
    struct tcn_cert *c = NULL;
    struct tcn_buf pem;
    X509 *x509;

    (void)state;
    assert_true(EVP_PKEY_keygen_init(ctx) == 1);
    assert_true(EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, 2048) == 1);
    assert_true(EVP_PKEY_generate(ctx, &key) == 1);
    x509 = leaf_of(key);
    tcn_buf_init(&pem, 65536);
    mint_pem(x509, &pem);
    assert_int_equal(tcn_cert_parse(tcn_buf_view(&pem), &c, NULL), TCN_EINVALID);
    tcn_buf_done(&pem);
    X509_free(x509);
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(key);
}

static void check_text(const char *name, struct tcn_str text, int want)
{
    struct tcn_cert *c = NULL;
    int r = tcn_cert_parse(text, &c, NULL);

    if (r != want)
        fail_msg("case \"%s\": %d, want %d", name, r, want);
    CHECK(name, (c != NULL) == (want == 0));
    tcn_cert_free(c);
}

static void check_framed(const char *name, const char *before, X509 *x509, const char *after,
                         int want)
{
    struct tcn_buf text;

    tcn_buf_init(&text, 1 << 20);
    tcn_buf_z(&text, before);
    mint_pem(x509, &text);
    tcn_buf_z(&text, after);
    check_text(name, tcn_buf_view(&text), want);
    tcn_buf_done(&text);
}

#define HEAD "-----BEGIN CERTIFICATE-----\n"
#define TAIL "-----END CERTIFICATE-----\n"

static void test_text_around(void **state)
{
    X509 *x509 = leaf_of(world.key);

    (void)state;
    check_framed("alone", "", x509, "", 0);
    check_framed("line ends after", "", x509, "\r\n\n \t\n", 0);
    check_framed("text before", "subject: sns\n", x509, "", TCN_ESYNTAX);
    check_framed("blank line before", "\n", x509, "", TCN_ESYNTAX);
    check_framed("byte order mark", "\xef\xbb\xbf", x509, "", TCN_ESYNTAX);
    check_framed("text after", "", x509, "garbage", TCN_ESYNTAX);
    check_framed("control byte after", "", x509, "\n\x01", TCN_ESYNTAX);
    check_framed("unfinished block before", HEAD, x509, "", TCN_ESYNTAX);
    check_framed("odd head before", "-----BEGIN CERTIFICATE-----x\n", x509, "", TCN_ESYNTAX);
    check_framed("unfinished block after", "", x509, HEAD, TCN_ESYNTAX);
    check_framed("second tail", "", x509, TAIL, TCN_ESYNTAX);
    check_framed("empty block before", HEAD TAIL, x509, "", TCN_ESYNTAX);
    check_framed("key after", "", x509, "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n",
                 TCN_ESYNTAX);
    X509_free(x509);
}

static void test_what_is_no_certificate(void **state)
{
    static const struct {
        const char *name, *text;
    } cases[] = {
        {"empty", ""},
        {"head only", HEAD},
        {"tail only", TAIL},
        {"nothing inside", HEAD TAIL},
        {"head and tail share dashes", "-----BEGIN CERTIFICATE-----END CERTIFICATE-----"},
        {"no base64", HEAD "!!!!\n" TAIL},
        {"base64 of something else", HEAD "aGVsbG8=\n" TAIL},
        {"blank inside", HEAD "aGVs bG8=\n" TAIL},
        {"no padding", HEAD "aGVsbG8\n" TAIL},
        {"HTML of a proxy", "<html><body>503</body></html>"},
        {"other kind", "-----BEGIN PUBLIC KEY-----\naGVsbG8=\n-----END PUBLIC KEY-----\n"},
        {"encrypted: must not ask for a password",
         HEAD "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00112233445566778899AABBCCDDEEFF\n\n"
              "aGVsbG8=\n" TAIL},
        {"header inside", HEAD "Comment: x\n\naGVsbG8=\n" TAIL},
        {"old name of the block",
         "-----BEGIN X509 CERTIFICATE-----\naGVsbG8=\n-----END X509 CERTIFICATE-----\n"},
    };

    (void)state;
    for (size_t i = 0; i < N_OF(cases); i++)
        check_text(cases[i].name, tcn_str(cases[i].text), TCN_ESYNTAX);
    check_text("NULL", (struct tcn_str){NULL, 0}, TCN_ESYNTAX);
}

static void test_two_certificates(void **state)
{
    X509 *x509 = leaf_of(world.key);
    struct tcn_buf text;

    (void)state;
    tcn_buf_init(&text, 65536);
    mint_pem(x509, &text);
    mint_pem(world.ca, &text);
    check_text("two", tcn_buf_view(&text), TCN_ESYNTAX);
    tcn_buf_done(&text);
    X509_free(x509);
}

/* The DER must end where the certificate does. */
static void test_bytes_behind_the_der(void **state)
{
    X509 *x509 = leaf_of(world.key);
    unsigned char *der = NULL;
    int n = i2d_X509(x509, &der);
    struct tcn_buf bytes, text;

    (void)state;
    assert_true(n > 0);
    tcn_buf_init(&bytes, 65536);
    tcn_buf_add(&bytes, der, (size_t)n);
    tcn_buf_add(&bytes, "\0\0\0", 3);
    tcn_buf_init(&text, 65536);
    tcn_buf_z(&text, HEAD);
    tcn_base64(&text, bytes.ptr, bytes.len);
    tcn_buf_z(&text, "\n" TAIL);
    check_text("three bytes behind", tcn_buf_view(&text), TCN_ESYNTAX);
    tcn_buf_done(&text);
    tcn_buf_done(&bytes);
    OPENSSL_free(der);
    X509_free(x509);
}

static void check_padded(const char *name, size_t len, int want)
{
    X509 *x509 = leaf_of(world.key);
    struct tcn_buf text;

    tcn_buf_init(&text, 1 << 21);
    mint_pem(x509, &text);
    while (text.len < len)
        tcn_buf_char(&text, '\n');
    assert_true(tcn_buf_ok(&text));
    check_text(name, tcn_buf_view(&text), want);
    tcn_buf_done(&text);
    X509_free(x509);
}

static void test_size(void **state)
{
    (void)state;
    check_padded("16 KiB", TCN_CERT_PEM_MAX, 0);
    check_padded("a byte more", TCN_CERT_PEM_MAX + 1, TCN_ELIMIT);
    check_padded("17 KiB", 17 * 1024, TCN_ELIMIT);
    check_padded("1 MiB", 1 << 20, TCN_ELIMIT);
}

/* ---- names ---- */

static void test_names(void **state)
{
    static const struct {
        const char *name, *cn, *san, *host;
        bool want;
    } cases[] = {
        {"common name", HOST, NULL, HOST, true},
        {"alternative name", "x", "DNS:" HOST, HOST, true},
        {"second alternative name", "x", "DNS:other.example,DNS:" HOST, HOST, true},
        {"capitals", "SNS.AmazonAWS.com", NULL, HOST, true},
        {"an alternative name outweighs the common name", HOST, "DNS:other.example", HOST, false},
        {"other host", "sqs.amazonaws.com", NULL, HOST, false},
        {"longer", HOST ".evil.example", NULL, HOST, false},
        {"prefixed", "evil-" HOST, NULL, HOST, false},
        {"below", "a." HOST, NULL, HOST, false},
        {"wildcard", "x", "DNS:*.amazonaws.com", HOST, false},
        {"wildcard in part", "x", "DNS:s*.amazonaws.com", HOST, false},
        {"wildcard in the common name", "*.amazonaws.com", NULL, HOST, false},
        {"no name at all", NULL, NULL, HOST, false},
        {"name as URI", "x", "URI:https://" HOST, HOST, false},
        {"name as mail address", "x", "email:a@" HOST, HOST, false},
    };

    (void)state;
    for (size_t i = 0; i < N_OF(cases); i++) {
        struct tcn_cert *c = parsed(mint(&(struct mint){.cn = cases[i].cn,
                                                        .san = cases[i].san,
                                                        .key = world.key,
                                                        .issuer = world.ca,
                                                        .issuer_key = world.ca_key}));
        int want = cases[i].want ? 0 : TCN_EAUTH;

        CHECK(cases[i].name, tcn_cert_is_of(c, cases[i].host) == cases[i].want);
        CHECK(cases[i].name,
              tcn_cert_check(c, cases[i].host, world.ca_file, false, MINT_NOW, NULL) == want);
        CHECK(cases[i].name,
              tcn_cert_check(c, cases[i].host, world.ca_file, true, MINT_NOW, NULL) == want);
        tcn_cert_free(c);
    }
}

/* ---- chain and time ---- */

/* A second authority under the first, and others that are in no store. */
struct links {
    EVP_PKEY *middle_key, *other_key;
    X509 *middle, *other_ca, *twin_ca;
};

static void make_links(struct links *l)
{
    l->middle_key = mint_rsa(2048);
    l->other_key = mint_rsa(2048);
    l->middle = mint(&(struct mint){.cn = "Test Middle",
                                    .is_ca = true,
                                    .key = l->middle_key,
                                    .issuer = world.ca,
                                    .issuer_key = world.ca_key});
    l->other_ca = mint(&(struct mint){.cn = "Other Root", .is_ca = true, .key = l->other_key});
    l->twin_ca = mint(&(struct mint){.cn = "Test Root", .is_ca = true, .key = l->other_key});
}

static void free_links(struct links *l)
{
    X509_free(l->middle);
    X509_free(l->other_ca);
    X509_free(l->twin_ca);
    EVP_PKEY_free(l->middle_key);
    EVP_PKEY_free(l->other_key);
}

static void test_chain_and_time(void **state)
{
    const int64_t past = MINT_NOW - 2 * MINT_DAY, now = MINT_NOW, next = MINT_NOW + 2 * MINT_DAY;
    struct links l;

    (void)state;
    make_links(&l);
    const struct {
        const char *name;
        struct mint leaf;
        int strict, lenient; /* may_lack_issuer */
    } cases[] = {
        {"of the root", {.issuer = world.ca, .issuer_key = world.ca_key}, 0, 0},
        {"issuer missing", {.issuer = l.middle, .issuer_key = l.middle_key}, TCN_EAUTH, 0},
        {"of an unknown root", {.issuer = l.other_ca, .issuer_key = l.other_key}, TCN_EAUTH, 0},
        {"signs itself", {0}, TCN_EAUTH, TCN_EAUTH},
        {"signs itself and is a CA", {.is_ca = true}, TCN_EAUTH, TCN_EAUTH},
        {"root of the same name, other key",
         {.issuer = l.twin_ca, .issuer_key = l.other_key},
         TCN_EAUTH,
         TCN_EAUTH},
        {"not signed by the issuer it names",
         {.issuer = world.ca, .issuer_key = l.other_key},
         TCN_EAUTH,
         TCN_EAUTH},
        {"expired",
         {.issuer = world.ca, .issuer_key = world.ca_key, .to_ms = past},
         TCN_EAUTH,
         TCN_EAUTH},
        {"not valid yet",
         {.issuer = world.ca, .issuer_key = world.ca_key, .from_ms = next},
         TCN_EAUTH,
         TCN_EAUTH},
        {"issuer missing, expired",
         {.issuer = l.middle, .issuer_key = l.middle_key, .to_ms = past},
         TCN_EAUTH,
         TCN_EAUTH},
        {"issuer missing, not valid yet",
         {.issuer = l.middle, .issuer_key = l.middle_key, .from_ms = next},
         TCN_EAUTH,
         TCN_EAUTH},
        {"valid from this second on",
         {.issuer = world.ca, .issuer_key = world.ca_key, .from_ms = now},
         0,
         0},
        {"ends in a second",
         {.issuer = world.ca, .issuer_key = world.ca_key, .to_ms = now + 1000},
         0,
         0},
        {"ended a second ago",
         {.issuer = world.ca, .issuer_key = world.ca_key, .to_ms = now - 1000},
         TCN_EAUTH,
         TCN_EAUTH},
    };

    for (size_t i = 0; i < N_OF(cases); i++) {
        struct mint leaf = cases[i].leaf;
        struct tcn_cert *c;

        leaf.cn = HOST;
        leaf.key = world.key;
        c = parsed(mint(&leaf));
        CHECK(cases[i].name,
              tcn_cert_check(c, HOST, world.ca_file, false, MINT_NOW, NULL) == cases[i].strict);
        CHECK(cases[i].name,
              tcn_cert_check(c, HOST, world.ca_file, true, MINT_NOW, NULL) == cases[i].lenient);
        tcn_cert_free(c);
    }
    free_links(&l);
}

/* A SHA-1 digest on the leaf makes its chain worth less than 112 bits. */
static void test_weak_digest_in_chain(void **state)
{
    struct tcn_cert *c = parsed(mint(&(struct mint){.cn = HOST,
                                                    .key = world.key,
                                                    .issuer = world.ca,
                                                    .issuer_key = world.ca_key,
                                                    .md = EVP_sha1()}));

    (void)state;
    assert_int_equal(tcn_cert_check(c, HOST, world.ca_file, false, MINT_NOW, NULL), TCN_EAUTH);
    tcn_cert_free(c);
}

static void test_roots(void **state)
{
    struct tcn_cert *c = parsed(leaf_of(world.key));
    struct tcn_err err;

    (void)state;
    assert_int_equal(tcn_cert_check(c, HOST, "/nonexistent/ca.pem", true, MINT_NOW, &err), TCN_EIO);
    assert_non_null(strstr(err.msg, "roots"));
    /* The system does not know our root. */
    assert_int_equal(tcn_cert_check(c, HOST, NULL, false, MINT_NOW, &err), TCN_EAUTH);
    assert_non_null(strstr(err.msg, HOST));
    tcn_cert_free(c);
    c = parsed(X509_dup(world.ca));
    assert_int_equal(tcn_cert_check(c, "Test Root", world.ca_file, false, MINT_NOW, NULL), 0);
    tcn_cert_free(c);
}

static void test_is_current(void **state)
{
    static const struct {
        const char *name, *message;
        int64_t from_ms, to_ms, now_ms;
        int want;
    } cases[] = {
        {"inside", "", 1000000, 5000000, 3000000, 0},
        {"first second", "", 1000000, 5000000, 1000000, 0},
        {"a second before", "not valid yet", 1000000, 5000000, 999000, TCN_EAUTH},
        {"a second before the end", "", 1000000, 5000000, 4999000, 0},
        {"the end", "expired", 1000000, 5000000, 5000000, TCN_EAUTH},
        {"long after", "expired", 1000000, 5000000, INT64_C(9999999999000), TCN_EAUTH},
    };

    (void)state;
    for (size_t i = 0; i < N_OF(cases); i++) {
        struct tcn_err err = {0};
        struct tcn_cert *c = parsed(mint(&(struct mint){
            .cn = HOST, .key = world.key, .from_ms = cases[i].from_ms, .to_ms = cases[i].to_ms}));

        CHECK(cases[i].name, tcn_cert_is_current(c, cases[i].now_ms, &err) == cases[i].want);
        CHECK(cases[i].name, strstr(err.msg, cases[i].message));
        CHECK(cases[i].name, tcn_cert_end_ms(c) == cases[i].to_ms);
        tcn_cert_free(c);
    }
}

/* Years after 2049 are written in another ASN.1 type. */
static void test_end_after_2049(void **state)
{
    int64_t end_ms = INT64_C(32503679999000); /* 2999-12-31T23:59:59Z */
    struct tcn_cert *c =
        parsed(mint(&(struct mint){.cn = HOST, .key = world.key, .to_ms = end_ms}));

    (void)state;
    assert_int_equal(tcn_cert_end_ms(c), end_ms);
    assert_int_equal(tcn_cert_is_current(c, MINT_NOW, NULL), 0);
    tcn_cert_free(c);
}

/* ---- signatures ---- */

static void check_signature(const char *name, const struct tcn_cert *c, enum tcn_digest digest,
                            const char *message, struct tcn_str signature, int want)
{
    struct tcn_err err;
    int r = tcn_cert_verify(c, digest, tcn_str(message), signature, &err);

    if (r != want)
        fail_msg("case \"%s\": %d, want %d", name, r, want);
}

static void test_signatures(void **state)
{
    struct tcn_cert *c = parsed(leaf_of(world.key)), *other = parsed(leaf_of(world.ca_key));
    struct tcn_str shorter, longer;
    struct tcn_buf v1, v2;

    (void)state;
    tcn_buf_init(&v1, 4096);
    tcn_buf_init(&v2, 4096);
    mint_signature(world.key, EVP_sha1(), TCN_STR("message"), &v1);
    mint_signature(world.key, EVP_sha256(), TCN_STR("message"), &v2);
    check_signature("SHA-256", c, TCN_SHA256, "message", tcn_buf_view(&v2), 0);
    check_signature("SHA-1", c, TCN_SHA1, "message", tcn_buf_view(&v1), 0);
    check_signature("other digest", c, TCN_SHA256, "message", tcn_buf_view(&v1), TCN_EAUTH);
    check_signature("other digest", c, TCN_SHA1, "message", tcn_buf_view(&v2), TCN_EAUTH);
    check_signature("other message", c, TCN_SHA256, "messagf", tcn_buf_view(&v2), TCN_EAUTH);
    check_signature("empty message", c, TCN_SHA256, "", tcn_buf_view(&v2), TCN_EAUTH);
    check_signature("other key", other, TCN_SHA256, "message", tcn_buf_view(&v2), TCN_EAUTH);
    check_signature("empty", c, TCN_SHA256, "message", TCN_STR(""), TCN_EAUTH);
    check_signature("NULL", c, TCN_SHA256, "message", (struct tcn_str){NULL, 0}, TCN_EAUTH);
    shorter = longer = tcn_buf_view(&v2);
    shorter.len--;
    check_signature("a byte short", c, TCN_SHA256, "message", shorter, TCN_EAUTH);
    tcn_buf_char(&v2, '\0');
    check_signature("a byte long", c, TCN_SHA256, "message", tcn_buf_view(&v2), TCN_EAUTH);
    tcn_buf_done(&v1);
    tcn_buf_done(&v2);
    tcn_cert_free(c);
    tcn_cert_free(other);
}

/* Every bit of a signature counts. */
static void test_each_bit_of_a_signature(void **state)
{
    struct tcn_cert *c = parsed(leaf_of(world.key));
    struct tcn_buf s;

    (void)state;
    tcn_buf_init(&s, 4096);
    mint_signature(world.key, EVP_sha256(), TCN_STR("message"), &s);
    for (size_t bit = 0; bit < s.len * 8; bit++) {
        s.ptr[bit / 8] = (char)(s.ptr[bit / 8] ^ (1 << bit % 8));
        check_signature("flipped", c, TCN_SHA256, "message", tcn_buf_view(&s), TCN_EAUTH);
        s.ptr[bit / 8] = (char)(s.ptr[bit / 8] ^ (1 << bit % 8));
    }
    check_signature("as it was", c, TCN_SHA256, "message", tcn_buf_view(&s), 0);
    tcn_buf_done(&s);
    tcn_cert_free(c);
}

/* PSS is another scheme than the one of SNS. */
static void test_pss_signature(void **state)
{
    struct tcn_cert *c = parsed(leaf_of(world.key));
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *key_ctx = NULL;
    unsigned char bytes[256];
    size_t n = sizeof bytes;

    (void)state;
    assert_int_equal(EVP_DigestSignInit(ctx, &key_ctx, EVP_sha256(), NULL, world.key), 1);
    assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(key_ctx, RSA_PKCS1_PSS_PADDING), 1);
    assert_int_equal(EVP_DigestSign(ctx, bytes, &n, (const unsigned char *)"message", 7), 1);
    check_signature("PSS", c, TCN_SHA256, "message", (struct tcn_str){(const char *)bytes, n},
                    TCN_EAUTH);
    EVP_MD_CTX_free(ctx);
    tcn_cert_free(c);
}

static void test_free_of_null(void **state)
{
    (void)state;
    tcn_cert_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_pss_key),
        cmocka_unit_test(test_text_around),
        cmocka_unit_test(test_what_is_no_certificate),
        cmocka_unit_test(test_two_certificates),
        cmocka_unit_test(test_bytes_behind_the_der),
        cmocka_unit_test(test_size),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_chain_and_time),
        cmocka_unit_test(test_weak_digest_in_chain),
        cmocka_unit_test(test_roots),
        cmocka_unit_test(test_is_current),
        cmocka_unit_test(test_end_after_2049),
        cmocka_unit_test(test_signatures),
        cmocka_unit_test(test_each_bit_of_a_signature),
        cmocka_unit_test(test_pss_signature),
        cmocka_unit_test(test_free_of_null),
    };

    return cmocka_run_group_tests_name("cert", tests, make_world, end_world);
}
