/* What was given up, kept for a person to look at. */
#include "store/internal.h"

#include "base/vec.h"

enum { DEADLETTER_PUT, DEADLETTER_GET, DEADLETTER_DROP, DEADLETTER_CLEAR, DEADLETTER_LIST };
#define COLUMNS "id, incident, link, connector, operation, reason, request, response, at_ms"
static const char *const sql[] = {
    [DEADLETTER_PUT] = "INSERT INTO deadletters (account_id, epoch, " COLUMNS ")"
                       " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
                       " ON CONFLICT (id) DO UPDATE SET epoch = excluded.epoch,"
                       " incident = excluded.incident, link = excluded.link,"
                       " connector = excluded.connector, operation = excluded.operation,"
                       " reason = excluded.reason, request = excluded.request,"
                       " response = excluded.response, at_ms = excluded.at_ms"
                       " WHERE deadletters.account_id = excluded.account_id",
    [DEADLETTER_GET] = "SELECT " COLUMNS " FROM deadletters WHERE account_id = $1 AND id = $2",
    [DEADLETTER_DROP] = "DELETE FROM deadletters WHERE account_id = $1 AND id = $2",
    [DEADLETTER_CLEAR] = "DELETE FROM deadletters WHERE account_id = $1 AND link = $2",
    [DEADLETTER_LIST] = "SELECT " COLUMNS " FROM deadletters WHERE account_id = $1"
                        " AND (at_ms, id) < ($2, $3) ORDER BY at_ms DESC, id DESC LIMIT $4",
};

static int start(struct tcn_store *s, size_t no, struct tcn_query *ret, struct tcn_err *err)
{
    return tcn_query_start(s, TCN_SQL_DEADLETTER, no, sql[no], ret, err);
}

int tcn_store_deadletter_put(struct tcn_store *s, const struct tcn_deadletter *d,
                             struct tcn_err *err)
{
    struct tcn_query q;
    int r;

    if ((r = start(s, DEADLETTER_PUT, &q, err)) < 0)
        return r;
    tcn_q_epoch(&q);
    tcn_q_id(&q, &d->id);
    tcn_q_id(&q, &d->incident);
    tcn_q_id(&q, &d->link);
    tcn_q_text(&q, d->connector);
    tcn_q_text(&q, d->operation);
    tcn_q_text(&q, d->reason);
    tcn_q_text(&q, d->request);
    tcn_q_text(&q, d->response);
    tcn_q_int(&q, d->at_ms);
    return tcn_query_run(&q, err);
}

static void read_deadletter(struct tcn_query *q, struct tcn_arena *a, struct tcn_deadletter *ret)
{
    ret->id = tcn_c_id(q);
    ret->incident = tcn_c_id(q);
    ret->link = tcn_c_id(q);
    ret->connector = tcn_c_text(q, a);
    ret->operation = tcn_c_text(q, a);
    ret->reason = tcn_c_text(q, a);
    ret->request = tcn_c_text(q, a);
    ret->response = tcn_c_text(q, a);
    ret->at_ms = tcn_c_int(q);
}

int tcn_store_deadletter_get(struct tcn_store *s, struct tcn_id id, struct tcn_arena *a,
                             struct tcn_deadletter *ret, struct tcn_err *err)
{
    struct tcn_query q;
    int r;

    if ((r = start(s, DEADLETTER_GET, &q, err)) < 0)
        return r;
    tcn_q_id(&q, &id);
    if ((r = tcn_query_one(&q, err, "dead letter")) == 0) {
        read_deadletter(&q, a, ret);
        r = tcn_query_row_ok(&q, err);
    }
    tcn_query_done(&q);
    return r;
}

int tcn_store_deadletter_drop(struct tcn_store *s, struct tcn_id id, struct tcn_err *err)
{
    struct tcn_query q;
    int64_t changes;
    int r;

    if ((r = start(s, DEADLETTER_DROP, &q, err)) < 0)
        return r;
    tcn_q_id(&q, &id);
    if ((r = tcn_query_run_count(&q, &changes, err)) < 0)
        return r;
    return changes == 0 ? tcn_fail(err, TCN_ENOTFOUND, "no such dead letter") : 0;
}

int tcn_store_deadletter_clear(struct tcn_store *s, struct tcn_id link, struct tcn_err *err)
{
    struct tcn_query q;
    int r;

    if ((r = start(s, DEADLETTER_CLEAR, &q, err)) < 0)
        return r;
    tcn_q_id(&q, &link);
    return tcn_query_run(&q, err);
}

int tcn_store_deadletter_list(struct tcn_store *s, const struct tcn_deadletter *before,
                              size_t limit, struct tcn_arena *a, struct tcn_deadletter **ret,
                              size_t *ret_n, struct tcn_err *err)
{
    TCN_VEC(struct tcn_deadletter) list = {0};
    struct tcn_query q;
    int r;

    if ((r = start(s, DEADLETTER_LIST, &q, err)) < 0)
        return r;
    tcn_q_int(&q, before ? before->at_ms : INT64_MAX);
    tcn_q_id(&q, before ? &before->id : &tcn_store_last_id);
    tcn_q_int(&q, (int64_t)limit);
    while ((r = tcn_query_step(&q, err)) == 1)
        read_deadletter(&q, a, TCN_VEC_PUSH(a, &list));
    tcn_query_done(&q);
    if (r < 0 || (r = tcn_query_row_ok(&q, err)) < 0)
        return r;
    *ret = list.items;
    *ret_n = list.n;
    return 0;
}
