/* Plans that reach nobody: a mistake where a source relies on them, a warning elsewhere; and none that is invented. */
#include "app/resources.h"
#include "app/resources_reach.h"

#include <setjmp.h>
#include <stdarg.h>
// clang-format off
#include <cmocka.h>
// clang-format on

#define CHANNEL(id) "{\"ChannelTargetInfo\":{\"ContactChannelId\":\"" id "\"}}"
#define PERSON(alias, stages)                                                                      \
    "{\"Alias\":\"" alias "\",\"Type\":\"PERSONAL\",\"Plan\":{\"Stages\":[" stages "]}}"
#define TEAM(stages)                                                                               \
    "{\"Alias\":\"team\",\"Type\":\"ESCALATION\",\"Plan\":{\"Stages\":[" stages "]}}"
#define STAGE(targets) "{\"DurationInMinutes\":5,\"Targets\":[" targets "]}"
#define CONTACT(alias) "{\"ContactTargetInfo\":{\"ContactId\":\"" alias "\",\"IsEssential\":true}}"
#define MAIL(name, more)                                                                           \
    "{\"ContactId\":\"alice\",\"Name\":\"" name "\",\"Type\":\"EMAIL\",\"DeliveryAddress\":"       \
    "{\"SimpleAddress\":\"a@example.com\"}" more "}"
#define PLAN(name, title, lists)                                                                   \
    "{\"name\":\"" name "\",\"incidentTemplate\":{\"title\":\"" title "\",\"impact\":3}" lists "}"
#define ALL(contacts, channels, plans)                                                             \
    "{\"contacts\":[" contacts "],\n\"contact_channels\":[" channels                               \
    "],\n\"response_plans\":[" plans "]}"
#define ALICE PERSON("alice", STAGE(CHANNEL("mail")))
#define TO_ALICE ",\"engagements\":[\"alice\"]"
#define TO_TEAM ",\"engagements\":[\"team\"]"
#define USED(lists) PLAN("used", "T", lists)
#define SPARE(lists) PLAN("spare", "T", lists)

static const struct reach_case {
    const char *name, *text;
    const char *problem, *warning; /* NULL: none */
} cases[] = {
    {"a person with a channel", ALL(ALICE, MAIL("mail", ""), USED(TO_ALICE)), NULL, NULL},
    {"a person without stages", ALL(PERSON("alice", ""), "", USED(TO_ALICE)),
     "t.json:1: $.contacts[0].Plan.Stages: pages nobody: no stage has a target, and source "
     "\"prom\" relies on it; add {",
     NULL},
    {"stages that only wait", ALL(PERSON("alice", STAGE("")), "", USED(TO_ALICE)),
     "$.contacts[0].Plan.Stages: pages nobody", NULL},
    {"that nobody engages", ALL(PERSON("alice", ""), "", SPARE(TO_ALICE)), NULL,
     "t.json:1: $.contacts[0].Plan.Stages: warning: pages nobody: no stage has a target; add {"},
    {"channels that wait for their codes",
     ALL(ALICE, MAIL("mail", ",\"DeferActivation\":true"), USED(TO_ALICE)), NULL,
     "warning: pages nobody until one of its channels is activated by the code"},
    {"one of two channels",
     ALL(PERSON("alice", STAGE(CHANNEL("mail") "," CHANNEL("late"))),
         MAIL("mail", "") "," MAIL("late", ",\"DeferActivation\":true"), USED(TO_ALICE)),
     NULL, NULL},
    {"an escalation plan without stages", ALL(ALICE "," TEAM(""), MAIL("mail", ""), USED(TO_TEAM)),
     "$.contacts[1].Plan.Stages: pages nobody", NULL},
    {"a person in an escalation plan",
     ALL(PERSON("alice", "") "," TEAM(STAGE(CONTACT("alice"))), "", USED(TO_TEAM)),
     "$.contacts[0].Plan.Stages: pages nobody", NULL},
    {"a schedule without rotations",
     ALL("{\"Alias\":\"team\",\"Type\":\"ONCALL_SCHEDULE\",\"Plan\":{\"RotationIds\":[]}}", "",
         USED(TO_TEAM)),
     "t.json:1: $.contacts[0].Plan.RotationIds: puts nobody on call: it has no rotation, and "
     "source "
     "\"prom\" relies on it; name one of",
     NULL},
    {"an escalation plan that nobody engages",
     ALL(ALICE "," TEAM(""), MAIL("mail", ""), USED(TO_ALICE)), NULL,
     "$.contacts[1].Plan.Stages: warning: pages nobody"},
    {"a response plan without anybody", ALL("", "", USED(",\n\"engagements\":[]")),
     "t.json:4: $.response_plans[0].engagements: nobody learns of its incidents, and source "
     "\"prom\" relies on it; name a contact to engage, or a connector",
     NULL},
    {"the same that nothing uses", ALL("", "", SPARE("")), NULL,
     "t.json:3: $.response_plans[0]: warning: nobody learns of its incidents; name a contact"},
    {"tickets are enough", ALL("", "", USED(",\"connectors\":[\"jira\"]")), NULL, NULL},
    {"no title", ALL(ALICE, MAIL("mail", ""), PLAN("used", " ", TO_ALICE)), NULL,
     "$.response_plans[0].incidentTemplate.title: warning: is empty"},
    {"a target of the wrong kind is one mistake",
     ALL(PERSON("alice", STAGE(CONTACT("bob"))), "", USED(TO_ALICE)),
     "$.contacts[0].Plan.Stages[0].Targets[0].ContactTargetInfo: ", NULL},
    {"a channel that is not there is one mistake", ALL(ALICE, "", USED(TO_ALICE)),
     "ContactChannelId: \"mail\" is no channel of alice", NULL},
    {"targets that are no list are one mistake",
     ALL(PERSON("alice", "{\"DurationInMinutes\":5,\"Targets\":{}}"), "", USED(TO_ALICE)),
     "Targets: must be an array", NULL},
    {"a plan without stages has none",
     ALL("{\"Alias\":\"alice\",\"Type\":\"PERSONAL\",\"Plan\":{}}", "", USED(TO_ALICE)),
     "$.contacts[0].Plan.Stages: pages nobody", NULL},
    {"the same that nothing relies on",
     ALL("{\"Alias\":\"alice\",\"Type\":\"PERSONAL\",\"Plan\":{}}", "", ""), NULL,
     "$.contacts[0].Plan.Stages: warning: pages nobody"},
    {"a schedule without rotations has none",
     ALL("{\"Alias\":\"alice\",\"Type\":\"ONCALL_SCHEDULE\",\"Plan\":{}}", "", USED(TO_ALICE)),
     "$.contacts[0].Plan.RotationIds: puts nobody on call", NULL},
    {"no plan is one mistake",
     ALL("{\"Alias\":\"alice\",\"Type\":\"PERSONAL\"}", "", USED(TO_ALICE)),
     "$.contacts[0].Plan: is missing", NULL},
    {"stages that are no list are one mistake",
     ALL("{\"Alias\":\"alice\",\"Type\":\"PERSONAL\",\"Plan\":{\"Stages\":{}}}", "",
         USED(TO_ALICE)),
     "$.contacts[0].Plan.Stages: must be an array", NULL},
    {"rotations of a person are one mistake",
     ALL("{\"Alias\":\"alice\",\"Type\":\"PERSONAL\",\"Plan\":{\"RotationIds\":[],"
         "\"Stages\":[" STAGE(CHANNEL("mail")) "]}}",
         MAIL("mail", ""), USED(TO_ALICE)),
     "$.contacts[0].Plan.RotationIds: ", NULL},
    {"an engagement of nobody is one mistake", ALL("", "", USED(TO_ALICE)),
     "engagements[0]: \"alice\" is no contact", NULL},
};

