/* gateway/tls.c and the server on top of it, with keys made here and thrown away. */
#include "secure_world.h"

static long peer_serial(const struct tls_client *c)
{
    X509 *cert = SSL_get0_peer_certificate(bufferevent_openssl_get_ssl(c->bev));

    return cert ? ASN1_INTEGER_get(X509_get0_serialNumber(cert)) : 0;
}

static void versions_and_ciphers(void **state)
{
    static const struct {
        const char *name;
        int version;
        const char *ciphers;
        bool is_spoken;
    } cases[] = {
        {"1.0", TLS1_VERSION, NULL, false},
        {"1.1", TLS1_1_VERSION, NULL, false},
        {"1.2", TLS1_2_VERSION, NULL, true},
        {"1.3", TLS1_3_VERSION, NULL, true},
        {"1.2 aes128 gcm", TLS1_2_VERSION, "ECDHE-ECDSA-AES128-GCM-SHA256", true},
        {"1.2 aes256 gcm", TLS1_2_VERSION, "ECDHE-ECDSA-AES256-GCM-SHA384", true},
        {"1.2 chacha", TLS1_2_VERSION, "ECDHE-ECDSA-CHACHA20-POLY1305", true},
        {"1.2 cbc", TLS1_2_VERSION, "ECDHE-ECDSA-AES256-SHA384", false},
        {"1.2 without forward secrecy", TLS1_2_VERSION, "AES256-GCM-SHA384", false},
        {"1.2 anonymous", TLS1_2_VERSION, "AECDH-AES128-SHA", false},
    };
    struct secure_world s;

    (void)state;
    secure_start(&s, NULL, false);
    for (size_t i = 0; i < N_OF(cases); i++) {
        struct tls_client c;
        SSL *ssl = tls_client_init(&c, &s.w);

        SSL_set_min_proto_version(ssl, cases[i].version);
        SSL_set_max_proto_version(ssl, cases[i].version);
        if (cases[i].ciphers)
            CHECK(cases[i].name, SSL_set_cipher_list(ssl, cases[i].ciphers));
        tls_client_go(&c, ssl);
        tls_say(&c, GET "\r\n");
        WAIT_UNTIL(&s.w, tls_got(&c, "HTTP/1.1 200 ") || c.is_over);
        CHECK(cases[i].name, cases[i].is_spoken == tls_got(&c, "HTTP/1.1 200 "));
        CHECK(cases[i].name, !SSL_session_reused(bufferevent_openssl_get_ssl(c.bev)));
        tls_client_close(&c);
    }
    WAIT_UNTIL(&s.w,
               refused(&s.w, TCN_REFUSE_TLS_FAILED) == 5); /* one for each that is not spoken */
    secure_stop(&s);
}

static void only_http1_is_negotiated(void **state)
{
    static const struct {
        const char *name, *offer;
        size_t len;
        bool is_spoken;
    } cases[] = {
        {"http/1.1", "\x08http/1.1", 9, true},
        {"h2 and http/1.1", "\x02h2\x08http/1.1", 12, true},
        {"h2 alone", "\x02h2", 3, false},
        {"no offer", NULL, 0, true},
    };
    struct secure_world s;

    (void)state;
    secure_start(&s, NULL, false);
    for (size_t i = 0; i < N_OF(cases); i++) {
        struct tls_client c;
        SSL *ssl = tls_client_init(&c, &s.w);

        if (cases[i].offer)
            SSL_set_alpn_protos(ssl, (const unsigned char *)cases[i].offer, (unsigned)cases[i].len);
        tls_client_go(&c, ssl);
        WAIT_UNTIL(&s.w, c.is_connected || c.is_over);
        CHECK(cases[i].name, cases[i].is_spoken == c.is_connected);
        tls_client_close(&c);
    }
    secure_stop(&s);
}

