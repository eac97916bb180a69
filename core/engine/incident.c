#include "engine/incident.h"
#include "engine/engagement.h"
#include "engine/related.h"
#include "engine/resolution.h"

#include <assert.h>

#define IMPACT_DEFAULT 3

/* -- open --------------------------------------------------------------------------------------------------- */

static const char *choose_title(const struct tcn_step *s, const struct tcn_opening *o)
{
    const char *title = o->title && o->title[0] ? o->title : o->plan ? o->plan->title : NULL;

    if (!title || !title[0])
        title = TCN_JOIN(s->d->arena, "Alarm from ",
                         o->source_name ? o->source_name : o->trigger.source);
    return tcn_step_cut(s, title, TCN_TITLE_MAX);
}

static int choose_impact(const struct tcn_opening *o)
{
    int impact = o->impact ? o->impact : o->plan ? o->plan->impact : 0;

    if (o->is_bare)
        return 0;
    return impact >= 1 && impact <= TCN_IMPACT_MAX ? impact : IMPACT_DEFAULT;
}

static bool has_tag(const struct tcn_incident *i, const char *key)
{
    for (size_t k = 0; k < i->n_tags; k++)
        if (strcmp(i->tags[k].key, key) == 0)
            return true;
    return false;
}

static void add_tags(struct tcn_incident *i, const struct tcn_tag *tags, size_t n)
{
    for (size_t k = 0; k < n && i->n_tags < TCN_TAGS_MAX; k++)
        if (!has_tag(i, tags[k].key))
            i->tags[i->n_tags++] = tags[k];
}

/* The plan's tags win over the alarm's. */
static void set_tags(const struct tcn_step *s, const struct tcn_opening *o)
{
    struct tcn_incident *i = &s->a->incident;

    i->tags = TCN_NEW_N(s->d->arena, struct tcn_tag, TCN_TAGS_MAX);
    if (o->plan)
        add_tags(i, o->plan->tags, o->plan->n_tags);
    if (o->alarm)
        add_tags(i, o->alarm->tags, o->alarm->n_tags);
}

static void make_record(const struct tcn_step *s, const struct tcn_opening *o)
{
    const char *summary = o->summary ? o->summary : o->plan ? o->plan->summary : NULL;

    s->a->engagements = NULL;
    s->a->n_engagements = s->a->size_engagements = 0;
    s->a->knows_related = true;
    s->a->related = NULL;
    s->a->n_related = 0;
    s->a->others_hold = false;
    s->a->others_due_ms = s->a->others_echo_ms = 0;
    s->a->incident = (struct tcn_incident){
        .id = o->id,
        .exists = true,
        .response_plan = o->plan_name ? o->plan_name : "",
        .title = choose_title(s, o),
        .summary = tcn_step_cut(s, summary, TCN_SUMMARY_MAX),
        .impact = choose_impact(o),
        .status = TCN_STATUS_OPEN,
        .dedupe_string = o->dedupe_string,
        .source = o->trigger.source,
        .source_name = o->source_name,
        .trigger_arn = o->trigger.trigger_arn,
        .created_by = o->trigger.actor,
        .modified_by = o->trigger.actor,
        .created_ms = s->now_ms,
        .modified_ms = s->now_ms,
        .previous = o->previous,
        .storm = o->storm,
        .is_storm = o->is_storm,
        .is_bare = o->is_bare,
    };
    if (o->plan) {
        s->a->incident.notification_targets = o->plan->notification_targets;
        s->a->incident.chat_channel = o->plan->chat_channel;
    }
    set_tags(s, o);
    s->d->incident_opened = true;
    tcn_decision_tell_tickets(s->d, &s->a->incident);
}

/* The detection time: of a sender, unless its clock is off. */
static int64_t trigger_time(const struct tcn_step *s, const struct tcn_trigger *t)
{
    bool is_sane = t->is_stated
                       ? t->at_ms > 0
                       : t->at_ms > s->now_ms - 7 * INT64_C(86400000) && t->at_ms <= s->now_ms;

    return is_sane ? t->at_ms : s->now_ms;
}

static void add_trigger(const struct tcn_step *s, const struct tcn_trigger *t, bool created)
{
    const char *text = TCN_JOIN(s->d->arena, created ? "triggered: " : "triggered again: ",
                                t->title ? t->title : s->a->incident.title);
    struct tcn_event *e = tcn_decision_event(s->d, &s->a->incident, s->now_ms, TCN_EVENT_TRIGGER,
                                             tcn_event_data_trigger(s, t, created), text, t->actor);

    e->event_ms = trigger_time(s, t);
}

