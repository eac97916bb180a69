/* What the role that asks may do with the tables of a store: as much as a node needs, now. What a database administrator took
 * from the role, or locked, is found out before an alarm does. */
#include "store/check.h"
#include "store/copy_rows.h"
#include "store/internal.h"
#include "store/migrate.h"

#include <stdio.h>

#define SQL_MAX 4096
#define LINE_MAX_BYTES 300

/* The names of all tables, each behind the one before it. */
static void add_names(struct tcn_buf *sql, const char *quote)
{
    for (size_t i = 0; i < TCN_COPY_TABLES; i++)
        tcn_buf_fmt(sql, "%s%s%s%s", i ? ", " : "", quote, tcn_copy_tables[i].name, quote);
}

/* Of every table: its name, whether it is there, whether its policies hold for everybody. */
#define NAMED_BEGIN "(SELECT name, to_regclass(name) AS t FROM unnest(ARRAY["
#define NAMED_END "]) AS name) AS named LEFT JOIN pg_class ON oid = t"

/* Which rights a table lacks, whether reading is one of them, whether it is there; only those of which something is so. */
static const char lacks_begin[] =
    "SELECT name, lacked, lacked LIKE 'SELECT%', t IS NULL FROM (SELECT name, t, concat_ws(', ',"
    " CASE WHEN NOT has_table_privilege(t, 'SELECT') THEN 'SELECT' END,"
    " CASE WHEN NOT has_table_privilege(t, 'INSERT') THEN 'INSERT' END,"
    " CASE WHEN NOT has_table_privilege(t, 'UPDATE') THEN 'UPDATE' END,"
    " CASE WHEN NOT has_table_privilege(t, 'DELETE') THEN 'DELETE' END) AS lacked "
    "FROM " NAMED_BEGIN;
static const char lacks_end[] =
    NAMED_END ") AS asked WHERE lacked <> '' OR t IS NULL ORDER BY name";

static const char open_begin[] = "SELECT COUNT(*), MIN(name) FROM " NAMED_BEGIN;
static const char open_end[] = NAMED_END " WHERE NOT (relrowsecurity AND relforcerowsecurity)";

static int prepare(struct tcn_store *s, const char *begin, const char *end, struct tcn_dbstmt **ret,
                   struct tcn_err *err)
{
    struct tcn_buf sql;
    int r;

    tcn_buf_init(&sql, SQL_MAX);
    tcn_buf_z(&sql, begin);
    add_names(&sql, "'");
    tcn_buf_z(&sql, end);
    r = s->driver->prepare(s->db, sql.ptr, ret, err);
    tcn_buf_done(&sql);
    return r;
}

/* -- rights -------------------------------------------------------------------------------------------------------- */

static void tell_lack(struct tcn_store *s, struct tcn_dbstmt *st, tcn_check_told *told, void *ctx)
{
    struct tcn_str table = s->driver->column_text(st, 0), what = s->driver->column_text(st, 1);
    char line[LINE_MAX_BYTES];

    if (s->driver->column_int(st, 3) != 0)
        snprintf(line, sizeof line, "there is no table %.*s: restore a backup", (int)table.len,
                 table.ptr);
    else
        snprintf(line, sizeof line,
                 "the role lacks %.*s on the table %.*s: its owner may GRANT SELECT, INSERT, "
                 "UPDATE, DELETE ON ALL TABLES IN SCHEMA ... TO it",
                 (int)what.len, what.ptr, (int)table.len, table.ptr);
    told(ctx, line);
}

/* Inside a transaction. */
static int look_at_rights(struct tcn_store *s, tcn_check_told *told, void *ctx, bool *ret_may_read,
                          struct tcn_err *err)
{
    const struct tcn_db_driver *d = s->driver;
    struct tcn_dbstmt *st = NULL;
    int r;

    *ret_may_read = true;
    if ((r = prepare(s, lacks_begin, lacks_end, &st, err)) < 0)
        return r;
    while ((r = d->step(st, err)) == 1) {
        tell_lack(s, st, told, ctx);
        *ret_may_read = *ret_may_read && d->column_int(st, 2) == 0 && d->column_int(st, 3) == 0;
    }
    d->finalize(st);
    return r;
}

