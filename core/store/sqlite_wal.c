/* Writes of the log in large pieces. SQLite appends every page to the log with two writes, 24 bytes and a page; a group
 * of alarms is some hundred pages. Here they are gathered and reach the file before the next sync, which is what makes
 * them count (synchronous=FULL: a commit becomes visible after its sync), and before any other look at the file. A
 * failed write is told by the call that came upon it.
 *
 * While the syncs are put off, that of a commit only hands the bytes to the system, and who committed asks for the sync
 * later, on any thread. Not put off is the sync of a log's new head: frames that reach the disk without it would be
 * taken for those of the log before (sqlite.org/src/info/ff5be73dee). */
#include "store/sqlite.h"

#include "base/xalloc.h"
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define GATHERED_BYTES (128 * 1024)
#define HEAD_BYTES 32 /* of a log: sqlite.org/fileformat2.html, section 4.1 */

struct tcn_wal_vfs {
    sqlite3_vfs vfs; /* first: SQLite's view of it */
    sqlite3_vfs *under;
    char name[40];
    struct wal_file *log; /* borrowed; NULL while none is open */
    bool is_putting_off, is_put_off;
};

struct wal_file {
    sqlite3_file base;       /* first: SQLite's view of it */
    struct tcn_wal_vfs *vfs; /* borrowed */
    bool is_known;           /* to the folder: synced since it was opened */
    sqlite3_file *real;      /* in the memory behind this struct */
    char *bytes;             /* owned; len of them are to be written at at */
    sqlite3_int64 at;
    int len;
};

static struct wal_file *wal_of(sqlite3_file *file)
{
    return (struct wal_file *)(void *)file;
}

/* The file below, for a call that may pass by what was gathered. */
static sqlite3_file *below(sqlite3_file *file)
{
    return wal_of(file)->real;
}

/* SQLite knows a full disk by ENOSPC alone and takes a quota that is used up for a broken one. */
static int write_below(const struct wal_file *f, const void *bytes, int len, sqlite3_int64 at)
{
    int rc = f->real->pMethods->xWrite(f->real, bytes, len, at);

    return rc == SQLITE_IOERR_WRITE && errno == EDQUOT ? SQLITE_FULL : rc;
}

/* What could not be written is forgotten: its transaction fails, and SQLite writes the place anew. */
static int flush(struct wal_file *f)
{
    int len = f->len;

    f->len = 0;
    return len ? write_below(f, f->bytes, len, f->at) : SQLITE_OK;
}

static int gather(sqlite3_file *file, const void *bytes, int len, sqlite3_int64 at)
{
    struct wal_file *f = wal_of(file);
    int rc = SQLITE_OK;

    if (f->len > 0 && (at != f->at + f->len || len > GATHERED_BYTES - f->len))
        rc = flush(f);
    if (rc != SQLITE_OK)
        return rc;
    if (len > GATHERED_BYTES)
        return write_below(f, bytes, len, at);
    if (f->len == 0)
        f->at = at;
    memcpy(f->bytes + f->len, bytes, (size_t)len);
    f->len += len;
    return SQLITE_OK;
}

static int read_back(sqlite3_file *file, void *ret_bytes, int len, sqlite3_int64 at)
{
    int rc = flush(wal_of(file));

    return rc ? rc : below(file)->pMethods->xRead(below(file), ret_bytes, len, at);
}

static int truncate_to(sqlite3_file *file, sqlite3_int64 size)
{
    int rc = flush(wal_of(file));

    return rc ? rc : below(file)->pMethods->xTruncate(below(file), size);
}

static int sync_all(sqlite3_file *file, int flags)
{
    struct wal_file *f = wal_of(file);
    bool is_head = f->len == HEAD_BYTES && f->at == 0;
    int rc = flush(f);

    if (rc != SQLITE_OK)
        return rc;
    if (f->vfs->is_putting_off && f->is_known && !is_head) {
        f->vfs->is_put_off = true;
        return SQLITE_OK;
    }
    f->is_known = true;
    return f->real->pMethods->xSync(f->real, flags);
}

