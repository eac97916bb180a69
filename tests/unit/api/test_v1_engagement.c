/* Engagements in the native API: the list, one of them, and what a request may hold. */
#include "calls.h"

static void put(unsigned n, unsigned incident, int64_t start_ms,
                const struct tcn_engagement_text *text)
{
    struct tcn_engagement e = {.id = id_of(n),
                               .no = n,
                               .contact = "ann",
                               .type = TCN_PERSONAL,
                               .start_ms = start_ms,
                               .text = text};

    assert_int_equal(tcn_store_engagement_put(store, id_of(incident), &e, &err), 0);
}

static void put_record(unsigned n, bool is_bare)
{
    struct tcn_incident i = {.id = id_of(n),
                             .status = TCN_STATUS_OPEN,
                             .title = "disk full",
                             .summary = "of db1",
                             .impact = is_bare ? 0 : 2,
                             .dedupe_string = "d",
                             .is_bare = is_bare};

    assert_int_equal(tcn_store_incident_put(store, &i, &err), 0);
}

static const struct tcn_engagement_text given = {
    .sender = "deploy", .subject = "Deploy failed", .content = "Step 7", .incident = "ticket 12"};

/* Of the incident 100 are 1 and 2, of no incident 3 and 4. */
static void fill(void)
{
    put_record(100, false);
    put_record(101, true);
    put_record(102, true);
    put(1, 100, T0, NULL);
    put(2, 100, T0 + 1000, &given);
    put(3, 101, T0 + 2000, &given);
    put(4, 102, T0 + 3000, &(struct tcn_engagement_text){"s", "j", "c", NULL, NULL, NULL});
}

static const struct {
    const char *query, *want;
} cases[] = {
    {"", "4 3 2 1 "},
    {"limit=2", "4 3 next "},
    {"limit=4", "4 3 2 1 "},
    {"limit=9&next=01020304-0506-0708-090a-0b0c0d0e0003", "2 1 "},
    {"incident=01020304-0506-0708-090a-0b0c0d0e0064", "2 1 "},
    {"incident=ticket%2012", "3 2 "},
    {"incident=ticket", ""},
    {"from=2026-08-02T17:04:41Z", "4 3 2 "},
    {"until=2026-08-02T17:04:41Z", "1 "},
    {"from=2026-08-02T17:04:41Z&until=2026-08-02T17:04:43Z", "3 2 "},
};

static void test_lists(void **state)
{
    (void)state;
    fill();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct tcn_api_call call = call_of(cases[i].query);

        print_message("%s\n", cases[i].query);
        assert_int_equal(tcn_v1_engagements(&call, store, &err), 0);
        assert_int_equal(call.status, 200);
        assert_string_equal(listed(&call, 0), cases[i].want);
        json_decref(call.reply);
    }
}

static void test_what_a_list_refuses(void **state)
{
    static const struct {
        const char *query, *field;
    } wrong[] = {{"next=x", "next"},
                 {"next=01020304-0506-0708-090a-0b0c0d0e0fff", "next"},
                 {"from=yesterday", "from"},
                 {"until=1", "until"},
                 {"limit=0", "limit"}};

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct tcn_api_call call = call_of(wrong[i].query);

        assert_int_equal(tcn_v1_engagements(&call, store, &err), 0);
        assert_int_equal(call.status, 400);
        assert_string_equal(error_of(&call, "field"), wrong[i].field);
        json_decref(call.reply);
    }
}

static struct tcn_api_call describe(unsigned n)
{
    struct tcn_api_call call = call_of("");
    char *id = tcn_arena_alloc(&arena, TCN_ID_TEXT);

    tcn_id_text(id_of(n), id);
    call.path_id = id;
    assert_int_equal(tcn_v1_engagement(&call, store, &err), 0);
    return call;
}

static const char *word(const struct tcn_api_call *call, const char *member)
{
    json_t *value = json_object_get(call->reply, member);

    assert_non_null(value);
    return json_is_null(value) ? "-" : json_string_value(value);
}

