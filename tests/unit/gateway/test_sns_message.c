#include "../base/cases.h"
#include "sns_mint.h"

static int parse(json_t *body, struct tcn_sns_message *ret, struct tcn_err *err)
{
    memset(ret, 0xee, sizeof *ret);
    return tcn_sns_parse(body, ret, err);
}

static json_t *complete(const struct sns_fields *f)
{
    json_t *body = sns_unsigned(f);

    sns_set(body, "Signature", "c2lnbmF0dXJl");
    return body;
}

static void test_notification(void **state)
{
    json_t *body = complete(&sns_notification);
    struct tcn_sns_message m;

    (void)state;
    assert_int_equal(parse(body, &m, NULL), 0);
    assert_int_equal(m.type, TCN_SNS_NOTIFICATION);
    assert_true(tcn_str_eq(m.id, TCN_STR(SNS_ID)));
    assert_true(tcn_str_eq(m.topic, TCN_STR(SNS_TOPIC)));
    assert_true(m.has_subject);
    assert_true(tcn_str_eq(m.subject, TCN_STR("ALARM: \"web\"")));
    assert_true(tcn_str_eq(m.message, TCN_STR("{\"AlarmName\":\"web\"}")));
    assert_true(tcn_str_eq(m.timestamp, TCN_STR(SNS_TIME)));
    assert_true(tcn_str_eq(m.cert_url, TCN_STR(SNS_CERT_URL)));
    assert_true(tcn_str_eq(m.signature, TCN_STR("c2lnbmF0dXJl")));
    assert_int_equal(m.version, 2);
    assert_int_equal(m.time_ms, MINT_NOW);
    assert_int_equal(m.token.len, 0);
    assert_int_equal(m.subscribe_url.len, 0);
    json_decref(body);
}

static void test_confirmations(void **state)
{
    struct sns_fields un = sns_unsubscription();
    const struct {
        const struct sns_fields *fields;
        enum tcn_sns_type want;
    } cases[] = {{&sns_subscription, TCN_SNS_SUBSCRIPTION}, {&un, TCN_SNS_UNSUBSCRIPTION}};

    (void)state;
    for (size_t i = 0; i < N_OF(cases); i++) {
        json_t *body = complete(cases[i].fields);
        struct tcn_sns_message m;

        CHECK(cases[i].fields->type, parse(body, &m, NULL) == 0);
        CHECK(cases[i].fields->type, m.type == cases[i].want);
        CHECK(cases[i].fields->type, tcn_str_eq(m.token, tcn_str(sns_subscription.token)));
        CHECK(cases[i].fields->type,
              tcn_str_eq(m.subscribe_url, tcn_str(sns_subscription.subscribe_url)));
        CHECK(cases[i].fields->type, !m.has_subject);
        json_decref(body);
    }
}

/* A token in a notification is signed by nobody. */
static void test_a_notification_has_no_token(void **state)
{
    json_t *body = complete(&sns_notification);
    struct tcn_sns_message m;

    (void)state;
    sns_set(body, "Token", "forged");
    sns_set(body, "SubscribeURL", "http://169.254.169.254/");
    assert_int_equal(parse(body, &m, NULL), 0);
    assert_int_equal(m.token.len, 0);
    assert_int_equal(m.subscribe_url.len, 0);
    json_object_set_new(body, "Token", json_integer(5));
    assert_int_equal(parse(body, &m, NULL), 0);
    json_decref(body);
}

static void check_refused(const char *name, json_t *body, const char *said)
{
    struct tcn_sns_message m;
    struct tcn_err err = {0};

    CHECK(name, parse(body, &m, &err) == TCN_EINVALID);
    if (!strstr(err.msg, said))
        fail_msg("case \"%s\": said \"%s\", not \"%s\"", name, err.msg, said);
    json_decref(body);
}

/* Every member that a type needs: missing, null, of another type, empty, and too long. */
static void check_needed(const struct sns_fields *f, const char *name, size_t max)
{
    static char longer[(1u << 20) + 2];
    json_t *body = complete(f);

    json_object_del(body, name);
    check_refused(name, body, name);
    body = complete(f);
    json_object_set_new(body, name, json_null());
    check_refused(name, body, name);
    body = complete(f);
    json_object_set_new(body, name, json_pack("[s]", SNS_TOPIC));
    check_refused(name, body, name);
    body = complete(f);
    json_object_set_new(body, name, json_integer(2));
    check_refused(name, body, name);
    body = complete(f);
    sns_set(body, name, "");
    check_refused(name, body, name);
    memset(longer, '1', sizeof longer);
    longer[max + 1] = '\0';
    body = complete(f);
    sns_set(body, name, longer);
    check_refused(name, body, name);
}

