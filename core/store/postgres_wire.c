/* Commands out, results in. Within a session everything runs in pipeline mode: what nobody waits for is only sent, and a
 * sync and the reading of all results come when somebody wants one. An error makes the server skip what follows up to
 * the next sync; the first one is the transaction's. */
#include "store/postgres.h"

#include "sys/clock.h"
#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

static int64_t patience_until(const struct tcn_db *db)
{
    return db->is_patient || db->role == TCN_DB_READER
               ? INT64_MAX
               : tcn_clock_mono_us() + TCN_PG_PATIENCE_MS * INT64_C(1000);
}

static int left_ms(int64_t until_us)
{
    int64_t left_us;

    if (until_us == INT64_MAX)
        return -1;
    left_us = until_us - tcn_clock_mono_us();
    return left_us <= 0 ? 0 : (int)(left_us / 1000) + 1;
}

int tcn_pg_wait(const PGconn *conn, bool to_write, int64_t until_us)
{
    struct pollfd p = {.fd = PQsocket(conn), .events = (short)(POLLIN | (to_write ? POLLOUT : 0))};
    int n;

    if (p.fd < 0)
        return TCN_EBUSY;
    do {
        int ms = left_ms(until_us);

        if ((n = poll(&p, 1, ms)) == 0 && ms == 0)
            return TCN_EBUSY;
    } while (n == 0 || (n < 0 && errno == EINTR));
    return n < 0 ? TCN_EBUSY : 0;
}

