/* What the role that looks may do with the tables of a store: as much as a node needs. */
#include "store/check.h"
#include "store/copy_rows.h"
#include "store/internal.h"

#include <stdio.h>

#define LINE_MAX_BYTES 300

/* The text of what is missing, whether that is reading, and whether there is such a table at all. */
static const char lacks[] =
    "SELECT concat_ws(', ', CASE WHEN NOT has_table_privilege(t, 'SELECT') THEN 'SELECT' END,"
    " CASE WHEN NOT has_table_privilege(t, 'INSERT') THEN 'INSERT' END,"
    " CASE WHEN NOT has_table_privilege(t, 'UPDATE') THEN 'UPDATE' END,"
    " CASE WHEN NOT has_table_privilege(t, 'DELETE') THEN 'DELETE' END),"
    " NOT has_table_privilege(t, 'SELECT'), t IS NULL FROM (SELECT to_regclass('%s') AS t) AS "
    "named";

static void tell(const char *table, struct tcn_str what, bool is_missing, tcn_check_told *told,
                 void *ctx)
{
    char line[LINE_MAX_BYTES];

    if (is_missing)
        snprintf(line, sizeof line, "there is no table %s: restore a backup", table);
    else
        snprintf(line, sizeof line,
                 "the role lacks %.*s on the table %s: its owner may GRANT SELECT, INSERT, UPDATE, "
                 "DELETE ON ALL TABLES IN SCHEMA ... TO it",
                 (int)what.len, what.ptr, table);
    told(ctx, line);
}

static int look_at(struct tcn_store *s, const char *table, tcn_check_told *told, void *ctx,
                   bool *may_read, struct tcn_err *err)
{
    const struct tcn_db_driver *d = s->driver;
    struct tcn_dbstmt *st = NULL;
    char sql[sizeof lacks + 64];
    int r;

    snprintf(sql, sizeof sql, lacks, table);
    if ((r = d->prepare(s->db, sql, &st, err)) < 0)
        return r;
    if ((r = d->step(st, err)) == 1) {
        struct tcn_str what = d->column_text(st, 0);
        bool is_missing = d->column_int(st, 2) != 0;

        if (what.len > 0 || is_missing)
            tell(table, what, is_missing, told, ctx);
        *may_read = *may_read && d->column_int(st, 1) == 0 && !is_missing;
        r = 0;
    }
    d->finalize(st);
    return r;
}

int tcn_store_check_rights(struct tcn_store *s, tcn_check_told *told, void *ctx, bool *ret_may_read,
                           struct tcn_err *err)
{
    int r;

    *ret_may_read = true;
    if (!s->driver->lock)
        return 0;
    if ((r = s->driver->begin(s->db, err)) < 0)
        return r;
    for (size_t i = 0; i < TCN_COPY_TABLES && r == 0; i++)
        r = look_at(s, tcn_copy_tables[i].name, told, ctx, ret_may_read, err);
    s->driver->rollback(s->db);
    return r;
}
