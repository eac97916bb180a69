/* The router. Beyond "no crash": what it lets pass is safe in every later reading (valid UTF-8, no controls, no
 * backslash, no empty or dot segment), and the same place written with every byte encoded leads to the same route. */
#include "gateway/router.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

enum { PATH_MAX_LEN = 2048 };

static const struct tcn_route routes[] = {
    {"GET", "/", 0, 0, NULL},
    {"GET", "/v1/incidents/{id}", 0, 0, NULL},
    {"GET", "/v1/incidents/mine", 0, 0, NULL},
    {"POST", "/v1/{kind}/import", 0, 0, NULL},
    {"GET", "/tags/{arn}", 0, TCN_ROUTE_SLASH_IN_CAPTURE, NULL},
    {"GET", "/console/", 0, 0, NULL},
};

static void must(bool truth)
{
    if (!truth)
        abort();
}

static struct tcn_router *make_router(void)
{
    struct tcn_router *r = tcn_router_new();

    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++)
        must(tcn_router_add(r, &routes[i], NULL) == 0);
    return r;
}

static void is_safe(struct tcn_str s, bool may_have_slash)
{
    must(s.len > 0 && s.ptr[s.len] == '\0' && tcn_utf8_ok(s));
    must(!tcn_str_eq(s, TCN_STR(".")) && !tcn_str_eq(s, TCN_STR("..")));
    for (size_t i = 0; i < s.len; i++)
        must((unsigned char)s.ptr[i] >= 0x20 && s.ptr[i] != 0x7f && s.ptr[i] != '\\');
    must(may_have_slash || !memchr(s.ptr, '/', s.len));
    must(!memmem(s.ptr, s.len, "//", 2) && !memmem(s.ptr, s.len, "/../", 4));
}

/* Every byte of the decoded path as %XX, but for the slashes between segments. */
static void encode_all(struct tcn_str path, struct tcn_buf *out)
{
    for (size_t i = 0; i < path.len; i++) {
        if (path.ptr[i] == '/' || path.ptr[i] == '%')
            tcn_buf_char(out, path.ptr[i]);
        else
            tcn_buf_fmt(out, "%%%02X", (unsigned char)path.ptr[i]);
        if (path.ptr[i] == '%') {
            tcn_buf_add(out, path.ptr + i + 1, 2);
            i += 2;
        }
    }
}

static void same_when_encoded(const struct tcn_router *r, struct tcn_str path,
                              const struct tcn_route_match *plain)
{
    static char scratch[TCN_ROUTE_SCRATCH(3 * PATH_MAX_LEN)];
    struct tcn_route_match coded;
    struct tcn_buf text;

    tcn_buf_init(&text, 3 * PATH_MAX_LEN);
    encode_all(path, &text);
    tcn_router_find(r, TCN_GET, tcn_buf_view(&text), scratch, &coded);
    must(coded.route == plain->route && coded.n_captures == plain->n_captures);
    for (size_t i = 0; i < coded.n_captures; i++)
        must(tcn_str_eq(coded.captures[i], plain->captures[i]));
    tcn_buf_done(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct tcn_str path = {(const char *)bytes, len < PATH_MAX_LEN ? len : PATH_MAX_LEN};
    char *scratch = malloc(TCN_ROUTE_SCRATCH(path.len));
    struct tcn_router *r = make_router();
    struct tcn_route_match match;

    must(scratch != NULL);
    tcn_router_find(r, TCN_GET, path, scratch, &match);
    must(!match.route ==
         (match.refusal != TCN_REFUSE_NONE && match.refusal != TCN_REFUSE_WRONG_METHOD));
    for (size_t i = 0; i < match.n_captures; i++)
        is_safe(match.captures[i], match.route->flags & TCN_ROUTE_SLASH_IN_CAPTURE);
    if (match.route)
        same_when_encoded(r, path, &match);
    tcn_router_free(r);
    free(scratch);
    return 0;
}
