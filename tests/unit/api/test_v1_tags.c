/* Tags of an incident in the native API: bodies. */
#include "calls.h"

static const struct body_case bodies[] = {
    {tcn_v1_tag, "{\"tags\":{\"k\":\"v\"}}", NULL},
    {tcn_v1_tag, "{\"tags\":{\"k\":\"\",\"a b\":\"x:y\"}}", NULL},
    {tcn_v1_tag, NULL, "tags"},
    {tcn_v1_tag, "[]", ""},
    {tcn_v1_tag, "{}", "tags"},
    {tcn_v1_tag, "{\"tags\":{}}", "tags"},
    {tcn_v1_tag, "{\"tags\":[\"k\"]}", "tags"},
    {tcn_v1_tag, "{\"tags\":{\"k\":7}}", "tags"},
    {tcn_v1_tag, "{\"tags\":{\"k\":null}}", "tags"},
    {tcn_v1_tag, "{\"tags\":{\"aws:k\":\"v\"}}", "tags"},
    {tcn_v1_tag, "{\"tags\":{\"k\":\"v;\"}}", "tags"},
    {tcn_v1_tag, "{\"tags\":{\"k\":\"v\"},\"keys\":[]}", "keys"},
    {tcn_v1_untag, "{\"keys\":[\"k\",\"*\"]}", NULL},
    {tcn_v1_untag, NULL, "keys"},
    {tcn_v1_untag, "{\"keys\":[]}", "keys"},
    {tcn_v1_untag, "{\"keys\":\"k\"}", "keys"},
    {tcn_v1_untag, "{\"keys\":[7]}", "keys"},
    {tcn_v1_untag, "{\"keys\":[\"\"]}", "keys"},
    {tcn_v1_untag, "{\"keys\":[\"k\",\"aws:k\"]}", "keys"},
    {tcn_v1_untag, "{\"tags\":{}}", "tags"},
};

static void test_bodies(void **state)
{
    (void)state;
    check_bodies(bodies, sizeof bodies / sizeof *bodies);
}

static void test_what_is_wanted(void **state)
{
    struct tcn_api_call set = call_with("{\"tags\":{\"k\":\"v\",\"l\":\"\"}}"),
                        away = call_with("{\"keys\":[\"k\",\"l\"]}");

    (void)state;
    assert_int_equal(tcn_v1_tag(&set) | tcn_v1_untag(&away), 0);
    assert_int_equal(set.command.kind, TCN_COMMAND_TAG);
    assert_int_equal(away.command.kind, TCN_COMMAND_TAG);
    assert_int_equal(set.command.tags.n_set, 2);
    assert_int_equal(set.command.tags.n_removed, 0);
    assert_string_equal(set.command.tags.set[0].key, "k");
    assert_string_equal(set.command.tags.set[0].value, "v");
    assert_int_equal(away.command.tags.n_set, 0);
    assert_int_equal(away.command.tags.n_removed, 2);
    assert_string_equal(away.command.tags.removed[1], "l");
    end_call(&set);
    end_call(&away);
}

static void test_at_most_fifty_at_once(void **state)
{
    (void)state;
    for (size_t n = TCN_TAGS_MAX; n <= TCN_TAGS_MAX + 1; n++) {
        struct tcn_api_call set = call_with("{\"tags\":{}}"), away = call_with("{\"keys\":[]}");
        int r = n == TCN_TAGS_MAX ? 0 : -1;

        for (size_t i = 0; i < n; i++) {
            const char *key = tcn_arena_fmt(&arena, "k%zu", i);

            json_object_set_new(json_object_get(set.body, "tags"), key, json_string("v"));
            json_array_append_new(json_object_get(away.body, "keys"), json_string(key));
        }
        assert_int_equal(tcn_v1_tag(&set), r);
        assert_int_equal(tcn_v1_untag(&away), r);
        end_call(&set);
        end_call(&away);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_bodies),
        CASE(test_what_is_wanted),
        CASE(test_at_most_fifty_at_once),
    };

    return cmocka_run_group_tests_name("v1 tags", tests, NULL, NULL);
}
