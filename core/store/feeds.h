/* The store of what comes back from ticket systems: feeds, conflicts, and the notes that were taken in. As in store.h every function
 * works inside the transaction that the caller opened; what is read is of the arena. */
#ifndef TCN_STORE_FEEDS_H
#define TCN_STORE_FEEDS_H

#include "base/arena.h"
#include "base/err.h"
#include "model/conflict.h"
#include "model/entry.h"
#include "model/feed.h"

struct tcn_store;

#define TCN_FEEDS_MAX 64
#define TCN_CONFLICTS_OF_LINK_MAX 50
#define TCN_CONFLICTS_PRUNED_MAX 500

/* -- feeds: one of a connector --------------------------------------------------------------------------------- */

/* It is there from now on, due at now_ms; one that is there stays as it is. */
int tcn_store_feed_make(struct tcn_store *s, const char *connector, int64_t now_ms,
                        struct tcn_err *err);
/* One that has something due becomes in flight of this process, *ret_is_ours. What a living process has in flight is its own. */
int tcn_store_feed_claim(struct tcn_store *s, const char *connector, int64_t now_ms,
                         struct tcn_arena *a, struct tcn_feed *ret, bool *ret_is_ours,
                         struct tcn_err *err);
/* After a claim: all but heard_ms is as given, and it is in flight no more. */
int tcn_store_feed_put(struct tcn_store *s, const struct tcn_feed *feed, struct tcn_err *err);
/* A webhook came. One a minute is noted. */
int tcn_store_feed_heard(struct tcn_store *s, const char *connector, int64_t now_ms,
                         struct tcn_err *err);
/* It sweeps at now_ms, or when it was to anyway, if that is sooner: all records, those too that a sweep which did not end had compared. */
int tcn_store_feed_hasten(struct tcn_store *s, const char *connector, int64_t now_ms,
                          struct tcn_err *err);
/* By connector, the first TCN_FEEDS_MAX. */
int tcn_store_feed_list(struct tcn_store *s, struct tcn_arena *a, struct tcn_feed **ret,
                        size_t *ret_n, struct tcn_err *err);

/* A link with a record, as a sweep needs it. */
struct tcn_known_record {
    struct tcn_id link, incident;
    const char *remote_id, *version; /* version: NULL = not known */
};
/* Those of a connector, the newest incidents first, older than the incident before (NULL: all). Of open incidents; with since of
 * those that are closed and not older than that incident. */
int tcn_store_feed_records(struct tcn_store *s, const char *connector, const struct tcn_id *before,
                           const struct tcn_id *since, size_t limit, struct tcn_arena *a,
                           struct tcn_known_record **ret, size_t *ret_n, struct tcn_err *err);

/* -- conflicts ---------------------------------------------------------------------------------------------------- */

struct tcn_id tcn_conflict_id(struct tcn_id link, const char *field, int64_t at_ms);
/* A row with the same id stays as it is. */
int tcn_store_conflict_add(struct tcn_store *s, const struct tcn_conflict_row *row,
                           struct tcn_err *err);
/* Of a link, the newest first, TCN_CONFLICTS_OF_LINK_MAX at most. */
int tcn_store_conflict_list(struct tcn_store *s, struct tcn_id link, struct tcn_arena *a,
                            struct tcn_conflict_row **ret, size_t *ret_n, struct tcn_err *err);
/* Those from before that time go, TCN_CONFLICTS_PRUNED_MAX at most; *ret_n says how many. */
int tcn_store_conflict_prune(struct tcn_store *s, int64_t before_ms, int64_t *ret_n,
                             struct tcn_err *err);

/* -- notes that were taken in ------------------------------------------------------------------------------------ */

struct tcn_id tcn_entry_id(struct tcn_id link, const char *remote_entry);
/* Added, or its event, hash and time replaced. */
int tcn_store_entry_put(struct tcn_store *s, const struct tcn_entry *entry, struct tcn_err *err);
/* TCN_ENOTFOUND. */
int tcn_store_entry_get(struct tcn_store *s, struct tcn_id id, struct tcn_arena *a,
                        struct tcn_entry *ret, struct tcn_err *err);

#endif
