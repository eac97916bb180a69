/* The native API without HTTP: query strings, limits, tokens of lists, bodies, and the forms of refusals. */
#include "calls.h"

static void put_incident(unsigned n, enum tcn_incident_status status, const char *dedupe)
{
    struct tcn_incident incident = {.id = id_of(n),
                                    .exists = true,
                                    .status = status,
                                    .title = "t",
                                    .impact = 3,
                                    .response_plan = "plan",
                                    .dedupe_string = dedupe,
                                    .created_ms = T0 + (int64_t)n,
                                    .modified_ms = T0 + (int64_t)n};

    assert_int_equal(tcn_store_incident_put(store, &incident, &err), 0);
}

/* -- query strings --------------------------------------------------------------------------------------- */

static void test_query_parameters(void **state)
{
    static const struct {
        const char *query, *name, *value; /* NULL: absent */
    } cases[] = {
        {"", "a", NULL},
        {"a=1", "a", "1"},
        {"b=2&a=1", "a", "1"},
        {"a=1&a=2", "a", "1"},
        {"aa=1", "a", NULL},
        {"a", "a", NULL},
        {"a=", "a", ""},
        {"&&a=1&", "a", "1"},
        {"a=x%20y%26z", "a", "x y&z"},
        {"a=b=c", "a", "b=c"},
        {"a=%e2%82%ac", "a", "\xe2\x82\xac"},
        {"a=%", "a", NULL},
        {"a=%zz", "a", NULL},
        {"a=x%00y", "a", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct tcn_api_call call = call_of(cases[i].query);
        const char *value = tcn_api_query(&call, cases[i].name);

        if (cases[i].value)
            assert_string_equal(value, cases[i].value);
        else
            assert_null(value);
    }
}

static const char *const two_names[] = {"status", "limit", NULL};

static void test_members_that_a_query_may_have(void **state)
{
    static const char *const good[] = {
        "",        "status=OPEN", "limit=3&status=OPEN", "&&limit=3&",
        "status=", "status=a=b",  "status=%E2%82%AC",
    };

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct tcn_api_call call = call_of(good[i]);

        assert_int_equal(tcn_api_query_only(&call, two_names), 0);
        assert_null(call.reply);
    }
}

static void test_members_that_a_query_may_not_have(void **state)
{
    static const struct {
        const char *query, *field, *says;
    } cases[] = {
        {"stauts=OPEN", "stauts", "\"stauts\" is not known here; did you mean \"status\"?"},
        {"limit=3&stauts=OPEN", "stauts", "did you mean \"status\"?"},
        {"stauts", "stauts", "did you mean \"status\"?"},
        {"colour=red", "colour", "\"colour\" is not known here; use status, limit"},
        {"Status=OPEN", "Status", "did you mean \"status\"?"},
        {"%73tatus=OPEN", "%73tatus", "did you mean \"status\"?"},
        {"=OPEN", "", "\"\" is not known here"},
        {"status=OPEN&status=OPEN", "status", "\"status\" is there more than once"},
        {"limit=1&status=OPEN&limit=2", "limit", "\"limit\" is there more than once"},
        {"status", "status", "\"status\" has no value that can be read; write status=VALUE"},
        {"status=%", "status", "has no value that can be read"},
        {"status=%FF", "status", "has no value that can be read"},
        {"status=%00", "status", "has no value that can be read"},
        {"a\xff=1", "a", "\"a\" is not known here"}, /* only what is UTF-8 is shown */
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct tcn_api_call call = call_of(cases[i].query);

        assert_int_equal(tcn_api_query_only(&call, two_names), TCN_EINVALID);
        assert_int_equal(call.status, 400);
        assert_string_equal(error_of(&call, "code"), "bad_request");
        assert_string_equal(error_of(&call, "field"), cases[i].field);
        if (!strstr(error_of(&call, "message"), cases[i].says))
            fail_msg("%s: %s", cases[i].query, error_of(&call, "message"));
        json_decref(call.reply);
    }
}

static void test_a_route_without_a_query(void **state)
{
    struct tcn_api_call call = call_of("limit=1"), empty = call_of("");

    (void)state;
    assert_int_equal(tcn_api_query_only(&empty, NULL), 0);
    assert_int_equal(tcn_api_query_only(&call, NULL), TCN_EINVALID);
    assert_string_equal(error_of(&call, "message"), "\"limit\" is not known here; leave it out");
    json_decref(call.reply);
}

