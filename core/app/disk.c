#include "app/disk.h"

static bool is_on_server(const struct tcn_app *app)
{
    return tcn_store_is_postgres(app->config->store);
}

const char *tcn_disk_refusal(const struct tcn_app *app)
{
    struct tcn_storethread_stats stats;

    if (app->is_store_gone)
        return "the database file was removed or replaced under the running process";
    tcn_storethread_stats(app->store, &stats);
    if (!stats.disk_full)
        return NULL;
    return is_on_server(app) ? "the disk of the database's server is full" : "the disk is full";
}

void tcn_disk_gone(void *ctx, const char *why)
{
    struct tcn_app *app = ctx;

    app->is_store_gone = true;
    tcn_log(TCN_LOG_ERROR, "store",
            "the database was taken away: alarms are answered 503, accepted work goes on from the "
            "open file until this process ends, and is lost then",
            "why", why, "do",
            "stop this process, put the database back where it was (tocsin db restore, from a "
            "backup) and start again; README.md says how to save what is in the open file before",
            NULL);
}

static void tell_full(const struct tcn_app *app)
{
    struct tcn_storethread_stats stats;

    tcn_storethread_stats(app->store, &stats);
    if (is_on_server(app))
        tcn_log(TCN_LOG_WARN, "store",
                "the disk of the database's server is full: alarms are answered 503, accepted work "
                "waits",
                "host", stats.database.host, "do",
                "make room on the disk of that server; it recovers by itself", NULL);
    else
        tcn_log(TCN_LOG_WARN, "store",
                "the disk is full: alarms are answered 503, accepted work goes on", "store",
                app->config->store, "do",
                "make room on this file system: at least 24 MiB, and for a larger store as much "
                "again as it has, at most 272 MiB; it recovers by itself",
                NULL);
}

void tcn_disk_told(void *ctx, bool is_full)
{
    struct tcn_app *app = ctx;

    app->listens_ms = tcn_app_now_ms(app);
    if (is_full)
        tell_full(app);
    else
        tcn_log(TCN_LOG_INFO, "store", "the disk has room again: alarms are accepted", "store",
                app->config->store, NULL);
}
