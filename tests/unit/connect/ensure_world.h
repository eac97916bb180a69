/* A simulated remote and the driver of ENSURE: faults and crashes at every point, time that passes at once. */
#ifndef TCN_TEST_ENSURE_WORLD_H
#define TCN_TEST_ENSURE_WORLD_H

#include "rig.h"

#include "connect/ensure.h"
#include "connect/ring.h"

#include <inttypes.h>

#define RECORDS_MAX 8
#define NOTES_MAX 64
#define VISIBLE_MS 5000

/* -- the remote ------------------------------------------------------------------------------------------------- */

struct record {
    int64_t visible_ms; /* searches show it from then on */
    json_t *fields;     /* {"title", "impact", "status"} */
    int64_t mark;       /* searches for another one do not show it */
    bool is_deleted;
    int64_t version, changed_ms;
    char notes[NOTES_MAX][40]; /* event ids in the order they were written */
    size_t n_notes;
};

struct remote {
    struct record records[RECORDS_MAX];
    size_t n;
    unsigned writes;
};

static uint64_t seed;

static uint64_t chance(uint64_t n)
{
    uint64_t z = seed += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (z ^ (z >> 31)) % n;
}

/* -- the world -------------------------------------------------------------------------------------------------- */

struct world {
    struct tcn_arena arena;
    struct tcn_link link; /* what the store holds */
    struct tcn_wanted wanted;
    struct remote remote;
    int64_t now_ms;
    struct tcn_wanted_note all_notes[NOTES_MAX];
    size_t n_all_notes;
    bool with_faults,
        keeps_still;          /* keeps_still: the incident does not change while a call is out */
    bool takes_without_trace; /* what the incident takes is no change of it */
    char said[4096];
    struct tcn_ensure_conflict conflicts[NOTES_MAX]; /* the texts are of the arena */
    size_t n_conflicts;
    unsigned takes, deadletters, clears, found_many, calls[TOCSIN_LISTEN + 1];
    const char *refuse_field;
    bool refuse_writes;
    const struct tocsin_result *fail_writes; /* they are answered with it; NULL: they are not */
    char last_note[8192];                    /* as the remote got it */
    char last_create_id[80];                 /* op_id */
};

static const char *const title_remote[] = {"title"}, *const impact_remote[] = {"impact"};
static const struct tcn_mapping_field policies[] = {
    {.name = "title",
     .direction = TCN_DIRECTION_BOTH,
     .conflict = TCN_CONFLICT_LOCAL,
     .remote = title_remote,
     .n_remote = 1},
    {.name = "impact",
     .direction = TCN_DIRECTION_OUT,
     .conflict = TCN_CONFLICT_LOCAL,
     .remote = impact_remote,
     .n_remote = 1},
};

static inline json_t *lens_out(void *ctx, size_t field, json_t *value)
{
    (void)ctx;
    return json_pack("{s:O}", policies[field].name, value);
}

static inline json_t *lens_in(void *ctx, size_t field, json_t *record)
{
    (void)ctx;
    return json_incref(json_object_get(record, policies[field].name));
}

static inline bool lens_same(void *ctx, size_t field, json_t *a, json_t *b)
{
    (void)ctx;
    (void)field;
    return a == b || json_equal(a, b);
}

static inline void lens_status(void *ctx, json_t *record, enum tcn_class local,
                               struct tcn_remote_status *ret)
{
    const char *value = json_string_value(json_object_get(record, "status"));

    (void)ctx;
    *ret = (struct tcn_remote_status){.class = tcn_class_parse(value)};
    if (value && strcmp(value, "CLOSED") == 0) {
        ret->class = TCN_CLASS_RESOLVED;
        ret->accepts = local == TCN_CLASS_RESOLVED;
        ret->is_terminal = true;
    } else if (value && strcmp(value, "HOLD") == 0) {
        ret->accepts = local != TCN_CLASS_RESOLVED;
        ret->class = ret->accepts ? local : TCN_CLASS_ACKED;
    } else {
        ret->accepts = ret->class == local;
    }
}

static inline json_t *lens_payload(void *ctx, enum tcn_class class)
{
    (void)ctx;
    return json_pack("{s:s}", "class", tcn_class_name(class));
}

