/* A statement that does not end: who waits for its job is told in time, and so is who waits behind it; the job goes on. */
#include "rows.h"
#include "store/internal.h"
#include "store/thread.h"
#include "sys/clock.h"

#define SLEEP "SELECT 7 FROM pg_sleep(8)"
#define SECOND INT64_C(1000000)

struct bed {
    struct fixture f;
    struct event_base *base;
    struct tcn_storethread *t;
    int told[2]; /* how often it was told to answer, not to answer */
    char waits[80];
};

struct sleeper {
    struct tcn_job job;
    bool is_long;
    int runs, lates, dones, result;
    int64_t posted_us, late_us, done_us;
    char why[TCN_ERR_MSG];
};

static int run(struct tcn_job *job, struct tcn_store *s, int64_t now_ms, struct tcn_err *err)
{
    struct sleeper *j = (struct sleeper *)job;
    struct tcn_dbstmt *st = NULL;
    int r;

    (void)now_ms;
    j->runs++;
    if (!j->is_long)
        return tcn_store_meta_put(s, "short", "x", err);
    if ((r = s->driver->prepare(s->db, SLEEP, &st, err)) == 0)
        r = s->driver->step(st, err);
    s->driver->finalize(st);
    return r < 0 ? r : 0;
}

static void late(struct tcn_job *job)
{
    struct sleeper *j = (struct sleeper *)job;

    assert_int_equal(j->dones, 0);
    j->lates++;
    j->late_us = tcn_clock_mono_us();
}

static void done(struct tcn_job *job, int r, const struct tcn_err *err)
{
    struct sleeper *j = (struct sleeper *)job;

    j->dones++;
    j->result = r;
    snprintf(j->why, sizeof j->why, "%s", r < 0 ? err->msg : "");
    j->done_us = tcn_clock_mono_us();
}

static void on_stall(void *ctx, bool is_stalled, const char *waits)
{
    struct bed *b = ctx;

    b->told[is_stalled]++;
    if (is_stalled)
        snprintf(b->waits, sizeof b->waits, "%s", waits ? waits : "");
}

static int setup_bed(void **state)
{
    struct bed *b = calloc(1, sizeof *b);
    struct tcn_storethread_options o = {
        .store = {.url = b->f.url, .account_id = ACCOUNT, .node = "late"},
        .on_stall = on_stall,
        .stall_ctx = b};

    pg_schema(b->f.schema, b->f.url, sizeof b->f.url);
    b->base = event_base_new();
    OK(&b->f, tcn_storethread_start(b->base, &o, &b->t, &b->f.err));
    *state = b;
    return 0;
}

static int teardown_bed(void **state)
{
    struct bed *b = *state;

    tcn_storethread_stop(b->t);
    event_base_free(b->base);
    pg_drop(b->f.schema);
    free(b);
    return 0;
}

static struct sleeper new_job(bool is_long, bool has_late)
{
    return (struct sleeper){.job = {.run = run, .done = done, .late = has_late ? late : NULL},
                            .is_long = is_long};
}

static void post(struct bed *b, struct sleeper *j)
{
    j->posted_us = tcn_clock_mono_us();
    assert_int_equal(tcn_storethread_post(b->t, &j->job), 0);
}

static void loop_until(struct bed *b, const int *count)
{
    while (*count == 0)
        assert_int_equal(event_base_loop(b->base, EVLOOP_ONCE), 0);
}

static void loop_until_begun(struct bed *b, struct sleeper *j)
{
    struct tcn_storethread_stats now;

    do {
        assert_int_equal(event_base_loop(b->base, EVLOOP_ONCE), 0);
        tcn_storethread_stats(b->t, &now);
    } while (now.waiting > 0);
    assert_int_equal(j->dones, 0);
}

static void assert_in_time(int64_t us)
{
    assert_true(us >= TCN_LATE_MS * INT64_C(1000));
    assert_true(us < TCN_LATE_MS * INT64_C(1000) + 2 * SECOND);
}

static void who_waits_is_told(void **state)
{
    struct bed *b = *state;
    struct sleeper first = new_job(true, true), behind = new_job(false, true);
    struct sleeper patient = new_job(false, false), refused = new_job(false, true);
    struct sleeper after = new_job(false, true);
    struct tcn_storethread_stats now;

    post(b, &first);
    loop_until_begun(b, &first);
    post(b, &behind);
    post(b, &patient);
    loop_until(b, &b->told[true]);
    assert_string_equal(b->waits, "it works on one statement");
    tcn_storethread_stats(b->t, &now);
    assert_true(now.stall_us >= TCN_STALL_MS * INT64_C(1000));
    assert_int_equal(tcn_storethread_post(b->t, &refused.job), TCN_EBUSY);
    loop_until(b, &behind.dones);
    assert_int_equal(behind.result, TCN_EBUSY);
    assert_non_null(strstr(behind.job.err.msg, "pg_blocking_pids"));
    assert_in_time(behind.done_us - behind.posted_us);
    loop_until(b, &first.lates);
    assert_in_time(first.late_us - first.posted_us);
    loop_until(b, &patient.dones);
    assert_int_equal(first.dones, 1); /* late or not, and once */
    assert_int_equal(first.lates, 1);
    assert_int_equal(first.result, 0);
    assert_int_equal(patient.result, 0);
    loop_until(b, &b->told[false]);
    post(b, &after);
    loop_until(b, &after.dones);
    assert_int_equal(after.result, 0);
    assert_int_equal(after.lates, 0);
    assert_int_equal(behind.runs, 0);
    assert_int_equal(behind.lates, 0);
    assert_int_equal(b->told[true], 1);
}

/* What does not end does not keep the process from its end. */
static void the_end_does_not_wait(void **state)
{
    struct bed *b = *state;
    struct sleeper first = new_job(true, true);
    int64_t begun_us;

    post(b, &first);
    loop_until_begun(b, &first);
    begun_us = tcn_clock_mono_us();
    tcn_storethread_stop(b->t);
    b->t = NULL;
    assert_true(tcn_clock_mono_us() - begun_us < 8 * SECOND);
    assert_int_equal(first.dones, 1);
    assert_true(first.result < 0);
}

#define WAITING 6

/* One lock keeps all of them: those that are not even tried any more say what the others met. */
static void whom_a_lock_keeps_hears_of_it(void **state)
{
    struct bed *b = *state;
    struct sleeper jobs[WAITING];
    char lock[160];

    snprintf(lock, sizeof lock, "BEGIN; LOCK TABLE %s.meta IN ACCESS EXCLUSIVE MODE", b->f.schema);
    pg_run(lock);
    for (size_t i = 0; i < WAITING; i++) {
        jobs[i] = new_job(false, false);
        post(b, &jobs[i]);
    }
    for (size_t i = 0; i < WAITING; i++) {
        loop_until(b, &jobs[i].dones);
        assert_int_equal(jobs[i].result, TCN_EBUSY);
        assert_non_null(strstr(jobs[i].why, "pg_blocking_pids"));
    }
    pg_run("ROLLBACK");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(who_waits_is_told, setup_bed, teardown_bed),
        cmocka_unit_test_setup_teardown(whom_a_lock_keeps_hears_of_it, setup_bed, teardown_bed),
        cmocka_unit_test_setup_teardown(the_end_does_not_wait, setup_bed, teardown_bed),
    };

    if (!pg_server()) {
        print_message("SKIP: run by tests/postgres.py\n");
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
