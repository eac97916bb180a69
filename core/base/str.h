/* Borrowed text: a pointer and a length by value. Never owns, need not end in NUL. */
#ifndef TCN_BASE_STR_H
#define TCN_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct tcn_str {
    const char *ptr;
    size_t len;
};

#define TCN_STR(lit) ((struct tcn_str){"" lit, sizeof(lit) - 1})
/* The same where C wants a constant: initialisers of static tables. */
/* clang-format off */
#define TCN_STR_INIT(lit) {"" lit, sizeof(lit) - 1}
/* clang-format on */

static inline struct tcn_str tcn_str(const char *z)
{
    return (struct tcn_str){z, z ? strlen(z) : 0};
}

bool tcn_str_eq(struct tcn_str a, struct tcn_str b);
bool tcn_str_case_eq(struct tcn_str a, struct tcn_str b); /* ASCII only */
bool tcn_str_starts(struct tcn_str s, struct tcn_str prefix);
bool tcn_str_ends(struct tcn_str s, struct tcn_str suffix);
int tcn_str_cmp(struct tcn_str a, struct tcn_str b);
struct tcn_str tcn_str_trim(struct tcn_str s); /* blanks and tabs, CR and LF at both ends */
/* The part before the first c goes to head, the rest after it stays in *s; false when c is absent. */
bool tcn_str_cut(struct tcn_str *s, char c, struct tcn_str *ret_head);
/* Decimal digits only, whole string; TCN_ESYNTAX, or TCN_ELIMIT above max. */
int tcn_str_u64(struct tcn_str s, uint64_t max, uint64_t *ret_value);
/* "90s" "15m" "2h" "1d" "250ms", or bare digits as seconds, into milliseconds; TCN_ESYNTAX, TCN_ELIMIT. */
int tcn_str_duration(struct tcn_str s, int64_t *ret_ms);
/* True when the bytes are valid UTF-8 without surrogates and overlong forms. */
bool tcn_utf8_ok(struct tcn_str s);
/* Bytes of the longest prefix that is valid UTF-8 (RFC 3629). */
size_t tcn_utf8_prefix(struct tcn_str s);
/* The longest prefix of at most max code points, cut between code points. */
struct tcn_str tcn_utf8_cut(struct tcn_str s, size_t max_points);
/* The same of at most max_bytes bytes. */
struct tcn_str tcn_utf8_cut_bytes(struct tcn_str s, size_t max_bytes);
size_t tcn_utf8_count(struct tcn_str s); /* code points */
/* Takes the first code point off *s; false, and nothing is taken, at its end and where it is no UTF-8. */
bool tcn_utf8_next(struct tcn_str *s, uint32_t *ret_point);

#endif
