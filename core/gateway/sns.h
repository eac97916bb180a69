/* Messages of Amazon SNS over HTTP: parsed, verified, answered. Format and signing: "Verifying the signatures of
 * Amazon SNS messages" of the SNS developer guide. The order of checks is the defence: what the body says of itself
 * is believed only after the topic is known to be ours, and no address of the body is ever fetched as it stands. */
#ifndef TCN_GATEWAY_SNS_H
#define TCN_GATEWAY_SNS_H

#include "base/json.h"
#include "sys/cert.h"

#define TCN_SNS_TOPICS_MAX 50
#define TCN_SNS_URL_MAX 512
#define TCN_SNS_SECOND "and" /* of another credential, which cred.h reads */
#define TCN_SNS_ID_MAX 200   /* MessageId; SNS writes UUIDs */
#define TCN_SNS_PAST_MS                                                                            \
    INT64_C(3600000) /* SNS retries for at most 3,600 s with the first Timestamp */
#define TCN_SNS_FUTURE_MS INT64_C(300000) /* clocks */

enum tcn_sns_confirm { TCN_SNS_AUTO = 0, TCN_SNS_MANUAL, TCN_SNS_NEVER };

/* What a source allows. */
struct tcn_sns_policy {
    const char *topics[TCN_SNS_TOPICS_MAX]; /* tcn_sns_is_topic_pattern() holds */
    size_t n_topics;
    bool
        allows_v1; /* SHA-1 too: topics that were never switched to version 2, which is always allowed */
    bool has_window; /* refuse old and future timestamps */
    enum tcn_sns_confirm confirm;
    struct tcn_cert *pinned; /* owned; then none is fetched, and SigningCertURL is not looked at */
};

int tcn_sns_policy_read(const struct tcn_node *at, struct tcn_sns_policy **ret);
void tcn_sns_policy_free(struct tcn_sns_policy *p);

/* One of the source's topics. */
bool tcn_sns_allows_topic(const struct tcn_sns_policy *p, struct tcn_str topic);

enum tcn_sns_type {
    TCN_SNS_UNSET = 0,
    TCN_SNS_NOTIFICATION,
    TCN_SNS_SUBSCRIPTION,
    TCN_SNS_UNSUBSCRIPTION
};

/* A parsed message; text is borrowed from the JSON tree. token and subscribe_url are empty in a notification, where
 * nothing signs them. */
struct tcn_sns_message {
    enum tcn_sns_type type;
    struct tcn_str id, topic, subject, message, timestamp, token, subscribe_url, signature,
        cert_url;
    bool has_subject;
    int version; /* of the signature: 1 or 2 */
    int64_t time_ms;
};

/* For the bodies of such messages: an envelope is flat, and what a stranger sends waits, parsed, for a certificate. */
extern const struct tcn_json_limits tcn_sns_json; /* 1 MiB, 2,000 nodes, depth 8 */

/* Reads and checks the form; TCN_EINVALID, err says which member is wrong. Only Message may have line feeds and other
 * controls: members of the string to sign are ended by line feeds and not escaped, so that a line feed in another one
 * would give one signature two readings (the Subject moved into the MessageId, which makes a replay look new). */
int tcn_sns_parse(json_t *body, struct tcn_sns_message *ret, struct tcn_err *err);
/* Appends the string to sign: the signed members in byte order, each name and value ended by a line feed. */
void tcn_sns_canonical(const struct tcn_sns_message *m, struct tcn_buf *ret);

/* Everything that can be said before a certificate is at hand: topic allowed, version allowed, time in the window, the
 * address of the certificate one that SNS uses in the topic's own region; with a pinned certificate, that it is valid
 * now, and no address is looked at. TCN_EAUTH. */
int tcn_sns_admit(const struct tcn_sns_policy *p, const struct tcn_sns_message *m, int64_t now_ms,
                  struct tcn_err *err);
/* The signature under that certificate. TCN_EAUTH. */
int tcn_sns_verify(const struct tcn_sns_message *m, const struct tcn_cert *cert,
                   struct tcn_err *err);

/* The ARN of a topic with partition, region and account written out; a * may end it and stands for the rest of the
 * name. Nothing else may be open: everybody with an account of AWS has topics in every region. */
bool tcn_sns_is_topic_pattern(struct tcn_str pattern);
bool tcn_sns_topic_matches(struct tcn_str topic, struct tcn_str pattern);
/* Appends "sns.REGION.amazonaws.com" (".cn" in the China partition), from the topic's ARN. TCN_EINVALID when it is no
 * ARN of a topic, or of a partition that the region does not lie in. */
int tcn_sns_host(struct tcn_str topic, struct tcn_buf *ret);
/* True for https://HOST/SimpleNotificationService-<32 hex>.pem with exactly that host: no port, no user, no query. */
bool tcn_sns_is_cert_url(struct tcn_str url, struct tcn_str host);
/* Appends the i-th (from 0) name that a certificate at that admitted address may bear; false behind the last. */
bool tcn_sns_cert_name(struct tcn_str url, size_t i, struct tcn_buf *ret);
/* Appends the address that confirms a subscription, built from the signed topic and token alone. TCN_EINVALID for
 * another type of message, TCN_ELIMIT when it does not fit. */
int tcn_sns_confirm_url(const struct tcn_sns_message *m, struct tcn_buf *ret);
/* The SubscriptionArn of the answer to ConfirmSubscription, borrowed; false when there is none. */
bool tcn_sns_subscription_arn(struct tcn_str xml, struct tcn_str *ret);

#endif
