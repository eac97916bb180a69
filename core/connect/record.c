#include "connect/record.h"

#include <stdio.h>

#define ELLIPSIS "..."

/* Length of the code point at p, 0 when the bytes are none. */
static size_t point_len(struct tcn_str s)
{
    unsigned char c = (unsigned char)s.ptr[0];
    size_t n = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;

    return n <= s.len && tcn_utf8_ok((struct tcn_str){s.ptr, n}) ? n : 0;
}

/* Appends readable text of at most cap bytes in all. */
static void add_readable(struct tcn_buf *out, struct tcn_str s, bool one_line, size_t cap)
{
    while (s.len > 0) {
        unsigned char c = (unsigned char)s.ptr[0];
        size_t n = point_len(s), step = n ? n : 1;
        bool is_control = c < ' ' && (one_line || (c != '\n' && c != '\t')) ? true : c == 0x7f;

        if (out->len + step + sizeof ELLIPSIS > cap) {
            tcn_buf_z(out, ELLIPSIS);
            return;
        }
        if (n == 0 || is_control)
            tcn_buf_char(out, n == 0 ? '?' : ' ');
        else
            tcn_buf_add(out, s.ptr, n);
        s.ptr += step;
        s.len -= step;
    }
}

static void add_clean(const struct tcn_instance *i, struct tcn_str text, bool one_line, size_t cap,
                      struct tcn_buf *ret)
{
    struct tcn_buf clean;

    /* Scrubbing looks at the whole text but stops when the buffer is full: no half secret at the cut. */
    tcn_buf_init(&clean, cap + 64);
    tcn_instance_scrub(i, text, &clean);
    add_readable(ret, tcn_buf_view(&clean), one_line, cap);
    tcn_buf_done(&clean);
}

void tcn_record_text(const struct tcn_instance *i, struct tcn_str text, struct tcn_buf *ret)
{
    add_clean(i, text, false, TCN_RECORD_MAX, ret);
}

void tcn_record_line(const struct tcn_instance *i, const char *text, char *ret, size_t size)
{
    struct tcn_buf line;

    tcn_buf_init(&line, size);
    add_clean(i, tcn_str(text), true, size, &line);
    snprintf(ret, size, "%s", line.ptr);
    tcn_buf_done(&line);
}
