/* From a URL to a session whose commits mean what they say. */
#include "store/postgres.h"

#include "base/xalloc.h"
#include "sys/clock.h"
#include "sys/random.h"
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#define OLDEST_SERVER 130000
#define PAUSE_MIN_MS 50
#define PAUSE_MAX_MS 2000

/* The server's side notices a dead client as we notice a dead server. Timeouts are in milliseconds. Compiling a plan of ours
 * takes longer than running it. */
static const char settings[] = "SET synchronous_commit = on;"
                               "SET default_transaction_isolation = 'read committed';"
                               "SET statement_timeout = 30000;"
                               "SET lock_timeout = 5000;"
                               "SET idle_in_transaction_session_timeout = 10000;"
                               "SET tcp_keepalives_idle = 4;"
                               "SET tcp_keepalives_interval = 2;"
                               "SET tcp_keepalives_count = 3;"
                               "SET tcp_user_timeout = 8000;"
                               "SET standard_conforming_strings = on;"
                               "SET jit = off;"
                               "SET client_min_messages = warning";

/* A scan of a whole table takes what it takes; what one transaction reads fits together. */
static const char reads_only[] = "SET default_transaction_read_only = on;"
                                 "SET default_transaction_isolation = 'repeatable read';"
                                 "SET statement_timeout = 0";

/* Held as long as the session, by all nodes together or by one that must be alone; the number is of "tocs". A process that
 * was killed is a moment ago. After that a node waits less for a lock than a third of its lease: a dead node may have it, and
 * only who beats in between takes that one over. And what a node asks for has an index; a table that was small when it was
 * analyzed would be walked until that happens again. A bitmap of an index leaves the entries of removed rows in it, where a
 * plain scan marks them: what comes often would read more each time, until the table is vacuumed. */
static const char with_others[] =
    "SELECT pg_advisory_lock_shared(1953456499, hashtext('owner ' || current_schema()));"
    "SET lock_timeout = 500;"
    "SET enable_seqscan = off;"
    "SET enable_bitmapscan = off";
static const char alone[] =
    "SELECT pg_advisory_lock(1953456499, hashtext('owner ' || current_schema()))";

/* Quiet: of warnings only one matters, and who waits for it asks for it. */
static void note(void *arg, const PGresult *notice)
{
    struct tcn_db *db = arg;
    const char *state = PQresultErrorField(notice, PG_DIAG_SQLSTATE);

    db->is_warned = db->is_warned || (state && strcmp(state, "01000") == 0);
}

/* -- making a connection, a slice at a time --------------------------------------------------------------------- */

static void start_host(struct tcn_db *db)
{
    db->coming = tcn_pg_hosts_start(&db->hosts, db->host);
    db->until_us = tcn_clock_mono_us() + TCN_PG_CONNECT_MS * INT64_C(1000);
    db->is_writing = true; /* as PQconnectPoll wants it at first */
    PQsetNoticeReceiver(db->coming, note, db);
}

/* Between half and all of it, so that nodes do not come back in step. */
static void pause(struct tcn_db *db)
{
    int64_t ms = db->pause_ms ? 2 * db->pause_ms : PAUSE_MIN_MS;

    db->pause_ms = ms < PAUSE_MAX_MS ? ms : PAUSE_MAX_MS;
    ms = db->pause_ms / 2;
    ms += (int64_t)(tcn_random_u64() % (uint64_t)(ms + 1));
    db->pause_until_us = tcn_clock_mono_us() + ms * 1000;
}

void tcn_pg_next_host(struct tcn_db *db)
{
    PQfinish(db->coming);
    db->coming = NULL;
    if (++db->host < db->hosts.n)
        return;
    db->host = 0;
    pause(db);
}

int tcn_pg_advance(PGconn *conn, bool *is_writing, int64_t deadline_us, int64_t until_us)
{
    PostgresPollingStatusType state;

    if (until_us > deadline_us)
        until_us = deadline_us;
    for (;;) {
        if (PQstatus(conn) == CONNECTION_BAD || tcn_clock_mono_us() >= deadline_us)
            return TCN_EBUSY;
        if (tcn_pg_wait(conn, *is_writing, until_us) < 0)
            return tcn_clock_mono_us() >= deadline_us ? TCN_EBUSY : 0;
        state = PQconnectPoll(conn);
        if (state == PGRES_POLLING_OK)
            return 1;
        if (state == PGRES_POLLING_FAILED)
            return TCN_EBUSY;
        *is_writing = state == PGRES_POLLING_WRITING;
    }
}

static int advance(struct tcn_db *db, int64_t until_us)
{
    return tcn_pg_advance(db->coming, &db->is_writing, db->until_us, until_us);
}

int tcn_pg_connect(struct tcn_db *db, int64_t wait_ms)
{
    int64_t until_us = tcn_clock_mono_us() + wait_ms * 1000;
    int r;

    if (!db->coming)
        start_host(db);
    if ((r = advance(db, until_us)) >= 0)
        return r;
    tcn_pg_refused(db->coming, &db->refused[db->host]);
    tcn_pg_next_host(db);
    return r;
}

int tcn_pg_reach(struct tcn_db *db, size_t host, struct tcn_err *err)
{
    int r;

    db->host = host;
    start_host(db);
    while ((r = advance(db, INT64_MAX)) == 0)
        ;
    if (r == 1)
        return 0;
    tcn_pg_fail_connection(db->coming, err);
    PQfinish(db->coming);
    db->coming = NULL;
    return r;
}

/* -- the session ------------------------------------------------------------------------------------------------ */

