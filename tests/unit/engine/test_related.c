#include "fixture.h"

static const struct {
    struct tcn_related item;
    const char *type, *value_kind;
} rows[] = {
    {{"metric", "m", "{\"x\":1}"}, "METRIC", "metricDefinition"},
    {{"url", "u", "https://x"}, "OTHER", "url"},
    {{"arn", "a", "arn:aws:s3:::b"}, "INVOLVED_RESOURCE", "arn"},
    {{"runbook", "r", "https://wiki"}, "OTHER", "url"},
    {{"task", "t", "http://x"}, "TASK", "url"},
    {{"strange", "s", "https://y"}, "OTHER", "url"},
    {{NULL, NULL, "https://z"}, "OTHER", "url"},
};

static void every_kind(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct tcn_related item = rows[i].item;
        struct tcn_alarm alarm = fx_alarm(TCN_ACTION_FIRE, 0);
        const struct tcn_related_item *made;
        struct fixture f;

        fx_init(&f);
        alarm.related = &item;
        alarm.n_related = 1;
        fx_send(&f, &alarm);
        assert_int_equal(f.d.related.n, 1);
        made = &f.d.related.items[0];
        assert_string_equal(made->type, rows[i].type);
        assert_string_equal(made->value_kind, rows[i].value_kind);
        assert_int_equal(strncmp(made->generated_id, "related-item/", 13), 0);
        assert_int_equal(strspn(strrchr(made->generated_id, '/') + 1, "0123456789ABCDEF"), 32);
        fx_done(&f);
    }
}

static void resources_that_are_arns(void **state)
{
    const char *resources[] = {"arn:aws:ec2:us-east-1:1:instance/i-1", "host-7", NULL};
    struct tcn_alarm alarm = fx_alarm(TCN_ACTION_FIRE, 0);
    struct fixture f;

    (void)state;
    fx_init(&f);
    alarm.resources = resources;
    alarm.n_resources = 3;
    fx_send(&f, &alarm);
    assert_int_equal(f.d.related.n, 1);
    assert_string_equal(f.d.related.items[0].type, "INVOLVED_RESOURCE");
    fx_done(&f);
}

static void at_most_fifty(void **state)
{
    struct tcn_alarm alarm = fx_alarm(TCN_ACTION_FIRE, 0);
    struct tcn_related many[TCN_RELATED_MAX + 10];
    struct fixture f;

    (void)state;
    fx_init(&f);
    for (size_t i = 0; i < TCN_RELATED_MAX + 10; i++)
        many[i] = (struct tcn_related){"url", "t", tcn_arena_fmt(&f.arena, "https://x/%zu", i)};
    many[3].value = "";
    alarm.related = many;
    alarm.n_related = TCN_RELATED_MAX + 10;
    fx_send(&f, &alarm);
    assert_int_equal(f.d.related.n, TCN_RELATED_MAX);
    assert_string_not_equal(f.d.related.items[0].generated_id, f.d.related.items[1].generated_id);
    fx_done(&f);
}

