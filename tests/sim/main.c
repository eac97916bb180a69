/* sim_engine [--seed N|today] [--runs N] [--steps N] [--from N] [--without KIND,...] [--store NAME] [--trace] [--forgets]
 * Runs in a process of its own, so that one that dies is made smaller by another. */
#include "stores.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SIM_NAME(name, text) text,
static const char *const feature_names[FEATURES] = {SIM_FEATURES(SIM_NAME)};

struct totals {
    int64_t steps, turns, sends, answers, crashes, flapped, early, echoes, tries, after_all;
    int64_t by_code, helpers, stops, missed, tries_after, reckoned, on_call, gaps, twice, doubts,
        in_vain, splits, bare, unanswered, hours, engine_ns;
    int64_t verdicts[TCN_INTAKE_ALIVE + 1];
};

/* Shared with the process that runs. */
struct progress {
    uint64_t seed;
    int64_t step;
    struct totals totals;
};
static struct progress *progress;

/* -- options -------------------------------------------------------------------------------------------------- */

static void usage(void)
{
    fprintf(stderr, "usage: sim_engine [--seed N|today] [--runs N] [--steps N] [--from N] "
                    "[--without KIND,...] [--store NAME] [--trace] [--forgets]\nkinds:");
    for (size_t i = 0; i < FEATURES; i++)
        fprintf(stderr, " %s", feature_names[i]);
    fprintf(stderr, "\n");
    exit(2);
}

static uint64_t parse_seed(const char *text)
{
    return strcmp(text, "today") == 0 ? (uint64_t)time(NULL) / 86400 * 100000
                                      : strtoull(text, NULL, 10);
}

static unsigned parse_kinds(const char *text)
{
    unsigned kinds = 0;

    while (*text) {
        size_t len = strcspn(text, ","), i = 0;

        while (i < FEATURES &&
               (strlen(feature_names[i]) != len || strncmp(feature_names[i], text, len) != 0))
            i++;
        if (i == FEATURES)
            usage();
        kinds |= 1u << i;
        text += text[len] ? len + 1 : len;
    }
    return kinds;
}

static void parse_value(const char *name, const char *value, struct options *ret, int64_t *ret_runs)
{
    if (strcmp(name, "--seed") == 0)
        ret->seed = parse_seed(value);
    else if (strcmp(name, "--runs") == 0)
        *ret_runs = strtoll(value, NULL, 10);
    else if (strcmp(name, "--steps") == 0)
        ret->steps = strtoll(value, NULL, 10);
    else if (strcmp(name, "--from") == 0)
        ret->from = strtoll(value, NULL, 10);
    else if (strcmp(name, "--without") == 0)
        ret->without = parse_kinds(value);
    else if (strcmp(name, "--store") != 0 || !(ret->store = world_store_of(value)))
        usage();
}

static void parse(int argc, char **argv, struct options *ret, int64_t *ret_runs)
{
    for (int i = 1; i < argc; i++) {
        bool is_forgets = strcmp(argv[i], "--forgets") == 0;
        bool is_trace = strcmp(argv[i], "--trace") == 0;

        ret->forgets |= is_forgets;
        ret->traces |= is_trace;
        if (is_forgets || is_trace)
            continue;
        if (i + 1 == argc)
            usage();
        parse_value(argv[i], argv[i + 1], ret, ret_runs);
        i++;
    }
}

static void print_command(const struct options *o)
{
    const char *before = " --without ";

    fprintf(stderr, "sim: again with --seed %llu --runs 1 --steps %lld",
            (unsigned long long)o->seed, (long long)o->steps);
    if (o->from != 0)
        fprintf(stderr, " --from %lld", (long long)o->from);
    for (size_t i = 0; i < FEATURES; i++)
        if (o->without >> i & 1) {
            fprintf(stderr, "%s%s", before, feature_names[i]);
            before = ",";
        }
    if (o->store)
        fprintf(stderr, " --store %s", o->store->name);
    fprintf(stderr, "%s\n", o->forgets ? " --forgets" : "");
}

/* -- what was done -------------------------------------------------------------------------------------------- */

