/* Which server answers after a connection broke: the same, one that was promoted, one that was left behind, a stranger. */
#include "rows.h"
#include "store/internal.h"
#include "store/nodes.h"
#include "store/postgres.h"
#include "sys/clock.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define EXIT_NOT_OURS 70
#define PATIENCE_US (60 * INT64_C(1000000))

static void end_connection(void)
{
    pg_run("SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
           " WHERE application_name = 'tocsin/test'");
}

/* The connection has ended; is_back: it comes back within wait_us. */
static bool comes_back(struct fixture *f, int64_t wait_us)
{
    int64_t until_us = tcn_clock_mono_us() + wait_us;
    bool is_committed;
    int r;

    if (tcn_store_begin(f->s, &f->err) == 0)
        return false;
    do
        r = tcn_store_recover(f->s, 50, &is_committed, &f->err);
    while (r < 0 && tcn_clock_mono_us() < until_us);
    return r == 0;
}

static void the_same(void **state)
{
    struct fixture *f = *state;
    struct tcn_database was, is;

    tcn_store_database(f->s, &was);
    end_connection();
    assert_true(comes_back(f, PATIENCE_US));
    tcn_store_database(f->s, &is);
    assert_string_equal(is.system_id, was.system_id);
    assert_int_equal(is.timeline, was.timeline);
    assert_int_equal(is.promotions, 0);
}

/* As if the connection before had been to the primary that succeeded this one. */
static void one_that_was_left_behind(void **state)
{
    struct fixture *f = *state;

    f->s->db->known.timeline += 1;
    end_connection();
    assert_false(comes_back(f, 500000));
    f->s->db->known.timeline -= 1;
    assert_true(comes_back(f, PATIENCE_US));
    assert_true(is_writable(f->s, &f->err));
}

/* What a process says that has to end when it comes back, after change. */
static void dies(struct fixture *f, void (*change)(struct fixture *f, struct tcn_store *s),
                 char *ret_said, size_t size)
{
    int status, out[2];
    ssize_t n;
    pid_t pid;

    assert_int_equal(pipe(out), 0);
    if ((pid = fork()) == 0) {
        struct tcn_store *s = NULL;
        const struct tcn_store_options o = {.url = f->url, .account_id = ACCOUNT, .node = "other"};

        dup2(out[1], STDERR_FILENO);
        if (tcn_store_open(&o, NOW, &s, &f->err) < 0)
            _exit(1);
        change(f, s);
        PQfinish(s->db->conn);
        s->db->conn = NULL;
        tcn_store_recover(s, 5000, &(bool){false}, &f->err);
        _exit(2);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), EXIT_NOT_OURS);
    assert_true((n = read(out[0], ret_said, size - 1)) > 0);
    ret_said[n] = '\0';
    close(out[0]);
    close(out[1]);
}

static void meet_a_stranger(struct fixture *f, struct tcn_store *s)
{
    (void)f;
    snprintf(s->db->known.system_id, sizeof s->db->known.system_id, "1234567890");
}

static void a_stranger(void **state)
{
    struct fixture *f = *state;
    char said[1024];

    dies(f, meet_a_stranger, said, sizeof said);
    assert_non_null(strstr(said, "another PostgreSQL cluster"));
    assert_non_null(strstr(said, "1234567890"));
}

/* -- a database that is another one ---------------------------------------------------------------------------- */

static void run_on_epochs(const struct fixture *f, const char *before, const char *after)
{
    char sql[160];

    snprintf(sql, sizeof sql, "%s %s.epochs %s", before, f->schema, after);
    pg_run(sql);
}

static void rename_epochs(struct fixture *f, struct tcn_store *s)
{
    (void)s;
    run_on_epochs(f, "ALTER TABLE", "RENAME TO gone");
}

static void one_without_its_tables(void **state)
{
    struct fixture *f = *state;
    char said[1024], sql[96];

    dies(f, rename_epochs, said, sizeof said);
    assert_non_null(strstr(said, "not as this node has written it"));
    assert_non_null(strstr(said, "epochs is not there"));
    snprintf(sql, sizeof sql, "ALTER TABLE %s.gone RENAME TO epochs", f->schema);
    pg_run(sql);
}

/* Try after try, the server's own words. */
static void one_that_refuses(void **state)
{
    struct fixture *f = *state;

    run_on_epochs(f, "REVOKE UPDATE ON", "FROM " PG_ROLE);
    end_connection();
    for (int i = 0; i < 2; i++) {
        assert_false(comes_back(f, 500000));
        assert_non_null(strstr(f->err.msg, "permission denied for table epochs (42501)"));
    }
    run_on_epochs(f, "GRANT UPDATE ON", "TO " PG_ROLE);
    assert_true(comes_back(f, PATIENCE_US));
}

/* Its tables are there, and it may get its right back. */
static void one_whose_schema_is_closed(void **state)
{
    struct fixture *f = *state;
    char sql[160];

    snprintf(sql, sizeof sql, "ALTER SCHEMA %s OWNER TO " PG_SUPERUSER, f->schema);
    pg_run(sql);
    end_connection();
    assert_false(comes_back(f, 500000));
    snprintf(sql, sizeof sql, "ALTER SCHEMA %s OWNER TO " PG_ROLE, f->schema);
    pg_run(sql);
    assert_true(comes_back(f, PATIENCE_US));
}

