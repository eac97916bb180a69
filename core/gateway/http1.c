/* The reader's outside: keeps a head that comes in pieces, hands out bodies, starts the next request. */
#include "gateway/http1_internal.h"

#include <assert.h>

enum { HELD_KEEP = 2048 }; /* memory that an idle connection may keep */

static const char *const methods[TCN_METHODS_N] = {"",    "GET",   "HEAD",  "POST",
                                                   "PUT", "PATCH", "DELETE"};

const char *tcn_method_name(enum tcn_method m)
{
    assert(m < TCN_METHODS_N);
    return methods[m];
}

enum tcn_method tcn_method_parse(struct tcn_str name)
{
    for (int m = TCN_GET; m < TCN_METHODS_N; m++)
        if (tcn_str_eq(name, tcn_str(methods[m])))
            return (enum tcn_method)m;
    return TCN_METHOD_NONE;
}

void tcn_http1_init(struct tcn_http1 *r)
{
    *r = (struct tcn_http1){.state = TCN_HTTP1_S_START};
    tcn_buf_init(&r->held, TCN_HTTP1_HEAD_MAX);
}

void tcn_http1_done(struct tcn_http1 *r)
{
    tcn_buf_done(&r->held);
}

/* The 64 fields need no clearing: n_fields rules over them. */
static void start_request(struct tcn_http1 *r)
{
    memset(&r->head, 0, offsetof(struct tcn_http1_head, fields));
    if (r->held.size > HELD_KEEP)
        tcn_buf_done(&r->held);
    tcn_buf_clear(&r->held);
    r->at = r->mark = 0;
    r->body_cap = r->body_seen = r->left = 0;
    r->digits = 0;
    r->skipped_line = r->says_close = r->says_keep_alive = r->has_host = false;
    r->state = TCN_HTTP1_S_START;
}

void tcn_http1_body_cap(struct tcn_http1 *r, uint64_t cap_bytes)
{
    assert(r->state > TCN_HTTP1_S_VALUE);
    r->body_cap = cap_bytes;
}

void tcn_http1_without_body(struct tcn_http1 *r)
{
    assert(r->state == TCN_HTTP1_S_NO_LENGTH);
    r->state = TCN_HTTP1_S_COMPLETE;
}

struct tcn_str tcn_http1_path(const struct tcn_http1 *r)
{
    const struct tcn_http1_head *h = &r->head;

    if (!h->bytes || h->path_len == 0)
        return TCN_STR("");
    return (struct tcn_str){h->bytes + h->target_at, h->path_len};
}

bool tcn_http1_is_idle(const struct tcn_http1 *r)
{
    return r->state == TCN_HTTP1_S_START || r->state == TCN_HTTP1_S_ENDED;
}

static enum tcn_http1_event end_head(struct tcn_http1 *r)
{
    enum tcn_refusal why = tcn_http1_check_head(r);

    if (why)
        return tcn_http1_fail(r, why);
    r->head.len = r->at;
    r->left = r->head.content_length;
    if (r->head.is_chunked)
        r->state = TCN_HTTP1_S_CHUNK_SIZE;
    else if (r->head.lacks_length)
        r->state = TCN_HTTP1_S_NO_LENGTH;
    else
        r->state = r->left ? TCN_HTTP1_S_LENGTH : TCN_HTTP1_S_COMPLETE;
    return TCN_HTTP1_HEAD;
}

static enum tcn_http1_event fail_large(struct tcn_http1 *r)
{
    bool in_target = r->state == TCN_HTTP1_S_PATH || r->state == TCN_HTTP1_S_QUERY;

    return tcn_http1_fail(r, in_target ? TCN_REFUSE_TARGET_TOO_LONG : TCN_REFUSE_HEAD_TOO_LARGE);
}

/* A head within one piece is read in place; only one that is cut is copied together. */
static enum tcn_http1_event feed_head(struct tcn_http1 *r, struct tcn_str bytes, size_t *ret_used)
{
    size_t before = r->held.len, take = TCN_HTTP1_HEAD_MAX - before;
    const unsigned char *p = (const unsigned char *)bytes.ptr;
    enum tcn_http1_step step;

    if (take > bytes.len)
        take = bytes.len;
    if (before) {
        tcn_buf_add(&r->held, bytes.ptr, take);
        p = (const unsigned char *)r->held.ptr;
    }
    r->head.bytes = (const char *)p;
    step = tcn_http1_read_head(r, p, before + take);
    if (step == TCN_HTTP1_STEP_FAIL)
        return TCN_HTTP1_ERROR;
    if (step == TCN_HTTP1_STEP_DONE) {
        assert(r->at > before);
        *ret_used = r->at - before;
        return end_head(r);
    }
    if (before + take == TCN_HTTP1_HEAD_MAX)
        return fail_large(r);
    if (!before)
        tcn_buf_add(&r->held, bytes.ptr, take);
    assert(tcn_buf_ok(&r->held));
    r->head.bytes = r->held.ptr;
    *ret_used = take;
    return TCN_HTTP1_MORE;
}

static enum tcn_http1_event feed_length(struct tcn_http1 *r, struct tcn_str bytes, size_t *ret_used,
                                        struct tcn_str *ret_body)
{
    size_t n = bytes.len < r->left ? bytes.len : (size_t)r->left;

    if (r->head.content_length > r->body_cap)
        return tcn_http1_fail(r, TCN_REFUSE_BODY_TOO_LARGE);
    if (n == 0)
        return TCN_HTTP1_MORE;
    r->left -= n;
    if (r->left == 0)
        r->state = TCN_HTTP1_S_COMPLETE;
    *ret_body = (struct tcn_str){bytes.ptr, n};
    *ret_used = n;
    return TCN_HTTP1_BODY;
}

enum tcn_http1_event tcn_http1_feed(struct tcn_http1 *r, struct tcn_str bytes, size_t *ret_used,
                                    struct tcn_str *ret_body)
{
    *ret_used = 0;
    *ret_body = (struct tcn_str){NULL, 0};
    r->head.bytes = NULL;
    if (r->state == TCN_HTTP1_S_FAILED)
        return TCN_HTTP1_ERROR;
    if (r->state == TCN_HTTP1_S_COMPLETE) {
        r->state = TCN_HTTP1_S_ENDED;
        return TCN_HTTP1_END;
    }
    if (r->state == TCN_HTTP1_S_ENDED)
        start_request(r);
    if (r->state <= TCN_HTTP1_S_VALUE)
        return feed_head(r, bytes, ret_used);
    if (r->state == TCN_HTTP1_S_NO_LENGTH)
        return tcn_http1_fail(r, TCN_REFUSE_LENGTH_REQUIRED);
    if (r->state == TCN_HTTP1_S_LENGTH)
        return feed_length(r, bytes, ret_used, ret_body);
    return tcn_http1_read_chunked(r, bytes, ret_used, ret_body);
}
