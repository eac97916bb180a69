/* Who would be paged when, and by which rule: an incident that nobody answers, in no time. */
#ifndef TCN_APP_SIMULATE_H
#define TCN_APP_SIMULATE_H

#include "base/err.h"
#include "engine/directory.h"
#include "model/alarm.h"

#include <stdio.h>

struct tcn_simulation {
    const struct tcn_directory *directory; /* borrowed */
    const char *plan;                      /* a response plan, or a contact that is engaged alone */
    struct tcn_alarm
        alarm; /* what maintenance windows match: source ("": any) and tags; borrowed */
    int64_t from_ms, for_ms;
    const struct tcn_zone *zone; /* borrowed; times are printed as its clocks show them */
};

/* Lets an alarm fire from from_ms on, for for_ms; it opens an incident of the plan once no maintenance window holds it. Every
 * message that no page budget holds back arrives at once, and nobody acknowledges. Prints a line for each page and for each thing
 * that the timeline says. The engine is that of `tocsin serve`. TCN_ENOTFOUND: there is no such plan or contact, err names the
 * nearest. */
int tcn_simulate(const struct tcn_simulation *s, FILE *out, struct tcn_err *err);

#endif
