/* The capped buffer. An append happens whole or not at all, also when it escapes. */
#include "base/buf.h"
#include "base/xalloc.h"

#include <assert.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define ONES UINT64_C(0x0101010101010101) /* a byte in all eight places */

enum { FIRST_SIZE = 256 };

/* The shared empty string is never written to: size is 0 and room() comes first. */
static char *empty_text(void)
{
    return (char *)(uintptr_t) "";
}

void tcn_buf_init(struct tcn_buf *b, size_t cap_bytes)
{
    assert(cap_bytes < SIZE_MAX / 2);
    *b = (struct tcn_buf){.ptr = empty_text(), .cap = cap_bytes};
}

void tcn_buf_init_in(struct tcn_buf *b, size_t cap_bytes, char *room, size_t size)
{
    assert(cap_bytes < SIZE_MAX / 2 && size > 0);
    *b = (struct tcn_buf){.ptr = room,
                          .size = size <= cap_bytes ? size : cap_bytes + 1,
                          .cap = cap_bytes,
                          .is_lent = true};
    room[0] = '\0';
}

void tcn_buf_done(struct tcn_buf *b)
{
    if (b->size && !b->is_lent)
        free(b->ptr);
    *b = (struct tcn_buf){.ptr = empty_text(), .cap = b->cap};
}

static void cut(struct tcn_buf *b, size_t len)
{
    b->len = len;
    if (b->size)
        b->ptr[len] = '\0';
}

void tcn_buf_clear(struct tcn_buf *b)
{
    cut(b, 0);
    b->failed = false;
}

static void grow(struct tcn_buf *b, size_t size)
{
    char *grown = tcn_xrealloc(b->size && !b->is_lent ? b->ptr : NULL, size, 1);

    if (b->is_lent)
        memcpy(grown, b->ptr, b->len + 1);
    b->ptr = grown;
    b->size = size;
    b->is_lent = false;
}

/* Makes room for len more bytes and the NUL; false, and failed from now on, when the cap forbids it. */
static bool room(struct tcn_buf *b, size_t len)
{
    size_t size = b->size ? b->size : FIRST_SIZE;

    assert(b->len <= b->cap);
    if (b->failed || len > b->cap - b->len) {
        b->failed = true;
        return false;
    }
    if (b->len + len < b->size)
        return true;
    while (size <= b->len + len)
        size *= 2;
    if (size > b->cap + 1)
        size = b->cap + 1;
    grow(b, size);
    return true;
}

void tcn_buf_add(struct tcn_buf *b, const void *bytes, size_t len)
{
    if (len == 0 || !room(b, len))
        return;
    memcpy(b->ptr + b->len, bytes, len);
    b->ptr[b->len += len] = '\0';
}

void tcn_buf_str(struct tcn_buf *b, struct tcn_str s)
{
    tcn_buf_add(b, s.ptr, s.len);
}

void tcn_buf_z(struct tcn_buf *b, const char *z)
{
    tcn_buf_add(b, z, strlen(z));
}

void tcn_buf_char(struct tcn_buf *b, char c)
{
    if (!room(b, 1))
        return;
    b->ptr[b->len++] = c;
    b->ptr[b->len] = '\0';
}

/* Most texts fit into what there is: then one pass does. */
void tcn_buf_fmt(struct tcn_buf *b, const char *fmt, ...)
{
    size_t spare = b->failed || !b->size ? 0 : b->size - b->len;
    va_list args, again;
    int n;

    va_start(args, fmt);
    va_copy(again, args);
    n = vsnprintf(spare ? b->ptr + b->len : NULL, spare, fmt, args);
    assert(n >= 0);
    if (n > 0 && (size_t)n >= spare && room(b, (size_t)n))
        vsnprintf(b->ptr + b->len, (size_t)n + 1, fmt, again);
    cut(b, b->failed ? b->len : b->len + (size_t)n);
    va_end(again);
    va_end(args);
}

void tcn_buf_names(struct tcn_buf *b, const char *const names[], size_t max)
{
    for (size_t i = 0; i < max && names[i]; i++)
        tcn_buf_fmt(b, "%s%s", i ? ", " : "", names[i]);
}

bool tcn_buf_ok(const struct tcn_buf *b)
{
    return !b->failed;
}

struct tcn_str tcn_buf_view(const struct tcn_buf *b)
{
    return (struct tcn_str){b->ptr, b->len};
}

char *tcn_buf_take(struct tcn_buf *b)
{
    char *text = b->size && !b->is_lent ? b->ptr : tcn_xstrndup(b->ptr, b->len);

    tcn_buf_init(b, b->cap);
    return text;
}

