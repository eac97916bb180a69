#include "crash_disk.h"

#include <assert.h>
#include <dirent.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_FILES 8
#define MAX_REGIONS 64
#define SECTOR 512

struct image {
    char *bytes;
    size_t len, size;
};

/* What was done to a file since its last sync. */
struct call {
    struct call *next;
    bool is_truncate;
    size_t at, len;
    char *bytes; /* of a write */
};

struct file {
    char name[256]; /* "" = unused */
    bool is_there, is_there_on_disk;
    struct image live, disk;
    struct call *first, *last;
    void *regions[MAX_REGIONS]; /* shared memory */
};

struct handle {
    sqlite3_file base;
    struct file *file;
    bool
        syncs_folder; /* with its first sync, as the Unix VFS does for a journal or log that it made */
};

static struct file files[MAX_FILES];
static struct crash_plan plan;
static uint64_t calls, dice;
static char folder[200], stem[64];
static sqlite3_vfs *real;
void (*crash_disk_on_crash)(void);

static uint64_t roll(uint64_t n)
{
    dice ^= dice << 13;
    dice ^= dice >> 7;
    dice ^= dice << 17;
    return dice % n;
}

static void *must(void *p)
{
    if (!p)
        abort();
    return p;
}

/* -- images ------------------------------------------------------------------------------------------------- */

static void resize(struct image *i, size_t len)
{
    if (len > i->size) {
        i->size = len * 2;
        i->bytes = must(realloc(i->bytes, i->size));
    }
    if (len > i->len)
        memset(i->bytes + i->len, 0, len - i->len);
    i->len = len;
}

static void put(struct image *i, size_t at, const char *bytes, size_t len)
{
    if (at + len > i->len)
        resize(i, at + len);
    memcpy(i->bytes + at, bytes, len);
}

static void copy(struct image *to, const struct image *from)
{
    resize(to, from->len);
    if (from->len > 0)
        memcpy(to->bytes, from->bytes, from->len);
}

static struct file *find(const char *name)
{
    for (size_t i = 0; i < MAX_FILES; i++)
        if (strcmp(files[i].name, name) == 0)
            return &files[i];
    return NULL;
}

static struct file *make(const char *name)
{
    struct file *f = must(find(""));

    snprintf(f->name, sizeof f->name, "%s", name);
    return f;
}

/* -- losing power ------------------------------------------------------------------------------------------- */

static void note(struct file *f, bool is_truncate, size_t at, const char *bytes, size_t len)
{
    struct call *c = must(calloc(1, sizeof *c));

    *c = (struct call){.is_truncate = is_truncate, .at = at, .len = len};
    if (!is_truncate) {
        c->bytes = must(malloc(len + 1));
        memcpy(c->bytes, bytes, len);
    }
    if (f->last)
        f->last->next = c;
    else
        f->first = c;
    f->last = c;
}

static void forget(struct file *f)
{
    for (struct call *c = f->first, *next; c; c = next) {
        next = c->next;
        free(c->bytes);
        free(c);
    }
    f->first = f->last = NULL;
}

static void keep_part(struct file *f, const struct call *c)
{
    size_t cut;

    switch (roll(4)) {
    case 0:
        return; /* lost */
    case 1:
        if (!c->is_truncate && c->len > SECTOR) { /* torn: the front or the back arrived */
            cut = (1 + roll(c->len / SECTOR)) * SECTOR;
            cut = cut > c->len ? c->len : cut;
            if (roll(2))
                put(&f->disk, c->at, c->bytes, cut);
            else
                put(&f->disk, c->at + cut, c->bytes + cut, c->len - cut);
            return;
        }
        break;
    default:
        break;
    }
    if (c->is_truncate)
        resize(&f->disk, c->at);
    else
        put(&f->disk, c->at, c->bytes, c->len);
}

