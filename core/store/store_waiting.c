/* Heartbeats that are due, and alarms that are muted: what is looked at again without an incident. */
#include "store/internal.h"

#include "base/vec.h"
#include "store/told.h"

enum {
    WAITING_PUT,
    WAITING_EXPECT,
    WAITING_END,
    WAITING_GET,
    WAITING_DUE,
    WAITING_LIST,
    WAITING_MUTED_DUE,
    WAITING_NEXT
};
#define COLUMNS "dedupe_key, source, kind, due_ms, since_ms, why, " TCN_TOLD_COLUMNS
#define INSERT                                                                                     \
    "INSERT INTO waiting (account_id, epoch, key_hash, " COLUMNS                                   \
    ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)"
static const char *const sql[] = {
    /* A since_ms of 0 leaves what is there. */
    [WAITING_PUT] = INSERT " ON CONFLICT (key_hash) DO UPDATE SET epoch = excluded.epoch,"
                           " source = excluded.source, kind = excluded.kind,"
                           " due_ms = excluded.due_ms, since_ms = CASE WHEN excluded.since_ms > 0"
                           " THEN excluded.since_ms ELSE waiting.since_ms END,"
                           " why = excluded.why, title = excluded.title,"
                           " summary = excluded.summary, impact = excluded.impact,"
                           " trigger_arn = excluded.trigger_arn, tags = excluded.tags,"
                           " related = excluded.related",
    [WAITING_EXPECT] = INSERT " ON CONFLICT (key_hash) DO NOTHING",
    [WAITING_END] = "DELETE FROM waiting WHERE account_id = $1 AND key_hash = $2",
    [WAITING_GET] = "SELECT " COLUMNS " FROM waiting WHERE account_id = $1 AND key_hash = $2",
    [WAITING_DUE] =
        "SELECT " COLUMNS " FROM waiting WHERE account_id = $1 AND due_ms <= $2"
        " AND due_ms > " TCN_HELD_BEFORE " ORDER BY due_ms, key_hash LIMIT $3{UNCLAIMED}",
    [WAITING_LIST] = "SELECT " COLUMNS " FROM waiting WHERE account_id = $1 AND kind = $2"
                     " AND dedupe_key > $3 ORDER BY dedupe_key LIMIT $4",
    [WAITING_MUTED_DUE] = "UPDATE waiting SET epoch = $2, due_ms = $3"
                          " WHERE account_id = $1 AND kind = 2 AND due_ms > $3",
    [WAITING_NEXT] = "SELECT due_ms FROM waiting WHERE account_id = $1"
                     " AND due_ms > " TCN_HELD_BEFORE " ORDER BY due_ms LIMIT 1",
};
_Static_assert(TCN_WAITING_MUTED == 2, "in the SQL above");

static int start(struct tcn_store *s, size_t no, struct tcn_query *ret, struct tcn_err *err)
{
    return tcn_query_start(s, TCN_SQL_WAITING, no, sql[no], ret, err);
}

static int write_row(struct tcn_store *s, size_t no, const struct tcn_waiting *w,
                     const struct tcn_told_row *told, struct tcn_err *err)
{
    struct tcn_id hash = tcn_store_hash(s, w->dedupe_key, NULL);
    struct tcn_query q;
    int r;

    if ((r = start(s, no, &q, err)) < 0)
        return r;
    tcn_q_epoch(&q);
    tcn_q_id(&q, &hash);
    tcn_q_text(&q, w->dedupe_key);
    tcn_q_text(&q, w->source);
    tcn_q_int(&q, w->kind);
    tcn_q_int(&q, w->due_ms);
    tcn_q_int(&q, w->since_ms);
    tcn_q_text(&q, w->why);
    tcn_q_told(&q, told);
    return tcn_query_run(&q, err);
}

static int put(struct tcn_store *s, size_t no, const struct tcn_waiting *w, struct tcn_err *err)
{
    struct tcn_told_row told;
    int r;

    if ((r = tcn_told_pack(&w->told, &told, err)) == 0)
        r = write_row(s, no, w, &told, err);
    tcn_told_done(&told);
    return r;
}

static int end(struct tcn_store *s, const char *dedupe_key, struct tcn_err *err)
{
    struct tcn_id hash = tcn_store_hash(s, dedupe_key, NULL);
    struct tcn_query q;
    int r;

    if ((r = start(s, WAITING_END, &q, err)) < 0)
        return r;
    tcn_q_id(&q, &hash);
    return tcn_query_run(&q, err);
}

