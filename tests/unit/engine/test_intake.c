#include "fixture.h"

/* Every row of the table of CloudWatch states, as the mapping turns them into actions: what was known, what comes,
 * what happens. Letters: F fire, R resolve, U update (INSUFFICIENT_DATA while firing), I ignore. */
static const struct {
    const char *name;
    const char *before; /* deliveries a minute apart, each with a newer clock */
    char comes;
    enum tcn_intake verdict;
    bool is_open; /* after it */
} states[] = {
    {"any to ALARM: opens", "", 'F', TCN_INTAKE_OPENED, true},
    {"any to ALARM: re-fires", "F", 'F', TCN_INTAKE_FOLDED, true},
    {"OK to ALARM within the window", "FR", 'F', TCN_INTAKE_REOPENED, true},
    {"ALARM to OK: resolves", "F", 'R', TCN_INTAKE_RESOLVED, false},
    {"ALARM to INSUFFICIENT_DATA: held", "F", 'U', TCN_INTAKE_UPDATED, true},
    {"OK to INSUFFICIENT_DATA: ignored", "FR", 'U', TCN_INTAKE_IGNORED, false},
    {"OK to INSUFFICIENT_DATA, never seen", "", 'U', TCN_INTAKE_IGNORED, false},
    {"INSUFFICIENT_DATA to OK, nothing open", "", 'R', TCN_INTAKE_IGNORED, false},
    {"INSUFFICIENT_DATA to OK, open from before", "FU", 'R', TCN_INTAKE_RESOLVED, false},
    {"INSUFFICIENT_DATA to ALARM, open from before", "FU", 'F', TCN_INTAKE_FOLDED, true},
    {"INSUFFICIENT_DATA to ALARM, nothing open", "U", 'F', TCN_INTAKE_OPENED, true},
    {"OK twice", "FR", 'R', TCN_INTAKE_IGNORED, false},
    {"ignored while open", "F", 'I', TCN_INTAKE_IGNORED, true},
    {"ignored, never seen", "", 'I', TCN_INTAKE_IGNORED, false},
};

static enum tcn_action action_of(char letter)
{
    return letter == 'F'   ? TCN_ACTION_FIRE
           : letter == 'R' ? TCN_ACTION_RESOLVE
           : letter == 'U' ? TCN_ACTION_UPDATE
                           : TCN_ACTION_IGNORE;
}

static void deliver(struct fixture *f, const char *letters)
{
    for (const char *c = letters; *c; c++) {
        f->now += MIN;
        fx_alarm_at(f, action_of(*c), f->now);
    }
}

/* No clock, or none that was set: as if no time was told. */
static void times_that_cannot_be(void **state)
{
    static const int64_t times[] = {INT64_C(-62135596800000), -1000, 1, INT64_C(946684799999)};

    (void)state;
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        struct fixture f;

        fx_init(&f);
        assert_int_equal(fx_alarm_at(&f, TCN_ACTION_FIRE, times[i]), TCN_INTAKE_OPENED);
        f.now += MIN;
        assert_int_equal(fx_alarm_at(&f, TCN_ACTION_RESOLVE, times[i]), TCN_INTAKE_RESOLVED);
        f.now += MIN;
        assert_int_equal(fx_alarm_at(&f, TCN_ACTION_FIRE, f.now), TCN_INTAKE_REOPENED);
        f.now += MIN;
        assert_int_equal(fx_alarm_at(&f, TCN_ACTION_RESOLVE, times[i]), TCN_INTAKE_RESOLVED);
        assert_true(f.a.lane.clock_ms >= T0);
        fx_done(&f);
    }
}

static void every_state_row(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        struct fixture f;
        enum tcn_intake verdict;

        fx_init(&f);
        deliver(&f, states[i].before);
        f.now += MIN;
        verdict = fx_alarm_at(&f, action_of(states[i].comes), f.now);
        if (verdict != states[i].verdict)
            fail_msg("%s: %s", states[i].name, fx_verdict(verdict));
        if ((f.a.incident.exists && f.a.incident.status == TCN_STATUS_OPEN) != states[i].is_open)
            fail_msg("%s: wrong status", states[i].name);
        fx_done(&f);
    }
}

