/* Power loss at every call that reaches the disk. See README.md. */
#include "crash_disk.h"
#include "crash_steps.h"
#include "store/internal.h"
#include "sys/clock.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOW ((int64_t)1785690280989)
#define STEM "store.db"
#define EXIT_CRASHED 9

/* What the crashing process tells; in memory that it shares with us. */
struct told {
    bool acked[STEPS];
    uint64_t calls;
};

static struct told *told;
static char folder[160] = "/dev/shm", path[220], url[240];

static struct tcn_store *open_store(struct tcn_err *err)
{
    const struct tcn_store_options o = {.url = url, .account_id = "123456789012", .node = "t"};
    struct tcn_store *s = NULL;

    return tcn_store_open(&o, NOW, &s, err) == 0 ? s : NULL;
}

/* -- the process that crashes ------------------------------------------------------------------------------- */

static void end_crashed(void)
{
    told->calls = crash_disk_calls();
    _exit(EXIT_CRASHED);
}

/* Two steps may wait for one sync; what is synced, by a later commit too, was in its turn. */
static void write_step(struct tcn_store *s, int no, bool *committed)
{
    bool is_unsynced;

    if (step_write(s, no, &is_unsynced) < 0)
        return;
    committed[no] = true;
    if (is_unsynced && no % 4 == 1)
        return;
    if (is_unsynced)
        tcn_store_sync(s);
    for (int i = 0; i <= no; i++)
        told->acked[i] |= committed[i];
}

/* The steps that are not there yet, with checkpoints and a restart in between. */
static int work(void)
{
    struct tcn_store *s = open_store(NULL);
    struct tcn_arena a = {0};
    bool committed[STEPS] = {false};

    tcn_arena_init(&a, (size_t)64 << 20);
    for (int no = 0; s && no < STEPS; no++) {
        if (step_found(s, no, &a) == STEP_WHOLE)
            continue;
        write_step(s, no, committed);
        if (no % 4 == 3)
            tcn_store_checkpoint(s, NULL);
        if (no == STEPS / 2) {
            tcn_store_close(s);
            s = open_store(NULL);
        }
    }
    tcn_arena_done(&a);
    tcn_store_close(s);
    return s ? 0 : 1;
}

/* Returns the exit status. */
static int run_until(const struct crash_plan *plan)
{
    int status;
    pid_t pid = fork();

    if (pid < 0)
        abort();
    if (pid == 0) {
        int r;

        crash_disk_on_crash = end_crashed;
        crash_disk_install(folder, STEM, plan);
        r = work();
        told->calls = crash_disk_calls();
        crash_disk_lose_power();
        _exit(r);
    }
    if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
        return -1;
    return WEXITSTATUS(status);
}

/* -- what is left ------------------------------------------------------------------------------------------- */

static int take_text(void *arg, int n, char **values, char **names)
{
    (void)names;
    snprintf(arg, 64, "%s", n > 0 && values[0] ? values[0] : "");
    return 0;
}

static bool is_sound(void)
{
    char answer[64] = "";
    sqlite3 *db = NULL;

    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK)
        sqlite3_exec(db, "PRAGMA integrity_check", take_text, answer, NULL);
    sqlite3_close(db);
    return strcmp(answer, "ok") == 0;
}

static bool complain(const char *what, int no)
{
    printf("  %s (step %d)\n", what, no);
    return false;
}

static bool steps_hold(struct tcn_store *s, struct tcn_arena *a)
{
    bool is_over = false;

    for (int no = 0; no < STEPS; no++) {
        int found = step_found(s, no, a);

        if (found < 0 || (found > 0 && found < STEP_WHOLE))
            return complain("half a step is there", no);
        if (found == 0 && told->acked[no])
            return complain("an acknowledged step is lost", no);
        if (found > 0 && is_over)
            return complain("a step is there before its predecessor", no);
        is_over = is_over || found == 0;
    }
    return true;
}

static bool holds(void)
{
    struct tcn_arena a = {0};
    struct tcn_err err;
    struct tcn_store *s = open_store(&err);
    bool ok;

    if (!s) {
        printf("  does not open: %s\n", err.msg);
        return false;
    }
    tcn_arena_init(&a, (size_t)64 << 20);
    ok = steps_hold(s, &a);
    tcn_arena_done(&a);
    tcn_store_close(s);
    return ok && (is_sound() || complain("integrity_check fails", -1));
}

