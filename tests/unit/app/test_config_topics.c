/* Topics: who is told by them, and what of that is a mistake. */
#include "app/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
// clang-format off
#include <cmocka.h>
// clang-format on

static char file[64];
static struct tcn_problems problems, warnings;
static struct tcn_config *config;

static int setup(void **state)
{
    int fd;

    (void)state;
    snprintf(file, sizeof file, "/tmp/tocsin-topics-XXXXXX");
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

#define ARN "arn:aws:sns:eu-central-1:123456789012:ops"
#define OTHER "arn:aws:sns:eu-central-1:123456789012:dev"
#define CONNECTORS                                                                                 \
    "\"connectors\": {\"mail\": {\"connector\": \"smtp\", \"url\": \"smtps://mail.example.com\","  \
    " \"from\": \"t@example.com\"}, \"hook\": {\"connector\": \"webhook\", \"url\": "              \
    "\"https://hook.example.com/in\"}}"
#define TOPIC(arn, value) "{" CONNECTORS ", \"topics\": {\"" arn "\": " value "}}"
#define PLAN(members)                                                                              \
    "\"resources\": {\"response_plans\": [{\"name\": \"p\", \"connectors\": [], "                  \
    "\"incidentTemplate\": {\"title\": \"t\", \"impact\": 3, " members "}]}"
#define TARGET(arn) "\"notificationTargets\": [{\"snsTopicArn\": \"" arn "\"}]}"
#define CHAT(arn) "\"summary\": \"s\"}, \"chatChannel\": {\"chatbotSns\": [\"" arn "\"]}"
#define GOOD "\"topics\": {\"" ARN "\": {\"connectors\": [\"hook\"]}}"

static void load(const char *text)
{
    FILE *f = fopen(file, "w");

    assert_non_null(f);
    fputs(text, f);
    assert_int_equal(fclose(f), 0);
    config = NULL;
    tcn_problems_init(&problems);
    tcn_problems_init(&warnings);
    tcn_config_load(file, "/var/lib/tocsin", &problems, &warnings, &config);
}

static void release(void)
{
    tcn_config_unref(config);
    tcn_problems_done(&problems);
    tcn_problems_done(&warnings);
}

static const struct {
    const char *name, *text, *told;
} mistakes[] = {
    {"no ARN", TOPIC("ops", "{\"connectors\": [\"hook\"]}"),
     "$.topics.ops: name a topic by the ARN of a topic"},
    {"no object", TOPIC(ARN, "[\"hook\"]"), "must be an object with \"connectors\""},
    {"another member", TOPIC(ARN, "{\"connectors\": [\"hook\"], \"conectors\": []}"),
     "\"conectors\" is not known here; did you mean \"connectors\"?"},
    {"no list", TOPIC(ARN, "{}"), "connectors: is missing"},
    {"nobody", TOPIC(ARN, "{\"connectors\": []}"), "connectors: name 1 to 8 connectors"},
    {"no text", TOPIC(ARN, "{\"connectors\": [1]}"), "connectors[0]: must be text"},
    {"twice", TOPIC(ARN, "{\"connectors\": [\"hook\", \"hook\"]}"),
     "connectors[1]: \"hook\" is there twice"},
    {"none of that name", TOPIC(ARN, "{\"connectors\": [\"hok\"]}"),
     "connectors[0]: \"hok\" is no connector under $.connectors; did you mean \"hook\"?"},
    {"one that pages persons", TOPIC(ARN, "{\"connectors\": [\"mail\"]}"),
     "connectors[0]: \"mail\" tells no topics; name a connector of the kind webhook"},
    {"a receiver that is to page persons",
     "{" CONNECTORS ", \"channels\": {\"EMAIL\": {\"connector\": \"hook\"}}}",
     "$.channels.EMAIL.connector: \"hook\" sends no EMAIL; name a connector of the kind smtp"},
};

static void mistakes_are_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
        load(mistakes[i].text);
        if (config || problems.n != 1 || !strstr(problems.text.ptr, mistakes[i].told))
            fail_msg("%s: %zu problems\n%s", mistakes[i].name, problems.n, problems.text.ptr);
        release();
    }
}

static void what_is_there(void **state)
{
    const struct tcn_topic *topic;

    (void)state;
    load("{" CONNECTORS ", " GOOD "}");
    assert_non_null(config);
    topic = tcn_topic_named(&config->declared.topics, ARN);
    assert_non_null(topic);
    assert_int_equal(topic->n_connectors, 1);
    assert_string_equal(topic->connectors[0], "hook");
    assert_null(tcn_topic_named(&config->declared.topics, OTHER));
    assert_null(tcn_topic_named(NULL, ARN));
    release();
}

static const struct {
    const char *messages, *told; /* NULL: nothing */
} bodies[] = {
    {"\"notification\": {\"body\": {\"path\": \"event.envelope\"}}", NULL},
    {"\"notification\": {\"body\": {\"path\": \"event.envelope.detail.modifiedAttributes\"}}",
     NULL},
    {"\"notification\": {\"body\": {\"text\": \"{{event.text}}\"}}", NULL},
    {"\"page\": {\"body\": {\"text\": \"{{env.title}}\"}}",
     "connectors[0]: the mapping own of \"own\" has no message \"notification\""},
    {"\"notification\": {\"text\": \"{{event.text}}\"}",
     "connectors[0]: the message \"notification\" of the mapping own cannot be sent by \"own\": "
     "the "
     "message has no body, which is an object or an array"},
    {"\"notification\": {\"body\": \"{{event.text}}\"}", "the message has no body"},
};

