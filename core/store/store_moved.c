#include "store/moved.h"

#include "store/internal.h"
#include <stdio.h>

enum { MOVED_GET, MOVED_DROP };
static const char *const sql[] = {
    [MOVED_GET] = "SELECT value FROM meta WHERE account_id = $1 AND name = '" TCN_MOVED_TO "'",
    [MOVED_DROP] = "DELETE FROM meta WHERE account_id = $1 AND name = '" TCN_MOVED_TO "'",
};
static const char mark[] =
    "INSERT INTO meta (account_id, epoch, name, value)"
    " SELECT account_id, MAX(epoch), '" TCN_MOVED_TO "', $1 FROM epochs WHERE 1 = 1"
    " GROUP BY account_id"
    " ON CONFLICT (account_id, name) DO UPDATE SET value = excluded.value";
static const char find_other[] =
    "SELECT value FROM meta WHERE name = '" TCN_MOVED_TO "' AND value <> $1 LIMIT 1";

/* Runs one with the place; 1 when there is a row, whose text goes to ret (may be NULL). */
static int run(const struct tcn_db_driver *driver, struct tcn_db *db, const char *text,
               const char *to, char ret[TCN_MOVED_PLACE], struct tcn_err *err)
{
    struct tcn_dbstmt *st = NULL;
    int r;

    if ((r = driver->prepare(db, text, &st, err)) < 0)
        return r;
    driver->bind_text(st, 1, to, strlen(to));
    if ((r = driver->step(st, err)) == 1 && ret)
        snprintf(ret, TCN_MOVED_PLACE, "%.*s", (int)driver->column_text(st, 0).len,
                 driver->column_text(st, 0).ptr);
    driver->finalize(st);
    return r;
}

int tcn_moved_mark(const struct tcn_db_driver *driver, struct tcn_db *db, const char *to,
                   struct tcn_err *err)
{
    int r;

    if ((r = driver->begin_alone(db, err)) < 0)
        return r;
    if ((r = run(driver, db, mark, to, NULL, err)) == 0)
        return driver->commit(db, err) == 0 ? 0 : TCN_EIO;
    driver->rollback(db);
    return r;
}

int tcn_moved_check(const struct tcn_db_driver *driver, struct tcn_db *db, const char *to,
                    struct tcn_err *err)
{
    char other[TCN_MOVED_PLACE];
    int r;

    if ((r = driver->begin(db, err)) < 0)
        return r;
    r = run(driver, db, find_other, to, other, err);
    driver->rollback(db);
    return r <= 0 ? r
                  : tcn_fail(err, TCN_EINVALID,
                             "the source was moved to %s: copy from there, or, to go on from here "
                             "without what happened there, run tocsin db reclaim on it first",
                             other);
}

/* -- a start ------------------------------------------------------------------------------------------------ */

static int read_mark(struct tcn_store *s, char ret_place[TCN_MOVED_PLACE], struct tcn_err *err)
{
    struct tcn_query q;
    int r;

    if ((r = tcn_query_start(s, TCN_SQL_MOVED, MOVED_GET, sql[MOVED_GET], &q, err)) < 0)
        return r;
    if ((r = tcn_query_step(&q, err)) == 1) {
        struct tcn_str place = tcn_c_view(&q);

        snprintf(ret_place, TCN_MOVED_PLACE, "%.*s", (int)place.len, place.ptr);
    }
    tcn_query_done(&q);
    return r;
}

int tcn_moved_to(struct tcn_store *s, char ret_place[TCN_MOVED_PLACE], struct tcn_err *err)
{
    int r;

    if ((r = tcn_store_begin(s, err)) < 0)
        return r;
    r = read_mark(s, ret_place, err);
    tcn_store_rollback(s);
    return r;
}

int tcn_moved_refuse(struct tcn_store *s, struct tcn_err *err)
{
    char place[TCN_MOVED_PLACE];
    int r = tcn_moved_to(s, place, err);

    return r <= 0 ? r
                  : tcn_fail(err, TCN_EINVALID,
                             "this store was moved to %s: name that one under \"store\"; to go on "
                             "here all the same, without what happened there: tocsin db reclaim "
                             "--config FILE",
                             place);
}

static int drop_mark(struct tcn_store *s, struct tcn_err *err)
{
    struct tcn_query q;
    int r;

    if ((r = tcn_query_start(s, TCN_SQL_MOVED, MOVED_DROP, sql[MOVED_DROP], &q, err)) < 0)
        return r;
    return tcn_query_run(&q, err);
}

int tcn_moved_drop(struct tcn_store *s, struct tcn_err *err)
{
    int r;

    if ((r = tcn_store_begin(s, err)) < 0)
        return r;
    if ((r = drop_mark(s, err)) == 0)
        return tcn_store_commit(s, err);
    tcn_store_rollback(s);
    return r;
}
