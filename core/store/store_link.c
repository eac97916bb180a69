/* Links between incidents and remote records: the lanes of the outbox. */
#include "store/internal.h"

#include "base/vec.h"
#include <stdlib.h>

enum {
    LINK_PUT,
    LINK_GET,
    LINKS_OF_RECORD,
    LIST_INCIDENT,
    LIST_CONNECTOR,
    LIST_ALL,
    LINK_WAKE,
    LINK_CLAIM,
    LINK_WAITING,
    BEHIND_ONE,
    BEHIND_CONNECTOR,
    BEHIND_ALL
};
#define COLUMNS                                                                                    \
    "id, incident, connector, state, remote_id, remote_key, remote_url, create_attempts, "         \
    "last_attempt_ms, is_uncertain, base, base_version, base_status, done_revision, notes_seq, "   \
    "pending_note_seq, last_read_ms, last_write_ms, fail_count, first_fail_ms, due_ms, "           \
    "holder, blocked_reason, pushed, notes_written, recreated, "                                   \
    "hints, hints_seen, heard"
#define HOLDER_IS_DEAD TCN_IS_DEAD("links.holder")
#define SELECT "SELECT " COLUMNS " FROM links WHERE account_id = $1"
/* Of events, those that are for tickets. */
#define BEHIND                                                                                     \
    "SELECT links.id, (SELECT COUNT(*) FROM (SELECT 1 FROM conflicts WHERE"                        \
    " conflicts.account_id = $1 AND conflicts.link = links.id LIMIT " COUNT_MAX ") AS c),"         \
    " (SELECT COUNT(*) FROM (SELECT 1 FROM events WHERE events.account_id = $1 AND"                \
    " events.incident = links.incident AND events.seq > links.notes_seq"                           \
    " AND events.to_tickets = 1 LIMIT " COUNT_MAX ") AS e) FROM links WHERE account_id = $1"
#define COUNT_MAX "100"
#define OF_CONNECTOR " AND connector = $2 AND incident < $3 ORDER BY incident DESC LIMIT $4"
#define OF_ALL                                                                                     \
    " AND incident <= $2 AND (incident < $2 OR connector > $3)"                                    \
    " ORDER BY incident DESC, connector LIMIT $4"
static const char *const sql[] = {
    [LINK_PUT] =
        "INSERT INTO links (account_id, epoch, " COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7,"
        " $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25,"
        " $26, $27, $28, $29, $30, $31)"
        " ON CONFLICT (id) DO UPDATE SET epoch = excluded.epoch, state = excluded.state,"
        " remote_id = excluded.remote_id, remote_key = excluded.remote_key,"
        " remote_url = excluded.remote_url, create_attempts = excluded.create_attempts,"
        " last_attempt_ms = excluded.last_attempt_ms, is_uncertain = excluded.is_uncertain,"
        " base = excluded.base, base_version = excluded.base_version,"
        " base_status = excluded.base_status, done_revision = excluded.done_revision,"
        " notes_seq = excluded.notes_seq, pending_note_seq = excluded.pending_note_seq,"
        " last_read_ms = excluded.last_read_ms, last_write_ms = excluded.last_write_ms,"
        " fail_count = excluded.fail_count, first_fail_ms = excluded.first_fail_ms,"
        " due_ms = excluded.due_ms, holder = excluded.holder,"
        " blocked_reason = excluded.blocked_reason, pushed = excluded.pushed,"
        " notes_written = excluded.notes_written, recreated = excluded.recreated,"
        " hints = excluded.hints, hints_seen = excluded.hints_seen, heard = excluded.heard"
        " WHERE links.account_id = excluded.account_id AND links.incident = excluded.incident"
        " AND links.connector = excluded.connector",
    [LINK_GET] = SELECT " AND id = $2",
    [LINKS_OF_RECORD] =
        SELECT " AND connector = $2 AND remote_id = $3 ORDER BY incident DESC LIMIT $4",
    [LIST_INCIDENT] = SELECT " AND incident = $2 ORDER BY connector LIMIT $3",
    [LIST_CONNECTOR] = SELECT OF_CONNECTOR,
    [LIST_ALL] = SELECT OF_ALL,
    [LINK_WAKE] = "UPDATE links SET due_ms = $4, epoch = $2"
                  " WHERE account_id = $1 AND incident = $3"
                  " AND state <> 5 AND (due_ms = 0 OR due_ms > $4)",
    /* A link is its holder's while that lives; see store.c. A dead one may have tried until now. */
    [LINK_CLAIM] = "WITH due AS MATERIALIZED (SELECT id FROM links WHERE account_id = $1"
                   " AND connector = $3 AND due_ms > 0 AND due_ms <= $4"
                   " AND due_ms > " TCN_HELD_BEFORE " AND (holder = 0 OR " HOLDER_IS_DEAD ")"
                   " ORDER BY due_ms, id LIMIT $5{UNCLAIMED})"
                   " UPDATE links SET holder = $2, epoch = $2, last_attempt_ms ="
                   " CASE WHEN holder <> 0 AND is_uncertain = 1 THEN $4 ELSE last_attempt_ms END"
                   " WHERE id {ONE_OF}(SELECT id FROM due){END} RETURNING " COLUMNS,
    [LINK_WAITING] =
        "SELECT connector, COUNT(*), MIN(due_ms) FROM links WHERE account_id = $1 AND due_ms > 0"
        " AND due_ms > " TCN_HELD_BEFORE " AND (holder = 0 OR " HOLDER_IS_DEAD ")"
        " GROUP BY connector ORDER BY connector LIMIT $2",
    [BEHIND_ONE] = BEHIND " AND id = $2",
    [BEHIND_CONNECTOR] = BEHIND OF_CONNECTOR,
    [BEHIND_ALL] = BEHIND OF_ALL,
};
_Static_assert(TCN_LINK_BLOCKED == 5 && TCN_BEHIND_MAX == 100, "in the SQL above");

