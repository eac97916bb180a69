/* What must hold in any aggregate at any time, whatever happened before. One function a rule. */
#include "engine/invariant.h"
#include "engine/engine.h"
#include "engine/group.h"
#include "engine/resolution.h"

typedef const char *(rule)(const struct tcn_aggregate *a);

/* -- the record --------------------------------------------------------------------------------------------- */

static const char *record_is_named(const struct tcn_aggregate *a)
{
    return tcn_id_is_zero(a->incident.id) ? "the incident has no id" : NULL;
}

static const char *status_matches_times(const struct tcn_aggregate *a)
{
    const struct tcn_incident *i = &a->incident;

    if (i->status != TCN_STATUS_OPEN && i->status != TCN_STATUS_RESOLVED)
        return "the status is neither OPEN nor RESOLVED";
    if ((i->status == TCN_STATUS_OPEN) != (i->resolved_ms == 0))
        return "OPEN with a resolved time, or RESOLVED without";
    if (i->resolved_ms != 0 && i->resolved_ms < i->created_ms)
        return "resolved before it was created";
    return i->modified_ms < i->created_ms ? "modified before it was created" : NULL;
}

static const char *resolution_matches_status(const struct tcn_aggregate *a)
{
    const struct tcn_resolution *r = &a->incident.resolution;

    if (a->incident.status == TCN_STATUS_RESOLVED)
        return r->code && r->by ? NULL : "RESOLVED without a resolution";
    return r->code || r->by || r->notes ? "OPEN with a resolution" : NULL;
}

static const char *texts_fit(const struct tcn_aggregate *a)
{
    const struct tcn_incident *i = &a->incident;

    if (!i->title || !i->title[0] || tcn_utf8_count(tcn_str(i->title)) > TCN_TITLE_MAX)
        return "the title is empty or too long";
    if (i->summary && tcn_utf8_count(tcn_str(i->summary)) > TCN_SUMMARY_MAX)
        return "the summary is too long";
    if (!i->dedupe_string || !i->dedupe_string[0] || strlen(i->dedupe_string) > TCN_DEDUPE_MAX)
        return "the dedupe string is empty or too long";
    return i->response_plan && i->source ? NULL : "no response plan name or no source";
}

static const char *numbers_fit(const struct tcn_aggregate *a)
{
    const struct tcn_incident *i = &a->incident;

    if (!i->is_bare && (i->impact < 1 || i->impact > TCN_IMPACT_MAX))
        return "the impact is not in 1-5";
    if (i->revision < 1)
        return "the revision never moved";
    if (!i->is_bare && i->event_seq < 2)
        return "no Trigger and Start event";
    if (i->related_seq < 0 || i->related_seq > TCN_RELATED_MAX)
        return "too many related items";
    return i->n_tags <= TCN_TAGS_MAX ? NULL : "too many tags";
}

static const char *acknowledgement_is_whole(const struct tcn_aggregate *a)
{
    return (a->incident.acknowledged_ms == 0) == (a->incident.acknowledged_by == NULL)
               ? NULL
               : "an acknowledgement without a name or without a time";
}

/* Whoever answered is reached; those who were engaged afterwards may not be. */
static const char *only_later_ones_are_missed(const struct tcn_aggregate *a)
{
    const struct tcn_incident *i = &a->incident;

    if (i->acknowledged_ms == 0 || i->unreached_ms == 0)
        return NULL;
    for (size_t k = 0; k < a->n_engagements; k++)
        if (a->engagements[k].start_ms > i->acknowledged_ms)
            return NULL;
    return "acknowledged, and nobody is reached";
}

static const char *follows_another(const struct tcn_aggregate *a)
{
    const struct tcn_incident *i = &a->incident;

    return tcn_id_eq(i->previous, i->id) || tcn_id_eq(i->storm, i->id)
               ? "the incident follows itself"
               : NULL;
}

/* What is no incident has nothing that makes one, and ends with its engagement. */
static const char *bare_is_an_engagement(const struct tcn_aggregate *a)
{
    const struct tcn_incident *i = &a->incident;

    if (!i->is_bare)
        return NULL;
    if (i->impact != 0 || i->is_storm || i->source_name || i->response_plan[0])
        return "an engagement alone has an impact, a plan or a source";
    if (a->n_engagements != 1 || tcn_aggregate_is_joined(a))
        return "an engagement alone has others, or a lane";
    return tcn_aggregate_is_open(a) == (a->engagements[0].stop_ms == 0)
               ? NULL
               : "an engagement alone is stopped and open, or neither";
}

/* -- the lane ----------------------------------------------------------------------------------------------- */

static const char *lane_is_named(const struct tcn_aggregate *a)
{
    if (!a->lane.exists)
        return NULL;
    return a->lane.dedupe_key && a->lane.dedupe_key[0] && a->lane.source ? NULL
                                                                         : "the lane has no key";
}

static const char *waiting_lane_is_quiet(const struct tcn_aggregate *a)
{
    if (a->lane.resolve_due_ms == 0)
        return NULL;
    if (a->lane.is_firing)
        return "the lane fires and waits to resolve";
    return tcn_aggregate_is_joined(a) && !tcn_aggregate_is_open(a)
               ? "the lane waits to resolve an incident that is resolved"
               : NULL;
}

static const char *watched_lane_fires(const struct tcn_aggregate *a)
{
    return a->lane.stale_due_ms != 0 && !a->lane.is_firing
               ? "the lane is OK and watched for silence"
               : NULL;
}

static bool has_echo(const struct tcn_lane *lane)
{
    bool has = lane->echo_ms != 0;

    for (size_t i = 0; i < lane->n_items && !has; i++)
        has = lane->items[i].echo_ms != 0;
    return has;
}

