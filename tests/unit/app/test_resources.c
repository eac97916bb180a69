#include "resources_world.h"

static void read_text(struct resources *f, const char *text)
{
    static const char *const with_tickets[] = {"snow", "jira", NULL},
                             *const without[] = {"mail", "hook", NULL},
                             *const unknown[] = {"broken", NULL},
                             *const of_topics[] = {"hook", NULL};
    static const struct tcn_connector_names connectors = {with_tickets, without, unknown,
                                                          of_topics};

    read_resources(f, text, &connectors);
}

#define ALICE                                                                                      \
    "{\"Alias\":\"alice\",\"Type\":\"PERSONAL\",\"Plan\":{\"Stages\":[{\"DurationInMinutes\":5,"   \
    "\"Targets\":[{\"ChannelTargetInfo\":{\"ContactChannelId\":\"mail\","                          \
    "\"RetryIntervalInMinutes\":1}}]}]}}"
#define ALICE_MAIL                                                                                 \
    "{\"ContactId\":\"alice\",\"Name\":\"mail\",\"Type\":\"EMAIL\",\"DeliveryAddress\":"           \
    "{\"SimpleAddress\":\"alice@example.com\"}}"

#define ARN "arn:aws:sns:eu-central-1:123456789012:ops"
#define OPS "{\"snsTopicArn\":\"" ARN "\"}"
#define WITH_TARGETS(targets)                                                                      \
    "{\"response_plans\":[{\"name\":\"p\",\"incidentTemplate\":{\"title\":\"t\",\"impact\":1,"     \
    "\"notificationTargets\":[" targets "]}}]}"
#define WITH_CHAT(chat)                                                                            \
    "{\"response_plans\":[{\"name\":\"p\",\"incidentTemplate\":{\"title\":\"t\",\"impact\":1},"    \
    "\"chatChannel\":" chat "}]}"

static void test_reads_topics(void **state)
{
    struct resources f;

    (void)state;
    read_text(&f, WITH_TARGETS(OPS "," OPS));
    assert_int_equal(f.r, 0);
    assert_int_equal(f.dir.plans[0].notification_targets.n, 2);
    assert_string_equal(f.dir.plans[0].notification_targets.arns[1], ARN);
    assert_int_equal(f.dir.plans[0].chat_channel.n, 0);
    release_resources(&f);
    read_text(&f, WITH_CHAT("{\"chatbotSns\":[\"" ARN "\"]}"));
    assert_int_equal(f.r, 0);
    assert_string_equal(f.dir.plans[0].chat_channel.arns[0], ARN);
    assert_int_equal(f.dir.plans[0].chat_channel.n, 1);
    release_resources(&f);
    read_text(&f, WITH_CHAT("{\"empty\":{}}"));
    assert_int_equal(f.r, 0);
    assert_int_equal(f.dir.plans[0].chat_channel.n, 0);
    release_resources(&f);
}

static void test_reads_everything(void **state)
{
    struct resources f;
    const struct tcn_contact *alice, *team;
    const struct tcn_response_plan *plan;

    (void)state;
    read_text(&f, "{\"contacts\":[" ALICE
                  ",{\"Alias\":\"team\",\"Type\":\"ESCALATION\",\"Plan\":{\"Stages\":["
                  "{\"DurationInMinutes\":10,\"Targets\":[{\"ContactTargetInfo\":{\"ContactId\":"
                  "\"alice\",\"IsEssential\":true}}]}]}}],"
                  "\"contact_channels\":[" ALICE_MAIL "],"
                  "\"response_plans\":[{\"name\":\"Critical\",\"incidentTemplate\":{\"title\":"
                  "\"t\",\"impact\":2,\"incidentTags\":{\"team\":\"web\"}},\"engagements\":["
                  "\"team\"],\"connectors\":[\"snow\"]}]}");
    assert_string_equal(f.problems.text.ptr, "");
    assert_int_equal(f.r, 0);
    alice = tcn_directory_contact(&f.dir, "alice");
    team = tcn_directory_contact(&f.dir, "team");
    plan = tcn_directory_plan(&f.dir, "Critical");
    assert_non_null(alice);
    assert_non_null(team);
    assert_non_null(plan);
    assert_int_equal(alice->plan.stages[0].duration_ms, 300000);
    assert_int_equal(alice->plan.stages[0].targets[0].retry_ms, 60000);
    assert_string_equal(alice->channels[0].address, "alice@example.com");
    assert_true(alice->channels[0].is_activated);
    assert_true(team->plan.stages[0].targets[0].is_essential);
    assert_int_equal(plan->impact, 2);
    assert_string_equal(plan->tags[0].value, "web");
    assert_string_equal(plan->connectors[0], "snow");
    release_resources(&f);
}