static int start(struct tcn_store *s, size_t no, struct tcn_query *ret, struct tcn_err *err)
{
    return tcn_query_start(s, TCN_SQL_LINK, no, sql[no], ret, err);
}

static void bind_link(struct tcn_query *q, const struct tcn_link *l)
{
    tcn_q_epoch(q);
    tcn_q_id(q, &l->id);
    tcn_q_id(q, &l->incident);
    tcn_q_text(q, l->connector);
    tcn_q_int(q, l->state);
    tcn_q_text(q, l->remote_id);
    tcn_q_text(q, l->remote_key);
    tcn_q_text(q, l->remote_url);
    tcn_q_int(q, l->create_attempts);
    tcn_q_int(q, l->last_attempt_ms);
    tcn_q_int(q, l->is_uncertain);
    tcn_q_text(q, l->base);
    tcn_q_text(q, l->base_version);
    tcn_q_text(q, l->base_status);
    tcn_q_int(q, l->done_revision);
    tcn_q_int(q, l->notes_seq);
    tcn_q_int(q, l->pending_note_seq);
    tcn_q_int(q, l->last_read_ms);
    tcn_q_int(q, l->last_write_ms);
    tcn_q_int(q, l->fail_count);
    tcn_q_int(q, l->first_fail_ms);
    tcn_q_int(q, l->due_ms);
    tcn_q_int(q, !l->is_in_flight ? 0 : l->epoch ? l->epoch : q->s->epoch);
    tcn_q_text(q, l->blocked_reason);
    tcn_q_text(q, l->pushed);
    tcn_q_int(q, l->notes_written);
    tcn_q_int(q, l->recreated);
    tcn_q_int(q, l->hints);
    tcn_q_int(q, l->hints_seen);
    tcn_q_text(q, l->heard);
}

int tcn_store_link_put(struct tcn_store *s, const struct tcn_link *link, struct tcn_err *err)
{
    struct tcn_query q;
    int r;

    if ((r = start(s, LINK_PUT, &q, err)) < 0)
        return r;
    bind_link(&q, link);
    return tcn_query_add(&q, 1, "the link's id is that of another incident's", err);
}

