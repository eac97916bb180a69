/* Most JSON is plain: well-formed, with numbers and escapes that need no thought. That is read here in one pass, because
 * jansson takes a call for every byte. Whatever is not plain, and all that is wrong, is left to jansson: its verdict and
 * its words count. What is read here is what jansson would have read; test_json_plain.c and fuzz_json.c hold it to that. */
#include "base/json_policy.h"

#include "base/xalloc.h"
#include <math.h>
#include <stdlib.h>

#define INTEGER_DIGITS 18 /* always fit into 64 bits */
#define REAL_CHARS 40

struct reader {
    const char *p, *end;
    size_t nodes; /* that may still come */
    unsigned depth;
    char *scratch; /* owned, NULL until needed: room for any text of it without its escapes */
    size_t size;
};

static json_t *read_value(struct reader *r);

static void skip_space(struct reader *r)
{
    while (r->p < r->end && (*r->p == ' ' || *r->p == '\n' || *r->p == '\t' || *r->p == '\r'))
        r->p++;
}

static bool take(struct reader *r, char c)
{
    bool is_there = r->p < r->end && *r->p == c;

    r->p += is_there;
    return is_there;
}

static bool is_digit_at(const struct reader *r)
{
    return r->p < r->end && *r->p >= '0' && *r->p <= '9';
}

static size_t take_digits(struct reader *r)
{
    const char *start = r->p;

    while (is_digit_at(r))
        r->p++;
    return (size_t)(r->p - start);
}

/* -- text ------------------------------------------------------------------------------------------------------------- */

/* Up to what ends or interrupts a run of bytes that stand for themselves. */
static struct tcn_str take_run(struct reader *r)
{
    const char *p = r->p;

    while (p < r->end && *p != '"' && *p != '\\' && (unsigned char)*p >= ' ')
        p++;
    return (struct tcn_str){r->p, (size_t)(p - r->p)};
}

/* The code point of four hexadecimal digits; 0 when that is none or half of a pair. */
static unsigned take_point(struct reader *r)
{
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    unsigned point = 0;

    if (r->end - r->p < 4)
        return 0;
    for (int i = 0; i < 4; i++) {
        const char *digit = memchr(digits, *r->p++, sizeof digits - 1);

        if (!digit)
            return 0;
        point = point << 4 | ((unsigned)(digit - digits) & 0xf);
    }
    return point >= 0xd800 && point < 0xe000 ? 0 : point;
}

static char *put_point(char *out, unsigned point)
{
    if (point < 0x80) {
        *out++ = (char)point;
        return out;
    }
    if (point < 0x800) {
        *out++ = (char)(0xc0 | point >> 6);
    } else {
        *out++ = (char)(0xe0 | point >> 12);
        *out++ = (char)(0x80 | (point >> 6 & 0x3f));
    }
    *out++ = (char)(0x80 | (point & 0x3f));
    return out;
}

/* Behind a backslash. Returns the place behind what was put, NULL when it is not plain. */
static char *take_escape(struct reader *r, char *out)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    const char *known;
    unsigned point;

    if (take(r, 'u')) {
        point = take_point(r);
        return point ? put_point(out, point) : NULL;
    }
    known = r->p < r->end ? memchr(from, *r->p++, sizeof from - 1) : NULL;
    if (!known)
        return NULL;
    *out++ = to[known - from];
    return out;
}

static json_t *read_escaped(struct reader *r)
{
    char *out;

    if (!r->scratch)
        r->scratch = tcn_xmalloc(r->size);
    out = r->scratch;
    while (!take(r, '"')) {
        struct tcn_str run = take_run(r);

        memcpy(out, run.ptr, run.len);
        out += run.len;
        r->p += run.len;
        if (r->p < r->end && *r->p == '"')
            continue;
        if (!take(r, '\\') || !(out = take_escape(r, out)))
            return NULL;
    }
    return json_stringn_nocheck(r->scratch, (size_t)(out - r->scratch));
}

static json_t *read_text(struct reader *r)
{
    struct tcn_str run = take_run(r);

    if (run.ptr + run.len == r->end || run.ptr[run.len] != '"')
        return read_escaped(r);
    r->p += run.len + 1;
    return json_stringn_nocheck(run.ptr, run.len);
}

/* -- numbers and words ------------------------------------------------------------------------------------------------ */

static json_t *integer_of(struct tcn_str digits, bool is_negative)
{
    json_int_t value = 0;

    if (digits.len > INTEGER_DIGITS)
        return NULL;
    for (size_t i = 0; i < digits.len; i++)
        value = value * 10 + (digits.ptr[i] - '0');
    return json_integer(is_negative ? -value : value);
}

