/* Resources and channel states of the reference store, and the number of their changes. */
#include "reference.h"

#include <string.h>

static void changed(struct ref *r)
{
    r->version++;
    r->has_changed = true;
}

int ref_resources_version(struct ref *r, int64_t now_ms, uint64_t *ret)
{
    (void)now_ms;
    *ret = r->version;
    return 0;
}

/* -- resources ------------------------------------------------------------------------------------------------ */

static bool is_resource(const void *row, const void *query)
{
    const struct tcn_resource *a = row, *b = query;

    return a->kind == b->kind && strcmp(a->name, b->name) == 0;
}

int ref_resource_get(struct ref *r, enum tcn_resource_kind kind, const char *name,
                     struct tcn_arena *a, struct tcn_resource *ret)
{
    const struct tcn_resource query = {.kind = kind, .name = name};
    const struct tcn_resource *row = ref_find(&r->t[REF_RESOURCES], is_resource, &query);

    (void)a;
    if (!row)
        return TCN_ENOTFOUND;
    *ret = *row;
    return 0;
}

int ref_resource_put(struct ref *r, const struct tcn_resource *resource)
{
    if (strlen(resource->body) > TCN_RESOURCE_BODY_MAX)
        return TCN_ELIMIT;
    *(struct tcn_resource *)ref_find_or_add(&r->t[REF_RESOURCES], is_resource, resource) =
        *resource;
    changed(r);
    return 0;
}

int ref_resource_drop(struct ref *r, enum tcn_resource_kind kind, const char *name)
{
    const struct tcn_resource query = {.kind = kind, .name = name};

    if (ref_remove(&r->t[REF_RESOURCES], is_resource, &query) == 0)
        return TCN_ENOTFOUND;
    changed(r);
    return 0;
}

static bool is_behind(const void *row, const void *query)
{
    const struct tcn_resource *a = row, *b = query;

    return a->kind == b->kind && strcmp(a->name, b->name) > 0;
}

static int by_name(const void *left, const void *right)
{
    const struct tcn_resource *a = left, *b = right;

    return strcmp(a->name, b->name);
}

int ref_resource_list(struct ref *r, enum tcn_resource_kind kind, const char *after, size_t limit,
                      struct tcn_arena *a, struct tcn_resource **ret, size_t *ret_n)
{
    const struct tcn_resource query = {.kind = kind, .name = after};
    void **rows;

    *ret_n = ref_select(&r->t[REF_RESOURCES], is_behind, &query, by_name, limit, a, &rows);
    *ret = ref_copy(rows, *ret_n, 0, sizeof **ret, a);
    return 0;
}

/* -- channel states ------------------------------------------------------------------------------------------- */

static bool is_state(const void *row, const void *query)
{
    const struct tcn_channel_state *a = row, *b = query;

    return strcmp(a->contact, b->contact) == 0 && strcmp(a->channel, b->channel) == 0;
}

int ref_channel_state_get(struct ref *r, const char *contact, const char *channel,
                          struct tcn_arena *a, struct tcn_channel_state *ret)
{
    const struct tcn_channel_state query = {.contact = contact, .channel = channel};
    const struct tcn_channel_state *row = ref_find(&r->t[REF_CHANNEL_STATES], is_state, &query);

    (void)a;
    if (!row)
        return TCN_ENOTFOUND;
    *ret = *row;
    return 0;
}

int ref_channel_state_put(struct ref *r, const struct tcn_channel_state *state)
{
    *(struct tcn_channel_state *)ref_find_or_add(&r->t[REF_CHANNEL_STATES], is_state, state) =
        *state;
    changed(r);
    return 0;
}

int ref_channel_state_drop(struct ref *r, const char *contact, const char *channel)
{
    const struct tcn_channel_state query = {.contact = contact, .channel = channel};

    if (ref_remove(&r->t[REF_CHANNEL_STATES], is_state, &query) > 0)
        changed(r);
    return 0;
}

static bool is_any(const void *row, const void *query)
{
    (void)row;
    (void)query;
    return true;
}

static int by_channel(const void *left, const void *right)
{
    const struct tcn_channel_state *a = left, *b = right;
    int order = strcmp(a->contact, b->contact);

    return order ? order : strcmp(a->channel, b->channel);
}

int ref_channel_state_list(struct ref *r, struct tcn_arena *a, struct tcn_channel_state **ret,
                           size_t *ret_n)
{
    void **rows;

    *ret_n = ref_select(&r->t[REF_CHANNEL_STATES], is_any, NULL, by_channel, TCN_CHANNEL_STATES_MAX,
                        a, &rows);
    *ret = ref_copy(rows, *ret_n, 0, sizeof **ret, a);
    return 0;
}
