/* Timeline events of the native API: bodies, one event, and the list by time. */
#include "calls.h"

#define ID BODY_ID
#define ARN "arn:aws:s3:::bucket"
#define FIVE ARN "," ARN "," ARN "," ARN "," ARN
#define TEN FIVE "," FIVE

static const struct body_case bodies[] = {
    {tcn_v1_event_create, "{\"data\":\"x\"}", NULL},
    {tcn_v1_event_create, "{\"data\":{\"a\":[1,null]}}", NULL},
    {tcn_v1_event_create, "{\"data\":null}", NULL},
    {tcn_v1_event_create, "{\"data\":\"x\",\"type\":\"Note\",\"at\":\"2026-08-02T09:00:00Z\"}",
     NULL},
    {tcn_v1_event_create, "{\"data\":1,\"client_token\":\"t\"}", NULL},
    {tcn_v1_event_create, "{\"data\":1,\"references\":[{\"resource\":\"" ARN "\"}]}", NULL},
    {tcn_v1_event_create, "{\"data\":1,\"references\":[{\"relatedItemId\":\"x\"}]}", NULL},
    {tcn_v1_event_create, "{\"data\":1,\"references\":[]}", NULL},
    {tcn_v1_event_create, NULL, "data"},
    {tcn_v1_event_create, "{}", "data"},
    {tcn_v1_event_create, "[]", ""},
    {tcn_v1_event_create, "{\"data\":\"\"}", "data"},
    {tcn_v1_event_create, "{\"data\":\"a\\u0007\"}", "data"},
    {tcn_v1_event_create, "{\"data\":1,\"type\":\"SSM Incident Start\"}", "type"},
    {tcn_v1_event_create, "{\"data\":1,\"type\":1}", "type"},
    {tcn_v1_event_create, "{\"data\":1,\"at\":\"yesterday\"}", "at"},
    {tcn_v1_event_create, "{\"data\":1,\"at\":\"1970-01-01T00:00:00Z\"}", "at"},
    {tcn_v1_event_create, "{\"data\":1,\"at\":1785690280}", "at"},
    {tcn_v1_event_create, "{\"data\":1,\"references\":\"" ARN "\"}", "references"},
    {tcn_v1_event_create, "{\"data\":1,\"references\":[\"" ARN "\"]}", "references"},
    {tcn_v1_event_create, "{\"data\":1,\"references\":[{\"resource\":\"i-1\"}]}", "references"},
    {tcn_v1_event_create, "{\"data\":1,\"references\":[{\"arn\":\"" ARN "\"}]}", "references"},
    {tcn_v1_event_create,
     "{\"data\":1,\"references\":[{\"resource\":\"" ARN "\",\"relatedItemId\":\"x\"}]}",
     "references"},
    {tcn_v1_event_create, "{\"data\":1,\"references\":[{},{},{},{},{},{},{},{},{},{},{}]}",
     "references"},
    {tcn_v1_event_create, "{\"data\":1,\"client_token\":7}", "client_token"},
    {tcn_v1_event_create, "{\"datum\":1}", "datum"},
    {tcn_v1_event_update, "{\"data\":\"x\"}", NULL},
    {tcn_v1_event_update, "{\"at\":\"2026-08-02T09:00:00+02:00\"}", NULL},
    {tcn_v1_event_update, "{\"references\":[]}", NULL},
    {tcn_v1_event_update, "{\"type\":\"Custom Event\"}", NULL},
    {tcn_v1_event_update, "{}", "data"},
    {tcn_v1_event_update, NULL, "data"},
    {tcn_v1_event_update, "{\"client_token\":\"t\"}", "data"},
    {tcn_v1_event_delete, NULL, NULL},
    {tcn_v1_event_delete, "{}", NULL},
    {tcn_v1_event_delete, "{\"why\":\"x\"}", "why"},
};

static void test_bodies(void **state)
{
    (void)state;
    check_bodies(bodies, sizeof bodies / sizeof *bodies);
}