/* What the lane knows x the action x its clock against the newest accepted one. */
static const struct {
    const char *name;
    const char *before;
    char comes;
    int64_t clock; /* against the newest accepted: +1, 0, -1; 9 = not told */
    enum tcn_intake verdict;
    bool writes;
} orders[] = {
    {"firing, fire newer", "F", 'F', +1, TCN_INTAKE_FOLDED, true},
    {"firing, fire same", "F", 'F', 0, TCN_INTAKE_NOTHING, false},
    {"firing, fire older", "F", 'F', -1, TCN_INTAKE_LATE, true},
    {"firing, fire untold", "F", 'F', 9, TCN_INTAKE_NOTHING, false},
    {"firing, OK newer", "F", 'R', +1, TCN_INTAKE_RESOLVED, true},
    {"firing, OK same instant", "F", 'R', 0, TCN_INTAKE_RESOLVED, true},
    {"firing, OK older", "F", 'R', -1, TCN_INTAKE_LATE, true},
    {"firing, OK untold", "F", 'R', 9, TCN_INTAKE_RESOLVED, true},
    {"firing, update newer", "F", 'U', +1, TCN_INTAKE_UPDATED, true},
    {"firing, update same instant", "F", 'U', 0, TCN_INTAKE_UPDATED, true},
    {"firing, update older", "F", 'U', -1, TCN_INTAKE_LATE, true},
    {"firing, update untold", "F", 'U', 9, TCN_INTAKE_UPDATED, true},
    {"OK, fire newer", "FR", 'F', +1, TCN_INTAKE_REOPENED, true},
    {"OK, fire same: an echo", "FR", 'F', 0, TCN_INTAKE_HELD, true},
    {"OK, fire older", "FR", 'F', -1, TCN_INTAKE_LATE, true},
    {"OK, fire untold", "FR", 'F', 9, TCN_INTAKE_REOPENED, true},
    {"OK, OK newer", "FR", 'R', +1, TCN_INTAKE_IGNORED, true},
    {"OK, OK same", "FR", 'R', 0, TCN_INTAKE_NOTHING, false},
    {"OK, OK older", "FR", 'R', -1, TCN_INTAKE_LATE, true},
    {"OK, OK untold", "FR", 'R', 9, TCN_INTAKE_NOTHING, false},
    {"OK, update older", "FR", 'U', -1, TCN_INTAKE_LATE, true},
    {"OK, update untold", "FR", 'U', 9, TCN_INTAKE_IGNORED, false},
    {"new, OK told: its time is kept", "", 'R', +1, TCN_INTAKE_IGNORED, true},
    {"new, OK untold", "", 'R', 9, TCN_INTAKE_IGNORED, false},
    {"new, update", "", 'U', +1, TCN_INTAKE_IGNORED, false},
    {"new, fire untold", "", 'F', 9, TCN_INTAKE_OPENED, true},
    {"OK was first, older fire after it", "R", 'F', -1, TCN_INTAKE_LATE, false},
};

static void every_order(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++) {
        struct fixture f;
        enum tcn_intake verdict;
        int64_t newest, clock;

        fx_init(&f);
        deliver(&f, orders[i].before);
        newest = f.a.lane.clock_ms ? f.a.lane.clock_ms : f.now - HOUR;
        clock = orders[i].clock == 9 ? 0 : newest + orders[i].clock * SEC;
        f.now += 2 * SEC;
        verdict = fx_alarm_at(&f, action_of(orders[i].comes), clock);
        if (verdict != orders[i].verdict)
            fail_msg("%s: %s", orders[i].name, fx_verdict(verdict));
        if (fx_wrote_nothing(&f) == orders[i].writes)
            fail_msg("%s: %s", orders[i].name, orders[i].writes ? "wrote nothing" : "wrote");
        fx_done(&f);
    }
}