static void what_is_no_tls_is_closed(void **state)
{
    static const struct {
        const char *name, *bytes;
        size_t len;
        enum tcn_refusal counted;
    } cases[] = {
        {"garbage", "\x01\x02\x03\x04\x05\x06", 6, TCN_REFUSE_TLS_FAILED},
        {"a small letter", "get / HTTP/1.1\r\n\r\n", 18, TCN_REFUSE_TLS_FAILED},
        {"a version that never was", "\x16\x09\x01\x00\x01\x00", 6, TCN_REFUSE_TLS_FAILED},
        {"nothing", "", 0, TCN_REFUSE_HEAD_TIMEOUT},
        {"part of a hello", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11,
         TCN_REFUSE_HEAD_TIMEOUT},
    };
    struct secure_world s;

    (void)state;
    secure_start(&s, NULL, false);
    for (size_t i = 0; i < N_OF(cases); i++) {
        uint64_t before = refused(&s.w, cases[i].counted);
        struct client c;

        client_open(&c, &s.w);
        client_send(&c, cases[i].bytes, cases[i].len);
        wait_closed(&c);
        CHECK(cases[i].name, n_responses(&c) == 0);
        CHECK(cases[i].name, refused(&s.w, cases[i].counted) == before + 1);
        client_close(&c);
    }
    assert_int_equal(s.w.n_requests, 0);
    assert_int_equal(open_now(&s.w), 0);
    secure_stop(&s);
}

