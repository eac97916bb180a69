/* Send effects: rows that were decided, claimed by the sender, finished or dropped. */
#include "store/internal.h"

#include "base/vec.h"
#include <stdlib.h>

/* In flight, and dropped meanwhile: when it comes back it is over, whatever its sender says of a retry. */
#define IN_FLIGHT_DROPPED 6

enum {
    SEND_ADD,
    SEND_CLAIM,
    SEND_FINISH,
    SEND_AGAIN,
    SEND_DROP,
    SEND_DROP_PAGE,
    SEND_PAY,
    SEND_HOLD,
    SEND_GATHER,
    SEND_FLYING,
    SEND_LIST,
    SEND_NEXT,
    SEND_DEFER,
    SEND_HURRY
};
/* A row in flight is its process's (epoch) while that lives; see store.c. */
#define IS_ABANDONED TCN_IS_DEAD("sends.epoch")
#define COLUMNS                                                                                    \
    "id, page, incident, send_no, due_ms, attempt, epoch, contact, channel, channel_type, state, " \
    "note, held_ms, is_paid"
/* What becomes of a row whose message has no result yet: in flight of this process. */
#define TAKE(due)                                                                                  \
    due " UPDATE sends SET state = 2, attempt = attempt + 1, epoch = $2"                           \
        " WHERE id {ONE_OF}(SELECT id FROM due){END} RETURNING " COLUMNS
/* What is over keeps its state; what a living process has in flight goes over to state 6. */
#define DROP                                                                                       \
    "UPDATE sends SET epoch = $2,"                                                                 \
    " state = CASE WHEN state = 1 OR " IS_ABANDONED " THEN 5 ELSE 6 END,"                          \
    " note = $3 WHERE account_id = $1 AND incident = $4 AND state IN (1, 2)"
static const char *const sql[] = {
    [SEND_ADD] = "INSERT INTO sends (account_id, epoch, id, page, incident, send_no, due_ms,"
                 " attempt, contact, channel, channel_type, state, note, held_ms, is_paid)"
                 " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)"
                 " ON CONFLICT (id) DO NOTHING",
    [SEND_CLAIM] =
        TAKE("WITH due AS MATERIALIZED (SELECT id FROM sends WHERE account_id = $1"
             " AND state IN (1, 2) AND due_ms <= $3 AND due_ms > " TCN_HELD_BEFORE
             " AND (state = 1 OR " IS_ABANDONED ") ORDER BY due_ms, id LIMIT $4{UNCLAIMED})"),
    /* Whenever they are due: they go with one that is. */
    [SEND_GATHER] = TAKE("WITH due AS MATERIALIZED (SELECT id FROM sends WHERE account_id = $1"
                         " AND contact = $3 AND channel = $4 AND held_ms > 0 AND state IN (1, 2)"
                         " AND due_ms > " TCN_HELD_BEFORE " AND (state = 1 OR " IS_ABANDONED ")"
                         " ORDER BY held_ms, id LIMIT $5{UNCLAIMED})"),
    [SEND_FLYING] = "SELECT COUNT(*) FROM sends WHERE account_id = $1 AND contact = $2"
                    " AND channel = $3 AND held_ms > 0 AND state IN (1, 2) AND state = 2"
                    " AND is_paid = 1 AND NOT (" IS_ABANDONED ")",
    [SEND_LIST] = "SELECT " COLUMNS " FROM sends WHERE account_id = $1 AND incident = $2"
                  " AND state IN (1, 2) ORDER BY due_ms, id LIMIT $3",
    [SEND_NEXT] = "SELECT COUNT(*) FROM (SELECT 1 FROM sends WHERE account_id = $1"
                  " AND contact = $2 AND channel = $3 AND held_ms > 0 AND state IN (1, 2)"
                  " AND state = 1 AND due_ms > $4 AND due_ms <= $5 LIMIT 1) AS next_one",
    [SEND_DEFER] = "WITH due AS MATERIALIZED (SELECT id FROM sends WHERE account_id = $1"
                   " AND contact = $3 AND channel = $4 AND held_ms > 0 AND state IN (1, 2)"
                   " AND state = 1 AND due_ms <= $5 AND due_ms > " TCN_HELD_BEFORE
                   " ORDER BY held_ms, id LIMIT $7{UNCLAIMED})"
                   " UPDATE sends SET due_ms = $6, epoch = $2"
                   " WHERE id {ONE_OF}(SELECT id FROM due){END}",
    [SEND_HURRY] = "UPDATE sends SET due_ms = $4, held_ms = 0, epoch = $2 WHERE account_id = $1"
                   " AND incident = $3 AND state IN (1, 2) AND state = 1 AND held_ms > 0"
                   " AND due_ms > $4",
    [SEND_PAY] = "UPDATE sends SET epoch = $2, is_paid = 1,"
                 " held_ms = CASE WHEN held_ms = 0 THEN $4 ELSE held_ms END"
                 " WHERE account_id = $1 AND id = $3",
    [SEND_HOLD] = "UPDATE sends SET epoch = $2,"
                  " state = CASE WHEN state = 6 THEN 5 ELSE 1 END, due_ms = $4,"
                  " attempt = attempt - 1, is_paid = 0,"
                  " held_ms = CASE WHEN held_ms = 0 THEN $5 ELSE held_ms END,"
                  " note = CASE WHEN state = 6 THEN note ELSE $6 END"
                  " WHERE account_id = $1 AND id = $3",
    [SEND_FINISH] = "UPDATE sends SET epoch = $2, is_paid = 0,"
                    " state = CASE WHEN state = 6 AND $4 = 1 THEN 5 ELSE $4 END,"
                    " due_ms = CASE WHEN $4 = 1 THEN $5 ELSE due_ms END,"
                    " note = CASE WHEN state = 6 AND $4 = 1 THEN note ELSE $6 END"
                    " WHERE account_id = $1 AND id = $3",
    [SEND_AGAIN] = "UPDATE sends SET epoch = $2, is_paid = 0,"
                   " state = CASE WHEN state = 6 THEN 5 ELSE 1 END, due_ms = $4, attempt = $5,"
                   " note = CASE WHEN state = 6 THEN note ELSE $6 END"
                   " WHERE account_id = $1 AND id = $3",
    [SEND_DROP] = DROP,
    [SEND_DROP_PAGE] = DROP " AND page = $5",
};
_Static_assert(TCN_SEND_PENDING == 1 && TCN_SEND_IN_FLIGHT == 2 && TCN_SEND_DROPPED == 5 &&
                   TCN_SEND_DROPPED < IN_FLIGHT_DROPPED,
               "in the SQL above and in indexes of the schema");

