/* The SQLite driver: statements, transactions, and what its errors mean. */
#include "store/sqlite.h"

#include "base/buf.h"
#include "base/xalloc.h"
#include "store/die.h"
#include "store/nodes.h"
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Pages in the log: more are a chore when idle, are given to the background, are too many to wait for that. What came
 * while the background worked is given to it as well, until that is so little that its rest is short. */
#define CHECKPOINT_IDLE_PAGES 500
#define CHECKPOINT_ASK_PAGES 6000
#define CHECKPOINT_REST_PAGES 250
#define CHECKPOINT_NOW_PAGES 50000
#define CHECKPOINT_TIGHT_PAGES                                                                     \
    250 /* while the disk is full, or soon: the log begins anew, it does not grow */

struct tcn_dbstmt {
    struct tcn_db *db; /* borrowed */
    sqlite3_stmt *handle;
};

static const char *name_of(const struct tcn_db *db)
{
    return db->path ? db->path : ":memory:";
}

/* After a failed fsync(2) the kernel may have dropped the pages and will not say so again, while SQLite goes on as
 * if well. Only a new process that reads the file from the disk knows what is there. */
static void die(const struct tcn_db *db, const char *doing, const char *why)
{
    char text[512];

    snprintf(text, sizeof text,
             "%s: %s while the store did its %s: what the disk holds is unknown; start again",
             name_of(db), why, doing);
    tcn_store_die(text);
}

/* The index of the WAL is a mapped file: it grows by writing, and says so in its own way when it cannot. A checkpoint
 * that meets a quota does not call it a full disk. */
static bool is_no_space(const struct tcn_db *db, int rc)
{
    int why = db->handle ? sqlite3_system_errno(db->handle) : 0;

    return (rc & 0xFF) == SQLITE_FULL ||
           ((rc == SQLITE_IOERR_WRITE || rc == SQLITE_IOERR_SHMSIZE) &&
            (why == ENOSPC || why == EDQUOT));
}

static bool is_unknown_disk(const struct tcn_db *db, int rc)
{
    if (is_no_space(db, rc))
        return false;
    return rc == SQLITE_IOERR_FSYNC || rc == SQLITE_IOERR_DIR_FSYNC ||
           (db->is_settling && (rc == SQLITE_IOERR_WRITE || rc == SQLITE_IOERR_TRUNCATE));
}

int tcn_sqlite_fail(struct tcn_db *db, int rc, const char *doing, struct tcn_err *err)
{
    const char *why = db->handle ? sqlite3_errmsg(db->handle) : sqlite3_errstr(rc);

    assert(rc != SQLITE_OK && rc != SQLITE_MISUSE);
    if ((rc & 0xFF) == SQLITE_NOMEM)
        abort(); /* as every allocation of this program */
    if (is_unknown_disk(db, rc))
        die(db, doing, why);
    if (is_no_space(db, rc)) {
        tcn_reserve_release(&db->reserve);
        return tcn_fail(err, TCN_EFULL, "%s: no space left on the disk", name_of(db));
    }
    switch (rc & 0xFF) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return tcn_fail(err, TCN_EBUSY, "%s: another program holds a lock on it", name_of(db));
    case SQLITE_CONSTRAINT:
        return tcn_fail(err, TCN_ECONFLICT, "%s: %s", doing, why);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return tcn_fail(err, TCN_EIO, "%s is damaged: %s; restore it from a backup", name_of(db),
                        why);
    default:
        return tcn_fail(err, TCN_EIO, "%s: %s: %s (%d)", name_of(db), doing, why, rc);
    }
}

int tcn_sqlite_exec(struct tcn_db *db, const char *sql, struct tcn_err *err)
{
    int rc = sqlite3_exec(db->handle, sql, NULL, NULL, NULL);

    return rc == SQLITE_OK ? 0 : tcn_sqlite_fail(db, rc, "settings", err);
}

/* $1 is a name to SQLite, numbered in order of appearance; ?1 is the number that is meant. */
static void numbered(const char *sql, struct tcn_buf *out)
{
    for (const char *p = sql; *p; p++)
        tcn_buf_char(out, p[0] == '$' && p[1] >= '1' && p[1] <= '9' ? '?' : *p);
}

