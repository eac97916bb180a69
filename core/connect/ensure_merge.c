/* What an incident and its record hold, merged: what is taken over here, what is written there, where a person must decide. */
#include "connect/ensure.h"
#include "connect/ring.h"

#include <stdio.h>
#include <stdlib.h>

#define PUSHES_MAX 3

/* The remote holds what we may have written: no person changed it. Yours; NULL: it holds something else. */
static json_t *our_try(struct tcn_ensure *e, size_t field, json_t *remote)
{
    const struct tcn_lens *lens = &e->wanted->lens;
    json_t *tries = tcn_ring_tries(e->link, e->wanted->fields[field].policy->name), *found = NULL;

    for (size_t i = 0; i < json_array_size(tries) && remote && !found; i++)
        if (lens->same(lens->ctx, field, json_array_get(tries, i), remote))
            found = json_incref(json_array_get(tries, i));
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

json_t *tcn_ensure_resting(const struct tcn_link *link, int64_t now_ms)
{
    return tcn_ring_repeated(link, PUSHES_MAX, now_ms - TCN_ENSURE_REWRITE_MS);
}

/* What is known of the remote's value of field i: by its record, or what was last known where none can be read. Yours. */
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
        .remote_ms = e->progress->changed_ms,
    };
}

/* A field that the record does not tell (write-only there) is compared with what was last written. */
static json_t *remote_or_base(const struct tcn_ensure *e, size_t i, json_t *base)
{
    json_t *remote = remote_value(e, i, base);

    return remote ? remote : json_incref(json_object_get(base, e->wanted->fields[i].policy->name));
}

/* True when it travels. */
static bool push_field(struct tcn_ensure *e, size_t i, json_t *value, json_t *to,
                       struct tcn_step *step)
{
    const char *name = e->wanted->fields[i].policy->name;

    if (!is_rewritten(e, name, value))
        tcn_ensure_add_field(e, i, value, to, step);
    return json_object_get(step->sent, name) != NULL;
}

/* A field as both sides have it, and what follows. */
struct met {
    json_t *remote;
    struct tcn_merge_input in;
    struct tcn_merge m;
};

static json_t *newest_try(struct tcn_ensure *e, const char *name)
{
    json_t *tries = tcn_ring_tries(e->link, name);
    size_t n = json_array_size(tries);
    json_t *newest = n > 0 ? json_incref(json_array_get(tries, n - 1)) : NULL;

    json_decref(tries);
    return newest;
}

static bool is_by_size(const struct tcn_mapping_field *policy)
{
    return policy->conflict == TCN_CONFLICT_MAX || policy->conflict == TCN_CONFLICT_MIN;
}

/* A record that was found by its mark has no base: what it was made with is what both sides held, and whoever gave it another
 * value since was a person. Of a value that goes by its size the remote may have made another one itself. */
static void set_made_with(struct tcn_ensure *e, size_t i, json_t *base)
{
    const struct tcn_mapping_field *policy = e->wanted->fields[i].policy;
    json_t *made_with = newest_try(e, policy->name);

    if (made_with && !json_object_get(base, policy->name) && !is_by_size(policy))
        json_object_set(base, policy->name, made_with);
    json_decref(made_with);
}

static bool was_made_otherwise(struct tcn_ensure *e, size_t i, const struct met *met)
{
    json_t *made_with = met->in.has_base ? NULL : newest_try(e, e->wanted->fields[i].policy->name);

    json_decref(made_with);
    return made_with != NULL &&
           (met->m.verdict == TCN_MERGE_PUSH || met->m.verdict == TCN_MERGE_TAKE);
}

/* A write whose answer was lost came after a later one, or a person gave the record just that value: it may be somebody's loss. */
static bool is_late(struct tcn_ensure *e, size_t i, const json_t *ours, const struct met *met)
{
    return ours && met->m.verdict == TCN_MERGE_PUSH &&
           tcn_ring_is_late(e->link, e->wanted->fields[i].policy->name, ours);
}

