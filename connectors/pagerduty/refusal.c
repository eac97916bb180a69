/* What PagerDuty's refusals mean. REST: {"error": {"code", "message", "errors": [...]}}; Events: {"status",
 * "message", "errors": [...]}. Decisions go by the HTTP status; texts only tell duplicates and fields apart. */
#include "pagerduty.h"

#include <strings.h>

#define ERRORS_MAX 20

static const char *const optional_fields[] = {"priority",    "urgency",       "escalation_policy",
                                              "assignments", "incident_type", "conference_bridge",
                                              "resolution"};

static int has_word(const char *text, const char *word)
{
    size_t n = strlen(word);

    for (; *text; text++)
        if (strncasecmp(text, word, n) == 0)
            return 1;
    return 0;
}

/* 1 when the message or one of the errors holds the word, in any case. */
static int tells_of(const json_t *error, const char *word)
{
    json_t *errors = json_object_get(error, "errors"), *item;
    size_t i;

    if (has_word(tcn_reply_text(error, "message"), word))
        return 1;
    json_array_foreach(errors, i, item) if (i < ERRORS_MAX && json_is_string(item) &&
                                            has_word(json_string_value(item), word)) return 1;
    return 0;
}

/* Without an error body the reason stays as classify() put it. */
static void say(const struct tocsin_response *rs, const json_t *error, struct tocsin_result *out,
                uint32_t outcome)
{
    const char *message = tcn_reply_text(error, "message");
    const char *first = json_string_value(json_array_get(json_object_get(error, "errors"), 0));

    out->outcome = outcome;
    if (message[0] || first)
        tcn_reply_set(out, (enum tocsin_outcome)outcome, TCN_PD " answered %d: %s%s%s",
                      (int)rs->status, message, message[0] && first ? ": " : "",
                      first ? first : "");
}

static void rate_limited(const struct tocsin_instance *in, const struct tocsin_response *rs,
                         struct tocsin_result *out)
{
    if (out->retry_after_s == 0)
        out->retry_after_s = tcn_reply_after_seconds(in->host->header(rs->msg, "ratelimit-reset"));
    out->scope = TOCSIN_SCOPE_INSTANCE;
}

static int is_about_an_incident(const struct tocsin_op *op)
{
    return op->verb == TOCSIN_GET || op->verb == TOCSIN_WRITE || op->verb == TOCSIN_NOTE ||
           op->verb == TOCSIN_NOTE_FIND || op->verb == TOCSIN_LISTEN;
}

static uint32_t bad_request(const struct tocsin_op *op, const json_t *error)
{
    /* The key is taken by an open incident of ours: FIND adopts it. */
    if (op->verb == TOCSIN_CREATE &&
        (tells_of(error, "incident key") || tells_of(error, "incident_key") ||
         tells_of(error, "already exists")))
        return TOCSIN_UNKNOWN;
    /* Somebody was faster: read again, and nothing is left to do. */
    if (op->verb == TOCSIN_WRITE && strcmp(tcn_pd_status(op), "resolved") == 0 &&
        tells_of(error, "already resolved"))
        return TOCSIN_CONFLICT;
    return TOCSIN_REJECTED;
}

static void name_fields(const struct tocsin_instance *in, const struct tocsin_op *op,
                        const json_t *error, struct tocsin_sink *sink)
{
    json_t *fields = json_object_get(op->payload, "fields");

    for (size_t i = 0; i < sizeof optional_fields / sizeof optional_fields[0]; i++)
        if (json_object_get(fields, optional_fields[i]) && tells_of(error, optional_fields[i]))
            (void)in->host->bad_field(sink, optional_fields[i], tcn_reply_text(error, "message"));
}

void tcn_pd_refused(const struct tocsin_instance *in, const struct tocsin_op *op,
                    const struct tocsin_response *rs, struct tocsin_result *out,
                    struct tocsin_sink *sink)
{
    const json_t *error = json_object_get(rs->json, "error");
    uint32_t outcome = out->outcome;

    if (rs->status == 429) {
        rate_limited(in, rs, out);
        outcome = TOCSIN_RETRY;
    } else if (rs->status == 503 && out->retry_after_s > 0) {
        out->scope = TOCSIN_SCOPE_INSTANCE;
    } else if (rs->status == 400) {
        outcome = bad_request(op, error);
    } else if (rs->status == 401 || rs->status == 403) {
        outcome = TOCSIN_AUTH; /* tokens are not limited to single incidents */
    } else if (rs->status == 404) {
        outcome = is_about_an_incident(op) ? TOCSIN_GONE : TOCSIN_REJECTED;
    }
    say(rs, error, out, outcome);
    if (outcome == TOCSIN_REJECTED)
        name_fields(in, op, error, sink);
}

void tcn_pd_event_refused(const struct tocsin_instance *in, const struct tocsin_op *op,
                          const struct tocsin_response *rs, struct tocsin_result *out)
{
    uint32_t outcome = out->outcome;

    (void)op;
    if (rs->status == 429) {
        rate_limited(in, rs, out);
        outcome = TOCSIN_RETRY;
    } else if (rs->status == 400 &&
               (tells_of(rs->json, "routing_key") || tells_of(rs->json, "routing key"))) {
        outcome = TOCSIN_AUTH;
    } else if (rs->status == 404) {
        outcome = TOCSIN_REJECTED;
    }
    say(rs, rs->json, out, outcome);
}