int tcn_pg_result(PGconn *conn, int64_t until_us, PGresult **ret)
{
    int left;

    while ((left = PQflush(conn)) == 1 || PQisBusy(conn)) {
        if (left < 0 || tcn_pg_wait(conn, left == 1, until_us) < 0 || !PQconsumeInput(conn))
            return TCN_EBUSY;
    }
    if (left < 0)
        return TCN_EBUSY;
    *ret = PQgetResult(conn);
    return 0;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* The same for the connection in use. A statement may take long; a server that hangs answers nobody. */
static int result_of(struct tcn_db *db, int64_t until_us, PGresult **ret)
{
    int64_t now_us = tcn_clock_mono_us();
    int r;

    do {
        r = tcn_pg_result(db->conn, earlier(until_us, now_us + TCN_PG_DOUBT_MS * INT64_C(1000)),
                          ret);
    } while (r < 0 && PQstatus(db->conn) == CONNECTION_OK &&
             (now_us = tcn_clock_mono_us()) < until_us &&
             tcn_pg_doubt(db, db->host_in_use, db->backend));
    return r;
}

int tcn_pg_ask(struct tcn_db *db, PGconn *conn, const char *sql, PGresult **ret,
               struct tcn_err *err)
{
    int64_t ms = atomic_load(&db->is_ending) ? TCN_PG_LAST_MS : TCN_PG_ASK_MS;

    return tcn_pg_ask_until(db, conn, sql, tcn_clock_mono_us() + ms * 1000, ret, err);
}

int tcn_pg_ask_until(struct tcn_db *db, PGconn *conn, const char *sql, int64_t until_us,
                     PGresult **ret, struct tcn_err *err)
{
    PGresult *last = NULL, *next = NULL;
    int r = PQsendQuery(conn, sql) ? 0 : TCN_EBUSY;

    while (r == 0 && (r = tcn_pg_result(conn, until_us, &next)) == 0 && next) {
        /* An error ends the texts and is the last result. */
        PQclear(last);
        last = next;
    }
    if (r < 0)
        tcn_pg_fail_connection(conn, err);
    else if (PQresultStatus(last) == PGRES_FATAL_ERROR)
        r = tcn_pg_fail(db, last, err);
    if (r == 0 && ret)
        *ret = last;
    else
        PQclear(last);
    return r;
}

int tcn_pg_lose(struct tcn_db *db, struct tcn_err *err)
{
    if (db->conn)
        PQfinish(db->conn);
    db->conn = NULL;
    db->n_sent = 0;
    db->is_dirty = db->is_demoted = false;
    if (tcn_pg_waits(db))
        return tcn_fail(err, TCN_EBUSY, "PostgreSQL does not answer: %s", tcn_pg_waits(db));
    return tcn_fail(err, TCN_EBUSY, "PostgreSQL: the connection is lost");
}

/* -- out -------------------------------------------------------------------------------------------------------- */

static int sent(struct tcn_db *db, int is_ok, struct tcn_pg_sent what, struct tcn_err *err)
{
    if (!is_ok)
        return tcn_pg_lose(db, err);
    assert(db->n_sent < TCN_PG_SENT_MAX);
    db->sent[db->n_sent++] = what;
    db->is_dirty = true;
    return 0;
}

/* Room for the four that one statement may need. */
static int make_room(struct tcn_db *db, struct tcn_err *err)
{
    return db->n_sent + 4 > TCN_PG_SENT_MAX ? tcn_pg_settle(db, NULL, err) : 0;
}

int tcn_pg_send_text(struct tcn_db *db, const char *sql, struct tcn_err *err)
{
    int r = make_room(db, err);

    if (r < 0)
        return r;
    return sent(db, PQsendQueryParams(db->conn, sql, 0, NULL, NULL, NULL, NULL, 1),
                (struct tcn_pg_sent){.kind = TCN_PG_PLAIN}, err);
}

static int send_preparation(struct tcn_dbstmt *st, struct tcn_err *err)
{
    struct tcn_db *db = st->db;

    snprintf(st->name, sizeof st->name, "t%llu", (unsigned long long)++db->names);
    st->prepared_on = db->connection;
    return sent(db, PQsendPrepare(db->conn, st->name, st->sql, st->n_params, st->types),
                (struct tcn_pg_sent){.kind = TCN_PG_PREPARE, .st = st}, err);
}

static int execute(struct tcn_dbstmt *st, struct tcn_db_touch touch, struct tcn_err *err)
{
    struct tcn_db *db = st->db;
    struct tcn_pg_sent what = {.kind = st == db->guard ? TCN_PG_GUARD : TCN_PG_EXECUTE,
                               .touch = touch};
    int is_ok = st->prepared_on == db->connection
                    ? PQsendQueryPrepared(db->conn, st->name, st->n_params, st->values, st->lengths,
                                          st->formats, 1)
                    : PQsendQueryParams(db->conn, st->sql, st->n_params, st->types, st->values,
                                        st->lengths, st->formats, 1);

    st->was_used = true;
    return sent(db, is_ok, what, err);
}

static int send_alone(struct tcn_dbstmt *st, struct tcn_db_touch touch, struct tcn_err *err)
{
    int r = 0;

    if (st->was_used && st->prepared_on != st->db->connection)
        r = send_preparation(st, err);
    return r < 0 ? r : execute(st, touch, err);
}

/* Nothing is written before the guard says that this process may. */
static int send_before(struct tcn_db *db, bool is_write, struct tcn_err *err)
{
    int r = 0;

    if (db->in_transaction && !db->is_begun) {
        r = tcn_pg_send_text(db, "BEGIN", err);
        db->is_begun = true;
    }
    if (r < 0 || !is_write || !db->in_transaction || db->has_written)
        return r;
    db->has_written = true;
    if (!db->guard)
        return 0;
    db->guarded_us = tcn_clock_boot_us();
    tcn_pg_bind_int(db->guard, 1, db->epoch);
    tcn_pg_bind_int(db->guard, 2, db->session);
    tcn_pg_bind_int(db->guard, 3, db->commit_no + 1);
    return send_alone(db->guard, (struct tcn_db_touch){0}, err);
}

int tcn_pg_send_now(struct tcn_dbstmt *st, struct tcn_db_touch touch, struct tcn_err *err)
{
    struct tcn_db *db = st->db;
    int r;

    if (!db->conn)
        return tcn_fail(err, TCN_EBUSY, "PostgreSQL: the connection is lost");
    if (db->in_transaction && db->why.code != 0)
        return tcn_fail(err, db->why.code, "%s", db->why.msg);
    if ((r = make_room(db, err)) < 0 || (r = send_before(db, st->is_write, err)) < 0)
        return r;
    return send_alone(st, touch, err);
}

int tcn_pg_send_statement(struct tcn_dbstmt *st, struct tcn_db_touch touch, struct tcn_err *err)
{
    int r = tcn_pg_send_rows(st->db, err);

    return r < 0 ? r : tcn_pg_send_now(st, touch, err);
}

/* -- in --------------------------------------------------------------------------------------------------------- */

static void note_error(struct tcn_db *db, const struct tcn_err *why)
{
    if (db->why.code == 0)
        db->why = *why;
}

static int64_t touched(PGresult *result)
{
    return strtoll(PQcmdTuples(result), NULL, 10);
}

static void hear_guard(struct tcn_db *db, PGresult *result)
{
    if (touched(result) != 1)
        tcn_pg_mark_die(db, TCN_PG_TAKEN_OVER);
    tcn_pg_hear(db, result, 0, db->guarded_us);
}

static void look_at(struct tcn_db *db, const struct tcn_pg_sent *what, PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);
    bool is_good = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
    struct tcn_err why;

    if (!is_good && what->kind == TCN_PG_PREPARE)
        what->st->prepared_on = 0;
    if (status == PGRES_PIPELINE_ABORTED)
        return; /* by an error before it */
    if (is_good && what->kind == TCN_PG_GUARD)
        hear_guard(db, result);
    if (!is_good)
        tcn_pg_fail(db, result, &why);
    else if (what->touch.least > 0 && touched(result) < what->touch.least)
        tcn_fail(&why, TCN_ECONFLICT, "%s", what->touch.conflict);
    else
        return;
    note_error(db, &why);
}

