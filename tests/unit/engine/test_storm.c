#include "engine/storm.h"
#include "fixture.h"

/* A storm's view of one source: every alarm has its own lane and aggregate, the storm's is kept by the fixture. */
static enum tcn_intake new_alarm(struct fixture *f, int n)
{
    struct tcn_alarm alarm = fx_alarm(TCN_ACTION_FIRE, 0);
    enum tcn_intake verdict;

    alarm.dedupe_key = tcn_arena_fmt(&f->arena, "alarm-%d", n);
    f->a = (struct tcn_aggregate){0};
    verdict = fx_send(f, &alarm);
    if (verdict == TCN_INTAKE_STORM && f->d.incident_opened)
        f->storm_a = f->a;
    return verdict;
}

static void thirty_open_the_rest_attach(void **state)
{
    struct fixture f;

    (void)state;
    fx_init(&f);
    f.has_storm = true;
    fx_person(&f, "ann");
    fx_engage(&f, "ann");
    for (int i = 0; i < 30; i++)
        assert_int_equal(new_alarm(&f, i), TCN_INTAKE_OPENED);
    assert_int_equal(new_alarm(&f, 30), TCN_INTAKE_STORM);
    assert_true(f.d.incident_opened && f.d.storm_changed && f.a.incident.is_storm);
    assert_string_equal(f.a.incident.title, "Alarm storm from cw");
    assert_int_equal(f.d.sends.n, 1);
    for (int i = 31; i < 100; i++) {
        assert_int_equal(new_alarm(&f, i), TCN_INTAKE_STORM);
        assert_ptr_equal(f.d.subject, &f.storm_a);
        assert_false(f.d.incident_opened);
        assert_int_equal(f.d.sends.n, 0);
        assert_true(tcn_id_eq(f.a.lane.incident, f.storm_a.incident.id));
        assert_string_equal(f.storm_a.lane.dedupe_key, f.a.lane.dedupe_key);
        assert_true(f.d.lane_changed);
        assert_int_equal(f.d.tickets_due,
                         i == 31 || i == 33 || i == 37 || i == 45 || i == 61 || i == 93);
    }
    assert_int_equal(f.storm.attached, 70);
    fx_done(&f);
}

/* One new alarm alone, the rest are a storm. */
static void one_alone(struct fixture *f)
{
    fx_init(f);
    f->has_storm = true;
    f->policy.storm_new = 1;
}

/* As loaded for the last member: its lane, the storm's incident. */
static void load_member(struct fixture *f)
{
    f->a = f->storm_a;
    f->storm_a = (struct tcn_aggregate){0};
}

static enum tcn_intake member_says(struct fixture *f, enum tcn_action action)
{
    struct tcn_alarm alarm = fx_alarm(action, 0);

    alarm.dedupe_key = f->a.lane.dedupe_key;
    return fx_send(f, &alarm);
}

static void member_resolves_alone_then_the_storm(void **state)
{
    struct fixture f;

    (void)state;
    one_alone(&f);
    f.policy.resolve_after_ms = 30 * SEC;
    new_alarm(&f, 0);
    new_alarm(&f, 1);
    new_alarm(&f, 2);
    assert_int_equal(f.storm.attached, 2);
    load_member(&f);
    f.a.others_hold = true;
    assert_int_equal(member_says(&f, TCN_ACTION_RESOLVE), TCN_INTAKE_UPDATED);
    assert_false(f.a.lane.is_firing);
    f.a.lane.is_firing = true;
    f.a.others_hold = false;
    assert_int_equal(member_says(&f, TCN_ACTION_RESOLVE), TCN_INTAKE_RESOLVED);
    fx_done(&f);
}

/* Its storm stays open as another incident would, until it is quiet. */
static void member_that_flaps(void **state)
{
    struct fixture f;

    (void)state;
    one_alone(&f);
    new_alarm(&f, 0);
    new_alarm(&f, 1);
    load_member(&f);
    for (int i = 0; i < 12 && !f.a.lane.is_flapping; i++) {
        f.now += SEC;
        member_says(&f, i % 2 ? TCN_ACTION_FIRE : TCN_ACTION_RESOLVE);
    }
    assert_true(f.a.lane.is_flapping);
    assert_non_null(
        fx_event(&f, TCN_EVENT_TOCSIN, "one of its alarms is flapping (6 changes in an hour)"));
    for (int i = 0; i < 4; i++) {
        f.now += SEC;
        member_says(&f, i % 2 ? TCN_ACTION_FIRE : TCN_ACTION_RESOLVE);
        assert_int_equal(f.a.incident.status, TCN_STATUS_OPEN);
    }
    assert_int_equal(member_says(&f, TCN_ACTION_RESOLVE), TCN_INTAKE_WAITING);
    fx_run_until(&f, f.now + f.policy.flap_quiet_ms);
    assert_int_equal(f.a.incident.status, TCN_STATUS_RESOLVED);
    fx_done(&f);
}

