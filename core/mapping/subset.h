/* "want" of a test: what must be there, whatever else is. */
#ifndef TCN_MAPPING_SUBSET_H
#define TCN_MAPPING_SUBSET_H

#include "base/buf.h"
#include <jansson.h>

/* Every member of want is in got, every element of a wanted list at its place, null means absent. False: the first
 * difference is in why, as "$.items[0].key: wanted "a", is "b"". */
bool tcn_subset(json_t *want, json_t *got, struct tcn_buf *why);

#endif
