#include "app/resources_zone.h"

int tcn_resources_zone(const struct tcn_node *at, const char *key, struct tcn_arena *arena,
                       const struct tcn_zone **ret)
{
    struct tcn_node node = tcn_node_member(at, key);
    const char *name = NULL;
    struct tcn_err err = {0};
    int r = tcn_node_text(at, key, TCN_NEED, &name);

    if (r < 0 || !name)
        return r;
    return tcn_zone_load(name, arena, ret, &err) < 0 ? tcn_node_problem(&node, "%s", err.msg) : 0;
}
