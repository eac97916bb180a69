/* What an error of the server means to the store. */
#include "store/postgres.h"

#include "store/die.h"
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
    const char *remedy;
} meanings[] = {
    {"23", TCN_ECONFLICT, ""},
    {"08", TCN_EBUSY, ""},
    {"57P", TCN_EBUSY, ""},   /* shut down, crashed, starting */
    {"25006", TCN_EBUSY, ""}, /* read only: it is a standby now */
    {"40", TCN_EBUSY, ""},    /* deadlock, serialization */
    {LOCK_TIMEOUT, TCN_EBUSY, ""},
    {"57014", TCN_EBUSY, ""}, /* statement_timeout */
    {"25P03", TCN_EBUSY, ""}, /* idle_in_transaction_session_timeout */
    {"53100", TCN_EFULL, ""}, /* disk full */
    {"53", TCN_EBUSY, ""},    /* memory, connections */
    {"42501", TCN_EINVALID,   /* privilege */
     "; start once with a role that may create tables in this schema, and give this one SELECT, "
     "INSERT, UPDATE and DELETE on them"},
    {"28", TCN_EINVALID, "; check user and password of the store"},
    {"3D000", TCN_EINVALID, "; create it (createdb) or name another"},
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

/* Details of a message may hold what senders wrote; its first line does not. */
int tcn_pg_fail(struct tcn_db *db, const PGresult *result, struct tcn_err *err)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *why = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

    if (!state || !why)
        return tcn_fail(err, TCN_EBUSY, "PostgreSQL: the connection is lost");
    if (is_of_another_account(result, state))
        return tcn_fail(err, TCN_ECONFLICT, "PostgreSQL: the row is another account's (%s)", state);
    for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++) {
        if (!is_one(state, meanings[i].state))
            continue;
        db->is_full = db->is_full || meanings[i].code == TCN_EFULL;
        db->is_demoted = db->is_demoted || is_one(state, "25006");
        db->lock_timeouts += is_one(state, LOCK_TIMEOUT);
        return tcn_fail(err, meanings[i].code, "PostgreSQL: %.300s (%s)%s", why, state,
                        meanings[i].remedy);
    }
    return tcn_fail(err, TCN_EIO, "PostgreSQL: %.300s (%s)", why, state);
}

int tcn_pg_fail_connection(const PGconn *conn, struct tcn_err *err)
{
    const char *text = PQerrorMessage(conn);
    char line[TCN_ERR_MSG];
    size_t len = 0;
    bool is_space = true;

    for (; *text && len < sizeof line - 1; text++) {
        bool space = *text == ' ' || *text == '\n' || *text == '\t';

        if (!space || !is_space)
            line[len++] = space ? ' ' : *text;
        is_space = space;
    }
    while (len > 0 && line[len - 1] == ' ')
        len--;
    line[len] = '\0';
    return tcn_fail(err, TCN_EBUSY, "PostgreSQL: %.400s", len ? line : "no answer");
}