/* Data is kept as JSON text; a text in it is for people, too. */
static void test_what_becomes_of_data(void **state)
{
    static const struct {
        const char *body, *data, *text;
    } cases[] = {
        {"{\"data\":\"a\\r\\nb\"}", "\"a\\nb\"", "a\nb"},
        {"{\"data\":{\"b\" : 1, \"a\" : [true]}}", "{\"b\":1,\"a\":[true]}", NULL},
        {"{\"data\":7}", "7", NULL},
        {"{\"data\":null}", "null", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct tcn_api_call call = call_with(cases[i].body);

        assert_int_equal(tcn_v1_event_create(&call), 0);
        assert_string_equal(call.command.custom.data, cases[i].data);
        assert_int_equal(!call.command.custom.text, !cases[i].text);
        if (cases[i].text)
            assert_string_equal(call.command.custom.text, cases[i].text);
        end_call(&call);
    }
}

/* 12,000 characters, with the quotes of a text. */
static void test_the_longest_data(void **state)
{
    (void)state;
    for (size_t n = 11998; n <= 12001; n += n == 11999 ? 2 : 1) {
        struct tcn_api_call call = call_with(NULL);
        char *text = tcn_arena_alloc(&arena, n + 1);

        memset(text, 'x', n);
        call.body = json_pack("{s:s}", "data", text);
        assert_int_equal(tcn_v1_event_create(&call), n == 11998 ? 0 : -1);
        if (n > 11998)
            assert_string_equal(error_of(&call, "field"), "data");
        end_call(&call);
    }
}

/* Equal whatever the order and the blanks, and another one for each other member or path. */
static void test_by_what_a_repeat_is_known(void **state)
{
    static const char *const same[] = {"{\"data\":1,\"type\":\"Note\",\"client_token\":\"t\"}",
                                       "{\"client_token\":\"t\", \"type\":\"Note\", \"data\" : 1}"},
                             *const other = "{\"data\":2,\"type\":\"Note\",\"client_token\":\"t\"}";
    struct tcn_api_call a = call_with(same[0]), b = call_with(same[1]), c = call_with(other),
                        d = call_with(same[0]);

    (void)state;
    d.path_part = "01020304-0506-0708-090a-0b0c0d0e0002";
    assert_int_equal(tcn_v1_event_update(&a), 0);
    assert_int_equal(tcn_v1_event_update(&b), 0);
    assert_int_equal(tcn_v1_event_update(&c), 0);
    assert_int_equal(tcn_v1_event_update(&d), 0);
    assert_string_equal(a.command.client_token, "t");
    assert_string_equal(a.command.request, b.command.request);
    assert_string_not_equal(a.command.request, c.command.request);
    assert_string_not_equal(a.command.request, d.command.request);
    end_call(&a);
    end_call(&b);
    end_call(&c);
    end_call(&d);
}

/* -- what is there ------------------------------------------------------------------------------------------------ */

static void fill(void)
{
    struct tcn_incident incident = {.id = id_of(1), .exists = true, .dedupe_string = "d"};
    static const int64_t times[] = {50, 10, 30, 30, 20};
    static const char *const references[] = {NULL, "[{\"resource\":\"" ARN ",b\"}]",
                                             "[{\"relatedItemId\":\"related-item/OTHER/0\"}]",
                                             "[{\"resource\":\"" ARN "\"}]", NULL};

    assert_int_equal(tcn_store_incident_put(store, &incident, &err), 0);
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        struct tcn_event e = {.id = id_of(10 + (unsigned)i),
                              .seq = 1 + (int64_t)i,
                              .event_ms = times[i] * 1000,
                              .updated_ms = T0,
                              .type = i % 2 ? TCN_EVENT_CUSTOM : TCN_EVENT_NOTE,
                              .data = "\"d\"",
                              .references = references[i]};

        assert_int_equal(tcn_store_event_add(store, incident.id, &e, &err), 0);
    }
}

static const struct {
    const char *query,
        *expect; /* numbers in the order of their times; NULL: the member that is refused is field */
    const char *field;
} lists[] = {
    {"", "1 4 3 5 2 ", NULL},
    {"order=ASCENDING", "2 5 3 4 1 ", NULL},
    {"order=DESCENDING&limit=2", "1 4 next ", NULL},
    {"type=Note", "1 3 5 ", NULL},
    {"type=Note,Custom%20Event&limit=5", "1 4 3 5 2 ", NULL},
    {"type=note", "", NULL},
    {"reference=" ARN, "4 ", NULL},
    {"reference=" ARN "," ARN ",b", "4 2 ", NULL},
    {"reference=" ARN "%2Crelated-item/OTHER/0&order=ASCENDING", "3 4 ", NULL},
    {"reference=" ARN ",related-item/OTHER/0&type=Note", "3 ", NULL},
    {"reference=" ARN ",b", "2 ", NULL},
    {"reference=" ARN ",related-item/OTHER/1", "4 ", NULL},
    {"reference=" ARN ",", "", NULL},
    {"reference=", "", NULL},
    {"after=1970-01-01T00:00:20Z", "1 4 3 ", NULL},
    {"before=1970-01-01T00:00:30Z", "5 2 ", NULL},
    {"after=1970-01-01T00:00:10Z&before=1970-01-01T00:00:50Z&order=ASCENDING", "5 3 4 ", NULL},
    {"before=1970-01-01T00:00:00Z", "", NULL},
    {"after=1970-01-01T00:00:00Z", "1 4 3 5 2 ", NULL},
    {"next=30000.4", "3 5 2 ", NULL},
    {"next=30000.3&order=ASCENDING", "4 1 ", NULL},
    {"after=now", NULL, "after"},
    {"before=1", NULL, "before"},
    {"order=asc", NULL, "order"},
    {"limit=0", NULL, "limit"},
    {"next=7", NULL, "next"},
    {"next=7.x", NULL, "next"},
    {"next=x.7", NULL, "next"},
    {"reference=" TEN "," TEN, "4 ", NULL},
    {"reference=" TEN "," TEN ",arn:x", NULL, "reference"},
    {"type=a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u", NULL, "type"},
};

