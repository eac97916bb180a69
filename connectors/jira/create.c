/* CREATE: one call leaves the labels and the property by which the issue is found again. */
#include "jira.h"

static int has_property(json_t *properties, const char *key)
{
    json_t *item;
    size_t i;

    json_array_foreach(properties, i,
                       item) if (strcmp(tcn_reply_text(item, "key"), key) == 0) return 1;
    return 0;
}

static void add_label(json_t *labels, const char *label)
{
    if (!tcn_jira_has_text(labels, label))
        json_array_append_new(labels, json_string(label));
}

/* What changed is asked for by the label that all have, the issue itself by its marker. */
static void add_labels(const struct tcn_jira *j, json_t *fields, const char *marker)
{
    json_t *given = json_object_get(fields, "labels");
    json_t *labels = json_is_array(given) ? json_copy(given) : json_array();

    add_label(labels, j->label);
    add_label(labels, marker);
    json_object_set_new(fields, "labels", labels);
}

static void add_project(const struct tcn_jira *j, json_t *fields)
{
    int is_id = j->issue_type[strspn(j->issue_type, "0123456789")] == 0;

    if (!json_object_get(fields, "project"))
        json_object_set_new(fields, "project", json_pack("{s:s}", "key", j->project));
    if (!json_object_get(fields, "issuetype"))
        json_object_set_new(fields, "issuetype",
                            json_pack("{s:s}", is_id ? "id" : "name", j->issue_type));
}

/* The link property tells other tools, and a person with the API, whose issue this is. */
static json_t *properties_of(const struct tocsin_op *op, json_t *given)
{
    json_t *properties = json_is_array(given) ? json_copy(given) : json_array();
    json_t *link;

    if (has_property(properties, "tocsin.link"))
        return properties;
    link = json_pack("{s:s}", "marker", op->marker);
    if (json_is_string(json_object_get(op->incident, "id")))
        json_object_set(link, "incident", json_object_get(op->incident, "id"));
    json_array_append_new(properties, json_pack("{s:s, s:o}", "key", "tocsin.link", "value", link));
    return properties;
}

int tcn_jira_create_render(const struct tocsin_instance *in, const struct tocsin_op *op,
                           struct tocsin_request *rq)
{
    const struct tcn_jira *j = in->state;
    json_t *given = json_object_get(op->payload, "fields"), *fields, *body;
    int r;

    if (tcn_jira_marker_ok(in, op->marker) < 0)
        return -1;
    if (!json_is_object(given))
        return in->host->fail(in, "the mapping gave no fields to create an issue with");
    if (TOCSIN_REQUEST(in->host, rq, "POST", j->url, "/rest/api/{}/issue", j->api) < 0)
        return -1;
    fields = tcn_jira_fields(j, given);
    json_object_del(fields, "properties");
    add_project(j, fields);
    add_labels(j, fields, op->marker);
    body = json_pack("{s:o, s:o}", "fields", fields, "properties",
                     properties_of(op, json_object_get(given, "properties")));
    r = in->host->set_json(rq, body);
    json_decref(body);
    return r;
}

void tcn_jira_create_read(const struct tocsin_instance *in, const struct tocsin_op *op,
                          const struct tocsin_response *rs, struct tocsin_result *out,
                          struct tocsin_sink *sink)
{
    if (tcn_jira_report(in, sink, "", rs->json) < 0)
        tcn_reply_unreadable(op, out, TCN_JIRA);
}
