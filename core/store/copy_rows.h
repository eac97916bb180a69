/* Rows of any table, read and written in the order of its key, for a copy between databases. */
#ifndef TCN_STORE_COPY_ROWS_H
#define TCN_STORE_COPY_ROWS_H

#include "base/arena.h"
#include "base/vec.h"
#include "store/db.h"

#define TCN_COPY_COLUMNS 48
#define TCN_COPY_TABLES 27

/* The columns of the key come first: unique, the same row for its life, and in the same order in every database. */
struct tcn_copy_table {
    const char *name;
    size_t key;              /* so many */
    size_t rows;             /* read at once: what that may be of memory */
    const char *also_unique; /* a column that is unique beside the key; may be NULL */
    const char *types;       /* a letter a column: i b t r (integer, bytes, text, real) */
    const char *columns[TCN_COPY_COLUMNS + 1]; /* NULL ends */
};
/* Every table but schema_version. A migration that adds a table or a column adds it here. */
extern const struct tcn_copy_table tcn_copy_tables[TCN_COPY_TABLES];

/* A row in bytes that are the same wherever it was read: for each column a mark (0: NULL), its length, its value. */
struct tcn_copy_row {
    const uint8_t *bytes;
    size_t len;
};
/* By key, in the order of the databases. */
int tcn_copy_compare(const struct tcn_copy_table *t, const struct tcn_copy_row *a,
                     const struct tcn_copy_row *b);

/* One database, its statements for one table. */
struct tcn_copy_side {
    const struct tcn_db_driver *driver; /* borrowed, static */
    struct tcn_db *db;                  /* owned */
    bool cleans_text; /* bytes that are no UTF-8 are read as the other side will store them */
    const struct tcn_copy_table *table;
    struct tcn_dbstmt *first, *next, *put, *drop, *yield; /* owned; made at their first use */
};
void tcn_copy_side_use(struct tcn_copy_side *s, const struct tcn_copy_table *t);
void tcn_copy_side_done(
    struct tcn_copy_side *s); /* closes the database; legal on a zeroed struct */

struct tcn_copy_batch {
    TCN_VEC(struct tcn_copy_row) rows;
    bool is_last; /* no row comes after these */
};
/* The rows after that one (NULL: from the first), in a transaction. */
int tcn_copy_read(struct tcn_copy_side *s, const struct tcn_copy_row *after, struct tcn_arena *a,
                  struct tcn_copy_batch *ret, struct tcn_err *err);
/* In a transaction. put replaces the row with that key, and one that is in its way otherwise. */
int tcn_copy_put(struct tcn_copy_side *s, const struct tcn_copy_row *row, struct tcn_err *err);
int tcn_copy_drop(struct tcn_copy_side *s, const struct tcn_copy_row *row, struct tcn_err *err);

#endif
