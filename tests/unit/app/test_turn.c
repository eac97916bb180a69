/* What a turn sees of an incident that several alarms share. */
#include "turns.h"

static struct tcn_aggregate load_for(const char *key)
{
    const struct tcn_alarm alarm = {.source = "prom", .dedupe_key = key, .title = "cpu high"};
    struct tcn_aggregate a;

    assert_int_equal(tcn_turn_load_lane(store, &alarm, &plan, NULL, &arena, &a, &err), 0);
    return a;
}

static void test_an_incident_that_is_not_there(void **state)
{
    struct tcn_aggregate a;

    (void)state;
    assert_int_equal(tcn_turn_load(store, (struct tcn_id){{9}}, &arena, &a, &err), TCN_ENOTFOUND);
}

static void test_a_key_that_was_never_heard_of(void **state)
{
    struct tcn_aggregate a;

    (void)state;
    a = load_for("new");
    assert_false(a.lane.exists);
    assert_string_equal(a.lane.dedupe_key, "new");
    assert_false(a.incident.exists);
}

static void test_one_lane_has_no_others(void **state)
{
    struct tcn_aggregate a;

    (void)state;
    a = load(alarm_of("k1", TCN_ACTION_FIRE));
    assert_string_equal(a.lane.dedupe_key, "k1");
    assert_false(a.others_hold);
    assert_int_equal(a.others_due_ms, 0);
    assert_int_equal(a.n_engagements, 1);
}

/* While another alarm of the incident fires or waits for its delay, the one in hand does not resolve it. */
static void test_what_the_others_say(void **state)
{
    struct tcn_id incident;
    struct tcn_aggregate a;

    (void)state;
    plan.dedupe_string = "all";
    policy.resolve_after_ms = 60000;
    incident = alarm_of("k1", TCN_ACTION_FIRE);
    assert_true(tcn_id_eq(alarm_of("k2", TCN_ACTION_FIRE), incident));
    assert_true(load_for("k1").others_hold); /* k2 fires */
    now += 1000;
    alarm_of("k2", TCN_ACTION_RESOLVE);
    a = load_for("k1");
    assert_true(a.others_hold); /* k2 waits */
    assert_int_equal(a.others_due_ms, now + 60000);
    a = load_for("k2");
    assert_true(a.others_hold); /* k1 fires */
    assert_int_equal(a.others_due_ms, 0);
    assert_int_equal(a.lane.resolve_due_ms, now + 60000);
}

/* The timer gets the lane that is due first, and hears of the next one. */
static void test_the_lane_that_is_due_first(void **state)
{
    struct tcn_id incident;
    struct tcn_aggregate a;
    int64_t first;

    (void)state;
    plan.dedupe_string = "all";
    policy.resolve_after_ms = 60000;
    incident = alarm_of("k1", TCN_ACTION_FIRE);
    alarm_of("k2", TCN_ACTION_FIRE);
    alarm_of("k3", TCN_ACTION_FIRE);
    now += 1000;
    alarm_of("k2", TCN_ACTION_RESOLVE);
    first = now + 60000;
    now += 1000;
    alarm_of("k1", TCN_ACTION_RESOLVE);
    a = load(incident);
    assert_string_equal(a.lane.dedupe_key, "k2");
    assert_int_equal(a.lane.resolve_due_ms, first);
    assert_true(a.others_hold);
    assert_int_equal(a.others_due_ms, first + 1000);
}

static void test_of_lanes_that_wait_for_nothing_one_that_fires(void **state)
{
    struct tcn_id incident;
    struct tcn_aggregate a;

    (void)state;
    plan.dedupe_string = "all";
    incident = alarm_of("k1", TCN_ACTION_FIRE);
    alarm_of("k2", TCN_ACTION_FIRE);
    now += 1000;
    alarm_of("k1", TCN_ACTION_RESOLVE);
    a = load(incident);
    assert_string_equal(a.lane.dedupe_key, "k2");
    assert_false(a.others_hold);
}

/* The timer of an incident runs then, no sooner. */
static void assert_timer(int64_t due_ms)
{
    struct tcn_id ids[2];
    size_t n;

    assert_int_equal(tcn_store_timer_due(store, due_ms - 1, 2, ids, &n, &err), 0);
    assert_int_equal(n, 0);
    assert_int_equal(tcn_store_timer_due(store, due_ms, 2, ids, &n, &err), 0);
    assert_int_equal(n, 1);
}

/* Of a resolved incident nothing is due but what was taken for an echo. */
static void test_the_echoes_of_a_resolved_incident(void **state)
{
    struct tcn_id incident;
    struct tcn_aggregate a;
    int64_t over;

    (void)state;
    plan.dedupe_string = "all";
    incident = alarm_at("k1", TCN_ACTION_FIRE, T0);
    alarm_at("k2", TCN_ACTION_FIRE, T0);
    over = now += 1000;
    alarm_at("k1", TCN_ACTION_RESOLVE, over);
    alarm_at("k2", TCN_ACTION_RESOLVE, over);
    now += 1;
    alarm_at("k2", TCN_ACTION_FIRE, over);
    assert_timer(over + 60000);
    a = load(incident);
    assert_string_equal(a.lane.dedupe_key, "k2");
    assert_int_equal(a.lane.echo_due_ms, over + 60000);
    assert_int_equal(a.others_echo_ms, 0);
    a = load_for("k1");
    assert_int_equal(a.others_echo_ms, over + 60000);
    alarm_at("k1", TCN_ACTION_RESOLVE, over - 10); /* late: written, and the timer is still there */
    assert_timer(over + 60000);
}

