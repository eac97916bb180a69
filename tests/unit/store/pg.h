/* A schema of its own for each test, in the server that tests/postgres.py started; and a second, plain connection. Stores come
 * as a role that owns their schema and no more, so that the policies of their tables hold; the plain connection is the
 * superuser's and sees everything. */
#ifndef TCN_TESTS_STORE_PG_H
#define TCN_TESTS_STORE_PG_H

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* NULL: there is none. */
static inline const char *pg_server(void)
{
    return getenv("TOCSIN_POSTGRES");
}

#define PG_ROLE "tocsin_test"
#define PG_SUPERUSER "postgres"

/* The same URL for the other role; from ends with '@'. */
static inline void pg_as(const char *url, const char *from, const char *to, char *ret, size_t size)
{
    const char *at = strstr(url, from);

    if (at)
        snprintf(ret, size, "%.*s%s%s", (int)(at - url), url, to, at + strlen(from));
    else
        snprintf(ret, size, "%s", url);
}

struct pg_plain {
    PGconn *conn;
    char url[512];
    pid_t owner;
};

/* Not of another place, of a process that forked, or ended meanwhile, which only an answer tells. */
static inline bool pg_plain_serves(const struct pg_plain *plain, const char *url)
{
    PGresult *result;
    bool answers;

    if (!plain->conn || plain->owner != getpid() || strcmp(plain->url, url) != 0)
        return false;
    result = PQexec(plain->conn, "");
    answers = PQresultStatus(result) == PGRES_EMPTY_QUERY;
    PQclear(result);
    return answers;
}

/* The plain connection to that place. The last one is kept: a new one costs the server more than most statements. Of one thread. */
static inline PGconn *pg_plain(const char *url)
{
    static struct pg_plain plain;

    if (pg_plain_serves(&plain, url))
        return plain.conn;
    if (plain.conn && plain.owner == getpid())
        PQfinish(plain.conn);
    plain.conn = PQconnectdb(url);
    assert_int_equal(PQstatus(plain.conn), CONNECTION_OK);
    plain.owner = getpid();
    snprintf(plain.url, sizeof plain.url, "%s", url);
    return plain.conn;
}

/* Runs statements; the first column of the last result's first row, "" for none. Yours to free. */
static inline char *pg_raw(const char *url, const char *sql)
{
    char as_superuser[512];
    PGconn *conn;
    PGresult *result;
    char *text;

    pg_as(url, PG_ROLE "@", PG_SUPERUSER "@", as_superuser, sizeof as_superuser);
    conn = pg_plain(as_superuser);
    result = PQexec(conn, sql);
    if (PQresultStatus(result) != PGRES_COMMAND_OK && PQresultStatus(result) != PGRES_TUPLES_OK)
        fail_msg("%s: %s", sql, PQerrorMessage(conn));
    text = strdup(PQntuples(result) > 0 ? PQgetvalue(result, 0, 0) : "");
    PQclear(result);
    return text;
}

static inline void pg_run(const char *sql)
{
    free(pg_raw(pg_server(), sql));
}

/* Of the server that tests/postgres.py runs; 0: there is none now. */
static inline int pg_server_pid(void)
{
    char path[300], line[32] = "";
    FILE *f;

    snprintf(path, sizeof path, "%s/postmaster.pid", getenv("TOCSIN_POSTGRES_DIR"));
    if (!(f = fopen(path, "r")))
        return 0;
    if (!fgets(line, sizeof line, f))
        line[0] = '\0';
    fclose(f);
    return (int)strtol(line, NULL, 10);
}

/* A fresh schema and the URL whose statements go there. */
static inline void pg_schema(char ret_name[32], char *ret_url, size_t size)
{
    static unsigned n;
    char sql[96], url[256];

    pg_run("DO $$ BEGIN CREATE ROLE " PG_ROLE
           " LOGIN; EXCEPTION WHEN duplicate_object THEN END $$");
    snprintf(ret_name, 32, "t_%d_%u", (int)getpid(), ++n);
    snprintf(sql, sizeof sql, "CREATE SCHEMA %s AUTHORIZATION " PG_ROLE, ret_name);
    pg_run(sql);
    pg_as(pg_server(), PG_SUPERUSER "@", PG_ROLE "@", url, sizeof url);
    snprintf(ret_url, size, "%s&options=-csearch_path%%3D%s", url, ret_name);
}

static inline void pg_drop(const char *name)
{
    char sql[128];

    snprintf(sql, sizeof sql, "SET client_min_messages = error; DROP SCHEMA IF EXISTS %s CASCADE",
             name);
    pg_run(sql);
}

#endif
