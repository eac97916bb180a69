/* ServiceNow by the Table API: one row per incident, found again by its correlation field. This file asks; read.c
 * reads the answers, row.c knows what a row looks like on the wire, feed.c and listen.c hear what others did. */
#include "servicenow.h"

#include <stdio.h>

#define FIND_LIMIT "10"
#define JOURNAL_LIMIT "50"
#define QUERY_SIZE 512

#define TOKENS "/oauth_token.do"

static const struct tocsin_option options[] = {
    TOCSIN_OPT(struct tcn_sn, url, URL, NULL, TOCSIN_REQUIRED,
               "base URL of the instance, https://NAME.service-now.com"),
    TOCSIN_OPT(struct tcn_sn, table, STR, "incident", 0, "table that receives the records"),
    TOCSIN_OPT(
        struct tcn_sn, auth, STR, "basic", 0,
        "basic: user and password; client_credentials: client_id and client_secret of an OAuth "
        "application, which has its own user; password: all four, for releases without that"),
    TOCSIN_OPT(struct tcn_sn, user, STR, "", 0,
               "service account with the role itil and the time zone GMT"),
    TOCSIN_OPT_SECRET(password, TOCSIN_PAIRED, "password of the service account"),
    TOCSIN_OPT(struct tcn_sn, client_id, STR, "", 0,
               "client id of the OAuth application that the instance has for Tocsin"),
    TOCSIN_OPT_SECRET(client_secret, TOCSIN_PAIRED, "client secret of the OAuth application"),
    TOCSIN_OPT(struct tcn_sn, marker_field, STR, "correlation_id", 0,
               "field that holds the marker a record is found again by; ask for an index on it"),
    TOCSIN_OPT(
        struct tcn_sn, marker_prefix, STR, "tocsin:", 0,
        "what the mapping's find.value begins with: by it changes of Tocsin's records are found"),
    TOCSIN_OPT(struct tcn_sn, status_field, STR, "state", 0, "field that holds the status"),
    TOCSIN_OPT(struct tcn_sn, note_field, STR, "work_notes", 0,
               "journal field for notes; comments would show them to the caller"),
    TOCSIN_OPT(struct tcn_sn, read_fields, STR, "", 0,
               "fields to read, separated by commas; empty reads all. Name every field that the "
               "mapping reads: it makes answers much smaller"),
    TOCSIN_OPT_SECRET(webhook_secret, 0,
                      "secret with which the business rule signs what it pushes"),
    TOCSIN_OPT_END,
};

#define NAME "abcdefghijklmnopqrstuvwxyz0123456789_"

int tcn_sn_is_name(const char *text)
{
    size_t n = strspn(text, NAME);

    return n > 0 && n <= TCN_SN_NAME_MAX && text[n] == 0;
}

/* A caret would start another condition of an encoded query. */
static int is_operand(const char *text)
{
    return tcn_reply_line_ok(text, 100) && !strchr(text, '^');
}

/* How the account is shown to be ours, by option auth. */
static const struct mode {
    const char *name, *scheme;
    int has_user, has_client;
} modes[] = {{"basic", "Basic", 1, 0},
             {"client_credentials", "oauth2:" TOKENS, 0, 1},
             {"password", "oauth2-password:" TOKENS, 1, 1}};

static const struct mode *mode_of(const struct tcn_sn *s)
{
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++)
        if (strcmp(s->auth, modes[i].name) == 0)
            return &modes[i];
    return NULL;
}

static int check_auth(struct tocsin_instance *in)
{
    const struct tcn_sn *s = in->state;
    const struct mode *m = mode_of(s);

    if (!m)
        return in->host->fail(in, "auth must be basic, client_credentials or password");
    if (m->has_user && !s->user[0])
        return in->host->fail(in, "auth %s needs user and password of the service account",
                              s->auth);
    if (m->has_client && !s->client_id[0])
        return in->host->fail(
            in, "auth %s needs client_id and client_secret of an OAuth application", s->auth);
    return 0;
}

