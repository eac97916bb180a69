/* Incidents by hand in the native API: bodies. */
#include "calls.h"

#define ID BODY_ID
#define START "{\"response_plan\":\"web\","

static const struct body_case bodies[] = {
    {tcn_v1_start, "{\"response_plan\":\"web\"}", NULL},
    {tcn_v1_start, START "\"title\":\"T\",\"impact\":1,\"source\":\"s\",\"trigger_arn\":\"a\"}",
     NULL},
    {tcn_v1_start, START "\"detected_at\":\"2026-08-02T09:00:00+02:00\"}", NULL},
    {tcn_v1_start, START "\"raw_data\":\"\"}", NULL},
    {tcn_v1_start, START "\"related_items\":[]}", NULL},
    {tcn_v1_start,
     START "\"related_items\":[{\"type\":\"OTHER\",\"url\":\"https://a.test/\",\"title\":\"A\"}]}",
     NULL},
    {tcn_v1_start, NULL, "response_plan"},
    {tcn_v1_start, "[]", ""},
    {tcn_v1_start, START "\"impact\":6}", "impact"},
    {tcn_v1_start, START "\"detected_at\":\"now\"}", "detected_at"},
    {tcn_v1_start, START "\"detected_at\":\"1969-12-31T00:00:00Z\"}", "detected_at"},
    {tcn_v1_start, START "\"detected_at\":7}", "detected_at"},
    {tcn_v1_start, START "\"raw_data\":{}}", "raw_data"},
    {tcn_v1_start, START "\"related_items\":{}}", "related_items"},
    {tcn_v1_start, START "\"related_items\":null}", "related_items"},
    {tcn_v1_start, START "\"related_items\":[7]}", "related_items"},
    {tcn_v1_start, START "\"related_items\":[{\"type\":\"OTHER\"}]}", "related_items"},
    {tcn_v1_start, START "\"related_item\":[]}", "related_item"},
    {tcn_v1_update, "{\"title\":\"T\"}", NULL},
    {tcn_v1_update, "{\"summary\":\"S\",\"impact\":5}", NULL},
    {tcn_v1_update, "{}", "title"},
    {tcn_v1_update, "{\"impact\":0}", "impact"},
    {tcn_v1_engage, "{\"contact\":\"ann\",\"reason\":\"r\"}", NULL},
    {tcn_v1_engage, "{\"contact\":\"ann\",\"client_token\":\"c\"}", NULL},
    {tcn_v1_engage, "{\"contact\":\"ann\",\"client_token\":7}", "client_token"},
    {tcn_v1_engage, "{}", "contact"},
    {tcn_v1_disengage, "{\"engagement\":\"" ID "\"}", NULL},
    {tcn_v1_disengage, "{\"engagement\":\"ann\"}", "engagement"},
    {tcn_v1_accept, "{\"code\":\"123456\"}", NULL},
    {tcn_v1_accept, "{\"code\":\"123456\",\"type\":\"DELIVERED\",\"channel\":\"mail\"}", NULL},
    {tcn_v1_accept, "{\"code\":\"12345678901\"}", "code"},
    {tcn_v1_accept, "{\"code\":\"123456\",\"type\":\"SEEN\"}", "type"},
    {tcn_v1_accept, "{\"code\":\"123456\",\"code_validation\":\"ENFORCE\"}", NULL},
    {tcn_v1_accept, "{\"code\":\"123456\",\"code_validation\":\"IGNORE\"}", NULL},
    {tcn_v1_accept, "{\"code\":\"123456\",\"code_validation\":\"ignore\"}", "code_validation"},
    {tcn_v1_accept, "{\"code\":\"123456\",\"code_validation\":false}", "code_validation"},
    {tcn_v1_accept, "{\"code_validation\":\"IGNORE\"}", "code"},
    {tcn_v1_accept, "{}", "code"},
};

static void test_bodies(void **state)
{
    (void)state;
    check_bodies(bodies, sizeof bodies / sizeof *bodies);
}

