/* Known bypasses of validators of SNS addresses, each a case. */
#include "../base/cases.h"
#include "gateway/sns.h"

#include <string.h>

#define HEX "7ff5318490ec183fbaddaa2a969abfda"
#define CERT "/SimpleNotificationService-" HEX ".pem"
#define HOST "sns.us-east-1.amazonaws.com"
#define ARN "arn:aws:sns:us-east-1:123456789012:"
#define TOPIC ARN "ops-alarms"
#define TEN "aaaaaaaaaa"
#define FIFTY TEN TEN TEN TEN TEN
#define NAME_250 FIFTY FIFTY FIFTY FIFTY FIFTY

static void test_host_of_topic(void **state)
{
    static const struct {
        const char *topic, *want; /* NULL: refused */
    } cases[] = {
        {TOPIC, HOST},
        {ARN "ops_alarms-2.fifo", HOST},
        {ARN NAME_250 "aaaaaa", HOST},
        {ARN NAME_250 "aaaaaaa", NULL},
        {"arn:aws:sns:ap-southeast-2:123456789012:a", "sns.ap-southeast-2.amazonaws.com"},
        {"arn:aws-cn:sns:cn-north-1:123456789012:a", "sns.cn-north-1.amazonaws.com.cn"},
        {"arn:aws-cn:sns:cn-northwest-1:123456789012:a", "sns.cn-northwest-1.amazonaws.com.cn"},
        {"arn:aws-us-gov:sns:us-gov-west-1:123456789012:a", "sns.us-gov-west-1.amazonaws.com"},
        /* partition and region must belong together */
        {"arn:aws:sns:cn-north-1:123456789012:a", NULL},
        {"arn:aws-cn:sns:us-east-1:123456789012:a", NULL},
        {"arn:aws:sns:us-gov-west-1:123456789012:a", NULL},
        {"arn:aws-us-gov:sns:us-east-1:123456789012:a", NULL},
        {"arn:aws-iso:sns:us-iso-east-1:123456789012:a", NULL},
        {"arn:AWS:sns:us-east-1:123456789012:a", NULL},
        {"arn::sns:us-east-1:123456789012:a", NULL},
        /* not a topic */
        {"", NULL},
        {"arn", NULL},
        {"arn:aws:sns:us-east-1", NULL},
        {"arn:aws:sns:us-east-1:123456789012", NULL},
        {ARN, NULL},
        {"arn:aws:sqs:us-east-1:123456789012:a", NULL},
        {"ARN:aws:sns:us-east-1:123456789012:a", NULL},
        {"arn:aws:sns:us-east-1:12345678901:a", NULL},
        {"arn:aws:sns:us-east-1:1234567890123:a", NULL},
        {"arn:aws:sns:us-east-1:12345678901x:a", NULL},
        {"arn:aws:sns:us-east-1::a", NULL},
        {TOPIC ":2bcfbf39-05c3-41de-beaa-fcfcc21c8f55", NULL},
        {ARN "ops*", NULL},
        {ARN "ops alarms", NULL},
        {ARN "ops\nalarms", NULL},
        {ARN "\xc3\xbc", NULL},
        {" " TOPIC, NULL},
        /* regions that would make another host */
        {"arn:aws:sns:s3-us-east-1:123456789012:a", NULL},
        {"arn:aws:sns:us-east-1.evil.example/:123456789012:a", NULL},
        {"arn:aws:sns:evil.example#:123456789012:a", NULL},
        {"arn:aws:sns:evil.example/-x-1:123456789012:a", NULL},
        {"arn:aws:sns:us@east-1:123456789012:a", NULL},
        {"arn:aws:sns:US-EAST-1:123456789012:a", NULL},
        {"arn:aws:sns::123456789012:a", NULL},
        {"arn:aws:sns:-:123456789012:a", NULL},
        {"arn:aws:sns:us:123456789012:a", NULL},
        {"arn:aws:sns:us-1:123456789012:a", NULL},
        {"arn:aws:sns:us--east-1:123456789012:a", NULL},
        {"arn:aws:sns:us-east-:123456789012:a", NULL},
        {"arn:aws:sns:us-east-123:123456789012:a", NULL},
        {"arn:aws:sns:us-east-1-:123456789012:a", NULL},
        {"arn:aws:sns:-us-east-1:123456789012:a", NULL},
        {"arn:aws:sns:us-east-1\n:123456789012:a", NULL},
        {"arn:aws:sns:" FIFTY "-east-1:123456789012:a", NULL},
    };

    (void)state;
    for (size_t i = 0; i < N_OF(cases); i++) {
        struct tcn_buf host;
        int r;

        tcn_buf_init(&host, 128);
        r = tcn_sns_host(tcn_str(cases[i].topic), &host);
        CHECK(cases[i].topic, r == (cases[i].want ? 0 : TCN_EINVALID));
        CHECK(cases[i].topic, strcmp(host.ptr, cases[i].want ? cases[i].want : "") == 0);
        tcn_buf_done(&host);
    }
}

