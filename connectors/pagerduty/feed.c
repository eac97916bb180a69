/* What changed: the log entries of the account, and the notes of one incident. PagerDuty has no list of what changed, and
 * none by ids.
 *
 * Entries come newest first, in pages by offset. The first page looks at all since the newest entry known, the others into
 * a window that ends with the newest of the first page, so that what is written meanwhile moves nothing out of sight. No page begins behind entry
 * 10,000: then the window ends with the oldest entry seen, and its pages begin anew. */
#include "../said.h"
#include "pagerduty.h"

#include <stdio.h>

#define PAGE 100
#define OFFSET_MAX 9900 /* offset + limit is 10,000 at most */
#define MINUTE_MS INT64_C(60000)
#define DAY_MS INT64_C(86400000)
#define WINDOW_MS (30 * DAY_MS)
#define LATE_MS (60 * MINUTE_MS)

/* "NEWEST" between polls; "NEWEST SINCE UNTIL OFFSET" while there are more pages. Unix times in ms. */
struct window {
    int64_t newest_ms, since_ms, until_ms;
    int offset;
};

static int64_t number_of(const struct tocsin_op *op, const char *name)
{
    return json_integer_value(json_object_get(op->payload, name));
}

/* Without a cursor that says it: from the newest entry known, which is a time of PagerDuty's own clock, and far enough
 * into the time to come that a clock of ours that is late hides nothing. */
static void first_window(const struct tocsin_op *op, int64_t newest_ms, struct window *ret)
{
    int64_t oldest_ms = op->now_ms - WINDOW_MS;

    *ret = (struct window){.newest_ms = newest_ms};
    ret->until_ms = (newest_ms > op->now_ms ? newest_ms : op->now_ms) + LATE_MS;
    ret->since_ms =
        (newest_ms ? newest_ms : number_of(op, "since_ms")) - number_of(op, "overlap_ms");
    if (ret->since_ms < oldest_ms)
        ret->since_ms = oldest_ms;
}

static void read_window(const struct tocsin_op *op, struct window *ret)
{
    long long newest = 0, since = 0, until = 0;
    int offset = 0,
        n = sscanf(op->cursor, "%15lld %15lld %15lld %5d", &newest, &since, &until, &offset);

    if (n == 4 && newest > 0 && since > 0 && until > since && offset >= 0 && offset <= OFFSET_MAX)
        *ret = (struct window){newest, since, until, offset};
    else
        first_window(op, n >= 1 && newest > 0 ? newest : 0, ret);
}

static void write_window(struct tocsin_result *out, const struct window *w)
{
    snprintf(out->cursor, sizeof out->cursor, "%lld %lld %lld %d", (long long)w->newest_ms,
             (long long)w->since_ms, (long long)w->until_ms, w->offset);
}

static int ask_time(const struct tocsin_host *h, struct tocsin_request *rq, const char *name,
                    int64_t ms)
{
    char time[TCN_REPLY_TIME_SIZE], zulu[TCN_REPLY_TIME_SIZE + 4];

    tcn_reply_time_text(ms, time);
    snprintf(zulu, sizeof zulu, "%.10sT%sZ", time, time + 11);
    return h->query(rq, name, zulu);
}

int tcn_pd_poll_render(const struct tocsin_instance *in, const struct tocsin_op *op,
                       struct tocsin_request *rq)
{
    const struct tcn_pd *p = in->state;
    const struct tocsin_host *h = in->host;
    struct window w;
    char offset[16], limit[16];

    read_window(op, &w);
    snprintf(offset, sizeof offset, "%d", w.offset);
    snprintf(limit, sizeof limit, "%d", PAGE);
    if (TOCSIN_REQUEST(h, rq, "GET", p->url, "/log_entries") < 0 ||
        ask_time(h, rq, "since", w.since_ms) < 0 || ask_time(h, rq, "until", w.until_ms) < 0 ||
        h->query(rq, "is_overview", "false") < 0 || h->query(rq, "include[]", "incidents") < 0 ||
        h->query(rq, "limit", limit) < 0 || h->query(rq, "offset", offset) < 0)
        return -1;
    return tcn_pd_dress_read(h, rq);
}

static size_t row_count(const json_t *rows)
{
    size_t n = json_array_size(rows);

    return n < TCN_REPLY_ROWS_MAX ? n : TCN_REPLY_ROWS_MAX;
}

static json_t *incident_of(const json_t *rows, size_t i)
{
    return json_object_get(json_array_get(rows, i), "incident");
}

static int is_said(const json_t *rows, size_t i)
{
    return strcmp(tcn_reply_text(json_array_get(rows, i), "type"), "annotate_log_entry") == 0;
}

/* The incident of entry i, when no entry before it is about the same. A note need not change an incident's version, so
 * none is told of one that somebody has annotated; nor of an incident that is a reference only. */
static void report_once(const struct tocsin_instance *in, const json_t *rows, size_t i,
                        struct tocsin_sink *sink)
{
    json_t *incident = incident_of(rows, i);
    const char *id = tcn_reply_text(incident, "id");
    char version[TCN_PD_VERSION_SIZE];
    size_t n = row_count(rows);
    struct tocsin_record record = {
        .remote_id = id, .remote_key = "", .remote_url = "", .version = version};
    int said = 0;