static void add_start(const struct tcn_step *s, const struct tcn_opening *o)
{
    const char *text = TCN_JOIN(s->d->arena, "incident opened: ", s->a->incident.title);
    struct tcn_event *e =
        tcn_decision_event(s->d, &s->a->incident, s->now_ms, TCN_EVENT_START,
                           tcn_event_data_start(s, o->plan), text, o->trigger.actor);

    e->references = tcn_event_ref_incident(s);
}

void tcn_incident_open(const struct tcn_step *s, const struct tcn_opening *o)
{
    assert(!tcn_id_is_zero(o->id) && o->dedupe_string && o->trigger.source);
    make_record(s, o);
    add_trigger(s, &o->trigger, true);
    add_start(s, o);
    if (o->mapping_error)
        tcn_step_say(s, true, "the mapping of source %s failed, this is what could be known: %s",
                     o->source_name ? o->source_name : "", o->mapping_error);
    if (!o->plan)
        tcn_step_say(s, false, "response plan %s does not exist", s->a->incident.response_plan);
    if (o->alarm)
        tcn_related_add(s, o->alarm);
    tcn_related_add_stated(s, o->related, o->n_related);
    tcn_engagement_start_all(s, o->plan);
}

void tcn_incident_open_bare(const struct tcn_step *s, const struct tcn_opening *o)
{
    assert(!tcn_id_is_zero(o->id) && o->is_bare && !o->plan && !o->alarm);
    make_record(s, o);
}

/* -- while it lives ----------------------------------------------------------------------------------------- */

void tcn_incident_fold(const struct tcn_step *s, const struct tcn_trigger *t)
{
    if (tcn_step_has_room(s))
        add_trigger(s, t, false);
}

static bool is_source(const char *actor)
{
    return !actor || strncmp(actor, "source:", 7) == 0;
}

struct tcn_event *tcn_incident_modified(const struct tcn_step *s,
                                        const struct tcn_attribute *attributes, size_t n,
                                        const char *actor, const char *text)
{
    struct tcn_incident *i = &s->a->incident;
    struct tcn_event *e;

    actor = tcn_arena_strdup(s->d->arena, actor);
    if (!is_source(actor) || is_source(i->modified_by))
        i->modified_by = actor;
    if (s->now_ms > i->modified_ms)
        i->modified_ms = s->now_ms;
    e = tcn_decision_event(s->d, i, s->now_ms, TCN_EVENT_UPDATE,
                           tcn_event_data_update(s, attributes, n, actor), text, actor);
    e->references = tcn_event_ref_incident(s);
    tcn_decision_tell_tickets(s->d, i);
    return e;
}

static bool differs(const char *told, const char *known)
{
    return told && told[0] && (!known || strcmp(told, known) != 0);
}

static bool is_impact(const struct tcn_attribute *a)
{
    return strcmp(a->name, "impact") == 0;
}

static const char *digit(const struct tcn_step *s, int value)
{
    return tcn_arena_fmt(s->d->arena, "%d", value);
}

/* "updated by prom: impact 1, title". why may be NULL. */
static const char *update_text(const struct tcn_step *s, const char *source,
                               const struct tcn_attribute *attributes, size_t n, const char *why)
{
    const char *text = TCN_JOIN(s->d->arena, "updated by ", source, ":");

    for (size_t i = 0; i < n; i++)
        text = TCN_JOIN(s->d->arena, text, i > 0 ? ", " : " ", attributes[i].name,
                        is_impact(&attributes[i]) ? " " : NULL,
                        is_impact(&attributes[i]) ? attributes[i].value : NULL);
    return why ? TCN_JOIN(s->d->arena, text, " (", why, ")") : text;
}

/* The revision moves in any case; only the line on the timeline is bounded, and never that of an impact, which gets worse
 * four times at most. */
static void record_apply(const struct tcn_step *s, const char *source,
                         const struct tcn_attribute *attributes, size_t n, const char *why)
{
    struct tcn_incident *i = &s->a->incident;

    if (tcn_step_has_room(s) || is_impact(&attributes[n - 1])) {
        tcn_incident_modified(s, attributes, n, tcn_step_source_actor(s, source),
                              update_text(s, source, attributes, n, why));
        return;
    }
    i->modified_ms = s->now_ms > i->modified_ms ? s->now_ms : i->modified_ms;
    tcn_decision_tell_tickets(s->d, i);
}

/* Whether it did; ret tells it. */
static bool worsen(const struct tcn_step *s, int impact, struct tcn_attribute *ret)
{
    struct tcn_incident *i = &s->a->incident;

    if (impact < 1 || impact >= i->impact)
        return false;
    i->impact = impact;
    *ret = (struct tcn_attribute){"impact", digit(s, impact)};
    return true;
}

