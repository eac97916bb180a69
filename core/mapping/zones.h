/* "tz" of a file: fixed offsets, and the zones that it names. */
#ifndef TCN_MAPPING_ZONES_H
#define TCN_MAPPING_ZONES_H

#include "base/json.h"
#include "base/zone.h"

#define TCN_ZONES_MAX 16 /* names in one file */

struct tcn_named_zone {
    const char *name;
    const struct tcn_zone *zone; /* NULL: there is none */
    const char *problem;         /* why not */
};

/* While a file is loaded: each name is looked for once. */
struct tcn_zones {
    tcn_zone_finder *find;   /* NULL: no name is known */
    struct tcn_arena *arena; /* of the mapping: zones live as long as it */
    struct tcn_named_zone named[TCN_ZONES_MAX];
    size_t n;
};

/* The member "tz" of the form: "UTC", "Z", "+02:00" or a name. *ret is NULL for UTC, and when it is absent; problems go to
 * the node's document. */
int tcn_zones_read(struct tcn_zones *zones, const struct tcn_node *form,
                   const struct tcn_zone **ret);

#endif
