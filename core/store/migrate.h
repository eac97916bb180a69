/* The schema and its history. Each migration runs in one transaction with the row that says it ran, so that a process
 * killed in the middle of it starts over with that migration and no other. */
#ifndef TCN_STORE_MIGRATE_H
#define TCN_STORE_MIGRATE_H

#include "store/db.h"

struct tcn_migration {
    int64_t version; /* 1, 2, 3 ... without gaps */
    int64_t
        oldest; /* the oldest schema whose programs still work after this one: additive changes keep it */
    const char *const *statements; /* ends with NULL */
};

extern const struct tcn_migration tcn_migrations[]; /* ends with version 0 */

/* Brings the database to the last of list. TCN_EINVALID when it was written by a program that this one cannot follow,
 * with what to do; else the codes of the driver. */
int tcn_migrate(const struct tcn_db_driver *driver, struct tcn_db *db,
                const struct tcn_migration *list, int64_t now_ms, struct tcn_err *err);
/* The same; for a table that others keep locked it waits so long, in short turns: who comes to that table meanwhile is not
 * kept for longer than one. TCN_EBUSY after that. */
int tcn_migrate_within(const struct tcn_db_driver *driver, struct tcn_db *db,
                       const struct tcn_migration *list, int64_t now_ms, int64_t patience_ms,
                       struct tcn_err *err);

/* Runs one statement of the schema's kind, with {WORDS}; ret_row (two numbers, may be NULL) takes the first row. Inside a
 * transaction. */
int tcn_migrate_run(const struct tcn_db_driver *driver, struct tcn_db *db, const char *sql,
                    int64_t ret_row[2], struct tcn_err *err);
/* For who is at work while another program may have migrated: outside a transaction, one question. *ret_version: the schema
 * that it has now. TCN_EINVALID: a program of list cannot follow that one. */
int tcn_migrate_follow(const struct tcn_db_driver *driver, struct tcn_db *db,
                       const struct tcn_migration *list, int64_t *ret_version, struct tcn_err *err);
/* For who may not migrate: the newest schema of list is there, or a newer one that a program of list may go on with.
 * is_exact: for who takes every column, that one alone. TCN_EINVALID when it is another one. */
int tcn_migrate_check(const struct tcn_db_driver *driver, struct tcn_db *db,
                      const struct tcn_migration *list, bool is_exact, struct tcn_err *err);

#endif