    if (!tcn_reply_id_ok(id))
        return;
    for (size_t j = 0; j < n; j++) {
        if (strcmp(tcn_reply_text(incident_of(rows, j), "id"), id) != 0)
            continue;
        if (j < i)
            return;
        said |= is_said(rows, j);
    }
    tcn_pd_version(incident, version);
    if (said || !tcn_reply_text(incident, "updated_at")[0])
        version[0] = 0;
    (void)in->host->report(sink, &record);
}

/* The greatest and the least time of the page; -1 when an entry has none. */
static int page_times(const json_t *rows, int64_t *ret_newest_ms, int64_t *ret_oldest_ms)
{
    size_t n = row_count(rows);

    *ret_newest_ms = *ret_oldest_ms = 0;
    for (size_t i = 0; i < n; i++) {
        int64_t at_ms = tcn_reply_time_ms(tcn_reply_text(json_array_get(rows, i), "created_at"));

        if (at_ms == 0)
            return -1;
        if (at_ms > *ret_newest_ms)
            *ret_newest_ms = at_ms;
        if (*ret_oldest_ms == 0 || at_ms < *ret_oldest_ms)
            *ret_oldest_ms = at_ms;
    }
    return 0;
}

/* The times that a window may end at are whole seconds, and whether the end is part of it is not documented. */
static int64_t end_behind(int64_t ms)
{
    return ms + 1000;
}

/* What is logged before then must not be behind the cursor, whatever times an answer tells. Without a cursor the feed begins
 * by PagerDuty's clock, which may be another than ours. */
static int64_t newest_known(const struct tocsin_op *op, const struct window *w, int64_t page_ms,
                            int64_t their_now_ms)
{
    int64_t known_ms =
        w->newest_ms ? w->newest_ms : number_of(op, "since_ms") + their_now_ms - op->now_ms;

    if (page_ms > their_now_ms)
        page_ms = their_now_ms;
    return page_ms > known_ms ? page_ms : known_ms;
}

static void next_window(const struct tocsin_instance *in, struct window *w, int64_t newest_ms,
                        int64_t oldest_ms)
{
    if (w->offset == 0 && end_behind(newest_ms) < w->until_ms)
        w->until_ms = end_behind(newest_ms);
    w->offset += PAGE;
    if (w->offset <= OFFSET_MAX)
        return;
    w->offset = 0;
    if (end_behind(oldest_ms) >= w->until_ms)
        in->host->log(in, TOCSIN_WARN,
                      "PagerDuty has more than 10,000 log entries of one second: some are "
                      "passed over");
    w->until_ms = end_behind(oldest_ms) < w->until_ms ? end_behind(oldest_ms) : w->until_ms - 1000;
}

static void go_on(const struct tocsin_instance *in, const struct tocsin_op *op,
                  const struct tocsin_response *rs, json_t *rows, struct tocsin_result *out)
{
    int has_more = json_is_true(json_object_get(rs->json, "more"));
    int64_t newest_ms, oldest_ms;
    struct window w;

    if (page_times(rows, &newest_ms, &oldest_ms) < 0) {
        tcn_reply_unreadable(op, out, TCN_PD);
        return;
    }
    read_window(op, &w);
    w.newest_ms = newest_known(op, &w, newest_ms, tcn_reply_now_ms(in, op, rs));
    if (has_more && newest_ms > 0) {
        next_window(in, &w, newest_ms, oldest_ms);
        write_window(out, &w);
        out->step = w.until_ms > w.since_ms;
    }
    if (out->step == 0 && w.newest_ms > 0)
        snprintf(out->cursor, sizeof out->cursor, "%lld", (long long)w.newest_ms);
}

void tcn_pd_poll_read(const struct tocsin_instance *in, const struct tocsin_op *op,
                      const struct tocsin_response *rs, struct tocsin_result *out,
                      struct tocsin_sink *sink)
{
    json_t *rows = json_object_get(rs->json, "log_entries");
    size_t n = row_count(rows);

    if (!json_is_array(rows)) {
        tcn_reply_unreadable(op, out, TCN_PD);
        return;
    }
    for (size_t i = 0; i < n; i++)
        report_once(in, rows, i, sink);
    go_on(in, op, rs, rows, out);
}

/* ---- LISTEN ---- */

int tcn_pd_listen_render(const struct tocsin_instance *in, const struct tocsin_op *op,
                         struct tocsin_request *rq)
{
    return tcn_pd_ask_notes(in, op, rq);
}

void tcn_pd_listen_read(const struct tocsin_instance *in, const struct tocsin_op *op,
                        const struct tocsin_response *rs, struct tocsin_result *out,
                        struct tocsin_sink *sink)
{
    json_t *notes = json_object_get(rs->json, "notes"), *note;
    struct tcn_said all[TCN_SAID_MAX];
    size_t i, n = 0;

    if (!json_is_array(notes)) {
        tcn_reply_unreadable(op, out, TCN_PD);
        return;
    }
    json_array_foreach(notes, i, note) tcn_said_add(
        all, &n,
        (struct tcn_said){.id = tcn_reply_text(note, "id"),
                          .actor = tcn_reply_text(json_object_get(note, "user"), "summary"),
                          .text = tcn_reply_text(note, "content"),
                          .kind = "note",
                          .note = note,
                          .at_ms = tcn_reply_time_ms(tcn_reply_text(note, "created_at"))});
    tcn_said_tell(in, op, all, n, out, sink);
}
