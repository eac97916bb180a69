#include "engine/content.h"
#include "fixture.h"

static struct tcn_related related[] = {{"url", "t", "https://example.com/1"}};

static const char *arns[] = {"arn:aws:s3:::b", NULL}, *hosts[] = {"db-1"};

static const struct {
    const char *name;
    struct tcn_alarm alarm;
    bool is_equal; /* to {title "t", summary "s", impact 2} */
} rows[] = {
    {"the same", {.title = "t", .summary = "s", .impact = 2}, true},
    {"another time and state",
     {.title = "t", .summary = "s", .impact = 2, .clock_ms = 5, .state = "x"},
     true},
    {"title", {.title = "u", .summary = "s", .impact = 2}, false},
    {"summary", {.title = "t", .summary = "", .impact = 2}, false},
    {"no summary", {.title = "t", .impact = 2}, false},
    {"impact", {.title = "t", .summary = "s", .impact = 1}, false},
    {"moved border", {.title = "ts", .summary = "", .impact = 2}, false},
    {"mapping failure", {.title = "t", .summary = "s", .impact = 2, .mapping_error = "e"}, false},
    {"related item",
     {.title = "t", .summary = "s", .impact = 2, .related = related, .n_related = 1},
     false},
    {"resource",
     {.title = "t", .summary = "s", .impact = 2, .resources = arns, .n_resources = 2},
     false},
    {"what is no related item",
     {.title = "t", .summary = "s", .impact = 2, .resources = hosts, .n_resources = 1},
     true},
};

static void every_content(void **state)
{
    const struct tcn_alarm base = {.title = "t", .summary = "s", .impact = 2};
    char a[65], b[65];

    (void)state;
    tcn_content_hash(&base, a);
    assert_int_equal(strlen(a), 64);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        tcn_content_hash(&rows[i].alarm, b);
        if ((strcmp(a, b) == 0) != rows[i].is_equal)
            fail_msg("%s", rows[i].name);
    }
}

static void absent_is_not_empty(void **state)
{
    const struct tcn_alarm absent = {.title = "t"}, empty = {.title = "t", .summary = ""};
    char a[65], b[65];

    (void)state;
    tcn_content_hash(&absent, a);
    tcn_content_hash(&empty, b);
    assert_string_not_equal(a, b);
}

static const char *dedupe(struct fixture *f, const char *plan, const char *own, const char *key)
{
    const struct tcn_response_plan p = {.name = plan, .dedupe_string = own};
    const struct tcn_alarm alarm = {.dedupe_key = key};
    struct tcn_buf b;
    const char *text;

    tcn_buf_init(&b, 4096);
    tcn_engine_dedupe_string(&alarm, plan ? &p : NULL, NULL, &b);
    text = tcn_arena_strdup(&f->arena, b.ptr);
    tcn_buf_done(&b);
    return text;
}

static void dedupe_of_an_alarm(void **state)
{
    struct fixture f;

    (void)state;
    fx_init(&f);
    assert_string_equal(dedupe(&f, "p", "d1", "k"), "d1");
    assert_string_equal(dedupe(&f, "p", NULL, "k"), dedupe(&f, "p", "", "k"));
    assert_int_equal(strlen(dedupe(&f, "p", NULL, "k")), 36);
    assert_string_not_equal(dedupe(&f, "p", NULL, "k"), dedupe(&f, "p", NULL, "l"));
    assert_string_not_equal(dedupe(&f, "p", NULL, "k"), dedupe(&f, "q", NULL, "k"));
    assert_int_equal(strlen(dedupe(&f, NULL, NULL, "k")), 36);
    fx_done(&f);
}

struct grouped {
    const char *env, *app; /* values of tags; NULL = the alarm has it not */
    int impact;
    const char *key;
};

