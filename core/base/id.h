/* 128-bit ids, written as lower-case UUIDs. Root ids are time-ordered (RFC 9562 version 7) so that keys are
 * inserted in order; child ids are derived, so that a repeated decision repeats its ids. */
#ifndef TCN_BASE_ID_H
#define TCN_BASE_ID_H

#include "base/str.h"

#define TCN_ID_TEXT 37 /* 36 characters and NUL */

struct tcn_id {
    uint8_t b[16];
};

/* RFC 9562 section 5.7: 48 bits of Unix milliseconds, 74 bits of randomness. */
struct tcn_id tcn_id_v7(int64_t unix_ms, const uint8_t random[10]);
/* The id of the ordinal-th thing of that kind below parent; same inputs, same id (RFC 9562 version 8).
 * The 48 bits of time stay the parent's, so that rows of one incident lie together in an index.
 * Mixing is not cryptographic: ids are names, never secrets. */
struct tcn_id tcn_id_child(struct tcn_id parent, const char *kind, uint64_t ordinal);
void tcn_id_text(struct tcn_id id, char ret_text[TCN_ID_TEXT]);
int tcn_id_parse(struct tcn_str text,
                 struct tcn_id *ret_id); /* TCN_ESYNTAX; accepts lower case only */
static inline bool tcn_id_eq(struct tcn_id a, struct tcn_id b)
{
    return memcmp(a.b, b.b, sizeof a.b) == 0;
}
static inline bool tcn_id_is_zero(struct tcn_id id)
{
    return tcn_id_eq(id, (struct tcn_id){{0}});
}
/* 26 characters of lower-case base32 (RFC 4648 alphabet, no padding) and NUL, for labels. */
void tcn_id_short(struct tcn_id id, char ret_text[27]);

#endif
