/* Deliveries of Amazon SNS: verify, then pass on, confirm, or tell. */
#include "app/delivery.h"
#include "app/routes.h"
#include "sys/clock.h"

#include <stdio.h>
#include <stdlib.h>

#define PATIENCE_S 3 /* a certificate that takes longer is fetched on; SNS tries again */
#define CONFIRM_URL_MAX 4096

struct confirmation {
    char topic[300];
};

static void confirmed(void *arg, int status, struct tcn_str body, const char *why)
{
    struct confirmation *c = arg;
    struct tcn_str arn;
    char text[300] = "";

    if (status == 200 && tcn_sns_subscription_arn(body, &arn)) {
        snprintf(text, sizeof text, "%.*s", (int)(arn.len < 299 ? arn.len : 299), arn.ptr);
        tcn_log(TCN_LOG_INFO, "sns", "subscription confirmed", "topic", c->topic, "subscription",
                text, NULL);
    } else {
        tcn_log(TCN_LOG_ERROR, "sns", "subscription not confirmed; request the confirmation again",
                "topic", c->topic, "why", why ? why : "unexpected answer", NULL);
    }
    free(c);
}

/* The address of the message is never used: it is built from the signed topic and token. */
static void confirm(struct tcn_delivery_state *d)
{
    struct confirmation *c = calloc(1, sizeof *c);
    struct tcn_buf url;

    if (!c)
        abort();
    snprintf(c->topic, sizeof c->topic, "%.*s", (int)d->sns.topic.len, d->sns.topic.ptr);
    tcn_buf_init(&url, CONFIRM_URL_MAX);
    if (tcn_sns_confirm_url(&d->sns, &url) == 0)
        d->app->fetch.get(d->app->fetch.ctx, url.ptr, 65536, confirmed, c);
    else
        confirmed(c, 0, (struct tcn_str){"", 0}, "the token does not fit into an address");
    tcn_buf_done(&url);
}

static void subscription_known(struct tcn_delivery_state *d)
{
    if (d->sns_policy->confirm == TCN_SNS_AUTO)
        confirm(d);
    else
        tcn_log(TCN_LOG_WARN, "sns", "subscription waits for a person; its token is in the inbox",
                "source", d->source->name, NULL);
}

/* Nobody resubscribes by itself: whoever could unsubscribe may have had a reason. */
static void unsubscription_known(struct tcn_delivery_state *d)
{
    char topic[300];

    snprintf(topic, sizeof topic, "%.*s", (int)d->sns.topic.len, d->sns.topic.ptr);
    tcn_log(TCN_LOG_ERROR, "sns", "the topic was unsubscribed: its alarms do not arrive any more",
            "source", d->source->name, "topic", topic, NULL);
}

void tcn_delivery_control(struct tcn_delivery_state *d)
{
    if (d->sns.type == TCN_SNS_SUBSCRIPTION)
        subscription_known(d);
    else
        unsubscription_known(d);
}

static void with_certificate(struct tcn_delivery_state *d, const struct tcn_cert *cert)
{
    struct tcn_err err;

    if (tcn_cert_is_current(cert, tcn_clock_now_ms(), &err) < 0 ||
        tcn_sns_verify(&d->sns, cert, &err) < 0)
        tcn_delivery_refuse(d, 403, "forbidden", err.msg);
    else if (d->sns.type == TCN_SNS_NOTIFICATION)
        tcn_delivery_submit(d);
    else
        tcn_delivery_keep(d);
}

static void busy(struct tcn_delivery_state *d, const char *why)
{
    tcn_delivery_count(d->app, d->source, "busy");
    tcn_answer_busy(d->app, d->rq, why);
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
