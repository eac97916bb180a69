#include "../base/cases.h"
#include "sys/file.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Each test has a folder of its own, gone afterwards. */
struct place {
    char folder[40];
    char path[64], beside[72];
};

static int make_place(void **state)
{
    struct place *p = calloc(1, sizeof *p);

    if (!p)
        return -1;
    snprintf(p->folder, sizeof p->folder, "/tmp/tcn_file_XXXXXX");
    if (!mkdtemp(p->folder))
        return -1;
    snprintf(p->path, sizeof p->path, "%s/a", p->folder);
    snprintf(p->beside, sizeof p->beside, "%s.new", p->path);
    *state = p;
    return 0;
}

static int end_place(void **state)
{
    struct place *p = *state;

    unlink(p->path);
    unlink(p->beside);
    rmdir(p->folder);
    free(p);
    return 0;
}

static void put(const char *path, const char *text, mode_t mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
}

static void expect_text(const char *path, const char *want)
{
    struct tcn_buf text;
    struct tcn_err err;

    tcn_buf_init(&text, 1 << 20);
    if (tcn_file_read(path, &text, &err) < 0)
        fail_msg("%s", err.msg);
    assert_string_equal(text.ptr, want);
    tcn_buf_done(&text);
}

static mode_t mode_of(const char *path)
{
    struct stat st;

    assert_int_equal(stat(path, &st), 0);
    return st.st_mode & 07777;
}

static void test_read_up_to_the_cap(void **state)
{
    static const struct {
        const char *name;
        size_t size, cap;
        int want;
    } cases[] = {
        {"empty", 0, 10, 0},
        {"at the cap", 10, 10, 0},
        {"a byte over", 11, 10, TCN_ELIMIT},
        {"several reads", 50000, 50000, 0},
        {"several reads, a byte over", 50001, 50000, TCN_ELIMIT},
        {"far over", 200000, 10, TCN_ELIMIT},
    };
    const struct place *p = *state;

    for (size_t i = 0; i < N_OF(cases); i++) {
        char *text = malloc(cases[i].size + 1);
        struct tcn_buf out;
        struct tcn_err err = {0};

        assert_non_null(text);
        memset(text, 'x', cases[i].size);
        text[cases[i].size] = '\0';
        put(p->path, text, 0600);
        tcn_buf_init(&out, cases[i].cap);
        CHECK(cases[i].name, tcn_file_read(p->path, &out, &err) == cases[i].want);
        if (cases[i].want == 0)
            CHECK(cases[i].name, strcmp(out.ptr, text) == 0);
        else
            CHECK(cases[i].name, strstr(err.msg, p->path) && strstr(err.msg, "larger than"));
        tcn_buf_done(&out);
        free(text);
    }
}

static void test_read_failures(void **state)
{
    const struct place *p = *state;
    char slip[80], meant[PATH_MAX + 40], folder[PATH_MAX];
    struct tcn_buf out;
    struct tcn_err err;

    tcn_buf_init(&out, 100);
    assert_int_equal(tcn_file_read(p->path, &out, &err), TCN_ENOTFOUND);
    assert_non_null(strstr(err.msg, p->path));
    put(p->beside, "x", 0600);
    snprintf(slip, sizeof slip, "%s/a.nwe", p->folder);
    snprintf(meant, sizeof meant, "there is no file %s; did you mean %s?", slip, p->beside);
    assert_int_equal(tcn_file_read(slip, &out, &err), TCN_ENOTFOUND);
    assert_string_equal(err.msg, meant);
    assert_non_null(getcwd(folder, sizeof folder));
    snprintf(meant, sizeof meant, "there is no file none/here in %s", folder);
    assert_int_equal(tcn_file_read("none/here", &out, &err), TCN_ENOTFOUND);
    assert_string_equal(err.msg, meant);
    assert_int_equal(tcn_file_read(p->folder, &out, &err), TCN_EIO);
    assert_non_null(strstr(err.msg, "name a file in it"));
    assert_int_equal(tcn_file_read("", &out, &err), TCN_ENOTFOUND);
    assert_int_equal(out.len, 0);
    tcn_buf_done(&out);
}

