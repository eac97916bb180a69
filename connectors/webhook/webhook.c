/* Notifications of incidents as JSON to one URL. What the body says is the mapping's; this file decides how a receiver
 * knows the message and what its answer means. */
#include "../reply.h"

#define TOPIC_MAX 1000

struct webhook {
    const char *url; /* NULL: it is secret_url */
};

static const struct tocsin_option options[] = {
    TOCSIN_OPT(struct webhook, url, URL, NULL, 0, "where messages are posted, https://HOST/PATH"),
    TOCSIN_OPT_SECRET(secret_url, TOCSIN_INSTEAD,
                      "the same, when who knows the URL may post: of chats, for one"),
    TOCSIN_OPT_SECRET(token, 0, "bearer token that the receiver asks for; without it none is sent"),
    TOCSIN_OPT_END,
};

/* It travels in a field of the request's head. */
static const char *address_fault(uint32_t channel, const char *address)
{
    (void)channel; /* topics alone are claimed */
    for (const char *at = address; *at; at++)
        if ((unsigned char)*at >= 0x80)
            return "has signs beyond ASCII; write the ARN of a topic";
    return tcn_reply_line_ok(address, TOPIC_MAX)
               ? NULL
               : "is no topic; write its ARN, 1 to 1000 characters on one line";
}

static int open_instance(struct tocsin_instance *in)
{
    const struct webhook *w = in->state;

    if (w->url && strncmp(w->url, "https://", 8) != 0 && strncmp(w->url, "http://", 7) != 0)
        return in->host->fail(in, "url must begin with https://");
    return 0;
}

static int set_head(const struct tocsin_instance *in, const struct tocsin_op *op,
                    struct tocsin_request *rq)
{
    const char *topic = tcn_reply_text(op->payload, "to"), *fault = address_fault(0, topic);

    if (fault)
        return in->host->fail(in, "the topic of the message %s", fault);
    if (in->host->set_header(rq, "X-Tocsin-Id", op->op_id) < 0 ||
        in->host->set_header(rq, "X-Tocsin-Topic", topic) < 0)
        return -1;
    return in->host->auth(rq, "Bearer", NULL, "token");
}

static int render(const struct tocsin_instance *in, const struct tocsin_op *op,
                  struct tocsin_request *rq)
{
    const struct webhook *w = in->state;
    json_t *body = json_object_get(op->payload, "body");

    if (op->verb != TOCSIN_SEND)
        return in->host->fail(in, "webhook can only send");
    if (!json_is_object(body) && !json_is_array(body))
        return in->host->fail(in, "the message has no body, which is an object or an array");
    if (TOCSIN_REQUEST(in->host, rq, "POST", w->url ? w->url : "@secret_url", "") < 0 ||
        in->host->set_json(rq, body) < 0)
        return -1;
    return set_head(in, op, rq);
}

/* Many receivers answer with a word or a page that nobody reads: the status alone says that they have it. */
static int interpret(const struct tocsin_instance *in, const struct tocsin_op *op,
                     const struct tocsin_response *rs, struct tocsin_result *out,
                     struct tocsin_sink *sink)
{
    (void)sink;
    if (rs->net == TOCSIN_NET_OK && rs->status >= 200 && rs->status < 300)
        out->outcome = TOCSIN_OK;
    else
        in->host->classify(op, rs, out);
    return 0;
}

/* IDEMPOTENT: a repeat has the same X-Tocsin-Id, and whoever is told twice can know it. */
static const struct tocsin_connector webhook = {
    TOCSIN_CONNECTOR_HEAD,
    .name = "webhook",
    .version = "1.0",
    .summary = "notifications of topics, posted as JSON",
    .caps = TOCSIN_CAN(TOCSIN_SEND) | TOCSIN_CAP_IDEMPOTENT,
    .state_size = sizeof(struct webhook),
    .options = options,
    .open = open_instance,
    .render = render,
    .interpret = interpret,
    .channels = TOCSIN_REACHES(TOCSIN_TOPIC),
    .address_fault = address_fault,
};

TOCSIN_ENTRY(webhook);
TOCSIN_ENTRY(webhook)
{
    return &webhook;
}
