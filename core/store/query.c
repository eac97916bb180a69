/* Running one prepared statement: parameters in, columns out, each counted on. */
#include "store/internal.h"

#include "base/vec.h"

#include "base/text.h"
#include "base/xalloc.h"
#include <assert.h>
#include <stdlib.h>

#define SQL_MAX_BYTES (16 * 1024)

const struct tcn_id tcn_store_last_id = {{0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
                                          0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF}};

/* Joined with their NULs, so that no two pairs of texts are one. */
struct tcn_id tcn_store_hash(const struct tcn_store *s, const char *a, const char *b)
{
    const char *const parts[] = {s->account_id, a ? a : "", b ? b : ""};
    char small[512], *all = small;
    uint8_t digest[32];
    struct tcn_id id;
    size_t size = 0, at = 0;

    for (size_t i = 0; i < 3; i++)
        size += strlen(parts[i]) + 1;
    if (size > sizeof small)
        all = tcn_xmalloc(size);
    for (size_t i = 0; i < 3; i++) {
        size_t len = strlen(parts[i]) + 1;

        memcpy(all + at, parts[i], len);
        at += len;
    }
    tcn_sha256(all, size, digest);
    if (all != small)
        free(all);
    memcpy(id.b, digest, sizeof id.b);
    return id;
}

static int prepare(struct tcn_store *s, const char *sql, struct tcn_dbstmt **ret,
                   struct tcn_err *err)
{
    struct tcn_buf text;
    int r;

    tcn_buf_init(&text, SQL_MAX_BYTES);
    tcn_db_translate(s->driver, sql, &text);
    r = s->driver->prepare(s->db, text.ptr, ret, err);
    tcn_buf_done(&text);
    return r;
}

int tcn_query_start(struct tcn_store *s, enum tcn_sql_table table, size_t no, const char *sql,
                    struct tcn_query *ret, struct tcn_err *err)
{
    struct tcn_dbstmt **st;
    int r;

    assert(table < TCN_SQL_TABLES && no < TCN_SQL_MAX);
    st = &s->prepared[table][no];
    if (!*st && (r = prepare(s, sql, st, err)) < 0) {
        if (s->broken == 0)
            s->broken = r;
        return r;
    }
    *ret = (struct tcn_query){.s = s, .driver = s->driver, .st = *st};
    tcn_q_text(ret, s->account_id);
    return 0;
}

int tcn_query_step(struct tcn_query *q, struct tcn_err *err)
{
    int r = q->driver->step(q->st, err);

    q->column = 0;
    if (r < 0 && q->s->broken == 0)
        q->s->broken = r;
    return r;
}

void tcn_query_done(struct tcn_query *q)
{
    q->driver->reset(q->st);
}

int tcn_query_run_count(struct tcn_query *q, int64_t *ret_changes, struct tcn_err *err)
{
    int r;

    while ((r = tcn_query_step(q, err)) == 1)
        ;
    if (r == 0)
        *ret_changes = q->driver->changes(q->st);
    tcn_query_done(q);
    return r;
}

int tcn_query_run_touching(struct tcn_query *q, int64_t least, const char *conflict,
                           struct tcn_err *err)
{
    int r = q->driver->run(q->st, (struct tcn_db_touch){least, conflict}, err);

    if (r < 0 && q->s->broken == 0)
        q->s->broken = r;
    tcn_query_done(q);
    return r;
}

/* What ran in a batch and failed runs again by itself, and then nothing is added: a row that is added twice is no harm. */
int tcn_query_add(struct tcn_query *q, int64_t least, const char *conflict, struct tcn_err *err)
{
    int r;

    if (!q->driver->add || !q->s->is_hurried)
        return tcn_query_run_touching(q, least, conflict, err);
    r = q->driver->add(q->st, (struct tcn_db_touch){least, conflict}, err);
    if (r < 0 && q->s->broken == 0)
        q->s->broken = r;
    tcn_query_done(q);
    return r;
}

int tcn_query_run(struct tcn_query *q, struct tcn_err *err)
{
    return tcn_query_run_touching(q, 0, NULL, err);
}

int tcn_query_one(struct tcn_query *q, struct tcn_err *err, const char *what)
{
    int r = tcn_query_step(q, err);

    if (r == 0)
        return tcn_fail(err, TCN_ENOTFOUND, "no such %s", what);
    return r < 0 ? r : 0;
}

