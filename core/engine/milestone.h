/* What people and counters hear of decisions: kept from the decision to the report, which comes once it is durable. */
#ifndef TCN_ENGINE_MILESTONE_H
#define TCN_ENGINE_MILESTONE_H

#include "engine/unreached.h"

/* The metrics of namespace IncidentManager (spec incidents-contacts 8.11): NumberOfCreateIncidents, TimeToFirstAcknowledgement,
 * NumberOfResolveIncidents and TimeToResolveIncident. */
enum tcn_milestone {
    TCN_MILESTONE_CREATED = 0,
    TCN_MILESTONE_ACKNOWLEDGED,
    TCN_MILESTONE_RESOLVED,
    TCN_MILESTONES
};

#define TCN_PASSED_MAX 6 /* kept apart by plan and impact; more are added to the last */

/* Incidents that passed it, alike in plan and impact. */
struct tcn_passed {
    enum tcn_milestone milestone;
    char plan[TCN_UNREACHED_TEXT]; /* "" = none */
    int impact;
    size_t n;
    int64_t took_ms; /* of all of them together; 0 for what is created */
};

/* A zeroed one is empty. */
struct tcn_milestones {
    struct tcn_unreached unreached, unanswered, absent;
    struct tcn_passed passed[TCN_PASSED_MAX];
    size_t n_passed;
};

/* Adds what is news in the decision; of a record that is_bare only that nobody is reached, or has answered, or somebody is
 * missing. */
void tcn_milestones_note(struct tcn_milestones *m, const struct tcn_decision *d);

#endif
