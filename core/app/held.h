/* Held mode in the running process: says what is held and does what a person asked for with tocsin db release. */
#ifndef TCN_APP_HELD_H
#define TCN_APP_HELD_H

#include "engine/directory.h"
#include "store/held.h"
#include "store/thread.h"

#define TCN_HELD_BATCH 50 /* incidents of one job: alarms wait no longer than that takes */

/* Looks, and does the next part of a request. */
struct tcn_held_job {
    struct tcn_job job; /* first */
    struct tcn_arena arena;
    const struct tcn_directory *declared;  /* the configuration's; borrowed until the job ends */
    const struct tcn_directory *directory; /* in force, while it runs */
    /* Results. */
    int64_t before_ms; /* 0: nothing is held any more */
    struct tcn_held_count count;
    bool is_set_back;  /* the clock was, since the hold: what count says is not true yet */
    bool was_asked;    /* and something was done */
    bool has_more;     /* of that request: run another job at once */
    int64_t incidents; /* with which the whole request was about so far */
    void (*finished)(struct tcn_held_job *job, int r, const struct tcn_err *err);
    void *ctx;
};

struct tcn_held_job *tcn_held_job_new(const struct tcn_directory *declared);
void tcn_held_job_free(struct tcn_held_job *job);

struct tcn_app;
/* Looks now, and once a second while something is held. */
void tcn_held_start(struct tcn_app *app);
void tcn_held_stop(
    struct tcn_app *app); /* after the store's thread; legal when it was not started */

#endif
