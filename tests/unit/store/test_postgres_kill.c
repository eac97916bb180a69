/* Servers that die and connections that break in the middle of commits: what a job was told is what the database has.
 * Durable: its rows are there exactly once. Failed: they are not there, and running it again is without harm. */
#include "rows.h"

#include "pg_proxy.h"
#include "store/thread.h"
#include "sys/clock.h"

#include <signal.h>

#define OUTSTANDING 24
#define JOBS_MAX 200000

struct bed {
    struct fixture f;
    struct event_base *base;
    struct event *again; /* after a refusal */
    struct tcn_storethread *t;
    unsigned seed;
    uint32_t next, until; /* numbers of jobs */
    size_t outstanding, durable, failed, refused, away, back;
    int8_t told[JOBS_MAX]; /* 1 durable, -1 failed */
    bool is_draining;
};

struct append {
    struct tcn_job job;
    struct bed *bed;
    uint32_t no;
};

/* A receipt is appended, so that a job that ran twice leaves two. */
static int run_append(struct tcn_job *base, struct tcn_store *s, int64_t now_ms,
                      struct tcn_err *err)
{
    struct append *j = (struct append *)base;
    struct tcn_receipt receipt = {.page = id_of(j->no), .type = TCN_RECEIPT_UNSET, .note = "n"};
    struct tcn_lane lane;
    char key[24];
    int r;

    snprintf(key, sizeof key, "k%u", j->no % 7);
    receipt.time_ms = now_ms;
    tcn_arena_reset(&j->bed->f.a);
    if ((r = tcn_store_lane_get(s, key, NULL, &j->bed->f.a, &lane, NULL, err)) < 0 ||
        (r = tcn_store_lane_put(s, &lane, err)) < 0 ||
        (r = tcn_store_receipt_add(s, &receipt, err)) < 0)
        return r;
    return tcn_store_timer_set(s, id_of(j->no), 1 + j->no, err);
}

static void post_more(struct bed *b);

static void done_append(struct tcn_job *base, int r, const struct tcn_err *err)
{
    struct append *j = (struct append *)base;
    struct bed *b = j->bed;

    assert_int_equal(b->told[j->no], 0);
    b->told[j->no] = r == 0 ? 1 : -1;
    b->durable += r == 0;
    b->failed += r < 0;
    if (r < 0 && r != TCN_EBUSY)
        fail_msg("job %u: %d %s", j->no, r, err->msg);
    b->outstanding--;
    free(j);
    post_more(b);
}

static void post_more(struct bed *b)
{
    static const struct timeval soon = {0, 5000};

    while (b->outstanding < OUTSTANDING && b->next < b->until) {
        struct append *j = calloc(1, sizeof *j);

        *j = (struct append){
            .job = {.run = run_append, .done = done_append}, .bed = b, .no = b->next};
        if (tcn_storethread_post(b->t, &j->job) < 0) {
            free(j);
            b->refused++;
            event_add(b->again, &soon);
            return;
        }
        b->next++;
        b->outstanding++;
    }
}

static void on_again(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    post_more(arg);
}

static void on_away(void *ctx, bool is_away, const char *why)
{
    struct bed *b = ctx;

    if (is_away)
        print_message("away: %s\n", why);
    b->away += is_away;
    b->back += !is_away;
}

static int64_t fixed_clock(void *ctx)
{
    (void)ctx;
    return NOW;
}

static void start(struct bed *b, const char *url)
{
    struct tcn_storethread_options o = {
        .store = {.url = url, .account_id = ACCOUNT, .node = "t"},
        .now_ms = fixed_clock,
        .on_away = on_away,
        .away_ctx = b,
    };

    OK(&b->f, tcn_storethread_start(b->base, &o, &b->t, &b->f.err));
}

static int setup(void **state)
{
    struct bed *b = calloc(1, sizeof *b);

    b->seed = (unsigned)getpid();
    print_message("seed %u\n", b->seed);
    tcn_arena_init(&b->f.a, (size_t)64 << 20);
    pg_schema(b->f.schema, b->f.url, sizeof b->f.url);
    b->base = event_base_new();
    b->again = evtimer_new(b->base, on_again, b);
    b->next = 1;
    *state = b;
    return 0;
}

