/* Which confirmations of SNS are answered: those that SNS waits for, and no other. Pure.
 *
 * SNS makes a SubscriptionConfirmation when somebody calls Subscribe for an address that is not subscribed: for one that
 * is, it answers with the subscription and sends nothing. So the time that SNS signed tells: what it made up to the moment
 * at which we confirmed belongs to that subscription (a replay, or a second call while the first one was pending) and is
 * left alone. What it made later says that there is a new one to confirm, and that the old one is gone. Nothing else would:
 * who deletes a subscription of his own account causes no UnsubscribeConfirmation (API reference of Unsubscribe: "if the
 * requester is not the subscription owner, a final cancellation message is delivered"), nor does the end of a topic. All
 * times that are compared are SNS's own, so that a wrong clock here makes no difference. */
#ifndef TCN_GATEWAY_SNS_SUBSCRIPTION_H
#define TCN_GATEWAY_SNS_SUBSCRIPTION_H

#include "gateway/sns.h"
#include "model/subscription.h"

#define TCN_SNS_TOKEN_MS INT64_C(259200000) /* "Confirmation tokens are valid for three days" */
#define TCN_SNS_LEASE_MS INT64_C(30000) /* a confirmation that is out is not sent again before */
#define TCN_SNS_RETRY_MAX_MS INT64_C(900000)

enum tcn_sns_news {
    TCN_SNS_NO_NEWS = 0,
    TCN_SNS_AWAITS,       /* a confirmation must be sent: row->due_ms */
    TCN_SNS_NEEDS_PERSON, /* when a person says so: tcn_sns_subscription_wanted */
    TCN_SNS_NOT_WANTED,   /* the source confirms none: nothing is changed */
    TCN_SNS_DELIVERS,     /* it is confirmed, by whomever */
    TCN_SNS_ENDED         /* somebody unsubscribed it; never confirmed again by itself */
};

/* What a verified message tells; changes *row when it is news (text is borrowed from the message and arn). arn: what
 * x-amz-sns-subscription-arn says, or NULL; it is not signed, and believed when it is one of the message's topic. */
enum tcn_sns_news tcn_sns_subscription_told(struct tcn_subscription *row,
                                            const struct tcn_sns_message *m, const char *arn,
                                            enum tcn_sns_confirm confirm, int64_t now_ms);
/* A person wants what is PENDING, or FAILED with a token that may still be good, to be confirmed. False: there is none. */
bool tcn_sns_subscription_wanted(struct tcn_subscription *row, int64_t now_ms);
/* The confirmation of `sent`, a copy of the row as it was then, succeeded. False: a later message was faster. */
bool tcn_sns_subscription_confirmed(struct tcn_subscription *row,
                                    const struct tcn_subscription *sent, const char *arn,
                                    int64_t now_ms);
/* It failed; is_final: SNS will never take the token. False when it was given up. */
bool tcn_sns_subscription_failed(struct tcn_subscription *row, const struct tcn_subscription *sent,
                                 bool is_final, int64_t now_ms);

#endif