static const char *html_escape(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

/* Appends the bytes of s from *at up to here, and moves *at behind here. */
static void flush(struct tcn_buf *b, struct tcn_str s, size_t *at, size_t here)
{
    tcn_buf_add(b, s.ptr + *at, here - *at);
    *at = here + 1;
}

static void whole_or_nothing(struct tcn_buf *b, size_t len_before)
{
    if (b->failed)
        cut(b, len_before);
}

void tcn_buf_html(struct tcn_buf *b, struct tcn_str s)
{
    size_t before = b->len, at = 0;

    for (size_t i = 0; i < s.len; i++) {
        const char *escape = html_escape(s.ptr[i]);

        if (!escape)
            continue;
        flush(b, s, &at, i);
        tcn_buf_z(b, escape);
    }
    if (at < s.len)
        flush(b, s, &at, s.len);
    whole_or_nothing(b, before);
}

/* RFC 3986 section 2.3 */
static bool is_unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

void tcn_buf_percent(struct tcn_buf *b, struct tcn_str s)
{
    size_t before = b->len;

    for (size_t i = 0; i < s.len; i++) {
        if (is_unreserved(s.ptr[i]))
            tcn_buf_char(b, s.ptr[i]);
        else
            tcn_buf_fmt(b, "%%%02X", (unsigned)(unsigned char)s.ptr[i]);
    }
    whole_or_nothing(b, before);
}

/* What follows the backslash in a JSON string (RFC 8259 section 7); 0: the character stands for itself. */
// clang-format off
static const char escapes[256] = {
    'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'b', 't', 'n', 'u', 'f', 'r', 'u', 'u',
    'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u',
    ['"'] = '"', ['\\'] = '\\', [0x7f] = 'u',
};
// clang-format on
enum { ESCAPE_MAX = 6 };

/* Returns the length of what it wrote. */
static size_t json_escape(char *out, char c)
{
    static const char digits[] = "0123456789abcdef";

    out[0] = '\\';
    out[1] = escapes[(unsigned char)c];
    if (out[1] != 'u')
        return 2;
    out[2] = out[3] = '0';
    out[4] = digits[c >> 4 & 15];
    out[5] = digits[c & 15];
    return ESCAPE_MAX;
}

/* Valid UTF-8 only. */
static void json_text(struct tcn_buf *b, struct tcn_str s)
{
    char out[512];
    size_t n = 0;

    for (size_t i = 0; i < s.len; i++) {
        if (n > sizeof out - ESCAPE_MAX) {
            tcn_buf_add(b, out, n);
            n = 0;
        }
        if (escapes[(unsigned char)s.ptr[i]])
            n += json_escape(out + n, s.ptr[i]);
        else
            out[n++] = s.ptr[i];
    }
    tcn_buf_add(b, out, n);
}

static uint64_t has_zero(uint64_t word)
{
    return (word - ONES) & ~word & ONES << 7;
}

/* No byte of it is a control character, a quotation mark, a backslash, or other than ASCII. */
static bool is_word_plain(uint64_t word)
{
    uint64_t below_space = (word - ONES * ' ') & ~word & ONES << 7;

    return !(below_space | (word & ONES << 7) | has_zero(word ^ ONES * '"') |
             has_zero(word ^ ONES * '\\') | has_zero(word ^ ONES * 0x7f));
}

/* Every byte stands for itself: so does most text, and then it is only copied. */
static bool is_json_plain(struct tcn_str s)
{
    size_t i = 0;
    uint64_t word;

    for (; s.len - i >= sizeof word; i += sizeof word) {
        memcpy(&word, s.ptr + i, sizeof word);
        if (!is_word_plain(word))
            return false;
    }
    for (; i < s.len; i++)
        if (escapes[(unsigned char)s.ptr[i]] || (unsigned char)s.ptr[i] >= 0x80)
            return false;
    return true;
}

static void json_plain(struct tcn_buf *b, struct tcn_str s)
{
    if (!room(b, s.len + 2))
        return;
    b->ptr[b->len] = '"';
    if (s.len)
        memcpy(b->ptr + b->len + 1, s.ptr, s.len);
    b->ptr[b->len + 1 + s.len] = '"';
    b->ptr[b->len += s.len + 2] = '\0';
}

static void json_escaped(struct tcn_buf *b, struct tcn_str s)
{
    size_t before = b->len;

    tcn_buf_char(b, '"');
    while (s.len) {
        size_t good = tcn_utf8_prefix(s);

        json_text(b, (struct tcn_str){s.ptr, good});
        s = (struct tcn_str){s.ptr + good, s.len - good};
        if (s.len == 0)
            break;
        tcn_buf_z(b, "\\ufffd");
        s = (struct tcn_str){s.ptr + 1, s.len - 1};
    }
    tcn_buf_char(b, '"');
    whole_or_nothing(b, before);
}

void tcn_buf_json(struct tcn_buf *b, struct tcn_str s)
{
    if (is_json_plain(s))
        json_plain(b, s);
    else
        json_escaped(b, s);
}
