/* The life of an incident record: open, fold, change, resolve, reopen (spec incidents-contacts 8). Private to
 * core/engine; the decisions that call these are in intake.c, update.c, start.c and timer.c. */
#ifndef TCN_ENGINE_INCIDENT_H
#define TCN_ENGINE_INCIDENT_H

#include "engine/event_data.h"

struct tcn_opening {
    struct tcn_id id;
    struct tcn_id previous, storm;        /* zero = none */
    const struct tcn_response_plan *plan; /* NULL: it does not exist */
    const char *plan_name;
    const char *title, *summary; /* NULL: the plan's */
    int impact;                  /* 0: the plan's */
    const char *dedupe_string, *source_name;
    const struct tcn_alarm *alarm;          /* tags and related items; NULL for manual starts */
    const struct tcn_related_item *related; /* of those */
    size_t n_related;
    const char *mapping_error;
    bool is_storm, is_bare;
    struct tcn_trigger trigger;
};

/* The aggregate gets a new incident in place of the one it held; Trigger and Start events, engagements. */
void tcn_incident_open(const struct tcn_step *s, const struct tcn_opening *o);
/* The same of one that is_bare: it has no impact and no events of its own, and engages nobody yet. */
void tcn_incident_open_bare(const struct tcn_step *s, const struct tcn_opening *o);
/* One more trigger of an open incident: a Trigger event that created nothing. */
void tcn_incident_fold(const struct tcn_step *s, const struct tcn_trigger *t);
/* Texts and impact as an alarm tells them; impact only gets more severe, texts stay once a person has edited them, and when
 * the mapping failed: what could be known is no better. Returns whether the record changed. */
bool tcn_incident_apply(const struct tcn_step *s, const struct tcn_alarm *alarm);
/* Its impact becomes that of one of the alarms it covers, if that is more severe; 0: nothing is known of it. name: of that
 * alarm. */
void tcn_incident_worsen(const struct tcn_step *s, int impact, const char *source,
                         const char *name);
/* The state of a resolved incident: resolution, engagements stopped, the lane no longer waits or flaps. No event. */
void tcn_incident_set_resolved(const struct tcn_step *s, const struct tcn_resolution *resolution);
/* Open again; the acknowledgement is gone. Engages nobody, no event. */
void tcn_incident_set_open(const struct tcn_step *s);
/* The same with the Update event that tells it, to the tickets too. resolution->by is set. */
void tcn_incident_resolve(const struct tcn_step *s, const struct tcn_resolution *resolution);
void tcn_incident_reopen(const struct tcn_step *s, const char *actor,
                         const char *why /* may be NULL */);
/* Whom it engages now. When its own plan is not configured any more, that of policy (NULL: there is none) takes the place of
 * it, with a line on the timeline. NULL: neither exists. */
const struct tcn_response_plan *tcn_incident_plan(const struct tcn_step *s,
                                                  const struct tcn_source_policy *policy);
/* Writes one Update event for the attributes and moves modified_by and modified_ms. A source never takes over
 * modified_by from a person: it guards the person's texts. */
struct tcn_event *tcn_incident_modified(const struct tcn_step *s,
                                        const struct tcn_attribute *attributes, size_t n,
                                        const char *actor, const char *text);

#endif
