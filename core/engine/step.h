/* What every rule of the engine is given: the aggregate it may change, the configuration it may look at, the instant,
 * and the decision it adds to. Private to core/engine. */
#ifndef TCN_ENGINE_STEP_H
#define TCN_ENGINE_STEP_H

#include "base/buf.h"
#include "engine/decision.h"

struct tcn_step {
    struct tcn_aggregate *a;
    const struct tcn_directory *directory; /* NULL in decisions that engage nobody */
    uint32_t salt;
    int64_t now_ms; /* > 0: 0 means "not set" in every time of the model */
    struct tcn_decision *d;
};

/* Opens the decision: subject, directory. */
struct tcn_step tcn_step_begin(struct tcn_aggregate *a, const struct tcn_directory *directory,
                               uint32_t salt, int64_t now_ms, struct tcn_decision *ret);
/* Closes it: next_due_ms, incident_changed. */
void tcn_step_end(const struct tcn_step *s);

/* A Tocsin Event with one sentence. to_tickets: the tickets get it as a note, and the revision moves. */
void tcn_step_say(const struct tcn_step *s, bool to_tickets, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* The same for news that a sender can repeat without end: dropped once the incident has all events but
 * those that are kept for people. */
void tcn_step_say_again(const struct tcn_step *s, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
bool tcn_step_has_room(const struct tcn_step *s);

/* "source:NAME" in the decision's arena. */
const char *tcn_step_source_actor(const struct tcn_step *s, const char *name);
/* Copies into the arena, cut to max code points; NULL stays NULL. */
const char *tcn_step_cut(const struct tcn_step *s, const char *text, size_t max_points);

static inline bool tcn_aggregate_is_open(const struct tcn_aggregate *a)
{
    return a->incident.exists && a->incident.status == TCN_STATUS_OPEN;
}

/* The lane is about this very incident. */
static inline bool tcn_aggregate_is_joined(const struct tcn_aggregate *a)
{
    return a->lane.exists && a->incident.exists && tcn_id_eq(a->lane.incident, a->incident.id);
}

#endif