static int prepare(struct tcn_db *db, const char *sql, struct tcn_dbstmt **ret, struct tcn_err *err)
{
    struct tcn_buf text;
    sqlite3_stmt *handle = NULL;
    int rc;

    tcn_buf_init(&text, 64 * 1024);
    numbered(sql, &text);
    assert(tcn_buf_ok(&text));
    rc = sqlite3_prepare_v3(db->handle, text.ptr, (int)text.len + 1, SQLITE_PREPARE_PERSISTENT,
                            &handle, NULL);
    tcn_buf_done(&text);
    if (rc != SQLITE_OK)
        return tcn_sqlite_fail(db, rc, "prepare", err);
    *ret = tcn_xmalloc(sizeof **ret);
    **ret = (struct tcn_dbstmt){db, handle};
    return 0;
}

static void finalize(struct tcn_dbstmt *st)
{
    if (!st)
        return;
    sqlite3_finalize(st->handle);
    free(st);
}

/* Binding fails only for a wrong number or a statement in use. */
static void bound(int rc)
{
    assert(rc == SQLITE_OK);
    (void)rc;
}

static void bind_null(struct tcn_dbstmt *st, int n)
{
    bound(sqlite3_bind_null(st->handle, n));
}

static void bind_int(struct tcn_dbstmt *st, int n, int64_t value)
{
    bound(sqlite3_bind_int64(st->handle, n, value));
}

static void bind_double(struct tcn_dbstmt *st, int n, double value)
{
    bound(sqlite3_bind_double(st->handle, n, value));
}

static void bind_text(struct tcn_dbstmt *st, int n, const char *ptr, size_t len)
{
    bound(sqlite3_bind_text(st->handle, n, ptr, (int)len, SQLITE_STATIC));
}

static void bind_blob(struct tcn_dbstmt *st, int n, const void *ptr, size_t len)
{
    bound(sqlite3_bind_blob(st->handle, n, ptr ? ptr : "", (int)len, SQLITE_STATIC));
}

static void bind_id(struct tcn_dbstmt *st, int n, const struct tcn_id *id)
{
    bound(sqlite3_bind_blob(st->handle, n, id->b, sizeof id->b, SQLITE_STATIC));
}

static int step(struct tcn_dbstmt *st, struct tcn_err *err)
{
    struct tcn_db *db = st->db;
    int rc;

    /* Some errors end the transaction. What follows must not run, each on its own. */
    if (db->in_transaction && sqlite3_get_autocommit(db->handle))
        return tcn_fail(err, TCN_EIO, "%s: the transaction has ended", name_of(db));
    rc = sqlite3_step(st->handle);
    if (rc == SQLITE_ROW)
        return 1;
    if (rc == SQLITE_DONE)
        return 0;
    return tcn_sqlite_fail(db, rc, "statement", err);
}

static void reset(struct tcn_dbstmt *st)
{
    int rc = sqlite3_reset(st->handle);

    /* Ending a statement outside a transaction is a commit. */
    if (is_unknown_disk(st->db, rc))
        die(st->db, "statement", sqlite3_errstr(rc));
}

static int64_t changes(struct tcn_dbstmt *st)
{
    return sqlite3_changes64(st->db->handle);
}

static int run(struct tcn_dbstmt *st, struct tcn_db_touch touch, struct tcn_err *err)
{
    int r;

    while ((r = step(st, err)) == 1)
        ;
    if (r == 0 && touch.least > 0 && changes(st) < touch.least)
        return tcn_fail(err, TCN_ECONFLICT, "%s", touch.conflict);
    return r;
}

static bool is_null(struct tcn_dbstmt *st, int column)
{
    return sqlite3_column_type(st->handle, column) == SQLITE_NULL;
}

static int64_t column_int(struct tcn_dbstmt *st, int column)
{
    return sqlite3_column_int64(st->handle, column);
}

static double column_double(struct tcn_dbstmt *st, int column)
{
    return sqlite3_column_double(st->handle, column);
}

