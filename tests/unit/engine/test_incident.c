#include "fixture.h"

static char *repeat_text(struct fixture *f, const char *unit, size_t n)
{
    size_t len = strlen(unit);
    char *text = tcn_arena_alloc(&f->arena, n * len + 1);

    for (size_t i = 0; i < n; i++)
        memcpy(text + i * len, unit, len);
    return text;
}

static void record_of_an_alarm(void **state)
{
    struct tcn_alarm alarm = fx_alarm(TCN_ACTION_FIRE, T0 - MIN);
    static const char *const topics[] = {"arn:aws:sns:eu-central-1:123456789012:ops",
                                         "arn:aws:sns:eu-central-1:123456789012:dev"};
    struct tcn_tag plan_tags[] = {{"team", "web"}, {"env", "prod"}};
    struct tcn_tag alarm_tags[] = {{"env", "test"}, {"zone", "a"}};
    const struct tcn_incident *i;
    struct fixture f;

    (void)state;
    fx_init(&f);
    f.plan.tags = plan_tags;
    f.plan.n_tags = 2;
    f.plan.summary = "template";
    f.plan.notification_targets = (struct tcn_topics){topics, 2};
    f.plan.chat_channel = (struct tcn_topics){topics + 1, 1};
    alarm.tags = alarm_tags;
    alarm.n_tags = 2;
    alarm.impact = 2;
    alarm.raw = TCN_STR("{\"AlarmName\":\"cpu\"}");
    fx_send(&f, &alarm);
    i = &f.a.incident;
    assert_string_equal(i->response_plan, "main");
    assert_string_equal(i->title, "cpu");
    assert_string_equal(i->summary, "cpu is high");
    assert_int_equal(i->impact, 2);
    assert_string_equal(i->source, "aws.cloudwatch");
    assert_string_equal(i->source_name, "cw");
    assert_string_equal(i->created_by, "source:cw");
    assert_int_equal(i->created_ms, T0);
    assert_int_equal(i->revision, 1);
    assert_true(f.d.incident_opened && f.d.tickets_due);
    assert_int_equal(strlen(i->dedupe_string), 36);
    assert_int_equal(i->n_tags, 3);
    assert_string_equal(i->tags[1].value, "prod"); /* the plan's wins */
    assert_int_equal(i->notification_targets.n, 2);
    assert_string_equal(i->notification_targets.arns[0], topics[0]);
    assert_int_equal(i->chat_channel.n, 1);
    assert_string_equal(i->chat_channel.arns[0], topics[1]);
    assert_string_equal(f.d.events.items[0].type, TCN_EVENT_TRIGGER);
    assert_int_equal(f.d.events.items[0].event_ms, T0 - MIN);
    assert_string_equal(f.d.events.items[1].type, TCN_EVENT_START);
    assert_non_null(f.d.events.items[1].references);
    fx_done(&f);
}

static void plan_fills_what_the_alarm_lacks(void **state)
{
    struct tcn_alarm alarm = fx_alarm(TCN_ACTION_FIRE, 0);
    struct fixture f;

    (void)state;
    fx_init(&f);
    f.plan.summary = "template";
    alarm.title = NULL;
    alarm.summary = NULL;
    fx_send(&f, &alarm);
    assert_string_equal(f.a.incident.title, "Template");
    assert_string_equal(f.a.incident.summary, "template");
    assert_int_equal(f.a.incident.impact, 3);
    fx_done(&f);
}

/* Of alarm, plan and source the first that has a title. */
static const struct {
    const char *alarm, *plan, *says;
    bool has_plan;
} titles[] = {
    {"", "Template", "Template", true}, {NULL, "", "Alarm from cw", true},
    {"", NULL, "Alarm from cw", true},  {NULL, "Template", "Alarm from cw", false},
    {"cpu", "Template", "cpu", false},
};

static void every_title(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof titles / sizeof titles[0]; i++) {
        struct tcn_alarm alarm = fx_alarm(TCN_ACTION_FIRE, 0);
        struct fixture f;

        fx_init(&f);
        alarm.title = titles[i].alarm;
        alarm.summary = NULL;
        f.plan.title = titles[i].plan;
        f.policy.response_plan = titles[i].has_plan ? "main" : "gone";
        fx_send(&f, &alarm);
        assert_string_equal(f.a.incident.title, titles[i].says);
        assert_null(f.a.incident.summary);
        fx_done(&f);
    }
}

static void a_source_that_names_nothing(void **state)
{
    struct tcn_alarm alarm = fx_alarm(TCN_ACTION_FIRE, 0);
    struct fixture f;

    (void)state;
    fx_init(&f);
    alarm.title = "";
    f.policy.source = f.policy.response_plan = NULL;
    fx_send(&f, &alarm);
    assert_string_equal(f.a.incident.source, "cw");
    assert_string_equal(f.a.incident.response_plan, "");
    assert_string_equal(f.a.incident.title, "Alarm from cw");
    assert_int_not_equal(f.a.incident.unreached_ms, 0);
    fx_done(&f);
}

