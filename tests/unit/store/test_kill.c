/* kill -9 at random moments: every row that was acknowledged is there, and the file is sound. */
#include "raw.h"

#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#define ROUNDS 100

/* Commits rows for ever; after each commit its number goes to the pipe. */
static void commit_for_ever(struct fixture *f, int fd, uint32_t from)
{
    for (uint32_t n = from;; n++) {
        struct tcn_incident row = {.id = id_of(n), .title = "t", .dedupe_string = "k"};

        if (tcn_store_begin(f->s, NULL) < 0 || tcn_store_incident_put(f->s, &row, NULL) < 0 ||
            tcn_store_commit(f->s, NULL) < 0 || write(fd, &n, sizeof n) != sizeof n)
            _exit(1);
        if (n % 64 == 0)
            tcn_store_checkpoint(f->s, NULL);
    }
}

/* Returns the last number that the child acknowledged, or from - 1. The time runs from the child's start, or from its
 * first commit: on a busy machine that may be long after. */
static uint32_t killed_round(struct fixture *f, uint32_t from, bool is_committing, int64_t wait_us)
{
    const struct timespec wait = {0, (long)wait_us * 1000};
    uint32_t n, last = from - 1;
    int pipe_fd[2], status;
    pid_t pid;

    assert_int_equal(pipe(pipe_fd), 0);
    if ((pid = fork()) == 0) {
        close(pipe_fd[0]);
        if (try_open(f, f->url, &f->s) < 0)
            _exit(1);
        commit_for_ever(f, pipe_fd[1], from);
    }
    close(pipe_fd[1]);
    if (is_committing && read(pipe_fd[0], &n, sizeof n) == sizeof n)
        last = n;
    /* Randomness of the moment is what is tested here; there is no event to await. */
    nanosleep(&wait, NULL);
    kill(pid, SIGKILL);
    while (read(pipe_fd[0], &n, sizeof n) == sizeof n)
        last = n;
    close(pipe_fd[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
    return last;
}

static void nothing_acknowledged_is_lost(void **state)
{
    struct fixture *f = *state;
    unsigned seed = (unsigned)getpid();
    struct tcn_incident out;
    uint32_t acked = 0, checked = 0;

    tcn_store_close(f->s);
    f->s = NULL;
    print_message("seed %u\n", seed);
    for (int round = 0; round < ROUNDS; round++) {
        /* The row after the last acknowledged one may be there or not: put replaces it. */
        acked = killed_round(f, acked + 1, round % 2 == 1, rand_r(&seed) % 40000);
        OK(f, try_open(f, f->url, &f->s));
        OK(f, tcn_store_begin(f->s, &f->err));
        for (; checked < acked; checked++)
            OK(f, tcn_store_incident_get(f->s, id_of(checked + 1), &f->a, &out, &f->err));
        tcn_arena_reset(&f->a);
        tcn_store_rollback(f->s);
        tcn_store_close(f->s);
        f->s = NULL;
    }
    print_message("%u commits acknowledged\n", acked);
    assert_true(acked >= ROUNDS / 2);
    assert_sound(f->path);
    OK(f, try_open(f, f->url, &f->s));
    OK(f, tcn_store_begin(f->s, &f->err));
    for (uint32_t n = 1; n <= acked; n++)
        OK(f, tcn_store_incident_get(f->s, id_of(n), &f->a, &out, &f->err));
    tcn_store_rollback(f->s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {IN_FILE(nothing_acknowledged_is_lost)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