#define WITH_BUDGET(type, budget)                                                                  \
    "{\"contacts\":[{\"Alias\":\"ann\",\"Type\":\"" type "\",\"PageBudget\":" budget               \
    ",\"Plan\":{\"Stages\":[]}}]}"

static void test_page_budgets(void **state)
{
    static const char *const wrong[][2] = {
        {WITH_BUDGET("PERSONAL", "5"), "$.contacts[0].PageBudget: "},
        {WITH_BUDGET("PERSONAL", "{}"), "$.contacts[0].PageBudget.Pages: is missing"},
        {WITH_BUDGET("PERSONAL", "{\"Pages\":0,\"PerMinutes\":10}"),
         "$.contacts[0].PageBudget.Pages: 0 is out of range; use 1 to 1000"},
        {WITH_BUDGET("PERSONAL", "{\"Pages\":1001,\"PerMinutes\":10}"),
         "$.contacts[0].PageBudget.Pages: 1001 is out of range"},
        {WITH_BUDGET("PERSONAL", "{\"Pages\":5,\"PerMinutes\":1441}"),
         "$.contacts[0].PageBudget.PerMinutes: 1441 is out of range; use 1 to 1440"},
        {WITH_BUDGET("PERSONAL", "{\"Pages\":5,\"PerMinute\":10}"),
         "$.contacts[0].PageBudget.PerMinute: "},
        {WITH_BUDGET("ESCALATION", "{\"Pages\":5,\"PerMinutes\":10}"),
         "$.contacts[0].PageBudget: only persons are paged"},
    };
    struct resources f;

    (void)state;
    read_text(&f, WITH_BUDGET("PERSONAL", "{\"Pages\":5,\"PerMinutes\":10}"));
    assert_int_equal(f.r, 0);
    assert_int_equal(f.dir.contacts[0].budget.pages, 5);
    assert_int_equal(f.dir.contacts[0].budget.per_ms, 600000);
    release_resources(&f);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        read_text(&f, wrong[i][0]);
        assert_true(f.r < 0);
        if (!strstr(f.problems.text.ptr, wrong[i][1]))
            fail_msg("%s: %s", wrong[i][0], f.problems.text.ptr);
        release_resources(&f);
    }
}

/* Who is engaged and stands in an engaged plan, or in two stages of one, is named twice for a reason. */
static void test_a_person_may_be_engaged_in_several_ways(void **state)
{
    struct resources f;

    (void)state;
    read_text(&f, "{\"contacts\":[" ALICE
                  ",{\"Alias\":\"team\",\"Type\":\"ESCALATION\",\"Plan\":{\"Stages\":["
                  "{\"DurationInMinutes\":1,\"Targets\":[{\"ContactTargetInfo\":{\"ContactId\":"
                  "\"alice\",\"IsEssential\":true}}]},"
                  "{\"DurationInMinutes\":1,\"Targets\":[{\"ContactTargetInfo\":{\"ContactId\":"
                  "\"alice\",\"IsEssential\":true}}]}]}}],"
                  "\"contact_channels\":[" ALICE_MAIL "],"
                  "\"response_plans\":[{\"name\":\"p\",\"incidentTemplate\":{\"title\":\"t\","
                  "\"impact\":1},\"engagements\":[\"alice\",\"team\"]}]}");
    assert_string_equal(f.problems.text.ptr, "");
    assert_int_equal(f.r, 0);
    release_resources(&f);
}

