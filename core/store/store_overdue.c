#include "store/overdue.h"

#include "store/internal.h"

enum { OVERDUE, TIMER_OF, SEND_IS_THERE };
#define SOME(what, table, more)                                                                    \
    "(SELECT " what " FROM (SELECT due_ms FROM " table " WHERE account_id = $1 AND due_ms <= $2"   \
    " AND due_ms > " TCN_HELD_BEFORE more " ORDER BY due_ms LIMIT $3) AS " table "_due)"
#define STEPS(what) SOME(what, "timers", "")
#define PAGES(what) SOME(what, "sends", " AND state = 1")
static const char *const sql[] = {
    [OVERDUE] = "SELECT " STEPS("COUNT(*)") ", " STEPS("MIN(due_ms)") ", " PAGES(
        "COUNT(*)") ", " PAGES("MIN(due_ms)"),
    [TIMER_OF] = "SELECT due_ms FROM timers WHERE account_id = $1 AND incident = $2",
    [SEND_IS_THERE] = "SELECT 1 FROM sends WHERE account_id = $1 AND id = $2",
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

/* The first column of the row that the statement finds by the id, 0 = there is none. */
static int look_up(struct tcn_store *s, size_t no, struct tcn_id id, int64_t *ret,
                   struct tcn_err *err)
{
    struct tcn_query q;
    int r;

    *ret = 0;
    if ((r = tcn_query_start(s, TCN_SQL_OVERDUE, no, sql[no], &q, err)) < 0)
        return r;
    tcn_q_id(&q, &id);
    if ((r = tcn_query_step(&q, err)) == 1) {
        *ret = tcn_c_int(&q);
        r = tcn_query_row_ok(&q, err);
    }
    tcn_query_done(&q);
    return r < 0 ? r : 0;
}

int tcn_store_timer_of(struct tcn_store *s, struct tcn_id incident, int64_t *ret_ms,
                       struct tcn_err *err)
{
    return look_up(s, TIMER_OF, incident, ret_ms, err);
}

int tcn_store_send_is_there(struct tcn_store *s, struct tcn_id send, bool *ret, struct tcn_err *err)
{
    int64_t found;
    int r = look_up(s, SEND_IS_THERE, send, &found, err);

    *ret = found != 0;
    return r;
}
