/* What was received, once for each (source, delivery id). */
#include "store/internal.h"

#include "base/vec.h"

enum { INBOX_ADD, INBOX_LIST, INBOX_QUARANTINED, INBOX_DROP, INBOX_TRIM };
#define COLUMNS "id, source, delivery_id, received_ms, peer, subject, state, note, body"
static const char *const sql[] = {
    [INBOX_ADD] = "INSERT INTO inbox (account_id, epoch, key_hash, " COLUMNS ")"
                  " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"
                  " ON CONFLICT (key_hash) WHERE key_hash IS NOT NULL DO NOTHING",
    [INBOX_LIST] = "SELECT no, " COLUMNS " FROM inbox WHERE account_id = $1 AND state = $4"
                   " AND no > $2 ORDER BY no LIMIT $3",
    /* The number is in the text so that the partial index serves it. */
    [INBOX_QUARANTINED] = "SELECT no, " COLUMNS " FROM inbox WHERE account_id = $1 AND state = 2"
                          " AND no > $2 ORDER BY no LIMIT $3",
    [INBOX_DROP] = "DELETE FROM inbox WHERE account_id = $1 AND state = 2 AND id = $2",
    /* Rows arrive in the order of their time but for jumps of the clock: the oldest rows are looked at, no more. */
    [INBOX_TRIM] = "DELETE FROM inbox WHERE no {ONE_OF}(SELECT no FROM"
                   " (SELECT no, received_ms FROM inbox WHERE account_id = $1"
                   " AND (state <> 2 OR received_ms < $4) ORDER BY no LIMIT $3)"
                   " AS oldest WHERE received_ms < $2){END}",
};
_Static_assert(TCN_INBOX_QUARANTINED == 2, "in the SQL above and in an index of the schema");

static int start(struct tcn_store *s, size_t no, struct tcn_query *ret, struct tcn_err *err)
{
    return tcn_query_start(s, TCN_SQL_INBOX, no, sql[no], ret, err);
}

int tcn_store_inbox_add(struct tcn_store *s, const struct tcn_inbox *row, struct tcn_err *err)
{
    struct tcn_id hash = {{0}};
    struct tcn_query q;
    int64_t changes;
    bool is_new;
    int r;

    if ((r = start(s, INBOX_ADD, &q, err)) < 0)
        return r;
    if (row->delivery_id)
        hash = tcn_store_hash(s, row->source, row->delivery_id);
    is_new = !row->delivery_id || tcn_store_is_absent(s, TCN_AHEAD_DELIVERY, hash);
    tcn_store_note_present(s, TCN_AHEAD_DELIVERY, hash);
    tcn_q_epoch(&q);
    tcn_q_id(&q, &hash);
    tcn_q_id(&q, &row->id);
    tcn_q_text(&q, row->source);
    tcn_q_text(&q, row->delivery_id);
    tcn_q_int(&q, row->received_ms);
    tcn_q_text(&q, row->peer);
    tcn_q_text(&q, row->subject);
    tcn_q_int(&q, row->state);
    tcn_q_text(&q, row->note);
    tcn_q_blob(&q, row->body);
    if (is_new)
        return tcn_query_add(&q, 1, "the delivery was taken by another node", err);
    if ((r = tcn_query_run_count(&q, &changes, err)) < 0)
        return r;
    if (changes == 0)
        return tcn_fail(err, TCN_ECONFLICT, "delivery %.100s of %.100s is known", row->delivery_id,
                        row->source);
    return 0;
}

static void read_row(struct tcn_query *q, struct tcn_arena *a, struct tcn_inbox *ret)
{
    ret->no = tcn_c_int(q);
    ret->id = tcn_c_id(q);
    ret->source = tcn_c_text(q, a);
    ret->delivery_id = tcn_c_text(q, a);
    ret->received_ms = tcn_c_int(q);
    ret->peer = tcn_c_text(q, a);
    ret->subject = tcn_c_text(q, a);
    ret->state = (enum tcn_inbox_state)tcn_c_int(q);
    ret->note = tcn_c_text(q, a);
    ret->body = tcn_c_blob(q, a);
}

int tcn_store_inbox_list(struct tcn_store *s, enum tcn_inbox_state state, int64_t after_no,
                         size_t limit, struct tcn_arena *a, struct tcn_inbox **ret, size_t *ret_n,
                         struct tcn_err *err)
{
    TCN_VEC(struct tcn_inbox) rows = {0};
    struct tcn_query q;
    int r;

    if ((r = start(s, state == TCN_INBOX_QUARANTINED ? INBOX_QUARANTINED : INBOX_LIST, &q, err)) <
        0)
        return r;
    tcn_q_int(&q, after_no);
    tcn_q_int(&q, (int64_t)limit);
    if (state != TCN_INBOX_QUARANTINED)
        tcn_q_int(&q, state);
    while ((r = tcn_query_step(&q, err)) == 1)
        read_row(&q, a, TCN_VEC_PUSH(a, &rows));
    tcn_query_done(&q);
    if (r < 0 || (r = tcn_query_row_ok(&q, err)) < 0)
        return r;
    *ret = rows.items;
    *ret_n = rows.n;
    return 0;
}

int tcn_store_quarantine_drop(struct tcn_store *s, struct tcn_id id, struct tcn_err *err)
{
    struct tcn_query q;
    int64_t changes;
    int r;

    if ((r = start(s, INBOX_DROP, &q, err)) < 0)
        return r;
    tcn_q_id(&q, &id);
    if ((r = tcn_query_run_count(&q, &changes, err)) < 0)
        return r;
    return changes == 0 ? tcn_fail(err, TCN_ENOTFOUND, "no such delivery in quarantine") : 0;
}

int tcn_store_inbox_trim(struct tcn_store *s, const struct tcn_inbox_age *age, size_t limit,
                         size_t *ret_n, struct tcn_err *err)
{
    struct tcn_query q;
    int64_t changes = 0;
    int r;

    if ((r = start(s, INBOX_TRIM, &q, err)) < 0)
        return r;
    tcn_q_int(&q, age->before_ms);
    tcn_q_int(&q, (int64_t)limit);
    tcn_q_int(&q, age->quarantined_before_ms);
    r = tcn_query_run_count(&q, &changes, err);
    *ret_n = r < 0 ? 0 : (size_t)changes;
    return r;
}
