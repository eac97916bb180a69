/* store/sqlite_wal.c: few writes, nothing seen late, a failed write fails its transaction and no other. */
#include "fault_vfs.h"
#include "store/sqlite.h"
#include "store_test.h"

#define MANY 1000000

struct wal {
    char dir[64], path[96];
    struct tcn_wal_vfs *vfs;
    sqlite3 *db;
};

static void run_sql(sqlite3 *db, const char *sql)
{
    char *why = NULL;

    if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK)
        fail_msg("%s: %s", sql, why);
}

static int64_t number(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *st;
    int64_t n;

    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &st, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(st), SQLITE_ROW);
    n = sqlite3_column_int64(st, 0);
    sqlite3_finalize(st);
    return n;
}

/* What somebody else finds in the file. */
static int64_t rows_outside(const struct wal *w)
{
    sqlite3 *db;
    int64_t n;

    assert_int_equal(sqlite3_open(w->path, &db), SQLITE_OK);
    assert_int_equal(number(db, "SELECT COUNT(*) FROM pragma_integrity_check"
                                " WHERE integrity_check <> 'ok'"),
                     0);
    n = number(db, "SELECT COUNT(*) FROM t");
    sqlite3_close(db);
    return n;
}

/* Rows of a third of a page. */
static void add_rows(sqlite3 *db, int n)
{
    char sql[200];

    snprintf(sql, sizeof sql,
             "WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < %d)"
             " INSERT INTO t (b) SELECT randomblob(1300) FROM c",
             n);
    run_sql(db, sql);
}

static int setup_wal(void **state)
{
    struct wal *w = calloc(1, sizeof *w);

    fault_vfs_install();
    memset(&fault, 0, sizeof fault);
    snprintf(w->dir, sizeof w->dir, "/tmp/tocsin-wal-XXXXXX");
    assert_non_null(mkdtemp(w->dir));
    snprintf(w->path, sizeof w->path, "%s/store.db", w->dir);
    w->vfs = tcn_wal_vfs_new();
    assert_int_equal(sqlite3_open_v2(w->path, &w->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
                                     tcn_wal_vfs_name(w->vfs)),
                     SQLITE_OK);
    run_sql(w->db, "PRAGMA synchronous=FULL; PRAGMA journal_mode=WAL;"
                   "PRAGMA wal_autocheckpoint=0;"
                   "CREATE TABLE t (n INTEGER PRIMARY KEY, b BLOB)");
    *state = w;
    return 0;
}

static int teardown_wal(void **state)
{
    static const char *const tails[] = {"", "-wal", "-shm"};
    struct wal *w = *state;
    char name[160];

    memset(&fault, 0, sizeof fault);
    sqlite3_close(w->db);
    tcn_wal_vfs_free(w->vfs);
    for (size_t i = 0; i < sizeof tails / sizeof *tails; i++) {
        snprintf(name, sizeof name, "%s%s", w->path, tails[i]);
        unlink(name);
    }
    rmdir(w->dir);
    free(w);
    return 0;
}

static void count_writes(void)
{
    fault.kind = FAULT_WRITE;
    fault.left = MANY;
}

static void a_commit_is_few_writes(void **state)
{
    struct wal *w = *state;

    run_sql(w->db, "BEGIN");
    add_rows(w->db, 600);
    count_writes();
    run_sql(w->db, "COMMIT");
    /* 200 pages and their heads would be 400 */
    assert_in_range(MANY - fault.left, 1, 12);
    assert_int_equal(rows_outside(w), 600);
}

static void a_small_commit_is_there_too(void **state)
{
    struct wal *w = *state;

    for (int i = 1; i <= 20; i++) {
        add_rows(w->db, 1);
        assert_int_equal(rows_outside(w), i);
    }
}

/* More than the cache holds goes to the log before its commit, and is read from there. */
static void a_large_transaction_reads_itself(void **state)
{
    struct wal *w = *state;

    run_sql(w->db, "PRAGMA cache_size=10; BEGIN");
    add_rows(w->db, 600);
    assert_int_equal(number(w->db, "SELECT SUM(length(b)) FROM t"), 600 * 1300);
    add_rows(w->db, 600);
    assert_int_equal(number(w->db, "SELECT SUM(length(b)) FROM t"), 1200 * 1300);
    assert_int_equal(rows_outside(w), 0);
    run_sql(w->db, "COMMIT");
    assert_int_equal(rows_outside(w), 1200);
}