/* Of another system: told once on the timeline, with what was added, and not to the tickets. */
static void what_is_related_later(void **state)
{
    const struct tcn_relation ticket = {"https://jira/OPS-1", "jira OPS-1", "Created OPS-1 in jira",
                                        "connector:jira"};
    const struct tcn_relation nowhere = {NULL, "snow", "Found INC7 in snow", "connector:snow"};
    const struct tcn_event *e;
    struct fixture f;
    int64_t revision;

    (void)state;
    fx_init(&f);
    fx_alarm_at(&f, TCN_ACTION_FIRE, 0);
    revision = f.a.incident.revision;
    fx_begin(&f);
    f.d.directory = &f.directory;
    assert_int_equal(tcn_engine_relate(&f.a, &ticket, f.now, &f.d), 0);
    fx_check(&f, &f.a);
    assert_int_equal(f.d.related.n, 1);
    e = fx_event(&f, TCN_EVENT_UPDATE, "Created OPS-1 in jira");
    assert_string_equal(
        e->data,
        "{\"modifiedBy\":\"connector:jira\",\"modifiedAttributes\":[{\"attributeName\":"
        "\"relatedItems\",\"newValue\":\"{\\\"itemToAdd\\\":{\\\"identifier\\\":{\\\"type\\\":"
        "\\\"OTHER\\\",\\\"value\\\":{\\\"url\\\":\\\"https://jira/OPS-1\\\"}},\\\"title\\\":"
        "\\\"jira OPS-1\\\"}}\"}],\"incidentTitle\":\"cpu\"}");
    assert_non_null(strstr(e->references, f.d.related.items[0].generated_id));
    assert_false(e->to_tickets || f.d.tickets_due);
    assert_int_equal(f.a.incident.revision, revision);
    fx_begin(&f);
    assert_int_equal(tcn_engine_relate(&f.a, &nowhere, f.now, &f.d), 0);
    fx_check(&f, &f.a);
    assert_int_equal(f.d.related.n, 0);
    assert_non_null(fx_event(&f, TCN_EVENT_TOCSIN, "Found INC7 in snow"));
    fx_done(&f);
}

static void nothing_to_relate_to(void **state)
{
    const struct tcn_relation ticket = {"https://x", "t", "x", "connector:jira"};
    struct fixture f;

    (void)state;
    fx_init(&f);
    fx_begin(&f);
    assert_int_equal(tcn_engine_relate(&f.a, &ticket, f.now, &f.d), TCN_ENOTFOUND);
    fx_done(&f);
}

static void what_has_no_value(void **state)
{
    struct tcn_related related[] = {
        {"url", "none", NULL}, {"url", "empty", ""}, {"url", "one", "https://x.test/"}};
    const char *resources[] = {NULL, "db-1", "arn:aws:rds:eu-west-1:1:db:db-1"};
    struct tcn_alarm alarm = fx_alarm(TCN_ACTION_FIRE, 0);
    struct fixture f;

    (void)state;
    fx_init(&f);
    alarm.trigger_arn = NULL;
    alarm.related = related;
    alarm.resources = resources;
    alarm.n_related = alarm.n_resources = 3;
    fx_send(&f, &alarm);
    assert_int_equal(f.d.related.n, 2);
    assert_string_equal(f.d.related.items[0].value, "https://x.test/");
    assert_string_equal(f.d.related.items[1].value, resources[2]);
    fx_done(&f);
}

/* What the caller loads with the incident. */
static void know(struct fixture *f)
{
    struct tcn_related_item *all =
        TCN_NEW_N(&f->arena, struct tcn_related_item, f->a.n_related + f->d.related.n);

    for (size_t i = 0; i < f->a.n_related; i++)
        all[i] = f->a.related[i];
    for (size_t i = 0; i < f->d.related.n; i++)
        all[f->a.n_related++] = f->d.related.items[i];
    f->a.related = all;
    f->a.knows_related = true;
}

static enum tcn_intake send_with(struct fixture *f, struct tcn_related *items, size_t n)
{
    struct tcn_alarm alarm = fx_alarm(TCN_ACTION_FIRE, 0);
    enum tcn_intake verdict;

    f->now += SEC;
    alarm.related = items;
    alarm.n_related = n;
    verdict = fx_send(f, &alarm);
    know(f);
    return verdict;
}

/* Another alarm, of which nothing is known yet, with the dedupe string of the incident. */
static void let_another_join(struct fixture *f)
{
    f->a.lane = (struct tcn_lane){.dedupe_key = "another"};
}

static struct tcn_related links[] = {{"url", "first", "https://x.test/1"},
                                     {"url", "second", "https://x.test/2"},
                                     {"url", "once more", "https://x.test/2"}};

