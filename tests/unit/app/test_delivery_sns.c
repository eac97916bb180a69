/* What Tocsin does about its own subscriptions: the address that a message names is never asked. */
#include "app/delivery.h"
#include "base/xalloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
// clang-format off
#include <cmocka.h>
// clang-format on

struct fetches {
    size_t n;
    char *url; /* owned; of the last */
};

static void keep(void *ctx, const char *url, size_t cap_bytes, tcn_fetch_done *done, void *arg)
{
    struct fetches *f = ctx;

    (void)cap_bytes;
    f->n++;
    f->url = tcn_xstrdup(url);
    done(arg, 0, TCN_STR(""), "answered by a test");
}

static void check(enum tcn_sns_type type, enum tcn_sns_confirm confirm, const char *want)
{
    struct fetches fetches = {0};
    struct tcn_app app = {.fetch = {&fetches, keep}};
    struct tcn_source source = {.name = "cloudwatch"};
    struct tcn_sns_policy policy = {.confirm = confirm};
    struct tcn_delivery_state d = {
        .app = &app,
        .source = &source,
        .sns_policy = &policy,
        .sns = {.type = type,
                .topic = TCN_STR_INIT("arn:aws:sns:eu-central-1:123456789012:ops-alarms"),
                .token = TCN_STR_INIT("2336412f37&Action=Subscribe"),
                .subscribe_url = TCN_STR_INIT("https://169.254.169.254/latest/meta-data")}};

    tcn_delivery_control(&d);
    assert_int_equal(fetches.n, want ? 1 : 0);
    if (want)
        assert_string_equal(fetches.url, want);
    free(fetches.url);
}

static void test_what_is_asked_for_a_message(void **state)
{
    static const struct {
        enum tcn_sns_type type;
        enum tcn_sns_confirm confirm;
        const char *want;
    } cases[] = {
        {TCN_SNS_SUBSCRIPTION, TCN_SNS_AUTO,
         "https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription&Version=2010-03-31"
         "&TopicArn=arn%3Aaws%3Asns%3Aeu-central-1%3A123456789012%3Aops-alarms&Token="
         "2336412f37%26Action%3DSubscribe"},
        {TCN_SNS_SUBSCRIPTION, TCN_SNS_MANUAL, NULL},
        {TCN_SNS_SUBSCRIPTION, TCN_SNS_NEVER, NULL},
        {TCN_SNS_UNSUBSCRIPTION, TCN_SNS_AUTO, NULL},
        {TCN_SNS_UNSUBSCRIPTION, TCN_SNS_MANUAL, NULL},
        {TCN_SNS_UNSUBSCRIPTION, TCN_SNS_NEVER, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check(cases[i].type, cases[i].confirm, cases[i].want);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_asked_for_a_message),
    };

    return cmocka_run_group_tests_name("delivery_sns", tests, NULL, NULL);
}