static void meet_remote(struct tcn_ensure *e, size_t i, json_t *base, struct met *ret)
{
    json_t *ours = our_try(e, i, ret->remote);

    if (ours)
        json_object_set(base, e->wanted->fields[i].policy->name, ret->remote);
    else
        set_made_with(e, i, base);
    compare(e, i, base, ret->remote, &ret->in);
    tcn_merge_field(&ret->in, &ret->m);
    ret->m.is_conflict |= was_made_otherwise(e, i, ret) || is_late(e, i, ours, ret);
    json_decref(ours);
}

static void meet(struct tcn_ensure *e, size_t i, json_t *base, struct met *ret)
{
    ret->remote = remote_or_base(e, i, base);
    if (e->progress->record) {
        meet_remote(e, i, base, ret);
        return;
    }
    compare(e, i, base, ret->remote, &ret->in);
    tcn_merge_field(&ret->in, &ret->m);
}

static void part(struct met *met)
{
    tcn_merge_done(&met->m);
    json_decref(met->remote);
}

static void meet_conflict(struct tcn_ensure *e, size_t i, const struct met *met, json_t *base,
                          enum tcn_winner winner)
{
    const struct tcn_wanted_field *f = &e->wanted->fields[i];
    const struct tcn_clash clash = {f->policy->name, json_object_get(base, f->policy->name),
                                    f->local, met->remote, winner};

    /* What waits for a person is told with the reason of the block. */
    if (tcn_ensure_conflict(e, &clash) && met->m.verdict != TCN_MERGE_HOLD)
        tcn_ensure_say_conflict(e, &clash);
}

static enum tcn_winner winner_of(const struct met *met, bool is_written)
{
    bool is_union = met->in.conflict == TCN_CONFLICT_UNION && json_is_array(met->m.value);

    if (met->m.verdict == TCN_MERGE_TAKE)
        return is_union ? TCN_WINNER_BOTH : TCN_WINNER_REMOTE;
    if (!is_written)
        return TCN_WINNER_NONE;
    return is_union ? TCN_WINNER_BOTH : TCN_WINNER_LOCAL;
}

/* True when a person must decide. */
static bool push_one(struct tcn_ensure *e, size_t i, const struct met *met, json_t *base,
                     json_t *to, struct tcn_step *step)
{
    const struct tcn_wanted_field *f = &e->wanted->fields[i];
    bool is_written = false;

    if (met->m.verdict == TCN_MERGE_AGREE && f->local)
        json_object_set(base, f->policy->name, f->local);
    else if (met->m.verdict == TCN_MERGE_PUSH || met->m.verdict == TCN_MERGE_BOTH)
        is_written = push_field(e, i, met->m.value, to, step);
    if (met->m.is_conflict)
        meet_conflict(e, i, met, base, winner_of(met, is_written));
    else
        tcn_ensure_no_conflict(e, f->policy->name);
    return met->m.verdict == TCN_MERGE_HOLD;
}

/* What the incident gets, it has once the step is done: of what both sides get, the remote's part is written after that. */
static bool is_taken(struct tcn_ensure *e, size_t i, const struct met *met)
{
    const struct tcn_lens *lens = &e->wanted->lens;

    return met->m.verdict == TCN_MERGE_TAKE ||
           (met->m.verdict == TCN_MERGE_BOTH &&
            !lens->same(lens->ctx, i, e->wanted->fields[i].local, met->m.value));
}

static void take_one(struct tcn_ensure *e, size_t i, const struct met *met, json_t *base,
                     struct tcn_step *step)
{
    const char *name = e->wanted->fields[i].policy->name;

    if (!is_taken(e, i, met))
        return;
    if (!step->taken)
        step->taken = json_object();
    json_object_set(step->taken, name, met->m.value);
    if (met->m.is_conflict)
        meet_conflict(e, i, met, base, winner_of(met, true));
    json_object_set(base, name, met->remote);
}

/* -- both together ------------------------------------------------------------------------------------------------ */

