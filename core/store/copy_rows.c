/* Reading and writing rows whose table is only known by its list of columns. */
#include "store/copy_rows.h"

#include "base/buf.h"
#include "store/postgres.h"
#include <assert.h>
#include <endian.h>
#include <stdlib.h>

#define SQL_MAX 4096
#define BATCH_BYTES ((size_t)8 << 20)
#define HEAD 9 /* of a value: its mark and its length */

/* -- a row's bytes ---------------------------------------------------------------------------------------------- */

struct value {
    bool is_null;
    const uint8_t *ptr;
    size_t len;
};

static uint64_t number_at(const uint8_t *p)
{
    uint64_t big;

    memcpy(&big, p, sizeof big);
    return be64toh(big);
}

static int64_t int_of(const struct value *v)
{
    return (int64_t)number_at(v->ptr);
}

/* The value at *at, which moves behind it. */
static struct value next_value(const struct tcn_copy_row *row, size_t *at)
{
    const uint8_t *p = row->bytes + *at;
    size_t len = (size_t)number_at(p + 1);

    *at += HEAD + len;
    assert(*at <= row->len);
    return (struct value){p[0] == 0, p + HEAD, len};
}

static int compare_value(char type, const struct value *a, const struct value *b)
{
    size_t len = a->len < b->len ? a->len : b->len;
    int order;

    if (type == 'i')
        return int_of(a) < int_of(b) ? -1 : int_of(a) > int_of(b);
    order = memcmp(a->ptr, b->ptr, len);
    return order != 0 ? order : a->len < b->len ? -1 : a->len > b->len;
}

int tcn_copy_compare(const struct tcn_copy_table *t, const struct tcn_copy_row *a,
                     const struct tcn_copy_row *b)
{
    size_t at_a = 0, at_b = 0;
    int order = 0;

    for (size_t i = 0; i < t->key && order == 0; i++) {
        struct value x = next_value(a, &at_a), y = next_value(b, &at_b);

        order = compare_value(t->types[i], &x, &y);
    }
    return order;
}

/* -- statements ------------------------------------------------------------------------------------------------- */

static void list(struct tcn_buf *b, const struct tcn_copy_table *t, size_t n)
{
    for (size_t i = 0; i < n; i++)
        tcn_buf_fmt(b, "%s%s", i ? ", " : "", t->columns[i]);
}

static void places(struct tcn_buf *b, size_t first, size_t n)
{
    for (size_t i = 0; i < n; i++)
        tcn_buf_fmt(b, "%s$%zu", i ? ", " : "", first + i);
}

static void select_rows(struct tcn_buf *b, const struct tcn_copy_table *t, bool is_after)
{
    tcn_buf_z(b, "SELECT ");
    list(b, t, strlen(t->types));
    tcn_buf_fmt(b, " FROM %s", t->name);
    if (is_after) {
        tcn_buf_z(b, " WHERE (");
        list(b, t, t->key);
        tcn_buf_z(b, ") > (");
        places(b, 1, t->key);
        tcn_buf_z(b, ")");
    }
    tcn_buf_z(b, " ORDER BY ");
    list(b, t, t->key);
    tcn_buf_fmt(b, " LIMIT %zu", t->rows);
}

static void select_first(struct tcn_buf *b, const struct tcn_copy_table *t)
{
    select_rows(b, t, false);
}

static void select_next(struct tcn_buf *b, const struct tcn_copy_table *t)
{
    select_rows(b, t, true);
}

static void upsert(struct tcn_buf *b, const struct tcn_copy_table *t)
{
    size_t n = strlen(t->types);

    tcn_buf_fmt(b, "INSERT INTO %s (", t->name);
    list(b, t, n);
    tcn_buf_z(b, ") VALUES (");
    places(b, 1, n);
    tcn_buf_z(b, ") ON CONFLICT (");
    list(b, t, t->key);
    tcn_buf_z(b, ") DO UPDATE SET ");
    for (size_t i = t->key; i < n; i++)
        tcn_buf_fmt(b, "%s%s = excluded.%s", i > t->key ? ", " : "", t->columns[i], t->columns[i]);
}