/* A repeat must leave the aggregate as it is, byte for byte. */
static void repeat_changes_nothing(void **state)
{
    struct tcn_aggregate before;
    struct fixture f;

    (void)state;
    fx_init(&f);
    fx_person(&f, "ann");
    fx_engage(&f, "ann");
    assert_int_equal(fx_alarm_at(&f, TCN_ACTION_FIRE, T0), TCN_INTAKE_OPENED);
    before = f.a;
    f.now += MIN;
    assert_int_equal(fx_alarm_at(&f, TCN_ACTION_FIRE, T0), TCN_INTAKE_NOTHING);
    assert_true(fx_wrote_nothing(&f));
    assert_memory_equal(&before, &f.a, sizeof before);
    fx_done(&f);
}

/* SNS and EventBridge: other texts, other source names, one key, one clock. */
static void second_path_is_a_duplicate(void **state)
{
    struct tcn_alarm sns = fx_alarm(TCN_ACTION_FIRE, T0), bridge = sns;
    struct fixture f;

    (void)state;
    bridge.source = "eventbridge";
    bridge.summary = "the same in other words";
    bridge.raw = TCN_STR("{\"detail\":1}");
    fx_init(&f);
    assert_int_equal(fx_send(&f, &sns), TCN_INTAKE_OPENED);
    f.now += SEC;
    assert_int_equal(fx_send(&f, &bridge), TCN_INTAKE_NOTHING);
    assert_true(fx_wrote_nothing(&f));
    sns.action = bridge.action = TCN_ACTION_RESOLVE;
    sns.clock_ms = bridge.clock_ms = T0 + MIN;
    f.now += MIN;
    assert_int_equal(fx_send(&f, &bridge), TCN_INTAKE_RESOLVED);
    assert_int_equal(fx_send(&f, &sns), TCN_INTAKE_NOTHING);
    fx_done(&f);
}

/* ALARM, OK, INSUFFICIENT_DATA, of which the OK arrives last: it was the newest change of state. */
static void update_does_not_hide_an_ok(void **state)
{
    struct fixture f;

    (void)state;
    fx_init(&f);
    fx_alarm_at(&f, TCN_ACTION_FIRE, T0 - 3 * MIN);
    assert_int_equal(fx_alarm_at(&f, TCN_ACTION_UPDATE, T0 - MIN), TCN_INTAKE_UPDATED);
    assert_non_null(fx_event(&f, TCN_EVENT_TOCSIN, "cw reports OK"));
    assert_int_equal(fx_alarm_at(&f, TCN_ACTION_UPDATE, T0 - MIN), TCN_INTAKE_NOTHING);
    assert_true(fx_wrote_nothing(&f));
    assert_int_equal(fx_alarm_at(&f, TCN_ACTION_RESOLVE, T0 - 2 * MIN), TCN_INTAKE_RESOLVED);
    fx_done(&f);
}

static void echo_is_accepted_after_the_window(void **state)
{
    struct fixture f;

    (void)state;
    fx_init(&f);
    fx_alarm_at(&f, TCN_ACTION_FIRE, T0);
    fx_alarm_at(&f, TCN_ACTION_RESOLVE, T0);
    f.now = T0 + 59 * SEC;
    assert_int_equal(fx_alarm_at(&f, TCN_ACTION_FIRE, T0), TCN_INTAKE_HELD);
    f.now = T0 + 60 * SEC;
    assert_int_equal(fx_alarm_at(&f, TCN_ACTION_FIRE, T0), TCN_INTAKE_REOPENED);
    fx_done(&f);
}

/* A sender that lost its clock begins again at a time of years ago: what it says fires, and moves no clock. */
static void clock_of_long_ago_is_none(void **state)
{
    static const struct {
        int64_t age_ms;
        enum tcn_intake verdict;
    } rows[] = {{14 * 24 * HOUR, TCN_INTAKE_LATE},
                {31 * 24 * HOUR, TCN_INTAKE_REOPENED},
                {9000 * 24 * HOUR, TCN_INTAKE_REOPENED}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct fixture f;

        fx_init(&f);
        fx_alarm_at(&f, TCN_ACTION_FIRE, f.now - 2 * MIN);
        fx_alarm_at(&f, TCN_ACTION_RESOLVE, f.now - MIN);
        assert_int_equal(fx_alarm_at(&f, TCN_ACTION_FIRE, f.now - rows[i].age_ms), rows[i].verdict);
        assert_int_equal(f.a.lane.clock_ms, f.now - MIN);
        fx_done(&f);
    }
}

