/* Nodes on a server whose clock is wrong, or becomes another one's: a standby that was promoted has a clock of its own. The
 * server's clock is that of a schema, which stands before pg_catalog on the path. */
#include "rows.h"

#include "store/nodes.h"
#include "store/thread.h"
#include "sys/clock.h"

#define PATIENCE_US (30 * INT64_C(1000000))

/* The fixture's store is node "a", the other "b". */
struct nodes {
    struct fixture f;
    struct tcn_store *b;
};

static struct tcn_store *open_node(struct fixture *f, const char *node)
{
    const struct tcn_store_options o = {.url = f->url, .account_id = ACCOUNT, .node = node};
    struct tcn_store *s = NULL;

    OK(f, tcn_store_open(&o, NOW, &s, &f->err));
    return s;
}

static int64_t ask_sql(struct fixture *f, const char *sql)
{
    char *text = pg_raw(f->url, sql);
    int64_t n = strtoll(text, NULL, 10);

    free(text);
    return n;
}

static void make_clock(struct fixture *f)
{
    char sql[400], *path;

    pg_schema(f->schema, f->url, sizeof f->url);
    path = f->url + strlen(f->url);
    snprintf(path, sizeof f->url - strlen(f->url), "%%2Cpg_catalog");
    snprintf(sql, sizeof sql,
             "CREATE TABLE wrong (by_ms bigint); INSERT INTO wrong VALUES (0);"
             "GRANT SELECT ON wrong TO PUBLIC;"
             "CREATE FUNCTION clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE AS"
             " 'SELECT pg_catalog.clock_timestamp() + make_interval(secs => by_ms / 1000.0)"
             " FROM %s.wrong'",
             f->schema);
    free(pg_raw(f->url, sql));
}

static void set_wrong(struct fixture *f, int64_t by_ms)
{
    char sql[64];

    snprintf(sql, sizeof sql, "UPDATE wrong SET by_ms = %lld", (long long)by_ms);
    free(pg_raw(f->url, sql));
}

static int setup_nodes(void **state)
{
    struct nodes *n = calloc(1, sizeof *n);

    if (!pg_server())
        return -1;
    tcn_arena_init(&n->f.a, (size_t)64 << 20);
    make_clock(&n->f);
    n->f.s = open_node(&n->f, "a");
    n->b = open_node(&n->f, "b");
    *state = n;
    return 0;
}

static int teardown_nodes(void **state)
{
    struct nodes *n = *state;

    tcn_store_close(n->f.s);
    tcn_store_close(n->b);
    pg_drop(n->f.schema);
    tcn_arena_done(&n->f.a);
    free(n);
    return 0;
}

/* -- leases ------------------------------------------------------------------------------------------------- */

static size_t beat(struct nodes *n, struct tcn_store *s)
{
    size_t gone = 0;

    OK(&n->f, tcn_store_beat(s, &gone, &n->f.err));
    return gone;
}

static void both_live_for(struct nodes *n, int64_t ms)
{
    int64_t until_us = tcn_clock_mono_us() + ms * 1000;

    while (tcn_clock_mono_us() < until_us) {
        assert_int_equal(beat(n, n->f.s), 0);
        assert_int_equal(beat(n, n->b), 0);
        usleep(TCN_LEASE_MS * 1000 / 8);
    }
}

/* How long after its last beat the other one was taken over. */
static int64_t ms_until_a_is_gone(struct nodes *n)
{
    int64_t begun_us = tcn_clock_mono_us();

    while (beat(n, n->b) == 0) {
        assert_true(tcn_clock_mono_us() < begun_us + PATIENCE_US);
        usleep(20000);
    }
    return (tcn_clock_mono_us() - begun_us) / 1000;
}

static void outlive_the_grace(struct nodes *n)
{
    both_live_for(n, 2 * TCN_LEASE_MS + 500);
}

static void a_clock_that_steps_ends_nobody(void **state)
{
    struct nodes *n = *state;

    outlive_the_grace(n);
    set_wrong(&n->f, 60000);
    assert_int_equal(beat(n, n->b), 0);
    both_live_for(n, TCN_LEASE_MS / 2);
    set_wrong(&n->f, -60000);
    both_live_for(n, TCN_LEASE_MS / 2);
    assert_in_range(ms_until_a_is_gone(n), TCN_LEASE_MS - 1000, TCN_LEASE_MS + 1500);
}

/* Its last beat is of a time that is still to come. */
static void a_clock_that_is_behind_keeps_no_dead_node_alive(void **state)
{
    struct nodes *n = *state;

    outlive_the_grace(n);
    set_wrong(&n->f, -60000);
    assert_in_range(ms_until_a_is_gone(n), TCN_LEASE_MS - 1000, TCN_LEASE_MS + 1500);
}

