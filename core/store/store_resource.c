/* Resources that commands made. */
#include "store/internal.h"
#include "store/resources.h"

#include "base/vec.h"
#include "store/pack.h"

enum { RESOURCE_GET, RESOURCE_PUT, RESOURCE_DROP, RESOURCE_LIST };
#define COLUMNS "kind, name, id, body, tags, created_by, modified_by, created_ms, modified_ms"
static const char *const sql[] = {
    [RESOURCE_GET] = "SELECT " COLUMNS " FROM resources WHERE account_id = $1 AND kind = $2"
                     " AND name = $3",
    [RESOURCE_PUT] = "INSERT INTO resources (account_id, epoch, " COLUMNS
                     ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
                     " ON CONFLICT (account_id, kind, name) DO UPDATE SET epoch = excluded.epoch,"
                     " id = excluded.id, body = excluded.body, tags = excluded.tags,"
                     " created_by = excluded.created_by, modified_by = excluded.modified_by,"
                     " created_ms = excluded.created_ms, modified_ms = excluded.modified_ms",
    [RESOURCE_DROP] = "DELETE FROM resources WHERE account_id = $1 AND kind = $2 AND name = $3",
    [RESOURCE_LIST] = "SELECT " COLUMNS " FROM resources WHERE account_id = $1 AND kind = $2"
                      " AND name > $3 ORDER BY name LIMIT $4",
};

static int start(struct tcn_store *s, size_t no, struct tcn_query *ret, struct tcn_err *err)
{
    return tcn_query_start(s, TCN_SQL_RESOURCE, no, sql[no], ret, err);
}

static int read_row(struct tcn_query *q, struct tcn_arena *a, struct tcn_resource *ret,
                    struct tcn_err *err)
{
    struct tcn_resource row = {.kind = (enum tcn_resource_kind)tcn_c_int(q)};
    int r;

    row.name = tcn_c_text(q, a);
    row.id = tcn_c_id(q);
    row.body = tcn_c_text(q, a);
    if ((r = tcn_unpack_tags(tcn_c_view(q), a, &row.tags, &row.n_tags, err)) < 0)
        return r;
    row.created_by = tcn_c_text(q, a);
    row.modified_by = tcn_c_text(q, a);
    row.created_ms = tcn_c_int(q);
    row.modified_ms = tcn_c_int(q);
    *ret = row;
    return tcn_query_row_ok(q, err);
}

int tcn_store_resource_get(struct tcn_store *s, enum tcn_resource_kind kind, const char *name,
                           struct tcn_arena *a, struct tcn_resource *ret, struct tcn_err *err)
{
    struct tcn_query q;
    int r;

    if ((r = start(s, RESOURCE_GET, &q, err)) < 0)
        return r;
    tcn_q_int(&q, kind);
    tcn_q_text(&q, name);
    if ((r = tcn_query_one(&q, err, "resource")) == 0)
        r = read_row(&q, a, ret, err);
    tcn_query_done(&q);
    return r;
}

static int write_row(struct tcn_store *s, const struct tcn_resource *row,
                     const struct tcn_buf *tags, struct tcn_err *err)
{
    struct tcn_query q;
    int r;

    if ((r = start(s, RESOURCE_PUT, &q, err)) < 0)
        return r;
    tcn_q_epoch(&q);
    tcn_q_int(&q, row->kind);
    tcn_q_text(&q, row->name);
    tcn_q_id(&q, &row->id);
    tcn_q_text(&q, row->body);
    tcn_q_packed(&q, tags);
    tcn_q_text(&q, row->created_by);
    tcn_q_text(&q, row->modified_by);
    tcn_q_int(&q, row->created_ms);
    tcn_q_int(&q, row->modified_ms);
    return tcn_query_run(&q, err);
}

int tcn_store_resource_put(struct tcn_store *s, const struct tcn_resource *resource,
                           struct tcn_err *err)
{
    struct tcn_buf tags = {0};
    int r;

    if (strlen(resource->body) > TCN_RESOURCE_BODY_MAX)
        return tcn_fail(err, TCN_ELIMIT,
                        "a resource of more than %d bytes is too long to be stored",
                        TCN_RESOURCE_BODY_MAX);
    if ((r = tcn_pack_tags(resource->tags, resource->n_tags, &tags, err)) == 0 &&
        (r = write_row(s, resource, &tags, err)) == 0)
        r = tcn_store_resources_changed(s, err);
    tcn_buf_done(&tags);
    return r;
}

int tcn_store_resource_drop(struct tcn_store *s, enum tcn_resource_kind kind, const char *name,
                            struct tcn_err *err)
{
    struct tcn_query q;
    int64_t n = 0;
    int r;

    if ((r = start(s, RESOURCE_DROP, &q, err)) < 0)
        return r;
    tcn_q_int(&q, kind);
    tcn_q_text(&q, name);
    if ((r = tcn_query_run_count(&q, &n, err)) < 0)
        return r;
    return n > 0 ? tcn_store_resources_changed(s, err)
                 : tcn_fail(err, TCN_ENOTFOUND, "no such resource");
}

int tcn_store_resource_list(struct tcn_store *s, enum tcn_resource_kind kind, const char *after,
                            size_t limit, struct tcn_arena *a, struct tcn_resource **ret,
                            size_t *ret_n, struct tcn_err *err)
{
    TCN_VEC(struct tcn_resource) rows = {0};
    struct tcn_query q;
    int r;

    if ((r = start(s, RESOURCE_LIST, &q, err)) < 0)
        return r;
    tcn_q_int(&q, kind);
    tcn_q_text(&q, after);
    tcn_q_int(&q, (int64_t)limit);
    while ((r = tcn_query_step(&q, err)) == 1)
        if ((r = read_row(&q, a, TCN_VEC_PUSH(a, &rows), err)) < 0)
            break;
    tcn_query_done(&q);
    if (r < 0)
        return r;
    *ret = rows.items;
    *ret_n = rows.n;
    return 0;
}
