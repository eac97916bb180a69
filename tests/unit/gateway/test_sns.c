/* From the raw bytes of a message to the verdict over it, in the order that the front door keeps. */
#include "../base/cases.h"
#include "base/xalloc.h"
#include "gateway/sns.h"
#include "sns_mint.h"
#include "sys/file.h"

#include <stdio.h>

/* One signer, one other key, for all tests: keys take time to make. */
static struct {
    EVP_PKEY *key, *other_key;
    struct tcn_buf pem; /* of the signer's certificate */
    struct tcn_cert *cert;
} world;

static int make_world(void **state)
{
    X509 *x509;

    (void)state;
    world.key = mint_rsa(2048);
    world.other_key = mint_rsa(2048);
    x509 = mint(&(struct mint){.cn = "sns.amazonaws.com", .key = world.key});
    tcn_buf_init(&world.pem, 65536);
    mint_pem(x509, &world.pem);
    X509_free(x509);
    return tcn_cert_parse(tcn_buf_view(&world.pem), &world.cert, NULL);
}

static int end_world(void **state)
{
    (void)state;
    tcn_cert_free(world.cert);
    tcn_buf_done(&world.pem);
    EVP_PKEY_free(world.key);
    EVP_PKEY_free(world.other_key);
    return 0;
}

static struct tcn_sns_policy policy_of(const char *topic)
{
    return (struct tcn_sns_policy){.topics = {topic}, .n_topics = 1, .has_window = true};
}

/* Where a message was stopped. */
enum verdict { TAKEN = 0, NO_JSON, NO_FORM, NOT_ADMITTED, NOT_SIGNED };

static enum verdict judge(const struct tcn_sns_policy *p, struct tcn_str raw, int64_t now_ms,
                          struct tcn_err *err)
{
    enum verdict v = TAKEN;
    struct tcn_sns_message m;
    json_t *root = NULL;

    if (tcn_json_parse(raw, &tcn_sns_json, &root, err) < 0)
        return NO_JSON;
    if (tcn_sns_parse(root, &m, err) < 0)
        v = NO_FORM;
    else if (tcn_sns_admit(p, &m, now_ms, err) < 0)
        v = NOT_ADMITTED;
    else if (tcn_sns_verify(&m, p->pinned ? p->pinned : world.cert, err) < 0)
        v = NOT_SIGNED;
    json_decref(root);
    return v;
}

static enum verdict judge_tree(const struct tcn_sns_policy *p, json_t *body, struct tcn_err *err)
{
    char *text = json_dumps(body, JSON_ENSURE_ASCII);
    enum verdict v = judge(p, tcn_str(text), MINT_NOW, err);

    free(text);
    json_decref(body);
    return v;
}

static void check(const char *name, const struct tcn_sns_policy *p, json_t *body, enum verdict want)
{
    struct tcn_err err = {0};
    enum verdict v = judge_tree(p, body, &err);

    if (v != want)
        fail_msg("case \"%s\": verdict %d, want %d: %s", name, (int)v, (int)want, err.msg);
}

/* ---- what is right ---- */

static void test_right_messages(void **state)
{
    struct sns_fields no_subject = sns_notification, empty_subject = sns_notification,
                      strange = sns_notification, offset = sns_notification,
                      un = sns_unsubscription();
    const struct {
        const char *name;
        const struct sns_fields *fields;
    } cases[] = {
        {"notification", &sns_notification},
        {"subscription", &sns_subscription},
        {"unsubscription", &un},
        {"no subject", &no_subject},
        {"empty subject", &empty_subject},
        {"any text", &strange},
        {"time with an offset", &offset},
    };
    struct tcn_sns_policy p = policy_of(SNS_TOPIC);

    (void)state;
    no_subject.subject = NULL;
    empty_subject.subject = "";
    strange.subject = "K\xc3\xbchlung \xf0\x9f\x94\xa5";
    strange.message = "\xe2\x82\xac\n\r\t\"quoted\" \\ / \xf0\x9f\x94\xa5 </script>";
    offset.timestamp = "2026-08-02T19:04:40.000+02:00";
    p.allows_v1 = true;
    for (size_t i = 0; i < N_OF(cases); i++) {
        struct sns_fields f = *cases[i].fields;

        check(cases[i].name, &p, sns_signed(&f, world.key), TAKEN);
        f.version = "1";
        check(cases[i].name, &p, sns_signed(&f, world.key), TAKEN);
    }
}

