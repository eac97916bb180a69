#include "engine/silence.h"
#include "fixture.h"

#define AFTER (8 * HOUR + 10 * MIN)
#define LATEST (AFTER + MIN) /* a repeat may be unwritten for so long */

static void begin(struct fixture *f)
{
    fx_init(f);
    f->policy.stale_after_ms = AFTER;
}

static void assert_silent(const struct fixture *f, const char *notes)
{
    const struct tcn_resolution *r = &f->a.incident.resolution;

    assert_int_equal(f->a.incident.status, TCN_STATUS_RESOLVED);
    assert_string_equal(r->code, "source_silent");
    assert_string_equal(r->by, "source:cw");
    assert_string_equal(r->notes, notes);
    assert_false(f->a.lane.is_firing);
    assert_int_equal(f->a.lane.stale_due_ms, 0);
}

/* The last alarm of a group was silenced at its sender, which says nothing any more. */
static void group_that_went_silent_is_resolved(void **state)
{
    struct tcn_item items[3] = {
        {.key = "a", .status = TCN_ITEM_FIRING, .since_ms = T0 - MIN},
        {.key = "b", .status = TCN_ITEM_FIRING, .since_ms = T0 - MIN},
        {.key = "c", .status = TCN_ITEM_RESOLVED, .since_ms = T0 - MIN, .ended_ms = T0 - SEC},
    };
    struct tcn_alarm alarm = fx_alarm(TCN_ACTION_FIRE, 0);
    const struct tcn_event *told;
    struct fixture f;

    (void)state;
    begin(&f);
    alarm.is_group = true;
    alarm.items = items;
    alarm.n_items = 3;
    assert_int_equal(fx_send(&f, &alarm), TCN_INTAKE_OPENED);
    assert_int_equal(f.d.next_due_ms, T0 + LATEST);
    fx_run_until(&f, T0 + LATEST);
    assert_silent(&f, "source went silent: nothing was heard for 490 min");
    assert_int_equal(f.a.lane.items[0].status, TCN_ITEM_UNKNOWN);
    assert_int_equal(f.a.lane.items[1].status, TCN_ITEM_UNKNOWN);
    assert_int_equal(f.a.lane.items[2].status, TCN_ITEM_RESOLVED);
    assert_non_null(
        fx_event(&f, TCN_EVENT_TOCSIN, "2 alarms of cw were not seen any more: unknown"));
    told = fx_event(&f, TCN_EVENT_UPDATE, "resolved by source:cw: source went silent");
    assert_non_null(told);
    assert_true(told->to_tickets);
    /* It is heard of again: the same episode goes on. */
    f.now += MIN;
    assert_int_equal(fx_send(&f, &alarm), TCN_INTAKE_REOPENED);
    assert_int_equal(f.a.lane.stale_due_ms, f.now + LATEST);
    fx_done(&f);
}

static void repeats_keep_it_open(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f);
    fx_alarm_at(&f, TCN_ACTION_FIRE, T0);
    for (int i = 0; i < 10; i++) {
        fx_run_until(&f, f.now + AFTER);
        assert_int_equal(fx_alarm_at(&f, TCN_ACTION_FIRE, T0), TCN_INTAKE_NOTHING);
        assert_int_equal(f.d.events.n, 0);
        assert_false(f.d.tickets_due);
        assert_int_equal(f.d.next_due_ms, f.now + LATEST);
    }
    assert_int_equal(f.a.incident.status, TCN_STATUS_OPEN);
    fx_run_until(&f, f.now + LATEST);
    assert_silent(&f, "source went silent: nothing was heard for 490 min");
    fx_done(&f);
}

/* However often it repeats itself, one of them in half a minute is written; none is forgotten. */
static void repeats_are_written_seldom(void **state)
{
    struct fixture f;
    int written = 0;

    (void)state;
    begin(&f);
    fx_alarm_at(&f, TCN_ACTION_FIRE, T0);
    while (f.now < T0 + HOUR) {
        f.now += SEC;
        fx_alarm_at(&f, TCN_ACTION_FIRE, T0);
        written += f.d.lane_changed;
        assert_true(f.a.lane.stale_due_ms >= f.now + AFTER + 30 * SEC - SEC);
        assert_true(f.a.lane.stale_due_ms <= f.now + LATEST);
    }
    assert_in_range(written, 110, 120);
    fx_done(&f);
}

static const struct {
    const char *name;
    bool by_hand, leaves_open, others_hold;
    const char *told;
} stays[] = {
    {"policy", false, true, false,
     "cw went silent, nothing was heard for 490 min; its policy leaves the incident open"},
    {"by hand", true, false, false,
     "cw went silent, nothing was heard for 490 min; the incident was started by hand and stays "
     "open"},
    {"others", false, false, true,
     "cw went silent, nothing was heard for 490 min; other alarms of the incident are not"},
};

