/* The HTTP/1 reader. Beyond "no crash":
 *  - split independence: any cutting of the bytes gives the same events;
 *  - one reading: a head that was accepted, written out again in the plainest form, is accepted as the same head. */
#include "gateway/http1.h"

#include "../unit/gateway/reader_trace.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void must(bool truth)
{
    if (!truth)
        abort();
}

static uint32_t next(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 16;
}

static void feed_in_random_pieces(struct reader_trace *t, const char *bytes, size_t len)
{
    uint32_t seed = (uint32_t)len * 2654435761u + (len ? (uint32_t)bytes[len / 2] : 0);

    for (size_t at = 0, n; at < len; at += n) {
        n = next(&seed) % (next(&seed) % 4 ? 8 : 200);
        n = n > len - at ? len - at : n;
        trace_feed(t, bytes + at, n);
    }
    trace_feed(t, bytes + len, 0);
}

static void rewrite(const struct tcn_http1_head *h, struct tcn_buf *out)
{
    tcn_buf_z(out, tcn_method_name(h->method));
    tcn_buf_char(out, ' ');
    tcn_buf_str(out, tcn_http1_target(h));
    tcn_buf_fmt(out, " HTTP/1.%d\r\n", h->minor);
    for (size_t i = 0; i < h->n_fields; i++) {
        tcn_buf_str(out, tcn_http1_name(h, i));
        tcn_buf_char(out, ':');
        tcn_buf_str(out, tcn_http1_value(h, i));
        tcn_buf_z(out, "\r\n");
    }
    tcn_buf_z(out, "\r\n");
}

static void same_head(const struct tcn_http1_head *a, const struct tcn_http1_head *b)
{
    must(a->method == b->method && a->minor == b->minor && a->n_fields == b->n_fields);
    must(a->path_len == b->path_len && tcn_str_eq(tcn_http1_target(a), tcn_http1_target(b)));
    must(a->content_length == b->content_length && a->is_chunked == b->is_chunked);
    must(a->keeps_alive == b->keeps_alive && a->expects_continue == b->expects_continue);
    for (size_t i = 0; i < a->n_fields; i++) {
        must(tcn_str_eq(tcn_http1_name(a, i), tcn_http1_name(b, i)));
        must(tcn_str_eq(tcn_http1_value(a, i), tcn_http1_value(b, i)));
    }
}

static void reads_back(const char *bytes, size_t len)
{
    struct tcn_http1 first, again;
    struct tcn_buf text;
    struct tcn_str run;
    size_t used;

    tcn_http1_init(&first);
    tcn_http1_init(&again);
    tcn_buf_init(&text, 2 * TCN_HTTP1_HEAD_MAX);
    if (tcn_http1_feed(&first, (struct tcn_str){bytes, len}, &used, &run) == TCN_HTTP1_HEAD) {
        must(first.head.n_fields <= TCN_HTTP1_FIELDS_MAX && first.head.len <= TCN_HTTP1_HEAD_MAX);
        rewrite(&first.head, &text);
        must(tcn_http1_feed(&again, tcn_buf_view(&text), &used, &run) == TCN_HTTP1_HEAD);
        must(used == text.len);
        same_head(&first.head, &again.head);
    }
    tcn_buf_done(&text);
    tcn_http1_done(&first);
    tcn_http1_done(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    const char *text = (const char *)bytes;
    struct reader_trace whole, single, random;

    trace_init(&whole);
    trace_init(&single);
    trace_init(&random);
    trace_feed(&whole, text, len);
    trace_pieces(&single, text, len, 1, 1);
    feed_in_random_pieces(&random, text, len);
    must(strcmp(whole.events.ptr, single.events.ptr) == 0);
    must(strcmp(whole.events.ptr, random.events.ptr) == 0);
    reads_back(text, len);
    trace_done(&whole);
    trace_done(&single);
    trace_done(&random);
    return 0;
}
