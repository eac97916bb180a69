/* The storm guard (spec sources 7.5): a token bucket on new incidents of a source. Private to core/engine. */
#ifndef TCN_ENGINE_STORM_H
#define TCN_ENGINE_STORM_H

#include "engine/step.h"

enum tcn_storm_gate {
    TCN_STORM_UNSET = 0,
    TCN_STORM_ALONE, /* the alarm opens its own incident */
    TCN_STORM_BEGIN, /* too many: it opens the storm's incident */
    TCN_STORM_ATTACH /* it joins the storm's incident */
};

/* Takes a token for one new incident. A storm begins when the bucket is empty, and ends when it is half full again or
 * when its incident is not open any more. is_open: the incident that storm names is open. A policy without a limit
 * always answers ALONE. */
enum tcn_storm_gate tcn_storm_gate(struct tcn_storm *storm, const struct tcn_source_policy *policy,
                                   bool is_open, int64_t now_ms);
/* An alarm of that impact is more severe than all of the storm, and it is nobody's: somebody has acknowledged the storm as it
 * was known, or nobody is paged for it any more (its plan has run out, a person reopened it). */
bool tcn_storm_must_wake(const struct tcn_aggregate *storm, int impact, int64_t now_ms);
/* The alarms attached so far are worth telling again: 2, 4, 8 ... */
bool tcn_storm_is_landmark(const struct tcn_storm *storm);

#endif