/* One mistake is one line, at its own place: it hides no other one and invents none. */
static const struct {
    const char *name, *text, *want;
} mistakes[] = {
    {"typo in a member", "{\"contact\":[]}",
     "$.contact: \"contact\" is not known here; did you mean \"contacts\"?"},
    {"alias in capitals",
     "{\"contacts\":[{\"Alias\":\"Al\",\"Type\":\"PERSONAL\",\"Plan\":{\"Stages\":[]}}]}",
     "$.contacts[0].Alias: Alias \"Al\": use 1-255 of a-z"},
    {"a time zone, which no text has a use for",
     "{\"contacts\":[{\"Alias\":\"a\",\"Type\":\"PERSONAL\",\"TimeZone\":\"Mars/Base\",\"Plan\":{"
     "\"Stages\":[]}}]}",
     "$.contacts[0].TimeZone: \"TimeZone\" is not known here"},
    {"alias twice",
     "{\"contacts\":[{\"Alias\":\"a\",\"Type\":\"PERSONAL\",\"Plan\":{\"Stages\":[]}},{\"Alias\":"
     "\"a\",\"Type\":\"PERSONAL\",\"Plan\":{\"Stages\":[]}}]}",
     "$.contacts[1].Alias: \"a\" is used twice, first on line 1; rename one"},
    {"contacts that are no list",
     "{\"contacts\":{},\"response_plans\":[{\"name\":\"p\",\"incidentTemplate\":{\"title\":\"t\","
     "\"impact\":1},\"engagements\":[\"bob\"]}]}",
     "$.contacts: must be an array, not an object"},
    {"a contact that is no object", "{\"contacts\":[\"alice\"]}",
     "$.contacts[0]: must be an object, not text"},
    {"unknown type",
     "{\"contacts\":[{\"Alias\":\"a\",\"Type\":\"PERSNAL\",\"Plan\":{\"Stages\":[{\"Targets\":[{"
     "\"ChannelTargetInfo\":{\"ContactChannelId\":\"mail\"}}]}]}}],\"contact_channels\":[{"
     "\"ContactId\":\"a\",\"Name\":\"mail\",\"Type\":\"EMAIL\",\"DeliveryAddress\":{"
     "\"SimpleAddress\":\"a@b\"}}]}",
     "$.contacts[0].Type: \"PERSNAL\" is not one of the choices; did you mean \"PERSONAL\"?"},
    {"no type",
     "{\"contacts\":[{\"Alias\":\"a\",\"Plan\":{\"Stages\":[{\"Targets\":[{\"ChannelTargetInfo\":{"
     "\"ContactChannelId\":\"mail\"}}]}]}}],\"contact_channels\":[{\"ContactId\":\"a\",\"Name\":"
     "\"mail\",\"Type\":\"EMAIL\",\"DeliveryAddress\":{\"SimpleAddress\":\"a@b\"}}]}",
     "$.contacts[0].Type: is missing; add it"},
    {"type of another kind",
     "{\"contacts\":[{\"Alias\":\"a\",\"Type\":1,\"Plan\":{\"Stages\":[{\"Targets\":[{"
     "\"ChannelTargetInfo\":{\"ContactChannelId\":\"mail\"}}]}]}}],\"contact_channels\":[{"
     "\"ContactId\":\"a\",\"Name\":\"mail\",\"Type\":\"EMAIL\",\"DeliveryAddress\":{"
     "\"SimpleAddress\":\"a@b\"}}]}",
     "$.contacts[0].Type: must be text in double quotes, not a number"},
    {"unknown type of an engaged plan",
     "{\"contacts\":[{\"Alias\":\"a\",\"Type\":\"ESCALATON\",\"Plan\":{\"Stages\":[{\"Targets\":[{"
     "\"ContactTargetInfo\":{\"ContactId\":\"b\",\"IsEssential\":true}}]}]}},{\"Alias\":\"b\","
     "\"Type\":\"PERSONAL\",\"Plan\":{\"Stages\":[]}}],\"response_plans\":[{\"name\":\"p\","
     "\"incidentTemplate\":{\"title\":\"t\",\"impact\":1},\"engagements\":[\"a\"]}]}",
     "$.contacts[0].Type: \"ESCALATON\" is not one of the choices; did you mean \"ESCALATION\"?"},
    {"misspelt alias",
     "{\"contacts\":[{\"Alais\":\"a\",\"Type\":\"PERSONAL\",\"Plan\":{\"Stages\":[]}}],\"response_"
     "plans\":[{\"name\":\"p\",\"incidentTemplate\":{\"title\":\"t\",\"impact\":1},\"engagements\":"
     "[\"a\"]}]}",
     "$.contacts[0].Alais: \"Alais\" is not known here; did you mean \"Alias\"?"},
    {"channel target in an escalation plan",
     "{\"contacts\":[{\"Alias\":\"a\",\"Type\":\"ESCALATION\",\"Plan\":{\"Stages\":[{\"Targets\":[{"
     "\"ChannelTargetInfo\":{\"ContactChannelId\":\"x\"}}]}]}}]}",
     "$.contacts[0].Plan.Stages[0].Targets[0].ChannelTargetInfo: an escalation plan engages "
     "contacts"},
    {"contact target in a person's plan",
     "{\"contacts\":[{\"Alias\":\"a\",\"Type\":\"PERSONAL\",\"Plan\":{\"Stages\":[{\"Targets\":[{"
     "\"ContactTargetInfo\":{\"ContactId\":\"x\",\"IsEssential\":true}}]}]}}]}",
     "$.contacts[0].Plan.Stages[0].Targets[0].ContactTargetInfo: a person's plan engages channels"},
    {"target misspelt",
     "{\"contacts\":[{\"Alias\":\"a\",\"Type\":\"PERSONAL\",\"Plan\":{\"Stages\":[{\"Targets\":[{"
     "\"ChanelTargetInfo\":{\"ContactChannelId\":\"mail\"}}]}]}}],\"contact_channels\":[{"
     "\"ContactId\":\"a\",\"Name\":\"mail\",\"Type\":\"EMAIL\",\"DeliveryAddress\":{"
     "\"SimpleAddress\":\"a@b\"}}]}",
     "$.contacts[0].Plan.Stages[0].Targets[0].ChanelTargetInfo: \"ChanelTargetInfo\" is not known "
     "here"},
    {"stage that neither waits nor engages",
     "{\"contacts\":[{\"Alias\":\"a\",\"Type\":\"PERSONAL\",\"Plan\":{\"Stages\":[{}]}}]}",
     "must wait"},
    {"too long a stage",
     "{\"contacts\":[{\"Alias\":\"a\",\"Type\":\"PERSONAL\",\"Plan\":{\"Stages\":[{"
     "\"DurationInMinutes\":31}]}}]}",
     "$.contacts[0].Plan.Stages[0].DurationInMinutes: 31 is out of range; use 0 to 30"},
    {"channel that does not exist", "{\"contacts\":[" ALICE "]}",
     "$.contacts[0].Plan.Stages[0].Targets[0].ChannelTargetInfo.ContactChannelId: \"mail\" is no "
     "channel of alice under $.resources.contact_channels; none is there yet: add it"},
    {"channel misspelt",
     "{\"contacts\":[{\"Alias\":\"a\",\"Type\":\"PERSONAL\",\"Plan\":{\"Stages\":[{\"Targets\":[{"
     "\"ChannelTargetInfo\":{\"ContactChannelId\":\"mial\"}}]}]}}],\"contact_channels\":[{"
     "\"ContactId\":\"a\",\"Name\":\"mail\",\"Type\":\"EMAIL\",\"DeliveryAddress\":{"
     "\"SimpleAddress\":\"a@b\"}}]}",
     "ContactChannelId: \"mial\" is no channel of a under $.resources.contact_channels; did you "
     "mean \"mail\"?"},
    {"channel of nobody", "{\"contact_channels\":[" ALICE_MAIL "]}",
     "$.contact_channels[0].ContactId: \"alice\" is no contact under $.resources.contacts; none is "
     "there yet: add it"},
    {"channel of a misspelt contact",
     "{\"contacts\":[" ALICE
     "],\"contact_channels\":[{\"ContactId\":\"alise\",\"Name\":\"mail\",\"Type\":\"EMAIL\","
     "\"DeliveryAddress\":{\"SimpleAddress\":\"a@b\"}}]}",
     "$.contact_channels[0].ContactId: \"alise\" is no contact under $.resources.contacts; did you "
     "mean \"alice\"?"},
    {"channel of unknown type",
     "{\"contacts\":[" ALICE "],\"contact_channels\":[{\"ContactId\":\"alice\",\"Name\":\"mail\","
     "\"Type\":\"MAIL\",\"DeliveryAddress\":{\"SimpleAddress\":\"a@b\"}}]}",
     "$.contact_channels[0].Type: \"MAIL\" is not one of the choices; did you mean \"EMAIL\"?"},
    {"no alias",
     "{\"contacts\":[{\"Type\":\"PERSONAL\",\"Plan\":{\"Stages\":[]}}],\"contact_channels\":"
     "[" ALICE_MAIL "],\"response_plans\":[{\"name\":\"p\",\"incidentTemplate\":{\"title\":\"t\","
     "\"impact\":1},\"engagements\":[\"alice\"]}]}",
     "$.contacts[0].Alias: is missing; add it"},
    {"no name of a channel",
     "{\"contacts\":[" ALICE "],\"contact_channels\":[{\"ContactId\":\"alice\",\"Type\":\"EMAIL\","
     "\"DeliveryAddress\":{\"SimpleAddress\":\"a@b\"}}]}",
     "$.contact_channels[0].Name: is missing; add it"},
    {"channel twice",
     "{\"contacts\":[" ALICE "],\"contact_channels\":[" ALICE_MAIL "," ALICE_MAIL "]}",
     "$.contact_channels[1].Name: alice has two channels named \"mail\"; rename one"},
    {"line break in an address",
     "{\"contacts\":[" ALICE
     "],\"contact_channels\":[{\"ContactId\":\"alice\",\"Name\":\"mail\",\"Type\":\"EMAIL\","
     "\"DeliveryAddress\":{\"SimpleAddress\":\"a@b\\r\\nBcc: c@d\"}}]}",
     "line breaks"},
    {"number without country",
     "{\"contacts\":[" ALICE
     "],\"contact_channels\":[{\"ContactId\":\"alice\",\"Name\":\"mail\",\"Type\":\"SMS\","
     "\"DeliveryAddress\":{\"SimpleAddress\":\"0301234\"}}]}",
     "SimpleAddress: \"0301234\": write telephone numbers as +COUNTRYNUMBER"},
    {"plan engages nobody known",
     "{\"response_plans\":[{\"name\":\"p\",\"incidentTemplate\":{\"title\":\"t\",\"impact\":1},"
     "\"engagements\":[\"bob\"]}]}",
     "$.response_plans[0].engagements[0]: \"bob\" is no contact under $.resources.contacts; none "
     "is there yet: add it"},
    {"the second of the engaged misspelt",
     "{\"contacts\":[" ALICE "],\"contact_channels\":[" ALICE_MAIL
     "],\"response_plans\":[{\"name\":\"p\",\"incidentTemplate\":{\"title\":\"t\",\"impact\":1},"
     "\"engagements\":[\"alice\",\"alise\"]}]}",
     "$.response_plans[0].engagements[1]: \"alise\" is no contact under $.resources.contacts; did "
     "you mean \"alice\"?"},
    {"engaged twice",
     "{\"contacts\":[" ALICE "],\"contact_channels\":[" ALICE_MAIL
     "],\"response_plans\":[{\"name\":\"p\",\"incidentTemplate\":{\"title\":\"t\",\"impact\":1},"
     "\"engagements\":[\"alice\",\"alice\"]}]}",
     "$.response_plans[0].engagements[1]: \"alice\" is there twice, first on line 1; "
     "take "
     "one out"},
    {"connector twice",
     "{\"response_plans\":[{\"name\":\"p\",\"incidentTemplate\":{\"title\":\"t\",\"impact\":1},"
     "\"connectors\":[\"jira\",\"snow\",\"jira\"]}]}",
     "$.response_plans[0].connectors[2]: \"jira\" is there twice, first on line 1; take "
     "one out"},
    {"channel twice in a stage",
     "{\"contacts\":[{\"Alias\":\"alice\",\"Type\":\"PERSONAL\",\"Plan\":{\"Stages\":[{\"Targets\":"
     "["
     "{\"ChannelTargetInfo\":{\"ContactChannelId\":\"mail\",\"RetryIntervalInMinutes\":1}},"
     "{\"ChannelTargetInfo\":{\"ContactChannelId\":\"mail\",\"RetryIntervalInMinutes\":2}}]}]}}],"
     "\"contact_channels\":[" ALICE_MAIL "]}",
     "$.contacts[0].Plan.Stages[0].Targets[1].ChannelTargetInfo.ContactChannelId: "
     "\"mail\" "
     "is there twice, first on line 1; take one out"},
    {"contact twice in a stage",
     "{\"contacts\":[" ALICE ",{\"Alias\":\"team\",\"Type\":\"ESCALATION\",\"Plan\":{\"Stages\":["
     "{\"Targets\":[{\"ContactTargetInfo\":{\"ContactId\":\"alice\",\"IsEssential\":true}},"
     "{\"ContactTargetInfo\":{\"ContactId\":\"alice\",\"IsEssential\":true}}]}]}}],"
     "\"contact_channels\":[" ALICE_MAIL "]}",
     "$.contacts[1].Plan.Stages[0].Targets[1].ContactTargetInfo.ContactId: \"alice\" is "
     "there twice, first on line 1; take one out"},
    {"connector misspelt",
     "{\"response_plans\":[{\"name\":\"p\",\"incidentTemplate\":{\"title\":\"t\",\"impact\":1},"
     "\"connectors\":[\"broken\",\"jria\"]}]}",
     "$.response_plans[0].connectors[1]: \"jria\" is no connector with tickets under $.connectors; "
     "did you mean "
     "\"jira\"? known are: snow, jira"},
    {"connector without tickets",
     "{\"response_plans\":[{\"name\":\"p\",\"incidentTemplate\":{\"title\":\"t\",\"impact\":1},"
     "\"connectors\":[\"jira\",\"mail\"]}]}",
     "$.response_plans[0].connectors[1]: \"mail\" has no tickets, it only sends; take it out here "
     "and name it in $.channels"},
    {"connector of topics",
     "{\"response_plans\":[{\"name\":\"p\",\"incidentTemplate\":{\"title\":\"t\",\"impact\":1},"
     "\"connectors\":[\"jira\",\"hook\"]}]}",
     "$.response_plans[0].connectors[1]: \"hook\" has no tickets, it only sends; take it out here "
     "and name it in $.topics"},
    {"plan twice",
     "{\"response_plans\":[{\"name\":\"p\",\"incidentTemplate\":{\"title\":\"t\",\"impact\":1}},{"
     "\"name\":\"p\",\"incidentTemplate\":{\"title\":\"t\",\"impact\":1}}]}",
     "$.response_plans[1].name: \"p\" is used twice, first on line 1; rename one"},
    {"impact out of range",
     "{\"response_plans\":[{\"name\":\"p\",\"incidentTemplate\":{\"title\":\"t\",\"impact\":6}}]}",
     "$.response_plans[0].incidentTemplate.impact: 6 is out of range"},
    {"more than ten targets",
     WITH_TARGETS(OPS "," OPS "," OPS "," OPS "," OPS "," OPS "," OPS "," OPS "," OPS "," OPS
                      "," OPS),
     "$.response_plans[0].incidentTemplate.notificationTargets: 11 topics; at most 10"},
    {"a target that is text", WITH_TARGETS("\"ops\""),
     "$.response_plans[0].incidentTemplate.notificationTargets[0]: must be {\"snsTopicArn\": ARN}"},
    {"a target with more than its topic", WITH_TARGETS("{\"snsTopicArn\":\"" ARN "\",\"a\":1}"),
     "notificationTargets[0]: must be {\"snsTopicArn\": ARN}"},
    {"a target that is no topic",
     WITH_TARGETS("{\"snsTopicArn\":\"arn:aws:sqs:a:123456789012:b\"}"),
     "notificationTargets[0]: \"arn:aws:sqs:a:123456789012:b\" is not the ARN of a topic"},
    {"no topic for chat", WITH_CHAT("{\"chatbotSns\":[]}"),
     "$.response_plans[0].chatChannel.chatbotSns: name 1 to 5 topics"},
    {"six topics for chat",
     WITH_CHAT("{\"chatbotSns\":[\"" ARN "\",\"" ARN "\",\"" ARN "\",\"" ARN "\",\"" ARN "\",\"" ARN
               "\"]}"),
     "chatbotSns: name 1 to 5 topics"},
    {"a topic for chat that is an object", WITH_CHAT("{\"chatbotSns\":[" OPS "]}"),
     "$.response_plans[0].chatChannel.chatbotSns[0]: must be text"},
    {"chat that is both", WITH_CHAT("{\"chatbotSns\":[\"" ARN "\"],\"empty\":{}}"),
     "$.response_plans[0].chatChannel: give exactly one of chatbotSns and empty"},
    {"chat that is nothing", WITH_CHAT("{}"), "$.response_plans[0].chatChannel: give exactly one"},
    {"chat misspelt", WITH_CHAT("{\"chatbotSNS\":[\"" ARN "\"]}"),
     "$.response_plans[0].chatChannel.chatbotSNS: \"chatbotSNS\" is not known here"},
    {"no template", "{\"response_plans\":[{\"name\":\"p\"}]}",
     "$.response_plans[0].incidentTemplate: is missing"},
    {"tag that is no text",
     "{\"response_plans\":[{\"name\":\"p\",\"incidentTemplate\":{\"title\":\"t\",\"impact\":1,"
     "\"incidentTags\":{\"team\":7}},\"engagements\":[]}]}",
     "$.response_plans[0].incidentTemplate.incidentTags.team: must be text"},
    {"escalation engages an escalation",
     "{\"contacts\":[{\"Alias\":\"a\",\"Type\":\"ESCALATION\",\"Plan\":{\"Stages\":[{\"Targets\":[{"
     "\"ContactTargetInfo\":{\"ContactId\":\"a\",\"IsEssential\":true}}]}]}}]}",
     "$.contacts[0].Plan.Stages[0].Targets[0].ContactTargetInfo.ContactId: \"a\" is another "
     "escalation plan"},
    {"escalation engages nobody",
     "{\"contacts\":[{\"Alias\":\"a\",\"Type\":\"ESCALATION\",\"Plan\":{\"Stages\":[{\"Targets\":[{"
     "\"ContactTargetInfo\":{\"ContactId\":\"c\",\"IsEssential\":true}}]}]}}]}",
     "$.contacts[0].Plan.Stages[0].Targets[0].ContactTargetInfo.ContactId: \"c\" is no contact "
     "under $.resources.contacts; known is: a"},
};

