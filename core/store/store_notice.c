/* Notices: what topics have been told of incidents. */
#include "store/internal.h"
#include "store/notices.h"

#include "base/vec.h"
#include <stdlib.h>

enum {
    NOTICE_WAKE,
    NOTICE_CLAIM,
    NOTICE_PUT,
    NOTICE_BACK,
    NOTICE_LIST,
    NOTICE_DROP,
    NOTICE_NEXT,
    NOTICE_WAITING
};
#define HOLDER_IS_DEAD TCN_IS_DEAD("notices.holder")
#define COLUMNS "id, incident, topic, connector, told_seq, due_ms, attempts, since_ms, note, holder"
#define IS_DUE " due_ms > 0 AND due_ms > " TCN_HELD_BEFORE " AND (holder = 0 OR " HOLDER_IS_DEAD ")"
static const char *const sql[] = {
    [NOTICE_WAKE] = "INSERT INTO notices (account_id, epoch, " COLUMNS ") VALUES ($1, $2, $3, $4,"
                    " $5, $6, $7, $8, 0, 0, NULL, 0)"
                    " ON CONFLICT (id) DO UPDATE SET epoch = excluded.epoch, due_ms ="
                    " CASE WHEN notices.due_ms = 0 THEN excluded.due_ms ELSE notices.due_ms END,"
                    " told_seq = CASE WHEN notices.due_ms = 0"
                    " AND excluded.told_seq > notices.told_seq THEN excluded.told_seq"
                    " ELSE notices.told_seq END"
                    " WHERE notices.account_id = excluded.account_id",
    /* One that died may have told it: that is told again. */
    [NOTICE_CLAIM] = "WITH due AS MATERIALIZED (SELECT id FROM notices WHERE account_id = $1"
                     " AND connector = $3 AND due_ms <= $4 AND" IS_DUE
                     " ORDER BY due_ms, id LIMIT $5{UNCLAIMED})"
                     " UPDATE notices SET holder = $2, epoch = $2"
                     " WHERE id {ONE_OF}(SELECT id FROM due){END} RETURNING " COLUMNS,
    [NOTICE_PUT] = "UPDATE notices SET epoch = $2, told_seq = $4, due_ms = $5, attempts = $6,"
                   " since_ms = $7, note = $8, holder = 0 WHERE account_id = $1 AND id = $3",
    [NOTICE_BACK] = "UPDATE notices SET epoch = $2, told_seq = $5, due_ms = $6, attempts = 0,"
                    " since_ms = 0, note = NULL, holder = 0 WHERE account_id = $1 AND id = $3"
                    " AND told_seq = $4 AND (holder = 0 OR " HOLDER_IS_DEAD ")",
    [NOTICE_LIST] = "SELECT " COLUMNS " FROM notices WHERE account_id = $1 AND incident = $2"
                    " ORDER BY topic, connector LIMIT $3",
    [NOTICE_DROP] = "DELETE FROM notices WHERE account_id = $1 AND id = $2",
    [NOTICE_NEXT] = "SELECT due_ms FROM notices WHERE account_id = $1 AND connector = $2 AND" IS_DUE
                    " ORDER BY due_ms LIMIT 1",
    /* One that is tried again waits on meanwhile. */
    [NOTICE_WAITING] = "SELECT connector, COUNT(*),"
                       " MIN(CASE WHEN since_ms > 0 THEN since_ms ELSE due_ms END) FROM notices"
                       " WHERE account_id = $1 AND due_ms > 0 AND due_ms > " TCN_HELD_BEFORE
                       " AND (holder = 0 OR attempts > 0 OR " HOLDER_IS_DEAD ")"
                       " GROUP BY connector ORDER BY connector LIMIT $2",
};

static int start(struct tcn_store *s, size_t no, struct tcn_query *ret, struct tcn_err *err)
{
    return tcn_query_start(s, TCN_SQL_NOTICE, no, sql[no], ret, err);
}

struct tcn_id tcn_notice_id(struct tcn_id incident, const char *topic, const char *connector)
{
    return tcn_id_child(tcn_id_child(incident, topic, 0), connector, 0);
}

int tcn_store_notice_wake(struct tcn_store *s, const struct tcn_notice *notice, struct tcn_err *err)
{
    struct tcn_query q;
    int r;

    if ((r = start(s, NOTICE_WAKE, &q, err)) < 0)
        return r;
    tcn_q_epoch(&q);
    tcn_q_id(&q, &notice->id);
    tcn_q_id(&q, &notice->incident);
    tcn_q_text(&q, notice->topic);
    tcn_q_text(&q, notice->connector);
    tcn_q_int(&q, notice->told_seq);
    tcn_q_int(&q, notice->due_ms);
    return tcn_query_run_touching(&q, 1, "the notice belongs to another account", err);
}

int tcn_store_notice_put(struct tcn_store *s, const struct tcn_notice *notice, struct tcn_err *err)
{
    struct tcn_query q;
    int r;

    if ((r = start(s, NOTICE_PUT, &q, err)) < 0)
        return r;
    tcn_q_epoch(&q);
    tcn_q_id(&q, &notice->id);
    tcn_q_int(&q, notice->told_seq);
    tcn_q_int(&q, notice->due_ms);
    tcn_q_int(&q, notice->attempts);
    tcn_q_int(&q, notice->since_ms);
    tcn_q_text(&q, notice->note);
    return tcn_query_run(&q, err);
}

