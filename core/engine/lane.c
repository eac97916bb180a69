#include "engine/lane.h"
#include "engine/echo.h"
#include "engine/flap.h"
#include "engine/incident.h"
#include "engine/lane_open.h"
#include "engine/muted.h"
#include "engine/related.h"
#include "engine/storm.h"

#include <assert.h>

/* The lane has heard something worth keeping. */
static void touch(struct tcn_arrival *x)
{
    struct tcn_lane *lane = &x->step.a->lane;

    lane->exists = true;
    lane->dedupe_key = x->in->alarm->dedupe_key;
    if (!lane->source)
        lane->source = x->in->alarm->source;
    if (!x->is_group && x->clock_ms > lane->clock_ms)
        lane->clock_ms = x->clock_ms;
    lane->received_ms = x->step.now_ms;
    x->step.d->lane_changed = true;
}

void tcn_lane_remember(struct tcn_arrival *x)
{
    memcpy(x->step.a->lane.content_sha256, x->content, sizeof x->content);
}

/* An alarm that comes without items settles the state of a group's lane as a whole. */
static void set_firing(struct tcn_arrival *x, bool is_firing)
{
    struct tcn_lane *lane = &x->step.a->lane;

    lane->is_firing = is_firing;
    lane->resolve_due_ms = 0;
    lane->echo_ms = 0;
    if (!is_firing)
        lane->mute_until_ms = 0;
    if (!x->is_group)
        lane->n_items = 0;
}

/* Only the lane that opened an incident may change its texts. */
static bool is_owner(const struct tcn_aggregate *a)
{
    return tcn_aggregate_is_joined(a) && !a->incident.is_storm &&
           a->lane.opened_ms == a->incident.created_ms;
}

static void apply_to_storm(struct tcn_arrival *x)
{
    const struct tcn_alarm *alarm = x->in->alarm;
    bool must_wake = tcn_storm_must_wake(x->step.a, alarm->impact, x->step.now_ms);

    tcn_lane_note_storm_alarm(x);
    tcn_incident_worsen(&x->step, alarm->impact, alarm->source, tcn_lane_name(x));
    if (must_wake)
        tcn_lane_wake_storm(x);
}

void tcn_lane_apply(struct tcn_arrival *x)
{
    const struct tcn_alarm *alarm = x->in->alarm;
    const struct tcn_aggregate *a = x->step.a;

    if (is_owner(a))
        tcn_incident_apply(&x->step, alarm);
    else if (tcn_aggregate_is_joined(a) && a->incident.is_storm)
        apply_to_storm(x);
    if (tcn_aggregate_is_joined(a) && !a->incident.is_storm) /* a storm has what each alarm told */
        tcn_related_join(&x->step, alarm);
    tcn_lane_remember(x);
}

/* -- it fires ----------------------------------------------------------------------------------------------- */

static enum tcn_intake fold(struct tcn_arrival *x)
{
    struct tcn_trigger trigger = tcn_lane_trigger(x);
    struct tcn_aggregate *a = x->step.a;

    if (!tcn_aggregate_is_joined(a)) {
        a->lane.incident = a->incident.id;
        a->lane.opened_ms = 0;
        a->lane.mute_until_ms = a->lane.resolved_ms = 0;
    }
    tcn_incident_fold(&x->step, &trigger);
    tcn_lane_apply(x);
    return TCN_INTAKE_FOLDED;
}

static enum tcn_intake fire(struct tcn_arrival *x, bool is_transition)
{
    enum tcn_intake verdict;

    touch(x);
    set_firing(x, true);
    verdict = tcn_aggregate_is_open(x->step.a) ? fold(x) : tcn_lane_revive(x);
    if (x->change.dropped > 0 && x->step.a->incident.exists)
        tcn_step_say_again(&x->step, "%zu alarms beyond the first %d of the group are not followed",
                           x->change.dropped, TCN_ITEMS_MAX);
    if (is_transition)
        tcn_flap_record(&x->step, x->in->policy);
    return verdict;
}

static bool is_new_content(const struct tcn_arrival *x)
{
    return strcmp(x->step.a->lane.content_sha256, x->content) != 0;
}

/* Of a sender that tells no times nobody knows whether it repeats what it said or means another time: that fires. */
static bool may_be_repeat(const struct tcn_arrival *x)
{
    return x->is_group || x->clock_ms != 0;
}

