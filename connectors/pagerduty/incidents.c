/* Mode "incidents": PagerDuty's REST API version 2. An incident is found again by its incident_key, which PagerDuty
 * keeps unique among the open incidents of a service. */
#include "pagerduty.h"

#include <stdio.h>

#define ACCEPT "application/vnd.pagerduty+json;version=2"
#define NOTES_MAX 2000 /* PagerDuty's own cap on the notes of one incident */
#define NO_PRIORITY "-"

static const char *const statuses[] = {"triggered", "acknowledged", "resolved"};

/* ---- requests ---- */

/* Every call names the version; PagerDuty wants a Content-Type on reads, too. */
int tcn_pd_dress_read(const struct tocsin_host *h, struct tocsin_request *rq)
{
    if (h->set_header(rq, "Accept", ACCEPT) < 0 ||
        h->set_header(rq, "Content-Type", "application/json") < 0)
        return -1;
    return h->auth(rq, "Token token=", NULL, "token");
}

/* Writes are made in the name of a user. */
static int dress_write(const struct tcn_pd *p, const struct tocsin_host *h,
                       struct tocsin_request *rq, json_t *body)
{
    if (h->set_header(rq, "Accept", ACCEPT) < 0 || h->set_header(rq, "From", p->from) < 0 ||
        h->set_json(rq, body) < 0)
        return -1;
    return h->auth(rq, "Token token=", NULL, "token");
}

static int need_id(const struct tocsin_instance *in, const struct tocsin_op *op)
{
    return tcn_reply_id_ok(op->remote_id) ? 0
                                          : in->host->fail(in, "there is no incident id to use");
}

static int need_marker(const struct tocsin_instance *in, const struct tocsin_op *op)
{
    return tcn_reply_line_ok(op->marker, 255)
               ? 0
               : in->host->fail(in, "the marker must be 1-255 characters on one line");
}

/* The service is what pages are made on: reading it proves the URL, the token and the id at once. */
static int check_render(const struct tocsin_instance *in, const struct tocsin_op *op,
                        struct tocsin_request *rq)
{
    const struct tcn_pd *p = in->state;

    (void)op;
    if (TOCSIN_REQUEST(in->host, rq, "GET", p->url, "/services/{}", p->service) < 0)
        return -1;
    return tcn_pd_dress_read(in->host, rq);
}

static int find_render(const struct tocsin_instance *in, const struct tocsin_op *op,
                       struct tocsin_request *rq)
{
    const struct tcn_pd *p = in->state;
    const struct tocsin_host *h = in->host;

    if (need_marker(in, op) < 0 || TOCSIN_REQUEST(h, rq, "GET", p->url, "/incidents") < 0 ||
        h->query(rq, "incident_key", op->marker) < 0 ||
        h->query(rq, "service_ids[]", p->service) < 0 || h->query(rq, "date_range", "all") < 0)
        return -1;
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++)
        if (h->query(rq, "statuses[]", statuses[i]) < 0)
            return -1;
    if (h->query(rq, "sort_by", "created_at:asc") < 0 || h->query(rq, "limit", "100") < 0)
        return -1;
    return tcn_pd_dress_read(h, rq);
}

static int get_render(const struct tocsin_instance *in, const struct tocsin_op *op,
                      struct tocsin_request *rq)
{
    const struct tcn_pd *p = in->state;
    const char *id = op->step > 0 ? op->cursor : op->remote_id; /* the one it was merged into */

    if (need_id(in, op) < 0 || TOCSIN_REQUEST(in->host, rq, "GET", p->url, "/incidents/{}", id) < 0)
        return -1;
    return tcn_pd_dress_read(in->host, rq);
}

/* A create takes priorities by id only: a name is looked up first. */
static int is_lookup(const struct tocsin_op *op)
{
    json_t *fields = json_object_get(op->payload, "fields");

    return op->step == 0 && tcn_reply_text(fields, "priority")[0] != 0;
}

static void set_create_only(const struct tcn_pd *p, const struct tocsin_op *op, json_t *incident)
{
    json_t *details = json_object_get(incident, "body");

    json_object_set_new(incident, "type", json_string("incident"));
    json_object_set_new(incident, "service",
                        json_pack("{s:s, s:s}", "id", p->service, "type", "service_reference"));
    json_object_set_new(incident, "incident_key", json_string(op->marker));
    json_object_del(incident, "status");
    json_object_del(incident, "resolution");
    if (json_is_string(details))
        json_object_set_new(incident, "body",
                            json_pack("{s:s, s:O}", "type", "incident_body", "details", details));
    if (!json_is_string(json_object_get(incident, "priority")))
        return;
    if (tcn_reply_id_ok(op->cursor) && strcmp(op->cursor, NO_PRIORITY) != 0)
        json_object_set_new(
            incident, "priority",
            json_pack("{s:s, s:s}", "id", op->cursor, "type", "priority_reference"));
    else
        json_object_del(incident, "priority");
}

