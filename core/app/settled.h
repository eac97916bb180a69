/* Deliveries that are known to change nothing. A monitoring system repeats a firing alarm byte by byte for hours;
 * when such a body was just decided to be a repeat of an open, durable incident, its acknowledgement is already true
 * and needs neither parsing nor a transaction. Loop thread only.
 *
 * Right because: an entry is made from a decision of the store thread, whose results arrive in the order of its
 * transactions, and every result that changed a lane makes the entries of that lane void. Of what other nodes do nothing
 * comes here: on a database that is shared an entry says only what to ask for (recheck.h). Entries live for 30 s, so that
 * rules that depend on time are looked at again. */
#ifndef TCN_APP_SETTLED_H
#define TCN_APP_SETTLED_H

#include "store/store.h"

#define TCN_SETTLED_MS 30000

struct tcn_settled;

/* What was decided. Where other nodes write too, its lane must be asked for again (lane.revision is not 0). */
struct tcn_settled_fact {
    struct tcn_id incident;
    struct tcn_lane_mark lane;
};

struct tcn_settled *tcn_settled_new(void);
void tcn_settled_free(struct tcn_settled *s);

/* SHA-256 over all that two deliveries must share to be the same: what a mapping can see of them, header fields too. */
void tcn_settled_digest(const char *source, struct tcn_str fields, struct tcn_str body,
                        uint8_t ret_digest[32]);
bool tcn_settled_has(const struct tcn_settled *s, const uint8_t digest[32], int64_t now_ms,
                     struct tcn_settled_fact *ret);
void tcn_settled_add(struct tcn_settled *s, const uint8_t digest[32], const char *dedupe_key,
                     const struct tcn_settled_fact *fact, int64_t now_ms);
/* The lane changed: its entries are void. */
void tcn_settled_touch(struct tcn_settled *s, const char *dedupe_key);
/* Anything may have changed: a person's command, a timer, a new configuration. */
void tcn_settled_clear(struct tcn_settled *s);

#endif
