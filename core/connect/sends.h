/* Pages on their way to people: send rows are claimed, written as messages, handed to the connector of their channel,
 * and what became of them goes back to the engine. A page is precious: an open breaker does not hold it back, and the budget
 * of its person delays it alone. */
#ifndef TCN_CONNECT_SENDS_H
#define TCN_CONNECT_SENDS_H

#include "connect/port.h"
#include "engine/budget.h"
#include "engine/milestone.h"
#include "model/contact.h"
#include "store/thread.h"

#define TCN_SENDS_CHANNELS 4 /* by enum tcn_channel_type */
#define TCN_SENDS_MAX 32     /* claimed and not yet finished */
#define TCN_SEND_TRIES                                                                             \
    9 /* within about a minute; then the page is told to have failed. Later ones are single */
#define TCN_SEND_DOUBTS 2  /* of one that may have arrived: a person is not flooded */
#define TCN_DIGEST_MAX 200 /* pages in one message; more wait for the next */

struct tcn_sends;

/* What became of a message. LATE: it was not taken yet, and is tried again. DOUBTED: it may have arrived. UNSENT: it was not
 * taken, for a reason that may pass. LOST: for good. */
enum tcn_send_news {
    TCN_SEND_NO_NEWS = 0,
    TCN_SEND_SENT,
    TCN_SEND_LATE,
    TCN_SEND_DOUBTED,
    TCN_SEND_UNSENT,
    TCN_SEND_LOST
};

struct tcn_send_report {
    enum tcn_send_news news;
    const char *note;                  /* the reason or what the connector said */
    bool is_over;                      /* DOUBTED: it is not sent again */
    bool was_held;                     /* SENT: a budget held it back, and note says so */
    struct tcn_milestones *milestones; /* to add to; it comes back after the commit */
    int64_t
        again_ms; /* yours to set for UNSENT: the same row is due again then; 0 = it is given up */
};

/* What SEND takes ({"to", "subject", "text", ...}). */
struct tcn_send_message {
    json_t
        *payload; /* yours to hand over; NULL: it cannot be written, and the page fails at once */
    const char *why; /* for people, in the arena or static: why not */
    bool is_urgent;  /* no budget holds it back */
};

struct tcn_send_budget {
    struct tcn_page_budget bucket;
    bool can_bundle; /* several rows can be one message */
};

/* Rows of one person and channel, those that wait longest first. */
struct tcn_send_bundle {
    const struct tcn_send_row *rows;
    size_t n; /* 2 to TCN_DIGEST_MAX */
    int64_t now_ms;
};

/* On the store thread, inside the transaction; 0 or the store's error. The job may run again. */
struct tcn_sends_app {
    void *ctx;
    int (*message)(void *ctx, struct tcn_store *s, const struct tcn_send_row *row, int64_t now_ms,
                   struct tcn_arena *arena, struct tcn_send_message *ret, struct tcn_err *err);
    /* 1: the row's person has a budget, 0: has none, or an error; NULL: nobody has. */
    int (*budget)(void *ctx, struct tcn_store *s, const struct tcn_send_row *row, int64_t now_ms,
                  struct tcn_send_budget *ret, struct tcn_err *err);
    /* The message that tells of all of them; *ret NULL: it cannot be written, and they go one by one. */
    int (*digest)(void *ctx, struct tcn_store *s, const struct tcn_send_bundle *bundle,
                  struct tcn_arena *arena, json_t **ret, struct tcn_err *err);
    /* A row that was due again has row->attempt above TCN_SEND_TRIES. */
    int (*result)(void *ctx, struct tcn_store *s, const struct tcn_send_row *row, int64_t now_ms,
                  struct tcn_send_report *report, struct tcn_err *err);
    /* On the loop, after the commit. May be NULL. */
    void (*milestones)(void *ctx, const struct tcn_milestones *milestones);
    /* On the loop, after a commit with results. May be NULL. */
    void (*changed)(void *ctx);
};

/* What is pointed to is borrowed and outlives the sends. */
struct tcn_sends_options {
    struct event_base *base;
    struct tcn_hub *hub;
    struct tcn_storethread *store;
    struct tcn_sends_app app;
    struct tcn_instance
        *channels[TCN_SENDS_CHANNELS]; /* NULL: pages of that type fail and say so */
};

struct tcn_sends *tcn_sends_new(const struct tcn_sends_options *options);
void tcn_sends_wake(struct tcn_sends *s);
/* As tcn_lanes_retire(), _stop() and _free(). */
void tcn_sends_retire(struct tcn_sends *s, void (*idle)(void *ctx), void *ctx);
void tcn_sends_stop(struct tcn_sends *s);
void tcn_sends_free(struct tcn_sends *s);

/* Inside a job: the dead letter of a send has the id of its row; it becomes due again. Then tcn_sends_wake(). */
int tcn_sends_retry(struct tcn_store *s, struct tcn_id send, int64_t now_ms, struct tcn_err *err);

bool tcn_sends_health(const struct tcn_sends *s, const char *instance, struct tcn_port_health *ret);

#endif