static void read_link(struct tcn_query *q, struct tcn_arena *a, struct tcn_link *ret)
{
    ret->id = tcn_c_id(q);
    ret->incident = tcn_c_id(q);
    ret->connector = tcn_c_text(q, a);
    ret->state = (enum tcn_link_state)tcn_c_int(q);
    ret->remote_id = tcn_c_text(q, a);
    ret->remote_key = tcn_c_text(q, a);
    ret->remote_url = tcn_c_text(q, a);
    ret->create_attempts = tcn_c_int(q);
    ret->last_attempt_ms = tcn_c_int(q);
    ret->is_uncertain = tcn_c_int(q) != 0;
    ret->base = tcn_c_text(q, a);
    ret->base_version = tcn_c_text(q, a);
    ret->base_status = tcn_c_text(q, a);
    ret->done_revision = tcn_c_int(q);
    ret->notes_seq = tcn_c_int(q);
    ret->pending_note_seq = tcn_c_int(q);
    ret->last_read_ms = tcn_c_int(q);
    ret->last_write_ms = tcn_c_int(q);
    ret->fail_count = tcn_c_int(q);
    ret->first_fail_ms = tcn_c_int(q);
    ret->due_ms = tcn_c_int(q);
    ret->epoch = tcn_c_int(q);
    ret->is_in_flight = ret->epoch != 0;
    ret->blocked_reason = tcn_c_text(q, a);
    ret->pushed = tcn_c_text(q, a);
    ret->notes_written = tcn_c_int(q);
    ret->recreated = tcn_c_int(q);
    ret->hints = tcn_c_int(q);
    ret->hints_seen = tcn_c_int(q);
    ret->heard = tcn_c_text(q, a);
}

int tcn_store_link_get(struct tcn_store *s, struct tcn_id id, struct tcn_arena *a,
                       struct tcn_link *ret, struct tcn_err *err)
{
    struct tcn_query q;
    int r;

    if ((r = start(s, LINK_GET, &q, err)) < 0)
        return r;
    tcn_q_id(&q, &id);
    if ((r = tcn_query_one(&q, err, "link")) == 0) {
        read_link(&q, a, ret);
        r = tcn_query_row_ok(&q, err);
    }
    tcn_query_done(&q);
    return r;
}

/* Runs the query to its end and the done. */
static int collect(struct tcn_query *q, struct tcn_arena *a, struct tcn_link **ret, size_t *ret_n,
                   struct tcn_err *err)
{
    TCN_VEC(struct tcn_link) list = {0};
    int r;

    while ((r = tcn_query_step(q, err)) == 1)
        read_link(q, a, TCN_VEC_PUSH(a, &list));
    tcn_query_done(q);
    if (r < 0 || (r = tcn_query_row_ok(q, err)) < 0)
        return r;
    *ret = list.items;
    *ret_n = list.n;
    return 0;
}

int tcn_store_links_of_record(struct tcn_store *s, const char *connector, const char *remote_id,
                              struct tcn_arena *a, struct tcn_link **ret, size_t *ret_n,
                              struct tcn_err *err)
{
    struct tcn_query q;
    int r;

    if ((r = start(s, LINKS_OF_RECORD, &q, err)) < 0)
        return r;
    tcn_q_text(&q, connector);
    tcn_q_text(&q, remote_id);
    tcn_q_int(&q, TCN_LINKS_OF_RECORD_MAX);
    return collect(&q, a, ret, ret_n, err);
}

int tcn_store_link_list(struct tcn_store *s, struct tcn_id incident, size_t limit,
                        struct tcn_arena *a, struct tcn_link **ret, size_t *ret_n,
                        struct tcn_err *err)
{
    struct tcn_query q;
    int r;

    if ((r = start(s, LIST_INCIDENT, &q, err)) < 0)
        return r;
    tcn_q_id(&q, &incident);
    tcn_q_int(&q, (int64_t)limit);
    return collect(&q, a, ret, ret_n, err);
}

static void bind_place(struct tcn_query *q, const char *connector, const struct tcn_link *after,
                       size_t limit)
{
    if (connector)
        tcn_q_text(q, connector);
    tcn_q_id(q, after ? &after->incident : &tcn_store_last_id);
    if (!connector)
        tcn_q_text(q, after ? after->connector : "");
    tcn_q_int(q, (int64_t)limit);
}

