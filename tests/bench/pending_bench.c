/* What it costs to find a due page among many that wait: a claim with its transaction, the look at the next due time, and due
 * timers.
 *
 *     bench_pending [--pending N] [--done N] [--rounds N]
 *
 * Beside them are pages that were sent, as many as pending ones unless told.
 * Under tests/postgres.py the store is in its server. Times are those of the machine it runs on. */
#include "bench_place.h"

#include "base/arena.h"
#include "sys/clock.h"

#include <string.h>

#define FAR (NOW + INT64_C(86400000))
#define GROUP 1000
#define DONE_FROM (UINT64_C(1) << 40) /* numbers of pages that no pending one has */
#define ROUNDS_MAX 100000
#define GOAL_US 2000 /* of a claim, in PostgreSQL */

static int64_t claims_us[ROUNDS_MAX], nexts_us[ROUNDS_MAX], timers_us[ROUNDS_MAX];

static struct tcn_id spread_id(uint64_t n)
{
    struct tcn_id id;
    uint64_t x = (n + 1) * 0x9E3779B97F4A7C15u, y = x * 0xBF58476D1CE4E5B9u;

    memcpy(id.b, &x, 8);
    memcpy(id.b + 8, &y, 8);
    return id;
}

static void add_page(struct tcn_store *s, uint64_t n, int64_t due_ms, enum tcn_send_state state,
                     struct tcn_err *err)
{
    struct tcn_send_row row = {.id = spread_id(n),
                               .page = spread_id(n + 1),
                               .incident = spread_id(n),
                               .send_no = 1,
                               .due_ms = due_ms,
                               .contact = "ana",
                               .channel = "mail",
                               .channel_type = TCN_EMAIL,
                               .state = state};

    must(tcn_store_send_add(s, &row, err), err);
}

/* As the work of many transactions. */
static void begin_some(struct tcn_store *s, uint64_t n, struct tcn_err *err)
{
    if (n % GROUP == 0)
        must(tcn_store_begin(s, err), err);
}

static void commit_some(struct tcn_store *s, uint64_t n, uint64_t total, struct tcn_err *err)
{
    if (n % GROUP == GROUP - 1 || n + 1 == total)
        must(tcn_store_commit(s, err), err);
    if (n % GROUP == GROUP - 1 && tcn_store_chore(s) == 2)
        must(tcn_store_checkpoint(s, err), err);
}

/* A page and a timer each, due in the days after tomorrow; and pages that were sent in the days before. */
static void fill(struct tcn_store *s, uint64_t pending, uint64_t done)
{
    struct tcn_err err;
    int64_t start_us = tcn_clock_mono_us();

    for (uint64_t n = 0; n < pending; n++) {
        int64_t due_ms = FAR + (int64_t)(n * 7919 % pending);

        begin_some(s, n, &err);
        add_page(s, n, due_ms, TCN_SEND_PENDING, &err);
        must(tcn_store_timer_set(s, spread_id(n), due_ms, &err), &err);
        commit_some(s, n, pending, &err);
    }
    for (uint64_t n = 0; n < done; n++) {
        begin_some(s, n, &err);
        add_page(s, DONE_FROM + n, NOW - (int64_t)(n * 7919 % done), TCN_SEND_DONE, &err);
        commit_some(s, n, done, &err);
    }
    printf("%llu pages and timers pending, %llu pages done, written in %.1f s\n",
           (unsigned long long)pending, (unsigned long long)done,
           (double)(tcn_clock_mono_us() - start_us) / 1e6);
}

/* One page becomes due and is claimed, as the pump does it: the claim is a transaction of its own. */
static void claim_one(struct tcn_store *s, uint64_t n, struct tcn_arena *a, size_t round)
{
    struct tcn_send_row *rows;
    struct tcn_id due[10];
    struct tcn_err err;
    int64_t next_ms, t[4];
    size_t n_rows, n_due;

    must(tcn_store_begin(s, &err), &err);
    add_page(s, n, NOW, TCN_SEND_PENDING, &err);
    must(tcn_store_commit(s, &err), &err);
    t[0] = tcn_clock_mono_us();
    must(tcn_store_begin(s, &err), &err);
    must(tcn_store_send_claim(s, NOW, 10, a, &rows, &n_rows, &err), &err);
    must(tcn_store_commit(s, &err), &err);
    t[1] = tcn_clock_mono_us();
    must(tcn_store_begin(s, &err), &err);
    must(tcn_store_next_due(s, &next_ms, &err), &err);
    t[2] = tcn_clock_mono_us();
    must(tcn_store_timer_due(s, NOW, 10, due, &n_due, &err), &err);
    t[3] = tcn_clock_mono_us();
    must(tcn_store_send_finish(s, rows[0].id, TCN_SEND_DONE, 0, "sent", &err), &err);
    must(tcn_store_commit(s, &err), &err);
    if (n_rows != 1 || n_due != 0 || next_ms < FAR) {
        fprintf(stderr, "bench_pending: %zu pages and %zu timers are due, the next at %lld\n",
                n_rows, n_due, (long long)next_ms);
        exit(1);
    }
    claims_us[round] = t[1] - t[0];
    nexts_us[round] = t[2] - t[1];
    timers_us[round] = t[3] - t[2];
}

static int by_value(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;

    return (a > b) - (a < b);
}

static void tell(const char *what, int64_t *us, size_t n)
{
    qsort(us, n, sizeof *us, by_value);
    printf("%-34s p50 %6lld us, p99 %6lld us\n", what, (long long)us[n / 2],
           (long long)us[n * 99 / 100]);
}

static void measure(struct tcn_store *s, uint64_t pending, size_t rounds)
{
    struct tcn_arena a = {0};

    tcn_arena_init(&a, (size_t)1 << 20);
    for (size_t i = 0; i < rounds; i++) {
        claim_one(s, pending + i, &a, i);
        tcn_arena_reset(&a);
    }
    tcn_arena_done(&a);
    tell("claim of one due page, committed", claims_us, rounds);
    printf("%-34s p99 <= %d us: %s\n", "goal", GOAL_US,
           claims_us[rounds * 99 / 100] <= GOAL_US ? "pass" : "MISS");
    tell("next due time", nexts_us, rounds);
    tell("due timers, none", timers_us, rounds);
}

static uint64_t number(const char *text, uint64_t max)
{
    uint64_t n = strtoull(text, NULL, 10);

    if (n >= 1 && n <= max)
        return n;
    fprintf(stderr, "usage: bench_pending [--pending N] [--done N] [--rounds 1..%d]\n", ROUNDS_MAX);
    exit(2);
}

int main(int argc, char **argv)
{
    uint64_t pending = 1000000, done = 0, rounds = 1000;
    struct tcn_store *s;

    for (int i = 1; i < argc; i += 2)
        if (i + 1 < argc && strcmp(argv[i], "--pending") == 0)
            pending = number(argv[i + 1], 100000000);
        else if (i + 1 < argc && strcmp(argv[i], "--done") == 0)
            done = number(argv[i + 1], 100000000);
        else if (i + 1 < argc && strcmp(argv[i], "--rounds") == 0)
            rounds = number(argv[i + 1], ROUNDS_MAX);
        else
            number("", 0);
    make_place();
    s = open_store();
    fill(s, pending, done ? done : pending);
    measure(s, pending, rounds);
    tcn_store_close(s);
    remove_place();
    return 0;
}
