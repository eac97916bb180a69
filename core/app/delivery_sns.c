/* Deliveries of Amazon SNS: verify, then pass on, or take as news of a subscription. */
#include "app/delivery.h"
#include "app/routes.h"
#include "app/subscriptions.h"
#include "sys/clock.h"

#include <stdio.h>
#include <stdlib.h>

#define PATIENCE_S 3 /* a certificate that takes longer is fetched on; SNS tries again */

/* Only what SNS waits for is confirmed; a repeat of what is known is worth a line, since it may be a replay. */
static void tell_nothing_new(struct tcn_delivery_state *d)
{
    struct tcn_left_out left_out;

    if (tcn_delivery_may_tell(d, "sns_known", &left_out))
        tcn_log(TCN_LOG_WARN, "sns",
                "a message about a subscription tells nothing new; nothing was done about it",
                "source", d->source->name, "topic", d->sns.topic.ptr, left_out.key, left_out.text,
                NULL);
}

static void count_news(struct tcn_delivery_state *d)
{
    static const char *const results[] = {
        [TCN_SNS_NO_NEWS] = "known",       [TCN_SNS_AWAITS] = "asked",
        [TCN_SNS_NEEDS_PERSON] = "manual", [TCN_SNS_NOT_WANTED] = "not_wanted",
        [TCN_SNS_DELIVERS] = "delivers",   [TCN_SNS_ENDED] = "unsubscribed"};
    char labels[200];

    snprintf(labels, sizeof labels, "source=\"%s\",result=\"%s\"", d->source->name,
             results[d->news]);
    tcn_metrics_add(d->app->metrics, "tocsin_sns_confirmations_total", labels, 1);
}

void tcn_delivery_control(struct tcn_delivery_state *d)
{
    const char *source = d->source->name, *topic = d->sns.topic.ptr;

    count_news(d);
    switch (d->news) {
    case TCN_SNS_AWAITS:
        tcn_log(TCN_LOG_INFO, "sns", "a subscription waits for its confirmation", "source", source,
                "topic", topic, NULL);
        break;
    case TCN_SNS_NEEDS_PERSON:
        tcn_log(TCN_LOG_WARN, "sns", "a subscription waits for a person", "source", source, "topic",
                topic, "do", "POST /v1/subscriptions/confirm with this source and topic", NULL);
        break;
    case TCN_SNS_NOT_WANTED:
        tcn_log(TCN_LOG_WARN, "sns", "a subscription is not confirmed: \"confirm\" is \"never\"",
                "source", source, "topic", topic, NULL);
        break;
    case TCN_SNS_ENDED:
        tcn_log(TCN_LOG_ERROR, "sns",
                "the topic was unsubscribed: its alarms do not arrive any more", "source", source,
                "topic", topic, NULL);
        break;
    case TCN_SNS_NO_NEWS:
    case TCN_SNS_DELIVERS:
    default:
        tell_nothing_new(d);
    }
    tcn_subscriptions_wake(d->app->subscriptions);
}

static void with_certificate(struct tcn_delivery_state *d, const struct tcn_cert *cert)
{
    struct tcn_err err;

    if (tcn_cert_is_current(cert, tcn_clock_now_ms(), &err) < 0 ||
        tcn_sns_verify(&d->sns, cert, &err) < 0)
        tcn_delivery_refuse(d, 403, "forbidden", err.msg);
    else if (d->sns.type == TCN_SNS_NOTIFICATION) {
        tcn_subscriptions_saw(d->app->subscriptions, d);
        tcn_delivery_submit(d);
    } else {
        tcn_delivery_keep(d);
    }
}

static void busy(struct tcn_delivery_state *d, const char *why)
{
    tcn_delivery_count(d->app, d->source, "busy");
    tcn_answer_busy(d->rq, why);
    d->rq = NULL;
}

static void certificate_came(void *arg, const struct tcn_cert *cert, bool is_final, const char *why)
{
    struct tcn_delivery_state *d = arg;

    /* From here on the store decides how long it takes. */
    if (d->patience)
        event_free(d->patience);
    d->patience = NULL;
    if (!d->rq) /* patience ended; the sender tries again */
        tcn_delivery_free(d);
    else if (cert)
        with_certificate(d, cert);
    else if (is_final)
        tcn_delivery_refuse(d, 403, "forbidden", why);
    else {
        busy(d, why);
        tcn_delivery_free(d);
    }
}

static void patience_ended(evutil_socket_t fd, short what, void *arg)
{
    struct tcn_delivery_state *d = arg;

    (void)fd;
    (void)what;
    if (d->rq)
        busy(d, "the signing certificate is not here yet");
}

static void fetch_certificate(struct tcn_delivery_state *d)
{
    static const struct timeval patience = {PATIENCE_S, 0};

    d->patience = evtimer_new(d->app->base, patience_ended, d);
    if (!d->patience || evtimer_add(d->patience, &patience) < 0)
        abort();
    tcn_sns_certs_get(d->app->certs, d->sns.cert_url, tcn_clock_now_ms(), certificate_came, d);
}

/* The header lets a proxy sort messages; it must not say something else than the signed body. */
static bool header_agrees(struct tcn_delivery_state *d)
{
    const char *header = tcn_delivery_header(d, "x-amz-sns-message-type");
    const char *type = json_string_value(json_object_get(d->root, "Type"));

    return !header || (type && strcmp(header, type) == 0);
}

void tcn_delivery_verify_sns(struct tcn_delivery_state *d)
{
    struct tcn_err err;

    if (tcn_sns_parse(d->root, &d->sns, &err) < 0)
        tcn_delivery_refuse(d, 400, "malformed", err.msg);
    else if (!header_agrees(d))
        tcn_delivery_refuse(d, 400, "malformed", "x-amz-sns-message-type and Type differ");
    else if (tcn_sns_admit(d->sns_policy, &d->sns, tcn_clock_now_ms(), &err) < 0)
        tcn_delivery_refuse(d, 403, "forbidden", err.msg);
    else if (d->sns_policy->pinned)
        with_certificate(d, d->sns_policy->pinned);
    else
        fetch_certificate(d);
}
