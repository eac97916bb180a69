/* What travels in a CREATE or WRITE, and what is remembered of it. */
#include "connect/ensure.h"
#include "connect/ring.h"

#include <assert.h>
#include <stdio.h>

#define PUSHES_MAX 3

json_t *tcn_ensure_base(const struct tcn_link *link)
{
    json_t *base = NULL;

    if (link->base)
        (void)tcn_json_parse(tcn_str(link->base), &tcn_json_api, &base, NULL);
    return base;
}

void tcn_ensure_set_base(struct tcn_ensure *e, json_t *base)
{
    char *text = base ? json_dumps(base, JSON_COMPACT | JSON_SORT_KEYS) : NULL;

    e->link->base = tcn_arena_strdup(e->arena, text);
    free(text);
    json_decref(base);
}

static bool is_dropped(const struct tcn_progress *p, const char *name)
{
    for (size_t i = 0; i < p->n_dropped; i++)
        if (strcmp(p->dropped[i], name) == 0)
            return true;
    return false;
}

/* Adds the members of from (stolen) that were not dropped; true when there was one. */
static bool add_members(struct tcn_ensure *e, json_t *to, json_t *from)
{
    const char *name;
    json_t *value;
    bool any = false;

    json_object_foreach(from, name, value)
    {
        if (is_dropped(e->progress, name))
            continue;
        json_object_set(to, name, value);
        any = true;
    }
    json_decref(from);
    return any;
}

/* The names inside "with" can be refused, too. */
static json_t *status_payload(struct tcn_ensure *e, enum tcn_class class)
{
    const struct tcn_lens *lens = &e->wanted->lens;
    json_t *payload = lens->status_payload ? lens->status_payload(lens->ctx, class) : NULL;

    for (size_t i = 0; i < e->progress->n_dropped; i++)
        json_object_del(json_object_get(payload, "with"), e->progress->dropped[i]);
    return payload;
}

static json_t *out(struct tcn_ensure *e, size_t field, json_t *value)
{
    const struct tcn_lens *lens = &e->wanted->lens;

    return value ? lens->out(lens->ctx, field, value) : NULL;
}

/* The incident may change while the call runs: what was sent is kept with it. */
static void remember(struct tcn_step *step, const char *field, json_t *value)
{
    if (!step->sent)
        step->sent = json_object();
    json_object_set(step->sent, field, value);
}

static bool goes_out(const struct tcn_mapping_field *policy)
{
    return policy->direction == TCN_DIRECTION_OUT || policy->direction == TCN_DIRECTION_BOTH;
}

void tcn_ensure_create_payload(struct tcn_ensure *e, struct tcn_step *step)
{
    const struct tcn_wanted *w = e->wanted;
    json_t *fields = json_object(), *status = NULL;

    add_members(e, fields, json_incref(w->create));
    for (size_t i = 0; i < w->n_fields; i++)
        if (goes_out(w->fields[i].policy) && add_members(e, fields, out(e, i, w->fields[i].local)))
            remember(step, w->fields[i].policy->name, w->fields[i].local);
    step->payload = json_pack("{s:o}", "fields", fields);
    if (w->status != TCN_CLASS_OPEN)
        status = status_payload(e, w->status);
    if (status)
        json_object_set_new(step->payload, "status", status);
    step->class = w->status;
}

/* -- writes whose answer was lost ------------------------------------------------------------------------------ */

#define STATUS_TRY "status"

void tcn_ensure_try(struct tcn_ensure *e, const struct tcn_step *step)
{
    const char *name;
    json_t *value;

    json_object_foreach(step->sent, name, value)
        tcn_ring_try(e->link, name, value, e->now_ms, e->arena);
    if (step->class != TCN_CLASS_UNSET) {
        value = json_string(tcn_class_name(step->class));
        tcn_ring_try(e->link, STATUS_TRY, value, e->now_ms, e->arena);
        json_decref(value);
    }
}

/* The remote holds what we may have written: no person changed it. */
static bool is_ours(struct tcn_ensure *e, size_t field, json_t *remote)
{
    const struct tcn_lens *lens = &e->wanted->lens;
    json_t *tries = tcn_ring_tries(e->link, e->wanted->fields[field].policy->name);
    bool found = false;

    for (size_t i = 0; i < json_array_size(tries) && remote && !found; i++)
        found = lens->same(lens->ctx, field, json_array_get(tries, i), remote);
    json_decref(tries);
    return found;
}

