/* The clock was set back: what the store has of the time that is still to come moves back with it. Of an incident that
 * is open, or changed within that time, all times move, those of before it too, so that its order, its waits and the
 * grids of its re-sends stay; of the rest, what is ahead of now. What is history only (timelines, receipts, dead
 * letters) stays as the clock told it. */
#include "store/internal.h"

#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>

enum {
    NEWEST,
    INBOX,
    STORMS,
    ENGAGEMENTS,
    RUNS,
    PAGES,
    SENDS,
    TIMERS,
    LINKS,
    NOTICES,
    FEEDS,
    SUBSCRIPTIONS,
    WAITING,
    BUDGETS,
    CHANNEL_STATES,
    INCIDENTS, /* the last: which are meant is told by their times */
    STATEMENTS
};
/* $2: now, $3: by how much, $4: the epoch. A time of 0 is none. */
#define BACK(c) c " = CASE WHEN " c " > 0 THEN " c " - $3 ELSE " c " END"
#define BACK_AHEAD(c) c " = CASE WHEN " c " > $2 THEN " c " - $3 ELSE " c " END"
#define OF_OPEN                                                                                    \
    ", epoch = $4 WHERE account_id = $1 AND $2 > 0 AND incident IN"                                \
    " (SELECT id FROM incidents WHERE account_id = $1 AND status = 1)"
#define NEWEST_OF(column, table, order)                                                            \
    "(SELECT " column " FROM " table " WHERE account_id = $1 ORDER BY " order " DESC LIMIT 1)"
// clang-format off
static const char *const sql[] = {
    [NEWEST] = "SELECT " NEWEST_OF("received_ms", "inbox", "no") ", "
               NEWEST_OF("modified_ms", "incidents", "id"),
    [INBOX] = "UPDATE inbox SET " BACK_AHEAD("received_ms") ", epoch = $4"
              " WHERE account_id = $1 AND no > COALESCE((SELECT no FROM inbox WHERE account_id = $1"
              " AND received_ms <= $2 ORDER BY no DESC LIMIT 1), 0)",
    [STORMS] = "UPDATE storms SET " BACK("at_ms") ", epoch = $4 WHERE account_id = $1 AND $2 > 0",
    [ENGAGEMENTS] = "UPDATE engagements SET " BACK("start_ms") ", " BACK("stop_ms") ", "
                    BACK("next_stage_ms") OF_OPEN,
    [RUNS] = "UPDATE runs SET " BACK("start_ms") ", " BACK("next_stage_ms") ", "
             BACK("ends_ms") OF_OPEN,
    [PAGES] = "UPDATE pages SET " BACK("first_ms") ", " BACK("stage_end_ms") ", "
              BACK("next_send_ms") ", " BACK("sent_ms") ", " BACK("delivered_ms") ", "
              BACK("read_ms") ", " BACK("lost_ms") OF_OPEN,
    /* What is in flight keeps its holder. */
    [SENDS] = "UPDATE sends SET due_ms = due_ms - $3, " BACK_AHEAD("held_ms") ", epoch = CASE WHEN state = 1 THEN $4 ELSE epoch END"
              " WHERE account_id = $1 AND state IN (1, 2) AND due_ms > $2",
    [TIMERS] = "UPDATE timers SET due_ms = due_ms - $3, epoch = $4"
               " WHERE account_id = $1 AND due_ms > $2",
    [LINKS] = "UPDATE links SET due_ms = due_ms - $3, " BACK_AHEAD("last_attempt_ms") ", "
              BACK_AHEAD("first_fail_ms") ", epoch = $4 WHERE account_id = $1 AND due_ms > $2",
    [NOTICES] = "UPDATE notices SET due_ms = due_ms - $3, " BACK_AHEAD("since_ms")
                ", epoch = $4 WHERE account_id = $1 AND due_ms > $2",
    [FEEDS] = "UPDATE feeds SET " BACK_AHEAD("due_ms") ", " BACK_AHEAD("poll_due_ms") ", "
              BACK_AHEAD("sweep_due_ms") ", " BACK_AHEAD("polled_ms") ", " BACK_AHEAD("since_ms") ", "
              BACK_AHEAD("swept_ms") ", " BACK_AHEAD("closed_ms") ", " BACK_AHEAD("missed_ms") ", "
              BACK_AHEAD("heard_ms") ", epoch = $4 WHERE account_id = $1 AND $2 > 0",
    [SUBSCRIPTIONS] = "UPDATE subscriptions SET due_ms = due_ms - $3, " BACK_AHEAD("asked_ms")
                      ", epoch = $4 WHERE account_id = $1 AND due_ms > $2",
    [WAITING] = "UPDATE waiting SET due_ms = due_ms - $3, epoch = $4"
                " WHERE account_id = $1 AND due_ms > $2",
    [BUDGETS] = "UPDATE budgets SET full_ms = full_ms - $3, epoch = $4"
                " WHERE account_id = $1 AND full_ms > $2",
    /* Codes keep their age, and days their length. */
    [CHANNEL_STATES] = "UPDATE channel_states SET " BACK("code_ms") ", " BACK("sent_from_ms")
                       ", epoch = $4 WHERE account_id = $1 AND $2 > 0",
    [INCIDENTS] = "UPDATE incidents SET " BACK("created_ms") ", " BACK("modified_ms") ", "
                  BACK("resolved_ms") ", " BACK("acknowledged_ms") ", " BACK("unreached_ms")
                  ", epoch = $4 WHERE account_id = $1 AND (status = 1 OR modified_ms > $2)",
};
// clang-format on
_Static_assert(TCN_STATUS_OPEN == 1 && TCN_SEND_PENDING == 1 && TCN_SEND_IN_FLIGHT == 2,
               "in the SQL above");

