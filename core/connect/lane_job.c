/* The store thread's half of the lanes: load, learn, plan, write, all in one transaction. */
#include "base/xalloc.h"
#include "connect/classify.h"
#include "connect/lanes_internal.h"
#include "store/feeds.h"
#include "sys/random.h"

#include <stdio.h>

#define JOB_ARENA (16u << 20)
#define RUN_ARENA (1u << 20)
#define TIRED_MS INT64_C(60000)
#define TAKES_MAX 3u /* in a row: after one, both sides hold the same */

void tcn_lane_run_free(struct tcn_lane_run *r)
{
    if (!r)
        return;
    json_decref(r->op.payload);
    json_decref(r->op.incident);
    tcn_step_done(&r->step);
    tcn_progress_done(&r->progress);
    tcn_outcome_free(r->outcome);
    tcn_arena_done(&r->arena);
    free(r);
}

void tcn_lane_job_reset(struct tcn_lane_job *j)
{
    for (size_t i = 0; i < j->n_runs; i++)
        tcn_lane_run_free(j->runs[i]);
    j->n_runs = j->n_claimed = 0;
    j->has_news = j->found_many = false;
    memset(j->conflicts, 0, sizeof j->conflicts);
    j->milestones = (struct tcn_milestones){0};
    j->next_due_ms = 0;
}

/* One lane, loaded. Lives on the stack of the job. */
struct turn {
    struct tcn_lane_job *job;
    struct tcn_store *store;
    struct tcn_link *link;
    struct tcn_arena *arena;
    struct tcn_want want;
    struct tcn_progress progress;
    struct tcn_effects effects;
    struct tcn_step step;
    struct tcn_ensure ensure;
    unsigned calls;
    bool told_tickets;
    int64_t now_ms;
};

static void copy_progress(struct tcn_progress *to, const struct tcn_progress *from)
{
    *to = *from;
    json_incref(to->record);
}

/* Writes what the algorithm wants told. */
static int flush_says(struct turn *t, struct tcn_err *err)
{
    const struct tcn_lanes_app *app = &t->job->lanes->options.app;
    char actor[160];
    int r = 0;

    snprintf(actor, sizeof actor, "connector:%.120s", t->link->connector);
    for (size_t i = 0; i < t->effects.n_say && app->note && r == 0; i++) {
        r = app->note(app->ctx, t->store, t->link->incident, t->effects.say[i], actor,
                      t->effects.say_to_tickets[i], t->now_ms, err);
        t->told_tickets = t->told_tickets || t->effects.say_to_tickets[i];
        t->job->has_news = true;
    }
    t->effects.n_say = 0;
    return r;
}

static int keep_conflict(struct turn *t, const struct tcn_ensure_conflict *c, struct tcn_err *err)
{
    const struct tcn_conflict_row row = {
        .id = tcn_conflict_id(t->link->id, c->field, t->now_ms),
        .link = t->link->id,
        .incident = t->link->incident,
        .connector = t->link->connector,
        .field = c->field,
        .base = c->base,
        .local = c->local,
        .remote = c->remote,
        .winner = tcn_winner_name(c->winner),
        .at_ms = t->now_ms,
    };

    t->job->conflicts[c->winner]++;
    return tcn_store_conflict_add(t->store, &row, err);
}

static int keep_conflicts(struct turn *t, struct tcn_err *err)
{
    int r = 0;

    for (size_t i = 0; i < t->effects.n_conflicts && r == 0; i++)
        r = keep_conflict(t, &t->effects.conflicts[i], err);
    return r;
}

static int put_deadletter(struct turn *t, const struct tcn_outcome *o, struct tcn_err *err)
{
    struct tcn_deadletter d = {
        .id =
            tcn_id_child(t->link->id, tcn_verb_name(o->verb), 0), /* the newest of a kind is kept */
        .incident = t->link->incident,
        .link = t->link->id,
        .connector = t->link->connector,
        .operation = tcn_verb_name(o->verb),
        .reason = t->effects.deadletter,
        .request = o->request,
        .response = o->response,
        .at_ms = t->now_ms,
    };

    return tcn_store_deadletter_put(t->store, &d, err);
}

static int tell_linked(struct turn *t, struct tcn_err *err)
{
    const struct tcn_lanes_app *app = &t->job->lanes->options.app;

    tcn_want_remote(&t->want, t->link, t->progress.record);
    t->job->has_news = true;
    if (!app->linked)
        return 0;
    return app->linked(app->ctx, t->store, t->link, t->effects.linked, t->now_ms, err);
}