static int open_instance(struct tocsin_instance *in)
{
    const struct tcn_sn *s = in->state;
    const char *const names[] = {s->table, s->marker_field, s->status_field, s->note_field};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (!tcn_sn_is_name(names[i]))
            return in->host->fail(in, "\"%.40s\" is no name of a table or field: a-z, 0-9 and _",
                                  names[i]);
    if (!is_operand(s->marker_prefix))
        return in->host->fail(in, "marker_prefix takes 1-100 characters on one line without ^");
    if (strlen(s->read_fields) > 1000 || s->read_fields[strspn(s->read_fields, NAME ",.")])
        return in->host->fail(in, "read_fields takes field names separated by commas");
    return check_auth(in);
}

/* ---- requests ---- */

/* The fields of the answer: what is always needed and, after a write, what was sent, to see whether it was kept. */
static int ask_fields(const struct tcn_sn *s, const struct tocsin_host *h,
                      struct tocsin_request *rq, json_t *sent)
{
    char names[4000];
    const char *name;
    json_t *value;
    int n = snprintf(names, sizeof names, "sys_id,number,sys_mod_count,%s,%s,%s", s->marker_field,
                     s->status_field, s->read_fields);

    if (!s->read_fields[0])
        return 0;
    json_object_foreach(sent, name, value)
    {
        n += snprintf(names + n, sizeof names - (size_t)n, ",%s", name);
        if ((size_t)n >= sizeof names)
            return 0; /* too many to list: read all */
    }
    return h->query(rq, "sysparm_fields", names);
}

/* Both forms of every value: raw for the merge, display for references, which are ids otherwise. */
static int ask_record(const struct tcn_sn *s, const struct tocsin_host *h,
                      struct tocsin_request *rq, json_t *sent)
{
    return h->query(rq, "sysparm_display_value", "all") < 0 ? -1 : ask_fields(s, h, rq, sent);
}

int tcn_sn_ask_rows(const struct tocsin_host *h, struct tocsin_request *rq, const char *query,
                    const char *limit)
{
    if (query && h->query(rq, "sysparm_query", query) < 0)
        return -1;
    if (h->query(rq, "sysparm_limit", limit) < 0)
        return -1;
    return h->query(rq, "sysparm_no_count", "true");
}

static int marker_ok(const struct tocsin_instance *in, const char *marker)
{
    if (is_operand(marker))
        return 0;
    return in->host->fail(in, "the marker must be 1-100 characters on one line without ^");
}

int tcn_sn_need_id(const struct tocsin_instance *in, const struct tocsin_op *op)
{
    return tcn_reply_id_ok(op->remote_id) ? 0 : in->host->fail(in, "there is no sys_id to use");
}

int tcn_sn_ask_account(const struct tocsin_instance *in, struct tocsin_request *rq)
{
    const struct tcn_sn *s = in->state;

    if (TOCSIN_REQUEST(in->host, rq, "GET", s->url, TCN_SN_TABLE, "sys_user") < 0 ||
        tcn_sn_ask_rows(in->host, rq, "user_name=javascript:gs.getUserName()", "1") < 0)
        return -1;
    return in->host->query(rq, "sysparm_fields", "sys_id,user_name,time_zone");
}

static int check_render(const struct tocsin_instance *in, const struct tocsin_op *op,
                        struct tocsin_request *rq)
{
    const struct tcn_sn *s = in->state;
    const struct tocsin_host *h = in->host;
    char fields[200];

    if (op->step == 0)
        return tcn_sn_ask_account(in, rq);
    snprintf(fields, sizeof fields, "sys_id,%s,%s", s->marker_field, s->status_field);
    if (TOCSIN_REQUEST(h, rq, "GET", s->url, TCN_SN_TABLE, s->table) < 0 ||
        tcn_sn_ask_rows(h, rq, NULL, "1") < 0)
        return -1;
    return h->query(rq, "sysparm_fields", fields);
}

static int find_render(const struct tocsin_instance *in, const struct tocsin_op *op,
                       struct tocsin_request *rq)
{
    const struct tcn_sn *s = in->state;
    char query[QUERY_SIZE];

