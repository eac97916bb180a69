/* The configuration file: a good one whole, and every mistake of a bad one at once, with its place. */
#include "app/config_admin.h"
#include "connect/instance.h"
#include "gateway/source.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
// clang-format off
#include <cmocka.h>
// clang-format on

#define SECRET "0123456789abcdef-not-to-be-told"

static char file[64];
static struct tcn_problems problems, warnings;
static struct tcn_config *config;

static int setup(void **state)
{
    int fd;

    (void)state;
    setenv("TEST_CONFIG_SECRET", SECRET, 1);
    snprintf(file, sizeof file, "/tmp/tocsin-config-XXXXXX");
    fd = mkstemp(file);
    assert_true(fd >= 0);
    close(fd);
    tcn_problems_init(&problems);
    tcn_problems_init(&warnings);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    tcn_config_unref(config);
    config = NULL;
    tcn_problems_done(&problems);
    tcn_problems_done(&warnings);
    unlink(file);
    return 0;
}

static int load(const char *const lines[])
{
    FILE *f = fopen(file, "w");

    assert_non_null(f);
    for (size_t i = 0; lines[i]; i++)
        fprintf(f, "%s\n", lines[i]);
    assert_int_equal(fclose(f), 0);
    return tcn_config_load(file, "/var/lib/tocsin", &problems, &warnings, &config);
}

#define ENV "{\"env\": \"TEST_CONFIG_SECRET\"}"
static const char *const good[] = {
    "{\"account_id\": \"123456789012\", \"region\": \"eu-central-1\", \"node\": \"n-1.example\",",
    " \"listen\": \"[::]:8080\", \"public_url\": \"https://tocsin.example.com//\", \"store\": "
    "\"sqlite:t.db\",",
    " \"tokens\": [{\"name\": \"ops\", \"role\": \"manager\", \"token\": " ENV "}],",
    " \"sources\": {\"prom\": {\"kind\": \"alertmanager\", \"response_plan\": \"web\",",
    "   \"auth\": {\"kind\": \"bearer\", \"secret\": " ENV "}}},",
    " \"connectors\": {\"mail\": {\"connector\": \"smtp\", \"url\": \"smtp://127.0.0.1:25\", "
    "\"allow\": [\"127.0.0.1\"],",
    "     \"from\": \"t@example.com\"},",
    "   \"jira\": {\"connector\": \"jira\", \"url\": \"https://x.atlassian.net\", \"user\": "
    "\"u@example.com\",",
    "     \"token\": " ENV ", \"project\": \"OPS\"}},",
    " \"channels\": {\"EMAIL\": {\"connector\": \"mail\"}},",
    " \"resources\": {\"contacts\": [{\"Alias\": \"alice\", \"DisplayName\": \"Alice\", \"Type\": "
    "\"PERSONAL\",",
    "     \"Plan\": {\"Stages\": [{\"DurationInMinutes\": 5, \"Targets\": [{\"ChannelTargetInfo\":",
    "       {\"ContactChannelId\": \"mail\", \"RetryIntervalInMinutes\": 1}}]}]}}],",
    "   \"contact_channels\": [{\"ContactId\": \"alice\", \"Name\": \"mail\", \"Type\": \"EMAIL\",",
    "     \"DeliveryAddress\": {\"SimpleAddress\": \"alice@example.com\"}}],",
    "   \"response_plans\": [{\"name\": \"web\", \"incidentTemplate\": {\"title\": \"Web\", "
    "\"impact\": 2},",
    "     \"engagements\": [\"alice\"], \"connectors\": [\"jira\"]}]}}",
    NULL};