static void a_rollback_leaves_nothing(void **state)
{
    struct wal *w = *state;

    add_rows(w->db, 3);
    run_sql(w->db, "PRAGMA cache_size=10; BEGIN");
    add_rows(w->db, 600);
    run_sql(w->db, "ROLLBACK");
    assert_int_equal(rows_outside(w), 3);
    add_rows(w->db, 3);
    assert_int_equal(rows_outside(w), 6);
    run_sql(w->db, "PRAGMA wal_checkpoint(TRUNCATE)");
    assert_int_equal(rows_outside(w), 6);
}

static void a_failed_write_fails_its_commit(void **state)
{
    static const int codes[] = {SQLITE_FULL, SQLITE_IOERR_WRITE};
    struct wal *w = *state;

    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        run_sql(w->db, "BEGIN");
        add_rows(w->db, 30);
        fault.kind = FAULT_WRITE;
        fault.left = 1;
        fault.code = codes[i];
        assert_int_equal(sqlite3_exec(w->db, "COMMIT", NULL, NULL, NULL), codes[i] & 0xFF);
        assert_int_equal(sqlite3_extended_errcode(w->db), codes[i]);
        if (!sqlite3_get_autocommit(w->db))
            run_sql(w->db, "ROLLBACK");
        assert_int_equal(rows_outside(w), 3 * (int)i);
        add_rows(w->db, 3);
        assert_int_equal(rows_outside(w), 3 * (int)(i + 1));
    }
}

static int syncs_of(struct wal *w, const char *sql)
{
    int before = fault.syncs;

    run_sql(w->db, sql);
    return fault.syncs - before;
}

/* What is put off is seen by others, and reaches the disk when it is asked for. */
static void a_sync_can_be_put_off(void **state)
{
    static const char add[] = "INSERT INTO t (b) VALUES ('x')";
    struct wal *w = *state;
    int before;

    assert_int_equal(syncs_of(w, add), 1);
    tcn_wal_put_off(w->vfs);
    assert_int_equal(syncs_of(w, add), 0);
    assert_true(tcn_wal_put_off_no_more(w->vfs));
    assert_int_equal(rows_outside(w), 2);
    before = fault.syncs;
    assert_int_equal(tcn_wal_sync(w->vfs), SQLITE_OK);
    assert_int_equal(fault.syncs - before, 1);
    tcn_wal_put_off(w->vfs);
    assert_int_equal(syncs_of(w, "SELECT COUNT(*) FROM t"), 0);
    assert_false(tcn_wal_put_off_no_more(w->vfs));
    assert_int_equal(syncs_of(w, add), 1);
}

/* The head of a log that begins anew is on the disk before its frames; so is the log's name in its folder. */
static void a_head_is_not_put_off(void **state)
{
    struct wal *w = *state;

    add_rows(w->db, 1);
    run_sql(w->db, "PRAGMA wal_checkpoint(RESTART)");
    tcn_wal_put_off(w->vfs);
    assert_int_equal(syncs_of(w, "INSERT INTO t (b) VALUES ('x')"), 1);
    assert_true(tcn_wal_put_off_no_more(w->vfs));
    assert_int_equal(rows_outside(w), 2);
}

/* The bytes of a checkpoint rest on those of the log. */
static void a_checkpoint_is_synced(void **state)
{
    struct wal *w = *state;

    tcn_wal_put_off(w->vfs);
    add_rows(w->db, 1);
    tcn_wal_put_off_no_more(w->vfs);
    assert_in_range(syncs_of(w, "PRAGMA wal_checkpoint(PASSIVE)"), 2, 3);
}

static void a_failed_sync_is_told(void **state)
{
    struct wal *w = *state;

    fault.kind = FAULT_SYNC;
    fault.left = 1;
    fault.code = SQLITE_IOERR_FSYNC;
    assert_int_equal(tcn_wal_sync(w->vfs), SQLITE_IOERR_FSYNC);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_commit_is_few_writes, setup_wal, teardown_wal),
        cmocka_unit_test_setup_teardown(a_small_commit_is_there_too, setup_wal, teardown_wal),
        cmocka_unit_test_setup_teardown(a_large_transaction_reads_itself, setup_wal, teardown_wal),
        cmocka_unit_test_setup_teardown(a_rollback_leaves_nothing, setup_wal, teardown_wal),
        cmocka_unit_test_setup_teardown(a_failed_write_fails_its_commit, setup_wal, teardown_wal),
        cmocka_unit_test_setup_teardown(a_sync_can_be_put_off, setup_wal, teardown_wal),
        cmocka_unit_test_setup_teardown(a_head_is_not_put_off, setup_wal, teardown_wal),
        cmocka_unit_test_setup_teardown(a_checkpoint_is_synced, setup_wal, teardown_wal),
        cmocka_unit_test_setup_teardown(a_failed_sync_is_told, setup_wal, teardown_wal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