static void note_contact(struct tcn_db *db)
{
    atomic_store(&db->contact_us, tcn_clock_mono_us());
    atomic_store(&db->waits, NULL);
}

/* The result of one command, and the NULL that ends it. */
static int read_one(struct tcn_db *db, int64_t until_us, PGresult **ret)
{
    PGresult *end = NULL;
    int r = result_of(db, until_us, ret);

    if (r < 0 || !*ret)
        return TCN_EBUSY;
    /* A connection that broke says so in a result for the command in hand. */
    if (PQstatus(db->conn) == CONNECTION_BAD)
        return TCN_EBUSY;
    note_contact(db);
    r = result_of(db, until_us, &end);
    PQclear(end);
    return r < 0 || end ? TCN_EBUSY : 0;
}

static int read_sync(struct tcn_db *db, int64_t until_us)
{
    PGresult *result = NULL;
    int r = result_of(db, until_us, &result);

    if (r == 0 && PQresultStatus(result) != PGRES_PIPELINE_SYNC)
        r = TCN_EBUSY;
    PQclear(result);
    return r;
}

static int read_all(struct tcn_db *db, PGresult **last)
{
    int64_t until_us = patience_until(db);
    int r = PQpipelineSync(db->conn) ? 0 : TCN_EBUSY;

    for (size_t i = 0; i < db->n_sent && r == 0; i++) {
        PQclear(*last);
        *last = NULL;
        if ((r = read_one(db, until_us, last)) == 0)
            look_at(db, &db->sent[i], *last);
    }
    if (r < 0 || (r = read_sync(db, until_us)) < 0)
        return r;
    note_contact(db);
    return 0;
}

int tcn_pg_settle(struct tcn_db *db, PGresult **ret_last, struct tcn_err *err)
{
    PGresult *last = NULL;
    int r = 0;

    if (!db->conn)
        return tcn_fail(err, TCN_EBUSY, "PostgreSQL: the connection is lost");
    if (db->is_dirty)
        r = read_all(db, &last);
    db->n_sent = 0;
    db->is_dirty = false;
    if (r < 0)
        tcn_pg_lose(db, err);
    else if (db->why.code != 0)
        r = tcn_fail(err, db->why.code, "%s", db->why.msg);
    if (db->is_demoted)
        tcn_pg_lose(db, NULL);
    if (!db->in_transaction)
        db->why = (struct tcn_err){0};
    if (r == 0 && ret_last)
        *ret_last = last;
    else
        PQclear(last);
    return r;
}
