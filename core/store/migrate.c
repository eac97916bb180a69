/* Runs the migrations that a database lacks. */
#include "store/migrate.h"
#include "store/internal.h"

#include "base/buf.h"
#include "sys/clock.h"
#include <assert.h>
#include <poll.h>

#define MAX_STATEMENT_BYTES (16 * 1024)
/* While a migration waits for a table, whoever comes to that table waits behind it. */
#define HURRY "SET LOCAL lock_timeout = 300"
#define PAUSE_MS 700
#define PATIENCE_MS 60000
#define ON_SERVER "{ON_SERVER}" /* not of a database inside the process */

static const char *word_of(const struct tcn_db_driver *driver, const char *name, size_t len)
{
    for (const struct tcn_db_word *w = driver->words; w->name; w++)
        if (strlen(w->name) == len && memcmp(w->name, name, len) == 0)
            return w->text;
    return NULL;
}

void tcn_db_translate(const struct tcn_db_driver *driver, const char *sql, struct tcn_buf *out)
{
    const char *open, *close, *word;

    tcn_buf_clear(out);
    while ((open = strchr(sql, '{')) != NULL && (close = strchr(open, '}')) != NULL) {
        word = word_of(driver, open + 1, (size_t)(close - open - 1));
        assert(word);
        tcn_buf_add(out, sql, (size_t)(open - sql));
        tcn_buf_z(out, word);
        sql = close + 1;
    }
    tcn_buf_z(out, sql);
    assert(tcn_buf_ok(out));
}

/* Runs one statement with up to three numbers; ret_row (two numbers, may be NULL) takes the first row. */
static int run(const struct tcn_db_driver *driver, struct tcn_db *db, const char *sql,
               const int64_t params[3], int64_t ret_row[2], struct tcn_err *err)
{
    struct tcn_dbstmt *st = NULL;
    int r;

    if ((r = driver->prepare(db, sql, &st, err)) < 0)
        return r;
    for (int i = 0; params && i < 3; i++)
        driver->bind_int(st, i + 1, params[i]);
    while ((r = driver->step(st, err)) == 1 && ret_row) {
        ret_row[0] = driver->column_int(st, 0);
        ret_row[1] = driver->column_int(st, 1);
        ret_row = NULL;
    }
    driver->finalize(st);
    return r;
}

int tcn_migrate_run(const struct tcn_db_driver *driver, struct tcn_db *db, const char *sql,
                    int64_t ret_row[2], struct tcn_err *err)
{
    struct tcn_buf text;
    int r;

    tcn_buf_init(&text, MAX_STATEMENT_BYTES);
    tcn_db_translate(driver, sql, &text);
    r = run(driver, db, text.ptr, NULL, ret_row, err);
    tcn_buf_done(&text);
    return r;
}

static const char versions_table[] = "CREATE TABLE IF NOT EXISTS schema_version ("
                                     " version {INT} PRIMARY KEY NOT NULL,"
                                     " oldest {INT} NOT NULL,"
                                     " applied_ms {INT} NOT NULL"
                                     "){PLAIN}";

static const char find_table[] = "SELECT COUNT(*), 0 FROM {TABLES} WHERE name = 'schema_version'";

/* A role that may not create tables must get by when they are there. */
static int need_versions(const struct tcn_db_driver *driver, struct tcn_db *db, struct tcn_err *err)
{
    int64_t found[2] = {0};
    int r = tcn_migrate_run(driver, db, find_table, found, err);

    return r < 0 || found[0] > 0 ? r : tcn_migrate_run(driver, db, versions_table, NULL, err);
}

/* A start whose commit is undecided is no start: the next one looks at what is there. */
static int commit(const struct tcn_db_driver *driver, struct tcn_db *db, struct tcn_err *err)
{
    int r = driver->commit(db, err);

    return r == TCN_UNDECIDED ? TCN_EIO : r;
}

/* Whatever the columns of another program's table of that name are. */
static const char select_version[] = "SELECT CAST(version AS BIGINT), CAST(oldest AS BIGINT)"
                                     " FROM schema_version ORDER BY 1 DESC LIMIT 1";

/* No row is a database that is new. */
static int check_version(const int64_t found[2], struct tcn_err *err)
{
    if (found[0] >= 0 && found[1] <= found[0] && (found[0] == 0) == (found[1] <= 0))
        return 0;
    return tcn_fail(err, TCN_EINVALID,
                    "the table schema_version is damaged, or another program's (version %lld, "
                    "oldest %lld): name an empty database or schema, or restore a backup",
                    (long long)found[0], (long long)found[1]);
}

static int read_version(const struct tcn_db_driver *driver, struct tcn_db *db, int64_t ret[2],
                        struct tcn_err *err)
{
    int r;

    ret[0] = ret[1] = 0;
    if ((r = driver->begin_alone(db, err)) < 0)
        return r;
    if ((r = need_versions(driver, db, err)) < 0 ||
        (r = run(driver, db, select_version, NULL, ret, err)) < 0 ||
        (r = check_version(ret, err)) < 0) {
        driver->rollback(db);
        return r;
    }
    return commit(driver, db, err);
}

static int write(const struct tcn_db_driver *driver, struct tcn_db *db,
                 const struct tcn_migration *m, int64_t now_ms, struct tcn_err *err)
{
    const int64_t row[3] = {m->version, m->oldest, now_ms};
    int r = driver->lock ? tcn_migrate_run(driver, db, HURRY, NULL, err) : 0;

    for (size_t i = 0; r == 0 && m->statements[i]; i++)
        if (driver->lock || strncmp(m->statements[i], ON_SERVER, strlen(ON_SERVER)) != 0)
            r = tcn_migrate_run(driver, db, m->statements[i], NULL, err);
    if (r < 0)
        return r;
    return run(driver, db,
               "INSERT INTO schema_version (version, oldest, applied_ms) VALUES ($1, $2, $3)", row,
               NULL, err);
}

