/* What was said at a record: the journal, table sys_journal_field, has each entry with its author. Accounts without a
 * right to it see no rows, or are refused. The record itself shows its notes as one text, in which anybody can write what
 * looks like a note of somebody else: nothing is taken from that. */
#include "../said.h"
#include "servicenow.h"

#include <stdio.h>

#define WHO "ServiceNow"
#define PAGE "100"
#define KINDS_MAX 8
#define DAY_MS INT64_C(86400000)

/* Of payload.from, joined by commas; the field that notes are written to when there are none. -1 when one is no name. */
static int kinds_of(const struct tcn_sn *s, const struct tocsin_op *op, char *ret, size_t size)
{
    json_t *from = json_object_get(op->payload, "from");
    size_t n = json_array_size(from), len = 0;

    if (n > KINDS_MAX)
        return -1;
    snprintf(ret, size, "%s", s->note_field);
    for (size_t i = 0; i < n; i++) {
        const char *name = json_string_value(json_array_get(from, i));
        int used;

        if (!name || !tcn_sn_is_name(name))
            return -1;
        used = snprintf(ret + len, size - len, "%s%s", i ? "," : "", name);
        len += (size_t)used;
        if (len >= size)
            return -1;
    }
    return 0;
}

/* The entries since a day before the newest that is known: it is less than that between GMT and any zone that the
 * account may have. */
static void entries_query(const struct tcn_sn *s, const struct tocsin_op *op, const char *kinds,
                          char *ret, size_t size)
{
    char since[TCN_SN_TIME_WORD_SIZE + 32] = "", word[TCN_SN_TIME_WORD_SIZE];
    int64_t since_ms = tcn_said_since_ms(op);

    if (since_ms > 0) {
        tcn_sn_time_word(since_ms - DAY_MS, word);
        snprintf(since, sizeof since, "^sys_created_on>=%s", word);
    }
    snprintf(ret, size, "element_id=%s^name=%s^elementIN%s%s^ORDERBYDESCsys_created_on",
             op->remote_id, s->table, kinds, since);
}

int tcn_sn_listen_render(const struct tocsin_instance *in, const struct tocsin_op *op,
                         struct tocsin_request *rq)
{
    const struct tcn_sn *s = in->state;
    const struct tocsin_host *h = in->host;
    char kinds[TCN_SN_NAME_MAX * KINDS_MAX + KINDS_MAX], query[1280];

    if (tcn_sn_need_id(in, op) < 0)
        return -1;
    if (kinds_of(s, op, kinds, sizeof kinds) < 0)
        return h->fail(in, "notes.in.from takes up to %d names of journal fields", KINDS_MAX);
    if (op->step > 0) {
        if (TOCSIN_REQUEST(h, rq, "GET", s->url, TCN_SN_RECORD, s->table, op->remote_id) < 0 ||
            h->query(rq, "sysparm_display_value", "true") < 0)
            return -1;
        return h->query(rq, "sysparm_fields", kinds);
    }
    entries_query(s, op, kinds, query, sizeof query);
    if (TOCSIN_REQUEST(h, rq, "GET", s->url, TCN_SN_TABLE, "sys_journal_field") < 0 ||
        tcn_sn_ask_rows(h, rq, query, PAGE) < 0)
        return -1;
    return h->query(rq, "sysparm_fields",
                    "sys_id,element_id,element,value,sys_created_on,sys_created_by");
}

void tcn_sn_journal_hidden(struct tocsin_result *out)
{
    tcn_reply_set(
        out, TOCSIN_REJECTED,
        "the account may not read the journal: let it read the table sys_journal_field, or "
        "nobody's notes are taken over");
}

/* The page begins with the newest: those that came before its last one are not on it. */
static void warn_if_cut(const struct tocsin_instance *in, const struct tocsin_op *op,
                        const struct tcn_said *all, size_t n)
{
    int64_t since_ms = tcn_said_since_ms(op);

    if (since_ms > 0 && n == TCN_REPLY_ROWS_MAX && all[n - 1].at_ms > since_ms)
        in->host->log(in, TOCSIN_WARN,
                      "%d notes and more are new at once: those before them are not taken over",
                      TCN_REPLY_ROWS_MAX);
}

static void add_entry(const struct tocsin_op *op, json_t *row, struct tcn_said *all, size_t *n)
{
    struct tcn_said one = {.id = tcn_reply_text(row, "sys_id"),
                           .actor = tcn_reply_text(row, "sys_created_by"),
                           .text = tcn_reply_text(row, "value"),
                           .kind = tcn_reply_text(row, "element"),
                           .note = json_object_get(row, "value"),
                           .at_ms = tcn_reply_time_ms(tcn_reply_text(row, "sys_created_on"))};

    if (strcmp(tcn_reply_text(row, "element_id"), op->remote_id) == 0 && tcn_sn_is_name(one.kind))
        tcn_said_add(all, n, one);
}

/* Nobody has said anything, unless the record shows that somebody has. */
static void record_read(json_t *row, struct tocsin_result *out)
{
    const char *name;
    json_t *text;

    json_object_foreach(row, name, text) if (json_string_length(text) > 0)
    {
        tcn_sn_journal_hidden(out);
        return;
    }
}

TCN_SN_READ(listen)
{
    json_t *rows = tcn_sn_rows(rs), *row = tcn_sn_row(rs);
    struct tcn_said all[TCN_REPLY_ROWS_MAX];
    size_t n = 0, count = tcn_sn_row_count(rows);

    if ((op->step == 0 && !rows) || (op->step > 0 && !row)) {
        tcn_reply_unreadable(op, out, WHO);
        return;
    }
    if (op->step > 0) {
        record_read(row, out);
        return;
    }
    for (size_t i = 0; i < count; i++)
        add_entry(op, json_array_get(rows, i), all, &n);
    if (count == 0 && !op->cursor[0]) {
        tcn_reply_set(out, TOCSIN_MORE, "%s", "");
        out->step = 1;
        return;
    }
    warn_if_cut(in, op, all, n);
    tcn_said_tell(in, op, all, n, out, sink);
}
