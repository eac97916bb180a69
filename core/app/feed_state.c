#include "app/feed_state.h"
#include "api/json.h"
#include "base/str.h"

#include <stdio.h>
#include <string.h>

#define ARENA (1u << 20)

static void copy(struct tcn_feed_row *to, const struct tcn_feed *from)
{
    struct tcn_str note =
        tcn_utf8_cut_bytes(tcn_str(from->note ? from->note : ""), TCN_FEED_NOTE - 1);

    *to = (struct tcn_feed_row){.polled_ms = from->polled_ms,
                                .swept_ms = from->swept_ms,
                                .heard_ms = from->heard_ms,
                                .fail_count = from->fail_count,
                                .missed = from->missed,
                                .missed_ms = from->missed_ms};
    snprintf(to->connector, sizeof to->connector, "%s", from->connector);
    snprintf(to->note, sizeof to->note, "%.*s", (int)note.len, note.ptr);
}

int tcn_feed_state_read(struct tcn_store *s, struct tcn_feed_state *ret, struct tcn_err *err)
{
    struct tcn_feed *rows = NULL;
    struct tcn_arena arena;
    size_t n = 0;
    int r;

    tcn_arena_init(&arena, ARENA);
    r = tcn_store_feed_list(s, &arena, &rows, &n, err);
    if (r == 0)
        ret->n = n;
    for (size_t i = 0; r == 0 && i < n; i++)
        copy(&ret->rows[i], &rows[i]);
    tcn_arena_done(&arena);
    return r;
}

static const struct tcn_feed_row *find(const struct tcn_feed_state *state, const char *connector)
{
    for (size_t i = 0; i < state->n; i++)
        if (strcmp(state->rows[i].connector, connector) == 0)
            return &state->rows[i];
    return NULL;
}

json_t *tcn_feed_state_json(const struct tcn_feed_state *state, const char *connector)
{
    const struct tcn_feed_row *row = find(state, connector);

    if (!row)
        return json_null();
    return json_pack(
        "{s:o, s:o, s:I, s:s?, s:o, s:I, s:o}", "polled_at", tcn_json_time(row->polled_ms),
        "swept_at", tcn_json_time(row->swept_ms), "failures", (json_int_t)row->fail_count,
        "failing", row->note[0] ? row->note : NULL, "heard_at", tcn_json_time(row->heard_ms),
        "missed", (json_int_t)row->missed, "missed_since", tcn_json_time(row->missed_ms));
}