    if (marker_ok(in, op->marker) < 0)
        return -1;
    snprintf(query, sizeof query, "%s=%s^ORDERBYsys_created_on", s->marker_field, op->marker);
    if (TOCSIN_REQUEST(in->host, rq, "GET", s->url, TCN_SN_TABLE, s->table) < 0 ||
        tcn_sn_ask_rows(in->host, rq, query, FIND_LIMIT) < 0)
        return -1;
    return ask_record(s, in->host, rq, NULL);
}

static int get_render(const struct tocsin_instance *in, const struct tocsin_op *op,
                      struct tocsin_request *rq)
{
    const struct tcn_sn *s = in->state;

    if (tcn_sn_need_id(in, op) < 0 ||
        TOCSIN_REQUEST(in->host, rq, "GET", s->url, TCN_SN_RECORD, s->table, op->remote_id) < 0)
        return -1;
    return ask_record(s, in->host, rq, NULL);
}

static int send_body(const struct tocsin_instance *in, const struct tocsin_op *op,
                     struct tocsin_request *rq)
{
    json_t *body = tcn_sn_body(in->state, op);
    int r = ask_record(in->state, in->host, rq, body);

    if (r == 0 && json_object_size(body) == 0)
        r = in->host->fail(in, "there is nothing to write");
    if (r == 0)
        r = in->host->set_json(rq, body);
    json_decref(body);
    return r;
}

static int create_render(const struct tocsin_instance *in, const struct tocsin_op *op,
                         struct tocsin_request *rq)
{
    const struct tcn_sn *s = in->state;

    if (marker_ok(in, op->marker) < 0)
        return -1;
    if (strncmp(op->marker, s->marker_prefix, strlen(s->marker_prefix)) != 0)
        in->host->log(in, TOCSIN_WARN,
                      "changes of this record will not be polled: its marker does not begin with "
                      "marker_prefix, \"%s\"",
                      s->marker_prefix);
    if (TOCSIN_REQUEST(in->host, rq, "POST", s->url, TCN_SN_TABLE, s->table) < 0)
        return -1;
    return send_body(in, op, rq);
}

static int write_render(const struct tocsin_instance *in, const struct tocsin_op *op,
                        struct tocsin_request *rq)
{
    const struct tcn_sn *s = in->state;

    if (tcn_sn_need_id(in, op) < 0 ||
        TOCSIN_REQUEST(in->host, rq, "PATCH", s->url, TCN_SN_RECORD, s->table, op->remote_id) < 0)
        return -1;
    return send_body(in, op, rq);
}

static int note_render(const struct tocsin_instance *in, const struct tocsin_op *op,
                       struct tocsin_request *rq)
{
    const struct tcn_sn *s = in->state;
    const char *text = tcn_reply_text(op->payload, "text");
    json_t *body;
    int r;

    if (!text[0])
        return in->host->fail(in, "the note has no text");
    if (tcn_sn_need_id(in, op) < 0 ||
        TOCSIN_REQUEST(in->host, rq, "PATCH", s->url, TCN_SN_RECORD, s->table, op->remote_id) < 0 ||
        in->host->query(rq, "sysparm_fields", "sys_id,sys_mod_count") < 0)
        return -1;
    body = json_pack("{s:s}", s->note_field, text);
    r = in->host->set_json(rq, body);
    json_decref(body);
    return r;
}

/* Step 0 asks the journal; accounts without a right to it see no rows, so step 1 reads the text of the record. */
static int note_find_render(const struct tocsin_instance *in, const struct tocsin_op *op,
                            struct tocsin_request *rq)
{
    const struct tcn_sn *s = in->state;
    const struct tocsin_host *h = in->host;
    char query[QUERY_SIZE];

    if (tcn_sn_need_id(in, op) < 0)
        return -1;
    if (op->step > 0) {
        if (TOCSIN_REQUEST(h, rq, "GET", s->url, TCN_SN_RECORD, s->table, op->remote_id) < 0 ||
            h->query(rq, "sysparm_display_value", "true") < 0)
            return -1;
        return h->query(rq, "sysparm_fields", s->note_field);
    }
    snprintf(query, sizeof query, "element_id=%s^name=%s^element=%s^ORDERBYDESCsys_created_on",
             op->remote_id, s->table, s->note_field);
    if (TOCSIN_REQUEST(h, rq, "GET", s->url, TCN_SN_TABLE, "sys_journal_field") < 0 ||
        tcn_sn_ask_rows(h, rq, query, JOURNAL_LIMIT) < 0)
        return -1;
    return h->query(rq, "sysparm_fields", "sys_id,element_id,value");
}