/* What is held back comes: it has a time, and an incident whose timer runs then. */
static const char *echo_is_due(const struct tcn_aggregate *a)
{
    const struct tcn_lane *lane = &a->lane;

    if (has_echo(lane) != (lane->echo_due_ms != 0))
        return lane->echo_due_ms ? "no echo, and one is due" : "an echo is never due";
    if (lane->echo_ms != 0 && (lane->is_firing || lane->n_items > 0))
        return "an echo of an alarm that fires, or of one with items";
    return lane->echo_due_ms != 0 && tcn_id_is_zero(lane->incident) ? "an echo without an incident"
                                                                    : NULL;
}

static const char *flapping_lane_is_open(const struct tcn_aggregate *a)
{
    if (!a->lane.is_flapping)
        return a->lane.flap_told_ms == 0 ? NULL : "flap_told without flapping";
    if (tcn_aggregate_is_joined(a) && !tcn_aggregate_is_open(a))
        return "the lane flaps without an open incident";
    return a->lane.transitions_ms[0] == 0 ? "the lane flaps without a change" : NULL;
}

/* Only a person ends an incident whose alarm still fires, with whatever code; what is muted fires without one. */
static const char *alarm_does_not_resolve_while_firing(const struct tcn_aggregate *a)
{
    const struct tcn_resolution *r = &a->incident.resolution;

    return a->lane.is_firing && a->lane.mute_until_ms == 0 && tcn_aggregate_is_joined(a) &&
                   !tcn_aggregate_is_open(a) &&
                   (strcmp(r->code, "alarm_ok") == 0 ||
                    strcmp(r->code, TCN_RESOLUTION_SILENT) == 0) &&
                   strncmp(r->by, "source:", 7) == 0
               ? "resolved by an alarm that fires"
               : NULL;
}

static const char *firing_lane_has_incident(const struct tcn_aggregate *a)
{
    return a->lane.is_firing && tcn_id_is_zero(a->lane.incident) && a->lane.mute_until_ms == 0
               ? "the lane fires and has no incident"
               : NULL;
}

/* Its incident may be open all the same: another alarm or a person brought it back, and the lane learns of it when it is looked
 * at. */
static const char *only_what_fires_is_muted(const struct tcn_aggregate *a)
{
    return a->lane.mute_until_ms != 0 && !a->lane.is_firing ? "the lane is muted and does not fire"
                                                            : NULL;
}

static const char *group_follows_items(const struct tcn_aggregate *a)
{
    if (a->lane.n_items == 0)
        return NULL;
    if (a->lane.n_items > TCN_ITEMS_MAX)
        return "too many items";
    return a->lane.is_firing == tcn_group_is_firing(&a->lane)
               ? NULL
               : "the group's state is not that of its items";
}

static const char *items_are_sorted(const struct tcn_aggregate *a)
{
    for (size_t i = 0; i < a->lane.n_items; i++) {
        const struct tcn_item *item = &a->lane.items[i];

        if (!item->key || item->status == TCN_ITEM_UNSET)
            return "an item without key or status";
        if (item->echo_ms != 0 && item->status != TCN_ITEM_RESOLVED)
            return "an echo of an item that is not over";
        if (i > 0 && strcmp(a->lane.items[i - 1].key, item->key) >= 0)
            return "items are not sorted, or twice there";
    }
    return NULL;
}

static const char *transitions_are_sorted(const struct tcn_aggregate *a)
{
    const int64_t *t = a->lane.transitions_ms;

    for (int i = 1; i < TCN_FLAP_RING; i++)
        if (t[i] > t[i - 1])
            return "changes are not newest first";
    return NULL;
}

static const char *content_is_a_hash(const struct tcn_aggregate *a)
{
    size_t n = strlen(a->lane.content_sha256);

    return n == 0 || n == 64 ? NULL : "the content hash has a wrong length";
}

/* -- all ---------------------------------------------------------------------------------------------------- */

static rule *const lane_rules[] = {
    lane_is_named,
    waiting_lane_is_quiet,
    flapping_lane_is_open,
    group_follows_items,
    items_are_sorted,
    transitions_are_sorted,
    content_is_a_hash,
    firing_lane_has_incident,
    only_what_fires_is_muted,
    watched_lane_fires,
    echo_is_due,
};

static rule *const incident_rules[] = {
    record_is_named,
    status_matches_times,
    resolution_matches_status,
    texts_fit,
    numbers_fit,
    acknowledgement_is_whole,
    only_later_ones_are_missed,
    follows_another,
    bare_is_an_engagement,
    alarm_does_not_resolve_while_firing,
    tcn_invariant_of_engagements,
};

static const char *first_broken(rule *const *rules, size_t n, const struct tcn_aggregate *a)
{
    const char *wrong = NULL;

    for (size_t i = 0; i < n && !wrong; i++)
        wrong = rules[i](a);
    return wrong;
}

int tcn_engine_invariant(const struct tcn_aggregate *aggregate, int64_t now_ms, struct tcn_err *err)
{
    const char *wrong =
        first_broken(lane_rules, sizeof lane_rules / sizeof lane_rules[0], aggregate);
    char id[TCN_ID_TEXT];

    if (!wrong && aggregate->incident.exists)
        wrong = first_broken(incident_rules, sizeof incident_rules / sizeof incident_rules[0],
                             aggregate);
    if (!wrong && aggregate->n_engagements > 0 && !aggregate->incident.exists)
        wrong = "engagements without an incident";
    if (!wrong)
        return 0;
    tcn_id_text(aggregate->incident.id, id);
    return tcn_fail(err, TCN_EINVALID, "incident %s at %lld: %s", id, (long long)now_ms, wrong);
}
