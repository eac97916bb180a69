#include "engine/muted.h"

#include "base/datetime.h"
#include "engine/lane_open.h"
#include "engine/mute.h"
#include "engine/wake.h"

/* A mute may be ended by a node that does not see yet what this one notes: it is looked at again soon. Windows are of the
 * configuration, and another one has all looked at. */
#define LOOK_AGAIN_MS INT64_C(60000)

/* "by the maintenance window db-backup (ana) until 2026-11-29T03:00:00.000Z" */
static const char *why(const struct tcn_step *s, const struct tcn_muting *by)
{
    char id[TCN_ID_TEXT], until[TCN_TIME_TEXT];

    tcn_time_text(by->until_ms, until);
    if (by->name)
        return tcn_arena_fmt(s->d->arena, "by the maintenance window %s (%s) until %s", by->name,
                             by->owner, until);
    tcn_id_text(by->id, id);
    return tcn_arena_fmt(s->d->arena, "by the mute %s (%s) until %s", id, by->owner, until);
}

static int64_t look_ms(const struct tcn_step *s, const struct tcn_muting *by)
{
    int64_t soon = s->now_ms + LOOK_AGAIN_MS;

    return by->name || by->until_ms < soon ? by->until_ms : soon;
}

bool tcn_muted_is_noted(const struct tcn_step *s)
{
    return s->a->lane.mute_until_ms > s->now_ms;
}

/* Without a time of its own the row keeps the one that it has. */
static void note(struct tcn_arrival *x, const struct tcn_muting *by)
{
    struct tcn_lane *lane = &x->step.a->lane;

    x->step.d->waiting = (struct tcn_waiting){
        .dedupe_key = lane->dedupe_key,
        .source = x->in->alarm->source,
        .kind = TCN_WAITING_MUTED,
        .due_ms = look_ms(&x->step, by),
        .since_ms = lane->mute_until_ms == 0 ? x->step.now_ms : 0,
        .why = why(&x->step, by),
        .told = tcn_lane_told(x),
    };
    x->step.d->waiting_changed = true;
    lane->mute_until_ms = by->until_ms;
}

bool tcn_muted_hold(struct tcn_arrival *x)
{
    struct tcn_muting by;

    if (!tcn_mute_find(x->in->mutes, x->in->directory, x->in->alarm, x->step.now_ms, &by)) {
        x->step.a->lane.mute_until_ms = 0;
        return false;
    }
    note(x, &by);
    tcn_lane_remember(x);
    return true;
}

/* -- that is over ------------------------------------------------------------------------------------------- */

static void tell_opened(const struct tcn_arrival *x, const struct tcn_waiting *w)
{
    char since[TCN_TIME_TEXT];

    tcn_time_text(w->since_ms, since);
    tcn_step_say(&x->step, true, "%s fires since %s, was muted %s, and still fires now",
                 tcn_lane_name(x), since, w->why);
}

static bool is_over(const struct tcn_aggregate *a)
{
    return !a->lane.exists || !a->lane.is_firing ||
           (tcn_aggregate_is_open(a) && tcn_aggregate_is_joined(a));
}

/* Somebody else brought its incident back. A time that was noted would keep it from coming back later. */
static enum tcn_intake forget(const struct tcn_step *s)
{
    s->d->lane_changed |= s->a->lane.mute_until_ms != 0;
    s->a->lane.mute_until_ms = 0;
    return TCN_INTAKE_NOTHING;
}

static enum tcn_intake wake(struct tcn_arrival *x, const struct tcn_waiting *w)
{
    enum tcn_intake verdict;

    if (is_over(x->step.a))
        return forget(&x->step);
    memcpy(x->content, x->step.a->lane.content_sha256, sizeof x->content);
    verdict = tcn_lane_wake(x);
    if (verdict != TCN_INTAKE_MUTED)
        tell_opened(x, w);
    return verdict;
}

enum tcn_intake tcn_engine_unmute(const struct tcn_intake_input *in,
                                  const struct tcn_waiting *waiting,
                                  struct tcn_aggregate *aggregate, struct tcn_storm *storm,
                                  struct tcn_aggregate *storm_aggregate, struct tcn_decision *ret)
{
    struct tcn_arrival x = {
        .in = in,
        .step = tcn_step_begin(aggregate, in->directory, in->salt, in->now_ms, ret),
        .storm = storm,
        .storm_aggregate = storm_aggregate,
        .clock_ms = waiting->since_ms,
    };
    enum tcn_intake verdict = wake(&x, waiting);

    tcn_waiting_end(ret, waiting);
    if (ret->subject != aggregate)
        aggregate->lane = ret->subject->lane;
    tcn_step_end(&x.step);
    return verdict;
}