static void what_leaves_it_open(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof stays / sizeof *stays; i++) {
        struct fixture f;

        begin(&f);
        fx_alarm_at(&f, TCN_ACTION_FIRE, T0);
        f.policy.resolves = !stays[i].leaves_open;
        f.a.others_hold = stays[i].others_hold;
        if (stays[i].by_hand)
            f.a.incident.source_name = NULL;
        fx_run_until(&f, T0 + LATEST);
        assert_int_equal(f.a.incident.status, TCN_STATUS_OPEN);
        assert_false(f.a.lane.is_firing);
        if (!fx_event(&f, TCN_EVENT_TOCSIN, stays[i].told))
            fail_msg("%s: not told", stays[i].name);
        fx_done(&f);
    }
}

static void off_by_default(void **state)
{
    struct fixture f;

    (void)state;
    fx_init(&f);
    fx_alarm_at(&f, TCN_ACTION_FIRE, T0);
    assert_int_equal(f.a.lane.stale_due_ms, 0);
    assert_int_equal(f.d.next_due_ms, 0);
    fx_run_until(&f, T0 + 1000 * HOUR);
    assert_int_equal(f.a.incident.status, TCN_STATUS_OPEN);
    fx_done(&f);
}

static void switched_off_meanwhile(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f);
    fx_alarm_at(&f, TCN_ACTION_FIRE, T0);
    f.policy.stale_after_ms = 0;
    fx_run_until(&f, T0 + LATEST);
    assert_int_equal(f.a.incident.status, TCN_STATUS_OPEN);
    assert_true(f.a.lane.is_firing);
    assert_true(f.d.lane_changed);
    assert_int_equal(f.d.next_due_ms, 0);
    fx_done(&f);
}

static void shortened_meanwhile(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f);
    fx_alarm_at(&f, TCN_ACTION_FIRE, T0);
    f.policy.stale_after_ms = HOUR;
    fx_alarm_at(&f, TCN_ACTION_FIRE, T0);
    assert_int_equal(f.a.lane.stale_due_ms, T0 + HOUR + MIN);
    fx_done(&f);
}

/* Nobody was there to hear: the process was down, or turned senders away. */
static void deaf_time_does_not_count(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f);
    fx_alarm_at(&f, TCN_ACTION_FIRE, T0);
    f.now = T0 + 100 * HOUR;
    f.a.listens_ms = f.now - MIN;
    fx_timer(&f);
    assert_int_equal(f.a.incident.status, TCN_STATUS_OPEN);
    assert_true(f.d.lane_changed);
    assert_int_equal(f.d.next_due_ms, f.a.listens_ms + AFTER);
    fx_run_until(&f, f.a.listens_ms + AFTER);
    assert_silent(&f, "source went silent: nothing was heard for 490 min");
    fx_done(&f);
}

static void late_news_is_no_sign_of_life(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f);
    fx_alarm_at(&f, TCN_ACTION_FIRE, T0);
    f.now += HOUR;
    assert_int_equal(fx_alarm_at(&f, TCN_ACTION_RESOLVE, T0 - MIN), TCN_INTAKE_LATE);
    assert_int_equal(f.a.lane.stale_due_ms, T0 + LATEST);
    fx_done(&f);
}

/* What is OK, or was ended by a person, is watched no longer. */
static void the_end_ends_the_watch(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f);
    f.policy.resolve_after_ms = MIN;
    fx_alarm_at(&f, TCN_ACTION_FIRE, T0);
    fx_alarm_at(&f, TCN_ACTION_RESOLVE, T0 + 1);
    assert_int_equal(f.a.lane.stale_due_ms, 0);
    assert_int_equal(f.d.next_due_ms, T0 + MIN);
    fx_alarm_at(&f, TCN_ACTION_FIRE, T0 + 2);
    assert_int_equal(f.a.lane.stale_due_ms, T0 + LATEST);
    fx_status(&f, TCN_STATUS_RESOLVED, NULL);
    assert_int_equal(f.d.next_due_ms, 0);
    f.now += 2 * AFTER;
    fx_status(&f, TCN_STATUS_OPEN, NULL); /* who reopens it is not contradicted at once */
    assert_int_equal(f.d.next_due_ms, 0);
    assert_int_equal(f.a.lane.stale_due_ms, 0);
    fx_done(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(group_that_went_silent_is_resolved),
        cmocka_unit_test(repeats_keep_it_open),
        cmocka_unit_test(repeats_are_written_seldom),
        cmocka_unit_test(what_leaves_it_open),
        cmocka_unit_test(off_by_default),
        cmocka_unit_test(switched_off_meanwhile),
        cmocka_unit_test(shortened_meanwhile),
        cmocka_unit_test(deaf_time_does_not_count),
        cmocka_unit_test(late_news_is_no_sign_of_life),
        cmocka_unit_test(the_end_ends_the_watch),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