static void assert_texts(unsigned n, const char *want)
{
    struct tcn_api_call call = describe(n);

    assert_int_equal(call.status, 200);
    assert_string_equal(tcn_arena_fmt(&arena, "%.1s|%s|%s|%s|%s", word(&call, "incident"),
                                      word(&call, "sender"), word(&call, "subject"),
                                      word(&call, "content"), word(&call, "incident_text")),
                        want);
    json_decref(call.reply);
}

static void test_what_is_told_of_one(void **state)
{
    struct tcn_api_call call;

    (void)state;
    fill();
    assert_texts(1, "0|-|disk full|of db1|-");
    assert_texts(2, "0|deploy|Deploy failed|Step 7|ticket 12");
    assert_texts(3, "-|deploy|Deploy failed|Step 7|ticket 12");
    assert_texts(4, "-|s|j|c|-");
    call = describe(9);
    assert_int_equal(call.status, 404);
    assert_string_equal(error_of(&call, "field"), "id");
    json_decref(call.reply);
}

/* Its record is no incident, and told so. */
static void test_the_record_of_one(void **state)
{
    static const char *const nulls[] = {"arn", "impact", "response_plan"};
    struct tcn_api_call call = call_of("");
    char id[TCN_ID_TEXT];

    (void)state;
    fill();
    tcn_id_text(id_of(101), id);
    call.path_id = id;
    assert_int_equal(tcn_v1_incident(&call, store, &err), 0);
    assert_int_equal(call.status, 200);
    assert_true(json_is_true(json_object_get(call.reply, "is_engagement")));
    for (size_t i = 0; i < sizeof nulls / sizeof *nulls; i++)
        assert_true(json_is_null(json_object_get(call.reply, nulls[i])));
    json_decref(call.reply);
    call = call_of("");
    assert_int_equal(tcn_v1_incidents(&call, store, &err), 0);
    assert_string_equal(listed(&call, 0), "100 ");
    assert_true(json_is_false(
        json_object_get(json_array_get(json_object_get(call.reply, "items"), 0), "is_engagement")));
    json_decref(call.reply);
}

/* -- requests ----------------------------------------------------------------------------------------------------- */

#define LEAST "\"contact\":\"ann\",\"sender\":\"s\",\"subject\":\"j\",\"content\":\"c\""

static const struct {
    const char *body, *field; /* NULL: taken */
} bodies[] = {
    {"{" LEAST "}", NULL},
    {"{" LEAST ",\"public_subject\":\"p\",\"public_content\":\"q\",\"client_token\":\"t\"}", NULL},
    {"{" LEAST ",\"incident\":\"arn:aws:ssm-incidents::1:incident-record/p/1\"}", NULL},
    {"{" LEAST ",\"incident\":\"01020304-0506-0708-090a-0b0c0d0e0064\"}", NULL},
    {"{" LEAST ",\"incident\":\"a (b)\"}", "incident"},
    {"{" LEAST ",\"title\":\"t\"}", "title"},
    {"{\"sender\":\"s\",\"subject\":\"j\",\"content\":\"c\"}", "contact"},
    {"{\"contact\":\"ann\",\"subject\":\"j\",\"content\":\"c\"}", "sender"},
    {"{\"contact\":\"ann\",\"sender\":\"O'Neill\",\"subject\":\"j\",\"content\":\"c\"}", "sender"},
    {"{\"contact\":\"ann\",\"sender\":\"s\\nApproved: yes\",\"subject\":\"j\",\"content\":\"c\"}",
     "sender"},
    {"{\"contact\":\"ann\",\"sender\":\"s\",\"subject\":\"j\\nTo: b\",\"content\":\"c\"}",
     "subject"},
    {"{" LEAST ",\"public_subject\":\"p\\tq\"}", "public_subject"},
    {"{\"contact\":\"ann\",\"sender\":\"s\",\"content\":\"c\"}", "subject"},
    {"{\"contact\":\"ann\",\"sender\":\"s\",\"subject\":\"j\"}", "content"},
    {"{\"contact\":\"ann\",\"sender\":\"s\",\"subject\":\"j\",\"content\":\" \"}", "content"},
    {NULL, "contact"},
};

