/* See said.h. A cursor is the time of the newest note that was told, as in "2026-08-02 17:10:00"; with the note's id behind it when
 * there were more new ones than were told. */
#include "said.h"

#include <stdio.h>
#include <stdlib.h>

#define OVERLAP_MS 5000

void tcn_said_add(struct tcn_said *all, size_t *n, struct tcn_said one)
{
    if (*n < TCN_SAID_MAX && tcn_reply_id_ok(one.id) && one.at_ms > 0 && one.text[0])
        all[(*n)++] = one;
}

int64_t tcn_said_since_ms(const struct tocsin_op *op)
{
    char time[TCN_REPLY_TIME_SIZE];

    snprintf(time, sizeof time, "%.19s", op->cursor);
    return tcn_reply_time_ms(time);
}

/* The note behind which the rest is to be told, "" when all of that time and shortly before may be. */
static const char *told_last(const struct tocsin_op *op)
{
    return strlen(op->cursor) > TCN_REPLY_TIME_SIZE ? op->cursor + TCN_REPLY_TIME_SIZE : "";
}

static int by_time(const void *a, const void *b)
{
    const struct tcn_said *x = a, *y = b;

    if (x->at_ms != y->at_ms)
        return x->at_ms < y->at_ms ? -1 : 1;
    return strcmp(x->id, y->id);
}

static void tell(const struct tocsin_instance *in, const struct tocsin_op *op,
                 const struct tcn_said *said, struct tocsin_sink *sink)
{
    char mark[TCN_REPLY_MARK_SIZE];
    json_t *fields = json_pack("{s:s, s:O}", "kind", said->kind, said->kind, said->note);
    struct tocsin_update update = {.change = TOCSIN_SAID,
                                   .event_id = said->id,
                                   .remote_id = op->remote_id,
                                   .marker = mark,
                                   .actor = said->actor,
                                   .text = said->text,
                                   .at_ms = said->at_ms,
                                   .fields = fields};

    tcn_reply_mark(said->text, mark);
    (void)in->host->emit(sink, &update);
    json_decref(fields);
}

static int is_new(const struct tocsin_op *op, const struct tcn_said *said)
{
    int64_t since_ms = tcn_said_since_ms(op);
    const char *last = told_last(op);

    if (last[0])
        return said->at_ms > since_ms || (said->at_ms == since_ms && strcmp(said->id, last) > 0);
    return since_ms == 0 || said->at_ms >= since_ms - OVERLAP_MS;
}

/* What is not new leaves the list; what stays is in order. */
static size_t keep_new(const struct tocsin_op *op, struct tcn_said *all, size_t n)
{
    size_t kept = 0;

    for (size_t i = 0; i < n; i++)
        if (is_new(op, &all[i]))
            all[kept++] = all[i];
    qsort(all, kept, sizeof all[0], by_time);
    return kept;
}

void tcn_said_tell(const struct tocsin_instance *in, const struct tocsin_op *op,
                   struct tcn_said *all, size_t n, struct tocsin_result *out,
                   struct tocsin_sink *sink)
{
    int is_first = tcn_said_since_ms(op) == 0;
    size_t kept = keep_new(op, all, n),
           over = kept > TCN_REPLY_ROWS_MAX ? kept - TCN_REPLY_ROWS_MAX : 0;
    size_t first = is_first ? over : 0, end = is_first ? kept : kept - over;
    char time[TCN_REPLY_TIME_SIZE];

    (void)tocsin_copy(out->cursor, sizeof out->cursor, op->cursor);
    for (size_t i = first; i < end; i++)
        tell(in, op, &all[i], sink);
    if (end == 0)
        return;
    tcn_reply_time_text(all[end - 1].at_ms, time);
    out->step = end < kept;
    snprintf(out->cursor, sizeof out->cursor, "%s%s%.64s", time, end < kept ? " " : "",
             end < kept ? all[end - 1].id : "");
}
