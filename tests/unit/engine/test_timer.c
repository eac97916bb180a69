#include "fixture.h"

static void nothing_due_changes_nothing(void **state)
{
    struct fixture f;

    (void)state;
    fx_init(&f);
    fx_timer(&f);
    assert_true(fx_wrote_nothing(&f));
    fx_person(&f, "ann");
    fx_engage(&f, "ann");
    fx_alarm_at(&f, TCN_ACTION_FIRE, 0);
    for (int i = 0; i < 10; i++) {
        fx_timer(&f);
        assert_true(fx_wrote_nothing(&f));
    }
    fx_done(&f);
}

/* After an outage an incident that was OK is resolved before anybody is woken for it. */
static void resolve_comes_before_pages(void **state)
{
    struct fixture f;

    (void)state;
    fx_init(&f);
    f.policy.resolve_after_ms = 30 * SEC;
    fx_channel(fx_stage(fx_contact(&f, "ann", TCN_PERSONAL), HOUR), "email", 20 * SEC);
    fx_engage(&f, "ann");
    fx_alarm_at(&f, TCN_ACTION_FIRE, 0);
    fx_alarm_at(&f, TCN_ACTION_RESOLVE, 0);
    f.now += HOUR;
    fx_timer(&f);
    assert_int_equal(f.a.incident.status, TCN_STATUS_RESOLVED);
    assert_int_equal(f.d.sends.n, 0);
    fx_done(&f);
}

static void held_lane_stops_waiting(void **state)
{
    struct fixture f;

    (void)state;
    fx_init(&f);
    f.policy.resolve_after_ms = 30 * SEC;
    fx_alarm_at(&f, TCN_ACTION_FIRE, 0);
    fx_alarm_at(&f, TCN_ACTION_RESOLVE, 0);
    f.a.others_hold = true;
    f.a.others_due_ms = f.now + 50 * SEC;
    f.now += 30 * SEC;
    fx_timer(&f);
    assert_int_equal(f.a.incident.status, TCN_STATUS_OPEN);
    assert_int_equal(f.a.lane.resolve_due_ms, 0);
    assert_int_equal(f.d.next_due_ms, T0 + 50 * SEC);
    fx_done(&f);
}

static void next_due_is_the_earliest(void **state)
{
    struct fixture f;

    (void)state;
    fx_init(&f);
    f.policy.resolve_after_ms = 90 * SEC;
    fx_channel(fx_stage(fx_contact(&f, "ann", TCN_PERSONAL), HOUR), "email", MIN);
    fx_engage(&f, "ann");
    fx_alarm_at(&f, TCN_ACTION_FIRE, 0);
    assert_int_equal(f.d.next_due_ms, T0 + MIN);
    fx_alarm_at(&f, TCN_ACTION_RESOLVE, 0);
    assert_int_equal(f.d.next_due_ms, T0 + MIN);
    f.now = T0 + MIN;
    fx_timer(&f);
    assert_int_equal(f.d.next_due_ms, T0 + 90 * SEC);
    f.a.others_due_ms = T0 + 70 * SEC;
    assert_int_equal(tcn_engine_next_due(&f.a), T0 + 70 * SEC);
    fx_done(&f);
}

static void lane_of_another_incident_is_left_alone(void **state)
{
    struct fixture f;

    (void)state;
    fx_init(&f);
    fx_alarm_at(&f, TCN_ACTION_FIRE, 0);
    f.a.lane.is_firing = false;
    f.a.lane.incident = fx_id(777);
    f.a.lane.resolve_due_ms = T0 + 1;
    assert_int_equal(tcn_engine_next_due(&f.a), 0);
    f.now += MIN;
    fx_timer(&f);
    assert_int_equal(f.a.incident.status, TCN_STATUS_OPEN);
    assert_int_equal(f.a.lane.resolve_due_ms, 0);
    fx_done(&f);
}

/* Another lane or a person resolved the incident while this lane waited and flapped. */
static void stale_lane_is_forgotten(void **state)
{
    struct fixture f;

    (void)state;
    fx_init(&f);
    fx_alarm_at(&f, TCN_ACTION_FIRE, 0);
    fx_status(&f, TCN_STATUS_RESOLVED, NULL);
    f.a.lane.is_firing = false;
    f.a.lane.is_flapping = true;
    f.a.lane.flap_told_ms = T0;
    f.a.lane.resolve_due_ms = T0 + MIN;
    assert_int_equal(fx_alarm_at(&f, TCN_ACTION_RESOLVE, 0), TCN_INTAKE_NOTHING);
    assert_false(f.a.lane.is_flapping);
    assert_int_equal(f.a.lane.resolve_due_ms, 0);
    fx_done(&f);
}

static void policy_may_be_missing(void **state)
{
    struct fixture f;

    (void)state;
    fx_init(&f);
    fx_channel(fx_stage(fx_contact(&f, "ann", TCN_PERSONAL), HOUR), "email", MIN);
    fx_engage(&f, "ann");
    fx_alarm_at(&f, TCN_ACTION_FIRE, 0);
    fx_begin(&f);
    tcn_engine_timer(&f.a, NULL, &f.directory, 7, T0 + MIN, &f.d);
    assert_int_equal(f.d.sends.n, 1);
    fx_done(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_due_changes_nothing),
        cmocka_unit_test(resolve_comes_before_pages),
        cmocka_unit_test(held_lane_stops_waiting),
        cmocka_unit_test(next_due_is_the_earliest),
        cmocka_unit_test(lane_of_another_incident_is_left_alone),
        cmocka_unit_test(stale_lane_is_forgotten),
        cmocka_unit_test(policy_may_be_missing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
