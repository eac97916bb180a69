/* Reading the Table API's answers, strictly: a 2xx counts only with the row that was asked for. */
#include "servicenow.h"

#include <stdio.h>

#define WHO "ServiceNow"

json_t *tcn_sn_row(const struct tocsin_response *rs)
{
    json_t *row = json_object_get(rs->json, "result");

    return json_is_object(row) ? row : NULL;
}

json_t *tcn_sn_rows(const struct tocsin_response *rs)
{
    json_t *rows = json_object_get(rs->json, "result");

    return json_is_array(rows) ? rows : NULL;
}

size_t tcn_sn_row_count(const json_t *rows)
{
    size_t n = json_array_size(rows);

    return n < TCN_REPLY_ROWS_MAX ? n : TCN_REPLY_ROWS_MAX;
}

static void record_url(const struct tcn_sn *s, const char *sys_id, char *ret, size_t size)
{
    int base = (int)strlen(s->url), n;

    while (base > 0 && s->url[base - 1] == '/')
        base--;
    n = snprintf(ret, size, "%.*s/nav_to.do?uri=%%2F%s.do%%3Fsys_id%%3D%s", base, s->url, s->table,
                 sys_id);
    if (n < 0 || (size_t)n >= size)
        ret[0] = 0;
}

/* Reports a flat row; -1 when it has no sys_id or another than wanted ("" takes any). */
static int report_row(const struct tocsin_instance *in, struct tocsin_sink *sink,
                      const char *wanted, json_t *flat)
{
    char url[600];
    struct tocsin_record record = {.remote_id = tcn_reply_text(flat, "sys_id"),
                                   .remote_key = tcn_reply_text(flat, "number"),
                                   .version = tcn_reply_text(flat, "sys_mod_count"),
                                   .remote_url = url,
                                   .changed_ms =
                                       tcn_reply_time_ms(tcn_reply_text(flat, "sys_updated_on")),
                                   .fields = flat};

    if (!tcn_reply_id_ok(record.remote_id) || (wanted[0] && strcmp(wanted, record.remote_id) != 0))
        return -1;
    record_url(in->state, record.remote_id, url, sizeof url);
    if (!tcn_reply_line_ok(record.remote_key, 64))
        record.remote_key = "";
    if (!tcn_reply_line_ok(record.version, 64))
        record.version = "";
    return in->host->report(sink, &record);
}

/* ---- CHECK ---- */

int tcn_sn_is_utc(const char *zone)
{
    return strcmp(zone, "GMT") == 0 || strcmp(zone, "UTC") == 0 || strcmp(zone, "Etc/UTC") == 0 ||
           strcmp(zone, "Etc/GMT") == 0;
}

/* The second step looks at the table; what is to be said about the account travels there in the cursor. */
static void check_account(const struct tocsin_instance *in, const json_t *me,
                          struct tocsin_result *out)
{
    const char *zone = tcn_reply_text(me, "time_zone");

    if (!me)
        snprintf(out->cursor, sizeof out->cursor, "%s",
                 "the account may not read sys_user: see to it that its time zone is GMT");
    else if (!tcn_sn_is_utc(zone))
        snprintf(out->cursor, sizeof out->cursor,
                 "the account's time zone is %.60s, set it to GMT: queries read times in it",
                 zone[0] ? zone : "the system's");
    if (out->cursor[0])
        in->host->log(in, TOCSIN_WARN, "%s", out->cursor);
    tcn_reply_set(out, TOCSIN_MORE, "%s", "");
    out->step = 1;
}

/* ServiceNow leaves out fields that the table does not have: such a marker would never be found again. */
static void check_table(const struct tcn_sn *s, const struct tocsin_op *op, const json_t *row,
                        struct tocsin_result *out)
{
    const char *const names[] = {s->marker_field, s->status_field};

    tcn_reply_set(out, TOCSIN_OK, "%s", op->cursor);
    for (size_t i = 0; row && i < sizeof names / sizeof names[0]; i++)
        if (!json_object_get(row, names[i])) {
            tcn_reply_set(out, TOCSIN_REJECTED,
                          "table %s has no field %s that the account may read", s->table, names[i]);
            return;
        }
}

TCN_SN_READ(check)
{
    json_t *rows = tcn_sn_rows(rs), *row = json_array_get(rows, 0);

    (void)sink;
    if (!rows || (row && !json_is_object(row)))
        tcn_reply_unreadable(op, out, WHO);
    else if (op->step == 0)
        check_account(in, row, out);
    else
        check_table(in->state, op, row, out);
}

/* ---- records ---- */

