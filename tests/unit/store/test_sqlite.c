/* Where a store may lie, who may have it, and what happens when the disk fails or is full. */
#include "fault_vfs.h"
#include "raw.h"
#include "slice.h"
#include "store/sqlite.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>

static int setup_dir(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    tcn_arena_init(&f->a, (size_t)64 << 20);
    make_dir(f);
    *state = f;
    return 0;
}

static void places(void **state)
{
    struct fixture *f = *state;
    struct tcn_store *s = NULL;

    assert_int_equal(try_open(f, "sqlite:/nonexistent-folder/store.db", &s), TCN_EIO);
    assert_non_null(strstr(f->err.msg, "/nonexistent-folder"));
    assert_int_equal(try_open(f, "sqlite:/proc/store.db", &s), TCN_EIO);
    assert_int_equal(try_open(f, "sqlite:/tmp", &s), TCN_EIO);
    if (geteuid() == 0)
        return; /* root writes everywhere */
    assert_int_equal(chmod(f->dir, 0500), 0);
    assert_int_equal(try_open(f, f->url, &s), TCN_EIO);
    assert_non_null(strstr(f->err.msg, f->path));
    assert_int_equal(chmod(f->dir, 0700), 0);
}

static void symbolic_link(void **state)
{
    struct fixture *f = *state;
    struct tcn_store *s = NULL;

    assert_int_equal(symlink("/tmp/elsewhere", f->path), 0);
    assert_int_equal(try_open(f, f->url, &s), TCN_EIO);
}

static void file_systems(void **state)
{
    static const struct {
        uint64_t magic;
        const char *name; /* NULL: accepted */
    } cases[] = {
        {0xEF53, NULL},       {0x58465342, NULL},   {0x9123683E, NULL},   {0x2FC12FC1, NULL},
        {0x01021994, NULL},   {0x794C7630, NULL},   {0xF2F52010, NULL},   {0x6969, "NFS"},
        {0x517B, "SMB"},      {0xFF534D42, "CIFS"}, {0xFE534D42, "SMB2"}, {0x01021997, "9p"},
        {0x65735546, "FUSE"}, {0x00C36400, "Ceph"},
    };
    struct tcn_err err;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int r = tcn_sqlite_check_fs(cases[i].magic, "/srv/store.db", &err);

        assert_int_equal(r, cases[i].name ? TCN_EINVALID : 0);
        if (cases[i].name) {
            assert_non_null(strstr(err.msg, cases[i].name));
            assert_non_null(strstr(err.msg, "local disk"));
        }
    }
}

