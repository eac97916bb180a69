/* The reserve file, and when the disk counts as full. Work in hand needs room of two kinds: the log's between two
 * checkpoints, of which a piece is free at the beginning of each transaction as long as the reserve lasts, and the
 * database's for what the work leaves behind, which is in proportion to the work and so at most to the database. New
 * work is taken only while both are there. Being well again asks for more than that, so that a store at the brink does
 * not swing. */
#include "store/sqlite.h"

#include "base/xalloc.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define PIECE_BYTES ((int64_t)1 << 20) /* free for each transaction on a full disk, and not more */
#define AMPLE_BYTES ((int64_t)8 << 20) /* beyond the need, to be well again */
#define TIGHT_BYTES ((int64_t)16 << 20)

int64_t tcn_reserve_size(int64_t database_bytes)
{
    int64_t size = (database_bytes + TCN_RESERVE_MIN - 1) / TCN_RESERVE_MIN * TCN_RESERVE_MIN;

    if (size < TCN_RESERVE_MIN)
        return TCN_RESERVE_MIN;
    return size < TCN_RESERVE_MAX ? size : TCN_RESERVE_MAX;
}

int64_t tcn_reserve_need(int64_t database_bytes, int64_t log_bytes)
{
    return TCN_RESERVE_FREE + log_bytes + tcn_reserve_size(database_bytes + log_bytes);
}

static int64_t database_bytes(const struct tcn_reserve *r)
{
    struct stat st;

    return fstat(r->database_fd, &st) == 0 ? st.st_size : 0;
}

static int64_t free_bytes(const struct tcn_reserve *r)
{
    struct statvfs fs;

    return fstatvfs(r->database_fd, &fs) == 0 ? (int64_t)(fs.f_bavail * fs.f_frsize) : 0;
}

/* A sparse file, copied from elsewhere, holds nothing. */
static int64_t file_bytes(int fd)
{
    struct stat st;

    return fstat(fd, &st) == 0 && (int64_t)st.st_blocks * 512 >= st.st_size ? st.st_size : 0;
}

static bool open_file(struct tcn_reserve *r)
{
    if (r->fd >= 0)
        return true;
    r->fd = open(r->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    r->held = r->fd >= 0 ? file_bytes(r->fd) : 0;
    return r->fd >= 0;
}

static void shrink(struct tcn_reserve *r, int64_t bytes)
{
    int64_t rest = bytes < r->held ? r->held - bytes : 0;

    if (r->fd >= 0 && ftruncate(r->fd, rest) == 0)
        r->held = rest;
}

static bool grow(struct tcn_reserve *r, int64_t size)
{
    if (r->held >= size)
        return true;
    if (posix_fallocate(r->fd, 0, size) != 0) {
        shrink(r, 0);
        return false;
    }
    r->held = size;
    return true;
}

void tcn_reserve_init(struct tcn_reserve *r, const char *database_path, int database_fd)
{
    size_t size = strlen(database_path) + sizeof ".reserve";

    *r = (struct tcn_reserve){.path = tcn_xmalloc(size), .fd = -1, .database_fd = database_fd};
    snprintf(r->path, size, "%s.reserve", database_path);
    tcn_reserve_take(r, 0);
    tcn_reserve_look(r, 0);
    r->is_full = r->is_full || r->held < tcn_reserve_size(database_bytes(r));
    if (r->is_full)
        tcn_reserve_look(r, 0);
}

void tcn_reserve_done(struct tcn_reserve *r)
{
    if (r->path && r->fd >= 0)
        close(r->fd);
    free(r->path);
    r->path = NULL;
}

/* Whoever filled the disk goes on: what new work leaves over is held before they take it. */
static void become_full(struct tcn_reserve *r, int64_t free_now, int64_t wanted)
{
    int64_t most = (r->held + free_now - TCN_RESERVE_FREE / 2) / PIECE_BYTES * PIECE_BYTES;

    r->is_full = true;
    if (open_file(r) && most > r->held)
        grow(r, most < wanted ? most : wanted);
}

void tcn_reserve_look(struct tcn_reserve *r, int64_t log_bytes)
{
    int64_t bytes, free_now, room, need;

    if (!r->path)
        return;
    bytes = database_bytes(r);
    free_now = free_bytes(r);
    room = free_now + r->held;
    need = tcn_reserve_need(bytes, log_bytes);
    r->is_tight = r->is_full || room < need + TIGHT_BYTES;
    if (!r->is_full && room < need)
        become_full(r, free_now, tcn_reserve_size(bytes + log_bytes));
    if (r->is_full && free_now < PIECE_BYTES)
        shrink(r, PIECE_BYTES);
}

void tcn_reserve_release(struct tcn_reserve *r)
{
    if (!r->path)
        return;
    shrink(r, PIECE_BYTES);
    r->is_full = r->is_tight = true;
}

void tcn_reserve_take(struct tcn_reserve *r, int64_t log_bytes)
{
    int64_t bytes, need;

    if (!r->path || !open_file(r))
        return;
    bytes = database_bytes(r);
    need = tcn_reserve_need(bytes, log_bytes) + (r->is_full ? AMPLE_BYTES : 0);
    if (free_bytes(r) + r->held >= need && grow(r, tcn_reserve_size(bytes + log_bytes)))
        r->is_full = false;
}
