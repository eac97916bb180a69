/* The cache of certificates over a port that is answered by hand and a clock that is set by hand. */
#include "../base/cases.h"
#include "gateway/sns_cert.h"
#include "sns_mint.h"

#include <stdio.h>

#define FETCHES_MAX 64
#define ANSWERS_MAX 400

static struct {
    EVP_PKEY *ca_key, *key, *small_key;
    X509 *ca;
    char ca_file[32];
} world;

/* Text of an address that differs in its digits. */
static struct tcn_str url_of(unsigned n)
{
    static char texts[8][160];
    static unsigned next;
    char *text = texts[next++ % 8];

    snprintf(text, sizeof texts[0], "https://" SNS_HOST "/SimpleNotificationService-%032x.pem", n);
    return tcn_str(text);
}

static int make_world(void **state)
{
    struct tcn_buf pem;

    (void)state;
    world.ca_key = mint_rsa(2048);
    world.key = mint_rsa(2048);
    world.small_key = mint_rsa(1024);
    world.ca = mint(&(struct mint){.cn = "Test Root", .is_ca = true, .key = world.ca_key});
    tcn_buf_init(&pem, 65536);
    mint_pem(world.ca, &pem);
    snprintf(world.ca_file, sizeof world.ca_file, "/tmp/tcn_ca_XXXXXX");
    mint_file(world.ca_file, tcn_buf_view(&pem));
    tcn_buf_done(&pem);
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
    return 0;
}

/* ---- the port ---- */

static int64_t now;

static int64_t read_now(void)
{
    return now;
}

static struct {
    struct fetch {
        char url[TCN_SNS_URL_MAX + 1];
        size_t cap;
        tcn_fetch_done *done;
        void *arg;
    } fetches[FETCHES_MAX];
    size_t n;        /* asked for */
    size_t answered; /* of them, from the first on */
} port;

static void port_get(void *ctx, const char *url, size_t cap, tcn_fetch_done *done, void *arg)
{
    struct fetch *f = &port.fetches[port.n % FETCHES_MAX];

    assert_ptr_equal(ctx, &port);
    assert_true(port.n - port.answered < FETCHES_MAX);
    snprintf(f->url, sizeof f->url, "%s", url);
    f->cap = cap;
    f->done = done;
    f->arg = arg;
    port.n++;
}

/* Answers the oldest fetch that waits. */
static void answer(int status, struct tcn_str body, const char *why)
{
    struct fetch *f = &port.fetches[port.answered % FETCHES_MAX];

    assert_true(port.answered < port.n);
    port.answered++;
    f->done(f->arg, status, body, why);
}

static void answer_cert(const struct mint *m)
{
    X509 *x509 = mint(m);
    struct tcn_buf pem;

    tcn_buf_init(&pem, 65536);
    mint_pem(x509, &pem);
    answer(200, tcn_buf_view(&pem), NULL);
    tcn_buf_done(&pem);
    X509_free(x509);
}

static struct mint good(void)
{
    return (struct mint){.cn = "sns.amazonaws.com",
                         .key = world.key,
                         .issuer = world.ca,
                         .issuer_key = world.ca_key,
                         .to_ms = MINT_NOW + 10000 * MINT_DAY};
}

static void answer_good(void)
{
    struct mint m = good();

    answer_cert(&m);
}

/* ---- those who ask ---- */

static struct {
    struct told {
        int who;
        bool has_cert, is_final;
        char why[200];
    } all[ANSWERS_MAX];
    size_t n;
} told;

static void on_cert(void *arg, const struct tcn_cert *cert, bool is_final, const char *why)
{
    struct told *t = &told.all[told.n++];

    assert_true(told.n <= ANSWERS_MAX);
    assert_true((cert == NULL) == (why != NULL));
    *t = (struct told){*(int *)arg, cert != NULL, is_final, ""};
    snprintf(t->why, sizeof t->why, "%s", why ? why : "");
    if (cert)
        assert_int_equal(tcn_cert_is_current(cert, now, NULL), 0);
}

static int names[ANSWERS_MAX];

static void ask_for(struct tcn_sns_certs *c, struct tcn_str url, int who)
{
    names[who] = who;
    tcn_sns_certs_get(c, url, now, on_cert, &names[who]);
}

