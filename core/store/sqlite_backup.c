/* The online backup of SQLite. One read transaction lies around all steps: so the copy is of one moment, and a write of
 * the owner does not make it begin anew (sqlite.org/c3ref/backup_finish.html), however many there are. The log grows
 * meanwhile, since no checkpoint passes a reader. The copy gets its name when it is whole, verified and on the disk. */
#include "store/sqlite_backup.h"

#include "base/buf.h"
#include "store/part.h"
#include "store/sqlite.h"
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define STEP_PAGES 1024
#define BUSY_MS 10
#define BUSY_TRIES 1000
#define COMPLAINT_MAX 200

static int fail_copy(struct tcn_err *err, int rc, const char *to)
{
    if ((rc & 0xFF) == SQLITE_NOMEM)
        abort();
    if ((rc & 0xFF) == SQLITE_FULL)
        return tcn_fail(err, TCN_EFULL, "%s: no space left on the disk", to);
    return tcn_fail(err, (rc & 0xFF) == SQLITE_BUSY ? TCN_EBUSY : TCN_EIO, "backup to %s: %s", to,
                    sqlite3_errstr(rc));
}

/* -- copying ---------------------------------------------------------------------------------------------------- */

static int copy_pages(sqlite3_backup *b)
{
    int tries = 0, rc;

    while ((rc = sqlite3_backup_step(b, STEP_PAGES)) != SQLITE_DONE) {
        if (rc == SQLITE_OK)
            tries = 0;
        else if ((rc != SQLITE_BUSY && rc != SQLITE_LOCKED) || ++tries > BUSY_TRIES)
            return rc;
        else
            sqlite3_sleep(BUSY_MS);
    }
    return SQLITE_OK;
}

/* The snapshot of a transaction is that of its first read. */
static int take_snapshot(struct tcn_db *from, struct tcn_err *err)
{
    int r = tcn_sqlite_exec(from, "BEGIN", err);

    return r < 0 ? r : tcn_sqlite_exec(from, "SELECT COUNT(*) FROM sqlite_master", err);
}

static int copy_into(struct tcn_db *from, const char *to, struct tcn_err *err)
{
    sqlite3 *copy = NULL;
    sqlite3_backup *b;
    int rc = sqlite3_open_v2(to, &copy, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);

    /* Nobody reads it before it is whole: its own journal would be of no use. */
    if (rc == SQLITE_OK)
        rc =
            sqlite3_exec(copy, "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF", NULL, NULL, NULL);
    b = rc == SQLITE_OK ? sqlite3_backup_init(copy, "main", from->handle, "main") : NULL;
    if (b) {
        rc = copy_pages(b);
        if (sqlite3_backup_finish(b) != SQLITE_OK && rc == SQLITE_OK)
            rc = sqlite3_errcode(copy);
    } else if (rc == SQLITE_OK) {
        rc = sqlite3_errcode(copy);
    }
    sqlite3_close(copy);
    return rc == SQLITE_OK ? 0 : fail_copy(err, rc, to);
}

static int copy_moment(const char *path, const char *to, struct tcn_err *err)
{
    struct tcn_db *from;
    int r;

    if ((r = tcn_sqlite_open_beside(path, TCN_DB_READER, &from, err)) < 0)
        return r;
    if ((r = take_snapshot(from, err)) == 0)
        r = copy_into(from, to, err);
    tcn_sqlite_close(from);
    return r;
}

/* -- verifying -------------------------------------------------------------------------------------------------- */

static int first_complaint(sqlite3 *db, const char *path, struct tcn_err *err)
{
    sqlite3_stmt *st = NULL;
    const char *text = NULL;
    int r = 0, rc = sqlite3_prepare_v2(db, "PRAGMA integrity_check(1)", -1, &st, NULL);

    if (rc == SQLITE_OK && (rc = sqlite3_step(st)) == SQLITE_ROW)
        text = (const char *)sqlite3_column_text(st, 0);
    if (!text || strcmp(text, "ok") != 0)
        r = tcn_fail(err, TCN_EIO, "%s is damaged: %.*s", path, COMPLAINT_MAX,
                     text ? text : sqlite3_errmsg(db));
    sqlite3_finalize(st);
    return r;
}

int tcn_sqlite_verify(const char *path, struct tcn_err *err)
{
    struct tcn_buf uri;
    sqlite3 *db = NULL;
    int rc, r;

    tcn_buf_init(&uri, 16384);
    tcn_buf_z(&uri, "file:");
    for (const char *c = path; *c; c++)
        if (*c == '/')
            tcn_buf_char(&uri, '/');
        else
            tcn_buf_percent(&uri, (struct tcn_str){c, 1});
    /* No log is looked for and no file made beside it. */
    tcn_buf_z(&uri, "?immutable=1");
    rc = tcn_buf_ok(&uri)
             ? sqlite3_open_v2(uri.ptr, &db,
                               SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, NULL)
             : SQLITE_CANTOPEN;
    r = rc == SQLITE_OK ? first_complaint(db, path, err)
                        : tcn_fail(err, TCN_EIO, "cannot open %s: %s", path, sqlite3_errstr(rc));
    sqlite3_close(db);
    tcn_buf_done(&uri);
    return r;
}

/* --------------------------------------------------------------------------------------------------------------- */

static int64_t size_of(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 ? (int64_t)st.st_size : 0;
}

static int fill(const char *path, const char *part, const char *to, struct tcn_err *err)
{
    int r;

    if ((r = copy_moment(path, part, err)) < 0 || (r = tcn_part_sync(part, err)) < 0 ||
        (r = tcn_sqlite_verify(part, err)) < 0)
        return r;
    return tcn_part_name(part, to, err);
}

int tcn_sqlite_backup(const char *path, const char *to, int64_t *ret_bytes, struct tcn_err *err)
{
    char *part = NULL;
    int r;

    if (access(to, F_OK) == 0)
        return tcn_fail(err, TCN_ECONFLICT, "%s exists; name a file that does not", to);
    if ((r = tcn_part_create(to, &part, err)) < 0)
        return r;
    r = fill(path, part, to, err);
    if (r < 0)
        unlink(part);
    else if (ret_bytes)
        *ret_bytes = size_of(to);
    free(part);
    return r;
}
