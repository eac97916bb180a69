/* Receipts of pages, in the order in which they were written. */
#include "store/internal.h"

#include "base/vec.h"

enum { RECEIPT_ADD, RECEIPT_LIST };
static const char *const sql[] = {
    [RECEIPT_ADD] = "INSERT INTO receipts (account_id, epoch, page, type, time_ms, channel, note,"
                    " seq) VALUES ($1, $2, $3, $4, $5, $6, $7,"
                    " (SELECT COALESCE(MAX(seq), 0) + 1 FROM receipts WHERE page = $3))",
    [RECEIPT_LIST] = "SELECT page, type, time_ms, channel, note FROM receipts"
                     " WHERE account_id = $1 AND page = $2 ORDER BY seq",
};

int tcn_store_receipt_add(struct tcn_store *s, const struct tcn_receipt *receipt,
                          struct tcn_err *err)
{
    struct tcn_query q;
    int r;

    if ((r = tcn_query_start(s, TCN_SQL_RECEIPT, RECEIPT_ADD, sql[RECEIPT_ADD], &q, err)) < 0)
        return r;
    tcn_q_epoch(&q);
    tcn_q_id(&q, &receipt->page);
    tcn_q_int(&q, receipt->type);
    tcn_q_int(&q, receipt->time_ms);
    tcn_q_text(&q, receipt->channel);
    tcn_q_text(&q, receipt->note);
    return tcn_query_run(&q, err);
}

static void read_receipt(struct tcn_query *q, struct tcn_arena *a, struct tcn_receipt *ret)
{
    ret->page = tcn_c_id(q);
    ret->type = (enum tcn_receipt_type)tcn_c_int(q);
    ret->time_ms = tcn_c_int(q);
    ret->channel = tcn_c_text(q, a);
    ret->note = tcn_c_text(q, a);
}

int tcn_store_receipt_list(struct tcn_store *s, struct tcn_id page, struct tcn_arena *a,
                           struct tcn_receipt **ret, size_t *ret_n, struct tcn_err *err)
{
    TCN_VEC(struct tcn_receipt) list = {0};
    struct tcn_query q;
    int r;

    if ((r = tcn_query_start(s, TCN_SQL_RECEIPT, RECEIPT_LIST, sql[RECEIPT_LIST], &q, err)) < 0)
        return r;
    tcn_q_id(&q, &page);
    while ((r = tcn_query_step(&q, err)) == 1)
        read_receipt(&q, a, TCN_VEC_PUSH(a, &list));
    tcn_query_done(&q);
    if (r < 0 || (r = tcn_query_row_ok(&q, err)) < 0)
        return r;
    *ret = list.items;
    *ret_n = list.n;
    return 0;
}
