/* What is PostgreSQL's alone: migrations that die anywhere, connections that end, processes that are taken over. */
#include "rows.h"
#include "store/internal.h"
#include "store/migrate.h"
#include "sys/clock.h"

#include <sys/wait.h>

#define EXIT_KILLED 9
#define EXIT_NOT_OURS 70

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    tcn_arena_init(&f->a, (size_t)64 << 20);
    pg_schema(f->schema, f->url, sizeof f->url);
    *state = f;
    return 0;
}

static char *ask(struct fixture *f, const char *sql)
{
    return pg_raw(f->url, sql);
}

static void expect(struct fixture *f, const char *sql, const char *answer)
{
    char *got = ask(f, sql);

    assert_string_equal(got, answer);
    free(got);
}

/* -- migrations --------------------------------------------------------------------------------------------- */

static char *schema_of(struct fixture *f)
{
    return ask(f, "SELECT (SELECT string_agg(concat_ws(' ', table_name, column_name, data_type,"
                  " is_nullable, column_default, collation_name), ';'"
                  " ORDER BY table_name, column_name) FROM information_schema.columns"
                  " WHERE table_schema = current_schema()) ||"
                  " (SELECT string_agg(replace(indexdef, current_schema(), ''), ';'"
                  " ORDER BY indexname) FROM pg_indexes WHERE schemaname = current_schema())");
}

static void fresh_schema(struct fixture *f)
{
    pg_drop(f->schema);
    pg_schema(f->schema, f->url, sizeof f->url);
}

static void migrate_to(struct fixture *f, size_t n)
{
    const struct tcn_db_place place = {.target = f->url};
    struct tcn_migration list[64] = {{0}};
    struct tcn_db *db = NULL;

    assert_true(n < sizeof list / sizeof *list);
    memcpy(list, tcn_migrations, n * sizeof *list);
    OK(f, tcn_postgres_driver.open(&place, &db, &f->err));
    OK(f, tcn_migrate(&tcn_postgres_driver, db, list, NOW, &f->err));
    tcn_postgres_driver.close(db);
}

static size_t newest(void)
{
    size_t n = 0;

    while (tcn_migrations[n].version)
        n++;
    return n;
}

static int calls_left;

static void count_down(void)
{
    if (calls_left > 0 && --calls_left == 0)
        _exit(EXIT_KILLED);
}

static int dying_step(struct tcn_dbstmt *st, struct tcn_err *err)
{
    int r;

    count_down();
    r = tcn_postgres_driver.step(st, err);
    count_down();
    return r;
}

static int dying_run(struct tcn_dbstmt *st, struct tcn_db_touch touch, struct tcn_err *err)
{
    count_down();
    return tcn_postgres_driver.run(st, touch, err);
}

static int dying_commit(struct tcn_db *db, struct tcn_err *err)
{
    int r = tcn_postgres_driver.commit(db, err);

    count_down();
    return r;
}

