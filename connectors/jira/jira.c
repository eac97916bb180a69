/* Jira Cloud, REST version 3, and Data Center, REST version 2: one issue per incident, found again by a label. Verbs have
 * files of their own but for CHECK and GET; refusal.c knows the error bodies and the rate limits. */
#include "jira.h"

#include <stdio.h>

#define URL_SIZE 600

static const struct tocsin_option options[] = {
    TOCSIN_OPT(struct tcn_jira, url, URL, NULL, TOCSIN_REQUIRED,
               "base URL of the site, https://NAME.atlassian.net, or "
               "https://api.atlassian.com/ex/jira/CLOUDID for scoped tokens"),
    TOCSIN_OPT(struct tcn_jira, api_type, STR, "auto", 0,
               "cloud, datacenter, or auto: by the host, which is NAME.atlassian.net in the cloud"),
    TOCSIN_OPT(struct tcn_jira, site_url, STR, "", 0,
               "where people open issues, when it is not url"),
    TOCSIN_OPT(struct tcn_jira, user, STR, "", 0,
               "e-mail of the account whose API token is used; empty sends the token as Bearer, as "
               "Data Center wants it"),
    TOCSIN_OPT_SECRET(token, TOCSIN_REQUIRED,
                      "API token; it expires after a year at the latest. Data Center: personal "
                      "access token"),
    TOCSIN_OPT(struct tcn_jira, project, STR, NULL, TOCSIN_REQUIRED,
               "key of the project, such as OPS"),
    TOCSIN_OPT(struct tcn_jira, issue_type, STR, "[System] Incident", 0,
               "name or id of the issue type for incidents"),
    TOCSIN_OPT(struct tcn_jira, label, STR, "tocsin", 0,
               "label that every issue gets, by which those that changed are found"),
    TOCSIN_OPT(struct tcn_jira, notify_users, BOOL, "false", 0,
               "whether Jira mails the watchers about edited fields; Data Center always does"),
    TOCSIN_OPT(struct tcn_jira, public_notes, BOOL, "false", 0,
               "whether customers of a service project see the notes; else they are for agents"),
    TOCSIN_OPT(struct tcn_jira, max_steps, INT, "3", 0,
               "transitions that may be made to reach a status, 1 to 3"),
    TOCSIN_OPT(struct tcn_jira, timeout, MSEC, "30s", 0, "time for one round trip"),
    TOCSIN_OPT_SECRET(webhook_secret, 0, "secret of the webhook (its X-Hub-Signature)"),
    TOCSIN_OPT_END,
};

static int open_instance(struct tocsin_instance *in)
{
    struct tcn_jira *j = in->state;

    j->is_datacenter = tcn_jira_is_datacenter(j);
    if (j->is_datacenter < 0)
        return in->host->fail(in, "api_type takes auto, cloud or datacenter");
    j->api = j->is_datacenter ? "2" : "3";
    if (!tcn_reply_id_ok(j->project))
        return in->host->fail(in, "project takes the key of a project, such as OPS");
    if (!tcn_reply_line_ok(j->issue_type, 100))
        return in->host->fail(in, "issue_type takes a name of 1 to 100 characters");
    if (!tcn_jira_label_ok(j->label))
        return in->host->fail(in, "label takes 1 to 255 characters without blanks and quotes");
    if (j->site_url[0] && !tcn_reply_url_ok(j->site_url))
        return in->host->fail(in, "site_url must be an http or https URL");
    if (j->max_steps < 1 || j->max_steps > 3)
        return in->host->fail(in, "max_steps must be 1 to 3");
    return 0;
}

/* ---- requests ---- */

int tcn_jira_need_id(const struct tocsin_instance *in, const struct tocsin_op *op)
{
    return tcn_reply_id_ok(op->remote_id) ? 0 : in->host->fail(in, "there is no issue id to use");
}

static int check_render(const struct tocsin_instance *in, const struct tocsin_op *op,
                        struct tocsin_request *rq)
{
    const struct tcn_jira *j = in->state;

    (void)op;
    return TOCSIN_REQUEST(in->host, rq, "GET", j->url, "/rest/api/{}/myself", j->api);
}

static int get_render(const struct tocsin_instance *in, const struct tocsin_op *op,
                      struct tocsin_request *rq)
{
    const struct tcn_jira *j = in->state;

