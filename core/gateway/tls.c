/* The TLS profile of the front door. */
#include "gateway/tls.h"

#include "base/xalloc.h"

#include <openssl/err.h>
#include <openssl/x509.h>
#include <stdlib.h>

static const char CIPHERS_12[] = "ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL:!PSK";
static const char CIPHERS_13[] =
    "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256";

struct tcn_tls {
    SSL_CTX *ctx; /* owned; sessions hold their own reference */
};

/* The first reason that OpenSSL has; its queue is empty after. */
static const char *reason(void)
{
    const char *text = ERR_reason_error_string(ERR_get_error());

    ERR_clear_error();
    return text ? text : "it cannot be read";
}

/* RFC 7301 section 3.2; selects from the client's list, so that out points into it. */
static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *outlen,
                           const unsigned char *in, unsigned inlen, void *arg)
{
    static const char want[] = "http/1.1";

    (void)ssl;
    (void)arg;
    for (unsigned i = 0; i < inlen && in[i] < inlen - i; i += in[i] + 1u) {
        if (in[i] != sizeof want - 1 || memcmp(in + i + 1, want, sizeof want - 1) != 0)
            continue;
        *out = in + i + 1;
        *outlen = in[i];
        return SSL_TLSEXT_ERR_OK;
    }
    return SSL_TLSEXT_ERR_ALERT_FATAL;
}

static int set_profile(SSL_CTX *ctx)
{
    char groups[] = "X25519:P-256"; /* the macro wants it writable */

    SSL_CTX_set_options(ctx, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET |
                                 SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_alpn_select_cb(ctx, choose_protocol, NULL);
    return SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) && SSL_CTX_set_num_tickets(ctx, 0) &&
           SSL_CTX_set_cipher_list(ctx, CIPHERS_12) && SSL_CTX_set_ciphersuites(ctx, CIPHERS_13) &&
           SSL_CTX_set1_groups_list(ctx, groups);
}

/* Nobody is there to be asked. */
static int no_passphrase(char *buf, int size, int is_writing, void *arg)
{
    (void)buf;
    (void)size;
    (void)is_writing;
    (void)arg;
    return -1;
}

/* A good key of another certificate. */
static bool is_misfit(void)
{
    unsigned long e = ERR_peek_error();

    return ERR_GET_LIB(e) == ERR_LIB_X509 && (ERR_GET_REASON(e) == X509_R_KEY_VALUES_MISMATCH ||
                                              ERR_GET_REASON(e) == X509_R_KEY_TYPE_MISMATCH);
}

static int load_pair(SSL_CTX *ctx, const struct tcn_tls_files *t, struct tcn_err *err)
{
    SSL_CTX_set_default_passwd_cb(ctx, no_passphrase);
    if (!SSL_CTX_use_certificate_chain_file(ctx, t->cert))
        return tcn_fail(err, TCN_EINVALID, "certificate %s: %s", t->cert, reason());
    if (!SSL_CTX_use_PrivateKey_file(ctx, t->key, SSL_FILETYPE_PEM) && !is_misfit())
        return tcn_fail(err, TCN_EINVALID, "key %s: %s", t->key, reason());
    if (SSL_CTX_check_private_key(ctx))
        return 0;
    ERR_clear_error();
    return tcn_fail(err, TCN_EINVALID, "key %s does not belong to certificate %s", t->key, t->cert);
}

/* OpenSSL checks that client certificates are for client authentication by itself (purpose sslclient). */
static int load_client_ca(SSL_CTX *ctx, const struct tcn_tls_files *t, struct tcn_err *err)
{
    int mode = SSL_VERIFY_PEER | (t->needs_client_cert ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0);
    STACK_OF(X509_NAME) * names;

    if (!t->client_ca)
        return 0;
    names = SSL_load_client_CA_file(t->client_ca);
    if (!names || !SSL_CTX_load_verify_file(ctx, t->client_ca)) {
        sk_X509_NAME_pop_free(names, X509_NAME_free);
        return tcn_fail(err, TCN_EINVALID, "client CA %s: %s", t->client_ca, reason());
    }
    SSL_CTX_set_client_CA_list(ctx, names);
    SSL_CTX_set_verify(ctx, mode, NULL);
    return 0;
}