static json_t *real_of(struct tcn_str text)
{
    char z[REAL_CHARS];
    double value;

    if (text.len >= sizeof z)
        return NULL;
    memcpy(z, text.ptr, text.len);
    z[text.len] = '\0';
    value = strtod(z, NULL);
    return isfinite(value) ? json_real(value) : NULL;
}

/* What may follow the whole part; false when it begins and does not go on. */
static bool take_fraction(struct reader *r)
{
    if (take(r, '.') && take_digits(r) == 0)
        return false;
    if (!take(r, 'e') && !take(r, 'E'))
        return true;
    if (!take(r, '+'))
        take(r, '-');
    return take_digits(r) > 0;
}

static json_t *read_number(struct reader *r)
{
    const char *start = r->p, *whole, *whole_end;
    bool is_negative = take(r, '-');

    whole = r->p;
    if (!take(r, '0') && take_digits(r) == 0)
        return NULL;
    whole_end = r->p;
    if (!take_fraction(r))
        return NULL;
    if (r->p == whole_end)
        return integer_of((struct tcn_str){whole, (size_t)(whole_end - whole)}, is_negative);
    return real_of((struct tcn_str){start, (size_t)(r->p - start)});
}

static json_t *read_word(struct reader *r, struct tcn_str word, json_t *value)
{
    if ((size_t)(r->end - r->p) < word.len || memcmp(r->p, word.ptr, word.len) != 0)
        return NULL;
    r->p += word.len;
    return value;
}

/* -- objects and arrays ----------------------------------------------------------------------------------------------- */

/* A name that occurs twice makes the object no larger. */
static bool read_member(struct reader *r, json_t *object)
{
    size_t before = json_object_size(object);
    struct tcn_str name;
    json_t *value;

    skip_space(r);
    if (!take(r, '"'))
        return false;
    name = take_run(r);
    r->p += name.len;
    if (!take(r, '"'))
        return false;
    skip_space(r);
    if (!take(r, ':') || !(value = read_value(r)))
        return false;
    return json_object_setn_new_nocheck(object, name.ptr, name.len, value) == 0 &&
           json_object_size(object) > before;
}

static bool read_element(struct reader *r, json_t *array)
{
    json_t *value = read_value(r);

    return value && json_array_append_new(array, value) == 0;
}

/* Behind the opening bracket. */
static json_t *read_all(struct reader *r, json_t *all, char close,
                        bool (*read_one)(struct reader *, json_t *))
{
    bool is_plain;

    skip_space(r);
    if (take(r, close))
        return all;
    do {
        is_plain = read_one(r, all);
        skip_space(r);
    } while (is_plain && take(r, ','));
    if (is_plain && take(r, close))
        return all;
    json_decref(all);
    return NULL;
}

static json_t *read_inside(struct reader *r, json_t *all, char close,
                           bool (*read_one)(struct reader *, json_t *))
{
    json_t *value;

    if (r->depth == 0) {
        json_decref(all);
        return NULL;
    }
    r->depth--;
    value = read_all(r, all, close, read_one);
    r->depth++;
    return value;
}

static json_t *read_value(struct reader *r)
{
    skip_space(r);
    if (r->p == r->end || r->nodes == 0)
        return NULL;
    r->nodes--;
    switch (*r->p) {
    case '{':
        r->p++;
        return read_inside(r, json_object(), '}', read_member);
    case '[':
        r->p++;
        return read_inside(r, json_array(), ']', read_element);
    case '"':
        r->p++;
        return read_text(r);
    case 't':
        return read_word(r, TCN_STR("true"), json_true());
    case 'f':
        return read_word(r, TCN_STR("false"), json_false());
    case 'n':
        return read_word(r, TCN_STR("null"), json_null());
    default:
        return read_number(r);
    }
}

json_t *tcn_json_plain(struct tcn_str text, const struct tcn_json_limits *limits)
{
    struct reader r = {text.ptr, text.ptr + text.len, limits->max_nodes, limits->max_depth, NULL,
                       text.len};
    json_t *root = NULL;

    skip_space(&r);
    if (r.p < r.end && (*r.p == '{' || *r.p == '[') && tcn_utf8_ok(text))
        root = read_value(&r);
    skip_space(&r);
    if (root && r.p < r.end) {
        json_decref(root);
        root = NULL;
    }
    free(r.scratch);
    return root;
}
