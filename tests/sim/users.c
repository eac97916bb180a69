/* Users: who edits, resolves, reopens, engages somebody more or stops paging, and starts incidents, or engages without one. */
#include "world.h"

enum act {
    ACT_ACK,
    ACT_RESOLVE,
    ACT_WONT_FIX,
    ACT_REOPEN,
    ACT_EDIT,
    ACT_NOTE,
    ACT_ENGAGE,
    ACT_DISENGAGE,
    ACTS
};

struct acting {
    enum act act;
    const char *contact; /* engaged */
    size_t engagement;   /* stopped */
};

/* Somebody more, or no more of these. */
static int decide_paging(struct world *w, struct tcn_aggregate *a, const struct acting *x,
                         struct tcn_decision *d)
{
    const struct tcn_engage engage = {x->contact, "user:u", "help", NULL};
    struct tcn_disengage disengage = {.actor = "user:u", .reason = "enough"};
    struct tcn_err err;

    if (x->act == ACT_ENGAGE)
        return tcn_engine_engage(a, &engage, &w->directory, 7, now_of(w), d, &err);
    if (x->engagement >= a->n_engagements)
        return TCN_ENOTFOUND;
    disengage.engagement = a->engagements[x->engagement].id;
    d->directory = &w->directory;
    return tcn_engine_disengage(a, &disengage, now_of(w), d);
}

static enum tcn_intake decide_act(struct world *w, struct tcn_aggregate *a, void *ctx,
                                  struct tcn_decision *d)
{
    const enum act act = ((const struct acting *)ctx)->act;
    struct tcn_incident_update u = {.actor = "user:u"};
    struct tcn_err err;

    if (act == ACT_ENGAGE || act == ACT_DISENGAGE) {
        if (decide_paging(w, a, ctx, d) < 0)
            tcn_engine_update(a, &u, now_of(w), d, &err);
        return TCN_INTAKE_UNSET;
    }
    if (act == ACT_ACK) {
        tcn_engine_acknowledge(a, (struct tcn_id){{0}}, "user:u", NULL, now_of(w), d);
        return TCN_INTAKE_UNSET;
    }
    if (act == ACT_NOTE) {
        if (tcn_engine_note(a, "a note", "user:u", now_of(w), d, &err) == TCN_ELIMIT)
            tcn_engine_update(a, &u, now_of(w), d, &err);
        return TCN_INTAKE_UNSET;
    }
    u.status = act == ACT_REOPEN ? TCN_STATUS_OPEN
               : act == ACT_EDIT ? TCN_STATUS_UNSET
                                 : TCN_STATUS_RESOLVED;
    u.title = act == ACT_EDIT ? "edited" : NULL;
    u.resolution.code = act == ACT_WONT_FIX ? "wont_fix" : NULL;
    if (tcn_engine_update(a, &u, now_of(w), d, &err) == 0)
        return TCN_INTAKE_UNSET;
    if (!a->incident.is_bare || (act != ACT_EDIT && act != ACT_REOPEN))
        fail(w, "an update was refused: %s", err.msg);
    u = (struct tcn_incident_update){.actor = "user:u"};
    tcn_engine_update(a, &u, now_of(w), d, &err);
    return TCN_INTAKE_UNSET;
}

/* Every lane of the incident is told that a person ended it, as the timers of each see it resolved. */
static void note_act(struct world *w, struct incident_row *row, enum act act,
                     enum tcn_incident_status before)
{
    if (act == ACT_ACK)
        for (size_t i = 0; i < row->n_engagements; i++)
            people_keep_answer(row, now_of(w), (int64_t)i + 1, NULL);
    if (row->incident.status == before)
        return;
    row->person_resolved = row->incident.status == TCN_STATUS_RESOLVED;
    row->person_reopened = row->incident.status == TCN_STATUS_OPEN;
}