static void ask(struct tcn_sns_certs *c, unsigned n, int who)
{
    ask_for(c, url_of(n), who);
}

static const struct told *last(void)
{
    assert_true(told.n > 0);
    return &told.all[told.n - 1];
}

static struct tcn_sns_certs *begin(const char *ca_file)
{
    struct tcn_fetch_port p = {&port, port_get};

    memset(&port, 0, sizeof port);
    memset(&told, 0, sizeof told);
    now = MINT_NOW;
    return tcn_sns_certs_new(&p, ca_file, read_now);
}

/* ---- one fetch ---- */

static void test_single_flight(void **state)
{
    struct tcn_sns_certs *c = begin(world.ca_file);

    (void)state;
    for (int i = 0; i < 5; i++)
        ask(c, 1, i);
    assert_int_equal(port.n, 1);
    assert_int_equal(told.n, 0);
    assert_true(tcn_str_eq(tcn_str(port.fetches[0].url), url_of(1)));
    assert_int_equal(port.fetches[0].cap, TCN_CERT_PEM_MAX);
    answer_good();
    assert_int_equal(told.n, 5);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(told.all[i].who, i);
        assert_true(told.all[i].has_cert);
    }
    ask(c, 1, 6);
    assert_int_equal(told.n, 6);
    assert_true(last()->has_cert);
    assert_int_equal(port.n, 1);
    tcn_sns_certs_free(c);
}

static void test_two_addresses(void **state)
{
    struct tcn_sns_certs *c = begin(world.ca_file);

    (void)state;
    ask(c, 1, 1);
    ask(c, 2, 2);
    assert_int_equal(port.n, 2);
    answer(0, TCN_STR(""), "timed out");
    assert_int_equal(told.n, 1);
    assert_int_equal(last()->who, 1);
    answer_good();
    assert_int_equal(last()->who, 2);
    assert_true(last()->has_cert);
    tcn_sns_certs_free(c);
}

static void test_failed_fetch_is_kept_for_a_minute(void **state)
{
    struct tcn_sns_certs *c = begin(world.ca_file);

    (void)state;
    ask(c, 1, 1);
    answer(0, TCN_STR(""), "timed out");
    assert_false(last()->has_cert || last()->is_final);
    assert_non_null(strstr(last()->why, "timed out"));
    assert_non_null(strstr(last()->why, "https://" SNS_HOST));
    now += TCN_SNS_REFUSED_MS - 1;
    ask(c, 1, 2);
    assert_int_equal(told.n, 2);
    assert_int_equal(port.n, 1);
    now += 1;
    ask(c, 1, 3);
    assert_int_equal(told.n, 2);
    assert_int_equal(port.n, 2);
    answer_good();
    assert_true(last()->has_cert);
    tcn_sns_certs_free(c);
}

/* Not answered with 200: it may come later. A certificate that came and is bad stays bad. */
static void test_statuses(void **state)
{
    static const int statuses[] = {0, 204, 301, 302, 400, 403, 404, 500, 503};

    (void)state;
    for (size_t i = 0; i < N_OF(statuses); i++) {
        struct tcn_sns_certs *c = begin(world.ca_file);

        ask(c, 1, 1);
        answer(statuses[i], TCN_STR("<html>"), NULL);
        if (last()->has_cert || last()->is_final)
            fail_msg("status %d", statuses[i]);
        tcn_sns_certs_free(c);
    }
}

static void test_bad_bodies(void **state)
{
    static char large[1 << 20];
    const struct {
        const char *name, *body;
        size_t len;
    } cases[] = {
        {"empty", "", 0},
        {"HTML", "<html>", 6},
        {"1 MiB", large, sizeof large},
        {"not base64", "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n", 55},
    };

    (void)state;
    memset(large, 'A', sizeof large);
    for (size_t i = 0; i < N_OF(cases); i++) {
        struct tcn_sns_certs *c = begin(world.ca_file);

        ask(c, 1, 1);
        answer(200, (struct tcn_str){cases[i].body, cases[i].len}, NULL);
        CHECK(cases[i].name, !last()->has_cert && last()->is_final);
        tcn_sns_certs_free(c);
    }
}