static int flush_effects(struct turn *t, const struct tcn_outcome *o, struct tcn_err *err)
{
    int r = t->effects.linked ? tell_linked(t, err) : 0;

    if (r == 0)
        r = flush_says(t, err);
    if (r == 0)
        r = keep_conflicts(t, err);
    if (r == 0 && t->effects.deadletter && o)
        r = put_deadletter(t, o, err);
    if (r == 0 && t->effects.clear_deadletters)
        r = tcn_store_deadletter_clear(t->store, t->link->id, err);
    t->job->found_many = t->job->found_many || t->effects.found_many;
    t->effects = (struct tcn_effects){.n_say = 0};
    return r;
}

static void learn(const struct tcn_outcome *o, struct tcn_learned *ret)
{
    *ret = (struct tcn_learned){
        .result = &o->result,
        .net = o->net,
        .status = o->status,
        .may_have_written = o->may_have_written,
        .records = o->sink.records,
        .n_records = o->sink.n_records,
    };
    for (size_t i = 0; i < o->sink.n_bad_fields && i < TCN_ENSURE_DROPPED_MAX; i++)
        ret->bad_fields[ret->n_bad_fields++] = o->sink.bad_fields[i].name;
}

/* The incident has changed: it is compared as it is now from here on. */
static int want_anew(struct turn *t, struct tcn_err *err)
{
    t->job->has_news = true;
    tcn_want_done(&t->want);
    return tcn_want_init(&t->want, &t->job->instance->source, t->store, t->link, t->arena, err);
}

static bool is_private(const struct tcn_want_source *source, json_t *note)
{
    const struct tcn_mapping_env env = {.record = note, .settings = source->settings};

    return tcn_mapping_note_is_private(source->mapping,
                                       json_string_value(json_object_get(note, "kind")), &env);
}

/* What people said there; our own notes carry our mark. */
static size_t collect_heard(const struct turn *t, const struct tocsin_sink *sink,
                            struct tcn_heard *ret)
{
    size_t n = 0;

    for (size_t i = 0; i < sink->n_updates; i++) {
        const struct tocsin_update *u = &sink->updates[i];

        if (u->change == TOCSIN_SAID && u->event_id[0] && u->text[0] && !u->marker[0])
            ret[n++] =
                (struct tcn_heard){u->event_id, u->actor, u->text,
                                   is_private(&t->job->instance->source, u->fields), u->at_ms};
    }
    return n;
}

static int hear(struct turn *t, const struct tocsin_sink *sink, struct tcn_err *err)
{
    const struct tcn_lanes_app *app = &t->job->lanes->options.app;
    struct tcn_heard *heard = TCN_NEW_N(t->arena, struct tcn_heard, sink->n_updates + 1);
    size_t n = collect_heard(t, sink, heard);
    int r;

    if (n == 0 || !app->hear)
        return 0;
    r = app->hear(app->ctx, t->store, t->link, heard, n, t->now_ms, err);
    return r < 0 ? r : want_anew(t, err);
}

/* Takes the outcome in. *ret_go_on: plan the next call at once. */
static int apply(struct turn *t, const struct tcn_lane_run *before, bool *ret_go_on,
                 struct tcn_err *err)
{
    struct tcn_learned got;
    int r;

    learn(before->outcome, &got);
    *ret_go_on = tcn_ensure_apply(&t->ensure, &before->step, &got);
    if ((r = flush_effects(t, before->outcome, err)) < 0 ||
        (before->step.verb == TOCSIN_LISTEN && (r = hear(t, &before->outcome->sink, err)) < 0))
        return r;
    return tcn_want_notes(&t->want, t->store, t->link, err);
}

static struct tcn_lane_run *make_run(struct turn *t)
{
    struct tcn_lane_run *run = tcn_xcalloc(1, sizeof *run);
    struct tcn_arena *a = &run->arena;

    run->instance = t->job->instance;
    run->link = t->link->id;
    run->incident = t->link->incident;
    run->calls = t->calls + 1;
    tcn_arena_init(a, RUN_ARENA);
    run->op = (struct tocsin_op){
        .verb = t->step.verb,
        .attempt = (uint32_t)(t->link->fail_count + 1),
        .op_id = tcn_arena_strdup(a, t->step.op_id),
        .marker = tcn_arena_strdup(a, t->want.find.value ? t->want.find.value : ""),
        .remote_id = tcn_arena_strdup(a, t->link->remote_id ? t->link->remote_id : ""),
        .cursor = t->step.verb == TOCSIN_LISTEN && t->link->heard
                      ? tcn_arena_strdup(a, t->link->heard)
                      : "",
        .payload = t->step.payload,
        .incident = json_incref(t->want.env),
    };
    t->step.payload = NULL;
    run->step = t->step;
    run->step.op_id = run->op.op_id;
    t->step = (struct tcn_step){.kind = TCN_STEP_UNSET};
    copy_progress(&run->progress, &t->progress);
    return run;
}