static const char *group_of(struct fixture *f, struct grouped g, const char *own)
{
    static const char *group_by[] = {"app", "env"};
    const struct tcn_source_policy policy = {.group_by = group_by, .n_group_by = 2};
    const struct tcn_response_plan p = {.name = "p", .dedupe_string = own, .impact = 3};
    struct tcn_tag tags[2] = {{"env", g.env ? g.env : ""}, {"app", g.app ? g.app : ""}};
    const struct tcn_alarm alarm = {.dedupe_key = g.key,
                                    .impact = g.impact,
                                    .tags = tags + (g.env ? 0 : 1),
                                    .n_tags = (g.env ? 1u : 0u) + (g.app ? 1u : 0u)};
    struct tcn_buf b;
    const char *text;

    tcn_buf_init(&b, 4096);
    tcn_engine_dedupe_string(&alarm, &p, &policy, &b);
    text = tcn_arena_strdup(&f->arena, b.ptr);
    tcn_buf_done(&b);
    return text;
}

static const struct {
    const char *name;
    struct grouped one, other;
    bool is_same;
} groups[] = {
    {"two alarms of one application", {"prod", "shop", 0, "k"}, {"prod", "shop", 0, "l"}, true},
    {"another environment", {"prod", "shop", 0, "k"}, {"test", "shop", 0, "k"}, false},
    {"values that changed their places", {"prod", "shop", 0, "k"}, {"shop", "prod", 0, "k"}, false},
    {"one tag is missing in both", {NULL, "shop", 0, "k"}, {NULL, "shop", 0, "l"}, true},
    {"one tag is missing in one", {"prod", "shop", 0, "k"}, {NULL, "shop", 0, "k"}, false},
    {"missing is not empty", {"", "shop", 0, "k"}, {NULL, "shop", 0, "k"}, false},
    {"none of the tags", {NULL, NULL, 0, "k"}, {NULL, NULL, 0, "l"}, false},
    {"more severe", {"prod", "shop", 1, "k"}, {"prod", "shop", 2, "k"}, false},
    {"as severe as the plan says", {"prod", "shop", 3, "k"}, {"prod", "shop", 0, "l"}, true},
};

static void dedupe_of_a_group(void **state)
{
    struct fixture f;

    (void)state;
    fx_init(&f);
    for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++) {
        const char *one = group_of(&f, groups[i].one, NULL);

        if ((strcmp(one, group_of(&f, groups[i].other, NULL)) == 0) != groups[i].is_same)
            fail_msg("%s", groups[i].name);
        assert_int_equal(strlen(one), 36);
    }
    assert_string_equal(group_of(&f, groups[0].one, "own"), "own");
    fx_done(&f);
}

static const char *start_dedupe(struct fixture *f, const char *source, const char *arn, unsigned id)
{
    const struct tcn_response_plan p = {.name = "p"};
    const struct tcn_start s = {.response_plan = "p", .source = source, .trigger_arn = arn};
    struct tcn_buf b;
    const char *text;

    tcn_buf_init(&b, 4096);
    tcn_engine_start_dedupe_string(&s, &p, fx_id(id), &b);
    text = tcn_arena_strdup(&f->arena, b.ptr);
    tcn_buf_done(&b);
    return text;
}

static void dedupe_of_a_start(void **state)
{
    struct fixture f;

    (void)state;
    fx_init(&f);
    assert_string_equal(start_dedupe(&f, "s", "a", 1), start_dedupe(&f, "s", "a", 2));
    assert_string_not_equal(start_dedupe(&f, "s", "a", 1), start_dedupe(&f, "t", "a", 1));
    assert_string_not_equal(start_dedupe(&f, NULL, "a", 1), start_dedupe(&f, NULL, "b", 1));
    assert_string_not_equal(start_dedupe(&f, "s", NULL, 1), start_dedupe(&f, "s", NULL, 2));
    fx_done(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_content),      cmocka_unit_test(absent_is_not_empty),
        cmocka_unit_test(dedupe_of_an_alarm), cmocka_unit_test(dedupe_of_a_group),
        cmocka_unit_test(dedupe_of_a_start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