static void test_certificates(void **state)
{
    const struct {
        const char *name;
        struct mint m;
        bool is_good;
    } cases[] = {
        {"right", good(), true},
        {"intermediate not at hand", /* as SNS serves them */
         {.cn = "sns.amazonaws.com",
          .key = world.key,
          .issuer = mint(&(struct mint){.cn = "Middle", .is_ca = true, .key = world.ca_key}),
          .issuer_key = world.ca_key},
         true},
        {"signs itself", {.cn = "sns.amazonaws.com", .key = world.key}, false},
        {"expired",
         {.cn = "sns.amazonaws.com",
          .key = world.key,
          .issuer = world.ca,
          .issuer_key = world.ca_key,
          .to_ms = MINT_NOW - 1000},
         false},
        {"not valid yet",
         {.cn = "sns.amazonaws.com",
          .key = world.key,
          .issuer = world.ca,
          .issuer_key = world.ca_key,
          .from_ms = MINT_NOW + 1000},
         false},
        {"of another service",
         {.cn = "sqs.us-east-1.amazonaws.com",
          .key = world.key,
          .issuer = world.ca,
          .issuer_key = world.ca_key},
         false},
        {"of the host, by a wildcard",
         {.cn = "x",
          .san = "DNS:*.us-east-1.amazonaws.com",
          .key = world.key,
          .issuer = world.ca,
          .issuer_key = world.ca_key},
         false},
        {"1024 bits",
         {.cn = "sns.amazonaws.com",
          .key = world.small_key,
          .issuer = world.ca,
          .issuer_key = world.ca_key},
         false},
    };

    (void)state;
    for (size_t i = 0; i < N_OF(cases); i++) {
        struct tcn_sns_certs *c = begin(world.ca_file);

        ask(c, 1, 1);
        answer_cert(&cases[i].m);
        if (last()->has_cert != cases[i].is_good)
            fail_msg("case \"%s\": %s", cases[i].name, last()->why);
        CHECK(cases[i].name, last()->is_final);
        tcn_sns_certs_free(c);
    }
    X509_free(cases[1].m.issuer);
}

/* Newer regions sign under names of their own, which count for them alone. */
static void test_names_of_regions(void **state)
{
    static const struct {
        const char *host, *cn, *san;
        bool is_good;
    } cases[] = {
        {"sns.us-east-1.amazonaws.com", "sns.amazonaws.com", NULL, true},
        {"sns.us-east-1.amazonaws.com", "sns.us-east-1.amazonaws.com", NULL, true},
        {"sns.us-east-1.amazonaws.com", "sns-signing.us-east-1.amazonaws.com", NULL, true},
        {"sns.us-east-1.amazonaws.com", "sns-signing.us-west-2.amazonaws.com", NULL, false},
        {"sns.us-east-1.amazonaws.com", "sns.us-west-2.amazonaws.com", NULL, false},
        {"sns.us-east-1.amazonaws.com", "sns-us-gov-west-1.amazonaws.com", NULL, false},
        {"sns.af-south-1.amazonaws.com", "sns-signing.af-south-1.amazonaws.com",
         "DNS:sns-signing.af-south-1.amazonaws.com,DNS:sns.af-south-1.amazonaws.com", true},
        {"sns.us-gov-east-1.amazonaws.com", "sns-us-gov-west-1.amazonaws.com", NULL, true},
        {"sns.us-gov-east-1.amazonaws.com", "sns.amazonaws.com", NULL, false},
        {"sns.cn-north-1.amazonaws.com.cn", "sns-cn-north-1.amazonaws.com.cn", NULL, true},
        {"sns.cn-north-1.amazonaws.com.cn", "sns.amazonaws.com", NULL, false},
        {"sns.cn-north-1.amazonaws.com.cn", "sns-cn-north-1.amazonaws.com", NULL, false},
    };

    (void)state;
    for (size_t i = 0; i < N_OF(cases); i++) {
        struct tcn_sns_certs *c = begin(world.ca_file);
        struct mint m = good();
        char url[200];

        m.cn = cases[i].cn;
        m.san = cases[i].san;
        snprintf(url, sizeof url, "https://%s" SNS_CERT_PATH, cases[i].host);
        ask_for(c, tcn_str(url), 1);
        answer_cert(&m);
        if (last()->has_cert != cases[i].is_good)
            fail_msg("%s at %s: %s", cases[i].cn, cases[i].host, last()->why);
        tcn_sns_certs_free(c);
    }
}

