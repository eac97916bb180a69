/* What a topic of an incident has been told by one of its connectors: a place on the timeline. */
#ifndef TCN_MODEL_NOTICE_H
#define TCN_MODEL_NOTICE_H

#include "base/id.h"

struct tcn_notice {
    struct tcn_id id; /* of incident, topic and connector: tcn_notice_id */
    struct tcn_id incident;
    const char *topic;     /* ARN */
    const char *connector; /* instance that tells it */
    int64_t told_seq;      /* events up to this one are told, or are none that topics are told of */
    int64_t due_ms;        /* 0: all is told */
    int64_t attempts;      /* at the event after told_seq, so far */
    int64_t since_ms;      /* when it was tried first; 0: not yet */
    const char *note;      /* why it is late; NULL */
    bool is_in_flight;     /* of the process epoch */
    int64_t epoch;         /* read only */
};

#endif