/* What nobody signs may be missing or strange. */
static void test_unsigned_members_do_not_matter(void **state)
{
    struct tcn_sns_policy p = policy_of(SNS_TOPIC);
    json_t *body = sns_signed(&sns_notification, world.key);

    (void)state;
    sns_set(body, "UnsubscribeURL", "http://169.254.169.254/latest/meta-data");
    json_object_set_new(body, "MessageAttributes",
                        json_pack("{s:{s:s,s:s}}", "a", "Type", "String", "Value", "b"));
    sns_set(body, "Unknown", "x");
    check("strange", &p, json_incref(body), TAKEN);
    json_object_del(body, "UnsubscribeURL");
    check("missing", &p, body, TAKEN);
}

/* Attributes are what an envelope can have many of; a stranger's ballast must not be kept while a certificate comes. */
static void test_ballast(void **state)
{
    struct tcn_sns_policy p = policy_of(SNS_TOPIC);
    json_t *body = sns_signed(&sns_notification, world.key), *list = json_object();

    (void)state;
    for (int i = 0; i < 200; i++) {
        char name[20];

        snprintf(name, sizeof name, "a%d", i);
        json_object_set_new(list, name, json_pack("{s:s,s:s}", "Type", "String", "Value", "b"));
    }
    json_object_set_new(body, "MessageAttributes", list);
    check("200 attributes", &p, json_incref(body), TAKEN);
    list = json_array();
    for (int i = 0; i < 2000; i++)
        json_array_append_new(list, json_object());
    json_object_set_new(body, "x", list);
    check("2,000 values", &p, body, NO_JSON);
}

/* A message of 256 KiB is the largest that SNS sends. */
static void test_large_message(void **state)
{
    enum { LEN = 256 * 1024 };
    struct tcn_sns_policy p = policy_of(SNS_TOPIC);
    struct sns_fields f = sns_notification;
    char *message = malloc(LEN + 1);

    (void)state;
    assert_non_null(message);
    memset(message, 'x', LEN);
    message[LEN] = '\0';
    f.message = message;
    check("256 KiB", &p, sns_signed(&f, world.key), TAKEN);
    free(message);
}

/* ---- what was changed after signing ---- */

static void check_each_character(const struct sns_fields *f, const char *member)
{
    struct tcn_sns_policy p = policy_of(SNS_ARN "*");
    json_t *body = sns_signed(f, world.key);
    size_t len = json_string_length(json_object_get(body, member));

    for (size_t i = 0; i < len; i++) {
        json_t *changed = json_deep_copy(body);
        char *value = tcn_xstrdup(json_string_value(json_object_get(body, member)));
        struct tcn_err err;

        value[i] = (char)(value[i] ^ 1);
        sns_set(changed, member, value);
        if (json_equal(changed, body) || judge_tree(&p, changed, &err) == TAKEN)
            fail_msg("%s of %s: character %zu does not count", member, f->type, i);
        free(value);
    }
    json_decref(body);
}

static void test_each_bit_counts(void **state)
{
    static const char *const common[] = {"Type",      "MessageId", "TopicArn",        "Message",
                                         "Timestamp", "Signature", "SignatureVersion"};
    struct sns_fields un = sns_unsubscription();

    (void)state;
    for (size_t i = 0; i < N_OF(common); i++) {
        check_each_character(&sns_notification, common[i]);
        check_each_character(&sns_subscription, common[i]);
    }
    check_each_character(&sns_notification, "Subject");
    check_each_character(&sns_subscription, "Token");
    check_each_character(&sns_subscription, "SubscribeURL");
    check_each_character(&un, "Token");
    check_each_character(&un, "SubscribeURL");
}

