/* Alarms meet the store: one job a delivery. */
#ifndef TCN_APP_INTAKE_H
#define TCN_APP_INTAKE_H

#include "app/turn.h"
#include "engine/milestone.h"
#include "store/thread.h"

struct tcn_intake_result {
    enum tcn_intake outcome;
    struct tcn_id incident;    /* zero = none */
    bool is_settled;           /* the same body again would change nothing */
    struct tcn_lane_mark lane; /* as long as the lane is this one, of a database that is shared */
};

/* Made on the loop; everything that alarms and inbox point to lives in the job's own arena. */
struct tcn_intake_job {
    struct tcn_job job;            /* first: the thread's view of it */
    struct tcn_arena_pool *arenas; /* borrowed */
    struct tcn_arena arena;
    struct tcn_inbox inbox;
    struct tcn_alarm *alarms;
    size_t n_alarms;
    const struct tcn_source_policy
        *policy; /* borrowed from the configuration, which outlives the job */
    const struct tcn_directory *declared;  /* likewise */
    const struct tcn_directory *directory; /* in force, while it runs */
    struct tcn_id seed;                    /* incidents opened by this job are its children */
    uint32_t salt;

    /* Results, valid in done when the job succeeded. */
    struct tcn_intake_result *results;
    bool is_duplicate; /* the delivery id was known: nothing changed, results name no incident */
    bool has_changed;  /* something was written */
    bool makes_work;   /* and has something to do: the timer must look */
    struct tcn_milestones milestones;

    void (*answer)(struct tcn_intake_job *job, int r, const struct tcn_err *err); /* the owner's */
    void *ctx;
};

/* Zeroed but for its arena, seed and salt. Its arena comes of arenas and goes there when it is freed: on their thread. */
struct tcn_intake_job *tcn_intake_new(struct tcn_arena_pool *arenas, int64_t now_ms);
void tcn_intake_free(struct tcn_intake_job *job);
/* tcn_job_run: decides every alarm of the delivery. */
int tcn_intake_run(struct tcn_job *job, struct tcn_store *s, int64_t now_ms, struct tcn_err *err);

/* tcn_job_run: keeps a delivery that no mapping rule knows, for people. */
int tcn_intake_quarantine(struct tcn_job *job, struct tcn_store *s, int64_t now_ms,
                          struct tcn_err *err);
/* tcn_job_run: remembers a delivery that carries no alarm. */
int tcn_intake_keep(struct tcn_job *job, struct tcn_store *s, int64_t now_ms, struct tcn_err *err);

/* "opened", "folded", ...: for answers, logs and metrics. */
const char *tcn_intake_name(enum tcn_intake outcome);

#endif
