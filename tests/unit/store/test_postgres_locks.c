/* A table that another session keeps locked: a change of the schema waits for it in turns that let others pass. */
#include "rows.h"
#include "store/internal.h"
#include "store/migrate.h"
#include "sys/clock.h"

#include <pthread.h>

#define PATIENCE_US (30 * INT64_C(1000000))

static const char *const first[] = {"CREATE TABLE things (no {INT} PRIMARY KEY NOT NULL){PLAIN}",
                                    NULL};
static const char *const second[] = {"ALTER TABLE things ADD COLUMN more {INT}", NULL};
static const struct tcn_migration list[] = {{1, 1, first}, {2, 1, second}, {0, 0, NULL}};
static const struct tcn_migration before[] = {{1, 1, first}, {0, 0, NULL}};

struct locked {
    struct fixture f;
    struct tcn_db *db;
    PGconn *reader, *writer;
    int r;
};

static PGconn *session(struct locked *l, const char *sql)
{
    char url[400];
    PGconn *conn;

    pg_as(l->f.url, PG_ROLE "@", PG_SUPERUSER "@", url, sizeof url);
    conn = PQconnectdb(url);
    PQclear(PQexec(conn, sql));
    assert_int_equal(PQstatus(conn), CONNECTION_OK);
    return conn;
}

/* One session reads, as pg_dump does for hours; one writes a row now and then. */
static int setup_locked(void **state)
{
    struct locked *l = calloc(1, sizeof *l);
    struct tcn_db_place place = {.node = "test", .role = TCN_DB_NODE};

    pg_schema(l->f.schema, l->f.url, sizeof l->f.url);
    place.target = l->f.url;
    OK(&l->f, tcn_postgres_driver.open(&place, &l->db, &l->f.err));
    OK(&l->f, tcn_migrate(&tcn_postgres_driver, l->db, before, NOW, &l->f.err));
    l->reader = session(l, "BEGIN; LOCK TABLE things IN ACCESS SHARE MODE");
    l->writer = session(l, "SET lock_timeout = 2000");
    *state = l;
    return 0;
}

static int teardown_locked(void **state)
{
    struct locked *l = *state;

    PQfinish(l->reader);
    PQfinish(l->writer);
    tcn_postgres_driver.close(l->db);
    pg_drop(l->f.schema);
    free(l);
    return 0;
}

static void *migrate(void *arg)
{
    struct locked *l = arg;

    l->r = tcn_migrate(&tcn_postgres_driver, l->db, list, NOW, &l->f.err);
    return NULL;
}

static bool waits_for_a_lock(void)
{
    char *n = pg_raw(pg_server(), "SELECT count(*) FROM pg_stat_activity WHERE application_name ="
                                  " 'tocsin/test' AND wait_event_type = 'Lock'");
    bool is_one = strcmp(n, "1") == 0;

    free(n);
    return is_one;
}

static void write_a_row(struct locked *l, int no)
{
    char sql[64];
    PGresult *result;

    snprintf(sql, sizeof sql, "INSERT INTO things (no) VALUES (%d)", no);
    result = PQexec(l->writer, sql);
    if (PQresultStatus(result) != PGRES_COMMAND_OK)
        fail_msg("%s", PQresultErrorMessage(result));
    PQclear(result);
}

static void others_pass(void **state)
{
    struct locked *l = *state;
    int64_t until_us = tcn_clock_mono_us() + PATIENCE_US;
    pthread_t thread;

    assert_int_equal(pthread_create(&thread, NULL, migrate, l), 0);
    for (int no = 1; no <= 3; no++) {
        while (!waits_for_a_lock())
            assert_true(tcn_clock_mono_us() < until_us);
        write_a_row(l, no);
    }
    PQclear(PQexec(l->reader, "ROLLBACK"));
    pthread_join(thread, NULL);
    OK(&l->f, l->r);
    PQclear(PQexec(l->writer, "UPDATE things SET more = 1"));
    assert_string_equal(PQerrorMessage(l->writer), "");
}

static void the_patience_ends(void **state)
{
    struct locked *l = *state;

    assert_int_equal(tcn_migrate_within(&tcn_postgres_driver, l->db, list, NOW, 1000, &l->f.err),
                     TCN_EBUSY);
    assert_non_null(strstr(l->f.err.msg, "schema to 2 needs a table"));
    assert_non_null(strstr(l->f.err.msg, "pg_stat_activity"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(others_pass, setup_locked, teardown_locked),
        cmocka_unit_test_setup_teardown(the_patience_ends, setup_locked, teardown_locked),
    };

    if (!pg_server()) {
        print_message("SKIP: run by tests/postgres.py\n");
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