/* Our own fault must not make the sender give an alarm up. */
static void test_roots_that_cannot_be_loaded(void **state)
{
    struct tcn_sns_certs *c = begin("/nonexistent/ca.pem");

    (void)state;
    ask(c, 1, 1);
    answer_good();
    assert_false(last()->has_cert || last()->is_final);
    assert_non_null(strstr(last()->why, "roots"));
    tcn_sns_certs_free(c);
}

/* ---- time ---- */

static void test_fetched_anew_after_a_day(void **state)
{
    struct tcn_sns_certs *c = begin(world.ca_file);

    (void)state;
    ask(c, 1, 1);
    answer_good();
    now += TCN_SNS_CERT_MS - 1;
    ask(c, 1, 2);
    assert_true(last()->has_cert && last()->who == 2);
    now += 1;
    ask(c, 1, 3);
    assert_int_equal(last()->who, 2);
    assert_int_equal(port.n, 2);
    answer_good();
    assert_true(last()->has_cert && last()->who == 3);
    tcn_sns_certs_free(c);
}

static void test_not_kept_beyond_its_end(void **state)
{
    struct tcn_sns_certs *c = begin(world.ca_file);
    struct mint m = good();

    (void)state;
    m.to_ms = now + 10000;
    ask(c, 1, 1);
    answer_cert(&m);
    now += 9999;
    ask(c, 1, 2);
    assert_true(last()->has_cert);
    now += 1;
    ask(c, 1, 3);
    assert_int_equal(port.n, 2);
    answer_cert(&m);
    assert_true(last()->who == 3 && !last()->has_cert && last()->is_final);
    tcn_sns_certs_free(c);
}

/* SNS took it away: it is not served any longer than a day. */
static void test_renewal_that_fails(void **state)
{
    struct tcn_sns_certs *c = begin(world.ca_file);

    (void)state;
    ask(c, 1, 1);
    answer_good();
    now += TCN_SNS_CERT_MS;
    ask(c, 1, 2);
    answer(404, TCN_STR(""), NULL);
    assert_false(last()->has_cert);
    ask(c, 1, 3);
    assert_false(last()->has_cert);
    assert_int_equal(port.n, 2);
    now += TCN_SNS_REFUSED_MS;
    ask(c, 1, 4);
    assert_int_equal(port.n, 3);
    answer_good();
    assert_true(last()->has_cert);
    tcn_sns_certs_free(c);
}

static void test_clock_set_back(void **state)
{
    struct tcn_sns_certs *c = begin(world.ca_file);

    (void)state;
    for (int i = 0; i < TCN_SNS_FETCHES_A_MINUTE; i++) {
        ask(c, (unsigned)i, i);
        answer(404, TCN_STR(""), NULL);
    }
    now -= MINT_DAY;
    ask(c, 0, 10);
    ask(c, 100, 11);
    assert_int_equal(port.n, TCN_SNS_FETCHES_A_MINUTE + 2);
    answer_good();
    answer_good();
    assert_true(last()->has_cert);
    tcn_sns_certs_free(c);
}

/* ---- floods ---- */

static void test_four_fetches_in_any_minute(void **state)
{
    struct tcn_sns_certs *c = begin(world.ca_file);
    size_t n = 0;

    (void)state;
    /* One at the start of a minute, three at its end: the next minute must not begin with four more. */
    ask(c, 0, 0);
    now += 59000;
    for (unsigned i = 1; i < 20; i++)
        ask(c, i, (int)i);
    assert_int_equal(port.n, 4);
    assert_int_equal(told.n, 16);
    assert_false(last()->has_cert || last()->is_final);
    now += 1000;
    for (unsigned i = 20; i < 40; i++)
        ask(c, i, (int)i);
    assert_int_equal(port.n, 5);
    now += 58999;
    ask(c, 50, 50);
    assert_int_equal(port.n, 5);
    now += 1;
    for (unsigned i = 60; i < 80; i++)
        ask(c, i, (int)i);
    assert_int_equal(port.n, 8);
    while (port.answered < port.n)
        answer(404, TCN_STR(""), NULL);
    for (size_t i = 0; i < told.n; i++)
        n += told.all[i].has_cert;
    assert_int_equal(n, 0);
    tcn_sns_certs_free(c);
}

