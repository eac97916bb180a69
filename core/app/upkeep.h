/* Forgets what need not be known any more, so that the store does not grow with every delivery. */
#ifndef TCN_APP_UPKEEP_H
#define TCN_APP_UPKEEP_H

#include "store/thread.h"

/* A sender's id is known that long: no sender tries again after more than a day. */
#define TCN_INBOX_KEPT_MS (INT64_C(7) * 86400 * 1000)
/* What no mapping could read waits that long for people. */
#define TCN_QUARANTINE_KEPT_MS (INT64_C(90) * 86400 * 1000)
/* Who changed what, and lost it, is kept that long. */
#define TCN_CONFLICTS_KEPT_MS (INT64_C(90) * 86400 * 1000)
#define TCN_UPKEEP_ROWS 500 /* of one job: alarms wait no longer than that takes */

struct tcn_upkeep_job {
    struct tcn_job job; /* first */
    size_t n_forgotten; /* of the table with most of it; TCN_UPKEEP_ROWS: there may be more */
    void (*finished)(struct tcn_upkeep_job *job, int r, const struct tcn_err *err);
    void *ctx;
};

struct tcn_upkeep_job *tcn_upkeep_job_new(void);
void tcn_upkeep_job_free(struct tcn_upkeep_job *job);

#endif
