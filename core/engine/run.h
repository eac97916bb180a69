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
/* Executes the next stage of the run: one page for each channel that can be paged. */
void tcn_run_stage(const struct tcn_step *s, struct tcn_engagement *e, struct tcn_run *run);
/* The page's next send is due: sends again, once for everything that was missed. */
void tcn_run_resend(const struct tcn_step *s, struct tcn_engagement *e, struct tcn_page *p);
/* No more stages, no more sends; what is not sent yet is dropped. Nothing when it is stopped already. */
void tcn_run_stop(const struct tcn_step *s, struct tcn_engagement *e, struct tcn_run *run);

struct tcn_run *tcn_run_of_page(const struct tcn_engagement *e, const struct tcn_page *p);
/* By its schedule, not by when the program comes to it. */
bool tcn_run_is_over(const struct tcn_run *run, int64_t at_ms);

#endif
