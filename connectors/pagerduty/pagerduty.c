/* PagerDuty in one of two modes: "incidents" speaks REST (incidents.c, feed.c) and syncs both ways, "events" speaks the Events
 * API (events.c) and only pages. */
#include "pagerduty.h"

#define SIGNATURES_MAX 10

static const struct tocsin_option options[] = {
    TOCSIN_OPT(struct tcn_pd, mode, STR, "incidents", 0,
               "incidents: REST API, in step both ways; events: Events API v2, pages only"),
    TOCSIN_OPT(struct tcn_pd, url, URL, "https://api.pagerduty.com", 0,
               "REST API; https://api.eu.pagerduty.com for accounts in the EU"),
    TOCSIN_OPT_SECRET(token, 0, "REST API key (mode incidents)"),
    TOCSIN_OPT(struct tcn_pd, from, STR, "", 0,
               "e-mail of the PagerDuty user in whose name incidents are written (mode incidents); "
               "a user of its own keeps the log readable"),
    TOCSIN_OPT(struct tcn_pd, service, STR, "", 0,
               "id of the service that gets the incidents, such as PWIXJZS (mode incidents)"),
    TOCSIN_OPT(struct tcn_pd, events_url, URL, "https://events.pagerduty.com", 0,
               "Events API; https://events.eu.pagerduty.com for accounts in the EU"),
    TOCSIN_OPT_SECRET(routing_key, 0,
                      "integration key of an Events API v2 integration (mode events)"),
    TOCSIN_OPT(struct tcn_pd, source, STR, "Tocsin", 0, "payload.source of events (mode events)"),
    TOCSIN_OPT_SECRET(
        webhook_secret, 0,
        "secret of the webhook subscription, shown once when it is made (mode incidents)"),
    TOCSIN_OPT_END,
};

static const struct {
    const char *status, *value;
} statuses[] = {{"OPEN", "triggered"}, {"ACKED", "acknowledged"}, {"RESOLVED", "resolved"}};

const char *tcn_pd_status(const struct tocsin_op *op)
{
    json_t *status = json_object_get(op->payload, "status");
    const char *value = tcn_reply_text(status, "value"), *name = tcn_reply_text(status, "class");

    for (size_t i = 0; !value[0] && i < sizeof statuses / sizeof statuses[0]; i++)
        if (strcmp(name, statuses[i].status) == 0)
            value = statuses[i].value;
    return value;
}

static int is_events(const struct tocsin_instance *in)
{
    const struct tcn_pd *p = in->state;

    return strcmp(p->mode, "events") == 0;
}

static int open_instance(struct tocsin_instance *in)
{
    const struct tcn_pd *p = in->state;

    if (!is_events(in) && strcmp(p->mode, "incidents") != 0)
        return in->host->fail(in, "mode must be incidents or events");
    if (is_events(in))
        return tcn_reply_line_ok(p->source, 255)
                   ? 0
                   : in->host->fail(in, "source takes 1 to 255 characters on one line");
    if (!tcn_reply_id_ok(p->service))
        return in->host->fail(in, "service takes the id of a PagerDuty service, such as PWIXJZS");
    if (!tcn_reply_line_ok(p->from, 254) || !strchr(p->from, '@'))
        return in->host->fail(in, "from takes the e-mail address of a PagerDuty user");
    return 0;
}

static const struct tcn_verb *verb_of(const struct tocsin_instance *in, const struct tocsin_op *op)
{
    const struct tcn_verb *table = is_events(in) ? tcn_pd_events : tcn_pd_incidents;

    return op->verb < TCN_PD_VERBS && table[op->verb].render ? &table[op->verb] : NULL;
}

static int cannot(const struct tocsin_instance *in)
{
    return is_events(in) ? in->host->fail(in, "the Events API can only trigger, acknowledge and "
                                              "resolve: use mode incidents")
                         : in->host->fail(in, "pagerduty cannot do this");
}

static int render(const struct tocsin_instance *in, const struct tocsin_op *op,
                  struct tocsin_request *rq)
{
    const struct tcn_verb *v = verb_of(in, op);

    return v ? v->render(in, op, rq) : cannot(in);
}

static int interpret(const struct tocsin_instance *in, const struct tocsin_op *op,
                     const struct tocsin_response *rs, struct tocsin_result *out,
                     struct tocsin_sink *sink)
{
    const struct tcn_verb *v = verb_of(in, op);

