#include "engine/lane_open.h"
#include "engine/content.h"
#include "engine/engagement.h"
#include "engine/incident.h"
#include "engine/muted.h"
#include "engine/related.h"
#include "engine/resolution.h"
#include "engine/storm.h"

static const struct tcn_response_plan *plan_of(const struct tcn_arrival *x)
{
    return tcn_directory_plan(x->in->directory, x->in->policy->response_plan);
}

const char *tcn_lane_name(const struct tcn_arrival *x)
{
    const struct tcn_alarm *alarm = x->in->alarm;

    return alarm->title && alarm->title[0] ? alarm->title : alarm->dedupe_key;
}

struct tcn_trigger tcn_lane_trigger(const struct tcn_arrival *x)
{
    const struct tcn_alarm *alarm = x->in->alarm;

    return (struct tcn_trigger){
        .source = x->in->policy->source ? x->in->policy->source : alarm->source,
        .trigger_arn = alarm->trigger_arn,
        .title = tcn_lane_name(x),
        .actor = tcn_step_source_actor(&x->step, alarm->source),
        .raw = alarm->raw,
        .at_ms = x->clock_ms,
    };
}

static const char *dedupe_string(const struct tcn_arrival *x)
{
    struct tcn_buf b;
    const char *text;

    tcn_buf_init(&b, 65536);
    tcn_engine_dedupe_string(x->in->alarm, plan_of(x), x->in->policy, &b);
    text = tcn_step_cut(&x->step, b.ptr, TCN_DEDUPE_MAX);
    tcn_buf_done(&b);
    return text;
}

static struct tcn_opening opening_of(const struct tcn_arrival *x)
{
    const struct tcn_aggregate *a = x->step.a;
    bool was_storm = tcn_aggregate_is_joined(a) && a->incident.is_storm;
    struct tcn_id last = a->lane.incident;

    return (struct tcn_opening){
        .id = x->in->new_id,
        .previous = was_storm ? (struct tcn_id){{0}} : last,
        .storm = was_storm ? last : (struct tcn_id){{0}},
        .plan = plan_of(x),
        .plan_name = x->in->policy->response_plan,
        .source_name = x->in->alarm->source,
        .mapping_error = x->in->alarm->mapping_error,
        .trigger = tcn_lane_trigger(x),
    };
}

static void join(struct tcn_arrival *x, int64_t opened_ms)
{
    struct tcn_lane *lane = &x->step.a->lane;

    lane->incident = x->step.a->incident.id;
    lane->opened_ms = opened_ms;
    lane->resolved_ms = lane->mute_until_ms = 0;
}

static enum tcn_intake open_alone(struct tcn_arrival *x)
{
    const struct tcn_alarm *alarm = x->in->alarm;
    struct tcn_opening o = opening_of(x);

    o.title = alarm->title;
    o.summary = alarm->summary;
    o.impact = alarm->impact;
    o.alarm = alarm;
    o.dedupe_string = dedupe_string(x);
    tcn_incident_open(&x->step, &o);
    join(x, x->step.now_ms);
    return TCN_INTAKE_OPENED;
}

struct tcn_told_alarm tcn_lane_told(const struct tcn_arrival *x)
{
    const struct tcn_alarm *alarm = x->in->alarm;
    struct tcn_told_alarm told = {
        .title = tcn_step_cut(&x->step, tcn_lane_name(x), TCN_TITLE_MAX),
        .summary = tcn_step_cut(&x->step, alarm->summary, TCN_SUMMARY_MAX),
        .impact = tcn_impact_alone(alarm, plan_of(x)),
        .trigger_arn = alarm->trigger_arn,
        .tags = alarm->tags,
        .n_tags = alarm->n_tags < TCN_TAGS_MAX ? alarm->n_tags : TCN_TAGS_MAX,
    };

    told.related = tcn_related_keep(&x->step, alarm, &told.n_related);
    return told;
}

void tcn_lane_note_storm_alarm(struct tcn_arrival *x)
{
    x->step.d->storm_alarm =
        (struct tcn_storm_alarm){.joined_ms = x->step.now_ms, .told = tcn_lane_told(x)};
    x->step.d->storm_alarm_changed = true;
}

static enum tcn_intake begin_storm(struct tcn_arrival *x)
{
    struct tcn_opening o = opening_of(x);
    char id[TCN_ID_TEXT];

    tcn_id_text(tcn_id_child(o.id, "storm", 0), id);
    o.title = tcn_arena_fmt(x->step.d->arena, "Alarm storm from %s", x->in->alarm->source);
    o.summary = tcn_arena_fmt(
        x->step.d->arena,
        "More than %d new alarms within %lld s; this one is the first too many: %s. New alarms of "
        "%s are attached to this incident until fewer arrive. /v1/incidents/ID/alarms lists them, "
        "and each can be split out into an incident of its own.",
        x->in->policy->storm_new, (long long)(x->in->policy->storm_window_ms / 1000),
        tcn_lane_name(x), x->in->alarm->source);
    o.impact = x->in->alarm->impact;
    o.dedupe_string = tcn_arena_strdup(x->step.d->arena, id);
    o.is_storm = true;
    tcn_incident_open(&x->step, &o);
    join(x, 0);
    tcn_lane_note_storm_alarm(x);
    x->storm->incident = o.id;
    x->storm->attached = 1;
    x->storm->let_out = 0;
    return TCN_INTAKE_STORM;
}

