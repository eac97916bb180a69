/* A sign of life that a source must give again and again: that it is missing is an alarm. */
#ifndef TCN_MODEL_HEARTBEAT_H
#define TCN_MODEL_HEARTBEAT_H

#include "model/mute.h"

#define TCN_HEARTBEATS_MAX 50 /* of one source */

struct tcn_heartbeat {
    const char *name;       /* unique in its source */
    struct tcn_match match; /* which alarms are the sign; none: whatever the source sends */
    int64_t missing_after_ms;
    const char *title; /* of the incident; NULL: made from the name */
    int impact;        /* 1-5, 0: the response plan's */
};

#endif