static void test_long_names_are_cut(void **state)
{
    static char query[20000];
    struct tcn_api_call call;

    (void)state;
    memset(query, 'q', sizeof query - 1);
    call = call_of(query);
    assert_int_equal(tcn_api_query_only(&call, two_names), TCN_EINVALID);
    assert_int_equal(strlen(error_of(&call, "field")), 64);
    json_decref(call.reply);
    memcpy(query, "status=", 7); /* a value that is too long is none, not the absence of one */
    call = call_of(query);
    assert_int_equal(tcn_api_query_only(&call, two_names), TCN_EINVALID);
    assert_string_equal(error_of(&call, "field"), "status");
    json_decref(call.reply);
}

static void test_wrong_parameters_name_their_field(void **state)
{
    static const struct {
        const char *query, *field;
    } cases[] = {
        {"limit=0", "limit"},
        {"limit=201", "limit"},
        {"limit=x", "limit"},
        {"limit=-1", "limit"},
        {"limit=", "limit"},
        {"limit=1e2", "limit"},
        {"limit=99999999999999999999", "limit"},
        {"status=open", "status"},
        {"status=", "status"},
        {"next=1", "next"},
        {"next=../x", "next"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct tcn_api_call call = call_of(cases[i].query);

        assert_int_equal(tcn_v1_incidents(&call, store, &err), 0);
        assert_int_equal(call.status, 400);
        assert_string_equal(error_of(&call, "code"), "bad_request");
        assert_string_equal(error_of(&call, "field"), cases[i].field);
        json_decref(call.reply);
    }
}

/* -- lists ----------------------------------------------------------------------------------------------- */

/* Items of the page; *next is its token, NULL at the end. */
static size_t list(const char *query, const char **next)
{
    struct tcn_api_call call = call_of(query);
    size_t n;

    assert_int_equal(tcn_v1_incidents(&call, store, &err), 0);
    assert_int_equal(call.status, 200);
    n = json_array_size(json_object_get(call.reply, "items"));
    *next = tcn_arena_strdup(&arena, json_string_value(json_object_get(call.reply, "next")));
    json_decref(call.reply);
    return n;
}

static void test_a_list_goes_on_with_its_token(void **state)
{
    const char *next = NULL;
    size_t seen = 0, pages = 0;

    (void)state;
    for (unsigned n = 1; n <= 25; n++)
        put_incident(n, n % 5 ? TCN_STATUS_OPEN : TCN_STATUS_RESOLVED, "d");
    do {
        const char *query = next ? tcn_arena_fmt(&arena, "limit=7&next=%s", next) : "limit=7";

        seen += list(query, &next);
        assert_in_range(++pages, 1, 4);
    } while (next);
    assert_int_equal(seen, 25);
    assert_int_equal(list("limit=25", &next), 25);
    assert_null(next); /* a full last page has none after it */
    assert_int_equal(list("status=OPEN", &next), 20);
    assert_int_equal(list("status=RESOLVED", &next), 5);
    assert_int_equal(list("dedupe=d", &next), 25);
    assert_int_equal(list("dedupe=e", &next), 0);
}

typedef int list_query(struct tcn_api_call *call, struct tcn_store *s, struct tcn_err *err);

static void fill_lists(void)
{
    for (unsigned n = 1; n <= 7; n++) {
        struct tcn_inbox row = {
            .id = id_of(n), .source = "s", .received_ms = T0, .state = TCN_INBOX_QUARANTINED};
        struct tcn_deadletter letter = {.id = id_of(n),
                                        .at_ms = T0 + n / 3,
                                        .connector = "c",
                                        .operation = "create",
                                        .reason = "refused"};
        struct tcn_link link = {.id = id_of(n),
                                .incident = id_of(n / 2),
                                .connector = n % 2 ? "c" : "d",
                                .remote_key = tcn_arena_fmt(&arena, "T-%u", n),
                                .state = TCN_LINK_LINKED};

        link.incident.b[0] = 9; /* zero is no incident */
        assert_int_equal(tcn_store_inbox_add(store, &row, &err), 0);
        assert_int_equal(tcn_store_deadletter_put(store, &letter, &err), 0);
        assert_int_equal(tcn_store_link_put(store, &link, &err), 0);
    }
}

/* Appends a letter for each item and a blank for each page. */
static void page_through(list_query *ask, unsigned limit, char *got)
{
    const char *next = "";

    for (unsigned pages = 0; next; pages++) {
        struct tcn_api_call call =
            call_of(tcn_arena_fmt(&arena, *next ? "limit=%u&next=%s" : "limit=%u", limit, next));
        json_t *item;
        size_t i;

        assert_in_range(pages, 0, 9);
        assert_int_equal(ask(&call, store, &err), 0);
        assert_int_equal(call.status, 200);
        json_array_foreach(json_object_get(call.reply, "items"), i, item)
        {
            const char *id =
                json_string_value(json_object_get(item, ask == tcn_v1_links ? "remote_key" : "id"));

            *got++ = id[strlen(id) - 1];
        }
        *got++ = ' ';
        next = tcn_arena_strdup(&arena, json_string_value(json_object_get(call.reply, "next")));
        json_decref(call.reply);
    }
    *got = '\0';
}

static void test_every_list_has_pages(void **state)
{
    static const struct {
        list_query *ask;
        unsigned limit;
        const char *want;
    } cases[] = {
        {tcn_v1_quarantine, 3, "123 456 7 "},   {tcn_v1_quarantine, 7, "1234567 "},
        {tcn_v1_deadletters, 2, "76 54 32 1 "}, {tcn_v1_deadletters, 7, "7654321 "},
        {tcn_v1_links, 2, "76 54 32 1 "},       {tcn_v1_links, 200, "7654321 "},
    };
    char got[64];

    (void)state;
    fill_lists();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        page_through(cases[i].ask, cases[i].limit, got);
        assert_string_equal(got, cases[i].want);
    }
}

