/* Transactions, and what becomes of them when the connection breaks.
 *
 * A transaction that writes begins with a guard: an update of this process's row in epochs, which holds the number of the
 * connection (session) and gets the number of the commit. Nobody else changes that row but a process that takes over, by
 * setting session to 0. So a guard that touches no row means that this process has lost the database, or that a backup was
 * restored into it, whose row has an earlier commit; and after a
 * reconnect the row, whose lock a transaction of the old connection would still hold, says whether the last commit is in.
 * COMMIT is sent only after the results of all before it, the guard's too, have been read. */
#include "store/postgres.h"

#include "store/store.h"
#include "sys/clock.h"
#include <assert.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

/* One starts at a time; the number is of "tocs". */
#define ALONE "SELECT pg_advisory_xact_lock(1953456499, hashtext('start ' || current_schema()))"

#define LOOKS_MAX 8

static void leave(struct tcn_db *db)
{
    db->in_transaction = db->is_begun = db->is_patient = db->has_written = false;
    db->why = (struct tcn_err){0};
    tcn_pg_drop_rows(db);
}

/* A server that went away while nobody looked is noticed before work is begun on it. */
static int look(struct tcn_db *db, struct tcn_err *err)
{
    struct pollfd p = {.events = POLLIN};

    if (!db->conn)
        return tcn_fail(err, TCN_EBUSY, "PostgreSQL: the connection is lost");
    p.fd = PQsocket(db->conn);
    /* The last words of a server come before the end of its connection. */
    for (int i = 0; i < LOOKS_MAX && poll(&p, 1, 0) > 0; i++)
        if (!PQconsumeInput(db->conn) || PQstatus(db->conn) != CONNECTION_OK)
            return tcn_pg_lose(db, err);
    return 0;
}

/* BEGIN travels with the first statement. */
int tcn_pg_begin(struct tcn_db *db, struct tcn_err *err)
{
    int r;

    assert(!db->in_transaction);
    if ((r = look(db, err)) < 0)
        return r;
    leave(db);
    db->in_transaction = true;
    db->begun_back_ms = tcn_clock_far_back_ms(&db->clock);
    return 0;
}

int tcn_pg_begin_alone(struct tcn_db *db, struct tcn_err *err)
{
    int r = tcn_pg_begin(db, err);

    if (r < 0)
        return r;
    db->is_begun = db->is_patient = true; /* a new index may take its time */
    if ((r = tcn_pg_send_text(db, "BEGIN", err)) < 0 ||
        (r = tcn_pg_send_text(db, "SET LOCAL lock_timeout = 60000", err)) < 0 ||
        (r = tcn_pg_send_text(db, ALONE, err)) < 0 ||
        (r = tcn_pg_send_text(db, "SET LOCAL tocsin.account_id = '*'", err)) < 0 ||
        (r = tcn_pg_send_text(db, "SET LOCAL statement_timeout = 0", err)) < 0 ||
        (r = tcn_pg_settle(db, NULL, err)) < 0)
        tcn_pg_rollback(db);
    return r;
}

void tcn_pg_rollback(struct tcn_db *db)
{
    struct tcn_err ignored;

    /* What an error made the server skip ends with a sync; only then it listens again. */
    if (db->conn && db->is_begun) {
        tcn_pg_settle(db, NULL, &ignored);
        db->why = (struct tcn_err){0};
        if (db->conn && tcn_pg_send_text(db, "ROLLBACK", &ignored) == 0)
            tcn_pg_settle(db, NULL, &ignored);
    }
    leave(db);
}

/* Somebody cancelled the wait for a standby: COMMIT is answered, with a warning, and what it wrote may be on the primary
 * alone. It is undecided then: the commit by which a session is counted up comes after it, and waits for a standby again. */
static int send_commit(struct tcn_db *db, struct tcn_err *err)
{
    PGresult *result = NULL;
    int r = tcn_pg_send_text(db, "COMMIT", err);

    db->is_warned = db->is_patient = false;
    if (r == 0)
        r = tcn_pg_settle(db, &result, err);
    /* An aborted transaction answers ROLLBACK. */
    if (r == 0 && strcmp(PQcmdStatus(result), "COMMIT") != 0)
        r = tcn_fail(err, TCN_EIO, "PostgreSQL: the transaction has ended");
    PQclear(result);
    return r == 0 && db->is_warned && db->has_written ? tcn_pg_lose(db, err) : r;
}

