/* A request as one block of memory: the struct, its fields, its captures and the bytes of its head. */
#include "gateway/server_internal.h"

#include "base/xalloc.h"

#include <assert.h>
#include <stdlib.h>

static struct tcn_str at(const struct tcn_request *rq, size_t from, size_t len)
{
    return (struct tcn_str){rq->head + from, len};
}

static void take_target(struct tcn_request *rq, const struct tcn_http1_head *h)
{
    size_t query_at = h->path_len + 1u;

    rq->target = at(rq, h->target_at, h->target_len);
    rq->path = at(rq, h->target_at, h->path_len);
    if (query_at <= h->target_len)
        rq->query = at(rq, h->target_at + query_at, h->target_len - query_at);
    else
        rq->query = TCN_STR("");
}

/* NULL when the router refuses it; ret_match says why. */
struct tcn_request *tcn_request_of_head(const struct tcn_http1_head *h,
                                        const struct tcn_router *router,
                                        struct tcn_route_match *ret_match)
{
    size_t fields_size = h->n_fields * sizeof *h->fields;
    size_t head_at = sizeof(struct tcn_request) + fields_size;
    struct tcn_request *rq = tcn_xmalloc(head_at + h->len + TCN_ROUTE_SCRATCH(h->path_len));
    char *head = (char *)rq + head_at;

    memset(rq, 0, sizeof *rq);
    memcpy((char *)rq + sizeof *rq, h->fields, fields_size);
    memcpy(head, h->bytes, h->len);
    rq->fields = (const struct tcn_http1_field *)(rq + 1);
    rq->n_fields = h->n_fields;
    rq->head = head;
    rq->method = h->method;
    take_target(rq, h);
    tcn_router_find(router, h->method, rq->path, head + h->len, ret_match);
    if (ret_match->refusal) {
        free(rq);
        return NULL;
    }
    assert(ret_match->route);
    rq->route = ret_match->route;
    rq->n_captures = ret_match->n_captures;
    memcpy(rq->captures, ret_match->captures, sizeof rq->captures);
    return rq;
}

void tcn_server_request_free(struct tcn_request *rq)
{
    if (!rq)
        return;
    free(rq->body);
    free((char *)(uintptr_t)rq->client_names);
    free(rq);
}

bool tcn_server_request_next(const struct tcn_request *rq, struct tcn_str name, size_t *pos,
                             struct tcn_str *ret_value)
{
    while (*pos < rq->n_fields) {
        const struct tcn_http1_field *f = &rq->fields[(*pos)++];

        if (f->name_len != name.len || !tcn_str_case_eq(at(rq, f->name_at, f->name_len), name))
            continue;
        *ret_value = at(rq, f->value_at, f->value_len);
        return true;
    }
    return false;
}

bool tcn_server_request_header(const struct tcn_request *rq, struct tcn_str name,
                               struct tcn_str *ret_value)
{
    size_t pos = 0;

    return tcn_server_request_next(rq, name, &pos, ret_value);
}
