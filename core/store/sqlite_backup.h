/* A copy of a SQLite database while another process writes to it. */
#ifndef TCN_STORE_SQLITE_BACKUP_H
#define TCN_STORE_SQLITE_BACKUP_H

#include "base/err.h"
#include <stdint.h>

/* Copies the database at path as it is at one moment into the new file to (0600): beside its owner, whole, verified, on
 * the disk and in its folder when this returns, else not there. *ret_bytes may be NULL. TCN_ECONFLICT: to exists;
 * TCN_ENOTFOUND, TCN_EBUSY, TCN_EFULL, TCN_EIO. */
int tcn_sqlite_backup(const char *path, const char *to, int64_t *ret_bytes, struct tcn_err *err);
/* Looks through a database that nobody writes to, without making a file beside it. TCN_EIO tells the damage. */
int tcn_sqlite_verify(const char *path, struct tcn_err *err);

#endif