static void resolve_by_hand(struct tcn_id incident)
{
    const struct tcn_incident_update update = {.status = TCN_STATUS_RESOLVED, .actor = "user:u"};
    struct tcn_aggregate a = load(incident);
    struct tcn_decision d;

    tcn_decision_init(&d, &arena);
    assert_int_equal(tcn_engine_update(&a, &update, now, &d, &err), 0);
    assert_int_equal(tcn_turn_write(store, &d, NULL, now, &err), 0);
}

/* Who brings it back must know when the silence of another is due: its timer is of the open incident again. */
static void test_what_may_reopen_sees_all_the_others(void **state)
{
    struct tcn_id incident;
    struct tcn_aggregate a;

    (void)state;
    plan.dedupe_string = "all";
    policy.stale_after_ms = 1200000;
    incident = alarm_of("k1", TCN_ACTION_FIRE);
    now += 1000;
    alarm_of("k2", TCN_ACTION_FIRE);
    now += 1000;
    alarm_of("k1", TCN_ACTION_RESOLVE);
    resolve_by_hand(incident);
    a = load_for("k1");
    assert_int_equal(a.incident.status, TCN_STATUS_RESOLVED);
    assert_true(a.others_hold);
    assert_int_equal(a.others_due_ms, load_for("k2").lane.stale_due_ms);
    assert_true(a.others_due_ms > now);
}

static void test_a_storm_has_no_lane_in_hand(void **state)
{
    struct tcn_id incident;
    struct tcn_aggregate a;

    (void)state;
    policy.resolve_after_ms = 60000;
    incident = alarm_of("k1", TCN_ACTION_FIRE);
    assert_int_equal(tcn_turn_load_storm(store, incident, &arena, &a, &err), 0);
    assert_false(a.lane.exists);
    assert_true(a.others_hold);
    alarm_of("k1", TCN_ACTION_RESOLVE);
    assert_int_equal(tcn_turn_load_storm(store, incident, &arena, &a, &err), 0);
    assert_int_equal(a.others_due_ms, now + 60000);
    assert_int_equal(tcn_turn_load_storm(store, (struct tcn_id){{9}}, &arena, &a, &err),
                     TCN_ENOTFOUND);
}

/* An open incident takes the alarm of another source when both mean the same. */
static void test_a_lane_joins_by_dedupe_string(void **state)
{
    struct tcn_id incident;
    struct tcn_aggregate a;

    (void)state;
    plan.dedupe_string = "all";
    incident = alarm_of("k1", TCN_ACTION_FIRE);
    a = load_for("k9");
    assert_false(a.lane.exists);
    assert_true(tcn_id_eq(a.incident.id, incident));
    assert_true(a.others_hold);
}

/* The ticket that there is stays what it is; what only the new plan has is made. */
static void test_the_tickets_of_a_plan_that_took_over(void **state)
{
    struct tcn_link *links;
    struct tcn_id incident;
    size_t n;

    (void)state;
    incident = alarm_of("k1", TCN_ACTION_FIRE);
    assert_int_equal(tcn_store_link_list(store, incident, 9, &arena, &links, &n, &err), 0);
    assert_int_equal(n, 1);
    links[0].remote_id = "10001";
    assert_int_equal(tcn_store_link_put(store, &links[0], &err), 0);
    now += 1000;
    alarm_of("k1", TCN_ACTION_RESOLVE);
    plan.name = "web";
    plan.connectors[plan.n_connectors++] = "pagerduty";
    policy.response_plan = "web";
    now += 1000;
    assert_true(tcn_id_eq(alarm_of("k1", TCN_ACTION_FIRE), incident));
    assert_string_equal(load(incident).incident.response_plan, "web");
    assert_int_equal(tcn_store_link_list(store, incident, 9, &arena, &links, &n, &err), 0);
    assert_int_equal(n, 2);
    assert_string_equal(links[0].connector, "jira");
    assert_string_equal(links[0].remote_id, "10001");
    assert_string_equal(links[1].connector, "pagerduty");
    assert_true(links[1].due_ms > 0 && links[1].due_ms <= now);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_an_incident_that_is_not_there),
        CASE(test_a_key_that_was_never_heard_of),
        CASE(test_one_lane_has_no_others),
        CASE(test_what_the_others_say),
        CASE(test_the_lane_that_is_due_first),
        CASE(test_of_lanes_that_wait_for_nothing_one_that_fires),
        CASE(test_the_echoes_of_a_resolved_incident),
        CASE(test_what_may_reopen_sees_all_the_others),
        CASE(test_a_storm_has_no_lane_in_hand),
        CASE(test_a_lane_joins_by_dedupe_string),
        CASE(test_the_tickets_of_a_plan_that_took_over),
    };

    return cmocka_run_group_tests_name("turn", tests, NULL, NULL);
}