    if (tcn_jira_need_id(in, op) < 0 ||
        TOCSIN_REQUEST(in->host, rq, "GET", j->url, TCN_JIRA_ISSUE, j->api, op->remote_id) < 0)
        return -1;
    return in->host->query(rq, "fields", TCN_JIRA_FIELDS);
}

/* ---- replies ---- */

static void issue_url(const struct tcn_jira *j, const char *key, char *ret, size_t size)
{
    const char *site = j->site_url[0] ? j->site_url : j->url;
    int base = (int)strlen(site), n;

    while (base > 0 && site[base - 1] == '/')
        base--;
    n = snprintf(ret, size, "%.*s/browse/%s", base, site, key);
    if (n < 0 || (size_t)n >= size || !key[0])
        ret[0] = 0;
}

static int is_named(const char *id, const char *key, const char *wanted)
{
    return !wanted[0] || strcmp(wanted, id) == 0 || strcmp(wanted, key) == 0;
}

int tcn_jira_is_issue(json_t *json, const char *wanted)
{
    const char *id = tcn_reply_text(json, "id");

    return json_is_object(json_object_get(json, "fields")) && tcn_reply_id_ok(id) &&
           is_named(id, tcn_reply_text(json, "key"), wanted);
}

/* -1 when issue is none; url is where remote_url is written. */
static int read_record(const struct tcn_jira *j, json_t *issue, char url[URL_SIZE],
                       struct tocsin_record *ret)
{
    const char *updated = tcn_reply_text(json_object_get(issue, "fields"), "updated");

    *ret = (struct tocsin_record){.remote_id = tcn_reply_text(issue, "id"),
                                  .remote_key = tcn_reply_text(issue, "key"),
                                  .remote_url = url,
                                  .version = tcn_reply_line_ok(updated, 64) ? updated : "",
                                  .changed_ms = tcn_reply_time_ms(updated)};
    if (!tcn_reply_id_ok(ret->remote_id))
        return -1;
    if (!tcn_reply_id_ok(ret->remote_key))
        ret->remote_key = "";
    issue_url(j, ret->remote_key, url, URL_SIZE);
    return 0;
}

int tcn_jira_report(const struct tocsin_instance *in, struct tocsin_sink *sink, const char *wanted,
                    json_t *issue)
{
    struct tocsin_record record;
    char url[URL_SIZE];

    if (read_record(in->state, issue, url, &record) < 0 ||
        !is_named(record.remote_id, record.remote_key, wanted))
        return -1;
    if (json_is_object(json_object_get(issue, "fields")))
        record.fields = issue;
    return in->host->report(sink, &record);
}

int tcn_jira_report_version(const struct tocsin_instance *in, struct tocsin_sink *sink,
                            json_t *issue)
{
    struct tocsin_record record;
    char url[URL_SIZE];

    return read_record(in->state, issue, url, &record) < 0 ? -1 : in->host->report(sink, &record);
}

static void check_read(const struct tocsin_instance *in, const struct tocsin_op *op,
                       const struct tocsin_response *rs, struct tocsin_result *out,
                       struct tocsin_sink *sink)
{
    const struct tcn_jira *j = in->state;
    int is_cloud = tcn_reply_text(rs->json, "accountId")[0] != 0;

    (void)sink;
    if (!is_cloud && !tcn_reply_text(rs->json, "name")[0])
        tcn_reply_unreadable(op, out, TCN_JIRA);
    else if (is_cloud == j->is_datacenter)
        tcn_reply_set(out, TOCSIN_REJECTED, "this is Jira %s: set api_type to \"%s\"",
                      is_cloud ? "Cloud" : "Data Center", is_cloud ? "cloud" : "datacenter");
    else
        tcn_reply_set(out, TOCSIN_OK, "signed in as %.80s",
                      tcn_reply_text(rs->json, "displayName"));
}

static void get_read(const struct tocsin_instance *in, const struct tocsin_op *op,
                     const struct tocsin_response *rs, struct tocsin_result *out,
                     struct tocsin_sink *sink)
{
    if (!tcn_jira_is_issue(rs->json, op->remote_id) ||
        tcn_jira_report(in, sink, op->remote_id, rs->json) < 0)
        tcn_reply_unreadable(op, out, TCN_JIRA);
}

