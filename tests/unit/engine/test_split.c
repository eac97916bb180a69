#include "engine/split.h"
#include "fixture.h"

static struct tcn_storm_alarm alarm;
static struct tcn_split in;
static struct tcn_tag tags[] = {{"team", "shop"}};
static struct tcn_related links[] = {{"runbook", "What to do", "https://runbooks.test/shop"},
                                     {"metric", "Answers", "{\"metric\": 1}"}};
static const char *resources[] = {"arn:aws:ec2:eu-west-1:1:instance/i-1", "not an ARN"};

/* The lane of a storm's second alarm; f->storm_a is the storm without it. */
static void storm_of_two(struct fixture *f)
{
    struct tcn_alarm second = fx_alarm(TCN_ACTION_FIRE, 0);

    fx_init(f);
    f->has_storm = true;
    f->policy.storm_new = 1;
    fx_person(f, "ann");
    fx_engage(f, "ann");
    for (int i = 0; i < 3; i++) {
        second.dedupe_key = tcn_arena_fmt(&f->arena, "alarm-%d", i);
        second.title = i == 2 ? "The shop does not answer" : "cpu";
        second.summary = "no answer in 5 s";
        second.impact = i == 2 ? 1 : 4;
        second.trigger_arn = "arn:aws:cloudwatch:eu-west-1:1:alarm:shop";
        second.tags = tags;
        second.n_tags = 1;
        second.related = links;
        second.n_related = 2;
        second.resources = resources;
        second.n_resources = 2;
        f->a = (struct tcn_aggregate){0};
        fx_send(f, &second);
        if (f->d.incident_opened)
            f->storm_a = f->a;
    }
    alarm = f->d.storm_alarm;
    alarm.dedupe_key = f->a.lane.dedupe_key;
    alarm.source = "cw";
    f->a = (struct tcn_aggregate){.lane = f->a.lane};
    in = (struct tcn_split){.alarm = &alarm,
                            .storm = f->storm_a.incident.id,
                            .new_id = fx_id(500),
                            .dedupe_string = "alone",
                            .policy = &f->policy,
                            .directory = &f->directory,
                            .actor = "token:ops",
                            .salt = 7,
                            .now_ms = f->now += MIN};
}

static void split(struct fixture *f)
{
    fx_begin(f);
    tcn_engine_split(&f->a, &in, &f->d);
    fx_check(f, &f->a);
}

static void opens_as_if_it_had_come_alone(void **state)
{
    const struct tcn_incident *i;
    struct fixture f;

    (void)state;
    storm_of_two(&f);
    assert_true(f.d.storm_alarm_changed);
    split(&f);
    i = &f.a.incident;
    assert_true(f.d.incident_opened && f.d.lane_changed && f.d.tickets_due);
    assert_string_equal(i->title, "The shop does not answer");
    assert_string_equal(i->summary, "no answer in 5 s");
    assert_int_equal(i->impact, 1);
    assert_string_equal(i->dedupe_string, "alone");
    assert_false(i->is_storm);
    assert_true(tcn_id_eq(i->storm, f.storm_a.incident.id));
    assert_true(tcn_id_eq(f.a.lane.incident, i->id));
    assert_int_equal(f.d.sends.n, 1);
    assert_non_null(fx_event(&f, TCN_EVENT_TOCSIN, "was split out of the storm "));
    assert_non_null(fx_event(&f, TCN_EVENT_TOCSIN, " by token:ops"));
    fx_done(&f);
}

static void brings_what_the_alarm_brought(void **state)
{
    const struct tcn_incident *i;
    struct fixture f;

    (void)state;
    storm_of_two(&f);
    split(&f);
    i = &f.a.incident;
    assert_string_equal(i->trigger_arn, "arn:aws:cloudwatch:eu-west-1:1:alarm:shop");
    assert_non_null(strstr(fx_event(&f, TCN_EVENT_TRIGGER, "triggered")->data, i->trigger_arn));
    assert_int_equal(i->n_tags, 1);
    assert_string_equal(i->tags[0].key, "team");
    assert_string_equal(i->tags[0].value, "shop");
    assert_int_equal(f.d.related.n, 3);
    assert_string_equal(f.d.related.items[0].value, links[0].value);
    assert_string_equal(f.d.related.items[0].title, "What to do");
    assert_string_equal(f.d.related.items[1].type, "METRIC");
    assert_string_equal(f.d.related.items[2].type, "INVOLVED_RESOURCE");
    assert_string_equal(f.d.related.items[2].value, resources[0]);
    fx_done(&f);
}