static int check_server(const PGconn *conn, struct tcn_err *err)
{
    const char *encoding = PQparameterStatus(conn, "server_encoding");

    if (PQserverVersion(conn) < OLDEST_SERVER)
        return tcn_fail(err, TCN_EINVALID, "PostgreSQL %d is too old; use 13 or newer",
                        PQserverVersion(conn) / 10000);
    if (!encoding || strcmp(encoding, "UTF8") != 0)
        return tcn_fail(
            err, TCN_EINVALID,
            "the database %s is in %s; create one in UTF8 (createdb -E UTF8 -T template0)",
            PQdb(conn), encoding ? encoding : "an unknown encoding");
    return 0;
}

/* What the policies of the tables go by (migrations.c); the answer brings the time. */
static int set_account(struct tcn_db *db, PGconn *conn, struct tcn_err *err)
{
    static const char format[] =
        "SELECT set_config('tocsin.account_id', '%s', false), " TCN_PG_NOW_MS;
    int64_t asked_us = tcn_clock_boot_us();
    char sql[sizeof format + sizeof db->account];
    PGresult *row = NULL;
    int r;

    assert(strspn(db->account, "0123456789*") == strlen(db->account));
    snprintf(sql, sizeof sql, format, db->account);
    if ((r = tcn_pg_ask(db, conn, sql, &row, err)) < 0)
        return r;
    tcn_pg_hear(db, row, 1, asked_us);
    PQclear(row);
    return 0;
}

static int take_place(struct tcn_db *db, PGconn *conn, struct tcn_err *err)
{
    bool is_node = db->role == TCN_DB_NODE;
    int r = tcn_pg_ask(db, conn, is_node ? with_others : alone, NULL, err);

    if (r == TCN_EBUSY && PQstatus(conn) == CONNECTION_OK)
        tcn_fail(err, r,
                 is_node ? "a command of tocsin db has the database %s to itself; wait for its end"
                         : "another tocsin uses this schema of the database %s; stop every node "
                           "of it first",
                 PQdb(conn));
    return r;
}

int tcn_pg_greet(struct tcn_db *db, PGconn *conn, struct tcn_err *err)
{
    int r;

    if ((r = check_server(conn, err)) < 0 || (r = tcn_pg_meet(db, conn, err)) < 0 ||
        (r = tcn_pg_ask(db, conn, settings, NULL, err)) < 0 || (r = set_account(db, conn, err)) < 0)
        return r;
    if (db->role == TCN_DB_NODE || db->role == TCN_DB_OWNER)
        return take_place(db, conn, err);
    return db->role == TCN_DB_READER ? tcn_pg_ask(db, conn, reads_only, NULL, err) : 0;
}

/* Which hosts there are stays known: it is told of each that has not answered yet. One alone needs no name. */
static void forget_refusals(struct tcn_db *db)
{
    memset(db->refused, 0, sizeof db->refused);
    for (size_t i = 0; i < db->survey.n; i++)
        memcpy(db->refused[i].host, db->survey.servers[i].host, sizeof db->refused[i].host);
}

int tcn_pg_use(struct tcn_db *db, struct tcn_err *err)
{
    assert(db->coming && !db->conn);
    db->conn = db->coming;
    db->coming = NULL;
    db->connection++;
    db->backend = PQbackendPID(db->conn);
    db->connected_us = tcn_clock_mono_us();
    atomic_store(&db->contact_us, db->connected_us);
    atomic_store(&db->waits, NULL);
    forget_refusals(db);
    db->host_in_use = db->host;
    db->host = 0;
    db->pause_ms = db->pause_until_us = 0;
    if (PQsetnonblocking(db->conn, 1) < 0 || !PQenterPipelineMode(db->conn))
        return tcn_pg_lose(db, err);
    return 0;
}

static int first_connection(struct tcn_db *db, const char *folder, struct tcn_err *err)
{
    size_t host = 0;
    int r;

    if ((r = tcn_pg_known_read(&db->known, folder, err)) < 0 ||
        (db->hosts.n > 1 && (r = tcn_pg_survey(db, -1, &host, err)) < 0) ||
        (r = tcn_pg_reach(db, host, err)) < 0 || (r = tcn_pg_greet(db, db->coming, err)) < 0)
        return r;
    return tcn_pg_use(db, err);
}

int tcn_pg_open(const struct tcn_db_place *place, struct tcn_db **ret, struct tcn_err *err)
{
    struct tcn_db *db = tcn_xcalloc(1, sizeof *db);
    int r;

    db->role = place->role;
    db->is_quick = place->is_quick;
    tcn_arena_init(&db->rows, TCN_PG_WAITING_MAX);
    snprintf(db->account, sizeof db->account, "%s", place->account ? place->account : "*");
    tcn_pg_mark_init(&db->mark, place->role == TCN_DB_OWNER ? NULL : place->folder);
    if ((r = tcn_pg_hosts_init(&db->hosts, place, err)) == 0 &&
        (r = first_connection(db, place->folder, err)) == 0)
        *ret = db;
    else
        tcn_pg_close(db);
    return r;
}

void tcn_pg_close(struct tcn_db *db)
{
    tcn_pg_mark_end(db);
    tcn_pg_finalize(db->guard);
    for (size_t i = 0; i < TCN_PG_OWN_SQL; i++)
        tcn_pg_finalize(db->own[i]);
    if (db->coming)
        PQfinish(db->coming);
    if (db->conn)
        PQfinish(db->conn);
    tcn_pg_hosts_done(&db->hosts);
    tcn_pg_known_done(&db->known);
    tcn_pg_mark_done(&db->mark);
    tcn_arena_done(&db->rows);
    free(db);
}

int tcn_pg_check(struct tcn_db *db, struct tcn_err *err)
{
    int r = tcn_pg_mark_check(db, err);

    if (r < 0 || (db->role == TCN_DB_NODE && (r = tcn_pg_await_slot(db, err)) < 0))
        return r;
    return tcn_pg_await_standby(db, err);
}