static struct tcn_str column_text(struct tcn_dbstmt *st, int column)
{
    const char *ptr = (const char *)sqlite3_column_text(st->handle, column);

    return (struct tcn_str){ptr, ptr ? (size_t)sqlite3_column_bytes(st->handle, column) : 0};
}

static struct tcn_str column_blob(struct tcn_dbstmt *st, int column)
{
    const char *ptr = sqlite3_column_blob(st->handle, column);

    return (struct tcn_str){ptr, ptr ? (size_t)sqlite3_column_bytes(st->handle, column) : 0};
}

static int column_id(struct tcn_dbstmt *st, int column, struct tcn_id *ret)
{
    struct tcn_str bytes = column_blob(st, column);

    if (bytes.len != sizeof ret->b)
        return TCN_EIO;
    memcpy(ret->b, bytes.ptr, sizeof ret->b);
    return 0;
}

/* -- transactions ------------------------------------------------------------------------------------------- */

static void rollback(struct tcn_db *db)
{
    db->in_transaction = false;
    /* An error may have rolled back already. */
    if (!sqlite3_get_autocommit(db->handle))
        sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
}

/* What of the log may still make the file grow. */
static int64_t log_bytes(const struct tcn_db *db)
{
    size_t rest = db->wal_pages > db->moved_pages ? db->wal_pages - db->moved_pages : 0;

    return (int64_t)rest * TCN_SQLITE_PAGE_BYTES;
}

static int begin(struct tcn_db *db, struct tcn_err *err)
{
    int rc;

    assert(!db->in_transaction);
    tcn_reserve_look(&db->reserve, log_bytes(db));
    rc = sqlite3_exec(db->handle,
                      sqlite3_db_readonly(db->handle, "main") ? "BEGIN" : "BEGIN IMMEDIATE", NULL,
                      NULL, NULL);
    if (rc != SQLITE_OK)
        return tcn_sqlite_fail(db, rc, "begin", err);
    db->in_transaction = true;
    return 0;
}

static int commit(struct tcn_db *db, struct tcn_err *err)
{
    int rc, r = 0;

    assert(db->in_transaction);
    if (sqlite3_get_autocommit(db->handle)) {
        db->in_transaction = false;
        return tcn_fail(err, TCN_EIO, "%s: the transaction has ended", name_of(db));
    }
    db->is_settling = true;
    if ((rc = sqlite3_exec(db->handle, "COMMIT", NULL, NULL, NULL)) != SQLITE_OK)
        r = tcn_sqlite_fail(db, rc, "commit", err);
    db->is_settling = false;
    if (r < 0)
        rollback(db);
    db->in_transaction = false;
    return r;
}

static int commit_unsynced(struct tcn_db *db, bool *ret_unsynced, struct tcn_err *err)
{
    int r;

    tcn_wal_put_off(db->vfs);
    r = commit(db, err);
    *ret_unsynced = tcn_wal_put_off_no_more(db->vfs);
    return r;
}

/* Beside the thread that owns the connection: looks at nothing of it but the name. */
static void sync_log(struct tcn_db *db)
{
    int rc = tcn_wal_sync(db->vfs);

    if (rc != SQLITE_OK)
        die(db, "sync", sqlite3_errstr(rc));
}

static void ask_background(struct tcn_db *db)
{
    /* It opens the file by its name. */
    if (!db->background && tcn_sqlite_look(db, NULL) == 0)
        db->background = tcn_background_start(db->path);
    if (!db->background)
        return;
    tcn_background_ask(db->background);
    db->is_asked = true;
}

/* True when the store's own checkpoint has little to do, or nothing else helps. */
static bool is_rest_short(struct tcn_db *db, size_t pages)
{
    size_t moved;

    if (pages >= CHECKPOINT_NOW_PAGES)
        return true;
    if (!db->is_asked || !tcn_background_is_done(db->background, &moved))
        return false;
    if (moved == 0 || db->wal_pages <= moved + CHECKPOINT_REST_PAGES)
        return true;
    ask_background(db);
    return false;
}

enum tcn_db_chore tcn_sqlite_chore(struct tcn_db *db)
{
    size_t pages = db->wal_pages - db->tried_pages;

