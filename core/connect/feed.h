/* What is to be asked of a ticket system as a whole, and when: what changed (a poll), and whether its records are as they are known
 * (a sweep), since a feed may leave something out (spec connectors F9). Pure: the caller (feed_job.c) loads, stores and calls. */
#ifndef TCN_CONNECT_FEED_H
#define TCN_CONNECT_FEED_H

#include "base/arena.h"
#include "mapping/mapping.h"
#include "model/feed.h"

#define TCN_FEED_STALE_MS                                                                          \
    (INT64_C(7) *                                                                                  \
     86400000) /* a poll that goes on from before that reads too much: a sweep does it */
#define TCN_FEED_CLOSED_MS INT64_C(86400000)       /* what is closed is compared once a day, ... */
#define TCN_FEED_RECENT_MS (INT64_C(7) * 86400000) /* ... if it was opened since */
#define TCN_FEED_MISSED_MS                                                                         \
    INT64_C(1800000)          /* webhooks that do not come are told of when within that time ... */
#define TCN_FEED_MISSED_MAX 3 /* ... more changes than these were found by polls alone */
#define TCN_FEED_PACE_MS INT64_C(5000) /* between two groups of records that are read one by one */

struct tcn_feed_policy {
    const struct tcn_mapping_poll *poll; /* borrowed */
    bool can_poll, can_survey;
};

enum tcn_feed_task { TCN_FEED_REST = 0, TCN_FEED_POLL, TCN_FEED_SWEEP };

/* What to do now. A poll comes first, unless one was made since the sweep is due. While no incident with a record there is
 * open (is_active is false), it waits for its idle time, and is looked at again after an active one: an incident that opens
 * meanwhile does not wait for it. One that would go on from too long ago begins anew, and a sweep is due. */
enum tcn_feed_task tcn_feed_next(struct tcn_feed *f, const struct tcn_feed_policy *p,
                                 bool is_active, int64_t now_ms);
/* When it wants to be looked at again; 0 = never. */
int64_t tcn_feed_due(const struct tcn_feed *f);

/* A poll got through. cursor is borrowed. */
void tcn_feed_polled(struct tcn_feed *f, const struct tcn_feed_policy *p, const char *cursor,
                     bool has_more, int64_t now_ms);
/* So many changes came to light by this poll that no webhook had told. True once: webhooks look dead. */
bool tcn_feed_found(struct tcn_feed *f, size_t unannounced, int64_t now_ms);
/* A group of records was compared. last: of the incident of the last of them; zero: none is left. */
void tcn_feed_swept(struct tcn_feed *f, const struct tcn_feed_policy *p, struct tcn_id last,
                    int64_t now_ms);
/* The task failed: reason (borrowed) is for people, it is tried again after delay_ms. is_refused: asking the same again would fail
 * again, so that a poll begins where the last one that got through did. */
void tcn_feed_failed(struct tcn_feed *f, enum tcn_feed_task task, const char *reason,
                     bool is_refused, int64_t delay_ms, int64_t now_ms);

#endif
