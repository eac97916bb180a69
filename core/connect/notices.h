/* Topics on their way to whoever listens: notices are claimed, the next event of each is handed to its connector, and how far its
 * topic is told is written down. One event of an incident at a time for each topic and connector, in the order of the timeline;
 * at least once, with the same id. What a connector takes not for an hour is given up, and the next event follows. */
#ifndef TCN_CONNECT_NOTICES_H
#define TCN_CONNECT_NOTICES_H

#include "connect/port.h"
#include "model/notice.h"
#include "store/thread.h"

#define TCN_OPERATION_NOTIFY "notify"             /* of dead letters */
#define TCN_NOTICE_TARGETS_MAX 32                 /* connectors that tell topics */
#define TCN_NOTICE_TRIED_MS (INT64_C(60) * 60000) /* so long from the first try on */
#define TCN_NOTICE_LATE_MS INT64_C(60000)         /* a shorter wait is over before anybody asks */
#define TCN_NOTICE_TRIES_MIN 8                    /* however long this process was away meanwhile */

struct tcn_notices;

/* The event that a topic is told next. */
struct tcn_notice_message {
    json_t *
        payload; /* what SEND takes, yours to hand over; NULL: it cannot be written, why says why */
    const char *why;
    const char *over;    /* why this topic is not told by this connector any more; NULL: it is */
    struct tcn_id event; /* zero: there is none to tell */
    int64_t seq; /* all up to it needs no telling once it is told; with event zero, at once */
};

/* What people are to know of a notice. */
enum tcn_notice_news_kind {
    TCN_NOTICE_GIVEN_UP = 1, /* the event of seq: the next one follows */
    TCN_NOTICE_ENDED,        /* the event of seq and all after it are not told */
    TCN_NOTICE_LATE          /* the event of seq is told in a minute at the earliest; once */
};
struct tcn_notice_news {
    enum tcn_notice_news_kind kind;
    const struct tcn_notice *notice;
    int64_t seq;
    const char *why;
};

/* On the store thread, inside the transaction; 0 or the store's error. The job may run again. */
struct tcn_notices_app {
    void *ctx;
    int (*next)(void *ctx, struct tcn_store *s, const struct tcn_notice *notice, int64_t now_ms,
                struct tcn_arena *arena, struct tcn_notice_message *ret, struct tcn_err *err);
    int (*tell)(void *ctx, struct tcn_store *s, const struct tcn_notice_news *news, int64_t now_ms,
                struct tcn_err *err);
    /* On the loop: whoever claims after this one may have something to tell. May be NULL. */
    void (*changed)(void *ctx);
};

/* What is pointed to is borrowed and outlives the notices. */
struct tcn_notices_options {
    struct event_base *base;
    struct tcn_hub *hub;
    struct tcn_storethread *store;
    struct tcn_notices_app app;
    struct tcn_instance *targets[TCN_NOTICE_TARGETS_MAX];
    size_t n_targets;
};

struct tcn_notices *tcn_notices_new(const struct tcn_notices_options *options);
void tcn_notices_wake(struct tcn_notices *n);
/* As tcn_lanes_retire(), _stop() and _free(). */
void tcn_notices_retire(struct tcn_notices *n, void (*idle)(void *ctx), void *ctx);
void tcn_notices_stop(struct tcn_notices *n);
void tcn_notices_free(struct tcn_notices *n);

bool tcn_notices_health(const struct tcn_notices *n, const char *instance,
                        struct tcn_port_health *ret);

#endif