static void test_bodies(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        struct tcn_api_call call = call_of("");

        call.body = bodies[i].body ? json_loads(bodies[i].body, 0, NULL) : NULL;
        assert_int_equal(tcn_v1_engagement_start(&call), bodies[i].field ? -1 : 0);
        if (bodies[i].field)
            assert_string_equal(error_of(&call, "field"), bodies[i].field);
        json_decref(call.reply);
        json_decref(call.body);
    }
}

/* An id is an incident's; whatever else is there is the sender's own word. */
static void test_what_incident_means(void **state)
{
    struct tcn_api_call call = call_of("");

    (void)state;
    call.body =
        json_loads("{" LEAST ",\"incident\":\"01020304-0506-0708-090a-0b0c0d0e0064\"}", 0, NULL);
    assert_int_equal(tcn_v1_engagement_start(&call), 0);
    assert_true(tcn_id_eq(call.command.incident, id_of(100)));
    json_decref(call.body);
    call = call_of("");
    call.body = json_loads("{" LEAST ",\"incident\":\"ticket 12\"}", 0, NULL);
    assert_int_equal(tcn_v1_engagement_start(&call), 0);
    assert_true(tcn_id_is_zero(call.command.incident));
    assert_string_equal(call.command.engaged.incident, "ticket 12");
    json_decref(call.body);
}

static void test_the_longest(void **state)
{
    static const struct {
        const char *name;
        size_t max;
    } members[] = {{"sender", 255},          {"subject", 2048},        {"content", 8192},
                   {"public_subject", 2048}, {"public_content", 8192}, {"incident", 1024}};

    (void)state;
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        for (size_t n = members[i].max; n <= members[i].max + 1; n++) {
            struct tcn_api_call call = call_of("");
            char *text = tcn_arena_alloc(&arena, n + 1);

            memset(text, 'x', n);
            call.body = json_loads("{" LEAST "}", 0, NULL);
            json_object_set_new(call.body, members[i].name, json_string(text));
            assert_int_equal(tcn_v1_engagement_start(&call), n > members[i].max ? -1 : 0);
            if (n > members[i].max)
                assert_string_equal(error_of(&call, "field"), members[i].name);
            json_decref(call.reply);
            json_decref(call.body);
        }
}

static void test_a_stop(void **state)
{
    static const struct {
        const char *body, *field;
    } stops[] = {{NULL, NULL}, {"{\"reason\":\"enough\"}", NULL}, {"{\"why\":\"x\"}", "why"}};

    (void)state;
    for (size_t i = 0; i < sizeof stops / sizeof *stops; i++) {
        struct tcn_api_call call = call_of("");

        call.path_id = "01020304-0506-0708-090a-0b0c0d0e0001";
        call.body = stops[i].body ? json_loads(stops[i].body, 0, NULL) : NULL;
        assert_int_equal(tcn_v1_engagement_stop(&call), stops[i].field ? -1 : 0);
        if (stops[i].field)
            assert_string_equal(error_of(&call, "field"), stops[i].field);
        else
            assert_true(tcn_id_eq(call.command.engagement, id_of(1)));
        json_decref(call.reply);
        json_decref(call.body);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_lists),
        CASE(test_what_a_list_refuses),
        CASE(test_what_is_told_of_one),
        CASE(test_the_record_of_one),
        CASE(test_bodies),
        CASE(test_what_incident_means),
        CASE(test_the_longest),
        CASE(test_a_stop),
    };

    return cmocka_run_group_tests_name("v1_engagement", tests, NULL, NULL);
}
