/* The framing of chunked bodies, RFC 9112 section 7.1, without extensions and trailers. */
#include "gateway/http1_internal.h"

#include <assert.h>

enum { DIGITS_MAX = 8 };

static unsigned hex_value(unsigned char c)
{
    return c <= '9' ? c - (unsigned)'0' : (c | 0x20u) - 'a' + 10u;
}

static enum tcn_refusal size_byte(struct tcn_http1 *r, unsigned char c)
{
    if (tcn_http1_is(c, TCN_HTTP1_HEX) && r->digits < DIGITS_MAX) {
        r->left = r->left * 16 + hex_value(c);
        r->digits++;
        return TCN_REFUSE_NONE;
    }
    if (c != '\r' || r->digits == 0)
        return TCN_REFUSE_BAD_CHUNK_SIZE;
    r->state = TCN_HTTP1_S_CHUNK_SIZE_LF;
    return TCN_REFUSE_NONE;
}

static enum tcn_refusal size_end(struct tcn_http1 *r, unsigned char c)
{
    if (c != '\n')
        return TCN_REFUSE_BAD_CHUNK_SIZE;
    assert(r->body_seen <= r->body_cap);
    if (r->left > r->body_cap - r->body_seen)
        return TCN_REFUSE_BODY_TOO_LARGE;
    r->digits = 0;
    r->state = r->left ? TCN_HTTP1_S_CHUNK_DATA : TCN_HTTP1_S_LAST_CR;
    return TCN_REFUSE_NONE;
}

static enum tcn_refusal expect(struct tcn_http1 *r, bool is_right, enum tcn_http1_state next,
                               enum tcn_refusal why)
{
    if (!is_right)
        return why;
    r->state = (int)next;
    return TCN_REFUSE_NONE;
}

/* One byte that is not data. */
static enum tcn_refusal frame_byte(struct tcn_http1 *r, unsigned char c)
{
    switch (r->state) {
    case TCN_HTTP1_S_CHUNK_SIZE:
        return size_byte(r, c);
    case TCN_HTTP1_S_CHUNK_SIZE_LF:
        return size_end(r, c);
    case TCN_HTTP1_S_CHUNK_CR:
        return expect(r, c == '\r', TCN_HTTP1_S_CHUNK_LF, TCN_REFUSE_BAD_CHUNK_END);
    case TCN_HTTP1_S_CHUNK_LF:
        return expect(r, c == '\n', TCN_HTTP1_S_CHUNK_SIZE, TCN_REFUSE_BAD_CHUNK_END);
    case TCN_HTTP1_S_LAST_CR:
        return expect(r, c == '\r', TCN_HTTP1_S_LAST_LF, TCN_REFUSE_TRAILER);
    default:
        assert(r->state == TCN_HTTP1_S_LAST_LF);
        return expect(r, c == '\n', TCN_HTTP1_S_COMPLETE, TCN_REFUSE_TRAILER);
    }
}

static enum tcn_http1_event hand_out(struct tcn_http1 *r, struct tcn_str bytes, size_t *used,
                                     struct tcn_str *ret_body)
{
    size_t n = bytes.len - *used;

    if (n > r->left)
        n = (size_t)r->left;
    *ret_body = (struct tcn_str){bytes.ptr + *used, n};
    *used += n;
    r->left -= n;
    r->body_seen += n;
    if (r->left == 0)
        r->state = TCN_HTTP1_S_CHUNK_CR;
    return TCN_HTTP1_BODY;
}

enum tcn_http1_event tcn_http1_read_chunked(struct tcn_http1 *r, struct tcn_str bytes,
                                            size_t *ret_used, struct tcn_str *ret_body)
{
    while (*ret_used < bytes.len) {
        enum tcn_refusal why;

        if (r->state == TCN_HTTP1_S_CHUNK_DATA)
            return hand_out(r, bytes, ret_used, ret_body);
        why = frame_byte(r, (unsigned char)bytes.ptr[(*ret_used)++]);
        if (why)
            return tcn_http1_fail(r, why);
        if (r->state == TCN_HTTP1_S_COMPLETE) {
            r->state = TCN_HTTP1_S_ENDED;
            return TCN_HTTP1_END;
        }
    }
    return TCN_HTTP1_MORE;
}
