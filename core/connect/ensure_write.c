/* What travels in a CREATE or WRITE, and what is remembered of it. */
#include "connect/ensure.h"
#include "connect/ring.h"

#include <stdio.h>

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
json_t *tcn_ensure_status_payload(struct tcn_ensure *e, enum tcn_class class)
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

void tcn_ensure_add_field(struct tcn_ensure *e, size_t i, json_t *value, json_t *to,
                          struct tcn_step *step)
{
    if (add_members(e, to, out(e, i, value)))
        remember(step, e->wanted->fields[i].policy->name, value);
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
        if (goes_out(w->fields[i].policy))
            tcn_ensure_add_field(e, i, w->fields[i].local, fields, step);
    step->payload = json_pack("{s:o}", "fields", fields);
    if (w->status != TCN_CLASS_OPEN)
        status = tcn_ensure_status_payload(e, w->status);
    if (status)
        json_object_set_new(step->payload, "status", status);
    step->class = w->status;
}

/* -- writes whose answer was lost ------------------------------------------------------------------------------ */

void tcn_ensure_try(struct tcn_ensure *e, const struct tcn_step *step)
{
    const char *name;
    json_t *value;

    json_object_foreach(step->sent, name, value)
        tcn_ring_try(e->link, name, value, e->now_ms, e->arena);
    if (step->class != TCN_CLASS_UNSET) {
        value = json_string(tcn_class_name(step->class));
        tcn_ring_try(e->link, TCN_RING_STATUS, value, e->now_ms, e->arena);
        json_decref(value);
    }
}

/* -- afterwards ----------------------------------------------------------------------------------------------- */

static void say_not_applied(struct tcn_ensure *e, const char *name, const char *hash)
{
    char text[200];

    snprintf(text, sizeof text, "%s did not keep the %s that was written", e->link->connector,
             name);
    tcn_ensure_say_once(e, "#not_applied", hash, false, text);
}

/* What a field has after the write. */
enum kept {
    IS_KEPT,     /* or it tells nothing: it is write-only */
    IS_NOT_KEPT, /* the remote made something else of it */
    IS_OTHERS    /* changed by somebody since, while the write had more steps to go */
};

static enum kept kept(const struct tcn_ensure *e, size_t i, json_t *sent, json_t *before,
                      json_t *now, bool is_late)
{
    const struct tcn_lens *lens = &e->wanted->lens;

    if (!now || e->wanted->fields[i].policy->on != TCN_ON_ALWAYS ||
        lens->same(lens->ctx, i, now, sent))
        return IS_KEPT;
    return is_late && before && !lens->same(lens->ctx, i, now, before) ? IS_OTHERS : IS_NOT_KEPT;
}

static void written_one(struct tcn_ensure *e, size_t i, json_t *sent, json_t *base,
                        const struct tcn_echo *echo)
{
    const char *name = e->wanted->fields[i].policy->name;
    json_t *fields = echo->record ? echo->record->fields : NULL;
    json_t *now = fields ? e->wanted->lens.in(e->wanted->lens.ctx, i, fields) : NULL;
    enum kept is = kept(e, i, sent, json_object_get(base, name), now, echo->is_late);
    char hash[TCN_RING_HASH];

    tcn_ring_hash(sent, hash);
    tcn_ring_add(e->link, name, hash, e->now_ms, e->arena);
    if (is == IS_NOT_KEPT)
        say_not_applied(e, name, hash);
    else
        tcn_ensure_no_conflict(e, name);
    e->progress->is_new |= is == IS_OTHERS;
    json_object_set(base, name, is == IS_NOT_KEPT ? now : sent);
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
    if (tcn_class_parse(e->link->base_status) == step->class)
        tcn_ensure_no_conflict(e, TCN_RING_STATUS);
}

void tcn_ensure_written(struct tcn_ensure *e, const struct tcn_step *step,
                        const struct tcn_echo *echo)
{
    json_t *base = tcn_ensure_base(e->link);

    if (!base)
        base = json_object();
    for (size_t i = 0; i < e->wanted->n_fields; i++) {
        json_t *sent = json_object_get(step->sent, e->wanted->fields[i].policy->name);

        if (sent)
            written_one(e, i, sent, base, echo);
    }
    written_status(e, step, echo->record ? echo->record->fields : NULL);
    tcn_ensure_set_base(e, base);
    tcn_ring_settle(e->link, step->started_ms, e->now_ms, e->arena);
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
