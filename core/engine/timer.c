/* What is due: the lane first, since what it resolves needs no more pages; then stages and re-sends. */
#include "engine/echo.h"
#include "engine/engagement.h"
#include "engine/engine.h"
#include "engine/flap.h"
#include "engine/lane.h"
#include "engine/silence.h"

static int64_t earlier(int64_t a, int64_t b)
{
    if (a == 0 || b == 0)
        return a == 0 ? b : a;
    return a < b ? a : b;
}

int64_t tcn_engine_lane_due(const struct tcn_lane *lane, bool is_open)
{
    int64_t due = earlier(earlier(lane->resolve_due_ms, lane->stale_due_ms), tcn_flap_due(lane));

    return earlier(is_open ? due : 0, lane->echo_due_ms);
}

int64_t tcn_engine_next_due(const struct tcn_aggregate *aggregate)
{
    bool is_open = tcn_aggregate_is_open(aggregate);
    int64_t due = is_open ? earlier(tcn_engagement_next_due(aggregate), aggregate->others_due_ms)
                          : aggregate->others_echo_ms;

    if (tcn_aggregate_is_joined(aggregate))
        due = earlier(due, tcn_engine_lane_due(&aggregate->lane, is_open));
    return due;
}

/* Of an open incident. */
static bool is_lane_due(const struct tcn_aggregate *a, int64_t now_ms)
{
    int64_t due = a->others_due_ms;

    if (tcn_aggregate_is_joined(a))
        due = earlier(due, tcn_engine_lane_due(&a->lane, true));
    return due != 0 && due <= now_ms;
}

void tcn_engine_pages(struct tcn_aggregate *aggregate, const struct tcn_directory *directory,
                      uint32_t salt, int64_t now_ms, struct tcn_decision *ret)
{
    struct tcn_step s = tcn_step_begin(aggregate, directory, salt, now_ms, ret);

    if (tcn_aggregate_is_open(aggregate) && !is_lane_due(aggregate, now_ms))
        tcn_engagement_run_due(&s);
    tcn_step_end(&s);
}

void tcn_engine_timer(struct tcn_aggregate *aggregate, const struct tcn_source_policy *policy,
                      const struct tcn_directory *directory, uint32_t salt, int64_t now_ms,
                      struct tcn_decision *ret)
{
    struct tcn_step s = tcn_step_begin(aggregate, directory, salt, now_ms, ret);

    tcn_echo_end(&s, policy);
    if (tcn_aggregate_is_open(aggregate)) {
        tcn_lane_settle(&s);
        tcn_silence_end(&s, policy);
        if (tcn_aggregate_is_joined(aggregate) && tcn_aggregate_is_open(aggregate))
            tcn_flap_expire(&s);
        tcn_engagement_run_due(&s);
        if (policy)
            tcn_flap_damp_tickets(&s, policy);
    }
    tcn_step_end(&s);
}
