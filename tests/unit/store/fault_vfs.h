/* A SQLite VFS over the default one that fails calls by plan: the n-th of a kind, once or from then on. Installed as
 * the default of the process, so that the store is opened as ever. */
#ifndef TCN_TESTS_STORE_FAULT_VFS_H
#define TCN_TESTS_STORE_FAULT_VFS_H

#include <errno.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <string.h>

enum fault_kind { FAULT_NONE = 0, FAULT_WRITE, FAULT_SYNC, FAULT_TRUNCATE };

static struct {
    enum fault_kind kind;
    int left;      /* the call that fails, counted down */
    int code;      /* what it answers */
    int why;       /* and leaves in errno; 0: EIO */
    bool for_good; /* and every one after it */
    int fired;
    int syncs;             /* so many were asked for */
    void (*on_sync)(void); /* called first by each sync, on the thread that asks for it */
} fault;

struct fault_file {
    sqlite3_file base;
    sqlite3_file *real; /* in the memory after this struct */
};

static sqlite3_vfs *fault_real;

static inline sqlite3_file *real_of(sqlite3_file *file)
{
    return ((struct fault_file *)file)->real;
}

/* SQLITE_OK, or the planned failure. */
static inline int fault_now(enum fault_kind kind)
{
    if (fault.kind != kind || fault.left == 0)
        return SQLITE_OK;
    if (fault.left > 1) {
        fault.left--;
        return SQLITE_OK;
    }
    if (!fault.for_good)
        fault.left = 0;
    fault.fired++;
    errno = fault.why ? fault.why : EIO;
    return fault.code;
}

static inline int ff_close(sqlite3_file *f)
{
    return real_of(f)->pMethods->xClose(real_of(f));
}

static inline int ff_read(sqlite3_file *f, void *p, int n, sqlite3_int64 at)
{
    return real_of(f)->pMethods->xRead(real_of(f), p, n, at);
}

static inline int ff_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 at)
{
    int rc = fault_now(FAULT_WRITE);

    return rc != SQLITE_OK ? rc : real_of(f)->pMethods->xWrite(real_of(f), p, n, at);
}

static inline int ff_truncate(sqlite3_file *f, sqlite3_int64 size)
{
    int rc = fault_now(FAULT_TRUNCATE);

    return rc != SQLITE_OK ? rc : real_of(f)->pMethods->xTruncate(real_of(f), size);
}

static inline int ff_sync(sqlite3_file *f, int flags)
{
    int rc = fault_now(FAULT_SYNC);

    fault.syncs++;
    if (fault.on_sync)
        fault.on_sync();
    return rc != SQLITE_OK ? rc : real_of(f)->pMethods->xSync(real_of(f), flags);
}

static inline int ff_size(sqlite3_file *f, sqlite3_int64 *ret)
{
    return real_of(f)->pMethods->xFileSize(real_of(f), ret);
}

static inline int ff_lock(sqlite3_file *f, int level)
{
    return real_of(f)->pMethods->xLock(real_of(f), level);
}

static inline int ff_unlock(sqlite3_file *f, int level)
{
    return real_of(f)->pMethods->xUnlock(real_of(f), level);
}

static inline int ff_check(sqlite3_file *f, int *ret)
{
    return real_of(f)->pMethods->xCheckReservedLock(real_of(f), ret);
}

static inline int ff_control(sqlite3_file *f, int op, void *arg)
{
    return real_of(f)->pMethods->xFileControl(real_of(f), op, arg);
}

static inline int ff_sector(sqlite3_file *f)
{
    return real_of(f)->pMethods->xSectorSize(real_of(f));
}

static inline int ff_traits(sqlite3_file *f)
{
    return real_of(f)->pMethods->xDeviceCharacteristics(real_of(f));
}

static inline int ff_shm_map(sqlite3_file *f, int page, int size, int extend, void volatile **ret)
{
    return real_of(f)->pMethods->xShmMap(real_of(f), page, size, extend, ret);
}

static inline int ff_shm_lock(sqlite3_file *f, int at, int n, int flags)
{
    return real_of(f)->pMethods->xShmLock(real_of(f), at, n, flags);
}

static inline void ff_shm_barrier(sqlite3_file *f)
{
    real_of(f)->pMethods->xShmBarrier(real_of(f));
}

static inline int ff_shm_unmap(sqlite3_file *f, int remove)
{
    return real_of(f)->pMethods->xShmUnmap(real_of(f), remove);
}

static const sqlite3_io_methods fault_methods = {
    .iVersion = 2,
    .xClose = ff_close,
    .xRead = ff_read,
    .xWrite = ff_write,
    .xTruncate = ff_truncate,
    .xSync = ff_sync,
    .xFileSize = ff_size,
    .xLock = ff_lock,
    .xUnlock = ff_unlock,
    .xCheckReservedLock = ff_check,
    .xFileControl = ff_control,
    .xSectorSize = ff_sector,
    .xDeviceCharacteristics = ff_traits,
    .xShmMap = ff_shm_map,
    .xShmLock = ff_shm_lock,
    .xShmBarrier = ff_shm_barrier,
    .xShmUnmap = ff_shm_unmap,
};

static inline int fault_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
                             int *ret_flags)
{
    struct fault_file *f = (struct fault_file *)file;
    int rc;

    (void)vfs;
    memset(f, 0, sizeof *f);
    f->real = (sqlite3_file *)(void *)(f + 1);
    rc = fault_real->xOpen(fault_real, name, f->real, flags, ret_flags);
    f->base.pMethods = f->real->pMethods ? &fault_methods : NULL;
    return rc;
}

static inline void fault_vfs_install(void)
{
    static sqlite3_vfs vfs;

    if (fault_real)
        return;
    fault_real = sqlite3_vfs_find(NULL);
    vfs = *fault_real;
    vfs.zName = "fault";
    vfs.szOsFile += (int)sizeof(struct fault_file);
    vfs.xOpen = fault_open;
    sqlite3_vfs_register(&vfs, 1);
}

#endif