static int apply(const struct tcn_db_driver *driver, struct tcn_db *db,
                 const struct tcn_migration *m, int64_t now_ms, struct tcn_err *err)
{
    int64_t found[2] = {0};
    int r;

    if ((r = driver->begin_alone(db, err)) < 0)
        return r;
    /* Another process may have been faster. */
    if ((r = run(driver, db, select_version, NULL, found, err)) == 0 && found[0] < m->version)
        r = write(driver, db, m, now_ms, err);
    if (r < 0) {
        driver->rollback(db);
        return r;
    }
    return commit(driver, db, err);
}

/* A table is locked by others for a moment, or by one who dumps it: in turns, so that those at work get theirs. */
static int apply_in_turns(const struct tcn_db_driver *driver, struct tcn_db *db,
                          const struct tcn_migration *m, int64_t now_ms, int64_t until_us,
                          struct tcn_err *err)
{
    struct tcn_err why;
    int r;

    while ((r = apply(driver, db, m, now_ms, &why)) == TCN_EBUSY && driver->lock &&
           !driver->is_lost(db) && tcn_clock_mono_us() < until_us)
        poll(NULL, 0, PAUSE_MS);
    if (r == TCN_EBUSY && driver->lock && !driver->is_lost(db))
        return tcn_fail(err, r,
                        "the change of the schema to %lld needs a table that another session keeps "
                        "locked (pg_dump, a long transaction; pg_stat_activity shows it): end that "
                        "one, or wait for its end, then start again (%.200s)",
                        (long long)m->version, why.msg);
    return r < 0 ? tcn_fail(err, r, "%s", why.msg) : r;
}

int tcn_migrate(const struct tcn_db_driver *driver, struct tcn_db *db,
                const struct tcn_migration *list, int64_t now_ms, struct tcn_err *err)
{
    return tcn_migrate_within(driver, db, list, now_ms, PATIENCE_MS, err);
}

int tcn_migrate_within(const struct tcn_db_driver *driver, struct tcn_db *db,
                       const struct tcn_migration *list, int64_t now_ms, int64_t patience_ms,
                       struct tcn_err *err)
{
    int64_t until_us = tcn_clock_mono_us() + patience_ms * 1000;
    int64_t found[2], newest = 0;
    int r;

    for (size_t i = 0; list[i].version; i++) {
        assert(list[i].version == newest + 1);
        newest = list[i].version;
    }
    if ((r = read_version(driver, db, found, err)) < 0)
        return r;
    if (found[0] > newest && found[1] > newest)
        return tcn_fail(err, TCN_EINVALID,
                        "the store has schema %lld, this tocsin knows up to %lld: start the newer "
                        "tocsin that wrote it, or restore the backup from before the upgrade",
                        (long long)found[0], (long long)newest);
    for (size_t i = 0; list[i].version; i++)
        if (list[i].version > found[0] &&
            (r = apply_in_turns(driver, db, &list[i], now_ms, until_us, err)) < 0)
            return r;
    return 0;
}

int tcn_migrate_follow(const struct tcn_db_driver *driver, struct tcn_db *db,
                       const struct tcn_migration *list, int64_t *ret_version, struct tcn_err *err)
{
    int64_t found[2] = {0}, newest = 0;
    int r = run(driver, db, select_version, NULL, found, err);

    for (size_t i = 0; list[i].version; i++)
        newest = list[i].version;
    if (r == 0)
        *ret_version = found[0];
    if (r < 0 || found[1] <= newest)
        return r;
    return tcn_fail(err, TCN_EINVALID,
                    "a newer tocsin has brought the database to schema %lld, which this one (%lld) "
                    "cannot write: start the newer one here, too",
                    (long long)found[0], (long long)newest);
}

static int look(const struct tcn_db_driver *driver, struct tcn_db *db, int64_t ret[2],
                struct tcn_err *err)
{
    int64_t found[2] = {0};
    int r;

    if ((r = driver->begin(db, err)) < 0)
        return r;
    if ((r = tcn_migrate_run(driver, db, find_table, found, err)) == 0 && found[0] > 0)
        r = run(driver, db, select_version, NULL, ret, err);
    driver->rollback(db);
    return r;
}

static int fail_empty(const struct tcn_db_driver *driver, struct tcn_db *db, struct tcn_err *err)
{
    char place[TCN_DB_PLACE_TEXT];

    driver->tell_place(db, place, sizeof place);
    return tcn_fail(
        err, TCN_EINVALID,
        "%s: there is no store of tocsin in it yet: tocsin serve makes one at its first "
        "start; if there should be one, name the right database in the store's URL (of "
        "PostgreSQL the right schema, too: options=-csearch_path%%3DNAME), or restore "
        "a backup into it",
        place);
}

int tcn_migrate_check(const struct tcn_db_driver *driver, struct tcn_db *db,
                      const struct tcn_migration *list, bool is_exact, struct tcn_err *err)
{
    int64_t found[2] = {0}, newest = 0;
    int r = look(driver, db, found, err);

    for (size_t i = 0; list[i].version; i++)
        newest = list[i].version;
    if (r == 0)
        r = check_version(found, err);
    if (r < 0 || found[0] == newest || (found[0] > newest && found[1] <= newest && !is_exact))
        return r;
    if (found[0] == 0)
        return fail_empty(driver, db, err);
    return tcn_fail(err, TCN_EINVALID, "the store has schema %lld, this tocsin knows %lld: %s",
                    (long long)found[0], (long long)newest,
                    found[0] < newest ? "start tocsin serve on it once, which brings it up"
                                      : "use the tocsin that wrote it");
}
