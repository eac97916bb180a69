/* store/sqlite_background.c: checkpoints while commits go on. */
#include "raw.h"
#include "store/sqlite.h"

#include <sched.h>
#include <sys/stat.h>

#define COMMITS_MAX 10000

static off_t size_of(const struct fixture *f, const char *tail)
{
    char name[128];
    struct stat st;

    snprintf(name, sizeof name, "%s%s", f->path, tail);
    return stat(name, &st) == 0 ? st.st_size : 0;
}

static void put(struct fixture *f, int no, int n_rows)
{
    static char text[3000];

    memset(text, 'a' + no % 26, sizeof text - 1);
    OK(f, tcn_store_begin(f->s, &f->err));
    for (int i = 0; i < n_rows; i++) {
        char name[32];

        snprintf(name, sizeof name, "n%d.%d", no, i);
        OK(f, tcn_store_meta_put(f->s, name, text, &f->err));
    }
    OK(f, tcn_store_commit(f->s, &f->err));
}

/* A transaction of about a hundred pages. */
static void add(struct fixture *f, int no)
{
    put(f, no, 100);
}

static void the_log_moves_while_commits_go_on(void **state)
{
    struct fixture *f = *state;
    off_t before = size_of(f, "");
    int n = 0;

    while (size_of(f, "-wal") < 32100 * 4120) {
        add(f, n++);
        tcn_store_chore(f->s);
    }
    while (tcn_store_chore(f->s) != TCN_CHORE_NOW) {
        put(f, n++, 1);
        assert_true(n < COMMITS_MAX);
    }
    /* Done without a word of ours. */
    assert_true(size_of(f, "") > before + 28000 * 4096);
    OK(f, tcn_store_checkpoint(f->s, &f->err));
    assert_int_equal(tcn_store_chore(f->s), TCN_CHORE_NONE);
    before = size_of(f, "-wal");
    for (int i = 0; i < 10; i++)
        add(f, n++);
    /* begun anew, and cut to what is kept of it: nothing was appended */
    assert_true(size_of(f, "-wal") <= before);
    reopen(f);
    assert_sound(f->path);
}

static void a_close_ends_it(void **state)
{
    struct fixture *f = *state;

    for (int n = 0; n < 100; n++) {
        add(f, n);
        tcn_store_chore(f->s);
    }
    reopen(f);
    assert_int_equal(size_of(f, "-wal") < 100 * 4096, true);
    assert_sound(f->path);
}

static void it_serves_again_and_again(void **state)
{
    struct fixture *f = *state;
    struct tcn_background *b = tcn_background_start(f->path);
    size_t moved = 0;

    assert_non_null(b);
    assert_false(tcn_background_is_done(b, &moved));
    for (int n = 0; n < 20; n++) {
        add(f, n);
        tcn_background_ask(b);
        while (!tcn_background_is_done(b, &moved))
            sched_yield();
        assert_true(moved > 0);
    }
    tcn_background_ask(b);
    tcn_background_stop(b);
    assert_sound(f->path);
}

static void none_without_a_database(void **state)
{
    (void)state;
    assert_null(tcn_background_start("/nonexistent-folder/store.db"));
    tcn_background_stop(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_log_moves_while_commits_go_on, setup_file, teardown),
        cmocka_unit_test_setup_teardown(a_close_ends_it, setup_file, teardown),
        cmocka_unit_test_setup_teardown(it_serves_again_and_again, setup_file, teardown),
        cmocka_unit_test(none_without_a_database),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
