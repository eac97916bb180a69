/* The grammar of a head: one small function for each place where the reader can stand. Each takes as many bytes as it
 * can; one that waits leaves r->at where it must look again, so a piece may end anywhere. */
#include "gateway/http1_internal.h"

#include <assert.h>

enum { TLS_HANDSHAKE = 0x16 }; /* content type of a TLS record, RFC 8446 section 5.1 */

static enum tcn_http1_step fail(struct tcn_http1 *r, enum tcn_refusal why)
{
    tcn_http1_fail(r, why);
    return TCN_HTTP1_STEP_FAIL;
}

static enum tcn_http1_step go(struct tcn_http1 *r, enum tcn_http1_state state)
{
    r->state = (int)state;
    return TCN_HTTP1_STEP_NEXT;
}

/* p[r->at] is a CR: steps over CRLF. */
static enum tcn_http1_step line_end(struct tcn_http1 *r, const unsigned char *p, size_t end)
{
    assert(p[r->at] == '\r');
    if (end - r->at < 2)
        return TCN_HTTP1_STEP_MORE;
    if (p[r->at + 1] != '\n')
        return fail(r, TCN_REFUSE_BARE_CR);
    r->at += 2;
    return TCN_HTTP1_STEP_NEXT;
}

static enum tcn_http1_step at_start(struct tcn_http1 *r, const unsigned char *p, size_t end)
{
    enum tcn_http1_step step;

    if (p[r->at] == '\r' && !r->skipped_line) {
        step = line_end(r, p, end);
        r->skipped_line = step == TCN_HTTP1_STEP_NEXT;
        return step;
    }
    if (p[r->at] == TLS_HANDSHAKE)
        return fail(r, TCN_REFUSE_TLS_HELLO);
    r->mark = r->at;
    return go(r, TCN_HTTP1_S_METHOD);
}

static enum tcn_http1_step at_method(struct tcn_http1 *r, const unsigned char *p, size_t end)
{
    size_t len;

    while (r->at < end && tcn_http1_is(p[r->at], TCN_HTTP1_TOKEN))
        r->at++;
    len = r->at - r->mark;
    if (len > TCN_HTTP1_METHOD_MAX)
        return fail(r, TCN_REFUSE_BAD_METHOD);
    if (r->at == end)
        return TCN_HTTP1_STEP_MORE;
    if (p[r->at] != ' ' || len == 0)
        return fail(r, TCN_REFUSE_BAD_METHOD);
    /* an unknown method is told after the line was found well formed */
    r->head.method = tcn_method_parse((struct tcn_str){(const char *)p + r->mark, len});
    r->at++;
    return go(r, TCN_HTTP1_S_TARGET);
}

static enum tcn_http1_step at_target(struct tcn_http1 *r, const unsigned char *p, size_t end)
{
    (void)end;
    if (p[r->at] != '/')
        return fail(r, TCN_REFUSE_BAD_TARGET);
    r->head.target_at = (uint16_t)r->at;
    return go(r, TCN_HTTP1_S_PATH);
}

/* p[r->at] is '%'. */
static enum tcn_http1_step percent(struct tcn_http1 *r, const unsigned char *p, size_t end)
{
    for (size_t i = r->at + 1; i < r->at + 3; i++) {
        if (i >= end)
            return TCN_HTTP1_STEP_MORE;
        if (!tcn_http1_is(p[i], TCN_HTTP1_HEX))
            return fail(r, TCN_REFUSE_BAD_PERCENT);
    }
    if (p[r->at + 1] == '0' && p[r->at + 2] == '0')
        return fail(r, TCN_REFUSE_PERCENT_NUL);
    r->at += 3;
    return TCN_HTTP1_STEP_NEXT;
}

static enum tcn_http1_step end_target(struct tcn_http1 *r)
{
    r->head.target_len = (uint16_t)(r->at - r->head.target_at);
    if (r->state == TCN_HTTP1_S_PATH)
        r->head.path_len = r->head.target_len;
    r->at++;
    return go(r, TCN_HTTP1_S_VERSION);
}