/* Root may read everything: it becomes somebody else for a moment. */
static void test_read_what_may_not_be_read(void **state)
{
    const struct place *p = *state;
    bool is_root = geteuid() == 0;
    struct tcn_buf out;
    struct tcn_err err = {0};
    int r;

    put(p->path, "secret", 0);
    tcn_buf_init(&out, 100);
    assert_int_equal(is_root ? seteuid(65534) : 0, 0);
    r = tcn_file_read(p->path, &out, &err);
    assert_int_equal(is_root ? seteuid(0) : 0, 0);
    assert_int_equal(r, TCN_EIO);
    assert_non_null(strstr(err.msg, "Permission denied; let the user that runs tocsin do so"));
    tcn_buf_done(&out);
}

/* More than a pipe holds, so that reads are short. */
static void test_standard_input(void **state)
{
    enum { LEN = 100000 };
    int saved = dup(STDIN_FILENO), ends[2];
    struct tcn_buf out;
    pid_t child;

    (void)state;
    assert_int_equal(pipe(ends), 0);
    child = fork();
    if (child == 0) {
        static char text[LEN];

        memset(text, 'y', LEN);
        for (size_t done = 0; done < LEN;) {
            ssize_t n = write(ends[1], text + done, LEN - done);

            if (n <= 0)
                _exit(1);
            done += (size_t)n;
        }
        _exit(0);
    }
    close(ends[1]);
    dup2(ends[0], STDIN_FILENO);
    close(ends[0]);
    tcn_buf_init(&out, LEN);
    assert_int_equal(tcn_file_read("-", &out, NULL), 0);
    assert_int_equal(out.len, LEN);
    assert_int_equal(waitpid(child, NULL, 0), child);
    dup2(saved, STDIN_FILENO);
    close(saved);
    tcn_buf_done(&out);
}

static void test_write_replaces(void **state)
{
    const struct place *p = *state;

    assert_int_equal(tcn_file_write(p->path, TCN_STR("one"), 0600, NULL), 0);
    expect_text(p->path, "one");
    assert_int_equal(mode_of(p->path), 0600);
    assert_int_equal(tcn_file_write(p->path, TCN_STR(""), 0400, NULL), 0);
    expect_text(p->path, "");
    assert_int_equal(mode_of(p->path), 0400);
    assert_int_equal(access(p->beside, F_OK), -1);
}

/* What a crash left beside must not lend its mode to a secret. */
static void test_write_ignores_leftovers(void **state)
{
    const struct place *p = *state;

    put(p->beside, "much longer than the new text", 0666);
    assert_int_equal(tcn_file_write(p->path, TCN_STR("two"), 0600, NULL), 0);
    expect_text(p->path, "two");
    assert_int_equal(mode_of(p->path), 0600);
}

static void test_write_follows_no_link(void **state)
{
    const struct place *p = *state;
    char victim[64];

    snprintf(victim, sizeof victim, "%s/victim", p->folder);
    put(victim, "untouched", 0600);
    assert_int_equal(symlink(victim, p->beside), 0);
    assert_int_equal(tcn_file_write(p->path, TCN_STR("three"), 0600, NULL), 0);
    expect_text(victim, "untouched");
    expect_text(p->path, "three");
    unlink(victim);
}

static void test_write_failures_keep_the_old(void **state)
{
    const struct place *p = *state;
    char deep[PATH_MAX + 10], inside[80];
    struct tcn_err err;

    snprintf(inside, sizeof inside, "%s/none/a", p->folder);
    assert_int_equal(tcn_file_write(inside, TCN_STR("x"), 0600, &err), TCN_ENOTFOUND);
    memset(deep, 'd', sizeof deep);
    deep[sizeof deep - 1] = '\0';
    assert_int_equal(tcn_file_write(deep, TCN_STR("x"), 0600, &err), TCN_ELIMIT);
    put(p->path, "old", 0600);
    assert_int_equal(mkdir(p->beside, 0700), 0);
    assert_int_equal(tcn_file_write(p->path, TCN_STR("x"), 0600, &err), TCN_EIO);
    expect_text(p->path, "old");
    assert_int_equal(rmdir(p->beside), 0);
}

