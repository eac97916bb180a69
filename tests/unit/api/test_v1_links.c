/* What each link waits for and lacks, and lists of those that fit. */
#include "calls.h"

#include "store/feeds.h"

static struct tcn_link link_of(unsigned n)
{
    return (struct tcn_link){.id = id_of(n),
                             .incident = id_of(n),
                             .connector = n % 2 ? "jira" : "snow",
                             .state = TCN_LINK_LINKED,
                             .remote_id = "1"};
}

static void put(const struct tcn_link *link)
{
    if (tcn_store_link_put(store, link, &err) < 0)
        fail_msg("%s", err.msg);
}

static json_t *resting(const struct tcn_link *link, int64_t now_ms)
{
    assert_int_equal(now_ms, T0);
    return json_pack("[s]", link->pushed);
}

static const struct {
    const char *name;
    struct tcn_link link;
    const char *what, *why; /* why NULL: there is no more to say */
} waits[] = {
    {"at rest", {.state = TCN_LINK_LINKED}, "nothing", NULL},
    {"nothing is wanted", {.state = TCN_LINK_NONE}, "nothing", NULL},
    {"due", {.state = TCN_LINK_LINKED, .due_ms = T0}, "time", NULL},
    {"to be made", {.state = TCN_LINK_CREATING, .due_ms = T0 + 5}, "time", NULL},
    {"failed",
     {.state = TCN_LINK_LINKED, .due_ms = T0, .fail_count = 2, .blocked_reason = "it is down"},
     "time",
     "it is down"},
    {"called", {.state = TCN_LINK_LINKED, .due_ms = T0, .is_in_flight = true}, "answer", NULL},
    {"its connector is shut",
     {.state = TCN_LINK_LINKED, .due_ms = T0, .blocked_reason = "x", .connector = "shut"},
     "connector",
     "its calls fail (503)"},
    {"called by another node",
     {.state = TCN_LINK_LINKED, .due_ms = T0, .is_in_flight = true, .connector = "shut"},
     "answer",
     NULL},
    {"its connector is shut, and it is at rest",
     {.state = TCN_LINK_LINKED, .connector = "shut"},
     "nothing",
     NULL},
    {"blocked",
     {.state = TCN_LINK_BLOCKED, .blocked_reason = "both sides changed title"},
     "person",
     "both sides changed title"},
    {"lost",
     {.state = TCN_LINK_LOST, .due_ms = T0, .blocked_reason = "it is gone"},
     "person",
     "it is gone"},
    {"left alone", {.state = TCN_LINK_UNLINKED}, "person", NULL},
};

static void test_what_it_waits_for(void **state)
{
    const struct tcn_link_behind behind = {.conflicts = 3, .notes = 4};
    struct tcn_api_call call = call_of("");

    (void)state;
    call.sights.waits = json_pack("{s:s}", "shut", "its calls fail (503)");
    for (size_t i = 0; i < sizeof waits / sizeof *waits; i++) {
        struct tcn_link link = waits[i].link;
        json_t *got, *pending;

        link.hints = 7;
        link.hints_seen = 5;
        link.first_fail_ms = T0;
        if (!link.connector)
            link.connector = "jira";
        got = tcn_api_link_json(&call, &link, &behind);
        pending = json_object_get(got, "pending");
        print_message("%s\n", waits[i].name);
        assert_string_equal(json_string_value(json_object_get(pending, "waits_for")),
                            waits[i].what);
        if (waits[i].why)
            assert_string_equal(json_string_value(json_object_get(pending, "why")), waits[i].why);
        else
            assert_true(json_is_null(json_object_get(pending, "why")));
        assert_int_equal(json_integer_value(json_object_get(pending, "hints")), 2);
        assert_int_equal(json_integer_value(json_object_get(pending, "notes")), 4);
        assert_int_equal(json_integer_value(json_object_get(got, "conflicts_count")), 3);
        assert_true(json_is_string(json_object_get(got, "failing_since")));
        assert_int_equal(json_array_size(json_object_get(got, "resting")), 0);
        json_decref(got);
    }
    json_decref(call.sights.waits);
}

static void test_a_list_tells_what_each_lacks(void **state)
{
    const struct tcn_conflict_row row = {.id = id_of(9),
                                         .link = id_of(2),
                                         .incident = id_of(2),
                                         .connector = "snow",
                                         .field = "title",
                                         .winner = "local",
                                         .at_ms = T0};
    struct tcn_api_call call = call_of("");
    struct tcn_link link = link_of(2);
    json_t *item;

    (void)state;
    link.pushed = "title";
    put(&link);
    assert_int_equal(tcn_store_conflict_add(store, &row, &err), 0);
    call.sights.resting = resting;
    call.now_ms = T0;
    assert_int_equal(tcn_v1_links(&call, store, &err), 0);
    item = json_array_get(json_object_get(call.reply, "items"), 0);
    assert_int_equal(json_integer_value(json_object_get(item, "conflicts_count")), 1);
    assert_string_equal(json_string_value(json_array_get(json_object_get(item, "resting"), 0)),
                        "title");
    end_call(&call);
}

