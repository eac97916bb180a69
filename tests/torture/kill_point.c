/* Loaded before Tocsin (LD_PRELOAD), it kills the process at a labelled point of a create: KILL_POINT=LABEL:N, at that of
 * the N-th create, or of the N-th answer. What a ticket system knows, what Tocsin knows and what is durable differ between any two of
 * them. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FDS 4096

enum point {
    UNSET,
    BEFORE_SYNC, /* the next after the create went out: intents and results of others are written, not durable */
    AFTER_SYNC,
    BEFORE_CREATE, /* its intent is durable, nobody was asked */
    AFTER_CREATE,  /* the ticket system has it, or will */
    BEFORE_ANSWER, /* it has arrived, unread */
    AFTER_ANSWER,  /* it was read, and nothing was written */
    BEFORE_RESULT, /* the next sync after that */
    AFTER_RESULT,
};
static const char *const labels[] = {
    [BEFORE_SYNC] = "before-sync",     [AFTER_SYNC] = "after-sync",
    [BEFORE_CREATE] = "before-create", [AFTER_CREATE] = "after-create",
    [BEFORE_ANSWER] = "before-answer", [AFTER_ANSWER] = "after-answer",
    [BEFORE_RESULT] = "before-result", [AFTER_RESULT] = "after-result",
};
static const char *const creates[] = {"POST /api/now/table/incident", "POST /rest/api/3/issue",
                                      "POST /incidents"};

static enum point wanted;
static long wanted_no;
static atomic_long n_creates, n_answers;
static atomic_bool is_asked[FDS]; /* a create went out there, and its answer has not been read */

__attribute__((constructor)) static void read_point(void)
{
    const char *text = getenv("KILL_POINT"), *no = text ? strchr(text, ':') : NULL;

    for (size_t i = 1; no && i < sizeof labels / sizeof *labels; i++)
        if (strlen(labels[i]) == (size_t)(no - text) &&
            strncmp(text, labels[i], (size_t)(no - text)) == 0)
            wanted = (enum point)i;
    wanted_no = no ? strtol(no + 1, NULL, 10) : 0;
    if (wanted == UNSET || wanted_no < 1)
        abort();
}

static void pass(enum point here, long no)
{
    if (here == wanted && no >= wanted_no)
        kill(getpid(), SIGKILL);
}

static bool is_create(const char *bytes, size_t size)
{
    for (size_t i = 0; i < sizeof creates / sizeof *creates; i++) {
        size_t len = strlen(creates[i]);

        if (size > len && memcmp(bytes, creates[i], len) == 0 &&
            (bytes[len] == ' ' || bytes[len] == '?'))
            return true;
    }
    return false;
}

__attribute__((visibility("default"))) ssize_t send(int fd, const void *bytes, size_t size,
                                                    int flags)
{
    bool asks = fd >= 0 && fd < FDS && is_create(bytes, size);
    long no = asks ? ++n_creates : 0;
    ssize_t sent;

    if (asks)
        pass(BEFORE_CREATE, no);
    sent = syscall(SYS_sendto, fd, bytes, size, flags, NULL, 0);
    if (asks && sent == (ssize_t)size) {
        is_asked[fd] = true;
        pass(AFTER_CREATE, no);
    }
    return sent;
}

__attribute__((visibility("default"))) ssize_t recv(int fd, void *bytes, size_t size, int flags)
{
    bool is_answer = fd >= 0 && fd < FDS && is_asked[fd] && !(flags & MSG_PEEK);
    ssize_t got;
    char first;

    if (is_answer && syscall(SYS_recvfrom, fd, &first, 1, MSG_PEEK | MSG_DONTWAIT, NULL, NULL) == 1)
        pass(BEFORE_ANSWER, n_answers + 1);
    got = syscall(SYS_recvfrom, fd, bytes, size, flags, NULL, NULL);
    if (is_answer && got >= 0) {
        is_asked[fd] = false;
        if (got > 0)
            pass(AFTER_ANSWER, ++n_answers);
    }
    return got;
}

static int synced(long call, int fd)
{
    long creates_before = n_creates, answers_before = n_answers;
    int r;

    pass(BEFORE_SYNC, creates_before);
    pass(BEFORE_RESULT, answers_before);
    r = (int)syscall(call, fd);
    pass(AFTER_SYNC, creates_before);
    pass(AFTER_RESULT, answers_before);
    return r;
}

__attribute__((visibility("default"))) int fsync(int fd)
{
    return synced(SYS_fsync, fd);
}

__attribute__((visibility("default"))) int fdatasync(int fd)
{
    return synced(SYS_fdatasync, fd);
}