static inline void set_field(struct world *w, size_t i, json_t *value)
{
    json_decref(w->wanted.fields[i].local);
    w->wanted.fields[i].local = value;
}

static inline void touch(struct world *w)
{
    w->wanted.revision++;
    w->wanted.modified_ms = w->now_ms;
}

static inline void open_world(struct world *w)
{
    memset(w, 0, sizeof *w);
    tcn_arena_init(&w->arena, 64u << 20);
    w->now_ms = 1000000;
    w->link = (struct tcn_link){.id = {{1}}, .incident = {{2}}, .connector = "jira", .due_ms = 1};
    w->wanted = (struct tcn_wanted){
        .revision = 1,
        .created_ms = w->now_ms,
        .modified_ms = w->now_ms,
        .is_wanted = true,
        .status = TCN_CLASS_OPEN,
        .status_direction = TCN_DIRECTION_BOTH,
        .auto_resolve = TCN_RESOLVE_ALWAYS,
        .settle_ms = 2000,
        .visibility_ms = VISIBLE_MS,
        .n_fields = 2,
        .caps = TOCSIN_CAN(TOCSIN_CREATE) | TOCSIN_CAN(TOCSIN_FIND) | TOCSIN_CAN(TOCSIN_GET) |
                TOCSIN_CAN(TOCSIN_WRITE) | TOCSIN_CAN(TOCSIN_NOTE) | TOCSIN_CAN(TOCSIN_NOTE_FIND),
        .lens = {w, lens_out, lens_in, lens_same, lens_status, lens_payload},
    };
    w->wanted.fields[0].policy = &policies[0];
    w->wanted.fields[1].policy = &policies[1];
    set_field(w, 0, json_string("CPU high"));
    set_field(w, 1, json_integer(2));
}

static inline void close_world(struct world *w)
{
    set_field(w, 0, NULL);
    set_field(w, 1, NULL);
    for (size_t i = 0; i < w->remote.n; i++)
        json_decref(w->remote.records[i].fields);
    tcn_arena_done(&w->arena);
}

static inline void add_note(struct world *w)
{
    struct tcn_wanted_note *n = &w->all_notes[w->n_all_notes];

    n->seq = (int64_t)++w->n_all_notes;
    n->event_id = tcn_arena_fmt(&w->arena, "event-%03zu", w->n_all_notes);
    n->text = tcn_arena_fmt(&w->arena, "text of %s", n->event_id);
}

/* What the loader does for the algorithm. */
static inline void load_notes(struct world *w, const struct tcn_link *link)
{
    struct tcn_wanted *wanted = &w->wanted;

    wanted->n_notes = 0;
    wanted->last_seq = link->notes_seq;
    wanted->pending_event_id = NULL;
    for (size_t i = 0; i < w->n_all_notes; i++) {
        if (w->all_notes[i].seq == link->pending_note_seq)
            wanted->pending_event_id = w->all_notes[i].event_id;
        if (w->all_notes[i].seq > link->notes_seq && wanted->n_notes < TCN_ENSURE_NOTES_MAX) {
            wanted->notes[wanted->n_notes++] = w->all_notes[i];
            wanted->last_seq = w->all_notes[i].seq;
        }
    }
}

/* -- calls ------------------------------------------------------------------------------------------------------ */

struct answer {
    struct tocsin_result result;
    uint32_t net;
    int32_t status;
    struct tocsin_record records[RECORDS_MAX];
    size_t n;
    const char *bad_field;
    char ids[RECORDS_MAX][16];
    char version[24];
};

static inline void tell(struct answer *a, const struct remote *r, size_t i)
{
    snprintf(a->ids[a->n], sizeof a->ids[0], "rec%zu", i);
    snprintf(a->version, sizeof a->version, "%" PRId64, r->records[i].version);
    a->records[a->n] = (struct tocsin_record){.remote_id = a->ids[a->n],
                                              .remote_key = a->ids[a->n],
                                              .remote_url = "",
                                              .version = a->version,
                                              .changed_ms = r->records[i].changed_ms,
                                              .fields = r->records[i].fields};
    a->n++;
}