static int start(struct tcn_store *s, size_t no, struct tcn_query *ret, struct tcn_err *err)
{
    return tcn_query_start(s, TCN_SQL_SEND, no, sql[no], ret, err);
}

int tcn_store_send_add(struct tcn_store *s, const struct tcn_send_row *row, struct tcn_err *err)
{
    struct tcn_query q;
    int r;

    if ((r = start(s, SEND_ADD, &q, err)) < 0)
        return r;
    tcn_q_epoch(&q);
    tcn_q_id(&q, &row->id);
    tcn_q_id(&q, &row->page);
    tcn_q_id(&q, &row->incident);
    tcn_q_int(&q, row->send_no);
    tcn_q_int(&q, row->due_ms);
    tcn_q_int(&q, row->attempt);
    tcn_q_text(&q, row->contact);
    tcn_q_text(&q, row->channel);
    tcn_q_int(&q, row->channel_type);
    tcn_q_int(&q, row->state == TCN_SEND_UNSET ? TCN_SEND_PENDING : row->state);
    tcn_q_text(&q, row->note);
    tcn_q_int(&q, row->held_ms);
    tcn_q_int(&q, row->is_paid);
    return tcn_query_add(&q, 0, NULL, err);
}

static void read_send(struct tcn_query *q, struct tcn_arena *a, struct tcn_send_row *ret)
{
    ret->id = tcn_c_id(q);
    ret->page = tcn_c_id(q);
    ret->incident = tcn_c_id(q);
    ret->send_no = tcn_c_int(q);
    ret->due_ms = tcn_c_int(q);
    ret->attempt = tcn_c_int(q);
    ret->epoch = tcn_c_int(q);
    ret->contact = tcn_c_text(q, a);
    ret->channel = tcn_c_text(q, a);
    ret->channel_type = (int)tcn_c_int(q);
    ret->state = (enum tcn_send_state)tcn_c_int(q);
    ret->note = tcn_c_text(q, a);
    ret->held_ms = tcn_c_int(q);
    ret->is_paid = tcn_c_int(q) != 0;
}