static void test_a_good_one(void **state)
{
    (void)state;
    if (load(good) < 0)
        fail_msg("%s", problems.text.ptr);
    assert_int_equal(problems.n, 0);
    assert_string_equal(config->account_id, "123456789012");
    assert_string_equal(config->node, "n-1.example");
    assert_string_equal(config->public_url, "https://tocsin.example.com");
    assert_string_equal(config->store, "sqlite:/var/lib/tocsin/t.db");
    assert_int_equal(config->n_sources, 1);
    assert_string_equal(config->sources[0]->name, "prom");
    assert_ptr_equal(config->policies[0], &config->sources[0]->policy);
    assert_null(config->policies[1]);
    assert_string_equal(config->channel_connector[TCN_EMAIL], "mail");
    assert_null(config->channel_connector[TCN_SMS]);
    assert_false(tcn_config_connector(config, "mail")->has_tickets);
    assert_true(tcn_config_connector(config, "jira")->has_tickets);
    assert_null(tcn_config_connector(config, "snow"));
    assert_int_equal(config->directory.n_plans, 1);
    assert_int_equal(config->limits.max_connections, 1000);
}

static void test_all_may_be_left_out(void **state)
{
    static const char *const lines[] = {"{}", NULL};

    (void)state;
    if (load(lines) < 0)
        fail_msg("%s", problems.text.ptr);
    assert_string_equal(config->listen, "127.0.0.1:8080");
    assert_string_equal(config->public_url, "http://127.0.0.1:8080");
    assert_string_equal(config->store, "sqlite:/var/lib/tocsin/tocsin.db");
    assert_true(config->node[0] != '\0');
}

/* The line that replaces a good one, and what is told of it. */
static const struct {
    size_t line; /* from 1 */
    const char *text, *told[3];
} mistakes[] = {
    {1,
     "{\"account_id\": \"12\", \"regoin\": \"x\", \"node\": \"a\\\"b\",",
     {"$.account_id: \"12\" is no account id", "$.regoin: ", "$.node: name a node"}},
    {2,
     " \"listen\": \"8080\", \"public_url\": \"ftp://x\", \"store\": \"mysql:x\",",
     {"$.listen: \"8080\"", "$.public_url: \"ftp://x\"", "$.store: \"mysql:x\""}},
    {3,
     " \"tokens\": [{\"name\": \"ops\", \"role\": \"boss\", \"token\": " ENV "}],",
     {"$.tokens[0].role: "}},
    {6,
     " \"connectors\": {\"mail\": {\"connector\": \"smtq\", \"url\": \"smtp://127.0.0.1:25\",",
     {"$.connectors.mail.connector: \"smtq\" is no kind of connector; did you mean \"smtp\"?"}},
    {8,
     "   \"jira\": {\"connector\": \"jira\", \"url\": \"https://x.atlassian.net\", \"usr\": "
     "\"u@example.com\",",
     {"$.connectors.jira.usr: ", "user"}},
    {4,
     " \"sources\": {\"prom\": {\"kind\": \"alertmanager\", \"response_plan\": \"wbe\",",
     {"$.sources.prom.response_plan: \"wbe\" is no plan under $.resources.response_plans; did you "
      "mean \"web\"?"}},
    {16,
     "   \"response_plans\": [{\"name\": \"web\", \"engagements\": [\"alise\"], \"connectors\": "
     "[\"jiira\"],"
     " \"incidentTemplate\": {\"title\": \"Web\", \"impact\": 2}",
     {"$.resources.response_plans[0].engagements[0]: \"alise\" is no contact",
      "$.resources.response_plans[0].connectors[0]: \"jiira\" is no connector"}},
    {17, "     }]}}", {NULL}},
};
#define N_MISTAKES (sizeof mistakes / sizeof *mistakes)

static void expect(size_t line, const char *told)
{
    char place[96];
    const char *at = strstr(problems.text.ptr, told);

    if (!at)
        fail_msg("\"%s\" is not told in:\n%s", told, problems.text.ptr);
    while (at > problems.text.ptr && at[-1] != '\n')
        at--;
    snprintf(place, sizeof place, "%s:%zu: $", file, line);
    if (strncmp(at, place, strlen(place)) != 0)
        fail_msg("\"%s\" has another place than %s:\n%.300s", told, place, at);
}

