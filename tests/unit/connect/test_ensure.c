/* ENSURE against a simulated remote: faults and crashes at every point, and never two records, never a note twice. */
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
    int64_t version;
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
    bool with_faults;
    char said[4096];
    unsigned deadletters, clears, calls[TOCSIN_SEND + 1];
    const char *refuse_field;
};

static const char *const title_remote[] = {"title"}, *const impact_remote[] = {"impact"};
static const struct tcn_mapping_field policies[] = {
    {.name = "title", .direction = TCN_DIRECTION_BOTH, .conflict = TCN_CONFLICT_LOCAL, .remote = title_remote, .n_remote = 1},
    {.name = "impact", .direction = TCN_DIRECTION_OUT, .conflict = TCN_CONFLICT_LOCAL, .remote = impact_remote, .n_remote = 1},
};

static json_t *lens_out(void *ctx, size_t field, json_t *value)
{
    (void)ctx;
    return json_pack("{s:O}", policies[field].name, value);
}

static json_t *lens_in(void *ctx, size_t field, json_t *record)
{
    (void)ctx;
    return json_incref(json_object_get(record, policies[field].name));
}

static bool lens_same(void *ctx, size_t field, json_t *a, json_t *b)
{
    (void)ctx;
    (void)field;
    return a == b || json_equal(a, b);
}

static void lens_status(void *ctx, json_t *record, enum tcn_class local, struct tcn_remote_status *ret)
{
    const char *value = json_string_value(json_object_get(record, "status"));

    (void)ctx;
    *ret = (struct tcn_remote_status){.class = tcn_class_parse(value)};
    if (value && strcmp(value, "HOLD") == 0) {
        ret->accepts = local != TCN_CLASS_RESOLVED;
        ret->class = ret->accepts ? local : TCN_CLASS_ACKED;
    } else {
        ret->accepts = ret->class == local;
    }
}

static json_t *lens_payload(void *ctx, enum tcn_class class)
{
    (void)ctx;
    return json_pack("{s:s}", "class", tcn_class_name(class));
}

static void set_field(struct world *w, size_t i, json_t *value)
{
    json_decref(w->wanted.fields[i].local);
    w->wanted.fields[i].local = value;
}

static void touch(struct world *w)
{
    w->wanted.revision++;
    w->wanted.modified_ms = w->now_ms;
}

static void open_world(struct world *w)
{
    memset(w, 0, sizeof *w);
    tcn_arena_init(&w->arena, 64u << 20);
    w->now_ms = 1000000;
    w->link = (struct tcn_link){.id = {{1}}, .incident = {{2}}, .connector = "jira", .due_ms = 1};
    w->wanted = (struct tcn_wanted){
        .revision = 1, .created_ms = w->now_ms, .modified_ms = w->now_ms, .is_wanted = true, .status = TCN_CLASS_OPEN,
        .status_direction = TCN_DIRECTION_BOTH, .auto_resolve = TCN_RESOLVE_ALWAYS, .settle_ms = 2000,
        .visibility_ms = VISIBLE_MS, .n_fields = 2,
        .caps = TOCSIN_CAN(TOCSIN_CREATE) | TOCSIN_CAN(TOCSIN_FIND) | TOCSIN_CAN(TOCSIN_GET) | TOCSIN_CAN(TOCSIN_WRITE) |
                TOCSIN_CAN(TOCSIN_NOTE) | TOCSIN_CAN(TOCSIN_NOTE_FIND),
        .lens = {w, lens_out, lens_in, lens_same, lens_status, lens_payload},
    };
    w->wanted.fields[0].policy = &policies[0];
    w->wanted.fields[1].policy = &policies[1];
    set_field(w, 0, json_string("CPU high"));
    set_field(w, 1, json_integer(2));
}

static void close_world(struct world *w)
{
    set_field(w, 0, NULL);
    set_field(w, 1, NULL);
    for (size_t i = 0; i < w->remote.n; i++)
        json_decref(w->remote.records[i].fields);
    tcn_arena_done(&w->arena);
}