static void what_a_joining_alarm_brings(void **state)
{
    const struct tcn_event *e;
    struct fixture f;

    (void)state;
    fx_init(&f);
    f.plan.dedupe_string = "one for all";
    assert_int_equal(send_with(&f, links, 1), TCN_INTAKE_OPENED);
    let_another_join(&f);
    assert_int_equal(send_with(&f, links, 3), TCN_INTAKE_FOLDED);
    assert_int_equal(f.d.related.n, 1);
    assert_string_equal(f.d.related.items[0].title, "second");
    e = fx_event(&f, TCN_EVENT_UPDATE, "cw adds the related item second");
    assert_non_null(e);
    assert_non_null(strstr(e->references, f.d.related.items[0].generated_id));
    assert_int_equal(f.a.incident.modified_ms, f.now);
    assert_true(f.d.tickets_due);
    let_another_join(&f);
    assert_int_equal(send_with(&f, links, 3), TCN_INTAKE_FOLDED);
    assert_int_equal(f.d.related.n, 0);
    assert_int_equal(f.a.incident.modified_ms, f.now - SEC);
    fx_done(&f);
}

static void what_the_same_alarm_says_later(void **state)
{
    struct tcn_alarm alarm = fx_alarm(TCN_ACTION_FIRE, 0);
    const char *resource = "arn:aws:s3:::b";
    struct fixture f;

    (void)state;
    fx_init(&f);
    assert_int_equal(send_with(&f, links, 1), TCN_INTAKE_OPENED);
    assert_int_equal(f.a.n_related, 1);
    send_with(&f, links, 2);
    assert_int_equal(f.a.n_related, 2);
    send_with(&f, links, 2);
    assert_int_equal(f.a.n_related, 2);
    alarm.related = links;
    alarm.n_related = 2;
    alarm.resources = &resource;
    alarm.n_resources = 1;
    fx_send(&f, &alarm);
    know(&f);
    assert_int_equal(f.a.n_related, 3);
    assert_int_equal(f.a.incident.related_seq, 3);
    fx_done(&f);
}

static void one_quota_with_people(void **state)
{
    struct tcn_related_item of_people[TCN_RELATED_MAX - 1] = {{.type = "OTHER"}};
    struct fixture f;

    (void)state;
    fx_init(&f);
    assert_int_equal(send_with(&f, NULL, 0), TCN_INTAKE_OPENED);
    f.a.related = of_people;
    f.a.n_related = TCN_RELATED_MAX - 1;
    send_with(&f, links, 2);
    assert_int_equal(f.d.related.n, 1);
    assert_int_equal(f.a.n_related, TCN_RELATED_MAX);
    send_with(&f, &links[1], 1);
    assert_int_equal(f.d.related.n, 0);
    assert_null(fx_event(&f, TCN_EVENT_UPDATE, "second"));
    fx_done(&f);
}

/* A list that may be long: nobody reads it all, and each alarm can be let out with its own. */
static void a_storm_keeps_them_with_its_alarms(void **state)
{
    struct fixture f;

    (void)state;
    fx_init(&f);
    send_with(&f, links, 1);
    f.a.incident.is_storm = true;
    send_with(&f, links, 2);
    assert_int_equal(f.d.related.n, 0);
    assert_int_equal(f.d.storm_alarm.told.n_related, 2);
    fx_done(&f);
}

/* The record and its tickets have the item all the same. */
static void on_a_full_timeline(void **state)
{
    struct fixture f;

    (void)state;
    fx_init(&f);
    send_with(&f, links, 1);
    f.a.incident.event_seq = TCN_EVENTS_MAX;
    send_with(&f, links, 2);
    assert_int_equal(f.d.related.n, 1);
    assert_int_equal(f.d.events.n, 0);
    assert_int_equal(f.a.incident.modified_ms, f.now);
    assert_true(f.d.tickets_due);
    fx_done(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind),
        cmocka_unit_test(resources_that_are_arns),
        cmocka_unit_test(at_most_fifty),
        cmocka_unit_test(what_is_related_later),
        cmocka_unit_test(nothing_to_relate_to),
        cmocka_unit_test(what_has_no_value),
        cmocka_unit_test(what_a_joining_alarm_brings),
        cmocka_unit_test(what_the_same_alarm_says_later),
        cmocka_unit_test(one_quota_with_people),
        cmocka_unit_test(a_storm_keeps_them_with_its_alarms),
        cmocka_unit_test(on_a_full_timeline),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