static enum tcn_http1_step at_path(struct tcn_http1 *r, const unsigned char *p, size_t end)
{
    while (r->at < end && tcn_http1_is(p[r->at], TCN_HTTP1_PATH))
        r->at++;
    if (r->at == end)
        return TCN_HTTP1_STEP_MORE;
    if (p[r->at] == '%')
        return percent(r, p, end);
    if (p[r->at] == ' ')
        return end_target(r);
    if (p[r->at] != '?')
        return fail(r, TCN_REFUSE_BAD_TARGET);
    r->head.path_len = (uint16_t)(r->at - r->head.target_at);
    r->at++;
    return go(r, TCN_HTTP1_S_QUERY);
}

static enum tcn_http1_step at_query(struct tcn_http1 *r, const unsigned char *p, size_t end)
{
    while (r->at < end && tcn_http1_is(p[r->at], TCN_HTTP1_QUERY))
        r->at++;
    if (r->at == end)
        return TCN_HTTP1_STEP_MORE;
    if (p[r->at] == '%')
        return percent(r, p, end);
    return p[r->at] == ' ' ? end_target(r) : fail(r, TCN_REFUSE_BAD_TARGET);
}

/* What is wrong with byte i of "HTTP/1.x" and the line break after it. */
static enum tcn_refusal version_byte(size_t i, unsigned char c)
{
    static const char prefix[] = "HTTP/";

    if (i < sizeof prefix - 1)
        return c == (unsigned char)prefix[i] ? TCN_REFUSE_NONE : TCN_REFUSE_BAD_VERSION;
    if (i == 5)
        return c == '1' ? TCN_REFUSE_NONE : TCN_REFUSE_UNSUPPORTED_VERSION;
    if (i == 6)
        return c == '.' ? TCN_REFUSE_NONE : TCN_REFUSE_UNSUPPORTED_VERSION;
    if (i == 7)
        return c == '0' || c == '1' ? TCN_REFUSE_NONE : TCN_REFUSE_UNSUPPORTED_VERSION;
    if (c == '\r')
        return TCN_REFUSE_NONE;
    if (c == '\n')
        return TCN_REFUSE_BARE_LF;
    return c == ' ' || c == '\t' ? TCN_REFUSE_BAD_VERSION : TCN_REFUSE_UNSUPPORTED_VERSION;
}

static enum tcn_http1_step at_version(struct tcn_http1 *r, const unsigned char *p, size_t end)
{
    enum { CR_AT = 8 };
    enum tcn_refusal why;
    enum tcn_http1_step step;

    for (size_t i = 0; i <= CR_AT; i++) {
        if (r->at + i == end)
            return TCN_HTTP1_STEP_MORE;
        why = version_byte(i, p[r->at + i]);
        if (why)
            return fail(r, why);
    }
    if (end - r->at < CR_AT + 2)
        return TCN_HTTP1_STEP_MORE;
    r->head.minor = p[r->at + 7] - '0';
    r->at += CR_AT;
    step = line_end(r, p, end);
    if (step != TCN_HTTP1_STEP_NEXT)
        return step;
    return r->head.method ? go(r, TCN_HTTP1_S_FIELD) : fail(r, TCN_REFUSE_UNKNOWN_METHOD);
}

static enum tcn_http1_step at_field(struct tcn_http1 *r, const unsigned char *p, size_t end)
{
    unsigned char c = p[r->at];

    if (c == '\r') {
        enum tcn_http1_step step = line_end(r, p, end);

        return step == TCN_HTTP1_STEP_NEXT ? TCN_HTTP1_STEP_DONE : step;
    }
    if (c == '\n')
        return fail(r, TCN_REFUSE_BARE_LF);
    if (c == ' ' || c == '\t')
        return fail(r, TCN_REFUSE_FOLDED_FIELD);
    if (!tcn_http1_is(c, TCN_HTTP1_TOKEN))
        return fail(r, TCN_REFUSE_BAD_FIELD_NAME);
    if (r->head.n_fields == TCN_HTTP1_FIELDS_MAX)
        return fail(r, TCN_REFUSE_TOO_MANY_FIELDS);
    r->mark = r->at;
    return go(r, TCN_HTTP1_S_NAME);
}

