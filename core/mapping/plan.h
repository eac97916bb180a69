/* Which rule reads a delivery, and how many alarms it makes. */
#ifndef TCN_MAPPING_PLAN_H
#define TCN_MAPPING_PLAN_H

#include "mapping/program.h"

struct tcn_plan {
    const struct tcn_rule *rule; /* NULL: none applies, or "when" forbids */
    bool is_known;               /* "match" holds and a rule applies, whatever "when" says */
    struct tcn_value elements;   /* of "each" */
    size_t n;                    /* alarms that are mapped */
    size_t unread;               /* what becomes one unreadable alarm instead */
    const char *why;             /* of unread */
};

void tcn_plan_input(struct tcn_eval *ev, const struct tcn_mapping_input *in);
void tcn_plan_make(struct tcn_eval *ev, size_t max_alarms, struct tcn_plan *p);
/* Binds "as" of the rule to the i-th element. */
void tcn_plan_element(struct tcn_eval *ev, const struct tcn_plan *p, size_t i);

#endif