static void test_what_triggered_it(void **state)
{
    struct tcn_api_call call = call_with(
        START "\"detected_at\":\"2026-08-02T09:00:00+02:00\",\"raw_data\":\"a\\r\\n\\u0007\","
              "\"related_items\":[{\"type\":\"OTHER\",\"url\":\"https://a.test/\"},"
              "{\"type\":\"INVOLVED_RESOURCE\",\"arn\":\"arn:aws:s3:::b\",\"title\":\"B\"}]}");
    const struct tcn_start *s = &call.command.start;

    (void)state;
    assert_int_equal(tcn_v1_start(&call), 0);
    assert_int_equal(s->detected_ms, INT64_C(1785654000000));
    assert_string_equal(s->raw_data, "a\r\n\a");
    assert_int_equal(s->n_related, 2);
    assert_string_equal(s->related[0].value, "https://a.test/");
    assert_null(s->related[0].title);
    assert_string_equal(s->related[1].value_kind, "arn");
    assert_string_equal(s->related[1].title, "B");
    assert_memory_equal(s->related[1].generated_id, "related-item/INVOLVED_RESOURCE/", 31);
    end_call(&call);
}

static void test_what_is_wrong_with_an_item(void **state)
{
    struct tcn_api_call call = call_with(START "\"related_items\":[{\"type\":\"TASK\",\"url\":"
                                               "\"u\"},{\"type\":\"other\",\"url\":\"u\"}]}");

    (void)state;
    assert_int_equal(tcn_v1_start(&call), -1);
    assert_non_null(
        strstr(error_of(&call, "message"), "item 2 of \"related_items\": type is none"));
    end_call(&call);
}

/* Counted in characters, not in bytes. */
static void test_the_longest_raw_data(void **state)
{
    (void)state;
    for (size_t n = 10000; n <= 10001; n++) {
        struct tcn_api_call call = call_with("{\"response_plan\":\"web\"}");
        char *text = tcn_arena_alloc(&arena, 2 * n + 1);

        for (size_t i = 0; i < n; i++)
            memcpy(text + 2 * i, "\xc3\xa9", 2);
        text[2 * n] = '\0';
        json_object_set_new(call.body, "raw_data", json_string(text));
        assert_int_equal(tcn_v1_start(&call), n == 10000 ? 0 : -1);
        if (n > 10000)
            assert_string_equal(error_of(&call, "field"), "raw_data");
        end_call(&call);
    }
}

static void test_at_most_fifty_items(void **state)
{
    (void)state;
    for (size_t n = TCN_RELATED_MAX; n <= TCN_RELATED_MAX + 1; n++) {
        struct tcn_api_call call = call_with(START "\"related_items\":[]}");
        json_t *list = json_object_get(call.body, "related_items");

        for (size_t i = 0; i < n; i++)
            json_array_append_new(list, json_pack("{s:s, s:s}", "type", "OTHER", "url", "u"));
        assert_int_equal(tcn_v1_start(&call), n == TCN_RELATED_MAX ? 0 : -1);
        if (n > TCN_RELATED_MAX)
            assert_string_equal(error_of(&call, "field"), "related_items");
        end_call(&call);
    }
}

static void test_a_token_covers_the_items(void **state)
{
    static const char *const texts[] = {
        START "\"related_items\":[{\"type\":\"OTHER\",\"url\":\"u\"}],\"client_token\":\"t\"}",
        START "\"client_token\":\"t\"}"};
    struct tcn_api_call a = call_with(texts[0]), b = call_with(texts[0]), c = call_with(texts[1]);

    (void)state;
    assert_int_equal(tcn_v1_start(&a) | tcn_v1_start(&b) | tcn_v1_start(&c), 0);
    assert_string_equal(a.command.request, b.command.request);
    assert_string_not_equal(a.command.request, c.command.request);
    end_call(&a);
    end_call(&b);
    end_call(&c);
}

/* As the request says, else as the configuration does. */
static void test_whether_the_code_is_asked_for(void **state)
{
    static const struct {
        const char *body;
        bool ignores_codes, is_enforced;
    } cases[] = {
        {"{\"code\":\"123456\"}", false, true},
        {"{\"code\":\"123456\"}", true, false},
        {"{\"code\":\"123456\",\"code_validation\":\"ENFORCE\"}", true, true},
        {"{\"code\":\"123456\",\"code_validation\":\"IGNORE\"}", false, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct tcn_api_call call = call_with(cases[i].body);

        call.ignores_codes = cases[i].ignores_codes;
        assert_int_equal(tcn_v1_accept(&call), 0);
        assert_int_equal(call.command.accept.is_enforced, cases[i].is_enforced);
        end_call(&call);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_bodies),
        CASE(test_what_triggered_it),
        CASE(test_what_is_wrong_with_an_item),
        CASE(test_the_longest_raw_data),
        CASE(test_at_most_fifty_items),
        CASE(test_a_token_covers_the_items),
        CASE(test_whether_the_code_is_asked_for),
    };

    return cmocka_run_group_tests_name("v1 respond", tests, NULL, NULL);
}