static bool is_our_class(struct tcn_ensure *e, enum tcn_class class)
{
    json_t *tries = tcn_ring_tries(e->link, STATUS_TRY);
    bool found = false;

    for (size_t i = 0; i < json_array_size(tries) && class != TCN_CLASS_UNSET && !found; i++)
        found = tcn_class_parse(json_string_value(json_array_get(tries, i))) == class;
    json_decref(tries);
    return found;
}

/* -- fields --------------------------------------------------------------------------------------------------- */

/* Pushed again and again, and something over there changes it back: let it be, and say so once. */
static bool is_rewritten(struct tcn_ensure *e, const char *name, json_t *value)
{
    char hash[TCN_RING_HASH], text[200];

    tcn_ring_hash(value, hash);
    if (tcn_ring_streak(e->link, name, hash, e->now_ms - TCN_ENSURE_REWRITE_MS) < PUSHES_MAX)
        return false;
    snprintf(text, sizeof text, "%s rewrites %s: the value there stays", e->link->connector, name);
    tcn_ensure_say_once(e, "#rewritten", hash, false, text);
    return true;
}

/* What is known of the remote's value of field i: read in this run, or the fresh base. Yours. */
static json_t *remote_value(const struct tcn_ensure *e, size_t i, const json_t *base)
{
    const struct tcn_lens *lens = &e->wanted->lens;

    if (e->progress->record)
        return lens->in(lens->ctx, i, e->progress->record);
    return json_incref(json_object_get(base, e->wanted->fields[i].policy->name));
}

static void compare(const struct tcn_ensure *e, size_t i, json_t *base, json_t *remote,
                    struct tcn_merge_input *ret)
{
    const struct tcn_wanted_field *f = &e->wanted->fields[i];
    const struct tcn_lens *lens = &e->wanted->lens;
    json_t *b = json_object_get(base, f->policy->name);

    *ret = (struct tcn_merge_input){
        .base = b,
        .local = f->local,
        .remote = remote,
        .has_base = b != NULL,
        .local_is_remote = lens->same(lens->ctx, i, f->local, remote),
        .remote_is_base = b && lens->same(lens->ctx, i, remote, b),
        .local_is_base = b && lens->same(lens->ctx, i, f->local, b),
        .direction = f->policy->direction,
        .conflict = f->policy->conflict,
        .enforce = f->policy->enforce,
        .local_ms = e->wanted->modified_ms,
    };
}

/* A field that the record does not tell (write-only there) is compared with what was last written. */
static json_t *remote_or_base(const struct tcn_ensure *e, size_t i, json_t *base)
{
    json_t *remote = remote_value(e, i, base);

    return remote ? remote : json_incref(json_object_get(base, e->wanted->fields[i].policy->name));
}

static void push_field(struct tcn_ensure *e, size_t i, json_t *value, json_t *to,
                       struct tcn_step *step)
{
    const char *name = e->wanted->fields[i].policy->name;

    if (!is_rewritten(e, name, value) && add_members(e, to, out(e, i, value)))
        remember(step, name, value);
}

/* True when a person must decide. */
static bool merge_one(struct tcn_ensure *e, size_t i, json_t *base, json_t *to,
                      struct tcn_step *step)
{
    const struct tcn_wanted_field *f = &e->wanted->fields[i];
    json_t *remote = remote_or_base(e, i, base);
    struct tcn_merge_input in;
    struct tcn_merge m;

    if (e->progress->record && is_ours(e, i, remote))
        json_object_set(base, f->policy->name, remote);
    compare(e, i, base, remote, &in);
    tcn_merge_field(&in, &m);
    if (m.verdict == TCN_MERGE_AGREE && f->local)
        json_object_set(base, f->policy->name, f->local);
    else if (m.verdict == TCN_MERGE_PUSH || m.verdict == TCN_MERGE_BOTH)
        push_field(e, i, m.value, to, step);
    if (m.is_conflict && m.verdict == TCN_MERGE_PUSH)
        tcn_ensure_say(e, false, "%s and this incident both changed %s: ours was written",
                       e->link->connector, f->policy->name);
    tcn_merge_done(&m);
    json_decref(remote);
    return m.verdict == TCN_MERGE_HOLD;
}

/* -- status --------------------------------------------------------------------------------------------------- */