/* One storm has many alarms: what is kept of each is bounded. */
static void keeps_so_many(void **state)
{
    struct tcn_alarm wide = fx_alarm(TCN_ACTION_FIRE, 0);
    struct tcn_related many[TCN_RELATED_MAX + 10];
    struct tcn_tag wide_tags[TCN_TAGS_MAX + 10];
    struct fixture f;

    (void)state;
    storm_of_two(&f);
    for (size_t i = 0; i < TCN_RELATED_MAX + 10; i++)
        many[i] = (struct tcn_related){"url", NULL, i == 3 ? NULL : "https://shop.test"};
    for (size_t i = 0; i < TCN_TAGS_MAX + 10; i++)
        wide_tags[i] = (struct tcn_tag){tcn_arena_fmt(&f.arena, "k%zu", i), "v"};
    wide.dedupe_key = "wide";
    wide.related = many;
    wide.n_related = TCN_RELATED_MAX + 10;
    wide.tags = wide_tags;
    wide.n_tags = TCN_TAGS_MAX + 10;
    f.a = (struct tcn_aggregate){0};
    fx_send(&f, &wide);
    assert_true(f.d.storm_alarm_changed);
    assert_int_equal(f.d.storm_alarm.told.n_related, TCN_RELATED_MAX);
    assert_int_equal(f.d.storm_alarm.told.n_tags, TCN_TAGS_MAX);
    fx_done(&f);
}

/* The texts are the alarm's to change, and its OK ends the incident. */
static void lives_as_any_other(void **state)
{
    struct tcn_alarm news = fx_alarm(TCN_ACTION_FIRE, T0 + 5 * MIN);
    struct fixture f;

    (void)state;
    storm_of_two(&f);
    split(&f);
    f.storm_a = (struct tcn_aggregate){0};
    f.has_storm = false;
    f.now = T0 + 6 * MIN;
    news.dedupe_key = f.a.lane.dedupe_key;
    news.title = "The shop answers slowly";
    fx_send(&f, &news);
    assert_string_equal(f.a.incident.title, "The shop answers slowly");
    news.action = TCN_ACTION_RESOLVE;
    news.clock_ms += 1000;
    assert_int_equal(fx_send(&f, &news), TCN_INTAKE_RESOLVED);
    fx_done(&f);
}

/* A plan with a dedupe string of its own: what fires under it is one incident. */
static void joins_the_open_one(void **state)
{
    struct fixture f;

    (void)state;
    storm_of_two(&f);
    f.a.incident = f.storm_a.incident;
    f.a.incident.id = fx_id(400);
    f.a.incident.is_storm = false;
    split(&f);
    assert_false(f.d.incident_opened);
    assert_int_equal(f.d.sends.n, 0);
    assert_true(tcn_id_eq(f.a.lane.incident, fx_id(400)));
    assert_int_equal(f.a.lane.opened_ms, 0);
    assert_non_null(fx_event(&f, TCN_EVENT_TRIGGER, "triggered again: The shop does not answer"));
    fx_done(&f);
}

static void split_off(struct fixture *f, bool others_hold)
{
    f->a = f->storm_a;
    f->a.lane = (struct tcn_lane){0};
    f->a.others_hold = others_hold;
    fx_begin(f);
    tcn_engine_split_off(&f->a, &in, fx_id(500), &f->d);
    fx_check(f, &f->a);
}

static void the_storm_goes_on(void **state)
{
    struct fixture f;

    (void)state;
    storm_of_two(&f);
    split_off(&f, true);
    assert_int_equal(f.a.incident.status, TCN_STATUS_OPEN);
    assert_true(f.d.tickets_due);
    assert_non_null(fx_event(&f, TCN_EVENT_TOCSIN,
                             "The shop does not answer was split out into the incident "));
    fx_done(&f);
}

static void the_last_alarm_ends_the_storm(void **state)
{
    struct fixture f;

    (void)state;
    storm_of_two(&f);
    split_off(&f, false);
    assert_int_equal(f.a.incident.status, TCN_STATUS_RESOLVED);
    assert_string_equal(f.a.incident.resolution.code, "split_out");
    assert_string_equal(f.a.incident.resolution.by, "token:ops");
    fx_done(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opens_as_if_it_had_come_alone),
        cmocka_unit_test(brings_what_the_alarm_brought),
        cmocka_unit_test(keeps_so_many),
        cmocka_unit_test(lives_as_any_other),
        cmocka_unit_test(joins_the_open_one),
        cmocka_unit_test(the_storm_goes_on),
        cmocka_unit_test(the_last_alarm_ends_the_storm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
