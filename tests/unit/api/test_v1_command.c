/* The bodies of the native API's commands: what they may hold, and what a refusal says. */
#include "calls.h"

#define OPS "\"arn:aws:sns:eu-central-1:123456789012:ops\""
#define SIX OPS "," OPS "," OPS "," OPS "," OPS "," OPS

static void test_bodies(void **state)
{
    static const struct {
        int (*read)(struct tcn_api_call *);
        const char *body;  /* NULL: none */
        const char *field; /* NULL: taken; "": refused without a field */
    } cases[] = {
        {tcn_v1_acknowledge, NULL, NULL},
        {tcn_v1_acknowledge, "{}", NULL},
        {tcn_v1_acknowledge, "{\"note\":\"on it\"}", NULL},
        {tcn_v1_acknowledge, "{\"note\":\"\"}", NULL},
        {tcn_v1_acknowledge, "{\"notes\":\"typo\"}", "notes"},
        {tcn_v1_acknowledge, "{\"note\":1}", "note"},
        {tcn_v1_acknowledge, "{\"note\":null}", "note"},
        {tcn_v1_acknowledge, "[]", ""},
        {tcn_v1_resolve, NULL, NULL},
        {tcn_v1_resolve, "{\"code\":\"wont_fix\",\"notes\":\"n\"}", NULL},
        {tcn_v1_resolve, "{\"text\":\"n\"}", "text"},
        {tcn_v1_reopen, "{}", NULL},
        {tcn_v1_reopen, "{\"a\":1}", "a"},
        {tcn_v1_split, "{\"alarm\":\"01020304-0506-0708-090a-0b0c0d0e0001\"}", NULL},
        {tcn_v1_split, "{\"alarm\":\"k1\"}", "alarm"},
        {tcn_v1_split, "{\"alarm\":\"\"}", "alarm"},
        {tcn_v1_split, "{\"alarms\":\"k1\"}", "alarms"},
        {tcn_v1_split, NULL, "alarm"},
        {tcn_v1_subscription_confirm, "{\"source\":\"s\",\"topic\":\"t\"}", NULL},
        {tcn_v1_subscription_confirm, "{\"source\":\"s\"}", "topic"},
        {tcn_v1_subscription_confirm, "{\"arn\":\"s\"}", "arn"},
        {tcn_v1_note, "{\"text\":\"hello\"}", NULL},
        {tcn_v1_note, "{\"text\":\"hello\",\"client_token\":\"c\"}", NULL},
        {tcn_v1_note, "{\"text\":\"hello\",\"client_token\":7}", "client_token"},
        {tcn_v1_note, "{\"text\":\"\"}", "text"},
        {tcn_v1_note, "{}", "text"},
        {tcn_v1_note, NULL, "text"},
        {tcn_v1_resolve, "{\"code\":\"two\\nlines\"}", "code"},
        {tcn_v1_resolve, "{\"code\":\"a\\tb\"}", "code"},
        {tcn_v1_resolve, "{\"code\":\"a\\u0007b\"}", "code"},
        {tcn_v1_update, "{\"notification_targets\":[" OPS "," OPS "],\"chat_channel\":[]}", NULL},
        {tcn_v1_update, "{\"chat_channel\":[" OPS "]}", NULL},
        {tcn_v1_update, "{\"notification_targets\":null}", "notification_targets"},
        {tcn_v1_update, "{\"notification_targets\":" OPS "}", "notification_targets"},
        {tcn_v1_update, "{\"notification_targets\":[\"ops\"]}", "notification_targets"},
        {tcn_v1_update, "{\"notification_targets\":[{\"snsTopicArn\":" OPS "}]}",
         "notification_targets"},
        {tcn_v1_update, "{\"chat_channel\":[" SIX "]}", "chat_channel"},
        {tcn_v1_update, "{\"notification_targets\":[" SIX "," SIX "]}", "notification_targets"},
        {tcn_v1_update, "{}", "title"},
        {tcn_v1_link_retry, NULL, NULL},
        {tcn_v1_link_retry, "{\"why\":\"\"}", "why"},
        {tcn_v1_link_read, NULL, NULL},
        {tcn_v1_letter_retry, NULL, NULL},
        {tcn_v1_letter_drop, "{\"why\":\"\"}", "why"},
    };
    char id[TCN_ID_TEXT];

    (void)state;
    tcn_id_text(id_of(1), id);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct tcn_api_call call = call_of("");
        int r;

        call.path_id = id;
        call.body = cases[i].body ? json_loads(cases[i].body, 0, NULL) : NULL;
        r = cases[i].read(&call);
        if (cases[i].field) {
            const char *field = error_of(&call, "field");

            assert_int_equal(r, -1);
            assert_int_equal(call.status, 400);
            assert_string_equal(field ? field : "", cases[i].field);
        } else {
            assert_int_equal(r, 0);
            assert_null(call.reply);
            assert_string_equal(call.command.actor, "token:t");
        }
        json_decref(call.reply);
        json_decref(call.body);
    }
}

/* Counted in characters, not in bytes. */
static void test_the_longest_note(void **state)
{
    static const struct {
        size_t characters;
        bool is_taken;
    } cases[] = {{8000, true}, {8001, false}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct tcn_api_call call = call_of("");
        char *text = tcn_arena_alloc(&arena, 2 * cases[i].characters + 1), id[TCN_ID_TEXT];

        for (size_t n = 0; n < cases[i].characters; n++)
            memcpy(text + 2 * n, "\xc3\xa9", 2);
        tcn_id_text(id_of(1), id);
        call.path_id = id;
        call.body = json_pack("{s:s}", "text", text);
        assert_int_equal(tcn_v1_note(&call), cases[i].is_taken ? 0 : -1);
        if (!cases[i].is_taken)
            assert_string_equal(error_of(&call, "field"), "text");
        json_decref(call.reply);
        json_decref(call.body);
    }
}

