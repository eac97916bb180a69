#include "app/turn.h"
#include "app/notice_turn.h"

#include "engine/budget.h"
#include "engine/content.h"
#include "store/ahead.h"

#include <assert.h>

#define WAITING_LANES 16 /* the earliest of an incident that are looked at in a turn */

static int load_engagements(struct tcn_store *s, struct tcn_arena *arena, struct tcn_aggregate *ret,
                            struct tcn_err *err)
{
    int r = tcn_store_engagement_list(s, ret->incident.id, arena, &ret->engagements,
                                      &ret->n_engagements, err);

    ret->size_engagements = ret->n_engagements;
    return r;
}

static int load_incident(struct tcn_store *s, struct tcn_id id, struct tcn_arena *arena,
                         struct tcn_aggregate *ret, struct tcn_err *err)
{
    int r;

    if ((r = tcn_store_lock_incident(s, id, err)) < 0 ||
        (r = tcn_store_incident_get(s, id, arena, &ret->incident, err)) < 0)
        return r;
    return load_engagements(s, arena, ret, err);
}

static bool is_open(const struct tcn_aggregate *a)
{
    return a->incident.exists && a->incident.status == TCN_STATUS_OPEN;
}

static bool is_earlier(int64_t a, int64_t b)
{
    return a != 0 && (b == 0 || a < b);
}

/* The lane that is due first; if none waits, one that fires. */
static int choose_lane(struct tcn_store *s, const struct tcn_lane *waiting, size_t n,
                       struct tcn_arena *arena, struct tcn_aggregate *ret, struct tcn_err *err)
{
    size_t first = 0;

    if (n == 0)
        return tcn_store_lane_firing(s, ret->incident.id, NULL, arena, &ret->lane, err);
    for (size_t i = 1; i < n; i++)
        if (is_earlier(tcn_engine_lane_due(&waiting[i], is_open(ret)),
                       tcn_engine_lane_due(&waiting[first], is_open(ret))))
            first = i;
    ret->lane = waiting[first];
    return 0;
}

/* What the lanes besides the one in hand say of the incident. */
static void add_other(struct tcn_aggregate *a, const struct tcn_lane *lane)
{
    int64_t due = tcn_engine_lane_due(lane, true);

    a->others_hold |= lane->resolve_due_ms != 0;
    if (is_earlier(due, a->others_due_ms))
        a->others_due_ms = due;
    if (is_earlier(lane->echo_due_ms, a->others_echo_ms))
        a->others_echo_ms = lane->echo_due_ms;
}

/* With own NULL one of the lanes becomes the aggregate's. */
static int load_lanes(struct tcn_store *s, const char *own, struct tcn_arena *arena,
                      struct tcn_aggregate *ret, struct tcn_err *err)
{
    struct tcn_lane *waiting = NULL, firing;
    struct tcn_id id = ret->incident.id;
    size_t n = 0;
    int r = tcn_store_lanes_waiting(s, id, WAITING_LANES, arena, &waiting, &n, err);

    if (r < 0 || (!own && (r = choose_lane(s, waiting, n, arena, ret, err)) < 0))
        return r;
    if (!own)
        own = ret->lane.dedupe_key;
    for (size_t i = 0; i < n; i++)
        if (strcmp(waiting[i].dedupe_key, own) != 0)
            add_other(ret, &waiting[i]);
    if ((r = tcn_store_lane_firing(s, id, own, arena, &firing, err)) == 0)
        ret->others_hold |= firing.exists;
    return r;
}

/* Of a resolved incident. */
static int load_echoes(struct tcn_store *s, const char *own, struct tcn_arena *arena,
                       struct tcn_aggregate *ret, struct tcn_err *err)
{
    struct tcn_lane *lanes = NULL;
    size_t n = 0;
    int r;

    if (!ret->incident.exists)
        return 0;
    r = tcn_store_lanes_echo(s, ret->incident.id, 2, arena, &lanes, &n, err);
    for (size_t i = 0; r == 0 && i < n; i++)
        if (strcmp(lanes[i].dedupe_key, own) != 0)
            add_other(ret, &lanes[i]);
    return r;
}

