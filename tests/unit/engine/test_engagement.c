#include "engine/engagement.h"
#include "engine/oncall.h"
#include "fixture.h"

static void stages_start_at_their_times(void **state)
{
    struct fixture f;
    struct tcn_contact *esc;

    (void)state;
    fx_init(&f);
    fx_person(&f, "ann");
    fx_person(&f, "bob");
    fx_person(&f, "cat");
    esc = fx_contact(&f, "esc", TCN_ESCALATION);
    fx_target(fx_stage(esc, MIN), "ann", true);
    fx_stage(esc, 2 * MIN); /* a pure delay */
    fx_target(fx_stage(esc, 0), "bob", true);
    fx_target(fx_stage(esc, MIN), "cat", true);
    fx_engage(&f, "esc");
    fx_alarm_at(&f, TCN_ACTION_FIRE, 0);
    assert_int_equal(f.a.n_engagements, 1);
    assert_string_equal(f.a.engagements[0].contact, "esc");
    assert_int_equal(f.n_sends, 1);
    fx_run_until(&f, T0 + 3 * MIN - 1);
    assert_int_equal(f.n_sends, 1);
    fx_run_until(&f, T0 + 3 * MIN);
    assert_int_equal(f.n_sends, 3); /* a stage of no length: cat in the same instant */
    assert_int_equal(fx_page_of(&f, "cat")->first_ms, T0 + 3 * MIN);
    assert_int_equal(tcn_engine_next_due(&f.a), T0 + 8 * MIN); /* its end is told */
    fx_done(&f);
}

static void path_names_who_led_there(void **state)
{
    struct fixture f;
    struct tcn_contact *esc;

    (void)state;
    fx_init(&f);
    fx_person(&f, "a\"b");
    esc = fx_contact(&f, "esc", TCN_ESCALATION);
    fx_stage(esc, 0);
    fx_target(fx_stage(esc, MIN), "a\"b", true);
    fx_engage(&f, "esc");
    fx_engage(&f, "a\"b");
    fx_alarm_at(&f, TCN_ACTION_FIRE, 0);
    assert_string_equal(f.a.engagements[0].runs[0].path,
                        "[{\"contact\":\"esc\",\"type\":\"ESCALATION\"},"
                        "{\"contact\":\"a\\\"b\",\"type\":\"PERSONAL\",\"stage\":1}]");
    assert_string_equal(f.a.engagements[1].runs[0].path,
                        "[{\"contact\":\"a\\\"b\",\"type\":\"PERSONAL\"}]");
    fx_done(&f);
}

static const struct {
    const char *name;
    const char *engages; /* NULL: nobody */
    const char *told;
} gaps[] = {
    {"contact that does not exist", "zoe", "cannot engage zoe: no such contact"},
    {"... so nobody is engaged", "zoe", "nobody is engaged: none of the plan's contacts exists"},
    {"plan that names nobody", NULL, "nobody is engaged: the response plan names nobody"},
    {"schedule without anybody on call", "sched", "nobody is on call for sched"},
    {"escalation plan without a stage", "empty", "empty engages nobody"},
    {"target that does not exist", "esc", "cannot engage zoe of esc: no such contact"},
    {"target that is an escalation plan", "nest",
     "cannot engage esc of nest: an escalation plan cannot contain another"},
    {"target that is an empty schedule", "viasched", "nobody is on call for sched"},
};

static void nobody_is_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof gaps / sizeof gaps[0]; i++) {
        struct fixture f;

        fx_init(&f);
        fx_contact(&f, "sched", TCN_ONCALL_SCHEDULE);
        fx_contact(&f, "empty", TCN_ESCALATION);
        fx_target(fx_stage(fx_contact(&f, "esc", TCN_ESCALATION), MIN), "zoe", true);
        fx_target(fx_stage(fx_contact(&f, "nest", TCN_ESCALATION), MIN), "esc", true);
        fx_target(fx_stage(fx_contact(&f, "viasched", TCN_ESCALATION), MIN), "sched", true);
        if (gaps[i].engages)
            fx_engage(&f, gaps[i].engages);
        assert_int_equal(fx_alarm_at(&f, TCN_ACTION_FIRE, 0), TCN_INTAKE_OPENED);
        if (!fx_event(&f, TCN_EVENT_TOCSIN, gaps[i].told))
            fail_msg("%s", gaps[i].name);
        fx_done(&f);
    }
}