static int status_of(pid_t pid)
{
    int status;

    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* A process that opens the store and dies at its k-th call; 0: it got through alive. */
static int opened_and_killed(struct fixture *f, int k)
{
    const struct tcn_store_options o = {.url = f->url, .account_id = ACCOUNT, .node = "t"};
    struct tcn_db_driver d = tcn_postgres_driver;
    struct tcn_store *s = NULL;
    pid_t pid = fork();

    if (pid == 0) {
        d.step = dying_step;
        d.run = dying_run;
        d.commit = dying_commit;
        calls_left = k;
        _exit(tcn_store_open_with(&d, f->url, &o, NOW, &s, NULL) == 0 ? 0 : 1);
    }
    return status_of(pid);
}

/* Killed at its k-th call from that version on, and when it starts again at its k-th call once more; then it is as if nothing
 * had been. False: it came through before. */
static bool is_killed_and_resumed(struct fixture *f, size_t from, int k, const char *want)
{
    int status, again;
    char *got;

    fresh_schema(f);
    migrate_to(f, from);
    status = opened_and_killed(f, k);
    assert_true(status == 0 || status == EXIT_KILLED);
    again = opened_and_killed(f, k);
    assert_true(again == 0 || again == EXIT_KILLED);
    OK(f, try_open(f, f->url, &f->s));
    assert_true(is_writable(f->s, &f->err));
    tcn_store_close(f->s);
    f->s = NULL;
    got = schema_of(f);
    assert_string_equal(got, want);
    free(got);
    return status == EXIT_KILLED;
}

/* How many calls lie between two kills from that version on; 0: it has none in this run. Each run begins elsewhere. The newest
 * migration, which users are next to run, is killed more often. */
static int stride_of(size_t from)
{
    if (getenv("TOCSIN_DEEP"))
        return 1;
    if (from == 0 || from + 1 == newest())
        return from == 0 ? 30 : 5;
    return from % 3 == (size_t)getpid() % 3 ? 200 : 0;
}

static void killed_anywhere(void **state)
{
    struct fixture *f = *state;
    int rounds = 0;
    char *want;

    migrate_to(f, newest());
    want = schema_of(f);
    for (size_t from = 0; from < newest(); from++) {
        int stride = stride_of(from), k = stride ? 1 + getpid() % stride : 0;

        if (!stride)
            continue;
        print_message("from version %zu: at call %d, and every %d\n", from, k, stride);
        for (; is_killed_and_resumed(f, from, k, want); k += stride)
            rounds++;
    }
    print_message("%d kills\n", rounds);
    assert_true(rounds > 12);
    free(want);
}

/* Each takes its turn, and an epoch of its own. */
static void many_starters(void **state)
{
    struct fixture *f = *state;
    pid_t pids[4];

    for (size_t i = 0; i < 4; i++)
        if ((pids[i] = fork()) == 0) {
            struct tcn_store *s = NULL;
            const char *node = tcn_arena_fmt(&f->a, "node%zu", i);
            const struct tcn_store_options o = {.url = f->url, .account_id = ACCOUNT, .node = node};
            int r = tcn_store_open(&o, NOW, &s, &f->err);

            tcn_store_close(s);
            _exit(r == 0 ? 0 : 1);
        }
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(status_of(pids[i]), 0);
    expect(f, "SELECT string_agg(epoch::text, ', ' ORDER BY epoch) FROM epochs WHERE session > 0",
           "1, 2, 3, 4");
    expect(f, "SELECT count(*) FROM schema_version", tcn_arena_fmt(&f->a, "%zu", newest()));
}

/* -- connections -------------------------------------------------------------------------------------------- */

static void put(struct fixture *f, const char *name)
{
    OK(f, tcn_store_begin(f->s, &f->err));
    OK(f, tcn_store_meta_put(f->s, name, "x", &f->err));
    OK(f, tcn_store_commit(f->s, &f->err));
}

static void end_connection(void)
{
    pg_run("SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
           " WHERE application_name = 'tocsin/test'");
}

static int recover(struct fixture *f)
{
    int64_t until_us = tcn_clock_mono_us() + 20000000;
    bool is_committed;
    int r;

    do
        r = tcn_store_recover(f->s, 50, &is_committed, &f->err);
    while (r < 0 && tcn_clock_mono_us() < until_us);
    assert_false(is_committed);
    return r;
}

static void connection_ended(void **state)
{
    static const char *const when[] = {"between transactions", "before a statement",
                                       "before the commit"};
    struct fixture *f = *state;

    OK(f, try_open(f, f->url, &f->s));
    free(pg_raw(f->url, "CREATE TABLE first AS SELECT session FROM epochs"));
    for (size_t i = 0; i < 3; i++) {
        int r = 0;

        print_message("%s\n", when[i]);
        put(f, "before");
        if (i == 0)
            end_connection();
        r = tcn_store_begin(f->s, &f->err);
        if (i == 1)
            end_connection();
        if (r == 0)
            r = tcn_store_meta_put(f->s, "lost", "x", &f->err);
        if (i == 2)
            end_connection();
        if (r == 0)
            r = tcn_store_commit(f->s, &f->err);
        assert_int_equal(r, TCN_EBUSY);
        tcn_store_rollback(f->s);
        assert_true(tcn_store_is_lost(f->s));
        assert_int_equal(tcn_store_begin(f->s, &f->err), TCN_EBUSY);
        OK(f, recover(f));
        /* What the old connection had prepared is prepared again. */
        put(f, "after");
        put(f, "after");
    }
    expect(f, "SELECT string_agg(name, ' ' ORDER BY name) FROM meta", "after before");
    expect(f, "SELECT e.session - f.session || ' ' || e.commit_no FROM epochs e, first f", "3 9");
}

/* A process that works until its row in epochs is changed by sql and its connection ended; its exit status. */
static int worked_until(struct fixture *f, const char *sql, bool is_ended)
{
    int ready[2], go[2];
    char byte = 0;
    pid_t pid;

    assert_int_equal(pipe(ready), 0);
    assert_int_equal(pipe(go), 0);
    if ((pid = fork()) == 0) {
        OK(f, try_open(f, f->url, &f->s));
        put(f, "a");
        put(f, "b");
        if (write(ready[1], "x", 1) != 1 || read(go[0], &byte, 1) != 1)
            _exit(1);
        if (is_ended && tcn_store_begin(f->s, NULL) == 0)
            _exit(2);
        if (is_ended && recover(f) < 0)
            _exit(3);
        put(f, "c");
        _exit(0);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    free(ask(f, sql));
    if (is_ended)
        end_connection();
    assert_int_equal(write(go[1], "x", 1), 1);
    for (size_t i = 0; i < 2; i++) {
        close(ready[i]);
        close(go[i]);
    }
    return status_of(pid);
}

static void taken_over(void **state)
{
    static const struct {
        const char *name, *sql;
        bool is_ended;
        int status;
    } cases[] = {
        {"nothing happens", "SELECT 1", false, 0},
        {"a new connection", "SELECT 1", true, 0},
        {"by another process", "UPDATE epochs SET session = 0", false, EXIT_NOT_OURS},
        {"by another process, meanwhile", "UPDATE epochs SET session = 0", true, EXIT_NOT_OURS},
        /* The database has forgotten our row, and given its number to a process that has made as many commits. */
        {"with another's row of its number", "UPDATE epochs SET session = 12345678901", true,
         EXIT_NOT_OURS},
        {"another database", "DELETE FROM epochs", true, EXIT_NOT_OURS},
        {"a commit is forgotten", "UPDATE epochs SET commit_no = 1", true, EXIT_NOT_OURS},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        print_message("%s\n", cases[i].name);
        fresh_schema(f);
        assert_int_equal(worked_until(f, cases[i].sql, cases[i].is_ended), cases[i].status);
        expect(f, "SELECT count(*) FROM meta", cases[i].status ? "2" : "3");
    }
}

/* -- values ------------------------------------------------------------------------------------------------- */

static void text_that_is_no_utf8(void **state)
{
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"", ""},
        {"plain", "plain"},
        {"\xC3\xA9", "\xC3\xA9"},
        {"\xFF", "\xEF\xBF\xBD"},
        {"a\xC3", "a\xEF\xBF\xBD"},
        {"\xE2\x82z\xED\xA0\x80", "\xEF\xBF\xBD\xEF\xBF\xBDz\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
    };
    struct fixture *f = *state;
    const char *value;

    OK(f, try_open(f, f->url, &f->s));
    OK(f, tcn_store_begin(f->s, &f->err));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        OK(f, tcn_store_meta_put(f->s, "n", cases[i].in, &f->err));
        OK(f, tcn_store_meta_get(f->s, "n", &f->a, &value, &f->err));
        assert_string_equal(value, cases[i].out);
    }
    tcn_store_rollback(f->s);
}

