/* Lanes of dedupe keys and the storm buckets of sources. */
#include "store/internal.h"

#include "store/pack.h"

#include <assert.h>

enum { LANE_GET, LANE_PUT, LANES_WAITING, LANES_ECHO, LANE_FIRING, LANES_STAND, LANES_BACK };
#define COLUMNS                                                                                    \
    "dedupe_key, source, is_firing, incident, clock_ms, received_ms, resolved_ms, mute_until_ms, " \
    "resolve_due_ms, stale_due_ms, echo_ms, echo_due_ms, opened_ms, content_sha256, is_flapping, " \
    "flap_told_ms, transitions, items, revision"
/* The conditions are in the texts so that the partial indexes serve them: each by one of its own. */
#define FIRST_OF(condition, order)                                                                 \
    "SELECT " COLUMNS " FROM lanes WHERE account_id = $1 AND incident = $2 AND " condition         \
    " ORDER BY " order " LIMIT $3"
#define ECHOES FIRST_OF("echo_due_ms > 0", "echo_due_ms")
// clang-format off
#define WAITING                                                                                    \
    "SELECT * FROM (" FIRST_OF("resolve_due_ms > 0", "resolve_due_ms") ") AS due"                  \
    " UNION ALL SELECT * FROM (" FIRST_OF("stale_due_ms > 0", "stale_due_ms") ") AS stale"         \
    " UNION ALL SELECT * FROM (" FIRST_OF("is_flapping = 1", "received_ms") ") AS flapping"        \
    " UNION ALL SELECT * FROM (" ECHOES ") AS echo"
// clang-format on
static const char *const sql[] = {
    [LANE_GET] =
        "SELECT dedupe_key IS NOT NULL, open_id, " COLUMNS
        " FROM (SELECT (" TCN_OPEN_OF("$3") ") AS open_id) AS open"
                                            " LEFT JOIN lanes ON account_id = $1 AND key_hash = $2",
    /* $22 is the revision that was read; the row must still have it. */
    [LANE_PUT] =
        "INSERT INTO lanes (account_id, epoch, key_hash, " COLUMNS ") VALUES ($1, $2, $3, $4, $5,"
        " $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22 + 1)"
        " ON CONFLICT (key_hash) DO UPDATE SET epoch = excluded.epoch,"
        " source = excluded.source, is_firing = excluded.is_firing,"
        " incident = excluded.incident, clock_ms = excluded.clock_ms,"
        " received_ms = excluded.received_ms, resolved_ms = excluded.resolved_ms,"
        " mute_until_ms = excluded.mute_until_ms,"
        " resolve_due_ms = excluded.resolve_due_ms,"
        " stale_due_ms = excluded.stale_due_ms, echo_ms = excluded.echo_ms,"
        " echo_due_ms = excluded.echo_due_ms, opened_ms = excluded.opened_ms,"
        " content_sha256 = excluded.content_sha256, is_flapping = excluded.is_flapping,"
        " flap_told_ms = excluded.flap_told_ms, transitions = excluded.transitions,"
        " items = excluded.items, revision = excluded.revision"
        " WHERE lanes.revision + 1 = excluded.revision",
    [LANES_WAITING] = WAITING,
    [LANES_ECHO] = ECHOES,
    [LANE_FIRING] = "SELECT " COLUMNS " FROM lanes WHERE account_id = $1 AND incident = $2"
                    " AND is_firing = 1 AND key_hash <> $3 LIMIT 1",
    [LANES_STAND] =
        "SELECT l.key_hash, l.revision FROM lanes l JOIN incidents i ON i.id = l.incident"
        " WHERE l.account_id = $1 AND i.account_id = $1 AND i.status = 1"
        " AND l.key_hash IN ($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, "
        "$17)",
    [LANES_BACK] = "SELECT no, " COLUMNS " FROM lanes WHERE account_id = $1 AND no > $3"
                   " AND (received_ms > $2 OR incident IN (SELECT id FROM incidents"
                   " WHERE account_id = $1 AND (status = 1 OR modified_ms > $2)))"
                   " ORDER BY no LIMIT $4",
};

_Static_assert(TCN_STATUS_OPEN == 1 && TCN_LANE_MARKS == 16, "in the SQL above");