int tcn_turn_load(struct tcn_store *s, struct tcn_id incident, struct tcn_arena *arena,
                  struct tcn_aggregate *ret, struct tcn_err *err)
{
    int r;

    *ret = (struct tcn_aggregate){0};
    if ((r = load_incident(s, incident, arena, ret, err)) < 0)
        return r;
    return load_lanes(s, NULL, arena, ret, err);
}

int tcn_turn_load_storm(struct tcn_store *s, struct tcn_id incident, struct tcn_arena *arena,
                        struct tcn_aggregate *ret, struct tcn_err *err)
{
    int r;

    *ret = (struct tcn_aggregate){0};
    if ((r = load_incident(s, incident, arena, ret, err)) < 0)
        return r;
    return load_lanes(s, "", arena, ret, err);
}

/* The open incident with the same dedupe string; none is zero. What another node has in hand is not waited for: it could wait
 * for this one. */
static int find_open(struct tcn_store *s, const char *dedupe, struct tcn_id *ret, bool *ret_is_ours,
                     struct tcn_err *err)
{
    int r;

    *ret = (struct tcn_id){{0}};
    if ((r = tcn_store_try_name(s, "open", dedupe, ret_is_ours, err)) < 0 || !*ret_is_ours)
        return r;
    r = tcn_store_incident_open_of(s, dedupe, ret, err);
    if (r == TCN_ENOTFOUND)
        return 0;
    return r < 0 ? r : tcn_store_try_incident(s, *ret, ret_is_ours, err);
}

int tcn_turn_follow_echo(struct tcn_store *s, int64_t now_ms, struct tcn_arena *arena,
                         struct tcn_aggregate *a, bool *ret_is_ours, struct tcn_err *err)
{
    struct tcn_lane lane = a->lane;
    struct tcn_id open;
    int r;

    *ret_is_ours = true;
    if (is_open(a) || lane.echo_due_ms == 0 || lane.echo_due_ms > now_ms)
        return 0;
    r = find_open(s, a->incident.dedupe_string, &open, ret_is_ours, err);
    if (r < 0 || !*ret_is_ours || tcn_id_is_zero(open))
        return r;
    *a = (struct tcn_aggregate){.lane = lane};
    if ((r = load_incident(s, open, arena, a, err)) < 0)
        return r;
    return load_lanes(s, lane.dedupe_key, arena, a, err);
}

int tcn_turn_left(struct tcn_store *s, struct tcn_id incident, const struct tcn_decision *d,
                  struct tcn_err *err)
{
    struct tcn_lane *lanes = NULL;
    size_t n = 0;
    int r;

    if (tcn_id_is_zero(incident) || tcn_id_eq(d->subject->lane.incident, incident))
        return 0;
    r = tcn_store_lanes_echo(s, incident, 1, d->arena, &lanes, &n, err);
    return r < 0 ? r : tcn_store_timer_set(s, incident, n > 0 ? lanes[0].echo_due_ms : 0, err);
}

static int dedupe_string(const struct tcn_alarm *alarm, const struct tcn_response_plan *plan,
                         const struct tcn_source_policy *policy, struct tcn_arena *arena,
                         const char **ret, struct tcn_err *err)
{
    struct tcn_buf text;
    int r = 0;

    tcn_buf_init(&text, TCN_DEDUPE_MAX + 1);
    tcn_engine_dedupe_string(alarm, plan, policy, &text);
    if (tcn_buf_ok(&text))
        *ret = tcn_arena_str(arena, tcn_buf_view(&text)).ptr;
    else
        r = tcn_fail(err, TCN_ELIMIT, "dedupe string of %s is too long", alarm->source);
    tcn_buf_done(&text);
    return r;
}

/* The lane's last incident while it is open, else an open one with the same dedupe string, whatever lane or source opened
 * it, else the last one. */
static int load_for(struct tcn_store *s, struct tcn_id open, struct tcn_arena *arena,
                    struct tcn_aggregate *ret, struct tcn_err *err)
{
    int r = 0;

