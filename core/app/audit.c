#include "app/audit.h"

#include "app/catalog.h"
#include "app/config.h"
#include "app/turn.h"

/* No sender can name these keys. */
static const struct {
    const char *key, *title, *fires, *ends;
} kinds[] = {
    [TCN_AUDIT_LATE] = {"!/" TCN_AUDITOR "/audit", "Tocsin itself: what is due does not happen",
                        "late", "in time"},
    [TCN_AUDIT_ROWS] = {"!/" TCN_AUDITOR "/rows", "Tocsin itself: the store lacks what is due",
                        "lacking", "whole"},
};

/* -- incidents and their rows ----------------------------------------------------------------------------------- */

static int look_for_sends(struct tcn_store *s, const struct tcn_engagement *e, bool *ret_lost,
                          struct tcn_err *err)
{
    size_t first = e->n_pages > TCN_AUDIT_PAGES ? e->n_pages - TCN_AUDIT_PAGES : 0;
    bool is_there = true;
    int r = 0;

    for (size_t i = first; i < e->n_pages && r == 0; i++) {
        const struct tcn_page *p = &e->pages[i];

        r = tcn_store_send_is_there(s, tcn_engine_send_id(p->id, p->sends), &is_there, err);
        *ret_lost |= !is_there;
    }
    return r;
}

/* Of the latest engagement. */
static int compare_sends(struct tcn_store *s, const struct tcn_aggregate *a,
                         struct tcn_audit *audit, struct tcn_err *err)
{
    bool is_lost = false;
    int r = 0;

    if (a->n_engagements > 0)
        r = look_for_sends(s, &a->engagements[a->n_engagements - 1], &is_lost, err);
    if (r == 0 && is_lost) {
        audit->n_lost++;
        audit->lost = a->incident.id;
    }
    return r;
}

static int compare(struct tcn_store *s, struct tcn_id id, struct tcn_arena *arena,
                   struct tcn_audit *audit, struct tcn_err *err)
{
    struct tcn_aggregate *a = TCN_NEW(arena, struct tcn_aggregate);
    int64_t due_ms, timer_ms;
    int r;

    if ((r = tcn_turn_load(s, id, arena, a, err)) < 0 ||
        (r = tcn_store_timer_of(s, id, &timer_ms, err)) < 0 ||
        (r = compare_sends(s, a, audit, err)) < 0)
        return r;
    due_ms = tcn_engine_next_due(a);
    if (due_ms == 0 || (timer_ms != 0 && timer_ms <= due_ms))
        return 0;
    audit->n_repaired++;
    return tcn_store_timer_set(s, id, due_ms, err);
}

/* What another node has in hand is well. */
static int compare_unless_taken(struct tcn_store *s, struct tcn_id id, struct tcn_arena *arena,
                                struct tcn_audit *audit, struct tcn_err *err)
{
    bool is_ours;
    int r = tcn_store_try_incident(s, id, &is_ours, err);

    return r < 0 || !is_ours ? r : compare(s, id, arena, audit, err);
}

static int walk(struct tcn_store *s, struct tcn_arena *arena, struct tcn_audit *audit,
                struct tcn_err *err)
{
    const struct tcn_incident_filter filter = {.status = TCN_STATUS_OPEN,
                                               .before = audit->before,
                                               .limit = TCN_AUDIT_BATCH,
                                               .and_bare = true};
    struct tcn_incident *rows = NULL;
    size_t n = 0;
    int r = tcn_store_incident_list(s, &filter, arena, &rows, &n, err);

    for (size_t i = 0; i < n && r == 0; i++)
        r = compare_unless_taken(s, rows[i].id, arena, audit, err);
    if (r == 0)
        audit->before = n < TCN_AUDIT_BATCH ? (struct tcn_id){{0}} : rows[n - 1].id;
    return r;
}

int tcn_audit_look(struct tcn_store *s, int64_t now_ms, struct tcn_arena *arena,
                   struct tcn_audit *audit, struct tcn_err *err)
{
    int r;

    audit->n_repaired = audit->n_lost = 0;
    if ((r = tcn_store_overdue(s, now_ms - TCN_AUDIT_LATE_MS, &audit->overdue, err)) < 0)
        return r;
    return walk(s, arena, audit, err);
}

/* -- the alarm -------------------------------------------------------------------------------------------------- */

static struct tcn_alarm alarm_of(const struct tcn_audit_alarm *x)
{
    return (struct tcn_alarm){
        .source = TCN_AUDITOR,
        .dedupe_key = kinds[x->kind].key,
        .action = x->what ? TCN_ACTION_FIRE : TCN_ACTION_RESOLVE,
        .state = x->what ? kinds[x->kind].fires : kinds[x->kind].ends,
        .title = kinds[x->kind].title,
        .summary = x->what,
        .impact = 1,
    };
}

int tcn_audit_tell(struct tcn_store *s, int64_t now_ms, struct tcn_arena *arena,
                   struct tcn_audit_alarm *x, struct tcn_err *err)
{
    const struct tcn_alarm alarm = alarm_of(x);
    const struct tcn_response_plan *plan =
        tcn_directory_plan(x->declared, x->policy->response_plan);
    struct tcn_intake_input in = {.alarm = &alarm,
                                  .policy = x->policy,
                                  .directory = x->declared,
                                  .new_id = x->new_id,
                                  .salt = x->salt,
                                  .now_ms = now_ms};
    struct tcn_aggregate *a = TCN_NEW(arena, struct tcn_aggregate);
    struct tcn_decision d;
    int r;

    if ((r = tcn_catalog_of(s, x->declared, now_ms, &in.directory, err)) < 0 ||
        (r = tcn_turn_load_lane(s, &alarm, plan, x->policy, arena, a, err)) < 0)
        return r;
    tcn_decision_init(&d, arena);
    tcn_engine_alarm(&in, a, NULL, NULL, &d);
    x->has_changed = d.lane_changed || d.incident_changed;
    tcn_milestones_note(&x->milestones, &d);
    return x->has_changed ? tcn_turn_write(s, &d, plan, now_ms, err) : 0;
}
