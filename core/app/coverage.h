/* How the on-call schedules and rotations that are in force are covered: what `tocsin check` tells of a file. */
#ifndef TCN_APP_COVERAGE_H
#define TCN_APP_COVERAGE_H

#include "app/commands.h"

/* GET /v1/coverage: schedules by their names, then rotations by theirs, each with its gaps, with the times when several
 * rotations of a schedule are at once, when the clocks of its zone are set, and with its flaws. A page ends where it would
 * take too long. */
int tcn_coverage_execute(struct tcn_api_call *call, const struct tcn_command_world *world,
                         struct tcn_store *s, int64_t now_ms, struct tcn_err *err);

#endif
