#include "sys/cert.h"
#include "base/buf.h"
#include "base/text.h"
#include "base/xalloc.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#define PEM_HEAD "-----BEGIN CERTIFICATE-----"
#define PEM_TAIL "-----END CERTIFICATE-----"
/* Bits of security that every key and digest of a chain must have: RSA-2048, no SHA-1 (SP 800-57 part 1). */
#define CHAIN_LEVEL 2

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

/* Read here and not by libcrypto, whose PEM reader skips text between blocks, knows encrypted ones and asks the
 * terminal for their password. */
static int decode_pem(struct tcn_str pem, struct tcn_buf *ret_der)
{
    struct tcn_buf letters;
    int r;

    if (!tcn_str_starts(pem, TCN_STR(PEM_HEAD)))
        return TCN_ESYNTAX;
    pem = tcn_str_trim((struct tcn_str){pem.ptr + strlen(PEM_HEAD), pem.len - strlen(PEM_HEAD)});
    if (!tcn_str_ends(pem, TCN_STR(PEM_TAIL)))
        return TCN_ESYNTAX;
    tcn_buf_init(&letters, pem.len);
    for (size_t i = 0; i < pem.len - strlen(PEM_TAIL); i++)
        if (pem.ptr[i] != '\r' && pem.ptr[i] != '\n')
            tcn_buf_char(&letters, pem.ptr[i]);
    r = tcn_unbase64(tcn_buf_view(&letters), ret_der);
    tcn_buf_done(&letters);
    return r;
}

static X509 *decode_der(struct tcn_str der)
{
    const unsigned char *p = (const unsigned char *)der.ptr;
    X509 *x509 = d2i_X509(NULL, &p, (long)der.len);

    if (x509 && p != (const unsigned char *)der.ptr + der.len) {
        X509_free(x509);
        return NULL;
    }
    return x509;
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
    struct tcn_cert *c;
    X509 *x509 = NULL;
    struct tcn_buf der;
    int r;

    if (pem.len > TCN_CERT_PEM_MAX)
        return fail(err, TCN_ELIMIT, "the certificate is larger than 16 KiB");
    tcn_buf_init(&der, TCN_CERT_PEM_MAX);
    if (decode_pem(pem, &der) == 0)
        x509 = decode_der(tcn_buf_view(&der));
    tcn_buf_done(&der);
    if (!x509)
        return fail(err, TCN_ESYNTAX, "not exactly one PEM certificate");
    if ((r = check_key(X509_get0_pubkey(x509), err)) < 0) {
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

bool tcn_cert_is_of(const struct tcn_cert *c, const char *host)
{
    return X509_check_host(c->x509, host, strlen(host), X509_CHECK_FLAG_NO_WILDCARDS, NULL) == 1;
}

static int load_roots(X509_STORE *store, const char *ca_file)
{
    return ca_file ? X509_STORE_load_file(store, ca_file) : X509_STORE_set_default_paths(store);
}

/* Called for each error of a chain; 1 goes on. */
static int tolerate_missing_issuer(int ok, X509_STORE_CTX *ctx)
{
    int e = X509_STORE_CTX_get_error(ctx);
    bool is_leaf = X509_STORE_CTX_get_error_depth(ctx) == 0;

    /* OpenSSL tells the one gap by two codes: no issuer, and then that the leaf's signature stays unchecked. */
    return ok || (is_leaf && (e == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY ||
                              e == X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE));
}

static int check_chain(const struct tcn_cert *c, X509_STORE *store, X509_STORE_CTX *ctx,
                       const char *host, int64_t now_ms, struct tcn_err *err)
{
    X509_VERIFY_PARAM *param;

    if (X509_STORE_CTX_init(ctx, store, c->x509, NULL) != 1)
        return fail(err, TCN_EIO, "cannot check the certificate");
    param = X509_STORE_CTX_get0_param(ctx);
    X509_VERIFY_PARAM_set_time(param, (time_t)(now_ms / 1000));
    X509_VERIFY_PARAM_set_auth_level(param, CHAIN_LEVEL);
    X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_WILDCARDS);
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
        r = fail(err, TCN_EIO, "cannot load the trusted roots");
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