/* It died between its start and its first beat, as of a version that left no time then. */
static void who_was_never_seen_dies_too(void **state)
{
    struct nodes *n = *state;

    free(pg_raw(n->f.url, "UPDATE epochs SET seen_ms = 0 WHERE node = 'a'"));
    assert_in_range(ms_until_a_is_gone(n), TCN_LEASE_MS - 1000, 3 * TCN_LEASE_MS);
}

/* -- whose rows --------------------------------------------------------------------------------------------- */

static void put_rows(struct fixture *f)
{
    struct tcn_send_row send = {
        .id = id_of(1), .page = id_of(100), .incident = id_of(200), .send_no = 1, .due_ms = NOW};
    struct tcn_subscription row = {
        .source = "s", .topic = "t", .state = 1, .asked_ms = NOW, .due_ms = NOW + 60000};

    OK(f, tcn_store_begin(f->s, &f->err));
    OK(f, tcn_store_send_add(f->s, &send, &f->err));
    OK(f, tcn_store_subscription_put(f->s, &row, &f->err));
    OK(f, tcn_store_commit(f->s, &f->err));
}

static void who_changes_a_row_is_its_writer(void **state)
{
    struct nodes *n = *state;
    struct fixture *f = &n->f;

    put_rows(f);
    OK(f, tcn_store_begin(n->b, &f->err));
    OK(f, tcn_store_send_drop(n->b, id_of(200), (struct tcn_id){{0}}, "over", &f->err));
    OK(f, tcn_store_clock_back(n->b, NOW - 1000, 1000, &f->err));
    OK(f, tcn_store_commit(n->b, &f->err));
    assert_int_equal(ask_sql(f, "SELECT state FROM sends"), TCN_SEND_DROPPED);
    assert_int_equal(ask_sql(f, "SELECT epoch FROM sends"), tcn_store_epoch(n->b));
    assert_int_equal(ask_sql(f, "SELECT due_ms FROM subscriptions"), NOW + 59000);
    assert_int_equal(ask_sql(f, "SELECT epoch FROM subscriptions"), tcn_store_epoch(n->b));
}

/* -- the time ----------------------------------------------------------------------------------------------- */

#define NEAR_MS 500 /* what a busy machine may need between two readings */

/* Ahead of this machine, by what the store goes by. */
static void assert_ahead(const struct tcn_store *s, int64_t ms)
{
    int64_t ahead_ms = tcn_store_now_ms(s) - tcn_clock_now_ms();

    assert_true(ahead_ms > ms - NEAR_MS && ahead_ms < ms + NEAR_MS);
}

static void assert_near(int64_t ms, int64_t wanted_ms)
{
    assert_true(ms > wanted_ms - NEAR_MS && ms < wanted_ms + NEAR_MS);
}

static void settle(struct nodes *n, struct tcn_store *s, int64_t wanted_ms)
{
    int64_t by_ms = 0;

    beat(n, s);
    OK(&n->f, tcn_store_clock_settle(s, &by_ms, &n->f.err));
    assert_near(by_ms, wanted_ms);
}

static void write_once(struct nodes *n, struct tcn_store *s)
{
    OK(&n->f, tcn_store_begin(s, &n->f.err));
    OK(&n->f, tcn_store_meta_put(s, "any", "x", &n->f.err));
    OK(&n->f, tcn_store_commit(s, &n->f.err));
}

/* With every answer that a node waits for anyway. */
static void all_go_by_the_server(void **state)
{
    struct nodes *n = *state;
    struct tcn_store *late;

    assert_ahead(n->f.s, 0);
    set_wrong(&n->f, 100000);
    late = open_node(&n->f, "c");
    assert_ahead(late, 100000);
    tcn_store_close(late);
    assert_ahead(n->b, 0);
    beat(n, n->b);
    assert_ahead(n->b, 100000);
    write_once(n, n->f.s);
    assert_ahead(n->f.s, 100000);
    set_wrong(&n->f, 99000); /* too little to be anything */
    beat(n, n->b);
    assert_ahead(n->b, 99000);
}

static int64_t put_timer(struct nodes *n)
{
    int64_t due_ms = tcn_store_now_ms(n->f.s) + 300000;

    OK(&n->f, tcn_store_begin(n->f.s, &n->f.err));
    OK(&n->f, tcn_store_timer_set(n->f.s, id_of(1), due_ms, &n->f.err));
    OK(&n->f, tcn_store_commit(n->f.s, &n->f.err));
    return due_ms;
}

static void assert_due(struct nodes *n, int64_t ms)
{
    assert_near(ask_sql(&n->f, "SELECT due_ms FROM timers"), ms);
}

