/* The lanes of the outbox: for each incident and ticket system one, at most one call at a time, lanes independent of
 * each other. On the loop; what must be durable is done in jobs of the store thread:
 *
 *     claim job   due links are leased, the incident is loaded, the next call is planned, its intent is written
 *     call        on the loop
 *     result job  what the call brought is written, the next call is planned in the same transaction
 *
 * A crash repeats from the rows. The functions of struct tcn_lanes_app tie it to the application. */
#ifndef TCN_CONNECT_LANES_H
#define TCN_CONNECT_LANES_H

#include "connect/port.h"
#include "engine/merge.h"
#include "engine/milestone.h"
#include "mapping/mapping.h"
#include "store/thread.h"

#define TCN_LANES_MAX 64 /* instances */

struct tcn_lanes;

/* What people have changed in a record. */
struct tcn_taken {
    json_t *fields;                    /* {field: canonical value}; NULL = none */
    enum tcn_class status;             /* UNSET = as it was */
    struct tcn_milestones *milestones; /* to add to; they come back after the commit */
};

/* A note that was written at a record. All borrowed. */
struct tcn_heard {
    const char *entry; /* the remote's id of it */
    const char *by;    /* who wrote it there; "" = not told */
    const char *text;
    bool is_private; /* not for everybody who sees the record */
    int64_t at_ms;
};

/* On the store thread, inside the transaction, unless told otherwise; 0 or the store's error. Any may be NULL. */
struct tcn_lanes_app {
    void *ctx;
    /* A timeline note about the lane ("Not synced to jira yet"). to_tickets: other ticket systems shall show it, too,
     * and their lanes must be woken. The job may run again: make it from the transaction alone. */
    int (*note)(void *ctx, struct tcn_store *s, struct tcn_id incident, const char *text,
                const char *actor, bool to_tickets, int64_t now_ms, struct tcn_err *err);
    /* The link has got its record: a related item with link->remote_url, for example. text: "Created OPS-42 in jira". */
    int (*linked)(void *ctx, struct tcn_store *s, const struct tcn_link *link, const char *text,
                  int64_t now_ms, struct tcn_err *err);
    /* The incident gets what its record holds now. What cannot be taken is told on its timeline, and is no error. */
    int (*take)(void *ctx, struct tcn_store *s, const struct tcn_link *link,
                const struct tcn_taken *taken, int64_t now_ms, struct tcn_err *err);
    /* The incident gets the notes that it does not have yet, and what was edited since; the other tickets hear of them, too. */
    int (*hear)(void *ctx, struct tcn_store *s, const struct tcn_link *link,
                const struct tcn_heard *heard, size_t n, int64_t now_ms, struct tcn_err *err);
    /* Where people open the incident, in the arena; NULL: nowhere. */
    const char *(*url)(void *ctx, struct tcn_id incident, struct tcn_arena *arena);
    /* On the loop, after the commit: what was taken. */
    void (*milestones)(void *ctx, const struct tcn_milestones *milestones);
    /* On the loop, after the commit: a search of that instance found more than one record of an incident. */
    void (*found_many)(void *ctx, const char *instance);
    /* The same: conflicts that were met, by winner. */
    void (*conflicts)(void *ctx, const char *instance, const size_t n[TCN_WINNERS]);
    /* On the loop, after a commit that told something or changed a link; of retired lanes, also when something is
     * due that they do not claim any more. */
    void (*changed)(void *ctx);
};

struct tcn_lanes_item {
    struct tcn_instance *instance;
    const struct tcn_mapping *mapping;
    json_t *settings; /* of the configured instance, without secrets; NULL = none */
};

/* What is pointed to is borrowed and outlives the lanes; instances and mappings do not change meanwhile. */
struct tcn_lanes_options {
    struct event_base *base;
    struct tcn_hub *hub;
    struct tcn_storethread *store;
    const char *account_id;
    struct tcn_lanes_app app;
    const struct tcn_lanes_item *items; /* copied */
    size_t n_items;
};

struct tcn_lanes *tcn_lanes_new(const struct tcn_lanes_options *options);

/* Something was committed that may have made links due. Cheap; call it after any commit. */
void tcn_lanes_wake(struct tcn_lanes *l);

/* Claims nothing more. idle (may be NULL) is called on a later turn when no call and no job is left: then the lanes
 * may be freed and their configuration released. For a reload: make the new lanes first, then retire the old. */
void tcn_lanes_retire(struct tcn_lanes *l, void (*idle)(void *ctx), void *ctx);

/* For the end of the process: calls are cancelled, nothing more is claimed; their intents are durable and a restart
 * looks their outcome up. Then stop the store thread (it hands the jobs back), then free. */
void tcn_lanes_stop(struct tcn_lanes *l);
void tcn_lanes_free(struct tcn_lanes *l); /* no job may be with the store thread */

/* Inside a job: a person wants a link tried again (a dead letter's retry). TCN_ENOTFOUND. Then tcn_lanes_wake(). */
int tcn_lanes_retry(struct tcn_store *s, struct tcn_id link, int64_t now_ms, struct tcn_err *err);

/* Inside a job: the record of that instance with that id may have changed, and is read again by whoever has a lane of it. *ret_is_known
 * false: no link has it. Then tcn_lanes_wake(). */
int tcn_lanes_hint(struct tcn_store *s, const char *instance, const char *remote_id, int64_t now_ms,
                   bool *ret_is_known, struct tcn_err *err);

/* The same of a link that is at hand. TCN_ENOTFOUND: it is gone. */
int tcn_lanes_read(struct tcn_store *s, const struct tcn_link *link, int64_t now_ms,
                   struct tcn_err *err);

/* How many instances there are, and the n-th with its mapping and the way to it. For the feeds, which go the same way. */
size_t tcn_lanes_count(const struct tcn_lanes *l);
struct tcn_port *tcn_lanes_port(const struct tcn_lanes *l, size_t n,
                                const struct tcn_mapping **ret_mapping);

/* Why that instance is not called now; false when it is, or there is none. */
bool tcn_lanes_shut(const struct tcn_lanes *l, const char *instance, char *ret_why, size_t size);
/* By instance name; false when there is none. */
bool tcn_lanes_health(const struct tcn_lanes *l, const char *instance, struct tcn_port_health *ret);

#endif
