/* Borrowed text: comparison, cutting, numbers, durations and UTF-8. */
#include "base/str.h"
#include "base/err.h"

static unsigned char lower(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

bool tcn_str_eq(struct tcn_str a, struct tcn_str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool tcn_str_case_eq(struct tcn_str a, struct tcn_str b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (lower(a.ptr[i]) != lower(b.ptr[i]))
            return false;
    return true;
}

bool tcn_str_starts(struct tcn_str s, struct tcn_str prefix)
{
    return s.len >= prefix.len && tcn_str_eq((struct tcn_str){s.ptr, prefix.len}, prefix);
}

bool tcn_str_ends(struct tcn_str s, struct tcn_str suffix)
{
    if (suffix.len == 0)
        return true;
    return s.len >= suffix.len &&
           tcn_str_eq((struct tcn_str){s.ptr + (s.len - suffix.len), suffix.len}, suffix);
}

int tcn_str_cmp(struct tcn_str a, struct tcn_str b)
{
    size_t n = a.len < b.len ? a.len : b.len;
    int r = n ? memcmp(a.ptr, b.ptr, n) : 0;

    return r ? r : (a.len > b.len) - (a.len < b.len);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct tcn_str tcn_str_trim(struct tcn_str s)
{
    while (s.len && is_blank(s.ptr[0])) {
        s.ptr++;
        s.len--;
    }
    while (s.len && is_blank(s.ptr[s.len - 1]))
        s.len--;
    return s;
}

bool tcn_str_cut(struct tcn_str *s, char c, struct tcn_str *ret_head)
{
    const char *at = s->len ? memchr(s->ptr, c, s->len) : NULL;
    size_t head;

    if (!at)
        return false;
    head = (size_t)(at - s->ptr);
    *ret_head = (struct tcn_str){s->ptr, head};
    *s = (struct tcn_str){at + 1, s->len - head - 1};
    return true;
}

int tcn_str_u64(struct tcn_str s, uint64_t max, uint64_t *ret_value)
{
    uint64_t value = 0;

    if (s.len == 0)
        return TCN_ESYNTAX;
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] < '0' || s.ptr[i] > '9')
            return TCN_ESYNTAX;
    for (size_t i = 0; i < s.len; i++) {
        uint64_t digit = (uint64_t)(s.ptr[i] - '0');

        if (digit > max || value > (max - digit) / 10)
            return TCN_ELIMIT;
        value = value * 10 + digit;
    }
    *ret_value = value;
    return 0;
}

int tcn_str_duration(struct tcn_str s, int64_t *ret_ms)
{
    /* "ms" stands before the units whose letter it ends with */
    static const struct {
        const char *suffix;
        int64_t ms;
    } units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}, {"", 1000}};
    size_t i = 0;
    uint64_t count;
    int r;

    while (!tcn_str_ends(s, tcn_str(units[i].suffix)))
        i++;
    s.len -= strlen(units[i].suffix);
    r = tcn_str_u64(s, (uint64_t)(INT64_MAX / units[i].ms), &count);
    if (r < 0)
        return r;
    *ret_ms = (int64_t)count * units[i].ms;
    return 0;
}

static bool is_continuation(unsigned char c)
{
    return (c & 0xc0) == 0x80;
}

/* Length of the code point at p, 0 when it is malformed; the table of RFC 3629 section 4. */
static size_t point_len(const unsigned char *p, size_t left)
{
    unsigned char low = 0x80, high = 0xbf;
    size_t n;

    if (p[0] < 0x80)
        return 1;
    if (p[0] >= 0xc2 && p[0] <= 0xdf)
        n = 2;
    else if (p[0] >= 0xe0 && p[0] <= 0xef)
        n = 3;
    else if (p[0] >= 0xf0 && p[0] <= 0xf4)
        n = 4;
    else
        return 0;
    if (p[0] == 0xe0)
        low = 0xa0;
    else if (p[0] == 0xed)
        high = 0x9f;
    else if (p[0] == 0xf0)
        low = 0x90;
    else if (p[0] == 0xf4)
        high = 0x8f;
    if (left < n || p[1] < low || p[1] > high)
        return 0;
    for (size_t i = 2; i < n; i++)
        if (!is_continuation(p[i]))
            return 0;
    return n;
}

/* Most text is ASCII: eight bytes of it at a time. */
static size_t ascii_words(const unsigned char *p, size_t len)
{
    size_t at = 0;
    uint64_t word;

    for (; len - at >= sizeof word; at += sizeof word) {
        memcpy(&word, p + at, sizeof word);
        if (word & UINT64_C(0x8080808080808080))
            break;
    }
    return at;
}

size_t tcn_utf8_prefix(struct tcn_str s)
{
    const unsigned char *p = (const unsigned char *)s.ptr;
    size_t at = 0;

    while (at < s.len) {
        size_t n = ascii_words(p + at, s.len - at);

        if (n == 0)
            n = point_len(p + at, s.len - at);
        if (n == 0)
            break;
        at += n;
    }
    return at;
}

bool tcn_utf8_ok(struct tcn_str s)
{
    return tcn_utf8_prefix(s) == s.len;
}

struct tcn_str tcn_utf8_cut_bytes(struct tcn_str s, size_t max_bytes)
{
    if (s.len <= max_bytes)
        return s;
    while (max_bytes > 0 && is_continuation((unsigned char)s.ptr[max_bytes]))
        max_bytes--;
    return (struct tcn_str){s.ptr, max_bytes};
}

struct tcn_str tcn_utf8_cut(struct tcn_str s, size_t max_points)
{
    size_t points = 0;

    if (s.len <= max_points)
        return s;
    for (size_t i = 0; i < s.len; i++) {
        if (is_continuation((unsigned char)s.ptr[i]))
            continue;
        if (points == max_points)
            return (struct tcn_str){s.ptr, i};
        points++;
    }
    return s;
}

size_t tcn_utf8_count(struct tcn_str s)
{
    size_t points = 0;

    for (size_t i = 0; i < s.len; i++)
        points += !is_continuation((unsigned char)s.ptr[i]);
    return points;
}

bool tcn_utf8_next(struct tcn_str *s, uint32_t *ret_point)
{
    const unsigned char *p = (const unsigned char *)s->ptr;
    size_t n = s->len ? point_len(p, s->len) : 0;
    uint32_t point;

    if (n == 0)
        return false;
    point = n == 1 ? p[0] : p[0] & (0x7fu >> n);
    for (size_t i = 1; i < n; i++)
        point = point << 6 | (p[i] & 0x3fu);
    *s = (struct tcn_str){s->ptr + n, s->len - n};
    *ret_point = point;
    return true;
}
