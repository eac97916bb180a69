/* Who is engaged for an incident, and the stages of escalation plans. Private to core/engine. */
#ifndef TCN_ENGINE_ENGAGEMENT_H
#define TCN_ENGINE_ENGAGEMENT_H

#include "engine/step.h"

/* Engages everybody the plan names (NULL: nobody) and executes what is due at once. What cannot be engaged is told on
 * the timeline, and that nobody is when there is no room. */
void tcn_engagement_start_all(const struct tcn_step *s, const struct tcn_response_plan *plan);
/* Engages one contact, which the directory has, with that text (may be NULL), and executes what is due at once. */
void tcn_engagement_start(const struct tcn_step *s, const char *alias,
                          const struct tcn_engagement_text *text);
/* Starts the next stage of an escalation plan: runs of the people it names. When all of them are deleted the next one is due
 * at once. */
void tcn_engagement_stage(const struct tcn_step *s, struct tcn_engagement *e);
/* Ends the engagement: StopTime, no further stage or send, a STOP receipt on every page without READ. Nothing when it
 * is stopped already. */
void tcn_engagement_stop(const struct tcn_step *s, struct tcn_engagement *e, const char *reason);
void tcn_engagement_stop_all(const struct tcn_step *s, const char *reason);
/* Executes every stage and re-send that is due, in the order of their due times; then says whether nobody is reached, or has
 * answered when nothing is to come. */
void tcn_engagement_run_due(const struct tcn_step *s);
/* The earliest stage or re-send to come, or the end that is to be told when none is; 0 = nothing. */
int64_t tcn_engagement_next_due(const struct tcn_aggregate *a);
/* Somebody is being paged, or is to be: a stage is to come, or a person's plan is not over. */
bool tcn_engagement_is_at_work(const struct tcn_aggregate *a, int64_t now_ms);
/* A plan with so many engagements still fits under TCN_ENGAGEMENTS_CAP. */
bool tcn_engagement_has_room(const struct tcn_aggregate *a);

#endif
