/* An alarm leaves the storm that it is attached to (spec sources 7.5). */
#include "engine/split.h"
#include "engine/incident.h"
#include "engine/resolution.h"

static struct tcn_trigger trigger_of(const struct tcn_step *s, const struct tcn_split *in)
{
    return (struct tcn_trigger){
        .source = in->policy->source ? in->policy->source : in->alarm->source,
        .trigger_arn = in->alarm->told.trigger_arn,
        .title = in->alarm->told.title,
        .actor = tcn_step_source_actor(s, in->alarm->source),
        .at_ms = in->alarm->joined_ms,
    };
}

static struct tcn_alarm alarm_of(const struct tcn_told_alarm *told)
{
    return (struct tcn_alarm){
        .tags = told->tags,
        .n_tags = told->n_tags,
        .related = told->related,
        .n_related = told->n_related,
    };
}

static struct tcn_opening opening_of(const struct tcn_step *s, const struct tcn_split *in,
                                     const struct tcn_alarm *alarm)
{
    return (struct tcn_opening){
        .id = in->new_id,
        .storm = in->storm,
        .plan = tcn_directory_plan(in->directory, in->policy->response_plan),
        .plan_name = in->policy->response_plan,
        .title = in->alarm->told.title,
        .summary = in->alarm->told.summary,
        .impact = in->alarm->told.impact,
        .dedupe_string = in->dedupe_string,
        .source_name = in->alarm->source,
        .alarm = alarm,
        .trigger = trigger_of(s, in),
    };
}

static void say_where_from(const struct tcn_step *s, const struct tcn_split *in)
{
    char id[TCN_ID_TEXT];

    tcn_id_text(in->storm, id);
    tcn_step_say(s, true, "%s was split out of the storm %s by %s", in->alarm->told.title, id,
                 in->actor);
}

void tcn_engine_split(struct tcn_aggregate *aggregate, const struct tcn_split *in,
                      struct tcn_decision *ret)
{
    struct tcn_step s = tcn_step_begin(aggregate, in->directory, in->salt, in->now_ms, ret);
    struct tcn_lane *lane = &aggregate->lane;
    const struct tcn_alarm alarm = alarm_of(&in->alarm->told);
    struct tcn_opening opening = opening_of(&s, in, &alarm);
    bool is_new = !tcn_aggregate_is_open(aggregate);

    if (is_new)
        tcn_incident_open(&s, &opening);
    else
        tcn_incident_fold(&s, &opening.trigger);
    lane->incident = aggregate->incident.id;
    lane->opened_ms = is_new ? in->now_ms : 0;
    lane->resolved_ms = lane->mute_until_ms = 0;
    ret->lane_changed = true;
    say_where_from(&s, in);
    tcn_step_end(&s);
}

void tcn_engine_split_off(struct tcn_aggregate *storm, const struct tcn_split *in, struct tcn_id to,
                          struct tcn_decision *ret)
{
    static const struct tcn_resolution emptied = {.code = TCN_RESOLUTION_SPLIT,
                                                  .notes = "its last alarm was split out"};
    struct tcn_step s = tcn_step_begin(storm, in->directory, in->salt, in->now_ms, ret);
    struct tcn_resolution resolution = emptied;
    char id[TCN_ID_TEXT];

    tcn_id_text(to, id);
    tcn_step_say(&s, true, "%s was split out into the incident %s by %s", in->alarm->told.title, id,
                 in->actor);
    resolution.by = in->actor;
    if (tcn_aggregate_is_open(storm) && !storm->others_hold)
        tcn_incident_resolve(&s, &resolution);
    tcn_step_end(&s);
}
