/* Plays answers to an operation until it ends, and holds every connector to the rules that no answer may break. */
#ifndef TCN_TEST_DRIVE_H
#define TCN_TEST_DRIVE_H

#include "kit.h"

#define DRIVE_STEPS_MAX 8 /* round trips the host allows */
#define DRIVE_MARKER "tocsin:01989abc-0000-7000-8000-000000000001"
#define DRIVE_ID "10042"

struct drive_answer {
    uint32_t net;
    int status;
    struct tcn_str headers; /* lines, ended by LF */
    struct tcn_str body;
};

/* The configurations that the drivers go through; options as JSON text. */
static const struct drive_target {
    const char *name, *connector, *options;
} drive_targets[] = {
    {"servicenow", "servicenow", "{\"url\": \"https://a.example\", \"user\": \"u\"}"},
    {"jira", "jira",
     "{\"url\": \"https://a.atlassian.net\", \"user\": \"u\", \"project\": \"OPS\"}"},
    {"datacenter", "jira", "{\"url\": \"https://a.example/jira\", \"project\": \"OPS\"}"},
    {"pagerduty", "pagerduty", "{\"from\": \"a@b.example\", \"service\": \"PWIXJZS\"}"},
    {"events", "pagerduty", "{\"mode\": \"events\"}"},
    {"smtp", "smtp", "{\"url\": \"smtps://m.example\", \"from\": \"a@b.example\"}"},
    {"webhook", "webhook", "{\"url\": \"https://h.example/in\"}"},
};
#define DRIVE_TARGETS (sizeof drive_targets / sizeof drive_targets[0])

static inline void drive_require(bool holds, const struct kit *k, const struct tocsin_op *op,
                                 const char *rule)
{
    if (holds)
        return;
    fprintf(stderr, "%s verb %u step %u: %s\n", k->instance->connector->name, op->verb, op->step,
            rule);
    abort();
}

/* A payload with something in every member that any verb of any connector reads. Yours to json_decref(). */
static inline json_t *drive_payload(void)
{
    return json_pack("{s:{s:s, s:s, s:s, s:s}, s:{s:s, s:[s,s,s], s:[s], s:{s:{s:s}}}, s:s, s:s, "
                     "s:s, s:s, s:{s:s}, s:[s,s], s:[s], s:I, s:i}",
                     "fields", "title", "t", "summary", "s", "short_description", "d", "priority",
                     "P1", "status", "class", "RESOLVED", "accept", "done", "6", "resolved",
                     "prefer", "Done", "with", "resolution", "name", "Done", "text",
                     "note\n[tocsin 0123456789ab]", "event_id",
                     "01989abc-0000-8123-8abc-0123456789ab", "to", "x@y.example", "subject", "s",
                     "body", "id", "1", "ids", DRIVE_ID, "10043", "from", "comments", "since_ms",
                     (json_int_t)1785690000000, "overlap_ms", 5000);
}

static inline void drive_op(struct tocsin_op *op, uint32_t verb, json_t *payload)
{
    *op = (struct tocsin_op){.verb = verb,
                             .attempt = 1,
                             .op_id = "op-1",
                             .marker = DRIVE_MARKER,
                             .remote_id = DRIVE_ID,
                             .cursor = "",
                             .payload = payload,
                             .now_ms = INT64_C(1785690600000)};
}

static inline bool drive_terminated(const char *text, size_t size)
{
    return memchr(text, 0, size) != NULL;
}