static void test_needed_members(void **state)
{
    static const struct {
        const char *name;
        size_t max;
        bool is_control_only;
    } cases[] = {
        {"Type", 100, false},       {"MessageId", TCN_SNS_ID_MAX, false},
        {"TopicArn", 400, false},   {"Message", 1u << 20, false},
        {"Timestamp", 40, false},   {"SignatureVersion", 100, false},
        {"Signature", 4096, false}, {"SigningCertURL", TCN_SNS_URL_MAX, false},
        {"Token", 2048, true},      {"SubscribeURL", 4096, true},
    };

    (void)state;
    for (size_t i = 0; i < N_OF(cases); i++) {
        check_needed(&sns_subscription, cases[i].name, cases[i].max);
        if (!cases[i].is_control_only)
            check_needed(&sns_notification, cases[i].name, cases[i].max);
    }
}

static void test_values(void **state)
{
    static const struct {
        const char *name, *member, *value;
        bool is_good;
    } cases[] = {
        {"other type", "Type", "Notify", false},
        {"type in small letters", "Type", "notification", false},
        {"longer type", "Type", "Notification ", false},
        {"version 1", "SignatureVersion", "1", true},
        {"version 0", "SignatureVersion", "0", false},
        {"version 3", "SignatureVersion", "3", false},
        {"version 2.0", "SignatureVersion", "2.0", false},
        {"version with a blank", "SignatureVersion", " 2", false},
        {"version 11", "SignatureVersion", "11", false},
        {"no milliseconds", "Timestamp", "2026-08-02T17:04:40Z", true},
        {"offset", "Timestamp", "2026-08-02T19:04:40.000+02:00", true},
        {"no offset", "Timestamp", "2026-08-02T17:04:40.000", false},
        {"offset without colon", "Timestamp", "2026-08-02T17:04:40.000+0000", false},
        {"no such day", "Timestamp", "2026-02-30T17:04:40.000Z", false},
        {"seconds", "Timestamp", "1785690280", false},
        {"text behind the time", "Timestamp", "2026-08-02T17:04:40.000Z x", false},
        {"line feed in the id", "MessageId", "a\nSubject\nb", false},
        {"line feed in the topic", "TopicArn", SNS_TOPIC "\nType\nNotification", false},
        {"line feed at the end of the time", "Timestamp", SNS_TIME "\n", false},
        {"line feed in the subject", "Subject", "a\nb", false},
        {"carriage return in the id", "MessageId", "a\rb", false},
        {"tab in the subject", "Subject", "a\tb", false},
        {"delete in the id", "MessageId", "a\x7f", false},
        {"line feed in the signature", "Signature", "c2ln\nbmF0dXJl", false},
        {"line feed in the message", "Message", "a\nb\n\tc", true},
        {"umlaut in the subject", "Subject", "K\xc3\xbchlung", true},
        {"empty subject", "Subject", "", true},
    };

    (void)state;
    for (size_t i = 0; i < N_OF(cases); i++) {
        json_t *body = complete(&sns_notification);
        struct tcn_sns_message m;
        struct tcn_err err = {0};

        sns_set(body, cases[i].member, cases[i].value);
        CHECK(cases[i].name, parse(body, &m, &err) == (cases[i].is_good ? 0 : TCN_EINVALID));
        CHECK(cases[i].name, cases[i].is_good || strstr(err.msg, cases[i].member));
        json_decref(body);
    }
}

/* Signed line by line as well. */
static void test_line_feeds_in_confirmations(void **state)
{
    static const char *const members[] = {"Token", "SubscribeURL"};

    (void)state;
    for (size_t i = 0; i < N_OF(members); i++) {
        json_t *body = complete(&sns_subscription);

        sns_set(body, members[i], "a\nb");
        check_refused(members[i], body, "control character");
    }
}

/* Text that C strings would cut. The JSON policy refuses it earlier; this file does not rely on that. */
static void test_nul_inside(void **state)
{
    static const char *const members[] = {"Type", "SignatureVersion", "MessageId", "TopicArn",
                                          "Timestamp"};

    (void)state;
    for (size_t i = 0; i < N_OF(members); i++) {
        json_t *body = complete(&sns_notification);
        const char *value = json_string_value(json_object_get(body, members[i]));
        struct tcn_buf text;

        tcn_buf_init(&text, 1000);
        tcn_buf_z(&text, value);
        tcn_buf_add(&text, "\0evil", 5);
        json_object_set_new(body, members[i], json_stringn(text.ptr, text.len));
        check_refused(members[i], body, members[i]);
        tcn_buf_done(&text);
    }
}

