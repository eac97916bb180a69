/* Opening a SQLite file so that a commit means what it says: who owns it, where it may lie, how it is synced. */
#include "store/sqlite.h"

#include "base/buf.h"
#include "base/xalloc.h"
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define QUICK_CHECK_MAX_BYTES ((int64_t)1 << 30)

/* f_type of statfs(2); numbers from linux/magic.h and the file systems' own sources. */
static const struct {
    uint64_t magic;
    const char *name;
} refused[] = {
    {0x6969, "NFS"},      {0x517B, "SMB"},       {0xFF534D42, "CIFS"}, {0xFE534D42, "SMB2"},
    {0x01021997, "9p"},   {0x65735546, "FUSE"},  {0x00C36400, "Ceph"}, {0x5346414F, "AFS"},
    {0x6B414653, "kAFS"}, {0x73757245, "Coda"},  {0x564C, "NCP"},      {0x0BD00BD0, "Lustre"},
    {0x47504653, "GPFS"}, {0x013111A8, "IBRIX"},
};

int tcn_sqlite_check_fs(uint64_t f_type, const char *path, struct tcn_err *err)
{
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        if (refused[i].magic == f_type)
            return tcn_fail(
                err, TCN_EINVALID,
                "%s lies on %s, where a commit may be lost; put the store on a local disk "
                "(ext4, xfs, btrfs, zfs)",
                path, refused[i].name);
    return 0;
}

static int check_place(const char *path, struct tcn_err *err)
{
    char *copy = tcn_xstrdup(path);
    const char *dir = dirname(copy);
    struct statfs fs;
    int r;

    if (statfs(dir, &fs) < 0)
        r = tcn_fail(err, TCN_EIO, "folder %s of the store: %s; create it or name another", dir,
                     strerror(errno));
    else
        r = tcn_sqlite_check_fs((uint64_t)fs.f_type & 0xFFFFFFFF, path, err);
    free(copy);
    return r;
}