/* A stage of those who are gone is not waited for; one that somebody is left of is, and one that names nobody. */
static void who_is_gone_keeps_nobody_waiting(void **state)
{
    static const struct {
        const char *stages[3]; /* "" names nobody */
        int64_t due_ms;        /* of cat, from T0 */
    } rows[] = {
        {{"zoe", "cat"}, 0},    {{"zoe yan", "cat"}, 0},          {{"zoe ann", "cat"}, 5 * MIN},
        {{"", "cat"}, 5 * MIN}, {{"ann", "zoe", "cat"}, 5 * MIN}, {{"zoe", "yan", "cat"}, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct fixture f;
        struct tcn_contact *esc;

        fx_init(&f);
        fx_person(&f, "ann");
        fx_person(&f, "cat");
        esc = fx_contact(&f, "esc", TCN_ESCALATION);
        for (size_t k = 0; k < 3 && rows[i].stages[k]; k++) {
            struct tcn_stage *stage = fx_stage(esc, 5 * MIN);
            struct tcn_str rest = tcn_str(rows[i].stages[k]), word;

            while (rest.len > 0) {
                if (!tcn_str_cut(&rest, ' ', &word)) {
                    word = rest;
                    rest = (struct tcn_str){NULL, 0};
                }
                fx_target(stage, tcn_arena_str(&f.arena, word).ptr, true);
            }
        }
        fx_engage(&f, "esc");
        fx_alarm_at(&f, TCN_ACTION_FIRE, 0);
        if (strncmp(rows[i].stages[0], "zoe", 3) == 0)
            assert_non_null(f.d.absent);
        fx_run_until(&f, T0 + rows[i].due_ms);
        assert_int_equal(fx_page_of(&f, "cat")->first_ms, T0 + rows[i].due_ms);
        fx_done(&f);
    }
}

/* One run although a stage names the person twice, and again while the first run goes on; essential is either. */
static void one_run_at_a_time(void **state)
{
    struct fixture f;
    struct tcn_contact *esc;

    (void)state;
    fx_init(&f);
    fx_channel(fx_stage(fx_contact(&f, "ann", TCN_PERSONAL), 10 * MIN), "email", 0);
    esc = fx_contact(&f, "esc", TCN_ESCALATION);
    fx_target(fx_stage(esc, MIN), "ann", false);
    fx_target(fx_stage_of(esc, 0), "ann", false);
    fx_target(fx_stage(esc, 20 * MIN), "ann", true);
    fx_target(fx_stage(esc, MIN), "ann", false);
    fx_engage(&f, "esc");
    fx_alarm_at(&f, TCN_ACTION_FIRE, 0);
    assert_int_equal(f.a.engagements[0].n_runs, 1);
    assert_false(f.a.engagements[0].runs[0].is_essential);
    fx_run_until(&f, T0 + MIN);
    assert_int_equal(f.a.engagements[0].n_runs, 1);
    assert_true(f.a.engagements[0].runs[0].is_essential);
    fx_run_until(&f, T0 + 21 * MIN); /* a finished run may be repeated */
    assert_int_equal(f.a.engagements[0].n_runs, 2);
    assert_int_equal(f.n_sends, 2);
    fx_done(&f);
}

static void snapshot_of_the_plan(void **state)
{
    struct fixture f;
    struct tcn_contact *ann;

    (void)state;
    fx_init(&f);
    ann = fx_contact(&f, "ann", TCN_PERSONAL);
    fx_channel(fx_stage(ann, MIN), "email", 0);
    fx_channel(fx_stage(ann, MIN), "sms", 0);
    fx_engage(&f, "ann");
    fx_alarm_at(&f, TCN_ACTION_FIRE, 0);
    ann->plan.n_stages = 1;
    fx_run_until(&f, T0 + MIN);
    assert_int_equal(f.n_sends, 2);
    fx_done(&f);
}

static void resolve_stops_and_drops(void **state)
{
    struct fixture f;

    (void)state;
    fx_init(&f);
    fx_channel(fx_stage(fx_contact(&f, "ann", TCN_PERSONAL), 10 * MIN), "email", MIN);
    fx_engage(&f, "ann");
    fx_alarm_at(&f, TCN_ACTION_FIRE, 0);
    f.now += MIN / 2;
    fx_alarm_at(&f, TCN_ACTION_RESOLVE, 0);
    assert_int_equal(f.a.engagements[0].stop_ms, f.now);
    assert_int_equal(f.d.receipts.n, 1);
    assert_int_equal(f.d.drops.n, 1);
    assert_int_equal(f.d.next_due_ms, 0);
    f.now += HOUR;
    fx_timer(&f);
    assert_true(fx_wrote_nothing(&f));
    fx_done(&f);
}

/* After two days of downtime a chain of ten stages takes ten turns of its spacing, not one burst. */
static void no_burst_after_downtime(void **state)
{
    static const char *const names[] = {"p0", "p1", "p2", "p3", "p4", "p5"};
    struct fixture f;
    struct tcn_contact *esc;
    int64_t back = T0 + 48 * HOUR;

    (void)state;
    fx_init(&f);
    for (size_t i = 0; i < 6; i++)
        fx_person(&f, names[i]);
    esc = fx_contact(&f, "esc", TCN_ESCALATION);
    for (size_t i = 0; i < 6; i++)
        fx_target(fx_stage(esc, 5 * MIN), names[i], true);
    fx_engage(&f, "esc");
    fx_alarm_at(&f, TCN_ACTION_FIRE, 0);
    f.now = back;
    for (size_t i = 1; i < 6; i++) {
        fx_timer(&f);
        assert_int_equal(f.d.sends.n, 1);
        assert_string_equal(f.d.sends.items[0].contact, names[i]);
        assert_int_equal(f.d.next_due_ms, back + (int64_t)i * 5 * MIN);
        f.now = f.d.next_due_ms;
    }
    f.now = T0;
    fx_done(&f);
}

static void room_is_counted(void **state)
{
    struct tcn_aggregate a = {.n_engagements = TCN_ENGAGEMENTS_CAP - TCN_ENGAGEMENTS_MAX};

    (void)state;
    assert_true(tcn_engagement_has_room(&a));
    a.n_engagements++;
    assert_false(tcn_engagement_has_room(&a));
}

static void schedule_resolves_to_nobody(void **state)
{
    struct tcn_on_call people[TCN_ONCALL_MAX];
    struct fixture f;

    (void)state;
    fx_init(&f);
    assert_int_equal(
        tcn_oncall_at(&f.directory, fx_contact(&f, "s", TCN_ONCALL_SCHEDULE), T0, people), 0);
    fx_done(&f);
}

static const struct tcn_zone utc = {"UTC", 0, NULL, 0};
static const struct tcn_clock_time six = {18, 0}; /* an hour after T0 */
static const char *const people[] = {"ann", "bob"};

/* sched, on which so many of ann and bob are on call, and esc without a stage. */
static struct tcn_contact *put_on_call(struct fixture *f, int on_calls)
{
    const struct tcn_roster **roster;
    struct tcn_rotation *rotation;
    struct tcn_contact *sched;

    fx_init(f);
    roster = TCN_NEW(&f->arena, const struct tcn_roster *);
    rotation = TCN_NEW(&f->arena, struct tcn_rotation);
    *rotation = (struct tcn_rotation){
        .alias = "daily",
        .contacts = people,
        .n_contacts = 2,
        .zone = &utc,
        .start_ms = T0 - HOUR,
        .recurrence = {
            .daily = &six, .n_daily = 1, .number_of_on_calls = on_calls, .multiplier = 1}};
    for (size_t i = 0; i < 2; i++)
        fx_channel(fx_stage(fx_contact(f, people[i], TCN_PERSONAL), 30 * MIN), "email", MIN);
    fx_person(f, "cat");
    sched = fx_contact(f, "sched", TCN_ONCALL_SCHEDULE);
    sched->rotations[sched->n_rotations++] = "daily";
    *roster = tcn_roster_prepare(rotation, &f->arena);
    f->directory.rosters = roster;
    f->directory.n_rosters = 1;
    return fx_contact(f, "esc", TCN_ESCALATION);
}

/* Any of them is enough for the target, and stops nobody else. */
static void two_on_call_are_one_target(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct tcn_contact *esc;
        struct fixture f;

        esc = put_on_call(&f, 2);
        fx_target(fx_stage(esc, 5 * MIN), "sched", true);
        fx_target(fx_stage(esc, 5 * MIN), "cat", true);
        fx_engage(&f, "esc");
        fx_alarm_at(&f, TCN_ACTION_FIRE, 0);
        assert_int_equal(f.n_sends, 2);
        f.now += SEC;
        if (i < 2)
            fx_ack(&f, fx_page_of(&f, people[i])->id, "contact:x");
        fx_run_until(&f, T0 + 10 * MIN);
        assert_int_equal(fx_page_of(&f, "cat") == NULL, i < 2);
        if (i < 2)
            assert_int_equal(fx_page_of(&f, people[1 - i])->sends, 11);
        fx_done(&f);
    }
}