static void an_impact_that_is_none(void **state)
{
    struct fixture f;

    (void)state;
    for (int impact = -1; impact <= 6; impact += 7) {
        fx_init(&f);
        f.plan.impact = impact;
        fx_alarm_at(&f, TCN_ACTION_FIRE, 0);
        assert_int_equal(f.a.incident.impact, 3);
        fx_done(&f);
    }
}

static void tags_end_at_their_quota(void **state)
{
    struct tcn_alarm alarm = fx_alarm(TCN_ACTION_FIRE, 0);
    struct tcn_tag tags[TCN_TAGS_MAX + 3];
    struct fixture f;

    (void)state;
    fx_init(&f);
    for (size_t i = 0; i < TCN_TAGS_MAX + 3; i++)
        tags[i] = (struct tcn_tag){tcn_arena_fmt(&f.arena, "key-%zu", i), "x"};
    alarm.tags = tags;
    alarm.n_tags = TCN_TAGS_MAX + 3;
    fx_send(&f, &alarm);
    assert_int_equal(f.a.incident.n_tags, TCN_TAGS_MAX);
    fx_done(&f);
}

/* It is an event of its own and ends between two characters. */
static void a_sentence_is_cut(void **state)
{
    const struct tcn_event *e;
    struct fixture f;

    (void)state;
    fx_init(&f);
    fx_engage(&f, repeat_text(&f, "\xC3\xA9", 4000));
    fx_alarm_at(&f, TCN_ACTION_FIRE, 0);
    e = fx_event(&f, TCN_EVENT_TOCSIN, "cannot engage ");
    assert_non_null(e);
    assert_true(strlen(e->text) > 4000 && strlen(e->text) < 4096);
    assert_true(tcn_utf8_ok(tcn_str(e->text)));
    fx_done(&f);
}

/* What a sender repeats without end does not take the room of people. */
static void a_full_timeline_hears_of_no_failure(void **state)
{
    struct fixture f;

    (void)state;
    fx_init(&f);
    fx_person(&f, "ann");
    fx_engage(&f, "ann");
    fx_alarm_at(&f, TCN_ACTION_FIRE, 0);
    f.a.incident.event_seq = TCN_EVENTS_MAX;
    fx_begin(&f);
    assert_int_equal(
        tcn_engine_send_result(&f.a, fx_page_of(&f, "ann")->id, TCN_ERROR, "no", f.now, &f.d), 0);
    assert_int_equal(f.d.receipts.n, 1);
    assert_null(fx_event(&f, TCN_EVENT_TOCSIN, "could not page"));
    fx_done(&f);
}

static void who_resolved_need_not_be_who_says_so(void **state)
{
    const struct tcn_incident_update u = {
        .status = TCN_STATUS_RESOLVED, .resolution = {.by = "connector:jira"}, .actor = "user:ann"};
    struct fixture f;

    (void)state;
    fx_init(&f);
    fx_alarm_at(&f, TCN_ACTION_FIRE, 0);
    fx_begin(&f);
    assert_int_equal(tcn_engine_update(&f.a, &u, f.now, &f.d, NULL), 0);
    assert_string_equal(f.a.incident.resolution.by, "connector:jira");
    fx_check(&f, &f.a);
    fx_done(&f);
}

static void nobody_says_who_resolved(void **state)
{
    const struct tcn_incident_update u = {.status = TCN_STATUS_RESOLVED};
    struct fixture f;

    (void)state;
    fx_init(&f);
    fx_alarm_at(&f, TCN_ACTION_FIRE, 0);
    fx_begin(&f);
    assert_int_equal(tcn_engine_update(&f.a, &u, f.now, &f.d, NULL), 0);
    assert_int_equal(f.a.incident.status, TCN_STATUS_RESOLVED);
    assert_non_null(f.a.incident.resolution.by);
    fx_check(&f, &f.a);
    fx_done(&f);
}

static void texts_are_cut_by_code_points(void **state)
{
    struct tcn_alarm alarm = fx_alarm(TCN_ACTION_FIRE, 0);
    struct fixture f;

    (void)state;
    fx_init(&f);
    alarm.title = repeat_text(&f, "\xC3\xA9", 500);
    alarm.summary = repeat_text(&f, "\xF0\x9F\x94\xA5", 9000);
    fx_send(&f, &alarm);
    assert_int_equal(strlen(f.a.incident.title), 2 * TCN_TITLE_MAX);
    assert_int_equal(strlen(f.a.incident.summary), 4 * TCN_SUMMARY_MAX);
    assert_true(tcn_utf8_ok(tcn_str(f.a.incident.summary)));
    fx_done(&f);
}