/* Members set (NULL: removed) after signing. */
static void test_changed_messages(void **state)
{
    static const struct {
        const char *name;
        const struct sns_fields *fields;
        const char *member, *value;
        enum verdict want;
    } cases[] = {
        {"message", &sns_notification, "Message", "{\"AlarmName\":\"db\"}", NOT_SIGNED},
        {"blank behind the message", &sns_notification, "Message", "{\"AlarmName\":\"web\"} ",
         NOT_SIGNED},
        {"subject removed", &sns_notification, "Subject", NULL, NOT_SIGNED},
        {"subject emptied", &sns_notification, "Subject", "", NOT_SIGNED},
        {"new id for a replay", &sns_notification, "MessageId", "another", NOT_SIGNED},
        {"new time for a replay", &sns_notification, "Timestamp", "2026-08-02T17:04:41.000Z",
         NOT_SIGNED},
        {"same time, other text", &sns_notification, "Timestamp", "2026-08-02T17:04:40Z",
         NOT_SIGNED},
        {"other topic of the list", &sns_notification, "TopicArn", SNS_ARN "ops-other", NOT_SIGNED},
        {"notification as subscription", &sns_notification, "Type", "SubscriptionConfirmation",
         NO_FORM},
        {"subscription as unsubscription", &sns_subscription, "Type", "UnsubscribeConfirmation",
         NOT_SIGNED},
        {"subscription as notification", &sns_subscription, "Type", "Notification", NOT_SIGNED},
        {"other token", &sns_subscription, "Token", "2336412f37fb687f5d51e6e241d09c81", NOT_SIGNED},
        {"SubscribeURL to the metadata service", &sns_subscription, "SubscribeURL",
         "http://169.254.169.254/latest/meta-data", NOT_SIGNED},
        {"no signature", &sns_notification, "Signature", NULL, NO_FORM},
        {"empty signature", &sns_notification, "Signature", "", NO_FORM},
        {"signature of something else", &sns_notification, "Signature", "aGVsbG8=", NOT_SIGNED},
        {"signature not in base64", &sns_notification, "Signature", "!", NOT_SIGNED},
        {"version 1 of a version 2 signature", &sns_notification, "SignatureVersion", "1",
         NOT_SIGNED},
        {"version 3", &sns_notification, "SignatureVersion", "3", NO_FORM},
        {"no version", &sns_notification, "SignatureVersion", NULL, NO_FORM},
    };
    struct tcn_sns_policy p = policy_of(SNS_ARN "ops-*");

    (void)state;
    p.allows_v1 = true;
    for (size_t i = 0; i < N_OF(cases); i++) {
        json_t *body = sns_signed(cases[i].fields, world.key);

        json_object_del(body, cases[i].member);
        sns_set(body, cases[i].member, cases[i].value);
        check(cases[i].name, &p, body, cases[i].want);
    }
}

static void test_subject_added(void **state)
{
    struct tcn_sns_policy p = policy_of(SNS_TOPIC);
    struct sns_fields f = sns_notification;
    json_t *body;

    (void)state;
    f.subject = NULL;
    body = sns_signed(&f, world.key);
    json_object_set_new(body, "Subject", json_null());
    check("null is absent", &p, json_incref(body), TAKEN);
    sns_set(body, "Subject", "");
    check("empty is not absent", &p, json_incref(body), NOT_SIGNED);
    sns_set(body, "Subject", "forged");
    check("added", &p, body, NOT_SIGNED);
}

static void test_signature_padding_and_line_breaks(void **state)
{
    static const struct {
        const char *name, *before, *after;
    } cases[] = {{"blank before", " ", ""},
                 {"line feed", "", "\n"},
                 {"padding added", "", "="},
                 {"four more", "", "AAAA"},
                 {"four before", "AAAA", ""}};
    struct tcn_sns_policy p = policy_of(SNS_TOPIC);

    (void)state;
    for (size_t i = 0; i < N_OF(cases); i++) {
        json_t *body = sns_signed(&sns_notification, world.key);
        struct tcn_err err;
        struct tcn_buf text;

        tcn_buf_init(&text, 8192);
        tcn_buf_fmt(&text, "%s%s%s", cases[i].before,
                    json_string_value(json_object_get(body, "Signature")), cases[i].after);
        sns_set(body, "Signature", text.ptr);
        CHECK(cases[i].name, judge_tree(&p, body, &err) != TAKEN);
        tcn_buf_done(&text);
    }
}

/* ---- one signature, two readings ---- */

/* The string to sign does not escape line feeds, so that a subject can hide in the id. Both texts are equal, and the
 * signature fits both: only the form tells them apart. */
static void test_a_subject_moved_into_the_id(void **state)
{
    struct tcn_sns_policy p = policy_of(SNS_TOPIC);
    struct sns_fields moved = sns_notification;
    json_t *body = sns_signed(&sns_notification, world.key);
    struct tcn_buf original, other;

    (void)state;
    moved.id = SNS_ID "\nSubject\nALARM: \"web\"";
    moved.subject = NULL;
    tcn_buf_init(&original, 4096);
    tcn_buf_init(&other, 4096);
    sns_string_to_sign(&sns_notification, &original);
    sns_string_to_sign(&moved, &other);
    assert_string_equal(original.ptr, other.ptr);
    sns_set(body, "MessageId", moved.id);
    json_object_del(body, "Subject");
    check("subject in the id", &p, body, NO_FORM);
    tcn_buf_done(&original);
    tcn_buf_done(&other);
}

