/* Pages that cannot be written say why, and hold nobody else's back. */
#include "app/page_message.h"
#include "turns.h"

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

static void test_what_a_page_says_of_why_it_comes(void **state)
{
    struct tcn_incident incident = {.exists = true};

    (void)state;
    assert_string_equal(tcn_page_reason(&incident, 1, &arena), "engaged by the response plan");
    assert_string_equal(tcn_page_reason(&incident, 2, &arena), "not acknowledged yet");
    incident.acknowledged_ms = now;
    incident.acknowledged_by = "contact:alice";
    assert_string_equal(tcn_page_reason(&incident, 2, &arena),
                        "acknowledged by contact:alice, and not by you");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_why_a_page_is_not_written),
        CASE(test_what_a_page_says_of_why_it_comes),
    };

    return cmocka_run_group_tests_name("page_message", tests, NULL, NULL);
}