static void write_mapping(const char *path, const char *messages)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    fprintf(f,
            "{\"mapping\": 1, \"kind\": \"connector\", \"name\": \"own\", \"driver\": \"webhook\", "
            "\"messages\": {%s}}",
            messages);
    assert_int_equal(fclose(f), 0);
}

static const struct {
    const char *options, *url, *told; /* NULL: nothing */
} secret_urls[] = {
    {"\"secret_url\": {\"env\": \"TOPICS_URL\"}", "https://chat.example.com/in/c4nary?key=c4nary",
     NULL},
    {"\"secret_url\": {\"env\": \"TOPICS_URL\"}", "c4nary",
     "$.connectors.hook.secret_url: what it refers to: "},
    {"\"secret_url\": {\"env\": \"TOPICS_URL\"}", "smtps://chat.example.com/c4nary",
     "$.connectors.hook.secret_url: what it refers to must begin with https://"},
    {"\"secret_url\": {\"env\": \"TOPICS_URL\"}, \"url\": \"https://h.example/in\"",
     "https://h.example/c4nary",
     "$.connectors.hook.secret_url: stands beside \"url\"; take one of them out"},
    {"\"concurrency\": 1", "https://h.example/c4nary",
     "option \"url\" is missing; add it: where messages are posted, https://HOST/PATH; or "
     "\"secret_url\""},
};

/* Exactly one of the two; and nobody reads what is in it. */
static void urls_that_are_secret(void **state)
{
    char text[800];

    (void)state;
    for (size_t i = 0; i < sizeof secret_urls / sizeof *secret_urls; i++) {
        setenv("TOPICS_URL", secret_urls[i].url, 1);
        snprintf(text, sizeof text,
                 "{\"connectors\": {\"hook\": {\"connector\": \"webhook\", %s}}, "
                 "\"topics\": {\"" ARN "\": {\"connectors\": [\"hook\"]}}}",
                 secret_urls[i].options);
        load(text);
        if (!secret_urls[i].told
                ? !config
                : problems.n != 1 || !strstr(problems.text.ptr, secret_urls[i].told))
            fail_msg("%zu: %zu problems\n%s", i, problems.n, problems.text.ptr);
        if (problems.n > 0 && strstr(problems.text.ptr, "c4nary"))
            fail_msg("%zu: %s", i, problems.text.ptr);
        release();
    }
}

/* What could never be told is a mistake of the file, not of every event. */
static void bodies_that_cannot_be_sent(void **state)
{
    char mapping[80], text[800];

    (void)state;
    snprintf(mapping, sizeof mapping, "%s.mapping.json", file);
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        write_mapping(mapping, bodies[i].messages);
        snprintf(text, sizeof text,
                 "{\"connectors\": {\"own\": {\"connector\": \"webhook\", \"mapping\": \"%s\", "
                 "\"url\": \"https://hook.example.com/in\"}}, "
                 "\"topics\": {\"" ARN "\": {\"connectors\": [\"own\"]}}}",
                 mapping);
        load(text);
        if (!bodies[i].told ? !config
                            : problems.n != 1 || !strstr(problems.text.ptr, bodies[i].told))
            fail_msg("%zu: %zu problems\n%s", i, problems.n, problems.text.ptr);
        release();
    }
    unlink(mapping);
}

static const struct {
    const char *text, *told; /* NULL: nothing */
} plans[] = {
    {"{" CONNECTORS ", " GOOD ", " PLAN(TARGET(ARN)) "}", NULL},
    {"{" CONNECTORS ", " GOOD ", " PLAN(CHAT(ARN)) "}", NULL},
    {"{" CONNECTORS ", " GOOD ", " PLAN(TARGET(OTHER)) "}",
     "incidentTemplate.notificationTargets[0]: warning: $.topics has no \"" OTHER "\""},
    {"{" CONNECTORS ", " GOOD ", " PLAN(CHAT(OTHER)) "}",
     "chatChannel.chatbotSns[0]: warning: $.topics has no \"" OTHER "\""},
    {"{" PLAN(TARGET(ARN)) "}", "notificationTargets[0]: warning: $.topics has no"},
};

/* Plans that are imported name topics that nobody has here: that is told, and no mistake. */
static void topics_of_plans(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof plans / sizeof *plans; i++) {
        const char *told;

        load(plans[i].text);
        if (!config)
            fail_msg("%zu: %s", i, problems.text.ptr);
        told = strstr(warnings.text.ptr, "$.topics has no");
        if (!plans[i].told == (strstr(warnings.text.ptr, "learns of its incidents") != NULL))
            fail_msg("%zu: who learns of them: %s", i, warnings.text.ptr);
        if (!plans[i].told != !told || (told && !strstr(warnings.text.ptr, plans[i].told)))
            fail_msg("%zu: %s", i, warnings.text.ptr);
        release();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(mistakes_are_told, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_there, setup, teardown),
        cmocka_unit_test_setup_teardown(topics_of_plans, setup, teardown),
        cmocka_unit_test_setup_teardown(bodies_that_cannot_be_sent, setup, teardown),
        cmocka_unit_test_setup_teardown(urls_that_are_secret, setup, teardown),
    };

    return cmocka_run_group_tests_name("config_topics", tests, NULL, NULL);
}
