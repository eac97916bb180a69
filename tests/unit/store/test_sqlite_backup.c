/* Backups while somebody writes, and what a restore does with them and refuses. */
#include "raw.h"
#include "rows.h"
#include "store/restore.h"
#include "store/sqlite_backup.h"

#include <dirent.h>
#include <sys/stat.h>

struct bed {
    struct fixture f;
    char to[112], kept[112];
};

static int setup(void **state)
{
    struct bed *b = calloc(1, sizeof *b);

    tcn_arena_init(&b->f.a, (size_t)64 << 20);
    make_dir(&b->f);
    snprintf(b->to, sizeof b->to, "%s/backup", b->f.dir);
    snprintf(b->kept, sizeof b->kept, "%s/kept", b->f.dir);
    OK(&b->f, try_open(&b->f, b->f.url, &b->f.s));
    *state = b;
    return 0;
}

static int teardown_bed(void **state)
{
    struct bed *b = *state;
    char command[128];

    tcn_store_close(b->f.s);
    snprintf(command, sizeof command, "rm -r %s", b->f.dir);
    assert_int_equal(system(command), 0);
    tcn_arena_done(&b->f.a);
    free(b);
    return 0;
}

static void add(struct bed *b, uint32_t n)
{
    const struct tcn_send_row row = {
        .id = id_of(n), .page = id_of(1), .incident = id_of(n), .due_ms = 1000, .contact = "alice"};

    OK(&b->f, tcn_store_begin(b->f.s, &b->f.err));
    OK(&b->f, tcn_store_send_add(b->f.s, &row, &b->f.err));
    OK(&b->f, tcn_store_commit(b->f.s, &b->f.err));
}

static long sends_in(const char *path)
{
    char *text;
    long n;

    raw(path, "SELECT COUNT(*) FROM sends", &text);
    n = atol(text);
    free(text);
    return n;
}

static size_t files_in(const char *dir)
{
    DIR *d = opendir(dir);
    size_t n = 0;

    assert_non_null(d);
    while (readdir(d))
        n++;
    closedir(d);
    return n - 2; /* . and .. */
}

static void backup(struct bed *b)
{
    OK(&b->f, tcn_sqlite_backup(b->f.path, b->to, NULL, &b->f.err));
}

