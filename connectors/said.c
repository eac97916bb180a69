/* See said.h. A cursor is the time of the newest note that was told, as in "2026-08-02 17:10:00". */
#include "said.h"

#include <stdlib.h>

#define OVERLAP_MS 5000

void tcn_said_add(struct tcn_said *all, size_t *n, struct tcn_said one)
{
    if (*n < TCN_SAID_MAX && tcn_reply_id_ok(one.id) && one.at_ms > 0 && one.text[0])
        all[(*n)++] = one;
}

int64_t tcn_said_since_ms(const struct tocsin_op *op)
{
    return tcn_reply_time_ms(op->cursor);
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

void tcn_said_tell(const struct tocsin_instance *in, const struct tocsin_op *op,
                   struct tcn_said *all, size_t n, struct tocsin_result *out,
                   struct tocsin_sink *sink)
{
    int64_t since_ms = tcn_said_since_ms(op);
    size_t first = n > TCN_REPLY_ROWS_MAX ? n - TCN_REPLY_ROWS_MAX : 0;

    (void)tocsin_copy(out->cursor, sizeof out->cursor, op->cursor);
    if (n == 0)
        return;
    qsort(all, n, sizeof all[0], by_time);
    if (since_ms > 0 && n - first == TCN_REPLY_ROWS_MAX && all[first].at_ms > since_ms)
        in->host->log(in, TOCSIN_WARN,
                      "%d notes and more are new at once: those before them are not taken over",
                      TCN_REPLY_ROWS_MAX);
    for (size_t i = first; i < n; i++)
        if (since_ms == 0 || all[i].at_ms >= since_ms - OVERLAP_MS)
            tell(in, op, &all[i], sink);
    if (all[n - 1].at_ms > since_ms)
        tcn_reply_time_text(all[n - 1].at_ms, out->cursor);
}