/* Whoever may choose a part of the message cannot end it early and put members of their own behind. */
static void test_members_inside_the_message(void **state)
{
    struct tcn_sns_policy p = policy_of(SNS_TOPIC);
    struct sns_fields f = sns_notification;
    json_t *body;

    (void)state;
    f.message = "fire\nMessageId\nforged\nSubject\nforged";
    f.subject = NULL;
    body = sns_signed(&f, world.key);
    check("as it is", &p, json_incref(body), TAKEN);
    sns_set(body, "Message", "fire");
    sns_set(body, "MessageId", "forged");
    sns_set(body, "Subject", "forged\nMessageId\n" SNS_ID);
    check("read another way", &p, body, NO_FORM);
}

/* ---- raw bytes ---- */

static void test_bytes_that_are_refused_first(void **state)
{
    struct tcn_sns_policy p = policy_of(SNS_TOPIC);
    json_t *body = sns_signed(&sns_notification, world.key);
    char *text = json_dumps(body, 0);
    struct tcn_buf bad;
    struct tcn_err err;

    (void)state;
    tcn_buf_init(&bad, 1 << 20);
    tcn_buf_fmt(&bad, "{\"Message\":\"other\",%s", text + 1);
    assert_int_equal(judge(&p, tcn_buf_view(&bad), MINT_NOW, &err), NO_JSON);
    assert_non_null(strstr(err.msg, "duplicate"));
    tcn_buf_clear(&bad);
    tcn_buf_z(&bad, text);
    tcn_buf_add(&bad, "\0", 1);
    assert_int_equal(judge(&p, tcn_buf_view(&bad), MINT_NOW, &err), NO_JSON);
    tcn_buf_clear(&bad);
    tcn_buf_fmt(&bad, "%.*s,\"x\":\"\\u0000\"}", (int)strlen(text) - 1, text);
    assert_int_equal(judge(&p, tcn_buf_view(&bad), MINT_NOW, &err), NO_JSON);
    tcn_buf_clear(&bad);
    tcn_buf_fmt(&bad, "%.*s,\"x\":\"\xff\"}", (int)strlen(text) - 1, text);
    assert_int_equal(judge(&p, tcn_buf_view(&bad), MINT_NOW, &err), NO_JSON);
    tcn_buf_clear(&bad);
    tcn_buf_fmt(&bad, "[%s]", text);
    assert_int_equal(judge(&p, tcn_buf_view(&bad), MINT_NOW, &err), NO_FORM);
    assert_int_equal(judge(&p, tcn_str(text), MINT_NOW, &err), TAKEN);
    tcn_buf_done(&bad);
    free(text);
    json_decref(body);
}

/* ---- who signed ---- */

static void test_other_keys(void **state)
{
    struct tcn_sns_policy p = policy_of(SNS_TOPIC);

    (void)state;
    check("key of a stranger", &p, sns_signed(&sns_notification, world.other_key), NOT_SIGNED);
    check("key of a stranger", &p, sns_signed(&sns_subscription, world.other_key), NOT_SIGNED);
}

/* ---- what the source allows ---- */

