/* Notes are comments. Each carries the property tocsin.event with the id of its timeline event, so that a note whose
 * answer was lost is found again and not written twice. In a service project they are for agents, not for customers,
 * unless the options say otherwise; elsewhere that property means nothing. */
#include "jira.h"

#include <stdio.h>

#define COMMENT_PAGE 100
#define COMMENT_PAGES 8

static json_t *note_body(const struct tcn_jira *j, const struct tocsin_op *op)
{
    json_t *body = tcn_jira_body(j, json_object_get(op->payload, "text"));
    json_t *properties = json_pack("[{s:s, s:{s:s}}]", "key", "tocsin.event", "value", "id",
                                   tcn_reply_text(op->payload, "event_id"));

    if (!j->public_notes)
        json_array_append_new(properties, json_pack("{s:s, s:{s:b}}", "key", TCN_JIRA_PUBLIC,
                                                    "value", "internal", 1));
    return json_pack("{s:o, s:o}", "body", body, "properties", properties);
}

int tcn_jira_note_render(const struct tocsin_instance *in, const struct tocsin_op *op,
                         struct tocsin_request *rq)
{
    const struct tcn_jira *j = in->state;
    json_t *text = json_object_get(op->payload, "text"), *body;
    int r;

    if (tcn_jira_need_id(in, op) < 0)
        return -1;
    if (!json_is_object(text) && tcn_reply_text(op->payload, "text")[0] == 0)
        return in->host->fail(in, "the note has no text");
    if (TOCSIN_REQUEST(in->host, rq, "POST", j->url, TCN_JIRA_ISSUE "/comment", j->api,
                       op->remote_id) < 0)
        return -1;
    body = note_body(j, op);
    r = in->host->set_json(rq, body);
    json_decref(body);
    return r;
}

int tcn_jira_comments(const struct tocsin_instance *in, const struct tocsin_op *op, uint32_t start,
                      int most, struct tocsin_request *rq)
{
    const struct tcn_jira *j = in->state;
    const struct tocsin_host *h = in->host;
    char from[24], max[24];

    if (tcn_jira_need_id(in, op) < 0 ||
        TOCSIN_REQUEST(h, rq, "GET", j->url, TCN_JIRA_ISSUE "/comment", j->api, op->remote_id) < 0)
        return -1;
    snprintf(from, sizeof from, "%u", (unsigned)start);
    snprintf(max, sizeof max, "%d", most);
    if (h->query(rq, "orderBy", "-created") < 0 || h->query(rq, "startAt", from) < 0 ||
        h->query(rq, "maxResults", max) < 0)
        return -1;
    return h->query(rq, "expand", "properties");
}

/* Step by step through the pages: what is looked for was written a moment ago. */
int tcn_jira_note_find_render(const struct tocsin_instance *in, const struct tocsin_op *op,
                              struct tocsin_request *rq)
{
    return tcn_jira_comments(in, op, op->step % COMMENT_PAGES * COMMENT_PAGE, COMMENT_PAGE, rq);
}

void tcn_jira_note_read(const struct tocsin_instance *in, const struct tocsin_op *op,
                        const struct tocsin_response *rs, struct tocsin_result *out,
                        struct tocsin_sink *sink)
{
    (void)in;
    (void)sink;
    if (!tcn_reply_id_ok(tcn_reply_text(rs->json, "id")))
        tcn_reply_unreadable(op, out, TCN_JIRA);
}

json_t *tcn_jira_property(json_t *comment, const char *key)
{
    json_t *item;
    size_t i;

    json_array_foreach(json_object_get(comment, "properties"), i, item)
    {
        if (i < TCN_REPLY_ROWS_MAX && strcmp(tcn_reply_text(item, "key"), key) == 0)
            return json_object_get(item, "value");
    }
    return NULL;
}

const char *tcn_jira_event_of(json_t *comment)
{
    return tcn_reply_text(tcn_jira_property(comment, "tocsin.event"), "id");
}

void tcn_jira_note_find_read(const struct tocsin_instance *in, const struct tocsin_op *op,
                             const struct tocsin_response *rs, struct tocsin_result *out,
                             struct tocsin_sink *sink)
{
    json_t *comments = json_object_get(rs->json, "comments"), *comment;
    const char *event_id = tcn_reply_text(op->payload, "event_id");
    size_t i;

    (void)in;
    (void)sink;
    if (!json_is_array(comments)) {
        tcn_reply_unreadable(op, out, TCN_JIRA);
        return;
    }
    json_array_foreach(comments, i, comment) if (event_id[0] && strcmp(tcn_jira_event_of(comment),
                                                                       event_id) == 0) return;
    if (json_array_size(comments) >= COMMENT_PAGE && op->step + 1 < COMMENT_PAGES) {
        tcn_reply_set(out, TOCSIN_MORE, "%s", "");
        out->step = op->step + 1;
        return;
    }
    tcn_reply_set(out, TOCSIN_GONE, "no such note");
}
