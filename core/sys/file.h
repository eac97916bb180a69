/* Whole small files. */
#ifndef TCN_SYS_FILE_H
#define TCN_SYS_FILE_H

#include "base/buf.h"
#include "base/err.h"

/* Reads all of path into out (its cap is the limit). TCN_ENOTFOUND, TCN_ELIMIT, TCN_EIO. "-" is standard input. */
int tcn_file_read(const char *path, struct tcn_buf *out, struct tcn_err *err);
/* Writes beside path with that mode, syncs, renames over it, syncs the folder. */
int tcn_file_write(const char *path, struct tcn_str text, unsigned mode, struct tcn_err *err);
/* Creates the folder (0700) when it is missing; its parents must exist. */
int tcn_dir_make(const char *path, struct tcn_err *err);
/* True when others than the owner and its group may read path. */
bool tcn_file_is_exposed(const char *path);

#endif