/* A year of forged addresses leaves room for the true one. */
static void test_refused_addresses_make_room(void **state)
{
    struct tcn_sns_certs *c = begin(world.ca_file);

    (void)state;
    for (unsigned i = 0; i < 3 * TCN_SNS_CERTS_MAX; i++) {
        told.n = 0;
        now += 15000;
        ask(c, i, 1);
        assert_int_equal(port.n, i + 1);
        answer(404, TCN_STR(""), NULL);
    }
    now += 15000;
    ask(c, 100000, 2);
    answer_good();
    assert_true(last()->has_cert);
    tcn_sns_certs_free(c);
}

static void fill_with_good(struct tcn_sns_certs *c)
{
    for (unsigned i = 0; i < TCN_SNS_CERTS_MAX; i++) {
        now += 15000;
        ask(c, i, 1);
        answer_good();
        assert_true(last()->has_cert);
    }
}

static void test_forged_addresses_never_push_out_good_ones(void **state)
{
    struct tcn_sns_certs *c = begin(world.ca_file);
    size_t fetched;

    (void)state;
    fill_with_good(c);
    fetched = port.n;
    now += 60000;
    for (unsigned i = 0; i < 50; i++) {
        ask(c, 1000 + i, 2);
        assert_false(last()->has_cert || last()->is_final);
    }
    assert_int_equal(port.n, fetched);
    for (unsigned i = 0; i < TCN_SNS_CERTS_MAX; i++) {
        ask(c, i, 3);
        assert_true(last()->has_cert);
    }
    assert_int_equal(port.n, fetched);
    tcn_sns_certs_free(c);
}

/* Addresses change when SNS renews its keys; those of the past must not fill the table for ever. */
static void test_addresses_of_the_past_make_room(void **state)
{
    struct tcn_sns_certs *c = begin(world.ca_file);

    (void)state;
    fill_with_good(c);
    now += TCN_SNS_CERT_MS;
    for (unsigned i = 0; i < TCN_SNS_CERTS_MAX; i++) {
        told.n = 0;
        now += 15000;
        ask(c, 1000 + i, 2);
        answer_good();
        assert_true(last()->has_cert);
    }
    tcn_sns_certs_free(c);
}

/* Whoever knows the name of a topic can forge addresses without end; the daily renewal must come through. */
static void test_a_flood_does_not_stop_a_renewal(void **state)
{
    struct tcn_sns_certs *c = begin(world.ca_file);

    (void)state;
    ask(c, 1, 1);
    answer_good();
    now += TCN_SNS_CERT_MS;
    for (unsigned i = 0; i < 100; i++)
        ask(c, 1000 + i, 2);
    assert_int_equal(port.n, 1 + TCN_SNS_FETCHES_A_MINUTE);
    for (int i = 0; i < TCN_SNS_FETCHES_A_MINUTE; i++)
        answer(404, TCN_STR(""), NULL);
    ask(c, 1, 3);
    assert_int_equal(port.n, 2 + TCN_SNS_FETCHES_A_MINUTE);
    answer_good();
    assert_true(last()->who == 3 && last()->has_cert);
    tcn_sns_certs_free(c);
}

static void test_waiters_are_capped(void **state)
{
    struct tcn_sns_certs *c = begin(world.ca_file);

    (void)state;
    for (int i = 0; i < TCN_SNS_WAITERS_MAX; i++)
        ask(c, (unsigned)i % 2, i);
    assert_int_equal(told.n, 0);
    ask(c, 0, TCN_SNS_WAITERS_MAX);
    assert_int_equal(told.n, 1);
    assert_false(last()->has_cert || last()->is_final);
    answer_good();
    assert_int_equal(told.n, 1 + TCN_SNS_WAITERS_MAX / 2);
    ask(c, 1, 300);
    assert_int_equal(told.n, 1 + TCN_SNS_WAITERS_MAX / 2);
    answer_good();
    assert_int_equal(told.n, 2 + TCN_SNS_WAITERS_MAX);
    assert_int_equal(last()->who, 300);
    tcn_sns_certs_free(c);
}

