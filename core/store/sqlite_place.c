/* Whether the open files still have their names. A file that was removed or replaced takes every write and keeps it from
 * the next start; SQLite does not look again after it has opened. */
#include "store/sqlite.h"

#include "base/buf.h"
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

static int fail_gone(const char *path, const char *what, struct tcn_err *err)
{
    return tcn_fail(err, TCN_EIO, "%s %s", path, what);
}

static int look_at_file(const struct tcn_db *db, struct tcn_err *err)
{
    struct stat open_one, named;

    if (fstat(db->lock_fd, &open_one) < 0)
        return fail_gone(db->path, strerror(errno), err);
    if (stat(db->path, &named) < 0)
        return fail_gone(db->path, errno == ENOENT ? "is gone" : strerror(errno), err);
    if (named.st_dev != open_one.st_dev || named.st_ino != open_one.st_ino)
        return fail_gone(db->path, "is another file than the one that is open", err);
    return 0;
}

/* SQLite makes the log with the first write, and leaves it its name while it is open. */
static int look_at_log(struct tcn_db *db, struct tcn_err *err)
{
    struct tcn_buf path;
    struct stat named;
    int r = 0;

    tcn_buf_init(&path, 8192);
    tcn_buf_fmt(&path, "%s-wal", db->path);
    if (stat(path.ptr, &named) < 0) {
        if (db->has_log)
            r = fail_gone(path.ptr, errno == ENOENT ? "is gone" : strerror(errno), err);
    } else if (!db->has_log) {
        db->has_log = true;
        db->log_dev = named.st_dev;
        db->log_ino = named.st_ino;
    } else if (named.st_dev != db->log_dev || named.st_ino != db->log_ino) {
        r = fail_gone(path.ptr, "is another file than the one that is open", err);
    }
    tcn_buf_done(&path);
    return r;
}

int tcn_sqlite_look(struct tcn_db *db, struct tcn_err *err)
{
    int r;

    if (db->lock_fd < 0)
        return 0;
    r = look_at_file(db, err);
    return r < 0 ? r : look_at_log(db, err);
}
