/* One decision of the program: load, decide, commit. A crash between decide and commit loses everything that was
 * decided; the same turn run again must decide the same. */
#include "world.h"

#define CRASH_PERCENT 4
#define APART_PERCENT 6

static bool same_id(struct tcn_id a, struct tcn_id b)
{
    return tcn_id_eq(a, b);
}

static void check_same(struct world *w, const struct tcn_decision *a, const struct tcn_decision *b)
{
    if (a->events.n != b->events.n || a->sends.n != b->sends.n || a->receipts.n != b->receipts.n ||
        a->drops.n != b->drops.n || a->next_due_ms != b->next_due_ms ||
        a->tickets_due != b->tickets_due || a->lane_changed != b->lane_changed)
        fail(w, "the same turn decided otherwise");
    for (size_t i = 0; i < a->events.n; i++)
        if (!same_id(a->events.items[i].id, b->events.items[i].id) ||
            strcmp(a->events.items[i].data, b->events.items[i].data) != 0)
            fail(w, "the same turn wrote another event");
    for (size_t i = 0; i < a->sends.n; i++)
        if (!same_id(a->sends.items[i].id, b->sends.items[i].id))
            fail(w, "the same turn sent another message");
}

static const struct world_store *store_of(const struct world *w)
{
    return w->options.store;
}

/* One way through load and decide; apart from the rows or on them. */
static enum tcn_intake attempt(struct world *w, const struct turn *t, bool is_apart,
                               struct tcn_aggregate *a, struct tcn_decision *d)
{
    enum tcn_intake verdict;
    int64_t start_ns;

    w->lent = NULL;
    w->lent_to = NULL;
    if (store_of(w))
        store_of(w)->load(w, t, a);
    else if (is_apart)
        store_load(w, t->key, t->row, a);
    else
        store_lend(w, t->key, t->row, a);
    tcn_decision_init(d, w->lent ? w->lent : &w->turn);
    d->directory = &w->directory;
    w->turns++;
    trace_aggregate(w, a);
    if (t->prepare)
        t->prepare(w, t->ctx);
    start_ns = w->options.clock_ns();
    verdict = t->decide(w, a, t->ctx, d);
    w->engine_ns += w->options.clock_ns() - start_ns;
    trace_decision(w, d);
    return verdict;
}

/* What the program writes is the decision's word of when to come back. */
static void check_due(struct world *w, const struct tcn_decision *d)
{
    const struct incident_row *row = row_find(w, d->subject->incident.id);

    if (row && (d->incident_changed || d->lane_changed) && row->due_ms != d->next_due_ms)
        fail(w, "the timer is due at %lld, not at %lld", (long long)row->due_ms,
             (long long)d->next_due_ms);
}

static void finish(struct world *w, const struct turn *t, struct tcn_decision *d)
{
    if (store_of(w))
        store_of(w)->write(w, t, d);
    store_commit(w, d, t->key);
    if (t->row)
        row_set_due(w, t->row);
    else if (d->incident_opened)
        row_set_due(w, &w->incidents[w->n_incidents - 1]);
    check_due(w, d);
    tcn_arena_reset(&w->turn);
    tcn_arena_reset(&w->fresh);
}

/* It dies between decision and commit. */
static enum tcn_intake die(struct world *w, const struct turn *t, struct tcn_aggregate *a,
                           struct tcn_decision *lost)
{
    struct tcn_storm storms[MAX_SOURCES];
    enum tcn_intake verdict;

    memcpy(storms, w->storms, sizeof storms);
    verdict = attempt(w, t, true, a, lost);
    memcpy(w->storms, storms, sizeof storms);
    if (store_of(w))
        store_of(w)->lose(w);
    w->crashes++;
    return verdict;
}

enum tcn_intake turn_run(struct world *w, const struct turn *t)
{
    struct tcn_aggregate first, again;
    struct tcn_decision lost, d;
    bool dies = rng_chance(&w->rng, CRASH_PERCENT) && world_has(w, CRASHES);
    bool is_apart = rng_chance(&w->rng, APART_PERCENT) || t->borrows;
    enum tcn_intake before = dies ? die(w, t, &first, &lost) : TCN_INTAKE_UNSET;
    enum tcn_intake verdict = attempt(w, t, is_apart, &again, &d);

    if (dies && verdict != before)
        fail(w, "the same turn came to another verdict");
    if (dies)
        check_same(w, &lost, &d);
    finish(w, t, &d);
    return verdict;
}

static enum tcn_intake run_timer(struct world *w, struct tcn_aggregate *a, void *ctx,
                                 struct tcn_decision *d)
{
    const struct tcn_source_policy *policy = NULL;
    const char *source = a->lane.exists ? a->lane.source : a->incident.source_name;

    (void)ctx;
    for (size_t i = 0; i < MAX_SOURCES; i++)
        if (source && strcmp(source, w->policies[i].name) == 0)
            policy = &w->policies[i];
    a->listens_ms = w->listens_ms;
    tcn_engine_timer(a, policy, &w->directory, 7, now_of(w), d);
    return TCN_INTAKE_UNSET;
}

/* An open incident with the same dedupe string takes an echo that is due. */
static struct incident_row *row_for(struct world *w, const struct key_row *key,
                                    struct incident_row *row)
{
    bool is_due = key && key->lane.echo_due_ms != 0 && key->lane.echo_due_ms <= now_of(w);
    struct incident_row *open = NULL;

    if (is_due && row->incident.status != TCN_STATUS_OPEN)
        open = row_open_of(w, row->incident.dedupe_string);
    return open ? open : row;
}

/* What brings an incident back wakes whoever its plan names. */
static void check_engaged(struct world *w, const struct incident_row *row, size_t before)
{
    const struct tcn_response_plan *plan =
        tcn_directory_plan(&w->directory, row->incident.response_plan);

    if (row->n_engagements != before + plan->n_engagements)
        fail(w, "an incident came back without engaging everybody");
}

void turn_timer(struct world *w, struct incident_row *row)
{
    struct key_row *key = row_lane(row);
    struct incident_row *subject = row_for(w, key, row);
    const struct turn t = {
        .key = key, .row = subject, .decide = run_timer, .left = subject == row ? NULL : row};
    bool was_open = subject->incident.status == TCN_STATUS_OPEN;
    size_t before = subject->n_engagements;

    if (store_of(w))
        store_of(w)->timer(w, row);
    turn_run(w, &t);
    if (key)
        alarms_fire_echoes(w, key);
    if (subject != row)
        row_set_due(w, row);
    if (!was_open && subject->incident.status == TCN_STATUS_OPEN)
        check_engaged(w, subject, before);
}
