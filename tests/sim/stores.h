/* Which stores a simulator was linked with, besides the model. */
#ifndef SIM_STORES_H
#define SIM_STORES_H

#include "world.h"

const struct world_store *world_store_of(const char *name); /* NULL: not with that */

#endif
