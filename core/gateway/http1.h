/* A strict reader of HTTP/1.x requests (RFC 9110, RFC 9112): bytes in, events out. It reads no socket and no clock,
 * and how the bytes are cut into pieces never changes what it says.
 *
 * What RFC 9112 leaves open or lets a server be lenient about is refused here, because two readers that are lenient
 * in different ways are how requests are smuggled:
 *  - request line: method token of 1-16 bytes, one space, origin-form target only (RFC 9112 section 3.2.1) with valid
 *    percent escapes and without %00, one space, HTTP/1.1 or HTTP/1.0, CRLF;
 *  - lines end with CRLF; no folding (5.2), no blank before the colon (5.1), names are tokens, no control characters;
 *  - one Host (HTTP/1.1): a name of letters, digits and -._~, an IPv4 address or an IPv6 one in brackets, with or
 *    without a port (3.2);
 *  - at most one Content-Length of 1-12 digits, Transfer-Encoding exactly "chunked", in HTTP/1.1 alone and never
 *    beside Content-Length (6.1, 6.3); no body on HEAD; POST, PUT and PATCH state their framing, or are refused once
 *    their head was told, so that a wrong path or method can be answered first;
 *  - chunks: 1-8 hex digits, no extensions, no trailer fields (7.1);
 *  - Expect: 100-continue alone (RFC 9110 section 10.1.1), Content-Encoding: identity alone.
 * One empty line before a request is skipped, as RFC 9112 section 2.2 asks; a second one is refused.
 * After the first refusal the reader stays failed: the connection cannot be understood any more. */
#ifndef TCN_GATEWAY_HTTP1_H
#define TCN_GATEWAY_HTTP1_H

#include "base/buf.h"
#include "gateway/http1_refusal.h"

#define TCN_HTTP1_HEAD_MAX 16384 /* bytes of request line and fields with their line ends */
#define TCN_HTTP1_FIELDS_MAX 64
#define TCN_HTTP1_METHOD_MAX 16

enum tcn_method {
    TCN_METHOD_NONE = 0,
    TCN_GET,
    TCN_HEAD,
    TCN_POST,
    TCN_PUT,
    TCN_PATCH,
    TCN_DELETE,
    TCN_METHODS_N
};
const char *tcn_method_name(enum tcn_method m);        /* "GET"; "" for none */
enum tcn_method tcn_method_parse(struct tcn_str name); /* TCN_METHOD_NONE when unknown */

/* Places in the bytes of the head. */
struct tcn_http1_field {
    uint16_t name_at, name_len;
    uint16_t value_at, value_len; /* without the blanks around it */
};

struct tcn_http1_head {
    const char
        *bytes; /* borrowed: valid until the next feed; NULL when that one was not about the head */
    size_t len; /* 0 before the head is complete */
    uint64_t content_length; /* 0 when there is none */
    enum tcn_method method;
    int minor; /* HTTP/1.minor */
    bool has_length, is_chunked;
    bool lacks_length; /* of a method that has a body: LENGTH_REQUIRED is next */
    bool expects_continue;
    bool keeps_alive; /* RFC 9112 section 9.3 */
    uint16_t target_at, target_len;
    uint16_t path_len; /* the target's bytes before '?' */
    uint16_t n_fields;
    struct tcn_http1_field fields[TCN_HTTP1_FIELDS_MAX];
};

enum tcn_http1_event {
    TCN_HTTP1_MORE = 0, /* all bytes were used, the next event needs more */
    TCN_HTTP1_HEAD,     /* r->head is complete; now say tcn_http1_body_cap */
    TCN_HTTP1_BODY,     /* a run of body bytes */
    TCN_HTTP1_END,      /* the request is complete; the next feed starts another one */
    TCN_HTTP1_ERROR     /* r->refusal says why */
};

struct tcn_http1 {
    struct tcn_http1_head head;
    enum tcn_refusal refusal;
    /* private */
    struct tcn_buf held; /* the head so far, when it came in pieces; at most TCN_HTTP1_HEAD_MAX */
    int state;
    size_t at, mark; /* in the head */
    uint64_t body_cap, body_seen, left;
    unsigned digits;
    bool skipped_line, says_close, says_keep_alive, has_host;
};

void tcn_http1_init(struct tcn_http1 *r);
void tcn_http1_done(struct tcn_http1 *r); /* legal on a zeroed struct */
/* Takes some of bytes (*ret_used) and tells one event; call it again with the rest until it says MORE or ERROR. With no
 * bytes left there may still be an END to tell. *ret_body is set by BODY and points into bytes. */
enum tcn_http1_event tcn_http1_feed(struct tcn_http1 *r, struct tcn_str bytes, size_t *ret_used,
                                    struct tcn_str *ret_body);
/* After HEAD: the most body bytes that this request may have; 0 until said. More is BODY_TOO_LARGE. */
void tcn_http1_body_cap(struct tcn_http1 *r, uint64_t cap_bytes);
/* After a HEAD that lacks_length: RFC 9112 section 6.3 holds, there is no body, and END is next. What follows may still be
 * the body of a sender that forgot its length: never read it as a request. */
void tcn_http1_without_body(struct tcn_http1 *r);
/* The path of the request line after the last feed, once it was read; empty before, and when that feed was about a body.
 * Of a head that is not complete, or is refused, it is told as well. */
struct tcn_str tcn_http1_path(const struct tcn_http1 *r);
/* True between requests: no byte of the next one was seen (an empty line does not count). */
bool tcn_http1_is_idle(const struct tcn_http1 *r);

static inline struct tcn_str tcn_http1_target(const struct tcn_http1_head *h)
{
    return (struct tcn_str){h->bytes + h->target_at, h->target_len};
}

static inline struct tcn_str tcn_http1_name(const struct tcn_http1_head *h, size_t i)
{
    return (struct tcn_str){h->bytes + h->fields[i].name_at, h->fields[i].name_len};
}

static inline struct tcn_str tcn_http1_value(const struct tcn_http1_head *h, size_t i)
{
    return (struct tcn_str){h->bytes + h->fields[i].value_at, h->fields[i].value_len};
}

#endif
