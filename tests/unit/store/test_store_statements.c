/* A program of an earlier release works on the schema of this one while a cluster is upgraded. statements/N.txt is what the last
 * program whose newest schema was N asks of a store: file, name and statement a line, as its source had it. Of each store
 * the present schema takes them all. */
#include "raw.h"

#include "base/buf.h"
#include "store/internal.h"
#include "store/migrate.h"

#define LINE_MAX_BYTES 8192

/* The first schema whose program may still write, and later ones before the present. */
static const int releases[] = {13, 21, 22, 23, 24, 25, 26};

struct prepared {
    struct fixture *f;
    struct tcn_buf text;
    sqlite3 *file;  /* NULL: */
    PGconn *server; /* this one */
    size_t n;
};

static const struct tcn_db_driver *driver_of(const struct prepared *p)
{
    return p->file ? &tcn_sqlite_driver : &tcn_postgres_driver;
}

static void connect_to(struct prepared *p, struct fixture *f)
{
    *p = (struct prepared){.f = f};
    tcn_buf_init(&p->text, LINE_MAX_BYTES);
    if (f->path[0]) {
        assert_int_equal(sqlite3_open_v2(f->path, &p->file, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
        return;
    }
    p->server = PQconnectdb(f->url);
    assert_int_equal(PQstatus(p->server), CONNECTION_OK);
}

static void disconnect(struct prepared *p)
{
    sqlite3_close(p->file);
    PQfinish(p->server);
    tcn_buf_done(&p->text);
}

/* NULL: it is taken. Yours to free. */
static char *refusal(struct prepared *p, const char *sql)
{
    sqlite3_stmt *st = NULL;
    PGresult *result;
    char *why = NULL;

    if (p->file) {
        if (sqlite3_prepare_v2(p->file, sql, -1, &st, NULL) != SQLITE_OK)
            why = strdup(sqlite3_errmsg(p->file));
        sqlite3_finalize(st);
        return why;
    }
    result = PQprepare(p->server, "", sql, 0, NULL);
    if (PQresultStatus(result) != PGRES_COMMAND_OK)
        why = strdup(PQresultErrorMessage(result));
    PQclear(result);
    return why;
}

/* Files whose statements ask a server alone. */
static bool is_of_servers(const char *line)
{
    return strncmp(line, "postgres", 8) == 0 || strncmp(line, "store_name.c", 12) == 0;
}

static void take(struct prepared *p, int release, char *line)
{
    char *name = strchr(line, '\t'), *sql = name ? strchr(name + 1, '\t') : NULL, *why;

    assert_non_null(sql);
    *sql++ = '\0';
    sql[strcspn(sql, "\n")] = '\0';
    if (p->file && is_of_servers(line))
        return;
    tcn_db_translate(driver_of(p), sql, &p->text);
    if ((why = refusal(p, p->text.ptr)) != NULL)
        fail_msg("of schema %d, %s: %s", release, line, why);
    p->n++;
}

static void take_all(struct prepared *p, int release)
{
    char path[256], line[LINE_MAX_BYTES];
    FILE *file;

    snprintf(path, sizeof path, TEST_DATA "/statements/%d.txt", release);
    assert_non_null(file = fopen(path, "r"));
    while (fgets(line, sizeof line, file))
        take(p, release, line);
    fclose(file);
}

static void earlier_programs_are_understood(void **state)
{
    struct prepared p;

    connect_to(&p, *state);
    for (size_t i = 0; i < sizeof releases / sizeof *releases; i++) {
        size_t before = p.n;

        take_all(&p, releases[i]);
        assert_true(p.n > before + 50);
    }
    disconnect(&p);
}

static void what_is_gone_is_refused(void **state)
{
    struct prepared p;
    char column[] = "x.c\tX\tSELECT later FROM incidents WHERE account_id = $1";
    char *why;

    connect_to(&p, *state);
    why = refusal(&p, strrchr(column, '\t') + 1);
    assert_non_null(why);
    assert_non_null(strstr(why, "later"));
    free(why);
    disconnect(&p);
}

/* -- migrations that keep `oldest` only add ---------------------------------------------------------------------- */

static bool has(const char *sql, const char *words)
{
    return strstr(sql, words) != NULL;
}

/* What a statement would take from the programs before it; NULL: nothing. A new table may be as it likes: they do not know it. */
static const char *takes(const char *sql)
{
    if (has(sql, "CREATE TABLE"))
        return NULL;
    if (has(sql, "DROP TABLE") || has(sql, "DROP COLUMN") || has(sql, "RENAME"))
        return "what they ask for";
    if (has(sql, "UNIQUE") || has(sql, "ADD CONSTRAINT") || has(sql, "ALTER COLUMN"))
        return "rows that they may write";
    if (has(sql, "ADD COLUMN") && has(sql, "NOT NULL") && !has(sql, "DEFAULT"))
        return "rows that lack the column";
    return NULL;
}

/* The newest migration that no earlier program survives. */
static const struct tcn_migration *last_break(void)
{
    const struct tcn_migration *m = tcn_migrations, *found = m;

    for (; m->version; m++)
        if (m->oldest == m->version)
            found = m;
    return found;
}

static void later_migrations_only_add(void **state)
{
    const struct tcn_migration *m = last_break();

    (void)state;
    assert_int_equal(m->version, releases[0]);
    for (m++; m->version; m++)
        for (size_t i = 0; m->statements[i]; i++)
            if (takes(m->statements[i]))
                fail_msg("migration %lld says that programs of %lld go on, and takes %s: %s",
                         (long long)m->version, (long long)m->oldest, takes(m->statements[i]),
                         m->statements[i]);
}

static const struct {
    const char *sql;
    bool takes;
} statements[] = {
    {"DROP TABLE budgets", true},
    {"ALTER TABLE sends DROP COLUMN is_paid", true},
    {"ALTER TABLE sends RENAME COLUMN is_paid TO paid", true},
    {"ALTER TABLE sends ADD COLUMN later {INT} NOT NULL", true},
    {"ALTER TABLE sends ALTER COLUMN is_paid SET NOT NULL", true},
    {"CREATE UNIQUE INDEX later ON sends (page)", true},
    {"ALTER TABLE sends ADD COLUMN later {INT} NOT NULL DEFAULT 0", false},
    {"ALTER TABLE sends ADD COLUMN later {TEXT}", false},
    {"CREATE TABLE later (no {INT} NOT NULL UNIQUE)", false},
    {"DROP INDEX later", false},
};

static void what_takes_is_known(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++)
        if ((takes(statements[i].sql) != NULL) != statements[i].takes)
            fail_msg("%s", statements[i].sql);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(earlier_programs_are_understood, setup_file, teardown),
        cmocka_unit_test_setup_teardown(what_is_gone_is_refused, setup_file, teardown),
        cmocka_unit_test(later_migrations_only_add),
        cmocka_unit_test(what_takes_is_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
