#include "engine/flap.h"
#include "fixture.h"

static enum tcn_intake flip(struct fixture *f, int64_t after_ms)
{
    f->now += after_ms;
    return fx_alarm_at(f, f->a.lane.is_firing ? TCN_ACTION_RESOLVE : TCN_ACTION_FIRE, f->now);
}

static void sixth_change_in_an_hour_flaps(void **state)
{
    struct fixture f;
    size_t engagements;

    (void)state;
    fx_init(&f);
    fx_person(&f, "ann");
    fx_engage(&f, "ann");
    for (int i = 0; i < 5; i++) {
        flip(&f, MIN);
        assert_false(f.a.lane.is_flapping);
    }
    assert_int_equal(flip(&f, MIN), TCN_INTAKE_WAITING);
    assert_true(f.a.lane.is_flapping);
    assert_non_null(fx_event(&f, TCN_EVENT_TOCSIN, "flapping (6 changes in an hour)"));
    assert_true(f.d.tickets_due);
    assert_int_equal(f.a.lane.resolve_due_ms, f.now + 15 * MIN);
    engagements = f.a.n_engagements;
    assert_int_equal(flip(&f, MIN), TCN_INTAKE_FOLDED); /* one incident, nobody woken again */
    assert_int_equal(f.a.n_engagements, engagements);
    assert_int_equal(f.a.incident.impact, 3);
    assert_int_equal(flip(&f, MIN), TCN_INTAKE_WAITING);
    fx_run_until(&f, f.now + 15 * MIN);
    assert_int_equal(f.a.incident.status, TCN_STATUS_RESOLVED);
    assert_false(f.a.lane.is_flapping);
    fx_done(&f);
}

static const struct {
    int count;
    int64_t apart_ms;
    bool flaps;
} rows[] = {
    {6, MIN, true},       {6, 11 * MIN, true}, {6, 12 * MIN, false},
    {6, 13 * MIN, false}, {2, 59 * MIN, true}, {2, 60 * MIN, false},
    {0, SEC, false},      {-1, SEC, false},    {100, SEC, true /* the ring holds 16 */},
};

static void every_rate(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fixture f;
        bool has_flapped = false;

        fx_init(&f);
        f.policy.flap_count = rows[i].count;
        for (int k = 0; k < 40; k++) {
            flip(&f, rows[i].apart_ms);
            has_flapped |= f.a.lane.is_flapping;
        }
        if (has_flapped != rows[i].flaps)
            fail_msg("row %zu", i);
        fx_done(&f);
    }
}

static void an_hour_without_change_ends_it(void **state)
{
    struct fixture f;

    (void)state;
    fx_init(&f);
    for (int i = 0; i < 7; i++)
        flip(&f, MIN);
    assert_true(f.a.lane.is_flapping && f.a.lane.is_firing);
    assert_int_equal(f.d.next_due_ms, f.now + HOUR);
    f.now += HOUR;
    fx_timer(&f);
    assert_false(f.a.lane.is_flapping);
    assert_non_null(fx_event(&f, TCN_EVENT_TOCSIN, "no longer flapping"));
    assert_int_equal(f.a.incident.status, TCN_STATUS_OPEN);
    fx_done(&f);
}

static void tickets_are_told_rarely(void **state)
{
    struct fixture f;
    int told = 0;

    (void)state;
    fx_init(&f);
    for (int i = 0; i < 6; i++)
        flip(&f, SEC);
    assert_true(f.a.lane.is_flapping);
    for (int i = 0; i < 120; i++) { /* an hour of texts that change all the time */
        struct tcn_alarm alarm = fx_alarm(TCN_ACTION_FIRE, 0);
        char title[16];

        f.now += 30 * SEC;
        snprintf(title, sizeof title, "title %d", i);
        alarm.title = title;
        alarm.action = i % 10 == 9 ? TCN_ACTION_RESOLVE : TCN_ACTION_FIRE;
        fx_send(&f, &alarm);
        told += f.d.tickets_due;
    }
    assert_in_range(told, 5, 6);
    assert_true(f.a.incident.revision > 50);
    fx_done(&f);
}

static void clock_backwards_keeps_order(void **state)
{
    struct fixture f;

    (void)state;
    fx_init(&f);
    for (int i = 0; i < 8; i++) {
        fx_alarm_at(&f, i % 2 ? TCN_ACTION_RESOLVE : TCN_ACTION_FIRE, 0);
        f.now -= MIN;
    }
    assert_int_equal(tcn_flap_count(&f.a.lane, T0), 8);
    fx_done(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sixth_change_in_an_hour_flaps),  cmocka_unit_test(every_rate),
        cmocka_unit_test(an_hour_without_change_ends_it), cmocka_unit_test(tickets_are_told_rarely),
        cmocka_unit_test(clock_backwards_keeps_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
