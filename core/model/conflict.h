/* Both sides of a link have changed a field, and what became of it. Kept for people. */
#ifndef TCN_MODEL_CONFLICT_H
#define TCN_MODEL_CONFLICT_H

#include "base/id.h"

struct tcn_conflict_row {
    struct tcn_id id; /* child of (link, field, time) */
    struct tcn_id link, incident;
    const char *connector, *field;
    const char *base, *local, *remote; /* JSON; NULL = absent */
    const char *winner; /* "local", "remote", "both" (a union), "none" (a person decides) */
    int64_t at_ms;
};

#endif