/* One answer in plain text and no reset that would destroy it, however much the client sends before it reads. */
static void plain_http_is_told_where_to_go(void **state)
{
    static const struct {
        const char *text;
        size_t body; /* sent after it */
        bool in_pieces;
    } cases[] = {
        {GET "\r\n", 0, false},
        {GET "\r\n", 0, true},
        {"POST /sources/x HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n", 1000000, false},
        {"DELETE /x HTTP/1.1\r\nHost: a\r\n\r\n", 0, false},
        {"PATCH /x HTTP/1.1\r\nHost: a\r\n\r\n", 0, true},
        {"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 0, false},
        {"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", 0, false},
    };
    struct secure_world s;
    size_t n_fds;

    (void)state;
    secure_start(&s, NULL, false);
    n_fds = count_fds();
    for (size_t i = 0; i < N_OF(cases); i++) {
        char *body = calloc(1, cases[i].body + 1);
        struct client c;

        client_open(&c, &s.w);
        for (const char *p = cases[i].text; cases[i].in_pieces && *p; p++) {
            client_send(&c, p, 1);
            turn(&s.w);
        }
        if (!cases[i].in_pieces)
            client_say(&c, cases[i].text);
        client_send(&c, body, cases[i].body);
        wait_closed(&c);
        CHECK(cases[i].text, !c.was_reset);
        CHECK(cases[i].text, n_responses(&c) == 1);
        CHECK(cases[i].text, got_text(&c, "HTTP/1.1 400 Bad Request\r\n"));
        CHECK(cases[i].text, got_text(&c, "write https:// in the address"));
        CHECK(cases[i].text, refused(&s.w, TCN_REFUSE_PLAIN_HTTP) == i + 1);
        client_close(&c);
        free(body);
    }
    WAIT_UNTIL(&s.w, open_now(&s.w) == 0);
    turn(&s.w);
    assert_int_equal(count_fds(), n_fds);
    assert_int_equal(s.w.n_requests, 0);
    assert_int_equal(refused(&s.w, TCN_REFUSE_TLS_FAILED), 0);
    secure_stop(&s);
}

static void certificates_are_renewed_under_way(void **state)
{
    struct secure_world s;
    struct tcn_tls_files files = {.cert = s.f.cert, .key = s.f.key};
    struct tls_client old, new, newer;
    struct tcn_err err = {0};
    FILE *f;

    (void)state;
    secure_start(&s, NULL, false);
    tls_client_open(&old, &s.w);
    assert_int_equal(peer_serial(&old), 1);
    put_server_cert(&s, 2);
    assert_int_equal(tcn_tls_reload(s.tls, &files, &err), 0);
    tls_client_open(&new, &s.w);
    assert_int_equal(peer_serial(&new), 2);
    f = fopen(s.f.cert, "w"); /* a broken file changes nothing */
    fputs("no certificate\n", f);
    fclose(f);
    assert_int_equal(tcn_tls_reload(s.tls, &files, &err), TCN_EINVALID);
    assert_non_null(strstr(err.msg, s.f.cert));
    tls_client_open(&newer, &s.w);
    assert_int_equal(peer_serial(&newer), 2);
    tls_say(&old, GET "\r\n");
    WAIT_UNTIL(&s.w, tls_got(&old, "HTTP/1.1 200 "));
    tls_client_close(&old);
    tls_client_close(&new);
    tls_client_close(&newer);
    secure_stop(&s);
}

static void wrong_files_are_told(void **state)
{
    struct secure_world s;
    struct tcn_tls_files files;
    struct tcn_tls *t = NULL;
    struct tcn_err err = {0};
    struct identity other = make_identity(&(struct recipe){.name = "other"}, NULL);
    FILE *key;

    (void)state;
    make_folder(&s.f);
    put_server_cert(&s, 1);
    files = (struct tcn_tls_files){.cert = s.f.cert, .key = "/nonexistent"};
    assert_int_equal(tcn_tls_new(&files, &t, &err), TCN_EINVALID);
    assert_non_null(strstr(err.msg, "key /nonexistent"));
    files = (struct tcn_tls_files){.cert = s.f.cert, .key = s.f.key, .client_ca = "/nonexistent"};
    assert_int_equal(tcn_tls_new(&files, &t, &err), TCN_EINVALID);
    assert_non_null(strstr(err.msg, "client CA /nonexistent"));
    key = fopen(s.f.key, "w");
    PEM_write_PrivateKey(key, other.key, NULL, NULL, 0, NULL, NULL);
    fclose(key);
    files.client_ca = NULL;
    assert_int_equal(tcn_tls_new(&files, &t, &err), TCN_EINVALID);
    assert_non_null(strstr(err.msg, "does not belong to certificate"));
    assert_null(t);
    tcn_tls_free(NULL);
    identity_done(&other);
    remove_folder(&s.f);
}

/* Nobody is asked for a passphrase: a program without a terminal would wait for ever. */
static void a_key_with_a_passphrase_is_told(void **state)
{
    struct secure_world s;
    struct tcn_tls_files files = {.cert = s.f.cert, .key = s.f.key};
    struct identity id = make_identity(&(struct recipe){.name = "locked"}, NULL);
    struct tcn_tls *t = NULL;
    struct tcn_err err = {0};
    FILE *key;

    (void)state;
    make_folder(&s.f);
    write_identity(&s.f, &id);
    key = fopen(s.f.key, "w");
    PEM_write_PrivateKey(key, id.key, EVP_aes_256_cbc(), (const unsigned char *)"secret", 6, NULL,
                         NULL);
    fclose(key);
    assert_int_equal(tcn_tls_new(&files, &t, &err), TCN_EINVALID);
    assert_non_null(strstr(err.msg, s.f.key));
    identity_done(&id);
    remove_folder(&s.f);
}

static void when_a_certificate_is_valid(void **state)
{
    static const struct {
        const char *name;
        bool is_expired;
        int64_t later_ms;
        const char *told; /* NULL: it is current */
    } cases[] = {
        {"now", false, 0, NULL},
        {"in two hours", false, 7200000, "has expired at "},
        {"an hour ago", false, -3600000, "is not valid before "},
        {"expired", true, 0, "has expired at "},
    };
    struct secure_world s;
    struct tcn_tls_files files = {.cert = s.f.cert, .key = s.f.key};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct recipe recipe = {.name = "server", .is_expired = cases[i].is_expired};
        struct identity id = make_identity(&recipe, NULL);
        struct tcn_tls *t = NULL;
        struct tcn_err err = {0};
        int r;

        make_folder(&s.f);
        write_identity(&s.f, &id);
        assert_int_equal(tcn_tls_new(&files, &t, &err), 0);
        r = tcn_tls_is_current(t, (int64_t)time(NULL) * 1000 + cases[i].later_ms, &err);
        CHECK(cases[i].name, r == (cases[i].told ? TCN_EAUTH : 0));
        CHECK(cases[i].name, !cases[i].told || strstr(err.msg, cases[i].told));
        tcn_tls_free(t);
        identity_done(&id);
        remove_folder(&s.f);
    }
}

static void roots(void **state)
{
    struct secure_world s;
    struct identity ca = make_identity(&(struct recipe){.name = "ca", .is_ca = true}, NULL);
    struct tcn_err err = {0};
    FILE *f;

    (void)state;
    make_folder(&s.f);
    write_ca(&s.f, &ca);
    assert_int_equal(tcn_tls_check_roots(s.f.ca, &err), 0);
    f = fopen(s.f.ca, "w");
    fputs("no certificate\n", f);
    fclose(f);
    assert_int_equal(tcn_tls_check_roots(s.f.ca, &err), TCN_EINVALID);
    assert_non_null(strstr(err.msg, s.f.ca));
    identity_done(&ca);
    remove_folder(&s.f);
}

