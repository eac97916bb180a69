/* Why the hosts of a URL do not take this process: each of them for a reason of its own, and the one to be mended is seldom the
 * last one that was asked. */
#include "store/postgres.h"

#include "store/postgres_remedy.h"
#include <stdio.h>

/* One that takes no writes; libpq says so in words only (fe-connect.c, of target_session_attrs). */
static bool is_read_only(const struct tcn_pg_refusal *refusal)
{
    return strstr(refusal->text, "session is read-only") ||
           strstr(refusal->text, "in hot standby mode");
}

/* Servers of 14 and newer report it, and it outlives the refusal; of an older one it is not known. */
static bool is_no_standby(const PGconn *conn)
{
    const char *in_hot_standby = PQparameterStatus(conn, "in_hot_standby");

    return in_hot_standby && strcmp(in_hot_standby, "off") == 0;
}

/* 57P03, cannot_connect_now: it starts, or ends, or is a standby that lets nobody in. */
static enum tcn_pg_host_state state_of(const PGconn *conn, const struct tcn_pg_refusal *refusal)
{
    if (is_read_only(refusal))
        return is_no_standby(conn) ? TCN_PG_IS_READ_ONLY : TCN_PG_IS_STANDBY;
    return *refusal->state == '\0' || strcmp(refusal->state, "57P03") == 0 ? TCN_PG_IS_SILENT
                                                                           : TCN_PG_IS_CLOSED;
}

void tcn_pg_refused(const PGconn *conn, struct tcn_pg_refused *ret)
{
    struct tcn_pg_refusal refusal;
    struct tcn_err err;

    tcn_pg_read_refusal(PQerrorMessage(conn), &refusal);
    *ret = (struct tcn_pg_refused){.state = state_of(conn, &refusal)};
    tcn_pg_name_host(conn, ret->host, sizeof ret->host);
    snprintf(ret->text, sizeof ret->text, "%.119s", refusal.text);
    tcn_pg_fail_connection(conn, &err);
    memcpy(ret->why, err.msg, sizeof ret->why);
}

void tcn_pg_refused_later(const PGconn *conn, const struct tcn_err *why, struct tcn_pg_refused *ret)
{
    *ret = (struct tcn_pg_refused){.state = TCN_PG_IS_UNFIT};
    tcn_pg_name_host(conn, ret->host, sizeof ret->host);
    snprintf(ret->text, sizeof ret->text, "%.119s", why->msg);
    memcpy(ret->why, why->msg, sizeof ret->why);
}

/* -- of all of them ------------------------------------------------------------------------------------------------ */

/* The one that says most; NULL: none was asked, or only standbys were: another host may be the one that takes writes, and it
 * matters what that one says. */
static const struct tcn_pg_refused *main_one(const struct tcn_pg_refused *list, size_t n)
{
    const struct tcn_pg_refused *best = NULL;
    bool is_all = true;

    for (size_t i = 0; i < n; i++) {
        is_all = is_all && list[i].state != TCN_PG_IS_UNASKED;
        if (list[i].state != TCN_PG_IS_UNASKED && (!best || list[i].state > best->state))
            best = &list[i];
    }
    return best && best->state == TCN_PG_IS_STANDBY && !is_all ? NULL : best;
}

int tcn_pg_fail_hosts(const struct tcn_pg_refused *list, size_t n, struct tcn_err *err)
{
    const struct tcn_pg_refused *best = main_one(list, n);
    char others[TCN_ERR_MSG] = "";

    for (size_t i = 0; i < n; i++) {
        size_t len = strlen(others);

        if (&list[i] != best && *list[i].host)
            snprintf(others + len, sizeof others - len, "; and %s: %s", list[i].host,
                     list[i].state == TCN_PG_IS_UNASKED ? "no answer yet" : list[i].text);
    }
    return tcn_fail(err, TCN_EBUSY, "%s%s", best ? best->why : "PostgreSQL: the connection is lost",
                    others);
}

const char *tcn_pg_refused_in_public(const struct tcn_pg_refused *list, size_t n)
{
    static const char *const words[] = {
        [TCN_PG_IS_UNASKED] = NULL,
        [TCN_PG_IS_STANDBY] = "its server takes no writes: a standby that is not promoted",
        [TCN_PG_IS_SILENT] = "its server cannot be reached",
        [TCN_PG_IS_READ_ONLY] = "its server takes no writes from this node's role or database",
        [TCN_PG_IS_CLOSED] = "its server does not let this node in",
        [TCN_PG_IS_UNFIT] = "its server is not fit for this node's work, as its log says",
    };
    const struct tcn_pg_refused *best = main_one(list, n);

    if (!best)
        return NULL;
    return best->waits ? best->waits : words[best->state];
}