static void test_host_that_does_not_fit(void **state)
{
    struct tcn_buf host;

    (void)state;
    tcn_buf_init(&host, 10);
    assert_int_equal(tcn_sns_host(TCN_STR(TOPIC), &host), TCN_EINVALID);
    tcn_buf_done(&host);
}

static void test_topic_patterns(void **state)
{
    static const struct {
        const char *pattern;
        bool want;
    } cases[] = {
        {TOPIC, true},
        {ARN "ops-*", true},
        {ARN "*", true},
        {"arn:aws-cn:sns:cn-north-1:123456789012:*", true},
        /* A star before the name would let in topics of strangers. */
        {"*", false},
        {"", false},
        {"arn:*", false},
        {"arn:aws:sns:*", false},
        {"arn:aws:sns:us-east-1:*", false},
        {"arn:aws:sns:*:123456789012:ops", false},
        {"arn:aws:sns:us-east-1:*:ops", false},
        {"arn:aws:sns:us-east-1:123456789012*", false},
        {"arn:aws:sns:us-*:123456789012:ops", false},
        {ARN "ops-*-prod", false},
        {ARN "**", false},
        {ARN, false},
        {"arn:aws-cn:sns:us-east-1:123456789012:*", false},
        {"ops-alarms", false},
    };

    (void)state;
    for (size_t i = 0; i < N_OF(cases); i++)
        CHECK(cases[i].pattern,
              tcn_sns_is_topic_pattern(tcn_str(cases[i].pattern)) == cases[i].want);
}

static void test_topics_of_patterns(void **state)
{
    static const struct {
        const char *pattern, *topic;
        bool want;
    } cases[] = {
        {TOPIC, TOPIC, true},
        {TOPIC, TOPIC "2", false},
        {TOPIC, ARN "ops-alarm", false},
        {TOPIC, ARN "OPS-ALARMS", false},
        {TOPIC, "arn:aws:sns:us-east-1:999999999999:ops-alarms", false},
        {TOPIC, "arn:aws:sns:us-east-2:123456789012:ops-alarms", false},
        {ARN "ops-*", ARN "ops-", true},
        {ARN "ops-*", ARN "ops-x", true},
        {ARN "ops-*", ARN "ops", false},
        {ARN "ops-*", ARN "my-ops-x", false},
        {ARN "ops-*", "arn:aws:sns:us-east-1:999999999999:ops-x", false},
        {ARN "*", ARN "anything", true},
        {ARN "*", "", false},
    };

    (void)state;
    for (size_t i = 0; i < N_OF(cases); i++)
        CHECK(cases[i].topic, tcn_sns_topic_matches(tcn_str(cases[i].topic),
                                                    tcn_str(cases[i].pattern)) == cases[i].want);
}

