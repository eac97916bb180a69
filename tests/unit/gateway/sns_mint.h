/* Messages as SNS would send them, signed with a key of the test. The string to sign is built here a second time, from
 * the developer guide and not from the code under test. */
#ifndef TESTS_UNIT_GATEWAY_SNS_MINT_H
#define TESTS_UNIT_GATEWAY_SNS_MINT_H

#include "../sys/mint.h"
#include "gateway/sns.h"

#include <string.h>

#define SNS_HOST "sns.us-east-1.amazonaws.com"
#define SNS_ARN "arn:aws:sns:us-east-1:123456789012:"
#define SNS_TOPIC SNS_ARN "ops-alarms"
#define SNS_CERT_PATH "/SimpleNotificationService-7ff5318490ec183fbaddaa2a969abfda.pem"
#define SNS_CERT_URL "https://" SNS_HOST SNS_CERT_PATH
#define SNS_TIME "2026-08-02T17:04:40.000Z" /* MINT_NOW */
#define SNS_ID "a1b2c3d4-0000-5000-8000-000000000001"

/* Members that are NULL are left out. */
struct sns_fields {
    const char *type, *id, *topic, *subject, *message, *timestamp, *token, *subscribe_url, *version,
        *cert_url;
};

static const struct sns_fields sns_notification = {.type = "Notification",
                                                   .id = SNS_ID,
                                                   .topic = SNS_TOPIC,
                                                   .subject = "ALARM: \"web\"",
                                                   .message = "{\"AlarmName\":\"web\"}",
                                                   .timestamp = SNS_TIME,
                                                   .version = "2",
                                                   .cert_url = SNS_CERT_URL};
static const struct sns_fields sns_subscription = {
    .type = "SubscriptionConfirmation",
    .id = SNS_ID,
    .topic = SNS_TOPIC,
    .message = "You have chosen to subscribe.\nTo confirm, visit the SubscribeURL.",
    .timestamp = SNS_TIME,
    .token = "2336412f37fb687f5d51e6e241d09c80",
    .subscribe_url = "https://" SNS_HOST "/?Action=ConfirmSubscription&Token=2336412f37fb",
    .version = "2",
    .cert_url = SNS_CERT_URL};

static inline struct sns_fields sns_unsubscription(void)
{
    struct sns_fields f = sns_subscription;

    f.type = "UnsubscribeConfirmation";
    f.message = "You have chosen to deactivate the subscription.";
    return f;
}

static inline void sns_sign_member(struct tcn_buf *out, const char *name, const char *value)
{
    if (value)
        tcn_buf_fmt(out, "%s\n%s\n", name, value);
}

/* "Subject" belongs to notifications, "SubscribeURL" and "Token" to the others. */
static inline void sns_string_to_sign(const struct sns_fields *f, struct tcn_buf *out)
{
    bool is_notification = strcmp(f->type, "Notification") == 0;

    sns_sign_member(out, "Message", f->message);
    sns_sign_member(out, "MessageId", f->id);
    sns_sign_member(out, "Subject", is_notification ? f->subject : NULL);
    sns_sign_member(out, "SubscribeURL", is_notification ? NULL : f->subscribe_url);
    sns_sign_member(out, "Timestamp", f->timestamp);
    sns_sign_member(out, "Token", is_notification ? NULL : f->token);
    sns_sign_member(out, "TopicArn", f->topic);
    sns_sign_member(out, "Type", f->type);
}

static inline void sns_set(json_t *body, const char *name, const char *value)
{
    if (value)
        json_object_set_new(body, name, json_string(value));
}

/* Without a signature. */
static inline json_t *sns_unsigned(const struct sns_fields *f)
{
    json_t *body = json_object();

    sns_set(body, "Type", f->type);
    sns_set(body, "MessageId", f->id);
    sns_set(body, "Token", f->token);
    sns_set(body, "TopicArn", f->topic);
    sns_set(body, "Subject", f->subject);
    sns_set(body, "Message", f->message);
    sns_set(body, "SubscribeURL", f->subscribe_url);
    sns_set(body, "Timestamp", f->timestamp);
    sns_set(body, "SignatureVersion", f->version);
    sns_set(body, "SigningCertURL", f->cert_url);
    sns_set(body, "UnsubscribeURL", "https://" SNS_HOST "/?Action=Unsubscribe");
    return body;
}

/* The digest that the version asks for. */
static inline json_t *sns_signed(const struct sns_fields *f, EVP_PKEY *key)
{
    json_t *body = sns_unsigned(f);
    struct tcn_buf text, bytes, base64;

    tcn_buf_init(&text, 2u << 20);
    tcn_buf_init(&bytes, 4096);
    tcn_buf_init(&base64, 8192);
    sns_string_to_sign(f, &text);
    mint_signature(key, strcmp(f->version, "1") == 0 ? EVP_sha1() : EVP_sha256(),
                   tcn_buf_view(&text), &bytes);
    tcn_base64(&base64, bytes.ptr, bytes.len);
    sns_set(body, "Signature", base64.ptr);
    tcn_buf_done(&text);
    tcn_buf_done(&bytes);
    tcn_buf_done(&base64);
    return body;
}

#endif