static void delete_key(struct tcn_buf *b, const struct tcn_copy_table *t)
{
    tcn_buf_fmt(b, "DELETE FROM %s WHERE (", t->name);
    list(b, t, t->key);
    tcn_buf_z(b, ") = (");
    places(b, 1, t->key);
    tcn_buf_z(b, ")");
}

/* $1 ... the key, then the other unique value. */
static void delete_other(struct tcn_buf *b, const struct tcn_copy_table *t)
{
    tcn_buf_fmt(b, "DELETE FROM %s WHERE (", t->name);
    list(b, t, t->key);
    tcn_buf_z(b, ") <> (");
    places(b, 1, t->key);
    tcn_buf_fmt(b, ") AND %s = $%zu", t->also_unique, t->key + 1);
}

static int make(struct tcn_copy_side *s, struct tcn_dbstmt **st,
                void (*write)(struct tcn_buf *b, const struct tcn_copy_table *t),
                struct tcn_err *err)
{
    struct tcn_buf sql;
    int r;

    if (*st)
        return 0;
    tcn_buf_init(&sql, SQL_MAX);
    write(&sql, s->table);
    assert(tcn_buf_ok(&sql));
    r = s->driver->prepare(s->db, sql.ptr, st, err);
    tcn_buf_done(&sql);
    return r;
}

static void finalize(struct tcn_copy_side *s)
{
    struct tcn_dbstmt **const all[] = {&s->first, &s->next, &s->put, &s->drop, &s->yield};

    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if (*all[i])
            s->driver->finalize(*all[i]);
        *all[i] = NULL;
    }
}

void tcn_copy_side_use(struct tcn_copy_side *s, const struct tcn_copy_table *t)
{
    finalize(s);
    s->table = t;
}

void tcn_copy_side_done(struct tcn_copy_side *s)
{
    if (!s->db)
        return;
    finalize(s);
    s->driver->close(s->db);
    s->db = NULL;
}

/* -- binding ---------------------------------------------------------------------------------------------------- */

static void bind_value(const struct tcn_copy_side *s, struct tcn_dbstmt *st, int n, char type,
                       const struct value *v)
{
    double number;
    uint64_t bits;

    if (v->is_null) {
        s->driver->bind_null(st, n);
        return;
    }
    switch (type) {
    case 'i':
        s->driver->bind_int(st, n, int_of(v));
        break;
    case 'r':
        bits = number_at(v->ptr);
        memcpy(&number, &bits, sizeof number);
        s->driver->bind_double(st, n, number);
        break;
    case 't':
        s->driver->bind_text(st, n, (const char *)v->ptr, v->len);
        break;
    default:
        s->driver->bind_blob(st, n, v->ptr, v->len);
    }
}

static void bind_first(const struct tcn_copy_side *s, struct tcn_dbstmt *st,
                       const struct tcn_copy_row *row, size_t n)
{
    size_t at = 0;

    for (size_t i = 0; i < n; i++) {
        struct value v = next_value(row, &at);

        bind_value(s, st, (int)i + 1, s->table->types[i], &v);
    }
}

static struct value value_of(const struct tcn_copy_table *t, const struct tcn_copy_row *row,
                             const char *column)
{
    struct value v = {.is_null = true};
    size_t at = 0;

    for (size_t i = 0; t->columns[i]; i++) {
        v = next_value(row, &at);
        if (strcmp(t->columns[i], column) == 0)
            return v;
    }
    abort(); /* no column of the table */
}

static int run(const struct tcn_copy_side *s, struct tcn_dbstmt *st, struct tcn_err *err)
{
    int r = s->driver->run(st, (struct tcn_db_touch){0}, err);

    s->driver->reset(st);
    return r;
}

/* A row of another key that has the unique value now: it comes again when its turn comes, or is gone at the source. */
static int make_way(struct tcn_copy_side *s, const struct tcn_copy_row *row, struct tcn_err *err)
{
    struct value v;
    int r;

    if (!s->table->also_unique)
        return 0;
    v = value_of(s->table, row, s->table->also_unique);
    if (v.is_null)
        return 0;
    if ((r = make(s, &s->yield, delete_other, err)) < 0)
        return r;
    bind_first(s, s->yield, row, s->table->key);
    bind_value(s, s->yield, (int)s->table->key + 1, 'b', &v);
    return run(s, s->yield, err);
}