static void test_topics(void **state)
{
    static const struct {
        const char *name, *allowed, *topic, *url;
        enum verdict want;
    } cases[] = {
        {"exact", SNS_TOPIC, SNS_TOPIC, SNS_CERT_URL, TAKEN},
        {"pattern", SNS_ARN "ops-*", SNS_TOPIC, SNS_CERT_URL, TAKEN},
        {"another account", SNS_TOPIC, "arn:aws:sns:us-east-1:999999999999:ops-alarms",
         SNS_CERT_URL, NOT_ADMITTED},
        {"another account, pattern", SNS_ARN "*", "arn:aws:sns:us-east-1:999999999999:ops-alarms",
         SNS_CERT_URL, NOT_ADMITTED},
        {"another name", SNS_TOPIC, SNS_TOPIC "2", SNS_CERT_URL, NOT_ADMITTED},
        {"another region", SNS_TOPIC, "arn:aws:sns:us-west-2:123456789012:ops-alarms",
         "https://sns.us-west-2.amazonaws.com" SNS_CERT_PATH, NOT_ADMITTED},
        {"certificate of another region", SNS_TOPIC, SNS_TOPIC,
         "https://sns.us-west-2.amazonaws.com" SNS_CERT_PATH, NOT_ADMITTED},
        {"certificate of the China partition", SNS_TOPIC, SNS_TOPIC,
         "https://sns.us-east-1.amazonaws.com.cn" SNS_CERT_PATH, NOT_ADMITTED},
        {"China", "arn:aws-cn:sns:cn-north-1:123456789012:a",
         "arn:aws-cn:sns:cn-north-1:123456789012:a",
         "https://sns.cn-north-1.amazonaws.com.cn" SNS_CERT_PATH, TAKEN},
        {"China with a certificate of the world", "arn:aws-cn:sns:cn-north-1:123456789012:a",
         "arn:aws-cn:sns:cn-north-1:123456789012:a",
         "https://sns.cn-north-1.amazonaws.com" SNS_CERT_PATH, NOT_ADMITTED},
        {"GovCloud", "arn:aws-us-gov:sns:us-gov-west-1:123456789012:*",
         "arn:aws-us-gov:sns:us-gov-west-1:123456789012:a",
         "https://sns.us-gov-west-1.amazonaws.com" SNS_CERT_PATH, TAKEN},
        {"a star in the topic", SNS_ARN "ops-*", SNS_ARN "ops-*", SNS_CERT_URL, NOT_ADMITTED},
        {"a subscription as topic", SNS_ARN "ops-*", SNS_TOPIC ":2bcfbf39", SNS_CERT_URL,
         NOT_ADMITTED},
    };

    (void)state;
    for (size_t i = 0; i < N_OF(cases); i++) {
        struct tcn_sns_policy p = policy_of(cases[i].allowed);
        struct sns_fields f = sns_notification;

        f.topic = cases[i].topic;
        f.cert_url = cases[i].url;
        check(cases[i].name, &p, sns_signed(&f, world.key), cases[i].want);
    }
}

static void test_several_topics(void **state)
{
    struct tcn_sns_policy p = policy_of(SNS_ARN "first");
    struct sns_fields f = sns_notification;

    (void)state;
    p.topics[1] = SNS_ARN "second";
    p.n_topics = 2;
    f.topic = SNS_ARN "second";
    check("second", &p, sns_signed(&f, world.key), TAKEN);
    p.n_topics = 1;
    check("not counted", &p, sns_signed(&f, world.key), NOT_ADMITTED);
    p.n_topics = 0;
    check("none", &p, sns_signed(&f, world.key), NOT_ADMITTED);
}

/* The address is not signed: what it may be decides before anything is fetched. */
static void test_certificate_addresses(void **state)
{
    static const struct {
        const char *name, *url;
    } cases[] = {
        {"http", "http://" SNS_HOST SNS_CERT_PATH},
        {"port 444", "https://" SNS_HOST ":444" SNS_CERT_PATH},
        {"user", "https://a@" SNS_HOST SNS_CERT_PATH},
        {"trailing dot", "https://" SNS_HOST "." SNS_CERT_PATH},
        {"mixed case", "https://SNS.us-east-1.amazonaws.com" SNS_CERT_PATH},
        {"look-alike", "https://" SNS_HOST ".evil.example" SNS_CERT_PATH},
        {"bucket", "https://sns.s3-us-east-1.amazonaws.com" SNS_CERT_PATH},
        {"S3", "https://s3.amazonaws.com/x" SNS_CERT_PATH},
        {"query", SNS_CERT_URL "?x"},
        {"loopback", "https://127.0.0.1" SNS_CERT_PATH},
        {"no certificate", "https://" SNS_HOST "/?Action=ConfirmSubscription&x=.pem"},
        {"file", "file:///etc/ssl/cert.pem"},
    };
    struct tcn_sns_policy p = policy_of(SNS_TOPIC);

    (void)state;
    for (size_t i = 0; i < N_OF(cases); i++) {
        struct sns_fields f = sns_notification;

        f.cert_url = cases[i].url;
        check(cases[i].name, &p, sns_signed(&f, world.key), NOT_ADMITTED);
    }
}

static void test_versions(void **state)
{
    struct tcn_sns_policy p = policy_of(SNS_TOPIC);
    struct sns_fields f = sns_notification;
    struct tcn_err err;

    (void)state;
    f.version = "1";
    assert_int_equal(judge_tree(&p, sns_signed(&f, world.key), &err), NOT_ADMITTED);
    assert_non_null(strstr(err.msg, "set-topic-attributes"));
    p.allows_v1 = true;
    check("allowed", &p, sns_signed(&f, world.key), TAKEN);
}