static inline void apply_payload(struct record *rec, json_t *payload)
{
    const char *class =
        json_string_value(json_object_get(json_object_get(payload, "status"), "class"));
    json_t *fields = json_deep_copy(rec->fields);

    json_object_update(fields, json_object_get(payload, "fields"));
    if (class)
        json_object_set_new(fields, "status", json_string(class));
    json_decref(rec->fields);
    rec->fields = fields;
    rec->version++;
}

/* Events joined in one note: the texts name them all. */
static inline void write_note(struct record *rec, const char *text)
{
    const char *at = text;

    while ((at = strstr(at, "event-")) != NULL) {
        assert_true(rec->n_notes < NOTES_MAX);
        snprintf(rec->notes[rec->n_notes++], sizeof rec->notes[0], "%.9s", at);
        at += 9;
    }
}

static inline size_t index_of(const struct world *w, const char *remote_id)
{
    (void)w;
    return (size_t)atoi(remote_id + 3);
}

static inline bool has_note(const struct record *rec, const char *event_id)
{
    for (size_t i = 0; i < rec->n_notes; i++)
        if (strcmp(rec->notes[i], event_id) == 0)
            return true;
    return false;
}

/* The remote does it. */
static inline void perform(struct world *w, const struct tcn_step *step, const char *remote_id,
                           struct answer *a)
{
    struct remote *r = &w->remote;
    struct record *rec;
    const char *event = json_string_value(json_object_get(step->payload, "event_id"));

    a->result.outcome = TOCSIN_OK;
    if (step->verb == TOCSIN_FIND) {
        for (size_t i = 0; i < r->n; i++)
            if (r->records[i].visible_ms <= w->now_ms && r->records[i].mark == w->link.recreated)
                tell(a, r, i); /* deleted ones, too: an index lags */
        return;
    }
    if (step->verb == TOCSIN_CREATE) {
        assert_true(r->n < RECORDS_MAX);
        rec = &r->records[r->n];
        rec->fields = json_pack("{s:s}", "status", "OPEN");
        rec->mark = w->link.recreated;
        rec->visible_ms = w->now_ms + (int64_t)chance(VISIBLE_MS);
        apply_payload(rec, step->payload);
        json_object_set_new(rec->fields, "status",
                            json_string("OPEN")); /* it creates in one status only */
        tell(a, r, r->n++);
        return;
    }
    assert_true(remote_id && index_of(w, remote_id) < r->n);
    rec = &r->records[index_of(w, remote_id)];
    if (rec->is_deleted) {
        a->result.outcome = TOCSIN_GONE;
        a->status = 404;
        return;
    }
    if (step->verb == TOCSIN_WRITE) {
        apply_payload(rec, step->payload);
        r->writes++;
    }
    if (step->verb == TOCSIN_NOTE) {
        write_note(rec, json_string_value(json_object_get(step->payload, "text")));
        snprintf(w->last_note, sizeof w->last_note, "%s",
                 json_string_value(json_object_get(step->payload, "text")));
    }
    if (step->verb == TOCSIN_NOTE_FIND && !has_note(rec, event))
        a->result.outcome = TOCSIN_GONE;
    if (step->verb == TOCSIN_GET || step->verb == TOCSIN_WRITE)
        tell(a, r, index_of(w, remote_id));
}

static inline bool refuses(struct world *w, const struct tcn_step *step, struct answer *a)
{
    if (w->fail_writes && step->verb == TOCSIN_WRITE) {
        a->result = *w->fail_writes;
        return true;
    }
    if (w->refuse_writes && step->verb == TOCSIN_WRITE) {
        a->result.outcome = TOCSIN_REJECTED;
        a->status = 403;
        return true;
    }
    if (!w->refuse_field ||
        !json_object_get(json_object_get(step->payload, "fields"), w->refuse_field))
        return false;
    a->result.outcome = TOCSIN_REJECTED;
    a->status = 400;
    a->bad_field = w->refuse_field;
    snprintf(a->result.reason, sizeof a->result.reason, "the remote answered 400");
    return true;
}

static inline bool leaves_trace(uint32_t verb)
{
    return verb == TOCSIN_CREATE || verb == TOCSIN_NOTE || verb == TOCSIN_SEND;
}

