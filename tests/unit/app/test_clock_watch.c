/* The wall clock is set back: what waits does not wait longer for it. */
#include "app/clock_watch.h"
#include "app/timers.h"
#include "turns.h"

#define HOUR INT64_C(3600000)

/* by_ms as tcn_clock_watch_apply wants it; what it answers. */
static int64_t set_back(int64_t hours, int64_t by_ms)
{
    now -= hours * HOUR;
    assert_int_equal(tcn_clock_watch_apply(store, now, &by_ms, &err), 0);
    return by_ms;
}

static struct tcn_decision decision;

/* One alarm of a group, which is the group. */
static struct tcn_id group_of(const char *key, enum tcn_item_status status)
{
    struct tcn_intake_job *job = tcn_intake_new(&arenas, now);
    struct tcn_item item = {.key = "i", .title = "i", .status = status, .since_ms = T0 - HOUR};
    struct tcn_alarm alarm = {.source = "prom",
                              .dedupe_key = key,
                              .action =
                                  status == TCN_ITEM_FIRING ? TCN_ACTION_FIRE : TCN_ACTION_RESOLVE,
                              .title = "group",
                              .is_group = true,
                              .items = &item,
                              .n_items = 1,
                              .raw = TCN_STR("{}")};
    struct tcn_id incident;

    job->policy = &policy;
    job->declared = &directory;
    job->alarms = &alarm;
    job->n_alarms = 1;
    job->inbox.source = "prom";
    job->inbox.body = TCN_STR("{}");
    assert_int_equal(tcn_intake_run(&job->job, store, now, &err), 0);
    incident = job->results[0].incident;
    tcn_intake_free(job);
    return incident;
}

static void resolve(struct tcn_id incident)
{
    struct tcn_incident_update update = {.status = TCN_STATUS_RESOLVED, .actor = "user:ann"};
    struct tcn_aggregate a = load(incident);

    tcn_decision_init(&decision, &arena);
    assert_int_equal(tcn_engine_update(&a, &update, now, &decision, &err), 0);
    assert_int_equal(tcn_turn_write(store, &decision, &plan, now, &err), 0);
}

/* Both at the start and while it runs. */
static void test_a_re_send_and_a_stage(void **state)
{
    static const int64_t asked[] = {HOUR, -1};

    (void)state;
    plan.n_connectors = 0;
    for (size_t i = 0; i < 2; i++) {
        const char *key = i ? "started" : "running";
        struct tcn_id incident = alarm_of(key, TCN_ACTION_FIRE);
        struct tcn_aggregate a;

        assert_int_equal(claim_sends(), 1);
        assert_int_equal(next_due(), now + 60000);
        assert_in_range(set_back(1, asked[i]), HOUR, HOUR);
        assert_int_equal(next_due(), now + 60000);
        a = load(incident);
        assert_int_equal(a.engagements[0].pages[0].next_send_ms, now + 60000);
        assert_int_equal(a.engagements[0].pages[0].stage_end_ms, now + 300000);
        assert_int_equal(tcn_engine_invariant(&a, now, &err), 0);
        assert_int_equal(a.lane.opened_ms, a.incident.created_ms);
        alarm_of(key, TCN_ACTION_RESOLVE);
    }
}

static void test_a_message_that_is_tried_again(void **state)
{
    struct tcn_send_row *rows = NULL;
    size_t n = 0;

    (void)state;
    alarm_of("k", TCN_ACTION_FIRE);
    assert_int_equal(tcn_store_send_claim(store, now, 9, &arena, &rows, &n, &err), 0);
    assert_int_equal(tcn_store_send_again(store, rows[0].id, now + 2000, 1, "451", &err), 0);
    now += 1000;
    set_back(5, 5 * HOUR);
    now += 999;
    assert_int_equal(claim_sends(), 0);
    now++;
    assert_int_equal(claim_sends(), 1);
}

/* The newest rows tell it once. */
static void test_a_start_asks_once(void **state)
{
    (void)state;
    assert_int_equal(set_back(0, -1), 0);
    alarm_of("k", TCN_ACTION_FIRE);
    assert_int_equal(set_back(0, -1), 0);
    assert_int_equal(set_back(2, -1), 2 * HOUR);
    assert_int_equal(set_back(0, -1), 0);
}

/* What came before something else still does, and nothing is far in the future. */
static void test_the_order_stays(void **state)
{
    struct tcn_id first, second;

    (void)state;
    first = alarm_of("first", TCN_ACTION_FIRE);
    now += 10000;
    second = alarm_of("second", TCN_ACTION_FIRE);
    now += 10000;
    set_back(1, HOUR);
    assert_int_equal(load(first).incident.created_ms, now - 20000);
    assert_int_equal(load(second).incident.created_ms, now - 10000);
    assert_int_equal(load(first).engagements[0].pages[0].next_send_ms, now + 40000);
    assert_int_equal(load(second).engagements[0].pages[0].next_send_ms, now + 50000);
}

/* A group fires, is over, and fires as it did: what is held back fires in its time. */
static void test_a_held_echo_of_a_group(void **state)
{
    static const enum tcn_item_status states[] = {TCN_ITEM_FIRING, TCN_ITEM_RESOLVED,
                                                  TCN_ITEM_FIRING};
    struct tcn_aggregate a;
    struct tcn_id incident = {{0}};

    (void)state;
    for (size_t i = 0; i < 3; i++)
        incident = group_of("g", states[i]);
    assert_int_equal(load(incident).incident.status, TCN_STATUS_RESOLVED);
    set_back(1, HOUR);
    tcn_decision_init(&decision, &arena);
    a = load(incident);
    assert_int_equal(a.lane.echo_due_ms, now + policy.echo_window_ms);
    now += policy.echo_window_ms;
    tcn_engine_timer(&a, &policy, &directory, 1, now, &decision);
    assert_int_equal(a.incident.status, TCN_STATUS_OPEN);
}

/* A person resolved it, and another incident came since: the repeat fires when the reopen window is over. */
static void test_windows_of_what_is_resolved(void **state)
{
    struct tcn_id incident = alarm_at("k", TCN_ACTION_FIRE, now);

    (void)state;
    resolve(incident);
    alarm_of("newer", TCN_ACTION_FIRE);
    set_back(1, HOUR);
    assert_int_equal(load(incident).incident.resolved_ms, now);
    now += policy.reopen_window_ms;
    assert_false(tcn_id_eq(alarm_at("k", TCN_ACTION_FIRE, now), incident));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_a_re_send_and_a_stage),  CASE(test_a_message_that_is_tried_again),
        CASE(test_a_start_asks_once),      CASE(test_the_order_stays),
        CASE(test_a_held_echo_of_a_group), CASE(test_windows_of_what_is_resolved),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
