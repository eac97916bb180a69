#include "app/shipped.h"
#include "sys/zone.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const struct tcn_embedded tcn_shipped_mappings[];
extern const struct tocsin_connector *(*const tocsin_static_connectors[])(void);

void *tcn_shipped_table(void)
{
    /* The resolver only reads; its context parameter has no const. */
    return (void *)(uintptr_t)tcn_shipped_mappings;
}

struct tcn_mapping_lookup tcn_shipped_lookup(void)
{
    return (struct tcn_mapping_lookup){
        .resolve = tcn_mapping_builtin, .ctx = tcn_shipped_table(), .zone = tcn_zone_load};
}

static size_t count(void)
{
    size_t n = 0;

    while (tcn_shipped_mappings[n].name)
        n++;
    return n;
}

const char *const *tcn_shipped_names(const char *folder, struct tcn_arena *arena)
{
    const char **ret = TCN_NEW_N(arena, const char *, count() + 1);
    size_t n = 0, skip = strlen(folder) + 1;

    for (const struct tcn_embedded *e = tcn_shipped_mappings; e->name; e++) {
        struct tcn_str name = tcn_str(e->name), suffix = TCN_STR(".json");

        if (!tcn_str_starts(name, tcn_str(folder)) || !tcn_str_ends(name, suffix) ||
            name.ptr[skip - 1] != '/')
            continue;
        name = (struct tcn_str){name.ptr + skip, name.len - skip - suffix.len};
        ret[n++] = tcn_arena_str(arena, name).ptr;
    }
    return ret;
}

static struct tcn_registry *registry;

static void release(void)
{
    tcn_registry_free(registry);
}

const struct tcn_registry *tcn_shipped_registry(void)
{
    struct tcn_err err;

    if (registry)
        return registry;
    registry = tcn_registry_new();
    atexit(release);
    for (size_t i = 0; tocsin_static_connectors[i]; i++) {
        if (tcn_registry_add(registry, tocsin_static_connectors[i](), &err) < 0) {
            fprintf(stderr, "tocsin: %s\n", err.msg);
            abort(); /* the program is not what its tests saw */
        }
    }
    return registry;
}