static void test_time_window(void **state)
{
    static const struct {
        const char *name, *timestamp;
        enum verdict want;
    } cases[] = {
        {"now", "2026-08-02T17:04:40.000Z", TAKEN},
        {"an hour old", "2026-08-02T16:04:40.000Z", TAKEN},
        {"a millisecond older", "2026-08-02T16:04:39.999Z", NOT_ADMITTED},
        {"five minutes ahead", "2026-08-02T17:09:40.000Z", TAKEN},
        {"a millisecond more", "2026-08-02T17:09:40.001Z", NOT_ADMITTED},
        {"a day old", "2026-08-01T17:04:40.000Z", NOT_ADMITTED},
        {"a year ahead", "2027-08-02T17:04:40.000Z", NOT_ADMITTED},
        {"the first year", "0001-01-01T00:00:00.000Z", NOT_ADMITTED},
        {"the last year", "9999-12-31T23:59:59.999Z", NOT_ADMITTED},
    };
    struct tcn_sns_policy on = policy_of(SNS_TOPIC), off = on;

    (void)state;
    off.has_window = false;
    for (size_t i = 0; i < N_OF(cases); i++) {
        struct sns_fields f = sns_notification;

        f.timestamp = cases[i].timestamp;
        check(cases[i].name, &on, sns_signed(&f, world.key), cases[i].want);
        check(cases[i].name, &off, sns_signed(&f, world.key), TAKEN);
    }
}

/* ---- pinned certificates ---- */

static struct tcn_cert *certificate_of(EVP_PKEY *key, int64_t from_ms, int64_t to_ms)
{
    X509 *x509 =
        mint(&(struct mint){.cn = "a pinned one", .key = key, .from_ms = from_ms, .to_ms = to_ms});
    struct tcn_cert *c = NULL;
    struct tcn_buf pem;

    tcn_buf_init(&pem, 65536);
    mint_pem(x509, &pem);
    assert_int_equal(tcn_cert_parse(tcn_buf_view(&pem), &c, NULL), 0);
    tcn_buf_done(&pem);
    X509_free(x509);
    return c;
}

static void test_pinned_certificate(void **state)
{
    const int64_t past = MINT_NOW - MINT_DAY, next = MINT_NOW + MINT_DAY;
    const struct {
        const char *name;
        EVP_PKEY *key;
        int64_t from_ms, to_ms;
        enum verdict want;
    } cases[] = {
        {"current", world.key, past, next, TAKEN},
        {"expired", world.key, past, MINT_NOW - 1000, NOT_ADMITTED},
        {"not valid yet", world.key, MINT_NOW + 1000, next, NOT_ADMITTED},
        {"other key", world.other_key, past, next, NOT_SIGNED},
    };

    (void)state;
    for (size_t i = 0; i < N_OF(cases); i++) {
        struct tcn_sns_policy p = policy_of(SNS_TOPIC);
        struct sns_fields f = sns_notification;

        p.pinned = certificate_of(cases[i].key, cases[i].from_ms, cases[i].to_ms);
        check(cases[i].name, &p, sns_signed(&f, world.key), cases[i].want);
        /* No address is looked at, none is fetched. */
        f.cert_url = "http://169.254.169.254/x.pem";
        check(cases[i].name, &p, sns_signed(&f, world.key), cases[i].want);
        f.topic = "arn:aws:sns:us-east-1:999999999999:ops-alarms";
        check(cases[i].name, &p, sns_signed(&f, world.key), NOT_ADMITTED);
        tcn_cert_free(p.pinned);
    }
}

/* ---- configuration ---- */

static int read_policy(const char *text, struct tcn_sns_policy **ret, char *said, size_t size)
{
    struct tcn_problems problems;
    struct tcn_doc doc;
    struct tcn_node root;
    int r;

    tcn_problems_init(&problems);
    assert_int_equal(tcn_doc_parse(&doc, "t.json", tcn_str(text), &problems), 0);
    root = tcn_node_root(&doc);
    r = tcn_sns_policy_read(&root, ret);
    snprintf(said, size, "%s", problems.text.ptr);
    tcn_doc_done(&doc);
    tcn_problems_done(&problems);
    return r;
}

#define TOPICS "\"topics\":[\"" SNS_TOPIC "\"]"

