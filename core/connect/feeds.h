/* The feeds of the ticket systems: each is asked what changed, and now and then whether its records are as they are known. What comes
 * back are hints: the lane of the record reads it. On the loop; claims and results are jobs of the store thread, so that of several
 * processes one asks. */
#ifndef TCN_CONNECT_FEEDS_H
#define TCN_CONNECT_FEEDS_H

#include "connect/lanes.h"

struct tcn_feeds;

struct tcn_feeds_app {
    void *ctx;
    /* On the loop, after the commit: records have hints, and their lanes must be woken. */
    void (*found)(void *ctx);
    /* The same: so many changes of that instance were found that no webhook had told. */
    void (*missed)(void *ctx, const char *instance, size_t n);
};

/* What is pointed to is borrowed and outlives the feeds. */
struct tcn_feeds_options {
    struct event_base *base;
    struct tcn_hub *hub;
    struct tcn_storethread *store;
    struct tcn_lanes
        *lanes; /* whose ways to the instances are used, and whose instances are asked */
    struct tcn_feeds_app app;
};

/* Each instance that can be read is swept at once, and asked from where it was asked last. */
struct tcn_feeds *tcn_feeds_new(const struct tcn_feeds_options *options);
/* It was committed that this instance is due: it is looked at soon. */
void tcn_feeds_hasten(struct tcn_feeds *f, const char *instance);
/* As those of the lanes. Stop and free them before the lanes. */
void tcn_feeds_retire(struct tcn_feeds *f, void (*idle)(void *ctx), void *ctx);
void tcn_feeds_stop(struct tcn_feeds *f);
void tcn_feeds_free(struct tcn_feeds *f);

#endif
