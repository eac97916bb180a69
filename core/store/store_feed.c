/* Feeds: what is asked of a ticket system as a whole. */
#include "store/feeds.h"
#include "store/internal.h"

#include "base/vec.h"

enum {
    FEED_MAKE,
    FEED_CLAIM,
    FEED_PUT,
    FEED_HEARD,
    FEED_HASTEN,
    FEED_LIST,
    RECORDS_OPEN,
    RECORDS_CLOSED
};
#define HOLDER_IS_DEAD TCN_IS_DEAD("feeds.holder")
#define COLUMNS                                                                                    \
    "connector, cursor, since_ms, poll_due_ms, sweep_due_ms, polled_ms, sweep_from, "              \
    "is_of_closed, swept_ms, closed_ms, fail_count, note, missed, missed_ms, heard_ms, holder"
#define OF_ONE " WHERE account_id = $1 AND connector = $3"
#define HEARD_EVERY_MS "60000"
/* An incident that is open or not, and its link. */
#define RECORDS                                                                                    \
    "SELECT l.id, l.incident, l.remote_id, l.base_version FROM incidents i"                        \
    " JOIN links l ON l.incident = i.id AND l.connector = $2 AND l.state = 2"                      \
    " WHERE i.account_id = $1 AND l.account_id = $1 AND i.id < $3"
#define RECORDS_ORDER " ORDER BY i.id DESC LIMIT $4"
static const char *const sql[] = {
    [FEED_MAKE] =
        "INSERT INTO feeds (account_id, epoch, due_ms, " COLUMNS ")"
        " VALUES ($1, $2, $4, $3, NULL, $4, $4, $4, 0, NULL, 0, 0, 0, 0, NULL, 0, 0, 0, 0)"
        " ON CONFLICT (account_id, connector) DO NOTHING",
    [FEED_CLAIM] = "UPDATE feeds SET holder = $2, epoch = $2" OF_ONE
                   " AND due_ms > 0 AND due_ms <= $4 AND due_ms > " TCN_HELD_BEFORE
                   " AND (holder = 0 OR " HOLDER_IS_DEAD ") RETURNING " COLUMNS,
    [FEED_PUT] = "UPDATE feeds SET epoch = $2, due_ms = $4, cursor = $5, since_ms = $6,"
                 " poll_due_ms = $7, sweep_due_ms = $8, polled_ms = $9, sweep_from = $10,"
                 " is_of_closed = $11, swept_ms = $12, closed_ms = $13, fail_count = $14,"
                 " note = $15, missed = $16, missed_ms = $17, holder = 0" OF_ONE,
    [FEED_HEARD] =
        "UPDATE feeds SET epoch = $2, heard_ms = $4" OF_ONE " AND heard_ms < $4 - " HEARD_EVERY_MS,
    [FEED_HASTEN] = "UPDATE feeds SET epoch = $2,"
                    " due_ms = CASE WHEN due_ms > $4 OR due_ms = 0 THEN $4 ELSE due_ms END,"
                    " sweep_due_ms = CASE WHEN sweep_due_ms > $4 OR sweep_due_ms = 0 THEN $4"
                    " ELSE sweep_due_ms END, sweep_from = NULL, is_of_closed = 0" OF_ONE,
    [FEED_LIST] = "SELECT " COLUMNS " FROM feeds WHERE account_id = $1 ORDER BY connector LIMIT $2",
    /* The status is in the text where a partial index of the schema has it. */
    [RECORDS_OPEN] = RECORDS " AND i.status = 1" RECORDS_ORDER,
    [RECORDS_CLOSED] = RECORDS " AND i.status = 2 AND i.id >= $5" RECORDS_ORDER,
};
_Static_assert(TCN_LINK_LINKED == 2 && TCN_STATUS_OPEN == 1 && TCN_STATUS_RESOLVED == 2,
               "in the SQL above");

static int start(struct tcn_store *s, size_t no, struct tcn_query *ret, struct tcn_err *err)
{
    return tcn_query_start(s, TCN_SQL_FEED, no, sql[no], ret, err);
}

/* A statement that sets a time of one feed. */
static int run_at(struct tcn_store *s, size_t no, const char *connector, int64_t at_ms,
                  struct tcn_err *err)
{
    struct tcn_query q;
    int r;

    if ((r = start(s, no, &q, err)) < 0)
        return r;
    tcn_q_epoch(&q);
    tcn_q_text(&q, connector);
    tcn_q_int(&q, at_ms);
    return tcn_query_run(&q, err);
}

int tcn_store_feed_make(struct tcn_store *s, const char *connector, int64_t now_ms,
                        struct tcn_err *err)
{
    return run_at(s, FEED_MAKE, connector, now_ms, err);
}

int tcn_store_feed_heard(struct tcn_store *s, const char *connector, int64_t now_ms,
                         struct tcn_err *err)
{
    return run_at(s, FEED_HEARD, connector, now_ms, err);
}

int tcn_store_feed_hasten(struct tcn_store *s, const char *connector, int64_t now_ms,
                          struct tcn_err *err)
{
    return run_at(s, FEED_HASTEN, connector, now_ms, err);
}

