/* What changed: POLL pages through the records with a marker by (sys_updated_on, sys_id), SURVEY asks for many by their
 * ids.
 *
 * Answers tell times in UTC, but queries read them in the zone of the account: in another zone than GMT the feed would
 * be hours late, or silent. So the zone is asked for before the first page, and again when a page has not even the
 * record that the cursor was taken from. */
#include "servicenow.h"

#include <stdio.h>
#include <stdlib.h>

#define WHO "ServiceNow"
#define PAGE "100"
#define FIELDS "sys_id,sys_mod_count,sys_updated_on"
#define SURVEY_QUERY_SIZE (TCN_SN_SURVEY_MAX * 65 + 16)

#define ASK_AGAIN_MS INT64_C(600000) /* for the zone, while there are no records to tell of it */

enum { STEP_FIRST, STEP_ROWS, STEP_ZONE };

/* Where a cursor points: "TIME" at a record, "TIME SYS_ID" behind one of a page that more come after, "TIME ?ASKED" at a
 * time that no record is known to have, with the Unix time in ms when the zone was asked for. */
struct position {
    int64_t at_ms, asked_ms;
    char id[65];
};

/* 0, or -1 when the feed is to begin. */
static int read_position(const char *cursor, struct position *ret)
{
    char time[TCN_REPLY_TIME_SIZE];
    size_t n = strnlen(cursor, sizeof time - 1);

    memcpy(time, cursor, n);
    time[n] = 0;
    *ret = (struct position){.at_ms = tcn_reply_time_ms(time)};
    if (ret->at_ms == 0)
        return -1;
    if (strncmp(cursor + n, " ?", 2) == 0)
        ret->asked_ms = strtoll(cursor + n + 2, NULL, 10);
    else if (cursor[n] == ' ' && tcn_reply_id_ok(cursor + n + 1))
        (void)tocsin_copy(ret->id, sizeof ret->id, cursor + n + 1);
    return 0;
}

static void write_position(struct tocsin_result *out, int64_t at_ms, const char *mark)
{
    char time[TCN_REPLY_TIME_SIZE];

    tcn_reply_time_text(at_ms, time);
    snprintf(out->cursor, sizeof out->cursor, "%s%s%.64s", time, mark[0] ? " " : "", mark);
}

static void write_asked(struct tocsin_result *out, int64_t at_ms, int64_t now_ms)
{
    char mark[24];

    snprintf(mark, sizeof mark, "?%lld", (long long)now_ms);
    write_position(out, at_ms, mark);
}

int tcn_sn_asks_zone(const struct tocsin_op *op)
{
    struct position at;

    return op->step == STEP_ZONE || (op->step == STEP_FIRST && read_position(op->cursor, &at) < 0);
}

static int64_t number_of(const struct tocsin_op *op, const char *name)
{
    return json_integer_value(json_object_get(op->payload, name));
}

/* Where this page begins. */
static struct position start_of(const struct tocsin_op *op)
{
    struct position at;

    if (read_position(op->cursor, &at) < 0)
        at = (struct position){.at_ms = number_of(op, "since_ms")};
    if (!at.id[0])
        at.at_ms -= number_of(op, "overlap_ms");
    return at;
}

void tcn_sn_time_word(int64_t ms, char ret[TCN_SN_TIME_WORD_SIZE])
{
    char time[TCN_REPLY_TIME_SIZE];

    tcn_reply_time_text(ms, time);
    snprintf(ret, TCN_SN_TIME_WORD_SIZE, "javascript:gs.dateGenerate('%.10s','%s')", time,
             time + 11);
}

/* Behind a record means later, or as late and with a greater id. ^OR binds to the condition before it; with ^NQ the
 * condition on the marker would be needed twice. */
static void page_query(const struct tcn_sn *s, const struct tocsin_op *op, char *ret, size_t size)
{
    struct position at = start_of(op);
    char time[TCN_SN_TIME_WORD_SIZE], behind[TCN_SN_TIME_WORD_SIZE + 120] = "";

    tcn_sn_time_word(at.at_ms, time);
    if (at.id[0])
        snprintf(behind, sizeof behind, "^sys_updated_on>%s^ORsys_id>%s", time, at.id);
    snprintf(ret, size, "%sSTARTSWITH%s^sys_updated_on>=%s%s^ORDERBYsys_updated_on^ORDERBYsys_id",
             s->marker_field, s->marker_prefix, time, behind);
}