static int start(struct tcn_store *s, size_t no, struct tcn_query *ret, struct tcn_err *err)
{
    return tcn_query_start(s, TCN_SQL_LANE, no, sql[no], ret, err);
}

static int read_lane(struct tcn_query *q, struct tcn_arena *a, struct tcn_lane *ret,
                     struct tcn_err *err)
{
    int r;

    memset(ret, 0, sizeof *ret);
    ret->exists = true;
    ret->dedupe_key = tcn_c_text(q, a);
    ret->source = tcn_c_text(q, a);
    ret->is_firing = tcn_c_int(q) != 0;
    ret->incident = tcn_c_id(q);
    ret->clock_ms = tcn_c_int(q);
    ret->received_ms = tcn_c_int(q);
    ret->resolved_ms = tcn_c_int(q);
    ret->mute_until_ms = tcn_c_int(q);
    ret->resolve_due_ms = tcn_c_int(q);
    ret->stale_due_ms = tcn_c_int(q);
    ret->echo_ms = tcn_c_int(q);
    ret->echo_due_ms = tcn_c_int(q);
    ret->opened_ms = tcn_c_int(q);
    tcn_c_array(q, ret->content_sha256, sizeof ret->content_sha256);
    ret->is_flapping = tcn_c_int(q) != 0;
    ret->flap_told_ms = tcn_c_int(q);
    if ((r = tcn_unpack_times(tcn_c_view(q), ret->transitions_ms, TCN_FLAP_RING, err)) < 0 ||
        (r = tcn_unpack_items(tcn_c_view(q), a, &ret->items, &ret->n_items, err)) < 0)
        return r;
    ret->revision = tcn_c_int(q);
    return tcn_query_row_ok(q, err);
}

int tcn_store_lane_get(struct tcn_store *s, const char *dedupe_key, const char *dedupe_string,
                       struct tcn_arena *a, struct tcn_lane *ret, struct tcn_id *ret_open,
                       struct tcn_err *err)
{
    struct tcn_id hash = tcn_store_hash(s, dedupe_key, NULL);
    struct tcn_id dedupe = tcn_store_hash(s, dedupe_string, NULL);
    struct tcn_id open;
    struct tcn_query q;
    bool exists;
    int r;

    if ((r = start(s, LANE_GET, &q, err)) < 0)
        return r;
    tcn_q_id(&q, &hash);
    tcn_q_id(&q, &dedupe);
    if ((r = tcn_query_one(&q, err, "lane")) == 0) {
        exists = tcn_c_int(&q) != 0;
        open = tcn_c_id(&q);
        if (ret_open)
            *ret_open = open;
        *ret = (struct tcn_lane){.dedupe_key = tcn_arena_strdup(a, dedupe_key)};
        r = exists ? read_lane(&q, a, ret, err) : tcn_query_row_ok(&q, err);
    }
    tcn_query_done(&q);
    return r;
}

static int put_lane(struct tcn_store *s, const struct tcn_lane *lane, const struct tcn_buf *times,
                    const struct tcn_buf *items, struct tcn_err *err)
{
    struct tcn_id hash = tcn_store_hash(s, lane->dedupe_key, NULL);
    struct tcn_query q;
    int r;

    if ((r = start(s, LANE_PUT, &q, err)) < 0)
        return r;
    tcn_q_epoch(&q);
    tcn_q_id(&q, &hash);
    tcn_q_text(&q, lane->dedupe_key);
    tcn_q_text(&q, lane->source);
    tcn_q_int(&q, lane->is_firing);
    tcn_q_id(&q, &lane->incident);
    tcn_q_int(&q, lane->clock_ms);
    tcn_q_int(&q, lane->received_ms);
    tcn_q_int(&q, lane->resolved_ms);
    tcn_q_int(&q, lane->mute_until_ms);
    tcn_q_int(&q, lane->resolve_due_ms);
    tcn_q_int(&q, lane->stale_due_ms);
    tcn_q_int(&q, lane->echo_ms);
    tcn_q_int(&q, lane->echo_due_ms);
    tcn_q_int(&q, lane->opened_ms);
    tcn_q_text(&q, lane->content_sha256);
    tcn_q_int(&q, lane->is_flapping);
    tcn_q_int(&q, lane->flap_told_ms);
    tcn_q_packed(&q, times);
    tcn_q_packed(&q, items);
    tcn_q_int(&q, lane->revision);
    tcn_store_note_present(s, TCN_AHEAD_LANE, hash);
    return tcn_query_add(&q, 1, "the lane has changed since it was read", err);
}

