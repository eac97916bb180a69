/* Status: three local values, each a class of remote ones. */
#include "mapping/run.h"

static const char *const locals[] = {"OPEN", "ACKED", "RESOLVED"};
enum { N_LOCALS = 3, ACKED = 1 };

/* A remote without a word for ACKED stays what it is for OPEN. */
static const struct tcn_class *class_of(const struct tcn_mapping *m, const char *local,
                                        size_t *ret_index)
{
    for (size_t i = 0; m->status.exists && i < N_LOCALS; i++) {
        if (strcmp(locals[i], local) != 0)
            continue;
        *ret_index = i;
        return &m->status.classes[i == ACKED && !m->status.classes[i].local ? 0 : i];
    }
    return NULL;
}

bool tcn_mapping_has_status(const struct tcn_mapping *m)
{
    return m->status.exists;
}

enum tcn_direction tcn_mapping_status_direction(const struct tcn_mapping *m)
{
    return m->status.direction;
}

const char *tcn_mapping_status_remote(const struct tcn_mapping *m)
{
    return m->status.remote;
}

const char *tcn_mapping_status_primary(const struct tcn_mapping *m, const char *local)
{
    size_t i;
    const struct tcn_class *c = class_of(m, local, &i);

    return c ? c->primary : NULL;
}

bool tcn_mapping_status_accepts(const struct tcn_mapping *m, const char *local,
                                const char *remote_value)
{
    size_t i;
    const struct tcn_class *c = class_of(m, local, &i);

    return c && tcn_class_accepts(c, tcn_str(remote_value));
}

const char *tcn_mapping_status_value(const struct tcn_mapping *m, const struct tcn_mapping_env *e,
                                     struct tcn_arena *arena)
{
    struct tcn_run_eval r;
    const char *text;

    if (!m->status.exists)
        return NULL;
    tcn_run_begin(&r, m, e);
    text = tcn_run_text(&r, m->status.in, arena);
    tcn_run_end(&r);
    return text;
}

const char *tcn_mapping_status_local(const struct tcn_mapping *m, const struct tcn_mapping_env *e)
{
    struct tcn_arena arena;
    const char *value, *local = NULL;

    tcn_arena_init(&arena, TCN_MAPPING_OUTPUT_MAX * 2);
    value = tcn_mapping_status_value(m, e, &arena);
    for (size_t i = 0; value && !local && i < N_LOCALS; i++)
        if (m->status.classes[i].local && tcn_class_accepts(&m->status.classes[i], tcn_str(value)))
            local = locals[i];
    tcn_arena_done(&arena);
    return local;
}

bool tcn_mapping_status_is_terminal(const struct tcn_mapping *m, const char *remote_value)
{
    for (const char *const *p = m->status.terminal; p && *p; p++)
        if (strcmp(*p, remote_value) == 0)
            return true;
    return false;
}

/* What must travel in the same call: the written values of the named fields, or what the file says. */
static json_t *with_of(const struct tcn_mapping *m, size_t i, const struct tcn_mapping_env *e)
{
    json_t *with = json_object(), *out;
    struct tcn_run_eval r;

    for (const char *const *p = m->status.with_fields[i]; p && *p; p++) {
        if (!(out = tcn_mapping_out(m, (size_t)tcn_mapping_field_find(m, *p), e)))
            continue;
        json_object_update(with, out);
        json_decref(out);
    }
    if (!m->status.with[i])
        return with;
    json_decref(with);
    tcn_run_begin(&r, m, e);
    with = tcn_run_json(&r, m->status.with[i]);
    tcn_run_end(&r);
    return with;
}

int64_t tcn_mapping_status_steps(const struct tcn_mapping *m)
{
    return m->status.max_steps ? m->status.max_steps : 1;
}

json_t *tcn_mapping_status_payload(const struct tcn_mapping *m, const char *local,
                                   const struct tcn_mapping_env *e)
{
    size_t i;
    const struct tcn_class *c = class_of(m, local, &i);
    json_t *payload, *accept, *with;

    if (!c)
        return NULL;
    payload = json_object();
    accept = json_array();
    for (const char *const *p = c->accept; *p; p++)
        json_array_append_new(accept, json_string(*p));
    json_object_set_new(payload, "class", json_string(local));
    json_object_set_new(payload, "value", json_string(c->primary));
    json_object_set_new(payload, "accept", accept);
    if (m->status.prefer[i])
        json_object_set_new(payload, "prefer", json_deep_copy(m->status.prefer[i]));
    if (m->status.max_steps)
        json_object_set_new(payload, "max_steps", json_integer(m->status.max_steps));
    with = with_of(m, i, e);
    if (json_object_size(with))
        json_object_set(payload, "with", with);
    json_decref(with);
    return payload;
}
