/* Mode "events": the Events API version 2. It pages and takes acknowledge and resolve, and tells nothing back: no
 * look-up, no fields, no notes. Safe to repeat, because events with one dedup_key make one open alert. */
#include "pagerduty.h"

#define SUMMARY_MAX 1024 /* code points PagerDuty takes */

static const char *const severities[] = {"critical", "error", "warning", "info", "info"};

static const char *severity_of(const struct tocsin_op *op)
{
    json_t *impact = json_object_get(op->incident, "impact");
    json_int_t n = json_is_integer(impact) ? json_integer_value(impact) : 0;

    if (n >= 1 && n <= 5)
        return severities[n - 1];
    return strcmp(tcn_reply_text(json_object_get(op->payload, "fields"), "urgency"), "low") == 0
               ? "warning"
               : "critical";
}

static const char *summary_of(const struct tocsin_op *op)
{
    const char *title = tcn_reply_text(json_object_get(op->payload, "fields"), "title");

    if (!title[0])
        title = tcn_reply_text(op->incident, "title");
    return title[0] ? title : op->marker;
}

/* What the incident's details are: text, or the object that a create by REST would take. */
static json_t *details_of(const struct tocsin_op *op)
{
    json_t *body = json_object_get(json_object_get(op->payload, "fields"), "body");
    json_t *details = json_is_object(body) ? json_object_get(body, "details") : body;

    return details ? json_pack("{s:O}", "details", details) : NULL;
}

static json_t *payload_of(const struct tcn_pd *p, const struct tocsin_op *op)
{
    const char *summary = summary_of(op);
    json_t *details = details_of(op);
    json_t *payload =
        json_pack("{s:s%, s:s, s:s}", "summary", summary, tcn_reply_points(summary, SUMMARY_MAX),
                  "source", p->source, "severity", severity_of(op));

    if (details)
        json_object_set_new(payload, "custom_details", details);
    return payload;
}

/* A mapping made for events gives {"payload": {...}, "links": ...} and is sent as it is. */
static json_t *trigger_of(const struct tcn_pd *p, const struct tocsin_op *op)
{
    json_t *fields = json_object_get(op->payload, "fields");

    if (json_is_object(json_object_get(fields, "payload")))
        return json_copy(fields);
    return json_pack("{s:s, s:o}", "client", "Tocsin", "payload", payload_of(p, op));
}

static const char *action_of(const struct tocsin_op *op)
{
    const char *status = tcn_pd_status(op);

    if (strcmp(status, "acknowledged") == 0)
        return "acknowledge";
    if (strcmp(status, "resolved") == 0)
        return "resolve";
    /* Changed fields of an incident that is over must not page anybody again. */
    if (!status[0] && strcmp(tcn_reply_text(op->incident, "status"), "RESOLVED") == 0)
        return "resolve";
    return "trigger";
}

static int send_event(const struct tocsin_instance *in, struct tocsin_request *rq,
                      const char *action, const char *key, json_t *event)
{
    const struct tcn_pd *p = in->state;
    int r = TOCSIN_REQUEST(in->host, rq, "POST", p->events_url, "/v2/enqueue");

    json_object_set_new(event, "event_action", json_string(action));
    json_object_set_new(event, "dedup_key", json_string(key));
    if (r == 0)
        r = in->host->set_header(rq, "Accept", "application/json");
    if (r == 0)
        r = in->host->set_json(rq, event);
    json_decref(event);
    return r < 0 ? r : in->host->auth(rq, "body:/routing_key", NULL, "routing_key");
}

static int need_key(const struct tocsin_instance *in, const char *key)
{
    return tcn_reply_line_ok(key, 255)
               ? 0
               : in->host->fail(in, "the marker must be 1-255 characters on one line");
}

/* Resolving what never was is accepted and does nothing, but only with a good routing key. */
static int check_render(const struct tocsin_instance *in, const struct tocsin_op *op,
                        struct tocsin_request *rq)
{
    (void)op;
    return send_event(in, rq, "resolve", "tocsin-check", json_object());
}

static int create_render(const struct tocsin_instance *in, const struct tocsin_op *op,
                         struct tocsin_request *rq)
{
    if (need_key(in, op->marker) < 0)
        return -1;
    return send_event(in, rq, "trigger", op->marker, trigger_of(in->state, op));
}

static int write_render(const struct tocsin_instance *in, const struct tocsin_op *op,
                        struct tocsin_request *rq)
{
    const char *key = op->remote_id[0] ? op->remote_id : op->marker, *action = action_of(op);
    int is_trigger = strcmp(action, "trigger") == 0;

    if (need_key(in, key) < 0)
        return -1;
    return send_event(in, rq, action, key, is_trigger ? trigger_of(in->state, op) : json_object());
}

static void event_read(const struct tocsin_instance *in, const struct tocsin_op *op,
                       const struct tocsin_response *rs, struct tocsin_result *out,
                       struct tocsin_sink *sink)
{
    const char *key = op->verb == TOCSIN_WRITE && op->remote_id[0] ? op->remote_id : op->marker;
    struct tocsin_record record = {
        .remote_id = key, .remote_key = "", .remote_url = "", .version = ""};

    if (strcmp(tcn_reply_text(rs->json, "status"), "success") != 0)
        tcn_reply_unreadable(op, out, TCN_PD);
    else if (op->verb != TOCSIN_CHECK)
        (void)in->host->report(sink, &record);
}

const struct tcn_verb tcn_pd_events[TCN_PD_VERBS] = {
    [TOCSIN_CHECK] = {check_render, event_read},
    [TOCSIN_CREATE] = {create_render, event_read},
    [TOCSIN_WRITE] = {write_render, event_read},
};
