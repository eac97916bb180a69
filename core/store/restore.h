/* Putting a backup where the store of a process that is not running lies. */
#ifndef TCN_STORE_RESTORE_H
#define TCN_STORE_RESTORE_H

#include "store/held.h"

struct tcn_restore {
    const char *from;       /* a file of tcn_sqlite_backup */
    const char *path;       /* of the store */
    const char *account_id; /* whose store that is */
    const char *node;
    bool replaces;    /* what is there is kept under another name */
    const char *kept; /* that name; needed with replaces */
    int64_t now_ms;
};

/* The backup becomes the store, in held mode, in one step that a crash leaves done or not done; from stays as it is.
 * *ret_held: what is held now. *ret_has_kept: there was something, and it is at kept (its log at kept-wal).
 * TCN_ECONFLICT: a store is there already; TCN_EBUSY: a process uses it; TCN_EINVALID: from is no backup, or another
 * account's; TCN_ENOTFOUND, TCN_EFULL, TCN_EIO. Then nothing has changed. */
int tcn_store_restore(const struct tcn_restore *how, struct tcn_held_count *ret_held,
                      bool *ret_has_kept, struct tcn_err *err);

#endif