/* The network and the remote at their worst; true when the process dies before it learns the outcome. */
static inline bool call(struct world *w, const struct tcn_step *step, const char *remote_id,
                        struct answer *a)
{
    uint64_t luck = w->with_faults ? chance(12) : 11;

    memset(a, 0, sizeof *a);
    w->calls[step->verb]++;
    if (step->verb == TOCSIN_CREATE)
        snprintf(w->last_create_id, sizeof w->last_create_id, "%s", step->op_id);
    snprintf(a->result.reason, sizeof a->result.reason, "fault %d", (int)luck);
    switch (luck) {
    case 0: /* dies with the intent written, nothing sent */
        return true;
    case 1: /* dies, and it was done */
        perform(w, step, remote_id, a);
        return true;
    case 2: /* no connection */
        a->result.outcome = TOCSIN_RETRY;
        a->net = TOCSIN_NET_NOT_SENT;
        return false;
    case 3: /* done, answer lost */
        perform(w, step, remote_id, a);
        memset(a, 0, sizeof *a);
        a->result.outcome = leaves_trace(step->verb) ? TOCSIN_UNKNOWN : TOCSIN_RETRY;
        a->net = TOCSIN_NET_MAYBE_SENT;
        return false;
    case 4: /* not done, 500 */
        a->result.outcome = leaves_trace(step->verb) ? TOCSIN_UNKNOWN : TOCSIN_RETRY;
        a->status = 500;
        return false;
    case 5:
        a->result.outcome = TOCSIN_RETRY;
        a->result.retry_after_s = 3;
        a->status = 429;
        return false;
    case 6:
        if (step->verb != TOCSIN_WRITE && step->verb != TOCSIN_CREATE)
            break;
        a->result.outcome = TOCSIN_CONFLICT;
        a->status = 409;
        return false;
    case 7:
        a->result.outcome = TOCSIN_AUTH;
        a->status = 401;
        return false;
    case 8: /* done, but the answer tells no record */
        perform(w, step, remote_id, a);
        if (step->verb != TOCSIN_FIND)
            a->n = 0;
        return false;
    default:
        break;
    }
    if (!refuses(w, step, a))
        perform(w, step, remote_id, a);
    return false;
}

/* -- the driver, as lanes.c does it ----------------------------------------------------------------------------- */

static inline void hear(struct world *w, const char *text)
{
    size_t n = strlen(w->said);

    snprintf(w->said + n, sizeof w->said - n, "%s\n", text);
}

static inline void take_effects(struct world *w, struct tcn_effects *fx)
{
    if (fx->linked)
        hear(w, fx->linked);
    for (size_t i = 0; i < fx->n_say; i++)
        hear(w, fx->say[i]);
    w->deadletters += fx->deadletter != NULL;
    w->clears += fx->clear_deadletters;
    w->found_many += fx->found_many;
    for (size_t i = 0; i < fx->n_conflicts; i++)
        w->conflicts[w->n_conflicts++ % NOTES_MAX] = fx->conflicts[i];
    *fx = (struct tcn_effects){.n_say = 0};
}

/* The store keeps copies: nothing of the row may live elsewhere. */
static inline void commit(struct world *w, const struct tcn_link *link)
{
    w->link = *link;
}

static inline struct tcn_ensure engine(struct world *w, struct tcn_link *link,
                                       struct tcn_progress *p, struct tcn_effects *fx)
{
    load_notes(w, link);
    return (struct tcn_ensure){.wanted = &w->wanted,
                               .progress = p,
                               .link = link,
                               .effects = fx,
                               .arena = &w->arena,
                               .now_ms = w->now_ms,
                               .random = chance(UINT64_MAX)};
}

/* What the application does with a TAKE. */
static inline void take_over(struct world *w, const struct tcn_step *step)
{
    for (size_t i = 0; i < w->wanted.n_fields; i++) {
        json_t *value = json_object_get(step->taken, policies[i].name);

        if (value)
            set_field(w, i, json_incref(value));
    }
    if (step->class != TCN_CLASS_UNSET) {
        w->wanted.status = step->class;
        w->wanted.resolved_ms = step->class == TCN_CLASS_RESOLVED ? w->now_ms : 0;
        w->wanted.by_alarm = false;
    }
    w->takes++;
    if (!w->takes_without_trace)
        touch(w);
}