int tcn_sn_poll_render(const struct tocsin_instance *in, const struct tocsin_op *op,
                       struct tocsin_request *rq)
{
    const struct tcn_sn *s = in->state;
    char query[1024], fields[200];

    if (tcn_sn_asks_zone(op))
        return tcn_sn_ask_account(in, rq);
    page_query(s, op, query, sizeof query);
    snprintf(fields, sizeof fields, FIELDS ",%s", s->marker_field);
    if (TOCSIN_REQUEST(in->host, rq, "GET", s->url, TCN_SN_TABLE, s->table) < 0 ||
        tcn_sn_ask_rows(in->host, rq, query, PAGE) < 0)
        return -1;
    return in->host->query(rq, "sysparm_fields", fields);
}

void tcn_sn_zone_hidden(struct tocsin_result *out)
{
    tcn_reply_set(
        out, TOCSIN_REJECTED,
        "the account may not read its own row of sys_user: let it, and set its time zone to "
        "GMT, or changes are missed: queries read times in it");
}

/* With GMT the feed begins, by a clock that may be another than ours, or what was found empty really is. */
static void zone_read(const struct tocsin_op *op, const json_t *me, int64_t their_now_ms,
                      struct tocsin_result *out)
{
    const char *zone = tcn_reply_text(me, "time_zone");
    struct position at;

    if (!me) {
        tcn_sn_zone_hidden(out);
    } else if (!tcn_sn_is_utc(zone)) {
        tcn_reply_set(
            out, TOCSIN_REJECTED,
            "the account's time zone is %.60s, set it to GMT, or changes are missed: queries "
            "read times in it",
            zone[0] ? zone : "the system's");
    } else if (op->step == STEP_ZONE && read_position(op->cursor, &at) == 0) {
        write_asked(out, at.at_ms, op->now_ms);
    } else {
        write_asked(out, number_of(op, "since_ms") + their_now_ms - op->now_ms, op->now_ms);
        tcn_reply_set(out, TOCSIN_MORE, "%s", "");
        out->step = STEP_ROWS;
    }
}

static int report(const struct tocsin_instance *in, const json_t *row, struct tocsin_sink *sink)
{
    struct tocsin_record record = {.remote_id = tcn_reply_text(row, "sys_id"),
                                   .remote_key = "",
                                   .remote_url = "",
                                   .version = tcn_reply_text(row, "sys_mod_count"),
                                   .changed_ms =
                                       tcn_reply_time_ms(tcn_reply_text(row, "sys_updated_on"))};

    if (!tcn_reply_id_ok(record.remote_id))
        return -1;
    if (!tcn_reply_line_ok(record.version, 64))
        record.version = "";
    return in->host->report(sink, &record);
}

static int has_marker(const struct tcn_sn *s, const json_t *row)
{
    return strncmp(tcn_reply_text(row, s->marker_field), s->marker_prefix,
                   strlen(s->marker_prefix)) == 0;
}

/* Reports what carries a marker. The time of the last row, 0 when there is none, -1 when they cannot be paged. */
static int64_t page_rows(const struct tocsin_instance *in, json_t *rows, struct tocsin_sink *sink)
{
    size_t n = tcn_sn_row_count(rows);
    int64_t last_ms = 0;

    for (size_t i = 0; i < n; i++) {
        const json_t *row = json_array_get(rows, i);
        int64_t at_ms = tcn_reply_time_ms(tcn_reply_text(row, "sys_updated_on"));

        if (at_ms == 0 || at_ms < last_ms || !tcn_reply_id_ok(tcn_reply_text(row, "sys_id")))
            return -1;
        last_ms = at_ms;
        if (has_marker(in->state, row))
            (void)report(in, row, sink);
    }
    return last_ms;
}

/* A record may carry a time to come (an import can set it): what is changed before then must not be behind the cursor. */
static int64_t earlier(int64_t a_ms, int64_t b_ms)
{
    return a_ms < b_ms ? a_ms : b_ms;
}

/* Nothing, not even the record that the cursor was taken from: it was deleted, or the zone is another one now. Where there
 * was none before the zone is asked for every now and then. */
