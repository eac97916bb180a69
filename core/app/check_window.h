/* What `tocsin check` tells of maintenance windows. */
#ifndef TCN_APP_CHECK_WINDOW_H
#define TCN_APP_CHECK_WINDOW_H

#include "engine/directory.h"

#include <stdio.h>

/* A line for each: when it is open next, or that it never is again. */
void tcn_check_windows(const struct tcn_directory *dir, int64_t now_ms, FILE *out);

#endif