static void test_every_mistake_is_a_line_with_its_place(void **state)
{
    const char *lines[sizeof good / sizeof *good];

    (void)state;
    memcpy(lines, good, sizeof lines);
    for (size_t i = 0; i < N_MISTAKES; i++)
        lines[mistakes[i].line - 1] = mistakes[i].text;
    assert_int_equal(load(lines), TCN_EINVALID);
    assert_null(config);
    assert_true(problems.n >= 10);
    for (size_t i = 0; i < N_MISTAKES; i++)
        for (size_t j = 0; j < 3 && mistakes[i].told[j]; j++)
            expect(mistakes[i].line, mistakes[i].told[j]);
    /* a nearest name, where there is one */
    assert_non_null(strstr(problems.text.ptr, "region"));
    assert_null(strstr(problems.text.ptr, SECRET));
}

/* It is a part of ARNs. */
static void test_regions(void **state)
{
    static const struct {
        const char *line;
        bool is_good;
    } cases[] = {
        {"{\"region\": \"eu-central-1\"}", true},
        {"{\"region\": \"us-gov-west-1\"}", true},
        {"{\"region\": \"\"}", false},
        {"{\"region\": \"EU\"}", false},
        {"{\"region\": \"eu:1\"}", false},
        {"{\"region\": \"\x7f\"}", false},
        {"{\"region\": \"abcdefghijklmnopqrstuvwxyz-abcde1\"}", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *const lines[] = {cases[i].line, NULL};

        if ((load(lines) == 0) != cases[i].is_good)
            fail_msg("%s: %s", cases[i].line, problems.text.ptr);
        if (!cases[i].is_good)
            expect(1, "$.region: name a region of AWS");
        tcn_config_unref(config);
        config = NULL;
        tcn_problems_done(&problems);
        tcn_problems_init(&problems);
    }
}

static void test_where_a_node_stands(void **state)
{
    (void)state;
    assert_int_equal(load((const char *const[]){"{\"region\": \"eu-west-1\"}", NULL}), 0);
    assert_string_equal(config->node_region, "eu-west-1");
    tcn_config_unref(config);
    config = NULL;
    assert_int_equal(
        load((const char *const[]){"{\"region\": \"eu-west-1\", \"node_region\": \"b-1\"}", NULL}),
        0);
    assert_string_equal(config->node_region, "b-1");
    assert_string_equal(config->region, "eu-west-1");
    tcn_config_unref(config);
    config = NULL;
    assert_true(load((const char *const[]){"{\"node_region\": \"Hall 7\"}", NULL}) < 0);
    expect(1, "$.node_region: name a region of AWS");
}

static void test_whether_codes_are_asked_for(void **state)
{
    static const struct {
        const char *line;
        bool ignores_codes;
    } cases[] = {{"{}", false},
                 {"{\"accept_code_validation\": \"ENFORCE\"}", false},
                 {"{\"accept_code_validation\": \"IGNORE\"}", true}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(load((const char *const[]){cases[i].line, NULL}), 0);
        assert_int_equal(config->ignores_codes, cases[i].ignores_codes);
        tcn_config_unref(config);
        config = NULL;
    }
    assert_true(load((const char *const[]){"{\"accept_code_validation\": \"NEVER\"}", NULL}) < 0);
    expect(1, "$.accept_code_validation: \"NEVER\"");
}

static void test_what_is_no_configuration(void **state)
{
    static const char *const texts[] = {"", "[]", "{", "{\"listen\": \"a:1\", \"listen\": \"b:1\"}",
                                        "{} x"};

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const char *const lines[] = {texts[i], NULL};

        assert_true(load(lines) < 0);
        assert_int_equal(problems.n, 1);
        assert_non_null(strstr(problems.text.ptr, file));
        tcn_problems_done(&problems);
        tcn_problems_init(&problems);
    }
    unlink(file);
    assert_true(tcn_config_load("/nonexistent/t.json", "/tmp", &problems, &warnings, &config) < 0);
    assert_non_null(strstr(problems.text.ptr, "/nonexistent/t.json"));
}

