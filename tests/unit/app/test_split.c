/* Alarms that get out of their storm, as turns. */
#include "app/commands.h"
#include "turns.h"

static const struct tcn_source_policy *policies[] = {&policy, NULL};
static struct tcn_api_call call;
static struct tcn_command_result result;
static struct tcn_id storm, first;

static int setup_storm(void **state)
{
    setup(state);
    policies[0] = &policy;
    policy.storm_new = 1;
    policy.storm_window_ms = 3600000;
    alarm_of("alone", TCN_ACTION_FIRE);
    storm = alarm_of("k1", TCN_ACTION_FIRE);
    assert_true(tcn_id_eq(alarm_of("k2", TCN_ACTION_FIRE), storm));
    claim_sends();
    return 0;
}

static int teardown_storm(void **state)
{
    json_decref(call.reply);
    call.reply = NULL;
    return teardown(state);
}

static struct tcn_storm_alarm alarm_with(const char *key)
{
    struct tcn_storm_alarm *rows = NULL;
    size_t n = 0;

    assert_int_equal(
        tcn_store_storm_alarm_list(store, storm, (struct tcn_id){{0}}, 9, &arena, &rows, &n, &err),
        0);
    for (size_t i = 0; i < n; i++)
        if (strcmp(rows[i].dedupe_key, key) == 0)
            return rows[i];
    return (struct tcn_storm_alarm){0};
}

static int execute(struct tcn_id incident, struct tcn_id alarm)
{
    struct tcn_command_world world = {&directory, &directory, policies, 1, NULL};

    json_decref(call.reply);
    call = (struct tcn_api_call){.arena = &arena,
                                 .account_id = "123456789012",
                                 .command = {.kind = TCN_COMMAND_SPLIT,
                                             .incident = incident,
                                             .alarm = alarm,
                                             .actor = "token:test"}};
    now += 1000;
    if (tcn_command_execute(&call, &world, store, now, &result, &err) < 0)
        fail_msg("%s", err.msg);
    return call.status;
}

/* The incident that the answer is about. */
static struct tcn_aggregate answered(void)
{
    struct tcn_id id;

    assert_int_equal(
        tcn_id_parse(tcn_str(json_string_value(json_object_get(call.reply, "id"))), &id), 0);
    return load(id);
}

static const char *code_of_error(void)
{
    json_t *error = json_object_get(call.reply, "error");

    return json_string_value(json_object_get(error, "code"));
}

static void test_one_gets_an_incident_of_its_own(void **state)
{
    struct tcn_storm_alarm k2 = alarm_with("k2");
    struct tcn_aggregate own;

    (void)state;
    assert_string_equal(k2.told.title, "cpu high");
    assert_true(k2.is_firing);
    assert_int_equal(execute(storm, k2.id), 200);
    assert_true(result.has_changed);
    assert_int_equal(result.milestones.unreached.n, 0);
    own = answered();
    assert_string_equal(own.incident.title, "cpu high");
    assert_true(tcn_id_eq(own.incident.storm, storm));
    assert_string_equal(own.lane.dedupe_key, "k2");
    assert_int_equal(claim_sends(), 1);
    assert_true(tcn_id_is_zero(alarm_with("k2").id));
    assert_int_equal(load(storm).incident.status, TCN_STATUS_OPEN);
    assert_true(tcn_id_eq(alarm_of("k2", TCN_ACTION_RESOLVE), own.incident.id));
    assert_int_equal(load(own.incident.id).incident.status, TCN_STATUS_RESOLVED);
    assert_int_equal(load(storm).incident.status, TCN_STATUS_OPEN);
}

/* Tags and links are kept over the days between. */
static void test_it_brings_what_the_alarm_brought(void **state)
{
    struct tcn_related_item *items = NULL;
    struct tcn_incident own;
    size_t n = 0;

    (void)state;
    assert_int_equal(execute(storm, alarm_with("k2").id), 200);
    own = answered().incident;
    assert_string_equal(own.trigger_arn, "arn:aws:cloudwatch:eu-west-1:1:alarm:cpu");
    assert_int_equal(own.n_tags, 1);
    assert_string_equal(own.tags[0].key, "team");
    assert_string_equal(own.tags[0].value, "shop");
    assert_int_equal(tcn_store_related_list(store, own.id, &arena, &items, &n, &err), 0);
    assert_int_equal(n, 1);
    assert_string_equal(items[0].title, "What to do");
    assert_string_equal(items[0].value, "https://runbooks.test/cpu");
}

static void test_the_last_one_ends_the_storm(void **state)
{
    (void)state;
    assert_int_equal(execute(storm, alarm_with("k2").id), 200);
    assert_int_equal(execute(storm, alarm_with("k1").id), 200);
    assert_int_equal(load(storm).incident.status, TCN_STATUS_RESOLVED);
    assert_int_equal(answered().incident.status, TCN_STATUS_OPEN);
}

/* What the plan calls one incident stays one. */
static void test_what_is_open_already_is_joined(void **state)
{
    struct tcn_id open;

    (void)state;
    plan.dedupe_string = "one for all";
    policy.storm_new = 100;
    now += 3600000;
    open = alarm_of("k3", TCN_ACTION_FIRE);
    claim_sends();
    assert_int_equal(execute(storm, alarm_with("k1").id), 200);
    assert_true(tcn_id_eq(answered().incident.id, open));
    assert_int_equal(claim_sends(), 0);
    alarm_of("k3", TCN_ACTION_RESOLVE);
    assert_int_equal(load(open).incident.status, TCN_STATUS_OPEN);
}

static void test_nobody_can_be_told(void **state)
{
    (void)state;
    mail.is_activated = false;
    assert_int_equal(execute(storm, alarm_with("k1").id), 200);
    mail.is_activated = true;
    assert_int_equal(result.milestones.unreached.n, 1);
}

static void test_refusals(void **state)
{
    struct tcn_id k1 = alarm_with("k1").id, gone = {{5}};

    (void)state;
    assert_int_equal(execute(gone, k1), 404);
    assert_int_equal(execute(storm, gone), 404);
    first = alarm_of("alone", TCN_ACTION_FIRE);
    assert_int_equal(execute(first, k1), 409);
    assert_string_equal(code_of_error(), "not_a_storm");
    alarm_of("k1", TCN_ACTION_RESOLVE);
    assert_int_equal(execute(storm, k1), 409);
    assert_string_equal(code_of_error(), "not_firing");
    policies[0] = NULL;
    assert_int_equal(execute(storm, alarm_with("k2").id), 409);
    assert_string_equal(code_of_error(), "no_plan");
    assert_false(result.has_changed);
    assert_int_equal(load(storm).incident.status, TCN_STATUS_OPEN);
}

#define STORM_CASE(f) cmocka_unit_test_setup_teardown(f, setup_storm, teardown_storm)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORM_CASE(test_one_gets_an_incident_of_its_own),
        STORM_CASE(test_it_brings_what_the_alarm_brought),
        STORM_CASE(test_the_last_one_ends_the_storm),
        STORM_CASE(test_what_is_open_already_is_joined),
        STORM_CASE(test_nobody_can_be_told),
        STORM_CASE(test_refusals),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