static void read_feed(struct tcn_query *q, struct tcn_arena *a, struct tcn_feed *ret)
{
    ret->connector = tcn_c_text(q, a);
    ret->cursor = tcn_c_text(q, a);
    ret->since_ms = tcn_c_int(q);
    ret->poll_due_ms = tcn_c_int(q);
    ret->sweep_due_ms = tcn_c_int(q);
    ret->polled_ms = tcn_c_int(q);
    ret->sweep_from = tcn_c_id(q);
    ret->is_of_closed = tcn_c_int(q) != 0;
    ret->swept_ms = tcn_c_int(q);
    ret->closed_ms = tcn_c_int(q);
    ret->fail_count = tcn_c_int(q);
    ret->note = tcn_c_text(q, a);
    ret->missed = tcn_c_int(q);
    ret->missed_ms = tcn_c_int(q);
    ret->heard_ms = tcn_c_int(q);
    ret->epoch = tcn_c_int(q);
    ret->is_in_flight = ret->epoch != 0;
}

int tcn_store_feed_claim(struct tcn_store *s, const char *connector, int64_t now_ms,
                         struct tcn_arena *a, struct tcn_feed *ret, bool *ret_is_ours,
                         struct tcn_err *err)
{
    struct tcn_query q;
    int r;

    *ret_is_ours = false;
    if ((r = start(s, FEED_CLAIM, &q, err)) < 0)
        return r;
    tcn_q_epoch(&q);
    tcn_q_text(&q, connector);
    tcn_q_int(&q, now_ms);
    if ((r = tcn_query_step(&q, err)) == 1) {
        read_feed(&q, a, ret);
        *ret_is_ours = true;
    }
    tcn_query_done(&q);
    return r < 0 ? r : tcn_query_row_ok(&q, err);
}

/* Of two times of which 0 is none. */
static int64_t sooner(int64_t a_ms, int64_t b_ms)
{
    if (a_ms == 0 || b_ms == 0)
        return a_ms ? a_ms : b_ms;
    return a_ms < b_ms ? a_ms : b_ms;
}

int tcn_store_feed_put(struct tcn_store *s, const struct tcn_feed *feed, struct tcn_err *err)
{
    struct tcn_query q;
    int r;

    if ((r = start(s, FEED_PUT, &q, err)) < 0)
        return r;
    tcn_q_epoch(&q);
    tcn_q_text(&q, feed->connector);
    tcn_q_int(&q, sooner(feed->poll_due_ms, feed->sweep_due_ms));
    tcn_q_text(&q, feed->cursor);
    tcn_q_int(&q, feed->since_ms);
    tcn_q_int(&q, feed->poll_due_ms);
    tcn_q_int(&q, feed->sweep_due_ms);
    tcn_q_int(&q, feed->polled_ms);
    tcn_q_id(&q, &feed->sweep_from);
    tcn_q_int(&q, feed->is_of_closed);
    tcn_q_int(&q, feed->swept_ms);
    tcn_q_int(&q, feed->closed_ms);
    tcn_q_int(&q, feed->fail_count);
    tcn_q_text(&q, feed->note);
    tcn_q_int(&q, feed->missed);
    tcn_q_int(&q, feed->missed_ms);
    return tcn_query_run(&q, err);
}

int tcn_store_feed_list(struct tcn_store *s, struct tcn_arena *a, struct tcn_feed **ret,
                        size_t *ret_n, struct tcn_err *err)
{
    TCN_VEC(struct tcn_feed) list = {0};
    struct tcn_query q;
    int r;

    if ((r = start(s, FEED_LIST, &q, err)) < 0)
        return r;
    tcn_q_int(&q, TCN_FEEDS_MAX);
    while ((r = tcn_query_step(&q, err)) == 1)
        read_feed(&q, a, TCN_VEC_PUSH(a, &list));
    tcn_query_done(&q);
    if (r < 0 || (r = tcn_query_row_ok(&q, err)) < 0)
        return r;
    *ret = list.items;
    *ret_n = list.n;
    return 0;
}

static void read_record(struct tcn_query *q, struct tcn_arena *a, struct tcn_known_record *ret)
{
    ret->link = tcn_c_id(q);
    ret->incident = tcn_c_id(q);
    ret->remote_id = tcn_c_text(q, a);
    ret->version = tcn_c_text(q, a);
}

int tcn_store_feed_records(struct tcn_store *s, const char *connector, const struct tcn_id *before,
                           const struct tcn_id *since, size_t limit, struct tcn_arena *a,
                           struct tcn_known_record **ret, size_t *ret_n, struct tcn_err *err)
{
    TCN_VEC(struct tcn_known_record) list = {0};
    struct tcn_query q;
    int r;

    if ((r = start(s, since ? RECORDS_CLOSED : RECORDS_OPEN, &q, err)) < 0)
        return r;
    tcn_q_text(&q, connector);
    tcn_q_id(&q, before ? before : &tcn_store_last_id);
    tcn_q_int(&q, (int64_t)limit);
    if (since)
        tcn_q_id(&q, since);
    while ((r = tcn_query_step(&q, err)) == 1)
        read_record(&q, a, TCN_VEC_PUSH(a, &list));
    tcn_query_done(&q);
    if (r < 0 || (r = tcn_query_row_ok(&q, err)) < 0)
        return r;
    *ret = list.items;
    *ret_n = list.n;
    return 0;
}
