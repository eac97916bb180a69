/* What the few header fields that decide about framing may say. */
#include "gateway/http1_internal.h"

static enum tcn_refusal check_host(struct tcn_http1 *r, struct tcn_str value)
{
    if (r->has_host)
        return TCN_REFUSE_MANY_HOSTS;
    r->has_host = true;
    if (value.len == 0)
        return TCN_REFUSE_BAD_HOST;
    for (size_t i = 0; i < value.len; i++)
        if (!tcn_http1_is((unsigned char)value.ptr[i], TCN_HTTP1_HOSTBYTE))
            return TCN_REFUSE_BAD_HOST;
    return TCN_REFUSE_NONE;
}

static enum tcn_refusal check_length(struct tcn_http1 *r, struct tcn_str value)
{
    enum { DIGITS_MAX = 12 };

    if (r->head.has_length)
        return TCN_REFUSE_MANY_LENGTHS;
    r->head.has_length = true;
    if (value.len > DIGITS_MAX || tcn_str_u64(value, UINT64_MAX, &r->head.content_length) < 0)
        return TCN_REFUSE_BAD_LENGTH;
    return TCN_REFUSE_NONE;
}

/* Codings are case-insensitive (RFC 9112 section 7). */
static enum tcn_refusal check_coding(struct tcn_http1 *r, struct tcn_str value)
{
    if (r->head.is_chunked)
        return TCN_REFUSE_MANY_CODINGS;
    if (!tcn_str_case_eq(value, TCN_STR("chunked")))
        return TCN_REFUSE_UNKNOWN_CODING;
    r->head.is_chunked = true;
    return TCN_REFUSE_NONE;
}

static enum tcn_refusal check_expect(struct tcn_http1 *r, struct tcn_str value)
{
    if (!tcn_str_case_eq(value, TCN_STR("100-continue")))
        return TCN_REFUSE_BAD_EXPECT;
    r->head.expects_continue = r->head.minor == 1; /* RFC 9110 section 10.1.1 */
    return TCN_REFUSE_NONE;
}

static enum tcn_refusal check_content_coding(struct tcn_str value)
{
    return tcn_str_case_eq(value, TCN_STR("identity")) ? TCN_REFUSE_NONE
                                                       : TCN_REFUSE_CONTENT_CODING;
}

static void note_connection(struct tcn_http1 *r, struct tcn_str value)
{
    struct tcn_str word;

    while (value.len) {
        if (!tcn_str_cut(&value, ',', &word)) {
            word = value;
            value.len = 0;
        }
        word = tcn_str_trim(word);
        r->says_close |= tcn_str_case_eq(word, TCN_STR("close"));
        r->says_keep_alive |= tcn_str_case_eq(word, TCN_STR("keep-alive"));
    }
}

static bool is_named(struct tcn_str name, const char *lower)
{
    return (name.ptr[0] | 0x20) == lower[0] &&
           tcn_str_case_eq(name, (struct tcn_str){lower, name.len});
}

/* The length picks the candidate, so that most fields cost one comparison of an integer. */
enum tcn_refusal tcn_http1_check_field(struct tcn_http1 *r, struct tcn_str name,
                                       struct tcn_str value)
{
    switch (name.len) {
    case sizeof "host" - 1:
        return is_named(name, "host") ? check_host(r, value) : TCN_REFUSE_NONE;
    case sizeof "expect" - 1:
        return is_named(name, "expect") ? check_expect(r, value) : TCN_REFUSE_NONE;
    case sizeof "connection" - 1:
        if (is_named(name, "connection"))
            note_connection(r, value);
        return TCN_REFUSE_NONE;
    case sizeof "content-length" - 1:
        return is_named(name, "content-length") ? check_length(r, value) : TCN_REFUSE_NONE;
    case sizeof "content-encoding" - 1:
        return is_named(name, "content-encoding") ? check_content_coding(value) : TCN_REFUSE_NONE;
    case sizeof "transfer-encoding" - 1:
        return is_named(name, "transfer-encoding") ? check_coding(r, value) : TCN_REFUSE_NONE;
    default:
        return TCN_REFUSE_NONE;
    }
}

static bool must_state_length(enum tcn_method m)
{
    return m == TCN_POST || m == TCN_PUT || m == TCN_PATCH;
}

enum tcn_refusal tcn_http1_check_head(struct tcn_http1 *r)
{
    struct tcn_http1_head *h = &r->head;
    bool has_body = h->is_chunked || h->content_length > 0;

    if (h->minor == 1 && !r->has_host)
        return TCN_REFUSE_NO_HOST;
    if (h->is_chunked && h->has_length)
        return TCN_REFUSE_LENGTH_AND_CODING;
    if (h->is_chunked && h->minor == 0)
        return TCN_REFUSE_OLD_CODING;
    if (h->method == TCN_HEAD && has_body)
        return TCN_REFUSE_BODY_ON_HEAD;
    if (must_state_length(h->method) && !h->is_chunked && !h->has_length)
        return TCN_REFUSE_LENGTH_REQUIRED;
    h->keeps_alive = !r->says_close && (h->minor == 1 || r->says_keep_alive);
    return TCN_REFUSE_NONE;
}