static void test_tokens_that_are_none(void **state)
{
    static const struct {
        list_query *ask;
        const char *next;
    } cases[] = {
        {tcn_v1_quarantine, ""},     {tcn_v1_quarantine, "0"},
        {tcn_v1_quarantine, "x"},    {tcn_v1_quarantine, "9999999999999999999"},
        {tcn_v1_deadletters, "1"},   {tcn_v1_deadletters, "1."},
        {tcn_v1_deadletters, "1.x"}, {tcn_v1_deadletters, "x.01020304-0506-0708-090a-0b0c0d0e0001"},
        {tcn_v1_subscriptions, "x"}, {tcn_v1_alarms, "1"},
        {tcn_v1_links, "1"},         {tcn_v1_links, "01020304-0506-0708-090a-0b0c0d0e0fff"},
    };

    char id[TCN_ID_TEXT];

    (void)state;
    tcn_id_text(id_of(1), id);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct tcn_api_call call = call_of(tcn_arena_fmt(&arena, "next=%s", cases[i].next));

        call.path_id = id;
        assert_int_equal(cases[i].ask(&call, store, &err), 0);
        assert_int_equal(call.status, 400);
        assert_string_equal(error_of(&call, "field"), "next");
        json_decref(call.reply);
    }
}

static void test_subscriptions_are_listed_without_their_tokens(void **state)
{
    struct tcn_subscription row = {.source = "aws",
                                   .topic = "arn:aws:sns:eu-west-1:111122223333:ops.fifo",
                                   .state = TCN_SUBSCRIPTION_CONFIRMED,
                                   .token = "confirms-it",
                                   .arn = "arn:aws:sns:eu-west-1:111122223333:ops.fifo:1",
                                   .as_of_ms = T0};
    struct tcn_api_call call = call_of("limit=1"), rest;
    const char *next;
    char *text;

    (void)state;
    assert_int_equal(tcn_store_subscription_put(store, &row, &err), 0);
    row.source = "second";
    row.state = TCN_SUBSCRIPTION_FAILED;
    assert_int_equal(tcn_store_subscription_put(store, &row, &err), 0);
    assert_int_equal(tcn_v1_subscriptions(&call, store, &err), 0);
    text = json_dumps(call.reply, 0);
    assert_null(strstr(text, "confirms-it"));
    assert_non_null(strstr(text, "\"aws\""));
    assert_non_null(strstr(text, "\"CONFIRMED\""));
    free(text);
    next = json_string_value(json_object_get(call.reply, "next"));
    rest = call_of(tcn_arena_fmt(&arena, "next=%s", next));
    json_decref(call.reply);
    assert_int_equal(tcn_v1_subscriptions(&rest, store, &err), 0);
    text = json_dumps(rest.reply, 0);
    assert_non_null(strstr(text, "second"));
    free(text);
    json_decref(rest.reply);
}