int tcn_query_ids(struct tcn_query *q, size_t limit, struct tcn_id *ret_ids, size_t *ret_n,
                  struct tcn_err *err)
{
    size_t n = 0;
    int r = 0;

    while (n < limit && (r = tcn_query_step(q, err)) == 1)
        ret_ids[n++] = tcn_c_id(q);
    tcn_query_done(q);
    if (r < 0 || (r = tcn_query_row_ok(q, err)) < 0)
        return r;
    *ret_n = n;
    return 0;
}

int tcn_query_row_ok(struct tcn_query *q, struct tcn_err *err)
{
    if (!q->is_damaged)
        return 0;
    if (q->s->broken == 0)
        q->s->broken = TCN_EIO;
    return tcn_fail(err, TCN_EIO, "a row of the store is damaged; restore it from a backup");
}

void tcn_q_int(struct tcn_query *q, int64_t value)
{
    q->driver->bind_int(q->st, ++q->param, value);
}

void tcn_q_double(struct tcn_query *q, double value)
{
    q->driver->bind_double(q->st, ++q->param, value);
}

void tcn_q_text(struct tcn_query *q, const char *z)
{
    if (z)
        q->driver->bind_text(q->st, ++q->param, z, strlen(z));
    else
        q->driver->bind_null(q->st, ++q->param);
}

void tcn_q_blob(struct tcn_query *q, struct tcn_str bytes)
{
    q->driver->bind_blob(q->st, ++q->param, bytes.ptr, bytes.len);
}

void tcn_q_id(struct tcn_query *q, const struct tcn_id *id)
{
    if (tcn_id_is_zero(*id))
        q->driver->bind_null(q->st, ++q->param);
    else
        q->driver->bind_id(q->st, ++q->param, id);
}

void tcn_q_packed(struct tcn_query *q, const struct tcn_buf *text)
{
    tcn_q_text(q, text->len > 0 ? text->ptr : NULL);
}

void tcn_q_epoch(struct tcn_query *q)
{
    tcn_q_int(q, q->s->epoch);
}

int64_t tcn_c_int(struct tcn_query *q)
{
    return q->driver->column_int(q->st, q->column++);
}

double tcn_c_double(struct tcn_query *q)
{
    return q->driver->column_double(q->st, q->column++);
}

struct tcn_str tcn_c_view(struct tcn_query *q)
{
    return q->driver->column_text(q->st, q->column++);
}

const char *tcn_c_text(struct tcn_query *q, struct tcn_arena *a)
{
    struct tcn_str view = tcn_c_view(q);

    return view.ptr ? tcn_arena_strndup(a, view.ptr, view.len) : NULL;
}

struct tcn_str tcn_c_blob(struct tcn_query *q, struct tcn_arena *a)
{
    struct tcn_str view = q->driver->column_blob(q->st, q->column++);

    return tcn_arena_str(a, view.ptr ? view : TCN_STR(""));
}

struct tcn_id tcn_c_id(struct tcn_query *q)
{
    struct tcn_id id = {{0}};
    int column = q->column++;

    if (!q->driver->is_null(q->st, column) && q->driver->column_id(q->st, column, &id) < 0)
        q->is_damaged = true;
    return id;
}

void tcn_c_array(struct tcn_query *q, char *ret_text, size_t size)
{
    struct tcn_str view = tcn_c_view(q);

    if (view.len >= size) {
        q->is_damaged = true;
        view.len = 0;
    }
    if (view.len > 0)
        memcpy(ret_text, view.ptr, view.len);
    ret_text[view.len] = '\0';
}

int tcn_query_waiting(struct tcn_query *q, size_t limit, struct tcn_arena *a,
                      struct tcn_connector_waiting **ret, size_t *ret_n, struct tcn_err *err)
{
    TCN_VEC(struct tcn_connector_waiting) list = {0};
    int r;

    tcn_q_int(q, (int64_t)limit);
    while ((r = tcn_query_step(q, err)) == 1) {
        struct tcn_connector_waiting *row = TCN_VEC_PUSH(a, &list);

        row->connector = tcn_c_text(q, a);
        row->n = tcn_c_int(q);
        row->since_ms = tcn_c_int(q);
    }
    tcn_query_done(q);
    if (r < 0 || (r = tcn_query_row_ok(q, err)) < 0)
        return r;
    *ret = list.items;
    *ret_n = list.n;
    return 0;
}
