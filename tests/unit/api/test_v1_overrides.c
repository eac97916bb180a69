/* Overrides of rotations in the native API: the list. */
#include "calls.h"

#include "engine/rotation.h"

#define HOUR_MS INT64_C(3600000)

static const struct tcn_zone utc = {"UTC", 0, NULL, 0};
static const struct tcn_clock_time midnight = {0, 0};
static const char *const people[] = {"ann", "ben"};

/* {hour of the start, hour of the end} from T0 on. */
static struct tcn_rotation_override of_one[] = {
    {.start_ms = 5, .end_ms = 6},
    {.start_ms = 2, .end_ms = 5, .contacts = people, .n_contacts = 2},
    {.start_ms = -9, .end_ms = -8},
    {.start_ms = 2, .end_ms = 3},
    {.start_ms = -1, .end_ms = 1},
    {.start_ms = 24 * 14, .end_ms = 24 * 15},
};
static struct tcn_rotation_override of_two[] = {{.start_ms = 1, .end_ms = 2}};
static struct tcn_rotation rotations[] = {
    {.alias = "one", .overrides = of_one, .n_overrides = 6},
    {.alias = "none"},
    {.alias = "two. days", .overrides = of_two, .n_overrides = 1},
};
static const struct tcn_roster *rosters[3];
static struct tcn_directory directory = {.rosters = rosters, .n_rosters = 3};

static void place(struct tcn_rotation_override *all, size_t n, unsigned first)
{
    for (size_t i = 0; i < n; i++) {
        all[i].id = id_of(first + (unsigned)i);
        all[i].start_ms = T0 + all[i].start_ms * HOUR_MS;
        all[i].end_ms = T0 + all[i].end_ms * HOUR_MS;
    }
}

static int make_world(void **state)
{
    (void)state;
    place(of_one, 6, 1);
    place(of_two, 1, 7);
    for (size_t i = 0; i < 3; i++) {
        rotations[i].name = rotations[i].alias;
        rotations[i].contacts = people;
        rotations[i].n_contacts = 2;
        rotations[i].zone = &utc;
        rotations[i].start_ms = T0;
        rotations[i].recurrence = (struct tcn_recurrence){
            .daily = &midnight, .n_daily = 1, .number_of_on_calls = 1, .multiplier = 1};
    }
    return 0;
}

static struct tcn_api_call ask(const char *query)
{
    struct tcn_api_call call = call_of(query);

    for (size_t i = 0; i < 3; i++)
        rosters[i] = tcn_roster_prepare(&rotations[i], &arena);
    call.directory = &directory;
    call.now_ms = T0;
    assert_int_equal(tcn_v1_overrides(&call, store, &err), 0);
    return call;
}

#define FROM_NOW "from=2026-08-02T17:04:40Z" /* T0 */

/* By rotation, then by start, then as they were stored; those that lie at least partly in the span. */
static void test_lists(void **state)
{
    static const struct {
        const char *query, *expect, *field; /* field: of a refusal */
        int status;
    } cases[] = {
        {"", "5 2 4 1 7 ", NULL, 200},
        {"rotation=one", "5 2 4 1 ", NULL, 200},
        {"rotation=none", "", NULL, 200},
        {"rotation=two.%20days", "7 ", NULL, 200},
        {"limit=2", "5 2 next ", NULL, 200},
        {"limit=4", "5 2 4 1 next ", NULL, 200},
        {"limit=5", "5 2 4 1 7 ", NULL, 200},
        {FROM_NOW "&until=2026-08-02T19:04:40Z", "5 7 ", NULL, 200},
        {"from=2026-08-02T18:04:40Z&until=2026-08-02T19:04:41Z", "2 4 7 ", NULL, 200},
        {"from=2026-08-02T22:04:40Z", "1 6 ", NULL, 200},
        {"from=2026-08-02T08:04:40Z&until=2026-08-02T09:04:40Z", "3 ", NULL, 200},
        {"rotation=three", NULL, "rotation", 404},
        {"from=now", NULL, "from", 400},
        {"until=2026-08-01T00:00:00Z", NULL, "until", 400},
        {"until=2027-09-08T00:00:00Z", NULL, "until", 400},
        {"limit=0", NULL, "limit", 400},
        {"next=1", NULL, "next", 400},
        {"next=1.2", NULL, "next", 400},
        {"next=1.x.one", NULL, "next", 400},
        {"next=1.2.one", NULL, "next", 400},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct tcn_api_call call = ask(cases[i].query);

        print_message("%s\n", cases[i].query);
        assert_int_equal(call.status, cases[i].status);
        if (cases[i].field)
            assert_string_equal(error_of(&call, "field"), cases[i].field);
        else
            assert_string_equal(listed(&call, 0), cases[i].expect);
        json_decref(call.reply);
    }
}

static const char *all_pages(const char *filter, int limit)
{
    const char *next = "", *all = "";

    for (int pages = 0; next; pages++) {
        struct tcn_api_call call = ask(
            tcn_arena_fmt(&arena, "limit=%d%s%s%s", limit, filter, *next ? "&next=" : "", next));

        assert_int_equal(call.status, 200);
        assert_in_range(pages, 0, 5);
        all = tcn_arena_fmt(&arena, "%s%s", all, listed(&call, 0));
        next = json_string_value(json_object_get(call.reply, "next"));
        next = next ? tcn_arena_strdup(&arena, next) : NULL;
        json_decref(call.reply);
    }
    return all;
}

static void test_page_after_page(void **state)
{
    (void)state;
    assert_string_equal(all_pages("", 1), "5 next 2 next 4 next 1 next 7 ");
    assert_string_equal(all_pages("", 3), "5 2 4 next 1 7 ");
    assert_string_equal(all_pages("&rotation=one", 2), "5 2 next 4 1 ");
}

/* A token is of the rotations that were asked for. */
static void test_the_token_of_another_list(void **state)
{
    struct tcn_api_call call = ask("limit=1");
    const char *next = json_string_value(json_object_get(call.reply, "next"));
    struct tcn_api_call other = ask(tcn_arena_fmt(&arena, "rotation=two.%%20days&next=%s", next));

    (void)state;
    assert_int_equal(other.status, 400);
    assert_string_equal(error_of(&other, "field"), "next");
    json_decref(call.reply);
    json_decref(other.reply);
}

static void test_what_is_told(void **state)
{
    struct tcn_api_call call = ask("rotation=one");
    json_t *items = json_object_get(call.reply, "items"), *row = json_array_get(items, 1),
           *wanted =
               json_pack("{s:s,s:s,s:s,s:s,s:[ss]}", "id", "01020304-0506-0708-090a-0b0c0d0e0002",
                         "rotation", "one", "start", "2026-08-02T19:04:40.000Z", "end",
                         "2026-08-02T22:04:40.000Z", "contacts", "ann", "ben");

    (void)state;
    assert_true(json_equal(row, wanted));
    assert_int_equal(json_array_size(json_object_get(json_array_get(items, 2), "contacts")), 0);
    json_decref(wanted);
    json_decref(call.reply);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_lists),
        CASE(test_page_after_page),
        CASE(test_the_token_of_another_list),
        CASE(test_what_is_told),
    };

    return cmocka_run_group_tests_name("v1 overrides", tests, make_world, NULL);
}
