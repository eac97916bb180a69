/* Files are read whole under a cap and replaced whole: a reader sees the old text or the new one. */
#include "sys/file.h"
#include "base/arena.h"
#include "base/nearest.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAMES_MAX = 1000, NAMES_ARENA = 4 << 20 };

static int fail_errno(struct tcn_err *err, const char *what, const char *path)
{
    int e = errno;
    int code = e == ENOENT ? TCN_ENOTFOUND : e == ENOSPC ? TCN_EFULL : TCN_EIO;

    return tcn_fail(err, code, "cannot %s %s: %s%s", what, path, strerror(e),
                    e == EISDIR   ? "; name a file in it"
                    : e == EACCES ? "; let the user that runs tocsin do so"
                                  : "");
}

/* The file of the same folder with the nearest name, or NULL. */
static const char *nearest_file(const char *path, struct tcn_arena *arena)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path, **names;
    const char *folder = slash ? tcn_arena_fmt(arena, "%.*s/", (int)(slash - path), path) : "./";
    DIR *dir = opendir(folder);
    const struct dirent *entry;
    size_t n = 0;

    if (!dir)
        return NULL;
    names = TCN_NEW_N(arena, const char *, NAMES_MAX + 1);
    while (n < NAMES_MAX && (entry = readdir(dir)))
        if (entry->d_name[0] != '.')
            names[n++] = tcn_arena_strdup(arena, entry->d_name);
    closedir(dir);
    name = tcn_nearest(name, names);
    return name ? tcn_arena_fmt(arena, "%s%s", slash ? folder : "", name) : NULL;
}

/* Where a path that says no folder from the root on was looked for: " in /var/lib/tocsin". */
static const char *looked_in(const char *path, struct tcn_arena *arena)
{
    char folder[PATH_MAX];

    return path[0] != '/' && getcwd(folder, sizeof folder) ? tcn_arena_fmt(arena, " in %s", folder)
                                                           : "";
}

/* What the person can do who gave the path. */
static int fail_open(struct tcn_err *err, const char *path)
{
    int e = errno, r;
    struct tcn_arena arena;
    const char *near;

    if (e != ENOENT)
        return fail_errno(err, "open", path);
    tcn_arena_init(&arena, NAMES_ARENA);
    near = nearest_file(path, &arena);
    r = tcn_fail(err, TCN_ENOTFOUND, "there is no file %s%s%s%s%s", path, looked_in(path, &arena),
                 near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
    tcn_arena_done(&arena);
    return r;
}

static int read_all(int fd, const char *path, struct tcn_buf *out, struct tcn_err *err)
{
    char chunk[16384];
    int r = 0;

    for (;;) {
        ssize_t n = read(fd, chunk, sizeof chunk);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            r = fail_errno(err, "read", path);
        if (n <= 0)
            break;
        tcn_buf_add(out, chunk, (size_t)n);
        if (!tcn_buf_ok(out)) {
            r = tcn_fail(err, TCN_ELIMIT, "%s is larger than %zu bytes", path, out->cap);
            break;
        }
    }
    /* The file may hold a secret. */
    explicit_bzero(chunk, sizeof chunk);
    return r;
}

int tcn_file_read(const char *path, struct tcn_buf *out, struct tcn_err *err)
{
    bool is_stdin = strcmp(path, "-") == 0;
    int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    int r;

    if (fd < 0)
        return fail_open(err, path);
    r = read_all(fd, path, out, err);
    if (!is_stdin)
        close(fd);
    return r;
}

static int write_all(int fd, struct tcn_str text)
{
    while (text.len > 0) {
        ssize_t n = write(fd, text.ptr, text.len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        text.ptr += n;
        text.len -= (size_t)n;
    }
    return fsync(fd);
}

static int sync_folder_of(const char *path)
{
    char copy[PATH_MAX];
    int fd, r;

    snprintf(copy, sizeof copy, "%s", path);
    fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    r = fsync(fd);
    close(fd);
    return r;
}

/* Never the file that a crash or somebody else left there: its owner and mode are not ours. */
static int create_new(const char *path, unsigned mode)
{
    if (unlink(path) < 0 && errno != ENOENT)
        return -1;
    return open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, (mode_t)mode);
}

/* Closes fd. */
static int write_and_close(int fd, struct tcn_str text)
{
    int r = write_all(fd, text), e = errno;

    if (close(fd) < 0 && r == 0)
        return -1;
    errno = e;
    return r;
}

int tcn_file_write(const char *path, struct tcn_str text, unsigned mode, struct tcn_err *err)
{
    char beside[PATH_MAX];
    int fd, r;

    if ((size_t)snprintf(beside, sizeof beside, "%s.new", path) >= sizeof beside)
        return tcn_fail(err, TCN_ELIMIT, "path too long: %s", path);
    if ((fd = create_new(beside, mode)) < 0)
        return fail_errno(err, "create", beside);
    if (write_and_close(fd, text) < 0 || rename(beside, path) < 0 || sync_folder_of(path) < 0) {
        r = fail_errno(err, "write", path);
        unlink(beside);
        return r;
    }
    return 0;
}

int tcn_dir_make(const char *path, struct tcn_err *err)
{
    struct stat st;

    if (mkdir(path, 0700) == 0)
        return 0;
    if (errno == EEXIST && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return 0;
    return fail_errno(err, "create folder", path);
}

int tcn_dir_own(const char *path, int *ret_fd, struct tcn_err *err)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return fail_errno(err, "open folder", path);
    if (flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK) {
        close(fd);
        return tcn_fail(err, TCN_EBUSY, "another process has %s", path);
    }
    *ret_fd = fd;
    return 0;
}

bool tcn_file_is_exposed(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && (st.st_mode & S_IRWXO) != 0;
}