static void test_certificate_addresses(void **state)
{
    static const struct {
        const char *name, *url;
        bool want;
    } cases[] = {
        {"right", "https://" HOST CERT, true},
        {"http", "http://" HOST CERT, false},
        {"scheme in capitals", "HTTPS://" HOST CERT, false},
        {"file", "file://" HOST CERT, false},
        {"no scheme", "//" HOST CERT, false},
        {"blank before", " https://" HOST CERT, false},
        {"three slashes", "https:///" HOST CERT, false},
        {"backslashes", "https:\\\\" HOST CERT, false},
        {"port 444", "https://" HOST ":444" CERT, false},
        {"port 443", "https://" HOST ":443" CERT, false},
        {"empty port", "https://" HOST ":" CERT, false},
        {"user", "https://user@" HOST CERT, false},
        {"user and password", "https://a:b@" HOST CERT, false},
        {"host as user", "https://" HOST "@evil.example" CERT, false},
        {"host as user, with a slash", "https://" HOST "%2f@evil.example" CERT, false},
        {"host as password", "https://x:" HOST "@evil.example" CERT, false},
        {"trailing dot", "https://" HOST "." CERT, false},
        {"mixed case", "https://sns.us-east-1.AmazonAWS.com" CERT, false},
        {"other region", "https://sns.us-west-2.amazonaws.com" CERT, false},
        {"China", "https://" HOST ".cn" CERT, false},
        {"prefix of another host", "https://" HOST ".evil.example" CERT, false},
        {"suffix of another host", "https://evil" HOST CERT, false},
        {"below the host", "https://evil." HOST CERT, false},
        {"bucket named sns", "https://sns.s3-us-east-1.amazonaws.com" CERT, false},
        {"bucket named sns.us-east-1", "https://sns.us-east-1.s3.amazonaws.com" CERT, false},
        {"S3 by path", "https://s3.amazonaws.com/evil" CERT, false},
        {"no region", "https://sns.amazonaws.com" CERT, false},
        {"two regions", "https://sns.us-east-1.us-east-1.amazonaws.com" CERT, false},
        {"long s", "https://\xc5\xbfns.us-east-1.amazonaws.com" CERT, false},
        {"Cyrillic s", "https://\xd1\x95ns.us-east-1.amazonaws.com" CERT, false},
        {"escaped letter", "https://%73ns.us-east-1.amazonaws.com" CERT, false},
        {"ideographic dot", "https://sns\xe3\x80\x82us-east-1.amazonaws.com" CERT, false},
        {"address of this machine", "https://127.0.0.1" CERT, false},
        {"metadata service", "https://169.254.169.254" CERT, false},
        {"redirect as a query", "https://evil.example/?u=https://" HOST CERT, false},
        {"query", "https://" HOST CERT "?x=.pem", false},
        {"empty query", "https://" HOST CERT "?", false},
        {"fragment", "https://" HOST CERT "#.pem", false},
        {"query before the path", "https://" HOST "?" CERT, false},
        {"fragment before the path", "https://evil.example#" HOST CERT, false},
        {"action with a path behind", "https://" HOST "/?Action=ConfirmSubscription&x=" CERT,
         false},
        {"no path", "https://" HOST, false},
        {"root", "https://" HOST "/", false},
        {"other name", "https://" HOST "/SimpleNotificationServices-" HEX ".pem", false},
        {"name in capitals", "https://" HOST "/SIMPLENOTIFICATIONSERVICE-" HEX ".pem", false},
        {"hex in capitals",
         "https://" HOST "/SimpleNotificationService-7FF5318490EC183FBADDAA2A969ABFDA.pem", false},
        {"31 digits",
         "https://" HOST "/SimpleNotificationService-7ff5318490ec183fbaddaa2a969abfd.pem", false},
        {"33 digits",
         "https://" HOST "/SimpleNotificationService-7ff5318490ec183fbaddaa2a969abfda0.pem", false},
        {"no digit",
         "https://" HOST "/SimpleNotificationService-7ff5318490ec183fbaddaa2a969abfdg.pem", false},
        {"dot segments",
         "https://" HOST "/SimpleNotificationService-/../../../../../../../../evil.pem", false},
        {"folder before", "https://" HOST "/x" CERT, false},
        {"second slash", "https://" HOST "/" CERT, false},
        {"no .pem", "https://" HOST "/SimpleNotificationService-" HEX, false},
        {".PEM", "https://" HOST "/SimpleNotificationService-" HEX ".PEM", false},
        {".crt", "https://" HOST "/SimpleNotificationService-" HEX ".crt", false},
        {"path behind", "https://" HOST CERT "/x.pem", false},
        {"line feed behind", "https://" HOST CERT "\n", false},
        {"line feed inside", "https://" HOST "\n" CERT, false},
        {"blank behind", "https://" HOST CERT " ", false},
        {"empty", "", false},
    };

    (void)state;
    for (size_t i = 0; i < N_OF(cases); i++)
        CHECK(cases[i].name,
              tcn_sns_is_cert_url(tcn_str(cases[i].url), TCN_STR(HOST)) == cases[i].want);
}

