/* Running the sections of a connector file. */
#include "mapping/run.h"

#define RUN_BYTES (16u * 1024 * 1024)

void tcn_run_begin(struct tcn_run_eval *r, const struct tcn_mapping *m,
                   const struct tcn_mapping_env *e)
{
    tcn_arena_init(&r->arena, RUN_BYTES);
    tcn_eval_init(&r->ev, m, &r->arena, RUN_BYTES / 2);
    r->ev.roots[TCN_ROOT_IN] = e->record;
    r->ev.roots[TCN_ROOT_ENV] = e->env;
    r->ev.roots[TCN_ROOT_OLD] = e->old;
    r->ev.roots[TCN_ROOT_EVENT] = e->event;
    r->ev.roots[TCN_ROOT_REMOTE] = e->remote;
    r->ev.roots[TCN_ROOT_SETTINGS] = e->settings;
    r->ev.now_ms = e->now_ms;
}

void tcn_run_end(struct tcn_run_eval *r)
{
    tcn_eval_done(&r->ev);
    tcn_arena_done(&r->arena);
}

json_t *tcn_run_json(struct tcn_run_eval *r, const struct tcn_expr *x)
{
    struct tcn_value v = tcn_eval(&r->ev, x);
    json_t *json = tcn_value_json(&r->ev.work, &v);

    if (!r->ev.work.spent)
        return json;
    json_decref(json);
    return NULL;
}

const char *tcn_run_text(struct tcn_run_eval *r, const struct tcn_expr *x, struct tcn_arena *arena)
{
    struct tcn_value v = tcn_eval(&r->ev, x);
    struct tcn_str text = tcn_value_text(&r->ev.work, &v);

    return text.len ? tcn_arena_strndup(arena, text.ptr, text.len) : NULL;
}

static const char *text_once(const struct tcn_mapping *m, const struct tcn_expr *x,
                             const struct tcn_mapping_env *e, struct tcn_arena *arena)
{
    struct tcn_run_eval r;
    const char *text;

    tcn_run_begin(&r, m, e);
    text = tcn_run_text(&r, x, arena);
    tcn_run_end(&r);
    return text;
}

static json_t *json_once(const struct tcn_mapping *m, const struct tcn_expr *x,
                         const struct tcn_mapping_env *e)
{
    struct tcn_run_eval r;
    json_t *json;

    tcn_run_begin(&r, m, e);
    json = tcn_run_json(&r, x);
    tcn_run_end(&r);
    return json;
}

static bool holds(const struct tcn_mapping *m, const struct tcn_cond *c,
                  const struct tcn_mapping_env *e)
{
    struct tcn_run_eval r;
    bool is_true;

    tcn_run_begin(&r, m, e);
    is_true = tcn_eval_cond(&r.ev, c);
    tcn_run_end(&r);
    return is_true;
}

bool tcn_mapping_wants(const struct tcn_mapping *m, const struct tcn_mapping_env *e)
{
    return holds(m, m->when, e);
}

json_t *tcn_mapping_create(const struct tcn_mapping *m, const struct tcn_mapping_env *e)
{
    return m->create ? json_once(m, m->create, e) : json_object();
}

size_t tcn_mapping_field_count(const struct tcn_mapping *m)
{
    return m->n_fields;
}

const struct tcn_mapping_field *tcn_mapping_field(const struct tcn_mapping *m, size_t i)
{
    return i < m->n_fields ? &m->fields[i].field : NULL;
}

int tcn_mapping_field_find(const struct tcn_mapping *m, const char *name)
{
    for (size_t i = 0; i < m->n_fields; i++)
        if (strcmp(m->fields[i].field.name, name) == 0)
            return (int)i;
    return -1;
}

/* Under its one name, or the members of the object that are among its names. */
static json_t *under_names(const struct tcn_field_rule *f, json_t *value)
{
    json_t *out, *member;

    if (!value)
        return NULL;
    out = json_object();
    if (f->is_single)
        json_object_set(out, f->field.remote[0], value);
    for (size_t i = 0; !f->is_single && i < f->field.n_remote; i++)
        if ((member = json_object_get(value, f->field.remote[i])))
            json_object_set(out, f->field.remote[i], member);
    json_decref(value);
    if (json_object_size(out))
        return out;
    json_decref(out);
    return NULL;
}

json_t *tcn_mapping_out(const struct tcn_mapping *m, size_t i, const struct tcn_mapping_env *e)
{
    const struct tcn_field_rule *f = &m->fields[i];
    struct tcn_run_eval r;
    json_t *out = NULL;

    if (!f->out || !f->field.n_remote)
        return NULL;
    tcn_run_begin(&r, m, e);
    if (tcn_eval_cond(&r.ev, f->when))
        out = under_names(f, tcn_run_json(&r, f->out));
    tcn_run_end(&r);
    return out;
}

