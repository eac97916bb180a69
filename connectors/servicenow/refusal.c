/* What ServiceNow's refusals mean. Error bodies: {"error": {"message", "detail"}, "status": "failure"}. */
#include "servicenow.h"

#define WHO "ServiceNow"

static const char *detail_of(const struct tocsin_response *rs)
{
    return tcn_reply_text(json_object_get(rs->json, "error"), "detail");
}

/* "ServiceNow answered 403: MESSAGE: DETAIL"; without an error body the reason stays as classify() put it. */
static void say(const struct tocsin_response *rs, struct tocsin_result *out, uint32_t outcome)
{
    const char *message = tcn_reply_text(json_object_get(rs->json, "error"), "message");
    const char *detail = detail_of(rs);

    out->outcome = outcome;
    if (message[0] || detail[0])
        tcn_reply_set(out, (enum tocsin_outcome)outcome, WHO " answered %d: %s%s%s",
                      (int)rs->status, message, message[0] && detail[0] ? ": " : "", detail);
}

int tcn_sn_failed(const struct tocsin_op *op, const struct tocsin_response *rs,
                  struct tocsin_result *out)
{
    json_t *error = json_object_get(rs->json, "error");

    if (!error || json_is_null(error))
        return 0;
    tcn_reply_unreadable(op, out, WHO);
    say(rs, out, out->outcome);
    return 1;
}

/* An hourly rule stops the whole account and names itself; without a rule it was a burst (semaphores). */
static void rate_limited(const struct tocsin_instance *in, const struct tocsin_op *op,
                         const struct tocsin_response *rs, struct tocsin_result *out)
{
    const char *reset = in->host->header(rs->msg, "X-RateLimit-Reset");

    if (out->retry_after_s == 0)
        out->retry_after_s = tcn_reply_after_unix(reset, op->now_ms);
    if (out->retry_after_s > 0 || in->host->header(rs->msg, "X-RateLimit-Rule"))
        out->scope = TOCSIN_SCOPE_INSTANCE;
    else
        out->scope = TOCSIN_SCOPE_ENDPOINT;
    say(rs, out, TOCSIN_RETRY);
}

/* An account that may not read the table can do nothing; one that may not write one record may write others. */
static uint32_t forbidden(const struct tocsin_op *op, const struct tocsin_response *rs)
{
    if (op->verb == TOCSIN_CHECK || op->verb == TOCSIN_FIND || op->verb == TOCSIN_POLL ||
        op->verb == TOCSIN_SURVEY || op->verb == TOCSIN_PROBE)
        return TOCSIN_AUTH;
    /* A unique index on the marker refused a second row: the first one is there. */
    if (op->verb == TOCSIN_CREATE && strstr(detail_of(rs), "Unique Key violation"))
        return TOCSIN_UNKNOWN;
    return TOCSIN_REJECTED;
}

static int is_about_a_record(const struct tocsin_op *op)
{
    return op->verb == TOCSIN_GET || op->verb == TOCSIN_WRITE || op->verb == TOCSIN_NOTE ||
           op->verb == TOCSIN_NOTE_FIND || op->verb == TOCSIN_LISTEN;
}

/* The journal is a table that many accounts may not read: then step 1 of a look-up reads the record itself. */
static int journal_hidden(const struct tocsin_op *op, const struct tocsin_response *rs,
                          struct tocsin_result *out)
{
    if ((op->verb != TOCSIN_NOTE_FIND && op->verb != TOCSIN_LISTEN) || op->step > 0 ||
        (rs->status != 403 && rs->status != 400))
        return 0;
    if (op->verb == TOCSIN_LISTEN) {
        tcn_sn_journal_hidden(out);
        return 1;
    }
    tcn_reply_set(out, TOCSIN_MORE, "%s", "");
    out->step = 1;
    return 1;
}

/* The same of the row that tells the zone: only the feed needs it. */
static int zone_hidden(const struct tocsin_op *op, const struct tocsin_response *rs,
                       struct tocsin_result *out)
{
    if (op->verb != TOCSIN_POLL || rs->status != 403 || !tcn_sn_asks_zone(op))
        return 0;
    tcn_sn_zone_hidden(out);
    return 1;
}

void tcn_sn_refused(const struct tocsin_instance *in, const struct tocsin_op *op,
                    const struct tocsin_response *rs, struct tocsin_result *out)
{
    if (journal_hidden(op, rs, out) || zone_hidden(op, rs, out))
        return;
    switch (rs->status) {
    case 401:
        say(rs, out, TOCSIN_AUTH);
        return;
    case 403:
        say(rs, out, forbidden(op, rs));
        return;
    case 404:
        say(rs, out, is_about_a_record(op) ? TOCSIN_GONE : TOCSIN_REJECTED);
        return;
    case 429:
        rate_limited(in, op, rs, out);
        return;
    default:
        if (rs->status == 503 && out->retry_after_s > 0)
            out->scope = TOCSIN_SCOPE_INSTANCE;
        say(rs, out, out->outcome);
    }
}
