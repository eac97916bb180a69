/* Joins the SDK's table with request.c, sink.c and classify.c; keeps what connectors log free of secrets. */
#include "connect/host.h"
#include "base/text.h"
#include "connect/classify.h"
#include "connect/message.h"
#include "connect/record.h"
#include "connect/request.h"
#include "connect/sink.h"
#include "sys/log.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdarg.h>
#include <stdio.h>

#define TEXT_MAX 1024

__attribute__((format(printf, 3, 4))) static void host_log(const struct tocsin_instance *sdk,
                                                           int level, const char *fmt, ...)
{
    const struct tcn_instance *i = tcn_instance_of(sdk);
    char text[TEXT_MAX], clean[TEXT_MAX];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    tcn_record_line(i, text, clean, sizeof clean);
    if (level < TCN_LOG_DEBUG || level > TCN_LOG_ERROR)
        level = TCN_LOG_INFO;
    tcn_log((enum tcn_log_level)level, "connector", clean, "instance", sdk->name, NULL);
}

__attribute__((format(printf, 2, 3))) static int host_fail(const struct tocsin_instance *sdk,
                                                           const char *fmt, ...)
{
    struct tcn_instance *i = tcn_instance_of(sdk);
    char text[TEXT_MAX];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    tcn_record_line(i, text, i->failure, sizeof i->failure);
    return -1;
}

static const char *host_header(const void *msg, const char *name)
{
    return tcn_message_header(msg, name);
}

static const EVP_MD *digest_of(const char *alg)
{
    if (strcmp(alg, "sha256") == 0)
        return EVP_sha256();
    if (strcmp(alg, "sha512") == 0)
        return EVP_sha512();
    return strcmp(alg, "sha1") == 0 ? EVP_sha1() : NULL;
}

/* Of n bytes: twice as many digits, or base64. */
static bool read_hash(struct tcn_str text, uint8_t ret[EVP_MAX_MD_SIZE], unsigned n)
{
    struct tcn_buf bytes;
    bool is;

    if (tcn_unhex(text, ret, n) == 0)
        return true;
    tcn_buf_init(&bytes, 2 * EVP_MAX_MD_SIZE);
    is = tcn_unbase64(text, &bytes) == 0 && bytes.len == n;
    if (is)
        memcpy(ret, bytes.ptr, n);
    tcn_buf_done(&bytes);
    return is;
}

int tcn_hmac_ok(const struct tcn_secret *secret, const char *alg, const void *data, size_t len,
                const char *hex)
{
    const EVP_MD *md = alg ? digest_of(alg) : NULL;
    uint8_t want[EVP_MAX_MD_SIZE], got[EVP_MAX_MD_SIZE];
    unsigned n = 0;

    /* An empty key would let everybody sign. */
    if (!md || !secret || !secret->ptr || secret->len == 0 || !hex)
        return 0;
    if (!HMAC(md, secret->ptr, (int)secret->len, data, len, want, &n))
        return 0;
    return read_hash(tcn_str(hex), got, n) && CRYPTO_memcmp(want, got, n) == 0;
}

static int host_hmac_ok(const struct tocsin_instance *sdk, const char *secret_option,
                        const char *alg, const void *data, size_t len, const char *hex)
{
    return tcn_hmac_ok(tcn_instance_secret(tcn_instance_of(sdk), secret_option), alg, data, len,
                       hex);
}

const struct tocsin_host tcn_host = {
    .size = sizeof(struct tocsin_host),
    .log = host_log,
    .fail = host_fail,
    .request = tcn_request_request,
    .query = tcn_request_query,
    .set_header = tcn_request_set_header,
    .set_json = tcn_request_set_json,
    .mail = tcn_request_mail,
    .auth = tcn_request_auth,
    .header = host_header,
    .classify = tcn_classify,
    .hmac_ok = host_hmac_ok,
    .report = tcn_sink_report,
    .emit = tcn_sink_emit,
    .bad_field = tcn_sink_bad_field,
    .reply = tcn_sink_reply,
    .tell = tcn_sink_tell,
};
