/* What incidents came to, kept for the counters: by plan and impact, all of them. */
#include "engine/milestone.h"
#include "fixture.h"

static struct tcn_milestones kept;

static void note(const char *plan, int impact, struct tcn_decision d)
{
    struct tcn_aggregate a = {.incident = {.exists = true,
                                           .response_plan = plan,
                                           .impact = impact,
                                           .created_ms = T0,
                                           .resolved_ms = T0 + 90000}};

    d.subject = &a;
    tcn_milestones_note(&kept, &d);
}

static void passed(size_t at, enum tcn_milestone milestone, const char *plan, size_t n, int64_t ms)
{
    assert_true(at < kept.n_passed);
    assert_int_equal(kept.passed[at].milestone, milestone);
    assert_string_equal(kept.passed[at].plan, plan);
    assert_int_equal(kept.passed[at].n, n);
    assert_int_equal(kept.passed[at].took_ms, ms);
}

static void alike_ones_are_added(void **state)
{
    const struct tcn_decision opened = {.incident_opened = true},
                              ended = {.incident_resolved = true},
                              answered = {.acknowledged = true, .acknowledged_after_ms = 7000};

    (void)state;
    kept = (struct tcn_milestones){0};
    note("web", 2, (struct tcn_decision){0});
    assert_int_equal(kept.n_passed, 0);
    note("web", 2, opened);
    note("web", 2, opened);
    note("web", 2, answered);
    note("web", 2, answered);
    note("web", 2, ended);
    note(NULL, 2, ended);
    assert_int_equal(kept.n_passed, 4);
    passed(0, TCN_MILESTONE_CREATED, "web", 2, 0);
    passed(1, TCN_MILESTONE_ACKNOWLEDGED, "web", 2, 14000);
    passed(2, TCN_MILESTONE_RESOLVED, "web", 1, 90000);
    passed(3, TCN_MILESTONE_RESOLVED, "", 1, 90000);
}

/* Opened and resolved at once, by hand. */
static void one_decision_may_pass_two(void **state)
{
    (void)state;
    kept = (struct tcn_milestones){0};
    note("web", 1, (struct tcn_decision){.incident_opened = true, .incident_resolved = true});
    assert_int_equal(kept.n_passed, 2);
}

static void more_than_fit_are_counted(void **state)
{
    (void)state;
    kept = (struct tcn_milestones){0};
    for (int impact = 1; impact <= TCN_PASSED_MAX + 2; impact++)
        note("web", impact, (struct tcn_decision){.incident_opened = true});
    assert_int_equal(kept.n_passed, TCN_PASSED_MAX);
    assert_int_equal(kept.passed[TCN_PASSED_MAX - 1].n, 3);
}

/* From the first page to the first answer; a second answer is none. After a reopening it begins anew. */
static void a_life(void **state)
{
    struct fixture f;

    (void)state;
    kept = (struct tcn_milestones){0};
    fx_init(&f);
    fx_engage(&f, fx_person(&f, "ann")->alias);
    fx_alarm_at(&f, TCN_ACTION_FIRE, 0);
    tcn_milestones_note(&kept, &f.d);
    f.now += 40 * SEC;
    assert_int_equal(fx_ack(&f, fx_page_of(&f, "ann")->id, "contact:ann"), 0);
    tcn_milestones_note(&kept, &f.d);
    f.now += SEC;
    assert_int_equal(fx_ack(&f, fx_page_of(&f, "ann")->id, "contact:ann"), 0);
    tcn_milestones_note(&kept, &f.d);
    f.now += 19 * SEC;
    assert_int_equal(fx_status(&f, TCN_STATUS_RESOLVED, "fixed"), 0);
    tcn_milestones_note(&kept, &f.d);
    assert_int_equal(kept.n_passed, 3);
    passed(0, TCN_MILESTONE_CREATED, "main", 1, 0);
    passed(1, TCN_MILESTONE_ACKNOWLEDGED, "main", 1, 40 * SEC);
    passed(2, TCN_MILESTONE_RESOLVED, "main", 1, 60 * SEC);
    fx_done(&f);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(alike_ones_are_added),
        cmocka_unit_test(one_decision_may_pass_two),
        cmocka_unit_test(more_than_fit_are_counted),
        cmocka_unit_test(a_life),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
