/* Due work: pages sent again, delays that end, and a job that can be run twice. */
#include "app/timers.h"
#include "store/check.h"
#include "turns.h"

static const struct tcn_source_policy *const policies[] = {&policy, NULL};

/* Runs what is due until nothing is; the number of turns. */
static size_t run_due(void)
{
    struct tcn_command_world world = {&directory, &directory, policies, 1, NULL};
    struct tcn_timer_job *job = tcn_timer_job_new(&world);
    size_t turns = 0;

    do {
        if (job->job.run(&job->job, store, now, &err) < 0)
            fail_msg("%s", err.msg);
        turns += job->n_run;
        assert_in_range(turns, 0, 10000);
    } while (job->n_run > 0);
    tcn_timer_job_free(job);
    return turns;
}

static void test_nothing_is_due(void **state)
{
    (void)state;
    assert_int_equal(run_due(), 0);
    assert_int_equal(next_due(), 0);
}

static void test_a_page_is_sent_again_until_it_is_answered(void **state)
{
    struct tcn_decision d;
    struct tcn_aggregate a;
    struct tcn_id incident;

    (void)state;
    incident = alarm_of("k", TCN_ACTION_FIRE);
    assert_int_equal(claim_sends(), 1);
    assert_int_equal(run_due(), 0);
    now += 60000;
    assert_int_equal(run_due(), 1);
    assert_int_equal(claim_sends(), 1);
    assert_int_equal(claim_sends(), 0);
    a = load(incident);
    tcn_decision_init(&d, &arena);
    assert_int_equal(
        tcn_engine_acknowledge(&a, (struct tcn_id){{0}}, "contact:alice", NULL, now, &d), 0);
    assert_int_equal(tcn_turn_write(store, &d, NULL, now, &err), 0);
    now += 600000;
    run_due();
    assert_int_equal(claim_sends(), 0); /* no page after an acknowledgement */
}

static void test_every_lane_that_waits_has_its_turn(void **state)
{
    struct tcn_id incident = {{0}};

    (void)state;
    plan.dedupe_string = "all";
    policy.resolve_after_ms = 1000;
    for (int i = 0; i < 100; i++)
        incident = alarm_of(tcn_arena_fmt(&arena, "k%d", i), TCN_ACTION_FIRE);
    now += 1;
    for (int i = 0; i < 100; i++)
        alarm_of(tcn_arena_fmt(&arena, "k%d", i), TCN_ACTION_RESOLVE);
    assert_int_equal(load(incident).incident.status, TCN_STATUS_OPEN);
    now += 1000;
    assert_in_range(run_due(), 100, 101);
    assert_int_equal(load(incident).incident.status, TCN_STATUS_RESOLVED);
    assert_int_equal(claim_sends(), 0); /* the page had not left yet */
}

static void test_more_than_a_batch(void **state)
{
    (void)state;
    for (int i = 0; i < TCN_TIMER_BATCH + 10; i++)
        alarm_of(tcn_arena_fmt(&arena, "k%d", i), TCN_ACTION_FIRE);
    assert_int_equal(claim_sends(), TCN_TIMER_BATCH + 10);
    now += 60000;
    assert_int_equal(run_due(), TCN_TIMER_BATCH + 10);
    assert_int_equal(claim_sends(), TCN_TIMER_BATCH + 10);
}

/* It fires, is over, and fires as it did, all within a second. */
static struct tcn_id echo_of(const char *key)
{
    struct tcn_id incident = alarm_at(key, TCN_ACTION_FIRE, T0);

    now += 1;
    alarm_at(key, TCN_ACTION_RESOLVE, T0 + 1);
    now += 1;
    alarm_at(key, TCN_ACTION_FIRE, T0 + 1);
    return incident;
}

static bool fires(const char *key)
{
    struct tcn_lane lane;

    assert_int_equal(tcn_store_lane_get(store, key, NULL, &arena, &lane, NULL, &err), 0);
    return lane.is_firing;
}

static void fail_of(void *ctx, const char *finding)
{
    (void)ctx;
    fail_msg("%s", finding);
}

static void assert_well(void)
{
    assert_int_equal(tcn_store_check_rows(store, fail_of, NULL, &err), 0);
}

/* It fires anew and opens another incident: nothing waits at the one before. */
static void test_an_echo_that_is_overtaken(void **state)
{
    struct tcn_id first, second;

    (void)state;
    policy.reopen_window_ms = 0;
    first = echo_of("k");
    assert_well();
    now += 1000;
    second = alarm_at("k", TCN_ACTION_FIRE, now);
    assert_false(tcn_id_eq(first, second));
    assert_well();
}