    if (!tcn_id_is_zero(ret->lane.incident))
        r = load_incident(s, ret->lane.incident, arena, ret, err);
    if (r < 0 || is_open(ret) || tcn_id_is_zero(open))
        return r;
    return load_incident(s, open, arena, ret, err);
}

static int lock_and_get(struct tcn_store *s, const char *key, const char *dedupe,
                        struct tcn_arena *arena, struct tcn_lane *ret, struct tcn_id *ret_open,
                        struct tcn_err *err)
{
    int r;

    if (tcn_store_is_new_alarm(s, key, dedupe)) {
        *ret = (struct tcn_lane){.dedupe_key = tcn_arena_strdup(arena, key)};
        *ret_open = (struct tcn_id){{0}};
        return 0;
    }
    if ((r = tcn_store_lock_name(s, "lane", key, err)) < 0 ||
        (r = tcn_store_lock_name(s, "open", dedupe, err)) < 0)
        return r;
    return tcn_store_lane_get(s, key, dedupe, arena, ret, ret_open, err);
}

void tcn_turn_expect(struct tcn_store *s, const struct tcn_alarm *alarm,
                     const struct tcn_response_plan *plan, const struct tcn_source_policy *policy,
                     struct tcn_arena *arena)
{
    const char *dedupe;

    if (dedupe_string(alarm, plan, policy, arena, &dedupe, NULL) == 0)
        tcn_store_expect_alarm(s, alarm->dedupe_key, dedupe);
}

int tcn_turn_load_related(struct tcn_store *s, struct tcn_arena *arena, struct tcn_aggregate *a,
                          struct tcn_err *err)
{
    struct tcn_related_item *items = NULL;
    int r = tcn_store_related_list(s, a->incident.id, arena, &items, &a->n_related, err);

    a->related = items;
    a->knows_related = r == 0;
    return r;
}

/* What repeats the last one brings nothing, nor does an end. */
static bool may_relate(const struct tcn_aggregate *a, const struct tcn_alarm *alarm)
{
    char content[65];

    if (!a->incident.exists || a->incident.is_storm || alarm->action == TCN_ACTION_RESOLVE ||
        alarm->n_related + alarm->n_resources == 0)
        return false;
    tcn_content_hash(alarm, content);
    return strcmp(content, a->lane.content_sha256) != 0 ||
           !tcn_id_eq(a->lane.incident, a->incident.id);
}

static int load_related_for(struct tcn_store *s, const struct tcn_alarm *alarm,
                            struct tcn_arena *arena, struct tcn_aggregate *a, struct tcn_err *err)
{
    return may_relate(a, alarm) ? tcn_turn_load_related(s, arena, a, err) : 0;
}

int tcn_turn_load_alone(struct tcn_store *s, const struct tcn_alarm *alarm,
                        const struct tcn_response_plan *plan,
                        const struct tcn_source_policy *policy, struct tcn_arena *arena,
                        struct tcn_aggregate *ret, const char **ret_dedupe, struct tcn_err *err)
{
    const char *key = alarm->dedupe_key;
    struct tcn_id open;
    int r;

    *ret = (struct tcn_aggregate){0};
    if ((r = dedupe_string(alarm, plan, policy, arena, ret_dedupe, err)) < 0 ||
        (r = lock_and_get(s, key, *ret_dedupe, arena, &ret->lane, &open, err)) < 0 ||
        tcn_id_is_zero(open))
        return r;
    if ((r = load_incident(s, open, arena, ret, err)) < 0 ||
        (r = load_related_for(s, alarm, arena, ret, err)) < 0)
        return r;
    return load_lanes(s, key, arena, ret, err);
}

/* Of a resolved incident that stays so, nothing is due but echoes. */
static bool may_reopen(const struct tcn_alarm *alarm)
{
    return alarm->action != TCN_ACTION_RESOLVE || alarm->is_group;
}

int tcn_turn_load_lane(struct tcn_store *s, const struct tcn_alarm *alarm,
                       const struct tcn_response_plan *plan, const struct tcn_source_policy *policy,
                       struct tcn_arena *arena, struct tcn_aggregate *ret, struct tcn_err *err)
{
    const char *key = alarm->dedupe_key, *dedupe = NULL;
    struct tcn_id open;
    int r;