static void tire(struct turn *t)
{
    t->link->is_in_flight = false;
    t->link->due_ms = t->now_ms + TIRED_MS;
}

/* The incident as it is then is what the record is compared with from here on. */
static int take(struct turn *t, struct tcn_err *err)
{
    const struct tcn_lanes_app *app = &t->job->lanes->options.app;
    const struct tcn_taken taken = {t->step.taken, t->step.class, &t->job->milestones};
    int r = app->take ? app->take(app->ctx, t->store, t->link, &taken, t->now_ms, err) : 0;

    tcn_step_done(&t->step);
    return r < 0 ? r : want_anew(t, err);
}

/* A call planned and its intent written, or the lane at rest. */
static int plan(struct turn *t, struct tcn_err *err)
{
    int r = 0;

    if (t->calls >= TCN_LANE_CALLS_MAX) {
        tire(t);
        return 0;
    }
    for (unsigned n = 0; r == 0 && n <= TAKES_MAX; n++) {
        tcn_ensure_plan(&t->ensure, &t->step);
        if ((r = flush_effects(t, NULL, err)) < 0 || t->step.kind != TCN_STEP_TAKE)
            break;
        r = take(t, err);
    }
    if (r == 0 && t->step.kind == TCN_STEP_CALL)
        t->job->runs[t->job->n_runs++] = make_run(t);
    else if (r == 0 && t->step.kind == TCN_STEP_UNSET)
        tire(t);
    return r;
}

static int turn_loaded(struct turn *t, const struct tcn_lane_run *before, struct tcn_err *err)
{
    bool go_on = true;
    int r = 0;

    t->ensure = (struct tcn_ensure){
        .wanted = &t->want.wanted,
        .progress = &t->progress,
        .link = t->link,
        .effects = &t->effects,
        .arena = t->arena,
        .now_ms = t->now_ms,
        .random = tcn_random_u64(),
    };
    if (before)
        r = apply(t, before, &go_on, err);
    if (r == 0 && go_on)
        r = plan(t, err);
    /* What was told to all tickets is for this one, too. */
    if (r == 0 && t->told_tickets && !t->link->is_in_flight && t->link->due_ms == 0 &&
        t->link->state == TCN_LINK_LINKED)
        t->link->due_ms = t->now_ms;
    return r < 0 ? r : tcn_store_link_put(t->store, t->link, err);
}

static int forget(struct tcn_store *s, struct tcn_link *link, struct tcn_err *err)
{
    link->is_in_flight = false;
    link->due_ms = 0;
    return tcn_store_link_put(s, link, err);
}

static int run_lane(struct tcn_lane_job *j, struct tcn_store *s, struct tcn_link *link,
                    struct tcn_arena *arena, int64_t now_ms, struct tcn_err *err)
{
    const struct tcn_lane_run *before = j->before;
    struct turn t = {.job = j, .store = s, .link = link, .arena = arena, .now_ms = now_ms};
    int r;

    if (before) {
        copy_progress(&t.progress, &before->progress);
        t.calls = before->calls;
    }
    r = tcn_want_init(&t.want, &j->instance->source, s, link, arena, err);
    if (r == 0)
        r = turn_loaded(&t, before, err);
    else if (r == TCN_ENOTFOUND)
        r = forget(s, link, err);
    tcn_step_done(&t.step);
    tcn_progress_done(&t.progress);
    tcn_want_done(&t.want);
    return r;
}

/* With memory of its own, however many lanes are claimed. */
static int claim_lane(struct tcn_lane_job *j, struct tcn_store *s, struct tcn_link *link,
                      int64_t now_ms, struct tcn_err *err)
{
    struct tcn_arena arena;
    int r;

    tcn_arena_init(&arena, JOB_ARENA);
    r = run_lane(j, s, link, &arena, now_ms, err);
    tcn_arena_done(&arena);
    return r;
}

/* Waiting for an incident that another node is at work on could be waiting for each other, now that the link is ours. */
static int claim_unless_taken(struct tcn_lane_job *j, struct tcn_store *s, struct tcn_link *link,
                              int64_t now_ms, struct tcn_err *err)
{
    bool is_ours;
    int r = tcn_store_try_incident(s, link->incident, &is_ours, err);

    if (r < 0)
        return r;
    if (is_ours)
        return claim_lane(j, s, link, now_ms, err);
    link->is_in_flight = false;
    return tcn_store_link_put(s, link, err);
}