typedef TCN_VEC(struct tcn_send_row) send_list;

static int read_all(struct tcn_query *q, struct tcn_arena *a, send_list *ret, struct tcn_err *err)
{
    int r;

    while ((r = tcn_query_step(q, err)) == 1)
        read_send(q, a, TCN_VEC_PUSH(a, ret));
    tcn_query_done(q);
    return r < 0 ? r : tcn_query_row_ok(q, err);
}

/* RETURNING promises no order. */
static int by_due(const void *left, const void *right)
{
    const struct tcn_send_row *a = left, *b = right;

    if (a->due_ms != b->due_ms)
        return a->due_ms < b->due_ms ? -1 : 1;
    return memcmp(a->id.b, b->id.b, sizeof a->id.b);
}

static int by_wait(const void *left, const void *right)
{
    const struct tcn_send_row *a = left, *b = right;

    if (a->held_ms != b->held_ms)
        return a->held_ms < b->held_ms ? -1 : 1;
    return memcmp(a->id.b, b->id.b, sizeof a->id.b);
}

int tcn_store_send_claim(struct tcn_store *s, int64_t now_ms, size_t limit, struct tcn_arena *a,
                         struct tcn_send_row **ret, size_t *ret_n, struct tcn_err *err)
{
    send_list list = {0};
    struct tcn_query q;
    int r;

    if ((r = start(s, SEND_CLAIM, &q, err)) < 0)
        return r;
    tcn_q_epoch(&q);
    tcn_q_int(&q, now_ms);
    tcn_q_int(&q, (int64_t)limit);
    if ((r = read_all(&q, a, &list, err)) < 0)
        return r;
    if (list.n > 1)
        qsort(list.items, list.n, sizeof *list.items, by_due);
    *ret = list.items;
    *ret_n = list.n;
    return 0;
}

static int run_found(struct tcn_query *q, struct tcn_err *err)
{
    int64_t changes;
    int r = tcn_query_run_count(q, &changes, err);

    if (r < 0)
        return r;
    return changes == 0 ? tcn_fail(err, TCN_ENOTFOUND, "no such send") : 0;
}

int tcn_store_send_finish(struct tcn_store *s, struct tcn_id id, enum tcn_send_state state,
                          int64_t due_ms, const char *note, struct tcn_err *err)
{
    struct tcn_query q;
    int r;

    if ((r = start(s, SEND_FINISH, &q, err)) < 0)
        return r;
    tcn_q_epoch(&q);
    tcn_q_id(&q, &id);
    tcn_q_int(&q, state);
    tcn_q_int(&q, due_ms);
    tcn_q_text(&q, note);
    return run_found(&q, err);
}

int tcn_store_send_again(struct tcn_store *s, struct tcn_id id, int64_t due_ms, int64_t attempts,
                         const char *note, struct tcn_err *err)
{
    struct tcn_query q;
    int r;

    if ((r = start(s, SEND_AGAIN, &q, err)) < 0)
        return r;
    tcn_q_epoch(&q);
    tcn_q_id(&q, &id);
    tcn_q_int(&q, due_ms);
    tcn_q_int(&q, attempts);
    tcn_q_text(&q, note);
    return run_found(&q, err);
}

int tcn_store_send_drop(struct tcn_store *s, struct tcn_id incident, struct tcn_id page,
                        const char *note, struct tcn_err *err)
{
    bool is_all = tcn_id_is_zero(page);
    struct tcn_query q;
    int r;

    if ((r = start(s, is_all ? SEND_DROP : SEND_DROP_PAGE, &q, err)) < 0)
        return r;
    tcn_q_epoch(&q);
    tcn_q_text(&q, note);
    tcn_q_id(&q, &incident);
    if (!is_all)
        tcn_q_id(&q, &page);
    return tcn_query_run(&q, err);
}

/* -- the budget of a person ------------------------------------------------------------------------------------- */

int tcn_store_send_pay(struct tcn_store *s, struct tcn_id id, int64_t held_ms, struct tcn_err *err)
{
    struct tcn_query q;
    int r;

    if ((r = start(s, SEND_PAY, &q, err)) < 0)
        return r;
    tcn_q_epoch(&q);
    tcn_q_id(&q, &id);
    tcn_q_int(&q, held_ms);
    return tcn_query_run(&q, err);
}