    *ret = (struct tcn_aggregate){0};
    if ((r = dedupe_string(alarm, plan, policy, arena, &dedupe, err)) < 0 ||
        (r = lock_and_get(s, key, dedupe, arena, &ret->lane, &open, err)) < 0 ||
        (r = load_for(s, open, arena, ret, err)) < 0 ||
        (r = load_related_for(s, alarm, arena, ret, err)) < 0)
        return r;
    return is_open(ret) || (ret->incident.exists && may_reopen(alarm))
               ? load_lanes(s, key, arena, ret, err)
               : load_echoes(s, key, arena, ret, err);
}

static int write_link(struct tcn_store *s, const struct tcn_incident *incident,
                      const char *connector, int64_t now_ms, struct tcn_err *err)
{
    struct tcn_link link = {
        .id = tcn_id_child(incident->id, connector, 0),
        .incident = incident->id,
        .connector = connector,
        .due_ms = now_ms,
    };

    return tcn_store_link_put(s, &link, err);
}

static int write_links(struct tcn_store *s, const struct tcn_incident *incident,
                       const struct tcn_response_plan *plan, int64_t now_ms, struct tcn_err *err)
{
    int r = 0;

    for (size_t i = 0; plan && i < plan->n_connectors && r == 0; i++)
        r = write_link(s, incident, plan->connectors[i], now_ms, err);
    return r;
}

/* A plan that took the place of another brings its own tickets; those that there are stay as they are. */
static int add_links(struct tcn_store *s, const struct tcn_decision *d, int64_t now_ms,
                     struct tcn_err *err)
{
    const struct tcn_incident *incident = &d->subject->incident;
    const struct tcn_response_plan *plan =
        tcn_directory_plan(d->directory, incident->response_plan);
    struct tcn_link known;
    int r = 0;

    for (size_t i = 0; plan && i < plan->n_connectors && r == 0; i++) {
        struct tcn_id id = tcn_id_child(incident->id, plan->connectors[i], 0);

        if ((r = tcn_store_link_get(s, id, d->arena, &known, err)) == TCN_ENOTFOUND)
            r = write_link(s, incident, plan->connectors[i], now_ms, err);
    }
    return r;
}

static int write_lists(struct tcn_store *s, const struct tcn_decision *d, struct tcn_id incident,
                       struct tcn_err *err)
{
    const struct tcn_related_item *related = d->related.items;
    int r = tcn_store_events_add(s, incident, d->events.items, d->events.n, err);

    for (size_t i = 0; i < d->rewritten.n && r == 0; i++)
        r = tcn_store_event_rewrite(s, incident, &d->rewritten.items[i], err);
    if (r == 0 && d->incident_opened)
        r = tcn_store_related_add_all(s, incident, related, d->related.n, err);
    else if (r == 0)
        r = tcn_store_related_put_all(s, incident, related, d->related.n, err);
    for (size_t i = 0; i < d->unrelated.n && r == 0; i++)
        r = tcn_store_related_drop(s, incident, d->unrelated.items[i], err);
    for (size_t i = 0; i < d->receipts.n && r == 0; i++)
        r = tcn_store_receipt_add(s, &d->receipts.items[i], err);
    return r;
}

static int write_sends(struct tcn_store *s, const struct tcn_decision *d, struct tcn_err *err)
{
    int r = 0;

    for (size_t i = 0; i < d->sends.n && r == 0; i++) {
        const struct tcn_send *send = &d->sends.items[i];
        struct tcn_send_row row = {
            .id = send->id,
            .page = send->page,
            .incident = send->incident,
            .send_no = send->send_no,
            .due_ms = send->due_ms,
            .contact = send->contact,
            .channel = send->channel,
            .channel_type = (int)send->type,
            .state = TCN_SEND_PENDING,
        };

        r = tcn_store_send_add(s, &row, err);
    }
    return r;
}

