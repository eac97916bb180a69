#include "store/overdue.h"

#include "store/internal.h"

enum { OVERDUE, OWED };
#define SOME(what, table, more)                                                                    \
    "(SELECT " what " FROM (SELECT due_ms FROM " table " WHERE account_id = $1 AND due_ms <= $2"   \
    " AND due_ms > " TCN_HELD_BEFORE more " ORDER BY due_ms LIMIT $3) AS " table "_due)"
#define STEPS(what) SOME(what, "timers", "")
#define PAGES(what) SOME(what, "sends", " AND state = 1")
static const char *const sql[] = {
    [OVERDUE] = "SELECT " STEPS("COUNT(*)") ", " STEPS("MIN(due_ms)") ", " PAGES(
        "COUNT(*)") ", " PAGES("MIN(due_ms)"),
    [OWED] = "SELECT (SELECT due_ms FROM timers WHERE account_id = $1 AND incident = $2),"
             " (SELECT COUNT(*) FROM sends WHERE account_id = $1 AND incident = $2)",
};
_Static_assert(TCN_SEND_PENDING == 1, "in the SQL above");

int tcn_store_overdue(struct tcn_store *s, int64_t before_ms, struct tcn_overdue *ret,
                      struct tcn_err *err)
{
    struct tcn_query q;
    int r;

    *ret = (struct tcn_overdue){0};
    if ((r = tcn_query_start(s, TCN_SQL_OVERDUE, OVERDUE, sql[OVERDUE], &q, err)) < 0)
        return r;
    tcn_q_int(&q, before_ms);
    tcn_q_int(&q, TCN_OVERDUE_MAX);
    if ((r = tcn_query_one(&q, err, "count")) == 0) {
        ret->steps = tcn_c_int(&q);
        ret->first_step_ms = tcn_c_int(&q); /* NULL reads as 0 */
        ret->pages = tcn_c_int(&q);
        ret->first_page_ms = tcn_c_int(&q);
    }
    tcn_query_done(&q);
    return r;
}

int tcn_store_owed(struct tcn_store *s, struct tcn_id incident, struct tcn_owed *ret,
                   struct tcn_err *err)
{
    struct tcn_query q;
    int r;

    *ret = (struct tcn_owed){0};
    if ((r = tcn_query_start(s, TCN_SQL_OVERDUE, OWED, sql[OWED], &q, err)) < 0)
        return r;
    tcn_q_id(&q, &incident);
    if ((r = tcn_query_one(&q, err, "count")) == 0) {
        ret->timer_ms = tcn_c_int(&q);
        ret->sends = tcn_c_int(&q);
    }
    tcn_query_done(&q);
    return r;
}
