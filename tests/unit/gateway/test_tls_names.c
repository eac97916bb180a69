/* gateway/tls_names.c, and which client certificates are let in at all. */
#include "secure_world.h"

static void client_certificates(void **state)
{
    static const struct recipe ca_recipe = {.name = "ca", .is_ca = true};
    static const struct {
        const char *name;
        struct recipe recipe;
        bool by_ca, has_cert, is_welcome;
    } cases[] = {
        {"right", {.name = "alice", .serial = 5, .usage = "clientAuth"}, true, true, true},
        {"without usage", {.name = "bob", .serial = 6}, true, true, true},
        {"none", {.name = "none"}, true, false, false},
        {"wrong CA", {.name = "alice", .serial = 7, .usage = "clientAuth"}, false, true, false},
        {"expired", {.name = "alice", .serial = 8, .is_expired = true}, true, true, false},
        {"for servers", {.name = "alice", .serial = 9, .usage = "serverAuth"}, true, true, false},
    };
    struct identity ca = make_identity(&ca_recipe, NULL);
    struct secure_world s;

    (void)state;
    secure_start(&s, &ca, true);
    s.w.holds = true;
    for (size_t i = 0; i < N_OF(cases); i++) {
        struct identity id = make_identity(&cases[i].recipe, cases[i].by_ca ? &ca : NULL);
        struct tls_client c;
        SSL *ssl = tls_client_init(&c, &s.w);

        if (cases[i].has_cert) {
            SSL_use_certificate(ssl, id.cert);
            SSL_use_PrivateKey(ssl, id.key);
        }
        tls_client_go(&c, ssl);
        tls_say(&c, GET "\r\n");
        WAIT_UNTIL(&s.w, s.w.n_held || c.is_over);
        CHECK(cases[i].name, cases[i].is_welcome == (s.w.n_held == 1));
        if (s.w.n_held) {
            char want[64];

            snprintf(want, sizeof want, "%s\n", cases[i].recipe.name);
            assert_string_equal(s.w.held[0]->client_names, want);
            assert_true(s.w.held[0]->is_tls);
        }
        world_free_held(&s.w);
        tls_client_close(&c);
        identity_done(&id);
    }
    identity_done(&ca);
    secure_stop(&s);
}

/* A name with a NUL inside, as one that is trusted up to there. */
static void add_cut_name(X509 *cert)
{
    static const char text[] = "am1.example.org\0.evil.test";
    GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();
    GENERAL_NAME *name = GENERAL_NAME_new();
    ASN1_IA5STRING *value = ASN1_IA5STRING_new();

    ASN1_STRING_set(value, text, sizeof text - 1);
    GENERAL_NAME_set0_value(name, GEN_DNS, value);
    sk_GENERAL_NAME_push(names, name);
    assert_int_equal(X509_add1_ext_i2d(cert, NID_subject_alt_name, names, 0, 0), 1);
    GENERAL_NAMES_free(names);
}

static void what_a_certificate_calls_its_owner(void **state)
{
    static const struct recipe ca_recipe = {.name = "ca", .is_ca = true};
    static const struct {
        const char *name, *common, *alt, *want; /* want NULL: there is no certificate */
        bool is_cut;
    } cases[] = {
        {"common name alone", "am1.example.org", NULL, "am1.example.org\n", false},
        {"a host", "am9", "DNS:am1.example.org", "am1.example.org\n", false},
        {"hosts and URIs", "am9", "DNS:a,URI:spiffe://b/c,DNS:d", "a\nspiffe://b/c\nd\n", false},
        {"other kinds alone", "am1.example.org", "IP:127.0.0.1,email:am1@example.org", "", false},
        {"a host among other kinds", "am9", "IP:127.0.0.1,DNS:am1.example.org", "am1.example.org\n",
         false},
        {"a URI that says it is a host", "am9", "DNS:spiffe://b/c", "", false},
        {"a host that says it is a URI", "am9", "URI:am1.example.org", "", false},
        {"a URI as common name", "spiffe://b/c", NULL, "", false},
        {"blanks", "Alert Manager", NULL, "", false},
        {"a line break", "a\nam1.example.org", NULL, "", false},
        {"not ASCII", "m\xc3\xbcller", NULL, "", false},
        {"a NUL", "am9", NULL, "", true},
        {"no certificate", NULL, NULL, NULL, false},
    };
    struct identity ca = make_identity(&ca_recipe, NULL);
    struct secure_world s;

    (void)state;
    secure_start(&s, &ca, false);
    s.w.holds = true;
    for (size_t i = 0; i < N_OF(cases); i++) {
        struct recipe recipe = {.name = cases[i].common ? cases[i].common : "-",
                                .alt = cases[i].alt};
        struct identity id = make_identity(&recipe, &ca);
        struct tls_client c;
        SSL *ssl = tls_client_init(&c, &s.w);

        if (cases[i].is_cut) {
            add_cut_name(id.cert);
            assert_true(X509_sign(id.cert, ca.key, EVP_sha256()) > 0);
        }
        if (cases[i].common) {
            SSL_use_certificate(ssl, id.cert);
            SSL_use_PrivateKey(ssl, id.key);
        }
        tls_client_go(&c, ssl);
        tls_say(&c, GET "\r\n");
        WAIT_UNTIL(&s.w, s.w.n_held || c.is_over);
        CHECK(cases[i].name, s.w.n_held == 1);
        if (cases[i].want && strcmp(s.w.held[0]->client_names, cases[i].want) != 0)
            fail_msg("case \"%s\": \"%s\"", cases[i].name, s.w.held[0]->client_names);
        CHECK(cases[i].name, !cases[i].want == !s.w.held[0]->client_names);
        world_free_held(&s.w);
        tls_client_close(&c);
        identity_done(&id);
    }
    identity_done(&ca);
    secure_stop(&s);
}

/* Who needs no certificate may have none; one that is wrong is still refused. */
static void a_certificate_that_is_not_needed(void **state)
{
    static const struct recipe ca_recipe = {.name = "ca", .is_ca = true};
    static const struct {
        struct recipe recipe;
        bool by_ca, is_welcome;
    } cases[] = {
        {{.name = "right", .usage = "clientAuth"}, true, true},
        {{.name = "of another authority", .usage = "clientAuth"}, false, false},
        {{.name = "expired", .is_expired = true}, true, false},
        {{.name = "for servers", .usage = "serverAuth"}, true, false},
    };
    struct identity ca = make_identity(&ca_recipe, NULL);
    struct secure_world s;

    (void)state;
    secure_start(&s, &ca, false);
    for (size_t i = 0; i < N_OF(cases); i++) {
        struct identity id = make_identity(&cases[i].recipe, cases[i].by_ca ? &ca : NULL);
        struct tls_client c;
        SSL *ssl = tls_client_init(&c, &s.w);

        SSL_use_certificate(ssl, id.cert);
        SSL_use_PrivateKey(ssl, id.key);
        tls_client_go(&c, ssl);
        tls_say(&c, GET "\r\n");
        WAIT_UNTIL(&s.w, tls_got(&c, "HTTP/1.1 200 ") || c.is_over);
        CHECK(cases[i].recipe.name, cases[i].is_welcome == tls_got(&c, "HTTP/1.1 200 "));
        tls_client_close(&c);
        identity_done(&id);
    }
    identity_done(&ca);
    secure_stop(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(client_certificates),
        cmocka_unit_test(what_a_certificate_calls_its_owner),
        cmocka_unit_test(a_certificate_that_is_not_needed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
