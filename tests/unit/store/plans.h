/* How SQLite looks up what the store's statements ask for. */
#ifndef TCN_TESTS_STORE_PLANS_H
#define TCN_TESTS_STORE_PLANS_H

#include "base/buf.h"
#include "store/internal.h"
#include "store/sqlite.h"
#include "store_test.h"
#include <sqlite3.h>

/* The first step of the plan: what is read, and by what. */
static inline const char *plan_of(struct fixture *f, sqlite3 *db, const char *sql)
{
    const char *text = tcn_arena_fmt(&f->a, "EXPLAIN QUERY PLAN %s", sql), *ret = "";
    sqlite3_stmt *st = NULL;

    assert_int_equal(sqlite3_prepare_v2(db, text, -1, &st, NULL), SQLITE_OK);
    while (sqlite3_step(st) == SQLITE_ROW)
        ret = tcn_arena_fmt(&f->a, "%s%s; ", ret, (const char *)sqlite3_column_text(st, 3));
    assert_int_equal(sqlite3_finalize(st), SQLITE_OK);
    return ret;
}

/* Of the statements that ran so far, those that read with this text in them: none reads a table whole or sorts, and the plan of each
 * has both words. Returns how many they are. */
static inline size_t plans(struct fixture *f, const char *with, const char *word, const char *other)
{
    sqlite3 *db = f->s->db->handle;
    size_t n = 0;

    for (sqlite3_stmt *st = sqlite3_next_stmt(db, NULL); st; st = sqlite3_next_stmt(db, st)) {
        const char *sql = sqlite3_sql(st), *plan;

        if (!strstr(sql, with) || strncmp(sql, "SELECT", 6) != 0)
            continue;
        plan = plan_of(f, db, sql);
        if (!strstr(plan, word) || !strstr(plan, other) || strstr(plan, "SCAN") ||
            strstr(plan, "TEMP B-TREE"))
            fail_msg("%s: %s", plan, sql);
        n++;
    }
    return n;
}

#endif
