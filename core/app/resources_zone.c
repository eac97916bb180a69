#include "app/resources_zone.h"

#include "base/vec.h"

static const struct tcn_zone *find(const struct tcn_zones_read *read, const char *name)
{
    for (size_t i = 0; i < read->n; i++)
        if (strcmp(read->items[i]->name, name) == 0)
            return read->items[i];
    return NULL;
}

int tcn_resources_zone(const struct tcn_node *at, const char *key, struct tcn_zones_read *read,
                       struct tcn_arena *arena, const struct tcn_zone **ret)
{
    struct tcn_node node = tcn_node_member(at, key);
    const char *name = NULL;
    struct tcn_err err = {0};
    int r = tcn_node_text(at, key, TCN_NEED, &name);

    if (r < 0 || !name || (*ret = find(read, name)) != NULL)
        return r;
    if (tcn_zone_load(name, arena, ret, &err) < 0)
        return tcn_node_problem(&node, "%s", err.msg);
    *TCN_VEC_PUSH(arena, read) = *ret;
    return 0;
}
