#include "app/names.h"

void tcn_names_init(struct tcn_names *names, size_t max, struct tcn_arena *arena)
{
    *names = (struct tcn_names){.items = TCN_NEW_N(arena, const char *, max + 1)};
}

static bool has(const struct tcn_names *names, const char *name)
{
    for (size_t i = 0; i < names->n; i++)
        if (strcmp(names->items[i], name) == 0)
            return true;
    return false;
}

void tcn_names_add(struct tcn_names *names, const char *name)
{
    if (!name)
        names->nameless++;
    else if (!has(names, name))
        names->items[names->n++] = name;
}

void tcn_names_of(struct tcn_names *names, const struct tcn_node *list, const char *key,
                  struct tcn_arena *arena)
{
    tcn_names_init(names, json_array_size(list->json), arena);
    for (size_t i = 0; i < json_array_size(list->json); i++) {
        struct tcn_node item = tcn_node_item(list, i), node = tcn_node_member(&item, key);

        tcn_names_add(names, json_string_value(node.json));
    }
}

bool tcn_names_know(struct tcn_names *names, const char *name)
{
    if (has(names, name))
        return true;
    if (names->nameless == 0)
        return false;
    names->nameless--;
    tcn_names_add(names, name);
    return true;
}