static void test_configuration(void **state)
{
    static const struct {
        const char *text;
        bool allows_v1, has_window;
        enum tcn_sns_confirm confirm;
    } cases[] = {
        {"{\"kind\":\"sns\"," TOPICS "}", false, true, TCN_SNS_AUTO},
        {"{" TOPICS ",\"signature_versions\":[\"2\"]}", false, true, TCN_SNS_AUTO},
        {"{" TOPICS ",\"signature_versions\":[\"1\",\"2\"]}", true, true, TCN_SNS_AUTO},
        {"{" TOPICS ",\"replay_window\":\"off\"}", false, false, TCN_SNS_AUTO},
        {"{" TOPICS ",\"replay_window\":\"on\",\"confirm\":\"auto\"}", false, true, TCN_SNS_AUTO},
        {"{" TOPICS ",\"confirm\":\"manual\"}", false, true, TCN_SNS_MANUAL},
        {"{" TOPICS ",\"confirm\":\"never\"}", false, true, TCN_SNS_NEVER},
    };

    (void)state;
    for (size_t i = 0; i < N_OF(cases); i++) {
        struct tcn_sns_policy *p = NULL;
        char said[2000];

        CHECK(cases[i].text, read_policy(cases[i].text, &p, said, sizeof said) == 0);
        CHECK(cases[i].text, said[0] == '\0');
        CHECK(cases[i].text, p->n_topics == 1 && !p->pinned);
        CHECK(cases[i].text, p->allows_v1 == cases[i].allows_v1);
        CHECK(cases[i].text, p->has_window == cases[i].has_window);
        CHECK(cases[i].text, p->confirm == cases[i].confirm);
        tcn_sns_policy_free(p);
    }
}

static void test_configuration_mistakes(void **state)
{
    static const struct {
        const char *text, *said;
    } cases[] = {
        {"{}", "t.json:1: $.topics: is missing"},
        {"{\"topics\":\"" SNS_TOPIC "\"}", "$.topics: must be an array"},
        {"{\"topics\":[]}", "anyone can make SNS sign"},
        {"{\n\"topics\":[\n\"" SNS_TOPIC "\",\n\"*\"]}", "t.json:4: $.topics[1]: write the ARN"},
        {"{\"topics\":[\"arn:aws:sns:us-east-1:*\"]}", "$.topics[0]"},
        {"{\"topics\":[\"arn:aws:sns:us-east-1:*:ops\"]}", "$.topics[0]"},
        {"{\"topics\":[5]}", "$.topics[0]"},
        {"{" TOPICS ",\"signature_versions\":[]}", "$.signature_versions"},
        {"{" TOPICS ",\"signature_versions\":[2]}", "write \"1\" or \"2\""},
        {"{" TOPICS ",\"signature_versions\":[\"3\"]}", "write \"1\" or \"2\""},
        {"{" TOPICS ",\"signature_versions\":\"2\"}", "must be an array"},
        {"{" TOPICS ",\"confirm\":\"yes\"}", "auto, manual, never"},
        {"{" TOPICS ",\"confirm\":\"mannual\"}", "did you mean \"manual\"?"},
        {"{" TOPICS ",\"replay_window\":false}", "$.replay_window: must be text"},
        {"{" TOPICS ",\"topic\":1}", "did you mean \"topics\"?"},
        {"{" TOPICS ",\"cert_file\":\"/nonexistent/c.pem\"}", "/nonexistent/c.pem"},
        {"{" TOPICS ",\"cert_file\":\"/dev/null\"}", "$.cert_file: not exactly one PEM"},
    };

    (void)state;
    for (size_t i = 0; i < N_OF(cases); i++) {
        struct tcn_sns_policy *p = NULL;
        char said[2000];

        CHECK(cases[i].text, read_policy(cases[i].text, &p, said, sizeof said) == TCN_EINVALID);
        if (!strstr(said, cases[i].said))
            fail_msg("%s: said \"%s\"", cases[i].text, said);
        tcn_sns_policy_free(p);
    }
}

static void test_too_many_topics(void **state)
{
    for (int n = TCN_SNS_TOPICS_MAX; n <= TCN_SNS_TOPICS_MAX + 1; n++) {
        struct tcn_sns_policy *p = NULL;
        struct tcn_buf text;
        char said[2000];

        tcn_buf_init(&text, 65536);
        for (int i = 0; i < n; i++)
            tcn_buf_fmt(&text, "%s\"" SNS_ARN "t%d\"", i ? "," : "{\"topics\":[", i);
        tcn_buf_z(&text, "]}");
        assert_int_equal(read_policy(text.ptr, &p, said, sizeof said),
                         n > TCN_SNS_TOPICS_MAX ? TCN_EINVALID : 0);
        tcn_sns_policy_free(p);
        tcn_buf_done(&text);
    }
    (void)state;
}