static void future_clock_does_not_hold_back_news(void **state)
{
    struct fixture f;

    (void)state;
    fx_init(&f);
    assert_int_equal(fx_alarm_at(&f, TCN_ACTION_FIRE, T0 + 24 * HOUR), TCN_INTAKE_OPENED);
    assert_int_equal(f.a.lane.clock_ms, 0);
    f.now += MIN;
    assert_int_equal(fx_alarm_at(&f, TCN_ACTION_RESOLVE, f.now), TCN_INTAKE_RESOLVED);
    fx_done(&f);
}

static const struct {
    const char *name;
    int64_t after_ms;
    enum tcn_intake verdict;
} windows[] = {
    {"at once", 1, TCN_INTAKE_REOPENED},
    {"last moment of the window", 15 * MIN - 1, TCN_INTAKE_REOPENED},
    {"the window has passed", 15 * MIN, TCN_INTAKE_OPENED},
    {"a day later", 24 * HOUR, TCN_INTAKE_OPENED},
    {"the clock went backwards", -HOUR, TCN_INTAKE_REOPENED},
};

static void reopen_window(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof windows / sizeof windows[0]; i++) {
        struct fixture f;
        struct tcn_id first;
        enum tcn_intake verdict;

        fx_init(&f);
        fx_alarm_at(&f, TCN_ACTION_FIRE, 0);
        first = f.a.incident.id;
        fx_alarm_at(&f, TCN_ACTION_RESOLVE, 0);
        f.now += windows[i].after_ms;
        verdict = fx_alarm_at(&f, TCN_ACTION_FIRE, 0);
        if (verdict != windows[i].verdict)
            fail_msg("%s: %s", windows[i].name, fx_verdict(verdict));
        assert_int_equal(tcn_id_eq(first, f.a.incident.id), verdict == TCN_INTAKE_REOPENED);
        if (verdict == TCN_INTAKE_OPENED)
            assert_true(tcn_id_eq(first, f.a.incident.previous));
        fx_done(&f);
    }
}

static void reopened_wakes_people_again(void **state)
{
    struct fixture f;

    (void)state;
    fx_init(&f);
    fx_person(&f, "ann");
    fx_engage(&f, "ann");
    fx_alarm_at(&f, TCN_ACTION_FIRE, T0);
    assert_int_equal(fx_ack(&f, fx_page_of(&f, "ann")->id, "contact:ann"), 0);
    f.now += MIN;
    fx_alarm_at(&f, TCN_ACTION_RESOLVE, f.now);
    f.now += MIN;
    assert_int_equal(fx_alarm_at(&f, TCN_ACTION_FIRE, f.now), TCN_INTAKE_REOPENED);
    assert_int_equal(f.a.n_engagements, 2);
    assert_int_equal(f.d.sends.n, 1);
    assert_int_equal(f.a.incident.acknowledged_ms, 0);
    assert_null(f.a.incident.resolution.code);
    assert_non_null(fx_event(&f, TCN_EVENT_UPDATE, "reopened by source:cw"));
    assert_true(f.d.tickets_due);
    fx_done(&f);
}

static void a_plan_that_was_renamed(void **state)
{
    struct fixture f;

    (void)state;
    fx_init(&f);
    fx_person(&f, "ann");
    fx_engage(&f, "ann");
    fx_alarm_at(&f, TCN_ACTION_FIRE, T0);
    fx_alarm_at(&f, TCN_ACTION_RESOLVE, f.now += MIN);
    f.plan.name = "web";
    f.policy.response_plan = "web";
    assert_int_equal(fx_alarm_at(&f, TCN_ACTION_FIRE, f.now += MIN), TCN_INTAKE_REOPENED);
    assert_int_equal(f.d.sends.n, 1);
    assert_false(f.d.nobody_reached);
    assert_true(f.d.plan_replaced);
    assert_string_equal(f.a.incident.response_plan, "web");
    assert_non_null(
        fx_event(&f, TCN_EVENT_TOCSIN,
                 "response plan main is not configured any more: web of source cw takes "
                 "its place"));
    fx_alarm_at(&f, TCN_ACTION_RESOLVE, f.now += MIN);
    assert_int_equal(fx_alarm_at(&f, TCN_ACTION_FIRE, f.now += MIN), TCN_INTAKE_REOPENED);
    assert_false(f.d.plan_replaced);
    fx_done(&f);
}

