/* Who refers to a resource. */
#include "engine/directory_use.h"
#include "engine/rotation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
// clang-format off
#include <cmocka.h>
// clang-format on

#define MAX 8

static struct tcn_arena arena;
static struct tcn_directory d;
static struct tcn_use uses[MAX];

static const struct tcn_target by_mail = {.channel = "mail"}, to_ann = {.contact = "ann"},
                               to_nobody = {.contact = "bob"};
static const struct tcn_stage mail_stage = {.targets = &by_mail, .n_targets = 1},
                              ann_stages[] = {{.targets = &to_nobody, .n_targets = 1},
                                              {.targets = &to_ann, .n_targets = 1}};
static struct tcn_contact contacts[] = {
    {.alias = "ann", .type = TCN_PERSONAL, .plan = {&mail_stage, 1}},
    {.alias = "annex", .type = TCN_PERSONAL, .plan = {&mail_stage, 1}},
    {.alias = "team", .type = TCN_ESCALATION, .plan = {ann_stages, 2}},
    {.alias = "oncall",
     .type = TCN_ONCALL_SCHEDULE,
     .rotations = {"other", "week"},
     .n_rotations = 2},
};
static struct tcn_response_plan plans[] = {
    {.name = "quiet"},
    {.name = "loud", .engagements = {"team", "ann"}, .n_engagements = 2},
};
static const char *const people[] = {"bob", "ann"}, *const replacement[] = {"ann"};
static const struct tcn_clock_time nine = {9, 0};
static const struct tcn_zone utc = {.name = "UTC"};
static const struct tcn_rotation_override overrides[] = {
    {.id = {{1}}, .start_ms = 1, .end_ms = 2},
    {.id = {{2}}, .start_ms = 3, .end_ms = 4, .contacts = replacement, .n_contacts = 1}};
static struct tcn_rotation rotation = {
    .alias = "week",
    .name = "week",
    .contacts = people,
    .n_contacts = 2,
    .zone = &utc,
    .recurrence = {.daily = &nine, .n_daily = 1, .number_of_on_calls = 1, .multiplier = 1},
    .overrides = overrides,
    .n_overrides = 2};
static const struct tcn_roster *rosters[1];

static int setup(void **state)
{
    (void)state;
    tcn_arena_init(&arena, 1u << 20);
    rosters[0] = tcn_roster_prepare(&rotation, &arena);
    d = (struct tcn_directory){.contacts = contacts,
                               .n_contacts = 4,
                               .plans = plans,
                               .n_plans = 2,
                               .rosters = rosters,
                               .n_rosters = 1};
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    tcn_arena_done(&arena);
    return 0;
}

static void expect(size_t i, enum tcn_resource_kind kind, const char *name)
{
    assert_int_equal(uses[i].kind, kind);
    assert_string_equal(uses[i].name, name);
}

static void test_a_contact(void **state)
{
    (void)state;
    assert_int_equal(tcn_directory_uses(&d, TCN_RESOURCE_CONTACT, "ann", 3, uses, MAX), 4);
    expect(0, TCN_RESOURCE_CONTACT, "team");
    expect(1, TCN_RESOURCE_ROTATION, "week");
    expect(2, TCN_RESOURCE_OVERRIDE, "week");
    assert_int_equal(uses[2].id.b[0], 2);
    expect(3, TCN_RESOURCE_PLAN, "loud");
    assert_int_equal(tcn_directory_uses(&d, TCN_RESOURCE_CONTACT, "annex", 3, uses, MAX), 0);
}

/* Of more than there is room for the number is told all the same. */
/* It ends at 4. */
static void test_an_override_that_is_over(void **state)
{
    (void)state;
    assert_int_equal(tcn_directory_uses(&d, TCN_RESOURCE_CONTACT, "ann", 4, uses, MAX), 3);
}

static void test_more_than_there_is_room_for(void **state)
{
    (void)state;
    uses[1] = (struct tcn_use){.name = "untouched"};
    assert_int_equal(tcn_directory_uses(&d, TCN_RESOURCE_CONTACT, "ann", 3, uses, 1), 4);
    assert_string_equal(uses[1].name, "untouched");
}

static void test_a_channel_is_of_its_contact_alone(void **state)
{
    (void)state;
    assert_int_equal(tcn_directory_uses(&d, TCN_RESOURCE_CHANNEL, "ann:mail", 3, uses, MAX), 1);
    expect(0, TCN_RESOURCE_CONTACT, "ann");
    assert_int_equal(tcn_directory_uses(&d, TCN_RESOURCE_CHANNEL, "ann:sms", 3, uses, MAX), 0);
    assert_int_equal(tcn_directory_uses(&d, TCN_RESOURCE_CHANNEL, "bob:mail", 3, uses, MAX), 0);
    assert_int_equal(tcn_directory_uses(&d, TCN_RESOURCE_CHANNEL, "mail", 3, uses, MAX), 0);
}

static void test_a_rotation(void **state)
{
    (void)state;
    assert_int_equal(tcn_directory_uses(&d, TCN_RESOURCE_ROTATION, "week", 3, uses, MAX), 1);
    expect(0, TCN_RESOURCE_CONTACT, "oncall");
    assert_int_equal(tcn_directory_uses(&d, TCN_RESOURCE_ROTATION, "month", 3, uses, MAX), 0);
}

static void test_what_nothing_can_name(void **state)
{
    (void)state;
    assert_int_equal(tcn_directory_uses(&d, TCN_RESOURCE_PLAN, "loud", 3, uses, MAX), 0);
    assert_int_equal(tcn_directory_uses(&d, TCN_RESOURCE_OVERRIDE, "week", 3, uses, MAX), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_contact),
        TEST(test_an_override_that_is_over),
        TEST(test_more_than_there_is_room_for),
        TEST(test_a_channel_is_of_its_contact_alone),
        TEST(test_a_rotation),
        TEST(test_what_nothing_can_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
