/* A time zone that a resource names. */
#ifndef TCN_APP_RESOURCES_ZONE_H
#define TCN_APP_RESOURCES_ZONE_H

#include "base/json.h"
#include "sys/zone.h"

/* The zone whose IANA name is at key, which must be there; *ret is of the arena. A mistake becomes a problem of the document, with
 * the nearest name, and TCN_EINVALID. */
int tcn_resources_zone(const struct tcn_node *at, const char *key, struct tcn_arena *arena,
                       const struct tcn_zone **ret);

#endif