static bool is_settled(const struct tcn_arrival *x)
{
    if (tcn_aggregate_is_open(x->step.a))
        return false;
    return tcn_lane_is_muted(&x->step, x->in->policy) ||
           (tcn_muted_is_noted(&x->step) && !is_new_content(x)) ||
           (may_be_repeat(x) && tcn_lane_is_recent(x));
}

enum tcn_intake tcn_lane_wake(struct tcn_arrival *x)
{
    x->step.d->lane_changed = true;
    return tcn_aggregate_is_open(x->step.a) ? fold(x) : tcn_lane_revive(x);
}

/* A person resolved the incident while the alarm went on: mere repeats are no news for the reopen window; after it
 * the alarm still fires, and somebody must know. */
static enum tcn_intake repeat(struct tcn_arrival *x)
{
    if (is_settled(x))
        return TCN_INTAKE_NOTHING;
    if (!tcn_aggregate_is_open(x->step.a))
        return fire(x, false);
    if (!is_new_content(x))
        return TCN_INTAKE_NOTHING;
    touch(x);
    tcn_lane_apply(x);
    return TCN_INTAKE_UPDATED;
}

static void tell_untold(const struct tcn_arrival *x)
{
    const char *why = x->in->alarm->n_items_unread > 0
                          ? "not in what was read of the list, silenced or inhibited"
                          : "silenced or inhibited";

    if (x->change.untold > 0)
        tcn_step_say_again(&x->step,
                           "%zu alarms of the group were not told to end: %s at the sender",
                           x->change.untold, why);
}

static enum tcn_intake change_items(struct tcn_arrival *x)
{
    if (!tcn_aggregate_is_open(x->step.a) && !is_settled(x))
        return fire(x, false);
    touch(x);
    if (!tcn_aggregate_is_open(x->step.a) || !tcn_aggregate_is_joined(x->step.a))
        return TCN_INTAKE_IGNORED;
    tell_untold(x);
    tcn_step_say_again(&x->step, "%zu of %zu alarms of the group fire", x->change.firing,
                       x->change.total);
    tcn_lane_apply(x);
    return TCN_INTAKE_UPDATED;
}

/* News that keeps the state (INSUFFICIENT_DATA of an alarm that fired) moves no clock: an OK that was sent before it
 * and arrives after it still counts. */
static enum tcn_intake update(struct tcn_arrival *x)
{
    const char *state = x->in->alarm->state;
    int64_t revision = x->step.a->incident.revision;

    if (!tcn_aggregate_is_open(x->step.a) || !tcn_aggregate_is_joined(x->step.a))
        return TCN_INTAKE_IGNORED;
    if (!is_new_content(x))
        return TCN_INTAKE_NOTHING;
    x->clock_ms = 0;
    touch(x);
    tcn_lane_apply(x);
    if (x->step.a->incident.revision == revision)
        tcn_step_say_again(&x->step, "%s reports %s", x->in->alarm->source,
                           state ? state : "a change without a new text");
    return TCN_INTAKE_UPDATED;
}

/* -- it is OK ----------------------------------------------------------------------------------------------- */

static void resolve_now(const struct tcn_step *s, const char *source, const char *notes)
{
    const struct tcn_resolution resolution = {
        .code = "alarm_ok", .notes = notes, .by = tcn_step_source_actor(s, source)};

    s->a->lane.resolved_ms = s->now_ms;
    tcn_incident_resolve(s, &resolution);
}

/* A storm has many lanes: its members wait for nothing but to be quiet, when they flap. */
static int64_t wait_ms(const struct tcn_arrival *x)
{
    const struct tcn_source_policy *p = x->in->policy;
    const struct tcn_aggregate *a = x->step.a;
    int64_t held = tcn_group_held_until(&a->lane) - x->step.now_ms;
    int64_t wait = p->resolve_after_ms;

    if (a->incident.is_storm && !a->lane.is_flapping)
        return 0;
    if (a->lane.is_flapping && p->flap_quiet_ms > wait)
        wait = p->flap_quiet_ms;
    return held > wait ? held : wait;
}

const char *tcn_lane_stays(const struct tcn_aggregate *a, const struct tcn_source_policy *policy)
{
    if (!policy->resolves)
        return "its policy leaves the incident open";
    return a->incident.source_name ? NULL : "the incident was started by hand and stays open";
}