static int start(struct tcn_store *s, size_t no, struct tcn_query *ret, struct tcn_err *err)
{
    return tcn_query_start(s, TCN_SQL_CLOCK, no, sql[no], ret, err);
}

/* Written now and then, since time passes without deliveries, too. */
#define MARK "clock_ms"

int tcn_store_clock_mark(struct tcn_store *s, int64_t now_ms, struct tcn_err *err)
{
    char text[24];

    snprintf(text, sizeof text, "%" PRId64, now_ms);
    return tcn_store_meta_put(s, MARK, text, err);
}

static int read_mark(struct tcn_store *s, int64_t *ret_ms, struct tcn_err *err)
{
    const char *text = NULL;
    struct tcn_arena a;
    uint64_t ms = 0;
    int r;

    tcn_arena_init(&a, 4096);
    r = tcn_store_meta_get(s, MARK, &a, &text, err);
    if (r == 0 && text && tcn_str_u64(tcn_str(text), INT64_MAX, &ms) == 0)
        *ret_ms = (int64_t)ms;
    tcn_arena_done(&a);
    return r;
}

static void take_later(int64_t *newest_ms, int64_t ms)
{
    if (ms > *newest_ms)
        *newest_ms = ms;
}

int tcn_store_newest(struct tcn_store *s, int64_t *ret_ms, struct tcn_err *err)
{
    struct tcn_query q;
    int r;

    *ret_ms = 0;
    if ((r = read_mark(s, ret_ms, err)) < 0 || (r = start(s, NEWEST, &q, err)) < 0)
        return r;
    if ((r = tcn_query_one(&q, err, "newest time")) == 0) {
        take_later(ret_ms, tcn_c_int(&q));
        take_later(ret_ms, tcn_c_int(&q));
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
    tcn_q_epoch(&q);
    return tcn_query_run(&q, err);
}

int tcn_store_clock_back(struct tcn_store *s, int64_t now_ms, int64_t by_ms, struct tcn_err *err)
{
    int r = tcn_store_storm_write(s, err);

    tcn_store_storm_forget(s);
    if (r == 0)
        r = tcn_store_lanes_back(s, now_ms, by_ms, err);
    for (size_t no = NEWEST + 1; no < STATEMENTS && r == 0; no++)
        r = move(s, no, now_ms, by_ms, err);
    if (r < 0 || (r = tcn_store_resources_changed(s, err)) < 0 ||
        (r = tcn_store_clock_took(s, by_ms, err)) < 0)
        return r;
    return tcn_store_clock_mark(s, now_ms, err);
}
