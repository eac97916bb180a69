/* Repetitions that never come, and persons who are paged twice at once: a warning each, and none that is invented. */
#include "app/resources.h"
#include "app/resources_doubt.h"

#include <setjmp.h>
#include <stdarg.h>
// clang-format off
#include <cmocka.h>
// clang-format on

#define PERSON(alias, minutes, retry)                                                              \
    "{\"Alias\":\"" alias "\",\"Type\":\"PERSONAL\",\"Plan\":{\"Stages\":["                        \
    "{\"DurationInMinutes\":" minutes                                                              \
    ",\"Targets\":[{\"ChannelTargetInfo\":{\"ContactChannelId\":"                                  \
    "\"mail\",\"RetryIntervalInMinutes\":" retry "}}]}]}}"
#define MAIL(alias)                                                                                \
    "{\"ContactId\":\"" alias "\",\"Name\":\"mail\",\"Type\":\"EMAIL\",\"DeliveryAddress\":"       \
    "{\"SimpleAddress\":\"a@example.com\"}}"
#define STAGE(minutes, targets) "{\"DurationInMinutes\":" minutes ",\"Targets\":[" targets "]}"
#define WHO(alias) "{\"ContactTargetInfo\":{\"ContactId\":\"" alias "\",\"IsEssential\":true}}"
#define TEAM(alias, stages)                                                                        \
    "{\"Alias\":\"" alias "\",\"Type\":\"ESCALATION\",\"Plan\":{\"Stages\":[" stages "]}}"
#define ALL(contacts, engagements)                                                                 \
    "{\"contacts\":[" contacts "],\n\"contact_channels\":[" MAIL("ann") "," MAIL(                  \
        "bob") "],\n\"response_plans\":[{\"name\":\"p\",\"incidentTemplate\":{\"title\":\"t\","    \
               "\"impact\":3},\"engagements\":[" engagements "]}]}"
#define ANN PERSON("ann", "10", "5")
#define BOB PERSON("bob", "10", "5")
#define BOTH ANN "," BOB ","

static const struct {
    const char *name, *text, *warning; /* NULL: none */
} cases[] = {
    {"repeated in its stage", ALL(PERSON("ann", "10", "9") "," BOB, "\"ann\""), NULL},
    {"not repeated at all", ALL(PERSON("ann", "10", "0") "," BOB, "\"ann\""), NULL},
    {"as long as the stage", ALL(PERSON("ann", "10", "10") "," BOB, "\"ann\""),
     "t.json:1: $.contacts[0].Plan.Stages[0].Targets[0].ChannelTargetInfo.RetryIntervalInMinutes: "
     "warning: nothing is sent again within the 10 minutes of the stage"},
    {"longer than the stage", ALL(PERSON("ann", "5", "60") "," BOB, "\"ann\""),
     "within the 5 minutes of the stage"},
    {"two persons", ALL(ANN "," BOB, "\"ann\",\"bob\""), NULL},
    {"a person, and first in an escalation plan",
     ALL(BOTH TEAM("esc", STAGE("5", WHO("ann"))), "\"ann\",\"esc\""),
     "t.json:3: $.response_plans[0].engagements[1]: warning: pages \"ann\" at once, as \"ann\" "
     "does"},
    {"the other way round", ALL(BOTH TEAM("esc", STAGE("5", WHO("ann"))), "\"esc\",\"ann\""),
     "engagements[1]: warning: pages \"ann\" at once, as \"esc\" does"},
    {"two escalation plans",
     ALL(BOTH TEAM("one", STAGE("5", WHO("ann"))) "," TEAM("two",
                                                           STAGE("5", WHO("bob") "," WHO("ann"))),
         "\"one\",\"two\""),
     "engagements[1]: warning: pages \"ann\" at once, as \"one\" does"},
    {"a stage that does not wait",
     ALL(BOTH TEAM("esc", STAGE("0", WHO("bob")) "," STAGE("5", WHO("ann"))), "\"ann\",\"esc\""),
     "pages \"ann\" at once"},
    {"later in an escalation plan",
     ALL(BOTH TEAM("esc", STAGE("5", WHO("bob")) "," STAGE("5", WHO("ann"))), "\"ann\",\"esc\""),
     NULL},
    {"an escalation plan alone", ALL(BOTH TEAM("esc", STAGE("5", WHO("ann"))), "\"esc\",\"bob\""),
     NULL},
};

static void every_case(void **state)
{
    static const char *const none[] = {NULL};
    static const struct tcn_connector_names connectors = {none, none, none, none};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *want = cases[i].warning;
        struct tcn_problems problems, warnings;
        struct tcn_directory dir = {0};
        struct tcn_arena arena;
        struct tcn_doc doc;
        struct tcn_node root;

        tcn_arena_init(&arena, 64u << 20);
        tcn_problems_init(&problems);
        tcn_problems_init(&warnings);
        assert_int_equal(tcn_doc_parse(&doc, "t.json", tcn_str(cases[i].text), &problems), 0);
        doc.warnings = &warnings;
        root = tcn_node_root(&doc);
        if (tcn_resources_read(&root, &connectors, &arena, &dir) < 0)
            fail_msg("%s: %s", cases[i].name, problems.text.ptr);
        tcn_resources_doubt(&root, &dir);
        if (warnings.n != (want ? 1 : 0) || (want && !strstr(warnings.text.ptr, want)))
            fail_msg("%s: %zu\n%s", cases[i].name, warnings.n, tcn_buf_view(&warnings.text).ptr);
        tcn_doc_done(&doc);
        tcn_problems_done(&problems);
        tcn_problems_done(&warnings);
        tcn_arena_done(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_case)};

    return cmocka_run_group_tests_name("resources_doubt", tests, NULL, NULL);
}