static int teardown_bed(void **state)
{
    struct bed *b = *state;

    tcn_storethread_stop(b->t);
    event_free(b->again);
    event_base_free(b->base);
    pg_drop(b->f.schema);
    tcn_arena_done(&b->f.a);
    free(b);
    return 0;
}

/* Works on for so long, and for ever while it is 0 and jobs are outstanding. */
static void work(struct bed *b, int64_t ms)
{
    int64_t until_us = tcn_clock_mono_us() + ms * 1000;

    post_more(b);
    while (ms ? tcn_clock_mono_us() < until_us : b->outstanding > 0 || b->next < b->until) {
        struct timeval slice = {0, 2000};

        event_base_loopexit(b->base, &slice);
        assert_int_equal(event_base_dispatch(b->base), 0);
    }
}

/* On a busy machine a node is not back, or has written nothing, within a fixed time. */
static void work_until_durable(struct bed *b, size_t n)
{
    while (b->durable < n)
        work(b, 5);
}

static int64_t number_of(struct bed *b, const char *sql)
{
    char text[400], *got;
    int64_t n;

    snprintf(text, sizeof text, "SET search_path = %s; %s", b->f.schema, sql);
    got = pg_raw(pg_server(), text);
    n = strtoll(got, NULL, 10);
    free(got);
    return n;
}

static void check(struct bed *b)
{
    char sql[200];

    assert_int_equal(number_of(b, "SELECT count(*) FROM receipts"), b->durable);
    assert_int_equal(number_of(b, "SELECT count(DISTINCT page) FROM receipts"), b->durable);
    for (uint32_t no = 1; no < b->until; no++) {
        if (b->told[no] == 1)
            continue;
        snprintf(sql, sizeof sql, "SELECT count(*) FROM receipts WHERE page = '\\xa0%030x'", no);
        assert_int_equal(number_of(b, sql), 0);
    }
    print_message("%zu durable, %zu failed, %zu refused, away %zu times\n", b->durable, b->failed,
                  b->refused, b->away);
}

/* A server that was killed late may not be back yet. */
static void await_database(struct bed *b)
{
    struct tcn_storethread_stats stats;

    for (tcn_storethread_stats(b->t, &stats); stats.is_away; tcn_storethread_stats(b->t, &stats)) {
        struct timeval slice = {0, 2000};

        event_base_loopexit(b->base, &slice);
        assert_int_equal(event_base_dispatch(b->base), 0);
    }
}

/* A second time, as their senders would. */
static void repeat_failed(struct bed *b)
{
    size_t before = b->durable + b->failed;

    await_database(b);
    for (uint32_t no = 1; no < b->until; no++)
        if (b->told[no] == -1) {
            struct append *j = calloc(1, sizeof *j);

            *j = (struct append){
                .job = {.run = run_append, .done = done_append}, .bed = b, .no = no};
            b->told[no] = 0;
            b->failed--;
            OK(&b->f, tcn_storethread_post(b->t, &j->job));
            b->outstanding++;
        }
    work(b, 0);
    assert_int_equal(b->failed, 0);
    assert_int_equal(b->durable, before);
    check(b);
}

static bool answers(void)
{
    PGconn *conn = PQconnectdb(pg_server());
    bool is = PQstatus(conn) == CONNECTION_OK;

    PQfinish(conn);
    return is;
}

static void killed_servers(void **state)
{
    struct bed *b = *state;
    int rounds = getenv("TOCSIN_DEEP") ? 60 : 8;

    start(b, b->f.url);
    b->until = JOBS_MAX;
    for (int i = 0; i < rounds; i++) {
        int pid = pg_server_pid();

        if (i % 2 == 1)
            work_until_durable(b, b->durable + 6);
        work(b, 1 + rand_r(&b->seed) % 250);
        assert_int_equal(kill(pid, SIGQUIT), 0);
        /* The thread learns of it by itself, and comes back by itself. */
        while (pg_server_pid() == pid || !answers())
            work(b, 20);
    }
    b->until = b->next;
    work(b, 0);
    assert_true(b->durable > 20);
    check(b);
    repeat_failed(b);
}

