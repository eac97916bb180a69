/* A server with a certificate, and clients that speak TLS to it, with keys made here and thrown away. */
#ifndef TESTS_UNIT_GATEWAY_SECURE_WORLD_H
#define TESTS_UNIT_GATEWAY_SECURE_WORLD_H

#include "server_world.h"

#include <event2/buffer.h>
#include <event2/bufferevent_ssl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#define GET "GET /x HTTP/1.1\r\nHost: a\r\n"

/* A certificate and its key; issued by issuer, or by itself. */
struct identity {
    EVP_PKEY *key;
    X509 *cert;
};

struct recipe {
    const char *name;
    long serial;
    const char *usage; /* extendedKeyUsage, NULL: none */
    const char *alt;   /* subjectAltName, NULL: none */
    bool is_ca, is_expired;
};

static inline void add_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509_EXTENSION *e;

    X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
    e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    assert_non_null(e);
    X509_add_ext(cert, e, -1);
    X509_EXTENSION_free(e);
}

static inline struct identity make_identity(const struct recipe *r, const struct identity *issuer)
{
    struct identity id = {.key = EVP_EC_gen("P-256"), .cert = X509_new()};
    X509 *by = issuer ? issuer->cert : id.cert;
    X509_NAME *name = X509_get_subject_name(id.cert);

    X509_set_version(id.cert, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(id.cert), r->serial);
    X509_gmtime_adj(X509_getm_notBefore(id.cert), r->is_expired ? -7200 : -60);
    X509_gmtime_adj(X509_getm_notAfter(id.cert), r->is_expired ? -3600 : 3600);
    X509_set_pubkey(id.cert, id.key);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)r->name, -1, -1, 0);
    X509_set_issuer_name(id.cert, X509_get_subject_name(by));
    add_extension(id.cert, by, NID_basic_constraints, r->is_ca ? "critical,CA:TRUE" : "CA:FALSE");
    if (r->usage)
        add_extension(id.cert, by, NID_ext_key_usage, r->usage);
    if (r->alt)
        add_extension(id.cert, by, NID_subject_alt_name, r->alt);
    assert_true(X509_sign(id.cert, issuer ? issuer->key : id.key, EVP_sha256()) > 0);
    return id;
}

static inline void identity_done(struct identity *id)
{
    EVP_PKEY_free(id->key);
    X509_free(id->cert);
}

struct files {
    char dir[64], cert[96], key[96], ca[96];
};

static inline void write_identity(const struct files *f, const struct identity *id)
{
    FILE *cert = fopen(f->cert, "w"), *key = fopen(f->key, "w");

    assert_true(cert && key);
    assert_int_equal(PEM_write_X509(cert, id->cert), 1);
    assert_int_equal(PEM_write_PrivateKey(key, id->key, NULL, NULL, 0, NULL, NULL), 1);
    fclose(cert);
    fclose(key);
}

static inline void write_ca(const struct files *f, const struct identity *ca)
{
    FILE *file = fopen(f->ca, "w");

    assert_non_null(file);
    assert_int_equal(PEM_write_X509(file, ca->cert), 1);
    fclose(file);
}

static inline void make_folder(struct files *f)
{
    snprintf(f->dir, sizeof f->dir, "/tmp/tocsin-tls-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    snprintf(f->cert, sizeof f->cert, "%s/cert.pem", f->dir);
    snprintf(f->key, sizeof f->key, "%s/key.pem", f->dir);
    snprintf(f->ca, sizeof f->ca, "%s/ca.pem", f->dir);
}

static inline void remove_folder(const struct files *f)
{
    unlink(f->cert);
    unlink(f->key);
    unlink(f->ca);
    rmdir(f->dir);
}

/* World, files and a server certificate with serial 1. */
struct secure_world {
    struct world w;
    struct files f;
    struct tcn_tls *tls;
};

static inline void put_server_cert(struct secure_world *s, long serial)
{
    struct identity id =
        make_identity(&(struct recipe){.name = "tocsin.test", .serial = serial}, NULL);

    write_identity(&s->f, &id);
    identity_done(&id);
}

static inline void secure_start(struct secure_world *s, const struct identity *ca,
                                bool needs_client)
{
    struct tcn_tls_files files = {
        .cert = s->f.cert, .key = s->f.key, .needs_client_cert = needs_client};
    struct tcn_err err = {0};

    make_folder(&s->f);
    put_server_cert(s, 1);
    if (ca) {
        write_ca(&s->f, ca);
        files.client_ca = s->f.ca;
    }
    if (tcn_tls_new(&files, &s->tls, &err) < 0)
        fail_msg("%s", err.msg);
    world_init(&s->w);
    s->w.options.head_ms = 400;
    world_listen(&s->w, s->tls);
}

static inline void secure_stop(struct secure_world *s)
{
    world_stop(&s->w);
    tcn_tls_free(s->tls);
    remove_folder(&s->f);
}

/* A client that speaks TLS. */
struct tls_client {
    struct world *w;
    SSL_CTX *ctx;
    struct bufferevent *bev;
    struct tcn_buf got;
    bool is_connected, is_over;
};

static inline void on_tls_read(struct bufferevent *bev, void *arg)
{
    struct tls_client *c = arg;
    struct evbuffer *in = bufferevent_get_input(bev);
    char bytes[65536];
    int n;

    while ((n = evbuffer_remove(in, bytes, sizeof bytes)) > 0)
        tcn_buf_add(&c->got, bytes, (size_t)n);
}

static inline void on_tls_event(struct bufferevent *bev, short what, void *arg)
{
    struct tls_client *c = arg;

    (void)bev;
    if (what & BEV_EVENT_CONNECTED)
        c->is_connected = true;
    else
        c->is_over = true;
}

static inline SSL *tls_client_init(struct tls_client *c, struct world *w)
{
    *c = (struct tls_client){.w = w, .ctx = SSL_CTX_new(TLS_client_method())};
    tcn_buf_init(&c->got, 64 << 20);
    /* only here may the weak be offered: the server must refuse it */
    SSL_CTX_set_security_level(c->ctx, 0);
    SSL_CTX_set_min_proto_version(c->ctx, TLS1_VERSION);
    return SSL_new(c->ctx);
}

static inline void tls_client_go(struct tls_client *c, SSL *ssl)
{
    int fd = connect_from(c->w, "127.0.0.1");

    evutil_make_socket_nonblocking(fd);
    c->bev = bufferevent_openssl_socket_new(c->w->base, fd, ssl, BUFFEREVENT_SSL_CONNECTING,
                                            BEV_OPT_CLOSE_ON_FREE);
    bufferevent_setcb(c->bev, on_tls_read, NULL, on_tls_event, c);
    bufferevent_enable(c->bev, EV_READ | EV_WRITE);
}

static inline void tls_client_open(struct tls_client *c, struct world *w)
{
    tls_client_go(c, tls_client_init(c, w));
    WAIT_UNTIL(w, c->is_connected || c->is_over);
}

static inline void tls_client_close(struct tls_client *c)
{
    bufferevent_free(c->bev);
    turn(c->w);
    SSL_CTX_free(c->ctx);
    tcn_buf_done(&c->got);
    ERR_clear_error();
}

static inline void tls_say(struct tls_client *c, const char *text)
{
    bufferevent_write(c->bev, text, strlen(text));
}

static inline bool tls_got(const struct tls_client *c, const char *text)
{
    return memmem(c->got.ptr, c->got.len, text, strlen(text)) != NULL;
}

#endif
