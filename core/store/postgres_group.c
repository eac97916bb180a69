/* Rows that nobody waits for, sent together. A batch of alarms writes the same kinds of row for each: as one statement with
 * sixteen rows they cost the server a quarter of what sixteen statements do. They wait until something else is sent, and
 * leave in the order in which their statements were first added. */
#include "store/postgres.h"

#include "base/buf.h"
#include "base/xalloc.h"
#include <assert.h>
#include <ctype.h>
#include <stdlib.h>

#define SQL_MAX_BYTES (256 * 1024)
#define ROWS_BYTES (4 << 20) /* of values: sent when there is more */
_Static_assert(2 * ROWS_BYTES < TCN_PG_WAITING_MAX, "with what goes with them");

/* -- the statement for several rows ----------------------------------------------------------------------------- */

/* rows with each $N as $(N + by). */
static void add_shifted(struct tcn_buf *out, struct tcn_str rows, int by)
{
    for (size_t i = 0; i < rows.len;) {
        long n = 0;

        tcn_buf_char(out, rows.ptr[i]);
        if (rows.ptr[i++] != '$')
            continue;
        for (; i < rows.len && isdigit((unsigned char)rows.ptr[i]); i++)
            n = n * 10 + rows.ptr[i] - '0';
        tcn_buf_fmt(out, "%ld", n + by);
    }
}

static struct tcn_dbstmt *statement_for(struct tcn_dbstmt *st, size_t n)
{
    const char *rows = strstr(st->sql, " VALUES "), *end;
    struct tcn_buf sql;
    struct tcn_dbstmt *many;

    assert(rows);
    rows += strlen(" VALUES ");
    end = strstr(rows, " ON CONFLICT");
    if (!end)
        end = rows + strlen(rows);
    tcn_buf_init(&sql, SQL_MAX_BYTES);
    tcn_buf_add(&sql, st->sql, (size_t)(rows - st->sql));
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            tcn_buf_z(&sql, ", ");
        add_shifted(&sql, (struct tcn_str){rows, (size_t)(end - rows)}, (int)i * st->n_params);
    }
    tcn_buf_z(&sql, end);
    assert(tcn_buf_ok(&sql));
    many = tcn_pg_statement(st->db, sql.ptr, (int)n * st->n_params);
    tcn_buf_done(&sql);
    return many;
}

void tcn_pg_group_free(struct tcn_pg_group *g)
{
    if (!g)
        return;
    for (size_t i = 0; i <= TCN_PG_ROWS_MAX; i++)
        tcn_pg_finalize(g->many[i]);
    free(g);
}

/* -- out -------------------------------------------------------------------------------------------------------- */

static void place_row(struct tcn_dbstmt *to, int at, const struct tcn_dbstmt *of,
                      const struct tcn_pg_row *row)
{
    size_t n = (size_t)of->n_params;

    memcpy(to->types + at, of->types, n * sizeof *of->types);
    memcpy(to->values + at, row->values, n * sizeof *row->values);
    memcpy(to->lengths + at, row->lengths, n * sizeof *row->lengths);
}

static int send_some(struct tcn_dbstmt *st, size_t first, size_t n, struct tcn_err *err)
{
    struct tcn_pg_group *g = st->group;
    struct tcn_db_touch touch = {g->touch.least * (int64_t)n, g->touch.conflict};
    struct tcn_dbstmt **many = &g->many[n];

    if (!*many)
        *many = statement_for(st, n);
    (*many)->n_params = (int)n * st->n_params;
    for (size_t i = 0; i < n; i++)
        place_row(*many, (int)i * st->n_params, st, &g->rows[first + i]);
    return tcn_pg_send_now(*many, touch, err);
}

/* As few statements as possible, of sizes that come again: a new size would have to be parsed. */
static int send_group(struct tcn_dbstmt *st, struct tcn_err *err)
{
    struct tcn_pg_group *g = st->group;
    size_t sent = 0, size = TCN_PG_ROWS_MAX;
    int r = 0;

    for (; r == 0 && sent < g->n; size /= 2)
        if (g->n - sent >= size) {
            r = send_some(st, sent, size, err);
            sent += size;
        }
    return r;
}

void tcn_pg_drop_rows(struct tcn_db *db)
{
    for (size_t i = 0; i < db->n_waiting; i++)
        db->waiting[i]->group->n = 0;
    db->n_waiting = 0;
    tcn_arena_reset(&db->rows);
}

int tcn_pg_send_rows(struct tcn_db *db, struct tcn_err *err)
{
    int r = 0;

    if (db->n_waiting == 0)
        return 0;
    for (size_t i = 0; i < db->n_waiting && r == 0; i++)
        r = send_group(db->waiting[i], err);
    tcn_pg_drop_rows(db);
    return r;
}

/* -- in --------------------------------------------------------------------------------------------------------- */

static size_t size_of_row(const struct tcn_dbstmt *st)
{
    size_t size = 0;

    for (int i = 0; i < st->n_params; i++)
        size += (size_t)st->lengths[i];
    return size;
}

static void keep_row(struct tcn_dbstmt *st)
{
    struct tcn_arena *a = &st->db->rows;
    struct tcn_pg_row *row = &st->group->rows[st->group->n++];

    row->values = TCN_NEW_N(a, const char *, st->n_params);
    row->lengths = tcn_arena_memdup(a, st->lengths, (size_t)st->n_params * sizeof *st->lengths);
    for (int i = 0; i < st->n_params; i++)
        if (st->values[i])
            row->values[i] = tcn_arena_strndup(a, st->values[i], (size_t)st->lengths[i]);
}

static bool is_room(const struct tcn_dbstmt *st)
{
    const struct tcn_db *db = st->db;
    bool is_known = st->group->n > 0;

    return st->group->n < TCN_PG_ROWS_MAX && (is_known || db->n_waiting < TCN_PG_GROUPS_MAX) &&
           db->rows.used + size_of_row(st) < ROWS_BYTES;
}

int tcn_pg_add(struct tcn_dbstmt *st, struct tcn_db_touch touch, struct tcn_err *err)
{
    struct tcn_db *db = st->db;
    int r;

    assert(db->in_transaction);
    if (!st->group)
        st->group = tcn_xcalloc(1, sizeof *st->group);
    if (!is_room(st) && (r = tcn_pg_send_rows(db, err)) < 0)
        return r;
    if (!is_room(st)) /* it is large itself */
        return tcn_pg_send_statement(st, touch, err);
    st->group->touch = touch;
    if (st->group->n == 0)
        db->waiting[db->n_waiting++] = st;
    keep_row(st);
    return 0;
}
