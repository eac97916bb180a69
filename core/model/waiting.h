/* What is looked at again at a time although no incident is open that would have a timer. */
#ifndef TCN_MODEL_WAITING_H
#define TCN_MODEL_WAITING_H

#include "model/alarm.h"

enum tcn_waiting_kind {
    TCN_WAITING_NONE = 0,
    TCN_WAITING_HEARTBEAT, /* a sign of life is due: at due_ms it is missing */
    TCN_WAITING_MUTED      /* an alarm fires while it is muted: at due_ms that may be over */
};

struct tcn_waiting {
    const char *dedupe_key; /* of its lane: the key of the row */
    const char *source;
    enum tcn_waiting_kind kind;
    int64_t due_ms;
    int64_t
        since_ms; /* when it began to fire; of a heartbeat the last sign that was written, 0 = none */
    const char *why;            /* of what is muted: by what */
    struct tcn_told_alarm told; /* the same */
};

#endif