/* Among the alarms that it covers; one that tells none has that of the plan, 3. */
static void impact_is_the_worst(void **state)
{
    static const struct {
        int told, want;
    } alarms[] = {{5, 5}, {4, 4}, {4, 4}, {0, 3}, {5, 3}, {1, 1}, {2, 1}};
    struct fixture f;

    (void)state;
    one_alone(&f);
    new_alarm(&f, 0);
    for (size_t i = 0; i < sizeof alarms / sizeof *alarms; i++) {
        struct tcn_alarm alarm = fx_alarm(TCN_ACTION_FIRE, 0);
        int before = f.storm_a.incident.exists ? f.storm_a.incident.impact : 0;

        alarm.dedupe_key = tcn_arena_fmt(&f.arena, "am:%zu", i);
        alarm.impact = alarms[i].told;
        f.a = (struct tcn_aggregate){0};
        assert_int_equal(fx_send(&f, &alarm), TCN_INTAKE_STORM);
        if (f.d.incident_opened)
            f.storm_a = f.a;
        assert_int_equal(f.storm_a.incident.impact, alarms[i].want);
        if (before && before != alarms[i].want) {
            assert_true(f.d.tickets_due);
            assert_non_null(fx_event(&f, TCN_EVENT_UPDATE, "updated by cw"));
        }
    }
    fx_done(&f);
}

/* A member says later that it is worse than thought. */
static void member_that_gets_worse(void **state)
{
    struct tcn_alarm alarm = fx_alarm(TCN_ACTION_FIRE, T0);
    struct fixture f;

    (void)state;
    one_alone(&f);
    new_alarm(&f, 0);
    new_alarm(&f, 1);
    assert_int_equal(f.a.incident.impact, 3);
    alarm.dedupe_key = f.a.lane.dedupe_key;
    alarm.impact = 2;
    fx_send(&f, &alarm);
    assert_int_equal(f.a.incident.impact, 2);
    assert_string_equal(f.a.incident.title, "Alarm storm from cw");
    fx_done(&f);
}

/* By what people call them: the key of a group is a hash. */
static void members_are_named(void **state)
{
    struct tcn_alarm alarm = fx_alarm(TCN_ACTION_FIRE, 0);
    struct fixture f;

    (void)state;
    one_alone(&f);
    new_alarm(&f, 0);
    alarm.dedupe_key = "am:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    alarm.title = "The shop does not answer";
    f.a = (struct tcn_aggregate){0};
    assert_int_equal(fx_send(&f, &alarm), TCN_INTAKE_STORM);
    assert_non_null(fx_event(&f, TCN_EVENT_TRIGGER, "The shop does not answer"));
    alarm.action = TCN_ACTION_RESOLVE;
    f.a.others_hold = true;
    assert_int_equal(fx_send(&f, &alarm), TCN_INTAKE_UPDATED);
    assert_non_null(
        fx_event(&f, TCN_EVENT_TOCSIN,
                 "The shop does not answer is OK; other alarms of the incident are not"));
    fx_done(&f);
}

/* One more alarm of that impact, of which the storm is running; the verdict. */
static enum tcn_intake joins(struct fixture *f, int n, int impact)
{
    struct tcn_alarm alarm = fx_alarm(TCN_ACTION_FIRE, 0);
    enum tcn_intake verdict;

    alarm.dedupe_key = tcn_arena_fmt(&f->arena, "joins-%d", n);
    alarm.impact = impact;
    f->a = (struct tcn_aggregate){0};
    verdict = fx_send(f, &alarm);
    if (f->d.incident_opened && f->a.incident.is_storm)
        f->storm_a = f->a;
    return verdict;
}

/* With somebody to wake. The number of the next alarm. */
static int storm_of_three(struct fixture *f, int impact)
{
    int n = 0;

    one_alone(f);
    fx_person(f, "ann");
    fx_engage(f, "ann");
    while (n < 3)
        joins(f, n++, impact);
    return n;
}