static enum tcn_intake attach_to_storm(struct tcn_arrival *x)
{
    struct tcn_trigger trigger = tcn_lane_trigger(x);

    x->storm_aggregate->lane = x->step.a->lane;
    x->step.a = x->storm_aggregate;
    x->step.d->subject = x->storm_aggregate;
    join(x, 0);
    tcn_lane_note_storm_alarm(x);
    tcn_incident_fold(&x->step, &trigger);
    tcn_incident_worsen(&x->step, tcn_impact_alone(x->in->alarm, plan_of(x)), x->in->alarm->source,
                        tcn_lane_name(x));
    x->storm->attached++;
    if (tcn_storm_is_landmark(x->storm))
        tcn_step_say(&x->step, true, "%lld alarms are attached to this storm",
                     (long long)x->storm->attached);
    return TCN_INTAKE_STORM;
}

/* An alarm that is in the storm cannot leave it here: it is the storm that is told again, to everybody. */
void tcn_lane_wake_storm(struct tcn_arrival *x)
{
    struct tcn_incident *storm = &x->step.a->incident;

    storm->acknowledged_ms = 0;
    storm->acknowledged_by = NULL;
    tcn_engagement_stop_all(&x->step, "engaged again");
    tcn_step_say(&x->step, true,
                 "%s is more severe than what people were told of: they are engaged again",
                 tcn_lane_name(x));
    tcn_engagement_start_all(&x->step, tcn_incident_plan(&x->step, x->in->policy));
}

/* The first of each impact, so that a storm of severe ones is one page more. */
static bool is_worse_than_known(const struct tcn_arrival *x)
{
    int impact = tcn_impact_alone(x->in->alarm, plan_of(x)), let_out = x->storm->let_out;

    return (let_out == 0 || impact < let_out) &&
           tcn_storm_must_wake(x->storm_aggregate, impact, x->step.now_ms);
}

static enum tcn_intake open_beside_storm(struct tcn_arrival *x)
{
    char id[TCN_ID_TEXT];

    x->storm->let_out = tcn_impact_alone(x->in->alarm, plan_of(x));
    open_alone(x);
    x->step.a->incident.storm = x->storm->incident;
    tcn_id_text(x->storm->incident, id);
    tcn_step_say(&x->step, true,
                 "one of the storm %s, but more severe than what people were told of there", id);
    return TCN_INTAKE_OPENED;
}

static enum tcn_intake open_new(struct tcn_arrival *x)
{
    enum tcn_storm_gate gate = TCN_STORM_ALONE;
    const struct tcn_aggregate *running = x->storm_aggregate;

    if (x->storm) {
        bool is_open = running && tcn_aggregate_is_open(running) &&
                       tcn_id_eq(running->incident.id, x->storm->incident);

        gate = tcn_storm_gate(x->storm, x->in->policy, is_open, x->step.now_ms);
        x->step.d->storm_changed = true;
    }
    tcn_lane_remember(x);
    if (gate == TCN_STORM_ATTACH)
        return is_worse_than_known(x) ? open_beside_storm(x) : attach_to_storm(x);
    return gate == TCN_STORM_BEGIN ? begin_storm(x) : open_alone(x);
}

static enum tcn_intake reopen(struct tcn_arrival *x)
{
    struct tcn_trigger trigger = tcn_lane_trigger(x);

    tcn_incident_reopen(&x->step, trigger.actor, NULL);
    tcn_incident_fold(&x->step, &trigger);
    tcn_lane_apply(x);
    /* A storm that got worse is told already. */
    if (!tcn_engagement_is_at_work(x->step.a, x->step.now_ms))
        tcn_engagement_start_all(&x->step, tcn_incident_plan(&x->step, x->in->policy));
    return TCN_INTAKE_REOPENED;
}

/* The incident says so, not the lane: another lane, or a person, may have reopened it since. */
bool tcn_lane_is_muted(const struct tcn_step *s, const struct tcn_source_policy *policy)
{
    const struct tcn_incident *i = &s->a->incident;

    return tcn_aggregate_is_joined(s->a) && i->status == TCN_STATUS_RESOLVED &&
           tcn_resolution_mutes(&i->resolution) &&
           (!policy || s->now_ms - i->resolved_ms < policy->mute_window_ms);
}

void tcn_lane_tell_muted(const struct tcn_step *s, const char *source)
{
    tcn_step_say_again(s, "%s fires, but is muted after \"won't fix\"", source);
}

bool tcn_lane_is_recent(const struct tcn_arrival *x)
{
    return tcn_aggregate_is_joined(x->step.a) &&
           x->step.now_ms - x->step.a->incident.resolved_ms < x->in->policy->reopen_window_ms;
}

enum tcn_intake tcn_lane_revive(struct tcn_arrival *x)
{
    if (tcn_lane_is_muted(&x->step, x->in->policy)) {
        tcn_lane_tell_muted(&x->step, x->in->alarm->source);
        return TCN_INTAKE_IGNORED;
    }
    if (tcn_muted_hold(x))
        return TCN_INTAKE_MUTED;
    if (tcn_lane_is_recent(x) && tcn_engagement_has_room(x->step.a))
        return reopen(x);
    return open_new(x);
}