int tcn_tls_reload(struct tcn_tls *t, const struct tcn_tls_files *files, struct tcn_err *err)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    int r;

    if (!ctx || !set_profile(ctx)) {
        SSL_CTX_free(ctx);
        return tcn_fail(err, TCN_EINVALID, "TLS profile: %s", reason());
    }
    if ((r = load_pair(ctx, files, err)) < 0 || (r = load_client_ca(ctx, files, err)) < 0) {
        SSL_CTX_free(ctx);
        return r;
    }
    SSL_CTX_free(t->ctx);
    t->ctx = ctx;
    return 0;
}

int tcn_tls_new(const struct tcn_tls_files *files, struct tcn_tls **ret_tls, struct tcn_err *err)
{
    struct tcn_tls *t = tcn_xcalloc(1, sizeof *t);
    int r = tcn_tls_reload(t, files, err);

    if (r < 0) {
        tcn_tls_free(t);
        return r;
    }
    *ret_tls = t;
    return 0;
}

void tcn_tls_free(struct tcn_tls *t)
{
    if (!t)
        return;
    SSL_CTX_free(t->ctx);
    free(t);
}

/* "Nov 28 20:33:24 2026 GMT" */
static int not_current(const char *what, const ASN1_TIME *time, struct tcn_err *err)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;
    long len = 0;

    if (bio && ASN1_TIME_print(bio, time))
        len = BIO_get_mem_data(bio, &text);
    tcn_fail(err, TCN_EAUTH, "the certificate %s %.*s", what, (int)len, text ? text : "");
    BIO_free(bio);
    return TCN_EAUTH;
}

int tcn_tls_is_current(const struct tcn_tls *t, int64_t now_ms, struct tcn_err *err)
{
    const X509 *cert = SSL_CTX_get0_certificate(t->ctx);
    time_t now = (time_t)(now_ms / 1000);

    if (X509_cmp_time(X509_get0_notAfter(cert), &now) <= 0)
        return not_current("has expired at", X509_get0_notAfter(cert), err);
    if (X509_cmp_time(X509_get0_notBefore(cert), &now) >= 0)
        return not_current("is not valid before", X509_get0_notBefore(cert), err);
    return 0;
}

int tcn_tls_check_roots(const char *file, struct tcn_err *err)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    bool is_good = ctx && SSL_CTX_load_verify_file(ctx, file) == 1;

    SSL_CTX_free(ctx);
    return is_good ? 0 : tcn_fail(err, TCN_EINVALID, "roots %s: %s", file, reason());
}

SSL *tcn_tls_session(struct tcn_tls *t)
{
    SSL *ssl = SSL_new(t->ctx);

    if (ssl)
        SSL_set_accept_state(ssl);
    ERR_clear_error();
    return ssl;
}

/* Called with the five bytes of a record's head before they are judged. */
static void on_record(int is_ours, int version, int type, const void *bytes, size_t len, SSL *ssl,
                      void *arg)
{
    unsigned char *first = arg;

    (void)version;
    (void)ssl;
    if (!is_ours && type == SSL3_RT_HEADER && len > 0 && *first == 0)
        *first = *(const unsigned char *)bytes;
}

void tcn_tls_watch(SSL *ssl, unsigned char *ret_first)
{
    *ret_first = 0;
    SSL_set_msg_callback(ssl, on_record);
    SSL_set_msg_callback_arg(ssl, ret_first);
}

void tcn_tls_unwatch(SSL *ssl)
{
    SSL_set_msg_callback(ssl, NULL);
}