int tcn_store_notice_back(struct tcn_store *s, const struct tcn_notice *notice, int64_t told_seq,
                          int64_t due_ms, bool *ret_is_back, struct tcn_err *err)
{
    struct tcn_query q;
    int64_t changes = 0;
    int r;

    if ((r = start(s, NOTICE_BACK, &q, err)) < 0)
        return r;
    tcn_q_epoch(&q);
    tcn_q_id(&q, &notice->id);
    tcn_q_int(&q, notice->told_seq);
    tcn_q_int(&q, told_seq);
    tcn_q_int(&q, due_ms);
    r = tcn_query_run_count(&q, &changes, err);
    *ret_is_back = r == 0 && changes > 0;
    return r;
}

static void read_notice(struct tcn_query *q, struct tcn_arena *a, struct tcn_notice *ret)
{
    ret->id = tcn_c_id(q);
    ret->incident = tcn_c_id(q);
    ret->topic = tcn_c_text(q, a);
    ret->connector = tcn_c_text(q, a);
    ret->told_seq = tcn_c_int(q);
    ret->due_ms = tcn_c_int(q);
    ret->attempts = tcn_c_int(q);
    ret->since_ms = tcn_c_int(q);
    ret->note = tcn_c_text(q, a);
    ret->epoch = tcn_c_int(q);
    ret->is_in_flight = ret->epoch != 0;
}

static int collect(struct tcn_query *q, struct tcn_arena *a, struct tcn_notice **ret, size_t *ret_n,
                   struct tcn_err *err)
{
    TCN_VEC(struct tcn_notice) list = {0};
    int r;

    while ((r = tcn_query_step(q, err)) == 1)
        read_notice(q, a, TCN_VEC_PUSH(a, &list));
    tcn_query_done(q);
    if (r < 0 || (r = tcn_query_row_ok(q, err)) < 0)
        return r;
    *ret = list.items;
    *ret_n = list.n;
    return 0;
}

/* RETURNING promises no order. */
static int by_due(const void *left, const void *right)
{
    const struct tcn_notice *a = left, *b = right;

    if (a->due_ms != b->due_ms)
        return a->due_ms < b->due_ms ? -1 : 1;
    return memcmp(a->id.b, b->id.b, sizeof a->id.b);
}

int tcn_store_notice_claim(struct tcn_store *s, const char *connector, int64_t now_ms, size_t limit,
                           struct tcn_arena *a, struct tcn_notice **ret, size_t *ret_n,
                           struct tcn_err *err)
{
    struct tcn_query q;
    int r;

    if ((r = start(s, NOTICE_CLAIM, &q, err)) < 0)
        return r;
    tcn_q_epoch(&q);
    tcn_q_text(&q, connector);
    tcn_q_int(&q, now_ms);
    tcn_q_int(&q, (int64_t)limit);
    r = collect(&q, a, ret, ret_n, err);
    if (r == 0 && *ret_n > 1)
        qsort(*ret, *ret_n, sizeof **ret, by_due);
    return r;
}

int tcn_store_notice_list(struct tcn_store *s, struct tcn_id incident, struct tcn_arena *a,
                          struct tcn_notice **ret, size_t *ret_n, struct tcn_err *err)
{
    struct tcn_query q;
    int r;

    if ((r = start(s, NOTICE_LIST, &q, err)) < 0)
        return r;
    tcn_q_id(&q, &incident);
    tcn_q_int(&q, TCN_NOTICES_OF_INCIDENT_MAX);
    return collect(&q, a, ret, ret_n, err);
}

int tcn_store_notice_drop(struct tcn_store *s, struct tcn_id id, struct tcn_err *err)
{
    struct tcn_query q;
    int r;

    if ((r = start(s, NOTICE_DROP, &q, err)) < 0)
        return r;
    tcn_q_id(&q, &id);
    return tcn_query_run(&q, err);
}

int tcn_store_notice_next(struct tcn_store *s, const char *connector, int64_t *ret_ms,
                          struct tcn_err *err)
{
    struct tcn_query q;
    int r;

    *ret_ms = 0;
    if ((r = start(s, NOTICE_NEXT, &q, err)) < 0)
        return r;
    tcn_q_text(&q, connector);
    if ((r = tcn_query_step(&q, err)) == 1)
        *ret_ms = tcn_c_int(&q);
    tcn_query_done(&q);
    return r < 0 ? r : tcn_query_row_ok(&q, err);
}

int tcn_store_notice_waiting(struct tcn_store *s, size_t limit, struct tcn_arena *a,
                             struct tcn_connector_waiting **ret, size_t *ret_n, struct tcn_err *err)
{
    struct tcn_query q;
    int r = start(s, NOTICE_WAITING, &q, err);

    return r < 0 ? r : tcn_query_waiting(&q, limit, a, ret, ret_n, err);
}
