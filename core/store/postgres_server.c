/* Which server answers. A cluster has an identifier for its life, and a timeline that is counted up when a standby is
 * promoted: with both a process that comes back after its connection broke knows whether it met the same server, the
 * one that succeeded it, one that was left behind, or a stranger. */
#include "store/postgres.h"

#include <stdio.h>
#include <stdlib.h>

/* Neither needs a right that PUBLIC lacks as shipped. The control file tells a promotion only after the next checkpoint,
 * the name of the log's segment (timeline in its first 8 digits) at once. */
static const char ask_timeline[] =
    "SELECT pg_is_in_recovery(), CASE WHEN NOT pg_is_in_recovery() THEN"
    " left(pg_walfile_name(pg_current_wal_lsn()), 8) END";
static const char ask_system[] = "SELECT system_identifier FROM pg_control_system()";
static const char ask_start[] = "SELECT pg_postmaster_start_time()";
static const char ask_role[] =
    "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user";

static const char *text(const PGresult *row, int column)
{
    return PQntuples(row) == 1 ? PQgetvalue(row, 0, column) : "";
}

/* A server that may not be asked (some are not quite PostgreSQL) is not known, and no worse for that. */
static int ask(struct tcn_db *db, PGconn *conn, const char *sql, PGresult **ret,
               struct tcn_err *err)
{
    int r = tcn_pg_ask(db, conn, sql, ret, err);

    if (r == 0 || PQstatus(conn) != CONNECTION_OK)
        return r;
    *ret = PQmakeEmptyPGresult(conn, PGRES_EMPTY_QUERY);
    return 0;
}

static int read_timeline(struct tcn_db *db, PGconn *conn, struct tcn_database *ret,
                         struct tcn_err *err)
{
    PGresult *row = NULL;
    int r = ask(db, conn, ask_timeline, &row, err);

    if (r < 0)
        return r;
    if (PQntuples(row) == 1)
        snprintf(ret->role, sizeof ret->role, "%s", *text(row, 0) == 't' ? "standby" : "primary");
    ret->timeline = strtoll(text(row, 1), NULL, 16);
    PQclear(row);
    return 0;
}

int tcn_pg_read_server(struct tcn_db *db, PGconn *conn, struct tcn_database *ret,
                       struct tcn_err *err)
{
    const char *version = PQparameterStatus(conn, "server_version");
    PGresult *row = NULL;
    int r;

    *ret = (struct tcn_database){.engine = "postgresql", .promotions = db->server.promotions};
    snprintf(ret->version, sizeof ret->version, "%s", version ? version : "");
    snprintf(ret->host, sizeof ret->host, "%.100s:%.16s", PQhost(conn), PQport(conn));
    if ((r = read_timeline(db, conn, ret, err)) < 0 ||
        (r = ask(db, conn, ask_system, &row, err)) < 0)
        return r;
    snprintf(ret->system_id, sizeof ret->system_id, "%s", text(row, 0));
    PQclear(row);
    if ((r = ask(db, conn, ask_role, &row, err)) < 0)
        return r;
    ret->bypasses_policies = *text(row, 0) == 't';
    PQclear(row);
    return 0;
}

int tcn_pg_read_start(struct tcn_db *db, PGconn *conn, char *ret_text, size_t size,
                      struct tcn_err *err)
{
    PGresult *row = NULL;
    int r = ask(db, conn, ask_start, &row, err);

    if (r < 0)
        return r;
    snprintf(ret_text, size, "%s", text(row, 0));
    PQclear(row);
    return 0;
}

/* A process at work does not go on in another cluster; one that starts, or reads beside it, never began. */
static int refuse(const struct tcn_db *db, const struct tcn_err *why)
{
    if (why->code == TCN_EINVALID && db->guard)
        tcn_pg_die(why->msg);
    return why->code;
}

int tcn_pg_meet(struct tcn_db *db, PGconn *conn, struct tcn_err *err)
{
    struct tcn_database is;
    struct tcn_err why;
    int r = tcn_pg_read_server(db, conn, &is, err);

    if (r < 0)
        return r;
    if (tcn_pg_known_check(&db->known, &is, &why) < 0)
        return tcn_fail(err, refuse(db, &why), "%s", why.msg);
    is.promotions += db->server.timeline > 0 && is.timeline > db->server.timeline;
    db->server = is;
    tcn_pg_known_keep(&db->known, &is, db->role == TCN_DB_NODE);
    return 0;
}

void tcn_pg_describe(struct tcn_db *db, struct tcn_database *ret)
{
    *ret = db->server;
    memcpy(ret->used, db->used, sizeof ret->used);
    memcpy(ret->left_behind, db->left_behind, sizeof ret->left_behind);
    memcpy(ret->unmet, db->unmet, sizeof ret->unmet);
    memcpy(ret->unkept, db->known.unkept, sizeof ret->unkept);
}

int64_t tcn_pg_contact_us(struct tcn_db *db)
{
    return db->contact_us;
}
