/* Keys, certificates and signatures made on the spot, for tests that verify them. Everything is thrown away with the
 * process; nothing of it is kept in a file. */
#ifndef TESTS_UNIT_SYS_MINT_H
#define TESTS_UNIT_SYS_MINT_H

#include "base/text.h"

#include <assert.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <unistd.h>

#define MINT_NOW INT64_C(1785690280000) /* 2026-08-02T17:04:40Z */
#define MINT_DAY INT64_C(86400000)

struct mint {
    const char *cn;  /* common name of the subject; NULL = none */
    const char *san; /* "DNS:a,DNS:b" or NULL */
    bool is_ca;
    int64_t from_ms, to_ms; /* 0 = a year around MINT_NOW */
    EVP_PKEY *key;          /* borrowed; of the subject */
    X509 *issuer;           /* borrowed; NULL = signs itself */
    EVP_PKEY *issuer_key;   /* borrowed; NULL = key */
    const EVP_MD *md;       /* NULL = SHA-256 */
};

static inline EVP_PKEY *mint_rsa(unsigned bits)
{
    EVP_PKEY *key = EVP_RSA_gen(bits);

    assert(key);
    return key;
}

static inline void mint_extension(X509 *x, int nid, const char *value)
{
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
    int r = e ? X509_add_ext(x, e, -1) : 0;

    assert(r == 1);
    (void)r;
    X509_EXTENSION_free(e);
}

static inline void mint_name(X509 *x, const struct mint *m)
{
    X509_NAME *name = X509_get_subject_name(x);

    if (m->cn)
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)m->cn, -1, -1,
                                   0);
    X509_set_issuer_name(x, m->issuer ? X509_get_subject_name(m->issuer) : name);
}

static inline X509 *mint(const struct mint *m)
{
    X509 *x = X509_new();
    int64_t from = m->from_ms ? m->from_ms : MINT_NOW - 180 * MINT_DAY;
    int64_t to = m->to_ms ? m->to_ms : MINT_NOW + 180 * MINT_DAY;
    int r;

    assert(x);
    X509_set_version(x, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(x), m->is_ca ? 1 : 2);
    ASN1_TIME_set(X509_getm_notBefore(x), (time_t)(from / 1000));
    ASN1_TIME_set(X509_getm_notAfter(x), (time_t)(to / 1000));
    X509_set_pubkey(x, m->key);
    mint_name(x, m);
    mint_extension(x, NID_basic_constraints, m->is_ca ? "critical,CA:TRUE" : "critical,CA:FALSE");
    if (m->san)
        mint_extension(x, NID_subject_alt_name, m->san);
    r = X509_sign(x, m->issuer_key ? m->issuer_key : m->key, m->md ? m->md : EVP_sha256());
    assert(r > 0);
    (void)r;
    return x;
}

/* Appends the PEM. */
static inline void mint_pem(X509 *x, struct tcn_buf *out)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *text;
    long n;

    assert(bio);
    PEM_write_bio_X509(bio, x);
    n = BIO_get_mem_data(bio, &text);
    tcn_buf_add(out, text, (size_t)n);
    BIO_free(bio);
    assert(tcn_buf_ok(out));
}

/* RSASSA-PKCS1-v1_5 over message, appended as bytes. */
static inline void mint_signature(EVP_PKEY *key, const EVP_MD *md, struct tcn_str message,
                                  struct tcn_buf *out)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    unsigned char bytes[1024];
    size_t n = sizeof bytes;
    int r = EVP_DigestSignInit(ctx, NULL, md, NULL, key);

    r = r == 1 ? EVP_DigestSign(ctx, bytes, &n, (const unsigned char *)message.ptr, message.len)
               : r;
    assert(r == 1);
    (void)r;
    EVP_MD_CTX_free(ctx);
    tcn_buf_add(out, bytes, n);
}

/* A file with that text; path is a template of mkstemp. */
static inline void mint_file(char *path, struct tcn_str text)
{
    int fd = mkstemp(path);
    ssize_t n = fd < 0 ? -1 : write(fd, text.ptr, text.len);

    assert(n == (ssize_t)text.len);
    (void)n;
    close(fd);
}

#endif
