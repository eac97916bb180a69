/* LISTEN: the comments since the last time, as plain text. They are asked for newest first, so that an issue with years of
 * talk costs one page. Where more are new than a page holds, the pages are gone back to the oldest new one. */
#include "jira.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define PAGE 100
#define PAGES_BACK 6
#define LATE_MS                                                                                    \
    10000 /* a comment may be seen after one that was made later; the host drops what it knows */

/* op->step while looking back is the number of the page; then this bit and where the page to be told starts. */
#define TELL (UINT32_C(1) << 30)

static uint32_t start_of(const struct tocsin_op *op)
{
    return op->step & TELL ? op->step & ~TELL : op->step % PAGES_BACK * PAGE;
}

int tcn_jira_listen_render(const struct tocsin_instance *in, const struct tocsin_op *op,
                           struct tocsin_request *rq)
{
    return tcn_jira_comments(in, op, start_of(op), PAGE, rq);
}

static int64_t made_ms(json_t *comment)
{
    return tcn_reply_time_ms(tcn_reply_text(comment, "created"));
}

/* By op->cursor, the time of the newest comment that was told. */
static int is_new(const struct tocsin_op *op, json_t *comment)
{
    int64_t told_ms = strtoll(op->cursor, NULL, 10);

    return tcn_reply_id_ok(tcn_reply_text(comment, "id")) && made_ms(comment) > 0 &&
           (!op->cursor[0] || made_ms(comment) >= told_ms - LATE_MS);
}

static const char *mark_of(json_t *comment)
{
    const char *id = tcn_jira_event_of(comment);

    return tcn_reply_line_ok(id, 100) ? id : "";
}

/* Cloud says jsdPublic of every comment; Data Center has the property only. New reference. */
static json_t *with_jsd_public(json_t *comment)
{
    json_t *copy;

    if (json_object_get(comment, "jsdPublic") ||
        !json_is_true(json_object_get(tcn_jira_property(comment, TCN_JIRA_PUBLIC), "internal")))
        return json_incref(comment);
    copy = json_copy(comment);
    json_object_set_new(copy, "jsdPublic", json_false());
    return copy;
}

/* A comment without a word tells nothing. */
static void tell(const struct tocsin_instance *in, const struct tocsin_op *op, json_t *comment,
                 struct tocsin_sink *sink)
{
    char *text = tcn_jira_adf_text(json_object_get(comment, "body"));
    json_t *fields =
        json_pack("{s:s, s:o}", "kind", "comment", "comment", with_jsd_public(comment));
    struct tocsin_update update = {
        .change = TOCSIN_SAID,
        .event_id = tcn_reply_text(comment, "id"),
        .remote_id = op->remote_id,
        .marker = mark_of(comment),
        .actor = tcn_reply_text(json_object_get(comment, "author"), "displayName"),
        .text = text ? text : "",
        .at_ms = made_ms(comment),
        .fields = fields,
    };

    if (update.text[0])
        (void)in->host->emit(sink, &update);
    json_decref(fields);
    free(text);
}

/* Oldest first; the cursor is the time of the newest. 1 when it went on. */
static int tell_all(const struct tocsin_instance *in, const struct tocsin_op *op, json_t *comments,
                    struct tocsin_result *out, struct tocsin_sink *sink)
{
    int64_t told_ms = strtoll(op->cursor, NULL, 10), newest_ms = told_ms > 0 ? told_ms : 0;
    size_t n = json_array_size(comments);

    for (size_t i = n < PAGE ? n : PAGE; i-- > 0;) {
        json_t *comment = json_array_get(comments, i);

        if (!is_new(op, comment))
            continue;
        tell(in, op, comment, sink);
        if (made_ms(comment) > newest_ms)
            newest_ms = made_ms(comment);
    }
    snprintf(out->cursor, sizeof out->cursor, "%" PRId64, newest_ms);
    return newest_ms > told_ms;
}

static size_t count_new(const struct tocsin_op *op, json_t *comments)
{
    json_t *comment;
    size_t i, n = 0;

    json_array_foreach(comments, i, comment) n += i < PAGE && is_new(op, comment);
    return n;
}

static void go_to(const struct tocsin_op *op, uint32_t step, struct tocsin_result *out)
{
    tcn_reply_set(out, TOCSIN_MORE, "%s", "");
    out->step = step;
    (void)tocsin_copy(out->cursor, sizeof out->cursor, op->cursor);
}

/* 1 when another page is to be read first: all of this one are new, or the oldest new ones are on the page before. */
static int look_back(const struct tocsin_op *op, json_t *comments, struct tocsin_result *out)
{
    size_t n_new = count_new(op, comments);

    if (op->step & TELL || !op->cursor[0])
        return 0;
    if (n_new >= PAGE && op->step + 1 < PAGES_BACK) {
        go_to(op, op->step + 1, out);
        return 1;
    }
    if (op->step == 0 || n_new >= PAGE)
        return 0;
    go_to(op, TELL | (start_of(op) + (uint32_t)n_new - PAGE), out);
    return 1;
}

void tcn_jira_listen_read(const struct tocsin_instance *in, const struct tocsin_op *op,
                          const struct tocsin_response *rs, struct tocsin_result *out,
                          struct tocsin_sink *sink)
{
    json_t *comments = json_object_get(rs->json, "comments");

    if (!json_is_array(comments)) {
        tcn_reply_unreadable(op, out, TCN_JIRA);
        return;
    }
    if (look_back(op, comments, out))
        return;
    /* What is newer than this page is asked for at once. */
    if (tell_all(in, op, comments, out, sink) && start_of(op) > 0)
        out->step = 1;
}