json_t *tcn_mapping_in(const struct tcn_mapping *m, size_t i, const struct tcn_mapping_env *e)
{
    const struct tcn_field_rule *f = &m->fields[i];
    json_t *value = f->in ? json_once(m, f->in, e) : NULL;
    json_t *canonical = tcn_mapping_canonical(f->field.name, value);

    json_decref(value);
    return canonical;
}

const struct tcn_mapping_poll *tcn_mapping_poll(const struct tcn_mapping *m)
{
    return &m->poll;
}

void tcn_mapping_find(const struct tcn_mapping *m, const struct tcn_mapping_env *e,
                      struct tcn_arena *arena, struct tcn_mapping_find *ret)
{
    *ret = (struct tcn_mapping_find){
        .marker = m->marker, .jql = m->jql, .visibility_ms = m->visibility_ms};
    if (m->marker_value)
        ret->value = text_once(m, m->marker_value, e, arena);
}

const char *tcn_mapping_remote_url(const struct tcn_mapping *m, const struct tcn_mapping_env *e,
                                   struct tcn_arena *arena)
{
    return text_once(m, m->remote_url, e, arena);
}

const char *tcn_mapping_remote_key(const struct tcn_mapping *m, const struct tcn_mapping_env *e,
                                   struct tcn_arena *arena)
{
    return text_once(m, m->remote_key, e, arena);
}

bool tcn_mapping_has_message(const struct tcn_mapping *m, const char *name)
{
    for (size_t i = 0; i < m->n_messages; i++)
        if (strcmp(m->messages[i].name, name) == 0)
            return true;
    return false;
}

json_t *tcn_mapping_message(const struct tcn_mapping *m, const char *name,
                            const struct tcn_mapping_env *e)
{
    for (size_t i = 0; i < m->n_messages; i++)
        if (strcmp(m->messages[i].name, name) == 0)
            return json_once(m, m->messages[i].value, e);
    return NULL;
}

static bool is_listed(const char *const *names, const char *name)
{
    for (; names && *names; names++)
        if (strcmp(*names, name) == 0)
            return true;
    return false;
}

const char *tcn_mapping_note(const struct tcn_mapping *m, const struct tcn_mapping_env *e,
                             struct tcn_arena *arena)
{
    const char *kind = json_string_value(json_object_get(e->event, "kind"));
    const char *text;

    if (!m->notes.has_out || (m->notes.only && (!kind || !is_listed(m->notes.only, kind))))
        return NULL;
    if (m->notes.text)
        return text_once(m, m->notes.text, e, arena);
    text = json_string_value(json_object_get(e->event, "text"));
    return text && *text ? tcn_arena_strdup(arena, text) : NULL;
}

const char *tcn_mapping_note_format(const struct tcn_mapping *m)
{
    return m->notes.format ? m->notes.format : "text";
}

int64_t tcn_mapping_note_max(const struct tcn_mapping *m)
{
    return m->notes.max;
}

const char *tcn_mapping_note_remote(const struct tcn_mapping *m)
{
    return m->notes.remote;
}

bool tcn_mapping_takes_notes(const struct tcn_mapping *m)
{
    return m->notes.has_in;
}

const char *const *tcn_mapping_note_sources(const struct tcn_mapping *m)
{
    static const char *const none[] = {NULL};

    return m->notes.from ? m->notes.from : none;
}

bool tcn_mapping_note_is_private(const struct tcn_mapping *m, const char *member,
                                 const struct tcn_mapping_env *e)
{
    if (member && is_listed(m->notes.is_private, member))
        return true;
    return m->notes.private_when && holds(m, m->notes.private_when, e);
}

void tcn_mapping_inbound(const struct tcn_mapping *m, const struct tcn_mapping_input *in,
                         struct tcn_arena *arena, struct tcn_mapping_inbound *ret)
{
    struct tcn_mapping_env e = {.record = in->body, .settings = in->settings, .now_ms = in->now_ms};
    struct tcn_run_eval r;

    tcn_run_begin(&r, m, &e);
    r.ev.headers = in->headers;
    r.ev.n_headers = in->n_headers;
    ret->remote_id = tcn_run_text(&r, m->remote_id, arena);
    ret->version = tcn_run_text(&r, m->version, arena);
    ret->delivery_id = tcn_run_text(&r, m->delivery_id, arena);
    ret->is_deleted = m->deleted && tcn_eval_cond(&r.ev, m->deleted);
    ret->is_hint_only = m->is_hint_only;
    tcn_run_end(&r);
}
