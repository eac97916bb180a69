#include "gateway/sns_subscription.h"

/* False when SNS said it before something that is known already. */
static bool is_later(const struct tcn_subscription *row, const struct tcn_sns_message *m)
{
    return row->state == TCN_SUBSCRIPTION_UNSET || m->time_ms > row->as_of_ms;
}

static bool is_in_hand(const struct tcn_subscription *row, struct tcn_str token)
{
    return (row->state == TCN_SUBSCRIPTION_AWAITING || row->state == TCN_SUBSCRIPTION_CONFIRMED ||
            row->state == TCN_SUBSCRIPTION_PENDING) &&
           row->token && tcn_str_eq(tcn_str(row->token), token);
}

/* A call that is out keeps its time: when it brings the subscription, the newer token is not needed. */
static int64_t due_at(const struct tcn_subscription *row, int64_t now_ms)
{
    if (row->state != TCN_SUBSCRIPTION_AWAITING || row->attempts == 0)
        return now_ms;
    return row->due_ms < now_ms + TCN_SNS_LEASE_MS ? row->due_ms : now_ms + TCN_SNS_LEASE_MS;
}

static enum tcn_sns_news told_subscription(struct tcn_subscription *row,
                                           const struct tcn_sns_message *m,
                                           enum tcn_sns_confirm confirm, int64_t now_ms)
{
    if (is_in_hand(row, m->token))
        return TCN_SNS_NO_NEWS;
    if (confirm == TCN_SNS_NEVER)
        return TCN_SNS_NOT_WANTED;
    row->due_ms = confirm == TCN_SNS_AUTO ? due_at(row, now_ms) : 0;
    if (row->state != TCN_SUBSCRIPTION_AWAITING)
        row->attempts = 0;
    row->state = confirm == TCN_SNS_AUTO ? TCN_SUBSCRIPTION_AWAITING : TCN_SUBSCRIPTION_PENDING;
    row->token = m->token.ptr;
    row->as_of_ms = m->time_ms;
    row->asked_ms = now_ms;
    return confirm == TCN_SNS_AUTO ? TCN_SNS_AWAITS : TCN_SNS_NEEDS_PERSON;
}

bool tcn_sns_subscription_wanted(struct tcn_subscription *row, int64_t now_ms)
{
    if ((row->state != TCN_SUBSCRIPTION_PENDING && row->state != TCN_SUBSCRIPTION_FAILED) ||
        !row->token || now_ms - row->asked_ms > TCN_SNS_TOKEN_MS)
        return false;
    row->state = TCN_SUBSCRIPTION_AWAITING;
    row->attempts = 0;
    row->due_ms = now_ms;
    return true;
}

/* The token of this message would subscribe again: it is not kept. */
static enum tcn_sns_news told_end(struct tcn_subscription *row, const struct tcn_sns_message *m)
{
    row->state = TCN_SUBSCRIPTION_ENDED;
    row->token = NULL;
    row->due_ms = 0;
    row->as_of_ms = row->ended_ms = m->time_ms;
    return TCN_SNS_ENDED;
}

static bool is_of_topic(const char *arn, struct tcn_str topic)
{
    struct tcn_str text = tcn_str(arn);

    return text.len > topic.len + 1 && tcn_str_starts(text, topic) && arn[topic.len] == ':';
}

/* While a confirmation is awaited, what arrives may have come by another subscription. */
static enum tcn_sns_news told_delivery(struct tcn_subscription *row,
                                       const struct tcn_sns_message *m, const char *arn)
{
    if (arn && !is_of_topic(arn, m->topic))
        arn = NULL;
    if (row->state == TCN_SUBSCRIPTION_AWAITING)
        return TCN_SNS_NO_NEWS;
    if ((row->state == TCN_SUBSCRIPTION_CONFIRMED || row->state == TCN_SUBSCRIPTION_PENDING) &&
        (!arn || (row->arn && strcmp(arn, row->arn) == 0)))
        return TCN_SNS_NO_NEWS;
    row->state = TCN_SUBSCRIPTION_CONFIRMED;
    row->arn = arn ? arn : row->arn;
    row->as_of_ms = m->time_ms;
    return TCN_SNS_DELIVERS;
}

enum tcn_sns_news tcn_sns_subscription_told(struct tcn_subscription *row,
                                            const struct tcn_sns_message *m, const char *arn,
                                            enum tcn_sns_confirm confirm, int64_t now_ms)
{
    if (!is_later(row, m))
        return TCN_SNS_NO_NEWS;
    switch (m->type) {
    case TCN_SNS_SUBSCRIPTION:
        return told_subscription(row, m, confirm, now_ms);
    case TCN_SNS_UNSUBSCRIPTION:
        return told_end(row, m);
    case TCN_SNS_NOTIFICATION:
        return told_delivery(row, m, arn);
    case TCN_SNS_UNSET:
    default:
        return TCN_SNS_NO_NEWS;
    }
}

bool tcn_sns_subscription_confirmed(struct tcn_subscription *row,
                                    const struct tcn_subscription *sent, const char *arn,
                                    int64_t now_ms)
{
    int64_t took_ms = now_ms > sent->asked_ms ? now_ms - sent->asked_ms : 0;
    int64_t as_of_ms = sent->as_of_ms + took_ms;

    if (row->as_of_ms > as_of_ms)
        return false;
    row->state = TCN_SUBSCRIPTION_CONFIRMED;
    row->arn = arn;
    row->as_of_ms = as_of_ms;
    row->due_ms = 0;
    return true;
}

bool tcn_sns_subscription_failed(struct tcn_subscription *row, const struct tcn_subscription *sent,
                                 bool is_final, int64_t now_ms)
{
    int64_t delay_ms = TCN_SNS_LEASE_MS;

    if (row->state != TCN_SUBSCRIPTION_AWAITING || row->as_of_ms != sent->as_of_ms)
        return true;
    if (is_final || now_ms - row->asked_ms > TCN_SNS_TOKEN_MS) {
        row->state = TCN_SUBSCRIPTION_FAILED;
        row->due_ms = 0;
        return false;
    }
    for (int64_t i = 1; i < row->attempts && delay_ms < TCN_SNS_RETRY_MAX_MS; i++)
        delay_ms *= 2;
    row->due_ms = now_ms + (delay_ms < TCN_SNS_RETRY_MAX_MS ? delay_ms : TCN_SNS_RETRY_MAX_MS);
    return true;
}