static enum tcn_http1_step at_name(struct tcn_http1 *r, const unsigned char *p, size_t end)
{
    struct tcn_http1_field *f = &r->head.fields[r->head.n_fields];

    while (r->at < end && tcn_http1_is(p[r->at], TCN_HTTP1_TOKEN))
        r->at++;
    if (r->at == end)
        return TCN_HTTP1_STEP_MORE;
    if (p[r->at] != ':')
        return fail(r, TCN_REFUSE_BAD_FIELD_NAME);
    f->name_at = (uint16_t)r->mark;
    f->name_len = (uint16_t)(r->at - r->mark);
    r->at++;
    return go(r, TCN_HTTP1_S_BLANKS);
}

static bool is_blank(unsigned char c)
{
    return c == ' ' || c == '\t';
}

static enum tcn_http1_step at_blanks(struct tcn_http1 *r, const unsigned char *p, size_t end)
{
    while (r->at < end && is_blank(p[r->at]))
        r->at++;
    if (r->at == end)
        return TCN_HTTP1_STEP_MORE;
    r->mark = r->at;
    return go(r, TCN_HTTP1_S_VALUE);
}

static enum tcn_http1_step at_value(struct tcn_http1 *r, const unsigned char *p, size_t end)
{
    struct tcn_http1_field *f = &r->head.fields[r->head.n_fields];
    const char *text = (const char *)p;
    enum tcn_http1_step step;
    enum tcn_refusal why;
    size_t stop;

    while (r->at < end && tcn_http1_is(p[r->at], TCN_HTTP1_VALUE))
        r->at++;
    if (r->at == end)
        return TCN_HTTP1_STEP_MORE;
    if (p[r->at] != '\r')
        return fail(r, p[r->at] == '\n' ? TCN_REFUSE_BARE_LF : TCN_REFUSE_BAD_FIELD_VALUE);
    stop = r->at;
    step = line_end(r, p, end);
    if (step != TCN_HTTP1_STEP_NEXT)
        return step;
    while (stop > r->mark && is_blank(p[stop - 1]))
        stop--;
    f->value_at = (uint16_t)r->mark;
    f->value_len = (uint16_t)(stop - r->mark);
    why = tcn_http1_check_field(r, (struct tcn_str){text + f->name_at, f->name_len},
                                (struct tcn_str){text + f->value_at, f->value_len});
    if (why)
        return fail(r, why);
    r->head.n_fields++;
    return go(r, TCN_HTTP1_S_FIELD);
}

enum tcn_http1_step tcn_http1_read_head(struct tcn_http1 *r, const unsigned char *p, size_t end)
{
    static enum tcn_http1_step (*const places[])(struct tcn_http1 *, const unsigned char *,
                                                 size_t) = {
        [TCN_HTTP1_S_START] = at_start,   [TCN_HTTP1_S_METHOD] = at_method,
        [TCN_HTTP1_S_TARGET] = at_target, [TCN_HTTP1_S_PATH] = at_path,
        [TCN_HTTP1_S_QUERY] = at_query,   [TCN_HTTP1_S_VERSION] = at_version,
        [TCN_HTTP1_S_FIELD] = at_field,   [TCN_HTTP1_S_NAME] = at_name,
        [TCN_HTTP1_S_BLANKS] = at_blanks, [TCN_HTTP1_S_VALUE] = at_value,
    };
    enum tcn_http1_step step = TCN_HTTP1_STEP_NEXT;

    assert(end <= TCN_HTTP1_HEAD_MAX);
    while (step == TCN_HTTP1_STEP_NEXT)
        step = r->at < end ? places[r->state](r, p, end) : TCN_HTTP1_STEP_MORE;
    return step;
}
