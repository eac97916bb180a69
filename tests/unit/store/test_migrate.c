/* Migrations from nothing and from every older version, and from every point at which a process can be killed. */
#include "raw.h"
#include "slice.h"
#include "store/internal.h"
#include "store/migrate.h"

#include <sys/wait.h>

#define MIGRATIONS_MAX 64
#define EXIT_KILLED 9
#define EXIT_BEYOND                                                                                \
    10 /* killed after the first migration was committed: another version's search dies there, too */
#define SCHEMA                                                                                     \
    "SELECT group_concat(coalesce(sql, name), char(10)) FROM"                                      \
    " (SELECT sql, name FROM sqlite_master ORDER BY type, name)"

static size_t newest(void)
{
    size_t n = 0;

    while (tcn_migrations[n].version)
        n++;
    return n;
}

/* A driver that dies at the n-th call that changes anything. */
static int calls_left, commits;

static void count_down(void)
{
    if (calls_left > 0 && --calls_left == 0)
        _exit(commits < 2 ? EXIT_KILLED : EXIT_BEYOND); /* the first one reads the version */
}

static int dying_step(struct tcn_dbstmt *st, struct tcn_err *err)
{
    int r;

    count_down();
    r = tcn_sqlite_driver.step(st, err);
    count_down();
    return r;
}

static int dying_commit(struct tcn_db *db, struct tcn_err *err)
{
    int r = tcn_sqlite_driver.commit(db, err);

    count_down();
    commits++;
    return r;
}

static struct tcn_db_driver dying_driver(void)
{
    struct tcn_db_driver d = tcn_sqlite_driver;

    d.step = dying_step;
    d.commit = dying_commit;
    return d;
}

/* The first n migrations. */
static void migrate_to(struct fixture *f, size_t n)
{
    struct tcn_migration list[MIGRATIONS_MAX] = {{0}};
    const struct tcn_db_place place = {.target = f->path};
    struct tcn_db *db = NULL;

    assert_true(n < MIGRATIONS_MAX);
    memcpy(list, tcn_migrations, n * sizeof *list);
    OK(f, tcn_sqlite_driver.open(&place, &db, &f->err));
    OK(f, tcn_migrate(&tcn_sqlite_driver, db, list, NOW, &f->err));
    tcn_sqlite_driver.close(db);
}

/* What each round of a search begins with, made once. */
static void copy_file(const char *from, const char *to)
{
    FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
    char buf[65536];
    size_t n;

    assert_true(in && out);
    while ((n = fread(buf, 1, sizeof buf, in)) > 0)
        assert_int_equal(fwrite(buf, 1, n, out), n);
    fclose(in);
    assert_int_equal(fclose(out), 0);
}

static char *schema_of(struct fixture *f)
{
    char *text;

    raw(f->path, SCHEMA, &text);
    return text;
}

static void drop_files(struct fixture *f)
{
    remove_files(f);
    make_dir(f);
}

static int setup_dir(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    f->in_memory = true;
    tcn_arena_init(&f->a, (size_t)64 << 20);
    make_dir(f);
    *state = f;
    return 0;
}

static void from_each_version(void **state)
{
    struct fixture *f = *state;
    char *want, *got, *versions;
    char expect[16];

    migrate_to(f, newest());
    want = schema_of(f);
    for (size_t from = 0; from <= newest(); from++) {
        drop_files(f);
        migrate_to(f, from);
        OK(f, try_open(f, f->url, &f->s));
        assert_true(is_writable(f->s, &f->err));
        tcn_store_close(f->s);
        f->s = NULL;
        got = schema_of(f);
        assert_string_equal(got, want);
        raw(f->path, "SELECT count(*) || '/' || max(version) FROM schema_version", &versions);
        snprintf(expect, sizeof expect, "%zu/%zu", newest(), newest());
        assert_string_equal(versions, expect);
        free(versions);
        free(got);
    }
    free(want);
}