/* Once somebody has taken it: the first of each impact wakes somebody anew. */
static void what_is_worse_than_acknowledged_opens_alone(void **state)
{
    static const struct {
        int impact;
        bool is_alone;
    } after[] = {{4, false}, {5, false}, {2, true},  {2, false},
                 {3, false}, {1, true},  {1, false}, {2, false}};
    struct fixture f;
    int n;

    (void)state;
    n = storm_of_three(&f, 4);
    assert_int_equal(joins(&f, n++, 3), TCN_INTAKE_STORM); /* nobody has taken it yet */
    assert_int_equal(f.storm_a.incident.impact, 3);
    f.storm_a.incident.impact = 4;
    f.storm_a.incident.acknowledged_ms = f.now;
    f.storm_a.incident.acknowledged_by = "user:ann";
    for (size_t i = 0; i < sizeof after / sizeof *after; i++) {
        enum tcn_intake verdict = joins(&f, n++, after[i].impact);

        assert_int_equal(verdict, after[i].is_alone ? TCN_INTAKE_OPENED : TCN_INTAKE_STORM);
        if (!after[i].is_alone) {
            f.storm_a.incident.impact = 4;
            continue;
        }
        assert_int_equal(f.d.sends.n, 1);
        assert_true(tcn_id_eq(f.a.incident.storm, f.storm_a.incident.id));
        assert_non_null(
            fx_event(&f, TCN_EVENT_TOCSIN, "more severe than what people were told of"));
    }
    fx_done(&f);
}

/* Nobody has acknowledged, and nobody is paged any more either: a storm that a person reopened, or whose plan has run
 * out. */
static void what_is_worse_than_a_storm_of_nobody_opens_alone(void **state)
{
    struct fixture f;
    int n;

    (void)state;
    n = storm_of_three(&f, 3);
    assert_int_equal(joins(&f, n++, 2), TCN_INTAKE_STORM);
    f.storm_a.incident.impact = 3;
    assert_int_equal(f.storm_a.n_engagements, 1);
    assert_int_equal(f.storm_a.engagements[0].n_runs, 1);
    f.storm_a.engagements[0].runs[0].ends_ms = f.now;
    assert_int_equal(joins(&f, n++, 3), TCN_INTAKE_STORM);
    assert_int_equal(joins(&f, n++, 2), TCN_INTAKE_OPENED);
    assert_int_equal(f.d.sends.n, 1);
    fx_done(&f);
}

/* One that is attached gets worse than what was acknowledged: it stays, and everybody is told of the storm anew. */
static void what_gets_worse_in_an_acknowledged_storm_wakes(void **state)
{
    struct tcn_alarm alarm;
    struct fixture f;
    size_t before;

    (void)state;
    storm_of_three(&f, 3);
    assert_int_equal(
        tcn_engine_acknowledge(&f.storm_a, (struct tcn_id){{0}}, "user:ann", NULL, f.now, &f.d), 0);
    before = f.storm_a.n_engagements;
    for (int impact = 3; impact > 0; impact--) {
        alarm = fx_alarm(TCN_ACTION_FIRE, f.now + 4 - impact);
        alarm.dedupe_key = "joins-2";
        alarm.impact = impact;
        f.a = f.storm_a;
        fx_send(&f, &alarm);
        f.storm_a = f.a;
        assert_int_equal(f.a.n_engagements, before + (impact < 3));
        assert_int_equal(f.d.sends.n, impact == 2);
        assert_int_equal(f.a.incident.acknowledged_ms != 0, impact == 3);
        if (impact == 2)
            assert_non_null(fx_event(&f, TCN_EVENT_TOCSIN, "they are engaged again"));
    }
    assert_int_equal(f.a.incident.impact, 1); /* told of it while they are paged */
    fx_done(&f);
}

/* With a timeline that is full: what is worse is told all the same, and by what. */
static void a_full_timeline_tells_the_impact(void **state)
{
    struct fixture f;
    int n = 0;

    (void)state;
    one_alone(&f);
    joins(&f, n++, 4);
    joins(&f, n++, 4);
    f.storm_a.incident.event_seq = TCN_EVENTS_MAX;
    assert_int_equal(joins(&f, n++, 1), TCN_INTAKE_STORM);
    assert_non_null(fx_event(&f, TCN_EVENT_UPDATE, "updated by cw: impact 1 (cpu)"));
    assert_true(f.d.storm_alarm_changed);
    fx_done(&f);
}

static void storm_ends_when_it_is_quiet(void **state)
{
    struct fixture f;
    int n = 0;

    (void)state;
    fx_init(&f);
    f.has_storm = true;
    while (new_alarm(&f, n++) == TCN_INTAKE_OPENED)
        ;
    f.now += 2 * MIN; /* 12 of 30 tokens are back */
    assert_int_equal(new_alarm(&f, n++), TCN_INTAKE_STORM);
    f.now += MIN;
    assert_int_equal(new_alarm(&f, n++), TCN_INTAKE_OPENED);
    assert_true(tcn_id_is_zero(f.storm.incident));
    fx_done(&f);
}

