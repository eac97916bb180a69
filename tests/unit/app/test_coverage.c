/* GET /v1/coverage: what is told of schedules and rotations that are in force, the file's and those that commands made. */
#include "resource_calls.h"

#include "api/v1_query.h"
#include "base/buf.h"

#define DAYS(name, who, zone, hours)                                                               \
    "{\"Name\":\"" name "\",\"ContactIds\":[\"" who "\"],\"StartTime\":\"2026-01-01T00:00:00Z\","  \
    "\"TimeZoneId\":\"" zone "\",\"Recurrence\":{\"NumberOfOnCalls\":1,"                           \
    "\"RecurrenceMultiplier\":1,\"DailySettings\":[" hours "]}}"
#define NINE "{\"HourOfDay\":9,\"MinuteOfHour\":0}"
#define SCHEDULE(name, rotations)                                                                  \
    "{\"Alias\":\"" name "\",\"Type\":\"ONCALL_SCHEDULE\",\"Plan\":{\"RotationIds\":[" rotations   \
    "]}}"
#define PERSON(name) "{\"Alias\":\"" name "\",\"Type\":\"PERSONAL\",\"Plan\":{}}"
#define SPAN "from=2026-02-01T00:00:00Z&until=2027-02-01T00:00:00Z"

static const json_t *ask(const char *query, int status)
{
    struct tcn_command_world world = {&file.dir, in_force(), NULL, 1, NULL};

    json_decref(call.reply);
    json_decref(call.body);
    call = (struct tcn_api_call){
        .arena = &arena, .actor = "token:test", .query = tcn_str(query), .now_ms = now};
    assert_int_equal(tcn_v1_coverage(&call), 0);
    if (tcn_command_execute(&call, &world, store, now, &result, &err) < 0)
        fail_msg("%s", err.msg);
    expect_status(status);
    assert_false(result.has_changed);
    return json_object_get(call.reply, "items");
}

/* The item with that name under schedule or rotation. */
static const json_t *item(const json_t *items, const char *key, const char *name)
{
    for (size_t i = 0; i < json_array_size(items); i++) {
        const json_t *one = json_array_get(items, i);
        const char *its = json_string_value(json_object_get(one, key));

        if (its && strcmp(its, name) == 0)
            return one;
    }
    fail_msg("no %s %s", key, name);
    return NULL;
}

static json_int_t number(const json_t *object, const char *key, const char *member)
{
    return json_integer_value(json_object_get(json_object_get(object, key), member));
}

static const char *field_of(const json_t *of, size_t i)
{
    const json_t *flaw = json_array_get(json_object_get(of, "flaws"), i);
    const char *field = json_string_value(json_object_get(flaw, "field"));

    return field ? field : "-";
}

static void make(void)
{
    put(TCN_RESOURCE_CONTACT, PERSON("bob"), 201);
    put(TCN_RESOURCE_ROTATION, DAYS("all", "ann", "UTC", NINE), 201);
    put(TCN_RESOURCE_ROTATION, DAYS("oslo", "bob", "Europe/Oslo", NINE), 201);
    put(TCN_RESOURCE_ROTATION, DAYS("spare one", "bob", "UTC", NINE), 201);
    put(TCN_RESOURCE_CONTACT, SCHEDULE("web", "\"all\",\"oslo\""), 201);
    put(TCN_RESOURCE_CONTACT, SCHEDULE("empty", ""), 201);
}

static void test_what_commands_made_is_told(void **state)
{
    const json_t *items, *web, *oslo, *spare, *change;

    (void)state;
    make();
    items = ask(SPAN, 200);
    assert_int_equal(json_array_size(items), 5);
    web = item(items, "schedule", "web");
    assert_int_equal(number(web, "gaps", "count"), 0);
    assert_int_equal(number(web, "doubles", "count"), 1);
    assert_int_equal(number(web, "doubles", "seconds"), 365 * 86400);
    assert_int_equal(json_array_size(json_object_get(web, "flaws")), 0);
    assert_true(json_is_false(json_object_get(web, "is_cut")));
    assert_int_equal(number(item(items, "schedule", "empty"), "gaps", "seconds"), 365 * 86400);
    oslo = item(items, "rotation", "oslo");
    assert_true(json_is_null(json_object_get(oslo, "gaps")));
    assert_int_equal(json_array_size(json_object_get(oslo, "clocks")), 2);
    change = json_array_get(json_object_get(oslo, "clocks"), 0);
    assert_string_equal(json_string_value(json_object_get(change, "at")),
                        "2026-03-29T01:00:00.000Z");
    assert_int_equal(json_integer_value(json_object_get(change, "by_seconds")), 3600);
    spare = item(items, "rotation", "spare one");
    assert_int_equal(json_array_size(json_object_get(spare, "schedules")), 0);
    assert_int_equal(number(spare, "gaps", "count"), 0);
    assert_true(json_is_null(json_object_get(call.reply, "next")));
}

