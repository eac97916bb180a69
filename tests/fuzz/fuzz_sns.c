/* No bytes are a message that a key signed which never signed anything. And the string to sign has one reading: from it
 * alone the same members come back, whatever they hold.
 *
 * Input: the body of a delivery. */
#include "../unit/sys/mint.h"
#include "gateway/sns.h"

#define ALLOWED "arn:aws:sns:us-east-1:123456789012:ops-"
#define NOW MINT_NOW

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
    if (!condition)
        abort();
}

/* Its key is forgotten at once. */
static const struct tcn_cert *certificate(void)
{
    static struct tcn_cert *cert;
    struct tcn_buf pem;
    EVP_PKEY *key;
    X509 *x509;

    if (cert)
        return cert;
    key = mint_rsa(2048);
    x509 = mint(&(struct mint){.cn = "sns.amazonaws.com", .key = key});
    tcn_buf_init(&pem, 65536);
    mint_pem(x509, &pem);
    must(tcn_cert_parse(tcn_buf_view(&pem), &cert, NULL) == 0);
    tcn_buf_done(&pem);
    X509_free(x509);
    EVP_PKEY_free(key);
    return cert;
}

/* Takes the last line off. */
static struct tcn_str last_line(struct tcn_str *text)
{
    const char *feed;
    size_t start;
    struct tcn_str line;

    must(text->len > 0 && text->ptr[text->len - 1] == '\n');
    text->len--;
    feed = memrchr(text->ptr, '\n', text->len);
    start = feed ? (size_t)(feed - text->ptr) + 1 : 0;
    line = (struct tcn_str){text->ptr + start, text->len - start};
    text->len = start;
    return line;
}

static void expect_member(struct tcn_str *text, const char *name, struct tcn_str want)
{
    must(tcn_str_eq(last_line(text), want));
    must(tcn_str_eq(last_line(text), tcn_str(name)));
}

/* Read from its end, where each member has one line; what is left is the message. */
static void check_one_reading(const struct tcn_sns_message *m, struct tcn_str text)
{
    static const char *const types[] = {"", "Notification", "SubscriptionConfirmation",
                                        "UnsubscribeConfirmation"};
    struct tcn_str value;

    expect_member(&text, "Type", tcn_str(types[m->type]));
    expect_member(&text, "TopicArn", m->topic);
    if (m->type != TCN_SNS_NOTIFICATION)
        expect_member(&text, "Token", m->token);
    expect_member(&text, "Timestamp", m->timestamp);
    if (m->type != TCN_SNS_NOTIFICATION)
        expect_member(&text, "SubscribeURL", m->subscribe_url);
    value = last_line(&text);
    if (tcn_str_eq(last_line(&text), TCN_STR("Subject"))) {
        must(m->has_subject && tcn_str_eq(value, m->subject));
        value = last_line(&text);
        must(tcn_str_eq(last_line(&text), TCN_STR("MessageId")));
    } else {
        must(!m->has_subject);
    }
    must(tcn_str_eq(value, m->id));
    must(text.len == strlen("Message\n") + m->message.len + 1);
    must(memcmp(text.ptr + strlen("Message\n"), m->message.ptr, m->message.len) == 0);
}

static void check_admitted(const struct tcn_sns_message *m)
{
    must(tcn_str_starts(m->topic, TCN_STR(ALLOWED)));
    must(m->version == 2);
    must(m->time_ms >= NOW - TCN_SNS_PAST_MS && m->time_ms <= NOW + TCN_SNS_FUTURE_MS);
    must(tcn_sns_is_cert_url(m->cert_url, TCN_STR("sns.us-east-1.amazonaws.com")));
}

static void check_message(const struct tcn_sns_message *m)
{
    static const struct tcn_sns_policy policy = {
        .topics = {ALLOWED "*"}, .n_topics = 1, .has_window = true};
    struct tcn_buf canonical;

    tcn_buf_init(&canonical, 4u << 20);
    tcn_sns_canonical(m, &canonical);
    must(tcn_buf_ok(&canonical));
    check_one_reading(m, tcn_buf_view(&canonical));
    tcn_buf_done(&canonical);
    if (tcn_sns_admit(&policy, m, NOW, NULL) == 0)
        check_admitted(m);
    must(tcn_sns_verify(m, certificate(), NULL) < 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tcn_sns_message m;
    json_t *root = NULL;
    struct tcn_err err;

    if (tcn_json_parse((struct tcn_str){(const char *)data, size}, &tcn_sns_json, &root, &err) < 0)
        return 0;
    if (tcn_sns_parse(root, &m, &err) == 0)
        check_message(&m);
    json_decref(root);
    return 0;
}