static void a_backup_is_of_one_moment(void **state)
{
    struct bed *b = *state;
    struct stat st;
    int64_t bytes = 0;

    add(b, 1);
    OK(&b->f, tcn_sqlite_backup(b->f.path, b->to, &bytes, &b->f.err));
    add(b, 2);
    assert_int_equal(stat(b->to, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(st.st_size, bytes);
    assert_sound(b->to);
    assert_int_equal(sends_in(b->to), 1);
}

/* What the owner has committed is in it, also while it has a transaction open. */
static void beside_an_open_transaction(void **state)
{
    struct bed *b = *state;
    struct tcn_send_row row = {.id = id_of(2), .page = id_of(1), .incident = id_of(2)};

    add(b, 1);
    OK(&b->f, tcn_store_begin(b->f.s, &b->f.err));
    OK(&b->f, tcn_store_send_add(b->f.s, &row, &b->f.err));
    backup(b);
    OK(&b->f, tcn_store_commit(b->f.s, &b->f.err));
    assert_int_equal(sends_in(b->to), 1);
}

static void nothing_is_overwritten_or_left(void **state)
{
    struct bed *b = *state;
    size_t before;

    backup(b);
    before = files_in(b->f.dir);
    assert_int_equal(tcn_sqlite_backup(b->f.path, b->to, NULL, &b->f.err), TCN_ECONFLICT);
    assert_int_equal(tcn_sqlite_backup("/tmp/there-is-none.db", b->kept, NULL, &b->f.err),
                     TCN_ENOTFOUND);
    assert_int_equal(tcn_sqlite_backup(b->f.path, "/tmp/there-is-none/x", NULL, &b->f.err),
                     TCN_ENOTFOUND);
    assert_int_equal(files_in(b->f.dir), before);
}

/* -- restore ------------------------------------------------------------------------------------------------- */

static int restore(struct bed *b, bool replaces, struct tcn_held_count *held, bool *has_kept)
{
    const struct tcn_restore how = {.from = b->to,
                                    .path = b->f.path,
                                    .account_id = ACCOUNT,
                                    .node = "test",
                                    .replaces = replaces,
                                    .kept = b->kept,
                                    .now_ms = NOW};

    return tcn_store_restore(&how, held, has_kept, &b->f.err);
}

static void stop(struct bed *b)
{
    tcn_store_close(b->f.s);
    b->f.s = NULL;
}

static void a_restored_store_is_held(void **state)
{
    struct bed *b = *state;
    struct tcn_held_count held;
    struct tcn_send_row *rows = NULL;
    bool has_kept;
    size_t n = 9;

    add(b, 1);
    backup(b);
    add(b, 2);
    stop(b);
    OK(&b->f, restore(b, true, &held, &has_kept));
    assert_true(has_kept);
    assert_int_equal(held.pages, 1);
    assert_int_equal(sends_in(b->kept), 2);
    assert_int_equal(sends_in(b->to), 1);
    OK(&b->f, try_open(&b->f, b->f.url, &b->f.s));
    OK(&b->f, tcn_store_begin(b->f.s, &b->f.err));
    OK(&b->f, tcn_store_send_claim(b->f.s, NOW, 10, &b->f.a, &rows, &n, &b->f.err));
    assert_int_equal(n, 0);
    tcn_store_rollback(b->f.s);
}

/* A log that a killed process left is kept with its database, and is not taken for the new one's. */
static void the_log_of_a_killed_process(void **state)
{
    struct bed *b = *state;
    struct tcn_held_count held;
    char command[400];
    bool has_kept;

    backup(b);
    add(b, 1);
    /* The files as they are in this moment, damaged so that nobody can move the log into the file. */
    snprintf(command, sizeof command,
             "cd %s && mkdir crash && cp store.db store.db-wal crash && "
             "for f in store.db store.db-wal; do"
             " printf nonsense | dd of=crash/$f bs=1 seek=10 conv=notrunc status=none; done",
             b->f.dir);
    assert_int_equal(system(command), 0);
    stop(b);
    snprintf(command, sizeof command, "cd %s && rm store.db* && mv crash/* . && rmdir crash",
             b->f.dir);
    assert_int_equal(system(command), 0);
    assert_int_equal(restore(b, false, &held, &has_kept), TCN_ECONFLICT);
    OK(&b->f, restore(b, true, &held, &has_kept));
    snprintf(command, sizeof command, "test -s %s-wal", b->kept);
    assert_int_equal(system(command), 0);
    assert_int_equal(sends_in(b->f.path), 0);
    assert_sound(b->f.path);
}

/* A log alone would be played into the new database. */
static void a_log_without_its_database(void **state)
{
    struct bed *b = *state;
    struct tcn_held_count held;
    char command[300];
    bool has_kept;

    backup(b);
    stop(b);
    snprintf(command, sizeof command, "cd %s && rm store.db && echo log > store.db-wal", b->f.dir);
    assert_int_equal(system(command), 0);
    assert_int_equal(restore(b, false, &held, &has_kept), TCN_ECONFLICT);
    assert_non_null(strstr(b->f.err.msg, "-wal"));
    OK(&b->f, restore(b, true, &held, &has_kept));
    assert_true(has_kept);
    assert_sound(b->f.path);
}

static void what_is_refused(void **state)
{
    struct bed *b = *state;
    struct tcn_held_count held;
    char command[300];
    bool has_kept;
    size_t before;

    add(b, 1);
    backup(b);
    before = files_in(b->f.dir);
    assert_int_equal(restore(b, false, &held, &has_kept), TCN_ECONFLICT);
    assert_int_equal(restore(b, true, &held, &has_kept), TCN_EBUSY);
    stop(b);
    /* Half of a backup; a database that is in use; another account's. */
    snprintf(command, sizeof command, "cd %s && cp backup whole && truncate -s 8192 backup",
             b->f.dir);
    assert_int_equal(system(command), 0);
    assert_int_equal(restore(b, true, &held, &has_kept), TCN_EIO);
    snprintf(command, sizeof command, "cd %s && mv whole backup && echo x > backup-wal", b->f.dir);
    assert_int_equal(system(command), 0);
    assert_int_equal(restore(b, true, &held, &has_kept), TCN_EINVALID);
    snprintf(command, sizeof command, "rm %s-wal", b->to);
    assert_int_equal(system(command), 0);
    raw(b->to, "UPDATE epochs SET account_id = '999999999999'", NULL);
    assert_int_equal(restore(b, true, &held, &has_kept), TCN_EINVALID);
    assert_non_null(strstr(b->f.err.msg, "999999999999"));
    assert_int_equal(sends_in(b->f.path), 1);
    assert_true(files_in(b->f.dir) <= before);
}

#define IN_BED(name) cmocka_unit_test_setup_teardown(name, setup, teardown_bed)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_BED(a_backup_is_of_one_moment),
        IN_BED(beside_an_open_transaction),
        IN_BED(nothing_is_overwritten_or_left),
        IN_BED(a_restored_store_is_held),
        IN_BED(the_log_of_a_killed_process),
        IN_BED(a_log_without_its_database),
        IN_BED(what_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
