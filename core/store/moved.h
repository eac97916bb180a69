/* The mark of a store that was moved to another place: a name in meta of each account. Nothing starts on it. */
#ifndef TCN_STORE_MOVED_H
#define TCN_STORE_MOVED_H

#include "store/db.h"
#include "store/store.h"

#define TCN_MOVED_TO "moved_to"

/* In a transaction of its own, for every account that ever started there. */
int tcn_moved_mark(const struct tcn_db_driver *driver, struct tcn_db *db, const char *to,
                   struct tcn_err *err);
/* For who reads all accounts, outside a transaction: TCN_EINVALID when it was moved, but not to this place. */
int tcn_moved_check(const struct tcn_db_driver *driver, struct tcn_db *db, const char *to,
                    struct tcn_err *err);
/* For who opens a store, outside a transaction: TCN_EINVALID with the place and the command that overrides it when the
 * store's account was moved. */
int tcn_moved_refuse(struct tcn_store *s, struct tcn_err *err);
/* In a transaction of its own, for who opened it as is_reclaimed: takes the mark away. */
int tcn_moved_drop(struct tcn_store *s, struct tcn_err *err);
/* For who looks at a store, outside a transaction: 1 and where it was moved to, 0 when it was not. */
#define TCN_MOVED_PLACE 320 /* bytes of a URL, as much as a sentence shows */
int tcn_moved_to(struct tcn_store *s, char ret_place[TCN_MOVED_PLACE], struct tcn_err *err);

#endif
