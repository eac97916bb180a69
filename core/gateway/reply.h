/* What a handler answers, and the only code that writes the head of a response. */
#ifndef TCN_GATEWAY_REPLY_H
#define TCN_GATEWAY_REPLY_H

#include "base/buf.h"

#define TCN_REPLY_BODY_MAX (8u << 20)
#define TCN_REPLY_HEAD_MAX 16384

struct tcn_reply_header {
    const char *name, *value;
};

/* Borrowed for the call, but for owned. A zeroed member means its default. */
struct tcn_reply {
    int status;               /* 200-599 */
    const char *content_type; /* NULL: application/json */
    const struct tcn_reply_header *headers;
    size_t n_headers;
    struct tcn_str body; /* copied, unless owned is set */
    char *owned;         /* malloc'd block that body points into; the reply takes it and frees it */
    uint32_t retry_after_s;
    const char *csp; /* Content-Security-Policy; NULL: nothing may be loaded, as for API answers */
    const char *cache_control; /* NULL: no-store */
    bool closes;               /* end the connection after this answer */
};

/* What the connection adds. */
struct tcn_reply_frame {
    bool keeps_alive;
    bool is_old;         /* the request was HTTP/1.0, where keeping alive must be said */
    struct tcn_str date; /* IMF-fixdate (RFC 9110 section 5.6.7), or empty */
};

/* True when the status has no body and no Content-Length (RFC 9110 section 6.4.1). */
bool tcn_reply_is_bodyless(int status);
/* Appends the status line, the fields and the empty line. A header whose name is no token or whose value has CR, LF or
 * another control character is left out: nothing that came from outside can add a line. */
void tcn_reply_head(const struct tcn_reply *reply, const struct tcn_reply_frame *frame,
                    struct tcn_buf *out);
/* "Sun, 06 Nov 1994 08:49:37 GMT" of Unix milliseconds. */
#define TCN_REPLY_DATE 30
void tcn_reply_date(int64_t unix_ms, char ret_text[TCN_REPLY_DATE]);
const char *tcn_reply_phrase(int status); /* "Not Found"; "Status" for one that is not known */

#endif