static void test_no_object(void **state)
{
    (void)state;
    check_refused("array", json_array(), "object");
    check_refused("text", json_string("Notification"), "object");
    check_refused("NULL", NULL, "object");
    check_refused("empty", json_object(), "Type");
}

/* Raw delivery has no envelope, and nothing in it is signed. */
static void test_raw_delivery(void **state)
{
    (void)state;
    check_refused("raw", json_pack("{s:s,s:s}", "AlarmName", "web", "NewStateValue", "ALARM"),
                  "Type");
}

/* As serverless platforms pass messages on. */
static void test_other_spellings(void **state)
{
    json_t *body = complete(&sns_notification);

    (void)state;
    json_object_del(body, "SigningCertURL");
    sns_set(body, "SigningCertUrl", SNS_CERT_URL);
    check_refused("SigningCertUrl", body, "SigningCertURL");
}

static void check_canonical(const char *name, const struct sns_fields *f)
{
    json_t *body = complete(f);
    struct tcn_sns_message m;
    struct tcn_buf want, got;

    CHECK(name, parse(body, &m, NULL) == 0);
    tcn_buf_init(&want, 2u << 20);
    tcn_buf_init(&got, 2u << 20);
    sns_string_to_sign(f, &want);
    tcn_sns_canonical(&m, &got);
    CHECK(name, tcn_str_eq(tcn_buf_view(&want), tcn_buf_view(&got)));
    tcn_buf_done(&want);
    tcn_buf_done(&got);
    json_decref(body);
}

static void test_string_to_sign(void **state)
{
    struct sns_fields f = sns_notification, un = sns_unsubscription();

    (void)state;
    check_canonical("notification", &f);
    check_canonical("subscription", &sns_subscription);
    check_canonical("unsubscription has token and address too", &un);
    f.subject = NULL;
    check_canonical("no subject", &f);
    f.subject = "";
    check_canonical("empty subject is there", &f);
    f.message = "line\nline\r\n\t\"\\ \xe2\x82\xac \xf0\x9f\x94\xa5";
    check_canonical("decoded, not as JSON", &f);
    f = sns_subscription;
    f.subject = "not signed in a confirmation";
    check_canonical("subject of a confirmation", &f);
}

/* Word for word, in case both builders err alike. */
static void test_string_to_sign_literally(void **state)
{
    json_t *body = complete(&sns_notification);
    struct tcn_sns_message m;
    struct tcn_buf got;

    (void)state;
    assert_int_equal(parse(body, &m, NULL), 0);
    tcn_buf_init(&got, 4096);
    tcn_sns_canonical(&m, &got);
    assert_string_equal(got.ptr, "Message\n{\"AlarmName\":\"web\"}\n"
                                 "MessageId\na1b2c3d4-0000-5000-8000-000000000001\n"
                                 "Subject\nALARM: \"web\"\n"
                                 "Timestamp\n2026-08-02T17:04:40.000Z\n"
                                 "TopicArn\narn:aws:sns:us-east-1:123456789012:ops-alarms\n"
                                 "Type\nNotification\n");
    tcn_buf_done(&got);
    json_decref(body);
}

static void test_null_subject_is_absent(void **state)
{
    json_t *body = complete(&sns_notification);
    struct tcn_sns_message m;

    (void)state;
    json_object_set_new(body, "Subject", json_null());
    assert_int_equal(parse(body, &m, NULL), 0);
    assert_false(m.has_subject);
    json_object_set_new(body, "Subject", json_integer(1));
    assert_int_equal(parse(body, &m, NULL), TCN_EINVALID);
    json_decref(body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_notification),
        cmocka_unit_test(test_confirmations),
        cmocka_unit_test(test_a_notification_has_no_token),
        cmocka_unit_test(test_needed_members),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_line_feeds_in_confirmations),
        cmocka_unit_test(test_nul_inside),
        cmocka_unit_test(test_no_object),
        cmocka_unit_test(test_raw_delivery),
        cmocka_unit_test(test_other_spellings),
        cmocka_unit_test(test_string_to_sign),
        cmocka_unit_test(test_string_to_sign_literally),
        cmocka_unit_test(test_null_subject_is_absent),
    };

    return cmocka_run_group_tests_name("sns_message", tests, NULL, NULL);
}
