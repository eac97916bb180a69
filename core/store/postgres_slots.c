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

static void ignore(void *arg, const PGresult *notice)
{
    (void)arg;
    (void)notice;
}

static bool is_too_many(const PGconn *conn)
{
    struct tcn_pg_refusal refusal;

    tcn_pg_read_refusal(PQerrorMessage(conn), &refusal);
    return strcmp(refusal.state, TOO_MANY) == 0;
}

int tcn_pg_may_connect(struct tcn_db *db, struct tcn_err *err)
{
    int64_t until_us = tcn_clock_mono_us() + TCN_PG_CONNECT_MS * INT64_C(1000);
    PGconn *conn = tcn_pg_hosts_start(&db->hosts, db->host_in_use);
    bool is_writing = true; /* as PQconnectPoll wants it at first */
    int r = 0;

    PQsetNoticeReceiver(conn, ignore, NULL);
    if (tcn_pg_advance(conn, &is_writing, until_us, INT64_MAX) != 1 && is_too_many(conn))
        r = tcn_pg_fail_connection(conn, err);
    PQfinish(conn);
    return r;
}

/* A limit of the role or the database was set by somebody who can raise it (miscinit.c, postinit.c of PostgreSQL). A server
 * that is full just now is no reason to take no alarms: the node goes on with one connection and reads with that. */
static bool is_set_limit(const struct tcn_err *err)
{
    return strstr(err->msg, "for role ") || strstr(err->msg, "for database ");
}

/* Connections of a process that was killed, and of the survey before, end in this moment. */
int tcn_pg_await_slot(struct tcn_db *db, struct tcn_err *err)
{
    int64_t until_us = tcn_clock_mono_us() + PATIENCE_MS * INT64_C(1000);
    int r;

    while ((r = tcn_pg_may_connect(db, err)) < 0 && tcn_clock_mono_us() < until_us)
        poll(NULL, 0, LOOK_MS);
    if (r == 0 || is_set_limit(err))
        return r;
    tcn_log(TCN_LOG_WARN, "store", "the database has no room for this node's second connection",
            "why", err->msg, NULL);
    return 0;
}
