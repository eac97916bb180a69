/* A growing byte buffer with a cap. After an append that does not fit, the buffer keeps what it had and
 * remembers that it failed: check tcn_buf_ok() once at the end. Always NUL-terminated. */
#ifndef TCN_BASE_BUF_H
#define TCN_BASE_BUF_H

#include "base/str.h"

struct tcn_buf {
    char *ptr; /* owned, unless it is lent; "" before the first append */
    size_t len, size, cap;
    bool failed, is_lent;
};

void tcn_buf_init(struct tcn_buf *b, size_t cap_bytes);
/* Begins in size > 0 bytes that stay the caller's and outlive the buffer; what does not fit is allocated. */
void tcn_buf_init_in(struct tcn_buf *b, size_t cap_bytes, char *room, size_t size);
void tcn_buf_done(struct tcn_buf *b);  /* frees; legal on a zeroed struct and twice */
void tcn_buf_clear(struct tcn_buf *b); /* empties, keeps the memory, forgets a failure */
void tcn_buf_add(struct tcn_buf *b, const void *bytes, size_t len);
void tcn_buf_str(struct tcn_buf *b, struct tcn_str s);
void tcn_buf_z(struct tcn_buf *b, const char *z);
void tcn_buf_char(struct tcn_buf *b, char c);
void tcn_buf_fmt(struct tcn_buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* "a, b, c": the first max of names, which end with NULL. */
void tcn_buf_names(struct tcn_buf *b, const char *const names[], size_t max);
bool tcn_buf_ok(const struct tcn_buf *b);
struct tcn_str tcn_buf_view(const struct tcn_buf *b); /* valid until the next append */
char *tcn_buf_take(struct tcn_buf *b); /* yours to free(); the buffer is empty after */

/* Escapes for one sink each. */
void tcn_buf_html(struct tcn_buf *b, struct tcn_str s);    /* & < > " ' */
void tcn_buf_percent(struct tcn_buf *b, struct tcn_str s); /* RFC 3986 unreserved stay */
/* A JSON string, quotes included; a byte that is no UTF-8 becomes U+FFFD. */
void tcn_buf_json(struct tcn_buf *b, struct tcn_str s);

#endif