/* Its source names another one since; who was engaged before is engaged again. */
static void a_plan_that_is_there_stays(void **state)
{
    struct tcn_response_plan plans[2];
    struct fixture f;

    (void)state;
    fx_init(&f);
    fx_person(&f, "ann");
    fx_engage(&f, "ann");
    fx_alarm_at(&f, TCN_ACTION_FIRE, T0);
    fx_alarm_at(&f, TCN_ACTION_RESOLVE, f.now += MIN);
    plans[0] = f.plan;
    plans[1] = (struct tcn_response_plan){.name = "web", .title = "Other", .impact = 3};
    f.directory.plans = plans;
    f.directory.n_plans = 2;
    f.policy.response_plan = "web";
    assert_int_equal(fx_alarm_at(&f, TCN_ACTION_FIRE, f.now += MIN), TCN_INTAKE_REOPENED);
    assert_int_equal(f.d.sends.n, 1);
    assert_string_equal(f.a.incident.response_plan, "main");
    assert_false(f.d.plan_replaced);
    fx_done(&f);
}

/* An incident that was reopened too often gets a successor: somebody must be woken. */
static void reopening_is_bounded(void **state)
{
    struct fixture f;
    int reopened = 0;

    (void)state;
    fx_init(&f);
    f.policy.flap_count = 0;
    fx_person(&f, "ann");
    fx_engage(&f, "ann");
    fx_alarm_at(&f, TCN_ACTION_FIRE, 0);
    for (int i = 0; i < 300; i++) {
        f.now += MIN;
        fx_alarm_at(&f, TCN_ACTION_RESOLVE, 0);
        f.now += MIN;
        reopened += fx_alarm_at(&f, TCN_ACTION_FIRE, 0) == TCN_INTAKE_REOPENED;
        assert_int_equal(f.d.sends.n, 1);
        assert_true(f.a.n_engagements <= TCN_ENGAGEMENTS_CAP);
    }
    assert_in_range(reopened, 280, 299);
    fx_done(&f);
}

static void wont_fix_mutes(void **state)
{
    struct fixture f;

    (void)state;
    fx_init(&f);
    fx_alarm_at(&f, TCN_ACTION_FIRE, T0);
    fx_status(&f, TCN_STATUS_RESOLVED, "wont_fix");
    f.now += MIN;
    fx_alarm_at(&f, TCN_ACTION_RESOLVE, f.now);
    f.now += MIN;
    assert_int_equal(fx_alarm_at(&f, TCN_ACTION_FIRE, f.now), TCN_INTAKE_IGNORED);
    assert_non_null(fx_event(&f, TCN_EVENT_TOCSIN, "muted"));
    assert_int_equal(f.a.incident.status, TCN_STATUS_RESOLVED);
    f.now = T0 + 24 * HOUR;
    assert_int_equal(fx_alarm_at(&f, TCN_ACTION_FIRE, f.now), TCN_INTAKE_OPENED);
    fx_done(&f);
}

/* "Won't fix" ends with the resolution that it was said of. */
static void mute_ends_when_reopened(void **state)
{
    struct fixture f;

    (void)state;
    fx_init(&f);
    fx_alarm_at(&f, TCN_ACTION_FIRE, 0);
    fx_status(&f, TCN_STATUS_RESOLVED, "wont_fix");
    f.a.incident.resolution.code = "alarm_ok"; /* reopened and resolved again by another lane */
    f.a.lane.is_firing = false;
    f.now += MIN;
    assert_int_equal(fx_alarm_at(&f, TCN_ACTION_FIRE, 0), TCN_INTAKE_REOPENED);
    fx_done(&f);
}

