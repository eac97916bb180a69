#include "engine/arn.h"
#include "fixture.h"

static char longest[1002];

static const struct {
    const char *text;
    bool is_one;
} rows[] = {
    {"arn:aws:s3:::bucket", true},
    {"arn:aws-cn:ec2:cn-north-1:123456789012:instance/i-1", true},
    {"arn:aws-us-gov:ssm-incidents::123456789012:incident-record/web/x", true},
    {"arn:aws:a:b::c:d:e", true},
    {"arn:aws:s3:::\xc3\xa9", true},
    {"", false},
    {"arn", false},
    {"arn:aws:s3:::", false},
    {"arn:aws:s3::", false},
    {"arn:azure:s3:::bucket", false},
    {"ARN:aws:s3:::bucket", false},
    {"arn:aws:S3:::bucket", false},
    {"arn:aws:s3:eu_west:1:bucket", false},
    {"arn:aws:s3:::bucket\xff", false},
    {"arn:aws:ec2:eu-west-1:12345678901:x", false},
    {"arn:aws:ec2:eu-west-1:12345678901a:x", false},
    {"https://a.test/arn:aws:s3:::bucket", false},
};

static void every_form(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (tcn_is_arn(rows[i].text) != rows[i].is_one)
            fail_msg("%s", rows[i].text);
}

static void at_most_a_thousand(void **state)
{
    (void)state;
    memset(longest, 'x', sizeof longest - 1);
    memcpy(longest, "arn:aws:s3:::", 13);
    assert_false(tcn_is_arn(longest));
    longest[1000] = '\0';
    assert_true(tcn_is_arn(longest));
}

static const struct {
    const char *text;
    bool is_one;
} topics[] = {
    {"arn:aws:sns:eu-central-1:123456789012:ops", true},
    {"arn:aws-cn:sns:cn-north-1:123456789012:Ops_1-a", true},
    {"arn:aws:sns:eu-central-1:123456789012:ops.fifo", true},
    {"arn:aws:sns:eu-central-1:123456789012:.fifo", false},
    {"arn:aws:sns:eu-central-1:123456789012:ops.x", false},
    {"arn:aws:sns:eu-central-1:123456789012:ops:sub", false},
    {"arn:aws:sns:eu-central-1:123456789012:o\xc3\xa9", false},
    {"arn:aws:sns:eu-central-1:123456789012:", false},
    {"arn:aws:sns:eu-central-1::ops", false},
    {"arn:aws:sns::123456789012:ops", false},
    {"arn:aws:sqs:eu-central-1:123456789012:ops", false},
    {"arn:azure:sns:eu-central-1:123456789012:ops", false},
    {"ops", false},
};

static void every_topic(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof topics / sizeof topics[0]; i++)
        if (tcn_is_topic_arn(topics[i].text) != topics[i].is_one)
            fail_msg("%s", topics[i].text);
}

static void names_of_topics_have_a_cap(void **state)
{
    static const char head[] = "arn:aws:sns:eu-central-1:123456789012:";

    (void)state;
    memset(longest, 'x', sizeof longest - 1);
    memcpy(longest, head, sizeof head - 1);
    longest[sizeof head - 1 + 257] = '\0';
    assert_false(tcn_is_topic_arn(longest));
    longest[sizeof head - 1 + 256] = '\0';
    assert_true(tcn_is_topic_arn(longest));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_form),
        cmocka_unit_test(at_most_a_thousand),
        cmocka_unit_test(every_topic),
        cmocka_unit_test(names_of_topics_have_a_cap),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
