/* Search by JQL, and FIND by it. Search sees a change a little after it was made. Cloud's pages have tokens, those of Data
 * Center are counted. */
#include "jira.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define FIND_MAX 50

int tcn_jira_label_ok(const char *label)
{
    return tcn_reply_line_ok(label, 255) && !strpbrk(label, " \"\\'");
}

int tcn_jira_marker_ok(const struct tocsin_instance *in, const char *marker)
{
    if (tcn_jira_label_ok(marker))
        return 0;
    return in->host->fail(in, "the marker must be 1-255 characters without blanks and quotes");
}

int tcn_jira_has_text(json_t *list, const char *text)
{
    json_t *item;
    size_t i;

    json_array_foreach(list, i, item) if (json_is_string(item) &&
                                          strcmp(json_string_value(item), text) == 0) return 1;
    return 0;
}

/* Of what a query names and is not there a strict search says 400, a lenient one nothing. */
static void count_pages(const struct tcn_jira_search *s, json_t *body)
{
    json_object_set_new(body, "startAt", json_integer(strtoll(s->token, NULL, 10)));
    if (s->is_lenient)
        json_object_set_new(body, "validateQuery", json_false());
}

static int request(const struct tocsin_instance *in, struct tocsin_request *rq)
{
    const struct tcn_jira *j = in->state;

    if (j->is_datacenter)
        return TOCSIN_REQUEST(in->host, rq, "POST", j->url, "/rest/api/2/search");
    return TOCSIN_REQUEST(in->host, rq, "POST", j->url, "/rest/api/3/search/jql");
}

int tcn_jira_search(const struct tocsin_instance *in, struct tocsin_request *rq,
                    const struct tcn_jira_search *s)
{
    const struct tcn_jira *j = in->state;
    json_t *body;
    int r;

    if (request(in, rq) < 0)
        return -1;
    body = json_pack("{s:s, s:O, s:i}", "jql", s->jql, "fields", s->fields, "maxResults", s->most);
    if (j->is_datacenter)
        count_pages(s, body);
    else if (s->token[0])
        json_object_set_new(body, "nextPageToken", json_string(s->token));
    r = in->host->set_json(rq, body);
    json_decref(body);
    return r;
}

const char *tcn_jira_next_page(const struct tcn_jira *j, json_t *answer,
                               char buffer[TCN_JIRA_PLACE_SIZE])
{
    json_int_t start = json_integer_value(json_object_get(answer, "startAt"));
    json_int_t total = json_integer_value(json_object_get(answer, "total"));
    json_int_t n = (json_int_t)json_array_size(json_object_get(answer, "issues"));

    if (!j->is_datacenter)
        return json_is_true(json_object_get(answer, "isLast"))
                   ? ""
                   : tcn_reply_text(answer, "nextPageToken");
    buffer[0] = 0;
    if (n > 0 && start >= 0 && start < total - n)
        snprintf(buffer, TCN_JIRA_PLACE_SIZE, "%" PRId64, (int64_t)(start + n));
    return buffer;
}

/* Clones copy labels, but their creator is whoever cloned: creator = currentUser() leaves ours. */
int tcn_jira_find_render(const struct tocsin_instance *in, const struct tocsin_op *op,
                         struct tocsin_request *rq)
{
    const struct tcn_jira *j = in->state;
    json_t *fields;
    char jql[512];
    int r;

    if (tcn_jira_marker_ok(in, op->marker) < 0)
        return -1;
    snprintf(
        jql, sizeof jql,
        "project = \"%s\" AND labels = \"%s\" AND creator = currentUser() ORDER BY created ASC",
        j->project, op->marker);
    fields = json_pack("[s,s,s,s]", "*all", "-comment", "-worklog", "-attachment");
    r = tcn_jira_search(
        in, rq,
        &(struct tcn_jira_search){.jql = jql, .fields = fields, .most = FIND_MAX, .token = ""});
    json_decref(fields);
    return r;
}

void tcn_jira_find_read(const struct tocsin_instance *in, const struct tocsin_op *op,
                        const struct tocsin_response *rs, struct tocsin_result *out,
                        struct tocsin_sink *sink)
{
    json_t *issues = json_object_get(rs->json, "issues"), *issue;
    size_t i;

    if (!json_is_array(issues)) {
        tcn_reply_unreadable(op, out, TCN_JIRA);
        return;
    }
    json_array_foreach(issues, i, issue)
    {
        json_t *labels = json_object_get(json_object_get(issue, "fields"), "labels");

        if (i < TCN_REPLY_ROWS_MAX && tcn_jira_has_text(labels, op->marker))
            (void)tcn_jira_report(in, sink, "", issue);
    }
}
