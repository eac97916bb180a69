#include "fixture.h"

static enum tcn_intake start(struct fixture *f, const struct tcn_start *s, struct tcn_err *err)
{
    enum tcn_intake verdict;

    fx_begin(f);
    verdict = tcn_engine_start(s, &f->directory, fx_id(++f->n_ids), 7, f->now, &f->a, &f->d, err);
    if (verdict != TCN_INTAKE_UNSET)
        fx_check(f, &f->a);
    return verdict;
}

static void opens_from_the_template(void **state)
{
    const struct tcn_start s = {.response_plan = "main", .actor = "arn:aws:iam::1:user/x"};
    struct fixture f;

    (void)state;
    fx_init(&f);
    f.plan.summary = "template";
    fx_person(&f, "ann");
    fx_engage(&f, "ann");
    assert_int_equal(start(&f, &s, NULL), TCN_INTAKE_OPENED);
    assert_string_equal(f.a.incident.title, "Template");
    assert_string_equal(f.a.incident.summary, "template");
    assert_int_equal(f.a.incident.impact, 3);
    assert_string_equal(f.a.incident.source, "aws.ssm-incidents.custom");
    assert_null(f.a.incident.source_name);
    assert_int_equal(strlen(f.a.incident.dedupe_string), 36);
    assert_int_equal(f.d.sends.n, 1);
    fx_done(&f);
}

static void request_wins_over_the_template(void **state)
{
    const struct tcn_start s = {.response_plan = "main",
                                .title = "T2",
                                .source = "my.tool",
                                .trigger_arn = "arn:aws:x",
                                .raw_data = "{\"a\":1}",
                                .impact = 1,
                                .detected_ms = T0 - MIN};
    struct fixture f;

    (void)state;
    fx_init(&f);
    start(&f, &s, NULL);
    assert_string_equal(f.a.incident.title, "T2");
    assert_int_equal(f.a.incident.impact, 1);
    assert_string_equal(f.d.events.items[0].data,
                        "{\"createdIncident\":true,\"incidentSource\":\"my.tool\",\"triggerArn\":"
                        "\"arn:aws:x\",\"rawData\":\"{\\\"a\\\":1}\"}");
    assert_int_equal(f.d.events.items[0].event_ms, T0 - MIN);
    fx_done(&f);
}

/* Whoever starts it by hand knows when it was: months ago, or a clock that is not ours. */
static void detected_at_any_time(void **state)
{
    static const int64_t told[] = {1, T0 - 90 * 24 * HOUR, T0 + HOUR, 0};

    (void)state;
    for (size_t i = 0; i < sizeof told / sizeof *told; i++) {
        const struct tcn_start s = {.response_plan = "main", .detected_ms = told[i]};
        struct fixture f;

        fx_init(&f);
        start(&f, &s, NULL);
        assert_int_equal(f.d.events.items[0].event_ms, told[i] ? told[i] : T0);
        assert_int_equal(f.a.incident.created_ms, T0);
        f.now += MIN;
        assert_int_equal(start(&f, &s, NULL), TCN_INTAKE_FOLDED);
        assert_int_equal(f.d.events.items[0].event_ms, told[i] ? told[i] : f.now);
        fx_done(&f);
    }
}

static void folds_into_the_open_one(void **state)
{
    const struct tcn_start s = {.response_plan = "main", .title = "again", .impact = 1};
    struct fixture f;

    (void)state;
    fx_init(&f);
    f.plan.dedupe_string = "d1";
    start(&f, &s, NULL);
    assert_int_equal(start(&f, &s, NULL), TCN_INTAKE_FOLDED);
    assert_int_equal(f.d.events.n, 1);
    assert_non_null(strstr(f.d.events.items[0].data, "\"createdIncident\":false"));
    assert_false(f.d.tickets_due);
    assert_int_equal(f.d.sends.n, 0);
    fx_done(&f);
}

static void an_alarm_does_not_resolve_it(void **state)
{
    const struct tcn_start s = {.response_plan = "main"};
    struct fixture f;

    (void)state;
    fx_init(&f);
    f.plan.dedupe_string = "d1";
    start(&f, &s, NULL);
    assert_int_equal(fx_alarm_at(&f, TCN_ACTION_FIRE, 0), TCN_INTAKE_FOLDED);
    assert_int_equal(fx_alarm_at(&f, TCN_ACTION_RESOLVE, 0), TCN_INTAKE_UPDATED);
    assert_non_null(fx_event(&f, TCN_EVENT_TOCSIN, "started by hand"));
    assert_int_equal(f.a.incident.status, TCN_STATUS_OPEN);
    fx_done(&f);
}

static char long_title[TCN_TITLE_MAX + 2];

static const struct {
    struct tcn_start start;
    int code;
} bad[] = {
    {{.response_plan = "gone"}, TCN_ENOTFOUND},
    {{.response_plan = NULL}, TCN_ENOTFOUND},
    {{.response_plan = "main", .title = ""}, TCN_EINVALID},
    {{.response_plan = "main", .title = long_title}, TCN_EINVALID},
    {{.response_plan = "main", .impact = 6}, TCN_EINVALID},
    {{.response_plan = "main", .impact = -1}, TCN_EINVALID},
};

static void refusals(void **state)
{
    (void)state;
    memset(long_title, 'x', sizeof long_title - 1);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct tcn_err err = {0};
        struct fixture f;

        fx_init(&f);
        assert_int_equal(start(&f, &bad[i].start, &err), TCN_INTAKE_UNSET);
        assert_int_equal(err.code, bad[i].code);
        assert_true(fx_wrote_nothing(&f));
        fx_done(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opens_from_the_template),
        cmocka_unit_test(request_wins_over_the_template),
        cmocka_unit_test(detected_at_any_time),
        cmocka_unit_test(folds_into_the_open_one),
        cmocka_unit_test(an_alarm_does_not_resolve_it),
        cmocka_unit_test(refusals),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
