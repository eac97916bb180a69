/* Inside of the SQLite driver: the connection, shared by its files. */
#ifndef TCN_STORE_SQLITE_H
#define TCN_STORE_SQLITE_H

#include "store/db.h"
#include <sqlite3.h>
#include <sys/types.h>

#define TCN_SQLITE_PAGE_BYTES 8192 /* of a new file; an older one has smaller ones */

/* Room for work in hand on a full disk: a file that shrinks by pieces as it is needed, so that nobody else takes all of
 * it at once. New work is refused (is_full) before it is touched. */
struct tcn_reserve {
    char *path;      /* owned; NULL: none is kept */
    int fd;          /* of the file; -1: none yet */
    int database_fd; /* borrowed */
    int64_t held;    /* bytes of the file */
    bool is_full;    /* until there is ample room again */
    bool is_tight;   /* or will be soon: the log must be kept short */
};
/* What must be free to take new work: for the log between two checkpoints, and for what was on its way already. */
#define TCN_RESERVE_FREE ((int64_t)8 << 20)
#define TCN_RESERVE_MIN ((int64_t)8 << 20)
#define TCN_RESERVE_MAX ((int64_t)256 << 20)

/* For a database of that size, all of whose incidents may have everything before them. */
int64_t tcn_reserve_size(int64_t database_bytes);
/* What must be there, free or held, to take new work; log_bytes are not in the database file yet. */
int64_t tcn_reserve_need(int64_t database_bytes, int64_t log_bytes);

void tcn_reserve_init(struct tcn_reserve *r, const char *database_path, int database_fd);
void tcn_reserve_done(struct tcn_reserve *r); /* the file stays */
/* Before a transaction: is new work too much? Gives back what work in hand needs then. */
void tcn_reserve_look(struct tcn_reserve *r, int64_t log_bytes);
void tcn_reserve_release(struct tcn_reserve *r); /* a piece, after a write that found no room */
/* Takes the room again when there is enough of it, and ends is_full then. */
void tcn_reserve_take(struct tcn_reserve *r, int64_t log_bytes);

/* A VFS over the default one that writes the log in large pieces. */
struct tcn_wal_vfs;
struct tcn_wal_vfs *tcn_wal_vfs_new(void);
void tcn_wal_vfs_free(struct tcn_wal_vfs *v);              /* after the connections that use it */
const char *tcn_wal_vfs_name(const struct tcn_wal_vfs *v); /* for sqlite3_open_v2 */
/* Between the two, commits are not synced; the second says whether one was not. */
void tcn_wal_put_off(struct tcn_wal_vfs *v);
bool tcn_wal_put_off_no_more(struct tcn_wal_vfs *v);
/* Syncs the log that is open; on any thread, but not beside its close. An SQLite code. */
int tcn_wal_sync(struct tcn_wal_vfs *v);

/* A thread that makes checkpoints. NULL when there can be none: then they are made in between. */
struct tcn_background;
struct tcn_background *tcn_background_start(const char *path);
void tcn_background_stop(
    struct tcn_background *b); /* waits for the checkpoint in hand; NULL is legal */
void tcn_background_ask(struct tcn_background *b);
/* With what was asked last; *ret_moved: so many pages of the log are in the file then. */
bool tcn_background_is_done(struct tcn_background *b, size_t *ret_moved);

struct tcn_db {
    sqlite3 *handle;
    struct tcn_wal_vfs *vfs;           /* owned */
    struct tcn_background *background; /* owned; NULL until there was much to do */
    bool is_beside;                    /* a second connection of this process: owns nothing */
    bool is_asked; /* the background is at work on the log, or was and that was not looked at */
    char *path;    /* owned; NULL for :memory: */
    int lock_fd;   /* holds the flock(2) that says: mine. -1 for :memory: */
    bool in_transaction;
    bool is_settling; /* commit or checkpoint: a failed write leaves the file unknown */
    size_t wal_pages, tried_pages; /* in the log now; of those, looked at by a checkpoint */
    size_t moved_pages; /* of the log into the file, by this connection's last checkpoint */
    struct tcn_reserve reserve;
    bool has_log; /* the log was seen at its name: as this file */
    dev_t log_dev;
    ino_t log_ino;
};

/* Turns a result code of SQLite into ours, with a message. Does not return after a failed sync. */
int tcn_sqlite_fail(struct tcn_db *db, int rc, const char *doing, struct tcn_err *err);
/* Runs statements without parameters and results. */
int tcn_sqlite_exec(struct tcn_db *db, const char *sql, struct tcn_err *err);

int tcn_sqlite_open(const struct tcn_db_place *place, struct tcn_db **ret, struct tcn_err *err);
/* A second connection to a database that this process or another one has open: for one thread of its own, for a reader,
 * for a guest. TCN_ENOTFOUND. */
int tcn_sqlite_open_beside(const char *path, enum tcn_db_role role, struct tcn_db **ret,
                           struct tcn_err *err);
void tcn_sqlite_close(struct tcn_db *db);
int tcn_sqlite_check(struct tcn_db *db, struct tcn_err *err);
enum tcn_db_chore tcn_sqlite_chore(struct tcn_db *db);
int tcn_sqlite_upkeep(struct tcn_db *db, struct tcn_err *err);
bool tcn_sqlite_is_full(struct tcn_db *db);
/* TCN_EIO when the file or its log is gone from its name, or another file has that name. */
int tcn_sqlite_look(struct tcn_db *db, struct tcn_err *err);

/* TCN_EINVALID when a file system of this kind (statfs(2) f_type) may lie about locks, syncs or shared memory:
 * sqlite.org/wal.html "does not work over a network filesystem". */
int tcn_sqlite_check_fs(uint64_t f_type, const char *path, struct tcn_err *err);

#endif