/* Nobody goes back before the rows do, and they do so once, whoever of the nodes is first. */
static void a_set_back_is_taken_from_the_rows_once(void **state)
{
    struct nodes *n = *state;
    int64_t due_ms = put_timer(n);
    struct tcn_store *late;

    set_wrong(&n->f, -60000);
    beat(n, n->b);
    assert_ahead(n->b, 0);
    settle(n, n->b, 60000);
    assert_ahead(n->b, -60000);
    assert_due(n, due_ms - 60000);
    settle(n, n->f.s, 60000);
    assert_ahead(n->f.s, -60000);
    assert_due(n, due_ms - 60000);
    late = open_node(&n->f, "c");
    settle(n, late, 0);
    set_wrong(&n->f, -90000);
    settle(n, late, 30000);
    settle(n, n->b, 30000);
    set_wrong(&n->f, -140000); /* the first saw nothing of the one before */
    settle(n, n->f.s, 80000);
    settle(n, n->b, 50000);
    settle(n, late, 50000);
    assert_due(n, due_ms - 140000);
    tcn_store_close(late);
}

/* What took rows for due by a time that is to come again leaves nothing. */
static void a_set_back_within_a_transaction(void **state)
{
    struct nodes *n = *state;
    struct fixture *f = &n->f;

    OK(f, tcn_store_begin(f->s, &f->err));
    set_wrong(f, -60000);
    OK(f, tcn_store_meta_put(f->s, "any", "x", &f->err));
    assert_int_equal(tcn_store_commit(f->s, &f->err), TCN_ECONFLICT);
    assert_int_equal(ask_sql(f, "SELECT count(*) FROM meta WHERE name = 'any'"), 0);
    settle(n, f->s, 60000);
    write_once(n, f->s);
    assert_int_equal(ask_sql(f, "SELECT count(*) FROM meta WHERE name = 'any'"), 1);
}

/* -- the thread --------------------------------------------------------------------------------------------- */

struct write_job {
    struct tcn_job job; /* first */
    int64_t now_ms;
    int r;
    bool is_done;
};

static int run_write(struct tcn_job *job, struct tcn_store *s, int64_t now_ms, struct tcn_err *err)
{
    ((struct write_job *)job)->now_ms = now_ms;
    return tcn_store_meta_put(s, "any", "x", err);
}

static void done_write(struct tcn_job *job, int r, const struct tcn_err *err)
{
    struct write_job *w = (struct write_job *)job;

    (void)err;
    w->r = r;
    w->is_done = true;
}

static void note_set_back(void *ctx, int64_t by_ms)
{
    *(int64_t *)ctx += by_ms;
}

/* By how much the job's time was ahead of this machine's. */
static int64_t write_by_thread(struct event_base *base, struct tcn_storethread *t)
{
    struct write_job w = {.job = {.run = run_write, .done = done_write}};

    assert_int_equal(tcn_storethread_post(t, &w.job), 0);
    while (!w.is_done)
        assert_int_equal(event_base_loop(base, EVLOOP_ONCE), 0);
    assert_int_equal(w.r, 0);
    return w.now_ms - tcn_clock_now_ms();
}

static void a_thread_moves_rows_before_it_goes_on(void **state)
{
    struct nodes *n = *state;
    struct event_base *base = event_base_new();
    int64_t told_ms = 0, due_ms = put_timer(n);
    const struct tcn_storethread_options o = {
        .store = {.url = n->f.url, .account_id = ACCOUNT, .node = "t"},
        .on_set_back = note_set_back,
        .set_back_ctx = &told_ms};
    struct tcn_storethread *t = NULL;

    OK(&n->f, tcn_storethread_start(base, &o, &t, &n->f.err));
    assert_near(write_by_thread(base, t), 0);
    set_wrong(&n->f, -60000);
    assert_near(write_by_thread(base, t), -60000);
    assert_near(tcn_storethread_now_ms(t) - tcn_clock_now_ms(), -60000);
    assert_due(n, due_ms - 60000);
    assert_near(told_ms, 60000);
    set_wrong(&n->f, 20000);
    write_by_thread(base, t); /* its answer tells */
    assert_near(write_by_thread(base, t), 20000);
    tcn_storethread_stop(t);
    event_base_free(base);
    assert_due(n, due_ms - 60000);
}

#define NODES(test) cmocka_unit_test_setup_teardown(test, setup_nodes, teardown_nodes)

int main(void)
{
    const struct CMUnitTest tests[] = {
        NODES(a_clock_that_steps_ends_nobody),
        NODES(a_clock_that_is_behind_keeps_no_dead_node_alive),
        NODES(who_was_never_seen_dies_too),
        NODES(who_changes_a_row_is_its_writer),
        NODES(all_go_by_the_server),
        NODES(a_set_back_is_taken_from_the_rows_once),
        NODES(a_set_back_within_a_transaction),
        NODES(a_thread_moves_rows_before_it_goes_on),
    };

    return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