static void test_the_listener_for_operators(void **state)
{
    static const struct {
        const char *line, *text, *told; /* told: of a mistake */
    } cases[] = {
        {"{}", "none", NULL},
        {"{\"admin\": {\"listen\": \"127.0.0.1:9095\"}}",
         "127.0.0.1:9095, 32 connections, without TLS, only here: metrics", NULL},
        {"{\"admin\": {\"listen\": \"[::1]:9095\", \"max_connections\": 4, \"only_here\": []}}",
         "[::1]:9095, 4 connections, without TLS, only here: nothing", NULL},
        {"{\"admin\": {\"listen\": \"unix:/run/t\", \"only_here\": [\"api\", \"health\"]}}",
         "unix:/run/t, 32 connections, without TLS, only here: health api", NULL},
        {"{\"admin\": {}}", NULL, "$.admin.listen: is missing"},
        {"{\"admin\": {\"listen\": \"127.0.0.1:8080\"}}", NULL, "$.admin.listen: is $.listen, too"},
        {"{\"admin\": {\"listen\": \"a:1\", \"tls\": true}}", NULL, "$.admin.tls: needs a cert"},
        {"{\"admin\": {\"listen\": \"a:1\", \"only_here\": [\"sources\"]}}", NULL,
         "$.admin.only_here[0]: \"sources\" is nothing that the admin listener can keep"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *const lines[] = {cases[i].line, NULL};
        struct tcn_buf text;

        assert_int_equal(load(lines), cases[i].told ? TCN_EINVALID : 0);
        tcn_buf_init(&text, 1024);
        if (cases[i].told) {
            assert_int_equal(problems.n, 1);
            expect(1, cases[i].told);
        } else {
            tcn_config_admin_text(&config->admin, &text);
            assert_string_equal(text.ptr, cases[i].text);
        }
        tcn_buf_done(&text);
        tcn_config_unref(config);
        config = NULL;
        tcn_problems_done(&problems);
        tcn_problems_init(&problems);
    }
}

/* A secret in the file is refused without being repeated. */
static void test_a_secret_in_the_file(void **state)
{
    static const char *const lines[] = {
        "{\"tokens\": [{\"name\": \"ops\", \"role\": \"admin\", \"token\": \"" SECRET "\"}]}",
        NULL};

    (void)state;
    assert_int_equal(load(lines), TCN_EINVALID);
    assert_non_null(strstr(problems.text.ptr, "$.tokens[0].token"));
    assert_null(strstr(problems.text.ptr, SECRET));
}

static void test_where_the_store_is(void **state)
{
    static const struct {
        const char *text, *url, *password, *told; /* told: of a mistake */
    } cases[] = {
        {"\"sqlite:/x/t.db\"", "sqlite:/x/t.db", NULL, NULL},
        {"{\"url\": \"sqlite:t.db\"}", "sqlite:/var/lib/tocsin/t.db", NULL, NULL},
        {"\"postgresql://t@a,b/d?sslmode=require\"", "postgresql://t@a,b/d?sslmode=require", NULL,
         NULL},
        {"{\"url\": \"postgres://t@h/d\", \"password\": " ENV "}", "postgres://t@h/d", SECRET,
         NULL},
        {"\"postgresql://t:" SECRET "@h/d\"", NULL, NULL,
         "$.store: the store's URL has a password"},
        {"\"postgresql://t@h/d?password=" SECRET "\"", NULL, NULL, "has a password inside"},
        {"\"postgresql://t@h/d?what=" SECRET "\"", NULL, NULL,
         "has a parameter behind its ? that libpq does not know"},
        {"\"postgresql://t@h/d?" SECRET "=x\"", NULL, NULL,
         "has a parameter behind its ? that libpq does not know"},
        {"\"postgresql://t@h/d?pasword=" SECRET "\"", NULL, NULL,
         "has a parameter \"pasword\", which libpq does not know; did you mean \"password\"?"},
        {"\"postgresql://t@h/d?sslmod=verify-full\"", NULL, NULL, "did you mean \"sslmode\"?"},
        {"\"postgresql://t:" SECRET "@[h/d\"", NULL, NULL, "is no connection URI"},
        {"\"postgresql://t@h:99999/d\"", NULL, NULL,
         ":1: $.store: the store's URL says port=99999"},
        {"{\"url\": \"postgresql://t@h/d?sslmode=foo\"}", NULL, NULL,
         "$.store.url: the store's URL says sslmode=foo: use one of disable, "},
        {"\"postgresql://t:" SECRET "/d\"", NULL, NULL, "a wrong port, not repeated here"},
        {"{\"url\": \"postgresql://t@h/d\", \"password\": \"" SECRET "\"}", NULL, NULL,
         "$.store.password: "},
        {"{\"password\": " ENV "}", NULL, NULL, "$.store.url: "},
        {"{\"url\": \"sqlite:t.db\", \"password\": " ENV "}", NULL, NULL, "SQLite has no password"},
    };
    char text[300];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *const lines[] = {text, NULL};

        snprintf(text, sizeof text, "{\"store\": %s}", cases[i].text);
        assert_int_equal(load(lines), cases[i].told ? TCN_EINVALID : 0);
        if (cases[i].told) {
            assert_non_null(strstr(problems.text.ptr, cases[i].told));
            assert_null(strstr(problems.text.ptr, SECRET));
        } else {
            assert_string_equal(config->store, cases[i].url);
            assert_string_equal(config->store_password.ptr ? config->store_password.ptr : "",
                                cases[i].password ? cases[i].password : "");
        }
        tcn_config_unref(config);
        config = NULL;
        tcn_problems_done(&problems);
        tcn_problems_init(&problems);
    }
}

