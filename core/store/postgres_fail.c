/* What an error of the server means to the store. */
#include "store/postgres.h"

#include "store/die.h"
#include "store/postgres_remedy.h"
#include <stdio.h>
#include <stdlib.h>

#define LOCK_TIMEOUT "55P03"

void tcn_pg_die(const char *why)
{
    tcn_store_die(why);
}

/* SQLSTATE, of which a shorter one is the whole class: postgresql.org/docs/current/errcodes-appendix.html */
static const struct {
    const char *state;
    int code;
} meanings[] = {
    {"23", TCN_ECONFLICT},     {"08", TCN_EBUSY},
    {"57P", TCN_EBUSY},                              /* shut down, crashed, starting */
    {"25006", TCN_EBUSY},                            /* read only: it is a standby now */
    {"40", TCN_EBUSY},                               /* deadlock, serialization */
    {LOCK_TIMEOUT, TCN_EBUSY}, {"57014", TCN_EBUSY}, /* statement_timeout */
    {"25P03", TCN_EBUSY},                            /* idle_in_transaction_session_timeout */
    {"53100", TCN_EFULL},                            /* disk full */
    {"53", TCN_EBUSY},                               /* memory, connections */
    {"42501", TCN_EINVALID},                         /* privilege */
    {"28", TCN_EINVALID},      {"3D000", TCN_EINVALID},
};

static bool is_one(const char *state, const char *prefix)
{
    return strncmp(state, prefix, strlen(prefix)) == 0;
}

/* A policy of the tables and a missing right have one SQLSTATE. */
static bool is_of_another_account(const PGresult *result, const char *state)
{
    const char *where = PQresultErrorField(result, PG_DIAG_SOURCE_FUNCTION);

    return is_one(state, "42501") && where && strcmp(where, "ExecWithCheckOptions") == 0;
}

/* Never a password. */
static void tell_place(const PGconn *conn, char *ret, size_t size)
{
    const char *host = PQhost(conn), *address = PQhostaddr(conn), *port = PQport(conn),
               *name = PQdb(conn), *role = PQuser(conn);
    bool has_address = address && *address && host && strcmp(host, address) != 0;

    snprintf(ret, size, "PostgreSQL at %s%.90s%s%.40s%s port %.8s, database %.48s, role %.48s",
             host && *host == '/' ? "the socket in " : "", host && *host ? host : "no host",
             has_address ? " (" : "", has_address ? address : "", has_address ? ")" : "",
             port ? port : "", name ? name : "", role ? role : "");
}

/* A service that is not defined leads nowhere. */
static bool is_somewhere(const PGconn *conn)
{
    const char *host = PQhost(conn), *role = PQuser(conn);

    return (host && *host) || (role && *role);
}

void tcn_pg_tell_place(struct tcn_db *db, char *ret, size_t size)
{
    tell_place(db->conn, ret, size);
}

static int fail(const PGconn *conn, int code, const struct tcn_pg_refusal *refusal,
                const char *remedy, struct tcn_err *err)
{
    char place[TCN_DB_PLACE_TEXT] = "PostgreSQL";
    bool has_state = refusal->state[0] != '\0';

    if (conn && *remedy && is_somewhere(conn))
        tell_place(conn, place, sizeof place);
    return tcn_fail(err, code, "%s: %.*s%s%s%s%s%s", place, *remedy ? 160 : 300, refusal->text,
                    has_state ? " (" : "", refusal->state, has_state ? ")" : "",
                    *remedy ? "; " : "", remedy);
}

static int code_of(const char *state)
{
    for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++)
        if (is_one(state, meanings[i].state))
            return meanings[i].code;
    return TCN_EIO;
}

/* Details of a message may hold what senders wrote; its first line does not. */
int tcn_pg_fail(struct tcn_db *db, const PGresult *result, struct tcn_err *err)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *why = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    struct tcn_pg_refusal refusal = {.state = ""};
    int code;

    if (!state || !why)
        return tcn_fail(err, TCN_EBUSY, "PostgreSQL: the connection is lost");
    if (is_of_another_account(result, state))
        return tcn_fail(err, TCN_ECONFLICT, "PostgreSQL: the row is another account's (%s)", state);
    code = code_of(state);
    db->is_full = db->is_full || code == TCN_EFULL;
    db->is_demoted = db->is_demoted || is_one(state, "25006");
    db->lock_timeouts += is_one(state, LOCK_TIMEOUT);
    snprintf(refusal.state, sizeof refusal.state, "%s", state);
    snprintf(refusal.text, sizeof refusal.text, "%s", why);
    return fail(db->conn ? db->conn : db->coming, code, &refusal, tcn_pg_remedy(state, why), err);
}

int tcn_pg_fail_connection(const PGconn *conn, struct tcn_err *err)
{
    struct tcn_pg_refusal refusal;
    const char *remedy;

    tcn_pg_read_refusal(PQerrorMessage(conn), &refusal);
    remedy = tcn_pg_remedy(refusal.state, refusal.text);
    return fail(conn, TCN_EBUSY, &refusal, *remedy ? remedy : "the server's log may say more", err);
}
