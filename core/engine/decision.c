#include "engine/decision.h"

#include <assert.h>

void tcn_decision_init(struct tcn_decision *d, struct tcn_arena *arena)
{
    *d = (struct tcn_decision){.arena = arena};
}

struct tcn_event *tcn_decision_event(struct tcn_decision *d, struct tcn_incident *incident,
                                     int64_t now_ms, const char *type, const char *data,
                                     const char *text, const char *actor)
{
    struct tcn_event *e = TCN_VEC_PUSH(d->arena, &d->events);

    assert(incident->exists && type && data);
    *e = (struct tcn_event){
        .seq = ++incident->event_seq,
        .event_ms = now_ms,
        .updated_ms = now_ms,
        .type = type,
        .data = data,
        .text = text,
        .actor = actor,
    };
    e->id = tcn_id_child(incident->id, "event", (uint64_t)e->seq);
    d->incident_changed = true;
    return e;
}

void tcn_decision_tell_tickets(struct tcn_decision *d, struct tcn_incident *incident)
{
    if (!d->tickets_due)
        incident->revision++;
    d->tickets_due = true;
    d->incident_changed = true;
}