static void test_the_longest_code(void **state)
{
    (void)state;
    for (size_t n = 100; n <= 101; n++) {
        struct tcn_api_call call = call_of("");
        char text[102] = "";

        memset(text, 'c', n);
        call.path_id = "00000000-0000-4000-8000-000000000001";
        call.body = json_pack("{s:s}", "code", text);
        assert_int_equal(tcn_v1_resolve(&call), n <= 100 ? 0 : -1);
        if (n > 100) {
            assert_string_equal(error_of(&call, "field"), "code");
            assert_string_equal(error_of(&call, "message"),
                                "\"code\" is longer than 100 characters");
        }
        json_decref(call.reply);
        json_decref(call.body);
    }
}

static void test_unknown_members_of_a_body(void **state)
{
    struct tcn_api_call call = call_of("");

    (void)state;
    call.path_id = "00000000-0000-4000-8000-000000000001";
    call.body = json_pack("{s:s}", "notes", "x");
    assert_int_equal(tcn_v1_acknowledge(&call), -1);
    assert_string_equal(error_of(&call, "field"), "notes");
    assert_string_equal(error_of(&call, "message"),
                        "\"notes\" is not known here; did you mean \"note\"?");
    json_decref(call.body);
    json_decref(call.reply);
}

static int acknowledge_with(struct tcn_api_call *call, const char *text)
{
    call->body = json_pack("{s:s}", "note", text);
    return tcn_v1_acknowledge(call);
}

static int resolve_with(struct tcn_api_call *call, const char *text)
{
    call->body = json_pack("{s:s}", "notes", text);
    return tcn_v1_resolve(call);
}

static int note_with(struct tcn_api_call *call, const char *text)
{
    call->body = json_pack("{s:s}", "text", text);
    return tcn_v1_note(call);
}

/* A blank note says nothing, and a control character would do something where the note is shown. */
static void test_what_a_note_may_hold(void **state)
{
    static const struct {
        int (*read)(struct tcn_api_call *call, const char *text);
        const char *field;
    } ways[] = {{acknowledge_with, "note"}, {resolve_with, "notes"}, {note_with, "text"}};
    static const struct {
        const char *name, *text, *want; /* want: in the message, NULL = taken */
        const char *kept;               /* NULL = as it is */
    } cases[] = {
        {"lines and columns", "one\n\ttwo\n", NULL, NULL},
        {"many scripts", "\xc3\xa9 \xe2\x82\xac \xe6\x97\xa5 \xf0\x9f\x94\xa5", NULL, NULL},
        {"blanks around", "  x ", NULL, NULL},
        {"one point behind a blank", "\xc2\xa0.", NULL, NULL},
        {"a blank", " ", "is blank", NULL},
        {"lines of nothing", " \n\t\n ", "is blank", NULL},
        {"blanks of other scripts", "\xe3\x80\x80\xc2\xa0\xe2\x80\x83\xe2\x80\x8b\xef\xbb\xbf",
         "is blank", NULL},
        {"lines of Windows", "\r\none\r\n\r\ntwo\r\n", NULL, "\none\n\ntwo\n"},
        {"one blank line of Windows", "\r\n", "is blank", NULL},
        {"a lone carriage return", "ab\rcd", "character 3 is the control character U+000D", NULL},
        {"one too many", "ab\r\r\ncd", "character 3 is the control character U+000D", NULL},
        {"one at the end", "ab\r", "character 3 is the control character U+000D", NULL},
        {"line ends the other way round", "ab\n\rcd", "character 4 is the control character U+000D",
         NULL},
        {"an escape", "\x1b[31mred", "character 1 is the control character U+001B", NULL},
        {"a bell behind a wide one", "\xe2\x82\xac\a",
         "character 2 is the control character U+0007", NULL},
        {"delete", "a\x7f", "character 2 is the control character U+007F", NULL},
        {"one of C1", "a\xc2\x9b", "character 2 is the control character U+009B", NULL},
        {"a control behind blanks", " \x01", "character 2 is the control character U+0001", NULL},
    };
    char id[TCN_ID_TEXT];

    (void)state;
    tcn_id_text(id_of(1), id);
    for (size_t i = 0; i < 3 * sizeof cases / sizeof *cases; i++) {
        const char *want = cases[i / 3].want;
        struct tcn_api_call call = call_of("");
        int r;

        call.path_id = id;
        r = ways[i % 3].read(&call, cases[i / 3].text);
        if (r != (want ? -1 : 0))
            fail_msg("%s: %d", cases[i / 3].name, r);
        if (want) {
            assert_int_equal(call.status, 400);
            assert_string_equal(error_of(&call, "field"), ways[i % 3].field);
            assert_non_null(strstr(error_of(&call, "message"), want));
        } else {
            const char *kept = cases[i / 3].kept;

            assert_string_equal(call.command.text, kept ? kept : cases[i / 3].text);
        }
        json_decref(call.reply);
        json_decref(call.body);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_bodies),
        CASE(test_the_longest_note),
        CASE(test_the_longest_code),
        CASE(test_unknown_members_of_a_body),
        CASE(test_what_a_note_may_hold),
    };

    return cmocka_run_group_tests_name("v1 bodies", tests, NULL, NULL);
}