    if (is_rest_short(db, pages) || (db->reserve.is_tight && pages >= CHECKPOINT_TIGHT_PAGES))
        return TCN_CHORE_NOW;
    if (pages >= CHECKPOINT_ASK_PAGES && !db->is_asked && db->path)
        ask_background(db);
    if (pages >= CHECKPOINT_IDLE_PAGES || tcn_sqlite_is_full(db))
        return TCN_CHORE_IDLE;
    return TCN_CHORE_NONE;
}

int tcn_sqlite_upkeep(struct tcn_db *db, struct tcn_err *err)
{
    int rc, r = 0, in_log = 0, settled = 0;

    assert(!db->in_transaction);
    if (!db->path)
        return 0;
    db->is_settling = true;
    rc = sqlite3_wal_checkpoint_v2(db->handle, NULL, SQLITE_CHECKPOINT_PASSIVE, &in_log, &settled);
    if (rc != SQLITE_OK && rc != SQLITE_BUSY)
        r = tcn_sqlite_fail(db, rc, "checkpoint", err);
    else if (in_log >= 0)
        db->wal_pages = (size_t)in_log;
    /* A reader from outside or a full disk may hold a part back. More of the log is the time to try again. */
    db->tried_pages = db->wal_pages;
    db->moved_pages = r == 0 && settled > 0 ? (size_t)settled : 0;
    db->is_settling = db->is_asked = false;
    if (r == 0)
        tcn_reserve_take(&db->reserve, log_bytes(db));
    return r;
}

bool tcn_sqlite_is_full(struct tcn_db *db)
{
    return db->reserve.path && db->reserve.is_full;
}

static const struct tcn_db_word words[] = {
    {"ID", "BLOB"},
    {"INT", "INTEGER"},
    {"REAL", "REAL"},
    {"BYTES", "BLOB"},
    {"TEXT", "TEXT"},
    {"SERIAL", "INTEGER PRIMARY KEY"},
    {"PLAIN", " STRICT"},
    {"CLUSTERED", " STRICT, WITHOUT ROWID"},
    {"TABLES", "sqlite_master"},
    {"UNCLAIMED", ""},
    /* With OR ABORT several rows are a savepoint: a copy of every page that they touch. */
    {"INSERT_ROWS", "INSERT OR ROLLBACK"},
    {"ONE_OF", "IN "},
    {"END", ""},
    {"ON_SERVER", "SELECT 1 -- "},
    {"NOW_MS", "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)"},
    {NULL, NULL},
};

static void tell_place(struct tcn_db *db, char *ret, size_t size)
{
    snprintf(ret, size, "%s", db->path ? db->path : ":memory:");
}

static void describe(struct tcn_db *db, struct tcn_database *ret)
{
    (void)db;
    *ret = (struct tcn_database){.engine = "sqlite", .role = "primary"};
    snprintf(ret->version, sizeof ret->version, "%s", sqlite3_libversion());
}

const struct tcn_db_driver tcn_sqlite_driver = {
    .name = "sqlite",
    .words = words,
    .open = tcn_sqlite_open,
    .close = tcn_sqlite_close,
    .check = tcn_sqlite_check,
    .prepare = prepare,
    .finalize = finalize,
    .bind_null = bind_null,
    .bind_int = bind_int,
    .bind_double = bind_double,
    .bind_text = bind_text,
    .bind_blob = bind_blob,
    .bind_id = bind_id,
    .step = step,
    .reset = reset,
    .changes = changes,
    .run = run,
    .is_null = is_null,
    .column_int = column_int,
    .column_double = column_double,
    .column_text = column_text,
    .column_blob = column_blob,
    .column_id = column_id,
    .begin = begin,
    .begin_alone = begin, /* every one is */
    .commit = commit,
    .rollback = rollback,
    .commit_unsynced = commit_unsynced,
    .sync = sync_log,
    .tell_place = tell_place,
    .describe = describe,
    .chore = tcn_sqlite_chore,
    .upkeep = tcn_sqlite_upkeep,
    .is_full = tcn_sqlite_is_full,
    .look = tcn_sqlite_look,
};
