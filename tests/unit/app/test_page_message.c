/* Pages that cannot be written say why, and hold nobody else's back. */
#include "app/page_message.h"
#include "command_calls.h"

static struct tcn_config config;
static const uint8_t key[TCN_ACK_KEY];

static const char *why_not(struct tcn_send_row row)
{
    struct tcn_send_message message = {.payload = NULL};

    row.channel = row.channel ? row.channel : "mail";
    row.contact = "alice";
    row.channel_type = TCN_EMAIL;
    if (tcn_page_message(&config, key, store, &row, now, &arena, &message, &err) < 0)
        fail_msg("%s", err.msg);
    assert_null(message.payload);
    return message.why;
}

static void test_why_a_page_is_not_written(void **state)
{
    struct tcn_id incident = alarm_of("k", TCN_ACTION_FIRE);

    (void)state;
    config = (struct tcn_config){.directory = directory, .public_url = "http://t"};
    assert_string_equal(why_not((struct tcn_send_row){.channel = "gone"}),
                        "gone: the channel is gone or not activated");
    assert_string_equal(why_not((struct tcn_send_row){.incident = incident}),
                        "mail: no connector sends such pages; see $.channels");
    config.channel_connector[TCN_EMAIL] = "mail";
    assert_string_equal(why_not((struct tcn_send_row){.incident = {{9}}}),
                        "mail: its incident is not in the store");
    assert_string_equal(why_not((struct tcn_send_row){.incident = incident, .page = {{9}}}),
                        "mail: its page is not in the store");
    mail.is_activated = false;
    assert_string_equal(why_not((struct tcn_send_row){.incident = incident}),
                        "mail: the channel is gone or not activated");
    mail.is_activated = true;
}

static const char *reason_of(const struct tcn_aggregate *a, size_t engagement, int64_t send_no)
{
    const struct tcn_engagement *e = &a->engagements[engagement];
    struct tcn_send_row row = {
        .incident = a->incident.id, .page = e->pages[0].id, .send_no = send_no};
    const char *reason = NULL;

    if (tcn_page_reason(store, a, &row, &arena, &reason, &err) < 0)
        fail_msg("%s", err.msg);
    return reason;
}

static void test_what_a_page_says_of_why_it_comes(void **state)
{
    struct tcn_aggregate a = load(alarm_of("k", TCN_ACTION_FIRE));

    (void)state;
    assert_string_equal(reason_of(&a, 0, 1), "engaged by the response plan");
    assert_string_equal(reason_of(&a, 0, 2), "not acknowledged yet");
    a.incident.acknowledged_ms = now;
    a.incident.acknowledged_by = "contact:alice";
    assert_string_equal(reason_of(&a, 0, 2), "acknowledged by contact:alice, and not by you");
}

/* The page of the plan's own engagement goes on to say that it is the plan's. */
static void test_a_page_says_who_engaged_and_why(void **state)
{
    static const struct {
        const char *reason, *want;
        int64_t after_ms;
    } cases[] = {
        {"knows the database", "engaged by token:test: knows the database", 1},
        {NULL, "engaged by token:test", 1000},
        {"token:x engages alice: no", "engaged by token:test: token:x engages alice: no", 7}};
    struct tcn_id incident = alarm_of("k", TCN_ACTION_FIRE);
    struct tcn_aggregate a;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        now += cases[i].after_ms;
        execute_for((struct tcn_command){.kind = TCN_COMMAND_ENGAGE,
                                         .incident = incident,
                                         .contact = "alice",
                                         .text = cases[i].reason},
                    200);
        a = load(incident);
        assert_string_equal(reason_of(&a, i + 1, 1), cases[i].want);
        assert_string_equal(reason_of(&a, 0, 1), "engaged by the response plan");
    }
    drop_reply();
}

/* What a person writes on the timeline about that time is no engagement. */
static void test_a_note_engages_nobody(void **state)
{
    struct tcn_id incident = alarm_of("k", TCN_ACTION_FIRE);
    struct tcn_aggregate a;

    (void)state;
    execute_for((struct tcn_command){.kind = TCN_COMMAND_NOTE,
                                     .incident = incident,
                                     .text = "token:x engages alice: no"},
                200);
    a = load(incident);
    assert_string_equal(reason_of(&a, 0, 1), "engaged by the response plan");
    drop_reply();
}

/* -- engagements with texts of their own -------------------------------------------------------------------------- */

static struct tcn_id engage(struct tcn_id incident, const char *public_subject)
{
    execute_for((struct tcn_command){.kind = TCN_COMMAND_ENGAGEMENT_START,
                                     .incident = incident,
                                     .contact = "alice",
                                     .engaged = {.sender = "deploy",
                                                 .subject = "Key of shop",
                                                 .content = "It is 1234",
                                                 .public_subject = public_subject,
                                                 .public_content = public_subject ? "look" : NULL}},
                201);
    assert_int_equal(tcn_id_parse(tcn_str(text_of("record")), &incident), 0);
    drop_reply();
    return incident;
}

static void assert_told(struct tcn_id incident, enum tcn_channel_type type, const char *want)
{
    struct tcn_aggregate a = load(incident);
    const struct tcn_engagement *e = &a.engagements[a.n_engagements - 1];
    const struct tcn_send_row row = {.page = e->pages[0].id, .channel_type = (int)type};
    const char *sender = NULL;

    if (tcn_page_told(store, &row, &a.incident, &arena, &sender, &err) < 0)
        fail_msg("%s", err.msg);
    assert_string_equal(tcn_arena_fmt(&arena, "%s|%s|%s|%s", sender ? sender : "-",
                                      a.incident.title,
                                      a.incident.summary ? a.incident.summary : "-",
                                      a.incident.response_plan ? a.incident.response_plan : "-"),
                        want);
}

/* What the sender told in confidence is in no message that others can read. */
static void test_what_a_channel_is_told(void **state)
{
    static const struct {
        enum tcn_channel_type type;
        const char *public_subject, *want;
    } cases[] = {
        {TCN_EMAIL, "Key", "deploy|Key of shop|It is 1234|"},
        {TCN_EMAIL, NULL, "deploy|Key of shop|It is 1234|"},
        {TCN_SMS, "Key", "deploy|Key|look|"},
        {TCN_VOICE, "Key", "deploy|Key|look|"},
        {TCN_SMS, NULL, "deploy|Incident engagement from deploy|-|"},
        {TCN_VOICE, NULL, "deploy|Incident engagement from deploy|-|"},
    };
    struct tcn_id incident = alarm_of("k", TCN_ACTION_FIRE), none = {{0}};

    (void)state;
    assert_told(incident, TCN_SMS, "-|cpu high|-|critical");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_told(engage(incident, cases[i].public_subject), cases[i].type,
                    tcn_arena_fmt(&arena, "%scritical", cases[i].want));
        assert_told(engage(none, cases[i].public_subject), cases[i].type,
                    tcn_arena_fmt(&arena, "%s-", cases[i].want));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_why_a_page_is_not_written),       CASE(test_what_a_page_says_of_why_it_comes),
        CASE(test_a_page_says_who_engaged_and_why), CASE(test_a_note_engages_nobody),
        CASE(test_what_a_channel_is_told),
    };

    return cmocka_run_group_tests_name("page_message", tests, NULL, NULL);
}