int tcn_store_lane_put(struct tcn_store *s, const struct tcn_lane *lane, struct tcn_err *err)
{
    struct tcn_buf times = {0}, items = {0};
    int r;

    if ((r = tcn_pack_times(lane->transitions_ms, TCN_FLAP_RING, &times, err)) == 0 &&
        (r = tcn_pack_items(lane->items, lane->n_items, &items, err)) == 0)
        r = put_lane(s, lane, &times, &items, err);
    tcn_buf_done(&times);
    tcn_buf_done(&items);
    return r;
}

struct lane_list {
    struct tcn_lane *items;
    size_t n;
};

/* most: what the statement can give. */
static int list_lanes(struct tcn_store *s, size_t no, struct tcn_id incident, size_t limit,
                      size_t most, struct tcn_arena *a, struct lane_list *list, struct tcn_err *err)
{
    struct tcn_query q;
    int r;

    *list = (struct lane_list){TCN_NEW_N(a, struct tcn_lane, most), 0};
    if ((r = start(s, no, &q, err)) < 0)
        return r;
    tcn_q_id(&q, &incident);
    tcn_q_int(&q, (int64_t)limit);
    while (list->n < most && (r = tcn_query_step(&q, err)) == 1)
        if ((r = read_lane(&q, a, &list->items[list->n++], err)) < 0)
            break;
    tcn_query_done(&q);
    return r < 0 ? r : 0;
}

int tcn_store_lanes_waiting(struct tcn_store *s, struct tcn_id incident, size_t limit,
                            struct tcn_arena *a, struct tcn_lane **ret, size_t *ret_n,
                            struct tcn_err *err)
{
    struct lane_list list;
    int r = list_lanes(s, LANES_WAITING, incident, limit, 4 * limit, a, &list, err);

    *ret = list.items;
    *ret_n = list.n;
    return r;
}

int tcn_store_lanes_echo(struct tcn_store *s, struct tcn_id incident, size_t limit,
                         struct tcn_arena *a, struct tcn_lane **ret, size_t *ret_n,
                         struct tcn_err *err)
{
    struct lane_list list;
    int r = list_lanes(s, LANES_ECHO, incident, limit, limit, a, &list, err);

    *ret = list.items;
    *ret_n = list.n;
    return r;
}

int tcn_store_lane_firing(struct tcn_store *s, struct tcn_id incident, const char *except,
                          struct tcn_arena *a, struct tcn_lane *ret, struct tcn_err *err)
{
    struct tcn_id hash = tcn_store_hash(s, except, NULL);
    struct tcn_query q;
    int r;

    if ((r = start(s, LANE_FIRING, &q, err)) < 0)
        return r;
    tcn_q_id(&q, &incident);
    tcn_q_id(&q, &hash);
    *ret = (struct tcn_lane){0};
    if ((r = tcn_query_step(&q, err)) == 1)
        r = read_lane(&q, a, ret, err);
    tcn_query_done(&q);
    return r;
}

struct tcn_lane_mark tcn_store_lane_mark(const struct tcn_store *s, const struct tcn_lane *lane)
{
    return (struct tcn_lane_mark){tcn_store_hash(s, lane->dedupe_key, NULL), lane->revision};
}

static void note_standing(struct tcn_query *q, const struct tcn_lane_mark *marks, size_t n,
                          bool *ret)
{
    struct tcn_id lane = tcn_c_id(q);
    int64_t revision = tcn_c_int(q);

    for (size_t i = 0; i < n; i++)
        ret[i] |= tcn_id_eq(marks[i].lane, lane) && marks[i].revision == revision;
}