static void large_bodies_and_answers_pass(void **state)
{
    enum { LEN = 256 << 10 };
    char *body = malloc(LEN);
    struct secure_world s;
    struct tls_client c;

    (void)state;
    memset(body, 'b', LEN);
    secure_start(&s, NULL, false);
    s.w.reply_len = TCN_REPLY_BODY_MAX;
    tls_client_open(&c, &s.w);
    for (int round = 1; round <= 2; round++) {
        tls_say(&c, "POST /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: "
                    "262144\r\n\r\n");
        bufferevent_write(c.bev, body, LEN);
        WAIT_UNTIL(&s.w, c.got.len > (size_t)round * TCN_REPLY_BODY_MAX || c.is_over);
        assert_false(c.is_over);
    }
    assert_true(tls_got(&c, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n"));
    assert_int_equal(tcn_server_stats(s.w.server)->backlog_bytes, 0);
    tls_client_close(&c);
    secure_stop(&s);
    free(body);
}

/* The refusal, then close_notify, also while the client still sends. */
static void refusals_arrive(void **state)
{
    struct secure_world s;
    struct tls_client c;
    char junk[4096];

    (void)state;
    memset(junk, 'j', sizeof junk);
    secure_start(&s, NULL, false);
    tls_client_open(&c, &s.w);
    tls_say(&c, "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 8388608\r\n\r\n");
    for (int i = 0; i < 500; i++)
        bufferevent_write(c.bev, junk, sizeof junk);
    WAIT_UNTIL(&s.w, c.is_over);
    assert_true(tls_got(&c, "HTTP/1.1 413 "));
    assert_true(SSL_get_shutdown(bufferevent_openssl_get_ssl(c.bev)) & SSL_RECEIVED_SHUTDOWN);
    tls_client_close(&c);
    secure_stop(&s);
}

static void pipelined_behind_a_pending_one(void **state)
{
    struct secure_world s;
    struct tls_client c;

    (void)state;
    secure_start(&s, NULL, false);
    s.w.holds = true;
    tls_client_open(&c, &s.w);
    for (int i = 0; i < 3000; i++)
        tls_say(&c, GET "\r\n");
    WAIT_UNTIL(&s.w, s.w.n_held == 1);
    for (int i = 0; i < 50; i++)
        turn(&s.w);
    assert_int_equal(s.w.n_held, 1);
    s.w.holds = false;
    answer(&s.w, s.w.held[0]->reply_id, "go on");
    WAIT_UNTIL(&s.w, s.w.n_requests == 3000);
    tls_client_close(&c);
    secure_stop(&s);
}

static void connections_leave_nothing(void **state)
{
    struct secure_world s;
    size_t fds;

    (void)state;
    secure_start(&s, NULL, false);
    turn(&s.w);
    fds = count_fds();
    for (int i = 0; i < 60; i++) {
        struct tls_client c;
        SSL *ssl = tls_client_init(&c, &s.w);

        tls_client_go(&c, ssl);
        if (i % 3) {
            tls_say(&c, i % 2 ? GET "\r\n" : "GET /x HT");
            WAIT_UNTIL(&s.w, c.is_connected);
        }
        tls_client_close(&c);
    }
    WAIT_UNTIL(&s.w, open_now(&s.w) == 0);
    turn(&s.w);
    assert_int_equal(count_fds(), fds);
    secure_stop(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(versions_and_ciphers),
        cmocka_unit_test(only_http1_is_negotiated),
        cmocka_unit_test(what_is_no_tls_is_closed),
        cmocka_unit_test(plain_http_is_told_where_to_go),
        cmocka_unit_test(certificates_are_renewed_under_way),
        cmocka_unit_test(wrong_files_are_told),
        cmocka_unit_test(a_key_with_a_passphrase_is_told),
        cmocka_unit_test(when_a_certificate_is_valid),
        cmocka_unit_test(roots),
        cmocka_unit_test(large_bodies_and_answers_pass),
        cmocka_unit_test(refusals_arrive),
        cmocka_unit_test(pipelined_behind_a_pending_one),
        cmocka_unit_test(connections_leave_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
