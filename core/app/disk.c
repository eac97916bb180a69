#include "app/disk.h"

bool tcn_disk_is_full(const struct tcn_app *app)
{
    struct tcn_storethread_stats stats;

    tcn_storethread_stats(app->store, &stats);
    return stats.disk_full;
}

void tcn_disk_told(void *ctx, bool is_full)
{
    const struct tcn_app *app = ctx;

    if (is_full)
        tcn_log(TCN_LOG_WARN, "store",
                "the disk is full: alarms are answered 503, accepted work goes on", "store",
                app->config->store, "do",
                "make room on this file system: at least 24 MiB, and for a larger store as much "
                "again as it has, at most 272 MiB; it recovers by itself",
                NULL);
    else
        tcn_log(TCN_LOG_INFO, "store", "the disk has room again: alarms are accepted", "store",
                app->config->store, NULL);
}