int tcn_store_send_hold(struct tcn_store *s, struct tcn_id id, const struct tcn_send_wait *wait,
                        struct tcn_err *err)
{
    struct tcn_query q;
    int r;

    if ((r = start(s, SEND_HOLD, &q, err)) < 0)
        return r;
    tcn_q_epoch(&q);
    tcn_q_id(&q, &id);
    tcn_q_int(&q, wait->due_ms);
    tcn_q_int(&q, wait->since_ms);
    tcn_q_text(&q, wait->note);
    return tcn_query_run(&q, err);
}

int tcn_store_send_gather(struct tcn_store *s, const struct tcn_send_row *with, size_t limit,
                          struct tcn_arena *a, struct tcn_send_row **ret, size_t *ret_n,
                          struct tcn_err *err)
{
    send_list list = {0};
    struct tcn_query q;
    int r;

    if ((r = start(s, SEND_GATHER, &q, err)) < 0)
        return r;
    tcn_q_epoch(&q);
    tcn_q_text(&q, with->contact);
    tcn_q_text(&q, with->channel);
    tcn_q_int(&q, (int64_t)limit);
    if ((r = read_all(&q, a, &list, err)) < 0)
        return r;
    if (list.n > 1)
        qsort(list.items, list.n, sizeof *list.items, by_wait);
    *ret = list.items;
    *ret_n = list.n;
    return 0;
}

int tcn_store_send_flying(struct tcn_store *s, const struct tcn_send_row *with, int64_t *ret_n,
                          struct tcn_err *err)
{
    struct tcn_query q;
    int r;

    if ((r = start(s, SEND_FLYING, &q, err)) < 0)
        return r;
    tcn_q_text(&q, with->contact);
    tcn_q_text(&q, with->channel);
    if ((r = tcn_query_one(&q, err, "count")) == 0)
        *ret_n = tcn_c_int(&q);
    tcn_query_done(&q);
    return r;
}

int tcn_store_send_list(struct tcn_store *s, struct tcn_id incident, size_t limit,
                        struct tcn_arena *a, struct tcn_send_row **ret, size_t *ret_n,
                        struct tcn_err *err)
{
    send_list list = {0};
    struct tcn_query q;
    int r;

    if ((r = start(s, SEND_LIST, &q, err)) < 0)
        return r;
    tcn_q_id(&q, &incident);
    tcn_q_int(&q, (int64_t)limit);
    if ((r = read_all(&q, a, &list, err)) < 0)
        return r;
    *ret = list.items;
    *ret_n = list.n;
    return 0;
}

int tcn_store_send_next(struct tcn_store *s, const struct tcn_send_row *with, int64_t now_ms,
                        int64_t due_ms, bool *ret, struct tcn_err *err)
{
    struct tcn_query q;
    int r;

    if ((r = start(s, SEND_NEXT, &q, err)) < 0)
        return r;
    tcn_q_text(&q, with->contact);
    tcn_q_text(&q, with->channel);
    tcn_q_int(&q, now_ms);
    tcn_q_int(&q, due_ms);
    if ((r = tcn_query_one(&q, err, "count")) == 0)
        *ret = tcn_c_int(&q) > 0;
    tcn_query_done(&q);
    return r;
}

int tcn_store_send_defer(struct tcn_store *s, const struct tcn_send_row *with, int64_t now_ms,
                         int64_t due_ms, struct tcn_err *err)
{
    struct tcn_query q;
    int r;

    if ((r = start(s, SEND_DEFER, &q, err)) < 0)
        return r;
    tcn_q_epoch(&q);
    tcn_q_text(&q, with->contact);
    tcn_q_text(&q, with->channel);
    tcn_q_int(&q, now_ms);
    tcn_q_int(&q, due_ms);
    tcn_q_int(&q, TCN_DEFER_MAX);
    return tcn_query_run(&q, err);
}

int tcn_store_send_hurry(struct tcn_store *s, struct tcn_id incident, int64_t now_ms,
                         struct tcn_err *err)
{
    struct tcn_query q;
    int r;

    if ((r = start(s, SEND_HURRY, &q, err)) < 0)
        return r;
    tcn_q_epoch(&q);
    tcn_q_id(&q, &incident);
    tcn_q_int(&q, now_ms);
    return tcn_query_run(&q, err);
}