/* The next step that is none of the incident's own; commits with it. */
static inline void plan_on(struct world *w, struct tcn_ensure *e, struct tcn_step *step)
{
    unsigned takes = 0;

    tcn_ensure_plan(e, step);
    while (step->kind == TCN_STEP_TAKE) {
        assert_true(++takes < 4);
        take_over(w, step);
        tcn_step_done(step);
        tcn_ensure_plan(e, step);
    }
    take_effects(w, e->effects);
}

/* One run of the lane: until it rests or the process dies. */
static inline void run_lane(struct world *w)
{
    struct tcn_link link = w->link;
    struct tcn_progress p = {0};
    struct tcn_effects fx = {0};
    struct tcn_step step;
    struct tcn_ensure e = engine(w, &link, &p, &fx);
    unsigned calls = 0;

    plan_on(w, &e, &step);
    commit(w, &link);
    while (step.kind == TCN_STEP_CALL) {
        struct answer a;
        struct tcn_learned got;
        bool dies, go_on;

        assert_true(link.is_in_flight && link.due_ms > 0);
        assert_true(++calls < 60); /* every run ends */
        dies = call(w, &step, link.remote_id, &a);
        w->now_ms += 50;
        if (w->with_faults && !w->keeps_still &&
            chance(10) == 0) { /* the incident changes while the call is out */
            set_field(w, 0, json_sprintf("title %d", (int)chance(1000)));
            touch(w);
        }
        if (dies)
            break;
        got = (struct tcn_learned){.result = &a.result,
                                   .net = a.net,
                                   .status = a.status,
                                   .records = a.records,
                                   .n_records = a.n};
        if (a.bad_field)
            got.bad_fields[got.n_bad_fields++] = a.bad_field;
        e = engine(w, &link, &p, &fx);
        go_on = tcn_ensure_apply(&e, &step, &got);
        take_effects(w, &fx);
        tcn_step_done(&step);
        if (go_on) {
            e = engine(w, &link, &p, &fx);
            plan_on(w, &e, &step);
        }
        commit(w, &link);
    }
    tcn_step_done(&step);
    tcn_progress_done(&p);
}

/* Time passes until the lane is due. False when it wants nothing more. */
static inline bool wait_due(struct world *w)
{
    if (w->link.due_ms == 0)
        return false;
    if (w->link.due_ms > w->now_ms)
        w->now_ms = w->link.due_ms;
    return true;
}

static inline void settle(struct world *w)
{
    for (int i = 0; i < 400 && wait_due(w); i++)
        run_lane(w);
    assert_int_equal(w->link.due_ms, 0);
}

static inline void wake(struct world *w)
{
    if (w->link.state != TCN_LINK_BLOCKED && (w->link.due_ms == 0 || w->link.due_ms > w->now_ms))
        w->link.due_ms = w->now_ms;
}

/* One call at most, which is answered like this. */
static inline void run_once_with(struct world *w, const struct tocsin_result *result,
                                 int32_t status)
{
    struct tcn_link link = w->link;
    struct tcn_progress p = {0};
    struct tcn_effects fx = {0};
    struct tcn_step step;
    struct tcn_ensure e = engine(w, &link, &p, &fx);

    tcn_ensure_plan(&e, &step);
    if (step.kind == TCN_STEP_CALL)
        tcn_ensure_apply(
            &e, &step,
            &(struct tcn_learned){.result = result, .net = TOCSIN_NET_OK, .status = status});
    take_effects(w, &fx);
    commit(w, &link);
    tcn_step_done(&step);
    tcn_progress_done(&p);
}

/* The lane runs until ms have passed. */
static inline void run_with(struct world *w, const struct tocsin_result *result, int32_t status,
                            int64_t ms)
{
    int64_t until = w->now_ms + ms;

    while (w->now_ms < until && wait_due(w))
        run_once_with(w, result, status);
}

static inline const char *remote_text(const struct world *w, const char *field)
{
    return json_string_value(json_object_get(w->remote.records[0].fields, field));
}

static inline size_t count_said(const struct world *w, const char *text)
{
    size_t n = 0;

    for (const char *p = w->said; (p = strstr(p, text)); p++)
        n++;
    return n;
}

#endif
