/* The nodes of a store, as their rows in epochs tell. */
#include "store/internal.h"
#include "store/nodes.h"

#include "base/vec.h"

enum { PEER_LIST, PEER_WORK, PEER_LOSSES, PEER_TRIM, PEER_LEAVE, PEER_AGREES };
static const char *const sql[] = {
    [PEER_LIST] = "SELECT e.epoch, e.node, e.region, e.version, e.started_ms, e.session > 0,"
                  " e.seen_ms, e.ended_ms, e.ended_by, b.node, e.config, {NOW_MS} FROM epochs e"
                  " LEFT JOIN epochs b ON b.epoch = e.ended_by AND b.account_id = $1"
                  " WHERE e.account_id = $1 AND e.epoch IN"
                  " (SELECT MAX(epoch) FROM epochs WHERE account_id = $1 GROUP BY node)"
                  " ORDER BY e.session > 0 DESC, e.epoch DESC LIMIT $2",
    /* What is in flight was due; a minute is for clocks that differ. The conditions are those of the indexes. */
    [PEER_WORK] = "SELECT epoch, COUNT(*), 0, 0 FROM sends WHERE account_id = $1"
                  " AND state IN (1, 2) AND state = 2 AND due_ms < {NOW_MS} + 60000 GROUP BY epoch"
                  " UNION ALL SELECT holder, 0, COUNT(*), 0 FROM links WHERE account_id = $1"
                  " AND due_ms > 0 AND holder > 0 GROUP BY holder"
                  " UNION ALL SELECT holder, 0, 0, COUNT(*) FROM notices WHERE account_id = $1"
                  " AND due_ms > 0 AND holder > 0 GROUP BY holder",
    [PEER_LOSSES] = "SELECT COUNT(*) FROM epochs e JOIN epochs b ON b.epoch = e.ended_by"
                    " AND b.account_id = $1 AND b.node <> e.node"
                    " WHERE e.account_id = $1 AND e.node = $2",
    [PEER_TRIM] = "DELETE FROM epochs WHERE account_id = $1 AND session = 0"
                  " AND ended_ms < {NOW_MS} - $2 AND seen_ms < {NOW_MS} - $2"
                  " AND started_ms < {NOW_MS} - $2 AND epoch < (SELECT MAX(epoch) FROM epochs)",
    [PEER_LEAVE] = ("UPDATE epochs SET session = 0, ended_ms = {NOW_MS}, ended_by = $2"
                    " WHERE account_id = $1 AND epoch = $2 AND session > 0"),
    [PEER_AGREES] = ("UPDATE epochs SET region = $3, config = $4"
                     " WHERE account_id = $1 AND epoch = $2"),
};
_Static_assert(TCN_SEND_PENDING == 1 && TCN_SEND_IN_FLIGHT == 2, "in the SQL above");

static int start(struct tcn_store *s, size_t no, struct tcn_query *ret, struct tcn_err *err)
{
    return tcn_query_start(s, TCN_SQL_PEER, no, sql[no], ret, err);
}

static enum tcn_peer_state state_of(bool lives, const struct tcn_peer *p)
{
    if (lives)
        return TCN_PEER_ALIVE;
    return p->ended_by_epoch == p->epoch ? TCN_PEER_STOPPED : TCN_PEER_TAKEN_OVER;
}

static void read_peer(struct tcn_query *q, struct tcn_arena *a, struct tcn_peer *ret)
{
    int64_t now_ms;
    bool lives;

    *ret = (struct tcn_peer){.epoch = tcn_c_int(q)};
    ret->name = tcn_c_text(q, a);
    ret->region = tcn_c_text(q, a);
    ret->version = tcn_c_text(q, a);
    ret->started_ms = tcn_c_int(q);
    lives = tcn_c_int(q) != 0;
    ret->seen_ms = tcn_c_int(q);
    ret->ended_ms = tcn_c_int(q);
    ret->ended_by_epoch = tcn_c_int(q);
    ret->ended_by = tcn_c_text(q, a);
    ret->config = tcn_c_text(q, a);
    now_ms = tcn_c_int(q);
    ret->state = state_of(lives, ret);
    ret->is_self = ret->epoch == q->s->epoch;
    if (ret->state != TCN_PEER_TAKEN_OVER)
        ret->ended_by = NULL;
    /* Where the database is in the process, it is in contact. */
    if (ret->is_self && ret->seen_ms == 0)
        ret->seen_ms = now_ms;
}