static void test_an_echo_fires_when_nothing_withdraws_it(void **state)
{
    struct tcn_id kept, withdrawn;

    (void)state;
    policy.reopen_window_ms = 0;
    kept = echo_of("kept");
    withdrawn = echo_of("withdrawn");
    now += 1000;
    alarm_at("withdrawn", TCN_ACTION_RESOLVE, T0 + 1);
    claim_sends();
    now += 58000;
    assert_int_equal(run_due(), 0);
    now += 1000;
    run_due();
    assert_int_equal(load(kept).incident.status, TCN_STATUS_OPEN);
    assert_int_equal(load(withdrawn).incident.status, TCN_STATUS_RESOLVED);
    assert_int_equal(claim_sends(), 1);
}

/* More than a turn looks at, of an incident that is resolved: each fires, the first engages. */
static void test_many_echoes_of_one_incident(void **state)
{
    struct tcn_id incident = {{0}};

    (void)state;
    plan.dedupe_string = "all";
    for (int i = 0; i < 40; i++)
        incident = alarm_at(tcn_arena_fmt(&arena, "k%d", i), TCN_ACTION_FIRE, T0);
    for (int i = 0; i < 40; i++)
        alarm_at(tcn_arena_fmt(&arena, "k%d", i), TCN_ACTION_RESOLVE, T0);
    assert_int_equal(load(incident).incident.status, TCN_STATUS_RESOLVED);
    now += 1;
    for (int i = 0; i < 40; i++)
        alarm_at(tcn_arena_fmt(&arena, "k%d", i), TCN_ACTION_FIRE, T0);
    now += 59999;
    assert_in_range(run_due(), 40, 41);
    for (int i = 0; i < 40; i++)
        assert_true(fires(tcn_arena_fmt(&arena, "k%d", i)));
    assert_int_equal(load(incident).n_engagements, 2);
}

/* Another alarm of the plan opened one meanwhile: there are not two. */
static void test_an_echo_joins_the_open_incident(void **state)
{
    struct tcn_id first, second;

    (void)state;
    plan.dedupe_string = "all";
    policy.reopen_window_ms = 0;
    first = echo_of("k1");
    second = alarm_at("k2", TCN_ACTION_FIRE, T0);
    assert_false(tcn_id_eq(first, second));
    now += 60000;
    run_due();
    assert_well();
    assert_true(fires("k1"));
    assert_int_equal(load(first).incident.status, TCN_STATUS_RESOLVED);
    assert_true(load(second).others_hold);
    assert_int_equal(load(second).n_engagements, 1);
}

/* What joins a storm takes nobody's time away. */
static void test_an_echo_in_a_storm(void **state)
{
    struct tcn_id storm;

    (void)state;
    plan.n_engagements = 0; /* so that no page has a time of its own */
    policy.storm_new = 1;
    policy.storm_window_ms = 3600000;
    alarm_at("k1", TCN_ACTION_FIRE, T0);
    storm = alarm_at("k2", TCN_ACTION_FIRE, T0);
    assert_true(tcn_id_eq(echo_of("k3"), storm));
    assert_false(fires("k3"));
    assert_true(tcn_id_eq(alarm_at("k4", TCN_ACTION_FIRE, T0), storm));
    now += 60000;
    run_due();
    assert_true(fires("k3"));
}

static void test_the_timer_of_an_incident_that_is_gone(void **state)
{
    (void)state;
    assert_int_equal(tcn_store_timer_set(store, (struct tcn_id){{7}}, now - 1, &err), 0);
    assert_int_equal(run_due(), 1);
    assert_int_equal(next_due(), 0);
}

/* A job whose batch was rolled back runs again, and must do the same. */
static void test_a_second_run_does_the_same(void **state)
{
    struct tcn_command_world world = {&directory, &directory, policies, 1, NULL};
    struct tcn_timer_job *job = tcn_timer_job_new(&world);

    (void)state;
    alarm_of("k", TCN_ACTION_FIRE);
    claim_sends();
    assert_int_equal(tcn_store_commit(store, &err), 0);
    now += 65000;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(tcn_store_begin(store, &err), 0);
        assert_int_equal(job->job.run(&job->job, store, now, &err), 0);
        assert_int_equal(job->n_run, 1);
        assert_true(job->has_sends);
        assert_int_equal(job->late_ms, 5000);
        assert_true(job->next_ms > 0);
        if (i == 0)
            tcn_store_rollback(store);
    }
    assert_int_equal(claim_sends(), 1);
    tcn_timer_job_free(job);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_nothing_is_due),
        CASE(test_a_page_is_sent_again_until_it_is_answered),
        CASE(test_every_lane_that_waits_has_its_turn),
        CASE(test_more_than_a_batch),
        CASE(test_an_echo_fires_when_nothing_withdraws_it),
        CASE(test_many_echoes_of_one_incident),
        CASE(test_an_echo_joins_the_open_incident),
        CASE(test_an_echo_that_is_overtaken),
        CASE(test_an_echo_in_a_storm),
        CASE(test_the_timer_of_an_incident_that_is_gone),
        CASE(test_a_second_run_does_the_same),
    };

    return cmocka_run_group_tests_name("timers", tests, NULL, NULL);
}
