#include "app/servers.h"
#include "base/xalloc.h"

#include <stdio.h>
#include <stdlib.h>

struct tcn_servers {
    struct tcn_surveyor *surveyor;
    struct tcn_survey told; /* what was found last */
};

/* -- telling ------------------------------------------------------------------------------------------------- */

static const char *state_name(enum tcn_server_state state)
{
    static const char *const names[] = {"unknown", "silent", "standby", "primary", "left behind"};

    return names[state];
}

#define PLACE 160
static const char *place(const struct tcn_server *s, char ret[PLACE])
{
    snprintf(ret, PLACE, "%s on timeline %lld", s->host, (long long)s->timeline);
    return ret;
}

/* The one that all should use; NULL: it does not answer now. */
static const struct tcn_server *newest(const struct tcn_survey *is)
{
    const struct tcn_server *best = NULL;

    for (size_t i = 0; i < is->n; i++)
        if (is->servers[i].state == TCN_SERVER_PRIMARY &&
            (!best || is->servers[i].timeline > best->timeline))
            best = &is->servers[i];
    return best;
}

static bool is_in_use(const struct tcn_app *app, const struct tcn_server *s)
{
    struct tcn_storethread_stats store;

    tcn_storethread_stats(app->store, &store);
    return !store.is_away && strcmp(store.database.host, s->host) == 0;
}

static void tell_left_behind(const struct tcn_app *app, const struct tcn_survey *is,
                             const struct tcn_server *old)
{
    const struct tcn_server *right = newest(is);
    char used[PLACE] = "none that answers", left[PLACE];

    if (right)
        place(right, used);
    if (is_in_use(app, old))
        tcn_log(
            TCN_LOG_ERROR, "store",
            "this node writes to a server that a promotion left behind, and others read none of "
            "it: stop that server, upon which the node goes to the one that was promoted, and "
            "make it a standby (pg_rewind, pg_basebackup) before it starts again",
            "promoted", used, "left_behind", place(old, left), NULL);
    else
        tcn_log(TCN_LOG_ERROR, "store",
                "two servers of the store's URL take writes: stop the one that a promotion left "
                "behind and make it a standby (pg_rewind, pg_basebackup) before it starts again",
                "used", used, "left_behind", place(old, left), NULL);
}

static void tell_unmet(const struct tcn_app *app, const struct tcn_server *s, bool is_start)
{
    struct tcn_storethread_stats store;

    tcn_storethread_stats(app->store, &store);
    tcn_log(TCN_LOG_WARN, "store",
            is_start ? "a server of the store's URL was not met at this start: when it is the one "
                       "that was promoted, this node writes to one that was left behind"
                     : "a server of the store's URL does not answer",
            "used", store.database.host, "server", s->host, "why", s->why, NULL);
}

static void tell_server(const struct tcn_app *app, const struct tcn_survey *is, size_t i,
                        enum tcn_server_state was)
{
    const struct tcn_server *s = &is->servers[i];

    if (s->state == was)
        return;
    if (was == TCN_SERVER_LEFT_BEHIND)
        tcn_log(TCN_LOG_INFO, "store", "a server that was left behind takes no writes any more",
                "server", s->host, "now", state_name(s->state), NULL);
    if (s->state == TCN_SERVER_LEFT_BEHIND)
        tell_left_behind(app, is, s);
    else if (s->state == TCN_SERVER_UNMET)
        tell_unmet(app, s, was == TCN_SERVER_UNSET);
    else if (was == TCN_SERVER_UNMET)
        tcn_log(TCN_LOG_INFO, "store", "a server of the store's URL answers again", "server",
                s->host, "now", state_name(s->state), NULL);
}

static void tell_wrong(const struct tcn_survey *was, const struct tcn_survey *is)
{
    if (strcmp(was->wrong, is->wrong) == 0)
        return;
    if (*is->wrong)
        tcn_log(TCN_LOG_ERROR, "store", "the servers of the store's URL are not of one database",
                "why", is->wrong, NULL);
    else
        tcn_log(TCN_LOG_INFO, "store", "the servers of the store's URL are of one database again",
                NULL);
}

static void found(void *ctx, const struct tcn_survey *is)
{
    struct tcn_app *app = ctx;
    struct tcn_survey *told = &app->servers->told;

    tell_wrong(told, is);
    for (size_t i = 0; i < is->n; i++)
        tell_server(app, is, i, told->n == is->n ? told->servers[i].state : TCN_SERVER_UNSET);
    *told = *is;
}

/* -- life ---------------------------------------------------------------------------------------------------- */

int tcn_servers_start(struct tcn_app *app, const struct tcn_store_options *options,
                      struct tcn_err *err)
{
    struct tcn_survey first;

    app->servers = tcn_xcalloc(1, sizeof *app->servers);
    tcn_storethread_survey(app->store, &first);
    found(app, &first);
    return tcn_surveyor_start(app->base, options, TCN_SURVEY_MS, found, app,
                              &app->servers->surveyor, err);
}

void tcn_servers_stop(struct tcn_app *app)
{
    if (!app->servers)
        return;
    tcn_surveyor_stop(app->servers->surveyor);
    free(app->servers);
    app->servers = NULL;
}

static size_t count(const struct tcn_survey *is, enum tcn_server_state state)
{
    size_t n = 0;

    for (size_t i = 0; i < is->n; i++)
        n += is->servers[i].state == state;
    return n;
}

void tcn_servers_metrics(struct tcn_app *app)
{
    const struct tcn_survey *is = app->servers ? &app->servers->told : NULL;

    if (!is || is->n == 0)
        return;
    tcn_metrics_set(app->metrics, "tocsin_database_split", "",
                    *is->wrong || count(is, TCN_SERVER_LEFT_BEHIND) > 0);
    tcn_metrics_set(app->metrics, "tocsin_database_servers_unmet", "",
                    (double)count(is, TCN_SERVER_UNMET));
}