/* Engaged without a plan around it, the answer of one stops that one. */
static void two_on_call_answer_for_themselves(void **state)
{
    struct fixture f;

    (void)state;
    put_on_call(&f, 2);
    fx_engage(&f, "sched");
    fx_alarm_at(&f, TCN_ACTION_FIRE, 0);
    f.now += SEC;
    fx_ack(&f, fx_page_of(&f, "ann")->id, "contact:ann");
    fx_run_until(&f, T0 + 10 * MIN);
    assert_int_equal(fx_page_of(&f, "ann")->sends, 1);
    assert_int_equal(fx_page_of(&f, "bob")->sends, 11);
    fx_done(&f);
}

/* Whichever of the two ways comes first. */
static void directly_and_by_a_schedule(void **state)
{
    (void)state;
    for (int schedule_first = 0; schedule_first < 2; schedule_first++) {
        struct tcn_stage *stage;
        struct fixture f;

        stage = fx_stage(put_on_call(&f, 1), 5 * MIN);
        fx_target(stage, schedule_first ? "sched" : "ann", false);
        fx_target(stage, schedule_first ? "ann" : "sched", true);
        fx_engage(&f, "esc");
        fx_alarm_at(&f, TCN_ACTION_FIRE, 0);
        assert_int_equal(f.a.engagements[0].n_runs, 1);
        assert_true(f.a.engagements[0].runs[0].is_essential);
        assert_int_equal(f.n_sends, 1);
        assert_int_equal(strstr(f.a.engagements[0].runs[0].path, "sched") != NULL, schedule_first);
        fx_done(&f);
    }
}