/* Of a year that begins where nobody is on call yet. */
static void test_gaps(void **state)
{
    const json_t *spare, *first;

    (void)state;
    make();
    spare =
        item(ask("rotation=spare%20one&from=2025-12-01T00:00:00Z", 200), "rotation", "spare one");
    assert_int_equal(number(spare, "gaps", "count"), 1);
    assert_int_equal(number(spare, "gaps", "seconds"), 31 * 86400);
    first = json_array_get(json_object_get(json_object_get(spare, "gaps"), "first"), 0);
    assert_string_equal(json_string_value(json_object_get(first, "end")),
                        "2026-01-01T00:00:00.000Z");
    assert_string_equal(json_string_value(json_object_get(spare, "until")),
                        "2026-12-01T00:00:00.000Z");
}

static void test_flaws_are_with_what_they_are_of(void **state)
{
    static const char override[] = "{\"Id\":\"01020304-0506-4708-890a-0b0c0d0e0f10\","
                                   "\"RotationId\":\"oslo\",\"NewContactIds\":"
                                   "[\"bob\"],\"StartTime\":\"%s\",\"EndTime\":\"%s\"}";
    struct resources before = file;
    const json_t *items;
    char body[400];

    (void)state;
    use_file("{\"contacts\":[" PERSON("ann") "," PERSON("bob") "],\"rotations\":[" DAYS(
        "gone", "ann", "UTC", NINE) "]}");
    put(TCN_RESOURCE_ROTATION, DAYS("oslo", "bob", "Europe/Oslo", NINE), 201);
    now = INT64_C(1786352400000);
    snprintf(body, sizeof body, override, "2026-08-11T09:00:00Z", "2026-08-11T17:00:00Z");
    put(TCN_RESOURCE_OVERRIDE, body, 201);
    put(TCN_RESOURCE_OVERRIDE,
        "{\"RotationId\":\"gone\",\"NewContactIds\":[],\"StartTime\":\"2026-08-11T09:00:00Z\","
        "\"EndTime\":\"2026-08-11T17:00:00Z\"}",
        201);
    put(TCN_RESOURCE_CONTACT, SCHEDULE("web", "\"oslo\",\"gone\""), 201);
    release_resources(&before);
    before = file;
    use_file("{\"contacts\":[" PERSON("ann") "]}");
    items = ask(SPAN, 200);
    assert_int_equal(json_array_size(items), 2);
    assert_string_equal(field_of(item(items, "schedule", "web"), 0), "Plan.RotationIds[1]");
    assert_int_equal(number(item(items, "schedule", "web"), "gaps", "seconds"), 365 * 86400);
    assert_string_equal(field_of(item(items, "rotation", "oslo"), 0), "ContactIds[0]");
    assert_string_equal(field_of(item(items, "rotation", "oslo"), 1), "NewContactIds[0]");
    assert_string_equal(field_of(item(items, "rotation", "oslo"), 2), "-");
    assert_string_equal(field_of(call.reply, 0), "RotationId");
    assert_string_equal(field_of(call.reply, 1), "-");
    release_resources(&before);
}

