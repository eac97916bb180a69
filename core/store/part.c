#include "store/part.h"

#include "base/xalloc.h"
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHUNK (256 * 1024)

static int fail(struct tcn_err *err, const char *doing, const char *path)
{
    int code = errno == ENOSPC || errno == EDQUOT ? TCN_EFULL
               : errno == ENOENT                  ? TCN_ENOTFOUND
                                                  : TCN_EIO;

    return tcn_fail(err, code, "cannot %s %s: %s", doing, path, strerror(errno));
}

int tcn_part_create(const char *path, char **ret_part, struct tcn_err *err)
{
    size_t size = strlen(path) + 32;
    char *part = tcn_xmalloc(size);
    int fd, r;

    snprintf(part, size, "%s.part-%d", path, (int)getpid());
    fd = open(part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) {
        r = fail(err, "create", part);
        free(part);
        return r;
    }
    close(fd);
    *ret_part = part;
    return 0;
}

static int write_all(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, bytes, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        bytes += n;
        len -= (size_t)n;
    }
    return 0;
}

static int copy(int in, int out, const char *from, const char *part, struct tcn_err *err)
{
    char *chunk = tcn_xmalloc(CHUNK);
    ssize_t n;
    int r = 0;

    while (r == 0 && (n = read(in, chunk, CHUNK)) != 0) {
        if (n < 0 && errno != EINTR)
            r = fail(err, "read", from);
        else if (n > 0 && write_all(out, chunk, (size_t)n) < 0)
            r = fail(err, "write", part);
    }
    free(chunk);
    return r;
}

int tcn_part_fill(const char *part, const char *from, struct tcn_err *err)
{
    int in = open(from, O_RDONLY | O_CLOEXEC), out, r;

    if (in < 0)
        return fail(err, "open", from);
    out = open(part, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    r = out < 0 ? fail(err, "open", part) : copy(in, out, from, part, err);
    if (out >= 0 && close(out) < 0 && r == 0)
        r = fail(err, "write", part);
    close(in);
    return r;
}

static int sync_path(const char *path, int flags, struct tcn_err *err)
{
    int fd = open(path, flags | O_CLOEXEC), r = 0;

    if (fd < 0 || fsync(fd) < 0)
        r = fail(err, "sync", path);
    if (fd >= 0)
        close(fd);
    return r;
}

int tcn_part_sync(const char *part, struct tcn_err *err)
{
    return sync_path(part, O_RDONLY, err);
}

static int sync_folder_of(const char *path, struct tcn_err *err)
{
    char *name = tcn_xstrdup(path);
    int r = sync_path(dirname(name), O_RDONLY | O_DIRECTORY, err);

    free(name);
    return r;
}

/* link(2) replaces nothing, whoever made a file of that name meanwhile. */
int tcn_part_name(const char *part, const char *path, struct tcn_err *err)
{
    if (link(part, path) < 0)
        return errno == EEXIST ? tcn_fail(err, TCN_ECONFLICT, "%s exists", path)
                               : fail(err, "create", path);
    unlink(part);
    return sync_folder_of(path, err);
}

int tcn_part_keep(const char *path, const char *to, bool *ret_was_there, struct tcn_err *err)
{
    *ret_was_there = link(path, to) == 0;
    if (*ret_was_there)
        return sync_folder_of(to, err);
    if (errno == ENOENT)
        return 0;
    return errno == EEXIST ? tcn_fail(err, TCN_ECONFLICT, "%s exists", to)
                           : fail(err, "keep a copy of", path);
}
