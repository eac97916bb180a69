/* What `tocsin check` tells of on-call schedules. */
#ifndef TCN_APP_CHECK_ONCALL_H
#define TCN_APP_CHECK_ONCALL_H

#include "engine/directory.h"

#include <stdio.h>

/* A few lines for each schedule: when within 365 days from now_ms on nobody is on call, when several rotations are at once, and
 * when the clocks of a rotation are set. A rotation that no schedule names pages nobody: that is told, and its gaps. */
void tcn_check_oncall(const struct tcn_directory *dir, int64_t now_ms, FILE *out);

#endif