static inline void drive_check(const struct kit *k, const struct tocsin_op *op,
                               const struct tocsin_result *out, const struct tocsin_sink *sink)
{
    size_t cursor_size = sizeof out->cursor, reason_size = sizeof out->reason;

    drive_require(out->outcome >= TOCSIN_OK && out->outcome <= TOCSIN_MORE, k, op,
                  "outcome is none");
    drive_require(drive_terminated(out->reason, reason_size), k, op, "reason has no end");
    drive_require(drive_terminated(out->cursor, cursor_size), k, op, "cursor has no end");
    drive_require(!strpbrk(out->reason, "\r\n"), k, op, "reason has more than one line");
    drive_require(tcn_utf8_ok(tcn_str(out->reason)), k, op, "reason is no UTF-8");
    drive_require(out->scope <= TOCSIN_SCOPE_INSTANCE, k, op, "scope is none");
    drive_require(out->retry_after_s <= 86400, k, op, "waits more than a day");
    drive_require(op->verb != TOCSIN_CREATE || out->outcome != TOCSIN_OK || sink->n_records == 1, k,
                  op, "created without telling what");
    drive_require(op->verb != TOCSIN_GET || out->outcome != TOCSIN_OK || sink->n_records == 1, k,
                  op, "read without telling what");
    drive_require(op->verb == TOCSIN_POLL || op->verb == TOCSIN_LISTEN ||
                      out->outcome == TOCSIN_MORE || out->step == 0,
                  k, op, "asks to go on");
    drive_require(out->outcome != TOCSIN_OK || out->step == 0 ||
                      strcmp(out->cursor, op->cursor) != 0,
                  k, op, "goes on without getting on");
    for (size_t i = 0; i < sink->n_records; i++)
        drive_require(sink->records[i].remote_id[0] != 0, k, op, "record without id");
    for (size_t i = 0; i < sink->n_updates; i++)
        drive_require(sink->updates[i].event_id[0] && sink->updates[i].at_ms > 0, k, op,
                      "said without an id or a time");
}

static inline void drive_add_headers(struct tcn_message *msg, struct tcn_str lines)
{
    struct tcn_str line;

    while (lines.len > 0) {
        if (!tcn_str_cut(&lines, '\n', &line)) {
            line = lines;
            lines.len = 0;
        }
        if (line.len > 0 && !tcn_message_add(msg, line))
            return;
    }
}

/* One round trip: the last outcome. */
static inline uint32_t drive_step(struct kit *k, struct tocsin_op *op, const struct drive_answer *a,
                                  char cursor[TOCSIN_CURSOR_SIZE])
{
    struct tocsin_request rq;
    struct tocsin_result out;
    struct tocsin_sink sink;
    struct kit_response r;
    const char *why;
    int rendered = kit_render(k, op, &rq, &why);
    bool is_mail = rq.is_mail;

    tcn_request_done(&rq);
    if (rendered < 0)
        return TOCSIN_REJECTED;
    kit_response_init(&r, a->net, a->status, a->body, is_mail);
    drive_add_headers(&r.msg, a->headers);
    tcn_sink_init(&sink);
    drive_require(kit_interpret(k, op, &r, &out, &sink) == 0, k, op, "was not interpreted");
    drive_check(k, op, &out, &sink);
    tcn_sink_done(&sink);
    kit_response_done(&r);
    memcpy(cursor, out.cursor, sizeof out.cursor);
    op->step = out.step;
    op->cursor = cursor;
    return out.outcome;
}

/* Plays the answers in turn, the last one again and again. */
static inline void drive_play(struct kit *k, uint32_t verb, const struct drive_answer *answers,
                              size_t n)
{
    json_t *payload = drive_payload();
    uint32_t outcome = TOCSIN_MORE;
    struct tocsin_op op;
    char cursor[TOCSIN_CURSOR_SIZE];

    drive_op(&op, verb, payload);
    for (size_t i = 0; outcome == TOCSIN_MORE; i++) {
        drive_require(i < DRIVE_STEPS_MAX, k, &op, "wants more than 8 round trips");
        outcome = drive_step(k, &op, &answers[i < n ? i : n - 1], cursor);
    }
    json_decref(payload);
}

static inline int drive_open(struct kit *k, const struct drive_target *t)
{
    json_t *options = json_loads(t->options, 0, NULL);
    int r = kit_open(k, t->connector, options, NULL);

    json_decref(options);
    return r;
}

#endif
