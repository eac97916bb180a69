/* Why the hosts of a URL do not take this process: each of them for a reason of its own, and the one to be mended is seldom the
 * last one that was asked. */
#include "store/postgres.h"

#include "store/postgres_remedy.h"
#include <stdio.h>

/* A standby is met as one that takes no writes; libpq says so in words only (fe-connect.c, of target_session_attrs). */
static bool is_of_standby(const struct tcn_pg_refusal *refusal)
{
    return strstr(refusal->text, "session is read-only") ||
           strstr(refusal->text, "in hot standby mode");
}

/* 57P03, cannot_connect_now: it starts, or ends, or is a standby that lets nobody in. */
static enum tcn_pg_host_state state_of(const struct tcn_pg_refusal *refusal)
{
    if (is_of_standby(refusal))
        return TCN_PG_IS_STANDBY;
    return *refusal->state == '\0' || strcmp(refusal->state, "57P03") == 0 ? TCN_PG_IS_SILENT
                                                                           : TCN_PG_IS_CLOSED;
}

void tcn_pg_refused(const PGconn *conn, struct tcn_pg_refused *ret)
{
    struct tcn_pg_refusal refusal;
    struct tcn_err err;

    tcn_pg_read_refusal(PQerrorMessage(conn), &refusal);
    *ret = (struct tcn_pg_refused){.state = state_of(&refusal)};
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

/* The one that says most; NULL: none was asked. */
static const struct tcn_pg_refused *main_one(const struct tcn_pg_refused *list, size_t n)
{
    const struct tcn_pg_refused *best = NULL;

    for (size_t i = 0; i < n; i++)
        if (list[i].state != TCN_PG_IS_UNASKED && (!best || list[i].state > best->state))
            best = &list[i];
    return best;
}

int tcn_pg_fail_hosts(const struct tcn_pg_refused *list, size_t n, struct tcn_err *err)
{
    const struct tcn_pg_refused *best = main_one(list, n);
    char others[TCN_ERR_MSG] = "";

    if (!best)
        return tcn_fail(err, TCN_EBUSY, "PostgreSQL: the connection is lost");
    for (size_t i = 0; i < n; i++) {
        size_t len = strlen(others);

        if (&list[i] != best && list[i].state != TCN_PG_IS_UNASKED)
            snprintf(others + len, sizeof others - len, "; and %s: %s", list[i].host, list[i].text);
    }
    return tcn_fail(err, TCN_EBUSY, "%s%s", best->why, others);
}

const char *tcn_pg_refused_in_public(const struct tcn_pg_refused *list, size_t n)
{
    static const char *const words[] = {
        [TCN_PG_IS_UNASKED] = NULL,
        [TCN_PG_IS_STANDBY] = "its server takes no writes: a standby that is not promoted",
        [TCN_PG_IS_SILENT] = "its server cannot be reached",
        [TCN_PG_IS_CLOSED] = "its server does not let this node in",
        [TCN_PG_IS_UNFIT] = "its server is not fit for this node's work, as its log says",
    };
    const struct tcn_pg_refused *best = main_one(list, n);

    if (!best)
        return NULL;
    return best->waits ? best->waits : words[best->state];
}
