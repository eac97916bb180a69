/* Commits that wait for a synchronous standby wait for ever when there is none: a start says so before it makes one. */
#include "store/postgres.h"

#include "sys/clock.h"
#include "sys/log.h"
#include <poll.h>

/* Who may not read statistics sees that a standby is connected, and no more of it. */
static const char find_lack[] =
    "SELECT current_setting('synchronous_standby_names') WHERE"
    " current_setting('synchronous_standby_names') <> '' AND NOT EXISTS"
    " (SELECT 1 FROM pg_stat_replication WHERE sync_state IS NULL OR sync_state <> 'async')";

#define LOOK_MS 500
#define PATIENCE_MS 60000

int tcn_pg_may_commit(struct tcn_db *db, struct tcn_err *err)
{
    struct tcn_dbstmt *st = NULL;
    struct tcn_str names;
    int r;

    if ((r = tcn_pg_prepare(db, find_lack, &st, err)) < 0)
        return r;
    if ((r = tcn_pg_step(st, err)) == 1) {
        names = tcn_postgres_driver.column_text(st, 0);
        r = tcn_fail(err, TCN_EBUSY,
                     "every commit waits for a synchronous standby and none is connected "
                     "(synchronous_standby_names is '%.*s'): start the standby, or ALTER SYSTEM "
                     "SET synchronous_standby_names = '' and SELECT pg_reload_conf(), which gives "
                     "up that a failover loses nothing",
                     names.len > 100 ? 100 : (int)names.len, names.ptr);
    }
    tcn_pg_finalize(st);
    return r;
}

/* A standby that starts beside its primary takes a moment. */
int tcn_pg_await_standby(struct tcn_db *db, struct tcn_err *err)
{
    int64_t until_us = tcn_clock_mono_us() + PATIENCE_MS * INT64_C(1000);
    bool is_told = false;
    int r;

    while ((r = tcn_pg_may_commit(db, err)) == TCN_EBUSY && !tcn_pg_is_lost(db) &&
           tcn_clock_mono_us() < until_us) {
        if (!is_told)
            tcn_log(TCN_LOG_WARN, "store", "the start waits for a standby", "why", err->msg, NULL);
        is_told = true;
        poll(NULL, 0, LOOK_MS);
    }
    return r;
}