static void test_configured_certificate(void **state)
{
    struct tcn_sns_policy *p = NULL;
    char path[] = "/tmp/tcn_sns_XXXXXX", text[300], said[2000];

    (void)state;
    mint_file(path, tcn_buf_view(&world.pem));
    snprintf(text, sizeof text, "{" TOPICS ",\"cert_file\":\"%s\"}", path);
    assert_int_equal(read_policy(text, &p, said, sizeof said), 0);
    assert_non_null(p->pinned);
    assert_int_equal(tcn_cert_is_current(p->pinned, MINT_NOW, NULL), 0);
    unlink(path);
    tcn_sns_policy_free(p);
    tcn_sns_policy_free(NULL);
}

/* ---- messages signed elsewhere ---- */

static struct tcn_buf sample(const char *name)
{
    char path[600];
    struct tcn_buf text;
    struct tcn_err err;

    snprintf(path, sizeof path, "%s/%s", getenv("TOCSIN_SAMPLES"), name);
    tcn_buf_init(&text, 1 << 20);
    if (tcn_file_read(path, &text, &err) < 0)
        fail_msg("%s", err.msg);
    return text;
}

static void check_sample(const struct tcn_sns_policy *p, const char *name, int64_t now_ms)
{
    struct tcn_buf text = sample(name);
    json_t *body = json_loadb(text.ptr, text.len, 0, NULL);
    struct tcn_err err = {0};
    enum verdict v = judge(p, tcn_buf_view(&text), now_ms, &err);
    char *changed;

    if (v != TAKEN)
        fail_msg("%s: verdict %d: %s", name, (int)v, err.msg);
    sns_set(body, "Message", "changed");
    changed = json_dumps(body, 0);
    CHECK(name, judge(p, tcn_str(changed), now_ms, &err) == NOT_SIGNED);
    free(changed);
    json_decref(body);
    tcn_buf_done(&text);
}

/* With a key that nobody has here: an independent signer. */
static void test_samples(void **state)
{
    static const char *const names[] = {
        "sns-signed-v1-notification.json",
        "sns-signed-v1-subscription-confirmation.json",
        "sns-signed-v2-notification.json",
        "sns-signed-v2-notification-no-subject.json",
        "sns-signed-v2-subscription-confirmation.json",
    };
    struct tcn_sns_policy p = policy_of(SNS_TOPIC);
    struct tcn_buf pem;

    (void)state;
    if (!getenv("TOCSIN_SAMPLES")) {
        print_message("TOCSIN_SAMPLES is not set: messages signed elsewhere are not tried\n");
        skip();
    }
    pem = sample("sns-test-signing-cert.pem");
    assert_int_equal(tcn_cert_parse(tcn_buf_view(&pem), &p.pinned, NULL), 0);
    p.allows_v1 = true;
    p.has_window = false;
    for (size_t i = 0; i < N_OF(names); i++)
        check_sample(&p, names[i], tcn_cert_end_ms(p.pinned) - MINT_DAY);
    tcn_cert_free(p.pinned);
    tcn_buf_done(&pem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_right_messages),
        cmocka_unit_test(test_unsigned_members_do_not_matter),
        cmocka_unit_test(test_ballast),
        cmocka_unit_test(test_large_message),
        cmocka_unit_test(test_each_bit_counts),
        cmocka_unit_test(test_changed_messages),
        cmocka_unit_test(test_subject_added),
        cmocka_unit_test(test_signature_padding_and_line_breaks),
        cmocka_unit_test(test_a_subject_moved_into_the_id),
        cmocka_unit_test(test_members_inside_the_message),
        cmocka_unit_test(test_bytes_that_are_refused_first),
        cmocka_unit_test(test_other_keys),
        cmocka_unit_test(test_topics),
        cmocka_unit_test(test_several_topics),
        cmocka_unit_test(test_certificate_addresses),
        cmocka_unit_test(test_versions),
        cmocka_unit_test(test_time_window),
        cmocka_unit_test(test_pinned_certificate),
        cmocka_unit_test(test_configuration),
        cmocka_unit_test(test_configuration_mistakes),
        cmocka_unit_test(test_too_many_topics),
        cmocka_unit_test(test_configured_certificate),
        cmocka_unit_test(test_samples),
    };

    return cmocka_run_group_tests_name("sns", tests, make_world, end_world);
}
