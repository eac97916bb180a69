/* Related items of the native API: bodies, and the list. */
#include "calls.h"

#define ID BODY_ID
#define URL "\"url\":\"https://a.test/\""

static const struct body_case bodies[] = {
    {tcn_v1_related_add, "{\"type\":\"OTHER\"," URL "}", NULL},
    {tcn_v1_related_add, "{\"type\":\"OTHER\"," URL ",\"title\":\"A\",\"client_token\":\"t\"}",
     NULL},
    {tcn_v1_related_add, "{\"type\":\"PARENT\",\"arn\":\"arn:aws:s3:::b\"}", NULL},
    {tcn_v1_related_add, "{\"type\":\"METRIC\",\"metricDefinition\":\"{}\"}", NULL},
    {tcn_v1_related_add, "{\"type\":\"INCIDENT\",\"pagerDutyIncidentDetail\":{\"id\":\"P1\"}}",
     NULL},
    {tcn_v1_related_add, NULL, "type"},
    {tcn_v1_related_add, "[]", ""},
    {tcn_v1_related_add, "{" URL "}", "type"},
    {tcn_v1_related_add, "{\"type\":\"other\"," URL "}", "type"},
    {tcn_v1_related_add, "{\"type\":\"OTHER\"}", "url"},
    {tcn_v1_related_add, "{\"type\":\"OTHER\"," URL ",\"arn\":\"arn:aws:s3:::b\"}", "url"},
    {tcn_v1_related_add, "{\"type\":\"OTHER\",\"url\":\"\"}", "url"},
    {tcn_v1_related_add, "{\"type\":\"OTHER\",\"url\":7}", "url"},
    {tcn_v1_related_add, "{\"type\":\"OTHER\",\"arn\":\"i-1\"}", "arn"},
    {tcn_v1_related_add, "{\"type\":\"OTHER\"," URL ",\"title\":7}", "title"},
    {tcn_v1_related_add, "{\"type\":\"OTHER\"," URL ",\"id\":\"x\"}", "id"},
    {tcn_v1_related_add, "{\"type\":\"INCIDENT\",\"pagerDutyIncidentDetail\":\"P1\"}",
     "pagerDutyIncidentDetail"},
    {tcn_v1_related_add, "{\"type\":\"INCIDENT\",\"pagerDutyIncidentDetail\":{}}",
     "pagerDutyIncidentDetail"},
    {tcn_v1_related_add, "{\"type\":\"INCIDENT\",\"pagerDutyIncidentDetail\":{\"id\":\"\"}}",
     "pagerDutyIncidentDetail"},
    {tcn_v1_related_add,
     "{\"type\":\"INCIDENT\",\"pagerDutyIncidentDetail\":{\"id\":\"P\",\"autoResolve\":1}}",
     "pagerDutyIncidentDetail"},
    {tcn_v1_related_add,
     "{\"type\":\"INCIDENT\",\"pagerDutyIncidentDetail\":{\"id\":\"P\",\"key\":\"k\"}}",
     "pagerDutyIncidentDetail"},
    {tcn_v1_related_remove, "{\"id\":\"related-item/OTHER/0\"}", NULL},
    {tcn_v1_related_remove, "{\"type\":\"OTHER\"," URL "}", NULL},
    {tcn_v1_related_remove, "{\"id\":\"x\",\"type\":\"OTHER\"}", "type"},
    {tcn_v1_related_remove, "{\"id\":7}", "id"},
    {tcn_v1_related_remove, "{\"type\":\"OTHER\"," URL ",\"title\":\"A\"}", "title"},
    {tcn_v1_related_remove, NULL, "type"},
};

static void test_bodies(void **state)
{
    (void)state;
    check_bodies(bodies, sizeof bodies / sizeof *bodies);
}

/* The same item by what it is, whatever the order of its members. */
static void test_ids(void **state)
{
    static const char *const same[] = {
        "{\"type\":\"INCIDENT\",\"pagerDutyIncidentDetail\":{\"id\":\"P\",\"secretId\":\"s\"}}",
        "{\"pagerDutyIncidentDetail\":{\"secretId\":\"s\",\"id\":\"P\"},\"type\":\"INCIDENT\"}"};
    char ids[2][80];

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct tcn_api_call call = call_of("");

        call.path_id = ID;
        call.body = json_loads(same[i], 0, NULL);
        assert_int_equal((i ? tcn_v1_related_remove : tcn_v1_related_add)(&call), 0);
        assert_string_equal(call.command.related.value, "{\"id\":\"P\",\"secretId\":\"s\"}");
        snprintf(ids[i], sizeof ids[i], "%s", call.command.related.generated_id);
        json_decref(call.body);
    }
    assert_string_equal(ids[0], ids[1]);
}

static void fill(void)
{
    struct tcn_incident incident = {.id = id_of(1), .exists = true, .dedupe_string = "d"};
    static const char order[] = "caebd";

    assert_int_equal(tcn_store_incident_put(store, &incident, &err), 0);
    for (size_t i = 0; i < 5; i++) {
        struct tcn_related_item item = {
            .type = "OTHER", .value_kind = "url", .value = "v", .seq = i < 3 ? 1 : 2};

        snprintf(item.generated_id, sizeof item.generated_id, "%c", order[i]);
        assert_int_equal(tcn_store_related_put(store, incident.id, &item, &err), 0);
    }
}

static json_t *list(const char *query)
{
    struct tcn_api_call call = call_of(query);

    call.path_id = ID;
    assert_int_equal(tcn_v1_related(&call, store, &err), 0);
    assert_int_equal(call.status, 200);
    return call.reply;
}

/* One that is removed between two pages moves nothing. */
static void test_page_after_page(void **state)
{
    const char *query = "limit=2", *all = "";

    (void)state;
    fill();
    while (query) {
        json_t *reply = list(query), *item;
        const char *next = json_string_value(json_object_get(reply, "next"));
        size_t i;

        json_array_foreach(json_object_get(reply, "items"), i, item)
        {
            all =
                tcn_arena_fmt(&arena, "%s%s", all, json_string_value(json_object_get(item, "id")));
        }
        assert_int_equal(tcn_store_related_drop(store, id_of(1), "c", &err), 0);
        query = next ? tcn_arena_fmt(&arena, "limit=2&next=%s", next) : NULL;
        json_decref(reply);
    }
    assert_string_equal(all, "acebd");
}

static void test_refused_lists(void **state)
{
    static const struct {
        const char *id, *query, *field;
        int status;
    } cases[] = {{ID, "next=a", "next", 400},
                 {ID, "next=x.a", "next", 400},
                 {ID, "limit=0", "limit", 400},
                 {"01020304-0506-0708-090a-0b0c0d0e0002", "", "id", 404},
                 {"x", "", "id", 404}};

    (void)state;
    fill();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct tcn_api_call call = call_of(cases[i].query);

        call.path_id = cases[i].id;
        assert_int_equal(tcn_v1_related(&call, store, &err), 0);
        assert_int_equal(call.status, cases[i].status);
        assert_string_equal(error_of(&call, "field"), cases[i].field);
        json_decref(call.reply);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_bodies),
        CASE(test_ids),
        CASE(test_page_after_page),
        CASE(test_refused_lists),
    };

    return cmocka_run_group_tests_name("v1 related", tests, NULL, NULL);
}