/* What this transaction took for due by a time that is still to come again was not. */
static int check_clock(const struct tcn_db *db, struct tcn_err *err)
{
    if (tcn_clock_far_back_ms(&db->clock) == 0 || db->begun_back_ms > 0)
        return 0;
    return tcn_fail(err, TCN_ECONFLICT, "PostgreSQL: the server's clock was set back meanwhile");
}

int tcn_pg_commit(struct tcn_db *db, struct tcn_err *err)
{
    bool has_written;
    int r;

    assert(db->in_transaction);
    r = tcn_pg_send_rows(db, err);
    has_written = db->has_written;
    if (r == 0 && db->is_begun)
        r = tcn_pg_settle(db, NULL, err);
    if (r == 0)
        r = check_clock(db, err);
    if (r < 0) {
        tcn_pg_rollback(db);
        return r;
    }
    r = db->is_begun ? send_commit(db, err) : 0;
    if (r < 0 && db->conn)
        tcn_pg_rollback(db);
    leave(db);
    if (r == 0) {
        if (has_written && db->guard) {
            db->commit_no++;
            tcn_pg_lease_renewed(db, db->guarded_us);
        }
        db->is_full = db->is_full && !has_written;
        return 0;
    }
    if (db->conn || !has_written)
        return r;
    db->is_undecided = db->guard != NULL;
    return db->guard ? TCN_UNDECIDED : r;
}

/* -- the guard -------------------------------------------------------------------------------------------------- */

static const char guard[] =
    "UPDATE epochs SET commit_no = $3, seen_ms = " TCN_PG_NOW_MS
    " WHERE epoch = $1 AND session = $2 AND commit_no = $3 - 1 RETURNING seen_ms";
static const char next_session[] =
    "UPDATE epochs SET session = session + 1, backend ="
    " pg_backend_pid(), seen_ms = " TCN_PG_NOW_MS
    " WHERE epoch = %lld AND session BETWEEN %lld AND %lld RETURNING session, commit_no";
/* Of one process: tries to come back whose answers were lost. */
#define TRIES_MAX 1000000
/* The server may not have noticed that the old connection is dead. */
static const char end_other[] =
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = %d"
    " AND pid <> pg_backend_pid() AND usename = current_user"
    " AND application_name = current_setting('application_name')";

int tcn_pg_own(struct tcn_db *db, int64_t epoch, int64_t session, struct tcn_err *err)
{
    size_t ignored;
    int r;

    db->epoch = epoch;
    db->session = session;
    db->commit_no = 0;
    db->known.is_at_work = true;
    if ((r = tcn_pg_prepare(db, guard, &db->guard, err)) < 0 ||
        (r = tcn_pg_beat(db, &ignored, err)) < 0)
        return r;
    tcn_pg_mark_keep(db, true);
    return 0;
}

bool tcn_pg_is_lost(struct tcn_db *db)
{
    return db->conn == NULL;
}

static int64_t number(const PGresult *result, int column)
{
    return strtoll(PQgetvalue(result, 0, column), NULL, 10);
}

/* The start after this one knows the server already: it would tell of no promotion. */
static void die_of_loss(struct tcn_db *db)
{
    char why[TCN_ERR_MSG];

    snprintf(
        why, sizeof why,
        "the database has forgotten commits that it had confirmed, as a standby does that was "
        "promoted before it had them (it is at %.120s now, on timeline %lld): start again to go "
        "on from what it has: tickets that may have been made since are looked up first, pages "
        "may be sent again, unless tocsin db hold comes before that start",
        db->server.host, (long long)db->server.timeline);
    tcn_pg_mark_die(db, why);
}

/* What the row says of us and of the commit that is undecided. */
static void learn(struct tcn_db *db, const PGresult *row, bool *ret_committed)
{
    int64_t found;

    if (PQntuples(row) != 1)
        tcn_pg_mark_die(db, TCN_PG_TAKEN_OVER);
    db->session = number(row, 0);
    found = number(row, 1);
    *ret_committed = db->is_undecided && found == db->commit_no + 1;
    if (found != db->commit_no && !*ret_committed)
        die_of_loss(db);
    db->commit_no = found;
    db->is_undecided = false;
}

/* A role that lost its right to the schema does not see the table either, and may get that back. */
static const char look_for_table[] =
    "SELECT 1 WHERE to_regclass('epochs') IS NULL AND current_schema() IS NOT NULL";

