/* Matchers as people write them, and what is told of those that are none. */
#include "engine/match_read.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
// clang-format off
#include <cmocka.h>
// clang-format on

static struct tcn_arena arena;
static struct tcn_match match;
static const char *name;

/* What is wrong with it; the texts are gone then. */
static const char *read_json(json_t *json)
{
    const char *why = tcn_match_read(json, &arena, &match, &name);

    json_decref(json);
    return why;
}

static int setup(void **state)
{
    (void)state;
    tcn_arena_init(&arena, 1u << 20);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    tcn_arena_done(&arena);
    return 0;
}

static void what_is_read_is_written_alike(void **state)
{
    json_t *json =
        json_loads("{\"service\": [\"db-*\", \"cache\"], \"source\": \"prod\"}", 0, NULL);
    json_t *again;

    (void)state;
    assert_null(tcn_match_read(json, &arena, &match, &name));
    assert_int_equal(match.n, 2);
    assert_string_equal(match.items[0].name, "service");
    assert_int_equal(match.items[0].n_values, 2);
    assert_string_equal(match.items[0].values[1], "cache");
    assert_string_equal(match.items[1].values[0], "prod");
    again = tcn_match_json(&match);
    assert_true(json_equal(json_object_get(json, "service"), json_object_get(again, "service")));
    assert_string_equal(json_string_value(json_array_get(json_object_get(again, "source"), 0)),
                        "prod");
    json_decref(again);
    json_decref(json);
}

static const struct {
    const char *json, *why, *name;
} rows[] = {
    {"[]", "must be an object", NULL},
    {"{}", "must name something", NULL},
    {"{\"\": \"x\"}", "is no name of a tag", ""},
    {"{\"a\": []}", "or a list of 1 to 20 texts", "a"},
    {"{\"a\": 1}", "must be a text of 1 to 256 bytes", "a"},
    {"{\"a\": \"\"}", "must be a text of 1 to 256 bytes", "a"},
    {"{\"a\": [\"x\", 2]}", "must be a text of 1 to 256 bytes", "a"},
    {"{\"a\": \"x\", \"b\": null}", "must be a text of 1 to 256 bytes", "b"},
};

static void what_is_none(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        json_t *json = json_loads(rows[i].json, 0, NULL);
        const char *why = tcn_match_read(json, &arena, &match, &name);

        if (!why || !strstr(why, rows[i].why))
            fail_msg("%s: %s", rows[i].json, why ? why : "is taken");
        if (rows[i].name)
            assert_string_equal(name, rows[i].name);
        else
            assert_null(name);
        json_decref(json);
    }
}

static json_t *text_of(size_t len)
{
    char text[TCN_MATCHER_TEXT_MAX + 2] = {0};

    memset(text, 'x', len);
    return json_string(text);
}

static json_t *list_of(size_t n)
{
    json_t *list = json_array();

    for (size_t i = 0; i < n; i++)
        json_array_append_new(list, json_string("x"));
    return list;
}

static json_t *object_of(size_t n)
{
    json_t *object = json_object();

    for (size_t i = 0; i < n; i++)
        json_object_set_new(object, tcn_arena_fmt(&arena, "name-%zu", i), json_string("x"));
    return object;
}

static void every_limit(void **state)
{
    (void)state;
    assert_null(read_json(json_pack("{s:o}", "a", text_of(TCN_MATCHER_TEXT_MAX))));
    assert_non_null(read_json(json_pack("{s:o}", "a", text_of(TCN_MATCHER_TEXT_MAX + 1))));
    assert_null(read_json(json_pack("{s:o}", "a", list_of(TCN_MATCHER_VALUES_MAX))));
    assert_non_null(read_json(json_pack("{s:o}", "a", list_of(TCN_MATCHER_VALUES_MAX + 1))));
    assert_null(read_json(object_of(TCN_MATCHERS_MAX)));
    assert_non_null(read_json(object_of(TCN_MATCHERS_MAX + 1)));
}

static void a_name_is_not_longer_either(void **state)
{
    json_t *text = text_of(TCN_MATCHER_TEXT_MAX + 1);
    json_t *object = json_object();

    (void)state;
    json_object_set_new(object, json_string_value(text), json_string("x"));
    json_decref(text);
    assert_non_null(read_json(object));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_read_is_written_alike, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_none, setup, teardown),
        cmocka_unit_test_setup_teardown(every_limit, setup, teardown),
        cmocka_unit_test_setup_teardown(a_name_is_not_longer_either, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