static void test_an_alias_that_is_there_twice_is_listed_once(void **state)
{
    struct resources f;

    (void)state;
    read_text(&f, "{\"contacts\":[" ALICE "," ALICE "],\"contact_channels\":[" ALICE_MAIL
                  "],\"response_plans\":[{\"name\":\"p\",\"incidentTemplate\":{\"title\":\"t\","
                  "\"impact\":1},\"engagements\":[\"zoe\"]}]}");
    assert_int_equal(f.problems.n, 2);
    assert_non_null(strstr(f.problems.text.ptr, "\"alice\" is used twice"));
    assert_non_null(strstr(f.problems.text.ptr, "known is: alice\n"));
    release_resources(&f);
}

static void test_mistakes_are_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
        struct resources f;

        read_text(&f, mistakes[i].text);
        if (f.r == 0 || f.problems.n != 1 || !strstr(f.problems.text.ptr, mistakes[i].want))
            fail_msg("%s: r %d, told \"%s\", want \"%s\"", mistakes[i].name, f.r,
                     f.problems.text.ptr, mistakes[i].want);
        assert_non_null(strstr(f.problems.text.ptr, "t.json:1: $"));
        release_resources(&f);
    }
}

/* A wrong type of a contact hides nothing else of it. */
static void test_a_wrong_type_hides_nothing(void **state)
{
    static const char *const wanted[] = {
        "$.contacts[0].Type: ", "$.contacts[0].TimeZon: ", "$.contacts[0].Alias: ",
        "$.contacts[0].Plan.Stages[0].DurationInMinutes: ",
        "$.contacts[0].Plan.Stages[1].Targets[0].ContactTargetInfo.ContactId: "};
    struct resources f;

    (void)state;
    read_text(&f,
              "{\"contacts\":[{\"Type\":\"PERSON\",\"Alias\":\"A\",\"TimeZon\":\"UTC\",\"Plan\":{"
              "\"Stages\":[{\"DurationInMinutes\":99},{\"Targets\":[{\"ContactTargetInfo\":{"
              "\"ContactId\":\"zed\",\"IsEssential\":true}}]}]}}]}");
    assert_int_equal(f.problems.n, sizeof wanted / sizeof *wanted);
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        if (!strstr(f.problems.text.ptr, wanted[i]))
            fail_msg("%s is not told in:\n%s", wanted[i], f.problems.text.ptr);
    release_resources(&f);
}

