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

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_why_a_page_is_not_written),
        CASE(test_what_a_page_says_of_why_it_comes),
        CASE(test_a_page_says_who_engaged_and_why),
        CASE(test_a_note_engages_nobody),
    };

    return cmocka_run_group_tests_name("page_message", tests, NULL, NULL);
}
