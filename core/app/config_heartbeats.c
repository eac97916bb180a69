#include "app/config_heartbeats.h"

#include "engine/match_read.h"
#include "gateway/source.h"

#define MISSING_MIN_MS INT64_C(10000)
#define MISSING_MAX_MS (INT64_C(366) * 86400000)

int tcn_config_match(const struct tcn_node *parent, const char *key, struct tcn_arena *arena,
                     struct tcn_match *ret)
{
    struct tcn_node node = tcn_node_member(parent, key), at = node;
    const char *name = NULL, *why;

    if (!node.json)
        return tcn_node_problem(parent,
                                "\"%s\" is missing: which alarms are meant, as "
                                "{\"service\": \"db-*\"}",
                                key);
    why = tcn_match_read(node.json, arena, ret, &name);
    if (why && name)
        at = tcn_node_member(&node, name);
    return why ? tcn_node_problem(&at, "%s", why) : 0;
}

static int read_after(const struct tcn_node *at, int64_t *ret_ms)
{
    struct tcn_node node = tcn_node_member(at, "missing_after");
    int r = tcn_node_duration(at, "missing_after", TCN_NEED, ret_ms);

    if (r == 0 && (*ret_ms < MISSING_MIN_MS || *ret_ms > MISSING_MAX_MS))
        return tcn_node_problem(&node, "is out of range; use 10s to 366d, and at least twice the "
                                       "time between two signs");
    return r;
}

static int read_impact(const struct tcn_node *at, int *ret)
{
    int64_t impact = 0;
    int r = tcn_node_int(at, "impact", TCN_OPTIONAL, 1, TCN_IMPACT_MAX, &impact);

    *ret = (int)impact;
    return r;
}

static int read_heartbeat(const struct tcn_node *at, struct tcn_arena *arena,
                          struct tcn_heartbeat *ret)
{
    static const char *const names[] = {"name", "match", "missing_after", "title", "impact", NULL};
    struct tcn_node name = tcn_node_member(at, "name"), match = tcn_node_member(at, "match");
    int r = tcn_node_only(at, names);

    r |= tcn_node_text(at, "name", TCN_NEED, &ret->name);
    r |= read_after(at, &ret->missing_after_ms);
    r |= tcn_node_text(at, "title", TCN_OPTIONAL, &ret->title);
    r |= read_impact(at, &ret->impact);
    if (match.json)
        r |= tcn_config_match(at, "match", arena, &ret->match);
    if (ret->name && !tcn_source_is_name(ret->name))
        r |= tcn_node_problem(&name, "name a heartbeat with 1-64 of a-z 0-9 -");
    return (r | tcn_node_unique(at, "name")) < 0 ? TCN_EINVALID : 0;
}

int tcn_config_heartbeats(const struct tcn_node *source, struct tcn_arena *arena,
                          struct tcn_source_policy *policy)
{
    struct tcn_heartbeat *items;
    struct tcn_node list;
    int r = tcn_node_array(source, "heartbeats", TCN_OPTIONAL, &list);
    size_t n = json_array_size(list.json);

    if (r < 0 || n == 0)
        return r;
    if (n > TCN_HEARTBEATS_MAX)
        return tcn_node_problem(&list, "%zu heartbeats; at most %d", n, TCN_HEARTBEATS_MAX);
    policy->heartbeats = items = TCN_NEW_N(arena, struct tcn_heartbeat, n);
    policy->n_heartbeats = n;
    for (size_t i = 0; i < n; i++) {
        struct tcn_node item = tcn_node_item(&list, i);

        r |= read_heartbeat(&item, arena, &items[i]);
    }
    return r < 0 ? TCN_EINVALID : 0;
}