static void test_lists(void **state)
{
    (void)state;
    fill();
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        struct tcn_api_call call = call_of(lists[i].query);

        print_message("%s\n", lists[i].query);
        call.path_id = ID;
        assert_int_equal(tcn_v1_timeline(&call, store, &err), 0);
        assert_int_equal(call.status, lists[i].field ? 400 : 200);
        if (lists[i].field)
            assert_string_equal(error_of(&call, "field"), lists[i].field);
        else
            assert_string_equal(listed(&call, 9), lists[i].expect);
        json_decref(call.reply);
    }
}

static void test_the_longest_reference(void **state)
{
    (void)state;
    fill();
    for (size_t n = 1000; n <= 1001; n++) {
        char *reference = tcn_arena_alloc(&arena, n + 1);
        struct tcn_api_call call;

        memset(reference, 'x', n);
        memcpy(reference, "arn:", 4);
        reference[n] = '\0';
        call = call_of(tcn_arena_fmt(&arena, "reference=" ARN ",%s", reference));
        call.path_id = ID;
        assert_int_equal(tcn_v1_timeline(&call, store, &err), 0);
        assert_int_equal(call.status, n == 1000 ? 200 : 400);
        json_decref(call.reply);
    }
}

static void test_page_after_page(void **state)
{
    const char *query = "limit=2", *all = "";

    (void)state;
    fill();
    for (int pages = 0; query; pages++) {
        struct tcn_api_call call = call_of(query);
        const char *next;

        call.path_id = ID;
        assert_int_equal(tcn_v1_timeline(&call, store, &err), 0);
        all = tcn_arena_fmt(&arena, "%s%s", all, listed(&call, 9));
        next = json_string_value(json_object_get(call.reply, "next"));
        query = next ? tcn_arena_fmt(&arena, "limit=2&next=%s", next) : NULL;
        json_decref(call.reply);
        assert_in_range(pages, 0, 2);
    }
    assert_string_equal(all, "1 4 next 3 5 next 2 ");
}

static void test_one(void **state)
{
    static const struct {
        const char *incident, *event, *field;
    } cases[] = {
        {ID, "01020304-0506-0708-090a-0b0c0d0e000d", NULL},
        {ID, ID, "event"},
        {ID, "x", "event"},
        {"01020304-0506-0708-090a-0b0c0d0e0002", "01020304-0506-0708-090a-0b0c0d0e000d", "event"},
        {"x", ID, "id"},
    };

    (void)state;
    fill();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct tcn_api_call call = call_of("");

        call.path_id = cases[i].incident;
        call.path_part = cases[i].event;
        assert_int_equal(tcn_v1_event(&call, store, &err), 0);
        assert_int_equal(call.status, cases[i].field ? 404 : 200);
        if (cases[i].field)
            assert_string_equal(error_of(&call, "field"), cases[i].field);
        else
            assert_int_equal(json_array_size(json_object_get(call.reply, "references")), 1);
        json_decref(call.reply);
    }
}

static void test_of_no_incident(void **state)
{
    struct tcn_api_call call = call_of("");

    (void)state;
    call.path_id = ID;
    assert_int_equal(tcn_v1_timeline(&call, store, &err), 0);
    assert_int_equal(call.status, 404);
    assert_string_equal(error_of(&call, "field"), "id");
    json_decref(call.reply);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_bodies),
        CASE(test_what_becomes_of_data),
        CASE(test_the_longest_data),
        CASE(test_by_what_a_repeat_is_known),
        CASE(test_lists),
        CASE(test_the_longest_reference),
        CASE(test_page_after_page),
        CASE(test_one),
        CASE(test_of_no_incident),
    };

    return cmocka_run_group_tests_name("v1 timeline", tests, NULL, NULL);
}
