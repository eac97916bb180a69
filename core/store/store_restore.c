/* A restore: the backup is copied beside the store, looked through, put into held mode, and then takes the store's
 * place. Until that last step nothing of the store has changed. */
#include "store/restore.h"

#include "base/xalloc.h"
#include "store/internal.h"
#include "store/part.h"
#include "store/sqlite.h"
#include "store/sqlite_backup.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_MAX_BYTES 4200

enum { FOREIGN = 10 }; /* beside those of store_hold.c and store_held.c */
static const char foreign[] = "SELECT account_id FROM epochs WHERE account_id <> $1 AND NOT EXISTS"
                              " (SELECT 1 FROM epochs WHERE account_id = $1 AND epoch < $2)"
                              " LIMIT 1";

static const char *beside(const char *path, const char *tail, char ret[NAME_MAX_BYTES])
{
    snprintf(ret, NAME_MAX_BYTES, "%s%s", path, tail);
    return ret;
}

static bool has_bytes(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && st.st_size > 0;
}

/* -- what is there ---------------------------------------------------------------------------------------------- */

/* The lock that the owner of a store has; -1 in *ret_fd: there is no file. */
static int lock_old(const struct tcn_restore *how, int *ret_fd, struct tcn_err *err)
{
    *ret_fd = open(how->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (*ret_fd >= 0 && flock(*ret_fd, LOCK_EX | LOCK_NB) < 0)
        return tcn_fail(err, TCN_EBUSY, "a running tocsin uses %s; stop it first", how->path);
    if (*ret_fd < 0 && errno != ENOENT)
        return tcn_fail(err, TCN_EIO, "cannot open %s: %s", how->path, strerror(errno));
    return 0;
}

/* A log without its database would be taken for that of the new one. */
static int check_vacant(const struct tcn_restore *how, struct tcn_err *err)
{
    char log[NAME_MAX_BYTES];
    const char *found = access(how->path, F_OK) == 0                ? how->path
                        : has_bytes(beside(how->path, "-wal", log)) ? log
                                                                    : NULL;

    return !found || how->replaces
               ? 0
               : tcn_fail(err, TCN_ECONFLICT,
                          "there is a store already: %s; --replace keeps it under another name",
                          found);
}

/* Its names with the time come first, so that a crash loses none of it. The database goes before its log: without it a
 * start makes an empty store, which nobody takes for the old one. */
static int put_aside(const struct tcn_restore *how, bool *ret_has_kept, struct tcn_err *err)
{
    char log[NAME_MAX_BYTES], kept_log[NAME_MAX_BYTES], map[NAME_MAX_BYTES];
    bool has_log;
    int r;

    *ret_has_kept = false;
    if (!how->replaces)
        return 0;
    beside(how->path, "-wal", log);
    if ((r = tcn_part_keep(how->path, how->kept, ret_has_kept, err)) < 0 ||
        (r = tcn_part_keep(log, beside(how->kept, "-wal", kept_log), &has_log, err)) < 0)
        return r;
    *ret_has_kept |= has_log;
    unlink(how->path);
    unlink(log);
    unlink(beside(how->path, "-shm", map));
    return 0;
}

/* -- the new one ------------------------------------------------------------------------------------------------ */

static int check_account(struct tcn_store *s, struct tcn_err *err)
{
    struct tcn_query q;
    int r;

    if ((r = tcn_query_start(s, TCN_SQL_HOLD, FOREIGN, foreign, &q, err)) < 0)
        return r;
    tcn_q_epoch(&q);
    if ((r = tcn_query_step(&q, err)) == 1) {
        struct tcn_str other = tcn_c_view(&q);

        r = tcn_fail(err, TCN_EINVALID,
                     "the backup is of account %.*s, the configuration says %s: is it the right "
                     "file?",
                     (int)other.len, other.ptr, s->account_id);
    }
    tcn_query_done(&q);
    return r;
}

static int hold(struct tcn_store *s, int64_t now_ms, struct tcn_held_count *ret,
                struct tcn_err *err)
{
    int r;

    if ((r = tcn_store_begin(s, err)) < 0)
        return r;
    if ((r = check_account(s, err)) == 0 && (r = tcn_store_hold(s, now_ms, err)) == 0 &&
        (r = tcn_store_held_count(s, ret, err)) == 0)
        return tcn_store_commit(s, err);
    tcn_store_rollback(s);
    return r;
}

/* As the owner of the copy: what is missing of the schema is added, and rows in flight are a dead process's. */
static int make_held(const struct tcn_restore *how, const char *part, struct tcn_held_count *ret,
                     struct tcn_err *err)
{
    const struct tcn_store_options o = {.account_id = how->account_id, .node = how->node};
    char name[NAME_MAX_BYTES];
    struct tcn_store *s;
    int r = tcn_store_open_with(&tcn_sqlite_driver, part, &o, how->now_ms, &s, err);

    if (r == 0) {
        r = hold(s, how->now_ms, ret, err);
        tcn_store_close(s);
    }
    if (r == 0 && has_bytes(beside(part, "-wal", name)))
        r = tcn_fail(err, TCN_EIO, "%s: its log could not be moved into it", part);
    unlink(beside(part, "-wal", name));
    unlink(beside(part, "-shm", name));
    unlink(beside(part, ".reserve", name));
    return r;
}

static int check_backup(const char *from, struct tcn_err *err)
{
    char log[NAME_MAX_BYTES];

    if (access(from, R_OK) < 0)
        return tcn_fail(err, TCN_ENOTFOUND, "cannot read %s: %s", from, strerror(errno));
    if (has_bytes(beside(from, "-wal", log)))
        return tcn_fail(err, TCN_EINVALID,
                        "%s lies beside it: this is a database in use and no backup; make one with "
                        "tocsin db backup",
                        log);
    return tcn_sqlite_verify(from, err);
}

static int replace(const struct tcn_restore *how, const char *part, struct tcn_held_count *ret_held,
                   bool *ret_has_kept, struct tcn_err *err)
{
    int r;

    if ((r = tcn_part_fill(part, how->from, err)) < 0 ||
        (r = make_held(how, part, ret_held, err)) < 0 || (r = tcn_part_sync(part, err)) < 0 ||
        (r = put_aside(how, ret_has_kept, err)) < 0)
        return r;
    return tcn_part_name(part, how->path, err);
}

int tcn_store_restore(const struct tcn_restore *how, struct tcn_held_count *ret_held,
                      bool *ret_has_kept, struct tcn_err *err)
{
    char *part = NULL;
    int lock = -1, r;

    if ((r = check_backup(how->from, err)) < 0 || (r = check_vacant(how, err)) < 0 ||
        (r = lock_old(how, &lock, err)) < 0 || (r = tcn_part_create(how->path, &part, err)) < 0)
        goto out;
    if ((r = replace(how, part, ret_held, ret_has_kept, err)) < 0)
        unlink(part);
out:
    if (lock >= 0)
        close(lock);
    free(part);
    return r;
}