static void test_page_after_page(void **state)
{
    static const char *const expected[] = {"empty", "web", "all", "oslo", "spare one"};
    const char *next = "";

    (void)state;
    make();
    for (size_t i = 0; i < 5; i++) {
        const char *query = tcn_arena_fmt(&arena, SPAN "&limit=1%s%s", *next ? "&next=" : "", next);
        const json_t *one = json_array_get(ask(query, 200), 0);
        const char *name = json_string_value(json_object_get(one, i < 2 ? "schedule" : "rotation"));

        assert_string_equal(name ? name : "-", expected[i]);
        next = json_string_value(json_object_get(call.reply, "next"));
        assert_int_equal(next != NULL, i < 4);
        next = next ? tcn_arena_strdup(&arena, next) : "";
    }
    /* Of the last one that was shown nothing need be there. */
    drop(TCN_RESOURCE_CONTACT, "empty", 200);
    assert_int_equal(json_array_size(ask(SPAN "&next=s656d707479", 200)), 4);
}

/* 32 hand-offs a day of 4 rotations are more than an answer asks for; what it did not look at is asked for by itself. */
static void test_too_much_is_cut(void **state)
{
    struct tcn_buf text;
    const json_t *one;

    (void)state;
    for (int r = 0; r < 4; r++) {
        tcn_buf_init(&text, 8192);
        for (int i = 0; i < 32; i++)
            tcn_buf_fmt(&text, "%s{\"HourOfDay\":%d,\"MinuteOfHour\":%d}", i ? "," : "", i % 24,
                        i / 24 * 30 + r);
        put(TCN_RESOURCE_ROTATION,
            tcn_arena_fmt(&arena, DAYS("busy %d", "ann", "UTC", "%s"), r, tcn_buf_view(&text).ptr),
            201);
        tcn_buf_done(&text);
    }
    put(TCN_RESOURCE_CONTACT,
        SCHEDULE("busy", "\"busy 0\",\"busy 1\",\"busy 2\",\"busy 3\",\"busy 4\""), 400);
    put(TCN_RESOURCE_CONTACT, SCHEDULE("busy", "\"busy 0\",\"busy 1\",\"busy 2\",\"busy 3\""), 201);
    put(TCN_RESOURCE_CONTACT, SCHEDULE("later", ""), 201);
    one = json_array_get(ask("from=2026-02-01T00:00:00Z&until=2027-03-08T00:00:00Z", 200), 0);
    assert_true(json_is_true(json_object_get(one, "is_cut")));
    assert_int_equal(json_array_size(json_object_get(call.reply, "items")), 1);
    assert_string_equal(json_string_value(json_object_get(call.reply, "next")), "s62757379");
    one = json_array_get(
        ask("schedule=busy&from=2027-02-20T00:00:00Z&until=2027-03-08T00:00:00Z", 200), 0);
    assert_true(json_is_false(json_object_get(one, "is_cut")));
}

static void test_what_is_refused(void **state)
{
    static const struct {
        const char *query, *field;
        int status;
    } cases[] = {
        {"schedule=none", "schedule", 404},
        {"schedule=ann", "schedule", 404}, /* a person */
        {"rotation=none", "rotation", 404},
        {"limit=0", "limit", 400},
        {"from=now", "from", 400},
        {"from=2026-02-01T00:00:00Z&until=2027-03-09T00:00:00Z", "until", 400},
        {"until=2020-01-01T00:00:00Z", "until", 400},
        {"next=", "next", 400},
        {"next=x6161", "next", 400},
        {"next=s616", "next", 400},
        {"next=s61zz", "next", 400},
    };

    (void)state;
    make();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        print_message("%s\n", cases[i].query);
        ask(cases[i].query, cases[i].status);
        expect_error(cases[i].status == 404 ? "not_found" : "bad_request", cases[i].field, "");
    }
}

static void test_only_one(void **state)
{
    (void)state;
    make();
    assert_int_equal(json_array_size(ask(SPAN "&schedule=web", 200)), 1);
    assert_int_equal(json_array_size(ask(SPAN "&rotation=all", 200)), 1);
    assert_int_equal(json_array_size(ask(SPAN "&rotation=all&schedule=web", 200)), 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, resource_setup, resource_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_what_commands_made_is_told),
        TEST(test_gaps),
        TEST(test_flaws_are_with_what_they_are_of),
        TEST(test_page_after_page),
        TEST(test_too_much_is_cut),
        TEST(test_what_is_refused),
        TEST(test_only_one),
    };

    return cmocka_run_group_tests_name("coverage", tests, NULL, NULL);
}