/* Text with a NUL and text beyond it, which C strings would hide. */
static void test_addresses_are_not_c_strings(void **state)
{
    (void)state;
    assert_false(tcn_sns_is_cert_url(TCN_STR("https://" HOST CERT "\0.evil"), TCN_STR(HOST)));
    assert_false(tcn_sns_is_cert_url(TCN_STR("https://" HOST "\0" CERT), TCN_STR(HOST)));
    assert_false(tcn_sns_is_cert_url((struct tcn_str){NULL, 0}, TCN_STR(HOST)));
    assert_false(tcn_sns_is_cert_url(TCN_STR("https://" CERT), TCN_STR("")));
    assert_true(tcn_sns_is_cert_url(
        (struct tcn_str){"https://" HOST CERT "x", sizeof "https://" HOST CERT - 1},
        TCN_STR(HOST)));
}

static void test_length_of_addresses(void **state)
{
    static char host[TCN_SNS_URL_MAX + 1];
    size_t fits = TCN_SNS_URL_MAX - strlen("https://" CERT);

    (void)state;
    for (size_t n = fits; n <= fits + 1; n++) {
        struct tcn_buf text;

        memset(host, 'a', n);
        host[n] = '\0';
        tcn_buf_init(&text, 2 * TCN_SNS_URL_MAX);
        tcn_buf_fmt(&text, "https://%s" CERT, host);
        assert_int_equal(tcn_sns_is_cert_url(tcn_buf_view(&text), tcn_str(host)), n == fits);
        tcn_buf_done(&text);
    }
}

static void check_names(const char *url, const char *const *want)
{
    struct tcn_buf name;
    size_t i = 0;

    tcn_buf_init(&name, 200);
    for (; tcn_sns_cert_name(tcn_str(url), i, &name); i++) {
        CHECK(url, want[i] && strcmp(name.ptr, want[i]) == 0);
        tcn_buf_clear(&name);
    }
    CHECK(url, want[i] == NULL);
    tcn_buf_done(&name);
}

static void test_names_of_certificates(void **state)
{
    static const char *const old[] = {HOST, "sns-signing.us-east-1.amazonaws.com",
                                      "sns-us-east-1.amazonaws.com", "sns.amazonaws.com", NULL};
    static const char *const gov[] = {
        "sns.us-gov-east-1.amazonaws.com", "sns-signing.us-gov-east-1.amazonaws.com",
        "sns-us-gov-east-1.amazonaws.com", "sns-us-gov-west-1.amazonaws.com", NULL};
    static const char *const china[] = {"sns.cn-north-1.amazonaws.com.cn",
                                        "sns-signing.cn-north-1.amazonaws.com.cn",
                                        "sns-cn-north-1.amazonaws.com.cn", NULL};
    static const char *const none[] = {NULL};

    (void)state;
    check_names("https://" HOST CERT, old);
    check_names("https://sns.us-gov-east-1.amazonaws.com" CERT, gov);
    check_names("https://sns.cn-north-1.amazonaws.com.cn" CERT, china);
    check_names("https://evil.example" CERT, none);
    check_names("https://sns", none);
}

static struct tcn_sns_message subscription(const char *topic, const char *token)
{
    return (struct tcn_sns_message){.type = TCN_SNS_SUBSCRIPTION,
                                    .topic = tcn_str(topic),
                                    .token = tcn_str(token),
                                    .subscribe_url = TCN_STR("http://169.254.169.254/latest")};
}

static void test_confirm_address(void **state)
{
    static const struct {
        const char *name, *topic, *token, *want;
    } cases[] = {
        {"plain", TOPIC, "2336412f37fb",
         "https://" HOST "/?Action=ConfirmSubscription&Version=2010-03-31&TopicArn="
         "arn%3Aaws%3Asns%3Aus-east-1%3A123456789012%3Aops-alarms&Token=2336412f37fb"},
        {"a token that would add parameters", TOPIC, "a&Action=DeleteTopic#?/\r\n ",
         "https://" HOST "/?Action=ConfirmSubscription&Version=2010-03-31&TopicArn="
         "arn%3Aaws%3Asns%3Aus-east-1%3A123456789012%3Aops-alarms"
         "&Token=a%26Action%3DDeleteTopic%23%3F%2F%0D%0A%20"},
        {"China", "arn:aws-cn:sns:cn-north-1:123456789012:a", "b",
         "https://sns.cn-north-1.amazonaws.com.cn/?Action=ConfirmSubscription&Version=2010-03-31"
         "&TopicArn=arn%3Aaws-cn%3Asns%3Acn-north-1%3A123456789012%3Aa&Token=b"},
        {"topic of no region", "arn:aws:sns:evil.example:123456789012:a", "b", NULL},
    };

    (void)state;
    for (size_t i = 0; i < N_OF(cases); i++) {
        struct tcn_sns_message m = subscription(cases[i].topic, cases[i].token);
        struct tcn_buf url;

        tcn_buf_init(&url, 4096);
        CHECK(cases[i].name, tcn_sns_confirm_url(&m, &url) == (cases[i].want ? 0 : TCN_EINVALID));
        CHECK(cases[i].name, !cases[i].want || strcmp(url.ptr, cases[i].want) == 0);
        CHECK(cases[i].name, !strstr(url.ptr, "169.254"));
        tcn_buf_done(&url);
    }
}

