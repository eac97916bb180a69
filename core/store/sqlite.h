/* Inside of the SQLite driver: the connection, shared by its files. */
#ifndef TCN_STORE_SQLITE_H
#define TCN_STORE_SQLITE_H

#include "store/db.h"
#include <sqlite3.h>

/* Room that is given back to the file system when it is full, so that work in hand can be written down. */
struct tcn_reserve {
    char *path; /* owned; NULL: none is kept */
    bool is_held;
};
#define TCN_RESERVE_BYTES (1 << 20)

void tcn_reserve_init(struct tcn_reserve *r, const char *database_path);
void tcn_reserve_done(struct tcn_reserve *r); /* the file stays */
void tcn_reserve_release(struct tcn_reserve *r);
/* Takes the room again when there is enough of it; is_held tells. */
void tcn_reserve_take(struct tcn_reserve *r);

struct tcn_db {
    sqlite3 *handle;
    char *path;  /* owned; NULL for :memory: */
    int lock_fd; /* holds the flock(2) that says: mine. -1 for :memory: */
    bool in_transaction;
    bool is_settling; /* commit or checkpoint: a failed write leaves the file unknown */
    size_t wal_pages, tried_pages; /* in the log now; of those, looked at by a checkpoint */
    struct tcn_reserve reserve;
};

/* Turns a result code of SQLite into ours, with a message. Does not return after a failed sync. */
int tcn_sqlite_fail(struct tcn_db *db, int rc, const char *doing, struct tcn_err *err);
/* Runs statements without parameters and results. */
int tcn_sqlite_exec(struct tcn_db *db, const char *sql, struct tcn_err *err);

int tcn_sqlite_open(const char *path, struct tcn_db **ret, struct tcn_err *err);
void tcn_sqlite_close(struct tcn_db *db);
int tcn_sqlite_check(struct tcn_db *db, struct tcn_err *err);
enum tcn_db_chore tcn_sqlite_chore(struct tcn_db *db);
int tcn_sqlite_upkeep(struct tcn_db *db, struct tcn_err *err);
bool tcn_sqlite_is_full(struct tcn_db *db);

/* TCN_EINVALID when a file system of this kind (statfs(2) f_type) may lie about locks, syncs or shared memory:
 * sqlite.org/wal.html "does not work over a network filesystem". */
int tcn_sqlite_check_fs(uint64_t f_type, const char *path, struct tcn_err *err);

#endif