/* Opens the store in a child that dies at its k-th call: its exit status, 0 when it got through alive. */
static int killed_at(struct fixture *f, int k)
{
    const struct tcn_store_options o = {.url = f->url, .account_id = ACCOUNT, .node = "t"};
    struct tcn_db_driver d = dying_driver();
    struct tcn_store *s = NULL;
    int status;
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        calls_left = k;
        _exit(tcn_store_open_with(&d, f->path, &o, NOW, &s, NULL) == 0 ? 0 : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_true(WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == EXIT_KILLED ||
                WEXITSTATUS(status) == EXIT_BEYOND);
    return WEXITSTATUS(status);
}

/* Of each version until the next one is there, and on to the newest. */
static void killed_anywhere(void **state)
{
    struct fixture *f = *state;
    char *want, *got;
    const struct slice slice = slice_of(8);
    char base[] = "/tmp/tocsin-migrate-XXXXXX";
    int rounds = 0;

    assert_int_equal(close(mkstemp(base)), 0);
    migrate_to(f, newest());
    want = schema_of(f);
    for (size_t from = 0; from < newest(); from++) {
        int end = EXIT_KILLED;

        drop_files(f);
        migrate_to(f, from);
        copy_file(f->path, base);
        for (int k = slice.first; end == EXIT_KILLED; k += slice.step, rounds++) {
            drop_files(f);
            copy_file(base, f->path);
            end = killed_at(f, k);
            OK(f, try_open(f, f->url, &f->s));
            tcn_store_close(f->s);
            f->s = NULL;
            got = schema_of(f);
            assert_string_equal(got, want);
            free(got);
        }
        assert_sound(f->path);
    }
    print_message("%d kills\n", rounds);
    assert_true(rounds > 60 / slice.step);
    unlink(base);
    free(want);
}

/* Killed again and again while it resumes: every start gets one call further. */
static void killed_while_resuming(void **state)
{
    struct fixture *f = *state;
    const struct slice slice = slice_of(8);
    int k = slice.first;

    while (killed_at(f, k))
        k += slice.step;
    OK(f, try_open(f, f->url, &f->s));
    assert_true(is_writable(f->s, &f->err));
}

static void of_a_newer_program(void **state)
{
    static const struct {
        const char *name;
        int64_t version, oldest;
        int expect;
    } cases[] = {
        {"newer, and says that this one may go on", 1, 0, 0},
        {"newer, and breaks with this one", 1, 1, TCN_EINVALID},
        {"far newer", 1000, 999, TCN_EINVALID},
    };
    struct fixture *f = *state;
    int64_t known = (int64_t)newest();
    char sql[160];

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        drop_files(f);
        migrate_to(f, newest());
        snprintf(sql, sizeof sql, "INSERT INTO schema_version VALUES (%lld, %lld, 1)",
                 (long long)(known + cases[i].version), (long long)(known + cases[i].oldest));
        raw(f->path, sql, NULL);
        print_message("%s\n", cases[i].name);
        assert_int_equal(try_open(f, f->url, &f->s), cases[i].expect);
        if (cases[i].expect == 0) {
            assert_true(is_writable(f->s, &f->err));
            tcn_store_close(f->s);
            f->s = NULL;
        } else {
            assert_non_null(strstr(f->err.msg, "newer tocsin"));
            assert_non_null(strstr(f->err.msg, "backup"));
        }
    }
}

/* Who only visits changes nothing, and says who can. */
static void a_visit_does_not_migrate(void **state)
{
    struct fixture *f = *state;
    const struct tcn_store_options o = {.url = f->url, .account_id = ACCOUNT, .node = "guest"};
    char *version;

    migrate_to(f, 1);
    assert_int_equal(tcn_store_visit(&o, true, &f->s, &f->err), TCN_EINVALID);
    assert_non_null(strstr(f->err.msg, "start tocsin serve on it once"));
    raw(f->path, "SELECT MAX(version) FROM schema_version", &version);
    assert_string_equal(version, "1");
    free(version);
    migrate_to(f, newest());
    raw(f->path, "INSERT INTO schema_version VALUES (9998, 1, 1)", NULL);
    OK(f, tcn_store_visit(&o, false, &f->s, &f->err)); /* a node goes on with it, too */
    tcn_store_close(f->s);
    f->s = NULL;
    raw(f->path, "INSERT INTO schema_version VALUES (9999, 9999, 1)", NULL);
    assert_int_equal(tcn_store_visit(&o, false, &f->s, &f->err), TCN_EINVALID);
    assert_non_null(strstr(f->err.msg, "use the tocsin that wrote it"));
    drop_files(f);
    raw(f->path, "PRAGMA journal_mode = WAL; CREATE TABLE other (x)", NULL);
    assert_int_equal(tcn_store_visit(&o, false, &f->s, &f->err), TCN_EINVALID);
    assert_non_null(strstr(f->err.msg, f->path));
    assert_non_null(strstr(f->err.msg, "there is no store of tocsin"));
}

/* Writes until pages are in the file that its journal takes back. */
static void leave_hot_journal(struct fixture *f)
{
    static const char begin[] =
        "PRAGMA page_size = 8192; CREATE TABLE x (a); PRAGMA cache_size = 1;"
        " PRAGMA cache_spill = 1; BEGIN IMMEDIATE;"
        " WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100)"
        " INSERT INTO x SELECT zeroblob(5000) FROM n";
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        sqlite3 *db = NULL;

        sqlite3_open(f->path, &db);
        sqlite3_exec(db, begin, NULL, NULL, NULL);
        _exit(EXIT_KILLED);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
}

static void leave_empty(struct fixture *f)
{
    FILE *file = fopen(f->path, "w");

    assert_non_null(file);
    fclose(file);
}

static void leave_without_log(struct fixture *f)
{
    raw(f->path, "PRAGMA page_size = 8192; CREATE TABLE x (a); DROP TABLE x", NULL);
}

/* A first start that is killed before its first commit leaves a file that a reader cannot even open. */
static void a_visit_before_the_first_commit(void **state)
{
    void (*const leave[])(struct fixture *) = {leave_empty, leave_without_log, leave_hot_journal};
    struct fixture *f = *state;
    const struct tcn_store_options o = {.url = f->url, .account_id = ACCOUNT, .node = "guest"};

    for (size_t i = 0; i < sizeof leave / sizeof *leave; i++) {
        leave[i](f);
        assert_int_equal(tcn_store_visit(&o, false, &f->s, &f->err), TCN_ENOTFOUND);
        assert_non_null(strstr(f->err.msg, "ended before its first commit, and nothing is in it"));
        drop_files(f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(from_each_version, setup_dir, teardown),
        cmocka_unit_test_setup_teardown(killed_anywhere, setup_dir, teardown),
        cmocka_unit_test_setup_teardown(killed_while_resuming, setup_dir, teardown),
        cmocka_unit_test_setup_teardown(of_a_newer_program, setup_dir, teardown),
        cmocka_unit_test_setup_teardown(a_visit_does_not_migrate, setup_dir, teardown),
        cmocka_unit_test_setup_teardown(a_visit_before_the_first_commit, setup_dir, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
