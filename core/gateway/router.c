/* Routes by number of segments, literals before captures; the first that fits wins. */
#include "gateway/router_internal.h"

#include "base/xalloc.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

struct entry {
    struct tcn_route route;
    enum tcn_method method;
    size_t n;
    struct tcn_str segments[TCN_ROUTE_SEGMENTS_MAX]; /* of the pattern; a capture has ptr NULL */
};

struct tcn_router {
    struct entry *entries; /* owned; sorted by rank */
    size_t n_entries;
    size_t first[TCN_ROUTE_SEGMENTS_MAX + 2]; /* entries of n segments: first[n] .. first[n + 1] */
};

struct tcn_router *tcn_router_new(void)
{
    return tcn_xcalloc(1, sizeof(struct tcn_router));
}

void tcn_router_free(struct tcn_router *r)
{
    if (!r)
        return;
    free(r->entries);
    free(r);
}

/* Fewer segments first; at the first difference in kind, the literal first. */
static int rank(const struct entry *a, const struct entry *b)
{
    if (a->n != b->n)
        return a->n < b->n ? -1 : 1;
    for (size_t i = 0; i < a->n; i++)
        if (!a->segments[i].ptr != !b->segments[i].ptr)
            return a->segments[i].ptr ? -1 : 1;
    return 0;
}

static bool same_shape(const struct entry *a, const struct entry *b)
{
    if (a->method != b->method || rank(a, b) != 0)
        return false;
    for (size_t i = 0; i < a->n; i++)
        if (a->segments[i].ptr && !tcn_str_eq(a->segments[i], b->segments[i]))
            return false;
    return true;
}

static int read_segment(struct entry *e, struct tcn_str s, bool is_last, size_t *n_captures)
{
    bool is_capture = s.len > 2 && s.ptr[0] == '{' && s.ptr[s.len - 1] == '}';

    if (e->n == TCN_ROUTE_SEGMENTS_MAX || (s.len == 0 && !is_last))
        return TCN_EINVALID;
    if (!is_capture && s.len && memchr(s.ptr, '{', s.len))
        return TCN_EINVALID;
    if (is_capture && ++*n_captures > TCN_ROUTE_CAPTURES_MAX)
        return TCN_EINVALID;
    e->segments[e->n++] = is_capture ? (struct tcn_str){NULL, 0} : s;
    return 0;
}

static int read_pattern(struct entry *e)
{
    struct tcn_str rest = tcn_str(e->route.pattern), segment;
    size_t n_captures = 0;

    if (rest.len == 0 || rest.ptr[0] != '/')
        return TCN_EINVALID;
    rest.ptr++;
    rest.len--;
    while (tcn_str_cut(&rest, '/', &segment))
        if (read_segment(e, segment, false, &n_captures) < 0)
            return TCN_EINVALID;
    return read_segment(e, rest, true, &n_captures);
}

static void insert(struct tcn_router *r, const struct entry *e)
{
    size_t at = r->n_entries;

    r->entries = tcn_xrealloc(r->entries, r->n_entries + 1, sizeof *r->entries);
    while (at > 0 && rank(e, &r->entries[at - 1]) < 0) {
        r->entries[at] = r->entries[at - 1];
        at--;
    }
    r->entries[at] = *e;
    r->n_entries++;
    for (size_t n = e->n + 1; n < TCN_ROUTE_SEGMENTS_MAX + 2; n++)
        r->first[n]++;
}

int tcn_router_add(struct tcn_router *r, const struct tcn_route *route, struct tcn_err *err)
{
    struct entry e = {.route = *route, .method = tcn_method_parse(tcn_str(route->method))};

    if (!e.method)
        return tcn_fail(err, TCN_EINVALID, "route %s: unknown method %s", route->pattern,
                        route->method);
    if (read_pattern(&e) < 0)
        return tcn_fail(err, TCN_EINVALID, "route %s: not a pattern", route->pattern);
    if (r->n_entries == TCN_ROUTES_MAX)
        return tcn_fail(err, TCN_ELIMIT, "more than %d routes", TCN_ROUTES_MAX);
    for (size_t i = 0; i < r->n_entries; i++)
        if (same_shape(&r->entries[i], &e))
            return tcn_fail(err, TCN_ECONFLICT, "route %s %s is there already as %s", route->method,
                            route->pattern, r->entries[i].route.pattern);
    insert(r, &e);
    return 0;
}

static bool fits(const struct entry *e, const struct tcn_path *p)
{
    bool slash_ok = e->route.flags & TCN_ROUTE_SLASH_IN_CAPTURE;

    for (size_t i = 0; i < e->n; i++) {
        struct tcn_str want = e->segments[i], have = p->segments[i];

        /* a capture never takes nothing: "/tags/" is not "/tags/{arn}" */
        if (want.ptr ? !tcn_str_eq(want, have) : have.len == 0)
            return false;
        if (p->has_slash[i] && (want.ptr || !slash_ok))
            return false;
    }
    return true;
}

static bool takes(const struct entry *e, enum tcn_method m)
{
    return e->method == m || (m == TCN_HEAD && e->method == TCN_GET);
}

static void fill(const struct entry *e, const struct tcn_path *p, struct tcn_route_match *ret)
{
    ret->route = &e->route;
    ret->n_captures = 0;
    for (size_t i = 0; i < e->n; i++)
        if (!e->segments[i].ptr)
            ret->captures[ret->n_captures++] = p->segments[i];
}

static enum tcn_refusal no_match(const struct tcn_path *p, unsigned allow)
{
    if (allow)
        return TCN_REFUSE_WRONG_METHOD;
    for (size_t i = 0; i < p->n; i++)
        if (p->has_slash[i])
            return TCN_REFUSE_BAD_PATH;
    return TCN_REFUSE_NO_ROUTE;
}

void tcn_router_find(const struct tcn_router *r, enum tcn_method method, struct tcn_str path,
                     char *scratch, struct tcn_route_match *ret)
{
    struct tcn_path p;
    enum tcn_path_result split = tcn_path_split(path, scratch, &p);

    *ret = (struct tcn_route_match){.refusal = TCN_REFUSE_NO_ROUTE};
    if (split == TCN_PATH_UNSAFE)
        ret->refusal = TCN_REFUSE_BAD_PATH;
    if (split != TCN_PATH_OK)
        return;
    assert(p.n >= 1);
    for (size_t i = r->first[p.n]; i < r->first[p.n + 1]; i++) {
        const struct entry *e = &r->entries[i];

        if (!fits(e, &p))
            continue;
        if (takes(e, method) || !ret->route)
            fill(e, &p, ret);
        if (takes(e, method)) {
            ret->refusal = TCN_REFUSE_NONE;
            return;
        }
        ret->allow |= 1u << e->method | (e->method == TCN_GET ? 1u << TCN_HEAD : 0);
    }
    ret->refusal = no_match(&p, ret->allow);
}

const char *tcn_router_allow_text(unsigned allow, char buf[TCN_ROUTE_ALLOW_TEXT])
{
    int at = 0;

    buf[0] = '\0';
    for (int m = TCN_GET; m < TCN_METHODS_N; m++)
        if (allow & 1u << m)
            at += snprintf(buf + at, (size_t)(TCN_ROUTE_ALLOW_TEXT - at), "%s%s", at ? ", " : "",
                           tcn_method_name((enum tcn_method)m));
    return buf;
}