/* -- ids ------------------------------------------------------------------------------------------------- */

/* What comes back in a refusal must be JSON, however long and wherever it is cut. */
static void test_any_path_id_is_refused_in_json(void **state)
{
    char text[900];

    (void)state;
    for (size_t lead = 0; lead < 4; lead++) {
        struct tcn_api_call call = call_of("");
        size_t n = lead;

        memset(text, 'x', lead);
        for (; n + 3 < sizeof text; n += 3)
            memcpy(text + n, "\xe2\x82\xac", 3);
        text[n] = '\0';
        call.path_id = text;
        assert_int_equal(tcn_v1_incident(&call, store, &err), 0);
        assert_int_equal(call.status, 404);
        assert_string_equal(error_of(&call, "code"), "not_found");
        assert_non_null(error_of(&call, "message"));
        json_decref(call.reply);
    }
}

static void test_an_incident_that_is_not_there(void **state)
{
    struct tcn_api_call call = call_of("");
    char text[TCN_ID_TEXT];

    (void)state;
    tcn_id_text(id_of(7), text);
    call.path_id = text;
    assert_int_equal(tcn_v1_incident(&call, store, &err), 0);
    assert_int_equal(call.status, 404);
    json_decref(call.reply);
    put_incident(7, TCN_STATUS_OPEN, "d");
    call.reply = NULL;
    assert_int_equal(tcn_v1_incident(&call, store, &err), 0);
    assert_int_equal(call.status, 200);
    assert_string_equal(json_string_value(json_object_get(call.reply, "id")), text);
    assert_true(json_is_array(json_object_get(call.reply, "timeline")));
    assert_true(json_is_array(json_object_get(call.reply, "engagements")));
    assert_true(json_is_array(json_object_get(call.reply, "links")));
    json_decref(call.reply);
}

/* A timeline whose events all carry the alarm that came: the incident must stay readable. */
static void test_a_long_timeline_is_told(void **state)
{
    struct tcn_api_call call = call_of("");
    char text[TCN_ID_TEXT], *raw = tcn_arena_alloc(&arena, 20001), *data, *reply;
    json_t *timeline;
    size_t with_data = 0, i;
    json_t *event;

    (void)state;
    memset(raw, 'x', 20000);
    data = tcn_arena_fmt(&arena, "{\"rawData\":\"%s\"}", raw);
    put_incident(7, TCN_STATUS_OPEN, "d");
    for (int64_t seq = 1; seq <= 1000; seq++) {
        struct tcn_event e = {.id = tcn_id_child(id_of(7), "event", (uint64_t)seq),
                              .seq = seq,
                              .event_ms = T0,
                              .type = TCN_EVENT_TOCSIN,
                              .data = data,
                              .text = "again"};

        assert_int_equal(tcn_store_event_add(store, id_of(7), &e, &err), 0);
    }
    tcn_id_text(id_of(7), text);
    call.path_id = text;
    assert_int_equal(tcn_v1_incident(&call, store, &err), 0);
    timeline = json_object_get(call.reply, "timeline");
    assert_int_equal(json_array_size(timeline), 1000);
    json_array_foreach(timeline, i, event)
    {
        with_data += !json_is_null(json_object_get(event, "data"));
    }
    assert_in_range(with_data, 50, 150);
    reply = json_dumps(call.reply, JSON_COMPACT);
    assert_in_range(strlen(reply), 1, 4 << 20);
    free(reply);
    json_decref(call.reply);
}

static void add_event(int64_t seq, const char *text)
{
    struct tcn_event e = {.id = tcn_id_child(id_of(7), "event", (uint64_t)seq),
                          .seq = seq,
                          .event_ms = T0 + seq,
                          .type = TCN_EVENT_NOTE,
                          .text = text};

    assert_int_equal(tcn_store_event_add(store, id_of(7), &e, &err), 0);
}

static json_t *events_of(const char *query, const char *path_id)
{
    struct tcn_api_call call = call_of(query);

    call.path_id = path_id;
    assert_int_equal(tcn_v1_events(&call, store, &err), 0);
    assert_int_equal(call.status, 200);
    return call.reply;
}