static void settings(void **state)
{
    static const char *const cases[][2] = {
        {"synchronous_commit", "on"}, {"statement_timeout", "30s"},
        {"lock_timeout", "500ms"},    {"idle_in_transaction_session_timeout", "10s"},
        {"client_encoding", "UTF8"},  {"application_name", "tocsin/node-1"},
        {"enable_seqscan", "off"},    {"jit", "off"},
    };
    struct fixture *f = *state;
    const struct tcn_db_place place = {.target = f->url, .node = "node-1", .role = TCN_DB_NODE};
    struct tcn_db *db = NULL;
    struct tcn_dbstmt *st;

    OK(f, tcn_postgres_driver.open(&place, &db, &f->err));
    OK(f, tcn_postgres_driver.prepare(db, "SELECT current_setting($1)", &st, &f->err));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        tcn_postgres_driver.bind_text(st, 1, cases[i][0], strlen(cases[i][0]));
        assert_int_equal(tcn_postgres_driver.step(st, &f->err), 1);
        assert_true(tcn_str_eq(tcn_postgres_driver.column_text(st, 0), tcn_str(cases[i][1])));
        tcn_postgres_driver.reset(st);
    }
    tcn_postgres_driver.finalize(st);
    tcn_postgres_driver.close(db);
}

/* -- clocks ------------------------------------------------------------------------------------------------- */

static void clocks_that_differ(void **state)
{
    static const struct {
        const char *name, *says;
        int64_t off_ms;
        int expect;
    } cases[] = {
        {"alike", NULL, 0, 0},
        {"a little apart", NULL, 1500, 0},
        {"ahead", "s ahead of the database's", 2500, TCN_EINVALID},
        {"behind", "s behind the database's", -5000, TCN_EINVALID},
    };
    struct fixture *f = *state;
    struct tcn_store_options o = {.url = f->url,
                                  .account_id = ACCOUNT,
                                  .node = "test",
                                  .clock_slack_ms = TCN_STORE_CLOCK_SLACK_MS};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct tcn_store *s = NULL;

        print_message("%s\n", cases[i].name);
        assert_int_equal(tcn_store_open(&o, tcn_clock_now_ms() + cases[i].off_ms, &s, &f->err),
                         cases[i].expect);
        if (cases[i].says) {
            assert_non_null(strstr(f->err.msg, cases[i].says));
            assert_non_null(strstr(f->err.msg, "NTP"));
        }
        tcn_store_close(s);
    }
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(killed_anywhere),      CASE(many_starters), CASE(connection_ended),   CASE(taken_over),
        CASE(text_that_is_no_utf8), CASE(settings),      CASE(clocks_that_differ),
    };

    if (!pg_server()) {
        print_message("SKIP: run by tests/postgres.py\n");
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