int tcn_store_peer_list(struct tcn_store *s, struct tcn_arena *a, struct tcn_peer **ret,
                        size_t *ret_n, struct tcn_err *err)
{
    TCN_VEC(struct tcn_peer) list = {0};
    struct tcn_query q;
    int r;

    if ((r = start(s, PEER_LIST, &q, err)) < 0)
        return r;
    tcn_q_int(&q, TCN_PEERS_MAX);
    while ((r = tcn_query_step(&q, err)) == 1) {
        read_peer(&q, a, TCN_VEC_PUSH(a, &list));
        if ((r = tcn_query_row_ok(&q, err)) < 0)
            break;
    }
    tcn_query_done(&q);
    if (r < 0)
        return r;
    *ret = list.items;
    *ret_n = list.n;
    return 0;
}

static void add_work(struct tcn_peer *peers, size_t n, const struct tcn_peer *work)
{
    for (size_t i = 0; i < n; i++)
        if (peers[i].epoch == work->epoch) {
            peers[i].n_sends += work->n_sends;
            peers[i].n_links += work->n_links;
            peers[i].n_notices += work->n_notices;
        }
}

int tcn_store_peer_work(struct tcn_store *s, struct tcn_peer *peers, size_t n, struct tcn_err *err)
{
    struct tcn_query q;
    int r;

    if ((r = start(s, PEER_WORK, &q, err)) < 0)
        return r;
    while ((r = tcn_query_step(&q, err)) == 1) {
        struct tcn_peer work = {.epoch = tcn_c_int(&q)};

        work.n_sends = tcn_c_int(&q);
        work.n_links = tcn_c_int(&q);
        work.n_notices = tcn_c_int(&q);
        add_work(peers, n, &work);
    }
    tcn_query_done(&q);
    return r;
}

int tcn_store_peer_losses(struct tcn_store *s, int64_t *ret_n, struct tcn_err *err)
{
    struct tcn_query q;
    int r;

    if ((r = start(s, PEER_LOSSES, &q, err)) < 0)
        return r;
    tcn_q_text(&q, s->node);
    if ((r = tcn_query_one(&q, err, "count")) == 0)
        *ret_n = tcn_c_int(&q);
    tcn_query_done(&q);
    return r;
}

int tcn_store_peer_agrees(struct tcn_store *s, const char *region, const char *config,
                          struct tcn_err *err)
{
    struct tcn_query q;
    int r;

    if ((r = start(s, PEER_AGREES, &q, err)) < 0)
        return r;
    tcn_q_epoch(&q);
    tcn_q_text(&q, region);
    tcn_q_text(&q, config);
    return tcn_query_run(&q, err);
}

int tcn_store_peer_trim(struct tcn_store *s, struct tcn_err *err)
{
    struct tcn_query q;
    int r;

    if ((r = start(s, PEER_TRIM, &q, err)) < 0)
        return r;
    tcn_q_int(&q, TCN_PEER_KEPT_MS);
    return tcn_query_run(&q, err);
}

static int mark_stopped(struct tcn_store *s, struct tcn_err *err)
{
    struct tcn_query q;
    int r;

    if ((r = start(s, PEER_LEAVE, &q, err)) < 0)
        return r;
    tcn_q_epoch(&q);
    return tcn_query_run(&q, err);
}

int tcn_store_leave(struct tcn_store *s, struct tcn_err *err)
{
    int r;

    if ((r = tcn_store_begin(s, err)) < 0)
        return r;
    if ((r = mark_stopped(s, err)) == 0)
        return tcn_store_commit(s, err);
    tcn_store_rollback(s);
    return r;
}

/* -- the database ----------------------------------------------------------------------------------------------- */

void tcn_store_database(struct tcn_store *s, struct tcn_database *ret)
{
    s->driver->describe(s->db, ret);
    ret->schema = s->schema;
}

void tcn_store_survey_of_start(struct tcn_store *s, struct tcn_survey *ret)
{
    *ret = (struct tcn_survey){0};
    if (s->driver->survey_of_start)
        s->driver->survey_of_start(s->db, ret);
}

int tcn_store_survey(const struct tcn_store_options *options, int stop_fd, struct tcn_survey *ret,
                     struct tcn_err *err)
{
    struct tcn_db_place place = {.password = options->password,
                                 .node = options->node,
                                 .account = options->account_id,
                                 .folder = options->folder};
    const struct tcn_db_driver *driver;
    int r = tcn_store_driver_of(options->url, &driver, &place.target, err);

    if (r < 0)
        return r;
    return driver->survey ? driver->survey(&place, stop_fd, ret, err)
                          : tcn_fail(err, TCN_ENOTFOUND, "the store has no server");
}

int64_t tcn_store_contact_us(struct tcn_store *s)
{
    return s->driver->contact_us ? s->driver->contact_us(s->db) : 0;
}

const char *tcn_store_waits(struct tcn_store *s)
{
    return s->driver->waits ? s->driver->waits(s->db) : NULL;
}

void tcn_store_hurry(struct tcn_store *s)
{
    if (s->driver->hurry)
        s->driver->hurry(s->db);
}