/* The line of a good configuration that has a URL, and what is told of it; NULL: it is good. Nothing is resolved. */
static const struct {
    const char *name;
    size_t line;
    const char *text, *told;
} urls[] = {
#define SIXTEEN "0123456789abcdef"
#define PUBLIC(url) 2, " \"public_url\": \"" url "\","
#define MAIL(url) 6, " \"connectors\": {\"mail\": {\"connector\": \"smtp\", \"url\": \"" url "\","
    {"https", PUBLIC("https://t.example.com/base/"), NULL},
    {"http", PUBLIC("http://t:8080"), NULL},
    {"an address", PUBLIC("http://[::1]:8080"), NULL},
    {"no host", PUBLIC("https://"), "$.public_url: URL is not well formed"},
    {"a third slash", PUBLIC("https:///t"), "$.public_url: URL has no host"},
    {"a blank", PUBLIC("http://a b"), "$.public_url: URL is too long or has characters"},
    {"a password", PUBLIC("https://u:" SECRET "@h"), "$.public_url: URL is not well formed, or"},
    {"a query", PUBLIC("https://h?x=1"), "$.public_url: URL has a query"},
    {"a fragment", PUBLIC("https://h#x"), "$.public_url: URL has a fragment"},
    {"a port", PUBLIC("http://h:99999"), "$.public_url: URL is not well formed"},
    {"port 0", PUBLIC("https://h:0"), "$.public_url: URL has a port that is none"},
    {"half a bracket", PUBLIC("https://[::1"), "$.public_url: URL is not well formed"},
    {"dots", PUBLIC("https://a..b"), "$.public_url: \"a..b\" is no name of a host"},
    {"a dot at the end", PUBLIC("https://a.b."), NULL},
    {"a wrong last label", PUBLIC("https://a.-b"), "$.public_url: \"a.-b\" is no name of a host"},
    {"a wrong label alone", PUBLIC("https://-a"), "$.public_url: \"-a\" is no name of a host"},
    {"a long last label", PUBLIC("https://t." SIXTEEN SIXTEEN SIXTEEN SIXTEEN),
     "is no name of a host"},
    {"one that is just not", PUBLIC("https://T." SIXTEEN SIXTEEN SIXTEEN "123456789012345"), NULL},
    {"a host that nobody knows", MAIL("smtps://no.such.host.example"), NULL},
    {"no host of mail", MAIL("smtps://"), "$.connectors.mail.url: URL is not well formed"},
    {"a third slash of mail", MAIL("smtps:///x"), "$.connectors.mail.url: URL has no host"},
    {"dots of mail", MAIL("smtps://.."), "$.connectors.mail.url: \"..\" is no name of a host"},
    {"a query of mail", MAIL("smtps://h?x=1"), "$.connectors.mail.url: URL has a query"},
    {"a path of mail", MAIL("smtps://h/x"), "$.connectors.mail.url: URL of a mail server has a"},
    {"a slash at the end", MAIL("smtps://h/"), NULL},
    {"another scheme", MAIL("ftp://h"), "$.connectors.mail.url: URL must be https"},
    {"no scheme", MAIL("h"), "$.connectors.mail.url: URL has no scheme"},
    {"a public address", MAIL("smtps://9.9.9.9"), NULL},
#undef SIXTEEN
#undef PUBLIC
#undef MAIL
};

