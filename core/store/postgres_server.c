/* Which server answers. A cluster has an identifier for its life, and a timeline that is counted up when a standby is
 * promoted: with both a process that comes back after its connection broke knows whether it met the same server, the
 * one that succeeded it, one that was left behind, or a stranger. */
#include "store/postgres.h"

#include "store/postgres_remedy.h"

#include <stdio.h>
#include <stdlib.h>

/* None needs a right that PUBLIC lacks as shipped. The control file tells a promotion only after the next checkpoint,
 * the name of the log's segment (timeline in its first 8 digits) at once. */
const char *const tcn_pg_questions[TCN_PG_QUESTIONS] = {
    [TCN_PG_ASK_TIMELINE] = ("SELECT pg_is_in_recovery(), CASE WHEN NOT pg_is_in_recovery() THEN"
                             " left(pg_walfile_name(pg_current_wal_lsn()), 8) END"),
    [TCN_PG_ASK_SYSTEM] = "SELECT system_identifier FROM pg_control_system()",
    [TCN_PG_ASK_START] = "SELECT pg_postmaster_start_time()",
    [TCN_PG_ASK_ROLE] =
        "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user",
};

static const char *text(const PGresult *row, int column)
{
    return row && PQntuples(row) == 1 ? PQgetvalue(row, 0, column) : "";
}

void tcn_pg_hear_answer(enum tcn_pg_question question, const PGresult *row,
                        struct tcn_database *ret)
{
    switch (question) {
    case TCN_PG_ASK_TIMELINE:
        if (*text(row, 0))
            snprintf(ret->role, sizeof ret->role, "%s",
                     *text(row, 0) == 't' ? "standby" : "primary");
        ret->timeline = strtoll(text(row, 1), NULL, 16);
        break;
    case TCN_PG_ASK_SYSTEM:
        snprintf(ret->system_id, sizeof ret->system_id, "%s",
                 *text(row, 0) ? text(row, 0) : TCN_PG_UNTOLD);
        break;
    case TCN_PG_ASK_START:
        snprintf(ret->started, sizeof ret->started, "%s", text(row, 0));
        break;
    case TCN_PG_ASK_ROLE:
    default:
        ret->bypasses_policies = *text(row, 0) == 't';
    }
}

void tcn_pg_name_host(const PGconn *conn, char *ret_text, size_t size)
{
    snprintf(ret_text, size, "%.100s:%.16s", PQhost(conn), PQport(conn));
}

void tcn_pg_begin_server(const PGconn *conn, struct tcn_database *ret)
{
    const char *version = PQparameterStatus(conn, "server_version");

    *ret = (struct tcn_database){.engine = "postgresql"};
    snprintf(ret->version, sizeof ret->version, "%s", version ? version : "");
    tcn_pg_name_host(conn, ret->host, sizeof ret->host);
}

bool tcn_pg_is_untold(const PGconn *conn)
{
    struct tcn_pg_refusal refusal;

    tcn_pg_read_refusal(PQerrorMessage(conn), &refusal);
    return strncmp(refusal.state, "42", 2) == 0 || strncmp(refusal.state, "0A", 2) == 0;
}

/* A time that ran out, say, is no answer: the server could be any. */
static int ask(struct tcn_db *db, PGconn *conn, enum tcn_pg_question question,
               struct tcn_database *ret, struct tcn_err *err)
{
    PGresult *row = NULL;
    int r = tcn_pg_ask(db, conn, tcn_pg_questions[question], &row, err);
    bool is_untold = r < 0 && tcn_pg_is_untold(conn);

    if (r == 0 || is_untold)
        tcn_pg_hear_answer(question, row, ret);
    PQclear(row);
    return is_untold ? 0 : r;
}

static int read_server(struct tcn_db *db, PGconn *conn, struct tcn_database *ret,
                       struct tcn_err *err)
{
    int r = 0;

    tcn_pg_begin_server(conn, ret);
    ret->promotions = db->server.promotions;
    for (int question = 0; question < TCN_PG_QUESTIONS && r == 0; question++)
        r = ask(db, conn, (enum tcn_pg_question)question, ret, err);
    return r;
}

/* A process at work does not go on in another cluster; one that starts, or reads beside it, never began. */
static int refuse(const struct tcn_db *db, const struct tcn_err *why)
{
    if (why->code == TCN_EINVALID && db->guard)
        tcn_pg_die(why->msg);
    return why->code;
}

/* Since the last connection, or since this node's last start. */
static bool is_promoted(const struct tcn_db *db, const struct tcn_database *is)
{
    int64_t was = db->server.timeline > 0 ? db->server.timeline : db->known.timeline;

    return was > 0 && is->timeline > was;
}

int tcn_pg_meet(struct tcn_db *db, PGconn *conn, struct tcn_err *err)
{
    struct tcn_database is;
    struct tcn_err why;
    int r = read_server(db, conn, &is, err);

    if (r < 0)
        return r;
    if (tcn_pg_known_check(&db->known, &is, &why) < 0)
        return tcn_fail(err, refuse(db, &why), "%s", why.msg);
    is.promotions += is_promoted(db, &is);
    db->server = is;
    tcn_pg_known_keep(&db->known, &is, db->role == TCN_DB_NODE);
    return 0;
}

void tcn_pg_describe(struct tcn_db *db, struct tcn_database *ret)
{
    *ret = db->server;
    if (strcmp(ret->system_id, TCN_PG_UNTOLD) == 0)
        *ret->system_id = '\0';
    memcpy(ret->unkept, db->known.unkept, sizeof ret->unkept);
}

int64_t tcn_pg_contact_us(struct tcn_db *db)
{
    return atomic_load(&db->contact_us);
}