static void add_note(struct world *w)
{
    struct tcn_wanted_note *n = &w->all_notes[w->n_all_notes];

    n->seq = (int64_t)++w->n_all_notes;
    n->event_id = tcn_arena_fmt(&w->arena, "event-%03zu", w->n_all_notes);
    n->text = tcn_arena_fmt(&w->arena, "text of %s", n->event_id);
}

/* What the loader does for the algorithm. */
static void load_notes(struct world *w, const struct tcn_link *link)
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

static void tell(struct answer *a, const struct remote *r, size_t i)
{
    snprintf(a->ids[a->n], sizeof a->ids[0], "rec%zu", i);
    snprintf(a->version, sizeof a->version, "%" PRId64, r->records[i].version);
    a->records[a->n] = (struct tocsin_record){.remote_id = a->ids[a->n], .remote_key = a->ids[a->n], .remote_url = "",
                                              .version = a->version, .fields = r->records[i].fields};
    a->n++;
}

static void apply_payload(struct record *rec, json_t *payload)
{
    const char *class = json_string_value(json_object_get(json_object_get(payload, "status"), "class"));
    json_t *fields = json_deep_copy(rec->fields);

    json_object_update(fields, json_object_get(payload, "fields"));
    if (class)
        json_object_set_new(fields, "status", json_string(class));
    json_decref(rec->fields);
    rec->fields = fields;
    rec->version++;
}

/* Events joined in one note: the texts name them all. */
static void write_note(struct record *rec, const char *text)
{
    const char *at = text;

    while ((at = strstr(at, "event-")) != NULL) {
        assert_true(rec->n_notes < NOTES_MAX);
        snprintf(rec->notes[rec->n_notes++], sizeof rec->notes[0], "%.9s", at);
        at += 9;
    }
}

static size_t index_of(const struct world *w, const char *remote_id)
{
    (void)w;
    return (size_t)atoi(remote_id + 3);
}

static bool has_note(const struct record *rec, const char *event_id)
{
    for (size_t i = 0; i < rec->n_notes; i++)
        if (strcmp(rec->notes[i], event_id) == 0)
            return true;
    return false;
}

/* The remote does it. */
static void perform(struct world *w, const struct tcn_step *step, const char *remote_id, struct answer *a)
{
    struct remote *r = &w->remote;
    struct record *rec;
    const char *event = json_string_value(json_object_get(step->payload, "event_id"));

    a->result.outcome = TOCSIN_OK;
    if (step->verb == TOCSIN_FIND) {
        for (size_t i = 0; i < r->n; i++)
            if (r->records[i].visible_ms <= w->now_ms)
                tell(a, r, i);
        return;
    }
    if (step->verb == TOCSIN_CREATE) {
        assert_true(r->n < RECORDS_MAX);
        rec = &r->records[r->n];
        rec->fields = json_pack("{s:s}", "status", "OPEN");
        rec->visible_ms = w->now_ms + (int64_t)chance(VISIBLE_MS);
        apply_payload(rec, step->payload);
        json_object_set_new(rec->fields, "status", json_string("OPEN")); /* it creates in one status only */
        tell(a, r, r->n++);
        return;
    }
    assert_true(remote_id && index_of(w, remote_id) < r->n);
    rec = &r->records[index_of(w, remote_id)];
    if (step->verb == TOCSIN_WRITE) {
        apply_payload(rec, step->payload);
        r->writes++;
    }
    if (step->verb == TOCSIN_NOTE)
        write_note(rec, json_string_value(json_object_get(step->payload, "text")));
    if (step->verb == TOCSIN_NOTE_FIND && !has_note(rec, event))
        a->result.outcome = TOCSIN_GONE;
    if (step->verb == TOCSIN_GET || step->verb == TOCSIN_WRITE)
        tell(a, r, index_of(w, remote_id));
}

static bool refuses(struct world *w, const struct tcn_step *step, struct answer *a)
{
    if (!w->refuse_field || !json_object_get(json_object_get(step->payload, "fields"), w->refuse_field))
        return false;
    a->result.outcome = TOCSIN_REJECTED;
    a->status = 400;
    a->bad_field = w->refuse_field;
    snprintf(a->result.reason, sizeof a->result.reason, "the remote answered 400");
    return true;
}