static void cut_connections(void **state)
{
    static const long sizes[] = {2000, 6000, 20000, 60000};
    struct bed *b = *state;
    struct tcn_storethread_stats stats;
    struct proxy p;
    char url[320];

    proxy_start(&p, b->seed);
    proxy_url(&p, b->f.schema, url, sizeof url);
    start(b, url);
    b->until = JOBS_MAX;
    for (int i = 0; i < (getenv("TOCSIN_DEEP") ? 400 : 20); i++) {
        proxy_limit(&p, sizes[i % 4], false);
        /* One that is not limited yet is ended by the server. */
        pg_run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
               " WHERE application_name = 'tocsin/t'");
        work(b, 150);
        proxy_limit(&p, 0, false);
        work_until_durable(b, b->durable + 2);
    }
    b->until = b->next;
    work(b, 0);
    tcn_storethread_stats(b->t, &stats);
    print_message("%lu cuts, %llu undecided\n", proxy_read(&p, &p.cuts),
                  (unsigned long long)stats.undecided);
    assert_true(proxy_read(&p, &p.cuts) > 10 && b->durable > 20);
    check(b);
    repeat_failed(b);
    tcn_storethread_stop(b->t);
    b->t = NULL;
    proxy_stop(&p);
}

static void cut_commits(void **state)
{
    struct bed *b = *state;
    struct tcn_storethread_stats stats;
    unsigned long long wanted = getenv("TOCSIN_DEEP") ? 1000 : 60;
    struct proxy p;
    char url[320];

    proxy_start(&p, b->seed);
    proxy_url(&p, b->f.schema, url, sizeof url);
    start(b, url);
    proxy_limit(&p, 0, true);
    b->until = JOBS_MAX;
    do
        work(b, 50);
    while (tcn_storethread_stats(b->t, &stats), stats.undecided < wanted);
    proxy_limit(&p, 0, false);
    b->until = b->next;
    work(b, 0);
    print_message("%lu cuts, %llu undecided\n", proxy_read(&p, &p.cuts),
                  (unsigned long long)stats.undecided);
    assert_true(b->durable > 20);
    check(b);
    repeat_failed(b);
    tcn_storethread_stop(b->t);
    b->t = NULL;
    proxy_stop(&p);
}

/* The server is away for longer than work in hand waits: it fails, what comes is refused, and then all is as before. */
static void away(void **state)
{
    struct bed *b = *state;
    struct tcn_storethread_stats stats;
    struct proxy p;
    char url[320], aside[112];

    proxy_start(&p, b->seed);
    proxy_url(&p, b->f.schema, url, sizeof url);
    snprintf(aside, sizeof aside, "%s.aside", p.path);
    start(b, url);
    b->until = 500;
    work(b, 0);
    assert_int_equal(b->durable, 499);
    assert_int_equal(rename(p.path, aside), 0);
    pg_run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
           " WHERE application_name = 'tocsin/t'");
    b->until = JOBS_MAX;
    while (b->away == 0 || b->refused == 0)
        work(b, 20);
    assert_true(b->failed > 0 && b->outstanding == 0);
    tcn_storethread_stats(b->t, &stats);
    assert_true(stats.is_away);
    assert_int_equal(rename(aside, p.path), 0);
    while (b->back == 0 || b->durable < 600)
        work(b, 20);
    b->until = b->next;
    work(b, 0);
    check(b);
    repeat_failed(b);
    tcn_storethread_stop(b->t);
    b->t = NULL;
    proxy_stop(&p);
}

/* SIGTERM while the server is away does not wait for it. */
static void stopped_while_away(void **state)
{
    struct bed *b = *state;
    struct proxy p;
    char url[320];
    int64_t begun_us;

    proxy_start(&p, b->seed);
    proxy_url(&p, b->f.schema, url, sizeof url);
    start(b, url);
    b->until = 100;
    work(b, 0);
    proxy_stop(&p);
    b->until = 200;
    post_more(b);
    begun_us = tcn_clock_mono_us();
    tcn_storethread_stop(b->t);
    b->t = NULL;
    assert_true(tcn_clock_mono_us() - begun_us < 5000000);
    assert_int_equal(b->outstanding, 0);
    b->until = b->next;
    check(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(killed_servers, setup, teardown_bed),
        cmocka_unit_test_setup_teardown(cut_connections, setup, teardown_bed),
        cmocka_unit_test_setup_teardown(cut_commits, setup, teardown_bed),
        cmocka_unit_test_setup_teardown(away, setup, teardown_bed),
        cmocka_unit_test_setup_teardown(stopped_while_away, setup, teardown_bed),
    };

    if (!pg_server()) {
        print_message("SKIP: run by tests/postgres.py\n");
        return 77;
    }
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
