#include "app/milestones.h"

#include "app/unreached.h"
#include <stdio.h>

static const struct {
    const char *count, *seconds;
} counters[] = {
    [TCN_MILESTONE_CREATED] = {"tocsin_incidents_created_total", NULL},
    [TCN_MILESTONE_ACKNOWLEDGED] = {"tocsin_incidents_acknowledged_total",
                                    "tocsin_acknowledge_seconds_total"},
    [TCN_MILESTONE_RESOLVED] = {"tocsin_incidents_resolved_total", "tocsin_resolve_seconds_total"},
};
_Static_assert(sizeof counters / sizeof *counters == TCN_MILESTONES, "each has its counters");

/* The name of a plan is one of the configuration, of characters that need no escape. */
static void count(struct tcn_app *app, const struct tcn_passed *p)
{
    char labels[TCN_UNREACHED_TEXT + sizeof "response_plan=\"\",impact=\"9\""];

    snprintf(labels, sizeof labels, "response_plan=\"%s\",impact=\"%d\"", p->plan, p->impact);
    tcn_metrics_add(app->metrics, counters[p->milestone].count, labels, (double)p->n);
    if (counters[p->milestone].seconds)
        tcn_metrics_add(app->metrics, counters[p->milestone].seconds, labels,
                        (double)p->took_ms / 1000);
}

void tcn_milestones_tell(struct tcn_app *app, const struct tcn_milestones *m)
{
    for (size_t i = 0; i < m->n_passed; i++)
        count(app, &m->passed[i]);
    tcn_unreached_tell(app, &m->unreached);
    tcn_unanswered_tell(app, &m->unanswered);
    tcn_absent_tell(app, &m->absent);
}
