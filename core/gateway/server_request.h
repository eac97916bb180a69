/* One accepted request, complete and on its own: it refers to nothing of its connection, so it may travel to another
 * thread. */
#ifndef TCN_GATEWAY_SERVER_REQUEST_H
#define TCN_GATEWAY_SERVER_REQUEST_H

#include "gateway/router.h"

#define TCN_PEER_TEXT 48

struct tcn_server;

/* All text lies in the request; body and captures are followed by a NUL. */
struct tcn_request {
    struct tcn_server *server; /* that answers it; borrowed, for the loop's thread */
    uint64_t reply_id;         /* for tcn_server_reply; never 0 */
    enum tcn_method method;
    bool is_tls;
    const struct tcn_route *route;
    struct tcn_str target; /* as sent */
    struct tcn_str path;   /* its part before '?', as sent */
    struct tcn_str query;  /* its part after '?', as sent; empty when there is none */
    size_t n_captures;
    struct tcn_str captures[TCN_ROUTE_CAPTURES_MAX]; /* decoded once */
    char *body;                                      /* owned; "" when there is none */
    size_t body_len;
    char peer[TCN_PEER_TEXT]; /* who sent it: address without port; "unix" */
    const char *client_names; /* see tcn_tls_client_names; NULL without a certificate; owned */
    size_t n_fields;
    const struct tcn_http1_field *fields; /* in head, in the order sent */
    const char *head;                     /* the bytes of the request's head */
};

void tcn_server_request_free(struct tcn_request *rq);
/* The next value of that name (ASCII case ignored) at or after field *at, which moves behind it; start with 0.
 * False when there is no more. */
bool tcn_server_request_next(const struct tcn_request *rq, struct tcn_str name, size_t *at,
                             struct tcn_str *ret_value);
/* The first value of that name; false and untouched when absent. */
bool tcn_server_request_header(const struct tcn_request *rq, struct tcn_str name,
                               struct tcn_str *ret_value);

#endif
