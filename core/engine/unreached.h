/* Incidents of which nobody could be told, or which nobody has answered: kept from the decision to the report, which comes once it is durable. */
#ifndef TCN_ENGINE_UNREACHED_H
#define TCN_ENGINE_UNREACHED_H

#include "engine/decision.h"

#define TCN_UNREACHED_MAX 4 /* kept by name; more are counted */
#define TCN_UNREACHED_TEXT 256

struct tcn_unreached_incident {
    struct tcn_id id;
    char title[TCN_UNREACHED_TEXT], plan[TCN_UNREACHED_TEXT]; /* cut at a code point */
    char absent[TCN_UNREACHED_TEXT];                          /* "ann of esc", "" = none */
    bool is_doubtful;                                         /* a page may have arrived */
};

/* A zeroed one is empty. */
struct tcn_unreached {
    struct tcn_unreached_incident items[TCN_UNREACHED_MAX];
    size_t n; /* all of them, those beyond the last item too */
};

/* Adds the decision's incident when nobody is reached. */
void tcn_unreached_note(struct tcn_unreached *u, const struct tcn_decision *d);
/* Adds it when nobody has answered and nobody is paged any more. */
void tcn_unanswered_note(struct tcn_unreached *u, const struct tcn_decision *d);
/* Adds it when somebody who was to be engaged does not exist. */
void tcn_absent_note(struct tcn_unreached *u, const struct tcn_decision *d);

#endif
