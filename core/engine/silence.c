#include "engine/silence.h"
#include "engine/incident.h"
#include "engine/resolution.h"

/* A repeat within half a minute of the last is no reason to write, and one that the shell has just seen may be answered
 * without us for as long: the time is written with that much to spare. */
#define REPEAT_MS INT64_C(30000)
#define SPARE_MS (2 * REPEAT_MS)

static int64_t next_due(const struct tcn_arrival *x, enum tcn_intake verdict)
{
    const struct tcn_aggregate *a = x->step.a;
    int64_t after = x->in->policy->stale_after_ms, silent_ms = x->step.now_ms + after;
    int64_t known = a->lane.stale_due_ms;
    bool is_fresh = known >= silent_ms + SPARE_MS - REPEAT_MS && known <= silent_ms + SPARE_MS;
    bool is_news = verdict != TCN_INTAKE_LATE && verdict != TCN_INTAKE_IGNORED;

    if (after <= 0 || !a->lane.is_firing || !tcn_aggregate_is_open(a) ||
        !tcn_aggregate_is_joined(a))
        return 0;
    return is_fresh || !is_news ? known : silent_ms + SPARE_MS;
}

void tcn_silence_note(struct tcn_arrival *x, enum tcn_intake verdict)
{
    struct tcn_lane *lane = &x->step.a->lane;
    int64_t due = next_due(x, verdict);

    if (due == lane->stale_due_ms)
        return;
    lane->stale_due_ms = due;
    x->step.d->lane_changed = true;
}

void tcn_silence_watch(const struct tcn_step *s, const struct tcn_source_policy *policy)
{
    if (policy && policy->stale_after_ms > 0 && tcn_aggregate_is_open(s->a))
        s->a->lane.stale_due_ms = s->now_ms + policy->stale_after_ms + SPARE_MS;
}

static const char *minutes(const struct tcn_step *s, int64_t ms)
{
    return tcn_arena_fmt(s->d->arena, "%lld min", (long long)(ms / 60000));
}

static void tell_items(const struct tcn_step *s)
{
    size_t unknown = tcn_group_forget(&s->a->lane, s->now_ms, s->d->arena);

    if (unknown > 0)
        tcn_step_say_again(s, "%zu alarms of %s were not seen any more: unknown", unknown,
                           s->a->lane.source);
}

static void resolve(const struct tcn_step *s, const char *how_long)
{
    const struct tcn_resolution resolution = {
        .code = TCN_RESOLUTION_SILENT,
        .notes =
            tcn_arena_fmt(s->d->arena, "source went silent: nothing was heard for %s", how_long),
        .by = tcn_step_source_actor(s, s->a->lane.source),
    };

    s->a->lane.resolved_ms = s->now_ms;
    tcn_incident_resolve(s, &resolution);
}

static void end(const struct tcn_step *s, const struct tcn_source_policy *policy)
{
    const char *how_long = minutes(s, policy->stale_after_ms);
    const char *stays = tcn_lane_stays(s->a, policy);

    s->a->lane.is_firing = false;
    s->a->lane.mute_until_ms = 0;
    tell_items(s);
    if (!stays && s->a->others_hold)
        stays = "other alarms of the incident are not";
    if (stays)
        tcn_step_say_again(s, "%s went silent, nothing was heard for %s; %s", s->a->lane.source,
                           how_long, stays);
    else
        resolve(s, how_long);
}

void tcn_silence_end(const struct tcn_step *s, const struct tcn_source_policy *policy)
{
    struct tcn_lane *lane = &s->a->lane;
    int64_t after = policy ? policy->stale_after_ms : 0, earliest = s->a->listens_ms + after;

    if (lane->stale_due_ms == 0 || lane->stale_due_ms > s->now_ms || !tcn_aggregate_is_open(s->a) ||
        !tcn_aggregate_is_joined(s->a))
        return;
    s->d->lane_changed = true;
    lane->stale_due_ms = after > 0 && earliest > s->now_ms ? earliest : 0;
    if (after > 0 && lane->stale_due_ms == 0)
        end(s, policy);
}
