/* A note that people wrote at a remote record, and the event that it became. */
#ifndef TCN_MODEL_ENTRY_H
#define TCN_MODEL_ENTRY_H

#include "base/id.h"

struct tcn_entry {
    struct tcn_id id; /* child of (link, the remote's id of the note) */
    struct tcn_id link, incident;
    struct tcn_id event;
    const char *hash; /* of its text, to see that it was edited */
    int64_t at_ms;    /* when it was taken */
};

#endif
