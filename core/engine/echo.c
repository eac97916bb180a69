#include "engine/echo.h"
#include "engine/engagement.h"
#include "engine/flap.h"
#include "engine/incident.h"
#include "engine/lane_open.h"
#include "engine/silence.h"

int64_t tcn_echo_window(const struct tcn_arrival *x)
{
    const struct tcn_aggregate *a = x->step.a;
    bool can_come_back = tcn_aggregate_is_open(a) || tcn_engagement_has_room(a);

    return tcn_aggregate_is_joined(a) && can_come_back ? x->in->policy->echo_window_ms : 0;
}

enum tcn_intake tcn_echo_hold(struct tcn_arrival *x)
{
    struct tcn_lane *lane = &x->step.a->lane;
    int64_t now_ms = x->step.now_ms;
    int64_t over_ms = lane->received_ms < now_ms ? lane->received_ms : now_ms;

    if (lane->echo_ms != 0)
        return TCN_INTAKE_NOTHING;
    lane->echo_ms = now_ms;
    lane->echo_due_ms = over_ms + x->in->policy->echo_window_ms;
    x->step.d->lane_changed = true;
    return TCN_INTAKE_HELD;
}

/* That of an alarm without items is not moved by what else is heard of it. */
static int64_t due_of(const struct tcn_lane *lane, int64_t echo_window_ms)
{
    if (lane->n_items > 0)
        return tcn_group_echo_due(lane, echo_window_ms);
    return lane->echo_ms != 0 ? lane->echo_due_ms : 0;
}

enum tcn_intake tcn_echo_note(struct tcn_arrival *x, enum tcn_intake verdict)
{
    struct tcn_lane *lane = &x->step.a->lane;
    const struct tcn_group_change *c = &x->change;
    int64_t due = due_of(lane, x->in->policy->echo_window_ms);
    bool is_nothing = verdict == TCN_INTAKE_NOTHING;

    if (due != 0 && !tcn_aggregate_is_joined(x->step.a)) /* another incident's timer knows it */
        due = lane->echo_due_ms;
    x->step.d->lane_changed |= due != lane->echo_due_ms || c->held > 0 || c->withdrawn > 0;
    lane->echo_due_ms = due;
    if (c->held > 0 && (is_nothing || verdict == TCN_INTAKE_IGNORED))
        return TCN_INTAKE_HELD;
    return c->withdrawn > 0 && is_nothing ? TCN_INTAKE_IGNORED : verdict;
}

/* -- the window is over ------------------------------------------------------------------------------------- */

/* The number of alarms that fire, and one of them as it was. */
static size_t take(const struct tcn_step *s, int64_t echo_window_ms, struct tcn_item *ret_one)
{
    struct tcn_lane *lane = &s->a->lane;
    bool is_owner = !s->a->incident.is_storm && lane->opened_ms == s->a->incident.created_ms;

    if (lane->n_items > 0)
        return tcn_group_fire_echoes(lane, echo_window_ms, s->now_ms, s->d->arena, ret_one);
    if (lane->echo_ms == 0)
        return 0;
    *ret_one = (struct tcn_item){.key = lane->dedupe_key,
                                 .title = is_owner ? s->a->incident.title : NULL,
                                 .seen_ms = lane->received_ms,
                                 .echo_ms = lane->echo_ms};
    lane->echo_ms = 0;
    return 1;
}

static const char *why(const struct tcn_step *s, size_t n, const struct tcn_item *one)
{
    int64_t after_ms = one->echo_ms > one->seen_ms ? one->echo_ms - one->seen_ms : 0;
    const char *name = one->title && one->title[0] ? one->title : one->key;

    if (n > 1)
        return tcn_arena_fmt(
            s->d->arena,
            "%zu alarms of the group fire again: told so after their end, taken for "
            "an echo of another sender until now, and not withdrawn",
            n);
    return tcn_arena_fmt(s->d->arena,
                         "%s fires again: told so %lld s after its end, taken for an echo of "
                         "another sender until now, and not withdrawn",
                         tcn_step_cut(s, name, TCN_TITLE_MAX), (long long)(after_ms / 1000));
}

static void reopen(const struct tcn_step *s, const struct tcn_source_policy *policy,
                   const char *text)
{
    tcn_incident_reopen(s, tcn_step_source_actor(s, s->a->lane.source), text);
    tcn_engagement_start_all(s, tcn_incident_plan(s, policy));
}

/* The lane's own incident, or an open one with its dedupe string. */
static void join(const struct tcn_step *s)
{
    struct tcn_lane *lane = &s->a->lane;

    if (tcn_aggregate_is_joined(s->a))
        return;
    lane->incident = s->a->incident.id;
    lane->opened_ms = lane->mute_until_ms = lane->resolved_ms = 0;
}

/* The same episode is the same incident, however long ago that was resolved. */
static void fire(const struct tcn_step *s, const struct tcn_source_policy *policy, const char *text)
{
    bool was_firing = s->a->lane.is_firing;

    join(s);
    s->a->lane.is_firing = true;
    s->a->lane.resolve_due_ms = 0;
    if (tcn_aggregate_is_open(s->a))
        tcn_step_say_again(s, "%s", text);
    else if (tcn_lane_is_muted(s, policy))
        tcn_lane_tell_muted(s, s->a->lane.source);
    else
        reopen(s, policy, text);
    if (!was_firing && policy)
        tcn_flap_record(s, policy);
    tcn_silence_watch(s, policy);
}

void tcn_echo_end(const struct tcn_step *s, const struct tcn_source_policy *policy)
{
    struct tcn_lane *lane = &s->a->lane;
    int64_t window = policy ? policy->echo_window_ms : 0;
    struct tcn_item one = {0};
    size_t n;

    if (lane->echo_due_ms == 0 || lane->echo_due_ms > s->now_ms || !s->a->incident.exists)
        return;
    n = take(s, window, &one);
    lane->echo_due_ms = due_of(lane, window);
    s->d->lane_changed = true;
    if (n > 0)
        fire(s, policy, why(s, n, &one));
}
