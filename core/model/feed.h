/* What is asked of a ticket system as a whole: what changed there, and whether what is known of its records still holds (spec
 * connectors F9). */
#ifndef TCN_MODEL_FEED_H
#define TCN_MODEL_FEED_H

#include "base/id.h"
#include <stdbool.h>

struct tcn_feed {
    const char *connector; /* configured instance */
    const char
        *cursor; /* where the next poll begins, as the connector left it; NULL = at since_ms */
    int64_t since_ms;
    int64_t poll_due_ms, sweep_due_ms;
    int64_t polled_ms; /* when the last poll got through, 0 = none */
    struct tcn_id
        sweep_from;     /* the sweep goes on with incidents older than this; zero = it begins */
    bool is_of_closed;  /* it is at those that are closed */
    int64_t swept_ms;   /* when the last sweep was through, 0 = none */
    int64_t closed_ms;  /* when the last one was that also looked at what is closed */
    int64_t fail_count; /* in a row */
    const char *note;   /* why the last call failed; NULL = it did not */
    int64_t missed;     /* changes that no webhook told, ... */
    int64_t missed_ms;  /* ... since then; 0 = none */
    int64_t heard_ms;   /* the last webhook, to the minute; 0 = none ever */
    bool is_in_flight;  /* in the hands of the process of this epoch, if that lives */
    int64_t epoch;      /* 0 when not in flight */
};

#endif
