/* The thin face of a database: what the store needs of a driver, and no more. One SQL text serves every driver:
 * parameters are $1 $2 ..., upserts ON CONFLICT, results RETURNING, no function that only one database has. What
 * differs between dialects is words of the schema, see tcn_db_word. One connection is used by one thread. */
#ifndef TCN_STORE_DB_H
#define TCN_STORE_DB_H

#include "base/err.h"
#include "base/id.h"

struct tcn_db;     /* a connection; each driver defines its own */
struct tcn_dbstmt; /* a prepared statement of a connection */

/* In migrations {NAME} is replaced by text: {ID} {INT} {REAL} {BYTES} are column types, {SERIAL} a key that counts
 * by itself, {PLAIN} and {CLUSTERED} end a CREATE TABLE (clustered: rows live in the primary key's tree). */
struct tcn_db_word {
    const char *name, *text;
};

/* What a driver may have to do between transactions. */
enum tcn_db_chore {
    TCN_CHORE_NONE = 0,
    TCN_CHORE_IDLE, /* worth doing while nobody waits */
    TCN_CHORE_NOW   /* worth making others wait */
};

/* Codes of every function that can fail: TCN_EIO, TCN_EFULL, TCN_EBUSY, TCN_ECONFLICT (a constraint). A driver that
 * cannot know any more what the disk holds ends the process with status 70. */
struct tcn_db_driver {
    const char *name;
    const struct tcn_db_word *words; /* ends with a NULL name */

    /* target: the store's URL after the scheme. TCN_EINVALID: a place that cannot keep its promises. */
    int (*open)(const char *target, struct tcn_db **ret, struct tcn_err *err);
    void (*close)(struct tcn_db *db); /* after every statement is finalized */
    /* Whole-database check at start, TCN_EIO when damaged. May skip what would take too long. */
    int (*check)(struct tcn_db *db, struct tcn_err *err);

    int (*prepare)(struct tcn_db *db, const char *sql, struct tcn_dbstmt **ret,
                   struct tcn_err *err);
    void (*finalize)(struct tcn_dbstmt *st); /* NULL is legal */
    /* Parameters count from 1. Text and bytes are borrowed until reset. */
    void (*bind_null)(struct tcn_dbstmt *st, int n);
    void (*bind_int)(struct tcn_dbstmt *st, int n, int64_t value);
    void (*bind_double)(struct tcn_dbstmt *st, int n, double value);
    void (*bind_text)(struct tcn_dbstmt *st, int n, const char *ptr, size_t len);
    void (*bind_blob)(struct tcn_dbstmt *st, int n, const void *ptr, size_t len);
    void (*bind_id)(struct tcn_dbstmt *st, int n, const struct tcn_id *id); /* borrowed as well */
    /* 1: a row is there; 0: done. After 0 or an error only reset is legal. */
    int (*step)(struct tcn_dbstmt *st, struct tcn_err *err);
    void (*reset)(struct tcn_dbstmt *st);
    int64_t (*changes)(
        struct tcn_dbstmt *st); /* rows that the last INSERT, UPDATE or DELETE touched */

    /* Columns count from 0; valid until the next step or reset. */
    bool (*is_null)(struct tcn_dbstmt *st, int column);
    int64_t (*column_int)(struct tcn_dbstmt *st, int column);
    double (*column_double)(struct tcn_dbstmt *st, int column);
    struct tcn_str (*column_text)(struct tcn_dbstmt *st, int column); /* ptr NULL for NULL */
    struct tcn_str (*column_blob)(struct tcn_dbstmt *st, int column);
    int (*column_id)(struct tcn_dbstmt *st, int column, struct tcn_id *ret); /* TCN_EIO: no id */

    int (*begin)(struct tcn_db *db, struct tcn_err *err);  /* for writing */
    int (*commit)(struct tcn_db *db, struct tcn_err *err); /* durable on 0; rolled back otherwise */
    void (*rollback)(struct tcn_db *db);
    /* Both or none. A commit that others see and the disk may not know yet: *ret_unsynced says so; sync makes all of
     * them durable that returned before it was called. sync may run on a thread of its own beside everything but close. */
    int (*commit_unsynced)(struct tcn_db *db, bool *ret_unsynced, struct tcn_err *err);
    void (*sync)(struct tcn_db *db);

    /* Outside a transaction. chore: what upkeep would do now. is_full: space ran out and has not come back. */
    enum tcn_db_chore (*chore)(struct tcn_db *db);
    int (*upkeep)(struct tcn_db *db, struct tcn_err *err);
    bool (*is_full)(struct tcn_db *db);
};

extern const struct tcn_db_driver tcn_sqlite_driver;

#endif