static int post_render(const struct tocsin_instance *in, const struct tocsin_op *op,
                       struct tocsin_request *rq)
{
    const struct tcn_pd *p = in->state;
    json_t *fields = json_object_get(op->payload, "fields"), *incident, *body;
    int r;

    if (!tcn_reply_text(fields, "title")[0])
        return in->host->fail(in, "the mapping gave no title to create an incident with");
    if (TOCSIN_REQUEST(in->host, rq, "POST", p->url, "/incidents") < 0)
        return -1;
    incident = json_copy(fields);
    set_create_only(p, op, incident);
    body = json_pack("{s:o}", "incident", incident);
    r = dress_write(p, in->host, rq, body);
    json_decref(body);
    return r;
}

static int create_render(const struct tocsin_instance *in, const struct tocsin_op *op,
                         struct tocsin_request *rq)
{
    const struct tcn_pd *p = in->state;

    if (need_marker(in, op) < 0)
        return -1;
    if (!is_lookup(op))
        return post_render(in, op, rq);
    if (TOCSIN_REQUEST(in->host, rq, "GET", p->url, "/priorities") < 0 ||
        in->host->query(rq, "limit", "100") < 0)
        return -1;
    return tcn_pd_dress_read(in->host, rq);
}

/* A PUT takes no body and no key, and a resolution with the status resolved only. */
static json_t *update_of(const struct tocsin_op *op)
{
    json_t *incident = json_pack("{s:s}", "type", "incident_reference");
    json_t *with = json_object_get(json_object_get(op->payload, "status"), "with");
    const char *status = tcn_pd_status(op);

    json_object_update(incident, json_object_get(op->payload, "fields"));
    if (json_is_object(with))
        json_object_update(incident, with);
    json_object_set_new(incident, "type", json_string("incident_reference"));
    json_object_del(incident, "body");
    json_object_del(incident, "incident_key");
    if (status[0])
        json_object_set_new(incident, "status", json_string(status));
    if (strcmp(status, "resolved") != 0)
        json_object_del(incident, "resolution");
    return incident;
}

static int write_render(const struct tocsin_instance *in, const struct tocsin_op *op,
                        struct tocsin_request *rq)
{
    const struct tcn_pd *p = in->state;
    json_t *body;
    int r;

    if (need_id(in, op) < 0)
        return -1;
    if (!json_object_get(op->payload, "fields") && !tcn_pd_status(op)[0])
        return in->host->fail(in, "there is nothing to write");
    if (TOCSIN_REQUEST(in->host, rq, "PUT", p->url, "/incidents/{}", op->remote_id) < 0)
        return -1;
    body = json_pack("{s:o}", "incident", update_of(op));
    r = dress_write(p, in->host, rq, body);
    json_decref(body);
    return r;
}

static int note_render(const struct tocsin_instance *in, const struct tocsin_op *op,
                       struct tocsin_request *rq)
{
    const struct tcn_pd *p = in->state;
    const char *text = tcn_reply_text(op->payload, "text");
    json_t *body;
    int r;

    if (!text[0])
        return in->host->fail(in, "the note has no text");
    if (need_id(in, op) < 0 ||
        TOCSIN_REQUEST(in->host, rq, "POST", p->url, "/incidents/{}/notes", op->remote_id) < 0)
        return -1;
    body = json_pack("{s:{s:s}}", "note", "content", text);
    r = dress_write(p, in->host, rq, body);
    json_decref(body);
    return r;
}

int tcn_pd_ask_notes(const struct tocsin_instance *in, const struct tocsin_op *op,
                     struct tocsin_request *rq)
{
    const struct tcn_pd *p = in->state;

    if (need_id(in, op) < 0 ||
        TOCSIN_REQUEST(in->host, rq, "GET", p->url, "/incidents/{}/notes", op->remote_id) < 0)
        return -1;
    return tcn_pd_dress_read(in->host, rq);
}

/* ---- replies ---- */

static const char *changed_text(const json_t *incident)
{
    const char *changed = tcn_reply_text(incident, "updated_at");

    return changed[0] ? changed : tcn_reply_text(incident, "last_status_change_at");
}