static bool leaves_trace(uint32_t verb)
{
    return verb == TOCSIN_CREATE || verb == TOCSIN_NOTE || verb == TOCSIN_SEND;
}

/* The network and the remote at their worst; true when the process dies before it learns the outcome. */
static bool call(struct world *w, const struct tcn_step *step, const char *remote_id, struct answer *a)
{
    uint64_t luck = w->with_faults ? chance(12) : 11;

    memset(a, 0, sizeof *a);
    w->calls[step->verb]++;
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

static void take_effects(struct world *w, struct tcn_effects *fx)
{
    for (size_t i = 0; i < fx->n_say; i++) {
        size_t n = strlen(w->said);

        snprintf(w->said + n, sizeof w->said - n, "%s\n", fx->say[i]);
    }
    w->deadletters += fx->deadletter != NULL;
    w->clears += fx->clear_deadletters;
    *fx = (struct tcn_effects){.n_say = 0};
}

/* The store keeps copies: nothing of the row may live elsewhere. */
static void commit(struct world *w, const struct tcn_link *link)
{
    w->link = *link;
}

static struct tcn_ensure engine(struct world *w, struct tcn_link *link, struct tcn_progress *p, struct tcn_effects *fx)
{
    load_notes(w, link);
    return (struct tcn_ensure){.wanted = &w->wanted, .progress = p, .link = link, .effects = fx,
                               .arena = &w->arena, .now_ms = w->now_ms, .random = chance(UINT64_MAX)};
}

/* One run of the lane: until it rests or the process dies. */
static void run_lane(struct world *w)
{
    struct tcn_link link = w->link;
    struct tcn_progress p = {0};
    struct tcn_effects fx = {0};
    struct tcn_step step;
    struct tcn_ensure e = engine(w, &link, &p, &fx);
    unsigned calls = 0;

    tcn_ensure_plan(&e, &step);
    take_effects(w, &fx);
    commit(w, &link);
    while (step.kind == TCN_STEP_CALL) {
        struct answer a;
        struct tcn_learned got;
        bool dies, go_on;

        assert_true(link.is_in_flight && link.due_ms > 0);
        assert_true(++calls < 60); /* every run ends */
        dies = call(w, &step, link.remote_id, &a);
        w->now_ms += 50;
        if (w->with_faults && chance(10) == 0) { /* the incident changes while the call is out */
            set_field(w, 0, json_sprintf("title %d", (int)chance(1000)));
            touch(w);
        }
        if (dies)
            break;
        got = (struct tcn_learned){.result = &a.result, .net = a.net, .status = a.status, .steps = 1,
                                   .records = a.records, .n_records = a.n};
        if (a.bad_field)
            got.bad_fields[got.n_bad_fields++] = a.bad_field;
        e = engine(w, &link, &p, &fx);
        go_on = tcn_ensure_apply(&e, &step, &got);
        take_effects(w, &fx);
        tcn_step_done(&step);
        if (go_on) {
            e = engine(w, &link, &p, &fx);
            tcn_ensure_plan(&e, &step);
            take_effects(w, &fx);
        }
        commit(w, &link);
    }
    tcn_step_done(&step);
    tcn_progress_done(&p);
}

/* Time passes until the lane is due. False when it wants nothing more. */
static bool wait_due(struct world *w)
{
    if (w->link.due_ms == 0)
        return false;
    if (w->link.due_ms > w->now_ms)
        w->now_ms = w->link.due_ms;
    return true;
}

static void settle(struct world *w)
{
    for (int i = 0; i < 400 && wait_due(w); i++)
        run_lane(w);
    assert_int_equal(w->link.due_ms, 0);
}

static void wake(struct world *w)
{
    if (w->link.state != TCN_LINK_BLOCKED && (w->link.due_ms == 0 || w->link.due_ms > w->now_ms))
        w->link.due_ms = w->now_ms;
}

static const char *remote_text(const struct world *w, const char *field)
{
    return json_string_value(json_object_get(w->remote.records[0].fields, field));
}

/* -- cases ------------------------------------------------------------------------------------------------------ */

static void plain_life(void **unused)
{
    struct world w;

    (void)unused;
    seed = 1;
    open_world(&w);
    add_note(&w);
    settle(&w);
    assert_int_equal(w.remote.n, 1);
    assert_int_equal(w.link.state, TCN_LINK_LINKED);
    assert_string_equal(w.link.remote_id, "rec0");
    assert_string_equal(remote_text(&w, "title"), "CPU high");
    assert_int_equal(w.calls[TOCSIN_FIND], 0); /* nothing to look for the first time */
    assert_int_equal(w.calls[TOCSIN_CREATE], 1);
    assert_int_equal(w.calls[TOCSIN_WRITE], 0); /* the echo says that it is as wanted */
    assert_int_equal(w.remote.records[0].n_notes, 1);
    assert_non_null(strstr(w.said, "Created rec0 in jira"));
    w.now_ms += 60000;
    w.wanted.status = TCN_CLASS_ACKED;
    touch(&w);
    wake(&w);
    settle(&w);
    assert_string_equal(remote_text(&w, "status"), "ACKED");
    assert_int_equal(w.calls[TOCSIN_GET], 1);
    assert_int_equal(w.remote.writes, 1);
    assert_string_equal(w.link.base_status, "ACKED");
    wake(&w);
    settle(&w);
    assert_int_equal(w.calls[TOCSIN_GET], 1); /* nothing changed: nothing is called */
    close_world(&w);
}

static void texts_settle_status_does_not(void **unused)
{
    struct world w;
    int64_t before;

    (void)unused;
    seed = 2;
    open_world(&w);
    settle(&w);
    w.now_ms += 60000;
    for (int i = 0; i < 5; i++) {
        set_field(&w, 0, json_sprintf("title %d", i));
        touch(&w);
        wake(&w);
        run_lane(&w);
        w.now_ms += 300;
    }
    settle(&w);
    assert_int_equal(w.remote.writes, 1); /* five changes, one write */
    assert_string_equal(remote_text(&w, "title"), "title 4");
    w.now_ms += 60000;
    before = w.now_ms;
    w.wanted.status = TCN_CLASS_RESOLVED;
    touch(&w);
    wake(&w);
    run_lane(&w);
    assert_string_equal(remote_text(&w, "status"), "RESOLVED");
    assert_true(w.now_ms - before < 1000);
    close_world(&w);
}

static void fresh_base_needs_no_get(void **unused)
{
    struct world w;

    (void)unused;
    seed = 3;
    open_world(&w);
    settle(&w);
    w.wanted.status = TCN_CLASS_ACKED; /* within five seconds of the create */
    touch(&w);
    wake(&w);
    settle(&w);
    assert_int_equal(w.calls[TOCSIN_GET], 0);
    assert_string_equal(remote_text(&w, "status"), "ACKED");
    close_world(&w);
}

static void a_class_is_not_overwritten(void **unused)
{
    struct world w;

    (void)unused;
    seed = 4;
    open_world(&w);
    settle(&w);
    json_object_set_new(w.remote.records[0].fields, "status", json_string("HOLD"));
    w.now_ms += 60000;
    w.wanted.status = TCN_CLASS_ACKED;
    touch(&w);
    wake(&w);
    settle(&w);
    assert_string_equal(remote_text(&w, "status"), "HOLD");
    assert_int_equal(w.remote.writes, 0);
    w.wanted.status = TCN_CLASS_RESOLVED;
    touch(&w);
    wake(&w);
    settle(&w);
    assert_string_equal(remote_text(&w, "status"), "RESOLVED");
    close_world(&w);
}

static void answer_lost_is_looked_up(void **unused)
{
    struct world w;

    (void)unused;
    seed = 5;
    open_world(&w);
    w.link.create_attempts = 1; /* a process died between its call and its result ... */
    w.link.is_uncertain = true;
    w.link.state = TCN_LINK_CREATING;
    w.link.last_attempt_ms = w.now_ms;
    w.remote.records[0] = (struct record){.visible_ms = w.now_ms + 4000,
                                          .fields = json_pack("{s:s s:s}", "status", "OPEN", "title", "old")};
    w.remote.n = 1; /* ... and the remote shows it only 4 s later */
    settle(&w);
    assert_int_equal(w.remote.n, 1);
    assert_int_equal(w.calls[TOCSIN_CREATE], 0);
    assert_int_equal(w.calls[TOCSIN_FIND], 2);
    assert_string_equal(remote_text(&w, "title"), "CPU high");
    assert_non_null(strstr(w.said, "Found rec0"));
    close_world(&w);
}

static void the_oldest_is_adopted(void **unused)
{
    struct world w;

    (void)unused;
    seed = 6;
    open_world(&w);
    w.link.is_uncertain = true;
    for (size_t i = 0; i < 2; i++)
        w.remote.records[w.remote.n++] = (struct record){.fields = json_pack("{s:s}", "status", "OPEN")};
    settle(&w);
    assert_string_equal(w.link.remote_id, "rec0");
    assert_non_null(strstr(w.said, "2 records of jira carry this incident's mark; rec0"));
    close_world(&w);
}

static void refused_optional_field_is_dropped(void **unused)
{
    struct world w;

    (void)unused;
    seed = 7;
    open_world(&w);
    w.refuse_field = "impact";
    settle(&w);
    assert_int_equal(w.remote.n, 1);
    assert_null(json_object_get(w.remote.records[0].fields, "impact"));
    assert_int_equal(w.deadletters, 0);
    assert_non_null(strstr(w.said, "jira refuses the field impact"));
    close_world(&w);
}

static void refused_title_blocks(void **unused)
{
    struct world w;

    (void)unused;
    seed = 8;
    open_world(&w);
    w.refuse_field = "title";
    settle(&w);
    assert_int_equal(w.remote.n, 0);
    assert_int_equal(w.link.state, TCN_LINK_BLOCKED);
    assert_int_equal(w.deadletters, 1);
    assert_non_null(w.link.blocked_reason);
    w.refuse_field = NULL;
    tcn_ensure_retry(&w.link, w.now_ms);
    settle(&w);
    assert_int_equal(w.remote.n, 1);
    assert_int_equal(w.clears, 1); /* a success clears the dead letters */
    assert_null(w.link.blocked_reason);
    close_world(&w);
}

static void gone_record_is_lost_after_three_looks(void **unused)
{
    struct world w;
    struct tcn_link link;
    struct tcn_progress p = {0};
    struct tcn_effects fx = {0};
    struct tocsin_result gone = {.outcome = TOCSIN_GONE, .reason = "the remote answered 404"};
    int64_t start;

    (void)unused;
    seed = 9;
    open_world(&w);
    settle(&w);
    w.now_ms += 60000;
    touch(&w);
    wake(&w);
    start = w.now_ms;
    for (int i = 0; i < 3; i++) {
        struct tcn_ensure e;
        struct tcn_step step;

        assert_true(wait_due(&w));
        link = w.link;
        e = engine(&w, &link, &p, &fx);
        w.now_ms = w.now_ms < w.wanted.modified_ms + 2000 ? w.wanted.modified_ms + 2000 : w.now_ms;
        e.now_ms = w.now_ms;
        tcn_ensure_plan(&e, &step);
        assert_int_equal(step.verb, TOCSIN_GET);
        assert_false(tcn_ensure_apply(&e, &step, &(struct tcn_learned){.result = &gone, .status = 404, .steps = 1}));
        tcn_step_done(&step);
        take_effects(&w, &fx);
        commit(&w, &link);
    }
    assert_int_equal(w.link.state, TCN_LINK_LOST);
    assert_true(w.now_ms - start >= TCN_ENSURE_GONE_MS);
    assert_non_null(strstr(w.said, "does not exist any more"));
    tcn_progress_done(&p);
    close_world(&w);
}

static void short_incidents_get_no_record(void **unused)
{
    struct world w;

    (void)unused;
    seed = 10;
    open_world(&w);
    w.wanted.status = TCN_CLASS_RESOLVED;
    w.wanted.resolved_ms = w.now_ms + 5000;
    settle(&w);
    assert_int_equal(w.remote.n, 0);
    w.wanted.status = TCN_CLASS_OPEN; /* it came back */
    w.wanted.resolved_ms = 0;
    touch(&w);
    wake(&w);
    settle(&w);
    assert_int_equal(w.remote.n, 1);
    close_world(&w);
    open_world(&w);
    w.wanted.status = TCN_CLASS_RESOLVED;
    w.wanted.resolved_ms = w.now_ms + 5000;
    w.wanted.short_lived = TCN_SHORT_CREATE;
    settle(&w);
    assert_int_equal(w.remote.n, 1);
    assert_string_equal(remote_text(&w, "status"), "RESOLVED");
    close_world(&w);
}

static void resolve_waits_for_people(void **unused)
{
    struct world w;

    (void)unused;
    seed = 11;
    open_world(&w);
    w.wanted.auto_resolve = TCN_RESOLVE_UNLESS_ACKED;
    settle(&w);
    json_object_set_new(w.remote.records[0].fields, "status", json_string("ACKED"));
    w.now_ms += 60000;
    w.wanted.status = TCN_CLASS_RESOLVED;
    w.wanted.resolved_ms = w.now_ms;
    w.wanted.by_alarm = true;
    touch(&w);
    wake(&w);
    settle(&w);
    assert_string_equal(remote_text(&w, "status"), "ACKED");
    assert_non_null(strstr(w.said, "The alarm is over"));
    w.said[0] = 0;
    touch(&w);
    wake(&w);
    settle(&w);
    assert_null(strstr(w.said, "The alarm is over")); /* once */
    w.wanted.by_alarm = false; /* a person resolves */
    touch(&w);
    wake(&w);
    settle(&w);
    assert_string_equal(remote_text(&w, "status"), "RESOLVED");
    close_world(&w);
}

static void notes_are_joined_and_paced(void **unused)
{
    struct world w;

    (void)unused;
    seed = 12;
    open_world(&w);
    settle(&w);
    for (int i = 0; i < 50; i++)
        add_note(&w);
    wake(&w);
    w.now_ms += 10000;
    settle(&w);
    assert_int_equal(w.remote.records[0].n_notes, 50);
    assert_int_equal(w.calls[TOCSIN_NOTE], 3); /* 20 + 20 + 10 */
    assert_int_equal(w.link.notes_seq, 50);
    assert_int_equal(w.link.pending_note_seq, 0);
    close_world(&w);
}

static void long_failure_is_told_then_rests(void **unused)
{
    struct world w;
    struct tocsin_result down = {.outcome = TOCSIN_RETRY, .reason = "not sent: connection refused"};
    int64_t start;
    int runs = 0;

    (void)unused;
    seed = 13;
    open_world(&w);
    start = w.now_ms;
    while (wait_due(&w) && runs++ < 5000) {
        struct tcn_link link = w.link;
        struct tcn_progress p = {0};
        struct tcn_effects fx = {0};
        struct tcn_step step;
        struct tcn_ensure e = engine(&w, &link, &p, &fx);

        tcn_ensure_plan(&e, &step);
        if (step.kind == TCN_STEP_CALL)
            tcn_ensure_apply(&e, &step, &(struct tcn_learned){.result = &down, .net = TOCSIN_NET_NOT_SENT, .steps = 1});
        take_effects(&w, &fx);
        commit(&w, &link);
        tcn_step_done(&step);
        tcn_progress_done(&p);
    }
    assert_int_equal(w.deadletters, 1);
    assert_true(w.now_ms - start >= TCN_ENSURE_STOP_MS);
    assert_false(w.link.is_uncertain); /* nothing was ever sent */
    settle(&w);
    touch(&w);
    wake(&w);
    settle(&w); /* the next change finds it working */
    assert_int_equal(w.remote.n, 1);
    close_world(&w);
}

/* A remote that turns the title into something else after each write. */
static void rewriting_remote_is_left_alone(void **unused)
{
    struct world w;

    (void)unused;
    seed = 14;
    open_world(&w);
    settle(&w);
    set_field(&w, 0, json_string("Disk full"));
    for (int i = 0; i < 8; i++) {
        w.now_ms += 10000;
        touch(&w);
        wake(&w);
        settle(&w);
        json_object_set_new(w.remote.records[0].fields, "title", json_string("SHOUTED"));
        /* Both sides differ from the base each time. */
        w.link.base = "{\"title\":\"x\"}";
    }
    assert_int_equal(w.remote.writes, 3);
    assert_non_null(strstr(w.said, "jira rewrites title"));
    close_world(&w);
}

/* -- everything goes wrong -------------------------------------------------------------------------------------- */

static void check_notes(const struct world *w)
{
    const struct record *rec = &w->remote.records[0];

    assert_int_equal(rec->n_notes, w->n_all_notes);
    for (size_t i = 0; i < rec->n_notes; i++)
        assert_string_equal(rec->notes[i], w->all_notes[i].event_id);
}

static void one_story(uint64_t number)
{
    struct world w;

    seed = number * 7919 + 1;
    open_world(&w);
    w.with_faults = true;
    for (int i = 0; i < 40; i++) {
        uint64_t what = chance(8);

        if (what == 0 && w.n_all_notes < NOTES_MAX - 1) {
            add_note(&w);
            wake(&w);
        } else if (what == 1) {
            w.wanted.status = (enum tcn_class)(TCN_CLASS_OPEN + chance(3));
            w.wanted.resolved_ms = w.wanted.status == TCN_CLASS_RESOLVED ? w.now_ms + 20000 : 0;
            touch(&w);
            wake(&w);
        } else if (what == 2) {
            w.now_ms += (int64_t)chance(20000);
        }
        if (w.link.due_ms > 0 && chance(3) > 0) {
            wait_due(&w);
            run_lane(&w);
        }
        if (w.remote.n > 1)
            fail_msg("seed %d step %d: %zu records", (int)number, i, w.remote.n);
    }
    w.with_faults = false;
    w.wanted.status = TCN_CLASS_OPEN + number % 3;
    w.wanted.resolved_ms = w.wanted.status == TCN_CLASS_RESOLVED ? w.now_ms + 20000 : 0;
    touch(&w);
    wake(&w);
    settle(&w);
    if (w.remote.n != 1)
        fail_msg("seed %d: %zu records", (int)number, w.remote.n);
    assert_string_equal(remote_text(&w, "title"), json_string_value(w.wanted.fields[0].local));
    assert_string_equal(remote_text(&w, "status"), tcn_class_name(w.wanted.status));
    assert_int_equal(w.link.state, TCN_LINK_LINKED);
    check_notes(&w);
    close_world(&w);
}

static void stories(void **unused)
{
    (void)unused;
    for (uint64_t number = 1; number <= 3000; number++)
        one_story(number);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_life),
        cmocka_unit_test(texts_settle_status_does_not),
        cmocka_unit_test(fresh_base_needs_no_get),
        cmocka_unit_test(a_class_is_not_overwritten),
        cmocka_unit_test(answer_lost_is_looked_up),
        cmocka_unit_test(the_oldest_is_adopted),
        cmocka_unit_test(refused_optional_field_is_dropped),
        cmocka_unit_test(refused_title_blocks),
        cmocka_unit_test(gone_record_is_lost_after_three_looks),
        cmocka_unit_test(short_incidents_get_no_record),
        cmocka_unit_test(resolve_waits_for_people),
        cmocka_unit_test(notes_are_joined_and_paced),
        cmocka_unit_test(long_failure_is_told_then_rests),
        cmocka_unit_test(rewriting_remote_is_left_alone),
        cmocka_unit_test(stories),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
