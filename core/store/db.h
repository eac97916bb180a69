/* The thin face of a database: what the store needs of a driver, and no more. One SQL text serves every driver:
 * parameters are $1 $2 ..., upserts ON CONFLICT, results RETURNING, no function that only one database has. What
 * differs between dialects is words of the schema, see tcn_db_word. One connection is used by one thread. */
#ifndef TCN_STORE_DB_H
#define TCN_STORE_DB_H

#include "base/err.h"
#include "base/id.h"

struct tcn_db;       /* a connection; each driver defines its own */
struct tcn_dbstmt;   /* a prepared statement of a connection */
struct tcn_database; /* what is known of the server: nodes.h */
struct tcn_survey;   /* likewise */
struct tcn_clock_far;

/* In migrations {NAME} is replaced by text: {ID} {INT} {REAL} {BYTES} are column types, {TEXT} is text that is ordered
 * by its bytes (what is part of a key), {SERIAL} a key that counts by itself, {PLAIN} and {CLUSTERED} end a CREATE TABLE
 * (clustered: rows live in the primary key's tree), {TABLES} has the name of every table, {ON_SERVER} begins a
 * statement that a database inside the process does without. In statements {INSERT_ROWS} is an INSERT whose
 * failure may end the transaction, {UNCLAIMED} behind a SELECT leaves out what another transaction has in hand, and keeps
 * the rest from others; {ONE_OF}(SELECT ...){END} is IN, made so that a server looks up each of these few: it would join
 * them with the whole of a table that it believes to be small. {NOW_MS} is the database's own clock. */
struct tcn_db_word {
    const char *name, *text;
};

#define TCN_DB_LOCKS_MAX 256
#define TCN_DB_PLACE_TEXT 280 /* of tell_place, and enough for it */

/* What a commit answers whose connection broke while it was on its way. */
#define TCN_UNDECIDED 1

/* The process that has the database to itself; one of the nodes that share it, where it can be shared; or one beside them,
 * which only reads, or writes a row of meta. */
enum tcn_db_role { TCN_DB_OWNER = 0, TCN_DB_NODE, TCN_DB_READER, TCN_DB_GUEST };

/* Where the database is and who comes. */
struct tcn_db_place {
    const char *target;   /* the store's URL; SQLite: after the scheme */
    const char *password; /* NULL: none, or found by the driver's own ways */
    const char *node;     /* name of this process, for people */
    const char *account;  /* whose rows it may see and write; NULL: everybody's */
    const char *folder;   /* where a driver may keep what it learns of a server; NULL: nowhere */
    enum tcn_db_role role;
    bool is_quick; /* of several servers the first that is not known to be left behind is enough */
};

/* What a driver may have to do between transactions. */
enum tcn_db_chore {
    TCN_CHORE_NONE = 0,
    TCN_CHORE_IDLE, /* worth doing while nobody waits */
    TCN_CHORE_NOW   /* worth making others wait */
};

/* Codes of every function that can fail: TCN_EIO, TCN_EFULL, TCN_EBUSY, TCN_ECONFLICT (a constraint). A driver that
 * cannot know any more what the disk holds, or whose database is another process's now, ends the process with status
 * 70. What is marked "may be NULL" is what not every driver needs. */
/* What a statement must have touched: with fewer rows than least it is TCN_ECONFLICT with this text (static). */
struct tcn_db_touch {
    int64_t least; /* 0: whatever it touches is right */
    const char *conflict;
};

struct tcn_db_driver {
    const char *name;
    const struct tcn_db_word *words; /* ends with a NULL name */
    /* May be NULL. Statements for after rows were brought with their {SERIAL} keys, so that new ones go on behind them;
     * NULL ends. */
    const char *const *after_copy;

    /* TCN_EINVALID: a place that cannot keep its promises. place is borrowed for the call. */
    int (*open)(const struct tcn_db_place *place, struct tcn_db **ret, struct tcn_err *err);
    void (*close)(struct tcn_db *db); /* after every statement is finalized */
    /* Whole-database check at start, TCN_EIO when damaged. May skip what would take too long. */
    int (*check)(struct tcn_db *db, struct tcn_err *err);
    /* May be NULL: a commit waits for nobody. Outside a transaction; TCN_EBUSY: for somebody who is not there. */
    int (*may_commit)(struct tcn_db *db, struct tcn_err *err);
    /* May be NULL: there are none. TCN_EBUSY: there is no room for one connection more, and a node needs two. */
    int (*may_connect)(struct tcn_db *db, struct tcn_err *err);
    /* May be NULL. Outside a transaction: TCN_EINVALID when it lacks what the node of its place's folder had written. */
    int (*check_written)(struct tcn_db *db, struct tcn_err *err);
    /* May be NULL. Whether check found that a standby was promoted without the last commits of that node. */
    bool (*has_lost)(const struct tcn_db *db);

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
    /* Instead of step, when nobody reads the rows: to the end. A driver may send it and go on: then its error comes with a
     * later step or run, or with commit. */
    int (*run)(struct tcn_dbstmt *st, struct tcn_db_touch touch, struct tcn_err *err);
    /* May be NULL: run does. The same for an INSERT of VALUES without a SELECT in them, within a transaction: what is added
     * may be sent later, together with other rows of the statement, before anything that is not added and before the
     * commit. No row may be added a second time, nor one that another row of the statement conflicts with, unless something
     * was read meanwhile. */
    int (*add)(struct tcn_dbstmt *st, struct tcn_db_touch touch, struct tcn_err *err);