/* Visiting the address of an UnsubscribeConfirmation would subscribe again, and a notification signs no token. */
static void test_only_subscriptions_are_confirmed(void **state)
{
    static const enum tcn_sns_type others[] = {TCN_SNS_UNSET, TCN_SNS_NOTIFICATION,
                                               TCN_SNS_UNSUBSCRIPTION};

    (void)state;
    for (size_t i = 0; i < N_OF(others); i++) {
        struct tcn_sns_message m = subscription(TOPIC, "token");
        struct tcn_buf url;

        m.type = others[i];
        tcn_buf_init(&url, 4096);
        assert_int_equal(tcn_sns_confirm_url(&m, &url), TCN_EINVALID);
        assert_int_equal(url.len, 0);
        tcn_buf_done(&url);
    }
}

static void test_confirm_address_that_does_not_fit(void **state)
{
    struct tcn_sns_message m = subscription(TOPIC, "token");
    struct tcn_buf url;

    (void)state;
    tcn_buf_init(&url, 150);
    assert_int_equal(tcn_sns_confirm_url(&m, &url), TCN_ELIMIT);
    tcn_buf_done(&url);
}

static void test_subscription_arn(void **state)
{
#define OPEN "<SubscriptionArn>"
#define CLOSE "</SubscriptionArn>"
    static const struct {
        const char *xml, *want;
    } cases[] = {
        {"<ConfirmSubscriptionResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\">"
         "<ConfirmSubscriptionResult>" OPEN TOPIC ":2bcfbf39" CLOSE "</ConfirmSubscriptionResult>"
         "</ConfirmSubscriptionResponse>",
         TOPIC ":2bcfbf39"},
        {OPEN "pending confirmation" CLOSE, NULL},
        {OPEN CLOSE, NULL},
        {OPEN TOPIC, NULL},
        {TOPIC CLOSE, NULL},
        {CLOSE OPEN, NULL},
        {OPEN "arn:<b>x</b>" CLOSE, NULL},
        {OPEN "arn:a&amp;b" CLOSE, NULL},
        {OPEN "arn:a\nb" CLOSE, NULL},
        {OPEN " arn:a" CLOSE, NULL},
        {OPEN "arn:" NAME_250 NAME_250 TEN CLOSE, NULL},
        {"<Error><Code>InvalidParameter</Code></Error>", NULL},
        {"", NULL},
        {NULL, NULL},
    };

    (void)state;
    for (size_t i = 0; i < N_OF(cases); i++) {
        struct tcn_str arn = {0};
        const char *name = cases[i].xml ? cases[i].xml : "NULL";

        CHECK(name, tcn_sns_subscription_arn(tcn_str(cases[i].xml), &arn) == !!cases[i].want);
        CHECK(name, !cases[i].want || tcn_str_eq(arn, tcn_str(cases[i].want)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_host_of_topic),
        cmocka_unit_test(test_host_that_does_not_fit),
        cmocka_unit_test(test_topic_patterns),
        cmocka_unit_test(test_topics_of_patterns),
        cmocka_unit_test(test_certificate_addresses),
        cmocka_unit_test(test_addresses_are_not_c_strings),
        cmocka_unit_test(test_length_of_addresses),
        cmocka_unit_test(test_names_of_certificates),
        cmocka_unit_test(test_confirm_address),
        cmocka_unit_test(test_only_subscriptions_are_confirmed),
        cmocka_unit_test(test_confirm_address_that_does_not_fit),
        cmocka_unit_test(test_subscription_arn),
    };

    return cmocka_run_group_tests_name("sns_url", tests, NULL, NULL);
}