/* Times have seconds only, so the status is part of the version: an acknowledgement right after a create shows. */
void tcn_pd_version(json_t *incident, char ret[TCN_PD_VERSION_SIZE])
{
    const char *changed = changed_text(incident);
    const char *status = tcn_reply_text(incident, "status");

    ret[0] = 0;
    if (tcn_reply_line_ok(changed, 40) && tcn_reply_id_ok(status))
        snprintf(ret, TCN_PD_VERSION_SIZE, "%s %.20s", changed, status);
}

/* Reports an incident; wanted "" takes any id. -1 when it is none or another one. */
static int report(const struct tocsin_instance *in, struct tocsin_sink *sink, const char *wanted,
                  json_t *incident)
{
    json_t *number = json_object_get(incident, "incident_number");
    char key[24] = "", version[TCN_PD_VERSION_SIZE];
    struct tocsin_record record = {.remote_id = tcn_reply_text(incident, "id"),
                                   .remote_key = key,
                                   .remote_url = tcn_reply_text(incident, "html_url"),
                                   .version = version,
                                   .changed_ms = tcn_reply_time_ms(changed_text(incident)),
                                   .fields = incident};

    if (!tcn_reply_id_ok(record.remote_id) || (wanted[0] && strcmp(wanted, record.remote_id) != 0))
        return -1;
    if (json_is_integer(number))
        snprintf(key, sizeof key, "%" JSON_INTEGER_FORMAT, json_integer_value(number));
    if (!tcn_reply_url_ok(record.remote_url))
        record.remote_url = "";
    tcn_pd_version(incident, version);
    return in->host->report(sink, &record);
}

static void check_read(const struct tocsin_instance *in, const struct tocsin_op *op,
                       const struct tocsin_response *rs, struct tocsin_result *out,
                       struct tocsin_sink *sink)
{
    json_t *service = json_object_get(rs->json, "service");
    json_t *timeout = json_object_get(service, "auto_resolve_timeout");
    const struct tcn_pd *p = in->state;

    (void)sink;
    if (strcmp(tcn_reply_text(service, "id"), p->service) != 0)
        tcn_reply_unreadable(op, out, TCN_PD);
    else if (strcmp(tcn_reply_text(service, "status"), "disabled") == 0)
        tcn_reply_set(out, TOCSIN_REJECTED, "service \"%.80s\" is disabled: it would page nobody",
                      tcn_reply_text(service, "name"));
    else if (json_integer_value(timeout) > 0)
        tcn_reply_set(out, TOCSIN_OK, "service \"%.80s\" resolves incidents by itself after %d s",
                      tcn_reply_text(service, "name"),
                      (int)(json_integer_value(timeout) % 10000000));
    else
        tcn_reply_set(out, TOCSIN_OK, "service \"%.80s\"", tcn_reply_text(service, "name"));
}

static void find_read(const struct tocsin_instance *in, const struct tocsin_op *op,
                      const struct tocsin_response *rs, struct tocsin_result *out,
                      struct tocsin_sink *sink)
{
    const struct tcn_pd *p = in->state;
    json_t *rows = json_object_get(rs->json, "incidents"), *row;
    size_t i;

    if (!json_is_array(rows)) {
        tcn_reply_unreadable(op, out, TCN_PD);
        return;
    }
    json_array_foreach(rows, i, row)
    {
        const char *service = tcn_reply_text(json_object_get(row, "service"), "id");

        if (i < TCN_REPLY_ROWS_MAX && strcmp(service, p->service) == 0 && op->marker[0] &&
            strcmp(tcn_reply_text(row, "incident_key"), op->marker) == 0)
            (void)report(in, sink, "", row);
    }
}

static void incident_read(const struct tocsin_instance *in, const struct tocsin_op *op,
                          const struct tocsin_response *rs, struct tocsin_result *out,
                          struct tocsin_sink *sink)
{
    const char *wanted = op->verb == TOCSIN_CREATE ? "" : op->remote_id;

    if (report(in, sink, wanted, json_object_get(rs->json, "incident")) < 0)
        tcn_reply_unreadable(op, out, TCN_PD);
}

/* "" when it is no incident that was merged into another one: its schema, ResolveReason of the REST API. */
static const char *merged_into(json_t *incident)
{
    json_t *reason = json_object_get(incident, "resolve_reason");
    const char *id = tcn_reply_text(json_object_get(reason, "incident"), "id");

    return strcmp(tcn_reply_text(reason, "type"), "merge_resolve_reason") == 0 &&
                   tcn_reply_id_ok(id)
               ? id
               : "";
}