    /* Columns count from 0; valid until the next step or reset. */
    bool (*is_null)(struct tcn_dbstmt *st, int column);
    int64_t (*column_int)(struct tcn_dbstmt *st, int column);
    double (*column_double)(struct tcn_dbstmt *st, int column);
    struct tcn_str (*column_text)(struct tcn_dbstmt *st, int column); /* ptr NULL for NULL */
    struct tcn_str (*column_blob)(struct tcn_dbstmt *st, int column);
    int (*column_id)(struct tcn_dbstmt *st, int column, struct tcn_id *ret); /* TCN_EIO: no id */

    int (*begin)(struct tcn_db *db, struct tcn_err *err); /* for writing */
    /* For starts and migrations: no other process has such a transaction at the same time, and it is about all accounts. */
    int (*begin_alone)(struct tcn_db *db, struct tcn_err *err);
    /* Durable on 0, rolled back when negative; TCN_UNDECIDED when only recover can tell. */
    int (*commit)(struct tcn_db *db, struct tcn_err *err);
    void (*rollback)(struct tcn_db *db);
    /* Both or none. A commit that others see and the disk may not know yet: *ret_unsynced says so; sync makes all of
     * them durable that returned before it was called. sync may run on a thread of its own beside everything but close. */
    int (*commit_unsynced)(struct tcn_db *db, bool *ret_unsynced, struct tcn_err *err);
    void (*sync)(struct tcn_db *db);

    /* May be NULL. From now on a transaction that writes proves that this row of epochs, with that session, is in force. */
    int (*own)(struct tcn_db *db, int64_t epoch, int64_t session, struct tcn_err *err);
    /* The five may be NULL: this process has the database to itself.
     * lock: until the transaction ends no other process has it. Waited for, or (is_hurried) TCN_ECONFLICT; either error
     * may come as that of run. try_lock says whether it was had. */
    int (*lock)(struct tcn_db *db, int64_t key, bool is_hurried, struct tcn_err *err);
    int (*try_lock)(struct tcn_db *db, int64_t key, bool *ret_is_ours, struct tcn_err *err);
    /* As a hurried lock of each of up to TCN_DB_LOCKS_MAX. */
    int (*lock_all)(struct tcn_db *db, const int64_t *keys, size_t n, struct tcn_err *err);
    /* Outside a transaction: renews the lease and ends the leases of other processes that have run out; *ret_n of them. */
    int (*beat)(struct tcn_db *db, size_t *ret_n, struct tcn_err *err);
    /* Until when (tcn_clock_boot_us) no other process can have ended the lease. Any thread. */
    int64_t (*lease_until_us)(struct tcn_db *db);
    /* May be NULL. How often a lock was not to be had in time, so far. */
    uint64_t (*lock_timeouts)(struct tcn_db *db);
    /* May be NULL: the connection cannot be lost. While it is, begin answers TCN_EBUSY. recover tries for about wait_ms
     * to get it back: 0 with what became of a commit that was undecided, TCN_EBUSY when not yet. */
    bool (*is_lost)(struct tcn_db *db);
    int (*recover)(struct tcn_db *db, int64_t wait_ms, bool *ret_committed, struct tcn_err *err);

    /* May be NULL. Whether what was opened still is what its name leads to; TCN_EIO: not, and a new process would not
     * find what is written from now on. */
    int (*look)(struct tcn_db *db, struct tcn_err *err);
    /* What was opened, for people: PostgreSQL's host, database and role, never a password; or the file. Of a
     * connection that is lost without names. */
    void (*tell_place)(struct tcn_db *db, char *ret, size_t size);
    void (*describe)(struct tcn_db *db, struct tcn_database *ret);
    /* Both may be NULL: there is one server. See tcn_store_survey_of_start, tcn_store_survey. */
    void (*survey_of_start)(struct tcn_db *db, struct tcn_survey *ret);
    int (*survey)(const struct tcn_db_place *place, int stop_fd, struct tcn_survey *ret,
                  struct tcn_err *err);
    /* May be NULL. The last answer, tcn_clock_mono_us; and see tcn_store_waits. Any thread. */
    int64_t (*contact_us)(struct tcn_db *db);
    const char *(*waits)(struct tcn_db *db);
    /* May be NULL. The process ends: an answer that does not come is given up within seconds. Any thread. */
    void (*hurry)(struct tcn_db *db);
    /* May be NULL: its clock is this process's. What is known of the clock that all who share it go by. */
    struct tcn_clock_far *(*clock)(struct tcn_db *db);

    /* Outside a transaction. chore: what upkeep would do now. is_full: space ran out and has not come back. */
    enum tcn_db_chore (*chore)(struct tcn_db *db);
    int (*upkeep)(struct tcn_db *db, struct tcn_err *err);
    bool (*is_full)(struct tcn_db *db);
};

extern const struct tcn_db_driver tcn_sqlite_driver;
extern const struct tcn_db_driver tcn_postgres_driver;

#endif