int tcn_lane_job_claim(struct tcn_job *job, struct tcn_store *s, int64_t now_ms,
                       struct tcn_err *err)
{
    struct tcn_lane_job *j = (struct tcn_lane_job *)job;
    struct tcn_link *links = NULL;
    struct tcn_arena arena;
    int r;

    tcn_lane_job_reset(j);
    tcn_arena_init(&arena, JOB_ARENA);
    r = tcn_store_link_claim(s, j->instance->source.instance->sdk.name, now_ms, j->limit, &arena,
                             &links, &j->n_claimed, err);
    for (size_t i = 0; r == 0 && i < j->n_claimed; i++)
        r = claim_unless_taken(j, s, &links[i], now_ms, err);
    if (r == 0)
        r = tcn_store_next_due(s, &j->next_due_ms, err);
    tcn_arena_done(&arena);
    return r;
}

/* False when the lease went to another process, or a person changed the link: the result is theirs to look up. */
static bool is_ours(const struct tcn_store *s, const struct tcn_link *link)
{
    return link->is_in_flight && link->epoch == tcn_store_epoch(s);
}

int tcn_lane_job_result(struct tcn_job *job, struct tcn_store *s, int64_t now_ms,
                        struct tcn_err *err)
{
    struct tcn_lane_job *j = (struct tcn_lane_job *)job;
    struct tcn_link link;
    struct tcn_arena arena;
    int r;

    tcn_lane_job_reset(j);
    tcn_arena_init(&arena, JOB_ARENA);
    r = tcn_store_lock_incident(s, j->before->incident, err);
    if (r == 0)
        r = tcn_store_link_get(s, j->before->link, &arena, &link, err);
    if (r == 0 && is_ours(s, &link))
        r = run_lane(j, s, &link, &arena, now_ms, err);
    else if (r == TCN_ENOTFOUND)
        r = 0;
    if (r == 0)
        r = tcn_store_next_due(s, &j->next_due_ms, err);
    tcn_arena_done(&arena);
    return r;
}

int tcn_lanes_retry(struct tcn_store *s, struct tcn_id link, int64_t now_ms, struct tcn_err *err)
{
    struct tcn_link row;
    struct tcn_arena arena;
    int r;

    tcn_arena_init(&arena, JOB_ARENA);
    r = tcn_store_link_get(s, link, &arena, &row, err);
    if (r == 0 && (r = tcn_store_lock_incident(s, row.incident, err)) == 0)
        r = tcn_store_link_get(s, link, &arena, &row, err);
    /* A lane at work gets there by itself. */
    if (r == 0 && !is_ours(s, &row)) {
        tcn_ensure_retry(&row, now_ms);
        r = tcn_store_link_put(s, &row, err);
    }
    tcn_arena_done(&arena);
    return r;
}

/* A link that rests is due now; one that failed, is held or waits for a person reads it when it goes on. */
static int hint(struct tcn_store *s, struct tcn_link *link, int64_t now_ms, struct tcn_err *err)
{
    bool rests = link->due_ms == 0 || (link->due_ms > now_ms && link->fail_count == 0);

    link->hints++;
    if (link->state == TCN_LINK_LINKED && rests)
        link->due_ms = now_ms;
    return tcn_store_link_put(s, link, err);
}

/* found, read again under the lock of its incident. */
static int hint_found(struct tcn_store *s, const struct tcn_link *found, int64_t now_ms,
                      struct tcn_arena *arena, struct tcn_err *err)
{
    struct tcn_link link;
    int r = tcn_store_lock_incident(s, found->incident, err);

    if (r == 0)
        r = tcn_store_link_get(s, found->id, arena, &link, err);
    return r < 0 ? r : hint(s, &link, now_ms, err);
}

int tcn_lanes_hint(struct tcn_store *s, const char *instance, const char *remote_id, int64_t now_ms,
                   bool *ret_is_known, struct tcn_err *err)
{
    struct tcn_link *links = NULL;
    struct tcn_arena arena;
    size_t n = 0;
    int r;

    tcn_arena_init(&arena, JOB_ARENA);
    r = tcn_store_links_of_record(s, instance, remote_id, &arena, &links, &n, err);
    *ret_is_known = n > 0;
    for (; n > 0 && r == 0; n--) /* locked in the order of their incidents */
        r = hint_found(s, &links[n - 1], now_ms, &arena, err);
    tcn_arena_done(&arena);
    return r;
}

int tcn_lanes_read(struct tcn_store *s, const struct tcn_link *link, int64_t now_ms,
                   struct tcn_err *err)
{
    struct tcn_arena arena;
    int r;

    tcn_arena_init(&arena, JOB_ARENA);
    r = hint_found(s, link, now_ms, &arena, err);
    tcn_arena_done(&arena);
    return r;
}