int tcn_copy_put(struct tcn_copy_side *s, const struct tcn_copy_row *row, struct tcn_err *err)
{
    int r;

    if ((r = make_way(s, row, err)) < 0 || (r = make(s, &s->put, upsert, err)) < 0)
        return r;
    bind_first(s, s->put, row, strlen(s->table->types));
    return run(s, s->put, err);
}

int tcn_copy_drop(struct tcn_copy_side *s, const struct tcn_copy_row *row, struct tcn_err *err)
{
    int r;

    if ((r = make(s, &s->drop, delete_key, err)) < 0)
        return r;
    bind_first(s, s->drop, row, s->table->key);
    return run(s, s->drop, err);
}

/* -- reading ---------------------------------------------------------------------------------------------------- */

static void add_value(struct tcn_buf *b, const void *bytes, size_t len)
{
    uint64_t big = htobe64(len);

    tcn_buf_char(b, 1);
    tcn_buf_add(b, &big, sizeof big);
    tcn_buf_add(b, bytes, len);
}

static void add_number(struct tcn_buf *b, uint64_t bits)
{
    uint64_t big = htobe64(bits);

    add_value(b, &big, sizeof big);
}

static void add_text(const struct tcn_copy_side *s, struct tcn_buf *b, struct tcn_str text)
{
    char *clean;
    size_t len;

    if (!s->cleans_text || tcn_utf8_ok(text)) {
        add_value(b, text.ptr, text.len);
        return;
    }
    clean = tcn_pg_clean(text, &len);
    add_value(b, clean, len);
    free(clean);
}

static void add_column(const struct tcn_copy_side *s, struct tcn_dbstmt *st, int i,
                       struct tcn_buf *b)
{
    static const char null[HEAD] = {0};
    struct tcn_str bytes;
    uint64_t bits;
    double number;

    if (s->driver->is_null(st, i)) {
        tcn_buf_add(b, null, sizeof null);
        return;
    }
    switch (s->table->types[i]) {
    case 'i':
        add_number(b, (uint64_t)s->driver->column_int(st, i));
        break;
    case 'r':
        number = s->driver->column_double(st, i);
        memcpy(&bits, &number, sizeof bits);
        add_number(b, bits);
        break;
    case 't':
        add_text(s, b, s->driver->column_text(st, i));
        break;
    default:
        bytes = s->driver->column_blob(st, i);
        add_value(b, bytes.ptr ? bytes.ptr : "", bytes.len);
    }
}

static void add_row(const struct tcn_copy_side *s, struct tcn_dbstmt *st, struct tcn_buf *scratch,
                    struct tcn_arena *a, struct tcn_copy_batch *batch)
{
    struct tcn_copy_row *row = TCN_VEC_PUSH(a, &batch->rows);

    tcn_buf_clear(scratch);
    for (int i = 0; s->table->columns[i]; i++)
        add_column(s, st, i, scratch);
    assert(tcn_buf_ok(scratch));
    row->bytes = tcn_arena_memdup(a, scratch->ptr, scratch->len);
    row->len = scratch->len;
}

int tcn_copy_read(struct tcn_copy_side *s, const struct tcn_copy_row *after, struct tcn_arena *a,
                  struct tcn_copy_batch *ret, struct tcn_err *err)
{
    struct tcn_dbstmt **st = after ? &s->next : &s->first;
    struct tcn_buf scratch;
    size_t bytes = 0;
    int r = make(s, st, after ? select_next : select_first, err);

    *ret = (struct tcn_copy_batch){.is_last = false};
    if (r < 0)
        return r;
    if (after)
        bind_first(s, *st, after, s->table->key);
    tcn_buf_init(&scratch, (size_t)128 << 20);
    while (bytes < BATCH_BYTES && (r = s->driver->step(*st, err)) == 1) {
        add_row(s, *st, &scratch, a, ret);
        bytes += scratch.len;
    }
    s->driver->reset(*st);
    tcn_buf_done(&scratch);
    ret->is_last = r == 0 && ret->rows.n < s->table->rows;
    return r < 0 ? r : 0;
}