static void status_input(struct tcn_ensure *e, struct tcn_status_input *ret)
{
    const struct tcn_wanted *w = e->wanted;
    struct tcn_remote_status seen = {.class = tcn_class_parse(e->link->base_status)};

    seen.accepts = seen.class == w->status;
    if (e->progress->record && w->lens.status)
        w->lens.status(w->lens.ctx, e->progress->record, w->status, &seen);
    if (e->progress->record && is_our_class(e, seen.class))
        e->link->base_status = tcn_class_name(seen.class);
    *ret = (struct tcn_status_input){
        .base = tcn_class_parse(e->link->base_status),
        .local = w->status,
        .remote = seen.class,
        .accepts = seen.accepts,
        .is_terminal = seen.is_terminal,
        .by_alarm = w->by_alarm,
        .is_firing = w->is_firing,
        .direction = w->status_direction,
        .auto_resolve = w->auto_resolve,
        .while_firing = w->while_firing,
    };
}

static void say_status(struct tcn_ensure *e, enum tcn_status_note note)
{
    const char *key =
        e->link->remote_key && e->link->remote_key[0] ? e->link->remote_key : "the record";
    char text[300], hash[24];

    if (note == TCN_NOTE_NONE)
        return;
    snprintf(hash, sizeof hash, "%d.%lld", (int)note, (long long)e->wanted->resolved_ms);
    if (note == TCN_NOTE_ALARM_OK)
        snprintf(text, sizeof text,
                 "The alarm is over. Somebody works on %s in %s: its status stays.", key,
                 e->link->connector);
    else if (note == TCN_NOTE_STILL_FIRING)
        snprintf(text, sizeof text, "%s was resolved in %s, but the alarm is still firing.", key,
                 e->link->connector);
    else
        snprintf(text, sizeof text, "%s in %s is closed for good: its status cannot follow.", key,
                 e->link->connector);
    tcn_ensure_say_once(e, "#status", hash, note != TCN_NOTE_TERMINAL, text);
}

/* ret_resolved: the record is resolved, or will be by this write. */
static json_t *merge_status(struct tcn_ensure *e, struct tcn_step *step, bool *ret_resolved)
{
    struct tcn_status_input in;
    struct tcn_status_merge m;
    json_t *payload = NULL;

    status_input(e, &in);
    tcn_merge_status(&in, &m);
    say_status(e, m.note);
    if (m.verdict == TCN_MERGE_AGREE)
        e->link->base_status = tcn_class_name(in.local);
    if (m.verdict == TCN_MERGE_PUSH && (payload = status_payload(e, m.value)) != NULL)
        step->class = m.value;
    *ret_resolved = step->class == TCN_CLASS_RESOLVED ||
                    (m.verdict == TCN_MERGE_AGREE && in.local == TCN_CLASS_RESOLVED);
    return payload;
}

/* Close codes belong to a record that is closed. */
static bool takes_part(const struct tcn_mapping_field *policy, bool is_resolved)
{
    return policy->on == TCN_ON_ALWAYS && (is_resolved || strcmp(policy->name, "resolution") != 0);
}

static void hold(struct tcn_ensure *e, const char *field)
{
    char id[TCN_ID_TEXT];

    tcn_id_text(e->link->id, id);
    e->link->state = TCN_LINK_BLOCKED;
    e->link->blocked_reason =
        tcn_arena_fmt(e->arena,
                      "both sides changed %s: make it the same on both, then POST "
                      "/v1/links/%s/retry",
                      field, id);
    tcn_ensure_say(e, false, "%s: %s", e->link->connector, e->link->blocked_reason);
}

bool tcn_ensure_merge(struct tcn_ensure *e, struct tcn_step *step)
{
    const struct tcn_wanted *w = e->wanted;
    json_t *base = tcn_ensure_base(e->link), *fields = json_object(), *status;
    const char *held = NULL;
    bool is_resolved;

    if (!base)
        base = json_object();
    status = merge_status(e, step, &is_resolved);
    for (size_t i = 0; i < w->n_fields && !held; i++)
        if (takes_part(w->fields[i].policy, is_resolved) && merge_one(e, i, base, fields, step))
            held = w->fields[i].policy->name;
    tcn_ensure_set_base(e, base);
    if (e->progress->record) /* whatever was lost, this is what the remote holds now */
        tcn_ring_settle(e->link, e->arena);
    if (held) {
        json_decref(fields);
        json_decref(status);
        hold(e, held);
        return true;
    }
    if (status || json_object_size(fields) > 0)
        step->payload = json_object();
    if (json_object_size(fields) > 0)
        json_object_set(step->payload, "fields", fields);
    if (status)
        json_object_set_new(step->payload, "status", status);
    json_decref(fields);
    return false;
}

