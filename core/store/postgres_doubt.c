/* A statement may take long, its commit may wait for a standby, or its server hangs: another connection tells. */
#include "store/postgres.h"

#include "sys/clock.h"
#include "sys/log.h"
#include <stdio.h>

static const char ask_wait[] =
    "SELECT wait_event_type, wait_event FROM pg_stat_activity WHERE pid = %d";

/* Names of wait events are stable: postgresql.org/docs/current/monitoring-stats.html. A process that has answered by now waits
 * for a client, and what was known of it before is not less true. */
static const char *meaning(const PGresult *row, const char *before)
{
    if (PQntuples(row) != 1)
        return NULL;
    if (strcmp(PQgetvalue(row, 0, 0), "Client") == 0)
        return before;
    if (strcmp(PQgetvalue(row, 0, 1), "SyncRep") == 0)
        return "its commits wait for a synchronous standby";
    if (strcmp(PQgetvalue(row, 0, 0), "Lock") == 0)
        return "it waits for a lock that another session has (pg_blocking_pids tells which)";
    return "it works on one statement";
}

/* A process at work tells it by itself (thread_late.c). */
static void tell_start(const struct tcn_db *db, const char *before, const char *now)
{
    bool is_start = !db->guard && (db->role == TCN_DB_NODE || db->role == TCN_DB_OWNER);

    if (is_start && now && now != before)
        tcn_log(
            TCN_LOG_WARN, "store", "the start waits for the database", "why", now, "do",
            "look at the server (pg_stat_activity) and at its standby: a synchronous one that is "
            "lost must come back, or leave synchronous_standby_names",
            NULL);
}

static void ask(struct tcn_db *db, PGconn *conn, int backend, int64_t until_us)
{
    char sql[sizeof ask_wait + 12];
    const char *before = tcn_pg_waits(db);
    PGresult *row = NULL;
    struct tcn_err ignored;

    snprintf(sql, sizeof sql, ask_wait, backend);
    if (tcn_pg_ask_until(db, conn, sql, until_us, &row, &ignored) == 0)
        atomic_store(&db->waits, meaning(row, before));
    tell_start(db, before, tcn_pg_waits(db));
    PQclear(row);
}

bool tcn_pg_doubt(struct tcn_db *db, size_t host, int backend)
{
    int64_t until_us = tcn_clock_mono_us() + TCN_PG_CONNECT_MS * INT64_C(1000);
    bool is_writing = true; /* as PQconnectPoll wants it at first */
    PGconn *conn;

    if (atomic_load(&db->is_ending))
        return false;
    conn = tcn_pg_hosts_start(&db->hosts, host);
    if (tcn_pg_advance(conn, &is_writing, until_us, INT64_MAX) == 1)
        ask(db, conn, backend, until_us);
    PQfinish(conn);
    return tcn_clock_mono_us() < until_us;
}

const char *tcn_pg_waits(struct tcn_db *db)
{
    return atomic_load(&db->waits);
}

void tcn_pg_hurry(struct tcn_db *db)
{
    atomic_store(&db->is_ending, true);
}
