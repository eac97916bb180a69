/* Whole small files. */
#ifndef TCN_SYS_FILE_H
#define TCN_SYS_FILE_H

#include "base/buf.h"
#include "base/err.h"

/* Appends all of path to out (its cap is the limit). TCN_ENOTFOUND (with the nearest name in that folder), TCN_ELIMIT,
 * TCN_EIO. "-" is standard input. */
int tcn_file_read(const char *path, struct tcn_buf *out, struct tcn_err *err);
/* Writes PATH.new with that mode (less the umask), syncs, renames it over path, syncs the folder. path keeps its old
 * text when that fails. TCN_EFULL, TCN_EIO, TCN_ENOTFOUND, TCN_ELIMIT. */
int tcn_file_write(const char *path, struct tcn_str text, unsigned mode, struct tcn_err *err);
/* Creates the folder (0700) when it is missing; its parents must exist. TCN_ENOTFOUND, TCN_EIO. */
int tcn_dir_make(const char *path, struct tcn_err *err);
/* Takes the folder for this process alone, until *ret_fd is closed or it ends. TCN_EBUSY: another process has it. A file system
 * that has no such locks lets anybody in. TCN_ENOTFOUND, TCN_EIO. */
int tcn_dir_own(const char *path, int *ret_fd, struct tcn_err *err);
/* True when others than the owner and its group may read, write or execute path; false when there is none. */
bool tcn_file_is_exposed(const char *path);

#endif
