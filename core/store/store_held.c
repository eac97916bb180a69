/* What is held: rows whose time is not after that of the hold. */
#include "store/held.h"
#include "store/internal.h"

#include "base/vec.h"

/* Beside those of store_hold.c in the same table of statements. */
enum { HELD_COUNT = 4, HELD_LIST, HELD_INCIDENTS, HELD_PAGING, HELD_DROP_TICKETS };

#define PAGES " FROM sends WHERE account_id = $1 AND state IN (1, 2) AND due_ms <= " TCN_HELD_BEFORE
#define STEPS " FROM timers WHERE account_id = $1 AND due_ms <= " TCN_HELD_BEFORE
#define TICKETS " FROM links WHERE account_id = $1 AND due_ms > 0 AND due_ms <= " TCN_HELD_BEFORE
#define NOTICES " FROM notices WHERE account_id = $1 AND due_ms > 0 AND due_ms <= " TCN_HELD_BEFORE
#define ALL                                                                                        \
    "(SELECT 1 AS kind, incident, due_ms, contact AS whom, channel AS whereby" PAGES               \
    " UNION ALL SELECT 2, incident, due_ms, NULL, NULL" STEPS                                      \
    " UNION ALL SELECT 3, incident, due_ms, connector, remote_key" TICKETS                         \
    " UNION ALL SELECT 4, incident, due_ms, connector, topic" NOTICES ") AS held"

static const char *const sql[] = {
    [HELD_COUNT] = "SELECT (SELECT COUNT(*)" PAGES "), (SELECT COUNT(*)" STEPS
                   "), (SELECT COUNT(*)" TICKETS "), (SELECT COUNT(*)" NOTICES ")",
    [HELD_LIST] = "SELECT held.kind, held.incident, incidents.title, held.due_ms, held.whom,"
                  " held.whereby FROM " ALL " LEFT JOIN incidents ON incidents.id = held.incident"
                  " ORDER BY held.due_ms, held.kind, held.incident LIMIT $2",
    [HELD_INCIDENTS] =
        "SELECT DISTINCT incident FROM " ALL " WHERE incident > $2 ORDER BY incident LIMIT $3",
    [HELD_PAGING] = "SELECT (SELECT COUNT(*)" PAGES " AND incident = $2 AND due_ms <= $3)"
                    " + (SELECT COUNT(*)" STEPS " AND incident = $2 AND due_ms <= $3)",
    [HELD_DROP_TICKETS] =
        "UPDATE links SET epoch = $2, due_ms = 0, holder = 0 WHERE account_id = $1"
        " AND incident = $3 AND due_ms > 0 AND due_ms <= " TCN_HELD_BEFORE,
};
_Static_assert(TCN_SEND_PENDING == 1 && TCN_SEND_IN_FLIGHT == 2 && TCN_HELD_PAGE == 1 &&
                   TCN_HELD_STEP == 2 && TCN_HELD_TICKET == 3 && TCN_HELD_NOTICE == 4,
               "in the SQL above");

static int start(struct tcn_store *s, size_t no, struct tcn_query *ret, struct tcn_err *err)
{
    return tcn_query_start(s, TCN_SQL_HOLD, no, sql[no], ret, err);
}

int tcn_store_held_count(struct tcn_store *s, struct tcn_held_count *ret, struct tcn_err *err)
{
    struct tcn_query q;
    int r;

    if ((r = start(s, HELD_COUNT, &q, err)) < 0)
        return r;
    if ((r = tcn_query_one(&q, err, "count")) == 0) {
        ret->pages = tcn_c_int(&q);
        ret->steps = tcn_c_int(&q);
        ret->tickets = tcn_c_int(&q);
        ret->notices = tcn_c_int(&q);
    }
    tcn_query_done(&q);
    return r;
}

static void read_row(struct tcn_query *q, struct tcn_arena *a, struct tcn_held_row *ret)
{
    ret->kind = (enum tcn_held_kind)tcn_c_int(q);
    ret->incident = tcn_c_id(q);
    ret->title = tcn_c_text(q, a);
    ret->due_ms = tcn_c_int(q);
    ret->whom = tcn_c_text(q, a);
    ret->whereby = tcn_c_text(q, a);
}

int tcn_store_held_list(struct tcn_store *s, size_t limit, struct tcn_arena *a,
                        struct tcn_held_row **ret, size_t *ret_n, struct tcn_err *err)
{
    TCN_VEC(struct tcn_held_row) list = {0};
    struct tcn_query q;
    int r;

    if ((r = start(s, HELD_LIST, &q, err)) < 0)
        return r;
    tcn_q_int(&q, (int64_t)limit);
    while ((r = tcn_query_step(&q, err)) == 1)
        read_row(&q, a, TCN_VEC_PUSH(a, &list));
    tcn_query_done(&q);
    if (r < 0 || (r = tcn_query_row_ok(&q, err)) < 0)
        return r;
    *ret = list.items;
    *ret_n = list.n;
    return 0;
}

int tcn_store_held_incidents(struct tcn_store *s, struct tcn_id after, size_t limit,
                             struct tcn_id *ret_ids, size_t *ret_n, struct tcn_err *err)
{
    struct tcn_query q;
    int r;

    if ((r = start(s, HELD_INCIDENTS, &q, err)) < 0)
        return r;
    /* Bytes: as an id zero would be NULL. */
    tcn_q_blob(&q, (struct tcn_str){(const char *)after.b, sizeof after.b});
    tcn_q_int(&q, (int64_t)limit);
    return tcn_query_ids(&q, limit, ret_ids, ret_n, err);
}

int tcn_store_held_paging(struct tcn_store *s, struct tcn_id incident, int64_t until_ms,
                          int64_t *ret_n, struct tcn_err *err)
{
    struct tcn_query q;
    int r;

    if ((r = start(s, HELD_PAGING, &q, err)) < 0)
        return r;
    tcn_q_id(&q, &incident);
    tcn_q_int(&q, until_ms);
    if ((r = tcn_query_one(&q, err, "count")) == 0)
        *ret_n = tcn_c_int(&q);
    tcn_query_done(&q);
    return r;
}

int tcn_store_held_drop_tickets(struct tcn_store *s, struct tcn_id incident, int64_t *ret_n,
                                struct tcn_err *err)
{
    struct tcn_query q;
    int r;

    if ((r = start(s, HELD_DROP_TICKETS, &q, err)) < 0)
        return r;
    tcn_q_epoch(&q);
    tcn_q_id(&q, &incident);
    return tcn_query_run_count(&q, ret_n, err);
}
