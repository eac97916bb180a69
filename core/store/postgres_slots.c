/* Whether the server has room for what a node opens: a role, a database and the server itself have limits of connections, and
 * one that lets the store's thread in may refuse the connection that reads. */
#include "store/postgres.h"

#include "store/postgres_remedy.h"
#include "sys/clock.h"
#include "sys/log.h"
#include <poll.h>

#define TOO_MANY "53300"
#define LOOK_MS 250
#define PATIENCE_MS 3000

/* Whether one more connection may be made; if not, *ret_is_set: the limit is one that somebody has set for the role or the
 * database, and can raise (InitializeSessionUserId, CheckMyDatabase of PostgreSQL). */
static int connect_once(struct tcn_db *db, bool *ret_is_set, struct tcn_err *err)
{
    int64_t until_us = tcn_clock_mono_us() + TCN_PG_CONNECT_MS * INT64_C(1000);
    PGconn *conn = tcn_pg_hosts_start(&db->hosts, db->host_in_use);
    struct tcn_pg_refusal refusal = {.state = ""};
    bool is_writing = true; /* as PQconnectPoll wants it at first */
    int r = 0;

    if (tcn_pg_advance(conn, &is_writing, until_us, INT64_MAX) != 1)
        tcn_pg_read_refusal(PQerrorMessage(conn), &refusal);
    if (strcmp(refusal.state, TOO_MANY) == 0)
        r = tcn_pg_fail_connection(conn, err);
    *ret_is_set = strstr(refusal.text, "for role ") || strstr(refusal.text, "for database ");
    PQfinish(conn);
    return r;
}

int tcn_pg_may_connect(struct tcn_db *db, struct tcn_err *err)
{
    return connect_once(db, &(bool){false}, err);
}

/* Connections of a process that was killed, and of the survey before, end in this moment. */
int tcn_pg_await_slot(struct tcn_db *db, struct tcn_err *err)
{
    int64_t until_us = tcn_clock_mono_us() + PATIENCE_MS * INT64_C(1000);
    bool is_set;
    int r;

    while ((r = connect_once(db, &is_set, err)) < 0 && tcn_clock_mono_us() < until_us)
        poll(NULL, 0, LOOK_MS);
    if (r == 0 || is_set)
        return r;
    /* A server that is full just now is no reason to take no alarms: the one connection reads as well. */
    tcn_log(TCN_LOG_WARN, "store", "the database has no room for this node's second connection",
            "why", err->msg, NULL);
    return 0;
}