static void remove_files(void)
{
    static const char *const tails[] = {"", "-wal", "-shm", "-journal", ".reserve"};
    char name[256];

    for (size_t i = 0; i < sizeof tails / sizeof *tails; i++) {
        snprintf(name, sizeof name, "%s%s", path, tails[i]);
        unlink(name);
    }
    memset(told, 0, sizeof *told);
}

/* -- rounds ------------------------------------------------------------------------------------------------- */

static uint64_t all_calls(void)
{
    const struct crash_plan none = {0};

    remove_files();
    if (run_until(&none) != 0 || !holds())
        return 0;
    for (int no = 0; no < STEPS; no++)
        if (!told->acked[no])
            return 0;
    return told->calls;
}

/* One crash at that call; a second one of the recovery for every third. False: something was lost. */
static bool round_holds(uint64_t at, uint64_t seed, bool lies)
{
    struct crash_plan plan = {at, seed, lies};
    int status;

    remove_files();
    status = run_until(&plan);
    if (status != EXIT_CRASHED) {
        printf("  ended with %d instead of the crash\n", status);
        return false;
    }
    if ((at + seed) % 3 == 0) {
        plan.at = 1 + (at * 7 + seed * 13) % 40;
        status = run_until(&plan);
        if (status != EXIT_CRASHED && status != 0) {
            printf("  ended with %d in the recovery\n", status);
            return false;
        }
    }
    return holds();
}

/* A disk that lies must be found out, or the checks above are worth nothing. */
static bool notices_lies(uint64_t calls)
{
    printf("a disk that lies about syncs is noticed by:\n");
    for (uint64_t at = calls; at > calls / 2; at -= 3)
        if (!round_holds(at, 1, true))
            return true;
    return false;
}

static bool sweep(uint64_t calls, uint64_t seed, int64_t until_us, uint64_t *ret_rounds)
{
    /* The step keeps early ends even, and a prime visits every call. */
    for (uint64_t i = 0, at = seed % calls; i < calls; i++, at = (at + 9973) % calls) {
        if (tcn_clock_mono_us() > until_us)
            return true;
        if (!round_holds(at + 1, seed, false)) {
            printf("FAILED: --seed %llu, call %llu of %llu\n", (unsigned long long)seed,
                   (unsigned long long)at + 1, (unsigned long long)calls);
            return false;
        }
        ++*ret_rounds;
    }
    return true;
}

static void usage(void)
{
    fprintf(stderr, "usage: torture_crash_vfs [--seconds N] [--seed N] [--folder DIR]\n");
    exit(2);
}

static void make_folder(void)
{
    size_t len = strlen(folder);

    snprintf(folder + len, sizeof folder - len, "/tocsin-crash-XXXXXX");
    if (!mkdtemp(folder)) {
        perror(folder);
        exit(1);
    }
    snprintf(path, sizeof path, "%s/%s", folder, STEM);
    snprintf(url, sizeof url, "sqlite:%s", path);
}

int main(int argc, char **argv)
{
    uint64_t seed = 1, calls, rounds = 0;
    int64_t seconds = 20, until_us;
    bool ok = true;

    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--seconds") == 0)
            seconds = strtoll(argv[i + 1], NULL, 10);
        else if (strcmp(argv[i], "--seed") == 0)
            seed = strtoull(argv[i + 1], NULL, 10);
        else if (strcmp(argv[i], "--folder") == 0)
            snprintf(folder, sizeof folder - 32, "%s", argv[i + 1]);
        else
            usage();
    }
    if (argc % 2 == 0)
        usage();
    told = mmap(NULL, sizeof *told, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (told == MAP_FAILED)
        abort();
    if (access(folder, W_OK) < 0)
        snprintf(folder, sizeof folder, "/tmp");
    make_folder();
    setvbuf(stdout, NULL, _IOLBF, 0);
    until_us = tcn_clock_mono_us() + seconds * 1000000;
    if ((calls = all_calls()) == 0) {
        printf("FAILED: the steps do not work without a crash\n");
        ok = false;
    } else if (!notices_lies(calls)) {
        printf("FAILED: a disk that lies about syncs was not noticed\n");
        ok = false;
    }
    for (; ok && tcn_clock_mono_us() < until_us; seed++)
        ok = sweep(calls, seed, until_us, &rounds);
    printf("%llu crashes over %llu calls, last seed %llu\n", (unsigned long long)rounds,
           (unsigned long long)calls, (unsigned long long)seed - 1);
    remove_files();
    rmdir(folder);
    return ok ? 0 : 1;
}
