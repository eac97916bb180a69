#include "engine/milestone.h"

#include <stdio.h>

static bool is_alike(const struct tcn_passed *p, enum tcn_milestone milestone,
                     const struct tcn_incident *i)
{
    return p->milestone == milestone && p->impact == i->impact &&
           strcmp(p->plan, i->response_plan ? i->response_plan : "") == 0;
}

static struct tcn_passed *find_or_add(struct tcn_milestones *m, enum tcn_milestone milestone,
                                      const struct tcn_incident *i)
{
    struct tcn_passed *p;

    for (size_t n = 0; n < m->n_passed; n++)
        if (is_alike(&m->passed[n], milestone, i))
            return &m->passed[n];
    if (m->n_passed == TCN_PASSED_MAX)
        return &m->passed[TCN_PASSED_MAX - 1];
    p = &m->passed[m->n_passed++];
    *p = (struct tcn_passed){.milestone = milestone, .impact = i->impact};
    (void)snprintf(p->plan, sizeof p->plan, "%s", i->response_plan ? i->response_plan : "");
    return p;
}

static void pass(struct tcn_milestones *m, enum tcn_milestone milestone,
                 const struct tcn_incident *i, int64_t took_ms)
{
    struct tcn_passed *p = find_or_add(m, milestone, i);

    p->n++;
    p->took_ms += took_ms > 0 ? took_ms : 0;
}

void tcn_milestones_note(struct tcn_milestones *m, const struct tcn_decision *d)
{
    const struct tcn_incident *i = &d->subject->incident;

    tcn_unreached_note(&m->unreached, d);
    tcn_unanswered_note(&m->unanswered, d);
    tcn_absent_note(&m->absent, d);
    if (i->is_bare)
        return;
    if (d->incident_opened)
        pass(m, TCN_MILESTONE_CREATED, i, 0);
    if (d->acknowledged)
        pass(m, TCN_MILESTONE_ACKNOWLEDGED, i, d->acknowledged_after_ms);
    if (d->incident_resolved)
        pass(m, TCN_MILESTONE_RESOLVED, i, i->resolved_ms - i->created_ms);
}