/* flock(2) on the database file does not meet the fcntl(2) locks of SQLite; it ends with the process. */
static int take_ownership(struct tcn_db *db, struct tcn_err *err)
{
    db->lock_fd = open(db->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (db->lock_fd < 0)
        return tcn_fail(err, errno == ENOSPC ? TCN_EFULL : TCN_EIO, "cannot open %s: %s", db->path,
                        strerror(errno));
    if (flock(db->lock_fd, LOCK_EX | LOCK_NB) < 0)
        return tcn_fail(err, errno == EWOULDBLOCK ? TCN_EBUSY : TCN_EIO,
                        errno == EWOULDBLOCK ? "another tocsin uses %s" : "cannot lock %s",
                        db->path);
    if (fchmod(db->lock_fd, 0600) < 0)
        return tcn_fail(err, TCN_EIO, "cannot make %s private: %s", db->path, strerror(errno));
    return 0;
}

static int on_wal(void *arg, sqlite3 *handle, const char *schema, int pages)
{
    struct tcn_db *db = arg;

    (void)handle;
    (void)schema;
    /* Fewer pages than before: the log was begun anew. */
    if ((size_t)pages < db->tried_pages)
        db->tried_pages = db->moved_pages = 0;
    db->wal_pages = (size_t)pages;
    return SQLITE_OK;
}

/* Whoever plants a schema, a trigger or a crafted page must not get further than an error. */
static void harden(sqlite3 *handle)
{
    sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
    /* Close would swallow errors of its checkpoint; tcn_sqlite_close makes one that is looked at. */
    sqlite3_db_config(handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    sqlite3_limit(handle, SQLITE_LIMIT_ATTACHED, 0);
    sqlite3_limit(handle, SQLITE_LIMIT_LENGTH, 64 << 20);
}

/* The cache: commits that split pages walk all that it holds (3.40, pcache1TruncateUnsafe), so that a larger one costs
 * more than it saves. */
static const char settings[] = "PRAGMA page_size=8192;"
                               "PRAGMA cell_size_check=ON;"
                               "PRAGMA synchronous=FULL;"
                               "PRAGMA wal_autocheckpoint=0;"
                               "PRAGMA journal_size_limit=100663296;"
                               "PRAGMA foreign_keys=OFF;"
                               "PRAGMA temp_store=MEMORY;"
                               "PRAGMA secure_delete=FAST;"
                               "PRAGMA cache_size=-16384;";

/* A database in memory stays as it is; a file must really have a log. The change is committed by the last step. */
static int use_wal(struct tcn_db *db, struct tcn_err *err)
{
    sqlite3_stmt *st = NULL;
    bool is_wal = false;
    int rc, r = 0;

    if ((rc = sqlite3_prepare_v2(db->handle, "PRAGMA journal_mode=WAL", -1, &st, NULL)) !=
        SQLITE_OK)
        return tcn_sqlite_fail(db, rc, "settings", err);
    while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
        const char *mode = (const char *)sqlite3_column_text(st, 0);

        is_wal = mode && strcmp(mode, "wal") == 0;
    }
    if (rc != SQLITE_DONE)
        r = tcn_sqlite_fail(db, rc, "settings", err);
    else if (db->path && !is_wal)
        r = tcn_fail(err, TCN_EINVALID, "%s: this file system cannot hold a write-ahead log",
                     db->path);
    sqlite3_finalize(st);
    return r;
}

/* SQLite counts what it allocates under a mutex of all connections, for statistics that nothing here reads. Before its
 * first use, or it is refused. */
static void count_no_memory(void)
{
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

static int connect_file(struct tcn_db *db, const char *name, int access, struct tcn_err *err)
{
    /* One thread at a time, so no mutexes. */
    int flags = access | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE;
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    int rc, r;

    pthread_once(&once, count_no_memory);
    db->vfs = tcn_wal_vfs_new();
    rc = sqlite3_open_v2(name, &db->handle, flags, tcn_wal_vfs_name(db->vfs));
    if (rc != SQLITE_OK)
        return tcn_sqlite_fail(db, rc, "open", err);
    harden(db->handle);
    sqlite3_busy_timeout(db->handle, 2000);
    if ((r = tcn_sqlite_exec(db, settings, err)) < 0 || (r = use_wal(db, err)) < 0)
        return r;
    /* After the settings: wal_autocheckpoint is a WAL hook of its own, and there is one. */
    sqlite3_wal_hook(db->handle, on_wal, db);
    return 0;
}

int tcn_sqlite_open(const struct tcn_db_place *place, struct tcn_db **ret, struct tcn_err *err)
{
    struct tcn_db *db = tcn_xcalloc(1, sizeof *db);
    const char *path = place->target;
    int r;

    db->lock_fd = -1;
    if (place->role != TCN_DB_OWNER && place->role != TCN_DB_NODE) {
        free(db);
        return tcn_sqlite_open_beside(path, place->role, ret, err);
    }
    if (strcmp(path, ":memory:") != 0) {
        db->path = tcn_xstrdup(path);
        if ((r = check_place(path, err)) < 0 || (r = take_ownership(db, err)) < 0)
            goto out;
        /* Before the first write: on a full disk that one needs it. */
        tcn_reserve_init(&db->reserve, db->path, db->lock_fd);
    }
    if ((r = connect_file(db, path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, err)) < 0)
        goto out;
    *ret = db;
    return 0;
out:
    tcn_sqlite_close(db);
    return r;
}

/* To a reader a file that has no log yet, or a journal of the change that gives it one, is one that it had to write. */
static bool has_no_log_yet(const struct tcn_db *db)
{
    int rc = db->handle ? sqlite3_extended_errcode(db->handle) : SQLITE_OK;

    return rc == SQLITE_READONLY || rc == SQLITE_READONLY_ROLLBACK;
}

int tcn_sqlite_open_beside(const char *path, enum tcn_db_role role, struct tcn_db **ret,
                           struct tcn_err *err)
{
    int access_flag = role == TCN_DB_READER ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
    struct tcn_db *db;
    int r;

    if (access(path, F_OK) < 0)
        return tcn_fail(err, TCN_ENOTFOUND, "there is no store at %s: %s", path, strerror(errno));
    db = tcn_xcalloc(1, sizeof *db);

    db->lock_fd = -1;
    db->is_beside = true;
    db->path = tcn_xstrdup(path);
    if ((r = connect_file(db, path, access_flag, err)) == 0) {
        *ret = db;
        return 0;
    }
    if (has_no_log_yet(db))
        r = tcn_fail(err, TCN_ENOTFOUND,
                     "there is no store at %s yet: its first start was ended before its first "
                     "commit, and nothing is in it; start the server again",
                     path);
    tcn_sqlite_close(db);
    return r;
}

/* Leaves an empty log, which a start reads fastest. Nothing is lost when it cannot be done now. */
static void settle(struct tcn_db *db)
{
    int rc;

    if (!sqlite3_get_autocommit(db->handle))
        sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
    if (!db->path || db->is_beside)
        return;
    db->is_settling = true;
    rc = sqlite3_wal_checkpoint_v2(db->handle, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    if (rc != SQLITE_OK)
        tcn_sqlite_fail(db, rc, "checkpoint", NULL);
    db->is_settling = false;
}

void tcn_sqlite_close(struct tcn_db *db)
{
    if (!db)
        return;
    tcn_background_stop(db->background);
    if (db->handle)
        settle(db);
    sqlite3_close(db->handle);
    tcn_wal_vfs_free(db->vfs);
    tcn_reserve_done(&db->reserve);
    /* Last: closing any descriptor of the file drops the process's fcntl locks on it. */
    if (db->lock_fd >= 0)
        close(db->lock_fd);
    free(db->path);
    free(db);
}

static int first_complaint(struct tcn_db *db, sqlite3_stmt *st, struct tcn_err *err)
{
    int rc = sqlite3_step(st);
    const char *text;

    if (rc != SQLITE_ROW)
        return tcn_sqlite_fail(db, rc == SQLITE_DONE ? SQLITE_CORRUPT : rc, "check", err);
    text = (const char *)sqlite3_column_text(st, 0);
    if (text && strcmp(text, "ok") == 0)
        return 0;
    return tcn_fail(err, TCN_EIO, "%s is damaged: %.200s; restore it from a backup",
                    db->path ? db->path : ":memory:", text ? text : "no answer");
}

int tcn_sqlite_check(struct tcn_db *db, struct tcn_err *err)
{
    sqlite3_stmt *st = NULL;
    struct stat file;
    int r;

    if (db->lock_fd >= 0 && fstat(db->lock_fd, &file) == 0 && file.st_size > QUICK_CHECK_MAX_BYTES)
        return 0;
    r = sqlite3_prepare_v2(db->handle, "PRAGMA quick_check(1)", -1, &st, NULL);
    r = r == SQLITE_OK ? first_complaint(db, st, err) : tcn_sqlite_fail(db, r, "check", err);
    sqlite3_finalize(st);
    return r;
}
