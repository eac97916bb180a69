/* A person's own engagement plan being executed inside an engagement: pages and re-sends. Private to core/engine. */
#ifndef TCN_ENGINE_RUN_H
#define TCN_ENGINE_RUN_H

#include "engine/step.h"

/* A step that runs later than this moves the rest of its schedule by its lateness; a smaller delay is made up for. */
#define TCN_LATE_MS 30000

/* When a step that was due at due_ms counts as started, if it runs at now_ms. */
int64_t tcn_step_start(int64_t due_ms, int64_t now_ms);

/* Schedules a run of the person from start_ms on; its first stage is due then. Nothing happens when the person has
 * acknowledged a page of the engagement already; a run that is still going on takes over is_essential instead of a
 * second one beside it (spec incidents-contacts 5.3). path is JSON, borrowed. */
void tcn_run_start(const struct tcn_step *s, struct tcn_engagement *e,
                   const struct tcn_contact *person, int64_t start_ms, bool is_essential,
                   const char *path);
/* Whether tcn_run_start would make a new run then. */
bool tcn_run_may_start(const struct tcn_engagement *e, const char *contact, int64_t at_ms);
/* Executes the next stage of the run: one page for each channel that can be paged; one that comes before its time leaves
 * out the channels that failed. */
void tcn_run_stage(const struct tcn_step *s, struct tcn_engagement *e, struct tcn_run *run);
/* The page's next send is due: sends again, once for everything that was missed. */
void tcn_run_resend(const struct tcn_step *s, struct tcn_engagement *e, struct tcn_page *p);
/* No more stages, no more sends; what is not sent yet is dropped. Nothing when it is stopped already. */
void tcn_run_stop(const struct tcn_step *s, struct tcn_engagement *e, struct tcn_run *run);

/* When the next stage of the run is due: as the plan says, or as soon as the pages of the stage before it are lost, if
 * there is another channel to come. 0 when no stage is left. */
int64_t tcn_run_next_due(const struct tcn_engagement *e, const struct tcn_run *run);
/* What is known of a run's way to its person. */
enum tcn_run_reach {
    TCN_REACH_MAYBE, /* something has left or may, a channel is left to try, or it was stopped */
    TCN_REACH_NONE,  /* no channel of the whole plan could be paged */
    TCN_REACH_LOST   /* the latest stage's pages are lost, and no other channel is to come */
};
/* *ret_lost_ms: since when, with LOST. */
enum tcn_run_reach tcn_run_reach(const struct tcn_engagement *e, const struct tcn_run *run,
                                 int64_t *ret_lost_ms);

struct tcn_run *tcn_run_of_page(const struct tcn_engagement *e, const struct tcn_page *p);
/* By its schedule, not by when the program comes to it. */
bool tcn_run_is_over(const struct tcn_run *run, int64_t at_ms);

#endif