static void act_on(struct world *w, struct incident_row *row)
{
    struct acting x = {.act = (enum act)rng_below(&w->rng, world_has(w, HELP) ? ACTS : ACT_ENGAGE)};
    enum tcn_incident_status before = row->incident.status;
    const struct turn t = {.key = row_lane(row), .row = row, .decide = decide_act, .ctx = &x};

    /* Resolving ends what others look at: seldom. */
    if ((x.act == ACT_RESOLVE || x.act == ACT_WONT_FIX || x.act == ACT_REOPEN) &&
        rng_chance(&w->rng, 70))
        x.act = (enum act)(ACT_NOTE + rng_below(&w->rng, world_has(w, HELP) ? 3 : 1));
    x.contact = w->contacts[rng_below(&w->rng, MAX_CONTACTS)].alias;
    x.engagement = (size_t)rng_below(&w->rng, (int64_t)row->n_engagements + 1);
    w->helpers -= (int64_t)row->n_engagements;
    turn_run(w, &t);
    w->helpers += (int64_t)row->n_engagements;
    note_act(w, row, x.act, before);
}

struct starting {
    struct tcn_start start;
    struct tcn_id new_id;
};

static enum tcn_intake decide_start(struct world *w, struct tcn_aggregate *a, void *ctx,
                                    struct tcn_decision *d)
{
    const struct starting *s = ctx;
    struct tcn_err err;
    enum tcn_intake verdict =
        tcn_engine_start(&s->start, &w->directory, s->new_id, 7, now_of(w), a, d, &err);

    if (verdict == TCN_INTAKE_UNSET)
        fail(w, "a start was refused: %s", err.msg);
    return verdict;
}

static void start(struct world *w)
{
    struct starting s = {.start = {.response_plan = w->plans[rng_below(&w->rng, 2)].name,
                                   .title = "by hand",
                                   .actor = "user:u"}};
    const struct tcn_response_plan *plan = tcn_directory_plan(&w->directory, s.start.response_plan);
    struct turn t = {.decide = decide_start, .ctx = &s};
    struct tcn_buf b;

    s.new_id = tcn_id_child((struct tcn_id){{3}}, "incident", rng_next(&w->rng));
    tcn_buf_init(&b, 4096);
    tcn_engine_start_dedupe_string(&s.start, plan, s.new_id, &b);
    t.row = row_open_of(w, b.ptr);
    tcn_buf_done(&b);
    turn_run(w, &t);
}

struct alone {
    struct tcn_engage engage;
    struct tcn_id new_id;
};

static enum tcn_intake decide_alone(struct world *w, struct tcn_aggregate *a, void *ctx,
                                    struct tcn_decision *d)
{
    const struct alone *x = ctx;
    struct tcn_err err;

    if (tcn_engine_engage_alone(a, &x->engage, &w->directory, x->new_id, 7, now_of(w), d, &err) < 0)
        fail(w, "an engagement was refused: %s", err.msg);
    if (!a->incident.is_bare || d->incident_resolved)
        fail(w, "an engagement without an incident made one");
    return TCN_INTAKE_UNSET;
}

static void engage_alone(struct world *w)
{
    static const struct tcn_engagement_text text = {
        .sender = "a job", .subject = "alone", .content = "without an incident"};
    struct alone x = {
        .engage = {w->contacts[rng_below(&w->rng, MAX_CONTACTS)].alias, "user:u", NULL, &text}};
    const struct turn t = {.decide = decide_alone, .ctx = &x};

    x.new_id = tcn_id_child((struct tcn_id){{4}}, "incident", rng_next(&w->rng));
    turn_run(w, &t);
    w->bare++;
}

void people_act(struct world *w)
{
    size_t recent = w->n_incidents < 20 ? w->n_incidents : 20;

    if (recent > 0 && !rng_chance(&w->rng, 10))
        act_on(w, &w->incidents[w->n_incidents - 1 - (size_t)rng_below(&w->rng, (int64_t)recent)]);
    else if (world_has(w, ALONE) && rng_chance(&w->rng, 30))
        engage_alone(w);
    else
        start(w);
}
