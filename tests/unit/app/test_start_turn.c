/* Incidents by hand: a client token makes a repeated request one. */
#include "command_calls.h"
#include "engine/related_change.h"

static struct tcn_command start_of(const char *response_plan, const char *token,
                                   const char *request)
{
    return (struct tcn_command){.kind = TCN_COMMAND_START,
                                .start = {.response_plan = response_plan, .title = "by hand"},
                                .client_token = token,
                                .request = request};
}

static const char *started(int status, const char *token, const char *request)
{
    execute_for(start_of("critical", token, request), status);
    return tcn_arena_strdup(&arena, text_of("id"));
}

static void test_a_repeat_opens_and_pages_once(void **state)
{
    const char *first = started(201, "t", "a"), *again, *other;

    (void)state;
    assert_true(result.has_changed);
    assert_int_equal(claim_sends(), 1);
    now += 1000;
    again = started(200, "t", "a");
    assert_string_equal(again, first);
    assert_false(result.has_changed);
    assert_int_equal(claim_sends(), 0);
    other = started(201, "u", "a");
    assert_string_not_equal(other, first);
    assert_int_equal(claim_sends(), 1);
    drop_reply();
}

static void test_without_a_token_each_is_new(void **state)
{
    const char *first = started(201, NULL, NULL);

    (void)state;
    assert_string_not_equal(first, started(201, NULL, NULL));
    drop_reply();
}

static void test_a_token_is_of_one_request(void **state)
{
    (void)state;
    started(201, "t", "a");
    execute_for(start_of("critical", "t", "b"), 409);
    assert_string_equal(error_of("code"), "conflict");
    assert_string_equal(error_of("field"), "client_token");
    now += INT64_C(25) * 3600 * 1000;
    started(201, "t", "b");
    drop_reply();
}

/* The plan may have been renamed since; the answer that was lost is given all the same. */
static void test_a_repeat_is_answered_whatever_is_configured_now(void **state)
{
    const char *first = started(201, "t", "a");

    (void)state;
    plan.name = "renamed";
    assert_string_equal(started(200, "t", "a"), first);
    drop_reply();
}

static void test_what_is_refused_takes_no_token(void **state)
{
    (void)state;
    execute_for(start_of("nothing", "t", "a"), 404);
    started(201, "t", "b");
    drop_reply();
}

/* It opened nothing: what is told again is which incident it was. */
static void test_a_start_that_joins_an_open_incident(void **state)
{
    struct tcn_id id;
    const char *first;

    (void)state;
    plan.dedupe_string = "one at a time";
    first = started(201, NULL, NULL);
    assert_string_equal(started(200, "t", "a"), first);
    assert_int_equal(tcn_id_parse(tcn_str(first), &id), 0);
    execute_for((struct tcn_command){.kind = TCN_COMMAND_RESOLVE, .incident = id}, 200);
    assert_string_equal(started(200, "t", "a"), first);
    drop_reply();
}

static size_t count_items(const char *incident)
{
    struct tcn_related_item *items;
    struct tcn_id id;
    size_t n;

    assert_int_equal(tcn_id_parse(tcn_str(incident), &id), 0);
    assert_int_equal(tcn_store_related_list(store, id, &arena, &items, &n, &err), 0);
    return n;
}

/* One that was added meanwhile counts, whoever added it. */
static void test_related_items_of_an_open_incident(void **state)
{
    struct tcn_related_item items[3] = {{.value = "https://a.test/1"},
                                        {.value = "https://a.test/2"},
                                        {.value = "https://a.test/3"}};
    struct tcn_command begin = start_of("critical", NULL, NULL),
                       add = {.kind = TCN_COMMAND_RELATED_ADD};
    const char *first;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        items[i].type = "OTHER";
        items[i].value_kind = "url";
        tcn_related_make_id(&items[i]);
    }
    plan.dedupe_string = "one at a time";
    begin.start.related = items;
    begin.start.n_related = 1;
    execute_for(begin, 201);
    first = tcn_arena_strdup(&arena, text_of("id"));
    assert_int_equal(count_items(first), 1);
    assert_int_equal(tcn_id_parse(tcn_str(first), &add.incident), 0);
    add.related = items[1];
    execute_for(add, 201);
    now += 1000;
    begin.start.n_related = 3;
    execute_for(begin, 200);
    assert_string_equal(text_of("id"), first);
    assert_int_equal(count_items(first), 3);
    assert_int_equal(load(add.incident).incident.modified_ms, now);
    now += 1000;
    execute_for(begin, 200);
    assert_int_equal(count_items(first), 3);
    assert_int_equal(load(add.incident).incident.modified_ms, now - 1000);
    drop_reply();
}

/* Nothing is written; without them the start is taken. */
static void test_related_items_without_room(void **state)
{
    struct tcn_related_item items[TCN_RELATED_MAX + 1];
    struct tcn_command begin = start_of("critical", NULL, NULL);
    const char *first;
    struct tcn_id id;
    int64_t events;

    (void)state;
    for (unsigned i = 0; i <= TCN_RELATED_MAX; i++) {
        items[i] = (struct tcn_related_item){
            .type = "OTHER",
            .value_kind = "url",
            .value = tcn_arena_fmt(&arena, "https://a.test/%u", i),
        };
        tcn_related_make_id(&items[i]);
    }
    plan.dedupe_string = "full";
    begin.start.related = items;
    begin.start.n_related = TCN_RELATED_MAX;
    execute_for(begin, 201);
    first = tcn_arena_strdup(&arena, text_of("id"));
    assert_int_equal(tcn_id_parse(tcn_str(first), &id), 0);
    events = load(id).incident.event_seq;
    execute_for(begin, 200); /* all of them are there */
    begin.start.related = &items[1];
    execute_for(begin, 409);
    assert_false(result.has_changed);
    assert_int_equal(load(id).incident.event_seq, events + 1);
    assert_int_equal(count_items(first), TCN_RELATED_MAX);
    begin.start.n_related = 0;
    execute_for(begin, 200);
    assert_string_equal(text_of("id"), first);
    drop_reply();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_a_repeat_opens_and_pages_once),
        CASE(test_without_a_token_each_is_new),
        CASE(test_a_token_is_of_one_request),
        CASE(test_a_repeat_is_answered_whatever_is_configured_now),
        CASE(test_what_is_refused_takes_no_token),
        CASE(test_a_start_that_joins_an_open_incident),
        CASE(test_related_items_of_an_open_incident),
        CASE(test_related_items_without_room),
    };

    return cmocka_run_group_tests_name("start_turn", tests, NULL, NULL);
}
