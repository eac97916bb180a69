/* When an incident wants its timer to run, and when anything at all wants to run. */
#include "store/internal.h"

enum { TIMER_SET, TIMER_CLEAR, TIMER_DUE, NEXT_DUE };
#define SEND_IS_DEAD TCN_IS_DEAD("sends.epoch")
#define LINK_IS_DEAD TCN_IS_DEAD("links.holder")
#define DUE_CONNECTOR "SELECT connector FROM links WHERE account_id = $1 AND due_ms > 0"
static const char *const sql[] = {
    [TIMER_SET] = "INSERT INTO timers (account_id, epoch, incident, due_ms) VALUES ($1, $2, $3, $4)"
                  " ON CONFLICT (incident) DO UPDATE SET"
                  " epoch = excluded.epoch, due_ms = excluded.due_ms",
    [TIMER_CLEAR] = "DELETE FROM timers WHERE account_id = $1 AND incident = $2",
    [TIMER_DUE] = "SELECT incident FROM timers WHERE account_id = $1 AND due_ms <= $2"
                  " AND due_ms > " TCN_HELD_BEFORE " ORDER BY due_ms, incident LIMIT $3{UNCLAIMED}",
    /* A walk over the connectors that have something due finds the first of each by its index. */
    [NEXT_DUE] =
        "WITH RECURSIVE c (connector) AS ("
        " SELECT (" DUE_CONNECTOR " ORDER BY connector LIMIT 1)"
        " UNION ALL"
        " SELECT (" DUE_CONNECTOR " AND connector > c.connector ORDER BY connector LIMIT 1)"
        " FROM c WHERE c.connector IS NOT NULL)"
        " SELECT"
        " (SELECT due_ms FROM timers WHERE account_id = $1 AND due_ms > " TCN_HELD_BEFORE
        " ORDER BY due_ms LIMIT 1),"
        " (SELECT due_ms FROM sends WHERE account_id = $1 AND state IN (1, 2)"
        " AND due_ms > " TCN_HELD_BEFORE " AND (state = 1 OR " SEND_IS_DEAD ")"
        " ORDER BY due_ms LIMIT 1),"
        " (SELECT MIN((SELECT due_ms FROM links WHERE account_id = $1 AND due_ms > 0"
        " AND due_ms > " TCN_HELD_BEFORE
        " AND connector = c.connector AND (holder = 0 OR " LINK_IS_DEAD ")"
        " ORDER BY due_ms LIMIT 1)) FROM c WHERE c.connector IS NOT NULL)",
};
_Static_assert(TCN_SEND_PENDING == 1 && TCN_SEND_IN_FLIGHT == 2, "in the SQL above");

static int start(struct tcn_store *s, size_t no, struct tcn_query *ret, struct tcn_err *err)
{
    return tcn_query_start(s, TCN_SQL_TIMER, no, sql[no], ret, err);
}

int tcn_store_timer_set(struct tcn_store *s, struct tcn_id incident, int64_t due_ms,
                        struct tcn_err *err)
{
    struct tcn_query q;
    int r;

    if ((r = start(s, due_ms ? TIMER_SET : TIMER_CLEAR, &q, err)) < 0)
        return r;
    if (due_ms)
        tcn_q_epoch(&q);
    tcn_q_id(&q, &incident);
    if (due_ms)
        tcn_q_int(&q, due_ms);
    return due_ms ? tcn_query_add(&q, 0, NULL, err) : tcn_query_run(&q, err);
}

int tcn_store_timer_due(struct tcn_store *s, int64_t now_ms, size_t limit, struct tcn_id *ret_ids,
                        size_t *ret_n, struct tcn_err *err)
{
    struct tcn_query q;
    int r;

    if ((r = start(s, TIMER_DUE, &q, err)) < 0)
        return r;
    tcn_q_int(&q, now_ms);
    tcn_q_int(&q, (int64_t)limit);
    return tcn_query_ids(&q, limit, ret_ids, ret_n, err);
}

int tcn_store_next_due(struct tcn_store *s, int64_t *ret_ms, struct tcn_err *err)
{
    struct tcn_query q;
    int64_t due, first = 0;
    int r;

    if ((r = start(s, NEXT_DUE, &q, err)) < 0)
        return r;
    if ((r = tcn_query_one(&q, err, "due time")) == 0) {
        for (int i = 0; i < 3; i++)
            /* NULL reads as 0 */
            if ((due = tcn_c_int(&q)) != 0 && (first == 0 || due < first))
                first = due;
        *ret_ms = first;
    }
    tcn_query_done(&q);
    return r;
}
