/* The list of incidents by each filter, page after page. */
#include "calls.h"

static void fill(void)
{
    static const struct {
        enum tcn_incident_status status;
        int impact;
        const char *creator;
        int64_t created_ms;
    } rows[] = {
        {TCN_STATUS_OPEN, 1, "token:ann", 100},   {TCN_STATUS_RESOLVED, 1, "source:prom", 200},
        {TCN_STATUS_OPEN, 2, "source:prom", 200}, {TCN_STATUS_RESOLVED, 3, "token:ann", 50},
        {TCN_STATUS_OPEN, 5, "token:bob", 300},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct tcn_incident in = {.id = id_of(1 + (unsigned)i),
                                  .status = rows[i].status,
                                  .impact = rows[i].impact,
                                  .created_by = rows[i].creator,
                                  .created_ms = rows[i].created_ms * 1000,
                                  .dedupe_string = "d",
                                  .response_plan = "web"};

        assert_int_equal(tcn_store_incident_put(store, &in, &err), 0);
    }
}

static const struct {
    const char *query, *expect; /* of a refusal the field */
    bool is_refused;
} cases[] = {
    {"", "5 4 3 2 1 ", false},
    {"status=OPEN", "5 3 1 ", false},
    {"dedupe=d&status=RESOLVED", "4 2 ", false},
    {"impact=1", "2 1 ", false},
    {"impact=5,3", "5 4 ", false},
    {"impact=4", "", false},
    {"impact=1&status=OPEN", "1 ", false},
    {"created_by=token:ann", "1 4 ", false},
    {"created_by=token:ann,token:bob&impact=1,5", "5 1 ", false},
    {"created_by=token%3Aann&status=RESOLVED", "4 ", false},
    {"created_by=nobody", "", false},
    {"created_after=1970-01-01T00:01:40Z", "5 3 2 ", false},
    {"created_before=1970-01-01T00:03:20Z", "1 4 ", false},
    {"created_after=1970-01-01T00:00:50Z&created_before=1970-01-01T00:05:00Z", "3 2 1 ", false},
    {"created_before=1970-01-01T00:00:00Z", "", false},
    {"impact=1&next=01020304-0506-0708-090a-0b0c0d0e0002", "1 ", false},
    {"impact=1,2,3&limit=2", "3 2 next ", false},
    {"impact=0", "impact", true},
    {"impact=6", "impact", true},
    {"impact=", "impact", true},
    {"impact=1,", "impact", true},
    {"created_after=now", "created_after", true},
    {"created_before=1", "created_before", true},
    {"impact=1&dedupe=d", "dedupe", true},
    {"impact=1&next=x", "next", true},
    {"impact=1&next=01020304-0506-0708-090a-0b0c0d0e0009", "next", true},
    {"created_by=a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u", "created_by", true},
    {"status=open", "status", true},
};

static void test_every_filter(void **state)
{
    (void)state;
    fill();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct tcn_api_call call = call_of(cases[i].query);

        print_message("%s\n", cases[i].query);
        assert_int_equal(tcn_v1_incidents(&call, store, &err), 0);
        assert_int_equal(call.status, cases[i].is_refused ? 400 : 200);
        assert_string_equal(cases[i].is_refused ? error_of(&call, "field") : listed(&call, 0),
                            cases[i].expect);
        json_decref(call.reply);
    }
}

/* Each once and in order, though newer ones arrive between two pages. */
static void test_page_after_page(void **state)
{
    const char *query = "impact=1,2,3,5&limit=2", *all = "";

    (void)state;
    fill();
    for (unsigned pages = 0; query; pages++) {
        struct tcn_api_call call = call_of(query);
        struct tcn_incident newer = {.id = id_of(100 + pages),
                                     .status = TCN_STATUS_OPEN,
                                     .impact = 1,
                                     .created_ms = 900000,
                                     .dedupe_string = "d",
                                     .response_plan = "web"};
        const char *next;

        assert_int_equal(tcn_v1_incidents(&call, store, &err), 0);
        all = tcn_arena_fmt(&arena, "%s%s", all, listed(&call, 0));
        next = json_string_value(json_object_get(call.reply, "next"));
        query = next ? tcn_arena_fmt(&arena, "impact=1,2,3,5&limit=2&next=%s", next) : NULL;
        json_decref(call.reply);
        assert_int_equal(tcn_store_incident_put(store, &newer, &err), 0);
        assert_in_range(pages, 0, 2);
    }
    assert_string_equal(all, "5 3 next 2 1 next 4 ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_every_filter),
        CASE(test_page_after_page),
    };

    return cmocka_run_group_tests_name("v1 incidents", tests, NULL, NULL);
}