static void test_urls(void **state)
{
    const char *lines[sizeof good / sizeof *good];

    (void)state;
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        memcpy(lines, good, sizeof lines);
        lines[urls[i].line - 1] = urls[i].text;
        if (load(lines) != (urls[i].told ? TCN_EINVALID : 0))
            fail_msg("%s: %s", urls[i].name, tcn_buf_view(&problems.text).ptr);
        assert_int_equal(problems.n, urls[i].told != NULL);
        if (urls[i].told)
            expect(urls[i].line, urls[i].told);
        assert_null(strstr(tcn_buf_view(&problems.text).ptr, SECRET));
        tcn_config_unref(config);
        config = NULL;
        tcn_problems_done(&problems);
        tcn_problems_init(&problems);
    }
}

/* At run time they would be refused at every call. */
static void test_addresses_that_are_not_called(void **state)
{
    static const struct {
        const char *url, *told;
    } cases[] = {
        {"smtps://10.0.0.1\",", "10.0.0.1 is no public address"},
        {"smtp://localhost:25\",", "localhost is no public address"},
        {"smtp://[::1]:25\",", "::1 is no public address"},
        {"smtps://10.0.0.1\", \"allow\": [\"10.0.0.0/8\"],", NULL},
        {"smtps://9.9.9.9\",", NULL},
        {"smtps://mail.example.com\",", NULL},
    };
    const char *lines[sizeof good / sizeof *good];
    char line[200];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *warned;

        snprintf(line, sizeof line,
                 " \"connectors\": {\"mail\": {\"connector\": \"smtp\", \"url\": \"%s",
                 cases[i].url);
        memcpy(lines, good, sizeof lines);
        lines[5] = line;
        assert_int_equal(load(lines), 0);
        warned = strstr(tcn_buf_view(&warnings.text).ptr, "is no public address");
        assert_int_equal(warned != NULL, cases[i].told != NULL);
        if (cases[i].told)
            assert_non_null(strstr(tcn_buf_view(&warnings.text).ptr, cases[i].told));
        tcn_config_unref(config);
        config = NULL;
        tcn_problems_done(&warnings);
        tcn_problems_init(&warnings);
    }
}

static void test_neither_of_two_mistakes_hides_the_other(void **state)
{
    const char *lines[sizeof good / sizeof *good];

    (void)state;
    memcpy(lines, good, sizeof lines);
    lines[0] = "{\"account_id\": \"12345\", \"region\": 5,";
    assert_int_equal(load(lines), TCN_EINVALID);
    assert_int_equal(problems.n, 2);
    expect(1, "$.account_id: \"12345\" is no account id");
    expect(1, "$.region: ");
}

/* References across reload: the last one releases. */
static void test_references(void **state)
{
    (void)state;
    assert_int_equal(load(good), 0);
    tcn_config_ref(config);
    tcn_config_unref(config);
    assert_string_equal(config->region, "eu-central-1");
    tcn_config_unref(NULL);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_a_good_one),
        CASE(test_all_may_be_left_out),
        CASE(test_every_mistake_is_a_line_with_its_place),
        CASE(test_regions),
        CASE(test_where_a_node_stands),
        CASE(test_whether_codes_are_asked_for),
        CASE(test_what_is_no_configuration),
        CASE(test_the_listener_for_operators),
        CASE(test_a_secret_in_the_file),
        CASE(test_where_the_store_is),
        CASE(test_urls),
        CASE(test_addresses_that_are_not_called),
        CASE(test_neither_of_two_mistakes_hides_the_other),
        CASE(test_references),
    };

    return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