/* What is longer than an incident can hold would be cut at each opening, and nobody would know. */
static void test_lengths_of_a_template(void **state)
{
    static const struct {
        const char *member;
        size_t most;
        const char *want;
    } texts[] = {{"title", 200, "title is longer than 200 characters"},
                 {"summary", 8000, "summary is longer than 8000 characters"},
                 {"dedupeString", 1000, "dedupeString is longer than 1000 bytes"}};
    static char json[9000], text[8100];

    (void)state;
    memset(text, 'x', sizeof text);
    for (size_t i = 0; i < 2 * sizeof texts / sizeof *texts; i++) {
        bool is_longer = i % 2;
        struct resources f;

        snprintf(json, sizeof json,
                 "{\"response_plans\":[{\"name\":\"p\",\"incidentTemplate\":{%s\"impact\":1,"
                 "\"%s\":\"%.*s\"}}]}",
                 i / 2 == 0 ? "" : "\"title\":\"t\",", texts[i / 2].member,
                 (int)texts[i / 2].most + is_longer, text);
        read_text(&f, json);
        assert_int_equal(f.problems.n, is_longer);
        if (is_longer && !strstr(f.problems.text.ptr, texts[i / 2].want))
            fail_msg("%s", f.problems.text.ptr);
        release_resources(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_everything),
        cmocka_unit_test(test_reads_topics),
        cmocka_unit_test(test_page_budgets),
        cmocka_unit_test(test_a_person_may_be_engaged_in_several_ways),
        cmocka_unit_test(test_an_alias_that_is_there_twice_is_listed_once),
        cmocka_unit_test(test_mistakes_are_told),
        cmocka_unit_test(test_a_wrong_type_hides_nothing),
        cmocka_unit_test(test_lengths_of_a_template),
    };

    return cmocka_run_group_tests_name("resources", tests, NULL, NULL);
}
