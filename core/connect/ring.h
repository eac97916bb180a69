/* What was written of late, kept with the link as JSON: [{"f": field, "h": hash, "at": ms}, ...], newest last, 64 at
 * most. Names that start with # are marks of the algorithm, "!FIELD" is the conflict that the field is in, the others are
 * fields. An entry {"f": "?FIELD", "v": value} is a write whose outcome is not known yet. Pure. */
#ifndef TCN_CONNECT_RING_H
#define TCN_CONNECT_RING_H

#include "base/arena.h"
#include "model/link.h"
#include <jansson.h>

#define TCN_RING_REFUSED "#refused" /* the mark of a write that the remote will never take */
#define TCN_RING_MAX 64
#define TCN_RING_HASH 17 /* 16 hex characters and NUL */

/* Hash of a value, NULL included: the first 64 bits of SHA-256 over its compact text with sorted keys. */
void tcn_ring_hash(const json_t *value, char ret[TCN_RING_HASH]);
/* Replaces link->pushed; the text is in arena. */
void tcn_ring_add(struct tcn_link *link, const char *field, const char *hash, int64_t at_ms,
                  struct tcn_arena *arena);
/* Entries of that field and hash (NULL = any) not older than since_ms. */
size_t tcn_ring_count(const struct tcn_link *link, const char *field, const char *hash,
                      int64_t since_ms);
/* How many of the newest entries of that field, one after the other, have that hash and are not older. */
size_t tcn_ring_streak(const struct tcn_link *link, const char *field, const char *hash,
                       int64_t since_ms);
/* The fields whose newest n entries, or more, are of one value and not older than since_ms: a list, yours. */
json_t *tcn_ring_repeated(const struct tcn_link *link, size_t n, int64_t since_ms);
/* When the newest entry of that field was added, 0 = none. */
int64_t tcn_ring_last(const struct tcn_link *link, const char *field);
/* A write of value to field goes out, perhaps again. Long values are not kept. */
void tcn_ring_try(struct tcn_link *link, const char *field, json_t *value, int64_t at_ms,
                  struct tcn_arena *arena);
/* The values that may have been written since the outcome was last known, newest last: a list, yours. */
json_t *tcn_ring_tries(const struct tcn_link *link, const char *field);
/* What the record holds is known, and the outcome of the write that went out at sent_ms (0: of none). A write whose answer was
 * lost before may still arrive: its values stay among the tries, late from now on, until this is called after
 * TCN_RING_LATE_MS, which is longer than a call takes. Those of TCN_RING_STATUS go: many write what it takes, so that a late one
 * tells nothing of who wrote it. */
#define TCN_RING_STATUS "status"
#define TCN_RING_LATE_MS INT64_C(120000)
void tcn_ring_settle(struct tcn_link *link, int64_t sent_ms, int64_t now_ms,
                     struct tcn_arena *arena);
/* A value among the tries that would come late: the record was read since, or written anew. */
bool tcn_ring_is_late(const struct tcn_link *link, const char *field, const json_t *value);
/* Forgets the entries of that field. */
void tcn_ring_drop(struct tcn_link *link, const char *field, struct tcn_arena *arena);

#endif
