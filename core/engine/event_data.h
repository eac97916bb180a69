/* eventData and eventReferences of timeline events: JSON texts with the members that ssm-incidents writes. All results
 * live in the decision's arena. Private to core/engine. */
#ifndef TCN_ENGINE_EVENT_DATA_H
#define TCN_ENGINE_EVENT_DATA_H

#include "engine/step.h"

/* What started or restarted an incident. Text is borrowed. */
struct tcn_trigger {
    const char *source;      /* IncidentRecordSource.source */
    const char *trigger_arn; /* NULL = none */
    const char *title;       /* for people */
    const char *actor;
    /* Cut to TCN_RAW_DATA_MAX bytes (code points when it is stated); left out unless UTF-8. */
    struct tcn_str raw;
    int64_t at_ms;  /* when it was detected; 0 = not told */
    bool is_stated; /* by whoever starts it by hand: that counts, whenever it was */
};

/* One changed member of the record, by its API name. */
struct tcn_attribute {
    const char *name, *value;
};

const char *tcn_event_data_trigger(const struct tcn_step *s, const struct tcn_trigger *t,
                                   bool created_incident);
const char *tcn_event_data_start(const struct tcn_step *s, const struct tcn_response_plan *plan);
const char *tcn_event_data_update(const struct tcn_step *s, const struct tcn_attribute *attributes,
                                  size_t n, const char *actor);
/* A related item was added. */
const char *tcn_event_data_related(const struct tcn_step *s, const struct tcn_related_item *item,
                                   const char *actor);
/* newValue of notificationTargets and chatChannel. */
const char *tcn_event_data_targets(const struct tcn_step *s, const struct tcn_topics *topics);
const char *tcn_event_data_chat(const struct tcn_step *s, const struct tcn_topics *topics);
/* newValue of relatedItems, as ssm-incidents prints it: {"itemToAdd": ...}, {"itemToRemove": ...}. */
const char *tcn_event_item_added(const struct tcn_step *s, const struct tcn_related_item *item);
const char *tcn_event_item_removed(const struct tcn_step *s, const struct tcn_related_item *item);
/* note may be NULL. */
const char *tcn_event_data_page(const struct tcn_step *s, const struct tcn_engagement *e,
                                const struct tcn_page *p, const char *note);
const char *tcn_event_data_message(const struct tcn_step *s, const char *message);
const char *tcn_event_data_note(const struct tcn_step *s, const char *text, const char *actor,
                                bool is_private);

/* JSON arrays of eventReferences, one each, and two for a related item: its incident too; NULL when the decision has no
 * directory to build the ARN with. */
const char *tcn_event_ref_incident(const struct tcn_step *s);
const char *tcn_event_ref_related(const struct tcn_step *s, const struct tcn_related_item *item);
const char *tcn_event_ref_engagement(const struct tcn_step *s, const struct tcn_engagement *e);

#endif