/* A person resolved, and it is told again without a time: it may be the one time that its sender tells of another failure. */
static void alarm_outlives_a_persons_resolve(void **state)
{
    struct fixture f;

    (void)state;
    fx_init(&f);
    fx_alarm_at(&f, TCN_ACTION_FIRE, 0);
    f.now += MIN;
    fx_status(&f, TCN_STATUS_RESOLVED, NULL);
    f.now += 10 * MIN;
    assert_int_equal(fx_alarm_at(&f, TCN_ACTION_FIRE, 0), TCN_INTAKE_REOPENED);
    fx_status(&f, TCN_STATUS_RESOLVED, NULL);
    f.now += 20 * MIN;
    assert_int_equal(fx_alarm_at(&f, TCN_ACTION_FIRE, 0), TCN_INTAKE_OPENED);
    fx_done(&f);
}

static void resolve_delay_absorbs_an_echo(void **state)
{
    struct fixture f;

    (void)state;
    fx_init(&f);
    f.policy.resolve_after_ms = 30 * SEC;
    fx_alarm_at(&f, TCN_ACTION_FIRE, T0);
    f.now += MIN;
    assert_int_equal(fx_alarm_at(&f, TCN_ACTION_RESOLVE, f.now), TCN_INTAKE_WAITING);
    assert_int_equal(f.d.next_due_ms, f.now + 30 * SEC);
    f.now += 10 * SEC;
    assert_int_equal(fx_alarm_at(&f, TCN_ACTION_RESOLVE, f.now - 10 * SEC), TCN_INTAKE_NOTHING);
    assert_int_equal(fx_alarm_at(&f, TCN_ACTION_FIRE, f.now), TCN_INTAKE_FOLDED);
    assert_int_equal(f.d.next_due_ms, 0);
    f.now += MIN;
    fx_alarm_at(&f, TCN_ACTION_RESOLVE, f.now);
    fx_run_until(&f, f.now + 30 * SEC);
    assert_int_equal(f.a.incident.status, TCN_STATUS_RESOLVED);
    assert_string_equal(f.a.incident.resolution.code, "alarm_ok");
    assert_string_equal(f.a.incident.resolution.by, "source:cw");
    fx_done(&f);
}

/* Its sender has no word for it: nothing is made up. */
static void an_alarm_without_a_state(void **state)
{
    static const char *const none[] = {NULL, ""};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct tcn_alarm alarm = fx_alarm(TCN_ACTION_UPDATE, T0);
        struct fixture f;

        fx_init(&f);
        fx_alarm_at(&f, TCN_ACTION_FIRE, T0);
        alarm.state = none[i];
        assert_int_equal(fx_send(&f, &alarm), TCN_INTAKE_UPDATED);
        alarm.action = TCN_ACTION_RESOLVE;
        alarm.clock_ms = f.now += MIN;
        assert_int_equal(fx_send(&f, &alarm), TCN_INTAKE_RESOLVED);
        assert_null(f.a.incident.resolution.notes);
        alarm.action = TCN_ACTION_FIRE;
        alarm.clock_ms = T0 - MIN;
        assert_int_equal(fx_send(&f, &alarm), TCN_INTAKE_LATE);
        fx_done(&f);
    }
}

static void policy_can_leave_incidents_open(void **state)
{
    struct fixture f;

    (void)state;
    fx_init(&f);
    f.policy.resolves = false;
    fx_alarm_at(&f, TCN_ACTION_FIRE, T0);
    f.now += MIN;
    assert_int_equal(fx_alarm_at(&f, TCN_ACTION_RESOLVE, f.now), TCN_INTAKE_UPDATED);
    assert_int_equal(f.a.incident.status, TCN_STATUS_OPEN);
    f.now += MIN;
    assert_int_equal(fx_alarm_at(&f, TCN_ACTION_FIRE, f.now), TCN_INTAKE_FOLDED);
    fx_done(&f);
}

static void other_lane_holds_the_incident(void **state)
{
    struct fixture f;

    (void)state;
    fx_init(&f);
    fx_alarm_at(&f, TCN_ACTION_FIRE, T0);
    f.a.others_hold = true;
    f.now += MIN;
    assert_int_equal(fx_alarm_at(&f, TCN_ACTION_RESOLVE, f.now), TCN_INTAKE_UPDATED);
    assert_int_equal(f.a.incident.status, TCN_STATUS_OPEN);
    f.a.others_hold = false;
    fx_done(&f);
}