static void empty_page(const struct tocsin_op *op, int64_t their_now_ms, struct tocsin_result *out)
{
    struct position at;

    if (read_position(op->cursor, &at) < 0)
        at = (struct position){.asked_ms = op->now_ms};
    if (at.id[0]) {
        write_position(out, earlier(at.at_ms, their_now_ms), "");
    } else {
        (void)tocsin_copy(out->cursor, sizeof out->cursor, op->cursor);
        if (at.asked_ms > 0 && op->now_ms - at.asked_ms < ASK_AGAIN_MS)
            return;
        tcn_reply_set(out, TOCSIN_MORE, "%s", "");
        out->step = STEP_ZONE;
    }
}

static void full_page(const struct tocsin_op *op, json_t *rows, int64_t last_ms,
                      struct tocsin_result *out)
{
    const json_t *row = json_array_get(rows, tcn_sn_row_count(rows) - 1);

    write_position(out, last_ms, tcn_reply_text(row, "sys_id"));
    if (strcmp(out->cursor, op->cursor) == 0)
        tcn_reply_set(out, TOCSIN_RETRY, WHO " answered with the same page again");
    else
        out->step = STEP_ROWS;
}

TCN_SN_READ(poll)
{
    json_t *rows = tcn_sn_rows(rs), *first = json_array_get(rows, 0);
    int64_t last_ms, their_now_ms = tcn_reply_now_ms(in, op, rs);

    if (!rows || (first && !json_is_object(first))) {
        tcn_reply_unreadable(op, out, WHO);
        return;
    }
    if (tcn_sn_asks_zone(op)) {
        zone_read(op, first, their_now_ms, out);
        return;
    }
    last_ms = page_rows(in, rows, sink);
    if (last_ms < 0)
        tcn_reply_set(out, TOCSIN_RETRY,
                      WHO
                      " answered with rows that are not in the order of sys_updated_on, or hides "
                      "it from the account");
    else if (last_ms == 0)
        empty_page(op, their_now_ms, out);
    else if (json_array_size(rows) >= TCN_REPLY_ROWS_MAX)
        full_page(op, rows, last_ms, out);
    else
        write_position(out, earlier(last_ms, their_now_ms), "");
}

/* ---- SURVEY ---- */

/* sys_idINa,b,c; -1 when an id is none. */
static int survey_query(const json_t *ids, char ret[SURVEY_QUERY_SIZE])
{
    size_t n = json_array_size(ids), len = 0;

    if (n == 0 || n > TCN_SN_SURVEY_MAX)
        return -1;
    for (size_t i = 0; i < n; i++) {
        const char *id = json_string_value(json_array_get(ids, i));

        if (!id || !tcn_reply_id_ok(id))
            return -1;
        len +=
            (size_t)snprintf(ret + len, SURVEY_QUERY_SIZE - len, "%s%s", i ? "," : "sys_idIN", id);
    }
    return 0;
}

int tcn_sn_survey_render(const struct tocsin_instance *in, const struct tocsin_op *op,
                         struct tocsin_request *rq)
{
    const struct tcn_sn *s = in->state;
    char query[SURVEY_QUERY_SIZE];

    if (survey_query(json_object_get(op->payload, "ids"), query) < 0)
        return in->host->fail(in, "a survey takes 1 to %d sys_ids", TCN_SN_SURVEY_MAX);
    if (TOCSIN_REQUEST(in->host, rq, "GET", s->url, TCN_SN_TABLE, s->table) < 0 ||
        tcn_sn_ask_rows(in->host, rq, query, PAGE) < 0)
        return -1;
    return in->host->query(rq, "sysparm_fields", FIELDS);
}

static int is_asked_for(const json_t *ids, const char *id)
{
    json_t *item;
    size_t i;

    json_array_foreach(ids, i, item) if (json_is_string(item) &&
                                         strcmp(json_string_value(item), id) == 0) return 1;
    return 0;
}

TCN_SN_READ(survey)
{
    json_t *rows = tcn_sn_rows(rs), *ids = json_object_get(op->payload, "ids");
    size_t n = tcn_sn_row_count(rows);

    if (!rows) {
        tcn_reply_unreadable(op, out, WHO);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        const json_t *row = json_array_get(rows, i);

        if (is_asked_for(ids, tcn_reply_text(row, "sys_id")))
            (void)report(in, row, sink);
    }
}
