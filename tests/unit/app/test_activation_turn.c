/* Channels of the file and of commands: a code is sent, told, and what is in force then. */
#include "resource_calls.h"

#include "app/activation_turn.h"
#include "store/resources.h"

static struct tcn_send_row sent; /* the code on its way */

static void on_channel(enum tcn_command_kind kind, const char *name, const char *code, int status)
{
    struct tcn_command_world world = {&file.dir, in_force(), NULL, 1, NULL};

    json_decref(call.reply);
    json_decref(call.body);
    call = (struct tcn_api_call){.arena = &arena, .actor = "token:test"};
    call.command.kind = kind;
    call.command.resource = (struct tcn_resource_call){.list = "contact_channels", .name = name};
    call.command.accept.code = code;
    if (tcn_command_execute(&call, &world, store, now, &result, &err) < 0)
        fail_msg("%s", err.msg);
    expect_status(status);
}

static const char *code_of(const char *contact, const char *channel)
{
    struct tcn_channel_state state;

    assert_int_equal(tcn_store_channel_state_get(store, contact, channel, &arena, &state, &err), 0);
    return state.code;
}

static bool is_activated(const char *contact, const char *channel)
{
    return tcn_directory_channel(in_force(), contact, channel)->is_activated;
}

static size_t claim_code(void)
{
    struct tcn_send_row *rows = NULL;
    size_t n = 0;

    assert_int_equal(tcn_store_send_claim(store, now, 10, &arena, &rows, &n, &err), 0);
    if (n > 0)
        sent = rows[0];
    return n;
}

static void test_a_deferred_channel_of_the_file(void **state)
{
    (void)state;
    assert_false(is_activated("ann", "mail"));
    on_channel(TCN_COMMAND_CHANNEL_ACTIVATE, "ann:mail", "123456", 400);
    expect_error("bad_request", "code", "send another one");
    on_channel(TCN_COMMAND_CHANNEL_SEND_CODE, "ann:mail", NULL, 202);
    assert_int_equal(claim_code(), 1);
    assert_true(tcn_activation_is_send(&sent));
    assert_string_equal(sent.contact, "ann");
    assert_string_equal(sent.channel, "mail");
    assert_false(is_activated("ann", "mail"));
    on_channel(TCN_COMMAND_CHANNEL_ACTIVATE, "ann:mail", code_of("ann", "mail"), 200);
    assert_true(is_activated("ann", "mail"));
    assert_true(json_is_true(json_object_get(call.reply, "activated")));
    on_channel(TCN_COMMAND_CHANNEL_SEND_CODE, "ann:mail", NULL, 409);
    on_channel(TCN_COMMAND_CHANNEL_DEACTIVATE, "ann:mail", NULL, 200);
    assert_false(is_activated("ann", "mail"));
}

/* What is refused is counted all the same. */
static void test_wrong_codes_are_counted(void **state)
{
    const char *right;

    (void)state;
    on_channel(TCN_COMMAND_CHANNEL_SEND_CODE, "ann:mail", NULL, 202);
    right = code_of("ann", "mail");
    for (int i = 0; i < 5; i++)
        on_channel(TCN_COMMAND_CHANNEL_ACTIVATE, "ann:mail",
                   strcmp(right, "000000") == 0 ? "000001" : "000000", 400);
    expect_error("bad_request", "code", "last try");
    on_channel(TCN_COMMAND_CHANNEL_ACTIVATE, "ann:mail", right, 400);
    for (int i = 1; i < 5; i++)
        on_channel(TCN_COMMAND_CHANNEL_SEND_CODE, "ann:mail", NULL, 202);
    on_channel(TCN_COMMAND_CHANNEL_SEND_CODE, "ann:mail", NULL, 409);
    expect_error("limit", NULL, "within an hour");
}

static void test_a_channel_that_a_command_made(void **state)
{
    static const char moved[] =
        "{\"ContactId\":\"bob\",\"Name\":\"mail\",\"Type\":\"EMAIL\",\"DeferActivation\":true,"
        "\"DeliveryAddress\":{\"SimpleAddress\":\"b@example.com\"}}";

    (void)state;
    put(TCN_RESOURCE_CONTACT, "{\"Alias\":\"bob\",\"Type\":\"PERSONAL\",\"Plan\":{\"Stages\":[]}}",
        201);
    put(TCN_RESOURCE_CHANNEL,
        "{\"ContactId\":\"bob\",\"Name\":\"mail\",\"Type\":\"EMAIL\","
        "\"DeliveryAddress\":{\"SimpleAddress\":\"bob@example.com\"}}",
        201);
    assert_true(is_activated("bob", "mail")); /* its maker answers for it */
    on_channel(TCN_COMMAND_CHANNEL_DEACTIVATE, "bob:mail", NULL, 200);
    assert_false(is_activated("bob", "mail"));
    on_channel(TCN_COMMAND_CHANNEL_SEND_CODE, "bob:mail", NULL, 202);
    on_channel(TCN_COMMAND_CHANNEL_ACTIVATE, "bob:mail", code_of("bob", "mail"), 200);
    assert_true(is_activated("bob", "mail"));
    put(TCN_RESOURCE_CHANNEL,
        "{\"ContactId\":\"bob\",\"Name\":\"mail\",\"Type\":\"EMAIL\","
        "\"DeliveryAddress\":{\"SimpleAddress\":\"b2@example.com\"}}",
        200); /* another address, and nobody who answers for it in so many words */
    assert_false(is_activated("bob", "mail"));
    put(TCN_RESOURCE_CHANNEL, moved, 200);
    assert_false(is_activated("bob", "mail"));
}

static void test_what_the_file_activates_stays(void **state)
{
    struct resources before = file;

    (void)state;
    use_file("{\"contacts\":[{\"Alias\":\"ann\",\"Type\":\"PERSONAL\",\"Plan\":{\"Stages\":[]}}],"
             "\"contact_channels\":[{\"ContactId\":\"ann\",\"Name\":\"mail\",\"Type\":\"EMAIL\","
             "\"DeliveryAddress\":{\"SimpleAddress\":\"ann@example.com\"}}]}");
    on_channel(TCN_COMMAND_CHANNEL_DEACTIVATE, "ann:mail", NULL, 409);
    expect_error("declared", "name", "DeferActivation");
    on_channel(TCN_COMMAND_CHANNEL_ACTIVATE, "ann:none", "123456", 404);
    release_resources(&before);
}

static void test_other_lists_have_no_codes(void **state)
{
    static const enum tcn_command_kind kinds[] = {TCN_COMMAND_CHANNEL_SEND_CODE,
                                                  TCN_COMMAND_CHANNEL_ACTIVATE,
                                                  TCN_COMMAND_CHANNEL_DEACTIVATE};

    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        run(kinds[i], (struct tcn_resource_call){.list = "contacts", .name = "ann"}, NULL);
        expect_status(404);
        expect_error("not_found", "kind", "only contact_channels have this");
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, resource_setup, resource_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_deferred_channel_of_the_file), TEST(test_wrong_codes_are_counted),
        TEST(test_a_channel_that_a_command_made),  TEST(test_what_the_file_activates_stays),
        TEST(test_other_lists_have_no_codes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