/* Merged is not over: whoever works on it does so at the other one (spec connectors D4). */
static void get_read(const struct tocsin_instance *in, const struct tocsin_op *op,
                     const struct tocsin_response *rs, struct tocsin_result *out,
                     struct tocsin_sink *sink)
{
    json_t *incident = json_object_get(rs->json, "incident");
    const char *wanted = op->step > 0 ? op->cursor : op->remote_id, *other = merged_into(incident);

    if (other[0] && strcmp(other, wanted) != 0 &&
        strcmp(tcn_reply_text(incident, "id"), wanted) == 0) {
        tcn_reply_set(out, TOCSIN_MORE, "%s", "");
        out->step = op->step + 1;
        (void)tocsin_copy(out->cursor, sizeof out->cursor, other);
    } else if (report(in, sink, wanted, incident) < 0) {
        tcn_reply_unreadable(op, out, TCN_PD);
    }
}

/* The page does not wait for a priority that is not there. */
static void lookup_read(const struct tocsin_op *op, const struct tocsin_response *rs,
                        struct tocsin_result *out)
{
    const char *name = tcn_reply_text(json_object_get(op->payload, "fields"), "priority");
    json_t *row;
    size_t i;

    (void)tocsin_copy(out->cursor, sizeof out->cursor, NO_PRIORITY);
    json_array_foreach(json_object_get(rs->json, "priorities"), i, row)
    {
        const char *id = tcn_reply_text(row, "id");

        if (tcn_reply_id_ok(id) && (strcmp(tcn_reply_text(row, "name"), name) == 0 ||
                                    strcmp(tcn_reply_text(row, "summary"), name) == 0)) {
            (void)tocsin_copy(out->cursor, sizeof out->cursor, id);
            break;
        }
    }
    tcn_reply_set(out, TOCSIN_MORE, "%s", "");
    out->step = 1;
    out->retry_after_s = 0;
}

static void create_read(const struct tocsin_instance *in, const struct tocsin_op *op,
                        const struct tocsin_response *rs, struct tocsin_result *out,
                        struct tocsin_sink *sink)
{
    if (!is_lookup(op)) {
        if (out->outcome == TOCSIN_OK)
            incident_read(in, op, rs, out, sink);
        else if (rs->net == TOCSIN_NET_OK)
            tcn_pd_refused(in, op, rs, out, sink);
    } else if (rs->net == TOCSIN_NET_OK && (rs->status == 401 || rs->status == 429)) {
        tcn_pd_refused(in, op, rs, out, sink);
    } else {
        lookup_read(op, rs, out);
    }
}

static void note_read(const struct tocsin_instance *in, const struct tocsin_op *op,
                      const struct tocsin_response *rs, struct tocsin_result *out,
                      struct tocsin_sink *sink)
{
    (void)in;
    (void)sink;
    if (!tcn_reply_id_ok(tcn_reply_text(json_object_get(rs->json, "note"), "id")))
        tcn_reply_unreadable(op, out, TCN_PD);
}

static void note_find_read(const struct tocsin_instance *in, const struct tocsin_op *op,
                           const struct tocsin_response *rs, struct tocsin_result *out,
                           struct tocsin_sink *sink)
{
    json_t *notes = json_object_get(rs->json, "notes"), *note;
    size_t i;

    (void)in;
    (void)sink;
    if (!json_is_array(notes)) {
        tcn_reply_unreadable(op, out, TCN_PD);
        return;
    }
    json_array_foreach(
        notes, i, note) if (i < NOTES_MAX &&
                            tcn_reply_is_note(op->payload, tcn_reply_text(note, "content"))) return;
    tcn_reply_set(out, TOCSIN_GONE, "no such note");
}

const struct tcn_verb tcn_pd_incidents[TCN_PD_VERBS] = {
    [TOCSIN_CHECK] = {check_render, check_read},
    [TOCSIN_FIND] = {find_render, find_read},
    [TOCSIN_GET] = {get_render, get_read},
    [TOCSIN_CREATE] = {create_render, create_read},
    [TOCSIN_WRITE] = {write_render, incident_read},
    [TOCSIN_NOTE] = {note_render, note_read},
    [TOCSIN_NOTE_FIND] = {tcn_pd_ask_notes, note_find_read},
    [TOCSIN_POLL] = {tcn_pd_poll_render, tcn_pd_poll_read},
    [TOCSIN_LISTEN] = {tcn_pd_listen_render, tcn_pd_listen_read},
    [TOCSIN_PROBE] = {tcn_pd_probe_render, tcn_pd_probe_read},
};
