/* The plans are over, and nobody has answered: when that is told, and that it is told once. */
#include "fixture.h"

#define END "Nobody has answered; nobody is paged any more."
#define NEVER (-1)

/* Of a person: the last stage, its retry; of the escalation plan over it: stages of that length, 0 = none. */
struct row {
    const char *name;
    int64_t stage_ms, retry_ms;
    size_t stages;
    int64_t escalation_ms;
    int64_t told_ms;
};

static const struct row rows[] = {
    {"one stage is over", 10 * MIN, 0, 0, 0, 10 * MIN},
    {"its sends were over before", 10 * MIN, 4 * MIN, 0, 0, 10 * MIN},
    {"a stage of no length leaves time to answer", 0, 0, 0, 0, 5 * MIN},
    {"a short one, too", MIN, 0, 0, 0, 5 * MIN},
    {"the last stage of the escalation is longer", 10 * MIN, 0, 1, 30 * MIN, 30 * MIN},
    {"the person's plan is longer", 40 * MIN, 0, 1, 30 * MIN, 40 * MIN},
    {"two stages", 10 * MIN, 0, 2, 30 * MIN, 60 * MIN},
    {"two, the person's plan goes beyond", 50 * MIN, 0, 2, 30 * MIN, 80 * MIN},
};

static const char *const names[] = {"ann", "bob"};

static void build(struct fixture *f, const struct row *row)
{
    struct tcn_contact *esc;

    fx_init(f);
    for (size_t i = 0; i < 2; i++)
        fx_channel(fx_stage(fx_contact(f, names[i], TCN_PERSONAL), row->stage_ms), "email",
                   row->retry_ms);
    esc = fx_contact(f, "esc", TCN_ESCALATION);
    for (size_t i = 0; i < row->stages; i++)
        fx_target(fx_stage(esc, row->escalation_ms), names[i], true);
    fx_engage(f, row->stages > 0 ? "esc" : "ann");
}

static const struct tcn_event *end_of(const struct fixture *f)
{
    return fx_event(f, TCN_EVENT_TOCSIN, END);
}

/* After the alarm the time of the first end, from T0; a second one is a failure. */
static int64_t pass(struct fixture *f, int64_t until_ms)
{
    int64_t due, told_ms = NEVER;

    while ((due = tcn_engine_next_due(&f->a)) != 0 && due <= until_ms) {
        f->now = due;
        fx_timer(f);
        assert_int_equal(f->d.nobody_answered, end_of(f) != NULL);
        if (!end_of(f))
            continue;
        assert_int_equal(told_ms, NEVER);
        assert_true(end_of(f)->to_tickets && f->d.tickets_due);
        told_ms = f->now - T0;
    }
    f->now = until_ms;
    return told_ms;
}

static void when_it_is_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct fixture f;
        int64_t told_ms;

        build(&f, &rows[i]);
        fx_alarm_at(&f, TCN_ACTION_FIRE, T0);
        assert_null(end_of(&f));
        told_ms = pass(&f, T0 + 3 * HOUR);
        if (told_ms != rows[i].told_ms)
            fail_msg("%s: told at %lld", rows[i].name, (long long)told_ms);
        assert_int_equal(tcn_engine_next_due(&f.a), 0);
        fx_done(&f);
    }
}

static void an_answer_is_no_such_end(void **state)
{
    struct fixture f;

    (void)state;
    build(&f, &rows[0]);
    fx_alarm_at(&f, TCN_ACTION_FIRE, T0);
    f.now += MIN;
    assert_int_equal(fx_ack(&f, f.a.engagements[0].pages[0].id, "ann"), 0);
    assert_int_equal(pass(&f, T0 + HOUR), NEVER);
    fx_done(&f);
}

static void what_is_resolved_has_none(void **state)
{
    struct fixture f;

    (void)state;
    build(&f, &rows[0]);
    fx_alarm_at(&f, TCN_ACTION_FIRE, T0);
    f.now += MIN;
    assert_int_equal(fx_status(&f, TCN_STATUS_RESOLVED, "manual"), 0);
    assert_int_equal(pass(&f, T0 + HOUR), NEVER);
    fx_done(&f);
}

/* That is told as an error, by when nobody is left to page. */
static void who_is_not_reached_cannot_answer(void **state)
{
    struct fixture f;

    (void)state;
    build(&f, &rows[0]);
    f.channels[0][0].is_activated = false;
    fx_alarm_at(&f, TCN_ACTION_FIRE, T0);
    assert_true(f.d.nobody_reached);
    assert_int_equal(pass(&f, T0 + HOUR), NEVER);
    fx_done(&f);
}

static void engage_bob(struct fixture *f)
{
    struct tcn_err err = {0};

    fx_begin(f);
    assert_int_equal(tcn_engine_engage(&f->a, &(struct tcn_engage){"bob", "user:ops", NULL, NULL},
                                       &f->directory, 7, f->now, &f->d, &err),
                     0);
    fx_check(f, &f->a);
}

static void who_is_engaged_later_has_another(void **state)
{
    struct fixture f;

    (void)state;
    build(&f, &rows[0]);
    fx_alarm_at(&f, TCN_ACTION_FIRE, T0);
    assert_int_equal(pass(&f, T0 + HOUR), 10 * MIN);
    engage_bob(&f);
    assert_int_equal(pass(&f, T0 + 2 * HOUR), HOUR + 10 * MIN);
    fx_done(&f);
}

static void two_engagements_end_together(void **state)
{
    struct fixture f;

    (void)state;
    build(&f, &rows[0]);
    fx_alarm_at(&f, TCN_ACTION_FIRE, T0);
    assert_int_equal(pass(&f, T0 + 5 * MIN), NEVER);
    engage_bob(&f);
    assert_int_equal(pass(&f, T0 + HOUR), 15 * MIN);
    fx_done(&f);
}

/* Told of before an answer, and an answer that comes late counts all the same. */
static void an_answer_may_come_late(void **state)
{
    struct fixture f;

    (void)state;
    build(&f, &rows[0]);
    fx_alarm_at(&f, TCN_ACTION_FIRE, T0);
    assert_int_equal(pass(&f, T0 + HOUR), 10 * MIN);
    assert_int_equal(fx_ack(&f, f.a.engagements[0].pages[0].id, "ann"), 0);
    assert_int_equal(f.a.incident.acknowledged_ms, f.now);
    fx_done(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(when_it_is_told),
        cmocka_unit_test(an_answer_is_no_such_end),
        cmocka_unit_test(what_is_resolved_has_none),
        cmocka_unit_test(who_is_not_reached_cannot_answer),
        cmocka_unit_test(who_is_engaged_later_has_another),
        cmocka_unit_test(two_engagements_end_together),
        cmocka_unit_test(an_answer_may_come_late),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
