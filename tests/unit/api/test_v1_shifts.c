/* Shifts in the native API say of whom is on call what /v1/oncall says. */
#include "calls.h"

#include "engine/rotation.h"

#define DAY_MS INT64_C(86400000)
#define DAYS 6

static const struct tcn_zone utc = {"UTC", 0, NULL, 0};
static const struct tcn_clock_time midnight = {0, 0};
static const char *const members[] = {"ann", "team",
                                      "gone"}; /* no person, and no contact any more */
static const char *const both[] = {"gone", "ann"};
static struct tcn_rotation_override override = {.contacts = both, .n_contacts = 2};
static struct tcn_contact contacts[] = {
    {.alias = "ann", .type = TCN_PERSONAL},
    {.alias = "team", .type = TCN_ESCALATION},
    {.alias = "web", .type = TCN_ONCALL_SCHEDULE, .rotations = {"days"}, .n_rotations = 1},
};
static struct tcn_rotation rotation = {
    .alias = "days",
    .name = "days",
    .contacts = members,
    .n_contacts = 3,
    .zone = &utc,
    .recurrence = {.daily = &midnight, .n_daily = 1, .number_of_on_calls = 1, .multiplier = 1},
    .overrides = &override,
    .n_overrides = 1,
};
static const struct tcn_roster *rosters[1];
static struct tcn_directory directory = {
    .contacts = contacts, .n_contacts = 3, .rosters = rosters, .n_rosters = 1};

/* A turn a day from T0's day on; the fifth, which is of who is no person, is overridden. */
static json_t *ask(int (*query)(struct tcn_api_call *call, struct tcn_store *s, struct tcn_err *e),
                   const char *members_of_query)
{
    struct tcn_api_call call = call_of(members_of_query);
    json_t *items;

    rotation.start_ms = T0 - T0 % DAY_MS;
    override.start_ms = rotation.start_ms + 4 * DAY_MS;
    override.end_ms = rotation.start_ms + 5 * DAY_MS;
    rosters[0] = tcn_roster_prepare(&rotation, &arena);
    call.directory = &directory;
    call.now_ms = T0;
    assert_int_equal(query(&call, store, &err), 0);
    assert_int_equal(call.status, 200);
    items = json_incref(json_object_get(call.reply, "items"));
    json_decref(call.reply);
    return items;
}

static const char *first_person(const json_t *on_call)
{
    const json_t *people = json_object_get(json_array_get(on_call, 0), "people");

    return json_string_value(json_object_get(json_array_get(people, 0), "contact"));
}

static void test_whoever_is_no_person_any_more_is_not_named(void **state)
{
    static const char *const expected[DAYS] = {"ann", NULL, NULL, "ann", "ann", NULL};
    json_t *shifts = ask(tcn_v1_shifts, "limit=6");

    (void)state;
    assert_int_equal(json_array_size(shifts), DAYS);
    for (size_t i = 0; i < DAYS; i++) {
        const json_t *shift = json_array_get(shifts, i),
                     *names = json_object_get(shift, "contacts");
        const char *start = json_string_value(json_object_get(shift, "start"));
        json_t *on_call = ask(tcn_v1_oncall, tcn_arena_fmt(&arena, "at=%s", start));
        const char *named = json_string_value(json_array_get(names, 0)),
                   *person = first_person(on_call);

        assert_int_equal(json_array_size(names), expected[i] ? 1 : 0);
        assert_string_equal(named ? named : "-", expected[i] ? expected[i] : "-");
        assert_string_equal(person ? person : "-", expected[i] ? expected[i] : "-");
        json_decref(on_call);
    }
    json_decref(shifts);
}

static void test_nobody_was_overridden(void **state)
{
    json_t *shifts = ask(tcn_v1_shifts, "limit=6");
    const json_t *shift = json_array_get(shifts, 4);

    (void)state;
    assert_string_equal(json_string_value(json_object_get(shift, "type")), "OVERRIDDEN");
    assert_int_equal(json_array_size(json_object_get(shift, "overridden")), 0);
    json_decref(shifts);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_whoever_is_no_person_any_more_is_not_named),
        TEST(test_nobody_was_overridden),
    };

    return cmocka_run_group_tests_name("v1_shifts", tests, NULL, NULL);
}