int tcn_store_check_rights(struct tcn_store *s, tcn_check_told *told, void *ctx, bool *ret_may_read,
                           struct tcn_err *err)
{
    int r;

    *ret_may_read = true;
    if (!tcn_store_is_shared(s))
        return 0;
    if ((r = s->driver->begin(s->db, err)) < 0)
        return r;
    r = look_at_rights(s, told, ctx, ret_may_read, err);
    s->driver->rollback(s->db);
    return r;
}

/* -- the first of several, as an error ------------------------------------------------------------------------------- */

struct lacks {
    char first[LINE_MAX_BYTES];
    size_t n;
};

static void note_first(void *ctx, const char *finding)
{
    struct lacks *l = ctx;

    if (l->n++ == 0)
        snprintf(l->first, sizeof l->first, "%s", finding);
}

static int refuse(const struct lacks *l, struct tcn_err *err)
{
    if (l->n == 0)
        return 0;
    if (l->n == 1)
        return tcn_fail(err, TCN_EINVALID, "%s", l->first);
    return tcn_fail(err, TCN_EINVALID, "%s (and %zu more tables are not as they must be)", l->first,
                    l->n - 1);
}

int tcn_store_need_rights(struct tcn_store *s, struct tcn_err *err)
{
    struct lacks lacks = {.n = 0};
    bool may_read;
    int r = tcn_store_check_rights(s, note_first, &lacks, &may_read, err);

    return r < 0 ? r : refuse(&lacks, err);
}

/* What an INSERT locks, without waiting for it. */
static int try_locks(struct tcn_store *s, struct tcn_err *err)
{
    struct tcn_buf sql;
    int r;

    tcn_buf_init(&sql, SQL_MAX);
    tcn_buf_z(&sql, "LOCK TABLE ");
    add_names(&sql, "");
    tcn_buf_z(&sql, " IN ROW EXCLUSIVE MODE NOWAIT");
    r = tcn_migrate_run(s->driver, s->db, sql.ptr, NULL, err);
    tcn_buf_done(&sql);
    return r;
}

int tcn_store_try_tables(struct tcn_store *s, struct tcn_err *err)
{
    struct lacks lacks = {.n = 0};
    bool may_read;
    int r;

    if (!tcn_store_is_shared(s))
        return 0;
    if ((r = look_at_rights(s, note_first, &lacks, &may_read, err)) < 0 ||
        (r = refuse(&lacks, err)) < 0)
        return r;
    return try_locks(s, err);
}

/* -- policies -------------------------------------------------------------------------------------------------------- */

static void describe_open(struct tcn_store *s, struct tcn_dbstmt *st, char *ret_text, size_t size)
{
    struct tcn_str table = s->driver->column_text(st, 1);
    long long n = s->driver->column_int(st, 0);

    if (n == 0)
        return;
    snprintf(ret_text, size,
             "row-level security is off for %lld of the tables (%.*s), so that the database does "
             "not keep accounts apart: their owner may ALTER TABLE ... ENABLE ROW LEVEL SECURITY, "
             "FORCE ROW LEVEL SECURITY",
             n, (int)table.len, table.ptr);
}

int tcn_store_open_policies(struct tcn_store *s, char *ret_text, size_t size, struct tcn_err *err)
{
    struct tcn_dbstmt *st = NULL;
    int r;

    *ret_text = '\0';
    if (!tcn_store_is_shared(s))
        return 0;
    if ((r = prepare(s, open_begin, open_end, &st, err)) < 0)
        return r;
    if ((r = s->driver->step(st, err)) == 1)
        describe_open(s, st, ret_text, size);
    s->driver->finalize(st);
    return r < 0 ? r : 0;
}

int tcn_store_check_policies(struct tcn_store *s, tcn_check_told *told, void *ctx,
                             struct tcn_err *err)
{
    char text[LINE_MAX_BYTES];
    int r;

    if (!tcn_store_is_shared(s))
        return 0;
    if ((r = s->driver->begin(s->db, err)) < 0)
        return r;
    r = tcn_store_open_policies(s, text, sizeof text, err);
    s->driver->rollback(s->db);
    if (r == 0 && *text)
        told(ctx, text);
    return r;
}
