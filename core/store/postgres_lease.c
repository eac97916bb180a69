/* Being one of several. A node's row in epochs says when it was last seen, by the server's clock; every transaction that
 * writes says so as well (its guard), and a beat does while there are none. Who was not seen for a lease is dead: another
 * node's beat sets its session to 0, and its guard will touch no row any more. A process that stands still in the middle
 * of a transaction holds its row; the server waits for its next word then, and is told to end that connection. */
#include "store/postgres.h"

#include "store/store.h"
#include "sys/clock.h"
#include <assert.h>
#include <endian.h>

/* Types from the catalog (pg_type.dat). */
#define OID_INT 20
#define OID_INTS 1016

/* Less than a lease, by what a statement may take to the server. */
#define MARGIN_MS 1000
/* After a connection was made others get the time to make theirs: the server may have been away for all. */
#define GRACE_MS (2 * TCN_LEASE_MS)

static const char *const sql[TCN_PG_OWN_SQL] = {
    [TCN_PG_RENEW] = "UPDATE epochs SET seen_ms = " TCN_PG_NOW_MS ", backend = pg_backend_pid()"
                     " WHERE epoch = $1 AND session = $2",
    [TCN_PG_END_LEASES] =
        "UPDATE epochs SET session = 0, ended_by = $1, ended_ms = " TCN_PG_NOW_MS " WHERE epoch IN"
        " (SELECT epoch FROM epochs WHERE session > 0 AND epoch <> $1"
        " AND seen_ms > 0 AND seen_ms < " TCN_PG_NOW_MS " - $2"
        " FOR UPDATE SKIP LOCKED)",
    [TCN_PG_END_CONNECTIONS] =
        "SELECT pg_terminate_backend(a.pid) FROM epochs JOIN pg_stat_activity a ON a.pid = backend"
        " AND a.application_name = left('tocsin/' || node, 63) AND a.usename = current_user"
        " WHERE session > 0 AND epoch <> $1 AND seen_ms > 0 AND seen_ms < " TCN_PG_NOW_MS " - $2"
        " AND a.wait_event_type = 'Client'",
    [TCN_PG_LOCK_WAITING] = "SELECT pg_advisory_xact_lock($1)",
    [TCN_PG_LOCK_HURRIED] = "SELECT 1 WHERE pg_try_advisory_xact_lock($1)",
    [TCN_PG_LOCK_ALL] = "SELECT 1 WHERE (SELECT bool_and(pg_try_advisory_xact_lock(key))"
                        " FROM unnest($1) AS key)",
};

/* -- the lease -------------------------------------------------------------------------------------------------- */

void tcn_pg_lease_renewed(struct tcn_db *db, int64_t asked_us)
{
    db->lease_until_us = asked_us + (TCN_LEASE_MS - MARGIN_MS) * INT64_C(1000);
}

int64_t tcn_pg_lease_until_us(struct tcn_db *db)
{
    return db->lease_until_us;
}

/* A statement of the driver's own; made at its first use. */
static struct tcn_dbstmt *own(struct tcn_db *db, enum tcn_pg_own_sql which)
{
    if (!db->own[which])
        db->own[which] = tcn_pg_statement(db, sql[which], TCN_PG_PARAMS_MAX);
    return db->own[which];
}

static struct tcn_dbstmt *own_of(struct tcn_db *db, enum tcn_pg_own_sql which, int64_t first)
{
    struct tcn_dbstmt *st = own(db, which);

    tcn_pg_bind_int(st, 1, first);
    return st;
}

static int run(struct tcn_db *db, enum tcn_pg_own_sql which, int64_t second, int64_t *ret_touched,
               struct tcn_err *err)
{
    struct tcn_dbstmt *st = own_of(db, which, db->epoch);
    int r;

    tcn_pg_bind_int(st, 2, second);
    if ((r = tcn_pg_step(st, err)) >= 0)
        *ret_touched = st->touched;
    tcn_pg_reset(st);
    return r < 0 ? r : 0;
}

static bool is_graceful(const struct tcn_db *db, int64_t now_us)
{
    return now_us < db->connected_us + GRACE_MS * INT64_C(1000);
}

int tcn_pg_beat(struct tcn_db *db, size_t *ret_n, struct tcn_err *err)
{
    int64_t asked_us = tcn_clock_mono_us(), touched = 0;
    int r = run(db, TCN_PG_RENEW, db->session, &touched, err);

    if (r < 0)
        return r;
    if (touched != 1)
        tcn_pg_die("another tocsin took this node's work over");
    tcn_pg_lease_renewed(db, asked_us);
    if (is_graceful(db, asked_us))
        return 0;
    if ((r = run(db, TCN_PG_END_CONNECTIONS, TCN_LEASE_MS, &touched, err)) < 0 ||
        (r = run(db, TCN_PG_END_LEASES, TCN_LEASE_MS, &touched, err)) < 0)
        return r;
    *ret_n = (size_t)touched;
    return 0;
}

/* -- locks ------------------------------------------------------------------------------------------------------ */

static const char in_the_way[] = "another node is at work on it";

int tcn_pg_lock(struct tcn_db *db, int64_t key, bool is_hurried, struct tcn_err *err)
{
    struct tcn_db_touch touch = {is_hurried, in_the_way};

    return tcn_pg_send_statement(
        own_of(db, is_hurried ? TCN_PG_LOCK_HURRIED : TCN_PG_LOCK_WAITING, key), touch, err);
}

int tcn_pg_try_lock(struct tcn_db *db, int64_t key, bool *ret_is_ours, struct tcn_err *err)
{
    struct tcn_dbstmt *st = own_of(db, TCN_PG_LOCK_HURRIED, key);
    int r = tcn_pg_step(st, err);

    *ret_is_ours = r == 1;
    tcn_pg_reset(st);
    return r < 0 ? r : 0;
}

/* The binary form of an array of int8, one dimension of n numbers from 1 on (array_send, arrayfuncs.c). */
static size_t pack_keys(const int64_t *keys, size_t n, uint32_t ret[TCN_DB_LOCKS_MAX * 3 + 5])
{
    const uint32_t head[] = {1, 0, OID_INT, (uint32_t)n, 1};
    size_t at = 0;

    for (; at < sizeof head / sizeof *head; at++)
        ret[at] = htobe32(head[at]);
    for (size_t i = 0; i < n; i++) {
        ret[at++] = htobe32(sizeof *keys);
        ret[at++] = htobe32((uint32_t)((uint64_t)keys[i] >> 32));
        ret[at++] = htobe32((uint32_t)keys[i]);
    }
    return at * sizeof *ret;
}

int tcn_pg_lock_all(struct tcn_db *db, const int64_t *keys, size_t n, struct tcn_err *err)
{
    struct tcn_dbstmt *st = own(db, TCN_PG_LOCK_ALL);
    uint32_t packed[TCN_DB_LOCKS_MAX * 3 + 5];

    assert(n <= TCN_DB_LOCKS_MAX);
    tcn_pg_bind(st, 1, OID_INTS, packed, pack_keys(keys, n, packed));
    return tcn_pg_send_statement(st, (struct tcn_db_touch){1, in_the_way}, err);
}
