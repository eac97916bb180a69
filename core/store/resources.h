/* The store of what commands make: resources, and the states of contact channels. As in store.h every function works inside the
 * transaction that the caller opened; what is read is of the arena. */
#ifndef TCN_STORE_RESOURCES_H
#define TCN_STORE_RESOURCES_H

#include "base/arena.h"
#include "base/err.h"
#include "model/resource.h"

struct tcn_store;

/* TCN_ENOTFOUND. */
int tcn_store_resource_get(struct tcn_store *s, enum tcn_resource_kind kind, const char *name,
                           struct tcn_arena *a, struct tcn_resource *ret, struct tcn_err *err);
/* Inserts, or replaces the one of that kind and name. TCN_ELIMIT, and nothing is written: the body is longer than
 * TCN_RESOURCE_BODY_MAX, or the tags are too many. */
int tcn_store_resource_put(struct tcn_store *s, const struct tcn_resource *resource,
                           struct tcn_err *err);
/* TCN_ENOTFOUND. */
int tcn_store_resource_drop(struct tcn_store *s, enum tcn_resource_kind kind, const char *name,
                            struct tcn_err *err);
/* In the order of the bytes of their names, those behind after; "" = from the first. */
int tcn_store_resource_list(struct tcn_store *s, enum tcn_resource_kind kind, const char *after,
                            size_t limit, struct tcn_arena *a, struct tcn_resource **ret,
                            size_t *ret_n, struct tcn_err *err);

/* TCN_ENOTFOUND. */
int tcn_store_channel_state_get(struct tcn_store *s, const char *contact, const char *channel,
                                struct tcn_arena *a, struct tcn_channel_state *ret,
                                struct tcn_err *err);
/* Inserts, or replaces the one of that channel. */
int tcn_store_channel_state_put(struct tcn_store *s, const struct tcn_channel_state *state,
                                struct tcn_err *err);
/* Nothing when there is none. */
int tcn_store_channel_state_drop(struct tcn_store *s, const char *contact, const char *channel,
                                 struct tcn_err *err);
/* By contact and channel, in the order of their bytes: the first TCN_CHANNEL_STATES_MAX. */
int tcn_store_channel_state_list(struct tcn_store *s, struct tcn_arena *a,
                                 struct tcn_channel_state **ret, size_t *ret_n,
                                 struct tcn_err *err);

/* A number, from 1 on, that is greater than all that were told before whenever rows of the above may have changed since: at once
 * for what this store changes or rolls back, within a second for what other nodes change. What is read after it was told is as
 * new as it at least. Where no other process can write it asks nothing once it is known, else once a second. */
int tcn_store_resources_version(struct tcn_store *s, int64_t now_ms, uint64_t *ret,
                                struct tcn_err *err);
/* The next version is asked of the database, and is another number only if rows did change: for who decides by all of them, after
 * tcn_store_lock_name(s, "resources", ""). */
void tcn_store_resources_forget(struct tcn_store *s);

#endif