/* Who is on call is looked up when a stage starts: by the second one somebody else is. */
static void schedule_engages_who_is_on_call(void **state)
{
    struct tcn_contact *esc;
    struct fixture f;

    (void)state;
    esc = put_on_call(&f, 1);
    fx_target(fx_stage(esc, HOUR), "sched", true);
    fx_target(fx_stage(esc, HOUR), "sched", true);
    fx_engage(&f, "esc");
    fx_alarm_at(&f, TCN_ACTION_FIRE, 0);
    assert_int_equal(fx_page_of(&f, "ann")->first_ms, T0);
    fx_run_until(&f, T0 + HOUR);
    assert_int_equal(fx_page_of(&f, "bob")->first_ms, T0 + HOUR);
    assert_int_equal(f.a.engagements[0].n_runs, 2);
    assert_string_equal(f.a.engagements[0].runs[1].path,
                        "[{\"contact\":\"esc\",\"type\":\"ESCALATION\"},"
                        "{\"contact\":\"sched\",\"type\":\"ONCALL_SCHEDULE\",\"stage\":1,"
                        "\"rotation\":\"daily\",\"overridden\":false,"
                        "\"until\":1785780000000},"
                        "{\"contact\":\"bob\",\"type\":\"PERSONAL\"}]");
    fx_done(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stages_start_at_their_times),
        cmocka_unit_test(path_names_who_led_there),
        cmocka_unit_test(nobody_is_told),
        cmocka_unit_test(who_is_gone_keeps_nobody_waiting),
        cmocka_unit_test(one_run_at_a_time),
        cmocka_unit_test(snapshot_of_the_plan),
        cmocka_unit_test(resolve_stops_and_drops),
        cmocka_unit_test(no_burst_after_downtime),
        cmocka_unit_test(room_is_counted),
        cmocka_unit_test(schedule_resolves_to_nobody),
        cmocka_unit_test(schedule_engages_who_is_on_call),
        cmocka_unit_test(two_on_call_are_one_target),
        cmocka_unit_test(two_on_call_answer_for_themselves),
        cmocka_unit_test(directly_and_by_a_schedule),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
