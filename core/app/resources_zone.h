/* A time zone that a resource names. */
#ifndef TCN_APP_RESOURCES_ZONE_H
#define TCN_APP_RESOURCES_ZONE_H

#include "base/json.h"
#include "sys/zone.h"

/* Zones that were read, each once for all that name it: reading one takes milliseconds. A zeroed one is empty. */
struct tcn_zones_read {
    const struct tcn_zone **items;
    size_t n, size;
};

/* The zone whose IANA name is at key, which must be there; *ret is of the arena, as those of read are. A mistake becomes a problem of the document, with
 * the nearest name, and TCN_EINVALID. */
int tcn_resources_zone(const struct tcn_node *at, const char *key, struct tcn_zones_read *read,
                       struct tcn_arena *arena, const struct tcn_zone **ret);

#endif