int tcn_store_waiting_put(struct tcn_store *s, const struct tcn_waiting *waiting,
                          struct tcn_err *err)
{
    return waiting->due_ms == 0 ? end(s, waiting->dedupe_key, err)
                                : put(s, WAITING_PUT, waiting, err);
}

int tcn_store_waiting_expect(struct tcn_store *s, const struct tcn_waiting *waiting,
                             struct tcn_err *err)
{
    return put(s, WAITING_EXPECT, waiting, err);
}

static int read_row(struct tcn_query *q, struct tcn_arena *a, struct tcn_waiting *ret,
                    struct tcn_err *err)
{
    *ret = (struct tcn_waiting){.dedupe_key = tcn_c_text(q, a)};
    ret->source = tcn_c_text(q, a);
    ret->kind = (enum tcn_waiting_kind)tcn_c_int(q);
    ret->due_ms = tcn_c_int(q);
    ret->since_ms = tcn_c_int(q);
    ret->why = tcn_c_text(q, a);
    return tcn_c_told(q, a, &ret->told, err);
}

int tcn_store_waiting_get(struct tcn_store *s, const char *dedupe_key, struct tcn_arena *a,
                          struct tcn_waiting *ret, struct tcn_err *err)
{
    struct tcn_id hash = tcn_store_hash(s, dedupe_key, NULL);
    struct tcn_query q;
    int r;

    if ((r = start(s, WAITING_GET, &q, err)) < 0)
        return r;
    tcn_q_id(&q, &hash);
    if ((r = tcn_query_one(&q, err, "waiting alarm")) == 0 && (r = read_row(&q, a, ret, err)) == 0)
        r = tcn_query_row_ok(&q, err);
    tcn_query_done(&q);
    return r;
}

static int collect(struct tcn_query *q, struct tcn_arena *a, struct tcn_waiting **ret,
                   size_t *ret_n, struct tcn_err *err)
{
    TCN_VEC(struct tcn_waiting) rows = {0};
    int r;

    while ((r = tcn_query_step(q, err)) == 1)
        if ((r = read_row(q, a, TCN_VEC_PUSH(a, &rows), err)) < 0)
            break;
    tcn_query_done(q);
    *ret = rows.items;
    *ret_n = rows.n;
    return r < 0 ? r : tcn_query_row_ok(q, err);
}

int tcn_store_waiting_due(struct tcn_store *s, int64_t now_ms, size_t limit, struct tcn_arena *a,
                          struct tcn_waiting **ret, size_t *ret_n, struct tcn_err *err)
{
    struct tcn_query q;
    int r;

    if ((r = start(s, WAITING_DUE, &q, err)) < 0)
        return r;
    tcn_q_int(&q, now_ms);
    tcn_q_int(&q, (int64_t)limit);
    return collect(&q, a, ret, ret_n, err);
}

int tcn_store_waiting_next(struct tcn_store *s, int64_t *ret_ms, struct tcn_err *err)
{
    struct tcn_query q;
    int r;

    *ret_ms = 0;
    if ((r = start(s, WAITING_NEXT, &q, err)) < 0)
        return r;
    if ((r = tcn_query_step(&q, err)) == 1) {
        *ret_ms = tcn_c_int(&q);
        r = tcn_query_row_ok(&q, err);
    }
    tcn_query_done(&q);
    return r < 0 ? r : 0;
}

int tcn_store_waiting_list(struct tcn_store *s, enum tcn_waiting_kind kind, const char *after,
                           size_t limit, struct tcn_arena *a, struct tcn_waiting **ret,
                           size_t *ret_n, struct tcn_err *err)
{
    struct tcn_query q;
    int r;

    if ((r = start(s, WAITING_LIST, &q, err)) < 0)
        return r;
    tcn_q_int(&q, kind);
    tcn_q_text(&q, after);
    tcn_q_int(&q, (int64_t)limit);
    return collect(&q, a, ret, ret_n, err);
}

int tcn_store_waiting_unmute(struct tcn_store *s, int64_t now_ms, struct tcn_err *err)
{
    struct tcn_query q;
    int r;

    if ((r = start(s, WAITING_MUTED_DUE, &q, err)) < 0)
        return r;
    tcn_q_epoch(&q);
    tcn_q_int(&q, now_ms);
    return tcn_query_run(&q, err);
}
