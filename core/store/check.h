/* Looks for what must not be in a store: damage of the database, rows that contradict each other; and for what a node would lack
 * there. Reads only. */
#ifndef TCN_STORE_CHECK_H
#define TCN_STORE_CHECK_H

#include "store/store.h"

/* One line of what is wrong and where. */
typedef void tcn_check_told(void *ctx, const char *finding);

/* Outside a transaction; for a store that is visited. Tells at most 100 complaints of the database about itself; a server
 * looks after its own files. */
int tcn_store_check_pages(struct tcn_store *s, tcn_check_told *told, void *ctx,
                          struct tcn_err *err);
/* Outside a transaction: rights that a node needs and this role lacks, a line a table. *ret_may_read: it may read all of
 * them. A database in this process has no roles. */
int tcn_store_check_rights(struct tcn_store *s, tcn_check_told *told, void *ctx, bool *ret_may_read,
                           struct tcn_err *err);
/* The same, of all of them the first: TCN_EINVALID with what is to be done about it. */
int tcn_store_need_rights(struct tcn_store *s, struct tcn_err *err);
/* Outside a transaction: TCN_EINVALID when the database lacks what the node of this folder had written to it. */
int tcn_store_check_written(struct tcn_store *s, struct tcn_err *err);
/* Outside a transaction: TCN_EBUSY when every commit would wait for somebody who is not there. */
int tcn_store_check_commits(struct tcn_store *s, struct tcn_err *err);
/* TCN_EBUSY: a server has no room for a second connection, which a node needs beside its first. */
int tcn_store_check_connections(struct tcn_store *s, struct tcn_err *err);
/* Outside a transaction: tables of a server that do not keep accounts apart (row-level security is off), in one line. */
int tcn_store_check_policies(struct tcn_store *s, tcn_check_told *told, void *ctx,
                             struct tcn_err *err);
/* Inside a transaction: the same; "" when they do. */
int tcn_store_open_policies(struct tcn_store *s, char *ret_text, size_t size, struct tcn_err *err);
/* Inside a transaction: rules between all rows that the store sees (all_accounts), at most 10 findings of each. */
int tcn_store_check_rows(struct tcn_store *s, tcn_check_told *told, void *ctx, struct tcn_err *err);

#endif
