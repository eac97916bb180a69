/* SURVEY: the versions of up to a hundred issues in one call; Data Center has none for it and searches. */
#include "jira.h"

#include <stdio.h>

#define IDS_MAX TCN_JIRA_SURVEY_MAX

/* New reference, or NULL after host->fail(). */
static json_t *ids_of(const struct tocsin_instance *in, const struct tocsin_op *op)
{
    json_t *ids = json_object_get(op->payload, "ids"), *id;
    size_t i;

    if (json_array_size(ids) == 0 || json_array_size(ids) > IDS_MAX) {
        (void)in->host->fail(in, "a survey takes 1 to %d ids of issues", IDS_MAX);
        return NULL;
    }
    json_array_foreach(ids, i,
                       id) if (!json_is_string(id) || !tcn_reply_id_ok(json_string_value(id)))
    {
        (void)in->host->fail(in, "the id at place %zu is none of an issue", i);
        return NULL;
    }
    return json_incref(ids);
}

#define JQL_SIZE (IDS_MAX * 66 + 32) /* an id has 64 characters at most */

static int search_render(const struct tocsin_instance *in, json_t *ids, struct tocsin_request *rq)
{
    json_t *fields = json_pack("[s]", "updated"), *id;
    char jql[JQL_SIZE];
    int n = snprintf(jql, sizeof jql, "id in ("), r;
    size_t i;

    json_array_foreach(ids, i, id) n +=
        snprintf(jql + n, sizeof jql - (size_t)n, "%s%s", i > 0 ? "," : "", json_string_value(id));
    snprintf(jql + n, sizeof jql - (size_t)n, ") ORDER BY id ASC");
    r = tcn_jira_search(
        in, rq,
        &(struct tcn_jira_search){
            .jql = jql, .fields = fields, .most = IDS_MAX, .token = "", .is_lenient = 1});
    json_decref(fields);
    return r;
}

static int bulk_render(const struct tocsin_instance *in, json_t *ids, struct tocsin_request *rq)
{
    const struct tcn_jira *j = in->state;
    json_t *body = json_pack("{s:O, s:[s]}", "issueIdsOrKeys", ids, "fields", "updated");
    int r = TOCSIN_REQUEST(in->host, rq, "POST", j->url, "/rest/api/3/issue/bulkfetch");

    if (r == 0)
        r = in->host->set_json(rq, body);
    json_decref(body);
    return r;
}

int tcn_jira_survey_render(const struct tocsin_instance *in, const struct tocsin_op *op,
                           struct tocsin_request *rq)
{
    const struct tcn_jira *j = in->state;
    json_t *ids = ids_of(in, op);
    int r;

    if (!ids)
        return -1;
    r = j->is_datacenter ? search_render(in, ids, rq) : bulk_render(in, ids, rq);
    json_decref(ids);
    return r;
}

/* Of issues that it could not fetch this time Jira tells the ids; what is not there it leaves out. Told without a version
 * they are read one by one. */
static void report_unfetched(const struct tocsin_instance *in, json_t *errors,
                             struct tocsin_sink *sink)
{
    json_t *error;
    size_t i;

    json_array_foreach(errors, i, error)
    {
        struct tocsin_record record = {.remote_id = tcn_reply_text(error, "id"),
                                       .remote_key = "",
                                       .remote_url = "",
                                       .version = ""};

        if (i < IDS_MAX && tcn_reply_id_ok(record.remote_id))
            (void)in->host->report(sink, &record);
    }
}

void tcn_jira_survey_read(const struct tocsin_instance *in, const struct tocsin_op *op,
                          const struct tocsin_response *rs, struct tocsin_result *out,
                          struct tocsin_sink *sink)
{
    json_t *issues = json_object_get(rs->json, "issues"), *issue;
    size_t i;

    if (!json_is_array(issues)) {
        tcn_reply_unreadable(op, out, TCN_JIRA);
        return;
    }
    json_array_foreach(issues, i, issue) if (i < IDS_MAX)(void)
        tcn_jira_report_version(in, sink, issue);
    report_unfetched(in, json_object_get(rs->json, "issueErrors"), sink);
}