/* Another alarm with the same dedupe string finds the incident open. */
static void second_alarm_folds_and_owns_nothing(void **state)
{
    struct tcn_alarm other = fx_alarm(TCN_ACTION_FIRE, T0);
    struct fixture f;

    (void)state;
    other.dedupe_key = "other";
    other.title = "disk";
    other.impact = 1;
    fx_init(&f);
    f.plan.dedupe_string = "one for all";
    fx_alarm_at(&f, TCN_ACTION_FIRE, T0);
    assert_string_equal(f.a.incident.dedupe_string, "one for all");
    f.a.lane = (struct tcn_lane){0};
    f.now += MIN;
    assert_int_equal(fx_send(&f, &other), TCN_INTAKE_FOLDED);
    assert_true(tcn_id_eq(f.a.lane.incident, f.a.incident.id));
    assert_string_equal(f.a.incident.title, "cpu");
    assert_int_equal(f.a.incident.impact, 3);
    assert_non_null(fx_event(&f, TCN_EVENT_TRIGGER, "triggered again: disk"));
    assert_non_null(
        strstr(fx_event(&f, TCN_EVENT_TRIGGER, NULL)->data, "\"createdIncident\":false"));
    fx_done(&f);
}

static void mapping_failure_still_opens(void **state)
{
    const struct tcn_alarm broken = {.source = "zabbix",
                                     .dedupe_key = "zabbix:sha",
                                     .action = TCN_ACTION_UNSET,
                                     .mapping_error = "$.event.id is missing",
                                     .raw = {"{}", 2}};
    struct fixture f;

    (void)state;
    fx_init(&f);
    f.plan.title = NULL;
    assert_int_equal(fx_send(&f, &broken), TCN_INTAKE_OPENED);
    assert_string_equal(f.a.incident.title, "Alarm from zabbix");
    assert_non_null(fx_event(&f, TCN_EVENT_TOCSIN, "$.event.id is missing"));
    assert_int_equal(f.a.incident.revision, 1);
    assert_int_equal(fx_send(&f, &broken), TCN_INTAKE_NOTHING);
    fx_done(&f);
}

