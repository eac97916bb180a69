/* Where a node stands in its text: the path is walked again over the raw bytes, only when there is something
 * to complain about. The text has been parsed before, so it is well-formed JSON. */
#include "base/json.h"

#include <assert.h>

enum { MAX_CHAIN = 128 };

struct walk {
    const char *p, *end;
};

static void skip_space(struct walk *w)
{
    while (w->p < w->end && (*w->p == ' ' || *w->p == '\t' || *w->p == '\n' || *w->p == '\r'))
        w->p++;
}

/* p is on the opening quote; yields the raw text between the quotes. */
static struct tcn_str take_string(struct walk *w)
{
    const char *start = ++w->p;
    struct tcn_str raw;

    while (w->p < w->end && *w->p != '"')
        w->p += *w->p == '\\' && w->end - w->p > 1 ? 2 : 1;
    raw = (struct tcn_str){start, (size_t)(w->p - start)};
    if (w->p < w->end)
        w->p++;
    return raw;
}

static void skip_scalar(struct walk *w)
{
    while (w->p < w->end && !strchr(",]} \t\r\n", *w->p))
        w->p++;
}

static void skip_value(struct walk *w)
{
    size_t depth = 0;

    do {
        skip_space(w);
        if (w->p == w->end)
            return;
        if (*w->p == '"') {
            take_string(w);
        } else if (strchr("[{", *w->p)) {
            depth++;
            w->p++;
        } else if (strchr("]}", *w->p)) {
            depth--;
            w->p++;
        } else if (*w->p == ',' || *w->p == ':') {
            w->p++;
        } else {
            skip_scalar(w);
        }
    } while (depth > 0);
}

static unsigned hex4(const char *p)
{
    unsigned value = 0;

    for (int i = 0; i < 4; i++)
        value = value << 4 | (unsigned)(p[i] <= '9' ? p[i] - '0' : (p[i] | 0x20) - 'a' + 10);
    return value;
}

static size_t put_utf8(unsigned c, char ret_bytes[4])
{
    static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
    size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

    for (size_t i = n; i-- > 1; c >>= 6)
        ret_bytes[i] = (char)(0x80 | (c & 0x3f));
    ret_bytes[0] = (char)(lead[n == 1 ? 0 : n] | c);
    return n;
}

/* Decodes the escape at raw[*at], a backslash. */
static size_t unescape(struct tcn_str raw, size_t *at, char ret_bytes[4])
{
    static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
    const char *p = raw.ptr + *at + 1, *named;
    unsigned c;

    *at += 2;
    if (*p != 'u') {
        named = strchr(from, *p);
        ret_bytes[0] = named ? to[named - from] : *p;
        return 1;
    }
    *at += 4;
    c = hex4(p + 1);
    if (c >= 0xd800 && c <= 0xdbff && raw.len - *at >= 6) {
        c = 0x10000 + ((c - 0xd800) << 10) + (hex4(p + 7) - 0xdc00);
        *at += 6;
    }
    return put_utf8(c, ret_bytes);
}

static bool key_is(struct tcn_str raw, const char *key)
{
    size_t at = 0;

    while (at < raw.len) {
        char bytes[4] = {raw.ptr[at]};
        size_t n = 1;

        if (raw.ptr[at] == '\\')
            n = unescape(raw, &at, bytes);
        else
            at++;
        if (strncmp(key, bytes, n) != 0)
            return false;
        key += n;
    }
    return *key == '\0';
}

/* Inside a container: from behind one element to the next; false at its end. */
static bool next_element(struct walk *w)
{
    skip_space(w);
    if (w->p < w->end && *w->p == ',') {
        w->p++;
        skip_space(w);
    }
    return w->p < w->end && *w->p != ']' && *w->p != '}';
}

/* p is on the value of the parent and moves to that of the node; ret_at is the node's first byte, for a member
 * that of its name. */
static bool find_child(struct walk *w, const struct tcn_node *n, const char **ret_at)
{
    size_t index = 0;

    assert(w->p < w->end);
    for (w->p++; next_element(w); index++) {
        const char *at = w->p;
        struct tcn_str raw = {"", 0};

        if (n->key) {
            raw = take_string(w);
            skip_space(w);
            w->p++; /* the colon */
            skip_space(w);
        }
        if (n->key ? key_is(raw, n->key) : index == n->index) {
            *ret_at = at;
            return true;
        }
        skip_value(w);
    }
    return false;
}

int tcn_node_line(const struct tcn_node *n)
{
    const struct tcn_node *chain[MAX_CHAIN];
    const struct tcn_str text = n->doc->text;
    struct walk w = {text.ptr, text.ptr + text.len};
    const char *at;
    size_t depth = 0;
    int line = 1;

    while (n && !n->json)
        n = n->parent;
    for (; n && n->parent; n = n->parent) {
        assert(depth < MAX_CHAIN);
        chain[depth++] = n;
    }
    skip_space(&w);
    at = w.p;
    while (depth > 0 && find_child(&w, chain[depth - 1], &at))
        depth--;
    for (const char *p = text.ptr; p < at; p++)
        line += *p == '\n';
    return line;
}