int tcn_store_link_newest(struct tcn_store *s, const char *connector, const struct tcn_link *after,
                          size_t limit, struct tcn_arena *a, struct tcn_link **ret, size_t *ret_n,
                          struct tcn_err *err)
{
    struct tcn_query q;
    int r;

    if ((r = start(s, connector ? LIST_CONNECTOR : LIST_ALL, &q, err)) < 0)
        return r;
    bind_place(&q, connector, after, limit);
    return collect(&q, a, ret, ret_n, err);
}

static void read_behind(struct tcn_query *q, struct tcn_link_behind *ret)
{
    ret->link = tcn_c_id(q);
    ret->conflicts = tcn_c_int(q);
    ret->notes = tcn_c_int(q);
}

int tcn_store_link_behind(struct tcn_store *s, struct tcn_id link, struct tcn_link_behind *ret,
                          struct tcn_err *err)
{
    struct tcn_query q;
    int r;

    if ((r = start(s, BEHIND_ONE, &q, err)) < 0)
        return r;
    tcn_q_id(&q, &link);
    if ((r = tcn_query_one(&q, err, "link")) == 0) {
        read_behind(&q, ret);
        r = tcn_query_row_ok(&q, err);
    }
    tcn_query_done(&q);
    return r;
}

int tcn_store_link_behind_list(struct tcn_store *s, const char *connector,
                               const struct tcn_link *after, size_t limit, struct tcn_arena *a,
                               struct tcn_link_behind **ret, size_t *ret_n, struct tcn_err *err)
{
    TCN_VEC(struct tcn_link_behind) list = {0};
    struct tcn_query q;
    int r;

    if ((r = start(s, connector ? BEHIND_CONNECTOR : BEHIND_ALL, &q, err)) < 0)
        return r;
    bind_place(&q, connector, after, limit);
    while ((r = tcn_query_step(&q, err)) == 1)
        read_behind(&q, TCN_VEC_PUSH(a, &list));
    tcn_query_done(&q);
    if (r < 0 || (r = tcn_query_row_ok(&q, err)) < 0)
        return r;
    *ret = list.items;
    *ret_n = list.n;
    return 0;
}

int tcn_store_link_wake(struct tcn_store *s, struct tcn_id incident, int64_t due_ms,
                        struct tcn_err *err)
{
    struct tcn_query q;
    int r;

    if ((r = start(s, LINK_WAKE, &q, err)) < 0)
        return r;
    tcn_q_epoch(&q);
    tcn_q_id(&q, &incident);
    tcn_q_int(&q, due_ms);
    return tcn_query_run(&q, err);
}

/* RETURNING promises no order. */
static int by_due(const void *left, const void *right)
{
    const struct tcn_link *a = left, *b = right;

    if (a->due_ms != b->due_ms)
        return a->due_ms < b->due_ms ? -1 : 1;
    return memcmp(a->id.b, b->id.b, sizeof a->id.b);
}

int tcn_store_link_claim(struct tcn_store *s, const char *connector, int64_t now_ms, size_t limit,
                         struct tcn_arena *a, struct tcn_link **ret, size_t *ret_n,
                         struct tcn_err *err)
{
    struct tcn_query q;
    int r;

    if ((r = start(s, LINK_CLAIM, &q, err)) < 0)
        return r;
    tcn_q_epoch(&q);
    tcn_q_text(&q, connector);
    tcn_q_int(&q, now_ms);
    tcn_q_int(&q, (int64_t)limit);
    if ((r = collect(&q, a, ret, ret_n, err)) == 0 && *ret_n > 1)
        qsort(*ret, *ret_n, sizeof **ret, by_due);
    return r;
}

int tcn_store_link_waiting(struct tcn_store *s, size_t limit, struct tcn_arena *a,
                           struct tcn_connector_waiting **ret, size_t *ret_n, struct tcn_err *err)
{
    struct tcn_query q;
    int r = start(s, LINK_WAITING, &q, err);

    return r < 0 ? r : tcn_query_waiting(&q, limit, a, ret, ret_n, err);
}