/* A query on a field that does not exist answers with every row: only rows that carry the marker count. */
TCN_SN_READ(find)
{
    const struct tcn_sn *s = in->state;
    json_t *rows = tcn_sn_rows(rs);
    size_t n = tcn_sn_row_count(rows);

    if (!rows) {
        tcn_reply_unreadable(op, out, WHO);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        json_t *flat = tcn_sn_flatten(json_array_get(rows, i));

        if (op->marker[0] && strcmp(tcn_reply_text(flat, s->marker_field), op->marker) == 0)
            (void)report_row(in, sink, "", flat);
        json_decref(flat);
    }
}

TCN_SN_READ(get)
{
    json_t *row = tcn_sn_row(rs), *flat = row ? tcn_sn_flatten(row) : NULL;

    if (!flat || report_row(in, sink, op->remote_id, flat) < 0)
        tcn_reply_unreadable(op, out, WHO);
    json_decref(flat);
}

/* The names sent that the row did not keep, told to the host when sink is given. Returns how many; ret_first is the
 * first of them, borrowed from sent. */
static size_t not_applied(const struct tocsin_instance *in, json_t *sent, const json_t *flat,
                          struct tocsin_sink *sink, const char **ret_first)
{
    const char *name;
    json_t *value;
    size_t n = 0;

    json_object_foreach(sent, name, value)
    {
        if (tcn_sn_applied(in->state, name, value, flat))
            continue;
        if (n++ == 0)
            *ret_first = name;
        if (sink)
            (void)in->host->bad_field(sink, name, "write_not_applied");
    }
    return n;
}

/* The record exists whatever it kept of the rest: saying anything but OK would make a second one. */
TCN_SN_READ(create)
{
    json_t *row = tcn_sn_row(rs), *flat = row ? tcn_sn_flatten(row) : NULL;
    json_t *sent = flat ? tcn_sn_body(in->state, op) : NULL;
    const char *first = "";
    size_t n;

    if (!flat || report_row(in, sink, "", flat) < 0) {
        tcn_reply_unreadable(op, out, WHO);
        goto out;
    }
    if ((n = not_applied(in, sent, flat, NULL, &first)) > 0) {
        tcn_reply_set(out, TOCSIN_OK,
                      "created, but %zu fields were not kept, %s first: "
                      "write_not_applied",
                      n, first);
        in->host->log(in, TOCSIN_WARN, "%s", out->reason);
    }
out:
    json_decref(sent);
    json_decref(flat);
}

TCN_SN_READ(write)
{
    json_t *row = tcn_sn_row(rs), *flat = row ? tcn_sn_flatten(row) : NULL;
    json_t *sent = flat ? tcn_sn_body(in->state, op) : NULL;
    const char *first = "";
    size_t n;

    if (!flat || report_row(in, sink, op->remote_id, flat) < 0) {
        tcn_reply_unreadable(op, out, WHO);
        goto out;
    }
    if ((n = not_applied(in, sent, flat, sink, &first)) > 0)
        tcn_reply_set(out, TOCSIN_REJECTED,
                      WHO " did not keep %zu fields, %s first: "
                          "write_not_applied",
                      n, first);
out:
    json_decref(sent);
    json_decref(flat);
}

/* ---- notes ---- */

TCN_SN_READ(note)
{
    (void)in;
    (void)sink;
    if (strcmp(tcn_reply_text(tcn_sn_row(rs), "sys_id"), op->remote_id) != 0)
        tcn_reply_unreadable(op, out, WHO);
}

/* 1 found, 0 not; *ret_rows counts entries that are really of this record. */
static int journal_has(const struct tocsin_op *op, json_t *rows, size_t *ret_rows)
{
    size_t n = tcn_sn_row_count(rows);

    for (size_t i = 0; i < n; i++) {
        const json_t *row = json_array_get(rows, i);

        if (strcmp(tcn_reply_text(row, "element_id"), op->remote_id) != 0)
            continue;
        (*ret_rows)++;
        if (tcn_reply_is_note(op->payload, tcn_reply_text(row, "value")))
            return 1;
    }
    return 0;
}

TCN_SN_READ(note_find)
{
    const struct tcn_sn *s = in->state;
    json_t *rows = tcn_sn_rows(rs), *row = tcn_sn_row(rs);
    size_t n = 0;
    int found;

    (void)sink;
    if ((op->step == 0 && !rows) || (op->step > 0 && !row)) {
        tcn_reply_unreadable(op, out, WHO);
        return;
    }
    found = op->step == 0 ? journal_has(op, rows, &n)
                          : tcn_reply_is_note(op->payload, tcn_reply_text(row, s->note_field));
    if (!found && op->step == 0 && n == 0) {
        tcn_reply_set(out, TOCSIN_MORE, "%s", "");
        out->step = 1;
    } else if (!found) {
        tcn_reply_set(out, TOCSIN_GONE, "no such note");
    }
}
