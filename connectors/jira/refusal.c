/* What Jira's refusals mean. Error bodies: {"errorMessages": [...], "errors": {field: message}}. */
#include "jira.h"

#define BAD_FIELDS_MAX 32
#define MESSAGE_MAX                                                                                \
    120 /* characters of a message about a field: what can be done about it stands behind it */
#define REASON_MAX 250

static const char *first_message(json_t *body, const char **ret_field)
{
    json_t *errors = json_object_get(body, "errors"), *item;
    const char *text = json_string_value(json_array_get(json_object_get(body, "errorMessages"), 0));
    const char *field;

    *ret_field = "";
    if (text && text[0])
        return text;
    json_object_foreach(errors, field, item) if (json_is_string(item))
    {
        *ret_field = field;
        return json_string_value(item);
    }
    return tcn_reply_text(body, "message");
}

static int was_sent(const struct tocsin_op *op, const char *field)
{
    json_t *status = json_object_get(op->payload, "status");

    return json_object_get(json_object_get(op->payload, "fields"), field) ||
           json_object_get(json_object_get(status, "with"), field);
}

/* What a person can do about a field that was named, "" for nothing that is known. Messages come in the language of the
 * account, so it goes by whether the field was sent. */
static const char *advice(const struct tocsin_op *op, const char *field)
{
    if (!field[0] || (op->verb != TOCSIN_CREATE && op->verb != TOCSIN_WRITE))
        return "";
    if (strcmp(field, "project") == 0)
        return " (see option project)";
    if (strcmp(field, "issuetype") == 0)
        return " (see option issue_type)";
    if (strcmp(field, "labels") == 0)
        return " (the field Labels must be on the screen: issues are found by it)";
    if (was_sent(op, field))
        return " (is it on the screen? Else take it out of the mapping)";
    return op->verb == TOCSIN_CREATE ? " (give it a value in \"create\" of the mapping)"
                                     : " (give it a value in status.with of the mapping)";
}

/* Without an error body the reason stays as classify() put it. */
static void say(const struct tocsin_op *op, const struct tocsin_response *rs,
                struct tocsin_result *out, uint32_t outcome)
{
    const char *field, *text = first_message(rs->json, &field);

    out->outcome = outcome;
    if (text[0])
        tcn_reply_set(out, (enum tocsin_outcome)outcome, TCN_JIRA " answered %d: %s%s%.*s%s",
                      (int)rs->status, field, field[0] ? ": " : "",
                      (int)tcn_reply_points(text, field[0] ? MESSAGE_MAX : REASON_MAX), text,
                      outcome == TOCSIN_REJECTED ? advice(op, field) : "");
}

/* Those that were sent, which can be left out another time. */
static void name_fields(const struct tocsin_instance *in, const struct tocsin_op *op,
                        const struct tocsin_response *rs, struct tocsin_sink *sink)
{
    json_t *errors = json_object_get(rs->json, "errors"), *item;
    const char *field;
    size_t n = 0;

    json_object_foreach(errors, field, item) if (n++ < BAD_FIELDS_MAX && was_sent(op, field) &&
                                                 tcn_reply_line_ok(field, 200))(void)
        in->host->bad_field(sink, field,
                            json_is_string(item) ? json_string_value(item) : "refused");
}

/* Jira serves a refused sign-in as an anonymous visitor, who then may not see or do a thing. */
static int is_sign_in_refused(const struct tocsin_instance *in, const struct tocsin_response *rs)
{
    const char *seraph = in->host->header(rs->msg, "X-Seraph-LoginReason");

    return seraph && (strstr(seraph, "AUTHENTICATION_DENIED") ||
                      strstr(seraph, "AUTHENTICATED_FAILED") || strstr(seraph, "OUT"));
}

static int is_about_an_issue(const struct tocsin_op *op)
{
    return op->verb == TOCSIN_GET || op->verb == TOCSIN_WRITE || op->verb == TOCSIN_NOTE ||
           op->verb == TOCSIN_NOTE_FIND || op->verb == TOCSIN_LISTEN;
}

/* Who may not search sees nothing at all. */
static int is_about_the_site(const struct tocsin_op *op)
{
    return op->verb == TOCSIN_CHECK || op->verb == TOCSIN_FIND || op->verb == TOCSIN_POLL ||
           op->verb == TOCSIN_SURVEY || op->verb == TOCSIN_PROBE;
}

/* Three limits that do not know of each other; RateLimit-Reason says which one it was. */
static void rate_limited(const struct tocsin_instance *in, const struct tocsin_op *op,
                         const struct tocsin_response *rs, struct tocsin_result *out)
{
    const char *reason = in->host->header(rs->msg, "RateLimit-Reason");
    const struct tcn_jira *j = in->state;

    if (out->retry_after_s == 0)
        out->retry_after_s =
            tcn_reply_after_rfc3339(in->host->header(rs->msg, "X-RateLimit-Reset"), op->now_ms);
    /* Data Center counts all calls of an account together. */
    out->scope = j->is_datacenter ? TOCSIN_SCOPE_INSTANCE : TOCSIN_SCOPE_ENDPOINT;
    if (reason && strncmp(reason, "jira-per-issue", 14) == 0)
        out->scope = TOCSIN_SCOPE_LANE;
    else if (reason && strncmp(reason, "jira-quota", 10) == 0)
        out->scope = TOCSIN_SCOPE_INSTANCE;
    tcn_reply_set(out, TOCSIN_RETRY, TCN_JIRA " answered %d%s%.100s", (int)rs->status,
                  reason ? ": " : "", reason ? reason : "");
}

static uint32_t outcome_of(const struct tocsin_instance *in, const struct tocsin_op *op,
                           const struct tocsin_response *rs, uint32_t classified)
{
    switch (rs->status) {
    case 401:
        return TOCSIN_AUTH;
    case 403:
        return is_about_the_site(op) || is_sign_in_refused(in, rs) ? TOCSIN_AUTH : TOCSIN_REJECTED;
    case 404:
        if (is_sign_in_refused(in, rs))
            return TOCSIN_AUTH;
        return is_about_an_issue(op) ? TOCSIN_GONE : TOCSIN_REJECTED;
    default:
        return classified;
    }
}

void tcn_jira_refused(const struct tocsin_instance *in, const struct tocsin_op *op,
                      const struct tocsin_response *rs, struct tocsin_result *out,
                      struct tocsin_sink *sink)
{
    const struct tcn_jira *j = in->state;

    if (rs->status == 429 || (rs->status == 503 && out->retry_after_s > 0 &&
                              in->host->header(rs->msg, "RateLimit-Reason"))) {
        rate_limited(in, op, rs, out);
        return;
    }
    say(op, rs, out, outcome_of(in, op, rs, out->outcome));
    if (op->verb == TOCSIN_CHECK && rs->status == 404)
        tcn_reply_set(out, TOCSIN_REJECTED,
                      TCN_JIRA " answered 404, it has no REST API of version %s there: check url, "
                               "and api_type, which is cloud or datacenter",
                      j->api);
    if (out->outcome == TOCSIN_REJECTED)
        name_fields(in, op, rs, sink);
}