static void die_without_table(struct tcn_db *db, PGconn *conn)
{
    struct tcn_err ignored;
    PGresult *found = NULL;

    if (tcn_pg_ask(db, conn, look_for_table, &found, &ignored) == 0 && PQntuples(found) == 1)
        tcn_pg_mark_die(db, TCN_PG_TAKEN_OVER "; its table epochs is not there");
    PQclear(found);
}

/* NULL: nothing was learned, and the words that stand there tell why it was refused before. */
static const char *what_session_waits_for(struct tcn_db *db, const char *before)
{
    const struct tcn_pg_refused *last = &db->refused[db->host];
    const char *now = tcn_pg_waits(db);
    bool is_of_a_refusal = last->state != TCN_PG_IS_UNASKED && !last->waits;

    return now == before && is_of_a_refusal ? NULL : now;
}

/* This process's row is written, and the commit of that is what does not come. */
static int fail_waiting(struct tcn_db *db, PGconn *conn, struct tcn_err *err)
{
    const char *before = tcn_pg_waits(db);
    char host[128];

    tcn_pg_doubt(db, db->host, PQbackendPID(conn));
    db->session_waits = what_session_waits_for(db, before);
    if (!db->session_waits)
        return TCN_EBUSY;
    tcn_pg_name_host(conn, host, sizeof host);
    return tcn_fail(err, TCN_EBUSY, "PostgreSQL: %s does not answer: %s", host, db->session_waits);
}

/* A try before this one may wait yet, and has the row locked then; else a server that has answered has said why not. */
static int fail_session(struct tcn_db *db, PGconn *conn, int r, struct tcn_err *err)
{
    if (PQstatus(conn) != CONNECTION_OK)
        return TCN_EBUSY;
    if (r == TCN_EBUSY)
        return fail_waiting(db, conn, err);
    die_without_table(db, conn);
    return TCN_EBUSY;
}

static int come_back(struct tcn_db *db, PGconn *conn, bool *ret_committed, struct tcn_err *err)
{
    PGresult *row = NULL;
    char sql[sizeof end_other + sizeof next_session + 72];
    int64_t asked_us;
    int r;

    snprintf(sql, sizeof sql, end_other, db->backend);
    if ((db->backend && (r = tcn_pg_ask(db, conn, sql, NULL, err)) < 0) ||
        (r = tcn_pg_greet(db, conn, err)) < 0)
        return r;
    *ret_committed = false;
    if (!db->guard)
        return 0;
    snprintf(sql, sizeof sql, next_session, (long long)db->epoch, (long long)db->session,
             (long long)db->session + TRIES_MAX);
    asked_us = tcn_clock_boot_us();
    db->is_warned = false;
    if ((r = tcn_pg_ask(db, conn, sql, &row, err)) < 0)
        return fail_session(db, conn, r, err);
    if (db->is_warned) {
        PQclear(row);
        return tcn_fail(err, TCN_EBUSY, "PostgreSQL: a commit did not come to the standby");
    }
    learn(db, row, ret_committed);
    tcn_pg_lease_renewed(db, asked_us);
    PQclear(row);
    return 0;
}

/* What it waits for, if that is why it is of no use, may be told to everybody. */
static void note_refused(struct tcn_db *db, const struct tcn_err *why)
{
    tcn_pg_refused_later(db->coming, why, &db->refused[db->host]);
    db->refused[db->host].waits = db->session_waits;
    db->session_waits = NULL;
    tcn_pg_next_host(db);
}

static int fail_away(struct tcn_db *db, struct tcn_err *err)
{
    return tcn_pg_fail_hosts(db->refused, db->hosts.n, err);
}

int tcn_pg_recover(struct tcn_db *db, int64_t wait_ms, bool *ret_committed, struct tcn_err *err)
{
    int64_t pause_ms = (db->pause_until_us - tcn_clock_mono_us()) / 1000;
    struct tcn_err why = {0};
    int r;

    assert(!db->conn && !db->in_transaction);
    if (!db->coming && pause_ms > 0) {
        poll(NULL, 0, (int)(pause_ms < wait_ms ? pause_ms : wait_ms));
        return fail_away(db, err);
    }
    if ((r = tcn_pg_connect(db, wait_ms)) == 1) {
        if ((r = come_back(db, db->coming, ret_committed, &why)) == 0) {
            tcn_pg_mark_keep(db, db->mark.timeline != db->server.timeline);
            return tcn_pg_use(db, err);
        }
        note_refused(db, &why); /* whatever it was: the next try may do better */
    }
    if (r < 0)
        atomic_store(&db->waits, tcn_pg_refused_in_public(db->refused, db->hosts.n));
    return fail_away(db, err);
}
