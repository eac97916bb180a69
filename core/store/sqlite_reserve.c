/* The reserve file: 1 MiB that a full disk gives back to us. Taking it again waits until there is ample room, so that
 * a store at the brink does not swing between full and not full with every transaction. */
#include "store/sqlite.h"

#include "base/xalloc.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

void tcn_reserve_init(struct tcn_reserve *r, const char *database_path)
{
    size_t size = strlen(database_path) + sizeof ".reserve";

    r->path = tcn_xmalloc(size);
    snprintf(r->path, size, "%s.reserve", database_path);
    r->is_held = false;
    tcn_reserve_take(r);
}

void tcn_reserve_done(struct tcn_reserve *r)
{
    free(r->path);
    r->path = NULL;
}

void tcn_reserve_release(struct tcn_reserve *r)
{
    if (r->path)
        unlink(r->path);
    r->is_held = false;
}

static bool is_whole(int fd)
{
    struct stat st;

    return fstat(fd, &st) == 0 && st.st_size >= TCN_RESERVE_BYTES &&
           (int64_t)st.st_blocks * 512 >= TCN_RESERVE_BYTES;
}

static bool has_ample_room(int fd)
{
    struct statvfs fs;

    return fstatvfs(fd, &fs) == 0 &&
           (uint64_t)fs.f_bavail * fs.f_frsize >= 3 * (uint64_t)TCN_RESERVE_BYTES;
}

void tcn_reserve_take(struct tcn_reserve *r)
{
    int fd;

    if (!r->path || r->is_held)
        return;
    if ((fd = open(r->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)) < 0)
        return;
    r->is_held =
        is_whole(fd) || (has_ample_room(fd) && posix_fallocate(fd, 0, TCN_RESERVE_BYTES) == 0);
    if (!r->is_held)
        unlink(r->path);
    close(fd);
}
