#include "app/resources.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
// clang-format off
#include <cmocka.h>
// clang-format on

struct fixture {
    struct tcn_arena arena;
    struct tcn_problems problems;
    struct tcn_doc doc;
    struct tcn_directory dir;
    int r;
};

static void read_text(struct fixture *f, const char *text)
{
    static const char *const connectors[] = {"snow", "jira", NULL};
    struct tcn_node root;

    memset(f, 0, sizeof *f);
    tcn_arena_init(&f->arena, 64u << 20);
    tcn_problems_init(&f->problems);
    assert_int_equal(tcn_doc_parse(&f->doc, "t.json", tcn_str(text), &f->problems), 0);
    root = tcn_node_root(&f->doc);
    f->r = tcn_resources_read(&root, connectors, &f->arena, &f->dir);
}

static void release(struct fixture *f)
{
    tcn_doc_done(&f->doc);
    tcn_problems_done(&f->problems);
    tcn_arena_done(&f->arena);
}

#define ALICE                                                                                      \
    "{\"Alias\":\"alice\",\"Type\":\"PERSONAL\",\"Plan\":{\"Stages\":[{\"DurationInMinutes\":5,"   \
    "\"Targets\":[{\"ChannelTargetInfo\":{\"ContactChannelId\":\"mail\","                          \
    "\"RetryIntervalInMinutes\":1}}]}]}}"
#define ALICE_MAIL                                                                                 \
    "{\"ContactId\":\"alice\",\"Name\":\"mail\",\"Type\":\"EMAIL\",\"DeliveryAddress\":"           \
    "{\"SimpleAddress\":\"alice@example.com\"}}"

static void test_reads_everything(void **state)
{
    struct fixture f;
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
    release(&f);
}

static const struct {
    const char *name, *text, *want;
} mistakes[] = {
    {"typo in a member", "{\"contact\":[]}", "contacts"},
    {"alias in capitals",
     "{\"contacts\":[{\"Alias\":\"Al\",\"Type\":\"PERSONAL\",\"Plan\":{\"Stages\":[]}}]}",
     "use 1-255 of a-z"},
    {"alias twice",
     "{\"contacts\":[{\"Alias\":\"a\",\"Type\":\"PERSONAL\",\"Plan\":{\"Stages\":[]}},"
     "{\"Alias\":\"a\",\"Type\":\"PERSONAL\",\"Plan\":{\"Stages\":[]}}]}",
     "used twice"},
    {"unknown type", "{\"contacts\":[{\"Alias\":\"a\",\"Type\":\"PERSNAL\"}]}", "PERSONAL"},
    {"channel target in an escalation plan",
     "{\"contacts\":[{\"Alias\":\"a\",\"Type\":\"ESCALATION\",\"Plan\":{\"Stages\":[{\"Targets\":["
     "{\"ChannelTargetInfo\":{\"ContactChannelId\":\"x\"}}]}]}}]}",
     "engages contacts"},
    {"contact target in a person's plan",
     "{\"contacts\":[{\"Alias\":\"a\",\"Type\":\"PERSONAL\",\"Plan\":{\"Stages\":[{\"Targets\":["
     "{\"ContactTargetInfo\":{\"ContactId\":\"x\",\"IsEssential\":true}}]}]}}]}",
     "engages channels"},
    {"stage that neither waits nor engages",
     "{\"contacts\":[{\"Alias\":\"a\",\"Type\":\"PERSONAL\",\"Plan\":{\"Stages\":[{}]}}]}",
     "must wait"},
    {"too long a stage",
     "{\"contacts\":[{\"Alias\":\"a\",\"Type\":\"PERSONAL\",\"Plan\":{\"Stages\":["
     "{\"DurationInMinutes\":31}]}}]}",
     "DurationInMinutes"},
    {"channel that does not exist", "{\"contacts\":[" ALICE "]}", "which alice does not have"},
    {"channel of nobody", "{\"contact_channels\":[" ALICE_MAIL "]}", "no contact of this file"},
    {"mail without @",
     "{\"contacts\":[" ALICE "],\"contact_channels\":[{\"ContactId\":\"alice\",\"Name\":\"mail\","
     "\"Type\":\"EMAIL\",\"DeliveryAddress\":{\"SimpleAddress\":\"alice\"}}]}",
     "no mail address"},
    {"line break in an address",
     "{\"contacts\":[" ALICE "],\"contact_channels\":[{\"ContactId\":\"alice\",\"Name\":\"mail\","
     "\"Type\":\"EMAIL\",\"DeliveryAddress\":{\"SimpleAddress\":\"a@b\\r\\nBcc: c@d\"}}]}",
     "line breaks"},
    {"number without country",
     "{\"contacts\":[" ALICE "],\"contact_channels\":[{\"ContactId\":\"alice\",\"Name\":\"mail\","
     "\"Type\":\"SMS\",\"DeliveryAddress\":{\"SimpleAddress\":\"0301234\"}}]}",
     "+COUNTRYNUMBER"},
    {"plan engages nobody known",
     "{\"response_plans\":[{\"name\":\"p\",\"incidentTemplate\":{\"title\":\"t\",\"impact\":1},"
     "\"engagements\":[\"bob\"]}]}",
     "\"bob\" is no contact"},
    {"connector misspelt",
     "{\"response_plans\":[{\"name\":\"p\",\"incidentTemplate\":{\"title\":\"t\",\"impact\":1},"
     "\"connectors\":[\"jria\"]}]}",
     "did you mean \"jira\""},
    {"impact out of range",
     "{\"response_plans\":[{\"name\":\"p\",\"incidentTemplate\":{\"title\":\"t\",\"impact\":6}}]}",
     "impact"},
    {"no template", "{\"response_plans\":[{\"name\":\"p\"}]}", "incidentTemplate"},
    {"escalation engages an escalation",
     "{\"contacts\":[{\"Alias\":\"a\",\"Type\":\"ESCALATION\",\"Plan\":{\"Stages\":[{\"Targets\":["
     "{\"ContactTargetInfo\":{\"ContactId\":\"a\",\"IsEssential\":true}}]}]}}]}",
     "another escalation plan"},
};

static void test_mistakes_are_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
        struct fixture f;

        read_text(&f, mistakes[i].text);
        if (f.r == 0 || !strstr(f.problems.text.ptr, mistakes[i].want))
            fail_msg("%s: r %d, told \"%s\", want \"%s\"", mistakes[i].name, f.r,
                     f.problems.text.ptr, mistakes[i].want);
        assert_non_null(strstr(f.problems.text.ptr, "t.json:1: $"));
        release(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_everything),
        cmocka_unit_test(test_mistakes_are_told),
    };

    return cmocka_run_group_tests_name("resources", tests, NULL, NULL);
}