/* The incident is open already: what failed is told when it is new, whatever the delivery does. */
static void later_mapping_failures_are_told(void **state)
{
    static const struct {
        const char *name, *before;
        char comes;
        enum tcn_intake verdict;
        bool is_told;
    } cases[] = {
        {"folded", "F", 'F', TCN_INTAKE_FOLDED, true},
        {"updated", "F", 'U', TCN_INTAKE_UPDATED, true},
        {"resolved", "F", 'R', TCN_INTAKE_RESOLVED, true},
        {"reopened", "FR", 'F', TCN_INTAKE_REOPENED, true},
        {"ignored", "F", 'I', TCN_INTAKE_IGNORED, false},
        {"nothing is open", "FR", 'R', TCN_INTAKE_IGNORED, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct tcn_alarm broken;
        struct fixture f;
        bool is_told;

        fx_init(&f);
        deliver(&f, cases[i].before);
        f.now += MIN;
        broken = fx_alarm(action_of(cases[i].comes), f.now);
        broken.mapping_error = "$.event.impact: is odd";
        assert_int_equal(fx_send(&f, &broken), cases[i].verdict);
        is_told = fx_event(&f, TCN_EVENT_TOCSIN, "$.event.impact: is odd") != NULL;
        if (is_told != cases[i].is_told)
            fail_msg("%s: told %d", cases[i].name, is_told);
        f.now += MIN;
        broken.clock_ms = f.now;
        fx_send(&f, &broken);
        if (strcmp(cases[i].name, "folded") == 0)
            assert_null(fx_event(&f, TCN_EVENT_TOCSIN, "$.event.impact: is odd"));
        fx_done(&f);
    }
}

static void missing_plan_still_opens(void **state)
{
    struct fixture f;

    (void)state;
    fx_init(&f);
    f.policy.response_plan = "gone";
    assert_int_equal(fx_alarm_at(&f, TCN_ACTION_FIRE, T0), TCN_INTAKE_OPENED);
    assert_non_null(fx_event(&f, TCN_EVENT_TOCSIN, "response plan gone does not exist"));
    assert_non_null(fx_event(&f, TCN_EVENT_TOCSIN, "nobody is engaged"));
    fx_done(&f);
}

/* All orders of four states with distinct clocks leave the lane in the same state: the newest wins. */
static void permute(struct fixture *f, const int order[4])
{
    static const enum tcn_action actions[] = {TCN_ACTION_FIRE, TCN_ACTION_RESOLVE, TCN_ACTION_FIRE,
                                              TCN_ACTION_RESOLVE};

    for (int i = 0; i < 4; i++) {
        f->now += SEC;
        fx_alarm_at(f, actions[order[i]], T0 - HOUR + order[i] * MIN);
        fx_alarm_at(f, actions[order[i]], T0 - HOUR + order[i] * MIN); /* and its duplicate */
    }
}

static void any_order_ends_in_one_state(void **state)
{
    int seen = 0;

    (void)state;
    for (int code = 0; code < 256; code++) {
        const int order[4] = {code & 3, code >> 2 & 3, code >> 4 & 3, code >> 6 & 3};
        struct fixture f;

        if ((1 << order[0] | 1 << order[1] | 1 << order[2] | 1 << order[3]) != 15)
            continue;
        fx_init(&f);
        permute(&f, order);
        assert_false(f.a.lane.is_firing);
        assert_int_equal(f.a.lane.clock_ms, T0 - HOUR + 3 * MIN);
        assert_true(!f.a.incident.exists || f.a.incident.status == TCN_STATUS_RESOLVED);
        fx_done(&f);
        seen++;
    }
    assert_int_equal(seen, 24);
}

static void timeline_of_repeats_is_bounded(void **state)
{
    struct fixture f;

    (void)state;
    fx_init(&f);
    for (int i = 0; i < 2 * TCN_EVENTS_MAX; i++) {
        f.now += SEC;
        fx_alarm_at(&f, TCN_ACTION_FIRE, f.now);
    }
    assert_int_equal(f.a.incident.event_seq, TCN_EVENTS_MAX - TCN_EVENTS_OF_PEOPLE);
    fx_alarm_at(&f, TCN_ACTION_RESOLVE, f.now);
    assert_int_equal(f.a.incident.status, TCN_STATUS_RESOLVED);
    assert_non_null(fx_event(&f, TCN_EVENT_UPDATE, "resolved"));
    fx_done(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_that_cannot_be),
        cmocka_unit_test(every_state_row),
        cmocka_unit_test(every_order),
        cmocka_unit_test(repeat_changes_nothing),
        cmocka_unit_test(second_path_is_a_duplicate),
        cmocka_unit_test(update_does_not_hide_an_ok),
        cmocka_unit_test(echo_is_accepted_after_the_window),
        cmocka_unit_test(clock_of_long_ago_is_none),
        cmocka_unit_test(future_clock_does_not_hold_back_news),
        cmocka_unit_test(reopen_window),
        cmocka_unit_test(reopened_wakes_people_again),
        cmocka_unit_test(a_plan_that_was_renamed),
        cmocka_unit_test(a_plan_that_is_there_stays),
        cmocka_unit_test(reopening_is_bounded),
        cmocka_unit_test(wont_fix_mutes),
        cmocka_unit_test(mute_ends_when_reopened),
        cmocka_unit_test(alarm_outlives_a_persons_resolve),
        cmocka_unit_test(resolve_delay_absorbs_an_echo),
        cmocka_unit_test(an_alarm_without_a_state),
        cmocka_unit_test(policy_can_leave_incidents_open),
        cmocka_unit_test(other_lane_holds_the_incident),
        cmocka_unit_test(second_alarm_folds_and_owns_nothing),
        cmocka_unit_test(mapping_failure_still_opens),
        cmocka_unit_test(later_mapping_failures_are_told),
        cmocka_unit_test(missing_plan_still_opens),
        cmocka_unit_test(any_order_ends_in_one_state),
        cmocka_unit_test(timeline_of_repeats_is_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
