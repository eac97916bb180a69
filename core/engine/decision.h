/* What the engine decides about: one incident with everything that belongs to it; and what it hands back.
 * The engine changes the aggregate in memory and lists what must be added to the store. The caller writes all of
 * it in one transaction, or nothing. */
#ifndef TCN_ENGINE_DECISION_H
#define TCN_ENGINE_DECISION_H

#include "base/vec.h"
#include "engine/directory.h"
#include "model/engagement.h"
#include "model/incident.h"
#include "model/waiting.h"

/* Bounds of one aggregate. An incident that would pass TCN_ENGAGEMENTS_CAP is not reopened any more: its alarm opens a
 * new one, so that somebody is woken. Repeating events (triggers, updates, late news) end at TCN_EVENTS_MAX, the quota
 * of ssm-incidents, those of senders earlier, so that people can still leave notes; changes of state are always
 * recorded. */
#define TCN_ENGAGEMENTS_CAP 100
#define TCN_RUNS_MAX 100   /* of one engagement: 10 stages of 10 targets */
#define TCN_PAGES_MAX 2000 /* of one engagement */
#define TCN_EVENTS_MAX 1000
#define TCN_EVENTS_OF_PEOPLE 200 /* of them, kept free for notes */

/* One incident, its lane (absent for manual starts), its engagements. Loaded into the arena of the turn. */
struct tcn_aggregate {
    struct tcn_lane lane; /* lane.exists false and dedupe_key NULL: none involved */
    /* Other lanes can point to the incident too (a plan with its own dedupe string, a storm): whether one of them
     * fires or waits for its resolve delay, and the earliest such delay (0 = none). While another lane holds, this
     * lane's OK does not resolve the incident. An echo of theirs is due while the incident is resolved, too. */
    bool others_hold;
    int64_t others_due_ms;
    int64_t others_echo_ms;
    int64_t
        listens_ms; /* since when alarms are taken without a gap; 0 = always. Silence before it says nothing */
    struct tcn_incident incident; /* incident.exists false: none yet */
    struct tcn_engagement *engagements;
    size_t n_engagements, size_engagements;
    /* Its related items, for a decision that may add some; knows_related false: only how many there are is known. */
    bool knows_related;
    const struct tcn_related_item *related;
    size_t n_related;
};

/* Effect: one message to send for a page. Written with the decision; the sender works from the row. */
struct tcn_send {
    struct tcn_id id; /* child of the page, ordinal send_no: a repeated decision repeats it */
    struct tcn_id page, incident;
    int64_t engagement_no;
    int64_t send_no;
    const char *contact, *channel;
    enum tcn_channel_type type;
    int64_t due_ms;
};

/* Effect: messages of a page that must not go out any more, if they have not yet. Before those that are added. */
struct tcn_drop {
    struct tcn_id page;
    const char *why;
};

struct tcn_decision {
    struct tcn_arena *arena;
    const struct tcn_directory
        *directory; /* NULL: eventData names nobody by ARN. Functions that take a directory set
                                              it; for the others the caller may, after tcn_decision_init */
    struct tcn_aggregate *subject; /* the aggregate whose incident and lane this is about */
    TCN_VEC(struct tcn_event) events;
    /* Those of their numbers become these: numbers without a gap are what the store is checked by. */
    TCN_VEC(struct tcn_event) rewritten;
    TCN_VEC(struct tcn_related_item) related;
    TCN_VEC(const char *) unrelated; /* generated ids of items that are removed */
    TCN_VEC(struct tcn_send) sends;
    TCN_VEC(struct tcn_receipt) receipts;
    TCN_VEC(struct tcn_drop) drops;
    bool lane_changed; /* write subject->lane */
    bool
        incident_changed; /* write subject->incident and those of its engagements that are is_dirty */
    bool incident_opened; /* it is new: its tickets do not exist yet */
    bool incident_resolved;
    bool acknowledged; /* by its first answer, acknowledged_after_ms after it was told */
    int64_t acknowledged_after_ms; /* counted from the engagement that runs for the longest */
    bool
        plan_replaced; /* incident.response_plan is another: it may have tickets that do not exist yet */
    bool topics_changed; /* some of those that were told may not be told any more */
    bool storm_changed;
    bool storm_alarm_changed; /* write storm_alarm, of the lane and its storm */
    struct tcn_storm_alarm storm_alarm;
    bool waiting_changed; /* write waiting; without a due_ms its row is over */
    struct tcn_waiting waiting;
    bool nobody_reached; /* decided now: whoever runs this must hear of it */
    bool is_doubtful;    /* and one of the pages may have arrived */
    const char
        *absent; /* "ann of esc": the last of those to be engaged that do not exist; NULL: none */
    bool nobody_answered; /* decided now: and nobody is paged any more */
    bool tickets_due;     /* the connectors' lanes must run: incident.revision moved */
    int64_t
        again_ms; /* of tcn_engine_send_failed: the message's row is due again then; 0 = given up */
    int64_t next_due_ms; /* call tcn_engine_timer then; 0 = never. Always set by every decision */
};

void tcn_decision_init(struct tcn_decision *d, struct tcn_arena *arena);

/* Appends a timeline event with the next seq and its deterministic id (child of the incident, "event", seq), and
 * marks the incident as changed. data is a JSON text. text, actor may be NULL; both and data are borrowed and must
 * live as long as the decision. For the engine's files and for the shell's own notes. */
struct tcn_event *tcn_decision_event(struct tcn_decision *d, struct tcn_incident *incident,
                                     int64_t now_ms, const char *type, const char *data,
                                     const char *text, const char *actor);

/* The tickets must learn something: the revision moves (once a decision) and tickets_due is set. */
void tcn_decision_tell_tickets(struct tcn_decision *d, struct tcn_incident *incident);

#endif
