/* A second, plain connection to a store's file, for what the store itself would never do. */
#ifndef TCN_TESTS_STORE_RAW_H
#define TCN_TESTS_STORE_RAW_H

#include "store_test.h"
#include <sqlite3.h>

/* Runs statements; the first column of the last row, if any, goes to ret_text (may be NULL). */
static inline int raw_take(void *arg, int n, char **values, char **names)
{
    char **ret = arg;

    (void)names;
    if (ret && n > 0) {
        free(*ret);
        *ret = strdup(values[0] ? values[0] : "");
    }
    return 0;
}

static inline void raw(const char *path, const char *sql, char **ret_text)
{
    sqlite3 *db = NULL;
    char *message = NULL;

    if (ret_text)
        *ret_text = NULL;
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL),
                     SQLITE_OK);
    sqlite3_exec(db, sql, raw_take, ret_text, &message);
    if (message)
        fail_msg("%s: %s", sql, message);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static inline void assert_sound(const char *path)
{
    char *answer;

    raw(path, "PRAGMA integrity_check", &answer);
    assert_string_equal(answer, "ok");
    free(answer);
}

#endif
