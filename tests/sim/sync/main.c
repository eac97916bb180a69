/* sim_sync [--seed N|today] [--runs N] [--skip HEX] [--without KIND,...] [--orders PAUSES] [--trace]
 * Stories run in a process of their own, so that one that fails is made smaller by others. */
#include "sync.h"

#include "sys/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct options options = {.seed = 1};
struct totals *totals;

static struct shared {
    uint64_t seed;
    const char *fault; /* the format of what was told of it: the same in all these processes */
    struct totals totals;
} * shared;

#define SYNC_NAME(name, text) text,
static const char *const kind_names[KINDS] = {SYNC_KINDS(SYNC_NAME)};

/* -- what is told ---------------------------------------------------------------------------------------------------------- */

void fail(const char *fmt, ...)
{
    va_list args;

    shared->fault = fmt;
    va_start(args, fmt);
    fprintf(stderr, "sync: seed %llu, at %.3f s: ", (unsigned long long)options.seed,
            (double)(clockwork_now_ms() - START_MS) / 1000);
    vfprintf(stderr, fmt, args);
    fprintf(stderr, "\n");
    va_end(args);
    _exit(FAIL_STATUS);
}

void tell(const char *fmt, ...)
{
    va_list args;

    if (!options.traces)
        return;
    va_start(args, fmt);
    fprintf(stderr, "%9.3f ", (double)(clockwork_now_ms() - START_MS) / 1000);
    vfprintf(stderr, fmt, args);
    fprintf(stderr, "\n");
    va_end(args);
}

static void print_command(const struct options *o)
{
    const char *before = " --without ";

    fprintf(stderr, "sync: again with --seed %llu --runs 1", (unsigned long long)o->seed);
    if (o->skip)
        fprintf(stderr, " --skip %llx", (unsigned long long)o->skip);
    for (size_t i = 0; i < KINDS; i++)
        if (o->without >> i & 1) {
            fprintf(stderr, "%s%s", before, kind_names[i]);
            before = ",";
        }
    fprintf(stderr, " --trace\n");
}

/* Of the processes that ran: others on the machine do not count. */
static double processor_s(void)
{
    struct rusage u;

    getrusage(RUSAGE_CHILDREN, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static void print(double seconds)
{
    const struct totals *t = totals;
    double busy = processor_s();

    printf("sync: %lld stories in %.1f s, %.1f s of the processor (%.0f/s): %lld steps, %lld edits "
           "(%lld of them in a "
           "ticket system), %lld hours\n",
           (long long)t->stories, seconds, busy, (double)t->stories / busy, (long long)t->steps,
           (long long)t->edits, (long long)t->edits_of_people, (long long)t->virtual_ms / HOUR);
    printf("sync: %lld calls, %lld of them with a fault, %lld that arrived after their time; %lld "
           "hints, %lld lost; %lld crashes\n",
           (long long)t->calls, (long long)t->faults, (long long)t->late_applied,
           (long long)t->hints, (long long)t->hints_lost, (long long)t->crashes);
    printf("sync: %lld records, %lld values written (%lld of them were there already), %lld notes "
           "found, %lld heard\n",
           (long long)t->creates, (long long)t->writes, (long long)t->equal_writes,
           (long long)t->notes, (long long)t->heard);
    printf(
        "sync: %lld values lost to an older one, with a word; %lld written over before they could "
        "be read\n",
        (long long)t->conflicts, (long long)t->raced);
    printf("sync: %lld events, %lld jobs, %lld transactions undone and done again\n",
           (long long)t->events, (long long)t->jobs, (long long)t->again);
}

/* -- options ---------------------------------------------------------------------------------------------------------------- */

static void usage(void)
{
    fprintf(stderr, "usage: sim_sync [--seed N|today] [--runs N] [--skip HEX] [--without KIND,...] "
                    "[--orders PAUSES] [--trace]\nkinds:");
    for (size_t i = 0; i < KINDS; i++)
        fprintf(stderr, " %s", kind_names[i]);
    fprintf(stderr, "\n");
    exit(2);
}

static unsigned parse_kinds(const char *text)
{
    unsigned kinds = 0;

    while (*text) {
        size_t len = strcspn(text, ","), i = 0;

        while (i < KINDS &&
               (strlen(kind_names[i]) != len || strncmp(kind_names[i], text, len) != 0))
            i++;
        if (i == KINDS)
            usage();
        kinds |= 1u << i;
        text += text[len] ? len + 1 : len;
    }
    return kinds;
}

static void parse_value(const char *name, const char *value, int64_t *ret_runs)
{
    if (strcmp(name, "--seed") == 0 && strcmp(value, "today") == 0)
        options.seed = (uint64_t)time(NULL) / 86400 * 1000000;
    else if (strcmp(name, "--seed") == 0)
        options.seed = strtoull(value, NULL, 10);
    else if (strcmp(name, "--runs") == 0)
        *ret_runs = strtoll(value, NULL, 10);
    else if (strcmp(name, "--skip") == 0)
        options.skip = strtoull(value, NULL, 16);
    else if (strcmp(name, "--orders") == 0)
        options.orders = (int)strtol(value, NULL, 10), options.without = ~0u;
    else if (strcmp(name, "--without") == 0)
        options.without = parse_kinds(value);
    else
        usage();
}

static void parse(int argc, char **argv, int64_t *ret_runs)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--trace") == 0)
            options.traces = true;
        else if (i + 1 == argc)
            usage();
        else
            parse_value(argv[i], argv[i + 1], ret_runs), i++;
    }
}

