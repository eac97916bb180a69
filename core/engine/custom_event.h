/* Timeline events that people and programs write themselves (CreateTimelineEvent, UpdateTimelineEvent,
 * DeleteTimelineEvent of ssm-incidents). Only what somebody wrote may be changed; what happened stays. */
#ifndef TCN_ENGINE_CUSTOM_EVENT_H
#define TCN_ENGINE_CUSTOM_EVENT_H

#include "base/err.h"
#include "engine/decision.h"

#define TCN_EVENT_DATA_MAX 12000    /* code points; ssm-incidents EventData */
#define TCN_EVENT_REFERENCES_MAX 10 /* ssm-incidents EventReferenceList */

/* Exactly one is set. */
struct tcn_event_reference {
    const char *resource; /* an ARN */
    const char *related;  /* generated id of a related item of the incident */
};

/* What is to be written, or of an event that is there, changed: then 0, NULL and has_references false stay as they are. */
struct tcn_custom_event {
    int64_t event_ms; /* when it happened: any past or future time */
    const char *type; /* TCN_EVENT_CUSTOM or TCN_EVENT_NOTE */
    const char *data; /* eventData, taken as it is */
    const char *text; /* the sentence in it for people; goes with data; may be NULL */
    bool has_references;
    const struct tcn_event_reference *references; /* in place of all that there were */
    size_t n_references;
    const char *actor;
};

/* What can be said without the incident. TCN_EINVALID: err says why, *ret_field which member of struct tcn_custom_event it is. */
int tcn_custom_event_check(const struct tcn_custom_event *event, const char **ret_field,
                           struct tcn_err *err);

/* All four are borrowed for the life of the decision. The tickets hear nothing of such an event: what they were told they
 * keep, and this can be changed. */
struct tcn_custom_event_turn {
    struct tcn_aggregate *aggregate;
    const struct tcn_event *known;          /* of update and delete: the event as it is */
    const struct tcn_related_item *related; /* those of the incident */
    size_t n_related;
};

/* The new event is the last of ret->events. TCN_ENOTFOUND: no incident. TCN_EINVALID: as above, or (err says so) a reference
 * to no item of the incident. TCN_ELIMIT: the timeline has TCN_EVENTS_MAX. */
int tcn_engine_event_create(const struct tcn_custom_event_turn *turn,
                            const struct tcn_custom_event *event, int64_t now_ms,
                            struct tcn_decision *ret, struct tcn_err *err);
/* The event as it becomes is in ret->rewritten, and one of Tocsin's own says who changed it. Nothing is written when nothing
 * differs. Codes as above; TCN_ECONFLICT: it is not an event that somebody wrote. */
int tcn_engine_event_update(const struct tcn_custom_event_turn *turn,
                            const struct tcn_custom_event *change, int64_t now_ms,
                            struct tcn_decision *ret, struct tcn_err *err);
/* In its place stands who deleted it, under another id. TCN_ENOTFOUND, TCN_ECONFLICT as above. */
int tcn_engine_event_delete(const struct tcn_custom_event_turn *turn, const char *actor,
                            int64_t now_ms, struct tcn_decision *ret, struct tcn_err *err);

#endif
