#include "app/shipped.h"

#include <stdio.h>
#include <stdlib.h>

extern const struct tcn_embedded tcn_shipped_mappings[];
extern const struct tocsin_connector *(*const tocsin_static_connectors[])(void);

void *tcn_shipped_table(void)
{
    /* The resolver only reads; its context parameter has no const. */
    return (void *)(uintptr_t)tcn_shipped_mappings;
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
