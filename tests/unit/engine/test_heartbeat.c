#include "engine/mute.h"
#include "engine/wake.h"
#include "fixture.h"

#define AFTER (10 * MIN)
#define SLACK (30 * SEC)

static const char *const watchdogs[] = {"Watchdog"};
static const struct tcn_matcher by_name = {"alertname", watchdogs, 1};
static const struct tcn_heartbeat heartbeats[] = {
    {.name = "watchdog", .match = {&by_name, 1}, .missing_after_ms = AFTER, .impact = 1},
    {.name = "whole", .missing_after_ms = MIN, .title = "The source is silent"},
};

static void begin(struct fixture *f)
{
    fx_init(f);
    fx_person(f, "ann");
    fx_engage(f, "ann");
    f->policy.heartbeats = heartbeats;
    f->policy.n_heartbeats = 2;
}

static struct tcn_intake_input input_of(struct fixture *f, const struct tcn_alarm *alarm)
{
    f->a.lane.dedupe_key = alarm->dedupe_key;
    fx_begin(f);
    return (struct tcn_intake_input){.alarm = alarm,
                                     .policy = &f->policy,
                                     .directory = &f->directory,
                                     .new_id = fx_id(++f->n_ids),
                                     .salt = 7,
                                     .now_ms = f->now};
}

static enum tcn_intake alive(struct fixture *f, int64_t known_ms)
{
    const struct tcn_alarm alarm =
        tcn_heartbeat_alarm(&f->policy, &heartbeats[0], false, &f->arena);
    const struct tcn_intake_input in = input_of(f, &alarm);
    enum tcn_intake verdict = tcn_engine_alive(&in, &heartbeats[0], known_ms, &f->a, &f->d);

    fx_check(f, f->d.subject);
    return verdict;
}

static enum tcn_intake missing(struct fixture *f)
{
    const struct tcn_alarm alarm = tcn_heartbeat_alarm(&f->policy, &heartbeats[0], true, &f->arena);
    const struct tcn_intake_input in = input_of(f, &alarm);
    enum tcn_intake verdict = tcn_engine_missing(&in, &heartbeats[0], &f->a, &f->d);

    fx_check(f, f->d.subject);
    return verdict;
}

static void names(void **state)
{
    struct tcn_tag tag = {"alertname", "Watchdog"};
    struct tcn_alarm alarm = {.source = "cw", .tags = &tag, .n_tags = 1};
    struct fixture f;

    (void)state;
    begin(&f);
    assert_ptr_equal(tcn_heartbeat_of(&f.policy, &alarm), &heartbeats[0]);
    tag.value = "HighLoad";
    assert_null(tcn_heartbeat_of(&f.policy, &alarm));
    assert_string_equal(tcn_heartbeat_key(&f.policy, &heartbeats[1], &f.arena), "!/cw/whole");
    assert_ptr_equal(tcn_heartbeat_named(&f.policy, "!/cw/whole"), &heartbeats[1]);
    assert_null(tcn_heartbeat_named(&f.policy, "!/cw/gone"));
    assert_null(tcn_heartbeat_named(&f.policy, "gone"));
    assert_int_equal(tcn_heartbeat_due(&(struct tcn_heartbeat){.missing_after_ms = HOUR}, T0),
                     T0 + HOUR + SLACK);
    assert_int_equal(tcn_heartbeat_due(&heartbeats[1], T0), T0 + MIN + 6 * SEC);
    assert_string_equal(tcn_heartbeat_alarm(&f.policy, &heartbeats[1], true, &f.arena).title,
                        "The source is silent");
    fx_done(&f);
}

static void a_sign_moves_the_time(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f);
    assert_int_equal(alive(&f, 0), TCN_INTAKE_ALIVE);
    assert_true(f.d.waiting_changed);
    assert_int_equal(f.d.waiting.kind, TCN_WAITING_HEARTBEAT);
    assert_int_equal(f.d.waiting.due_ms, T0 + AFTER + SLACK);
    assert_false(f.a.incident.exists);
    f.now += SLACK;
    assert_int_equal(alive(&f, T0 + AFTER + SLACK), TCN_INTAKE_ALIVE);
    assert_true(fx_wrote_nothing(&f) && !f.d.waiting_changed);
    f.now += SEC;
    alive(&f, T0 + AFTER + SLACK);
    assert_int_equal(f.d.waiting.due_ms, f.now + AFTER + SLACK);
    /* A time that is too far away is one of another configuration. */
    alive(&f, f.now + HOUR);
    assert_int_equal(f.d.waiting.due_ms, f.now + AFTER + SLACK);
    fx_done(&f);
}

static void missing_opens_and_a_sign_resolves(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f);
    alive(&f, 0);
    f.now = T0 + AFTER + SLACK;
    assert_int_equal(missing(&f), TCN_INTAKE_OPENED);
    assert_true(f.d.waiting_changed && f.d.waiting.due_ms == 0);
    assert_string_equal(f.a.incident.title, "No sign of life: watchdog of cw");
    assert_int_equal(f.a.incident.impact, 1);
    assert_int_equal(f.n_sends, 1);
    f.now += MIN;
    assert_int_equal(alive(&f, 0), TCN_INTAKE_RESOLVED);
    assert_int_equal(f.d.waiting.due_ms, f.now + AFTER + SLACK);
    assert_int_equal(f.a.incident.status, TCN_STATUS_RESOLVED);
    f.now += AFTER + SLACK;
    assert_int_equal(missing(&f), TCN_INTAKE_REOPENED);
    fx_done(&f);
}

/* One that was never heard of is missing, too. */
static void never_heard_of(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f);
    assert_int_equal(missing(&f), TCN_INTAKE_OPENED);
    fx_done(&f);
}

static void time_without_ears_does_not_count(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f);
    alive(&f, 0);
    f.now = T0 + AFTER + SLACK;
    f.a.listens_ms = f.now - MIN;
    assert_int_equal(missing(&f), TCN_INTAKE_NOTHING);
    assert_int_equal(f.d.waiting.due_ms, f.now - MIN + AFTER);
    assert_false(f.a.incident.exists);
    f.now = f.d.waiting.due_ms;
    assert_int_equal(missing(&f), TCN_INTAKE_OPENED);
    fx_done(&f);
}

/* The timer of the incident that is open stays what it was. */
static void time_without_ears_moves_no_timer(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f);
    f.policy.resolve_after_ms = HOUR;
    assert_int_equal(missing(&f), TCN_INTAKE_OPENED);
    f.now += MIN;
    assert_int_equal(alive(&f, 0), TCN_INTAKE_WAITING);
    f.now = f.d.waiting.due_ms;
    f.a.listens_ms = f.now - MIN;
    assert_int_equal(missing(&f), TCN_INTAKE_NOTHING);
    assert_int_not_equal(tcn_engine_next_due(&f.a), 0);
    assert_int_equal(f.d.next_due_ms, tcn_engine_next_due(&f.a));
    fx_done(&f);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),
        cmocka_unit_test(a_sign_moves_the_time),
        cmocka_unit_test(missing_opens_and_a_sign_resolves),
        cmocka_unit_test(never_heard_of),
        cmocka_unit_test(time_without_ears_does_not_count),
        cmocka_unit_test(time_without_ears_moves_no_timer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
