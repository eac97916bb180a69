/* Timers are rows; this job takes those that are due and lets the engine run them. */
#ifndef TCN_APP_TIMERS_H
#define TCN_APP_TIMERS_H

#include "app/commands.h"
#include "app/config.h"
#include "engine/milestone.h"
#include "store/thread.h"

#define TCN_TIMER_BATCH 64

struct tcn_timer_job {
    struct tcn_job job; /* first */
    struct tcn_arena arena;
    struct tcn_command_world world;
    int64_t listens_ms;       /* of the aggregates, see there */
    struct tcn_config *owner; /* a reference: the world lives in it */
    /* Results. */
    size_t n_run;       /* aggregates that were due; TCN_TIMER_BATCH means there may be more */
    int64_t next_ms;    /* when to come back; 0 = nothing waits */
    int64_t waiting_ms; /* the same of what waits without an incident */
    bool has_sends, has_tickets;
    struct tcn_milestones milestones;
    int64_t late_ms; /* the largest lateness met, for metrics */
    void (*finished)(struct tcn_timer_job *job, int r, const struct tcn_err *err);
    void *ctx;
};

struct tcn_timer_job *tcn_timer_job_new(const struct tcn_command_world *world);
void tcn_timer_job_free(struct tcn_timer_job *job);

#endif
