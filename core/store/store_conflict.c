/* Conflicts: what both sides of a link have changed. */
#include "store/feeds.h"
#include "store/internal.h"

#include "base/vec.h"

enum { CONFLICT_ADD, CONFLICT_LIST, CONFLICT_PRUNE };
#define COLUMNS "id, link, incident, connector, field, base, local, remote, winner, at_ms"
static const char *const sql[] = {
    [CONFLICT_ADD] =
        ("INSERT INTO conflicts (account_id, epoch, " COLUMNS ") VALUES ($1, $2, $3, $4,"
         " $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (id) DO NOTHING"),
    [CONFLICT_LIST] = "SELECT " COLUMNS " FROM conflicts WHERE account_id = $1 AND link = $2"
                      " ORDER BY at_ms DESC, id DESC LIMIT $3",
    [CONFLICT_PRUNE] =
        ("DELETE FROM conflicts WHERE account_id = $1 AND id IN (SELECT id FROM conflicts"
         " WHERE account_id = $1 AND at_ms < $2 ORDER BY at_ms LIMIT $3)"),
};

static int start(struct tcn_store *s, size_t no, struct tcn_query *ret, struct tcn_err *err)
{
    return tcn_query_start(s, TCN_SQL_CONFLICT, no, sql[no], ret, err);
}

struct tcn_id tcn_conflict_id(struct tcn_id link, const char *field, int64_t at_ms)
{
    return tcn_id_child(link, field, (uint64_t)at_ms);
}

int tcn_store_conflict_add(struct tcn_store *s, const struct tcn_conflict_row *row,
                           struct tcn_err *err)
{
    struct tcn_query q;
    int r;

    if ((r = start(s, CONFLICT_ADD, &q, err)) < 0)
        return r;
    tcn_q_epoch(&q);
    tcn_q_id(&q, &row->id);
    tcn_q_id(&q, &row->link);
    tcn_q_id(&q, &row->incident);
    tcn_q_text(&q, row->connector);
    tcn_q_text(&q, row->field);
    tcn_q_text(&q, row->base);
    tcn_q_text(&q, row->local);
    tcn_q_text(&q, row->remote);
    tcn_q_text(&q, row->winner);
    tcn_q_int(&q, row->at_ms);
    return tcn_query_run(&q, err);
}

static void read_row(struct tcn_query *q, struct tcn_arena *a, struct tcn_conflict_row *ret)
{
    ret->id = tcn_c_id(q);
    ret->link = tcn_c_id(q);
    ret->incident = tcn_c_id(q);
    ret->connector = tcn_c_text(q, a);
    ret->field = tcn_c_text(q, a);
    ret->base = tcn_c_text(q, a);
    ret->local = tcn_c_text(q, a);
    ret->remote = tcn_c_text(q, a);
    ret->winner = tcn_c_text(q, a);
    ret->at_ms = tcn_c_int(q);
}

int tcn_store_conflict_list(struct tcn_store *s, struct tcn_id link, struct tcn_arena *a,
                            struct tcn_conflict_row **ret, size_t *ret_n, struct tcn_err *err)
{
    TCN_VEC(struct tcn_conflict_row) list = {0};
    struct tcn_query q;
    int r;

    if ((r = start(s, CONFLICT_LIST, &q, err)) < 0)
        return r;
    tcn_q_id(&q, &link);
    tcn_q_int(&q, TCN_CONFLICTS_OF_LINK_MAX);
    while ((r = tcn_query_step(&q, err)) == 1)
        read_row(&q, a, TCN_VEC_PUSH(a, &list));
    tcn_query_done(&q);
    if (r < 0 || (r = tcn_query_row_ok(&q, err)) < 0)
        return r;
    *ret = list.items;
    *ret_n = list.n;
    return 0;
}

int tcn_store_conflict_prune(struct tcn_store *s, int64_t before_ms, int64_t *ret_n,
                             struct tcn_err *err)
{
    struct tcn_query q;
    int r;

    if ((r = start(s, CONFLICT_PRUNE, &q, err)) < 0)
        return r;
    tcn_q_int(&q, before_ms);
    tcn_q_int(&q, TCN_CONFLICTS_PRUNED_MAX);
    return tcn_query_run_count(&q, ret_n, err);
}