/* The record is resolved, or will be by this step. */
static bool ends_resolved(const struct tcn_ensure *e, const struct tcn_status_merge *m)
{
    return m->verdict == TCN_MERGE_AGREE ? e->wanted->status == TCN_CLASS_RESOLVED
                                         : m->value == TCN_CLASS_RESOLVED;
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

/* All that both sides hold, compared once. */
struct meeting {
    json_t *base;
    struct tcn_status_input status_in;
    struct tcn_status_merge status;
    struct met fields[TCN_ENSURE_FIELDS_MAX];
    bool takes_part[TCN_ENSURE_FIELDS_MAX];
};

static void meet_all(struct tcn_ensure *e, struct meeting *ret)
{
    const struct tcn_wanted *w = e->wanted;

    ret->base = tcn_ensure_base(e->link);
    if (!ret->base)
        ret->base = json_object();
    tcn_ensure_meet_status(e, &ret->status_in, &ret->status);
    for (size_t i = 0; i < w->n_fields; i++) {
        ret->takes_part[i] = takes_part(w->fields[i].policy, ends_resolved(e, &ret->status));
        if (ret->takes_part[i])
            meet(e, i, ret->base, &ret->fields[i]);
    }
}

static void part_all(struct tcn_ensure *e, struct meeting *all)
{
    for (size_t i = 0; i < e->wanted->n_fields; i++)
        if (all->takes_part[i])
            part(&all->fields[i]);
    tcn_ensure_set_base(e, all->base);
}

/* True when there is anything to take. */
static bool take(struct tcn_ensure *e, const struct meeting *all, struct tcn_step *step)
{
    for (size_t i = 0; i < e->wanted->n_fields; i++)
        if (all->takes_part[i])
            take_one(e, i, &all->fields[i], all->base, step);
    if (all->status.verdict == TCN_MERGE_TAKE)
        step->class = tcn_ensure_take_status(e, &all->status_in, &all->status);
    if (!step->taken && step->class == TCN_CLASS_UNSET)
        return false;
    step->kind = TCN_STEP_TAKE;
    return true;
}

/* Fills step->payload. */
static void push(struct tcn_ensure *e, const struct meeting *all, struct tcn_step *step)
{
    const struct tcn_wanted *w = e->wanted;
    json_t *fields = json_object(),
           *status = tcn_ensure_push_status(e, &all->status_in, &all->status, step);
    const char *held = NULL;

    for (size_t i = 0; i < w->n_fields && !held; i++)
        if (all->takes_part[i] && push_one(e, i, &all->fields[i], all->base, fields, step))
            held = w->fields[i].policy->name;
    if (held)
        hold(e, held);
    else if (status || json_object_size(fields) > 0)
        step->payload = json_object();
    if (step->payload && json_object_size(fields) > 0)
        json_object_set(step->payload, "fields", fields);
    if (step->payload && status)
        json_object_set(step->payload, "status", status);
    json_decref(fields);
    json_decref(status);
}

/* Both knew that it was over, the record is closed for good, and the incident was opened again (spec connectors F3a). */
static bool is_past(const struct meeting *all)
{
    return all->status.note == TCN_NOTE_TERMINAL && all->status_in.base == TCN_CLASS_RESOLVED &&
           all->status_in.local != TCN_CLASS_RESOLVED;
}

void tcn_ensure_merge(struct tcn_ensure *e, struct tcn_step *step)
{
    struct meeting all;

    meet_all(e, &all);
    if (is_past(&all) && tcn_ensure_follow(e)) {
        part_all(e, &all);
        tcn_ensure_set_base(e, NULL);
        return;
    }
    if (!take(e, &all, step))
        push(e, &all, step);
    part_all(e, &all);
    /* Whatever was lost, this is what the remote holds now. What is taken is merged once more, and knows of it, too. */
    if (e->progress->record && step->kind != TCN_STEP_TAKE)
        tcn_ring_settle(e->link, 0, e->now_ms, e->arena);
}