static void is_private(void **state)
{
    static const char *const tails[] = {"", "-wal", "-shm", ".reserve"};
    struct fixture *f = *state;
    char name[128];
    struct stat st;

    for (size_t i = 0; i < sizeof tails / sizeof *tails; i++) {
        snprintf(name, sizeof name, "%s%s", f->path, tails[i]);
        assert_int_equal(stat(name, &st), 0);
        assert_int_equal(st.st_mode & 07777, 0600);
    }
    tcn_store_close(f->s);
    f->s = NULL;
    assert_int_equal(chmod(f->path, 0644), 0);
    OK(f, try_open(f, f->url, &f->s));
    assert_int_equal(stat(f->path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
}

/* -- the names of the open files ---------------------------------------------------------------------------- */

static void move(const struct fixture *f, const char *from, const char *to)
{
    char a[128], b[128];

    snprintf(a, sizeof a, "%s%s", f->path, from);
    snprintf(b, sizeof b, "%s%s", f->path, to);
    assert_int_equal(rename(a, b), 0);
}

static void create(const struct fixture *f, const char *tail)
{
    char path[128];
    int fd;

    snprintf(path, sizeof path, "%s%s", f->path, tail);
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    assert_true(fd >= 0);
    close(fd);
}

static void assert_gone(struct fixture *f, const char *tail, const char *why)
{
    char words[160];

    snprintf(words, sizeof words, "%s%s %s", f->path, tail, why);
    assert_int_equal(tcn_store_look(f->s, &f->err), TCN_EIO);
    assert_string_equal(f->err.msg, words);
    assert_true(is_writable(f->s, &f->err)); /* work in hand goes on */
}

static void files_keep_their_names(void **state)
{
    static const char *const tails[] = {"", "-wal"};
    struct fixture *f = *state;

    assert_true(is_writable(f->s, &f->err));
    OK(f, tcn_store_look(f->s, &f->err));
    for (size_t i = 0; i < sizeof tails / sizeof *tails; i++) {
        move(f, tails[i], ".away");
        assert_gone(f, tails[i], "is gone");
        create(f, tails[i]);
        assert_gone(f, tails[i], "is another file than the one that is open");
        move(f, ".away", tails[i]);
        OK(f, tcn_store_look(f->s, &f->err));
    }
    OK(f, tcn_store_checkpoint(f->s, &f->err));
    OK(f, tcn_store_look(f->s, &f->err));
}

static void one_owner(void **state)
{
    struct fixture *f = *state;
    struct tcn_store *s = NULL;
    int status;
    pid_t pid = fork();

    if (pid == 0)
        _exit(try_open(f, f->url, &s) == TCN_EBUSY && strstr(f->err.msg, "another tocsin uses")
                  ? 0
                  : 1);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    /* The visitor has not taken the owner's locks along. */
    assert_int_equal(try_open(f, f->url, &s), TCN_EBUSY);
    assert_true(is_writable(f->s, &f->err));
    reopen(f);
}

static void settings(void **state)
{
    struct fixture *f = *state;
    char *mode;

    tcn_store_close(f->s);
    f->s = NULL;
    raw(f->path, "PRAGMA journal_mode", &mode);
    assert_string_equal(mode, "wal");
    free(mode);
}

static void damaged(void **state)
{
    struct fixture *f = *state;
    struct tcn_store *s = NULL;
    struct stat st;
    char junk[4096];
    int fd;

    OK(f, tcn_store_begin(f->s, &f->err));
    for (uint32_t i = 1; i < 500; i++) {
        struct tcn_incident row = {
            .id = id_of(i), .title = "a title that fills pages", .dedupe_string = "k"};

        OK(f, tcn_store_incident_put(f->s, &row, &f->err));
    }
    OK(f, tcn_store_commit(f->s, &f->err));
    tcn_store_close(f->s);
    f->s = NULL;
    memset(junk, 0xA5, sizeof junk);
    fd = open(f->path, O_RDWR);
    assert_int_equal(fstat(fd, &st), 0);
    assert_int_equal(pwrite(fd, junk, sizeof junk, (st.st_size / 4096 - 2) * 4096), sizeof junk);
    assert_int_equal(try_open(f, f->url, &s), TCN_EIO);
    assert_non_null(strstr(f->err.msg, "restore it from a backup"));
    assert_int_equal(pwrite(fd, junk, sizeof junk, 0), sizeof junk);
    close(fd);
    assert_int_equal(try_open(f, f->url, &s), TCN_EIO);
    assert_non_null(strstr(f->err.msg, "restore it from a backup"));
}

/* Rows of the right shape with the wrong content: an error, never half a value. */
static void damaged_rows(void **state)
{
    static const struct {
        const char *name, *sql;
    } cases[] = {
        {"tags no JSON", "UPDATE incidents SET tags = '[[\"a\"'"},
        {"tags no array", "UPDATE incidents SET tags = '{}'"},
        {"tags of wrong width", "UPDATE incidents SET tags = '[[\"a\"]]'"},
        {"id of wrong length", "UPDATE incidents SET previous = x'0102'"},
    };
    struct fixture *f = *state;
    struct tcn_incident row = {.id = id_of(1), .dedupe_string = "k"}, out;
    bool is_stored = false;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        OK(f, tcn_store_begin(f->s, &f->err));
        OK(f, tcn_store_incident_put(f->s, &row, &f->err));
        OK(f, tcn_store_commit(f->s, &f->err));
        tcn_store_close(f->s);
        f->s = NULL;
        raw(f->path, cases[i].sql, NULL);
        print_message("%s\n", cases[i].name);
        OK(f, try_open(f, f->url, &f->s));
        OK(f, tcn_store_begin(f->s, &f->err));
        assert_int_equal(tcn_store_incident_get(f->s, row.id, &f->a, &out, &f->err), TCN_EIO);
        tcn_store_rollback(f->s);
        is_stored = true;
    }
    assert_true(is_stored);
}

/* -- the log ------------------------------------------------------------------------------------------------ */

static int put(struct fixture *f, int n)
{
    char name[32];
    int r;

    snprintf(name, sizeof name, "n%d", n);
    if ((r = tcn_store_begin(f->s, &f->err)) < 0)
        return r;
    if ((r = tcn_store_meta_put(f->s, name, "value", &f->err)) < 0) {
        tcn_store_rollback(f->s);
        return r;
    }
    return tcn_store_commit(f->s, &f->err);
}

static void log_is_settled(void **state)
{
    struct fixture *f = *state;
    char name[128];
    struct stat st;
    int n = 0;

    snprintf(name, sizeof name, "%s-wal", f->path);
    while (tcn_store_chore(f->s) != TCN_CHORE_NOW) {
        OK(f, tcn_store_begin(f->s, &f->err));
        for (int i = 0; i < 2000; i++) {
            char key[32];

            snprintf(key, sizeof key, "k%d", n++);
            OK(f,
               tcn_store_meta_put(f->s, key, "a value of some length to fill pages with", &f->err));
        }
        OK(f, tcn_store_commit(f->s, &f->err));
        assert_true(n < 2000000);
    }
    assert_int_equal(stat(name, &st), 0);
    assert_true(st.st_size >= (off_t)8000 * 4096);
    OK(f, tcn_store_checkpoint(f->s, &f->err));
    assert_int_equal(tcn_store_chore(f->s), TCN_CHORE_NONE);
    OK(f, put(f, 1));
    assert_int_equal(tcn_store_chore(f->s), TCN_CHORE_NONE);
    tcn_store_close(f->s);
    f->s = NULL;
    assert_int_equal(stat(name, &st), 0);
    assert_int_equal(st.st_size, 0);
    assert_sound(f->path);
}

/* -- faults ------------------------------------------------------------------------------------------------- */

/* A child opens the store under a fault and commits twenty rows, telling each on the pipe. Returns its status. */
static int run_child(struct fixture *f, int *ret_acked, bool *ret_fired)
{
    int pipe_fd[2], status;
    char told;
    pid_t pid;

    assert_int_equal(pipe(pipe_fd), 0);
    if ((pid = fork()) == 0) {
        int null_fd = open("/dev/null", O_WRONLY);

        dup2(null_fd, STDERR_FILENO);
        if (try_open(f, f->url, &f->s) == 0)
            for (int i = 1; i <= 20; i++) {
                char n = (char)i;

                if (put(f, i) == 0 && write(pipe_fd[1], &n, 1) != 1)
                    _exit(3);
                if (i % 5 == 0)
                    tcn_store_checkpoint(f->s, NULL);
            }
        tcn_store_close(f->s);
        _exit(fault.fired > 0 ? 1 : 0);
    }
    close(pipe_fd[1]);
    for (*ret_acked = 0; read(pipe_fd[0], &told, 1) == 1;)
        *ret_acked |= 1 << told;
    close(pipe_fd[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    *ret_fired = WEXITSTATUS(status) != 0;
    return WEXITSTATUS(status);
}

static void expect_acked(struct fixture *f, int acked)
{
    const char *value;
    char name[32];

    OK(f, try_open(f, f->url, &f->s));
    OK(f, tcn_store_begin(f->s, &f->err));
    for (int i = 1; i <= 20; i++) {
        snprintf(name, sizeof name, "n%d", i);
        OK(f, tcn_store_meta_get(f->s, name, &f->a, &value, &f->err));
        assert_true(value || !(acked & 1 << i));
    }
    tcn_store_rollback(f->s);
    tcn_store_close(f->s);
    f->s = NULL;
    assert_sound(f->path);
}

enum { NEW_STORE = 1, OLD_STORE = 2, FOR_GOOD = 4, MUST_DIE = 8 };

static void fail_every(struct fixture *f, enum fault_kind kind, int code, int how)
{
    bool fired = true, must_die = (how & MUST_DIE) != 0;
    const struct slice slice = slice_of(5);
    int acked, status, failed = -1;

    fault_vfs_install();
    remove_files(f);
    f->in_memory = true;
    make_dir(f);
    for (int k = slice.first; fired; k += slice.step, failed++) {
        memset(&fault, 0, sizeof fault);
        if (how & OLD_STORE) {
            OK(f, try_open(f, f->url, &f->s));
            tcn_store_close(f->s);
            f->s = NULL;
        }
        fault.kind = kind;
        fault.left = k;
        fault.code = code;
        fault.for_good = (how & FOR_GOOD) != 0;
        status = run_child(f, &acked, &fired);
        if (fired && must_die && status != 70)
            print_message("call %d did not end the process\n", k);
        if (fired && must_die)
            assert_int_equal(status, 70);
        assert_true(status == 70 || status == 1 || status == 0);
        memset(&fault, 0, sizeof fault);
        expect_acked(f, acked);
        remove_files(f);
        make_dir(f);
    }
    print_message("%d calls failed in turn\n", failed);
    assert_true(failed > 20 / slice.step);
}

static void failing_sync(void **state)
{
    fail_every(*state, FAULT_SYNC, SQLITE_IOERR_FSYNC, NEW_STORE | MUST_DIE);
}

static void failing_folder_sync(void **state)
{
    fail_every(*state, FAULT_SYNC, SQLITE_IOERR_DIR_FSYNC, OLD_STORE | MUST_DIE);
}

static void failing_write(void **state)
{
    fail_every(*state, FAULT_WRITE, SQLITE_IOERR_WRITE, OLD_STORE);
}

static void full_disk_for_good(void **state)
{
    fail_every(*state, FAULT_WRITE, SQLITE_FULL, OLD_STORE | FOR_GOOD);
}

static void full_disk_once(void **state)
{
    fail_every(*state, FAULT_WRITE, SQLITE_FULL, OLD_STORE);
}

/* The message of the process that ends. */
static void says_why(void **state)
{
    struct fixture *f = *state;
    int pipe_fd[2], status;
    char text[600] = "";
    ssize_t n;
    pid_t pid;

    fault_vfs_install();
    assert_int_equal(pipe(pipe_fd), 0);
    if ((pid = fork()) == 0) {
        dup2(pipe_fd[1], STDERR_FILENO);
        if (try_open(f, f->url, &f->s) == 0) {
            fault.kind = FAULT_SYNC;
            fault.left = 1;
            fault.code = SQLITE_IOERR_FSYNC;
            put(f, 1);
        }
        _exit(0);
    }
    close(pipe_fd[1]);
    n = read(pipe_fd[0], text, sizeof text - 1);
    close(pipe_fd[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(WEXITSTATUS(status), 70);
    assert_true(n > 0);
    assert_non_null(strstr(text, f->path));
    assert_non_null(strstr(text, "unknown"));
    assert_non_null(strstr(text, "level=error part=store"));
    assert_non_null(strstr(text, "exit=70"));
}

/* -- the full disk ------------------------------------------------------------------------------------------ */

#define MIB ((int64_t)1 << 20)

static void bound(void **state)
{
    static const struct {
        const char *name;
        int64_t database, log, size, need;
    } cases[] = {
        {"a new store", 0, 0, 8 * MIB, 16 * MIB},
        {"as large as the least", 8 * MIB, 0, 8 * MIB, 16 * MIB},
        {"a byte more", 8 * MIB + 1, 0, 16 * MIB, 24 * MIB},
        {"all of it may have work to do", 64 * MIB, 0, 64 * MIB, 72 * MIB},
        {"the log goes into the file", 8 * MIB, 2 * MIB, 8 * MIB, 26 * MIB},
        {"no more than the most", 256 * MIB, 0, 256 * MIB, 264 * MIB},
        {"of a large one few have", 20480 * MIB, 48 * MIB, 256 * MIB, 312 * MIB},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (tcn_reserve_size(cases[i].database) != cases[i].size ||
            tcn_reserve_need(cases[i].database, cases[i].log) != cases[i].need)
            fail_msg("%s", cases[i].name);
    }
}

static int64_t reserve_bytes(const struct fixture *f)
{
    char name[128];
    struct stat st;

    snprintf(name, sizeof name, "%s.reserve", f->path);
    return stat(name, &st) == 0 ? st.st_size : -1;
}

static void reserve_is_given_and_taken(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(reserve_bytes(f), TCN_RESERVE_MIN);
    fault.kind = FAULT_WRITE;
    fault.left = 1;
    fault.code = SQLITE_FULL;
    assert_int_equal(put(f, 1), TCN_EFULL);
    assert_true(tcn_store_is_full(f->s));
    assert_int_equal(reserve_bytes(f), TCN_RESERVE_MIN - MIB);
    assert_false(is_writable(f->s, &f->err));
    assert_int_equal(tcn_store_chore(f->s), TCN_CHORE_IDLE);
    OK(f, put(f, 2)); /* work in hand goes on */
    assert_true(tcn_store_is_full(f->s));
    OK(f, tcn_store_checkpoint(f->s, &f->err));
    assert_false(tcn_store_is_full(f->s));
    assert_int_equal(reserve_bytes(f), TCN_RESERVE_MIN);
    assert_true(is_writable(f->s, &f->err));
}

static int setup_fault(void **state)
{
    fault_vfs_install();
    memset(&fault, 0, sizeof fault);
    return setup_file(state);
}

static int teardown_fault(void **state)
{
    memset(&fault, 0, sizeof fault);
    return teardown(state);
}

static void fill_disk(const char *path)
{
    static char block[65536];
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
    size_t size = sizeof block;

    assert_true(fd >= 0);
    while (size > 0)
        if (write(fd, block, size) <= 0)
            size /= 2;
    close(fd);
}

static void plan_quota(void)
{
    memset(&fault, 0, sizeof fault);
    fault.kind = FAULT_WRITE;
    fault.left = 1;
    fault.code = SQLITE_IOERR_WRITE;
    fault.why = EDQUOT;
}

/* SQLite calls a quota that is used up an I/O error: in the log, and in the file at a checkpoint. */
static void quota_is_no_space(void **state)
{
    struct fixture *f = *state;

    plan_quota();
    assert_int_equal(put(f, 1), TCN_EFULL);
    assert_true(tcn_store_is_full(f->s));
    OK(f, put(f, 1));
    plan_quota();
    assert_int_equal(tcn_store_checkpoint(f->s, &f->err), TCN_EFULL);
    assert_true(tcn_store_is_full(f->s));
    OK(f, tcn_store_checkpoint(f->s, &f->err));
    assert_false(tcn_store_is_full(f->s));
}

/* Each write of a start in turn meets a full disk: it lives on the reserve that an earlier run left. */
static void start_lives_on_the_reserve(void **state)
{
    struct fixture *f = *state;
    int call = 0;

    do {
        tcn_store_close(f->s);
        f->s = NULL;
        memset(&fault, 0, sizeof fault);
        fault.kind = FAULT_WRITE;
        fault.left = ++call;
        fault.code = SQLITE_FULL;
        OK(f, try_open(f, f->url, &f->s));
        fault.left = 0;
        OK(f, put(f, call));
    } while (fault.fired);
    assert_true(call > 1);
}

/* Heeds what is_full says, or goes on until one fails. */
static int acknowledge_until_full(struct fixture *f, int from, bool is_deaf, int *ret_n)
{
    int r = 0, n = from;

    while (n < 100000 && (is_deaf || !tcn_store_is_full(f->s)) && (r = put(f, n)) == 0)
        n++;
    *ret_n = n;
    return r;
}

/* Takes what is free but for so many bytes. */
static void leave(const struct fixture *f, const char *filler, int64_t bytes)
{
    struct statvfs fs;
    int64_t size;
    int fd = open(filler, O_WRONLY | O_CREAT, 0600);

    assert_true(fd >= 0);
    assert_int_equal(statvfs(f->dir, &fs), 0);
    size = (int64_t)(fs.f_bavail * fs.f_frsize) - bytes;
    assert_true(size > 0);
    assert_int_equal(posix_fallocate(fd, lseek(fd, 0, SEEK_END), size), 0);
    close(fd);
}

/* Nothing fails and nothing of the reserve is touched when new work is refused already; then work in hand goes
 * through a log that begins anew again and again, from a reserve that others cannot take. */
static void full_before_it_fails(void **state)
{
    struct fixture *f = *state;
    char filler[96];
    int n = 0;

    if (geteuid() != 0 || mount("tocsin-test", f->dir, "tmpfs", 0, "size=48m,mode=0700") != 0) {
        print_message("skipped: no right to mount a tmpfs\n");
        return;
    }
    snprintf(filler, sizeof filler, "%s/filler", f->dir);
    OK(f, try_open(f, f->url, &f->s));
    OK(f, tcn_store_checkpoint(f->s, &f->err)); /* the log of the migrations is no work */
    leave(f, filler, TCN_RESERVE_FREE + MIB);
    while (!tcn_store_is_full(f->s) && n < 100000)
        OK(f, put(f, n++));
    assert_true(n > 1 && n < 100000);
    assert_int_equal(reserve_bytes(f), TCN_RESERVE_MIN);
    leave(f, filler, 0);
    for (int more = 0; more < 20000; more++) {
        OK(f, put(f, n++));
        if (tcn_store_chore(f->s) == TCN_CHORE_NOW)
            OK(f, tcn_store_checkpoint(f->s, &f->err));
    }
    assert_true(tcn_store_is_full(f->s));
    unlink(filler);
    OK(f, tcn_store_checkpoint(f->s, &f->err));
    assert_false(tcn_store_is_full(f->s));
    assert_true(reserve_bytes(f) >= TCN_RESERVE_MIN);
    tcn_store_close(f->s);
    f->s = NULL;
    assert_sound(f->path);
    assert_int_equal(umount2(f->dir, MNT_DETACH), 0);
}

/* A disk that has too little room for a reserve from the start. */
static void start_on_nearly_full_tmpfs(void **state)
{
    struct fixture *f = *state;

    if (geteuid() != 0 || mount("tocsin-test", f->dir, "tmpfs", 0, "size=12m,mode=0700") != 0) {
        print_message("skipped: no right to mount a tmpfs\n");
        return;
    }
    OK(f, try_open(f, f->url, &f->s));
    assert_true(tcn_store_is_full(f->s));
    OK(f, put(f, 1));
    OK(f, tcn_store_checkpoint(f->s, &f->err));
    assert_true(tcn_store_is_full(f->s));
    assert_int_equal(mount("tocsin-test", f->dir, "tmpfs", MS_REMOUNT, "size=48m"), 0);
    OK(f, tcn_store_checkpoint(f->s, &f->err));
    assert_false(tcn_store_is_full(f->s));
    assert_int_equal(reserve_bytes(f), TCN_RESERVE_MIN);
    tcn_store_close(f->s);
    f->s = NULL;
    assert_int_equal(umount2(f->dir, MNT_DETACH), 0);
}

static void small_tmpfs(void **state)
{
    struct fixture *f = *state;
    char filler[96], name[32];
    const char *value;
    int n, first_full;

    if (geteuid() != 0 || mount("tocsin-test", f->dir, "tmpfs", 0, "size=64m,mode=0700") != 0) {
        print_message("skipped: no right to mount a tmpfs\n");
        return;
    }
    snprintf(filler, sizeof filler, "%s/filler", f->dir);
    OK(f, try_open(f, f->url, &f->s));
    OK(f, put(f, 0));
    fill_disk(filler);
    OK(f, acknowledge_until_full(f, 1, false, &n));
    first_full = n;
    assert_true(tcn_store_is_full(f->s));
    /* The reserve carries work in hand: at least a hundred small transactions. */
    for (int i = 0; i < 100; i++)
        OK(f, put(f, n++));
    /* Without room it stays so, whatever upkeep tries. */
    tcn_store_checkpoint(f->s, NULL);
    assert_true(tcn_store_is_full(f->s));
    assert_int_equal(acknowledge_until_full(f, n, true, &n), TCN_EFULL);
    assert_int_equal(reserve_bytes(f), 0);
    unlink(filler);
    OK(f, tcn_store_checkpoint(f->s, &f->err));
    assert_false(tcn_store_is_full(f->s));
    OK(f, put(f, n));
    print_message("full after %d commits, %d more from the reserve\n", first_full, n - first_full);
    reopen(f);
    OK(f, tcn_store_begin(f->s, &f->err));
    for (int i = 0; i <= n; i++) {
        snprintf(name, sizeof name, "n%d", i);
        OK(f, tcn_store_meta_get(f->s, name, &f->a, &value, &f->err));
        assert_non_null(value);
    }
    tcn_store_rollback(f->s);
    tcn_store_close(f->s);
    f->s = NULL;
    assert_sound(f->path);
    assert_int_equal(umount2(f->dir, MNT_DETACH), 0);
}

/* Starts on a disk that gets ever fuller: from the reserve, from what the reserve left, and then not at all. */
static void start_on_full_tmpfs(void **state)
{
    struct fixture *f = *state;
    char filler[96];
    int starts = 0;

    if (geteuid() != 0 || mount("tocsin-test", f->dir, "tmpfs", 0, "size=64m,mode=0700") != 0) {
        print_message("skipped: no right to mount a tmpfs\n");
        return;
    }
    snprintf(filler, sizeof filler, "%s/filler", f->dir);
    OK(f, try_open(f, f->url, &f->s));
    OK(f, put(f, 0));
    tcn_store_close(f->s);
    f->s = NULL;
    do {
        fill_disk(filler);
        OK(f, try_open(f, f->url, &f->s));
        assert_true(tcn_store_is_full(f->s));
        OK(f, put(f, ++starts));
        tcn_store_close(f->s);
        f->s = NULL;
    } while (reserve_bytes(f) > 0 && starts < 100);
    assert_int_equal(reserve_bytes(f), 0);
    assert_true(starts > 2);
    fill_disk(filler);
    assert_int_equal(try_open(f, f->url, &f->s), TCN_EFULL);
    assert_non_null(strstr(f->err.msg, f->path));
    assert_non_null(strstr(f->err.msg, "make room"));
    unlink(filler);
    OK(f, try_open(f, f->url, &f->s));
    assert_false(tcn_store_is_full(f->s));
    tcn_store_close(f->s);
    f->s = NULL;
    assert_sound(f->path);
    assert_int_equal(umount2(f->dir, MNT_DETACH), 0);
}

#define IN_DIR(name) cmocka_unit_test_setup_teardown(name, setup_dir, teardown)
#define WITH_FAULT(name) cmocka_unit_test_setup_teardown(name, setup_fault, teardown_fault)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_DIR(places),
        IN_DIR(symbolic_link),
        cmocka_unit_test(file_systems),
        IN_FILE(is_private),
        IN_FILE(files_keep_their_names),
        IN_FILE(one_owner),
        IN_FILE(settings),
        IN_FILE(damaged),
        IN_FILE(damaged_rows),
        IN_FILE(log_is_settled),
        cmocka_unit_test(bound),
        IN_DIR(full_before_it_fails),
        IN_DIR(start_on_nearly_full_tmpfs),
        IN_DIR(small_tmpfs),
        IN_DIR(start_on_full_tmpfs),
        IN_DIR(failing_sync),
        IN_DIR(failing_folder_sync),
        IN_DIR(failing_write),
        IN_DIR(full_disk_for_good),
        IN_DIR(full_disk_once),
        IN_DIR(says_why),
        WITH_FAULT(reserve_is_given_and_taken),
        WITH_FAULT(start_lives_on_the_reserve),
        WITH_FAULT(quota_is_no_space),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
