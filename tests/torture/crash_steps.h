/* Work for a store in steps, one transaction each, whose traces can be counted afterwards. */
#ifndef TCN_TESTS_TORTURE_CRASH_STEPS_H
#define TCN_TESTS_TORTURE_CRASH_STEPS_H

#include "store/store.h"

#define STEPS 12
#define STEP_WHOLE 100 /* what step_found says of a step that is there with all its rows */

/* Writes the rows of step no (from 0) in one transaction. 0 or a code: then nothing was acknowledged. With *ret_unsynced
 * it may be acknowledged after a tcn_store_sync. */
int step_write(struct tcn_store *s, int no, bool *ret_unsynced);
/* 0: no row of this step; STEP_WHOLE: every row, with its content; between: some. Negative: an error. */
int step_found(struct tcn_store *s, int no, struct tcn_arena *a);

#endif
