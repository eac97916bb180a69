/* Splitting and decoding of a raw path, and what makes one unsafe. */
#include "gateway/router_internal.h"

#include "base/text.h"

/* The decoded segment; the length, or -1 for an escape that the reader would have refused. */
static int decode(struct tcn_str raw, char *out)
{
    int n = 0;

    for (size_t i = 0; i < raw.len; i++) {
        uint8_t byte = (uint8_t)raw.ptr[i];

        if (byte == '%') {
            if (raw.len - i < 3 || tcn_unhex((struct tcn_str){raw.ptr + i + 1, 2}, &byte, 1) < 0)
                return -1;
            i += 2;
        }
        out[n++] = (char)byte;
    }
    out[n] = '\0';
    return n;
}

static bool is_dots(struct tcn_str s)
{
    return tcn_str_eq(s, TCN_STR(".")) || tcn_str_eq(s, TCN_STR(".."));
}

/* ".;x" and "..;x" are dot segments to servers that strip path parameters. */
static bool has_dots(struct tcn_str s)
{
    struct tcn_str rest = s, head;

    return is_dots(s) || (tcn_str_cut(&rest, ';', &head) && is_dots(head));
}

static bool is_safe(struct tcn_str s, bool *ret_has_slash)
{
    *ret_has_slash = false;
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];

        if (c < 0x20 || c == 0x7f || c == '\\')
            return false;
        *ret_has_slash |= c == '/';
    }
    return !has_dots(s) && tcn_utf8_ok(s);
}

/* An encoded slash must not smuggle in what a plain one may not: "a%2F..%2Fb", "a%2F%2Fb". */
static bool is_safe_inside(struct tcn_str s)
{
    struct tcn_str part;
    bool has_slash;

    while (tcn_str_cut(&s, '/', &part))
        if (part.len == 0 || !is_safe(part, &has_slash))
            return false;
    return is_safe(s, &has_slash);
}

static enum tcn_path_result take(struct tcn_str raw, bool is_last, char **scratch,
                                 struct tcn_path *p)
{
    int len = decode(raw, *scratch);
    struct tcn_str s = {*scratch, (size_t)len};

    if (len < 0 || (len == 0 && !is_last))
        return TCN_PATH_UNSAFE;
    if (p->n == TCN_ROUTE_SEGMENTS_MAX)
        return TCN_PATH_DEEP;
    if (!is_safe(s, &p->has_slash[p->n]) || (p->has_slash[p->n] && !is_safe_inside(s)))
        return TCN_PATH_UNSAFE;
    p->segments[p->n++] = s;
    *scratch += len + 1;
    return TCN_PATH_OK;
}

enum tcn_path_result tcn_path_split(struct tcn_str path, char *scratch, struct tcn_path *ret)
{
    enum tcn_path_result result = TCN_PATH_OK;
    struct tcn_str segment;

    ret->n = 0;
    if (path.len == 0 || path.ptr[0] != '/')
        return TCN_PATH_UNSAFE;
    path.ptr++;
    path.len--;
    while (result == TCN_PATH_OK && tcn_str_cut(&path, '/', &segment))
        result = take(segment, false, &scratch, ret);
    return result == TCN_PATH_OK ? take(path, true, &scratch, ret) : result;
}