static const struct tcn_verb verbs[] = {
    [TOCSIN_CHECK] = {check_render, tcn_sn_read_check},
    [TOCSIN_FIND] = {find_render, tcn_sn_read_find},
    [TOCSIN_GET] = {get_render, tcn_sn_read_get},
    [TOCSIN_CREATE] = {create_render, tcn_sn_read_create},
    [TOCSIN_WRITE] = {write_render, tcn_sn_read_write},
    [TOCSIN_NOTE] = {note_render, tcn_sn_read_note},
    [TOCSIN_NOTE_FIND] = {note_find_render, tcn_sn_read_note_find},
    [TOCSIN_POLL] = {tcn_sn_poll_render, tcn_sn_read_poll},
    [TOCSIN_SURVEY] = {tcn_sn_survey_render, tcn_sn_read_survey},
    [TOCSIN_LISTEN] = {tcn_sn_listen_render, tcn_sn_read_listen},
    [TOCSIN_PROBE] = {tcn_sn_probe_render, tcn_sn_read_probe},
};

static const struct tcn_verb *verb_of(const struct tocsin_op *op)
{
    size_t n = sizeof verbs / sizeof verbs[0];

    return op->verb < n && verbs[op->verb].render ? &verbs[op->verb] : NULL;
}

static int render(const struct tocsin_instance *in, const struct tocsin_op *op,
                  struct tocsin_request *rq)
{
    const struct mode *m = mode_of(in->state);
    const struct tcn_verb *v = verb_of(op);

    if (!v)
        return in->host->fail(in, "servicenow cannot do this");
    if (v->render(in, op, rq) < 0 || in->host->set_header(rq, "Accept", "application/json") < 0)
        return -1;
    return m->has_client ? in->host->auth(rq, m->scheme, "client_id", "client_secret")
                         : in->host->auth(rq, m->scheme, "user", "password");
}

static int interpret(const struct tocsin_instance *in, const struct tocsin_op *op,
                     const struct tocsin_response *rs, struct tocsin_result *out,
                     struct tocsin_sink *sink)
{
    const struct tcn_verb *v = verb_of(op);

    if (!v)
        return in->host->fail(in, "servicenow cannot do this");
    in->host->classify(op, rs, out);
    if (rs->net != TOCSIN_NET_OK)
        return 0;
    if (op->verb == TOCSIN_PROBE)
        v->read(in, op, rs, out, sink);
    else if (out->outcome != TOCSIN_OK)
        tcn_sn_refused(in, op, rs, out);
    else if (!tcn_sn_failed(op, rs, out))
        v->read(in, op, rs, out, sink);
    return 0;
}

static const struct tocsin_connector servicenow = {
    TOCSIN_CONNECTOR_HEAD,
    .name = "servicenow",
    .version = "1.0",
    .summary = "ServiceNow incidents by the Table API",
    .caps = TOCSIN_CAN(TOCSIN_CHECK) | TOCSIN_CAN(TOCSIN_FIND) | TOCSIN_CAN(TOCSIN_GET) |
            TOCSIN_CAN(TOCSIN_CREATE) | TOCSIN_CAN(TOCSIN_WRITE) | TOCSIN_CAN(TOCSIN_NOTE) |
            TOCSIN_CAN(TOCSIN_NOTE_FIND) | TOCSIN_CAN(TOCSIN_POLL) | TOCSIN_CAN(TOCSIN_SURVEY) |
            TOCSIN_CAN(TOCSIN_LISTEN) | TOCSIN_CAN(TOCSIN_PROBE) | TOCSIN_CAP_WEBHOOK,
    .state_size = sizeof(struct tcn_sn),
    .options = options,
    .open = open_instance,
    .render = render,
    .interpret = interpret,
    .verify = tcn_sn_verify,
    .survey_max = TCN_SN_SURVEY_MAX,
};

TOCSIN_ENTRY(servicenow);
TOCSIN_ENTRY(servicenow)
{
    return &servicenow;
}