/* -- runs ------------------------------------------------------------------------------------------------------------------- */

static void run_all(int64_t runs)
{
    uint64_t first = options.seed;

    tcn_log_set_level((enum tcn_log_level)(TCN_LOG_ERROR + 1));
    program_open();
    database_open();
    if (options.orders > 0)
        orders_run(options.orders);
    for (int64_t i = 0; i < runs && options.orders == 0; i++) {
        options.seed = shared->seed = first + (uint64_t)i;
        story_run();
    }
    database_close();
    program_close();
}

static bool run_apart(const struct options *o, int64_t runs, bool is_quiet)
{
    int status = 0;
    pid_t pid;

    fflush(stdout);
    if ((pid = fork()) == 0) {
        options = *o;
        if (is_quiet && !freopen("/dev/null", "w", stderr))
            _exit(3);
        run_all(runs);
        history_end();
        exit(0);
    }
    return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
           WEXITSTATUS(status) == 0;
}

/* In the same way. */
static bool fails(const struct options *o, const char *fault)
{
    shared->fault = NULL;
    return !run_apart(o, 1, true) && shared->fault == fault;
}

static bool leave_out(struct options *best, struct options without, const char *fault)
{
    if (!fails(&without, fault))
        return false;
    *best = without;
    return true;
}

/* Kinds, then steps one by one, as long as it still fails. */
static struct options make_smaller(struct options best, const char *fault)
{
    bool is_smaller = true;

    while (is_smaller) {
        is_smaller = false;
        for (int i = 0; i < KINDS; i++) {
            struct options o = best;

            o.without |= 1u << i;
            is_smaller |= o.without != best.without && leave_out(&best, o, fault);
        }
        for (int i = 0; i < STEPS_MAX; i++) {
            struct options o = best;

            o.skip |= UINT64_C(1) << i;
            is_smaller |= o.skip != best.skip && leave_out(&best, o, fault);
        }
    }
    return best;
}

static int explain(void)
{
    const char *fault = shared->fault;
    struct options failed = options;

    failed.seed = shared->seed;
    print_command(&failed);
    if (!fails(&failed, fault)) {
        fprintf(stderr, "sync: alone it does not fail\n");
        return 1;
    }
    failed = make_smaller(failed, fault);
    fprintf(stderr, "sync: the smallest that still fails:\n");
    print_command(&failed);
    failed.traces = true;
    run_apart(&failed, 1, false);
    return 1;
}

static double now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    int64_t runs = 100;
    double start = now_s();

    parse(argc, argv, &runs);
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        return 3;
    totals = &shared->totals;
    printf("sync: seeds %llu..%llu\n", (unsigned long long)options.seed,
           (unsigned long long)options.seed + (unsigned long long)runs - 1);
    if (!run_apart(&options, runs, false))
        return options.traces || options.orders > 0 ? 1 : explain();
    print(now_s() - start);
    return 0;
}
