#include "sys/cert.h"
#include "base/xalloc.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

struct tcn_cert {
    X509 *x509;
    EVP_PKEY *key; /* borrowed from x509 */
};

/* The queue of libcrypto is emptied, so that an error of now is never told as one of later. */
static int fail(struct tcn_err *err, int code, const char *what)
{
    ERR_clear_error();
    return tcn_fail(err, code, "%s", what);
}

static bool is_only_blank(BIO *bio)
{
    char c;

    while (BIO_read(bio, &c, 1) == 1)
        if (!strchr(" \t\r\n", c))
            return false;
    return true;
}

static int check_key(EVP_PKEY *key, struct tcn_err *err)
{
    if (!key || EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA)
        return fail(err, TCN_EINVALID, "the certificate has no RSA key");
    if (EVP_PKEY_get_bits(key) < TCN_CERT_RSA_MIN)
        return fail(err, TCN_EINVALID, "the certificate's RSA key is shorter than 2048 bits");
    return 0;
}

int tcn_cert_parse(struct tcn_str pem, struct tcn_cert **ret, struct tcn_err *err)
{
    static const char head[] = "-----BEGIN CERTIFICATE-----";
    struct tcn_cert *c;
    X509 *x509 = NULL;
    BIO *bio;
    int r = 0;

    if (pem.len > TCN_CERT_PEM_MAX)
        return fail(err, TCN_ELIMIT, "the certificate is larger than 16 KiB");
    if (!tcn_str_starts(pem, tcn_str(head)))
        return fail(err, TCN_ESYNTAX, "not a PEM certificate");
    bio = BIO_new_mem_buf(pem.ptr, (int)pem.len);
    if (bio)
        x509 = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    if (!x509 || !is_only_blank(bio))
        r = fail(err, TCN_ESYNTAX, "not exactly one PEM certificate");
    else
        r = check_key(X509_get0_pubkey(x509), err);
    BIO_free(bio);
    if (r < 0) {
        X509_free(x509);
        return r;
    }
    c = tcn_xcalloc(1, sizeof *c);
    c->x509 = x509;
    c->key = X509_get0_pubkey(x509);
    *ret = c;
    return 0;
}

void tcn_cert_free(struct tcn_cert *c)
{
    if (!c)
        return;
    X509_free(c->x509);
    free(c);
}

int tcn_cert_is_current(const struct tcn_cert *c, int64_t now_ms, struct tcn_err *err)
{
    time_t now = (time_t)(now_ms / 1000);

    if (X509_cmp_time(X509_get0_notBefore(c->x509), &now) >= 0)
        return fail(err, TCN_EAUTH, "the certificate is not valid yet");
    if (X509_cmp_time(X509_get0_notAfter(c->x509), &now) <= 0)
        return fail(err, TCN_EAUTH, "the certificate has expired");
    return 0;
}

int64_t tcn_cert_end_ms(const struct tcn_cert *c)
{
    ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
    int days = 0, seconds = 0;

    if (!epoch || ASN1_TIME_diff(&days, &seconds, epoch, X509_get0_notAfter(c->x509)) != 1)
        days = seconds = 0;
    ASN1_TIME_free(epoch);
    return ((int64_t)days * 86400 + seconds) * 1000;
}

static int load_roots(X509_STORE *store, const char *ca_file)
{
    return ca_file ? X509_STORE_load_file(store, ca_file) : X509_STORE_set_default_paths(store);
}

/* Called for each error of a chain; 1 goes on. */
static int tolerate_missing_issuer(int ok, X509_STORE_CTX *ctx)
{
    int e = X509_STORE_CTX_get_error(ctx);

    /* OpenSSL tells the one gap by two codes: no issuer, and then that the leaf's signature stays unchecked. */
    return ok || e == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY ||
           e == X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE;
}

static int check_chain(const struct tcn_cert *c, X509_STORE *store, X509_STORE_CTX *ctx,
                       const char *host, int64_t now_ms, struct tcn_err *err)
{
    X509_VERIFY_PARAM *param;

    if (X509_STORE_CTX_init(ctx, store, c->x509, NULL) != 1)
        return fail(err, TCN_EAUTH, "cannot check the certificate");
    param = X509_STORE_CTX_get0_param(ctx);
    X509_VERIFY_PARAM_set_time(param, (time_t)(now_ms / 1000));
    if (X509_VERIFY_PARAM_set1_host(param, host, 0) != 1 || X509_verify_cert(ctx) != 1) {
        ERR_clear_error();
        return tcn_fail(err, TCN_EAUTH, "certificate of %s: %s", host,
                        X509_verify_cert_error_string(X509_STORE_CTX_get_error(ctx)));
    }
    return 0;
}

int tcn_cert_check(const struct tcn_cert *c, const char *host, const char *ca_file,
                   bool may_lack_issuer, int64_t now_ms, struct tcn_err *err)
{
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    int r;

    if (store && may_lack_issuer)
        X509_STORE_set_verify_cb(store, tolerate_missing_issuer);
    if (!store || !ctx || load_roots(store, ca_file) != 1)
        r = fail(err, TCN_EAUTH, "cannot load the trusted roots");
    else
        r = check_chain(c, store, ctx, host, now_ms, err);
    X509_STORE_CTX_free(ctx);
    X509_STORE_free(store);
    return r;
}

int tcn_cert_verify(const struct tcn_cert *c, enum tcn_digest digest, struct tcn_str message,
                    struct tcn_str signature, struct tcn_err *err)
{
    const EVP_MD *md = digest == TCN_SHA1 ? EVP_sha1() : EVP_sha256();
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    int r = -1;

    if (ctx && EVP_DigestVerifyInit(ctx, NULL, md, NULL, c->key) == 1)
        r = EVP_DigestVerify(ctx, (const unsigned char *)signature.ptr, signature.len,
                             (const unsigned char *)message.ptr, message.len);
    EVP_MD_CTX_free(ctx);
    ERR_clear_error();
    return r == 1 ? 0 : tcn_fail(err, TCN_EAUTH, "the signature does not fit the message");
}
