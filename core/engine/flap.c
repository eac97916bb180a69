#include "engine/flap.h"

int tcn_flap_count(const struct tcn_lane *lane, int64_t now_ms)
{
    int n = 0;

    while (n < TCN_FLAP_RING && lane->transitions_ms[n] != 0 &&
           lane->transitions_ms[n] > now_ms - TCN_FLAP_WINDOW_MS)
        n++;
    return n;
}

/* Newest first, also when the clock has gone backwards. */
static void push(struct tcn_lane *lane, int64_t now_ms)
{
    int64_t at = lane->transitions_ms[0] > now_ms ? lane->transitions_ms[0] : now_ms;

    memmove(&lane->transitions_ms[1], &lane->transitions_ms[0],
            (TCN_FLAP_RING - 1) * sizeof lane->transitions_ms[0]);
    lane->transitions_ms[0] = at;
}

static void end(const struct tcn_step *s)
{
    s->a->lane.is_flapping = false;
    s->a->lane.flap_told_ms = 0;
    s->d->lane_changed = true;
    tcn_step_say(s, true, "no longer flapping");
}

void tcn_flap_record(const struct tcn_step *s, const struct tcn_source_policy *policy)
{
    struct tcn_lane *lane = &s->a->lane;
    int limit = policy->flap_count < TCN_FLAP_RING ? policy->flap_count : TCN_FLAP_RING;
    int n;

    push(lane, s->now_ms);
    s->d->lane_changed = true;
    n = tcn_flap_count(lane, lane->transitions_ms[0]);
    if (limit <= 0 || !tcn_aggregate_is_open(s->a) || !tcn_aggregate_is_joined(s->a))
        return;
    if (n >= limit && !lane->is_flapping) {
        lane->is_flapping = true;
        tcn_step_say(s, true, "%sflapping (%d changes in an hour)",
                     s->a->incident.is_storm ? "one of its alarms is " : "", n);
    } else if (n < limit && lane->is_flapping) {
        end(s);
    }
}

int64_t tcn_flap_due(const struct tcn_lane *lane)
{
    return lane->is_flapping ? lane->transitions_ms[0] + TCN_FLAP_WINDOW_MS : 0;
}

void tcn_flap_expire(const struct tcn_step *s)
{
    int64_t due = tcn_flap_due(&s->a->lane);

    if (due != 0 && due <= s->now_ms)
        end(s);
}

void tcn_flap_damp_tickets(const struct tcn_step *s, const struct tcn_source_policy *policy)
{
    struct tcn_lane *lane = &s->a->lane;

    if (!s->d->tickets_due || !lane->is_flapping)
        return;
    if (lane->flap_told_ms != 0 && s->now_ms >= lane->flap_told_ms &&
        s->now_ms < lane->flap_told_ms + policy->flap_update_ms) {
        s->d->tickets_due = false;
        return;
    }
    lane->flap_told_ms = s->now_ms;
    s->d->lane_changed = true;
}
