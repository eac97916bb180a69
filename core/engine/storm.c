#include "engine/storm.h"
#include "engine/engagement.h"

static void refill(struct tcn_storm *storm, const struct tcn_source_policy *policy, int64_t now_ms)
{
    double cap = policy->storm_new;

    if (storm->at_ms == 0)
        storm->tokens = cap;
    else if (now_ms > storm->at_ms)
        storm->tokens += (double)(now_ms - storm->at_ms) * cap / (double)policy->storm_window_ms;
    if (storm->tokens > cap)
        storm->tokens = cap;
    if (now_ms > storm->at_ms)
        storm->at_ms = now_ms;
}

enum tcn_storm_gate tcn_storm_gate(struct tcn_storm *storm, const struct tcn_source_policy *policy,
                                   bool is_open, int64_t now_ms)
{
    bool has_token;

    if (policy->storm_new <= 0 || policy->storm_window_ms <= 0)
        return TCN_STORM_ALONE;
    refill(storm, policy, now_ms);
    if (!is_open || storm->tokens >= policy->storm_new / 2.0)
        storm->incident = (struct tcn_id){0};
    has_token = storm->tokens >= 1;
    storm->tokens = has_token ? storm->tokens - 1 : 0;
    if (!tcn_id_is_zero(storm->incident))
        return TCN_STORM_ATTACH;
    return has_token ? TCN_STORM_ALONE : TCN_STORM_BEGIN;
}

bool tcn_storm_must_wake(const struct tcn_aggregate *storm, int impact, int64_t now_ms)
{
    const struct tcn_incident *known = &storm->incident;

    return impact >= 1 && impact < known->impact &&
           (known->acknowledged_ms != 0 ||
            (storm->n_engagements > 0 && !tcn_engagement_is_at_work(storm, now_ms)));
}

bool tcn_storm_is_landmark(const struct tcn_storm *storm)
{
    return storm->attached >= 2 && (storm->attached & (storm->attached - 1)) == 0;
}
