/* Whether a database that others rule takes rows: what a database administrator locked, or took from the role, is found out
 * before an alarm does. */
#include "store/copy_rows.h"
#include "store/internal.h"
#include "store/migrate.h"

#define SQL_MAX 2048

/* The names of all tables, each behind the one before it. */
static void add_names(struct tcn_buf *sql, const char *quote)
{
    for (size_t i = 0; i < TCN_COPY_TABLES; i++)
        tcn_buf_fmt(sql, "%s%s%s%s", i ? ", " : "", quote, tcn_copy_tables[i].name, quote);
}

/* What an INSERT locks, without waiting for it. */
static int try_locks(struct tcn_store *s, struct tcn_buf *sql, struct tcn_err *err)
{
    tcn_buf_clear(sql);
    tcn_buf_z(sql, "LOCK TABLE ");
    add_names(sql, "");
    tcn_buf_z(sql, " IN ROW EXCLUSIVE MODE NOWAIT");
    return tcn_migrate_run(s->driver, s->db, sql->ptr, NULL, err);
}

static int try_rights(struct tcn_store *s, struct tcn_buf *sql, struct tcn_err *err)
{
    struct tcn_dbstmt *st = NULL;
    struct tcn_str table, right;
    int r;

    tcn_buf_clear(sql);
    tcn_buf_z(sql, "SELECT name, verb FROM unnest(ARRAY[");
    add_names(sql, "'");
    tcn_buf_z(sql, "]) AS name, unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS verb"
                   " WHERE NOT has_table_privilege(name, verb) LIMIT 1");
    if ((r = s->driver->prepare(s->db, sql->ptr, &st, err)) < 0)
        return r;
    if ((r = s->driver->step(st, err)) == 1) {
        table = s->driver->column_text(st, 0);
        right = s->driver->column_text(st, 1);
        r = tcn_fail(err, TCN_EINVALID,
                     "the store's role may not %.*s in the table %.*s: give it SELECT, INSERT, "
                     "UPDATE and DELETE on all tables",
                     (int)right.len, right.ptr, (int)table.len, table.ptr);
    }
    s->driver->finalize(st);
    return r;
}

int tcn_store_try_tables(struct tcn_store *s, struct tcn_err *err)
{
    struct tcn_buf sql;
    int r;

    if (!tcn_store_is_shared(s))
        return 0;
    tcn_buf_init(&sql, SQL_MAX);
    if ((r = try_rights(s, &sql, err)) == 0)
        r = try_locks(s, &sql, err);
    tcn_buf_done(&sql);
    return r;
}
