/* Engagements with an incident and without one, from the command to what is told of them. */
#include "app/engagement_turn.h"
#include "command_calls.h"

static const struct tcn_engagement_text text = {.sender = "the deploy job",
                                                .subject = "Deploy failed",
                                                .content = "Step 7 of shop",
                                                .public_subject = "Deploy"};

static struct tcn_command start_of(const char *contact, const char *token, const char *request)
{
    return (struct tcn_command){.kind = TCN_COMMAND_ENGAGEMENT_START,
                                .contact = contact,
                                .engaged = text,
                                .client_token = token,
                                .request = request};
}

static const char *started(struct tcn_command command, int status)
{
    execute_for(command, status);
    return tcn_arena_strdup(&arena, text_of("id"));
}

static struct tcn_id id_in(const char *member)
{
    struct tcn_id id = {{0}};

    assert_int_equal(tcn_id_parse(tcn_str(text_of(member)), &id), 0);
    return id;
}

static void stop(const char *engagement, const char *reason, int status)
{
    struct tcn_command c = {.kind = TCN_COMMAND_ENGAGEMENT_STOP, .text = reason};

    assert_int_equal(tcn_id_parse(tcn_str(engagement), &c.engagement), 0);
    execute_for(c, status);
}

static json_t *page_of(size_t no)
{
    return json_array_get(json_object_get(call.reply, "pages"), no);
}

static void test_without_an_incident(void **state)
{
    struct tcn_aggregate a;
    int64_t count = -1;

    (void)state;
    started(start_of("alice", NULL, NULL), 201);
    assert_true(result.has_changed);
    assert_int_equal(result.milestones.n_passed, 0);
    assert_true(json_is_null(json_object_get(call.reply, "incident")));
    assert_true(json_is_null(json_object_get(call.reply, "stopped_at")));
    assert_string_equal(text_of("sender"), "the deploy job");
    assert_string_equal(text_of("subject"), "Deploy failed");
    assert_string_equal(text_of("content"), "Step 7 of shop");
    assert_string_equal(text_of("public_subject"), "Deploy");
    assert_string_equal(text_of("type"), "PERSONAL");
    assert_string_equal(json_string_value(json_object_get(page_of(0), "contact")), "alice");
    a = load(id_in("record"));
    assert_true(a.incident.is_bare);
    assert_int_equal(claim_sends(), 1);
    assert_int_equal(tcn_store_incident_count(store, TCN_STATUS_OPEN, &count, &err), 0);
    assert_int_equal(count, 0);
    drop_reply();
}

static void test_a_stop_ends_it(void **state)
{
    const char *id = started(start_of("alice", NULL, NULL), 201);
    struct tcn_id record = id_in("record");
    struct tcn_aggregate a;

    (void)state;
    now += 1000;
    stop(id, "it went through", 200);
    assert_true(result.has_changed);
    assert_non_null(text_of("stopped_at"));
    a = load(record);
    assert_int_equal(a.incident.status, TCN_STATUS_RESOLVED);
    assert_int_equal(a.engagements[0].stop_ms, now);
    assert_int_equal(claim_sends(), 0);
    stop(id, NULL, 200);
    assert_false(result.has_changed);
    now += 1000;
    execute_for((struct tcn_command){.kind = TCN_COMMAND_ACCEPT,
                                     .accept = {.page = a.engagements[0].pages[0].id,
                                                .type = TCN_READ,
                                                .code = a.engagements[0].pages[0].accept_code,
                                                .is_enforced = true}},
                200);
    assert_true(json_is_true(json_object_get(call.reply, "is_engagement")));
    a = load(record);
    assert_int_equal(a.engagements[0].pages[0].read_ms, now);
    drop_reply();
}