/* After a storm the newest are what people look for; the rest is a token away. */
static void test_the_newest_events_are_shown(void **state)
{
    struct tcn_api_call call = call_of("");
    char text[TCN_ID_TEXT], *next;
    json_t *timeline, *page;
    size_t left = 0;

    (void)state;
    put_incident(7, TCN_STATUS_OPEN, "d");
    for (int64_t seq = 1; seq <= 1302; seq++)
        add_event(seq, tcn_arena_fmt(&arena, "%d", (int)seq));
    tcn_id_text(id_of(7), text);
    call.path_id = text;
    assert_int_equal(tcn_v1_incident(&call, store, &err), 0);
    timeline = json_object_get(call.reply, "timeline");
    assert_int_equal(json_array_size(timeline), 1000);
    for (size_t i = 0; i < 1000; i++)
        assert_string_equal(json_string_value(json_object_get(json_array_get(timeline, i), "text")),
                            tcn_arena_fmt(&arena, "%zu", i + 303));
    next = tcn_arena_strdup(&arena, json_string_value(json_object_get(call.reply, "events_next")));
    json_decref(call.reply);
    for (size_t expected = 302; next; json_decref(page)) {
        json_t *items;

        page = events_of(tcn_arena_fmt(&arena, "limit=200&next=%s", next), text);
        items = json_object_get(page, "items");
        for (size_t i = 0; i < json_array_size(items); i++, left++)
            assert_string_equal(
                json_string_value(json_object_get(json_array_get(items, i), "text")),
                tcn_arena_fmt(&arena, "%zu", expected--));
        next = tcn_arena_strdup(&arena, json_string_value(json_object_get(page, "next")));
    }
    assert_int_equal(left, 302);
}

static void test_lists_of_an_incident_that_is_not_there(void **state)
{
    static list_query *const lists[] = {tcn_v1_events, tcn_v1_alarms};
    char text[TCN_ID_TEXT];

    (void)state;
    tcn_id_text(id_of(7), text);
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        struct tcn_api_call call = call_of("");

        call.path_id = text;
        assert_int_equal(lists[i](&call, store, &err), 0);
        assert_int_equal(call.status, 404);
        json_decref(call.reply);
    }
}

/* -- the table of routes ---------------------------------------------------------------------------------- */

static void test_every_route_has_a_role_and_one_way(void **state)
{
    (void)state;
    for (const struct tcn_api_route *r = tcn_api_v1; r->method; r++) {
        int ways = (r->query != NULL) + (r->command != NULL) + (r->look != NULL) +
                   (r->state != TCN_STATE_NONE);

        assert_int_equal(ways, 1);
        assert_in_range(r->role, TCN_VIEWER, TCN_ADMIN);
        if (strcmp(r->method, "GET") == 0)
            assert_null(r->command);
        else
            assert_true(r->role > TCN_VIEWER);
        if (r->members) /* only what reads members takes some */
            assert_true(r->query || r->look);
    }
}

static void test_findings(void **state)
{
    static const struct {
        unsigned id;
        int status;
    } cases[] = {{1, 200}, {2, 404}};

    (void)state;
    put_incident(1, TCN_STATUS_OPEN, "a");
    for (size_t i = 0; i < 2; i++) {
        struct tcn_api_call call = call_of("");
        char id[TCN_ID_TEXT];

        tcn_id_text(id_of(cases[i].id), id);
        call.path_id = id;
        assert_int_equal(tcn_v1_findings(&call, store, &err), 0);
        assert_int_equal(call.status, cases[i].status);
        if (call.status == 200)
            assert_true(json_is_array(json_object_get(call.reply, "findings")) &&
                        json_array_size(json_object_get(call.reply, "findings")) == 0);
        json_decref(call.reply);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_query_parameters),
        CASE(test_members_that_a_query_may_have),
        CASE(test_members_that_a_query_may_not_have),
        CASE(test_a_route_without_a_query),
        CASE(test_long_names_are_cut),
        CASE(test_wrong_parameters_name_their_field),
        CASE(test_a_list_goes_on_with_its_token),
        CASE(test_every_list_has_pages),
        CASE(test_tokens_that_are_none),
        CASE(test_the_newest_events_are_shown),
        CASE(test_lists_of_an_incident_that_is_not_there),
        CASE(test_any_path_id_is_refused_in_json),
        CASE(test_an_incident_that_is_not_there),
        CASE(test_a_long_timeline_is_told),
        CASE(test_findings),
        CASE(test_subscriptions_are_listed_without_their_tokens),
        CASE(test_every_route_has_a_role_and_one_way),
    };

    return cmocka_run_group_tests_name("v1", tests, NULL, NULL);
}