/* -- afterwards ----------------------------------------------------------------------------------------------- */

static void say_not_applied(struct tcn_ensure *e, const char *name, const char *hash)
{
    char text[200];

    snprintf(text, sizeof text, "%s did not keep the %s that was written", e->link->connector,
             name);
    tcn_ensure_say_once(e, "#not_applied", hash, false, text);
}

static void written_one(struct tcn_ensure *e, size_t i, json_t *sent, json_t *base, json_t *echo)
{
    const struct tcn_mapping_field *policy = e->wanted->fields[i].policy;
    const struct tcn_lens *lens = &e->wanted->lens;
    json_t *now = echo ? lens->in(lens->ctx, i, echo) : NULL;
    char hash[TCN_RING_HASH];

    tcn_ring_hash(sent, hash);
    tcn_ring_add(e->link, policy->name, hash, e->now_ms, e->arena);
    /* A write-only field tells nothing; one that came back different was not applied. */
    if (now && policy->on == TCN_ON_ALWAYS && !lens->same(lens->ctx, i, now, sent)) {
        say_not_applied(e, policy->name, hash);
        json_object_set(base, policy->name, now);
    } else {
        json_object_set(base, policy->name, sent);
    }
    json_decref(now);
}

static void written_status(struct tcn_ensure *e, const struct tcn_step *step, json_t *echo)
{
    const struct tcn_wanted *w = e->wanted;
    struct tcn_remote_status seen = {.class = TCN_CLASS_UNSET};

    if (step->class == TCN_CLASS_UNSET)
        return;
    if (echo && w->lens.status) {
        w->lens.status(w->lens.ctx, echo, step->class, &seen);
        e->link->base_status = tcn_class_name(seen.accepts ? step->class : seen.class);
    } else if (step->verb == TOCSIN_WRITE || step->class == TCN_CLASS_OPEN) {
        e->link->base_status = tcn_class_name(step->class);
    }
}

void tcn_ensure_written(struct tcn_ensure *e, const struct tcn_step *step,
                        const struct tocsin_record *echo)
{
    json_t *base = tcn_ensure_base(e->link), *fields = echo ? echo->fields : NULL;

    if (!base)
        base = json_object();
    for (size_t i = 0; i < e->wanted->n_fields; i++) {
        json_t *sent = json_object_get(step->sent, e->wanted->fields[i].policy->name);

        if (sent)
            written_one(e, i, sent, base, fields);
    }
    written_status(e, step, fields);
    tcn_ensure_set_base(e, base);
    tcn_ring_settle(e->link, e->arena);
    e->link->last_write_ms = e->now_ms;
}

/* The title, without which there is no record. */
static bool is_required(const struct tcn_ensure *e, const char *name)
{
    for (size_t i = 0; i < e->wanted->n_fields; i++) {
        const struct tcn_mapping_field *f = e->wanted->fields[i].policy;

        for (size_t j = 0; strcmp(f->name, "title") == 0 && j < f->n_remote; j++)
            if (strcmp(f->remote[j], name) == 0)
                return true;
    }
    return false;
}

bool tcn_ensure_drop(struct tcn_ensure *e, const struct tcn_learned *got, bool *ret_required)
{
    struct tcn_progress *p = e->progress;
    size_t before = p->n_dropped;

    *ret_required = false;
    for (size_t i = 0; i < got->n_bad_fields; i++) {
        const char *name = got->bad_fields[i];

        if (is_required(e, name)) {
            *ret_required = true;
            return false;
        }
        if (p->n_dropped == TCN_ENSURE_DROPPED_MAX || strlen(name) >= sizeof p->dropped[0] ||
            is_dropped(p, name))
            continue;
        memcpy(p->dropped[p->n_dropped++], name, strlen(name) + 1);
        tcn_ensure_say(e, false, "%s refuses the field %s: written without it", e->link->connector,
                       name);
    }
    return p->n_dropped > before;
}
