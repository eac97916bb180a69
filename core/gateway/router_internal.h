/* Between the files of the router. */
#ifndef TCN_GATEWAY_ROUTER_INTERNAL_H
#define TCN_GATEWAY_ROUTER_INTERNAL_H

#include "gateway/router.h"

/* A path taken apart. */
struct tcn_path {
    size_t n;
    bool has_slash[TCN_ROUTE_SEGMENTS_MAX]; /* the segment held %2F */
    struct tcn_str segments[TCN_ROUTE_SEGMENTS_MAX];
};

enum tcn_path_result { TCN_PATH_OK = 0, TCN_PATH_UNSAFE, TCN_PATH_DEEP };
/* Decodes into scratch. UNSAFE: refuse it. DEEP: more segments than any route has. */
enum tcn_path_result tcn_path_split(struct tcn_str path, char *scratch, struct tcn_path *ret);

#endif