static void test_with_an_incident(void **state)
{
    struct tcn_command c = start_of("alice", NULL, NULL);
    struct tcn_aggregate a;
    const char *id;

    (void)state;
    c.incident = alarm_of("k", TCN_ACTION_FIRE);
    id = started(c, 201);
    assert_true(tcn_id_eq(id_in("incident"), c.incident));
    assert_string_equal(text_of("subject"), "Deploy failed");
    a = load(c.incident);
    assert_int_equal(a.n_engagements, 2);
    stop(id, NULL, 200);
    a = load(c.incident);
    assert_int_equal(a.incident.status, TCN_STATUS_OPEN);
    assert_int_equal(a.engagements[0].stop_ms, 0);
    assert_int_equal(a.engagements[1].stop_ms, now);
    drop_reply();
}

/* What the response plan started is told with the incident's texts, and stopped by its id. */
static void test_one_of_a_plan(void **state)
{
    struct tcn_aggregate a = load(alarm_of("k", TCN_ACTION_FIRE));
    char id[TCN_ID_TEXT];

    (void)state;
    tcn_id_text(a.engagements[0].id, id);
    stop(id, NULL, 200);
    assert_string_equal(text_of("subject"), a.incident.title);
    assert_null(text_of("sender"));
    drop_reply();
}

static void test_a_repeat_pages_once(void **state)
{
    const char *first = started(start_of("alice", "t", "a"), 201);

    (void)state;
    assert_int_equal(claim_sends(), 1);
    now += 1000;
    assert_string_equal(started(start_of("alice", "t", "a"), 200), first);
    assert_false(result.has_changed);
    assert_int_equal(claim_sends(), 0);
    execute_for(start_of("alice", "t", "b"), 409);
    assert_string_equal(error_of("field"), "client_token");
    assert_string_not_equal(started(start_of("alice", "u", "a"), 201), first);
    drop_reply();
}

static void test_what_is_refused(void **state)
{
    struct tcn_command c = start_of("alice", NULL, NULL);
    struct tcn_id record;

    (void)state;
    execute_for(start_of("nobody", "t", "a"), 404);
    assert_string_equal(error_of("field"), "contact");
    c.incident = (struct tcn_id){{9}};
    execute_for(c, 404);
    assert_string_equal(error_of("field"), "incident");
    stop("09000000-0000-0000-0000-000000000000", NULL, 404);
    assert_string_equal(error_of("field"), "id");
    started(start_of("alice", "t", "a"), 201); /* what was refused took no token */
    record = id_in("record");
    c.incident = record;
    execute_for(c, 409); /* it is no incident */
    execute_for((struct tcn_command){.kind = TCN_COMMAND_REOPEN, .incident = record}, 409);
    execute_for(
        (struct tcn_command){.kind = TCN_COMMAND_ENGAGE, .incident = record, .contact = "alice"},
        409);
    c.incident = alarm_of("k", TCN_ACTION_FIRE);
    execute_for((struct tcn_command){.kind = TCN_COMMAND_RESOLVE, .incident = c.incident}, 200);
    execute_for(c, 409);
    assert_string_equal(error_of("field"), "incident");
    drop_reply();
}

/* An alarm whose dedupe string is that of the record opens an incident of its own. */
static void test_no_alarm_meets_it(void **state)
{
    struct tcn_aggregate a;
    struct tcn_id record, incident;

    (void)state;
    started(start_of("alice", NULL, NULL), 201);
    record = id_in("record");
    a = load(record);
    plan.dedupe_string = a.incident.dedupe_string;
    incident = alarm_of("k", TCN_ACTION_FIRE);
    assert_false(tcn_id_eq(record, incident));
    a = load(incident);
    assert_false(a.incident.is_bare);
    drop_reply();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_without_an_incident), CASE(test_a_stop_ends_it),      CASE(test_with_an_incident),
        CASE(test_one_of_a_plan),       CASE(test_a_repeat_pages_once), CASE(test_what_is_refused),
        CASE(test_no_alarm_meets_it),
    };

    return cmocka_run_group_tests_name("engagement_turn", tests, NULL, NULL);
}