static void resolved_storm_takes_nobody(void **state)
{
    struct fixture f;
    struct tcn_id first;
    int n = 0;

    (void)state;
    fx_init(&f);
    f.has_storm = true;
    while (new_alarm(&f, n++) == TCN_INTAKE_OPENED)
        ;
    first = f.storm_a.incident.id;
    f.storm_a.incident.status = TCN_STATUS_RESOLVED;
    f.storm_a.incident.resolved_ms = f.now;
    assert_int_equal(new_alarm(&f, n++), TCN_INTAKE_STORM);
    assert_true(f.d.incident_opened);
    assert_false(tcn_id_eq(first, f.storm.incident));
    fx_done(&f);
}

static void repeats_take_no_token(void **state)
{
    struct fixture f;
    double before;

    (void)state;
    fx_init(&f);
    f.has_storm = true;
    fx_alarm_at(&f, TCN_ACTION_FIRE, T0);
    before = f.storm.tokens;
    for (int i = 0; i < 100; i++)
        fx_alarm_at(&f, TCN_ACTION_FIRE, T0 + i);
    assert_true(before == f.storm.tokens); /* not one was taken: compared exactly */
    assert_false(f.d.storm_changed);
    fx_done(&f);
}

static const struct {
    const char *name;
    int limit;
    int64_t window_ms, apart_ms;
    int opened; /* of 100 */
} rates[] = {
    {"no limit", 0, 5 * MIN, 0, 100},    {"no window", 30, 0, 0, 100},
    {"all at once", 30, 5 * MIN, 0, 30}, {"at the rate of refill", 30, 5 * MIN, 10 * SEC, 100},
    {"one only", 1, MIN, 0, 1},
};

static void every_rate(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        struct tcn_source_policy policy = {.storm_new = rates[i].limit,
                                           .storm_window_ms = rates[i].window_ms};
        struct tcn_storm storm = {0};
        int opened = 0;

        for (int k = 0; k < 100; k++) {
            enum tcn_storm_gate gate =
                tcn_storm_gate(&storm, &policy, true, T0 + k * rates[i].apart_ms);

            opened += gate == TCN_STORM_ALONE;
            if (gate == TCN_STORM_BEGIN)
                storm.incident = fx_id(1);
        }
        if (opened != rates[i].opened)
            fail_msg("%s: %d", rates[i].name, opened);
    }
}

static void clock_backwards_gives_no_tokens(void **state)
{
    const struct tcn_source_policy policy = {.storm_new = 2, .storm_window_ms = MIN};
    struct tcn_storm storm = {0};

    (void)state;
    assert_int_equal(tcn_storm_gate(&storm, &policy, false, T0), TCN_STORM_ALONE);
    assert_int_equal(tcn_storm_gate(&storm, &policy, false, T0 - HOUR), TCN_STORM_ALONE);
    assert_int_equal(tcn_storm_gate(&storm, &policy, false, T0 - 2 * HOUR), TCN_STORM_BEGIN);
    assert_int_equal(storm.at_ms, T0);
}

static void landmarks(void **state)
{
    (void)state;
    for (int n = 0; n <= 64; n++) {
        const struct tcn_storm storm = {.attached = n};

        assert_int_equal(tcn_storm_is_landmark(&storm),
                         n == 2 || n == 4 || n == 8 || n == 16 || n == 32 || n == 64);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(thirty_open_the_rest_attach),
        cmocka_unit_test(member_resolves_alone_then_the_storm),
        cmocka_unit_test(member_that_flaps),
        cmocka_unit_test(impact_is_the_worst),
        cmocka_unit_test(member_that_gets_worse),
        cmocka_unit_test(members_are_named),
        cmocka_unit_test(what_is_worse_than_acknowledged_opens_alone),
        cmocka_unit_test(what_is_worse_than_a_storm_of_nobody_opens_alone),
        cmocka_unit_test(what_gets_worse_in_an_acknowledged_storm_wakes),
        cmocka_unit_test(a_full_timeline_tells_the_impact),
        cmocka_unit_test(storm_ends_when_it_is_quiet),
        cmocka_unit_test(resolved_storm_takes_nobody),
        cmocka_unit_test(repeats_take_no_token),
        cmocka_unit_test(every_rate),
        cmocka_unit_test(clock_backwards_gives_no_tokens),
        cmocka_unit_test(landmarks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