static void add(struct totals *t, const struct world *w)
{
    t->steps += w->options.steps - w->options.from;
    t->turns += w->turns;
    t->sends += w->sends;
    t->answers += w->answers;
    t->crashes += w->crashes;
    t->flapped += w->flapped;
    t->early += w->early;
    t->echoes += w->echoes;
    t->tries += w->tries;
    t->after_all += w->after_all;
    t->tries_after += w->tries_after;
    t->by_code += w->by_code;
    t->helpers += w->helpers;
    t->stops += w->stops;
    t->bare += w->bare;
    t->missed += w->missed;
    t->reckoned += w->reckoned;
    t->on_call += w->on_call;
    t->gaps += w->gaps;
    t->twice += w->twice;
    t->doubts += w->doubts;
    t->in_vain += w->in_vain;
    t->splits += w->splits;
    t->unanswered += w->unanswered;
    t->engine_ns += w->engine_ns;
    t->hours += (w->truth - w->start) / HOUR;
    for (size_t i = 0; i <= TCN_INTAKE_ALIVE; i++)
        t->verdicts[i] += w->verdicts[i];
}

static int64_t clock_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static double now_s(void)
{
    return (double)clock_ns() / 1e9;
}

/* Of the processes that ran: others on the machine do not count. */
static double processor_s(void)
{
    struct rusage u;

    getrusage(RUSAGE_CHILDREN, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

/* Of the time that others took from it, the engine had its share. */
static void print_speed(const struct totals *t, double seconds)
{
    double turns = (double)t->turns, engine = (double)t->engine_ns / 1e9 / seconds;

    printf("sim: %.1f s, %.1f s of the processor: %.0f decisions/s, of the engine alone %.0f\n",
           seconds, processor_s(), turns / processor_s(), turns / (engine * processor_s()));
}

static void print(const struct totals *t, double seconds)
{
    static const char *const names[] = {"unset",  "nothing", "ignored", "late",     "opened",
                                        "folded", "updated", "waiting", "resolved", "reopened",
                                        "storm",  "held",    "muted",   "alive"};

    printf("sim: %lld steps, %lld decisions, %lld crashes, %lld messages, %lld answers, %.1f "
           "years\nsim: alarms:",
           (long long)t->steps, (long long)t->turns, (long long)t->crashes, (long long)t->sends,
           (long long)t->answers, (double)t->hours / 24 / 365);
    for (size_t i = TCN_INTAKE_NOTHING; i <= TCN_INTAKE_ALIVE; i++)
        printf(" %s %lld", names[i], (long long)t->verdicts[i]);
    printf(" (flapping %lld, echoes that fired %lld)\n", (long long)t->flapped,
           (long long)t->echoes);
    printf("sim: stages before their time: %lld; tries while nobody is reached: %lld, %lld got "
           "through, %lld after an answer\n",
           (long long)t->early, (long long)t->tries, (long long)t->after_all,
           (long long)t->tries_after);
    printf("sim: engagements reckoned: %lld; schedules engaged: %lld, with nobody on call %lld; "
           "people named twice at once: %lld\n",
           (long long)t->reckoned, (long long)t->on_call, (long long)t->gaps, (long long)t->twice);
    printf("sim: messages in doubt: %lld; nobody was known to be reached: %lld; alarms "
           "let out of storms: %lld; plans that ended without an answer: %lld\n",
           (long long)t->doubts, (long long)t->in_vain, (long long)t->splits,
           (long long)t->unanswered);
    printf(
        "sim: answers by code: %lld; engaged by hand: %lld, without an incident %lld; engagements "
        "that were stopped: %lld; signs of life that were missing: %lld\n",
        (long long)t->by_code, (long long)t->helpers, (long long)t->bare, (long long)t->stops,
        (long long)t->missed);
    print_speed(t, seconds);
}

/* A search that never got somewhere proves nothing about that place. */
static int check_reach(const struct totals *t)
{
    const int64_t rare[] = {t->flapped, t->crashes,   t->answers, t->early,       t->echoes,
                            t->tries,   t->after_all, t->on_call, t->gaps,        t->twice,
                            t->doubts,  t->in_vain,   t->splits,  t->tries_after, t->by_code,
                            t->helpers, t->stops,     t->missed,  t->bare,        t->unanswered};

    if (t->steps < 50000)
        return 0;
    for (size_t i = TCN_INTAKE_NOTHING; i <= TCN_INTAKE_ALIVE; i++)
        if (t->verdicts[i] == 0) {
            fprintf(stderr, "sim: no alarm ever came to verdict %zu\n", i);
            return 1;
        }
    for (size_t i = 0; i < sizeof rare / sizeof *rare; i++)
        if (rare[i] == 0) {
            fprintf(stderr, "sim: rare thing %zu never happened\n", i);
            return 1;
        }
    return 0;
}

/* -- runs ------------------------------------------------------------------------------------------------------ */

static void run_all(const struct options *options, int64_t runs)
{
    const struct world lists = {.keys = calloc(MAX_KEYS, sizeof *lists.keys),
                                .incidents = calloc(MAX_INCIDENTS, sizeof *lists.incidents),
                                .slots = calloc(ROW_SLOTS, sizeof *lists.slots),
                                .open = calloc(MAX_INCIDENTS, sizeof *lists.open),
                                .timers = calloc(MAX_INCIDENTS, sizeof *lists.timers),
                                .pending = calloc(MAX_PENDING, sizeof *lists.pending)};
    struct world *w = calloc(1, sizeof *w);

    for (int64_t i = 0; i < runs; i++) {
        *w = lists;
        w->options = *options;
        w->options.seed = progress->seed = options->seed + (uint64_t)i;
        memset(w->slots, 0, ROW_SLOTS * sizeof *w->slots);
        world_run(w, &progress->step);
        add(&progress->totals, w);
        if (options->traces)
            printf("sim: trace of %llu: %016llx\n", (unsigned long long)w->options.seed,
                   (unsigned long long)w->trace);
    }
    free(lists.keys);
    free(lists.incidents);
    free(lists.slots);
    free(lists.open);
    free(lists.timers);
    free(lists.pending);
    free(w);
}

/* Whether the runs end as they should. */
static bool run_apart(const struct options *options, int64_t runs, bool is_quiet)
{
    int status = 0;
    pid_t pid;

    fflush(stdout);
    if ((pid = fork()) == 0) {
        if (is_quiet && !freopen("/dev/null", "w", stderr))
            _exit(3);
        run_all(options, runs);
        exit(0);
    }
    return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
           WEXITSTATUS(status) == 0;
}

static bool fails(const struct options *options)
{
    return !run_apart(options, 1, true);
}

static int make_smaller(const struct options *options)
{
    struct options failed = *options;

    failed.seed = progress->seed;
    failed.steps = progress->step < options->steps ? progress->step + 1 : options->steps;
    if (!fails(&failed))
        failed.steps = options->steps;
    print_command(&failed);
    failed = minimise(&failed, fails);
    fprintf(stderr, "sim: the smallest that still fails:\n");
    print_command(&failed);
    run_apart(&failed, 1, false);
    return 1;
}

int main(int argc, char **argv)
{
    struct options options = {.seed = 1, .steps = 1000, .clock_ns = clock_ns};
    int64_t runs = 50;
    double start;

    parse(argc, argv, &options, &runs);
    progress =
        mmap(NULL, sizeof *progress, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (progress == MAP_FAILED)
        return 3;
    printf("sim: seeds %llu..%llu, %lld steps each\n", (unsigned long long)options.seed,
           (unsigned long long)options.seed + (unsigned long long)runs - 1,
           (long long)options.steps);
    zones_make();
    (void)mallopt(M_MMAP_THRESHOLD, 64 << 20); /* what one run leaves is for the next */
    (void)mallopt(M_TRIM_THRESHOLD, 512 << 20);
    start = now_s();
    if (!run_apart(&options, runs, false))
        return make_smaller(&options);
    print(&progress->totals, now_s() - start);
    return check_reach(&progress->totals);
}