static int write_engagements(struct tcn_store *s, const struct tcn_aggregate *a,
                             struct tcn_err *err)
{
    int r = 0;

    for (size_t i = 0; i < a->n_engagements && r == 0; i++)
        if (a->engagements[i].is_dirty)
            r = tcn_store_engagement_put(s, a->incident.id, &a->engagements[i], err);
    return r;
}

static int drop_sends(struct tcn_store *s, const struct tcn_decision *d, struct tcn_err *err)
{
    int r = 0;

    for (size_t i = 0; i < d->drops.n && r == 0; i++)
        r = tcn_store_send_drop(s, d->subject->incident.id, d->drops.items[i].page,
                                d->drops.items[i].why, err);
    return r;
}

/* What it has become, and waits for a budget, waits no longer. */
static int hurry_sends(struct tcn_store *s, const struct tcn_decision *d, int64_t now_ms,
                       struct tcn_err *err)
{
    const struct tcn_incident *i = &d->subject->incident;

    return d->incident_changed && !d->incident_opened && i->impact == TCN_IMPACT_URGENT
               ? tcn_store_send_hurry(s, i->id, now_ms, err)
               : 0;
}

static int write_incident(struct tcn_store *s, const struct tcn_decision *d,
                          const struct tcn_response_plan *plan, int64_t now_ms, struct tcn_err *err)
{
    const struct tcn_aggregate *a = d->subject;
    int r = 0;

    if (d->incident_changed && (r = tcn_store_incident_put(s, &a->incident, err)) < 0)
        return r;
    if ((r = write_engagements(s, a, err)) < 0 ||
        (r = write_lists(s, d, a->incident.id, err)) < 0 || (r = drop_sends(s, d, err)) < 0 ||
        (r = write_sends(s, d, err)) < 0 || (r = hurry_sends(s, d, now_ms, err)) < 0 ||
        (r = tcn_notice_turn(s, d, now_ms, err)) < 0)
        return r;
    if (d->incident_opened)
        r = write_links(s, &a->incident, plan, now_ms, err);
    else if (d->plan_replaced)
        r = add_links(s, d, now_ms, err);
    if (r == 0 && !d->incident_opened && d->tickets_due)
        r = tcn_store_link_wake(s, a->incident.id, now_ms, err);
    if (r < 0 || (d->incident_opened && d->next_due_ms == 0)) /* a new one has no timer to clear */
        return r;
    return tcn_store_timer_set(s, a->incident.id, d->next_due_ms, err);
}

bool tcn_turn_makes_work(const struct tcn_decision *d, const struct tcn_response_plan *plan)
{
    bool has_tickets = d->incident_opened ? plan && plan->n_connectors > 0 : d->tickets_due;

    return has_tickets || d->sends.n > 0 || d->next_due_ms != 0 || d->waiting_changed ||
           tcn_notice_is_due(d);
}

int tcn_turn_write(struct tcn_store *s, const struct tcn_decision *d,
                   const struct tcn_response_plan *plan, int64_t now_ms, struct tcn_err *err)
{
    int r = 0;

    assert(d->subject);
    if (d->lane_changed)
        r = tcn_store_lane_put(s, &d->subject->lane, err);
    if (r == 0 && d->storm_alarm_changed)
        r = tcn_store_storm_alarm_put(s, d->subject->incident.id, d->subject->lane.dedupe_key,
                                      &d->storm_alarm, err);
    if (r == 0 && d->waiting_changed)
        r = tcn_store_waiting_put(s, &d->waiting, err);
    if (r == 0 && d->subject->incident.exists)
        r = write_incident(s, d, plan, now_ms, err);
    return r;
}

int tcn_turn_other_open(struct tcn_store *s, const struct tcn_incident *incident,
                        struct tcn_id *ret, struct tcn_err *err)
{
    int r;

    if (incident->status == TCN_STATUS_OPEN || incident->is_bare)
        return TCN_ENOTFOUND;
    r = tcn_store_lock_name(s, "open", incident->dedupe_string, err);
    return r < 0 ? r : tcn_store_incident_open_of(s, incident->dedupe_string, ret, err);
}