static const struct reach_case with_readers[] = {
    {"a response plan that readers of the API see", ALL("", "", USED("")), NULL,
     "$.response_plans[0]: warning: only who asks the API learns of its incidents"},
    {"readers of the API are no pages", ALL(PERSON("alice", ""), "", USED(TO_ALICE)),
     "$.contacts[0].Plan.Stages: pages nobody", NULL},
};

static void expect(const char *name, const struct tcn_problems *list, const char *want)
{
    if (list->n != (want ? 1 : 0) || (want && !strstr(list->text.ptr, want)))
        fail_msg("%s: wanted %s, told is:\n%s", name, want ? want : "nothing",
                 tcn_buf_view(&list->text).ptr);
}

static void check(const struct reach_case *c, bool has_readers)
{
    static const char *const with_tickets[] = {"jira", NULL}, *const without[] = {NULL};
    static const struct tcn_connector_names connectors = {with_tickets, without, without, without};
    static const struct tcn_source_policy prom = {.name = "prom", .response_plan = "used"};
    static const struct tcn_source_policy *const policies[] = {&prom, NULL};
    struct tcn_problems problems, warnings;
    struct tcn_directory dir = {0};
    struct tcn_arena arena;
    struct tcn_doc doc;
    struct tcn_node root;
    int r;

    tcn_arena_init(&arena, 64u << 20);
    tcn_problems_init(&problems);
    tcn_problems_init(&warnings);
    assert_int_equal(tcn_doc_parse(&doc, "t.json", tcn_str(c->text), &problems), 0);
    doc.warnings = &warnings;
    root = tcn_node_root(&doc);
    r = tcn_resources_read(&root, &connectors, &arena, &dir);
    r |= tcn_resources_reach(&root, &dir, policies, has_readers);
    assert_int_equal(r, c->problem ? TCN_EINVALID : 0);
    expect(c->name, &problems, c->problem);
    expect(c->name, &warnings, c->warning);
    tcn_doc_done(&doc);
    tcn_problems_done(&problems);
    tcn_problems_done(&warnings);
    tcn_arena_done(&arena);
}

static void every_case(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check(&cases[i], false);
    for (size_t i = 0; i < sizeof with_readers / sizeof *with_readers; i++)
        check(&with_readers[i], true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_case)};

    return cmocka_run_group_tests_name("resources_reach", tests, NULL, NULL);
}