/* ---- the end, and those who ask inside an answer ---- */

static void test_closing_with_fetches_in_flight(void **state)
{
    struct tcn_sns_certs *c = begin(world.ca_file);

    (void)state;
    ask(c, 1, 1);
    answer_good();
    ask(c, 2, 2);
    ask(c, 2, 3);
    ask(c, 3, 4);
    tcn_sns_certs_free(c);
    assert_int_equal(told.n, 4);
    for (size_t i = 1; i < 4; i++) {
        assert_false(told.all[i].has_cert || told.all[i].is_final);
        assert_string_equal(told.all[i].why, "shutting down");
    }
    /* Released with the last of them: a leak or a use after that would end a build with sanitizers. */
    answer_good();
    answer(0, TCN_STR(""), "cancelled");
    assert_int_equal(told.n, 4);
    tcn_sns_certs_free(NULL);
}

struct asker {
    struct tcn_sns_certs *c;
    unsigned url;
    int calls;
};

static void ask_again(void *arg, const struct tcn_cert *cert, bool is_final, const char *why)
{
    struct asker *a = arg;

    (void)cert;
    (void)is_final;
    (void)why;
    a->calls++;
    ask(a->c, a->url, 9);
}

static void test_asking_inside_an_answer(void **state)
{
    struct asker a = {begin(world.ca_file), 1, 0};

    (void)state;
    tcn_sns_certs_get(a.c, url_of(1), now, ask_again, &a);
    ask(a.c, 1, 2);
    answer_good();
    assert_int_equal(a.calls, 1);
    assert_int_equal(told.n, 2);
    assert_true(told.all[0].has_cert && told.all[1].has_cert);
    /* another address, from inside a refusal */
    a.url = 3;
    tcn_sns_certs_get(a.c, url_of(2), now, ask_again, &a);
    ask(a.c, 2, 4);
    answer(404, TCN_STR(""), NULL);
    assert_int_equal(last()->who, 4);
    assert_non_null(strstr(last()->why, "not answered with 200"));
    answer_good();
    assert_true(last()->who == 9 && last()->has_cert);
    tcn_sns_certs_free(a.c);
}

static void test_asking_while_closing(void **state)
{
    struct asker a = {begin(world.ca_file), 2, 0};

    (void)state;
    tcn_sns_certs_get(a.c, url_of(1), now, ask_again, &a);
    tcn_sns_certs_free(a.c);
    assert_int_equal(a.calls, 1);
    assert_int_equal(told.n, 1);
    assert_string_equal(last()->why, "shutting down");
    assert_int_equal(port.n, 1);
    answer(0, TCN_STR(""), "cancelled");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_single_flight),
        cmocka_unit_test(test_two_addresses),
        cmocka_unit_test(test_failed_fetch_is_kept_for_a_minute),
        cmocka_unit_test(test_statuses),
        cmocka_unit_test(test_bad_bodies),
        cmocka_unit_test(test_certificates),
        cmocka_unit_test(test_names_of_regions),
        cmocka_unit_test(test_roots_that_cannot_be_loaded),
        cmocka_unit_test(test_fetched_anew_after_a_day),
        cmocka_unit_test(test_not_kept_beyond_its_end),
        cmocka_unit_test(test_renewal_that_fails),
        cmocka_unit_test(test_clock_set_back),
        cmocka_unit_test(test_four_fetches_in_any_minute),
        cmocka_unit_test(test_refused_addresses_make_room),
        cmocka_unit_test(test_forged_addresses_never_push_out_good_ones),
        cmocka_unit_test(test_addresses_of_the_past_make_room),
        cmocka_unit_test(test_a_flood_does_not_stop_a_renewal),
        cmocka_unit_test(test_waiters_are_capped),
        cmocka_unit_test(test_closing_with_fetches_in_flight),
        cmocka_unit_test(test_asking_inside_an_answer),
        cmocka_unit_test(test_asking_while_closing),
    };

    return cmocka_run_group_tests_name("sns_cert", tests, make_world, end_world);
}
