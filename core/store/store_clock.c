/* The clock was set back: what the store knows of the future happens that much earlier. A time that is not ahead of now
 * stays; every other moves back with the clock, to now at most. So whatever came first still does, and nothing waits
 * longer than it was meant to. What is history only (timelines, receipts, dead letters) stays as the clock told it. */
#include "store/internal.h"

enum {
    NEWEST,
    INBOX,
    LANES,
    STORMS,
    INCIDENTS,
    ENGAGEMENTS,
    RUNS,
    PAGES,
    SENDS,
    TIMERS,
    LINKS,
    SUBSCRIPTIONS,
    STATEMENTS
};
/* $2: now, $3: by how much, $4: the epoch. */
#define BACK(c)                                                                                    \
    c " = CASE WHEN " c " <= $2 THEN " c " WHEN " c " - $3 > $2 THEN " c " - $3 ELSE $2 END"
#define OPEN "SELECT id FROM incidents WHERE account_id = $1 AND status = 1"
#define OF_OPEN ", epoch = $4 WHERE account_id = $1 AND incident IN (" OPEN ")"
#define NEWEST_OF(column, table, order)                                                            \
    "(SELECT " column " FROM " table " WHERE account_id = $1 ORDER BY " order " DESC LIMIT 1)"
// clang-format off
static const char *const sql[] = {
    [NEWEST] = "SELECT " NEWEST_OF("received_ms", "inbox", "no") ", "
               NEWEST_OF("modified_ms", "incidents", "id"),
    [INBOX] = "UPDATE inbox SET " BACK("received_ms") ", epoch = $4"
              " WHERE account_id = $1 AND no > COALESCE((SELECT no FROM inbox WHERE account_id = $1"
              " AND received_ms <= $2 ORDER BY no DESC LIMIT 1), 0)",
    [LANES] = "UPDATE lanes SET " BACK("received_ms") ", " BACK("resolved_ms") ", "
              BACK("mute_until_ms") ", " BACK("resolve_due_ms") ", " BACK("stale_due_ms") ", "
              BACK("echo_ms") ", " BACK("echo_due_ms") ", " BACK("opened_ms") ", "
              BACK("flap_told_ms") ", epoch = $4"
              " WHERE account_id = $1 AND (received_ms > $2 OR incident IN (" OPEN "))",
    [STORMS] = "UPDATE storms SET " BACK("at_ms") ", epoch = $4 WHERE account_id = $1",
    [INCIDENTS] = "UPDATE incidents SET " BACK("created_ms") ", " BACK("modified_ms") ", "
                  BACK("resolved_ms") ", " BACK("acknowledged_ms") ", " BACK("unreached_ms")
                  ", epoch = $4 WHERE account_id = $1 AND (status = 1 OR id = "
                  NEWEST_OF("id", "incidents", "id") ")",
    [ENGAGEMENTS] = "UPDATE engagements SET " BACK("start_ms") ", " BACK("stop_ms") ", "
                    BACK("next_stage_ms") OF_OPEN,
    [RUNS] = "UPDATE runs SET " BACK("start_ms") ", " BACK("next_stage_ms") ", "
             BACK("ends_ms") OF_OPEN,
    [PAGES] = "UPDATE pages SET " BACK("first_ms") ", " BACK("stage_end_ms") ", "
              BACK("next_send_ms") ", " BACK("sent_ms") ", " BACK("delivered_ms") ", "
              BACK("read_ms") ", " BACK("lost_ms") OF_OPEN,
    /* What is in flight keeps its holder. */
    [SENDS] = "UPDATE sends SET " BACK("due_ms") ", epoch = CASE WHEN state = 1 THEN $4 ELSE epoch END"
              " WHERE account_id = $1 AND state IN (1, 2) AND due_ms > $2",
    [TIMERS] = "UPDATE timers SET " BACK("due_ms") ", epoch = $4"
               " WHERE account_id = $1 AND due_ms > $2",
    [LINKS] = "UPDATE links SET " BACK("due_ms") ", " BACK("last_attempt_ms") ", "
              BACK("first_fail_ms") ", epoch = $4 WHERE account_id = $1 AND due_ms > $2",
    [SUBSCRIPTIONS] = "UPDATE subscriptions SET " BACK("due_ms") ", " BACK("asked_ms")
                      " WHERE account_id = $1 AND due_ms > $2",
};
// clang-format on
_Static_assert(TCN_STATUS_OPEN == 1 && TCN_SEND_PENDING == 1 && TCN_SEND_IN_FLIGHT == 2,
               "in the SQL above");

static int start(struct tcn_store *s, size_t no, struct tcn_query *ret, struct tcn_err *err)
{
    return tcn_query_start(s, TCN_SQL_CLOCK, no, sql[no], ret, err);
}

int tcn_store_newest(struct tcn_store *s, int64_t *ret_ms, struct tcn_err *err)
{
    struct tcn_query q;
    int64_t incident;
    int r;

    if ((r = start(s, NEWEST, &q, err)) < 0)
        return r;
    if ((r = tcn_query_one(&q, err, "newest time")) == 0) {
        *ret_ms = tcn_c_int(&q);
        incident = tcn_c_int(&q);
        if (incident > *ret_ms)
            *ret_ms = incident;
    }
    tcn_query_done(&q);
    return r;
}

static int move(struct tcn_store *s, size_t no, int64_t now_ms, int64_t by_ms, struct tcn_err *err)
{
    struct tcn_query q;
    int r;

    if ((r = start(s, no, &q, err)) < 0)
        return r;
    tcn_q_int(&q, now_ms);
    tcn_q_int(&q, by_ms);
    if (no != SUBSCRIPTIONS)
        tcn_q_epoch(&q);
    return tcn_query_run(&q, err);
}

int tcn_store_clock_back(struct tcn_store *s, int64_t now_ms, int64_t by_ms, struct tcn_err *err)
{
    int r = tcn_store_storm_write(s, err);

    tcn_store_storm_forget(s);
    for (size_t no = NEWEST + 1; no < STATEMENTS && r == 0; no++)
        r = move(s, no, now_ms, by_ms, err);
    return r;
}