/* The size limit of the process stands for a full disk: write(2) fails in the middle. */
static void write_beyond_the_limit(void *arg)
{
    const struct place *p = arg;
    char text[4096];
    struct tcn_err err;

    memset(text, 'z', sizeof text);
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &(struct rlimit){1000, 1000});
    if (tcn_file_write(p->path, (struct tcn_str){text, sizeof text}, 0600, &err) != TCN_EIO)
        _exit(1);
    if (access(p->beside, F_OK) == 0)
        _exit(2);
    abort(); /* what the caller waits for */
}

static void test_a_write_cut_short(void **state)
{
    struct place *p = *state;

    put(p->path, "old", 0600);
    assert_true(aborts(write_beyond_the_limit, p));
    expect_text(p->path, "old");
}

static void test_folder(void **state)
{
    const struct place *p = *state;
    char deep[80];

    assert_int_equal(tcn_dir_make(p->path, NULL), 0);
    assert_int_equal(mode_of(p->path), 0700);
    assert_int_equal(tcn_dir_make(p->path, NULL), 0);
    snprintf(deep, sizeof deep, "%s/b/c", p->path);
    assert_int_equal(tcn_dir_make(deep, NULL), TCN_ENOTFOUND);
    assert_int_equal(rmdir(p->path), 0);
    put(p->path, "a file", 0600);
    assert_int_equal(tcn_dir_make(p->path, NULL), TCN_EIO);
}

static void test_a_folder_has_one_owner(void **state)
{
    const struct place *p = *state;
    struct tcn_err err;
    int fd, other = -1;

    assert_int_equal(tcn_dir_make(p->path, NULL), 0);
    assert_int_equal(tcn_dir_own(p->path, &fd, NULL), 0);
    assert_int_equal(tcn_dir_own(p->path, &other, &err), TCN_EBUSY);
    assert_non_null(strstr(err.msg, p->path));
    assert_int_equal(other, -1);
    close(fd);
    assert_int_equal(tcn_dir_own(p->path, &fd, NULL), 0);
    close(fd);
    assert_int_equal(rmdir(p->path), 0);
    assert_int_equal(tcn_dir_own(p->path, &other, NULL), TCN_ENOTFOUND);
}

static void test_exposed(void **state)
{
    static const struct {
        mode_t mode;
        bool want;
    } cases[] = {{0400, false}, {0600, false}, {0440, false}, {0640, false}, {0660, false},
                 {0444, true},  {0644, true},  {0604, true},  {0602, true},  {0601, true}};
    const struct place *p = *state;

    for (size_t i = 0; i < N_OF(cases); i++) {
        put(p->path, "x", cases[i].mode);
        if (tcn_file_is_exposed(p->path) != cases[i].want)
            fail_msg("mode %o", (unsigned)cases[i].mode);
        unlink(p->path);
    }
    assert_false(tcn_file_is_exposed(p->path));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_read_up_to_the_cap, make_place, end_place),
        cmocka_unit_test_setup_teardown(test_read_failures, make_place, end_place),
        cmocka_unit_test_setup_teardown(test_read_what_may_not_be_read, make_place, end_place),
        cmocka_unit_test_setup_teardown(test_standard_input, make_place, end_place),
        cmocka_unit_test_setup_teardown(test_write_replaces, make_place, end_place),
        cmocka_unit_test_setup_teardown(test_write_ignores_leftovers, make_place, end_place),
        cmocka_unit_test_setup_teardown(test_write_follows_no_link, make_place, end_place),
        cmocka_unit_test_setup_teardown(test_write_failures_keep_the_old, make_place, end_place),
        cmocka_unit_test_setup_teardown(test_a_write_cut_short, make_place, end_place),
        cmocka_unit_test_setup_teardown(test_folder, make_place, end_place),
        cmocka_unit_test_setup_teardown(test_a_folder_has_one_owner, make_place, end_place),
        cmocka_unit_test_setup_teardown(test_exposed, make_place, end_place),
    };

    return cmocka_run_group_tests_name("file", tests, NULL, NULL);
}
