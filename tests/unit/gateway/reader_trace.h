/* What the HTTP/1 reader says about a byte string: its events as one line of text, however the bytes are cut. */
#ifndef TESTS_UNIT_GATEWAY_READER_TRACE_H
#define TESTS_UNIT_GATEWAY_READER_TRACE_H

#include "gateway/http1.h"

#include <stdio.h>
#include <stdlib.h>

enum { TRACE_BODY_CAP = 256 << 10 };

struct reader_trace {
    struct tcn_http1 reader;
    struct tcn_buf events;   /* heads with every field, lengths and sums of bodies, errors */
    struct tcn_buf statuses; /* "100 200 400" as a server without routes would answer */
    size_t body_len, n_requests;
    uint32_t body_sum;
    bool is_over; /* failed, or closed after an answer */
};

static inline void trace_init(struct reader_trace *t)
{
    *t = (struct reader_trace){0};
    tcn_http1_init(&t->reader);
    tcn_buf_init(&t->events, 16 << 20);
    tcn_buf_init(&t->statuses, 1 << 20);
}

static inline void trace_done(struct reader_trace *t)
{
    tcn_http1_done(&t->reader);
    tcn_buf_done(&t->events);
    tcn_buf_done(&t->statuses);
}

static inline void trace_status(struct reader_trace *t, int status)
{
    tcn_buf_fmt(&t->statuses, "%s%d", t->statuses.len ? " " : "", status);
}

static inline void trace_head(struct reader_trace *t)
{
    const struct tcn_http1_head *h = &t->reader.head;

    tcn_buf_fmt(&t->events, "[%s ", tcn_method_name(h->method));
    tcn_buf_str(&t->events, tcn_http1_target(h));
    tcn_buf_fmt(&t->events, " path %u 1.%d length %llu chunked %d alive %d", h->path_len, h->minor,
                (unsigned long long)h->content_length, h->is_chunked, h->keeps_alive);
    for (size_t i = 0; i < h->n_fields; i++) {
        tcn_buf_char(&t->events, '|');
        tcn_buf_str(&t->events, tcn_http1_name(h, i));
        tcn_buf_char(&t->events, '=');
        tcn_buf_str(&t->events, tcn_http1_value(h, i));
    }
    tcn_http1_body_cap(&t->reader, TRACE_BODY_CAP);
    if (h->expects_continue && !h->lacks_length && h->content_length <= TRACE_BODY_CAP)
        trace_status(t, 100);
    t->body_len = 0;
    t->body_sum = 2166136261u;
}

static inline void trace_body(struct reader_trace *t, struct tcn_str run)
{
    for (size_t i = 0; i < run.len; i++)
        t->body_sum = (t->body_sum ^ (unsigned char)run.ptr[i]) * 16777619u;
    t->body_len += run.len;
}

static inline void trace_end(struct reader_trace *t)
{
    tcn_buf_fmt(&t->events, " body %zu %08x]", t->body_len, t->body_sum);
    trace_status(t, 200);
    t->n_requests++;
    t->is_over = !t->reader.head.keeps_alive;
}

static inline void trace_error(struct reader_trace *t)
{
    tcn_buf_fmt(&t->events, "!%s", tcn_refusal_label(t->reader.refusal));
    trace_status(t, tcn_refusal_status(t->reader.refusal));
    t->is_over = true;
}

/* Feeds one piece, to the last event that it gives. */
static inline void trace_feed(struct reader_trace *t, const char *bytes, size_t len)
{
    struct tcn_str rest = {bytes, len}, run;
    size_t used;

    while (!t->is_over) {
        enum tcn_http1_event e = tcn_http1_feed(&t->reader, rest, &used, &run);

        if (used > rest.len)
            abort();
        if (e == TCN_HTTP1_HEAD)
            trace_head(t);
        else if (e == TCN_HTTP1_BODY)
            trace_body(t, run);
        else if (e == TCN_HTTP1_END)
            trace_end(t);
        else if (e == TCN_HTTP1_ERROR)
            trace_error(t);
        rest.ptr += used;
        rest.len -= used;
        if (e == TCN_HTTP1_MORE)
            return;
    }
}

/* The whole string in pieces of n bytes each, the first one of first bytes. */
static inline void trace_pieces(struct reader_trace *t, const char *bytes, size_t len, size_t first,
                                size_t n)
{
    trace_feed(t, bytes, first < len ? first : len);
    for (size_t at = first; at < len; at += n)
        trace_feed(t, bytes + at, len - at < n ? len - at : n);
}

#endif