static void detection_time_of_a_wild_clock(void **state)
{
    static const int64_t told[] = {0, T0 + MIN, T0 - 30 * 24 * HOUR};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct fixture f;

        fx_init(&f);
        fx_alarm_at(&f, TCN_ACTION_FIRE, told[i]);
        assert_int_equal(f.d.events.items[0].event_ms, T0);
        fx_done(&f);
    }
}

/* What a later alarm may change, before and after a person has edited the record. */
static const struct {
    const char *name;
    bool person_edited;
    const char *title;
    int impact;
    const char *title_after;
    int impact_after;
    bool tells;
    const char *error; /* of the mapping */
} rows[] = {
    {"a new title", false, "cpu is at 99 %", 0, "cpu is at 99 %", 3, true, NULL},
    {"the same", false, "cpu", 0, "cpu", 3, false, NULL},
    {"more severe", false, "cpu", 1, "cpu", 1, true, NULL},
    {"less severe", false, "cpu", 5, "cpu", 3, false, NULL},
    {"no title", false, NULL, 0, "cpu", 3, false, NULL},
    {"a person's title stays", true, "cpu is at 99 %", 0, "by ann", 3, false, NULL},
    {"but the impact rises", true, "cpu is at 99 %", 2, "by ann", 2, true, NULL},
    {"what is left of a title", false, "alarm:q", 0, "cpu", 3, false, "no title"},
};

static void every_change(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct tcn_incident_update edit = {.title = "by ann", .actor = "user:ann"};
        struct tcn_alarm alarm = fx_alarm(TCN_ACTION_FIRE, 0);
        struct fixture f;

        fx_init(&f);
        fx_send(&f, &alarm);
        fx_begin(&f);
        if (rows[i].person_edited)
            assert_int_equal(tcn_engine_update(&f.a, &edit, f.now, &f.d, NULL), 0);
        alarm.title = rows[i].title;
        alarm.impact = rows[i].impact;
        alarm.mapping_error = rows[i].error;
        f.now += MIN;
        fx_send(&f, &alarm);
        if (strcmp(f.a.incident.title, rows[i].title_after) != 0 ||
            f.a.incident.impact != rows[i].impact_after || f.d.tickets_due != rows[i].tells)
            fail_msg("%s", rows[i].name);
        assert_int_equal(fx_event(&f, TCN_EVENT_UPDATE, NULL) != NULL, rows[i].tells);
        assert_string_equal(f.a.incident.modified_by,
                            rows[i].person_edited ? "user:ann" : "source:cw");
        fx_done(&f);
    }
}

static void update_event_lists_what_changed(void **state)
{
    struct tcn_alarm alarm = fx_alarm(TCN_ACTION_FIRE, 0);
    struct fixture f;

    (void)state;
    fx_init(&f);
    fx_send(&f, &alarm);
    alarm.title = "new \"title\"";
    alarm.impact = 1;
    fx_send(&f, &alarm);
    assert_non_null(fx_event(&f, TCN_EVENT_UPDATE, "updated by cw: title, impact 1"));
    assert_string_equal(fx_event(&f, TCN_EVENT_UPDATE, NULL)->data,
                        "{\"modifiedBy\":\"source:cw\",\"modifiedAttributes\":["
                        "{\"attributeName\":\"title\",\"newValue\":\"new \\\"title\\\"\"},"
                        "{\"attributeName\":\"impact\",\"newValue\":\"1\"}],"
                        "\"incidentTitle\":\"new \\\"title\\\"\"}");
    fx_done(&f);
}

static void resolved_before_created(void **state)
{
    struct fixture f;

    (void)state;
    fx_init(&f);
    fx_alarm_at(&f, TCN_ACTION_FIRE, 0);
    f.now -= HOUR; /* the clock went backwards */
    fx_alarm_at(&f, TCN_ACTION_RESOLVE, 0);
    assert_int_equal(f.a.incident.resolved_ms, T0);
    fx_done(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(record_of_an_alarm),
        cmocka_unit_test(plan_fills_what_the_alarm_lacks),
        cmocka_unit_test(every_title),
        cmocka_unit_test(a_source_that_names_nothing),
        cmocka_unit_test(an_impact_that_is_none),
        cmocka_unit_test(tags_end_at_their_quota),
        cmocka_unit_test(a_sentence_is_cut),
        cmocka_unit_test(a_full_timeline_hears_of_no_failure),
        cmocka_unit_test(who_resolved_need_not_be_who_says_so),
        cmocka_unit_test(nobody_says_who_resolved),
        cmocka_unit_test(texts_are_cut_by_code_points),
        cmocka_unit_test(detection_time_of_a_wild_clock),
        cmocka_unit_test(every_change),
        cmocka_unit_test(update_event_lists_what_changed),
        cmocka_unit_test(resolved_before_created),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
