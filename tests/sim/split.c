/* A person lets an alarm out of its storm: it gets an incident of its own, or joins the open one that it would have had, and
 * the storm goes on with what stays, or is over. */
#include "engine/split.h"
#include "world.h"

struct splitting {
    struct tcn_split in;
    struct tcn_id to; /* where the alarm went */
};

static enum tcn_intake decide_move(struct world *w, struct tcn_aggregate *a, void *ctx,
                                   struct tcn_decision *d)
{
    const struct splitting *s = ctx;

    (void)w;
    tcn_engine_split(a, &s->in, d);
    return TCN_INTAKE_UNSET;
}

static enum tcn_intake decide_leave(struct world *w, struct tcn_aggregate *a, void *ctx,
                                    struct tcn_decision *d)
{
    const struct splitting *s = ctx;

    (void)w;
    tcn_engine_split_off(a, &s->in, s->to, d);
    return TCN_INTAKE_UNSET;
}

static bool is_attached(const struct key_row *k)
{
    return k->lane.is_firing && k->incident && k->incident->incident.is_storm &&
           tcn_id_eq(k->storm, k->incident->incident.id);
}

static struct key_row *some_alarm(struct world *w)
{
    size_t start = w->n_keys ? (size_t)rng_below(&w->rng, (int64_t)w->n_keys) : 0;

    for (size_t i = 0; i < w->n_keys; i++)
        if (is_attached(&w->keys[(start + i) % w->n_keys]))
            return &w->keys[(start + i) % w->n_keys];
    return NULL;
}

static void check_alone(struct world *w, const struct key_row *k, const struct incident_row *joined)
{
    const struct incident_row *row = k->incident;
    const struct tcn_response_plan *plan =
        tcn_directory_plan(&w->directory, w->policies[k->source].response_plan);

    if (!row || row->incident.is_storm || row->incident.status != TCN_STATUS_OPEN)
        fail(w, "%s was let out of its storm and has no open incident", k->name);
    if (joined ? row != joined : row->n_engagements != plan->n_engagements)
        fail(w, "%s was let out of its storm without engaging everybody, or elsewhere", k->name);
}

/* What is over without the alarm that left is resolved. */
static void check_storm(struct world *w, const struct incident_row *storm, bool was_open)
{
    struct tcn_aggregate all;

    row_others(storm, NULL, &all);
    if (was_open && (storm->incident.status == TCN_STATUS_OPEN) != all.others_hold)
        fail(w, all.others_hold ? "a storm is resolved that goes on"
                                : "a storm is open, and all of its alarms were let out");
}

static void split(struct world *w, struct key_row *k, struct splitting *s)
{
    struct incident_row *storm = k->incident, *open = row_open_of(w, s->in.dedupe_string);
    const struct turn move = {
        .key = k, .row = open, .decide = decide_move, .ctx = s, .borrows = true};
    const struct turn leave = {.row = storm, .decide = decide_leave, .ctx = s, .borrows = true};
    bool was_open = storm->incident.status == TCN_STATUS_OPEN;

    turn_run(w, &move);
    s->to = k->lane.incident;
    turn_run(w, &leave);
    check_alone(w, k, open);
    check_storm(w, storm, was_open);
    alarms_check(w, k);
}

/* As the program learns of it. */
static void load_alarm(struct world *w, const struct key_row *k, struct tcn_arena *a,
                       struct tcn_storm_alarm *ret)
{
    if (w->options.store)
        w->options.store->alarm(w, k, a, ret);
    else
        copy_alarm(a, ret, &k->alarm);
}

static const char *dedupe_string(struct world *w, const struct tcn_storm_alarm *alarm,
                                 const struct tcn_source_policy *policy, struct tcn_arena *a)
{
    const struct tcn_alarm named = {.dedupe_key = alarm->dedupe_key, .source = alarm->source};
    const char *text;
    struct tcn_buf b;

    tcn_buf_init(&b, 4096);
    tcn_engine_dedupe_string(&named, tcn_directory_plan(&w->directory, policy->response_plan),
                             policy, &b);
    text = tcn_arena_strdup(a, b.ptr);
    tcn_buf_done(&b);
    return text;
}

void split_some(struct world *w)
{
    struct key_row *k = some_alarm(w);
    struct tcn_storm_alarm alarm;
    struct tcn_arena memory;
    struct splitting s;

    if (!k)
        return;
    tcn_arena_init(&memory, 1u << 20);
    load_alarm(w, k, &memory, &alarm);
    s.in = (struct tcn_split){.alarm = &alarm,
                              .storm = k->storm,
                              .policy = &w->policies[k->source],
                              .directory = &w->directory,
                              .actor = "user:u",
                              .salt = 7,
                              .now_ms = now_of(w)};
    s.in.new_id = tcn_id_child((struct tcn_id){{4}}, "incident", rng_next(&w->rng));
    s.in.dedupe_string = dedupe_string(w, &alarm, s.in.policy, &memory);
    split(w, k, &s);
    tcn_arena_done(&memory);
    w->splits++;
}