static int file_size(sqlite3_file *file, sqlite3_int64 *ret_size)
{
    int rc = flush(wal_of(file));

    return rc ? rc : below(file)->pMethods->xFileSize(below(file), ret_size);
}

/* What no sync asked for belongs to no commit. */
static int close_file(sqlite3_file *file)
{
    wal_of(file)->vfs->log = NULL;
    free(wal_of(file)->bytes);
    return below(file)->pMethods->xClose(below(file));
}

/* SQLite locks the database, never its log; these are here because a file has them. */
static int lock(sqlite3_file *file, int level)
{
    return below(file)->pMethods->xLock(below(file), level);
}

static int unlock(sqlite3_file *file, int level)
{
    return below(file)->pMethods->xUnlock(below(file), level);
}

static int is_reserved(sqlite3_file *file, int *ret)
{
    return below(file)->pMethods->xCheckReservedLock(below(file), ret);
}

static int control(sqlite3_file *file, int op, void *arg)
{
    return below(file)->pMethods->xFileControl(below(file), op, arg);
}

static int sector_size(sqlite3_file *file)
{
    return below(file)->pMethods->xSectorSize(below(file));
}

static int traits(sqlite3_file *file)
{
    return below(file)->pMethods->xDeviceCharacteristics(below(file));
}

static const sqlite3_io_methods wal_methods = {
    .iVersion = 1,
    .xClose = close_file,
    .xRead = read_back,
    .xWrite = gather,
    .xTruncate = truncate_to,
    .xSync = sync_all,
    .xFileSize = file_size,
    .xLock = lock,
    .xUnlock = unlock,
    .xCheckReservedLock = is_reserved,
    .xFileControl = control,
    .xSectorSize = sector_size,
    .xDeviceCharacteristics = traits,
};

/* Every other file is opened in place and never seen again here. */
static int open_file(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
                     int *ret_flags)
{
    sqlite3_vfs *under = ((struct tcn_wal_vfs *)(void *)vfs)->under;
    struct wal_file *f = wal_of(file);
    int rc;

    if (!(flags & SQLITE_OPEN_WAL))
        return under->xOpen(under, name, file, flags, ret_flags);
    memset(f, 0, sizeof *f);
    f->real = (sqlite3_file *)(void *)(f + 1);
    rc = under->xOpen(under, name, f->real, flags, ret_flags);
    if (rc != SQLITE_OK)
        return rc;
    f->bytes = tcn_xmalloc(GATHERED_BYTES);
    f->vfs = (struct tcn_wal_vfs *)(void *)vfs;
    f->vfs->log = f;
    f->base.pMethods = &wal_methods;
    return SQLITE_OK;
}

struct tcn_wal_vfs *tcn_wal_vfs_new(void)
{
    struct tcn_wal_vfs *v = tcn_xcalloc(1, sizeof *v);

    v->under = sqlite3_vfs_find(NULL);
    assert(v->under);
    v->vfs = *v->under;
    v->vfs.pNext = NULL;
    v->vfs.zName = v->name;
    v->vfs.szOsFile += (int)sizeof(struct wal_file);
    v->vfs.xOpen = open_file;
    snprintf(v->name, sizeof v->name, "tocsin-%p", (void *)v);
    if (sqlite3_vfs_register(&v->vfs, 0) != SQLITE_OK)
        abort();
    return v;
}

void tcn_wal_vfs_free(struct tcn_wal_vfs *v)
{
    if (!v)
        return;
    sqlite3_vfs_unregister(&v->vfs);
    free(v);
}

const char *tcn_wal_vfs_name(const struct tcn_wal_vfs *v)
{
    return v->name;
}

void tcn_wal_put_off(struct tcn_wal_vfs *v)
{
    v->is_putting_off = true;
    v->is_put_off = false;
}

bool tcn_wal_put_off_no_more(struct tcn_wal_vfs *v)
{
    v->is_putting_off = false;
    return v->is_put_off;
}

int tcn_wal_sync(struct tcn_wal_vfs *v)
{
    sqlite3_file *real = v->log->real;

    return real->pMethods->xSync(real, SQLITE_SYNC_NORMAL);
}