static void write_file(const struct file *f)
{
    int fd = open(f->name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    if (fd < 0 ||
        (f->disk.len > 0 && write(fd, f->disk.bytes, f->disk.len) != (ssize_t)f->disk.len) ||
        close(fd) < 0) {
        perror(f->name);
        abort();
    }
}

void crash_disk_lose_power(void)
{
    for (size_t i = 0; i < MAX_FILES; i++) {
        struct file *f = &files[i];

        if (!f->name[0])
            continue;
        /* An entry that was made or removed without a sync of the folder is there or not. */
        if (f->is_there != f->is_there_on_disk && roll(2))
            f->is_there_on_disk = f->is_there;
        /* Only what was done first may have arrived alone; what came later may have overtaken it. */
        for (const struct call *c = f->first; c; c = c->next)
            keep_part(f, c);
        if (f->is_there_on_disk)
            write_file(f);
        else
            unlink(f->name);
    }
}

static void count(void)
{
    if (++calls != plan.at)
        return;
    crash_disk_lose_power();
    crash_disk_on_crash();
}

/* -- the VFS ------------------------------------------------------------------------------------------------ */

static struct file *file_of(sqlite3_file *h)
{
    return ((struct handle *)h)->file;
}

static int on_close(sqlite3_file *h)
{
    (void)h;
    return SQLITE_OK;
}

static int on_read(sqlite3_file *h, void *buf, int n, sqlite3_int64 at)
{
    const struct image *i = &file_of(h)->live;
    size_t from = (size_t)at, want = (size_t)n, have = from < i->len ? i->len - from : 0;

    have = have < want ? have : want;
    if (have > 0)
        memcpy(buf, i->bytes + from, have);
    memset((char *)buf + have, 0, want - have);
    return have == want ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

static int on_write(sqlite3_file *h, const void *buf, int n, sqlite3_int64 at)
{
    note(file_of(h), false, (size_t)at, buf, (size_t)n);
    put(&file_of(h)->live, (size_t)at, buf, (size_t)n);
    count();
    return SQLITE_OK;
}

static int on_truncate(sqlite3_file *h, sqlite3_int64 size)
{
    note(file_of(h), true, (size_t)size, NULL, 0);
    resize(&file_of(h)->live, (size_t)size);
    count();
    return SQLITE_OK;
}

static void sync_folder(void)
{
    for (size_t i = 0; i < MAX_FILES; i++) {
        files[i].is_there_on_disk = files[i].is_there;
        if (!files[i].is_there) {
            resize(&files[i].disk, 0);
            forget(&files[i]);
        }
    }
}

static int on_sync(sqlite3_file *h, int flags)
{
    struct file *f = file_of(h);

    (void)flags;
    count();
    if (plan.lies)
        return SQLITE_OK;
    copy(&f->disk, &f->live);
    forget(f);
    if (((struct handle *)h)->syncs_folder)
        sync_folder();
    ((struct handle *)h)->syncs_folder = false;
    return SQLITE_OK;
}

static int on_size(sqlite3_file *h, sqlite3_int64 *ret)
{
    *ret = (sqlite3_int64)file_of(h)->live.len;
    return SQLITE_OK;
}

/* One connection: every lock is ours. */
static int on_lock(sqlite3_file *h, int level)
{
    (void)h;
    (void)level;
    return SQLITE_OK;
}

static int on_check_lock(sqlite3_file *h, int *ret)
{
    (void)h;
    *ret = 0;
    return SQLITE_OK;
}

static int on_control(sqlite3_file *h, int op, void *arg)
{
    (void)h;
    (void)op;
    (void)arg;
    return SQLITE_NOTFOUND;
}

static int on_sector(sqlite3_file *h)
{
    (void)h;
    return SECTOR;
}

static int on_traits(sqlite3_file *h)
{
    (void)h;
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE; /* as the Unix VFS says of every disk */
}

static int on_shm_map(sqlite3_file *h, int region, int size, int extend, void volatile **ret)
{
    struct file *f = file_of(h);

    if (region >= MAX_REGIONS)
        return SQLITE_IOERR_SHMMAP;
    if (!f->regions[region] && extend)
        f->regions[region] = must(calloc(1, (size_t)size));
    *ret = f->regions[region];
    return SQLITE_OK;
}

static int on_shm_lock(sqlite3_file *h, int at, int n, int flags)
{
    (void)h;
    (void)at;
    (void)n;
    (void)flags;
    return SQLITE_OK;
}

static void on_shm_barrier(sqlite3_file *h)
{
    (void)h;
}

static int on_shm_unmap(sqlite3_file *h, int remove)
{
    struct file *f = file_of(h);

    (void)remove;
    for (size_t i = 0; i < MAX_REGIONS; i++) {
        free(f->regions[i]);
        f->regions[i] = NULL;
    }
    return SQLITE_OK;
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = on_close,
    .xRead = on_read,
    .xWrite = on_write,
    .xTruncate = on_truncate,
    .xSync = on_sync,
    .xFileSize = on_size,
    .xLock = on_lock,
    .xUnlock = on_lock,
    .xCheckReservedLock = on_check_lock,
    .xFileControl = on_control,
    .xSectorSize = on_sector,
    .xDeviceCharacteristics = on_traits,
    .xShmMap = on_shm_map,
    .xShmLock = on_shm_lock,
    .xShmBarrier = on_shm_barrier,
    .xShmUnmap = on_shm_unmap,
};

static int on_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *h, int flags, int *ret_flags)
{
    struct file *f = name ? find(name) : NULL;

    (void)vfs;
    h->pMethods = NULL;
    if (!name)
        return SQLITE_CANTOPEN; /* temporary files live in memory: temp_store */
    if (!f)
        f = make(name);
    if (!f->is_there && !(flags & SQLITE_OPEN_CREATE))
        return SQLITE_CANTOPEN;
    f->is_there = true;
    *(struct handle *)h = (struct handle){
        .file = f,
        .syncs_folder =
            (flags & SQLITE_OPEN_CREATE) && (flags & (SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL)),
    };
    h->pMethods = &methods;
    if (ret_flags)
        *ret_flags = flags;
    return SQLITE_OK;
}

static int on_delete(sqlite3_vfs *vfs, const char *name, int with_folder)
{
    struct file *f = find(name);

    (void)vfs;
    if (!f || !f->is_there)
        return SQLITE_IOERR_DELETE_NOENT;
    f->is_there = false;
    note(f, true, 0, NULL, 0);
    resize(&f->live, 0);
    count();
    if (with_folder && !plan.lies)
        sync_folder();
    return SQLITE_OK;
}

static int on_access(sqlite3_vfs *vfs, const char *name, int flags, int *ret)
{
    struct file *f = find(name);

    (void)vfs;
    (void)flags;
    *ret = f && f->is_there && f->live.len > 0;
    return SQLITE_OK;
}

static int on_full_path(sqlite3_vfs *vfs, const char *name, int n, char *ret)
{
    (void)vfs;
    snprintf(ret, (size_t)n, "%s", name);
    return SQLITE_OK;
}

/* -- installation ------------------------------------------------------------------------------------------- */

static void load(const char *name)
{
    struct file *f = make(name);
    struct stat st;
    int fd = open(name, O_RDONLY);

    if (fd < 0 || fstat(fd, &st) < 0)
        abort();
    resize(&f->disk, (size_t)st.st_size);
    if (st.st_size > 0 && read(fd, f->disk.bytes, f->disk.len) != (ssize_t)f->disk.len)
        abort();
    close(fd);
    copy(&f->live, &f->disk);
    f->is_there = f->is_there_on_disk = true;
}

static void load_folder(void)
{
    DIR *d = must(opendir(folder));
    const struct dirent *e;
    char name[256];

    while ((e = readdir(d)) != NULL) {
        const char *tail = e->d_name + strlen(stem);

        if (strncmp(e->d_name, stem, strlen(stem)) != 0)
            continue;
        snprintf(name, sizeof name, "%s/%.50s", folder, e->d_name);
        if (strcmp(tail, "") == 0 || strcmp(tail, "-wal") == 0 || strcmp(tail, "-journal") == 0)
            load(name);
    }
    closedir(d);
}

void crash_disk_install(const char *in_folder, const char *in_stem, const struct crash_plan *p)
{
    static sqlite3_vfs vfs;

    assert(!real);
    snprintf(folder, sizeof folder, "%s", in_folder);
    snprintf(stem, sizeof stem, "%s", in_stem);
    plan = *p;
    dice = p->seed * UINT64_C(0x9E3779B97F4A7C15) + p->at + 1;
    load_folder();
    real = sqlite3_vfs_find(NULL);
    vfs = *real;
    vfs.zName = "crash";
    vfs.szOsFile = (int)sizeof(struct handle);
    vfs.xOpen = on_open;
    vfs.xDelete = on_delete;
    vfs.xAccess = on_access;
    vfs.xFullPathname = on_full_path;
    sqlite3_vfs_register(&vfs, 1);
}

uint64_t crash_disk_calls(void)
{
    return calls;
}
