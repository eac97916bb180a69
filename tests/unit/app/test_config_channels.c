/* Channels that nothing sends to, and addresses that what sends does not take. */
#include "app/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>
// clang-format off
#include <cmocka.h>
// clang-format on

static char file[64];

static int setup(void **state)
{
    int fd;

    (void)state;
    snprintf(file, sizeof file, "/tmp/tocsin-channels-XXXXXX");
    fd = mkstemp(file);
    assert_true(fd >= 0);
    close(fd);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    unlink(file);
    return 0;
}

#define MAIL                                                                                       \
    "\"connectors\": {\"mail\": {\"connector\": \"smtp\", \"url\": \"smtps://mail.example.com\","  \
    " \"from\": \"t@example.com\"}}"
#define BROKEN_MAIL                                                                                \
    "\"connectors\": {\"mail\": {\"connector\": \"smtp\", \"url\": \"smtps://mail.example.com\"}}"
#define EMAIL "\"channels\": {\"EMAIL\": {\"connector\": \"mail\"}}"
#define BUDGET(members)                                                                            \
    "\"channels\": {\"EMAIL\": {\"connector\": \"mail\", \"budget\": {" members "}}}"
#define SMS "\"channels\": {\"SMS\": {\"connector\": \"mail\"}}"
#define CHANNEL(type, address)                                                                     \
    "\"resources\": {\"contacts\": [{\"Alias\": \"ann\", \"Type\": \"PERSONAL\", \"Plan\": "       \
    "{\"Stages\": "                                                                                \
    "[{\"DurationInMinutes\": 5, \"Targets\": [{\"ChannelTargetInfo\": {\"ContactChannelId\": "    \
    "\"c\"}}]}]}}], "                                                                              \
    "\"contact_channels\": [{\"ContactId\": \"ann\", \"Name\": \"c\", \"Type\": \"" type           \
    "\", \"DeliveryAddress\": {\"SimpleAddress\": \"" address "\"}}]}"

#define ADDRESS "$.resources.contact_channels[0].DeliveryAddress.SimpleAddress: "

static const struct {
    const char *name, *text;
    size_t n;
    const char *told;
} cases[] = {
    {"good", "{" MAIL ", " EMAIL ", " CHANNEL("EMAIL", "a@example.com") "}", 0, NULL},
    {"an address that cannot be sent to",
     "{" MAIL ", " EMAIL ", " CHANNEL("EMAIL", "a..b@example.com") "}", 1,
     ADDRESS "\"a..b@example.com\" is no mail address: before the @"},
    {"while its connector has a mistake",
     "{" BROKEN_MAIL ", " EMAIL ", " CHANNEL("EMAIL", "a..b@example.com") "}", 2,
     ADDRESS "\"a..b@example.com\" is no mail address: before the @"},
    {"while nothing sends yet", "{" CHANNEL("EMAIL", "a..b@example.com") "}", 2,
     ADDRESS "\"a..b@example.com\" is no mail address: before the @"},
    {"line breaks are told once",
     "{" MAIL ", " EMAIL ", " CHANNEL("EMAIL", "a@b\\r\\nBcc: c@d") "}", 1,
     ADDRESS "line breaks in an address"},
    {"a channel that its connector does not reach",
     "{" MAIL ", " SMS ", " CHANNEL("SMS", "+4930123456") "}", 1,
     "$.channels.SMS.connector: \"mail\" sends no SMS, and no kind of connector does yet; take "
     "\"SMS\" out"},
    {"a channel that nothing reaches", "{" MAIL ", " CHANNEL("VOICE", "+4930123456") "}", 1,
     "$.resources.contact_channels[0].Type: nothing sends VOICE, and no kind of connector does "
     "yet"},
    {"a budget", "{" MAIL ", " BUDGET("\"pages\": 1, \"per_seconds\": 20") "}", 0, NULL},
    {"a budget of nothing", "{" MAIL ", " BUDGET("\"pages\": 0, \"per_seconds\": 20") "}", 1,
     "$.channels.EMAIL.budget.pages: 0 is out of range"},
    {"half a budget", "{" MAIL ", " BUDGET("\"pages\": 1") "}", 1,
     "$.channels.EMAIL.budget.per_seconds: is missing"},
    {"a budget by the minute", "{" MAIL ", " BUDGET("\"pages\": 1, \"per_minutes\": 1") "}", 2,
     "$.channels.EMAIL.budget.per_minutes: "},
    {"a budget that holds nothing", "{" MAIL ", " BUDGET("\"pages\": 17, \"per_seconds\": 1") "}",
     1, "$.channels.EMAIL.budget: is more than a page in 60 ms"},
    {"a channel that nothing is named for", "{" MAIL ", " CHANNEL("EMAIL", "a@example.com") "}", 1,
     "$.resources.contact_channels[0].Type: nothing sends EMAIL; name a connector that does"},
};

static void write_file(const char *text)
{
    FILE *f = fopen(file, "w");

    assert_non_null(f);
    fputs(text, f);
    assert_int_equal(fclose(f), 0);
}

static void test_channels(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct tcn_config *config = NULL;
        struct tcn_problems problems, warnings;
        int r;

        tcn_problems_init(&problems);
        tcn_problems_init(&warnings);
        write_file(cases[i].text);
        r = tcn_config_load(file, "/var/lib/tocsin", &problems, &warnings, &config);
        if ((r < 0) != (cases[i].n > 0) || problems.n != cases[i].n ||
            (cases[i].told && !strstr(problems.text.ptr, cases[i].told)))
            fail_msg("%s: %zu problems\n%s", cases[i].name, problems.n, problems.text.ptr);
        if (config && strstr(cases[i].text, "budget")) {
            assert_int_equal(config->directory.budgets[TCN_EMAIL].pages, 1);
            assert_int_equal(config->directory.budgets[TCN_EMAIL].per_ms, 20000);
            assert_int_equal(config->directory.budgets[TCN_SMS].pages, 0);
        }
        tcn_config_unref(config);
        tcn_problems_done(&problems);
        tcn_problems_done(&warnings);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_channels, setup, teardown),
    };

    return cmocka_run_group_tests_name("config_channels", tests, NULL, NULL);
}
