/* What is known of the subscriptions by which SNS delivers. */
#include "store/internal.h"

#include "base/vec.h"

enum { SUBSCRIPTION_PUT, SUBSCRIPTION_GET, SUBSCRIPTION_DUE, SUBSCRIPTION_LIST, SUBSCRIPTION_NEXT };
#define COLUMNS "source, topic, state, arn, token, as_of_ms, asked_ms, attempts, due_ms, ended_ms"
static const char *const sql[] = {
    [SUBSCRIPTION_PUT] = "INSERT INTO subscriptions (account_id, epoch, " COLUMNS ")"
                         " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"
                         " ON CONFLICT (account_id, source, topic) DO UPDATE SET"
                         " epoch = excluded.epoch, state = excluded.state, arn = excluded.arn,"
                         " token = excluded.token, as_of_ms = excluded.as_of_ms,"
                         " asked_ms = excluded.asked_ms, attempts = excluded.attempts,"
                         " due_ms = excluded.due_ms, ended_ms = excluded.ended_ms",
    [SUBSCRIPTION_GET] = "SELECT " COLUMNS " FROM subscriptions"
                         " WHERE account_id = $1 AND source = $2 AND topic = $3",
    [SUBSCRIPTION_DUE] = "SELECT " COLUMNS " FROM subscriptions"
                         " WHERE account_id = $1 AND due_ms > 0 AND (due_ms <= $3 OR epoch < $2)"
                         " ORDER BY due_ms, source, topic LIMIT $4",
    [SUBSCRIPTION_LIST] = "SELECT " COLUMNS " FROM subscriptions"
                          " WHERE account_id = $1 AND (source, topic) > ($2, $3)"
                          " ORDER BY source, topic LIMIT $4",
    [SUBSCRIPTION_NEXT] = ("SELECT MIN(due_ms) FROM subscriptions"
                           " WHERE account_id = $1 AND due_ms > 0"),
};

static int start(struct tcn_store *s, size_t no, struct tcn_query *ret, struct tcn_err *err)
{
    return tcn_query_start(s, TCN_SQL_SUBSCRIPTION, no, sql[no], ret, err);
}

int tcn_store_subscription_put(struct tcn_store *s, const struct tcn_subscription *row,
                               struct tcn_err *err)
{
    struct tcn_query q;
    int r;

    if ((r = start(s, SUBSCRIPTION_PUT, &q, err)) < 0)
        return r;
    tcn_q_epoch(&q);
    tcn_q_text(&q, row->source);
    tcn_q_text(&q, row->topic);
    tcn_q_int(&q, row->state);
    tcn_q_text(&q, row->arn);
    tcn_q_text(&q, row->token);
    tcn_q_int(&q, row->as_of_ms);
    tcn_q_int(&q, row->asked_ms);
    tcn_q_int(&q, row->attempts);
    tcn_q_int(&q, row->due_ms);
    tcn_q_int(&q, row->ended_ms);
    return tcn_query_run(&q, err);
}

static void read_row(struct tcn_query *q, struct tcn_arena *a, struct tcn_subscription *ret)
{
    ret->source = tcn_c_text(q, a);
    ret->topic = tcn_c_text(q, a);
    ret->state = (enum tcn_subscription_state)tcn_c_int(q);
    ret->arn = tcn_c_text(q, a);
    ret->token = tcn_c_text(q, a);
    ret->as_of_ms = tcn_c_int(q);
    ret->asked_ms = tcn_c_int(q);
    ret->attempts = tcn_c_int(q);
    ret->due_ms = tcn_c_int(q);
    ret->ended_ms = tcn_c_int(q);
}

int tcn_store_subscription_get(struct tcn_store *s, const char *source, const char *topic,
                               struct tcn_arena *a, struct tcn_subscription *ret,
                               struct tcn_err *err)
{
    struct tcn_query q;
    int r;

    if ((r = start(s, SUBSCRIPTION_GET, &q, err)) < 0)
        return r;
    tcn_q_text(&q, source);
    tcn_q_text(&q, topic);
    r = tcn_query_step(&q, err);
    if (r == 0)
        *ret = (struct tcn_subscription){.source = source, .topic = topic};
    else if (r > 0) {
        read_row(&q, a, ret);
        r = tcn_query_row_ok(&q, err);
    }
    tcn_query_done(&q);
    return r;
}

static int collect(struct tcn_query *q, struct tcn_arena *a, struct tcn_subscription **ret,
                   size_t *ret_n, struct tcn_err *err)
{
    TCN_VEC(struct tcn_subscription) rows = {0};
    int r;

    while ((r = tcn_query_step(q, err)) == 1)
        read_row(q, a, TCN_VEC_PUSH(a, &rows));
    tcn_query_done(q);
    if (r < 0 || (r = tcn_query_row_ok(q, err)) < 0)
        return r;
    *ret = rows.items;
    *ret_n = rows.n;
    return 0;
}

int tcn_store_subscription_list(struct tcn_store *s, const struct tcn_subscription *after,
                                size_t limit, struct tcn_arena *a, struct tcn_subscription **ret,
                                size_t *ret_n, struct tcn_err *err)
{
    struct tcn_query q;
    int r;

    if ((r = start(s, SUBSCRIPTION_LIST, &q, err)) < 0)
        return r;
    tcn_q_text(&q, after->source);
    tcn_q_text(&q, after->topic);
    tcn_q_int(&q, (int64_t)limit);
    return collect(&q, a, ret, ret_n, err);
}

int tcn_store_subscription_due(struct tcn_store *s, int64_t now_ms, size_t limit,
                               struct tcn_arena *a, struct tcn_subscription **ret, size_t *ret_n,
                               struct tcn_err *err)
{
    struct tcn_query q;
    int r;

    if ((r = start(s, SUBSCRIPTION_DUE, &q, err)) < 0)
        return r;
    tcn_q_epoch(&q);
    tcn_q_int(&q, now_ms);
    tcn_q_int(&q, (int64_t)limit);
    return collect(&q, a, ret, ret_n, err);
}

int tcn_store_subscription_next(struct tcn_store *s, int64_t *ret_ms, struct tcn_err *err)
{
    struct tcn_query q;
    int r;

    if ((r = start(s, SUBSCRIPTION_NEXT, &q, err)) < 0)
        return r;
    if ((r = tcn_query_one(&q, err, "due time")) == 0)
        *ret_ms = tcn_c_int(&q); /* NULL reads as 0 */
    tcn_query_done(&q);
    return r;
}
