/* Between the files of the HTTP/1 reader. */
#ifndef TCN_GATEWAY_HTTP1_INTERNAL_H
#define TCN_GATEWAY_HTTP1_INTERNAL_H

#include "gateway/http1.h"

enum tcn_http1_class {
    TCN_HTTP1_TOKEN = 1, /* RFC 9110 section 5.6.2 */
    TCN_HTTP1_PATH = 2,  /* RFC 3986 pchar and '/', without '%' */
    TCN_HTTP1_QUERY =
        4, /* visible ASCII without " < > # %: browsers send more than RFC 3986 here */
    TCN_HTTP1_VALUE = 8, /* RFC 9110 section 5.5: HTAB, SP, VCHAR, obs-text */
    TCN_HTTP1_HEX = 16,
    TCN_HTTP1_HOSTBYTE = 32, /* RFC 3986 unreserved: host names and IPv4 addresses need no more */
    TCN_HTTP1_DIGIT = 64
};
extern const unsigned char tcn_http1_classes[256];

static inline bool tcn_http1_is(unsigned char c, enum tcn_http1_class k)
{
    return tcn_http1_classes[c] & k;
}

/* Where the reader stands; those up to TCN_HTTP1_S_VALUE are inside the head. */
enum tcn_http1_state {
    TCN_HTTP1_S_START = 0,
    TCN_HTTP1_S_METHOD,
    TCN_HTTP1_S_TARGET,
    TCN_HTTP1_S_PATH,
    TCN_HTTP1_S_QUERY,
    TCN_HTTP1_S_VERSION,
    TCN_HTTP1_S_FIELD,
    TCN_HTTP1_S_NAME,
    TCN_HTTP1_S_BLANKS,
    TCN_HTTP1_S_VALUE,
    TCN_HTTP1_S_NO_LENGTH, /* the next feed fails */
    TCN_HTTP1_S_LENGTH,    /* a body of head.content_length */
    TCN_HTTP1_S_CHUNK_SIZE,
    TCN_HTTP1_S_CHUNK_SIZE_LF,
    TCN_HTTP1_S_CHUNK_DATA,
    TCN_HTTP1_S_CHUNK_CR,
    TCN_HTTP1_S_CHUNK_LF,
    TCN_HTTP1_S_LAST_CR,
    TCN_HTTP1_S_LAST_LF,
    TCN_HTTP1_S_COMPLETE, /* the next feed tells END */
    TCN_HTTP1_S_ENDED,    /* the next feed starts a request */
    TCN_HTTP1_S_FAILED
};

enum tcn_http1_step {
    TCN_HTTP1_STEP_MORE, /* wait for bytes; r->at stands where to look again */
    TCN_HTTP1_STEP_NEXT, /* r->state changed */
    TCN_HTTP1_STEP_DONE, /* the head is complete */
    TCN_HTTP1_STEP_FAIL
};

/* Reads p[r->at .. end) of the head. */
enum tcn_http1_step tcn_http1_read_head(struct tcn_http1 *r, const unsigned char *p, size_t end);
/* Rules of one complete field, and of all together. */
enum tcn_refusal tcn_http1_check_field(struct tcn_http1 *r, struct tcn_str name,
                                       struct tcn_str value);
enum tcn_refusal tcn_http1_check_head(struct tcn_http1 *r);
/* Framing of a chunked body. */
enum tcn_http1_event tcn_http1_read_chunked(struct tcn_http1 *r, struct tcn_str bytes,
                                            size_t *ret_used, struct tcn_str *ret_body);

static inline enum tcn_http1_event tcn_http1_fail(struct tcn_http1 *r, enum tcn_refusal why)
{
    r->refusal = why;
    r->state = TCN_HTTP1_S_FAILED;
    return TCN_HTTP1_ERROR;
}

#endif
