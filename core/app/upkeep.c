#include "app/upkeep.h"
#include "base/xalloc.h"
#include "store/feeds.h"
#include "store/nodes.h"

#include <stdlib.h>

_Static_assert(TCN_CONFLICTS_PRUNED_MAX == TCN_UPKEEP_ROWS,
               "a full run says that there may be more");

static int forget_conflicts(struct tcn_store *s, int64_t now_ms, size_t *n, struct tcn_err *err)
{
    int64_t gone = 0;
    int r = tcn_store_conflict_prune(s, now_ms - TCN_CONFLICTS_KEPT_MS, &gone, err);

    if (r == 0 && (size_t)gone > *n)
        *n = (size_t)gone;
    return r;
}

static int run(struct tcn_job *base, struct tcn_store *s, int64_t now_ms, struct tcn_err *err)
{
    struct tcn_upkeep_job *job = (struct tcn_upkeep_job *)base;
    const struct tcn_inbox_age age = {now_ms - TCN_INBOX_KEPT_MS, now_ms - TCN_QUARANTINE_KEPT_MS};
    int r = tcn_store_clock_mark(s, now_ms, err);

    if (r == 0)
        r = tcn_store_peer_trim(s, err);
    if (r == 0)
        r = tcn_store_inbox_trim(s, &age, TCN_UPKEEP_ROWS, &job->n_forgotten, err);
    return r < 0 ? r : forget_conflicts(s, now_ms, &job->n_forgotten, err);
}

static void done(struct tcn_job *base, int r, const struct tcn_err *err)
{
    struct tcn_upkeep_job *job = (struct tcn_upkeep_job *)base;

    job->finished(job, r, err);
}

struct tcn_upkeep_job *tcn_upkeep_job_new(void)
{
    struct tcn_upkeep_job *job = tcn_xcalloc(1, sizeof *job);

    job->job.run = run;
    job->job.done = done;
    return job;
}

void tcn_upkeep_job_free(struct tcn_upkeep_job *job)
{
    free(job);
}