    if (!v)
        return cannot(in);
    in->host->classify(op, rs, out);
    /* The look-up before a create goes its own way with every answer, and with none. */
    if (!is_events(in) && op->verb == TOCSIN_CREATE)
        v->read(in, op, rs, out, sink);
    else if (rs->net == TOCSIN_NET_OK && (out->outcome == TOCSIN_OK || op->verb == TOCSIN_PROBE))
        v->read(in, op, rs, out, sink);
    else if (rs->net == TOCSIN_NET_OK && is_events(in))
        tcn_pd_event_refused(in, op, rs, out);
    else if (rs->net == TOCSIN_NET_OK)
        tcn_pd_refused(in, op, rs, out, sink);
    return 0;
}

/* Events tell nothing back, and repeating one is safe. */
static uint32_t caps_of(const struct tocsin_instance *in)
{
    uint32_t events = TOCSIN_CAN(TOCSIN_CHECK) | TOCSIN_CAN(TOCSIN_CREATE) |
                      TOCSIN_CAN(TOCSIN_WRITE) | TOCSIN_CAP_IDEMPOTENT;
    uint32_t incidents = TOCSIN_CAN(TOCSIN_CHECK) | TOCSIN_CAN(TOCSIN_FIND) |
                         TOCSIN_CAN(TOCSIN_GET) | TOCSIN_CAN(TOCSIN_CREATE) |
                         TOCSIN_CAN(TOCSIN_WRITE) | TOCSIN_CAN(TOCSIN_NOTE) |
                         TOCSIN_CAN(TOCSIN_NOTE_FIND) | TOCSIN_CAN(TOCSIN_POLL) |
                         TOCSIN_CAN(TOCSIN_LISTEN) | TOCSIN_CAN(TOCSIN_PROBE) | TOCSIN_CAP_WEBHOOK;

    return is_events(in) ? events : incidents;
}

/* ---- webhooks ---- */

/* One of a header's signatures, which begins at *at; moves behind it. */
static int is_signed(const struct tocsin_instance *in, const struct tocsin_inbound *rq,
                     const char **at)
{
    char word[80];
    size_t n = strcspn(*at, ","), used = n < sizeof word ? n : 0;

    memcpy(word, *at, used);
    word[used] = 0;
    *at += n + ((*at)[n] == ',');
    return strncmp(word, "v1=", 3) == 0 &&
           in->host->hmac_ok(in, "webhook_secret", "sha256", rq->body, rq->body_len, word + 3);
}

/* X-PagerDuty-Signature: v1=HEX,v1=HEX over the body as it was sent; several while a secret is changed. Other versions are not
 * looked at (webhooks v3, "Verifying signatures"). */
static int verify(const struct tocsin_instance *in, const struct tocsin_inbound *rq)
{
    const char *at = in->host->header(rq->msg, "X-PagerDuty-Signature");

    if (!at)
        return in->host->fail(in, "there is no X-PagerDuty-Signature");
    for (int n = 0; n < SIGNATURES_MAX && *at; n++)
        if (is_signed(in, rq, &at))
            return 0;
    return in->host->fail(in, "X-PagerDuty-Signature is not that of webhook_secret");
}

static const struct tocsin_connector pagerduty = {
    TOCSIN_CONNECTOR_HEAD,
    .name = "pagerduty",
    .version = "1.0",
    .summary = "PagerDuty incidents by REST, or pages by the Events API v2",
    .caps = TOCSIN_CAN(TOCSIN_CHECK) | TOCSIN_CAN(TOCSIN_FIND) | TOCSIN_CAN(TOCSIN_GET) |
            TOCSIN_CAN(TOCSIN_CREATE) | TOCSIN_CAN(TOCSIN_WRITE) | TOCSIN_CAN(TOCSIN_NOTE) |
            TOCSIN_CAN(TOCSIN_NOTE_FIND) | TOCSIN_CAN(TOCSIN_POLL) | TOCSIN_CAN(TOCSIN_LISTEN) |
            TOCSIN_CAN(TOCSIN_PROBE) | TOCSIN_CAP_WEBHOOK,
    .state_size = sizeof(struct tcn_pd),
    .options = options,
    .open = open_instance,
    .render = render,
    .interpret = interpret,
    .verify = verify,
    .caps_of = caps_of,
};

TOCSIN_ENTRY(pagerduty);
TOCSIN_ENTRY(pagerduty)
{
    return &pagerduty;
}
