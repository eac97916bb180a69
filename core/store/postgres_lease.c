/* Being one of several. A node's row in epochs says when it was last seen, by the server's clock; every transaction that
 * writes says so as well (its guard), and a beat does while there are none. Other nodes look at that row as often, and count
 * by their own clocks for how long it says the same: the server may be another one meanwhile, whose clock differs. Who was
 * not seen for a lease is dead: another node's beat sets its session to 0, and its guard will touch no row any more. A
 * process that stands still in the middle of a transaction holds its row; the server waits for its next word then, and is
 * told to end that connection. */
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
/* Between two looks at the others: more than between two beats. */
#define PASSED_MAX_MS 900

static const char *const sql[TCN_PG_OWN_SQL] = {
    [TCN_PG_RENEW] = "UPDATE epochs SET seen_ms = " TCN_PG_NOW_MS ", backend = pg_backend_pid()"
                     " WHERE epoch = $1 AND session = $2 AND commit_no = $3 RETURNING seen_ms",
    /* Those that may be dead come first. */
    [TCN_PG_OTHERS] = "SELECT epoch, seen_ms, " TCN_PG_NOW_MS " - seen_ms FROM epochs"
                      " WHERE session > 0 AND epoch <> $1 ORDER BY seen_ms, epoch LIMIT $2",
    [TCN_PG_END_LEASE] =
        "UPDATE epochs SET session = 0, ended_by = $1, ended_ms = " TCN_PG_NOW_MS " WHERE epoch IN"
        " (SELECT epoch FROM epochs WHERE session > 0 AND epoch = $2 AND seen_ms = $3"
        " FOR UPDATE SKIP LOCKED)",
    [TCN_PG_END_CONNECTION] =
        "SELECT pg_terminate_backend(a.pid) FROM epochs JOIN pg_stat_activity a ON a.pid = backend"
        " AND a.application_name = left('tocsin/' || node, 63) AND a.usename = current_user"
        " WHERE session > 0 AND epoch <> $1 AND epoch = $2 AND seen_ms = $3"
        " AND a.wait_event_type = 'Client'",
    [TCN_PG_LOCK_WAITING] = "SELECT pg_advisory_xact_lock($1)",
    [TCN_PG_LOCK_HURRIED] = "SELECT 1 WHERE pg_try_advisory_xact_lock($1)",
    [TCN_PG_LOCK_ALL] = ("SELECT 1 WHERE (SELECT bool_and(pg_try_advisory_xact_lock(key))"
                         " FROM unnest($1) AS key)"),
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

static bool is_graceful(const struct tcn_db *db)
{
    return tcn_clock_mono_us() < db->connected_us + GRACE_MS * INT64_C(1000);
}

static int renew(struct tcn_db *db, struct tcn_err *err)
{
    struct tcn_dbstmt *st = own_of(db, TCN_PG_RENEW, db->epoch);
    int64_t asked_us = tcn_clock_boot_us();
    int r;

    tcn_pg_bind_int(st, 2, db->session);
    tcn_pg_bind_int(st, 3, db->commit_no);
    if ((r = tcn_pg_step(st, err)) == 1) {
        tcn_pg_hear(db, st->result, 0, asked_us);
        tcn_pg_lease_renewed(db, asked_us);
    } else if (r == 0) {
        tcn_pg_mark_die(db, TCN_PG_TAKEN_OVER);
    }
    tcn_pg_reset(st);
    return r < 0 ? r : 0;
}

/* -- the others ------------------------------------------------------------------------------------------------- */

static const struct tcn_pg_other *find(const struct tcn_db *db, int64_t epoch)
{
    for (size_t i = 0; i < db->n_others; i++)
        if (db->others[i].epoch == epoch)
            return &db->others[i];
    return NULL;
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* What changed did so since the last look: when, the server's clock tells, be it right or wrong. */
static struct tcn_pg_other note(const struct tcn_db *db, struct tcn_dbstmt *st, int64_t passed_us)
{
    struct tcn_pg_other is = {.epoch = tcn_postgres_driver.column_int(st, 0),
                              .seen_ms = tcn_postgres_driver.column_int(st, 1)};
    int64_t age_ms = tcn_postgres_driver.column_int(st, 2);
    const struct tcn_pg_other *was = find(db, is.epoch);

    if (was && was->seen_ms == is.seen_ms)
        is.still_us = was->still_us + passed_us;
    else if (was && age_ms > 0)
        is.still_us = least(age_ms, passed_us / 1000) * 1000;
    return is;
}

/* Who stood still itself has seen nothing of that time: it counts for little. Less than the margin it must be, by which a
 * node stops before its lease has ended. */
static int64_t passed_us(struct tcn_db *db)
{
    int64_t now_us = tcn_clock_mono_us();
    int64_t us = least(now_us - db->looked_us, PASSED_MAX_MS * INT64_C(1000));

    db->looked_us = now_us;
    return us;
}

static int look_at_others(struct tcn_db *db, struct tcn_err *err)
{
    struct tcn_dbstmt *st = own_of(db, TCN_PG_OTHERS, db->epoch);
    struct tcn_pg_other found[TCN_PG_OTHERS_MAX];
    int64_t us = passed_us(db);
    size_t n = 0;
    int r;

    tcn_pg_bind_int(st, 2, TCN_PG_OTHERS_MAX);
    while ((r = tcn_pg_step(st, err)) == 1)
        found[n++] = note(db, st, us);
    tcn_pg_reset(st);
    if (r < 0)
        return r;
    memcpy(db->others, found, n * sizeof *found);
    db->n_others = n;
    return 0;
}

static int end(struct tcn_db *db, enum tcn_pg_own_sql which, const struct tcn_pg_other *dead,
               size_t *n, struct tcn_err *err)
{
    struct tcn_dbstmt *st = own_of(db, which, db->epoch);
    int r;

    tcn_pg_bind_int(st, 2, dead->epoch);
    tcn_pg_bind_int(st, 3, dead->seen_ms);
    if ((r = tcn_pg_step(st, err)) >= 0)
        *n += (size_t)st->touched;
    tcn_pg_reset(st);
    return r < 0 ? r : 0;
}

static int end_dead(struct tcn_db *db, size_t *ret_n, struct tcn_err *err)
{
    size_t ignored = 0;
    int r = 0;

    for (size_t i = 0; i < db->n_others && r >= 0; i++)
        if (db->others[i].still_us >= TCN_LEASE_MS * INT64_C(1000) &&
            (r = end(db, TCN_PG_END_CONNECTION, &db->others[i], &ignored, err)) >= 0)
            r = end(db, TCN_PG_END_LEASE, &db->others[i], ret_n, err);
    return r;
}

int tcn_pg_beat(struct tcn_db *db, size_t *ret_n, struct tcn_err *err)
{
    int r;

    *ret_n = 0;
    if ((r = renew(db, err)) < 0 || (r = look_at_others(db, err)) < 0)
        return r;
    tcn_pg_mark_keep(db, false);
    return is_graceful(db) ? 0 : end_dead(db, ret_n, err);
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
