#include "engine/related_change.h"
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

static struct tcn_related_item item_of(unsigned n, const char *title)
{
    static char values[TCN_RELATED_MAX + 2][40];
    struct tcn_related_item item = {
        .type = "OTHER", .value_kind = "url", .value = values[n], .title = title};

    snprintf(values[n], sizeof values[n], "https://a.test/%u", n);
    tcn_related_make_id(&item);
    return item;
}

static void brings_related_items(void **state)
{
    const struct tcn_related_item items[] = {item_of(1, "A"), item_of(2, NULL), item_of(1, "B")};
    const struct tcn_start s = {.response_plan = "main", .related = items, .n_related = 3};
    struct fixture f;

    (void)state;
    fx_init(&f);
    assert_int_equal(start(&f, &s, NULL), TCN_INTAKE_OPENED);
    assert_int_equal(f.d.related.n, 2);
    assert_string_equal(f.d.related.items[0].title, "A");
    assert_string_equal(f.d.related.items[1].value, "https://a.test/2");
    assert_int_equal(f.d.related.items[0].seq, 1);
    assert_int_equal(f.d.related.items[1].seq, 2);
    assert_int_equal(f.a.incident.related_seq, 2);
    assert_null(fx_event(&f, TCN_EVENT_UPDATE, "related item"));
    fx_done(&f);
}

static void adds_what_is_not_there(void **state)
{
    const struct tcn_related_item items[] = {item_of(1, "A"), item_of(2, NULL)},
                                  renamed[] = {item_of(2, "C"), item_of(3, "D")};
    struct tcn_start s = {
        .response_plan = "main", .actor = "token:t", .related = items, .n_related = 2};
    const struct tcn_event *e;
    struct fixture f;

    (void)state;
    fx_init(&f);
    f.plan.dedupe_string = "d1";
    start(&f, &s, NULL);
    f.a.related = items;
    f.a.n_related = 2;
    f.now += MIN;
    assert_int_equal(start(&f, &s, NULL), TCN_INTAKE_FOLDED);
    assert_int_equal(f.d.related.n, 0);
    assert_int_equal(f.a.incident.modified_ms, T0);
    s.related = renamed;
    assert_int_equal(start(&f, &s, NULL), TCN_INTAKE_FOLDED);
    assert_int_equal(f.d.related.n, 1);
    assert_string_equal(f.d.related.items[0].title, "D");
    assert_int_equal(f.d.related.items[0].seq, 0);
    assert_int_equal(f.a.incident.related_seq, 3);
    assert_int_equal(f.a.incident.modified_ms, f.now);
    assert_true(f.d.tickets_due);
    e = fx_event(&f, TCN_EVENT_UPDATE, "token:t added the related item D");
    assert_non_null(e);
    assert_null(strstr(e->references, items[1].generated_id));
    assert_non_null(strstr(e->references, renamed[1].generated_id));
    fx_done(&f);
}

static void refuses_what_has_no_room(void **state)
{
    struct tcn_related_item items[TCN_RELATED_MAX], more[4];
    struct tcn_start s = {.response_plan = "main", .actor = "token:t", .related = items};
    struct tcn_err err = {0};
    struct fixture f;
    int64_t seq;

    (void)state;
    for (unsigned i = 0; i < TCN_RELATED_MAX; i++)
        items[i] = item_of(i, NULL);
    more[0] = item_of(0, NULL); /* it is there */
    more[1] = item_of(TCN_RELATED_MAX - 1, NULL);
    more[2] = item_of(TCN_RELATED_MAX - 1, "the same");
    more[3] = item_of(TCN_RELATED_MAX, NULL);
    fx_init(&f);
    f.plan.dedupe_string = "d1";
    s.n_related = TCN_RELATED_MAX - 1;
    start(&f, &s, NULL);
    f.a.related = items;
    f.a.n_related = TCN_RELATED_MAX - 1;
    s.related = more;
    s.n_related = 4;
    seq = f.a.incident.event_seq;
    assert_int_equal(start(&f, &s, &err), TCN_INTAKE_UNSET);
    assert_int_equal(err.code, TCN_ELIMIT);
    assert_non_null(strstr(err.msg, "1 of the 4 related items have no room"));
    assert_non_null(strstr(err.msg, "has 49 of 50"));
    assert_true(fx_wrote_nothing(&f));
    assert_int_equal(f.a.incident.event_seq, seq);
    s.n_related = 3;
    assert_int_equal(start(&f, &s, NULL), TCN_INTAKE_FOLDED);
    assert_int_equal(f.d.related.n, 1);
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

static char long_title[TCN_TITLE_MAX + 2], long_raw[TCN_RAW_DATA_MAX + 2];
static const struct tcn_related_item bad_item = {
    .type = "LINK", .value_kind = "url", .value = "https://a.test/"};

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
    {{.response_plan = "main", .raw_data = long_raw}, TCN_EINVALID},
    {{.response_plan = "main", .related = &bad_item, .n_related = 1}, TCN_EINVALID},
    {{.response_plan = "main", .n_related = TCN_RELATED_MAX + 1}, TCN_EINVALID},
};

static void refusals(void **state)
{
    (void)state;
    memset(long_title, 'x', sizeof long_title - 1);
    memset(long_raw, 'x', sizeof long_raw - 1);
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
        cmocka_unit_test(brings_related_items),
        cmocka_unit_test(adds_what_is_not_there),
        cmocka_unit_test(refuses_what_has_no_room),
        cmocka_unit_test(an_alarm_does_not_resolve_it),
        cmocka_unit_test(refusals),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
