/* Page budgets: of each contact and channel, when the bucket is full again. */
#include "store/internal.h"

enum { BUDGET_GET, BUDGET_PUT };
static const char *const sql[] = {
    [BUDGET_GET] = "SELECT full_ms FROM budgets WHERE account_id = $1 AND contact = $2"
                   " AND channel = $3",
    [BUDGET_PUT] = "INSERT INTO budgets (account_id, epoch, contact, channel, full_ms)"
                   " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (account_id, contact, channel)"
                   " DO UPDATE SET epoch = excluded.epoch, full_ms = excluded.full_ms",
};

static int start(struct tcn_store *s, size_t no, struct tcn_query *ret, struct tcn_err *err)
{
    return tcn_query_start(s, TCN_SQL_BUDGET, no, sql[no], ret, err);
}

int tcn_store_budget_get(struct tcn_store *s, const char *contact, const char *channel,
                         int64_t *ret_full_ms, struct tcn_err *err)
{
    struct tcn_query q;
    int r;

    *ret_full_ms = 0;
    if ((r = start(s, BUDGET_GET, &q, err)) < 0)
        return r;
    tcn_q_text(&q, contact);
    tcn_q_text(&q, channel);
    if ((r = tcn_query_step(&q, err)) == 1)
        *ret_full_ms = tcn_c_int(&q);
    tcn_query_done(&q);
    return r < 0 ? r : tcn_query_row_ok(&q, err);
}

int tcn_store_budget_put(struct tcn_store *s, const char *contact, const char *channel,
                         int64_t full_ms, struct tcn_err *err)
{
    struct tcn_query q;
    int r;

    if ((r = start(s, BUDGET_PUT, &q, err)) < 0)
        return r;
    tcn_q_epoch(&q);
    tcn_q_text(&q, contact);
    tcn_q_text(&q, channel);
    tcn_q_int(&q, full_ms);
    return tcn_query_run(&q, err);
}