int tcn_store_lanes_stand(struct tcn_store *s, const struct tcn_lane_mark *marks, size_t n,
                          bool *ret, struct tcn_err *err)
{
    struct tcn_query q;
    int r;

    assert(n > 0 && n <= TCN_LANE_MARKS);
    memset(ret, 0, n * sizeof *ret);
    if ((r = start(s, LANES_STAND, &q, err)) < 0)
        return r;
    for (size_t i = 0; i < TCN_LANE_MARKS; i++)
        tcn_q_id(&q, &marks[i < n ? i : n - 1].lane);
    while ((r = tcn_query_step(&q, err)) == 1)
        note_standing(&q, marks, n, ret);
    tcn_query_done(&q);
    return r < 0 ? r : tcn_query_row_ok(&q, err);
}

/* -- a clock that was set back: store_clock.c ------------------------------------------------------------------ */

#define BACK_BATCH 200

struct shift {
    int64_t now_ms, by_ms;
};

/* Of ours: it moves; 0 is none. */
static void move(const struct shift *x, int64_t *ms)
{
    if (*ms > 0)
        *ms -= x->by_ms;
}

/* Of the sender's: one that is right is not ahead of now. */
static void move_ahead(const struct shift *x, int64_t *ms)
{
    if (*ms > x->now_ms)
        *ms -= x->by_ms;
}

static void shift_items(const struct shift *x, struct tcn_lane *lane)
{
    for (size_t i = 0; i < lane->n_items; i++) {
        move(x, &lane->items[i].seen_ms);
        move(x, &lane->items[i].echo_ms);
        move_ahead(x, &lane->items[i].since_ms);
        move_ahead(x, &lane->items[i].ended_ms);
    }
}

/* What was decided when it was heard of. Before the clock was wrong, it stays: silence must not end an alarm early. */
static void shift_heard(const struct shift *x, struct tcn_lane *lane)
{
    if (lane->received_ms <= x->now_ms)
        return;
    move(x, &lane->received_ms);
    move(x, &lane->resolve_due_ms);
    move(x, &lane->stale_due_ms);
    move(x, &lane->echo_ms);
    move(x, &lane->echo_due_ms);
    shift_items(x, lane);
}

/* opened_ms is the time of an incident, which moves. */
static void shift_lane(const struct shift *x, struct tcn_lane *lane)
{
    move(x, &lane->opened_ms);
    move(x, &lane->resolved_ms);
    move(x, &lane->mute_until_ms);
    move(x, &lane->flap_told_ms);
    for (size_t i = 0; i < TCN_FLAP_RING; i++)
        move(x, &lane->transitions_ms[i]);
    move_ahead(x, &lane->clock_ms);
    shift_heard(x, lane);
}

/* The next of them after *last, which moves on. */
static int read_batch(struct tcn_store *s, int64_t now_ms, int64_t *last, struct tcn_arena *a,
                      struct lane_list *ret, struct tcn_err *err)
{
    struct tcn_query q;
    int r;

    *ret = (struct lane_list){TCN_NEW_N(a, struct tcn_lane, BACK_BATCH), 0};
    if ((r = start(s, LANES_BACK, &q, err)) < 0)
        return r;
    tcn_q_int(&q, now_ms);
    tcn_q_int(&q, *last);
    tcn_q_int(&q, BACK_BATCH);
    while (ret->n < BACK_BATCH && (r = tcn_query_step(&q, err)) == 1) {
        *last = tcn_c_int(&q);
        if ((r = read_lane(&q, a, &ret->items[ret->n++], err)) < 0)
            break;
    }
    tcn_query_done(&q);
    return r < 0 ? r : 0;
}

int tcn_store_lanes_back(struct tcn_store *s, int64_t now_ms, int64_t by_ms, struct tcn_err *err)
{
    const struct shift shift = {now_ms, by_ms};
    struct lane_list list = {NULL, BACK_BATCH};
    struct tcn_arena a;
    int64_t last = 0;
    int r = 0;

    tcn_arena_init(&a, TCN_TURN_ARENA);
    while (r == 0 && list.n == BACK_BATCH) {
        tcn_arena_reset(&a);
        r = read_batch(s, now_ms, &last, &a, &list, err);
        for (size_t i = 0; i < list.n && r == 0; i++) {
            shift_lane(&shift, &list.items[i]);
            r = tcn_store_lane_put(s, &list.items[i], err);
        }
    }
    tcn_arena_done(&a);
    return r;
}
