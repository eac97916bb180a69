/* Runs the migrations that a database lacks. */
#include "store/migrate.h"

#include "base/buf.h"
#include <assert.h>

#define MAX_STATEMENT_BYTES (16 * 1024)

static const char *word_of(const struct tcn_db_driver *driver, const char *name, size_t len)
{
    for (const struct tcn_db_word *w = driver->words; w->name; w++)
        if (strlen(w->name) == len && memcmp(w->name, name, len) == 0)
            return w->text;
    return NULL;
}

/* Replaces {NAME} by the dialect's word. */
static void translate(const struct tcn_db_driver *driver, const char *sql, struct tcn_buf *out)
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

static int run_translated(const struct tcn_db_driver *driver, struct tcn_db *db, const char *sql,
                          struct tcn_err *err)
{
    struct tcn_buf text;
    int r;

    tcn_buf_init(&text, MAX_STATEMENT_BYTES);
    translate(driver, sql, &text);
    r = run(driver, db, text.ptr, NULL, NULL, err);
    tcn_buf_done(&text);
    return r;
}

static const char versions_table[] = "CREATE TABLE IF NOT EXISTS schema_version ("
                                     " version {INT} PRIMARY KEY NOT NULL,"
                                     " oldest {INT} NOT NULL,"
                                     " applied_ms {INT} NOT NULL"
                                     "){PLAIN}";

static int read_version(const struct tcn_db_driver *driver, struct tcn_db *db, int64_t ret[2],
                        struct tcn_err *err)
{
    int r;

    ret[0] = ret[1] = 0;
    if ((r = driver->begin(db, err)) < 0)
        return r;
    if ((r = run_translated(driver, db, versions_table, err)) < 0 ||
        (r = run(driver, db,
                 "SELECT version, oldest FROM schema_version ORDER BY version DESC LIMIT 1", NULL,
                 ret, err)) < 0) {
        driver->rollback(db);
        return r;
    }
    return driver->commit(db, err);
}

static int apply(const struct tcn_db_driver *driver, struct tcn_db *db,
                 const struct tcn_migration *m, int64_t now_ms, struct tcn_err *err)
{
    const int64_t row[3] = {m->version, m->oldest, now_ms};
    int r;

    if ((r = driver->begin(db, err)) < 0)
        return r;
    for (size_t i = 0; r == 0 && m->statements[i]; i++)
        r = run_translated(driver, db, m->statements[i], err);
    if (r == 0)
        r = run(driver, db,
                "INSERT INTO schema_version (version, oldest, applied_ms) VALUES ($1, $2, $3)", row,
                NULL, err);
    if (r < 0) {
        driver->rollback(db);
        return r;
    }
    return driver->commit(db, err);
}

int tcn_migrate(const struct tcn_db_driver *driver, struct tcn_db *db,
                const struct tcn_migration *list, int64_t now_ms, struct tcn_err *err)
{
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
        if (list[i].version > found[0] && (r = apply(driver, db, &list[i], now_ms, err)) < 0)
            return r;
    return 0;
}