/* The numbers of those that fit, of twelve. */
static void test_filters(void **state)
{
    static const struct {
        const char *query, *want;
    } cases[] = {
        {"state=BLOCKED", "8 4 "},
        {"state=BLOCKED&connector=jira", ""},
        {"state=LOST", "6 "},
        {"state=CREATING", ""},
        {"blocked=true", "8 6 4 "},
        {"blocked=true&limit=2", "8 6 next "},
        {"blocked=true&state=LOST", "6 "},
        {"blocked=false&limit=3", "12 11 10 next "},
        {"blocked=false&connector=snow", "12 10 2 "},
        {"connector=snow&limit=6", "12 10 8 6 4 2 "},
        {"connector=snow&limit=5", "12 10 8 6 4 next "},
    };

    (void)state;
    for (unsigned n = 1; n <= 12; n++) {
        struct tcn_link link = link_of(n);

        link.state = n == 4 || n == 8 ? TCN_LINK_BLOCKED : n == 6 ? TCN_LINK_LOST : TCN_LINK_LINKED;
        link.blocked_reason = link.state == TCN_LINK_LINKED ? NULL : "a reason";
        put(&link);
    }
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct tcn_api_call call = call_of(cases[i].query);

        assert_int_equal(tcn_v1_links(&call, store, &err), 0);
        if (strcmp(listed(&call, 0), cases[i].want) != 0)
            fail_msg("%s: %s", cases[i].query, listed(&call, 0));
        end_call(&call);
    }
}

/* One that fits behind thousands that do not is found page by page, each of which looks at 2,000. */
static void test_a_page_ends_where_it_would_take_too_long(void **state)
{
    struct tcn_api_call call = call_of("blocked=true");
    struct tcn_link link;
    const char *next;

    (void)state;
    for (unsigned n = 2; n <= 2500; n++) {
        link = link_of(n);
        put(&link);
    }
    link = link_of(1);
    link.state = TCN_LINK_BLOCKED;
    link.blocked_reason = "a reason";
    put(&link);
    assert_int_equal(tcn_v1_links(&call, store, &err), 0);
    assert_string_equal(listed(&call, 0), "next ");
    next = tcn_arena_strdup(&arena, json_string_value(json_object_get(call.reply, "next")));
    end_call(&call);
    call = call_of(tcn_arena_fmt(&arena, "blocked=true&next=%s", next));
    assert_int_equal(tcn_v1_links(&call, store, &err), 0);
    assert_string_equal(listed(&call, 0), "1 ");
    end_call(&call);
}

static void test_filters_that_are_none(void **state)
{
    static const struct {
        const char *query, *field;
    } cases[] = {{"state=blocked", "state"},
                 {"state=", "state"},
                 {"state=LINK", "state"},
                 {"blocked=1", "blocked"},
                 {"blocked=", "blocked"}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct tcn_api_call call = call_of(cases[i].query);

        assert_int_equal(tcn_v1_links(&call, store, &err), 0);
        assert_int_equal(call.status, 400);
        assert_string_equal(error_of(&call, "field"), cases[i].field);
        end_call(&call);
    }
}

static void test_a_conflict_as_json(void **state)
{
    const struct tcn_conflict_row row = {.field = "tags",
                                         .local = "[\"a\"]",
                                         .remote = "\"cut\xe2\x80\xa6\"",
                                         .winner = "both",
                                         .at_ms = T0};
    json_t *got = tcn_json_conflict(&row),
           *want = json_pack("{s:s, s:n, s:[s], s:s, s:s, s:s}", "field", "tags", "base", "local",
                             "a", "remote", "cut\xe2\x80\xa6", "winner", "both", "at",
                             "2026-08-02T17:04:40.000Z");

    (void)state;
    if (!json_equal(got, want))
        fail_msg("%s", json_dumps(got, 0));
    json_decref(got);
    json_decref(want);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_what_it_waits_for),
        CASE(test_a_list_tells_what_each_lacks),
        CASE(test_filters),
        CASE(test_a_page_ends_where_it_would_take_too_long),
        CASE(test_filters_that_are_none),
        CASE(test_a_conflict_as_json),
    };

    return cmocka_run_group_tests_name("v1_links", tests, NULL, NULL);
}
