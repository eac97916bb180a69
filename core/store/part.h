/* A file that appears whole: made under a name beside it, synced, then given its name. */
#ifndef TCN_STORE_PART_H
#define TCN_STORE_PART_H

#include "base/err.h"
#include <stdbool.h>

/* PATH.part-PID: created, empty and 0600. Yours to free. TCN_EFULL, TCN_EIO. */
int tcn_part_create(const char *path, char **ret_part, struct tcn_err *err);
/* Copies the bytes of from into it. TCN_ENOTFOUND, TCN_EFULL, TCN_EIO. */
int tcn_part_fill(const char *part, const char *from, struct tcn_err *err);
int tcn_part_sync(const char *part, struct tcn_err *err);
/* The part is gone then and path is there, and on the disk. TCN_ECONFLICT: it was there before. */
int tcn_part_name(const char *part, const char *path, struct tcn_err *err);
/* A second name for what is there; true when there was something. TCN_ECONFLICT when to exists. */
int tcn_part_keep(const char *path, const char *to, bool *ret_was_there, struct tcn_err *err);

#endif