/* In the sender's word: "OK", or that the alarm was deleted. */
static const char *reason(const struct tcn_arrival *x)
{
    const struct tcn_alarm *alarm = x->in->alarm;

    if (!alarm->state || !alarm->state[0])
        return NULL;
    return TCN_JOIN(x->step.d->arena, alarm->source, " reports ", alarm->state);
}

static enum tcn_intake settle_or_wait(struct tcn_arrival *x)
{
    struct tcn_aggregate *a = x->step.a;
    const char *stays = tcn_lane_stays(a, x->in->policy);
    int64_t wait = wait_ms(x);

    if (stays) {
        tcn_step_say_again(&x->step, "%s is OK; %s", x->in->alarm->source, stays);
        return TCN_INTAKE_UPDATED;
    }
    if (wait > 0) {
        a->lane.resolve_due_ms = x->step.now_ms + wait;
        tcn_step_say_again(&x->step, "%s is OK; resolves in %lld s unless it fires again",
                           x->in->alarm->source, (long long)(wait / 1000));
        return TCN_INTAKE_WAITING;
    }
    if (a->others_hold) {
        tcn_step_say_again(&x->step, "%s is OK; other alarms of the incident are not",
                           tcn_lane_name(x));
        return TCN_INTAKE_UPDATED;
    }
    resolve_now(&x->step, x->in->alarm->source, reason(x));
    return TCN_INTAKE_RESOLVED;
}

static enum tcn_intake resolve(struct tcn_arrival *x)
{
    touch(x);
    set_firing(x, false);
    tcn_flap_record(&x->step, x->in->policy);
    if (!tcn_aggregate_is_open(x->step.a) || !tcn_aggregate_is_joined(x->step.a))
        return TCN_INTAKE_IGNORED;
    tell_untold(x);
    return settle_or_wait(x);
}

void tcn_lane_settle(const struct tcn_step *s)
{
    struct tcn_lane *lane = &s->a->lane;

    if (lane->resolve_due_ms == 0 || lane->resolve_due_ms > s->now_ms)
        return;
    lane->resolve_due_ms = 0;
    s->d->lane_changed = true;
    if (!tcn_aggregate_is_open(s->a) || !tcn_aggregate_is_joined(s->a))
        return;
    if (s->a->others_hold)
        tcn_step_say_again(s, "%s stays OK; other alarms of the incident are not", lane->source);
    else
        resolve_now(s, lane->source, NULL);
}

/* -- the rest ----------------------------------------------------------------------------------------------- */

static enum tcn_intake late(struct tcn_arrival *x)
{
    if (!tcn_aggregate_is_joined(x->step.a))
        return TCN_INTAKE_LATE;
    if (x->change.unbelieved > 0)
        tcn_step_say_again(&x->step,
                           "%s says that %zu alarms ended before they began: ignored; is its "
                           "clock right?",
                           x->in->alarm->source, x->change.unbelieved);
    else
        tcn_step_say_again(&x->step, "%s sent late news (%s), older than what is known",
                           x->in->alarm->source,
                           x->in->alarm->state ? x->in->alarm->state : "no state");
    return TCN_INTAKE_LATE;
}

static enum tcn_intake move_clock(struct tcn_arrival *x)
{
    touch(x);
    x->step.a->lane.echo_ms = 0;
    return TCN_INTAKE_IGNORED;
}

enum tcn_intake tcn_lane_accept(struct tcn_arrival *x, enum tcn_news news)
{
    switch (news) {
    case TCN_NEWS_NOTHING:
        return TCN_INTAKE_NOTHING;
    case TCN_NEWS_LATE:
        return late(x);
    case TCN_NEWS_FIRE:
        return fire(x, true);
    case TCN_NEWS_AGAIN:
        return fire(x, false);
    case TCN_NEWS_REPEAT:
        return repeat(x);
    case TCN_NEWS_ITEMS:
        return change_items(x);
    case TCN_NEWS_RESOLVE:
        return resolve(x);
    case TCN_NEWS_UPDATE:
        return update(x);
    case TCN_NEWS_CLOCK:
        return move_clock(x);
    case TCN_NEWS_ECHO:
        return tcn_echo_hold(x);
    case TCN_NEWS_UNSET:
    case TCN_NEWS_IGNORE:
    default:
        return TCN_INTAKE_IGNORED;
    }
}
