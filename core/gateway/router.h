/* The table of routes: which method and path is served by what. Looked up on the raw path: split at '/', then each
 * segment percent-decoded exactly once (RFC 3986 section 2.4) and compared or captured. Paths that two programs could
 * read differently are refused before any comparison: empty segments ("//"), "." and ".." in any spelling, backslash,
 * controls, bytes that are no UTF-8, and an encoded slash where no route asks for it. */
#ifndef TCN_GATEWAY_ROUTER_H
#define TCN_GATEWAY_ROUTER_H

#include "base/err.h"
#include "gateway/http1.h"

#define TCN_ROUTE_CAPTURES_MAX 6
#define TCN_ROUTE_SEGMENTS_MAX 16
#define TCN_ROUTES_MAX 512

enum tcn_route_flag {
    /* Captures of this route may hold %2F: the AWS API puts whole ARNs into one segment. */
    TCN_ROUTE_SLASH_IN_CAPTURE = 1,
    /* Nothing is lost when there is no body: a request without a length and without a sign of one is taken. */
    TCN_ROUTE_BODY_OPTIONAL = 2
};

struct tcn_route {
    const char *method; /* GET also answers HEAD */
    const char *
        pattern; /* "/v1/incidents/{id}/notes"; a last "/" is significant. Borrowed, outlives the router */
    size_t body_cap_bytes; /* more is 413 */
    unsigned flags;        /* enum tcn_route_flag */
    const void *data;      /* the owner's; never looked at */
};

struct tcn_route_match {
    const struct tcn_route
        *route; /* the router's; of WRONG_METHOD one that the path fits, with its captures */
    enum tcn_refusal refusal; /* NONE, BAD_PATH, NO_ROUTE or WRONG_METHOD */
    unsigned allow;           /* WRONG_METHOD: bits 1 << enum tcn_method */
    size_t n_captures;
    struct tcn_str
        captures[TCN_ROUTE_CAPTURES_MAX]; /* decoded; a NUL follows each; in the caller's scratch */
};

struct tcn_router *tcn_router_new(void);
void tcn_router_free(struct tcn_router *r);
/* TCN_EINVALID for a pattern or method that is none, TCN_ECONFLICT for a second route of the same shape, TCN_ELIMIT. */
int tcn_router_add(struct tcn_router *r, const struct tcn_route *route, struct tcn_err *err);
/* Never allocates. path is without the query; scratch has at least TCN_ROUTE_SCRATCH(path.len) bytes.
 * A literal segment wins over a capture. */
void tcn_router_find(const struct tcn_router *r, enum tcn_method method, struct tcn_str path,
                     char *scratch, struct tcn_route_match *ret);
/* "GET, HEAD, POST" for the Allow header (RFC 9110 section 10.2.1). */
#define TCN_ROUTE_ALLOW_TEXT 48
const char *tcn_router_allow_text(unsigned allow, char buf[TCN_ROUTE_ALLOW_TEXT]);

#define TCN_ROUTE_SCRATCH(path_len) ((path_len) + TCN_ROUTE_SEGMENTS_MAX)

#endif
