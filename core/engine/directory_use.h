/* Who refers to a resource: what deleting it would leave without it. */
#ifndef TCN_ENGINE_DIRECTORY_USE_H
#define TCN_ENGINE_DIRECTORY_USE_H

#include "engine/directory.h"
#include "model/resource.h"

struct tcn_use {
    enum tcn_resource_kind kind; /* of who refers */
    const char *name; /* borrowed from the directory; of an override that of its rotation */
    struct tcn_id id; /* of an override */
};

/* Each once: plans, rotations and overrides that name a contact, the plan that names a channel of its person, schedules that
 * name a rotation; but no override that is over at now_ms. ret gets the first max of them, what comes back is the number of all. name: of a channel
 * "CONTACT:CHANNEL". */
size_t tcn_directory_uses(const struct tcn_directory *d, enum tcn_resource_kind kind,
                          const char *name, int64_t now_ms, struct tcn_use *ret, size_t max);

#endif
