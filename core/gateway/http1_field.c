/* What the few header fields that decide about framing may say. */
#include "gateway/http1_internal.h"

#include <arpa/inet.h>

static bool all_are(struct tcn_str s, enum tcn_http1_class k)
{
    for (size_t i = 0; i < s.len; i++)
        if (!tcn_http1_is((unsigned char)s.ptr[i], k))
            return false;
    return true;
}

static bool is_ip6(struct tcn_str s)
{
    char text[INET6_ADDRSTRLEN];
    struct in6_addr address;

    if (s.len >= sizeof text)
        return false;
    memcpy(text, s.ptr, s.len);
    text[s.len] = '\0';
    return inet_pton(AF_INET6, text, &address) == 1;
}

static bool is_port(struct tcn_str s)
{
    return all_are(s, TCN_HTTP1_DIGIT); /* may be empty, RFC 3986 section 3.2.3 */
}

/* value starts with a bracket. */
static bool is_bracketed_host(struct tcn_str value)
{
    struct tcn_str rest = value, host;

    if (!tcn_str_cut(&rest, ']', &host) || !is_ip6((struct tcn_str){host.ptr + 1, host.len - 1}))
        return false;
    return rest.len == 0 ||
           (rest.ptr[0] == ':' && is_port((struct tcn_str){rest.ptr + 1, rest.len - 1}));
}

static bool is_host(struct tcn_str value)
{
    struct tcn_str host;

    if (value.len && value.ptr[0] == '[')
        return is_bracketed_host(value);
    if (!tcn_str_cut(&value, ':', &host)) {
        host = value;
        value.len = 0;
    }
    return host.len > 0 && all_are(host, TCN_HTTP1_HOSTBYTE) && is_port(value);
}

static enum tcn_refusal check_host(struct tcn_http1 *r, struct tcn_str value)
{
    if (r->has_host)
        return TCN_REFUSE_MANY_HOSTS;
    r->has_host = true;
    return is_host(value) ? TCN_REFUSE_NONE : TCN_REFUSE_BAD_HOST;
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
    h->lacks_length = must_state_length(h->method) && !h->is_chunked && !h->has_length;
    h->keeps_alive = !r->says_close && (h->minor == 1 || r->says_keep_alive);
    return TCN_REFUSE_NONE;
}