static const struct tcn_verb verbs[] = {
    [TOCSIN_CHECK] = {check_render, check_read},
    [TOCSIN_FIND] = {tcn_jira_find_render, tcn_jira_find_read},
    [TOCSIN_GET] = {get_render, get_read},
    [TOCSIN_CREATE] = {tcn_jira_create_render, tcn_jira_create_read},
    [TOCSIN_WRITE] = {tcn_jira_write_render, tcn_jira_write_read},
    [TOCSIN_NOTE] = {tcn_jira_note_render, tcn_jira_note_read},
    [TOCSIN_NOTE_FIND] = {tcn_jira_note_find_render, tcn_jira_note_find_read},
    [TOCSIN_POLL] = {tcn_jira_poll_render, tcn_jira_poll_read},
    [TOCSIN_SURVEY] = {tcn_jira_survey_render, tcn_jira_survey_read},
    [TOCSIN_LISTEN] = {tcn_jira_listen_render, tcn_jira_listen_read},
    [TOCSIN_PROBE] = {tcn_jira_probe_render, tcn_jira_probe_read},
};

static const struct tcn_verb *verb_of(const struct tocsin_op *op)
{
    size_t n = sizeof verbs / sizeof verbs[0];

    return op->verb < n && verbs[op->verb].render ? &verbs[op->verb] : NULL;
}

static int render(const struct tocsin_instance *in, const struct tocsin_op *op,
                  struct tocsin_request *rq)
{
    const struct tcn_jira *j = in->state;
    const struct tcn_verb *v = verb_of(op);

    if (!v)
        return in->host->fail(in, "jira cannot do this");
    if (v->render(in, op, rq) < 0 || in->host->set_header(rq, "Accept", "application/json") < 0)
        return -1;
    return j->user[0] ? in->host->auth(rq, "Basic", "user", "token")
                      : in->host->auth(rq, "Bearer", NULL, "token");
}

static int interpret(const struct tocsin_instance *in, const struct tocsin_op *op,
                     const struct tocsin_response *rs, struct tocsin_result *out,
                     struct tocsin_sink *sink)
{
    const struct tcn_verb *v = verb_of(op);

    if (!v)
        return in->host->fail(in, "jira cannot do this");
    in->host->classify(op, rs, out);
    if (rs->net != TOCSIN_NET_OK)
        return 0;
    if (out->outcome == TOCSIN_OK || op->verb == TOCSIN_WRITE || op->verb == TOCSIN_POLL ||
        op->verb == TOCSIN_PROBE)
        v->read(in, op, rs, out, sink);
    else
        tcn_jira_refused(in, op, rs, out, sink);
    return 0;
}

/* ---- webhooks ---- */

/* X-Hub-Signature: sha256=HEX (W3C WebSub), over the body as it was sent. */
static int verify(const struct tocsin_instance *in, const struct tocsin_inbound *rq)
{
    static const char method[] = "sha256=";
    const char *signature = in->host->header(rq->msg, "X-Hub-Signature");

    if (!signature || strncmp(signature, method, sizeof method - 1) != 0)
        return in->host->fail(in, "there is no X-Hub-Signature with sha256: give the webhook a "
                                  "secret, and webhook_secret the same");
    if (in->host->hmac_ok(in, "webhook_secret", "sha256", rq->body, rq->body_len,
                          signature + sizeof method - 1))
        return 0;
    return in->host->fail(in, "X-Hub-Signature is not that of webhook_secret");
}

static const struct tocsin_connector jira = {
    TOCSIN_CONNECTOR_HEAD,
    .name = "jira",
    .version = "1.0",
    .summary = "issues of Jira Cloud, Jira Data Center and Jira Service Management",
    .caps = TOCSIN_CAN(TOCSIN_CHECK) | TOCSIN_CAN(TOCSIN_FIND) | TOCSIN_CAN(TOCSIN_GET) |
            TOCSIN_CAN(TOCSIN_CREATE) | TOCSIN_CAN(TOCSIN_WRITE) | TOCSIN_CAN(TOCSIN_NOTE) |
            TOCSIN_CAN(TOCSIN_NOTE_FIND) | TOCSIN_CAN(TOCSIN_POLL) | TOCSIN_CAN(TOCSIN_SURVEY) |
            TOCSIN_CAN(TOCSIN_LISTEN) | TOCSIN_CAN(TOCSIN_PROBE) | TOCSIN_CAP_WEBHOOK,
    .state_size = sizeof(struct tcn_jira),
    .options = options,
    .open = open_instance,
    .render = render,
    .interpret = interpret,
    .verify = verify,
    .survey_max = TCN_JIRA_SURVEY_MAX,
};

TOCSIN_ENTRY(jira);
TOCSIN_ENTRY(jira)
{
    return &jira;
}