void tcn_incident_worsen(const struct tcn_step *s, int impact, const char *source, const char *name)
{
    struct tcn_attribute changed;

    if (worsen(s, impact, &changed))
        record_apply(s, source, &changed, 1, name);
}

bool tcn_incident_apply(const struct tcn_step *s, const struct tcn_alarm *alarm)
{
    struct tcn_incident *i = &s->a->incident;
    struct tcn_attribute changed[3];
    const char *title = tcn_step_cut(s, alarm->title, TCN_TITLE_MAX);
    const char *summary = tcn_step_cut(s, alarm->summary, TCN_SUMMARY_MAX);
    bool may_change = is_source(i->modified_by) && !alarm->mapping_error;
    size_t n = 0;

    if (may_change && differs(title, i->title)) {
        i->title = title;
        changed[n++] = (struct tcn_attribute){"title", title};
    }
    if (may_change && differs(summary, i->summary)) {
        i->summary = summary;
        changed[n++] = (struct tcn_attribute){"summary", summary};
    }
    n += worsen(s, alarm->impact, &changed[n]);
    if (n > 0)
        record_apply(s, alarm->source, changed, n, NULL);
    return n > 0;
}

/* -- the end, and again ------------------------------------------------------------------------------------- */

void tcn_incident_set_resolved(const struct tcn_step *s, const struct tcn_resolution *resolution)
{
    struct tcn_incident *i = &s->a->incident;
    struct tcn_lane *lane = &s->a->lane;

    assert(tcn_aggregate_is_open(s->a));
    i->status = TCN_STATUS_RESOLVED;
    i->resolved_ms = s->now_ms > i->created_ms ? s->now_ms : i->created_ms;
    i->resolution = (struct tcn_resolution){
        .code = tcn_arena_strdup(s->d->arena, tcn_resolution_code(resolution->code)),
        .notes = tcn_step_cut(s, resolution->notes, TCN_SUMMARY_MAX),
        .by = tcn_arena_strdup(s->d->arena, resolution->by ? resolution->by : "somebody"),
    };
    if (tcn_aggregate_is_joined(s->a)) {
        lane->resolve_due_ms = 0;
        lane->is_flapping = false;
        lane->flap_told_ms = 0;
        s->d->lane_changed = true;
    }
    s->d->incident_resolved = true;
    tcn_engagement_stop_all(s, "Incident resolved");
}

void tcn_incident_set_open(const struct tcn_step *s)
{
    struct tcn_incident *i = &s->a->incident;

    assert(i->exists && i->status == TCN_STATUS_RESOLVED);
    i->status = TCN_STATUS_OPEN;
    i->resolved_ms = 0;
    i->acknowledged_ms = 0;
    i->acknowledged_by = NULL;
    i->unreached_ms = 0;
    i->resolution = (struct tcn_resolution){0};
    if (tcn_aggregate_is_joined(s->a)) {
        s->a->lane.resolved_ms = 0;
        s->a->lane.mute_until_ms = 0;
        s->d->lane_changed = true;
    }
}

void tcn_incident_resolve(const struct tcn_step *s, const struct tcn_resolution *resolution)
{
    static const struct tcn_attribute status = {"status", "RESOLVED"};
    const char *notes = resolution->notes;
    const char *text =
        TCN_JOIN(s->d->arena, "resolved by ", resolution->by, notes ? ": " : NULL, notes);

    tcn_incident_set_resolved(s, resolution);
    tcn_incident_modified(s, &status, 1, resolution->by, text)->to_tickets = true;
}

void tcn_incident_reopen(const struct tcn_step *s, const char *actor, const char *why)
{
    static const struct tcn_attribute status = {"status", "OPEN"};
    const char *text = TCN_JOIN(s->d->arena, "reopened by ", actor, why ? ": " : NULL, why);

    tcn_incident_set_open(s);
    tcn_incident_modified(s, &status, 1, actor, text)->to_tickets = true;
}

const struct tcn_response_plan *tcn_incident_plan(const struct tcn_step *s,
                                                  const struct tcn_source_policy *policy)
{
    struct tcn_incident *i = &s->a->incident;
    const struct tcn_response_plan *plan = tcn_directory_plan(s->directory, i->response_plan);

    if (plan || !policy || !(plan = tcn_directory_plan(s->directory, policy->response_plan)))
        return plan;
    tcn_step_say(s, false,
                 "response plan %s is not configured any more: %s of source %s takes its place",
                 i->response_plan, plan->name, policy->name);
    i->response_plan = tcn_arena_strdup(s->d->arena, plan->name);
    s->d->plan_replaced = true;
    return plan;
}