/* -- a server that hangs ------------------------------------------------------------------------------------ */

static void one_that_hangs(void **state)
{
    struct fixture *f = *state;
    int server = pg_server_pid(), backend = f->s->db->backend;
    int64_t begun_us, took_us;
    const char *value;

    assert_true(is_writable(f->s, &f->err));
    OK(f, tcn_store_begin(f->s, &f->err));
    kill(server, SIGSTOP);
    kill(backend, SIGSTOP);
    begun_us = tcn_clock_mono_us();
    assert_int_equal(tcn_store_meta_get(f->s, "any", &f->a, &value, &f->err), TCN_EBUSY);
    took_us = tcn_clock_mono_us() - begun_us;
    kill(backend, SIGCONT);
    kill(server, SIGCONT);
    assert_true(took_us < 10 * INT64_C(1000000));
    tcn_store_rollback(f->s);
    assert_true(tcn_store_is_lost(f->s));
    assert_true(comes_back(f, PATIENCE_US));
    assert_true(is_writable(f->s, &f->err));
}

/* Its server answers others meanwhile. */
static void a_statement_that_takes_long(void **state)
{
    struct fixture *f = *state;
    struct tcn_dbstmt *st = NULL;

    OK(f, tcn_store_begin(f->s, &f->err));
    OK(f, tcn_postgres_driver.prepare(f->s->db, "SELECT 7 FROM pg_sleep(7)", &st, &f->err));
    assert_int_equal(tcn_postgres_driver.step(st, &f->err), 1);
    assert_int_equal(tcn_postgres_driver.column_int(st, 0), 7);
    tcn_postgres_driver.finalize(st);
    OK(f, tcn_store_commit(f->s, &f->err));
}

/* -- a promotion -------------------------------------------------------------------------------------------- */

static bool is_standby(void)
{
    PGconn *conn = PQconnectdb(pg_server());
    PGresult *result = PQexec(conn, "SELECT pg_is_in_recovery()");
    bool is = PQntuples(result) == 1 && strcmp(PQgetvalue(result, 0, 0), "t") == 0;

    PQclear(result);
    PQfinish(conn);
    return is;
}

/* The server begins anew as a standby of nobody, and is promoted: the same cluster on the next timeline. */
static void promote(void)
{
    int64_t until_us = tcn_clock_mono_us() + PATIENCE_US;
    char path[300];
    int fd;

    snprintf(path, sizeof path, "%s/standby.signal", getenv("TOCSIN_POSTGRES_DIR"));
    fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(fchmod(fd, 0666), 0); /* the server's user syncs and removes it */
    close(fd);
    kill(pg_server_pid(), SIGINT);
    while (!is_standby()) {
        assert_true(tcn_clock_mono_us() < until_us);
        usleep(20000);
    }
    pg_run("SELECT pg_promote()");
}

static void a_standby_that_was_promoted(void **state)
{
    struct fixture *f = *state;
    struct tcn_database was, is;

    tcn_store_database(f->s, &was);
    assert_true(is_writable(f->s, &f->err));
    promote();
    assert_true(comes_back(f, PATIENCE_US));
    tcn_store_database(f->s, &is);
    assert_string_equal(is.system_id, was.system_id);
    assert_int_equal(is.timeline, was.timeline + 1);
    assert_int_equal(is.promotions, 1);
    assert_string_equal(is.role, "primary");
    assert_true(is_writable(f->s, &f->err)); /* nothing was lost: it goes on */
    end_connection();
    assert_true(comes_back(f, PATIENCE_US));
    tcn_store_database(f->s, &is);
    assert_int_equal(is.promotions, 1);
}

/* -- what goes without a guard ------------------------------------------------------------------------------ */

static void reads_and_writes(void **state)
{
    (void)state;
    assert_true(tcn_pg_is_read("SELECT a FROM t WHERE b = $1 FOR UPDATE SKIP LOCKED"));
    assert_true(tcn_pg_is_read("WITH d AS (SELECT a FROM t) SELECT a FROM d"));
    assert_false(tcn_pg_is_read("UPDATE t SET a = 1"));
    assert_false(tcn_pg_is_read("WITH d AS (SELECT a FROM t) UPDATE t SET a = 1"));
    assert_false(tcn_pg_is_read("WITH d AS (SELECT a FROM t) DELETE FROM t"));
    assert_false(tcn_pg_is_read("WITH d AS (SELECT a FROM t) INSERT INTO u SELECT a FROM d"));
    assert_false(tcn_pg_is_read("WITH d AS (DELETE FROM t RETURNING a) SELECT a FROM d"));
    assert_false(tcn_pg_is_read("WITH d AS (UPDATE t SET a = 1 RETURNING a) SELECT a FROM d"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_and_writes),   IN_FILE(the_same),
        IN_FILE(one_that_was_left_behind),    IN_FILE(a_stranger),
        IN_FILE(one_without_its_tables),      IN_FILE(one_that_refuses),
        IN_FILE(one_whose_schema_is_closed),  IN_FILE(one_that_hangs),
        IN_FILE(a_statement_that_takes_long), IN_FILE(a_standby_that_was_promoted),
    };

    if (!pg_server()) {
        print_message("SKIP: run by tests/postgres.py\n");
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
